// SPDX-License-Identifier: Apache-2.0
//
// Making tokens, links and passwords. Secrets have 256 random bits, so that a look-up by their
// SHA-256 needs no slow hash and no constant-time comparison.
#include <stdio.h>

#include "http/access.h"

tw_status tw_access_secret_new(char secret[TW_SECRET_BYTES], uint8_t hash[TW_SHA256_BYTES],
                               tw_err *err)
{
    uint8_t raw[32];
    char hex[2 * sizeof(raw) + 1];
    if (tw_random_bytes(raw, sizeof(raw)) != TW_OK)
        return tw_fail(err, TW_IO, "the system gives no random numbers");
    snprintf(secret, TW_SECRET_BYTES, "tw_%s", tw_hex(raw, sizeof(raw), hex));
    tw_sha256(secret, strlen(secret), hash);
    return TW_OK;
}

char *tw_access_rights_text(uint32_t rights, char out[TW_RIGHTS_TEXT_BYTES])
{
    size_t at = 0;
    out[0] = '\0';
    for (int i = 0; i < (int)TW_RIGHT_N; i++) {
        if (rights & (1U << i))
            at += (size_t)snprintf(out + at, TW_RIGHTS_TEXT_BYTES - at, "%s%s", at ? " " : "",
                                   tw_right_word((tw_right_index)i));
    }
    return out;
}

uint32_t tw_access_rights_from(tw_str text)
{
    uint32_t rights = 0;
    while (text.bytes) {
        const char *space = memchr(text.at, ' ', text.bytes);
        size_t n = space ? (size_t)(space - text.at) : text.bytes;
        rights |= tw_right_from((tw_str){text.at, n});
        n = TW_MIN(n + 1, text.bytes);
        text = (tw_str){text.at + n, text.bytes - n};
    }
    return rights;
}

uint32_t tw_access_user_rights(const tw_user_row *user)
{
    tw_role role;
    if (!tw_role_from(user->role, &role))
        return 0;
    uint32_t rights = tw_role_rights(role);
    if (user->sees_names == TW_NAMES_YES && (rights & TW_RIGHT_READ))
        rights |= TW_RIGHT_NAMES;
    if (user->sees_names == TW_NAMES_NO)
        rights &= ~(uint32_t)(TW_RIGHT_NAMES | TW_RIGHT_SQL);
    return rights;
}

tw_status tw_access_token_new(const tw_access *access, const tw_token_request *request,
                              int64_t now_ms, char id[TW_SECRET_BYTES],
                              char secret[TW_SECRET_BYTES], tw_err *err)
{
    enum { SHORT = 6 };
    char words[TW_RIGHTS_TEXT_BYTES], hex[2 * SHORT + 1];
    tw_access_token row = {.name = request->name,
                           .stores = request->stores,
                           .created_by = request->created_by,
                           .created_ms = now_ms,
                           .expires_ms = request->expires_ms};
    if (request->rights == 0 || request->name.bytes == 0 || request->name.bytes > TW_TOKEN_NAME_MAX)
        return tw_fail(err, TW_INVALID, "a token needs a name of at most %d bytes and a right",
                       TW_TOKEN_NAME_MAX);
    TW_TRY(tw_access_secret_new(secret, row.hash, err));
    snprintf(id, TW_SECRET_BYTES, "T-%s", tw_hex(row.hash, SHORT, hex));
    row.token_id = tw_str_from(id);
    row.rights = tw_str_from(tw_access_rights_text(request->rights, words));
    return tw_access_token_put(access, &row, err);
}

tw_status tw_access_link_new(const tw_access *access, tw_str user_id, int64_t now_ms,
                             char secret[TW_SECRET_BYTES], tw_err *err)
{
    tw_access_secret row = {.kind = user_id.bytes ? TW_STR("password") : TW_STR("set_up"),
                            .user_id = user_id,
                            .created_ms = now_ms,
                            .expires_ms = now_ms + TW_LINK_MS};
    TW_TRY(tw_access_secret_new(secret, row.hash, err));
    TW_TRY(tw_access_secret_remove_user(access, row.kind, user_id, err));
    return tw_access_secret_put(access, &row, err);
}

tw_status tw_access_note_new(const tw_access *access, tw_str kind, tw_str subject, tw_str actor,
                             int64_t now_ms, tw_err *err)
{
    char body[256], secret[TW_SECRET_BYTES];
    int n = snprintf(body, sizeof(body), "%.*s\ncli:%.*s", TW_STR_ARG(kind),
                     (int)TW_MIN(actor.bytes, 56), actor.at ? actor.at : "");
    // It waits for a server, however long that takes.
    tw_access_secret row = {.kind = TW_STR("note"),
                            .user_id = subject,
                            .body = {body, (size_t)n},
                            .created_ms = now_ms,
                            .expires_ms = INT64_MAX};
    TW_TRY(tw_access_secret_new(secret, row.hash, err));
    return tw_access_secret_put(access, &row, err);
}

static tw_status set_password(const tw_access *access, tw_str user_id, const char *hash,
                              tw_arena *arena, tw_err *err)
{
    tw_user_row user;
    TW_TRY(tw_access_user_get(access, user_id, arena, &user, err));
    user.password = tw_str_from(hash);
    if (user.state == TW_USER_INVITED)
        user.state = TW_USER_ACTIVE;
    TW_TRY(tw_access_user_put(access, &user, err));
    TW_TRY(tw_access_secret_remove_user(access, TW_STR("password"), user_id, err));
    return tw_access_session_remove_user(access, user_id, NULL, err);
}

tw_status tw_access_password_set(const tw_access *access, const tw_password *password,
                                 tw_str user_id, tw_str text, tw_err *err)
{
    char hash[TW_PASSWORD_HASH_BYTES];
    tw_arena arena;
    TW_TRY(tw_password_check(text, user_id, err));
    TW_TRY(tw_password_hash(password, text, hash, err));
    tw_arena_init(&arena, tw_alloc_system(), 4096, 1 << 20);
    tw_status status = set_password(access, user_id, hash, &arena, err);
    tw_arena_release(&arena);
    return status;
}
