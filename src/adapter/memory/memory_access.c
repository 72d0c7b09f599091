// SPDX-License-Identifier: Apache-2.0
//
// The reference store of accounts: arrays of rows under one mutex, found by scanning. Each row is a
// block of its own: the struct, then its texts.
#include <pthread.h>

#include "adapter/memory.h"
#include "base/time.h"

typedef struct row_type {
    size_t bytes;
    size_t text_n;
    size_t texts[11]; // offsets of its tw_str fields
} row_type;

#define TEXT(type, field) offsetof(type, field)

typedef enum table_index {
    USERS,
    TOKENS,
    SESSIONS,
    SECRETS,
    ATTEMPTS,
    ALIASES,
    TABLE_N
} table_index;

static const row_type types[TABLE_N] = {
    [USERS] = {sizeof(tw_user_row),
               9,
               {TEXT(tw_user_row, user_id), TEXT(tw_user_row, name), TEXT(tw_user_row, email),
                TEXT(tw_user_row, team), TEXT(tw_user_row, locale), TEXT(tw_user_row, role),
                TEXT(tw_user_row, stores), TEXT(tw_user_row, password),
                TEXT(tw_user_row, subject)}},
    [TOKENS] = {sizeof(tw_access_token),
                5,
                {TEXT(tw_access_token, token_id), TEXT(tw_access_token, name),
                 TEXT(tw_access_token, rights), TEXT(tw_access_token, stores),
                 TEXT(tw_access_token, created_by)}},
    [SESSIONS] = {sizeof(tw_access_session),
                  2,
                  {TEXT(tw_access_session, user_id), TEXT(tw_access_session, by)}},
    [SECRETS] = {sizeof(tw_access_secret),
                 3,
                 {TEXT(tw_access_secret, kind), TEXT(tw_access_secret, user_id),
                  TEXT(tw_access_secret, body)}},
    [ATTEMPTS] = {sizeof(tw_access_attempt), 0, {0}},
    [ALIASES] = {sizeof(tw_access_alias),
                 2,
                 {TEXT(tw_access_alias, alias), TEXT(tw_access_alias, id)}},
};

typedef struct block {
    void *row_own;
    size_t bytes;
} block;

typedef struct table {
    block *items_own;
    size_t n, cap;
} table;

typedef struct memory_access {
    const tw_alloc *alloc;
    pthread_mutex_t lock;
    table tables[TABLE_N];
} memory_access;

// ---- Rows ------------------------------------------------------------------------------------

static tw_str *text_at(void *row, size_t offset)
{
    return (tw_str *)(void *)((char *)row + offset);
}

static tw_str text_of(const void *row, size_t offset)
{
    return *(const tw_str *)(const void *)((const char *)row + offset);
}

static size_t bytes_of(const row_type *type, const void *row)
{
    size_t bytes = type->bytes;
    for (size_t i = 0; i < type->text_n; i++)
        bytes += text_of(row, type->texts[i]).bytes;
    return bytes;
}

// Copies the row and its texts into `to`, which has bytes_of room.
static void pack(const row_type *type, const void *row, char *to)
{
    char *at = to + type->bytes;
    memcpy(to, row, type->bytes);
    for (size_t i = 0; i < type->text_n; i++) {
        tw_str text = text_of(row, type->texts[i]);
        if (text.bytes)
            memcpy(at, text.at, text.bytes);
        *text_at(to, type->texts[i]) = (tw_str){at, text.bytes};
        at += text.bytes;
    }
}

static tw_status block_of(memory_access *self, table_index which, const void *row, block *out)
{
    size_t bytes = bytes_of(&types[which], row);
    char *room = tw_new_array(self->alloc, bytes, 1);
    if (!room)
        return TW_NO_MEMORY;
    pack(&types[which], row, room);
    *out = (block){room, bytes};
    return TW_OK;
}

static tw_status row_dup(table_index which, const void *row, tw_arena *arena, void *out)
{
    char *room = tw_arena_take(arena, bytes_of(&types[which], row));
    if (!room)
        return TW_NO_MEMORY;
    pack(&types[which], row, room);
    memcpy(out, room, types[which].bytes);
    return TW_OK;
}

