// SPDX-License-Identifier: Apache-2.0
//
// Files of a data directory. publish writes "<name>.tmp", syncs it, renames it and syncs the
// directory: at any moment a reader finds the old or the new content. One mutex orders all changes
// of the tree, so that two publications never share a temporary file and no directory disappears
// under one. Reading and listing take no lock. All paths are opened relative to the root's
// descriptor, so that a moved directory keeps working.
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "adapter/posix.h"

#define TEMP_BYTES (TW_FILES_NAME_BYTES + 8)
#define LOCK_NAME "lock"

typedef struct posix_files {
    const tw_alloc *alloc;
    int root_fd;
    pthread_mutex_t lock; // orders changes, guards lock_fd
    int lock_fd;          // -1 = not held
} posix_files;

// ---- Durable changes -------------------------------------------------------------------------

static tw_status sync_dir(const posix_files *self, const char *dir, tw_err *err)
{
    int fd = openat(self->root_fd, dir[0] ? dir : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return tw_fail_errno(err, "cannot open directory %s", dir);
    tw_status status = TW_OK;
    if (fsync(fd) != 0)
        status = tw_fail_errno(err, "cannot sync directory %s", dir);
    close(fd);
    return status;
}

// Directory part of a name, "" for the root.
static void dir_of(const char *name, char out[TW_FILES_NAME_BYTES])
{
    const char *slash = strrchr(name, '/');
    size_t bytes = slash ? (size_t)(slash - name) : 0;
    memcpy(out, name, bytes);
    out[bytes] = '\0';
}

// Creates the directories on the way to `name`, each synced into its parent.
static tw_status make_dirs(const posix_files *self, const char *name, tw_err *err)
{
    for (const char *slash = strchr(name, '/'); slash; slash = strchr(slash + 1, '/')) {
        char dir[TW_FILES_NAME_BYTES], parent[TW_FILES_NAME_BYTES];
        memcpy(dir, name, (size_t)(slash - name));
        dir[slash - name] = '\0';
        if (mkdirat(self->root_fd, dir, 0700) == 0) {
            dir_of(dir, parent);
            TW_TRY(sync_dir(self, parent, err));
        } else if (errno != EEXIST) {
            return tw_fail_errno(err, "cannot create directory %s", dir);
        }
    }
    return TW_OK;
}

static tw_status write_all(int fd, const char *at, size_t bytes)
{
    while (bytes > 0) {
        ssize_t done = write(fd, at, TW_MIN(bytes, (size_t)1 << 30));
        if (done < 0 && errno == EINTR)
            continue;
        if (done <= 0) {
            if (done == 0)
                errno = ENOSPC;
            return TW_IO;
        }
        at += done;
        bytes -= (size_t)done;
    }
    return TW_OK;
}

static tw_status write_temp(const posix_files *self, const char *temp, const tw_str *parts,
                            size_t part_n, tw_err *err)
{
    int fd =
        openat(self->root_fd, temp, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return tw_fail_errno(err, "cannot create %s", temp);
    tw_status status = TW_OK;
    for (size_t i = 0; i < part_n && status == TW_OK; i++)
        if (write_all(fd, parts[i].at, parts[i].bytes) != TW_OK)
            status = tw_fail_errno(err, "cannot write %s", temp);
    if (status == TW_OK && fsync(fd) != 0)
        status = tw_fail_errno(err, "cannot sync %s", temp);
    if (close(fd) != 0 && status == TW_OK)
        status = tw_fail_errno(err, "cannot close %s", temp);
    return status;
}

static tw_status publish_locked(const posix_files *self, const char *name, const tw_str *parts,
                                size_t part_n, tw_err *err)
{
    char temp[TEMP_BYTES], dir[TW_FILES_NAME_BYTES];
    snprintf(temp, sizeof(temp), "%s.tmp", name);
    dir_of(name, dir);
    TW_TRY(make_dirs(self, name, err));
    tw_status status = write_temp(self, temp, parts, part_n, err);
    if (status == TW_OK && renameat(self->root_fd, temp, self->root_fd, name) != 0)
        status = tw_fail_errno(err, "cannot rename %s", temp);
    if (status != TW_OK) {
        (void)unlinkat(self->root_fd, temp, 0); // frees the room; the next publish overwrites it
        return status;
    }
    return sync_dir(self, dir, err);
}

// A missing directory here is an I/O fault, not a missing file of the caller's.
static tw_status as_write_status(tw_status status, tw_err *err)
{
    if (status != TW_NOT_FOUND)
        return status;
    if (err)
        err->status = TW_IO;
    return TW_IO;
}

static tw_status files_publish(void *ctx, const char *name, const tw_str *parts, size_t part_n,
                               tw_err *err)
{
    posix_files *self = ctx;
    if (!tw_files_name_is_valid(name))
        return tw_fail(err, TW_INVALID, "\"%s\" is not a file name here", name);
    pthread_mutex_lock(&self->lock);
    tw_status status = publish_locked(self, name, parts, part_n, err);
    pthread_mutex_unlock(&self->lock);
    return as_write_status(status, err);
}

static tw_status files_remove(void *ctx, const char *name, tw_err *err)
{
    posix_files *self = ctx;
    if (!tw_files_name_is_valid(name))
        return tw_fail(err, TW_INVALID, "\"%s\" is not a file name here", name);
    pthread_mutex_lock(&self->lock);
    tw_status status = TW_OK;
    if (unlinkat(self->root_fd, name, 0) != 0)
        status = errno == ENOTDIR || errno == EISDIR
                     ? tw_fail(err, TW_NOT_FOUND, "there is no file %s", name)
                     : tw_fail_errno(err, "cannot remove %s", name);
    char dir[TW_FILES_NAME_BYTES], above[TW_FILES_NAME_BYTES];
    dir_of(name, dir);
    while (status == TW_OK && dir[0] && unlinkat(self->root_fd, dir, AT_REMOVEDIR) == 0) {
        dir_of(dir, above);
        memcpy(dir, above, sizeof(dir));
    }
    if (status == TW_OK)
        status = as_write_status(sync_dir(self, dir, err), err);
    pthread_mutex_unlock(&self->lock);
    return status;
}

// ---- Reading ---------------------------------------------------------------------------------

static tw_status read_fd(int fd, const char *name, tw_buf *out, tw_err *err)
{
    struct stat info;
    if (fstat(fd, &info) != 0)
        return tw_fail_errno(err, "cannot read %s", name);
    if (!S_ISREG(info.st_mode))
        return tw_fail(err, TW_NOT_FOUND, "there is no file %s", name);
    size_t want = (size_t)info.st_size, before = out->bytes;
    tw_status status = tw_buf_reserve(out, want);
    if (status != TW_OK)
        return tw_fail(err, status, "%s does not fit: %zu bytes", name, want);
    while (out->bytes - before < want) {
        ssize_t got = read(fd, out->data_own + out->bytes, want - (out->bytes - before));
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0) {
            out->bytes = before;
            return got < 0 ? tw_fail_errno(err, "cannot read %s", name)
                           : tw_fail(err, TW_IO, "%s shrank while it was read", name);
        }
        out->bytes += (size_t)got;
    }
    return TW_OK;
}

static tw_status files_read(void *ctx, const char *name, tw_buf *out, tw_err *err)
{
    const posix_files *self = ctx;
    if (!tw_files_name_is_valid(name))
        return tw_fail(err, TW_INVALID, "\"%s\" is not a file name here", name);
    int fd = openat(self->root_fd, name, O_RDONLY | O_CLOEXEC);
    if (fd < 0 && errno == ENOTDIR)
        return tw_fail(err, TW_NOT_FOUND, "there is no file %s", name);
    if (fd < 0)
        return tw_fail_errno(err, "cannot open %s", name);
    tw_status status = read_fd(fd, name, out, err);
    close(fd);
    return status;
}

static int info_order(const void *a, const void *b)
{
    return tw_str_compare(((const tw_file_info *)a)->name, ((const tw_file_info *)b)->name);
}

// One pass over an open directory: fills infos[cap] with the arena's copies; *n counts all.
static tw_status scan_dir(DIR *dir, tw_arena *arena, tw_file_info *infos, size_t cap, size_t *n)
{
    *n = 0;
    rewinddir(dir);
    for (;;) {
        errno = 0;
        const struct dirent *entry = readdir(dir);
        if (!entry)
            return errno == 0 ? TW_OK : TW_IO;
        struct stat info;
        if (!tw_files_name_is_valid(entry->d_name) ||
            fstatat(dirfd(dir), entry->d_name, &info, AT_SYMLINK_NOFOLLOW) != 0 ||
            (!S_ISREG(info.st_mode) && !S_ISDIR(info.st_mode)))
            continue;
        if (*n < cap) {
            bool is_dir = S_ISDIR(info.st_mode);
            size_t bytes = strlen(entry->d_name);
            char *name = tw_arena_copy(arena, entry->d_name, bytes);
            if (!name)
                return TW_NO_MEMORY;
            infos[*n] = (tw_file_info){{name, bytes}, is_dir ? 0 : (uint64_t)info.st_size, is_dir};
        }
        *n += 1;
    }
}

static tw_status files_list(void *ctx, const char *dir, tw_arena *arena, tw_file_info **out,
                            size_t *n, tw_err *err)
{
    const posix_files *self = ctx;
    *out = NULL;
    *n = 0;
    if (dir[0] && !tw_files_name_is_valid(dir))
        return tw_fail(err, TW_INVALID, "\"%s\" is not a directory name here", dir);
    int fd = openat(self->root_fd, dir[0] ? dir : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *stream = fd < 0 ? NULL : fdopendir(fd);
    tw_file_info *infos = NULL;
    size_t cap = 0, found = 0;
    tw_status status = TW_OK;
    if (!stream) {
        if (fd < 0 && errno != ENOENT && errno != ENOTDIR)
            return tw_fail_errno(err, "cannot list %s", dir);
        if (fd >= 0) {
            close(fd);
            return tw_fail(err, TW_NO_MEMORY, "no memory to list %s", dir);
        }
    } else {
        status = scan_dir(stream, arena, NULL, 0, &cap);
    }
    infos = tw_arena_array(arena, cap + 1, sizeof(*infos));
    if (status == TW_OK && !infos)
        status = TW_NO_MEMORY;
    if (status == TW_OK && stream)
        status = scan_dir(stream, arena, infos, cap, &found);
    if (stream)
        closedir(stream);
    if (status != TW_OK)
        return tw_fail(err, status, "cannot list %s", dir);
    found = TW_MIN(found, cap);
    qsort(infos, found, sizeof(*infos), info_order);
    *out = infos;
    *n = found;
    return TW_OK;
}

// ---- Lock and the rest -----------------------------------------------------------------------

static tw_status fail_locked(int fd, tw_err *err)
{
    char pid[24] = "";
    ssize_t bytes = pread(fd, pid, sizeof(pid) - 1, 0);
    if (bytes > 0)
        pid[strcspn(pid, "\n")] = '\0';
    if (pid[0] == '\0')
        return tw_fail(err, TW_BUSY, "the data directory is in use by another process");
    return tw_fail(err, TW_BUSY, "the data directory is in use by process %s", pid);
}

static tw_status lock_locked(posix_files *self, tw_err *err)
{
    int fd = openat(self->root_fd, LOCK_NAME, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return tw_fail_errno(err, "cannot open the lock of the data directory");
    tw_status status = TW_OK;
    char pid[24];
    int bytes = snprintf(pid, sizeof(pid), "%ld\n", (long)getpid());
    if (flock(fd, LOCK_EX | LOCK_NB) != 0)
        status = errno == EWOULDBLOCK ? fail_locked(fd, err)
                                      : tw_fail_errno(err, "cannot lock the data directory");
    // The number only serves the message, so that a full disk must not keep the lock from working.
    else if (ftruncate(fd, 0) == 0 && pwrite(fd, pid, (size_t)bytes, 0) != bytes)
        (void)ftruncate(fd, 0);
    if (status == TW_OK)
        self->lock_fd = fd;
    else
        close(fd);
    return status;
}

static tw_status files_lock(void *ctx, tw_err *err)
{
    posix_files *self = ctx;
    pthread_mutex_lock(&self->lock);
    tw_status status =
        self->lock_fd >= 0 ? fail_locked(self->lock_fd, err) : lock_locked(self, err);
    pthread_mutex_unlock(&self->lock);
    return status;
}

static void files_unlock(void *ctx)
{
    posix_files *self = ctx;
    pthread_mutex_lock(&self->lock);
    if (self->lock_fd >= 0)
        close(self->lock_fd);
    self->lock_fd = -1;
    pthread_mutex_unlock(&self->lock);
}

static tw_status files_free_bytes(void *ctx, uint64_t *out, tw_err *err)
{
    const posix_files *self = ctx;
    struct statvfs info;
    *out = 0;
    if (fstatvfs(self->root_fd, &info) != 0)
        return tw_fail_errno(err, "cannot ask for the free space of the data directory");
    *out = (uint64_t)info.f_bavail * info.f_frsize;
    return TW_OK;
}

static void files_close(void *ctx)
{
    posix_files *self = ctx;
    files_unlock(self);
    close(self->root_fd);
    pthread_mutex_destroy(&self->lock);
    tw_delete(self->alloc, self);
}

static const tw_files_ops ops = {
    .version = TW_FILES_VERSION,
    .publish = files_publish,
    .read = files_read,
    .list = files_list,
    .remove = files_remove,
    .lock = files_lock,
    .unlock = files_unlock,
    .free_bytes = files_free_bytes,
    .close = files_close,
};

tw_status tw_posix_files_open(const tw_alloc *alloc, const char *root, tw_files *out, tw_err *err)
{
    *out = (tw_files){NULL, NULL};
    int fd = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0 && errno == ENOTDIR)
        return tw_fail(err, TW_INVALID, "%s is not a directory", root);
    if (fd < 0)
        return tw_fail_errno(err, "cannot open directory %s", root);
    posix_files *self = tw_new(alloc, posix_files);
    if (!self || pthread_mutex_init(&self->lock, NULL) != 0) {
        tw_delete(alloc, self);
        close(fd);
        return tw_fail(err, TW_NO_MEMORY, "no memory to open %s", root);
    }
    self->alloc = alloc;
    self->root_fd = fd;
    self->lock_fd = -1;
    *out = (tw_files){&ops, self};
    return TW_OK;
}
