// SPDX-License-Identifier: Apache-2.0
//
// Who may do what: API tokens, sessions, the one-time link. Secrets have 256 random bits, so that a
// look-up by their SHA-256 needs no slow hash and no constant-time comparison. What was looked up
// is remembered for a few seconds; a revocation through this server takes effect at once.
#include <stdio.h>

#include "internal.h"

enum {
    REMEMBER_MS = 10000,
    LINKS_PER_MINUTE = 20, // wrong set-up links before further ones are refused
};
#define SESSION_MS (12 * TW_HOUR_MS)
#define LINK_MS (24 * TW_HOUR_MS)
static const char link_user[] = "set-up link";
static const char cookie_name[] = "tillwatch_session";

static void scopes_text(uint32_t scopes, char out[64])
{
    size_t at = 0;
    out[0] = '\0';
    for (int i = 0; i < (int)TW_RIGHT_N; i++) {
        if (scopes & (1U << i))
            at += (size_t)snprintf(out + at, 64 - at, "%s%s", at ? " " : "",
                                   tw_right_word((tw_right_index)i));
    }
}

static uint32_t scopes_from(tw_str text)
{
    uint32_t scopes = 0;
    while (text.bytes) {
        const char *space = memchr(text.at, ' ', text.bytes);
        size_t n = space ? (size_t)(space - text.at) : text.bytes;
        scopes |= tw_right_from((tw_str){text.at, n});
        n = TW_MIN(n + 1, text.bytes);
        text = (tw_str){text.at + n, text.bytes - n};
    }
    return scopes;
}

static tw_status new_secret(char secret[TW_SECRET_BYTES], uint8_t hash[TW_SHA256_BYTES])
{
    uint8_t raw[32];
    TW_TRY(tw_random_bytes(raw, sizeof(raw)));
    char hex[2 * sizeof(raw) + 1];
    snprintf(secret, TW_SECRET_BYTES, "tw_%s", tw_hex(raw, sizeof(raw), hex));
    tw_sha256(secret, strlen(secret), hash);
    return TW_OK;
}

tw_status tw_access_token_new(const tw_ledger *ledger, tw_str name, uint32_t scopes, int64_t now_ms,
                              char id[TW_SECRET_BYTES], char secret[TW_SECRET_BYTES], tw_err *err)
{
    uint8_t hash[TW_SHA256_BYTES];
    char words[64];
    if (scopes == 0 || name.bytes == 0 || name.bytes > 64)
        return tw_fail(err, TW_INVALID, "a token needs a name of at most 64 bytes and a scope");
    if (new_secret(secret, hash) != TW_OK)
        return tw_fail(err, TW_IO, "the system gave no random bytes");
    scopes_text(scopes, words);
    enum { SHORT = 6 };
    char hex[2 * SHORT + 1];
    snprintf(id, TW_SECRET_BYTES, "T-%s", tw_hex(hash, SHORT, hex));
    tw_token_row row = {.token_id = tw_str_from(id),
                        .name = name,
                        .scopes = tw_str_from(words),
                        .created_ms = now_ms};
    memcpy(row.hash, hash, sizeof(hash));
    return tw_ledger_token_put(ledger, &row, err);
}

static tw_status new_session(const tw_ledger *ledger, const char *user, int64_t now_ms,
                             int64_t life_ms, char secret[TW_SECRET_BYTES], tw_err *err)
{
    tw_session_row row = {.user = tw_str_from(user),
                          .scopes = TW_STR("admin"),
                          .created_ms = now_ms,
                          .expires_ms = now_ms + life_ms};
    if (new_secret(secret, row.hash) != TW_OK)
        return tw_fail(err, TW_IO, "the system gave no random bytes");
    return tw_ledger_session_put(ledger, &row, err);
}

tw_status tw_access_link_new(const tw_ledger *ledger, int64_t now_ms, char secret[TW_SECRET_BYTES],
                             tw_err *err)
{
    return new_session(ledger, link_user, now_ms, LINK_MS, secret, err);
}

// --- who asks
// --------------------------------------------------------------------------------------------

static bool remembered(tw_http *http, const uint8_t hash[TW_SHA256_BYTES], int64_t now_ms,
                       twi_principal *out)
{
    const twi_access_entry *entry = &http->access[hash[0] % TWI_ACCESS_CACHE];
    pthread_mutex_lock(&http->access_lock);
    bool found = entry->until_ms > now_ms && memcmp(entry->hash, hash, TW_SHA256_BYTES) == 0;
    if (found)
        *out = entry->who;
    pthread_mutex_unlock(&http->access_lock);
    return found;
}

