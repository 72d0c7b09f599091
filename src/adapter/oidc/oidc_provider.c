// SPDX-License-Identifier: Apache-2.0
//
// The provider: what it publishes, kept for an hour; the address to send a browser to; the exchange
// of a code.
#include <curl/curl.h>
#include <stdio.h>

#include "base/hash.h"
#include "oidc.h"

#define KEEP_MS TW_HOUR_MS

// --- what it publishes
// ----------------------------------------------------------------------------

// A member that is an address; TW_INVALID without it.
static tw_status endpoint(const twi_oidc *self, const char *name, tw_arena *arena, const char **out,
                          tw_err *err)
{
    yyjson_doc *doc = yyjson_read((const char *)self->discovery.data_own, self->discovery.bytes, 0);
    yyjson_val *root = yyjson_doc_get_root(doc);
    yyjson_val *value = yyjson_obj_get(root, name);
    bool is_ours = yyjson_equals_str(yyjson_obj_get(root, "issuer"), self->options.issuer);
    *out = is_ours && yyjson_is_str(value)
               ? tw_arena_copy(arena, yyjson_get_str(value), yyjson_get_len(value))
               : NULL;
    yyjson_doc_free(doc);
    if (*out)
        return TW_OK;
    return tw_fail(err, TW_INVALID,
                   "what %.80s publishes has no %s, or names another issuer; check oidc.issuer",
                   self->options.issuer, name);
}

static tw_status read_into(twi_oidc *self, const char *url, tw_buf *out, int64_t *read_ms,
                           tw_err *err)
{
    tw_buf_reset(out);
    tw_status status = twi_oidc_ask(self, url, NULL, out, err);
    if (status == TW_DENIED)
        status = TW_INVALID;
    if (status == TW_OK)
        *read_ms = self->clock->now_ms(self->clock->ctx);
    else
        tw_buf_reset(out);
    return status;
}

static bool is_old(const twi_oidc *self, const tw_buf *text, int64_t read_ms)
{
    int64_t age_ms = self->clock->now_ms(self->clock->ctx) - read_ms;
    return text->bytes == 0 || age_ms < 0 || age_ms > KEEP_MS;
}

// Under the lock.
static tw_status discover(twi_oidc *self, tw_err *err)
{
    char url[1024];
    if (!is_old(self, &self->discovery, self->discovery_ms))
        return TW_OK;
    size_t n = strlen(self->options.issuer);
    bool has_slash = n > 0 && self->options.issuer[n - 1] == '/';
    snprintf(url, sizeof(url), "%s%s.well-known/openid-configuration", self->options.issuer,
             has_slash ? "" : "/");
    return read_into(self, url, &self->discovery, &self->discovery_ms, err);
}

static tw_status endpoint_of(twi_oidc *self, const char *name, tw_arena *arena, const char **out,
                             tw_err *err)
{
    pthread_mutex_lock(&self->lock);
    tw_status status = discover(self, err);
    if (status == TW_OK)
        status = endpoint(self, name, arena, out, err);
    pthread_mutex_unlock(&self->lock);
    return status;
}

// The provider's keys in the arena, read again when `fresh`.
static tw_status keys_of(twi_oidc *self, bool fresh, tw_arena *arena, tw_str *out, tw_err *err)
{
    const char *url;
    pthread_mutex_lock(&self->lock);
    tw_status status = discover(self, err);
    if (status == TW_OK)
        status = endpoint(self, "jwks_uri", arena, &url, err);
    if (status == TW_OK && (fresh || is_old(self, &self->keys, self->keys_ms)))
        status = read_into(self, url, &self->keys, &self->keys_ms, err);
    if (status == TW_OK) {
        out->at = tw_arena_copy(arena, self->keys.data_own, self->keys.bytes);
        out->bytes = self->keys.bytes;
        status = out->at ? TW_OK : tw_fail(err, TW_NO_MEMORY, "no memory for the provider's keys");
    }
    pthread_mutex_unlock(&self->lock);
    return status;
}

// --- there
// ----------------------------------------------------------------------------------------

// BASE64URL(SHA-256(verifier)) without padding.
static void challenge_of(tw_str verifier, char out[44])
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    uint8_t hash[TW_SHA256_BYTES + 1] = {0};
    tw_sha256(verifier.at, verifier.bytes, hash);
    size_t at = 0;
    for (size_t i = 0; i < TW_SHA256_BYTES; i += 3) {
        uint32_t bits = (uint32_t)hash[i] << 16 | (uint32_t)hash[i + 1] << 8;
        bits |= i + 2 < sizeof(hash) ? hash[i + 2] : 0U;
        for (int shift = 18; shift >= 0 && at < 43; shift -= 6)
            out[at++] = digits[bits >> shift & 63];
    }
    out[43] = '\0';
}

