// SPDX-License-Identifier: Apache-2.0
//
// Signing in through the organisation's provider. What one attempt remembers (nonce, verifier, the
// page to come back to) is a secret that works once, found by its state; the state is also in a
// cookie of the browser that began, so that nobody is signed in by somebody else's link.
#include <ctype.h>
#include <stdio.h>

#include "account.h"
#include "audit.h"
#include "base/log.h"

#define ATTEMPT_MS (10 * 60 * TW_SECOND_MS)
#define STATE_BYTES (2 * TW_SHA256_BYTES + 1)

static void redirect(twi_request *request, const char *path)
{
    char *kept = tw_arena_copy(&request->arena, path, strlen(path));
    if (!kept) {
        twi_problem_err(request, TW_NO_MEMORY, NULL);
        return;
    }
    twi_reply_header(request, "Location", kept);
    twi_reply(request, 302, NULL, TW_STR_NONE);
}

static void refuse(twi_request *request, const char *problem)
{
    char path[64];
    snprintf(path, sizeof(path), "/sign-in?problem=%s", problem);
    redirect(request, path);
}

static void state_cookie(twi_request *request, const char *state, int life_s)
{
    char text[256];
    snprintf(text, sizeof(text),
             "tillwatch_oidc=%s; Path=/v1/oidc; Max-Age=%d; HttpOnly; SameSite=Lax%s", state,
             life_s, request->http->is_secure ? "; Secure" : "");
    const char *value = tw_arena_copy(&request->arena, text, strlen(text));
    if (value)
        twi_reply_header(request, "Set-Cookie", value);
}

// A path of this server: nothing that a browser takes for another host.
static bool is_own_path(const char *path)
{
    if (path[0] != '/' || path[1] == '/' || path[1] == '\\')
        return false;
    for (const char *c = path; *c; c++)
        if ((unsigned char)*c <= ' ' || *c == '\\' || *c == 0x7f)
            return false;
    return strlen(path) <= 512;
}

static bool random_hex(char out[STATE_BYTES])
{
    uint8_t raw[TW_SHA256_BYTES];
    if (tw_random_bytes(raw, sizeof(raw)) != TW_OK)
        return false;
    tw_hex(raw, sizeof(raw), out);
    return true;
}

// --- there
// ----------------------------------------------------------------------------------------

typedef struct attempt_text {
    char state[STATE_BYTES], nonce[STATE_BYTES], verifier[STATE_BYTES];
    char redirect_uri[512];
} attempt_text;

static bool new_attempt(twi_request *request, attempt_text *out)
{
    const tw_http *http = request->http;
    const char *host = twi_request_header(request, "Host");
    int n = http->public_url[0] ? snprintf(out->redirect_uri, sizeof(out->redirect_uri),
                                           "%s/v1/oidc/callback", http->public_url)
                                : snprintf(out->redirect_uri, sizeof(out->redirect_uri),
                                           "http://%.200s/v1/oidc/callback", host ? host : "");
    return n > 0 && (size_t)n < sizeof(out->redirect_uri) && random_hex(out->state) &&
           random_hex(out->nonce) && random_hex(out->verifier);
}

static tw_identity_attempt attempt_of(const attempt_text *text)
{
    return (tw_identity_attempt){tw_str_from(text->state), tw_str_from(text->nonce),
                                 tw_str_from(text->verifier), tw_str_from(text->redirect_uri)};
}

static tw_status keep_attempt(twi_request *request, const attempt_text *text, const char *return_to,
                              tw_err *err)
{
    char body[2048];
    int64_t now_ms = twi_now_ms(request->http);
    tw_access_secret row = {
        .kind = TW_STR("oidc"), .created_ms = now_ms, .expires_ms = now_ms + ATTEMPT_MS};
    int n = snprintf(body, sizeof(body), "%s\n%s\n%s\n%s", text->nonce, text->verifier,
                     text->redirect_uri, return_to);
    row.body = (tw_str){body, (size_t)n};
    tw_sha256(text->state, strlen(text->state), row.hash);
    return tw_access_secret_put(request->http->access, &row, err);
}

