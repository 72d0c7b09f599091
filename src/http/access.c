// SPDX-License-Identifier: Apache-2.0
//
// Who asks, and may they? A token (Authorization: Bearer) or the session of a cookie leads to a
// principal: rights and stores. What was looked up is remembered for a few seconds; changes through
// this server take effect at once, those of the command line after that time.
#include "account.h"
#include "scope.h"

enum {
    REMEMBER_MS = 10000,
    TOUCH_MS = 60000, // a session's last sight is written at most so often
};
#define IDLE_MS (2 * TW_HOUR_MS)
static const char cookie_name[] = "tillwatch_session";

int64_t twi_now_ms(const tw_http *http)
{
    return http->clock->now_ms(http->clock->ctx);
}

// --- what was looked up
// ---------------------------------------------------------------------------

static bool remembered(tw_http *http, const uint8_t hash[TW_SHA256_BYTES], int64_t now_ms,
                       twi_principal *out)
{
    const twi_access_entry *entry = &http->access_cache[hash[0] % TWI_ACCESS_CACHE];
    pthread_mutex_lock(&http->access_lock);
    bool found = entry->until_ms > now_ms && memcmp(entry->who.hash, hash, TW_SHA256_BYTES) == 0;
    if (found) {
        *out = entry->who;
        twi_scope_ref(out->scope);
    }
    pthread_mutex_unlock(&http->access_lock);
    return found;
}

static void remember(tw_http *http, int64_t until_ms, const twi_principal *who, uint64_t round)
{
    twi_access_entry *entry = &http->access_cache[who->hash[0] % TWI_ACCESS_CACHE];
    pthread_mutex_lock(&http->access_lock);
    // Something was forgotten since this was read: it may be out of date.
    bool is_fresh = round == http->access_round;
    twi_scope *old = is_fresh ? entry->who.scope : NULL;
    if (is_fresh) {
        entry->who = *who;
        entry->until_ms = until_ms;
        twi_scope_ref(who->scope);
    }
    pthread_mutex_unlock(&http->access_lock);
    twi_scope_unref(old);
}

void twi_access_forget(tw_http *http)
{
    pthread_mutex_lock(&http->access_lock);
    http->access_round++;
    for (size_t i = 0; i < TWI_ACCESS_CACHE; i++) {
        http->access_cache[i].until_ms = 0;
        twi_scope_unref(http->access_cache[i].who.scope);
        http->access_cache[i].who.scope = NULL;
    }
    pthread_mutex_unlock(&http->access_lock);
}

// --- looking up
// -----------------------------------------------------------------------------------

static bool is_alive(const tw_access_session *session, int64_t now_ms)
{
    return session->expires_ms > now_ms && session->seen_ms + IDLE_MS > now_ms;
}

static bool look_up_session(tw_http *http, tw_arena *arena, int64_t now_ms, bool is_sight,
                            twi_principal *out, tw_str *stores, int64_t *until_ms)
{
    tw_access_session session;
    tw_user_row user;
    if (tw_access_session_find(http->access, out->hash, arena, &session, NULL) != TW_OK ||
        !is_alive(&session, now_ms) ||
        tw_access_user_get(http->access, session.user_id, arena, &user, NULL) != TW_OK ||
        user.state != TW_USER_ACTIVE)
        return false;
    if (is_sight && now_ms - session.seen_ms >= TOUCH_MS)
        (void)!tw_access_session_touch(http->access, out->hash, now_ms, NULL);
    tw_str_copy(user.user_id, out->user, sizeof(out->user));
    out->is_user = true;
    out->rights = tw_access_user_rights(&user);
    *stores = user.stores;
    *until_ms = TW_MIN(*until_ms, session.expires_ms);
    return true;
}