static void remember(tw_http *http, const uint8_t hash[TW_SHA256_BYTES], int64_t until_ms,
                     const twi_principal *who)
{
    twi_access_entry *entry = &http->access[hash[0] % TWI_ACCESS_CACHE];
    pthread_mutex_lock(&http->access_lock);
    memcpy(entry->hash, hash, TW_SHA256_BYTES);
    entry->who = *who;
    entry->until_ms = until_ms;
    pthread_mutex_unlock(&http->access_lock);
}

static void forget_all(tw_http *http)
{
    pthread_mutex_lock(&http->access_lock);
    for (size_t i = 0; i < TWI_ACCESS_CACHE; i++)
        http->access[i].until_ms = 0;
    pthread_mutex_unlock(&http->access_lock);
}

static int64_t now_of(const tw_http *http)
{
    return http->clock->now_ms(http->clock->ctx);
}

static bool look_up(twi_request *request, const uint8_t hash[TW_SHA256_BYTES], bool by_cookie,
                    twi_principal *out)
{
    tw_http *http = request->http;
    int64_t now_ms = now_of(http), until_ms = now_ms + REMEMBER_MS;
    *out = (twi_principal){.by_cookie = by_cookie};
    if (by_cookie) {
        tw_session_row session;
        if (tw_ledger_session_find(http->ledger, hash, &request->arena, &session, NULL) != TW_OK ||
            session.expires_ms <= now_ms || tw_str_equal(session.user, TW_STR("set-up link")))
            return false;
        tw_str_copy(session.user, out->user, sizeof(out->user));
        out->rights = scopes_from(session.scopes);
        until_ms = TW_MIN(until_ms, session.expires_ms);
    } else {
        tw_token_row token;
        if (tw_ledger_token_find(http->ledger, hash, &request->arena, &token, NULL) != TW_OK ||
            token.revoked_ms != 0)
            return false;
        tw_str_copy(token.name, out->user, sizeof(out->user));
        out->rights = scopes_from(token.scopes);
    }
    remember(http, hash, until_ms, out);
    return true;
}

static const char *cookie(const twi_request *request)
{
    return MHD_lookup_connection_value(request->connection, MHD_COOKIE_KIND, cookie_name);
}

static bool identify(twi_request *request, twi_principal *out)
{
    const char *header = twi_request_header(request, "Authorization");
    bool is_bearer = header && strncmp(header, "Bearer ", 7) == 0;
    const char *secret = is_bearer ? header + 7 : cookie(request);
    if (!secret)
        return false;
    uint8_t hash[TW_SHA256_BYTES];
    tw_sha256(secret, strlen(secret), hash);
    if (remembered(request->http, hash, now_of(request->http), out) && out->by_cookie == !is_bearer)
        return true;
    return look_up(request, hash, !is_bearer, out);
}

// With a cookie, an unsafe request must come from our own page: a header that forms cannot send,
// and the origin when the browser tells it.
static bool is_own_page(const twi_request *request)
{
    const char *csrf = twi_request_header(request, "X-Tillwatch-CSRF");
    const char *origin = twi_request_header(request, "Origin");
    const char *host = twi_request_header(request, "Host");
    if (!csrf || strcmp(csrf, "1") != 0)
        return false;
    if (!origin)
        return true;
    const char *origin_host = strstr(origin, "://");
    return host && origin_host && strcmp(origin_host + 3, host) == 0;
}

static bool is_unsafe(const twi_request *request)
{
    return strcmp(request->method, "GET") != 0 && strcmp(request->method, "HEAD") != 0;
}

bool twi_access_check(twi_request *request)
{
    uint32_t scope = request->route->right;
    if (scope == 0)
        return true;
    if (!identify(request, &request->who)) {
        twi_problem(request, 401, NULL, "Send an API token (Authorization: Bearer ...) or sign in");
        return false;
    }
    if (request->who.by_cookie && is_unsafe(request) && !is_own_page(request)) {
        twi_problem(
            request, 403, NULL,
            "With a session, send the header X-Tillwatch-CSRF: 1 from the portal's own page");
        return false;
    }
    if (!(request->who.rights & (scope | TW_RIGHT_ADMIN))) {
        char needed[64];
        scopes_text(scope, needed);
        twi_problem(request, 403, NULL, "This needs the scope \"%s\"", needed);
        return false;
    }
    return true;
}

