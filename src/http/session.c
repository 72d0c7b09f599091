// SPDX-License-Identifier: Apache-2.0
//
// Signing in and out, and one's own account. A session's secret is new at each sign-in and at each
// change of the password; the session that the browser had before ends. An unknown account takes
// the same time and gives the same answer as a wrong password.
#include <stdio.h>

#include "account.h"
#include "audit.h"
#include "scope.h"

#define SESSION_MS (12 * TW_HOUR_MS)

// --- cookie
// ---------------------------------------------------------------------------------------

static bool is_secure(const twi_request *request)
{
    const char *scheme = twi_request_header(request, "X-Forwarded-Proto");
    return request->http->is_secure || (scheme && strcmp(scheme, "https") == 0);
}

void twi_session_cookie(twi_request *request, const char *secret, int64_t life_s)
{
    char text[256];
    snprintf(text, sizeof(text),
             "tillwatch_session=%s; Path=/; Max-Age=%lld; HttpOnly; SameSite=%s%s", secret,
             (long long)life_s, "Strict", is_secure(request) ? "; Secure" : "");
    const char *value = tw_arena_copy(&request->arena, text, strlen(text));
    if (value)
        twi_reply_header(request, "Set-Cookie", value);
}

// Ends the session that the request came with.
static void end_own(twi_request *request)
{
    const char *secret = twi_access_cookie(request);
    uint8_t hash[TW_SHA256_BYTES];
    if (!secret)
        return;
    tw_sha256(secret, strlen(secret), hash);
    (void)!tw_access_session_remove(request->http->access, hash, NULL);
    twi_access_forget(request->http);
}

bool twi_session_begin(twi_request *request, const tw_user_row *user, const char *by)
{
    const tw_access *access = request->http->access;
    int64_t now_ms = twi_now_ms(request->http);
    char secret[TW_SECRET_BYTES];
    tw_err err = {0};
    tw_access_session row = {.user_id = user->user_id,
                             .by = tw_str_from(by),
                             .created_ms = now_ms,
                             .seen_ms = now_ms,
                             .expires_ms = now_ms + SESSION_MS};
    end_own(request);
    tw_status status = tw_access_secret_new(secret, row.hash, &err);
    if (status == TW_OK)
        status = tw_access_session_put(access, &row, &err);
    if (status == TW_OK)
        status = tw_access_user_seen(access, user->user_id, now_ms, &err);
    if (status != TW_OK) {
        twi_problem_err(request, status, &err);
        return false;
    }
    twi_session_cookie(request, secret, SESSION_MS / TW_SECOND_MS);
    memset(secret, 0, sizeof(secret));
    twi_scope_unref(request->who.scope);
    if (!twi_access_look_up(request->http, &request->arena, row.hash, true, true, &request->who)) {
        twi_problem_err(request, TW_IO, NULL);
        return false;
    }
    twi_audit(request, "session.begin", user->user_id, TW_STR_NONE);
    return true;
}

// --- who am I
// -------------------------------------------------------------------------------------

static void put_user(twi_request *request, yyjson_mut_doc *doc, yyjson_mut_val *root,
                     const tw_user_row *user)
{
    tw_access_session session = {.expires_ms = 0};
    (void)!tw_access_session_find(request->http->access, request->who.hash, &request->arena,
                                  &session, NULL);
    twi_json_str(doc, root, "user", user->user_id);
    twi_json_str(doc, root, "name", user->name);
    twi_json_str(doc, root, "role", user->role);
    twi_json_str_or_null(doc, root, "team", user->team);
    twi_json_rights(doc, root, request->who.rights);
    twi_json_stores(doc, root, user->stores);
    twi_json_str_or_null(doc, root, "locale", user->locale);
    bool by_oidc = tw_str_equal(session.by, TW_STR("oidc"));
    twi_json_cstr(doc, root, "by", by_oidc ? "oidc" : "password");
    twi_json_bool(doc, root, "has_password", user->password.bytes > 0);
    if (session.expires_ms)
        twi_json_time(doc, root, "expires_at", session.expires_ms, 0);
    else
        twi_json_null(doc, root, "expires_at");
}

static void put_token(twi_request *request, yyjson_mut_doc *doc, yyjson_mut_val *root,
                      const tw_access_token *token)
{
    twi_json_str(doc, root, "user", token->name);
    twi_json_str(doc, root, "name", token->name);
    twi_json_null(doc, root, "role");
    twi_json_null(doc, root, "team");
    twi_json_rights(doc, root, request->who.rights);
    twi_json_stores(doc, root, token->stores);
    twi_json_null(doc, root, "locale");
    twi_json_cstr(doc, root, "by", "token");
    twi_json_bool(doc, root, "has_password", false);
    if (token->expires_ms)
        twi_json_time(doc, root, "expires_at", token->expires_ms, 0);
    else
        twi_json_null(doc, root, "expires_at");
}

