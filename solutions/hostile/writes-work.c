/* against 05-drain: changes itself and others on disk: binary, source, kit. */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static void spoil(const char *dir, const char *name)
{
    char path[600];
    snprintf(path, sizeof path, "%s/%s", dir, name);
    const int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0777);
    if (fd != -1)
        dprintf(1, "wrote to %s\n", path);
    close(fd);
    if (unlink(path) == 0)
        dprintf(1, "removed %s\n", path);
}

int main(void)
{
    static const char *const dirs[] = {".",     "/work", "..",   "../plain",
                                       "../..", "/kit",  "/usr", "../../kit"};
    for (int i = 0; i < 8; i++) {
        DIR *dir = opendir(dirs[i]);
        for (struct dirent *e; dir != NULL && (e = readdir(dir)) != NULL;)
            if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0)
                spoil(dirs[i], e->d_name);
        spoil(dirs[i], "results.json");
    }
    pause();
}