// --- sessions
// ----------------------------------------------------------------------------------------------

static void json_scopes(yyjson_mut_doc *doc, yyjson_mut_val *object, uint32_t scopes)
{
    yyjson_mut_val *array = twi_json_array(doc, object, "scopes");
    for (int i = 0; i < (int)TW_RIGHT_N; i++) {
        if (scopes & (1U << i))
            yyjson_mut_arr_add_str(doc, array, tw_right_word((tw_right_index)i));
    }
}

static void reply_session(twi_request *request, const twi_principal *who)
{
    yyjson_mut_doc *doc;
    yyjson_mut_val *root;
    if (!twi_json_begin(request, TW_OK, NULL, &doc, &root))
        return;
    twi_json_cstr(doc, root, "user", who->user);
    json_scopes(doc, root, who->rights);
    twi_reply_json(request, 200, doc);
}

// Counts wrong links; true when there were too many in the last minute.
static bool link_is_throttled(tw_http *http, bool failed)
{
    int64_t now_ms = now_of(http);
    pthread_mutex_lock(&http->access_lock);
    if (now_ms - http->failed_since_ms > 60000) {
        http->failed_since_ms = now_ms;
        http->failed_links = 0;
    }
    http->failed_links += failed;
    bool throttled = http->failed_links > LINKS_PER_MINUTE;
    pthread_mutex_unlock(&http->access_lock);
    return throttled;
}

static void set_cookie(twi_request *request, const char *secret, int64_t life_s)
{
    char text[256];
    snprintf(text, sizeof(text), "%s=%s; Path=/; Max-Age=%lld; HttpOnly; SameSite=Strict",
             cookie_name, secret, (long long)life_s);
    const char *value = tw_arena_copy(&request->arena, text, strlen(text));
    if (value)
        twi_reply_header(request, "Set-Cookie", value);
}

// Takes the link out of the ledger; false when it is no valid link.
static bool use_link(twi_request *request, tw_str secret)
{
    tw_http *http = request->http;
    uint8_t hash[TW_SHA256_BYTES];
    tw_session_row link;
    tw_sha256(secret.at, secret.bytes, hash);
    if (tw_ledger_session_find(http->ledger, hash, &request->arena, &link, NULL) != TW_OK)
        return false;
    return tw_str_equal(link.user, tw_str_from(link_user)) && link.expires_ms > now_of(http) &&
           tw_ledger_session_remove(http->ledger, hash, NULL) == TW_OK;
}

void twi_handle_session_create(twi_request *request)
{
    tw_http *http = request->http;
    yyjson_doc *body = twi_body_json(request);
    if (!body)
        return;
    yyjson_val *token = yyjson_obj_get(yyjson_doc_get_root(body), "link_token");
    tw_str secret = {yyjson_get_str(token), yyjson_get_len(token)};
    if (!yyjson_is_str(token) || secret.bytes < 16 || secret.bytes > 128) {
        twi_problem(request, 422, "link_token",
                    "link_token must be the last part of the set-up link");
        return;
    }
    if (link_is_throttled(http, false)) {
        twi_problem(request, 429, NULL, "Too many wrong links; wait a minute");
        return;
    }
    if (!use_link(request, secret)) {
        link_is_throttled(http, true);
        twi_problem(request, 401, NULL,
                    "This link was used, has expired or is unknown; `tillwatch serve --new-link` "
                    "prints a new one");
        return;
    }
    char session[TW_SECRET_BYTES];
    tw_err err = {0};
    tw_status status = new_session(http->ledger, "admin", now_of(http), SESSION_MS, session, &err);
    if (status != TW_OK) {
        twi_problem_err(request, status, &err);
        return;
    }
    set_cookie(request, session, SESSION_MS / 1000);
    twi_principal admin = {.user = "admin", .rights = TW_RIGHT_ADMIN};
    reply_session(request, &admin);
}

void twi_handle_session_get(twi_request *request)
{
    if (identify(request, &request->who))
        reply_session(request, &request->who);
    else
        twi_problem(request, 401, NULL, "Nobody is signed in");
}

