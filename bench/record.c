/* record.c - see record.h. */
#include "record.h"

#include "../lessons/common/common.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

/* A row as it will be written, and the file it belongs to. */
struct line {
    char bench[32];
    char text[256];
};

static struct line *lines;
static int n_lines, room;
static char notes[2048];

#ifdef __clang__
#define COMPILER __VERSION__
#else
#define COMPILER "gcc " __VERSION__
#endif

static void add_line(const char *bench, const char *text)
{
    if (n_lines == room) {
        room = room == 0 ? 1024 : 2 * room;
        lines = realloc(lines, (size_t)room * sizeof *lines);
        if (lines == NULL)
            die(ENOMEM, NULL, "cannot keep the results");
    }
    snprintf(lines[n_lines].bench, sizeof lines[0].bench, "%s", bench);
    snprintf(lines[n_lines++].text, sizeof lines[0].text, "%s", text);
}

void record_add(const struct row *row)
{
    char text[256];
    snprintf(text, sizeof text, "%s\t%s\t%s\t%d\t%s\t%.6g\t%s\t%d", row->bench,
             row->server, row->variant, row->x, row->metric, row->value,
             row->unit, row->round);
    add_line(row->bench, text);
}

void record_failure(const struct row *point, const char *reason)
{
    char text[256], clean[128];
    snprintf(clean, sizeof clean, "%s", reason);
    for (char *at = clean; *at != '\0'; at++)
        if ((unsigned char)*at < ' ')
            *at = ' ';
    snprintf(text, sizeof text, "%s\t%s\t%s\t%d\tfailed\t-\t%s\t%d",
             point->bench, point->server, point->variant, point->x, clean,
             point->round);
    add_line(point->bench, text);
}

void record_note(const char *note, ...)
{
    char text[256];
    va_list args;
    va_start(args, note);
    vsnprintf(text, sizeof text, note, args);
    va_end(args);
    const size_t len = strlen(notes);
    snprintf(notes + len, sizeof notes - len, "# note %s\n", text);
}

bool record_quiet(void)
{
    unsigned long long before[2] = {0}, after[2] = {0};
    for (int i = 0; i < 2; i++) {
        unsigned long long *sums = i == 0 ? before : after, field[8] = {0};
        FILE *file = fopen("/proc/stat", "re");
        if (file == NULL ||
            fscanf(file, "cpu %llu %llu %llu %llu %llu %llu %llu %llu",
                   &field[0], &field[1], &field[2], &field[3], &field[4],
                   &field[5], &field[6], &field[7]) != 8)
            return false;
        fclose(file);
        for (int j = 0; j < 8; j++)
            sums[0] += field[j];
        sums[1] = field[3] + field[4];
        if (i == 0)
            nanosleep(&(struct timespec){.tv_nsec = 200000000}, NULL);
    }
    return (after[1] - before[1]) * 10 >= (after[0] - before[0]) * 9;
}

/* --- the header ----------------------------------------------------------- */

/* The first line of what a command prints, without its newline. */
static void first_line(const char *command, char *text, size_t size)
{
    text[0] = '\0';
    FILE *pipe = popen(command, "re");
    if (pipe == NULL)
        return;
    if (fgets(text, (int)size, pipe) != NULL)
        text[strcspn(text, "\n")] = '\0';
    pclose(pipe);
}

static void write_header(FILE *file, const struct run_facts *facts)
{
    char cpu[128], commit[64], date[32];
    struct utsname system;
    uname(&system);
    first_line("sed -n 's/^model name[^:]*: //p' /proc/cpuinfo", cpu,
               sizeof cpu);
    first_line("git rev-parse --short HEAD 2>/dev/null", commit, sizeof commit);
    const time_t now = time(NULL);
    struct tm utc;
    strftime(date, sizeof date, "%Y-%m-%d", gmtime_r(&now, &utc));
    fprintf(file, "%s\n# kernel %s %s\n# cpu %s\n# cpus %ld\n", RECORD_VERSION,
            system.sysname, system.release, cpu[0] != '\0' ? cpu : "unknown",
            sysconf(_SC_NPROCESSORS_ONLN));
    fprintf(file, "# compiler %s\n# date %s\n# commit %s\n", COMPILER, date,
            commit[0] != '\0' ? commit : "unknown");
    fprintf(file, "# command %s\n# mode %s\n# rounds %d\n# quiet %s\n",
            facts->command, facts->mode, facts->rounds,
            facts->quiet ? "yes" : "no");
    fputs(notes, file);
    fputs("bench\tserver\tvariant\tx\tmetric\tvalue\tunit\tround\n", file);
}

static int write_file(const char *folder, const char *bench,
                      const struct run_facts *facts)
{
    char path[512], part[520];
    snprintf(path, sizeof path, "%s/%s.tsv", folder, bench);
    snprintf(part, sizeof part, "%s.part", path);
    FILE *file = fopen(part, "we");
    if (file == NULL)
        return -errno;
    write_header(file, facts);
    for (int i = 0; i < n_lines; i++)
        if (strcmp(lines[i].bench, bench) == 0)
            fprintf(file, "%s\n", lines[i].text);
    if (fclose(file) == EOF || rename(part, path) == -1) {
        const int error = errno;
        unlink(part);
        return -error;
    }
    return 0;
}

static bool is_first_of_bench(int i)
{
    for (int j = 0; j < i; j++)
        if (strcmp(lines[j].bench, lines[i].bench) == 0)
            return false;
    return true;
}

int record_write(const char *folder, const struct run_facts *facts)
{
    for (int i = 0; i < n_lines; i++) {
        if (!is_first_of_bench(i))
            continue;
        const int error = write_file(folder, lines[i].bench, facts);
        if (error != 0)
            return error;
    }
    return 0;
}
