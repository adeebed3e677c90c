/* page_save.c - a page into its file, whole or not at all. See page.h. */
#include "page.h"

#include "../lessons/common/common.h"
#include "outfile.h"

#include <errno.h>
#include <stdlib.h>

noreturn void page_give_up(const struct problem *problem)
{
    die(0, problem->try, "%s", problem->what);
}

char *page_style(const char *path)
{
    FILE *file = fopen(path, "re");
    char *style = NULL;
    size_t room = 0;
    if (file == NULL ||
        getdelim(&style, &room, '\0', file) == -1) /* the whole file */
        die(errno, "run it in the kit's folder, or give --style",
            "cannot read %s", path);
    fclose(file);
    return style;
}

void page_save(struct source *s, const char *path, page_fn *write,
               const void *arg)
{
    struct outfile file;
    if (outfile_open(&file, path, s->problem) != 0)
        page_give_up(s->problem);
    s->out = file.out;
    if (write(s, arg) != 0) {
        outfile_abandon(&file);
        page_give_up(s->problem);
    }
    if (outfile_commit(&file, s->problem) != 0)
        page_give_up(s->problem);
}