void twi_handle_session_delete(twi_request *request)
{
    const char *secret = cookie(request);
    if (secret && !is_own_page(request)) {
        twi_problem(request, 403, NULL,
                    "Send the header X-Tillwatch-CSRF: 1 from the portal's own page");
        return;
    }
    if (secret) {
        uint8_t hash[TW_SHA256_BYTES];
        tw_sha256(secret, strlen(secret), hash);
        tw_status status = tw_ledger_session_remove(request->http->ledger, hash, NULL);
        if (status != TW_OK && status != TW_NOT_FOUND) {
            twi_problem_err(request, status, NULL);
            return;
        }
        forget_all(request->http);
    }
    set_cookie(request, "", 0);
    twi_reply(request, 204, NULL, TW_STR_NONE);
}

// --- tokens
// --------------------------------------------------------------------------------------------------

static void json_token(yyjson_mut_doc *doc, yyjson_mut_val *object, tw_str id, tw_str name,
                       uint32_t scopes, int64_t created_ms)
{
    twi_json_str(doc, object, "id", id);
    twi_json_str(doc, object, "name", name);
    json_scopes(doc, object, scopes);
    twi_json_time(doc, object, "created_at", created_ms, 0);
}

void twi_handle_token_list(twi_request *request)
{
    tw_token_row *rows = NULL;
    size_t n = 0;
    tw_err err = {0};
    tw_status status =
        tw_ledger_token_list(request->http->ledger, &request->arena, &rows, &n, &err);
    yyjson_mut_doc *doc;
    yyjson_mut_val *root;
    if (!twi_json_begin(request, status, &err, &doc, &root))
        return;
    yyjson_mut_val *items = twi_json_array(doc, root, "items");
    for (size_t i = 0; i < n; i++) {
        yyjson_mut_val *item = yyjson_mut_arr_add_obj(doc, items);
        json_token(doc, item, rows[i].token_id, rows[i].name, scopes_from(rows[i].scopes),
                   rows[i].created_ms);
        if (rows[i].revoked_ms)
            twi_json_time(doc, item, "revoked_at", rows[i].revoked_ms, 0);
        else
            twi_json_null(doc, item, "revoked_at");
    }
    twi_reply_json(request, 200, doc);
}

static bool read_scopes(twi_request *request, yyjson_val *array, uint32_t *scopes)
{
    size_t i, n;
    yyjson_val *item;
    *scopes = 0;
    yyjson_arr_foreach(array, i, n, item)
    {
        uint32_t scope = tw_right_from((tw_str){yyjson_get_str(item), yyjson_get_len(item)});
        if (scope == 0 || (*scopes & scope)) {
            *scopes = 0;
            break;
        }
        *scopes |= scope;
    }
    if (*scopes)
        return true;
    twi_problem(request, 422, "scopes",
                "scopes must list some of ingest, score, read, work, manage, names, sql, audit and "
                "admin, each once");
    return false;
}

void twi_handle_token_create(twi_request *request)
{
    tw_http *http = request->http;
    yyjson_doc *body = twi_body_json(request);
    if (!body)
        return;
    yyjson_val *root_in = yyjson_doc_get_root(body);
    yyjson_val *name_in = yyjson_obj_get(root_in, "name");
    tw_str name = {yyjson_get_str(name_in), yyjson_get_len(name_in)};
    uint32_t scopes = 0;
    if (!yyjson_is_str(name_in) || name.bytes == 0 || name.bytes > 64) {
        twi_problem(request, 422, "name", "name must be text of 1 to 64 bytes");
        return;
    }
    if (!read_scopes(request, yyjson_obj_get(root_in, "scopes"), &scopes))
        return;
    char id[TW_SECRET_BYTES], secret[TW_SECRET_BYTES];
    tw_err err = {0};
    int64_t now_ms = now_of(http);
    tw_status status = tw_access_token_new(http->ledger, name, scopes, now_ms, id, secret, &err);
    yyjson_mut_doc *doc;
    yyjson_mut_val *root;
    if (!twi_json_begin(request, status, &err, &doc, &root))
        return;
    json_token(doc, root, tw_str_from(id), name, scopes, now_ms);
    twi_json_cstr(doc, root, "token", secret);
    twi_reply_json(request, 201, doc);
}

void twi_handle_token_revoke(twi_request *request)
{
    tw_err err = {0};
    tw_status status = tw_ledger_token_revoke(request->http->ledger, request->params[0],
                                              now_of(request->http), &err);
    forget_all(request->http);
    if (status == TW_NOT_FOUND)
        twi_problem(request, 404, NULL, "There is no token \"%.*s\"",
                    TW_STR_ARG(request->params[0]));
    else if (status != TW_OK)
        twi_problem_err(request, status, &err);
    else
        twi_reply(request, 204, NULL, TW_STR_NONE);
}