void twi_handle_oidc_start(twi_request *request)
{
    tw_http *http = request->http;
    const char *wanted = twi_request_argument(request, "return_to");
    attempt_text text;
    twi_attempts attempts;
    tw_str url;
    tw_err err = {0};
    if (!http->identity) {
        twi_problem(request, 404, NULL, "No identity provider is configured");
        return;
    }
    twi_attempts_of(request, TW_STR_NONE, &attempts);
    if (twi_attempts_wait(request, &attempts))
        return;
    if (!new_attempt(request, &text)) {
        twi_problem_err(request, TW_IO, NULL);
        return;
    }
    const tw_identity_attempt attempt = attempt_of(&text);
    tw_status status = tw_identity_start(http->identity, &attempt, &request->arena, &url, &err);
    if (status == TW_OK)
        status = keep_attempt(request, &text, wanted && is_own_path(wanted) ? wanted : "/", &err);
    if (status != TW_OK) {
        tw_log(TW_LOG_WARN, "oidc", "%s", err.text);
        refuse(request, "provider");
        return;
    }
    state_cookie(request, text.state, (int)(ATTEMPT_MS / TW_SECOND_MS));
    redirect(request, url.at);
}

// --- back
// -----------------------------------------------------------------------------------------

// Splits the body of an attempt; false when it is none.
static bool read_attempt(tw_str body, tw_str state, tw_identity_attempt *out, tw_str *return_to)
{
    tw_str parts[4];
    for (size_t i = 0; i < 4; i++) {
        const char *end = i < 3 && body.bytes ? memchr(body.at, '\n', body.bytes) : NULL;
        if (i < 3 && !end)
            return false;
        size_t n = end ? (size_t)(end - body.at) : body.bytes;
        parts[i] = (tw_str){body.at, n};
        n += end != NULL;
        body = (tw_str){body.at + n, body.bytes - n};
    }
    *out = (tw_identity_attempt){state, parts[0], parts[1], parts[2]};
    *return_to = parts[3];
    return true;
}

// The attempt that this browser began; it works once.
static bool take_attempt(twi_request *request, tw_identity_attempt *out, tw_str *return_to)
{
    const tw_access *access = request->http->access;
    const char *state = twi_request_argument(request, "state");
    const char *cookie =
        MHD_lookup_connection_value(request->connection, MHD_COOKIE_KIND, "tillwatch_oidc");
    uint8_t hash[TW_SHA256_BYTES];
    tw_access_secret row;
    if (!state || !cookie || strcmp(state, cookie) != 0)
        return false;
    tw_sha256(state, strlen(state), hash);
    return tw_access_secret_find(access, hash, &request->arena, &row, NULL) == TW_OK &&
           tw_str_equal(row.kind, TW_STR("oidc")) && row.expires_ms > twi_now_ms(request->http) &&
           tw_access_secret_take(access, hash, NULL) == TW_OK &&
           read_attempt(row.body, tw_str_from(state), out, return_to);
}

// --- accounts
// -------------------------------------------------------------------------------------

// A user id from what the provider calls the person.
static tw_str id_of(const tw_identity_person *person, char out[TW_ID_MAX_BYTES + 1])
{
    tw_str login = person->login.bytes ? person->login : person->email;
    const char *sign = login.bytes ? memchr(login.at, '@', login.bytes) : NULL;
    size_t n = sign ? (size_t)(sign - login.at) : login.bytes, at = 0;
    for (size_t i = 0; i < n && at < TW_ID_MAX_BYTES - 4; i++) {
        char c = (char)tolower((unsigned char)login.at[i]);
        bool is_word = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
        if (is_word || (at > 0 && (c == '.' || c == '_' || c == '-')))
            out[at++] = c;
    }
    if (at == 0) {
        memcpy(out, "person", 6);
        at = 6;
    }
    out[at] = '\0';
    return (tw_str){out, at};
}