static tw_status table_add(memory_access *self, table_index which, const void *row)
{
    table *t = &self->tables[which];
    void *items = t->items_own;
    TW_TRY(tw_grow(self->alloc, &items, &t->cap, t->n + 1, sizeof(block), SIZE_MAX / 64));
    t->items_own = items;
    TW_TRY(block_of(self, which, row, &t->items_own[t->n]));
    t->n++;
    return TW_OK;
}

static tw_status table_replace(memory_access *self, table_index which, size_t i, const void *row)
{
    block fresh, *old = &self->tables[which].items_own[i];
    TW_TRY(block_of(self, which, row, &fresh));
    tw_free_array(self->alloc, old->row_own, old->bytes, 1);
    *old = fresh;
    return TW_OK;
}

static void table_remove(memory_access *self, table_index which, size_t i)
{
    table *t = &self->tables[which];
    tw_free_array(self->alloc, t->items_own[i].row_own, t->items_own[i].bytes, 1);
    t->items_own[i] = t->items_own[--t->n];
}

// The row with this text (at the type's text `text`) or hash (at the start of the row); NULL.
static void *find_text(const memory_access *self, table_index which, size_t offset, tw_str text,
                       size_t *place)
{
    const table *t = &self->tables[which];
    for (size_t i = 0; i < t->n; i++) {
        if (tw_str_equal(text_of(t->items_own[i].row_own, offset), text)) {
            *place = i;
            return t->items_own[i].row_own;
        }
    }
    return NULL;
}

static void *find_hash(const memory_access *self, table_index which, size_t offset,
                       const uint8_t *hash, size_t *place)
{
    const table *t = &self->tables[which];
    for (size_t i = 0; i < t->n; i++) {
        if (memcmp((const char *)t->items_own[i].row_own + offset, hash, TW_SHA256_BYTES) == 0) {
            *place = i;
            return t->items_own[i].row_own;
        }
    }
    return NULL;
}

static memory_access *enter(void *ctx)
{
    memory_access *self = ctx;
    pthread_mutex_lock(&self->lock);
    return self;
}

static tw_status leave(memory_access *self, tw_status status, const char *what, tw_err *err)
{
    pthread_mutex_unlock(&self->lock);
    if (status == TW_OK)
        return TW_OK;
    const char *how = status == TW_NOT_FOUND  ? "does not exist"
                      : status == TW_CONFLICT ? "exists already or was changed"
                      : status == TW_LIMIT    ? "is one too many"
                                              : "has no room in memory";
    return tw_fail(err, status, "%s %s", what, how);
}

// ---- Accounts --------------------------------------------------------------------------------

static tw_status put_user(memory_access *self, const tw_user_row *user)
{
    size_t at = 0, other = 0;
    const tw_user_row *same =
        user->subject.bytes
            ? find_text(self, USERS, TEXT(tw_user_row, subject), user->subject, &other)
            : NULL;
    if (same && !tw_str_equal(same->user_id, user->user_id))
        return TW_CONFLICT;
    const tw_user_row *old = find_text(self, USERS, TEXT(tw_user_row, user_id), user->user_id, &at);
    if (!old && user->version)
        return TW_NOT_FOUND;
    if (old && old->version != user->version)
        return TW_CONFLICT;
    if (!old && self->tables[USERS].n >= TW_USERS_MAX)
        return TW_LIMIT;
    tw_user_row row = *user;
    row.version++;
    row.seen_ms = old ? old->seen_ms : 0;
    return old ? table_replace(self, USERS, at, &row) : table_add(self, USERS, &row);
}

static tw_status user_put(void *ctx, const tw_user_row *user, tw_err *err)
{
    TW_TRY(tw_access_user_check(user, err));
    memory_access *self = enter(ctx);
    return leave(self, put_user(self, user), "the account", err);
}

