// SPDX-License-Identifier: Apache-2.0
//
// Port: who may come in: accounts, sessions, API tokens, one-time secrets, failed tries,
// pseudonyms. None of it is a projection of the journal; it lives in a store of its own, which
// survives when the ledger is thrown away. What was done to accounts is journaled by whoever does
// it.
//
// Contract for every adapter:
//  1. What user_put, token_put, token_revoke, session_put, session_remove*, secret_* changed is
//     durable when the call returns. user_seen, session_touch, attempt_put and alias_put may be
//     lost by a crash, as a whole.
//  2. All functions from any thread, also from several processes over the same store. They block on
//     storage. Reads see every write that has returned.
//  3. Secrets never come here: hash fields are SHA-256 of 256 random bits; passwords are encoded
//     Argon2 hashes (port/password.h).
//  4. Strings of answers live in the arena. On failure out-parameters are zero.
#ifndef TW_PORT_ACCESS_H
#define TW_PORT_ACCESS_H

#include "base/arena.h"
#include "base/hash.h"
#include "base/limits.h"
#include "base/str.h"

#define TW_ACCESS_VERSION 1
// Accounts of one installation, and tokens that are not forgotten.
#define TW_USERS_MAX 10000
#define TW_TOKENS_MAX 10000
// Failed tries that are remembered; beyond it the oldest go.
#define TW_ATTEMPTS_MAX 100000
// Stores of an account or token: entries of at most TW_ID_MAX_BYTES, one a line.
#define TW_STORE_SCOPE_MAX 100

typedef enum tw_user_state {
    TW_USER_INVITED, // has no password yet
    TW_USER_ACTIVE,
    TW_USER_DISABLED, // cannot come in
    TW_USER_STATE_N
} tw_user_state;
const char *tw_user_state_name(tw_user_state state); // "INVITED", ...
bool tw_user_state_from(tw_str name, tw_user_state *out);

typedef enum tw_sees_names { TW_NAMES_BY_ROLE, TW_NAMES_YES, TW_NAMES_NO } tw_sees_names;

typedef struct tw_user_row {
    tw_str user_id; // key: lower-case letters, digits and . _ @ -, 1..64, as tw_user_id_is_valid
    tw_str name;    // 1..TW_TEXT_MAX_BYTES
    tw_str email, team, locale; // may be empty
    tw_str role;                // a name of workflow/rights.h
    tw_str stores;              // entries, one a line: store id, region name, prefix*; "" = all
    tw_sees_names sees_names;
    tw_user_state state;
    tw_str password; // encoded hash, "" = none
    tw_str subject;  // "issuer subject" of the identity provider, "" = none; else unique
    int64_t created_ms;
    int64_t seen_ms;  // of the last sign-in, 0 = never; only user_seen changes it
    uint64_t version; // 1 when new, then one more with each put
} tw_user_row;

typedef struct tw_access_token {
    tw_str token_id; // key
    tw_str name;
    uint8_t hash[TW_SHA256_BYTES]; // of the secret; unique
    tw_str rights;                 // words of workflow/rights.h, separated by spaces
    tw_str stores;                 // as of a user
    tw_str created_by;             // may be empty
    int64_t created_ms;
    int64_t expires_ms; // 0 = never
    int64_t revoked_ms; // 0 = valid
} tw_access_token;

typedef struct tw_access_session {
    uint8_t hash[TW_SHA256_BYTES]; // key: of the cookie's secret
    tw_str user_id;
    tw_str by; // "password", "oidc"
    int64_t created_ms, seen_ms, expires_ms;
} tw_access_session;

// Something that works once: a link ("set_up", "password"), the state of a sign-in through the
// provider ("oidc"), a line for the log of actions that waits for a server ("note").
typedef struct tw_access_secret {
    uint8_t hash[TW_SHA256_BYTES]; // key
    tw_str kind, user_id;          // user_id "" = of nobody yet
    tw_str body;                   // the owner's own
    int64_t created_ms, expires_ms;
} tw_access_secret;

// Failed tries under one key (the hash of an account's name or of an address).
typedef struct tw_access_attempt {
    uint8_t key[TW_SHA256_BYTES]; // key
    uint32_t failed_n;
    int64_t last_ms;
    int64_t until_ms; // no further try before
} tw_access_attempt;

