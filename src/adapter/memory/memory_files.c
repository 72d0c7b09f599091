// SPDX-License-Identifier: Apache-2.0
//
// Files in memory: an array of (name, content) sorted by name. A directory is the common start of
// names. Any number of handles may share nothing: the lock only sees a second lock of this handle.
#include <pthread.h>
#include <string.h>

#include "adapter/memory.h"

typedef struct memory_file {
    char name[TW_FILES_NAME_BYTES];
    uint8_t *data_own;
    size_t bytes;
} memory_file;

typedef struct memory_files {
    const tw_alloc *alloc;
    pthread_mutex_t lock;   // guards all below
    memory_file *files_own; // sorted by name
    size_t n, cap;
    bool is_locked;
} memory_files;

// Index of the first file whose name is not before `name`.
static size_t place_of(const memory_files *self, const char *name)
{
    size_t low = 0, high = self->n;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (strcmp(self->files_own[middle].name, name) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static bool is_at(const memory_files *self, size_t place, const char *name)
{
    return place < self->n && strcmp(self->files_own[place].name, name) == 0;
}

// A name may not be a file and a directory at once, as in a file system.
static bool is_taken(const memory_files *self, const char *name)
{
    size_t bytes = strlen(name);
    for (size_t i = 0; i < self->n; i++) {
        const char *other = self->files_own[i].name;
        size_t other_bytes = strlen(other);
        size_t common = TW_MIN(bytes, other_bytes);
        if (bytes != other_bytes && memcmp(name, other, common) == 0 &&
            (bytes > common ? name : other)[common] == '/')
            return true;
    }
    return false;
}

static tw_status store(memory_files *self, const char *name, uint8_t *data, size_t bytes)
{
    size_t place = place_of(self, name);
    if (is_at(self, place, name)) {
        tw_free_array(self->alloc, self->files_own[place].data_own, self->files_own[place].bytes,
                      1);
    } else {
        if (is_taken(self, name))
            return TW_IO;
        void *items = self->files_own;
        tw_status status = tw_grow(self->alloc, &items, &self->cap, self->n + 1,
                                   sizeof(memory_file), SIZE_MAX / 4 / sizeof(memory_file));
        self->files_own = items;
        TW_TRY(status);
        memory_file *at = &self->files_own[place];
        memmove(at + 1, at, (self->n - place) * sizeof(*at));
        self->n++;
        memcpy(at->name, name, strlen(name) + 1);
    }
    self->files_own[place].data_own = data;
    self->files_own[place].bytes = bytes;
    return TW_OK;
}

static tw_status files_publish(void *ctx, const char *name, const tw_str *parts, size_t part_n,
                               tw_err *err)
{
    memory_files *self = ctx;
    if (!tw_files_name_is_valid(name))
        return tw_fail(err, TW_INVALID, "\"%s\" is not a file name here", name);
    size_t bytes = 0;
    for (size_t i = 0; i < part_n; i++)
        bytes += parts[i].bytes;
    uint8_t *data = tw_new_array(self->alloc, bytes, 1);
    if (!data)
        return tw_fail(err, TW_NO_MEMORY, "no memory for %s", name);
    size_t fill = 0;
    for (size_t i = 0; i < part_n; i++) {
        if (parts[i].bytes > 0)
            memcpy(data + fill, parts[i].at, parts[i].bytes);
        fill += parts[i].bytes;
    }
    pthread_mutex_lock(&self->lock);
    tw_status status = store(self, name, data, bytes);
    pthread_mutex_unlock(&self->lock);
    if (status == TW_OK)
        return TW_OK;
    tw_free_array(self->alloc, data, bytes, 1);
    return tw_fail(err, status, "cannot keep %s", name);
}

static tw_status files_read(void *ctx, const char *name, tw_buf *out, tw_err *err)
{
    memory_files *self = ctx;
    if (!tw_files_name_is_valid(name))
        return tw_fail(err, TW_INVALID, "\"%s\" is not a file name here", name);
    pthread_mutex_lock(&self->lock);
    size_t place = place_of(self, name);
    tw_status status = is_at(self, place, name) ? TW_OK : TW_NOT_FOUND;
    if (status == TW_OK)
        status = tw_buf_reserve(out, self->files_own[place].bytes);
    if (status == TW_OK)
        tw_buf_put(out, self->files_own[place].data_own, self->files_own[place].bytes);
    pthread_mutex_unlock(&self->lock);
    return status == TW_OK ? TW_OK : tw_fail(err, status, "cannot read %s", name);
}

// The entry of directory `dir` that leads to `name`, or empty.
static tw_str entry_of(const char *name, const char *dir, bool *is_dir)
{
    size_t dir_bytes = strlen(dir);
    if (dir_bytes > 0) {
        if (strncmp(name, dir, dir_bytes) != 0 || name[dir_bytes] != '/')
            return TW_STR_NONE;
        name += dir_bytes + 1;
    }
    const char *slash = strchr(name, '/');
    *is_dir = slash != NULL;
    return (tw_str){name, slash ? (size_t)(slash - name) : strlen(name)};
}

static void sort_infos(tw_file_info *infos, size_t n)
{
    for (size_t i = 1; i < n; i++)
        for (size_t j = i; j > 0 && tw_str_compare(infos[j].name, infos[j - 1].name) < 0; j--) {
            tw_file_info swap = infos[j];
            infos[j] = infos[j - 1];
            infos[j - 1] = swap;
        }
}

static tw_status list_locked(memory_files *self, const char *dir, tw_arena *arena,
                             tw_file_info **out, size_t *n)
{
    tw_file_info *infos = tw_arena_array(arena, self->n + 1, sizeof(*infos));
    if (!infos)
        return TW_NO_MEMORY;
    size_t found = 0;
    for (size_t i = 0; i < self->n; i++) {
        bool is_dir = false;
        tw_str entry = entry_of(self->files_own[i].name, dir, &is_dir);
        bool is_known = entry.bytes == 0;
        for (size_t k = 0; k < found && !is_known; k++)
            is_known = tw_str_equal(infos[k].name, entry);
        if (is_known)
            continue;
        char *copy = tw_arena_copy(arena, entry.at, entry.bytes);
        if (!copy)
            return TW_NO_MEMORY;
        infos[found++] = (tw_file_info){
            {copy, entry.bytes}, is_dir ? 0 : (uint64_t)self->files_own[i].bytes, is_dir};
    }
    sort_infos(infos, found);
    *out = infos;
    *n = found;
    return TW_OK;
}

static tw_status files_list(void *ctx, const char *dir, tw_arena *arena, tw_file_info **out,
                            size_t *n, tw_err *err)
{
    memory_files *self = ctx;
    *out = NULL;
    *n = 0;
    if (dir[0] && !tw_files_name_is_valid(dir))
        return tw_fail(err, TW_INVALID, "\"%s\" is not a directory name here", dir);
    pthread_mutex_lock(&self->lock);
    tw_status status = list_locked(self, dir, arena, out, n);
    pthread_mutex_unlock(&self->lock);
    return status == TW_OK ? TW_OK : tw_fail(err, status, "no room to list %s", dir);
}

static tw_status files_remove(void *ctx, const char *name, tw_err *err)
{
    memory_files *self = ctx;
    if (!tw_files_name_is_valid(name))
        return tw_fail(err, TW_INVALID, "\"%s\" is not a file name here", name);
    pthread_mutex_lock(&self->lock);
    size_t place = place_of(self, name);
    bool is_found = is_at(self, place, name);
    if (is_found) {
        memory_file *at = &self->files_own[place];
        tw_free_array(self->alloc, at->data_own, at->bytes, 1);
        self->n--;
        memmove(at, at + 1, (self->n - place) * sizeof(*at));
    }
    pthread_mutex_unlock(&self->lock);
    return is_found ? TW_OK : tw_fail(err, TW_NOT_FOUND, "there is no file %s", name);
}

static tw_status files_lock(void *ctx, tw_err *err)
{
    memory_files *self = ctx;
    pthread_mutex_lock(&self->lock);
    bool was_locked = self->is_locked;
    self->is_locked = true;
    pthread_mutex_unlock(&self->lock);
    return was_locked ? tw_fail(err, TW_BUSY, "the directory is in use by this process") : TW_OK;
}

static void files_unlock(void *ctx)
{
    memory_files *self = ctx;
    pthread_mutex_lock(&self->lock);
    self->is_locked = false;
    pthread_mutex_unlock(&self->lock);
}

static tw_status files_free_bytes(void *ctx, uint64_t *out, tw_err *err)
{
    (void)ctx;
    (void)err;
    *out = UINT64_MAX;
    return TW_OK;
}

static void files_close(void *ctx)
{
    memory_files *self = ctx;
    for (size_t i = 0; i < self->n; i++)
        tw_free_array(self->alloc, self->files_own[i].data_own, self->files_own[i].bytes, 1);
    tw_free_array(self->alloc, self->files_own, self->cap, sizeof(memory_file));
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

tw_status tw_memory_files_open(const tw_alloc *alloc, tw_files *out, tw_err *err)
{
    *out = (tw_files){NULL, NULL};
    memory_files *self = tw_new(alloc, memory_files);
    if (!self)
        return tw_fail(err, TW_NO_MEMORY, "no memory for files");
    self->alloc = alloc;
    if (pthread_mutex_init(&self->lock, NULL) != 0) {
        tw_delete(alloc, self);
        return tw_fail(err, TW_NO_MEMORY, "no memory for a lock");
    }
    *out = (tw_files){&ops, self};
    return TW_OK;
}