static tw_status start(void *ctx, const tw_identity_attempt *attempt, tw_arena *arena, tw_str *url,
                       tw_err *err)
{
    twi_oidc *self = ctx;
    const char *endpoint_url;
    char challenge[44];
    tw_buf text;
    *url = TW_STR_NONE;
    TW_TRY(endpoint_of(self, "authorization_endpoint", arena, &endpoint_url, err));
    challenge_of(attempt->verifier, challenge);
    tw_buf_init(&text, self->alloc, 16 << 10);
    tw_buf_cstr(&text, endpoint_url);
    tw_buf_cstr(&text, strchr(endpoint_url, '?') ? "&" : "?");
    size_t start_at = text.bytes;
    twi_oidc_pair(&text, start_at, "response_type", TW_STR("code"));
    twi_oidc_pair(&text, start_at, "client_id", tw_str_from(self->options.client_id));
    twi_oidc_pair(&text, start_at, "redirect_uri", attempt->redirect_uri);
    twi_oidc_pair(&text, start_at, "scope", tw_str_from(self->options.scopes));
    twi_oidc_pair(&text, start_at, "state", attempt->state);
    twi_oidc_pair(&text, start_at, "nonce", attempt->nonce);
    twi_oidc_pair(&text, start_at, "code_challenge", tw_str_from(challenge));
    twi_oidc_pair(&text, start_at, "code_challenge_method", TW_STR("S256"));
    if (text.status == TW_OK)
        url->at = tw_arena_copy(arena, text.data_own, text.bytes);
    url->bytes = url->at ? text.bytes : 0;
    tw_buf_release(&text);
    return url->at ? TW_OK : tw_fail(err, TW_NO_MEMORY, "no memory for the provider's address");
}

// --- back
// -----------------------------------------------------------------------------------------

static tw_status exchange(twi_oidc *self, const tw_identity_attempt *attempt, tw_str code,
                          tw_arena *arena, tw_buf *reply, tw_err *err)
{
    const char *url;
    tw_buf form;
    TW_TRY(endpoint_of(self, "token_endpoint", arena, &url, err));
    tw_buf_init(&form, self->alloc, 16 << 10);
    twi_oidc_pair(&form, 0, "grant_type", TW_STR("authorization_code"));
    twi_oidc_pair(&form, 0, "code", code);
    twi_oidc_pair(&form, 0, "redirect_uri", attempt->redirect_uri);
    twi_oidc_pair(&form, 0, "client_id", tw_str_from(self->options.client_id));
    if (self->options.client_secret[0])
        twi_oidc_pair(&form, 0, "client_secret", tw_str_from(self->options.client_secret));
    twi_oidc_pair(&form, 0, "code_verifier", attempt->verifier);
    tw_buf_u8(&form, 0);
    tw_status status = form.status == TW_OK
                           ? twi_oidc_ask(self, url, (const char *)form.data_own, reply, err)
                           : tw_fail(err, form.status, "the provider's code is too long");
    if (form.data_own)
        memset(form.data_own, 0, form.cap_bytes);
    tw_buf_release(&form);
    return status;
}

// The claims of the ID token in a reply of the token endpoint. An unknown key makes the keys be
// read again, once: providers change them.
static tw_status claims_of(twi_oidc *self, const tw_buf *reply, tw_arena *arena, tw_str *claims,
                           tw_err *err)
{
    yyjson_doc *doc = yyjson_read((const char *)reply->data_own, reply->bytes, 0);
    yyjson_val *value = yyjson_obj_get(yyjson_doc_get_root(doc), "id_token");
    tw_str token = {tw_arena_copy(arena, yyjson_get_str(value), yyjson_get_len(value)),
                    yyjson_get_len(value)};
    bool is_there = yyjson_is_str(value) && token.at;
    yyjson_doc_free(doc);
    if (!is_there)
        return tw_fail(err, TW_DENIED, "the identity provider gave no ID token");
    tw_str keys;
    TW_TRY(keys_of(self, false, arena, &keys, err));
    tw_status status = twi_oidc_verify(token, keys, arena, claims, err);
    if (status != TW_NOT_FOUND)
        return status;
    TW_TRY(keys_of(self, true, arena, &keys, err));
    status = twi_oidc_verify(token, keys, arena, claims, err);
    return status == TW_NOT_FOUND ? TW_DENIED : status;
}