static tw_status get_text(void *ctx, table_index which, size_t offset, tw_str text, tw_arena *arena,
                          void *out, const char *what, tw_err *err)
{
    size_t at;
    memset(out, 0, types[which].bytes);
    memory_access *self = enter(ctx);
    const void *row = find_text(self, which, offset, text, &at);
    return leave(self, row ? row_dup(which, row, arena, out) : TW_NOT_FOUND, what, err);
}

static tw_status get_hash(void *ctx, table_index which, size_t offset, const uint8_t *hash,
                          tw_arena *arena, void *out, const char *what, tw_err *err)
{
    size_t at;
    memset(out, 0, types[which].bytes);
    memory_access *self = enter(ctx);
    const void *row = find_hash(self, which, offset, hash, &at);
    return leave(self, row ? row_dup(which, row, arena, out) : TW_NOT_FOUND, what, err);
}

static tw_status user_get(void *ctx, tw_str user_id, tw_arena *arena, tw_user_row *out, tw_err *err)
{
    return get_text(ctx, USERS, TEXT(tw_user_row, user_id), user_id, arena, out, "the account",
                    err);
}

static tw_status user_find(void *ctx, tw_str subject, tw_arena *arena, tw_user_row *out,
                           tw_err *err)
{
    *out = (tw_user_row){0};
    if (subject.bytes == 0)
        return tw_fail(err, TW_NOT_FOUND, "the account does not exist");
    return get_text(ctx, USERS, TEXT(tw_user_row, subject), subject, arena, out, "the account",
                    err);
}

static bool token_before(const void *a, const void *b)
{
    const tw_access_token *x = a, *y = b;
    return x->created_ms != y->created_ms ? x->created_ms < y->created_ms
                                          : tw_str_compare(x->token_id, y->token_id) < 0;
}

static bool user_before(const void *a, const void *b)
{
    return tw_str_compare(((const tw_user_row *)a)->user_id, ((const tw_user_row *)b)->user_id) < 0;
}

// All rows of a table into the arena, each put into its place.
static tw_status list_rows(memory_access *self, table_index which,
                           bool (*before)(const void *, const void *), tw_arena *arena, char **out,
                           size_t *n)
{
    const table *t = &self->tables[which];
    size_t size = types[which].bytes;
    char *rows = tw_arena_array(arena, t->n + 1, size);
    char *row = tw_arena_take(arena, size);
    if (!rows || !row)
        return TW_NO_MEMORY;
    for (size_t i = 0; i < t->n; i++) {
        TW_TRY(row_dup(which, t->items_own[i].row_own, arena, row));
        size_t place = i;
        while (place > 0 && before(row, rows + (place - 1) * size))
            place--;
        memmove(rows + (place + 1) * size, rows + place * size, (i - place) * size);
        memcpy(rows + place * size, row, size);
    }
    *out = rows;
    *n = t->n;
    return TW_OK;
}

static tw_status user_list(void *ctx, tw_arena *arena, tw_user_row **out, size_t *n, tw_err *err)
{
    char *rows = NULL;
    *out = NULL;
    *n = 0;
    memory_access *self = enter(ctx);
    tw_status status =
        leave(self, list_rows(self, USERS, user_before, arena, &rows, n), "the list", err);
    *out = (tw_user_row *)(void *)rows;
    return status;
}

static tw_status user_seen(void *ctx, tw_str user_id, int64_t seen_ms, tw_err *err)
{
    size_t at;
    memory_access *self = enter(ctx);
    tw_user_row *row = find_text(self, USERS, TEXT(tw_user_row, user_id), user_id, &at);
    if (row)
        row->seen_ms = seen_ms;
    return leave(self, row ? TW_OK : TW_NOT_FOUND, "the account", err);
}

// ---- Tokens ----------------------------------------------------------------------------------

static tw_status put_token(memory_access *self, const tw_access_token *token)
{
    size_t at;
    if (find_text(self, TOKENS, TEXT(tw_access_token, token_id), token->token_id, &at) ||
        find_hash(self, TOKENS, offsetof(tw_access_token, hash), token->hash, &at))
        return TW_CONFLICT;
    if (self->tables[TOKENS].n >= TW_TOKENS_MAX)
        return TW_LIMIT;
    return table_add(self, TOKENS, token);
}