// A pseudonym and what it stands for.
typedef struct tw_access_alias {
    tw_str alias; // key
    tw_str id;
    char kind;     // the owner's own
    bool is_taken; // out of alias_put: the alias stands for something else already
} tw_access_alias;

typedef struct tw_access_ops {
    uint32_t version; // TW_ACCESS_VERSION
    tw_status (*user_put)(void *ctx, const tw_user_row *user, tw_err *err);
    tw_status (*user_get)(void *ctx, tw_str user_id, tw_arena *arena, tw_user_row *out,
                          tw_err *err);
    tw_status (*user_find)(void *ctx, tw_str subject, tw_arena *arena, tw_user_row *out,
                           tw_err *err);
    tw_status (*user_list)(void *ctx, tw_arena *arena, tw_user_row **out, size_t *n, tw_err *err);
    tw_status (*user_seen)(void *ctx, tw_str user_id, int64_t seen_ms, tw_err *err);

    tw_status (*token_put)(void *ctx, const tw_access_token *token, tw_err *err);
    tw_status (*token_find)(void *ctx, const uint8_t hash[TW_SHA256_BYTES], tw_arena *arena,
                            tw_access_token *out, tw_err *err);
    tw_status (*token_list)(void *ctx, tw_arena *arena, tw_access_token **out, size_t *n,
                            tw_err *err);
    tw_status (*token_revoke)(void *ctx, tw_str token_id, int64_t revoked_ms, tw_err *err);

    tw_status (*session_put)(void *ctx, const tw_access_session *session, tw_err *err);
    tw_status (*session_find)(void *ctx, const uint8_t hash[TW_SHA256_BYTES], tw_arena *arena,
                              tw_access_session *out, tw_err *err);
    tw_status (*session_touch)(void *ctx, const uint8_t hash[TW_SHA256_BYTES], int64_t seen_ms,
                               tw_err *err);
    tw_status (*session_remove)(void *ctx, const uint8_t hash[TW_SHA256_BYTES], tw_err *err);
    tw_status (*session_remove_user)(void *ctx, tw_str user_id, const uint8_t *keep, tw_err *err);

    tw_status (*secret_put)(void *ctx, const tw_access_secret *secret, tw_err *err);
    tw_status (*secret_find)(void *ctx, const uint8_t hash[TW_SHA256_BYTES], tw_arena *arena,
                             tw_access_secret *out, tw_err *err);
    tw_status (*secret_list)(void *ctx, tw_str kind, tw_arena *arena, tw_access_secret **out,
                             size_t *n, tw_err *err);
    tw_status (*secret_take)(void *ctx, const uint8_t hash[TW_SHA256_BYTES], tw_err *err);
    tw_status (*secret_remove_user)(void *ctx, tw_str kind, tw_str user_id, tw_err *err);

    tw_status (*attempt_get)(void *ctx, const uint8_t key[TW_SHA256_BYTES], tw_access_attempt *out,
                             tw_err *err);
    tw_status (*attempt_put)(void *ctx, const tw_access_attempt *attempt, tw_err *err);

    tw_status (*alias_put)(void *ctx, tw_access_alias *rows, size_t n, tw_err *err);
    tw_status (*alias_find)(void *ctx, tw_str alias, tw_arena *arena, tw_access_alias *out,
                            tw_err *err);

    tw_status (*expire)(void *ctx, int64_t now_ms, tw_err *err);
    void (*close)(void *ctx);
} tw_access_ops;

// A handle; copies refer to the same store. Adapters give one.
typedef struct tw_access {
    const tw_access_ops *ops;
    void *ctx;
} tw_access;

bool tw_user_id_is_valid(tw_str user_id);
// What an adapter must refuse: TW_INVALID or TW_LIMIT with the member. For adapters.
tw_status tw_access_user_check(const tw_user_row *user, tw_err *err) TW_MUST_CHECK;
tw_status tw_access_token_check(const tw_access_token *token, tw_err *err) TW_MUST_CHECK;

// ---- Accounts --------------------------------------------------------------------------------

