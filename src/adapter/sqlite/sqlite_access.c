// SPDX-License-Identifier: Apache-2.0
//
// Accounts, sessions, tokens and the rest of port/access.h in one SQLite file of their own.
// Writing: one connection under `writer_lock`, synchronous=FULL but for what may be lost (last
// sight, failed tries, pseudonyms). The command line writes beside a running server: transactions
// begin with the write lock, and SQLite waits for it. Reading: connections from the pool.
#include <stdio.h>

#include "base/time.h"
#include "sqlite_access.h"

static const twi_schema schema = {
    .application_id = 0x54774131, // "TwA1"
    .version = 1,
    .what = "store of accounts",
    .sql = {
        "CREATE TABLE user(user_id TEXT NOT NULL UNIQUE, name TEXT NOT NULL, email TEXT NOT NULL,"
        " team TEXT NOT NULL, locale TEXT NOT NULL, role TEXT NOT NULL, stores TEXT NOT NULL,"
        " sees_names INTEGER NOT NULL, state INTEGER NOT NULL, password TEXT NOT NULL,"
        " subject TEXT NOT NULL, created_ms INTEGER NOT NULL, seen_ms INTEGER NOT NULL,"
        " version INTEGER NOT NULL) STRICT;"
        "CREATE UNIQUE INDEX user_subject ON user(subject) WHERE subject<>'';"
        "CREATE TABLE token(token_id TEXT NOT NULL UNIQUE, name TEXT NOT NULL,"
        " hash BLOB NOT NULL UNIQUE, rights TEXT NOT NULL, stores TEXT NOT NULL,"
        " created_by TEXT NOT NULL, created_ms INTEGER NOT NULL, expires_ms INTEGER NOT NULL,"
        " revoked_ms INTEGER NOT NULL) STRICT;"
        "CREATE TABLE session(hash BLOB NOT NULL UNIQUE, user_id TEXT NOT NULL, by TEXT NOT NULL,"
        " created_ms INTEGER NOT NULL, seen_ms INTEGER NOT NULL, expires_ms INTEGER NOT NULL)"
        " STRICT;"
        "CREATE INDEX session_user ON session(user_id);"
        "CREATE TABLE secret(hash BLOB NOT NULL UNIQUE, kind TEXT NOT NULL, user_id TEXT NOT NULL,"
        " body TEXT NOT NULL, created_ms INTEGER NOT NULL, expires_ms INTEGER NOT NULL) STRICT;"
        "CREATE TABLE attempt(key BLOB NOT NULL PRIMARY KEY, failed_n INTEGER NOT NULL,"
        " last_ms INTEGER NOT NULL, until_ms INTEGER NOT NULL) STRICT, WITHOUT ROWID;"
        "CREATE INDEX attempt_last ON attempt(last_ms);"
        "CREATE TABLE alias(alias TEXT NOT NULL PRIMARY KEY, kind TEXT NOT NULL, id TEXT NOT NULL)"
        " STRICT, WITHOUT ROWID;"}};