static tw_status token_put(void *ctx, const tw_access_token *token, tw_err *err)
{
    TW_TRY(tw_access_token_check(token, err));
    memory_access *self = enter(ctx);
    return leave(self, put_token(self, token), "the token", err);
}

static tw_status token_find(void *ctx, const uint8_t hash[TW_SHA256_BYTES], tw_arena *arena,
                            tw_access_token *out, tw_err *err)
{
    return get_hash(ctx, TOKENS, offsetof(tw_access_token, hash), hash, arena, out, "the token",
                    err);
}

static tw_status token_list(void *ctx, tw_arena *arena, tw_access_token **out, size_t *n,
                            tw_err *err)
{
    char *rows = NULL;
    *out = NULL;
    *n = 0;
    memory_access *self = enter(ctx);
    tw_status status =
        leave(self, list_rows(self, TOKENS, token_before, arena, &rows, n), "the list", err);
    *out = (tw_access_token *)(void *)rows;
    return status;
}

static tw_status token_revoke(void *ctx, tw_str token_id, int64_t revoked_ms, tw_err *err)
{
    size_t at;
    memory_access *self = enter(ctx);
    tw_access_token *row = find_text(self, TOKENS, TEXT(tw_access_token, token_id), token_id, &at);
    tw_status status = !row ? TW_NOT_FOUND : row->revoked_ms ? TW_CONFLICT : TW_OK;
    if (status == TW_OK)
        row->revoked_ms = revoked_ms;
    pthread_mutex_unlock(&self->lock);
    if (status == TW_OK)
        return TW_OK;
    return tw_fail(err, status, "token %.*s %s", TW_STR_ARG(token_id),
                   row ? "is revoked already" : "does not exist");
}

// ---- Sessions --------------------------------------------------------------------------------

static tw_status session_put(void *ctx, const tw_access_session *session, tw_err *err)
{
    size_t at;
    memory_access *self = enter(ctx);
    bool exists = find_hash(self, SESSIONS, 0, session->hash, &at) != NULL;
    return leave(self, exists ? TW_CONFLICT : table_add(self, SESSIONS, session), "the session",
                 err);
}

static tw_status session_find(void *ctx, const uint8_t hash[TW_SHA256_BYTES], tw_arena *arena,
                              tw_access_session *out, tw_err *err)
{
    return get_hash(ctx, SESSIONS, 0, hash, arena, out, "the session", err);
}

static tw_status session_touch(void *ctx, const uint8_t hash[TW_SHA256_BYTES], int64_t seen_ms,
                               tw_err *err)
{
    size_t at;
    memory_access *self = enter(ctx);
    tw_access_session *row = find_hash(self, SESSIONS, 0, hash, &at);
    if (row)
        row->seen_ms = seen_ms;
    return leave(self, row ? TW_OK : TW_NOT_FOUND, "the session", err);
}

static tw_status remove_hash(void *ctx, table_index which, const uint8_t *hash, const char *what,
                             tw_err *err)
{
    size_t at;
    memory_access *self = enter(ctx);
    bool exists = find_hash(self, which, 0, hash, &at) != NULL;
    if (exists)
        table_remove(self, which, at);
    return leave(self, exists ? TW_OK : TW_NOT_FOUND, what, err);
}

static tw_status session_remove(void *ctx, const uint8_t hash[TW_SHA256_BYTES], tw_err *err)
{
    return remove_hash(ctx, SESSIONS, hash, "the session", err);
}

static tw_status session_remove_user(void *ctx, tw_str user_id, const uint8_t *keep, tw_err *err)
{
    memory_access *self = enter(ctx);
    const table *t = &self->tables[SESSIONS];
    for (size_t i = t->n; i-- > 0;) {
        const tw_access_session *row = t->items_own[i].row_own;
        bool is_kept = keep && memcmp(row->hash, keep, TW_SHA256_BYTES) == 0;
        if (tw_str_equal(row->user_id, user_id) && !is_kept)
            table_remove(self, SESSIONS, i);
    }
    return leave(self, TW_OK, "the sessions", err);
}

