// SPDX-License-Identifier: Apache-2.0
//
// How much of the disk the data directory takes, by part. A walk over a few thousand files takes
// milliseconds; its result is kept for some seconds.
#include "storage.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

enum { DEPTH_MAX = 6, KEPT_MS = 10000 };

static const char *const names[TWI_STORAGE_N] = {
    "journal", "ledger", "access", "lake", "evidence", "state", "models",
};

const char *twi_storage_name(size_t part)
{
    return names[part];
}

// "journal.db-wal" and "journal.db" belong to "journal", "lake" is a directory.
static bool part_of(const char *name, size_t *out)
{
    size_t bytes = strcspn(name, ".");
    for (size_t i = 0; i < TWI_STORAGE_N; i++) {
        if (strlen(names[i]) == bytes && memcmp(names[i], name, bytes) == 0) {
            *out = i;
            return true;
        }
    }
    return false;
}

typedef struct level {
    DIR *dir;
    size_t part; // of everything under it
} level;

// Opens a directory under another; false when it cannot be read, which counts as empty.
static bool enter(int at, const char *name, size_t part, level *out)
{
    int fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
    if (!dir && fd >= 0)
        close(fd);
    *out = (level){dir, part};
    return dir != NULL;
}

// One entry of the topmost level; *depth grows when it is a directory.
static void take(level *levels, int *depth, const char *name, twi_storage *out)
{
    struct stat info;
    level *top = &levels[*depth - 1];
    size_t part = top->part;
    if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0 ||
        (*depth == 1 && !part_of(name, &part)) ||
        fstatat(dirfd(top->dir), name, &info, AT_SYMLINK_NOFOLLOW) != 0)
        return;
    if (S_ISDIR(info.st_mode) && *depth < DEPTH_MAX) {
        *depth += enter(dirfd(top->dir), name, part, &levels[*depth]);
    } else if (S_ISREG(info.st_mode)) {
        out->parts[part].bytes += (uint64_t)info.st_size;
        out->parts[part].file_n++;
    }
}

static void measure(const char *dir, twi_storage *out)
{
    level levels[DEPTH_MAX];
    int depth = enter(AT_FDCWD, dir, 0, &levels[0]);
    while (depth > 0) {
        const struct dirent *entry = readdir(levels[depth - 1].dir);
        if (entry)
            take(levels, &depth, entry->d_name, out);
        else
            closedir(levels[--depth].dir);
    }
    struct statvfs disk;
    out->has_free = statvfs(dir, &disk) == 0;
    if (out->has_free)
        out->free_bytes = (uint64_t)disk.f_bavail * disk.f_frsize;
}

void twi_storage_get(tw_http *http, twi_storage *out)
{
    int64_t now_ms = http->clock->now_ms(http->clock->ctx);
    *out = (twi_storage){.measured_ms = now_ms};
    if (http->data_dir[0] == '\0')
        return;
    pthread_mutex_lock(&http->storage_lock);
    bool is_fresh =
        now_ms >= http->storage.measured_ms && now_ms < http->storage.measured_ms + KEPT_MS;
    if (is_fresh)
        *out = http->storage;
    pthread_mutex_unlock(&http->storage_lock);
    if (is_fresh)
        return;
    measure(http->data_dir, out);
    pthread_mutex_lock(&http->storage_lock);
    http->storage = *out;
    pthread_mutex_unlock(&http->storage_lock);
}
