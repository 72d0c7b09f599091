// SPDX-License-Identifier: Apache-2.0
//
// Connections, statuses and the pool of readers.
#include "sqlite_conn.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define READERS_DEFAULT 4
#define READERS_MAX 64
// Another connection of ours holds a lock for moments only (recovery, the end of a checkpoint).
#define BUSY_MS 5000

// ---- Statuses --------------------------------------------------------------------------------

static tw_status status_of(int code, int sys_errno)
{
    switch (code & 0xff) {
    case SQLITE_FULL:
        return TW_NO_SPACE;
    case SQLITE_NOMEM:
        return TW_NO_MEMORY;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return TW_BUSY;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
    case SQLITE_SCHEMA:
        return TW_CORRUPT;
    case SQLITE_TOOBIG:
        return TW_LIMIT;
    default:
        break;
    }
    if (code == SQLITE_IOERR_NOMEM)
        return TW_NO_MEMORY;
    // A file-size limit of the process is a full disk to whoever runs it.
    if (sys_errno == ENOSPC || sys_errno == EDQUOT || sys_errno == EFBIG)
        return TW_NO_SPACE;
    return TW_IO;
}

// What the operating system said to the last failed operation of the database or its log. SQLite's
// own sqlite3_system_errno is often overwritten by the time that a failed commit returns.
static int last_errno(sqlite3 *db)
{
    int sys_errno = sqlite3_system_errno(db), file_errno = 0;
    sqlite3_file *log = NULL;
    if (sys_errno == 0 &&
        sqlite3_file_control(db, "main", SQLITE_FCNTL_JOURNAL_POINTER, &log) == SQLITE_OK && log &&
        log->pMethods &&
        log->pMethods->xFileControl(log, SQLITE_FCNTL_LAST_ERRNO, &file_errno) == SQLITE_OK)
        sys_errno = file_errno;
    if (sys_errno == 0 &&
        sqlite3_file_control(db, "main", SQLITE_FCNTL_LAST_ERRNO, &file_errno) == SQLITE_OK)
        sys_errno = file_errno;
    return sys_errno;
}

tw_status twi_conn_fail(const twi_conn *conn, int code, const char *what, tw_err *err)
{
    int full_code = conn->db ? sqlite3_extended_errcode(conn->db) : code;
    if ((full_code & 0xff) != (code & 0xff))
        full_code = code;
    int sys_errno = conn->db && (full_code & 0xff) == SQLITE_IOERR ? last_errno(conn->db) : 0;
    tw_status status = status_of(full_code, sys_errno);
    tw_fail(err, status, "cannot %s: %s", what,
            status == TW_NO_SPACE ? "no space left on the device" : sqlite3_errstr(full_code));
    if (err)
        err->sys_errno = sys_errno;
    return status;
}

// ---- Statements ------------------------------------------------------------------------------

tw_status twi_conn_exec(twi_conn *conn, const char *sql, tw_err *err)
{
    int code = sqlite3_exec(conn->db, sql, NULL, NULL, NULL);
    return code == SQLITE_OK ? TW_OK : twi_conn_fail(conn, code, sql, err);
}

tw_status twi_conn_number(twi_conn *conn, const char *sql, int64_t *out, tw_err *err)
{
    *out = 0;
    sqlite3_stmt *stmt = NULL;
    int code = sqlite3_prepare_v2(conn->db, sql, -1, &stmt, NULL);
    if (code == SQLITE_OK)
        code = sqlite3_step(stmt);
    if (code == SQLITE_ROW)
        *out = sqlite3_column_int64(stmt, 0);
    tw_status status = code == SQLITE_ROW ? TW_OK : twi_conn_fail(conn, code, sql, err);
    sqlite3_finalize(stmt);
    return status;
}

tw_status twi_conn_stmt(twi_conn *conn, size_t idx, sqlite3_stmt **out, tw_err *err)
{
    TW_CHECK(idx < conn->statements.n);
    *out = NULL;
    if (!conn->stmts_own[idx]) {
        int code = sqlite3_prepare_v3(conn->db, conn->statements.sql[idx], -1,
                                      SQLITE_PREPARE_PERSISTENT, &conn->stmts_own[idx], NULL);
        if (code != SQLITE_OK)
            return twi_conn_fail(conn, code, "prepare a statement", err);
    }
    *out = conn->stmts_own[idx];
    return TW_OK;
}