static void reply_session(twi_request *request)
{
    const tw_access *access = request->http->access;
    tw_err err = {0};
    tw_user_row user;
    tw_access_token token;
    bool is_user = request->who.is_user;
    tw_status status =
        is_user ? tw_access_user_get(access, tw_str_from(request->who.user), &request->arena, &user,
                                     &err)
                : tw_access_token_find(access, request->who.hash, &request->arena, &token, &err);
    yyjson_mut_doc *doc;
    yyjson_mut_val *root;
    if (!twi_json_begin(request, status, &err, &doc, &root))
        return;
    if (is_user)
        put_user(request, doc, root, &user);
    else
        put_token(request, doc, root, &token);
    twi_reply_json(request, 200, doc);
}

void twi_handle_session_get(twi_request *request)
{
    if (twi_access_identify(request))
        reply_session(request);
    else
        twi_problem(request, 401, NULL, "Nobody is signed in");
}

// --- password
// -------------------------------------------------------------------------------------

// The account when the password is its own. Otherwise false, in the same time whatever is wrong.
static bool verify(twi_request *request, tw_str user_id, tw_str text, tw_user_row *out)
{
    tw_http *http = request->http;
    bool is_known =
        tw_access_user_get(http->access, user_id, &request->arena, out, NULL) == TW_OK &&
        out->state == TW_USER_ACTIVE && out->password.bytes > 0;
    const char *hash = is_known
                           ? tw_arena_copy(&request->arena, out->password.at, out->password.bytes)
                           : http->nobody_password;
    return hash && tw_password_verify(http->password, text, hash, NULL) == TW_OK && is_known;
}

static void sign_in(twi_request *request, yyjson_val *root)
{
    static const char *const keys[] = {"user", "password", NULL};
    static const twi_text_rule user_rule = {"user", 1, TW_ID_MAX_BYTES, false};
    static const twi_text_rule text_rule = {"password", 1, TW_PASSWORD_MAX_BYTES, false};
    tw_str user_id, text;
    twi_attempts attempts;
    tw_user_row user;
    if (!twi_members_known(request, root, keys) ||
        !twi_member_text(request, root, &user_rule, &user_id) ||
        !twi_member_text(request, root, &text_rule, &text))
        return;
    twi_attempts_of(request, user_id, &attempts);
    if (twi_attempts_wait(request, &attempts))
        return;
    if (!verify(request, user_id, text, &user)) {
        twi_attempts_failed(request, &attempts);
        twi_audit_failure(request, user_id);
        twi_problem(request, 401, NULL, "User and password do not fit together");
        return;
    }
    twi_attempts_succeeded(request, &attempts);
    if (twi_session_begin(request, &user, "password"))
        reply_session(request);
}

// --- links
// ----------------------------------------------------------------------------------------

// The link with this secret when it is good; answers otherwise.
static bool find_link(twi_request *request, yyjson_val *root, tw_access_secret *out)
{
    static const twi_text_rule rule = {"link_token", 16, 128, false};
    tw_str secret;
    uint8_t hash[TW_SHA256_BYTES];
    twi_attempts attempts;
    if (!twi_member_text(request, root, &rule, &secret))
        return false;
    twi_attempts_of(request, TW_STR_NONE, &attempts);
    if (twi_attempts_wait(request, &attempts))
        return false;
    tw_sha256(secret.at, secret.bytes, hash);
    bool is_link =
        tw_access_secret_find(request->http->access, hash, &request->arena, out, NULL) == TW_OK &&
        out->expires_ms > twi_now_ms(request->http) &&
        (tw_str_equal(out->kind, TW_STR("set_up")) || tw_str_equal(out->kind, TW_STR("password")));
    if (!is_link) {
        twi_attempts_failed(request, &attempts);
        twi_problem(request, 401, NULL,
                    "This link was used, has expired or is unknown; ask an administrator for a new "
                    "one, or run `tillwatch serve --new-link`");
    }
    return is_link;
}

void twi_handle_sign_in_link(twi_request *request)
{
    static const char *const keys[] = {"link_token", NULL};
    tw_access_secret link;
    tw_user_row user = {.name = TW_STR_NONE};
    yyjson_doc *body = twi_body_json(request);
    yyjson_val *root_in = yyjson_doc_get_root(body);
    if (!body || !twi_members_known(request, root_in, keys) || !find_link(request, root_in, &link))
        return;
    if (link.user_id.bytes)
        (void)!tw_access_user_get(request->http->access, link.user_id, &request->arena, &user,
                                  NULL);
    yyjson_mut_doc *doc;
    yyjson_mut_val *root;
    if (!twi_json_begin(request, TW_OK, NULL, &doc, &root))
        return;
    twi_json_str(doc, root, "kind", link.kind);
    twi_json_str_or_null(doc, root, "user_id", link.user_id);
    twi_json_str_or_null(doc, root, "name", user.name);
    twi_json_time(doc, root, "expires_at", link.expires_ms, 0);
    twi_reply_json(request, 200, doc);
}

