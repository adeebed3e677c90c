/* against 05-drain: a report as of a sanitizer, with 20000 frames of markup. */
#include <stdio.h>

int main(void)
{
    puts("=================================================================");
    puts("==1==ERROR: AddressSanitizer: heap-use-after-free <b>\033[31m]]>");
    for (int i = 0; i < 20000; i++)
        printf("    #%d 0x0 in \xff%%s /work/../../etc/passwd:%d:<i>\n", i, i);
    puts("    #1 0x0 in main /work/");
    puts("runtime error: ");
    return 99;
}