// ---- Secrets, tries, pseudonyms --------------------------------------------------------------

static tw_status secret_put(void *ctx, const tw_access_secret *secret, tw_err *err)
{
    size_t at;
    memory_access *self = enter(ctx);
    bool exists = find_hash(self, SECRETS, 0, secret->hash, &at) != NULL;
    return leave(self, exists ? TW_CONFLICT : table_add(self, SECRETS, secret), "the secret", err);
}

static tw_status secret_find(void *ctx, const uint8_t hash[TW_SHA256_BYTES], tw_arena *arena,
                             tw_access_secret *out, tw_err *err)
{
    return get_hash(ctx, SECRETS, 0, hash, arena, out, "the secret", err);
}

static bool secret_before(const void *a, const void *b)
{
    const tw_access_secret *x = a, *y = b;
    return x->created_ms != y->created_ms ? x->created_ms < y->created_ms
                                          : memcmp(x->hash, y->hash, TW_SHA256_BYTES) < 0;
}

static tw_status secret_list(void *ctx, tw_str kind, tw_arena *arena, tw_access_secret **out,
                             size_t *n, tw_err *err)
{
    char *rows = NULL;
    size_t row_n = 0;
    *out = NULL;
    *n = 0;
    memory_access *self = enter(ctx);
    tw_status status =
        leave(self, list_rows(self, SECRETS, secret_before, arena, &rows, &row_n), "the list", err);
    *out = (tw_access_secret *)(void *)rows;
    for (size_t i = 0; i < row_n; i++)
        if (tw_str_equal((*out)[i].kind, kind))
            (*out)[(*n)++] = (*out)[i];
    return status;
}

static tw_status secret_take(void *ctx, const uint8_t hash[TW_SHA256_BYTES], tw_err *err)
{
    return remove_hash(ctx, SECRETS, hash, "the secret", err);
}

static tw_status secret_remove_user(void *ctx, tw_str kind, tw_str user_id, tw_err *err)
{
    memory_access *self = enter(ctx);
    const table *t = &self->tables[SECRETS];
    for (size_t i = t->n; i-- > 0;) {
        const tw_access_secret *row = t->items_own[i].row_own;
        if (tw_str_equal(row->kind, kind) && tw_str_equal(row->user_id, user_id))
            table_remove(self, SECRETS, i);
    }
    return leave(self, TW_OK, "the secrets", err);
}

static tw_status attempt_get(void *ctx, const uint8_t key[TW_SHA256_BYTES], tw_access_attempt *out,
                             tw_err *err)
{
    size_t at;
    *out = (tw_access_attempt){0};
    memcpy(out->key, key, TW_SHA256_BYTES);
    memory_access *self = enter(ctx);
    const tw_access_attempt *row = find_hash(self, ATTEMPTS, 0, key, &at);
    if (row)
        *out = *row;
    return leave(self, TW_OK, "the try", err);
}

static tw_status attempt_put(void *ctx, const tw_access_attempt *attempt, tw_err *err)
{
    size_t at = 0;
    memory_access *self = enter(ctx);
    bool exists = find_hash(self, ATTEMPTS, 0, attempt->key, &at) != NULL;
    tw_status status = TW_OK;
    if (exists && attempt->failed_n == 0)
        table_remove(self, ATTEMPTS, at);
    else if (exists)
        status = table_replace(self, ATTEMPTS, at, attempt);
    else if (attempt->failed_n)
        status = table_add(self, ATTEMPTS, attempt);
    return leave(self, status, "the try", err);
}

static tw_status alias_put(void *ctx, tw_access_alias *rows, size_t n, tw_err *err)
{
    memory_access *self = enter(ctx);
    table *t = &self->tables[ALIASES];
    size_t before_n = t->n, at;
    tw_status status = TW_OK;
    for (size_t i = 0; status == TW_OK && i < n; i++) {
        const tw_access_alias *old =
            find_text(self, ALIASES, TEXT(tw_access_alias, alias), rows[i].alias, &at);
        rows[i].is_taken = old && (old->kind != rows[i].kind || !tw_str_equal(old->id, rows[i].id));
        if (!old)
            status = table_add(self, ALIASES, &rows[i]);
    }
    while (status != TW_OK && t->n > before_n)
        table_remove(self, ALIASES, t->n - 1);
    return leave(self, status, "the pseudonym", err);
}