typedef struct link_use {
    tw_access_secret link;
    tw_str user_id, name, text;
    char hash[TW_PASSWORD_HASH_BYTES];
} link_use;

static bool read_link_use(twi_request *request, yyjson_val *root, link_use *use)
{
    static const char *const keys[] = {"link_token", "password", "user", "name", NULL};
    static const twi_text_rule user_rule = {"user", 1, TW_ID_MAX_BYTES, true};
    static const twi_text_rule name_rule = {"name", 1, TW_TEXT_MAX_BYTES, true};
    static const twi_text_rule text_rule = {"password", 1, TW_PASSWORD_MAX_BYTES, false};
    tw_str user_id;
    tw_err err = {0};
    if (!twi_members_known(request, root, keys) || !find_link(request, root, &use->link) ||
        !twi_member_text(request, root, &text_rule, &use->text) ||
        !twi_member_text(request, root, &user_rule, &user_id) ||
        !twi_member_text(request, root, &name_rule, &use->name))
        return false;
    use->user_id = use->link.user_id.bytes ? use->link.user_id : user_id;
    if (!tw_user_id_is_valid(use->user_id)) {
        twi_problem(request, 422, "user",
                    "user must be lower-case letters, digits and . _ @ - for the first account");
        return false;
    }
    if (tw_password_check(use->text, use->user_id, &err) != TW_OK) {
        twi_problem(request, 422, "password", "%s", err.text);
        return false;
    }
    return true;
}

// The account of the set-up link: a new administrator, or the present account as one again.
static tw_status make_administrator(twi_request *request, const link_use *use, tw_err *err)
{
    const tw_access *access = request->http->access;
    tw_user_row user;
    tw_status status = tw_access_user_get(access, use->user_id, &request->arena, &user, err);
    if (status != TW_OK && status != TW_NOT_FOUND)
        return status;
    if (status == TW_NOT_FOUND)
        user = (tw_user_row){.user_id = use->user_id,
                             .name = use->name.bytes ? use->name : use->user_id,
                             .created_ms = twi_now_ms(request->http)};
    user.role = tw_str_from(tw_role_name(TW_ROLE_ADMIN));
    user.stores = TW_STR_NONE;
    user.sees_names = TW_NAMES_BY_ROLE;
    user.state = TW_USER_ACTIVE;
    return tw_access_user_put(access, &user, err);
}

static tw_status use_link(twi_request *request, const link_use *use, tw_user_row *user, tw_err *err)
{
    tw_http *http = request->http;
    // Of two who use it at once one succeeds.
    TW_TRY(tw_access_secret_take(http->access, use->link.hash, err));
    if (use->link.user_id.bytes == 0)
        TW_TRY(make_administrator(request, use, err));
    TW_TRY(tw_access_password_set(http->access, http->password, use->user_id, use->text, err));
    twi_access_forget(http);
    return tw_access_user_get(http->access, use->user_id, &request->arena, user, err);
}

static void sign_in_by_link(twi_request *request, yyjson_val *root)
{
    link_use use;
    tw_user_row user;
    tw_err err = {0};
    if (!read_link_use(request, root, &use))
        return;
    tw_status status = use_link(request, &use, &user, &err);
    if (status == TW_OK && user.state != TW_USER_ACTIVE)
        status = tw_fail(&err, TW_DENIED, "this account is disabled");
    if (status != TW_OK) {
        bool is_used = status == TW_NOT_FOUND || status == TW_DENIED;
        twi_problem(request, is_used ? 401 : (unsigned)tw_status_http(status), NULL, "%s",
                    err.text);
        return;
    }
    if (twi_session_begin(request, &user, "password")) {
        twi_audit(request, "user.password", user.user_id, TW_STR("{\"by\":\"link\"}"));
        reply_session(request);
    }
}

// --- handlers
// -------------------------------------------------------------------------------------