enum {
    W_USER_VERSION,
    W_USER_SUBJECT,
    W_USER_COUNT,
    W_USER_NEW,
    W_USER_CHANGE,
    W_USER_SEEN,
    W_TOKEN_COUNT,
    W_TOKEN,
    W_TOKEN_GET,
    W_TOKEN_REVOKE,
    W_SESSION,
    W_SESSION_TOUCH,
    W_SESSION_REMOVE,
    W_SESSION_REMOVE_USER,
    W_SECRET,
    W_SECRET_TAKE,
    W_SECRET_REMOVE_USER,
    W_ATTEMPT,
    W_ATTEMPT_REMOVE,
    W_ALIAS,
    W_ALIAS_GET,
    W_N
};
static const char *const writer_sql[W_N] = {
    [W_USER_VERSION] = "SELECT version FROM user WHERE user_id=?1",
    [W_USER_SUBJECT] = "SELECT 1 FROM user WHERE subject=?1 AND subject<>'' AND user_id<>?2",
    [W_USER_COUNT] = "SELECT count(*) FROM user",
    [W_USER_NEW] =
        "INSERT INTO user(" USER_COLUMNS ") VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,0,1)",
    [W_USER_CHANGE] = "UPDATE user SET name=?2,email=?3,team=?4,locale=?5,role=?6,stores=?7,"
                      "password=?8,subject=?9,sees_names=?10,state=?11,created_ms=?12,"
                      "version=version+1 WHERE user_id=?1",
    [W_USER_SEEN] = "UPDATE user SET seen_ms=?2 WHERE user_id=?1",
    [W_TOKEN_COUNT] = "SELECT count(*) FROM token",
    [W_TOKEN] = "INSERT OR IGNORE INTO token(" TOKEN_COLUMNS ") VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9)",
    [W_TOKEN_GET] = "SELECT revoked_ms FROM token WHERE token_id=?1",
    [W_TOKEN_REVOKE] = "UPDATE token SET revoked_ms=?2 WHERE token_id=?1 AND revoked_ms=0",
    [W_SESSION] = "INSERT OR IGNORE INTO session(hash,user_id,by,created_ms,seen_ms,expires_ms)"
                  " VALUES(?1,?2,?3,?4,?5,?6)",
    [W_SESSION_TOUCH] = "UPDATE session SET seen_ms=?2 WHERE hash=?1",
    [W_SESSION_REMOVE] = "DELETE FROM session WHERE hash=?1",
    [W_SESSION_REMOVE_USER] = "DELETE FROM session WHERE user_id=?1 AND hash<>?2",
    [W_SECRET] = "INSERT OR IGNORE INTO secret(hash,kind,user_id,body,created_ms,expires_ms)"
                 " VALUES(?1,?2,?3,?4,?5,?6)",
    [W_SECRET_TAKE] = "DELETE FROM secret WHERE hash=?1",
    [W_SECRET_REMOVE_USER] = "DELETE FROM secret WHERE kind=?1 AND user_id=?2",
    [W_ATTEMPT] = "INSERT INTO attempt(key,failed_n,last_ms,until_ms) VALUES(?1,?2,?3,?4)"
                  " ON CONFLICT(key) DO UPDATE SET failed_n=?2,last_ms=?3,until_ms=?4",
    [W_ATTEMPT_REMOVE] = "DELETE FROM attempt WHERE key=?1",
    [W_ALIAS] = "INSERT OR IGNORE INTO alias(alias,id,kind) VALUES(?1,?2,?3)",
    [W_ALIAS_GET] = "SELECT id,kind FROM alias WHERE alias=?1",
};
static const twi_statements writer_statements = {writer_sql, W_N};

// Runs a statement without rows; *changed may be NULL.
static tw_status run(const twi_binder *b, int *changed, tw_err *err)
{
    TW_TRY(twi_binder_end(b, err));
    TW_TRY(twi_conn_run(b->conn, b->stmt, "write the store of accounts", err));
    if (changed)
        *changed = sqlite3_changes(b->conn->db);
    return TW_OK;
}

// The number in the first column of the only row; TW_NOT_FOUND without a row.
static tw_status number(const twi_binder *b, int64_t *out, tw_err *err)
{
    TW_TRY(twi_binder_end(b, err));
    tw_status status = twi_conn_step(b->conn, b->stmt, "read the store of accounts", err);
    if (status == TW_END)
        return TW_NOT_FOUND;
    TW_TRY(status);
    *out = sqlite3_column_int64(b->stmt, 0);
    sqlite3_reset(b->stmt);
    return TW_OK;
}

// ---- Writing ---------------------------------------------------------------------------------

