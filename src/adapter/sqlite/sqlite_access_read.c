// SPDX-License-Identifier: Apache-2.0
//
// Reads of the SQLite store of accounts. Each takes a reading connection for its time and leaves no
// statement open.
#include <string.h>

#include "sqlite_access.h"

enum {
    R_USER,
    R_USER_SUBJECT,
    R_USERS,
    R_TOKEN,
    R_TOKENS,
    R_SESSION,
    R_SECRET,
    R_SECRETS,
    R_ATTEMPT,
    R_ALIAS,
    R_N
};
static const char *const reader_sql[R_N] = {
    [R_USER] = "SELECT " USER_COLUMNS " FROM user WHERE user_id=?1",
    [R_USER_SUBJECT] = "SELECT " USER_COLUMNS " FROM user WHERE subject=?1 AND subject<>''",
    [R_USERS] = "SELECT " USER_COLUMNS " FROM user ORDER BY user_id",
    [R_TOKEN] = "SELECT " TOKEN_COLUMNS " FROM token WHERE hash=?1",
    [R_TOKENS] = "SELECT " TOKEN_COLUMNS " FROM token ORDER BY created_ms, token_id",
    [R_SESSION] = "SELECT user_id,by,hash,created_ms,seen_ms,expires_ms FROM session WHERE hash=?1",
    [R_SECRET] = "SELECT kind,user_id,body,hash,created_ms,expires_ms FROM secret WHERE hash=?1",
    [R_SECRETS] = "SELECT kind,user_id,body,hash,created_ms,expires_ms FROM secret WHERE kind=?1"
                  " ORDER BY created_ms, hash",
    [R_ATTEMPT] = "SELECT failed_n,last_ms,until_ms FROM attempt WHERE key=?1",
    [R_ALIAS] = "SELECT alias,id,kind FROM alias WHERE alias=?1",
};
const twi_statements twi_access_reader_statements = {reader_sql, R_N};

// ---- Binding ---------------------------------------------------------------------------------

twi_binder twi_binder_to(twi_conn *conn, size_t statement, tw_err *err)
{
    twi_binder b = {.conn = conn, .code = SQLITE_OK};
    b.status = twi_conn_stmt(conn, statement, &b.stmt, err);
    return b;
}

static void keep_code(twi_binder *b, int code)
{
    if (b->code == SQLITE_OK)
        b->code = code;
}

void twi_binder_str(twi_binder *b, tw_str s)
{
    if (b->status == TW_OK)
        keep_code(b, twi_bind_str(b->stmt, ++b->idx, s));
}

void twi_binder_bytes(twi_binder *b, const void *data, size_t bytes)
{
    if (b->status == TW_OK)
        keep_code(b, twi_bind_blob(b->stmt, ++b->idx, data, bytes));
}

void twi_binder_i64(twi_binder *b, int64_t v)
{
    if (b->status == TW_OK)
        keep_code(b, sqlite3_bind_int64(b->stmt, ++b->idx, v));
}

tw_status twi_binder_end(const twi_binder *b, tw_err *err)
{
    if (b->status == TW_OK && b->code != SQLITE_OK)
        return twi_conn_fail(b->conn, b->code, "bind a value", err);
    return b->status;
}

// ---- Reading ---------------------------------------------------------------------------------

typedef bool read_row(sqlite3_stmt *stmt, tw_arena *arena, void *out);

static bool read_texts(sqlite3_stmt *stmt, tw_arena *arena, tw_str *const *texts, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (!twi_column_dup(stmt, (int)i, arena, texts[i]))
            return false;
    return true;
}

static bool read_user(sqlite3_stmt *stmt, tw_arena *arena, void *out)
{
    tw_user_row *user = out;
    tw_str *const texts[] = {&user->user_id, &user->name,     &user->email,
                             &user->team,    &user->locale,   &user->role,
                             &user->stores,  &user->password, &user->subject};
    int at = TW_COUNT(texts);
    user->sees_names = (tw_sees_names)sqlite3_column_int(stmt, at);
    user->state = (tw_user_state)sqlite3_column_int(stmt, at + 1);
    user->created_ms = sqlite3_column_int64(stmt, at + 2);
    user->seen_ms = sqlite3_column_int64(stmt, at + 3);
    user->version = (uint64_t)sqlite3_column_int64(stmt, at + 4);
    return read_texts(stmt, arena, texts, TW_COUNT(texts));
}

