/* against 05-drain: threads named with line ends, escapes and brackets. */
#include <pthread.h>
#include <sys/prctl.h>
#include <unistd.h>

static void *sleeper(void *name)
{
    prctl(PR_SET_NAME, name);
    pause();
    return NULL;
}

int main(void)
{
    static char *const names[] = {"\n) Z 0 0\n0 0", "\033[2J\033[1;31m",
                                  "]]><script>",    "\xff\xfe\xc0\x80\xf5",
                                  "=cmd|'/C x'!A0", "))))))))))))))))"};
    pthread_t thread;
    for (int i = 0; i < 6; i++)
        pthread_create(&thread, NULL, sleeper, names[i]);
    sleeper(names[0]);
}