static tw_status begin(void *ctx, bool is_durable, twi_sqlite_access **out, tw_err *err)
{
    twi_sqlite_access *self = ctx;
    *out = self;
    pthread_mutex_lock(&self->writer_lock);
    tw_status status = twi_conn_exec(
        &self->writer, is_durable ? "PRAGMA synchronous=FULL" : "PRAGMA synchronous=NORMAL", err);
    if (status == TW_OK)
        status = twi_conn_exec(&self->writer, "BEGIN IMMEDIATE", err);
    if (status != TW_OK)
        pthread_mutex_unlock(&self->writer_lock);
    return status;
}

static tw_status end(twi_sqlite_access *self, tw_status status, tw_err *err)
{
    status = twi_conn_end(&self->writer, status, err);
    pthread_mutex_unlock(&self->writer_lock);
    return status;
}

static void bind_user(twi_binder *b, const tw_user_row *user)
{
    const tw_str texts[] = {user->user_id, user->name,   user->email,    user->team,   user->locale,
                            user->role,    user->stores, user->password, user->subject};
    for (size_t i = 0; i < TW_COUNT(texts); i++)
        twi_binder_str(b, texts[i]);
    twi_binder_i64(b, (int64_t)user->sees_names);
    twi_binder_i64(b, (int64_t)user->state);
    twi_binder_i64(b, user->created_ms);
}

static tw_status check_room(twi_conn *conn, size_t statement, int64_t max_n, const char *what,
                            tw_err *err)
{
    int64_t n = 0;
    twi_binder b = twi_binder_to(conn, statement, err);
    TW_TRY(number(&b, &n, err));
    return n < max_n ? TW_OK
                     : tw_fail(err, TW_LIMIT, "there are %lld %s; no more fit", (long long)n, what);
}

static tw_status put_user(twi_conn *conn, const tw_user_row *user, tw_err *err)
{
    int64_t version = 0, other = 0;
    twi_binder subject = twi_binder_to(conn, W_USER_SUBJECT, err);
    twi_binder_str(&subject, user->subject);
    twi_binder_str(&subject, user->user_id);
    tw_status status = number(&subject, &other, err);
    if (status == TW_OK)
        return tw_fail(err, TW_CONFLICT, "another account has this identity at the provider");
    if (status != TW_NOT_FOUND)
        return status;
    twi_binder present = twi_binder_to(conn, W_USER_VERSION, err);
    twi_binder_str(&present, user->user_id);
    status = number(&present, &version, err);
    if (status != TW_OK && status != TW_NOT_FOUND)
        return status;
    if (status == TW_NOT_FOUND && user->version)
        return tw_fail(err, TW_NOT_FOUND, "there is no account %.*s", TW_STR_ARG(user->user_id));
    if (status == TW_OK && (uint64_t)version != user->version)
        return tw_fail(err, TW_CONFLICT, "the account %.*s exists already or was changed",
                       TW_STR_ARG(user->user_id));
    if (!user->version)
        TW_TRY(check_room(conn, W_USER_COUNT, TW_USERS_MAX, "accounts", err));
    twi_binder b = twi_binder_to(conn, user->version ? W_USER_CHANGE : W_USER_NEW, err);
    bind_user(&b, user);
    return run(&b, NULL, err);
}

static tw_status user_put(void *ctx, const tw_user_row *user, tw_err *err)
{
    twi_sqlite_access *self;
    TW_TRY(tw_access_user_check(user, err));
    TW_TRY(begin(ctx, true, &self, err));
    return end(self, put_user(&self->writer, user, err), err);
}

// Ends a transaction of one statement that must have changed something.
static tw_status end_changed(twi_sqlite_access *self, const twi_binder *b, tw_status otherwise,
                             const char *what, tw_err *err)
{
    int changed = 0;
    tw_status status = end(self, run(b, &changed, err), err);
    if (status == TW_OK && changed == 0)
        return tw_fail(err, otherwise, "%s %s", what,
                       otherwise == TW_CONFLICT ? "exists already" : "does not exist");
    return status;
}

