/* against 05-drain: ports that are none: 0, minus one, words, 20 digits. */
#include <stdio.h>
#include <unistd.h>

int main(void)
{
    static const char *const ports[] = {
        "99999999999999999999", "0", "-1", "65536", "%n%s", "4294975296"};
    for (int i = 0; i < 6; i++)
        printf("listening on http://127.0.0.1:%s\n", ports[i]);
    fflush(stdout);
    pause();
}
