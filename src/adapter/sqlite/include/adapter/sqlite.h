// SPDX-License-Identifier: Apache-2.0
//
// Journal, ledger and store of accounts in SQLite files. Each handle owns one writing connection, a
// pool of reading connections and, for the journal, a thread that copies the write-ahead log back
// into the database so that commits do not wait for it. The same file may be open in several
// processes for reading; one process writes (tw_files_lock of the data directory sees to that).
#ifndef TW_ADAPTER_SQLITE_H
#define TW_ADAPTER_SQLITE_H

#include "port/access.h"
#include "port/journal.h"
#include "port/ledger.h"

typedef enum tw_sqlite_mode {
    TW_SQLITE_OPEN,   // TW_NOT_FOUND when the file does not exist
    TW_SQLITE_CREATE, // creates it when it does not exist
} tw_sqlite_mode;

typedef struct tw_sqlite_options {
    const char *path; // of the database file; its directory must exist
    tw_sqlite_mode mode;
    const char *vfs;   // NULL = SQLite's default; outlives the handle; tests pass one that fails
    size_t reader_n;   // reading connections, 0 = 4; more readers at once wait for one
    size_t page_bytes; // of a new file, 0 = measured default
    size_t wal_bytes;  // write-ahead log from which the copying back starts, 0 = measured default
} tw_sqlite_options;

// TW_NOT_FOUND, TW_BUSY (another process holds it), TW_CORRUPT (not ours, or damaged),
// TW_UNSUPPORTED (written by a newer version), TW_NO_SPACE, TW_IO, TW_NO_MEMORY.
tw_status tw_sqlite_journal_open(const tw_alloc *alloc, const tw_sqlite_options *options,
                                 tw_journal *out, tw_err *err) TW_MUST_CHECK;
tw_status tw_sqlite_ledger_open(const tw_alloc *alloc, const tw_sqlite_options *options,
                                tw_ledger *out, tw_err *err) TW_MUST_CHECK;
// The store of accounts may be written from several processes at once.
tw_status tw_sqlite_access_open(const tw_alloc *alloc, const tw_sqlite_options *options,
                                tw_access *out, tw_err *err) TW_MUST_CHECK;

#endif