static bool read_token(sqlite3_stmt *stmt, tw_arena *arena, void *out)
{
    tw_access_token *token = out;
    tw_str *const texts[] = {&token->token_id, &token->name, &token->rights, &token->stores,
                             &token->created_by};
    int at = TW_COUNT(texts);
    twi_column_hash(stmt, at, token->hash);
    token->created_ms = sqlite3_column_int64(stmt, at + 1);
    token->expires_ms = sqlite3_column_int64(stmt, at + 2);
    token->revoked_ms = sqlite3_column_int64(stmt, at + 3);
    return read_texts(stmt, arena, texts, TW_COUNT(texts));
}

static bool read_session(sqlite3_stmt *stmt, tw_arena *arena, void *out)
{
    tw_access_session *session = out;
    tw_str *const texts[] = {&session->user_id, &session->by};
    twi_column_hash(stmt, 2, session->hash);
    session->created_ms = sqlite3_column_int64(stmt, 3);
    session->seen_ms = sqlite3_column_int64(stmt, 4);
    session->expires_ms = sqlite3_column_int64(stmt, 5);
    return read_texts(stmt, arena, texts, TW_COUNT(texts));
}

static bool read_secret(sqlite3_stmt *stmt, tw_arena *arena, void *out)
{
    tw_access_secret *secret = out;
    tw_str *const texts[] = {&secret->kind, &secret->user_id, &secret->body};
    twi_column_hash(stmt, 3, secret->hash);
    secret->created_ms = sqlite3_column_int64(stmt, 4);
    secret->expires_ms = sqlite3_column_int64(stmt, 5);
    return read_texts(stmt, arena, texts, TW_COUNT(texts));
}

static bool read_attempt(sqlite3_stmt *stmt, tw_arena *arena, void *out)
{
    tw_access_attempt *attempt = out;
    (void)arena;
    attempt->failed_n = (uint32_t)sqlite3_column_int64(stmt, 0);
    attempt->last_ms = sqlite3_column_int64(stmt, 1);
    attempt->until_ms = sqlite3_column_int64(stmt, 2);
    return true;
}

static bool read_alias(sqlite3_stmt *stmt, tw_arena *arena, void *out)
{
    tw_access_alias *alias = out;
    tw_str *const texts[] = {&alias->alias, &alias->id};
    tw_str kind = twi_column_str(stmt, 2);
    alias->kind = kind.bytes ? kind.at[0] : '\0';
    return read_texts(stmt, arena, texts, TW_COUNT(texts));
}

typedef struct getter {
    size_t statement;
    tw_str text;         // bound when hash is NULL
    const uint8_t *hash; // of TW_SHA256_BYTES
    read_row *read;
    const char *what;
} getter;

static tw_status get_from(twi_conn *conn, const getter *get, tw_arena *arena, void *out,
                          tw_err *err)
{
    twi_binder b = twi_binder_to(conn, get->statement, err);
    if (get->hash)
        twi_binder_bytes(&b, get->hash, TW_SHA256_BYTES);
    else
        twi_binder_str(&b, get->text);
    TW_TRY(twi_binder_end(&b, err));
    tw_status status = twi_conn_step(conn, b.stmt, "read the store of accounts", err);
    if (status == TW_END)
        return tw_fail(err, TW_NOT_FOUND, "%s does not exist", get->what);
    TW_TRY(status);
    bool has_room = get->read(b.stmt, arena, out);
    sqlite3_reset(b.stmt);
    return has_room ? TW_OK : tw_fail(err, TW_NO_MEMORY, "no memory for %s", get->what);
}

// `bytes` of out are zeroed first, and again on failure.
static tw_status get_row(void *ctx, const getter *get, tw_arena *arena, void *out, size_t bytes,
                         tw_err *err)
{
    twi_sqlite_access *self = ctx;
    twi_conn *conn;
    memset(out, 0, bytes);
    TW_TRY(twi_pool_take(&self->readers, &conn, err));
    tw_status status = get_from(conn, get, arena, out, err);
    twi_pool_give(&self->readers, conn);
    if (status != TW_OK)
        memset(out, 0, bytes);
    return status;
}

tw_status twi_access_user_get(void *ctx, tw_str user_id, tw_arena *arena, tw_user_row *out,
                              tw_err *err)
{
    const getter get = {R_USER, user_id, NULL, read_user, "the account"};
    return get_row(ctx, &get, arena, out, sizeof(*out), err);
}

tw_status twi_access_user_find(void *ctx, tw_str subject, tw_arena *arena, tw_user_row *out,
                               tw_err *err)
{
    const getter get = {R_USER_SUBJECT, subject, NULL, read_user, "the account"};
    return get_row(ctx, &get, arena, out, sizeof(*out), err);
}

tw_status twi_access_token_find(void *ctx, const uint8_t hash[TW_SHA256_BYTES], tw_arena *arena,
                                tw_access_token *out, tw_err *err)
{
    const getter get = {R_TOKEN, TW_STR_NONE, hash, read_token, "the token"};
    return get_row(ctx, &get, arena, out, sizeof(*out), err);
}

