// SPDX-License-Identifier: Apache-2.0
//
// What the suites of the storage ports share: temporary directories and the table of adapters.
#ifndef TW_TESTS_STORE_SUPPORT_H
#define TW_TESTS_STORE_SUPPORT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

#include <cmocka.h>

#include "adapter/memory.h"
#include "adapter/posix.h"
#include "adapter/sqlite.h"
#include "base/rng.h"

typedef struct store_dir {
    char path[128];
} store_dir;

static inline void store_dir_make(store_dir *dir)
{
    // In memory when possible: nothing here depends on the device, and sweeps sync thousands of
    // times.
    const char *base = getenv("TMPDIR");
    if (!base)
        base = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
    snprintf(dir->path, sizeof(dir->path), "%s/tw-store-XXXXXX", base);
    assert_non_null(mkdtemp(dir->path));
}

static inline void store_dir_remove(const store_dir *dir)
{
    char command[192];
    snprintf(command, sizeof(command), "rm -rf '%s'", dir->path);
    assert_int_equal(system(command), 0);
}

static inline char *store_path(const store_dir *dir, const char *name, char out[192])
{
    snprintf(out, 192, "%s/%s", dir->path, name);
    return out;
}

// Reports what an adapter said when a call did not give the expected status.
#define assert_status(call, expected)                                                              \
    do {                                                                                           \
        tw_status status_got = (call);                                                             \
        if (status_got != (expected))                                                              \
            print_error("%s: %s, expected %s: %s\n", #call, tw_status_name(status_got),            \
                        tw_status_name(expected), err.text);                                       \
        assert_int_equal(status_got, (expected));                                                  \
    } while (0)
#define assert_ok(call) assert_status(call, TW_OK)

typedef struct store_adapter {
    const char *name;
    bool is_durable; // what was written is there after closing and opening again
    tw_status (*open_journal)(const store_dir *dir, tw_journal *out, tw_err *err);
    tw_status (*open_ledger)(const store_dir *dir, tw_ledger *out, tw_err *err);
    tw_status (*open_files)(const store_dir *dir, tw_files *out, tw_err *err);
    tw_status (*open_access)(const store_dir *dir, tw_access *out, tw_err *err);
} store_adapter;

static inline tw_status store_memory_journal(const store_dir *dir, tw_journal *out, tw_err *err)
{
    (void)dir;
    return tw_memory_journal_open(tw_alloc_system(), out, err);
}

static inline tw_status store_memory_ledger(const store_dir *dir, tw_ledger *out, tw_err *err)
{
    (void)dir;
    return tw_memory_ledger_open(tw_alloc_system(), out, err);
}

static inline tw_status store_memory_files(const store_dir *dir, tw_files *out, tw_err *err)
{
    (void)dir;
    return tw_memory_files_open(tw_alloc_system(), out, err);
}

static inline tw_status store_sqlite_journal(const store_dir *dir, tw_journal *out, tw_err *err)
{
    char path[192];
    // A small log and a small pool: copying back and waiting for a reader happen in every test.
    tw_sqlite_options options = {.path = store_path(dir, "journal.db", path),
                                 .mode = TW_SQLITE_CREATE,
                                 .reader_n = 2,
                                 .wal_bytes = 64 << 10};
    return tw_sqlite_journal_open(tw_alloc_system(), &options, out, err);
}

static inline tw_status store_sqlite_ledger(const store_dir *dir, tw_ledger *out, tw_err *err)
{
    char path[192];
    tw_sqlite_options options = {
        .path = store_path(dir, "ledger.db", path), .mode = TW_SQLITE_CREATE, .reader_n = 2};
    return tw_sqlite_ledger_open(tw_alloc_system(), &options, out, err);
}

static inline tw_status store_memory_access(const store_dir *dir, tw_access *out, tw_err *err)
{
    (void)dir;
    return tw_memory_access_open(tw_alloc_system(), out, err);
}

static inline tw_status store_sqlite_access(const store_dir *dir, tw_access *out, tw_err *err)
{
    char path[192];
    tw_sqlite_options options = {
        .path = store_path(dir, "access.db", path), .mode = TW_SQLITE_CREATE, .reader_n = 2};
    return tw_sqlite_access_open(tw_alloc_system(), &options, out, err);
}

static inline tw_status store_posix_files(const store_dir *dir, tw_files *out, tw_err *err)
{
    return tw_posix_files_open(tw_alloc_system(), dir->path, out, err);
}

static const store_adapter store_memory = {
    "memory",           false, store_memory_journal, store_memory_ledger, store_memory_files,
    store_memory_access};
static const store_adapter store_disk = {"disk",
                                         true,
                                         store_sqlite_journal,
                                         store_sqlite_ledger,
                                         store_posix_files,
                                         store_sqlite_access};

// The seed of a random test: TILLWATCH_SEED or the default; printed, so that a failure can be
// repeated.
static inline uint64_t store_seed(uint64_t otherwise)
{
    const char *text = getenv("TILLWATCH_SEED");
    uint64_t seed = text ? strtoull(text, NULL, 10) : otherwise;
    print_message("seed %llu\n", (unsigned long long)seed);
    return seed;
}

#endif
