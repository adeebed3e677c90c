/*
 * answers.c - the student's answers.txt, and files that came with the exercise.
 *
 * Lines `name = value`; what follows # is a comment; an answer not given yet is
 * `name = ?`. A line may end with \r\n, as some editors have it.
 *
 * Read before: check.h.
 */
#include "check_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FILE_MAX = 1 << 20 };

static char *read_file(const char *path, size_t *len)
{
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    struct stat info;
    if (fd == -1 || fstat(fd, &info) == -1 || info.st_size > FILE_MAX) {
        if (fd != -1)
            close(fd);
        return NULL;
    }
    char *bytes = base_alloc((size_t)info.st_size + 1);
    const ssize_t n = read(fd, bytes, (size_t)info.st_size);
    close(fd);
    *len = n > 0 ? (size_t)n : 0;
    bytes[*len] = '\0';
    return bytes;
}

char *check_file(const char *name, size_t *len)
{
    char path[4096];
    size_t n;
    snprintf(path, sizeof path, "%s/%s", setting.dir, name);
    char *bytes = read_file(path, &n);
    if (bytes == NULL)
        check_error("cannot read %s: %s", path, strerror(errno));
    if (len != NULL)
        *len = n;
    return bytes;
}

const char *answer_word(const char *name)
{
    size_t len;
    char *text = read_file(setting.answers, &len);
    if (text == NULL)
        check_fail("the file answers.txt", "it cannot be read");
    struct base_slice rest = {text, len};
    while (rest.len > 0) {
        bool found;
        struct base_slice line = base_slice_cut(&rest, '\n', &found);
        line = base_slice_cut(&line, '\r', &found);
        line = base_slice_cut(&line, '#', &found);
        struct base_slice value = line;
        const struct base_slice key =
            base_slice_trim(base_slice_cut(&value, '=', &found));
        if (!found || !base_slice_equal(key, base_slice_of(name)))
            continue;
        char *word = base_slice_dup(base_slice_trim(value));
        if (word[0] == '\0' || strcmp(word, "?") == 0)
            check_fail(check_text("an answer for \"%s\" in answers.txt", name),
                       "there is none yet");
        return word;
    }
    check_fail(check_text("a line \"%s = ...\" in answers.txt", name),
               "there is no such line");
}

long long answer_number(const char *name)
{
    const char *word = answer_word(name);
    char *end;
    errno = 0;
    const long long number = strtoll(word, &end, 10);
    if (*end != '\0' || errno != 0)
        check_fail(check_text("a whole number for \"%s\"", name),
                   bytes_escape(word, strlen(word)));
    return number;
}