static bool look_up_token(tw_http *http, tw_arena *arena, int64_t now_ms, twi_principal *out,
                          tw_str *stores, int64_t *until_ms)
{
    static const char prefix[] = "token:"; // no user id has a colon
    tw_access_token token;
    if (tw_access_token_find(http->access, out->hash, arena, &token, NULL) != TW_OK ||
        token.revoked_ms != 0 || (token.expires_ms != 0 && token.expires_ms <= now_ms))
        return false;
    memcpy(out->user, prefix, sizeof(prefix));
    tw_str_copy(token.name, out->user + sizeof(prefix) - 1, sizeof(out->user) - sizeof(prefix) + 1);
    out->rights = tw_access_rights_from(token.rights);
    if (out->rights & TW_RIGHT_ADMIN)
        out->rights |= tw_role_rights(TW_ROLE_ADMIN);
    if (!(out->rights & TW_RIGHT_NAMES))
        out->rights &= ~(uint32_t)TW_RIGHT_SQL;
    *stores = token.stores;
    if (token.expires_ms)
        *until_ms = TW_MIN(*until_ms, token.expires_ms);
    return true;
}

bool twi_access_look_up(tw_http *http, tw_arena *arena, const uint8_t hash[TW_SHA256_BYTES],
                        bool by_cookie, bool is_sight, twi_principal *out)
{
    int64_t now_ms = twi_now_ms(http);
    if (remembered(http, hash, now_ms, out)) {
        if (out->by_cookie == by_cookie)
            return true;
        twi_scope_unref(out->scope);
    }
    pthread_mutex_lock(&http->access_lock);
    uint64_t round = http->access_round;
    pthread_mutex_unlock(&http->access_lock);
    int64_t until_ms = now_ms + REMEMBER_MS;
    tw_str stores;
    *out = (twi_principal){.by_cookie = by_cookie};
    memcpy(out->hash, hash, TW_SHA256_BYTES);
    bool is_known = by_cookie
                        ? look_up_session(http, arena, now_ms, is_sight, out, &stores, &until_ms)
                        : look_up_token(http, arena, now_ms, out, &stores, &until_ms);
    if (is_known && twi_scope_new(http, stores, arena, &out->scope) == TW_OK) {
        remember(http, until_ms, out, round);
        return true;
    }
    *out = (twi_principal){.by_cookie = by_cookie};
    return false;
}

// --- the request
// ----------------------------------------------------------------------------------

const char *twi_access_cookie(const twi_request *request)
{
    return MHD_lookup_connection_value(request->connection, MHD_COOKIE_KIND, cookie_name);
}

bool twi_access_identify(twi_request *request)
{
    const char *header = twi_request_header(request, "Authorization");
    bool is_bearer = header && strncmp(header, "Bearer ", 7) == 0;
    const char *secret = is_bearer ? header + 7 : twi_access_cookie(request);
    if (!secret)
        return false;
    uint8_t hash[TW_SHA256_BYTES];
    tw_sha256(secret, strlen(secret), hash);
    return twi_access_look_up(request->http, &request->arena, hash, !is_bearer, true,
                              &request->who);
}

// With a cookie, an unsafe request must come from our own page: a header that forms cannot send,
// and the origin when the browser tells it.
bool twi_access_is_own_page(const twi_request *request)
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
    uint32_t right = request->route->right;
    if (right == 0)
        return true;
    if (!twi_access_identify(request)) {
        twi_problem(request, 401, NULL, "Send an API token (Authorization: Bearer ...) or sign in");
        return false;
    }
    if (request->who.by_cookie && is_unsafe(request) && !twi_access_is_own_page(request)) {
        twi_problem(
            request, 403, NULL,
            "With a session, send the header X-Tillwatch-CSRF: 1 from the portal's own page");
        return false;
    }
    uint32_t missing = right & ~(TWI_CHAIN_WIDE | TWI_ANYBODY) & ~request->who.rights;
    if (missing) {
        char needed[TW_RIGHTS_TEXT_BYTES];
        twi_problem(request, 403, NULL, "This needs the right \"%s\"",
                    tw_access_rights_text(missing, needed));
        return false;
    }
    if ((right & TWI_CHAIN_WIDE) && request->who.scope) {
        twi_problem(request, 403, NULL,
                    "This concerns all stores, and your access is limited to some");
        return false;
    }
    return true;
}