tw_status twi_conn_step(twi_conn *conn, sqlite3_stmt *stmt, const char *what, tw_err *err)
{
    int code = sqlite3_step(stmt);
    if (code == SQLITE_ROW)
        return TW_OK;
    tw_status status = code == SQLITE_DONE ? TW_END : twi_conn_fail(conn, code, what, err);
    (void)sqlite3_reset(stmt); // gives the code of the step again
    return status;
}

tw_status twi_conn_run(twi_conn *conn, sqlite3_stmt *stmt, const char *what, tw_err *err)
{
    tw_status status = twi_conn_step(conn, stmt, what, err);
    TW_CHECK(status != TW_OK);
    return status == TW_END ? TW_OK : status;
}

tw_status twi_conn_end(twi_conn *conn, tw_status status, tw_err *err)
{
    if (status == TW_OK) {
        int code = sqlite3_exec(conn->db, "COMMIT", NULL, NULL, NULL);
        if (code != SQLITE_OK)
            status = twi_conn_fail(conn, code, "commit", err);
    }
    // Some failures have rolled back already.
    if (status != TW_OK && !sqlite3_get_autocommit(conn->db))
        (void)sqlite3_exec(conn->db, "ROLLBACK", NULL, NULL, NULL);
    return status;
}

int twi_bind_str(sqlite3_stmt *stmt, int idx, tw_str s)
{
    return sqlite3_bind_text64(stmt, idx, s.bytes > 0 ? s.at : "", s.bytes, SQLITE_STATIC,
                               SQLITE_UTF8);
}

int twi_bind_blob(sqlite3_stmt *stmt, int idx, const void *data, size_t bytes)
{
    return sqlite3_bind_blob64(stmt, idx, bytes > 0 ? data : "", bytes, SQLITE_STATIC);
}

tw_str twi_column_str(sqlite3_stmt *stmt, int idx)
{
    const char *text = (const char *)sqlite3_column_text(stmt, idx);
    return (tw_str){text, text ? (size_t)sqlite3_column_bytes(stmt, idx) : 0};
}

tw_str twi_column_blob(sqlite3_stmt *stmt, int idx)
{
    const char *data = sqlite3_column_blob(stmt, idx);
    return (tw_str){data, data ? (size_t)sqlite3_column_bytes(stmt, idx) : 0};
}

bool twi_column_dup(sqlite3_stmt *stmt, int idx, tw_arena *arena, tw_str *out)
{
    tw_str text = sqlite3_column_type(stmt, idx) == SQLITE_BLOB ? twi_column_blob(stmt, idx)
                                                                : twi_column_str(stmt, idx);
    out->at = tw_arena_copy(arena, text.at, text.bytes);
    out->bytes = out->at ? text.bytes : 0;
    return out->at != NULL;
}

bool twi_column_hash(sqlite3_stmt *stmt, int idx, uint8_t out[TW_SHA256_BYTES])
{
    tw_str blob = twi_column_blob(stmt, idx);
    if (blob.bytes != TW_SHA256_BYTES) {
        memset(out, 0, TW_SHA256_BYTES);
        return false;
    }
    memcpy(out, blob.at, TW_SHA256_BYTES);
    return true;
}

// ---- Connections -----------------------------------------------------------------------------

// SQLite would create the file readable by others; its companions copy the mode of the file.
static tw_status make_file(const tw_sqlite_options *options, tw_err *err)
{
    int flags = O_RDWR | O_CLOEXEC | (options->mode == TW_SQLITE_CREATE ? O_CREAT : 0);
    int fd = open(options->path, flags, 0600);
    if (fd < 0)
        return tw_fail_errno(err, "cannot open %s", options->path);
    close(fd);
    return TW_OK;
}

