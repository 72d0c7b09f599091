// SPDX-License-Identifier: Apache-2.0
//
// What the two files of the SQLite store of accounts share. Internal to the adapter.
#ifndef TW_ADAPTER_SQLITE_ACCESS_H
#define TW_ADAPTER_SQLITE_ACCESS_H

#include "sqlite_conn.h"

typedef struct twi_sqlite_access {
    const tw_alloc *alloc;
    twi_pool readers;
    pthread_mutex_t writer_lock; // guards the writer
    twi_conn writer;
} twi_sqlite_access;

#define USER_COLUMNS                                                                               \
    "user_id,name,email,team,locale,role,stores,password,subject,sees_names,state,created_ms,"     \
    "seen_ms,version"
#define TOKEN_COLUMNS "token_id,name,rights,stores,created_by,hash,created_ms,expires_ms,revoked_ms"

// Binds in order and remembers the first failure.
typedef struct twi_binder {
    twi_conn *conn;
    sqlite3_stmt *stmt;
    int idx, code;
    tw_status status;
} twi_binder;

twi_binder twi_binder_to(twi_conn *conn, size_t statement, tw_err *err);
void twi_binder_str(twi_binder *b, tw_str s);
void twi_binder_bytes(twi_binder *b, const void *data, size_t bytes);
void twi_binder_i64(twi_binder *b, int64_t v);
tw_status twi_binder_end(const twi_binder *b, tw_err *err) TW_MUST_CHECK;

// ---- sqlite_access_read.c: as port/access.h says ----------------------------------------------
extern const twi_statements twi_access_reader_statements;
tw_status twi_access_user_get(void *ctx, tw_str user_id, tw_arena *arena, tw_user_row *out,
                              tw_err *err);
tw_status twi_access_user_find(void *ctx, tw_str subject, tw_arena *arena, tw_user_row *out,
                               tw_err *err);
tw_status twi_access_user_list(void *ctx, tw_arena *arena, tw_user_row **out, size_t *n,
                               tw_err *err);
tw_status twi_access_token_find(void *ctx, const uint8_t hash[TW_SHA256_BYTES], tw_arena *arena,
                                tw_access_token *out, tw_err *err);
tw_status twi_access_token_list(void *ctx, tw_arena *arena, tw_access_token **out, size_t *n,
                                tw_err *err);
tw_status twi_access_session_find(void *ctx, const uint8_t hash[TW_SHA256_BYTES], tw_arena *arena,
                                  tw_access_session *out, tw_err *err);
tw_status twi_access_secret_find(void *ctx, const uint8_t hash[TW_SHA256_BYTES], tw_arena *arena,
                                 tw_access_secret *out, tw_err *err);
tw_status twi_access_secret_list(void *ctx, tw_str kind, tw_arena *arena, tw_access_secret **out,
                                 size_t *n, tw_err *err);
tw_status twi_access_attempt_get(void *ctx, const uint8_t key[TW_SHA256_BYTES],
                                 tw_access_attempt *out, tw_err *err);
tw_status twi_access_alias_find(void *ctx, tw_str alias, tw_arena *arena, tw_access_alias *out,
                                tw_err *err);

#endif
