// SPDX-License-Identifier: Apache-2.0
//
// Port: ZIP archives in memory.
//
// Contract for every adapter:
//  1. Names of entries are relative paths with '/', without "." and ".." parts, at most
//     TW_ARCHIVE_NAME_BYTES - 1 bytes; a reader refuses an archive with any other (TW_CORRUPT),
//     with two entries of one name, and with more than TW_ARCHIVE_ENTRIES_MAX.
//  2. The same entries with the same time give the same bytes.
//  3. A reader never gives out more than the bound of its buffer, whatever the archive says of the
//     size of an entry.
//  4. Functions of one archive from one thread at a time.
#ifndef TW_PORT_ARCHIVE_H
#define TW_PORT_ARCHIVE_H

#include "base/arena.h"
#include "base/buf.h"

#define TW_ARCHIVE_VERSION 1
#define TW_ARCHIVE_NAME_BYTES 256
#define TW_ARCHIVE_ENTRIES_MAX 10000

typedef struct tw_archive_entry {
    tw_str name;
    tw_str bytes;
} tw_archive_entry;

typedef struct tw_archive_reader tw_archive_reader;

typedef struct tw_archive_ops {
    uint32_t version; // TW_ARCHIVE_VERSION
    tw_status (*write)(void *ctx, const tw_archive_entry *entries, size_t n, int64_t modified_ms,
                       tw_buf *out, tw_err *err);
    tw_status (*open)(void *ctx, tw_str bytes, tw_archive_reader **out, tw_err *err);
    size_t (*entry_n)(const tw_archive_reader *reader);
    tw_str (*entry_name)(const tw_archive_reader *reader, size_t i);
    tw_status (*read)(tw_archive_reader *reader, size_t i, tw_buf *out, tw_err *err);
    void (*close)(tw_archive_reader *reader);
} tw_archive_ops;

typedef struct tw_archive {
    const tw_archive_ops *ops;
    void *ctx;
} tw_archive;

// Is the name allowed by rule 1?
bool tw_archive_name_is_valid(tw_str name);

// Appends an archive of the entries in their order. TW_INVALID (a name), TW_LIMIT, TW_NO_MEMORY.
TW_MUST_CHECK static inline tw_status tw_archive_write(const tw_archive *archive,
                                                       const tw_archive_entry *entries, size_t n,
                                                       int64_t modified_ms, tw_buf *out,
                                                       tw_err *err)
{
    return archive->ops->write(archive->ctx, entries, n, modified_ms, out, err);
}

// Opens bytes that stay where they are until close. TW_CORRUPT, TW_LIMIT, TW_NO_MEMORY.
TW_MUST_CHECK static inline tw_status tw_archive_open(const tw_archive *archive, tw_str bytes,
                                                      tw_archive_reader **out, tw_err *err)
{
    return archive->ops->open(archive->ctx, bytes, out, err);
}

static inline size_t tw_archive_entry_n(const tw_archive *archive, const tw_archive_reader *reader)
{
    return archive->ops->entry_n(reader);
}

// A view until close.
static inline tw_str tw_archive_entry_name(const tw_archive *archive,
                                           const tw_archive_reader *reader, size_t i)
{
    return archive->ops->entry_name(reader, i);
}

// Appends the content of entry i. TW_CORRUPT (also a wrong checksum), TW_LIMIT by `out`.
TW_MUST_CHECK static inline tw_status tw_archive_read(const tw_archive *archive,
                                                      tw_archive_reader *reader, size_t i,
                                                      tw_buf *out, tw_err *err)
{
    return archive->ops->read(reader, i, out, err);
}

// NULL is allowed.
static inline void tw_archive_close(const tw_archive *archive, tw_archive_reader *reader)
{
    if (reader)
        archive->ops->close(reader);
}

#endif
