// SPDX-License-Identifier: Apache-2.0
//
// What every store of accounts refuses, and the rules of user ids and passwords.
#include "port/access.h"
#include "port/password.h"

static const char *const state_names[TW_USER_STATE_N] = {"INVITED", "ACTIVE", "DISABLED"};

const char *tw_user_state_name(tw_user_state state)
{
    return (unsigned)state < TW_USER_STATE_N ? state_names[state] : "";
}

bool tw_user_state_from(tw_str name, tw_user_state *out)
{
    for (unsigned i = 0; i < TW_USER_STATE_N; i++) {
        if (tw_str_equal(name, tw_str_from(state_names[i]))) {
            *out = (tw_user_state)i;
            return true;
        }
    }
    return false;
}

bool tw_user_id_is_valid(tw_str user_id)
{
    if (user_id.bytes == 0 || user_id.bytes > TW_ID_MAX_BYTES)
        return false;
    for (size_t i = 0; i < user_id.bytes; i++) {
        char c = user_id.at[i];
        bool is_word = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
        if (!is_word && (i == 0 || (c != '.' && c != '_' && c != '@' && c != '-')))
            return false;
    }
    return true;
}

static tw_status check_text(tw_str text, size_t max_bytes, const char *what, tw_err *err)
{
    if (text.bytes > max_bytes)
        return tw_fail(err, TW_LIMIT, "%s has more than %zu bytes", what, max_bytes);
    if (!tw_str_is_utf8(text))
        return tw_fail(err, TW_INVALID, "%s is not UTF-8 text", what);
    return TW_OK;
}

static tw_status check_stores(tw_str stores, tw_err *err)
{
    size_t n = 0;
    while (stores.bytes) {
        const char *end = memchr(stores.at, '\n', stores.bytes);
        size_t bytes = end ? (size_t)(end - stores.at) : stores.bytes;
        if (bytes == 0)
            return tw_fail(err, TW_INVALID, "stores has an empty entry");
        TW_TRY(check_text((tw_str){stores.at, bytes}, TW_ID_MAX_BYTES, "an entry of stores", err));
        if (++n > TW_STORE_SCOPE_MAX)
            return tw_fail(err, TW_LIMIT, "stores has more than %d entries", TW_STORE_SCOPE_MAX);
        bytes += end != NULL;
        stores = (tw_str){stores.at + bytes, stores.bytes - bytes};
    }
    return TW_OK;
}

tw_status tw_access_user_check(const tw_user_row *user, tw_err *err)
{
    if (!tw_user_id_is_valid(user->user_id))
        return tw_fail(err, TW_INVALID,
                       "user_id must be 1 to %d lower-case letters, digits and . _ @ - and begin "
                       "with a letter or digit",
                       TW_ID_MAX_BYTES);
    if (user->name.bytes == 0)
        return tw_fail(err, TW_INVALID, "name is empty");
    if (user->role.bytes == 0)
        return tw_fail(err, TW_INVALID, "role is empty");
    TW_TRY(check_text(user->name, TW_TEXT_MAX_BYTES, "name", err));
    TW_TRY(check_text(user->email, TW_TEXT_MAX_BYTES, "email", err));
    TW_TRY(check_text(user->team, TW_ID_MAX_BYTES, "team", err));
    TW_TRY(check_text(user->locale, TW_ID_MAX_BYTES, "locale", err));
    TW_TRY(check_text(user->role, TW_ID_MAX_BYTES, "role", err));
    TW_TRY(check_text(user->password, TW_PASSWORD_HASH_BYTES, "password", err));
    TW_TRY(check_text(user->subject, 1024, "subject", err));
    if ((unsigned)user->state >= TW_USER_STATE_N || (unsigned)user->sees_names > TW_NAMES_NO)
        return tw_fail(err, TW_INVALID, "state or sees_names is unknown");
    return check_stores(user->stores, err);
}

tw_status tw_access_token_check(const tw_access_token *token, tw_err *err)
{
    if (token->token_id.bytes == 0)
        return tw_fail(err, TW_INVALID, "a token needs an id of 1 to %d bytes", TW_ID_MAX_BYTES);
    TW_TRY(check_text(token->token_id, TW_ID_MAX_BYTES, "the token's id", err));
    TW_TRY(check_text(token->name, TW_ID_MAX_BYTES, "name", err));
    TW_TRY(check_text(token->rights, TW_TEXT_MAX_BYTES, "rights", err));
    TW_TRY(check_text(token->created_by, TW_ID_MAX_BYTES, "created_by", err));
    return check_stores(token->stores, err);
}

tw_status tw_password_check(tw_str text, tw_str user_id, tw_err *err)
{
    bool is_even = true;
    for (size_t i = 1; i < text.bytes; i++)
        is_even = is_even && text.at[i] == text.at[0];
    if (text.bytes < TW_PASSWORD_MIN_BYTES)
        return tw_fail(err, TW_INVALID, "a password has at least %d characters",
                       TW_PASSWORD_MIN_BYTES);
    if (text.bytes > TW_PASSWORD_MAX_BYTES)
        return tw_fail(err, TW_INVALID, "a password has at most %d bytes", TW_PASSWORD_MAX_BYTES);
    if (!tw_str_is_utf8(text))
        return tw_fail(err, TW_INVALID, "a password is UTF-8 text");
    if (is_even || tw_str_equal_nocase(text, user_id))
        return tw_fail(err, TW_INVALID, "this password is too easy to guess; choose another");
    return TW_OK;
}
