// SPDX-License-Identifier: Apache-2.0
//
// What journal and ledger share of SQLite: connections with prepared statements, statuses from
// result codes, a pool of reading connections. Internal to the adapter.
//
// A connection is used by one thread at a time (the databases are opened without SQLite's own
// locks): the writing one under its owner's mutex, a reading one between take and give.
#ifndef TW_ADAPTER_SQLITE_CONN_H
#define TW_ADAPTER_SQLITE_CONN_H

#include <pthread.h>
#include <sqlite3.h>

#include "adapter/sqlite.h"
#include "base/arena.h"

// Statements of a kind of connection, prepared at their first use.
typedef struct twi_statements {
    const char *const *sql;
    size_t n;
} twi_statements;

typedef struct twi_conn {
    const tw_alloc *alloc;
    sqlite3 *db;
    twi_statements statements;
    sqlite3_stmt **stmts_own;
} twi_conn;

typedef enum twi_conn_kind { TWI_CONN_WRITER, TWI_CONN_READER } twi_conn_kind;

// A string of the language has 4,095 characters at most.
#define TWI_SCHEMA_PARTS 3
// What is stored in the file's header, so that another file is not taken for ours.
typedef struct twi_schema {
    uint32_t application_id;
    int version;
    const char *what;                  // "journal", "ledger": for messages
    const char *sql[TWI_SCHEMA_PARTS]; // creates everything, one after the other; NULL = none
    // Drops what `sql` creates and an older version had otherwise; NULL: there is no older one.
    const char *forget;
} twi_schema;

tw_status twi_conn_open(const tw_alloc *alloc, const tw_sqlite_options *options, twi_conn_kind kind,
                        twi_statements statements, twi_conn *out, tw_err *err) TW_MUST_CHECK;
void twi_conn_close(twi_conn *conn);
// Checks the header; makes the schema in an empty file when options->mode allows it, and makes that
// of an older version anew.
tw_status twi_conn_schema(twi_conn *conn, const tw_sqlite_options *options,
                          const twi_schema *schema, tw_err *err) TW_MUST_CHECK;

tw_status twi_conn_fail(const twi_conn *conn, int code, const char *what, tw_err *err);
tw_status twi_conn_exec(twi_conn *conn, const char *sql, tw_err *err) TW_MUST_CHECK;
// One number of one row.
tw_status twi_conn_number(twi_conn *conn, const char *sql, int64_t *out, tw_err *err) TW_MUST_CHECK;
// Statement `idx`, ready to bind.
tw_status twi_conn_stmt(twi_conn *conn, size_t idx, sqlite3_stmt **out, tw_err *err) TW_MUST_CHECK;
// TW_OK: a row; TW_END: no more, and the statement is reset; else reset and failed.
tw_status twi_conn_step(twi_conn *conn, sqlite3_stmt *stmt, const char *what,
                        tw_err *err) TW_MUST_CHECK;
// Steps a statement that gives no rows, to its end.
tw_status twi_conn_run(twi_conn *conn, sqlite3_stmt *stmt, const char *what,
                       tw_err *err) TW_MUST_CHECK;
// Writes zeros to the end of the write-ahead log until it has wal_bytes, so that the syncs of
// commits have no growth of the file to write. SQLite takes zeros for the end of the log. Nothing
// else may be writing. Without room nothing changes: it is only for speed.
void twi_wal_prepare(const char *path, size_t wal_bytes);
// Ends a transaction: COMMIT when `status` is TW_OK, else (or when that fails) ROLLBACK.
tw_status twi_conn_end(twi_conn *conn, tw_status status, tw_err *err) TW_MUST_CHECK;

// Bound texts and blobs must stay until the step is over. Results are those of sqlite3_bind_*.
int twi_bind_str(sqlite3_stmt *stmt, int idx, tw_str s);
int twi_bind_blob(sqlite3_stmt *stmt, int idx, const void *data, size_t bytes);
// Views of a column, valid until the next step.
tw_str twi_column_str(sqlite3_stmt *stmt, int idx);
tw_str twi_column_blob(sqlite3_stmt *stmt, int idx);
// Copies of a column in the arena; false when it is full.
bool twi_column_dup(sqlite3_stmt *stmt, int idx, tw_arena *arena, tw_str *out);
// False when the blob has another length.
bool twi_column_hash(sqlite3_stmt *stmt, int idx, uint8_t out[TW_SHA256_BYTES]);

typedef struct twi_pool {
    const tw_alloc *alloc;
    tw_sqlite_options options; // constant; its path is path_own
    char *path_own;            // constant
    twi_statements statements; // constant
    size_t n;                  // constant
    pthread_mutex_t lock;
    pthread_cond_t given;
    twi_conn *conns_own; // db NULL = not opened yet
    bool *taken_own;     // under the lock
} twi_pool;

tw_status twi_pool_init(twi_pool *pool, const tw_alloc *alloc, const tw_sqlite_options *options,
                        twi_statements statements, tw_err *err) TW_MUST_CHECK;
void twi_pool_release(twi_pool *pool);
// Waits for a free connection. The caller gives it back.
tw_status twi_pool_take(twi_pool *pool, twi_conn **out, tw_err *err) TW_MUST_CHECK;
void twi_pool_give(twi_pool *pool, twi_conn *conn);

#endif