void twi_wal_prepare(const char *path, size_t wal_bytes)
{
    static const char zeros[64 << 10];
    char wal_path[4096];
    struct stat info;
    if ((size_t)snprintf(wal_path, sizeof(wal_path), "%s-wal", path) >= sizeof(wal_path))
        return;
    int fd = open(wal_path, O_RDWR | O_CLOEXEC);
    if (fd < 0)
        return;
    bool is_short = fstat(fd, &info) == 0 && info.st_size >= 0 && (size_t)info.st_size < wal_bytes;
    size_t at = is_short ? (size_t)info.st_size : wal_bytes;
    while (at < wal_bytes) {
        ssize_t done = pwrite(fd, zeros, TW_MIN(sizeof(zeros), wal_bytes - at), (off_t)at);
        if (done <= 0)
            break;
        at += (size_t)done;
    }
    if (is_short && (at < wal_bytes || fdatasync(fd) != 0))
        (void)!ftruncate(fd, info.st_size);
    close(fd);
}

static tw_status conn_set_up(twi_conn *conn, const tw_sqlite_options *options, twi_conn_kind kind,
                             tw_err *err)
{
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX;
    int code = sqlite3_open_v2(options->path, &conn->db, flags, options->vfs);
    if (code != SQLITE_OK)
        return twi_conn_fail(conn, code, "open the database", err);
    sqlite3_extended_result_codes(conn->db, 1);
    sqlite3_busy_timeout(conn->db, BUSY_MS);
    if (kind == TWI_CONN_READER)
        return twi_conn_exec(conn, "PRAGMA query_only=1; PRAGMA cache_size=-4096", err);
    return TW_OK;
}

tw_status twi_conn_open(const tw_alloc *alloc, const tw_sqlite_options *options, twi_conn_kind kind,
                        twi_statements statements, twi_conn *out, tw_err *err)
{
    *out = (twi_conn){.alloc = alloc, .statements = statements};
    if (kind == TWI_CONN_WRITER)
        TW_TRY(make_file(options, err));
    out->stmts_own = tw_new_array(alloc, statements.n, sizeof(*out->stmts_own));
    tw_status status = out->stmts_own ? conn_set_up(out, options, kind, err)
                                      : tw_fail(err, TW_NO_MEMORY, "no memory for a connection");
    if (status != TW_OK)
        twi_conn_close(out);
    return status;
}

void twi_conn_close(twi_conn *conn)
{
    for (size_t i = 0; conn->stmts_own && i < conn->statements.n; i++)
        sqlite3_finalize(conn->stmts_own[i]);
    if (conn->alloc)
        tw_free_array(conn->alloc, conn->stmts_own, conn->statements.n, sizeof(*conn->stmts_own));
    int code = sqlite3_close(conn->db);
    TW_CHECK(code == SQLITE_OK); // no statement may be left
    *conn = (twi_conn){0};
}

static tw_status create_schema(twi_conn *conn, const twi_schema *schema, const char *before,
                               tw_err *err)
{
    char header[96];
    snprintf(header, sizeof(header), "PRAGMA application_id=%u; PRAGMA user_version=%d",
             (unsigned)schema->application_id, schema->version);
    TW_TRY(twi_conn_exec(conn, "BEGIN IMMEDIATE", err));
    tw_status status = before ? twi_conn_exec(conn, before, err) : TW_OK;
    for (size_t i = 0; i < TWI_SCHEMA_PARTS && schema->sql[i] && status == TW_OK; i++)
        status = twi_conn_exec(conn, schema->sql[i], err);
    if (status == TW_OK)
        status = twi_conn_exec(conn, header, err);
    return twi_conn_end(conn, status, err);
}

tw_status twi_conn_schema(twi_conn *conn, const tw_sqlite_options *options,
                          const twi_schema *schema, tw_err *err)
{
    int64_t application_id = 0, version = 0, object_n = 0;
    TW_TRY(twi_conn_number(conn, "PRAGMA application_id", &application_id, err));
    TW_TRY(twi_conn_number(conn, "PRAGMA user_version", &version, err));
    TW_TRY(twi_conn_number(conn, "SELECT count(*) FROM sqlite_master", &object_n, err));
    if (application_id == 0 && object_n == 0 && options->mode == TW_SQLITE_CREATE)
        return create_schema(conn, schema, NULL, err);
    if (application_id != (int64_t)schema->application_id)
        return tw_fail(err, TW_CORRUPT, "%s is not a %s of Tillwatch", options->path, schema->what);
    if (version > schema->version)
        return tw_fail(err, TW_UNSUPPORTED, "%s was written by a newer version of Tillwatch",
                       options->path);
    if (version < schema->version && schema->forget)
        return create_schema(conn, schema, schema->forget, err);
    return TW_OK;
}