tw_status twi_access_session_find(void *ctx, const uint8_t hash[TW_SHA256_BYTES], tw_arena *arena,
                                  tw_access_session *out, tw_err *err)
{
    const getter get = {R_SESSION, TW_STR_NONE, hash, read_session, "the session"};
    return get_row(ctx, &get, arena, out, sizeof(*out), err);
}

tw_status twi_access_secret_find(void *ctx, const uint8_t hash[TW_SHA256_BYTES], tw_arena *arena,
                                 tw_access_secret *out, tw_err *err)
{
    const getter get = {R_SECRET, TW_STR_NONE, hash, read_secret, "the secret"};
    return get_row(ctx, &get, arena, out, sizeof(*out), err);
}

tw_status twi_access_attempt_get(void *ctx, const uint8_t key[TW_SHA256_BYTES],
                                 tw_access_attempt *out, tw_err *err)
{
    const getter get = {R_ATTEMPT, TW_STR_NONE, key, read_attempt, "the try"};
    tw_err none;
    tw_status status = get_row(ctx, &get, NULL, out, sizeof(*out), &none);
    memcpy(out->key, key, TW_SHA256_BYTES);
    if (status == TW_OK || status == TW_NOT_FOUND)
        return TW_OK;
    return tw_fail(err, status, "%s", none.text);
}

tw_status twi_access_alias_find(void *ctx, tw_str alias, tw_arena *arena, tw_access_alias *out,
                                tw_err *err)
{
    const getter get = {R_ALIAS, alias, NULL, read_alias, "the pseudonym"};
    return get_row(ctx, &get, arena, out, sizeof(*out), err);
}

// All rows of a statement, `bytes` each.
static tw_status list_from(twi_conn *conn, const getter *get, size_t bytes, tw_arena *arena,
                           char **out, size_t *n, tw_err *err)
{
    size_t cap = 0;
    twi_binder b = twi_binder_to(conn, get->statement, err);
    if (get->text.bytes)
        twi_binder_str(&b, get->text);
    TW_TRY(twi_binder_end(&b, err));
    tw_status status;
    while ((status = twi_conn_step(conn, b.stmt, "list the store of accounts", err)) == TW_OK) {
        if (*n == cap) {
            size_t next = cap ? 2 * cap : 32;
            char *rows = tw_arena_array(arena, next, bytes);
            if (rows && *n)
                memcpy(rows, *out, *n * bytes);
            *out = rows;
            cap = next;
        }
        if (!*out || !get->read(b.stmt, arena, *out + *n * bytes)) {
            sqlite3_reset(b.stmt);
            return tw_fail(err, TW_NO_MEMORY, "no memory for %s", get->what);
        }
        *n += 1;
    }
    return status == TW_END ? TW_OK : status;
}

static tw_status list_rows(void *ctx, const getter *get, size_t bytes, tw_arena *arena, char **out,
                           size_t *n, tw_err *err)
{
    twi_sqlite_access *self = ctx;
    twi_conn *conn;
    *out = NULL;
    *n = 0;
    TW_TRY(twi_pool_take(&self->readers, &conn, err));
    tw_status status = list_from(conn, get, bytes, arena, out, n, err);
    twi_pool_give(&self->readers, conn);
    if (status != TW_OK) {
        *out = NULL;
        *n = 0;
    }
    return status;
}

tw_status twi_access_user_list(void *ctx, tw_arena *arena, tw_user_row **out, size_t *n,
                               tw_err *err)
{
    const getter get = {R_USERS, TW_STR_NONE, NULL, read_user, "the list of accounts"};
    char *rows;
    tw_status status = list_rows(ctx, &get, sizeof(**out), arena, &rows, n, err);
    *out = (tw_user_row *)(void *)rows;
    return status;
}

tw_status twi_access_token_list(void *ctx, tw_arena *arena, tw_access_token **out, size_t *n,
                                tw_err *err)
{
    const getter get = {R_TOKENS, TW_STR_NONE, NULL, read_token, "the list of tokens"};
    char *rows;
    tw_status status = list_rows(ctx, &get, sizeof(**out), arena, &rows, n, err);
    *out = (tw_access_token *)(void *)rows;
    return status;
}

tw_status twi_access_secret_list(void *ctx, tw_str kind, tw_arena *arena, tw_access_secret **out,
                                 size_t *n, tw_err *err)
{
    const getter get = {R_SECRETS, kind, NULL, read_secret, "the list of secrets"};
    char *rows;
    tw_status status = list_rows(ctx, &get, sizeof(**out), arena, &rows, n, err);
    *out = (tw_access_secret *)(void *)rows;
    return status;
}