static tw_status user_seen(void *ctx, tw_str user_id, int64_t seen_ms, tw_err *err)
{
    twi_sqlite_access *self;
    TW_TRY(begin(ctx, false, &self, err));
    twi_binder b = twi_binder_to(&self->writer, W_USER_SEEN, err);
    twi_binder_str(&b, user_id);
    twi_binder_i64(&b, seen_ms);
    return end_changed(self, &b, TW_NOT_FOUND, "the account", err);
}

static tw_status token_put(void *ctx, const tw_access_token *token, tw_err *err)
{
    twi_sqlite_access *self;
    TW_TRY(tw_access_token_check(token, err));
    TW_TRY(begin(ctx, true, &self, err));
    tw_status status =
        check_room(&self->writer, W_TOKEN_COUNT, TW_TOKENS_MAX, "tokens; revoked ones count", err);
    if (status != TW_OK)
        return end(self, status, err);
    twi_binder b = twi_binder_to(&self->writer, W_TOKEN, err);
    const tw_str texts[] = {token->token_id, token->name, token->rights, token->stores,
                            token->created_by};
    for (size_t i = 0; i < TW_COUNT(texts); i++)
        twi_binder_str(&b, texts[i]);
    twi_binder_bytes(&b, token->hash, TW_SHA256_BYTES);
    twi_binder_i64(&b, token->created_ms);
    twi_binder_i64(&b, token->expires_ms);
    twi_binder_i64(&b, token->revoked_ms);
    return end_changed(self, &b, TW_CONFLICT, "the token", err);
}

static tw_status revoke(twi_conn *conn, tw_str token_id, int64_t revoked_ms, tw_err *err)
{
    int64_t before = 0;
    twi_binder get = twi_binder_to(conn, W_TOKEN_GET, err);
    twi_binder_str(&get, token_id);
    tw_status status = number(&get, &before, err);
    if (status == TW_NOT_FOUND)
        return tw_fail(err, status, "token %.*s does not exist", TW_STR_ARG(token_id));
    TW_TRY(status);
    if (before)
        return tw_fail(err, TW_CONFLICT, "token %.*s is revoked already", TW_STR_ARG(token_id));
    twi_binder b = twi_binder_to(conn, W_TOKEN_REVOKE, err);
    twi_binder_str(&b, token_id);
    twi_binder_i64(&b, revoked_ms);
    return run(&b, NULL, err);
}

static tw_status token_revoke(void *ctx, tw_str token_id, int64_t revoked_ms, tw_err *err)
{
    twi_sqlite_access *self;
    TW_TRY(begin(ctx, true, &self, err));
    return end(self, revoke(&self->writer, token_id, revoked_ms, err), err);
}

static tw_status session_put(void *ctx, const tw_access_session *session, tw_err *err)
{
    twi_sqlite_access *self;
    TW_TRY(begin(ctx, true, &self, err));
    twi_binder b = twi_binder_to(&self->writer, W_SESSION, err);
    twi_binder_bytes(&b, session->hash, TW_SHA256_BYTES);
    twi_binder_str(&b, session->user_id);
    twi_binder_str(&b, session->by);
    twi_binder_i64(&b, session->created_ms);
    twi_binder_i64(&b, session->seen_ms);
    twi_binder_i64(&b, session->expires_ms);
    return end_changed(self, &b, TW_CONFLICT, "the session", err);
}

static tw_status session_touch(void *ctx, const uint8_t hash[TW_SHA256_BYTES], int64_t seen_ms,
                               tw_err *err)
{
    twi_sqlite_access *self;
    TW_TRY(begin(ctx, false, &self, err));
    twi_binder b = twi_binder_to(&self->writer, W_SESSION_TOUCH, err);
    twi_binder_bytes(&b, hash, TW_SHA256_BYTES);
    twi_binder_i64(&b, seen_ms);
    return end_changed(self, &b, TW_NOT_FOUND, "the session", err);
}

static tw_status remove_hash(void *ctx, size_t statement, const uint8_t *hash, const char *what,
                             tw_err *err)
{
    twi_sqlite_access *self;
    TW_TRY(begin(ctx, true, &self, err));
    twi_binder b = twi_binder_to(&self->writer, statement, err);
    twi_binder_bytes(&b, hash, TW_SHA256_BYTES);
    return end_changed(self, &b, TW_NOT_FOUND, what, err);
}