static tw_status alias_find(void *ctx, tw_str alias, tw_arena *arena, tw_access_alias *out,
                            tw_err *err)
{
    return get_text(ctx, ALIASES, TEXT(tw_access_alias, alias), alias, arena, out, "the pseudonym",
                    err);
}

// ---- Life ------------------------------------------------------------------------------------

static void expire_attempts(memory_access *self, int64_t now_ms)
{
    table *t = &self->tables[ATTEMPTS];
    for (size_t i = t->n; i-- > 0;) {
        const tw_access_attempt *row = t->items_own[i].row_own;
        if (row->last_ms <= now_ms - TW_DAY_MS && row->until_ms <= now_ms)
            table_remove(self, ATTEMPTS, i);
    }
    while (t->n > TW_ATTEMPTS_MAX) {
        size_t oldest = 0;
        for (size_t i = 1; i < t->n; i++) {
            const tw_access_attempt *a = t->items_own[i].row_own;
            const tw_access_attempt *b = t->items_own[oldest].row_own;
            if (a->last_ms < b->last_ms)
                oldest = i;
        }
        table_remove(self, ATTEMPTS, oldest);
    }
}

static tw_status access_expire(void *ctx, int64_t now_ms, tw_err *err)
{
    memory_access *self = enter(ctx);
    for (size_t i = self->tables[SESSIONS].n; i-- > 0;) {
        const tw_access_session *row = self->tables[SESSIONS].items_own[i].row_own;
        if (row->expires_ms <= now_ms)
            table_remove(self, SESSIONS, i);
    }
    for (size_t i = self->tables[SECRETS].n; i-- > 0;) {
        const tw_access_secret *row = self->tables[SECRETS].items_own[i].row_own;
        if (row->expires_ms <= now_ms)
            table_remove(self, SECRETS, i);
    }
    expire_attempts(self, now_ms);
    return leave(self, TW_OK, "what expired", err);
}

static void access_close(void *ctx)
{
    memory_access *self = ctx;
    for (int which = 0; which < TABLE_N; which++) {
        table *t = &self->tables[which];
        while (t->n > 0)
            table_remove(self, (table_index)which, t->n - 1);
        tw_free_array(self->alloc, t->items_own, t->cap, sizeof(block));
    }
    pthread_mutex_destroy(&self->lock);
    tw_delete(self->alloc, self);
}

static const tw_access_ops ops = {
    .version = TW_ACCESS_VERSION,
    .user_put = user_put,
    .user_get = user_get,
    .user_find = user_find,
    .user_list = user_list,
    .user_seen = user_seen,
    .token_put = token_put,
    .token_find = token_find,
    .token_list = token_list,
    .token_revoke = token_revoke,
    .session_put = session_put,
    .session_find = session_find,
    .session_touch = session_touch,
    .session_remove = session_remove,
    .session_remove_user = session_remove_user,
    .secret_put = secret_put,
    .secret_find = secret_find,
    .secret_list = secret_list,
    .secret_take = secret_take,
    .secret_remove_user = secret_remove_user,
    .attempt_get = attempt_get,
    .attempt_put = attempt_put,
    .alias_put = alias_put,
    .alias_find = alias_find,
    .expire = access_expire,
    .close = access_close,
};

tw_status tw_memory_access_open(const tw_alloc *alloc, tw_access *out, tw_err *err)
{
    *out = (tw_access){NULL, NULL};
    memory_access *self = tw_new(alloc, memory_access);
    if (!self)
        return tw_fail(err, TW_NO_MEMORY, "no memory for the store of accounts");
    self->alloc = alloc;
    TW_CHECK(pthread_mutex_init(&self->lock, NULL) == 0);
    *out = (tw_access){&ops, self};
    return TW_OK;
}