// A new account (version 0: TW_CONFLICT when the id exists) or another content for the present
// version (TW_CONFLICT when it is another, TW_NOT_FOUND). TW_CONFLICT also when the subject belongs
// to another account; TW_LIMIT above TW_USERS_MAX. Stored with version + 1.
TW_MUST_CHECK static inline tw_status tw_access_user_put(const tw_access *access,
                                                         const tw_user_row *user, tw_err *err)
{
    return access->ops->user_put(access->ctx, user, err);
}

// TW_NOT_FOUND.
TW_MUST_CHECK static inline tw_status tw_access_user_get(const tw_access *access, tw_str user_id,
                                                         tw_arena *arena, tw_user_row *out,
                                                         tw_err *err)
{
    return access->ops->user_get(access->ctx, user_id, arena, out, err);
}

// By the subject at the provider. TW_NOT_FOUND.
TW_MUST_CHECK static inline tw_status tw_access_user_find(const tw_access *access, tw_str subject,
                                                          tw_arena *arena, tw_user_row *out,
                                                          tw_err *err)
{
    return access->ops->user_find(access->ctx, subject, arena, out, err);
}

// All, in the order of their ids.
TW_MUST_CHECK static inline tw_status tw_access_user_list(const tw_access *access, tw_arena *arena,
                                                          tw_user_row **out, size_t *n, tw_err *err)
{
    return access->ops->user_list(access->ctx, arena, out, n, err);
}

// TW_NOT_FOUND.
TW_MUST_CHECK static inline tw_status tw_access_user_seen(const tw_access *access, tw_str user_id,
                                                          int64_t seen_ms, tw_err *err)
{
    return access->ops->user_seen(access->ctx, user_id, seen_ms, err);
}

// ---- Tokens ----------------------------------------------------------------------------------

// A new token. TW_CONFLICT when the id or the hash exists; TW_LIMIT.
TW_MUST_CHECK static inline tw_status tw_access_token_put(const tw_access *access,
                                                          const tw_access_token *token, tw_err *err)
{
    return access->ops->token_put(access->ctx, token, err);
}

// The token with this hash, also when it is revoked or has expired. TW_NOT_FOUND.
TW_MUST_CHECK static inline tw_status tw_access_token_find(const tw_access *access,
                                                           const uint8_t hash[TW_SHA256_BYTES],
                                                           tw_arena *arena, tw_access_token *out,
                                                           tw_err *err)
{
    return access->ops->token_find(access->ctx, hash, arena, out, err);
}

// All tokens, oldest first, ties by id.
TW_MUST_CHECK static inline tw_status tw_access_token_list(const tw_access *access, tw_arena *arena,
                                                           tw_access_token **out, size_t *n,
                                                           tw_err *err)
{
    return access->ops->token_list(access->ctx, arena, out, n, err);
}

// TW_NOT_FOUND; TW_CONFLICT when revoked already. revoked_ms > 0.
TW_MUST_CHECK static inline tw_status
tw_access_token_revoke(const tw_access *access, tw_str token_id, int64_t revoked_ms, tw_err *err)
{
    return access->ops->token_revoke(access->ctx, token_id, revoked_ms, err);
}

// ---- Sessions --------------------------------------------------------------------------------

// A new session. TW_CONFLICT when the hash exists.
TW_MUST_CHECK static inline tw_status
tw_access_session_put(const tw_access *access, const tw_access_session *session, tw_err *err)
{
    return access->ops->session_put(access->ctx, session, err);
}

// Also when it has expired. TW_NOT_FOUND.
TW_MUST_CHECK static inline tw_status tw_access_session_find(const tw_access *access,
                                                             const uint8_t hash[TW_SHA256_BYTES],
                                                             tw_arena *arena,
                                                             tw_access_session *out, tw_err *err)
{
    return access->ops->session_find(access->ctx, hash, arena, out, err);
}

// TW_NOT_FOUND.
TW_MUST_CHECK static inline tw_status tw_access_session_touch(const tw_access *access,
                                                              const uint8_t hash[TW_SHA256_BYTES],
                                                              int64_t seen_ms, tw_err *err)
{
    return access->ops->session_touch(access->ctx, hash, seen_ms, err);
}

// TW_NOT_FOUND.
TW_MUST_CHECK static inline tw_status
tw_access_session_remove(const tw_access *access, const uint8_t hash[TW_SHA256_BYTES], tw_err *err)
{
    return access->ops->session_remove(access->ctx, hash, err);
}