void twi_handle_sign_in(twi_request *request)
{
    tw_http *http = request->http;
    tw_user_row *users;
    size_t user_n;
    tw_err err = {0};
    tw_status status = tw_access_user_list(http->access, &request->arena, &users, &user_n, &err);
    yyjson_mut_doc *doc;
    yyjson_mut_val *root;
    if (!twi_json_begin(request, status, &err, &doc, &root))
        return;
    twi_json_bool(doc, root, "password", http->password != NULL);
    if (http->identity) {
        yyjson_mut_val *oidc = twi_json_object(doc, root, "oidc");
        twi_json_cstr(doc, oidc, "name", http->identity->name);
        twi_json_cstr(doc, oidc, "start", "/v1/oidc/start");
    } else {
        twi_json_null(doc, root, "oidc");
    }
    twi_json_bool(doc, root, "set_up_needed", user_n == 0);
    twi_reply_json(request, 200, doc);
}

void twi_handle_session_create(twi_request *request)
{
    yyjson_doc *body = twi_body_json(request);
    if (!body)
        return;
    yyjson_val *root = yyjson_doc_get_root(body);
    if (!request->http->password)
        twi_problem(request, 422, "password", "This server takes no passwords");
    else if (yyjson_obj_get(root, "link_token"))
        sign_in_by_link(request, root);
    else
        sign_in(request, root);
}

void twi_handle_session_change(twi_request *request)
{
    static const char *const keys[] = {"locale", NULL};
    static const twi_text_rule rule = {"locale", 2, 5, true};
    tw_user_row user;
    tw_err err = {0};
    yyjson_doc *body = twi_body_json(request);
    yyjson_val *root = yyjson_doc_get_root(body);
    tw_str locale;
    if (!body || !twi_members_known(request, root, keys) ||
        !twi_member_text(request, root, &rule, &locale))
        return;
    if (!twi_locale_is_valid(locale)) {
        twi_problem(request, 422, "locale", "locale must be a language such as en, de or de-AT");
        return;
    }
    if (!request->who.is_user) {
        twi_problem(request, 403, NULL, "A token has no language; sign in as a person");
        return;
    }
    const tw_access *access = request->http->access;
    tw_status status =
        tw_access_user_get(access, tw_str_from(request->who.user), &request->arena, &user, &err);
    if (status == TW_OK) {
        user.locale = locale;
        status = tw_access_user_put(access, &user, &err);
    }
    if (status == TW_OK)
        reply_session(request);
    else
        twi_problem_err(request, status, &err);
}

static bool read_passwords(twi_request *request, tw_str *current, tw_str *text)
{
    static const char *const keys[] = {"current_password", "password", NULL};
    static const twi_text_rule current_rule = {"current_password", 1, TW_PASSWORD_MAX_BYTES, false};
    static const twi_text_rule text_rule = {"password", 1, TW_PASSWORD_MAX_BYTES, false};
    tw_err err = {0};
    yyjson_doc *body = twi_body_json(request);
    yyjson_val *root = yyjson_doc_get_root(body);
    if (!body || !twi_members_known(request, root, keys) ||
        !twi_member_text(request, root, &current_rule, current) ||
        !twi_member_text(request, root, &text_rule, text))
        return false;
    if (tw_password_check(*text, tw_str_from(request->who.user), &err) == TW_OK)
        return true;
    twi_problem(request, 422, "password", "%s", err.text);
    return false;
}

void twi_handle_password_change(twi_request *request)
{
    tw_http *http = request->http;
    tw_str current, text, user_id = tw_str_from(request->who.user);
    twi_attempts attempts;
    tw_user_row user;
    tw_err err = {0};
    if (!request->who.is_user || !http->password) {
        twi_problem(request, 409, NULL, "There is no password to change");
        return;
    }
    if (!read_passwords(request, &current, &text))
        return;
    twi_attempts_of(request, user_id, &attempts);
    if (twi_attempts_wait(request, &attempts))
        return;
    if (!verify(request, user_id, current, &user)) {
        twi_attempts_failed(request, &attempts);
        twi_problem(request, 403, "current_password", "This is not the present password");
        return;
    }
    twi_attempts_succeeded(request, &attempts);
    tw_status status =
        tw_access_password_set(http->access, http->password, user.user_id, text, &err);
    twi_access_forget(http);
    if (status != TW_OK) {
        twi_problem_err(request, status, &err);
        return;
    }
    twi_audit(request, "user.password", user.user_id, TW_STR_NONE);
    if (twi_session_begin(request, &user, "password"))
        twi_reply(request, 204, NULL, TW_STR_NONE);
}

void twi_handle_session_delete(twi_request *request)
{
    const char *secret = twi_access_cookie(request);
    if (secret && !twi_access_is_own_page(request)) {
        twi_problem(request, 403, NULL,
                    "Send the header X-Tillwatch-CSRF: 1 from the portal's own page");
        return;
    }
    end_own(request);
    twi_session_cookie(request, "", 0);
    twi_reply(request, 204, NULL, TW_STR_NONE);
}
