/*
 * class_store.c - a file a result, named by the hash of what it depends on.
 *
 *     "kept1\n", hash of the rest in hexadecimal, "\n", nonce, record
 *
 * The lock is one of fcntl(2): it ends with the process, however that ends, and
 * workers that are forked do not have it.
 *
 * Read before: class_store.h. Read after: class_pool.h.
 */
#include "class_store.h"
#include "files.h"
#include "scratch.h"
#include "sink.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static const char magic[] = "kept1\n";

enum {
    MAGIC = sizeof magic - 1,
    HASH = SHA256_HEX - 1,
    HEAD = MAGIC + HASH + 1, /* and \n */
    NONCE = sizeof(uint64_t),
    KEPT_MAX = FILES_MAX,
    PATH = 4096,
};

/* --- opening -------------------------------------------------------------- */

/* Makes a folder with those above it, unless it is there. */
static int make_folders(const char *path)
{
    char part[PATH];
    const size_t len = strlen(path);
    if (len == 0 || len >= sizeof part)
        return len == 0 ? -ENOENT : -ENAMETOOLONG;
    for (size_t i = 1; i <= len; i++) {
        if (path[i] != '/' && path[i] != '\0')
            continue;
        memcpy(part, path, i);
        part[i] = '\0';
        if (mkdir(part, 0777) == -1 && errno != EEXIST)
            return -errno;
    }
    return 0;
}

static int take_lock(struct class_store *store, pid_t *holder)
{
    char path[PATH];
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    snprintf(path, sizeof path, "%s/lock", store->dir);
    store->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0666);
    if (store->lock == -1)
        return -errno;
    if (fcntl(store->lock, F_SETLK, &lock) == 0)
        return 0;
    const int error = errno == EAGAIN || errno == EACCES ? -EBUSY : -errno;
    *holder = fcntl(store->lock, F_GETLK, &lock) == 0 ? lock.l_pid : 0;
    close(store->lock);
    return error;
}

int class_store_open(struct class_store *store, const char *out, pid_t *holder)
{
    char path[PATH];
    const int len = snprintf(path, sizeof path, "%s/state", out);
    if ((size_t)len + SHA256_HEX >= sizeof path)
        return -ENAMETOOLONG;
    int error = make_folders(path);
    if (error != 0)
        return error;
    store->dir = base_strdup(path);
    error = take_lock(store, holder);
    if (error == 0)
        return 0;
    free(store->dir);
    *store = (struct class_store){.lock = -1};
    return error;
}

void class_store_close(struct class_store *store)
{
    close(store->lock);
    free(store->dir);
    *store = (struct class_store){.lock = -1};
}

/* A folder that a run of ours has made: see scratch_make. */
static bool is_scratch(const char *path)
{
    struct stat status;
    const char *name = strrchr(path, '/');
    return path[0] == '/' && strncmp(name, "/grade.", 7) == 0 &&
           lstat(path, &status) == 0 && S_ISDIR(status.st_mode) &&
           status.st_uid == geteuid();
}

int class_store_scratch(const struct class_store *store, const char *scratch)
{
    char old[PATH];
    const ssize_t n = pread(store->lock, old, sizeof old - 1, 0);
    old[n > 0 ? n : 0] = '\0';
    if (is_scratch(old))
        scratch_remove(old);
    const size_t len = strlen(scratch);
    if (ftruncate(store->lock, 0) == -1)
        return -errno;
    return pwrite(store->lock, scratch, len, 0) == (ssize_t)len ? 0 : -EIO;
}

/* --- records -------------------------------------------------------------- */

/* The file's hash is over nonce and record. */
static void hash_of(struct base_slice nonce, struct base_slice record,
                    char hex[SHA256_HEX])
{
    struct sha256 hash;
    sha256_init(&hash);
    sha256_add(&hash, nonce);
    sha256_add(&hash, record);
    sha256_end(&hash, hex);
}

static void path_of(const struct class_store *store, const char *key,
                    char path[PATH])
{
    snprintf(path, PATH, "%s/%s", store->dir, key);
}

int class_store_save(const struct class_store *store, const char *key,
                     uint64_t nonce, struct base_slice record)
{
    const struct base_slice number = {(const char *)&nonce, sizeof nonce};
    char path[PATH], hex[SHA256_HEX];
    struct base_buf buf;
    base_buf_init(&buf, KEPT_MAX);
    struct sink to = sink_of(&buf);
    hash_of(number, record, hex);
    sink_put(&to, magic);
    sink_put(&to, hex);
    sink_put(&to, "\n");
    sink_bytes(&to, number);
    sink_bytes(&to, record);
    path_of(store, key, path);
    const int error =
        to.error != 0 ? to.error : files_replace(path, base_buf_slice(&buf));
    base_buf_fini(&buf);
    return error;
}

/* Takes the file apart: nonce and record, if the hash is theirs. */
static bool is_whole(struct base_slice file, uint64_t *nonce,
                     struct base_slice *record)
{
    char hex[SHA256_HEX];
    if (file.len < HEAD + NONCE ||
        !base_slice_starts(file, base_slice_of(magic)))
        return false;
    const struct base_slice number = {file.ptr + HEAD, NONCE};
    *record = base_slice_skip(file, HEAD + NONCE);
    memcpy(nonce, number.ptr, NONCE);
    hash_of(number, *record, hex);
    return memcmp(file.ptr + MAGIC, hex, HASH) == 0 &&
           file.ptr[MAGIC + HASH] == '\n';
}

int class_store_load(const struct class_store *store, const char *key,
                     struct submission *s, struct base_arena *arena)
{
    char path[PATH], its_key[SHA256_HEX];
    struct base_slice file, record;
    uint64_t nonce;
    path_of(store, key, path);
    const int error = files_read(path, arena, &file);
    if (error != 0)
        return error;
    if (!is_whole(file, &nonce, &record) ||
        class_record_read(record, nonce, s, its_key, arena) != 0 ||
        strcmp(its_key, key) != 0)
        return -ENOENT;
    s->kept = true;
    return 0;
}