static tw_status finish(void *ctx, const tw_identity_attempt *attempt, tw_str code, tw_arena *arena,
                        tw_identity_person *out, tw_err *err)
{
    twi_oidc *self = ctx;
    tw_buf reply;
    tw_str claims = TW_STR_NONE;
    *out = (tw_identity_person){.subject = TW_STR_NONE};
    tw_buf_init(&reply, self->alloc, TWI_OIDC_REPLY_MAX);
    tw_status status = exchange(self, attempt, code, arena, &reply, err);
    if (status == TW_OK)
        status = claims_of(self, &reply, arena, &claims, err);
    if (status == TW_OK) {
        yyjson_doc *doc = yyjson_read(claims.at, claims.bytes, 0);
        status =
            doc ? twi_oidc_person(self, yyjson_doc_get_root(doc), attempt->nonce, arena, out, err)
                : tw_fail(err, TW_DENIED, "the provider's token is no JSON");
        yyjson_doc_free(doc);
    }
    if (reply.data_own)
        memset(reply.data_own, 0, reply.cap_bytes); // access tokens are nobody's business
    tw_buf_release(&reply);
    return status;
}

// --- life
// -----------------------------------------------------------------------------------------

static void oidc_close(void *ctx)
{
    twi_oidc *self = ctx;
    tw_buf_release(&self->discovery);
    tw_buf_release(&self->keys);
    tw_arena_release(&self->texts);
    pthread_mutex_destroy(&self->lock);
    tw_delete(self->alloc, self);
}

static const char *copy(twi_oidc *self, const char *text, const char *otherwise)
{
    const char *used = text && text[0] ? text : otherwise;
    return used ? tw_arena_copy(&self->texts, used, strlen(used)) : NULL;
}

static bool copy_lists(twi_oidc *self, const tw_oidc_options *options)
{
    tw_oidc_role *roles = tw_arena_array(&self->texts, options->role_n + 1, sizeof(*roles));
    const char **domains = tw_arena_array(&self->texts, options->domain_n + 1, sizeof(*domains));
    if (!roles || !domains)
        return false;
    for (size_t i = 0; i < options->role_n; i++) {
        roles[i].value = copy(self, options->roles[i].value, "");
        roles[i].role = copy(self, options->roles[i].role, "");
    }
    for (size_t i = 0; i < options->domain_n; i++)
        domains[i] = copy(self, options->domains[i], "");
    self->options.roles = roles;
    self->options.domains = domains;
    return true;
}

// A provider is asked over TLS; one of this machine (tests, a side-car) may do without.
static bool is_issuer(const char *issuer)
{
    static const char *const local[] = {"http://127.0.0.1", "http://localhost", "http://[::1]"};
    if (strncmp(issuer, "https://", 8) == 0)
        return true;
    for (size_t i = 0; i < TW_COUNT(local); i++) {
        size_t n = strlen(local[i]);
        if (strncmp(issuer, local[i], n) == 0 && (issuer[n] == ':' || issuer[n] == '/'))
            return true;
    }
    return false;
}

static const tw_identity_ops ops = {
    .version = TW_IDENTITY_VERSION, .start = start, .finish = finish, .close = oidc_close};

tw_status tw_oidc_open(const tw_oidc_options *options, tw_identity *out, tw_err *err)
{
    const tw_alloc *alloc = options->alloc ? options->alloc : tw_alloc_system();
    *out = (tw_identity){NULL, NULL, NULL};
    if (!options->issuer || !is_issuer(options->issuer) || !options->client_id)
        return tw_fail(err, TW_INVALID,
                       "oidc needs an issuer that begins with https:// and a client_id");
    twi_oidc *self = tw_new(alloc, twi_oidc);
    if (!self)
        return tw_fail(err, TW_NO_MEMORY, "no memory for the identity provider");
    self->alloc = alloc;
    self->clock = options->clock ? options->clock : tw_clock_system();
    tw_arena_init(&self->texts, alloc, 4096, 1 << 20);
    tw_buf_init(&self->discovery, alloc, TWI_OIDC_REPLY_MAX);
    tw_buf_init(&self->keys, alloc, TWI_OIDC_REPLY_MAX);
    TW_CHECK(pthread_mutex_init(&self->lock, NULL) == 0);
    self->options = *options;
    self->options.name = copy(self, options->name, "OpenID Connect");
    self->options.issuer = copy(self, options->issuer, "");
    self->options.client_id = copy(self, options->client_id, "");
    self->options.client_secret = copy(self, options->client_secret, "");
    self->options.scopes = copy(self, options->scopes, "openid profile email");
    self->options.role_claim = copy(self, options->role_claim, NULL);
    self->options.team_claim = copy(self, options->team_claim, NULL);
    self->options.default_role = copy(self, options->default_role, "");
    if (!copy_lists(self, options) || !self->options.name || !self->options.issuer ||
        !self->options.client_secret) {
        oidc_close(self);
        return tw_fail(err, TW_NO_MEMORY, "no memory for the identity provider");
    }
    *out = (tw_identity){&ops, self, self->options.name};
    return TW_OK;
}