static tw_status session_remove(void *ctx, const uint8_t hash[TW_SHA256_BYTES], tw_err *err)
{
    return remove_hash(ctx, W_SESSION_REMOVE, hash, "the session", err);
}

static tw_status session_remove_user(void *ctx, tw_str user_id, const uint8_t *keep, tw_err *err)
{
    static const uint8_t nothing[TW_SHA256_BYTES];
    twi_sqlite_access *self;
    TW_TRY(begin(ctx, true, &self, err));
    twi_binder b = twi_binder_to(&self->writer, W_SESSION_REMOVE_USER, err);
    twi_binder_str(&b, user_id);
    twi_binder_bytes(&b, keep ? keep : nothing, TW_SHA256_BYTES);
    return end(self, run(&b, NULL, err), err);
}

static tw_status secret_put(void *ctx, const tw_access_secret *secret, tw_err *err)
{
    twi_sqlite_access *self;
    TW_TRY(begin(ctx, true, &self, err));
    twi_binder b = twi_binder_to(&self->writer, W_SECRET, err);
    twi_binder_bytes(&b, secret->hash, TW_SHA256_BYTES);
    twi_binder_str(&b, secret->kind);
    twi_binder_str(&b, secret->user_id);
    twi_binder_str(&b, secret->body);
    twi_binder_i64(&b, secret->created_ms);
    twi_binder_i64(&b, secret->expires_ms);
    return end_changed(self, &b, TW_CONFLICT, "the secret", err);
}

static tw_status secret_take(void *ctx, const uint8_t hash[TW_SHA256_BYTES], tw_err *err)
{
    return remove_hash(ctx, W_SECRET_TAKE, hash, "the secret", err);
}

static tw_status secret_remove_user(void *ctx, tw_str kind, tw_str user_id, tw_err *err)
{
    twi_sqlite_access *self;
    TW_TRY(begin(ctx, true, &self, err));
    twi_binder b = twi_binder_to(&self->writer, W_SECRET_REMOVE_USER, err);
    twi_binder_str(&b, kind);
    twi_binder_str(&b, user_id);
    return end(self, run(&b, NULL, err), err);
}

static tw_status attempt_put(void *ctx, const tw_access_attempt *attempt, tw_err *err)
{
    twi_sqlite_access *self;
    TW_TRY(begin(ctx, false, &self, err));
    twi_binder b =
        twi_binder_to(&self->writer, attempt->failed_n ? W_ATTEMPT : W_ATTEMPT_REMOVE, err);
    twi_binder_bytes(&b, attempt->key, TW_SHA256_BYTES);
    if (attempt->failed_n) {
        twi_binder_i64(&b, attempt->failed_n);
        twi_binder_i64(&b, attempt->last_ms);
        twi_binder_i64(&b, attempt->until_ms);
    }
    return end(self, run(&b, NULL, err), err);
}

static tw_status put_alias(twi_conn *conn, tw_access_alias *row, tw_err *err)
{
    int changed = 0;
    twi_binder b = twi_binder_to(conn, W_ALIAS, err);
    twi_binder_str(&b, row->alias);
    twi_binder_str(&b, row->id);
    twi_binder_str(&b, (tw_str){&row->kind, 1});
    TW_TRY(run(&b, &changed, err));
    row->is_taken = false;
    if (changed)
        return TW_OK;
    twi_binder get = twi_binder_to(conn, W_ALIAS_GET, err);
    twi_binder_str(&get, row->alias);
    TW_TRY(twi_binder_end(&get, err));
    TW_TRY(twi_conn_step(conn, get.stmt, "read a pseudonym", err));
    row->is_taken = !tw_str_equal(twi_column_str(get.stmt, 0), row->id) ||
                    !tw_str_equal(twi_column_str(get.stmt, 1), (tw_str){&row->kind, 1});
    sqlite3_reset(get.stmt);
    return TW_OK;
}

