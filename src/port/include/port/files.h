// SPDX-License-Identifier: Apache-2.0
//
// Port: small whole files of the data directory (models, snapshots, keys, configuration).
//
// Contract for every adapter:
//  1. publish is atomic and durable: afterwards, and after a crash at any moment, a reader finds
//  the
//     old content or the new one, never a mix and never nothing. When it fails the old content is
//     still there. It is idempotent: the same call may be tried again.
//  2. Names are relative to the root: segments of A-Z a-z 0-9 . _ - joined by '/', none starting
//     with a dot or ending with ".tmp", at most TW_FILES_NAME_BYTES - 1 bytes; else TW_INVALID.
//     Directories appear with their first file.
//  3. All functions from any thread. They block on storage.
//  4. One process at a time may hold the lock; it goes away with the process.
#ifndef TW_PORT_FILES_H
#define TW_PORT_FILES_H

#include "base/arena.h"
#include "base/buf.h"

#define TW_FILES_VERSION 1
#define TW_FILES_NAME_BYTES 200

typedef struct tw_file_info {
    tw_str name; // last segment
    uint64_t bytes;
    bool is_dir;
} tw_file_info;

typedef struct tw_files_ops {
    uint32_t version; // TW_FILES_VERSION
    tw_status (*publish)(void *ctx, const char *name, const tw_str *parts, size_t part_n,
                         tw_err *err);
    tw_status (*read)(void *ctx, const char *name, tw_buf *out, tw_err *err);
    tw_status (*list)(void *ctx, const char *dir, tw_arena *arena, tw_file_info **out, size_t *n,
                      tw_err *err);
    tw_status (*remove)(void *ctx, const char *name, tw_err *err);
    tw_status (*lock)(void *ctx, tw_err *err);
    void (*unlock)(void *ctx);
    tw_status (*free_bytes)(void *ctx, uint64_t *out, tw_err *err);
    void (*close)(void *ctx);
} tw_files_ops;

typedef struct tw_files {
    const tw_files_ops *ops;
    void *ctx;
} tw_files;

// Is `name` allowed by rule 2? "" is the root and allowed for list only.
bool tw_files_name_is_valid(const char *name);

// Writes the parts, joined, as the new content of `name`. TW_INVALID, TW_NO_SPACE, TW_IO.
TW_MUST_CHECK static inline tw_status tw_files_publish(const tw_files *files, const char *name,
                                                       const tw_str *parts, size_t part_n,
                                                       tw_err *err)
{
    return files->ops->publish(files->ctx, name, parts, part_n, err);
}

// Appends the whole content to `out`, whose maximum bounds it (TW_LIMIT). TW_NOT_FOUND.
TW_MUST_CHECK static inline tw_status tw_files_read(const tw_files *files, const char *name,
                                                    tw_buf *out, tw_err *err)
{
    return files->ops->read(files->ctx, name, out, err);
}

// What a directory holds, sorted bytewise by name, unfinished files and dot files left out; nothing
// when it does not exist. Strings live in the arena.
TW_MUST_CHECK static inline tw_status tw_files_list(const tw_files *files, const char *dir,
                                                    tw_arena *arena, tw_file_info **out, size_t *n,
                                                    tw_err *err)
{
    return files->ops->list(files->ctx, dir, arena, out, n, err);
}

// Removes a file durably, and its directories as far as they are empty. TW_NOT_FOUND.
TW_MUST_CHECK static inline tw_status tw_files_remove(const tw_files *files, const char *name,
                                                      tw_err *err)
{
    return files->ops->remove(files->ctx, name, err);
}

// Takes the lock of the directory, or fails at once with TW_BUSY and a sentence that names the
// process that holds it.
TW_MUST_CHECK static inline tw_status tw_files_lock(const tw_files *files, tw_err *err)
{
    return files->ops->lock(files->ctx, err);
}

// Gives the lock back; without one nothing happens. close does it too.
static inline void tw_files_unlock(const tw_files *files)
{
    files->ops->unlock(files->ctx);
}

// Bytes that this process may still write on the device.
TW_MUST_CHECK static inline tw_status tw_files_free_bytes(const tw_files *files, uint64_t *out,
                                                          tw_err *err)
{
    return files->ops->free_bytes(files->ctx, out, err);
}

static inline void tw_files_close(tw_files *files)
{
    if (files->ops)
        files->ops->close(files->ctx);
    *files = (tw_files){NULL, NULL};
}

#endif