static tw_status make_account(twi_request *request, const tw_identity_person *person,
                              tw_user_row *out, tw_err *err)
{
    const tw_access *access = request->http->access;
    char id[TW_ID_MAX_BYTES + 1];
    tw_str base = id_of(person, id);
    *out = (tw_user_row){.user_id = base,
                         .name = person->name.bytes ? person->name : base,
                         .email = person->email,
                         .team = person->team,
                         .role = person->role,
                         .state = TW_USER_ACTIVE,
                         .subject = person->subject,
                         .created_ms = twi_now_ms(request->http)};
    tw_status status = tw_access_user_put(access, out, err);
    // Somebody else has the name: that account is not this person's.
    for (int i = 2; status == TW_CONFLICT && i <= 99; i++) {
        snprintf(id + base.bytes, sizeof(id) - base.bytes, "-%d", i);
        out->user_id = tw_str_from(id);
        status = tw_access_user_put(access, out, err);
    }
    if (status != TW_OK)
        return status;
    return tw_access_user_find(access, person->subject, &request->arena, out, err);
}

// Takes over what the provider says about a known person.
static tw_status follow(twi_request *request, const tw_identity_person *person, tw_user_row *user,
                        tw_err *err)
{
    const tw_access *access = request->http->access;
    bool is_new_role = person->role_is_claimed && !tw_str_equal(user->role, person->role);
    bool is_new_name = person->name.bytes && !tw_str_equal(user->name, person->name);
    if (!is_new_role && !is_new_name)
        return TW_OK;
    if (is_new_role)
        user->role = person->role;
    if (is_new_name)
        user->name = person->name;
    TW_TRY(tw_access_user_put(access, user, err));
    user->version++;
    if (is_new_role)
        TW_TRY(tw_access_session_remove_user(access, user->user_id, NULL, err));
    twi_access_forget(request->http);
    return TW_OK;
}

// The account of the person; NULL, or why there is none, as in the reply's `problem`.
static const char *find_account(twi_request *request, const tw_identity_person *person,
                                tw_user_row *user)
{
    const tw_access *access = request->http->access;
    tw_err err = {0};
    tw_status status = tw_access_user_find(access, person->subject, &request->arena, user, &err);
    if (person->role.bytes == 0 && (status == TW_NOT_FOUND || person->needs_role))
        return "not_allowed";
    bool is_new = status == TW_NOT_FOUND;
    if (is_new)
        status = make_account(request, person, user, &err);
    else if (status == TW_OK && user->state == TW_USER_DISABLED)
        return "disabled";
    else if (status == TW_OK)
        status = follow(request, person, user, &err);
    if (status != TW_OK) {
        tw_log(TW_LOG_ERROR, "oidc", "%s", err.text);
        return "provider";
    }
    if (is_new) {
        tw_str_copy(user->user_id, request->who.user, sizeof(request->who.user));
        twi_audit_change(request, "user.create", user->user_id, "role", user->role);
    }
    return NULL;
}

static const char *come_back(twi_request *request, tw_str *return_to)
{
    const char *code = twi_request_argument(request, "code");
    tw_identity_attempt attempt;
    tw_identity_person person;
    tw_user_row user;
    tw_err err = {0};
    if (!take_attempt(request, &attempt, return_to))
        return "expired";
    if (!code || twi_request_argument(request, "error"))
        return "denied";
    tw_status status = tw_identity_finish(request->http->identity, &attempt, tw_str_from(code),
                                          &request->arena, &person, &err);
    if (status != TW_OK) {
        tw_log(TW_LOG_WARN, "oidc", "%s", err.text);
        return status == TW_DENIED ? "not_allowed" : "provider";
    }
    const char *problem = find_account(request, &person, &user);
    if (problem)
        return problem;
    return twi_session_begin(request, &user, "oidc") ? NULL : "provider";
}

void twi_handle_oidc_callback(twi_request *request)
{
    tw_str return_to = TW_STR("/");
    if (!request->http->identity) {
        twi_problem(request, 404, NULL, "No identity provider is configured");
        return;
    }
    const char *problem = come_back(request, &return_to);
    state_cookie(request, "", 0);
    if (problem) {
        refuse(request, problem);
        return;
    }
    const char *path = tw_arena_copy(&request->arena, return_to.at, return_to.bytes);
    redirect(request, path ? path : "/");
}