static tw_status alias_put(void *ctx, tw_access_alias *rows, size_t n, tw_err *err)
{
    twi_sqlite_access *self;
    TW_TRY(begin(ctx, false, &self, err));
    tw_status status = TW_OK;
    for (size_t i = 0; status == TW_OK && i < n; i++)
        status = put_alias(&self->writer, &rows[i], err);
    return end(self, status, err);
}

static tw_status access_expire(void *ctx, int64_t now_ms, tw_err *err)
{
    char sql[512];
    long long now = now_ms;
    twi_sqlite_access *self;
    snprintf(
        sql, sizeof(sql),
        "DELETE FROM session WHERE expires_ms<=%lld; DELETE FROM secret WHERE expires_ms<=%lld;"
        "DELETE FROM attempt WHERE last_ms<=%lld AND until_ms<=%lld;"
        "DELETE FROM attempt WHERE key IN (SELECT key FROM attempt ORDER BY last_ms DESC"
        " LIMIT -1 OFFSET %d)",
        now, now, now - (long long)TW_DAY_MS, now, TW_ATTEMPTS_MAX);
    TW_TRY(begin(ctx, false, &self, err));
    return end(self, twi_conn_exec(&self->writer, sql, err), err);
}

// ---- Life ------------------------------------------------------------------------------------

static void access_close(void *ctx)
{
    twi_sqlite_access *self = ctx;
    twi_pool_release(&self->readers);
    twi_conn_close(&self->writer);
    pthread_mutex_destroy(&self->writer_lock);
    tw_delete(self->alloc, self);
}

static const tw_access_ops ops = {
    .version = TW_ACCESS_VERSION,
    .user_put = user_put,
    .user_get = twi_access_user_get,
    .user_find = twi_access_user_find,
    .user_list = twi_access_user_list,
    .user_seen = user_seen,
    .token_put = token_put,
    .token_find = twi_access_token_find,
    .token_list = twi_access_token_list,
    .token_revoke = token_revoke,
    .session_put = session_put,
    .session_find = twi_access_session_find,
    .session_touch = session_touch,
    .session_remove = session_remove,
    .session_remove_user = session_remove_user,
    .secret_put = secret_put,
    .secret_find = twi_access_secret_find,
    .secret_list = twi_access_secret_list,
    .secret_take = secret_take,
    .secret_remove_user = secret_remove_user,
    .attempt_get = twi_access_attempt_get,
    .attempt_put = attempt_put,
    .alias_put = alias_put,
    .alias_find = twi_access_alias_find,
    .expire = access_expire,
    .close = access_close,
};

static tw_status open_writer(twi_sqlite_access *self, const tw_sqlite_options *options, tw_err *err)
{
    TW_TRY(twi_conn_open(self->alloc, options, TWI_CONN_WRITER, writer_statements, &self->writer,
                         err));
    TW_TRY(twi_conn_exec(&self->writer, "PRAGMA journal_mode=WAL; PRAGMA cache_size=-1024", err));
    return twi_conn_schema(&self->writer, options, &schema, err);
}

tw_status tw_sqlite_access_open(const tw_alloc *alloc, const tw_sqlite_options *options,
                                tw_access *out, tw_err *err)
{
    *out = (tw_access){NULL, NULL};
    twi_sqlite_access *self = tw_new(alloc, twi_sqlite_access);
    if (!self)
        return tw_fail(err, TW_NO_MEMORY, "no memory for the store of accounts");
    self->alloc = alloc;
    TW_CHECK(pthread_mutex_init(&self->writer_lock, NULL) == 0);
    tw_status status = open_writer(self, options, err);
    if (status == TW_OK)
        status = twi_pool_init(&self->readers, alloc, options, twi_access_reader_statements, err);
    if (status != TW_OK) {
        access_close(self);
        return status;
    }
    *out = (tw_access){&ops, self};
    return TW_OK;
}