// ---- Pool ------------------------------------------------------------------------------------

tw_status twi_pool_init(twi_pool *pool, const tw_alloc *alloc, const tw_sqlite_options *options,
                        twi_statements statements, tw_err *err)
{
    size_t n = options->reader_n ? TW_MIN(options->reader_n, READERS_MAX) : READERS_DEFAULT;
    *pool = (twi_pool){.alloc = alloc, .options = *options, .statements = statements, .n = n};
    pool->conns_own = tw_new_array(alloc, n, sizeof(*pool->conns_own));
    pool->taken_own = tw_new_array(alloc, n, sizeof(*pool->taken_own));
    size_t path_bytes = strlen(options->path) + 1;
    pool->path_own = tw_new_array(alloc, path_bytes, 1);
    bool has_lock = pthread_mutex_init(&pool->lock, NULL) == 0;
    bool has_cond = has_lock && pthread_cond_init(&pool->given, NULL) == 0;
    if (pool->conns_own && pool->taken_own && pool->path_own && has_cond) {
        memcpy(pool->path_own, options->path, path_bytes);
        pool->options.path = pool->path_own;
        return TW_OK;
    }
    if (has_cond)
        pthread_cond_destroy(&pool->given);
    if (has_lock)
        pthread_mutex_destroy(&pool->lock);
    tw_free_array(alloc, pool->conns_own, n, sizeof(*pool->conns_own));
    tw_free_array(alloc, pool->taken_own, n, sizeof(*pool->taken_own));
    tw_free_array(alloc, pool->path_own, path_bytes, 1);
    *pool = (twi_pool){0};
    return tw_fail(err, TW_NO_MEMORY, "no memory for reading connections");
}

void twi_pool_release(twi_pool *pool)
{
    if (!pool->conns_own)
        return;
    for (size_t i = 0; i < pool->n; i++) {
        TW_CHECK(!pool->taken_own[i]);
        twi_conn_close(&pool->conns_own[i]);
    }
    pthread_cond_destroy(&pool->given);
    pthread_mutex_destroy(&pool->lock);
    tw_free_array(pool->alloc, pool->conns_own, pool->n, sizeof(*pool->conns_own));
    tw_free_array(pool->alloc, pool->taken_own, pool->n, sizeof(*pool->taken_own));
    tw_free_array(pool->alloc, pool->path_own, strlen(pool->path_own) + 1, 1);
    *pool = (twi_pool){0};
}

tw_status twi_pool_take(twi_pool *pool, twi_conn **out, tw_err *err)
{
    *out = NULL;
    size_t idx = 0;
    pthread_mutex_lock(&pool->lock);
    for (;;) {
        for (idx = 0; idx < pool->n && pool->taken_own[idx]; idx++) {
        }
        if (idx < pool->n)
            break;
        pthread_cond_wait(&pool->given, &pool->lock);
    }
    pool->taken_own[idx] = true;
    pthread_mutex_unlock(&pool->lock);
    twi_conn *conn = &pool->conns_own[idx];
    if (!conn->db) {
        tw_status status = twi_conn_open(pool->alloc, &pool->options, TWI_CONN_READER,
                                         pool->statements, conn, err);
        if (status != TW_OK) {
            twi_pool_give(pool, conn);
            return status;
        }
    }
    *out = conn;
    return TW_OK;
}

void twi_pool_give(twi_pool *pool, twi_conn *conn)
{
    pthread_mutex_lock(&pool->lock);
    pool->taken_own[conn - pool->conns_own] = false;
    pthread_cond_signal(&pool->given);
    pthread_mutex_unlock(&pool->lock);
}