// All sessions of an account but the one with the hash `keep` (NULL = none is kept).
TW_MUST_CHECK static inline tw_status tw_access_session_remove_user(const tw_access *access,
                                                                    tw_str user_id,
                                                                    const uint8_t *keep,
                                                                    tw_err *err)
{
    return access->ops->session_remove_user(access->ctx, user_id, keep, err);
}

// ---- Secrets that work once ------------------------------------------------------------------

// TW_CONFLICT when the hash exists.
TW_MUST_CHECK static inline tw_status
tw_access_secret_put(const tw_access *access, const tw_access_secret *secret, tw_err *err)
{
    return access->ops->secret_put(access->ctx, secret, err);
}

// Also when it has expired. TW_NOT_FOUND.
TW_MUST_CHECK static inline tw_status tw_access_secret_find(const tw_access *access,
                                                            const uint8_t hash[TW_SHA256_BYTES],
                                                            tw_arena *arena, tw_access_secret *out,
                                                            tw_err *err)
{
    return access->ops->secret_find(access->ctx, hash, arena, out, err);
}

// All of a kind, oldest first, ties by hash.
TW_MUST_CHECK static inline tw_status tw_access_secret_list(const tw_access *access, tw_str kind,
                                                            tw_arena *arena, tw_access_secret **out,
                                                            size_t *n, tw_err *err)
{
    return access->ops->secret_list(access->ctx, kind, arena, out, n, err);
}

// Removes it. Of several callers one succeeds, the others get TW_NOT_FOUND.
TW_MUST_CHECK static inline tw_status
tw_access_secret_take(const tw_access *access, const uint8_t hash[TW_SHA256_BYTES], tw_err *err)
{
    return access->ops->secret_take(access->ctx, hash, err);
}

// All of a kind that belong to an account; user_id "" = those of nobody.
TW_MUST_CHECK static inline tw_status
tw_access_secret_remove_user(const tw_access *access, tw_str kind, tw_str user_id, tw_err *err)
{
    return access->ops->secret_remove_user(access->ctx, kind, user_id, err);
}

// ---- Failed tries ----------------------------------------------------------------------------

// Zero but for the key when nothing is known.
TW_MUST_CHECK static inline tw_status tw_access_attempt_get(const tw_access *access,
                                                            const uint8_t key[TW_SHA256_BYTES],
                                                            tw_access_attempt *out, tw_err *err)
{
    return access->ops->attempt_get(access->ctx, key, out, err);
}

// Keeps the row in place of the one before; failed_n 0 forgets it.
TW_MUST_CHECK static inline tw_status
tw_access_attempt_put(const tw_access *access, const tw_access_attempt *attempt, tw_err *err)
{
    return access->ops->attempt_put(access->ctx, attempt, err);
}

// ---- Pseudonyms ------------------------------------------------------------------------------

// Keeps the rows whose alias is new; is_taken tells which stood for another (kind, id). All or
// none.
TW_MUST_CHECK static inline tw_status
tw_access_alias_put(const tw_access *access, tw_access_alias *rows, size_t n, tw_err *err)
{
    return access->ops->alias_put(access->ctx, rows, n, err);
}

// TW_NOT_FOUND.
TW_MUST_CHECK static inline tw_status tw_access_alias_find(const tw_access *access, tw_str alias,
                                                           tw_arena *arena, tw_access_alias *out,
                                                           tw_err *err)
{
    return access->ops->alias_find(access->ctx, alias, arena, out, err);
}

// ---- Life ------------------------------------------------------------------------------------

// Removes sessions and secrets with expires_ms <= now_ms, failed tries of which the last is a day
// old and the wait is over, and the oldest tries above TW_ATTEMPTS_MAX.
TW_MUST_CHECK static inline tw_status tw_access_expire(const tw_access *access, int64_t now_ms,
                                                       tw_err *err)
{
    return access->ops->expire(access->ctx, now_ms, err);
}

// Releases everything; nothing else may be running. A closed or zeroed handle is allowed.
static inline void tw_access_close(tw_access *access)
{
    if (access->ops)
        access->ops->close(access->ctx);
    *access = (tw_access){NULL, NULL};
}

#endif
