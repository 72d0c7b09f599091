// SPDX-License-Identifier: Apache-2.0
//
// ID tokens: the signature by libcjose, the claims by hand.
#include <cjose/cjose.h>
#include <stdlib.h>

#include "oidc.h"

#define SKEW_S 120 // clocks of two machines

// Only signatures by keys that nobody but the provider has.
static bool is_good_algorithm(const char *alg)
{
    static const char *const names[] = {"RS256", "RS384", "RS512", "PS256", "PS384",
                                        "PS512", "ES256", "ES384", "ES512"};
    for (size_t i = 0; alg && i < TW_COUNT(names); i++)
        if (strcmp(alg, names[i]) == 0)
            return true;
    return false;
}

// The key with this id; without an id the only key.
static yyjson_val *find_key(yyjson_val *keys, const char *kid)
{
    size_t i, n;
    yyjson_val *key;
    yyjson_arr_foreach(keys, i, n, key)
    {
        const char *id = yyjson_get_str(yyjson_obj_get(key, "kid"));
        const char *use = yyjson_get_str(yyjson_obj_get(key, "use"));
        if (use && strcmp(use, "sig") != 0)
            continue;
        if (kid ? id && strcmp(id, kid) == 0 : yyjson_arr_size(keys) == 1)
            return key;
    }
    return NULL;
}

static tw_status check_signature(cjose_jws_t *jws, yyjson_val *key, tw_err *err)
{
    cjose_err failure;
    size_t bytes;
    char *text = yyjson_val_write(key, 0, &bytes);
    cjose_jwk_t *jwk = text ? cjose_jwk_import(text, bytes, &failure) : NULL;
    bool holds = jwk && cjose_jwk_get_kty(jwk, &failure) != CJOSE_JWK_KTY_OCT &&
                 cjose_jws_verify(jws, jwk, &failure);
    cjose_jwk_release(jwk);
    free(text); // yyjson's own allocator is the C library's
    return holds ? TW_OK
                 : tw_fail(err, TW_DENIED, "the signature of the provider's token does not hold");
}

static tw_status verify(cjose_jws_t *jws, tw_str keys_json, tw_arena *arena, tw_str *payload,
                        tw_err *err)
{
    cjose_err failure;
    cjose_header_t *header = cjose_jws_get_protected(jws);
    const char *alg = header ? cjose_header_get(header, CJOSE_HDR_ALG, &failure) : NULL;
    const char *kid = header ? cjose_header_get(header, CJOSE_HDR_KID, &failure) : NULL;
    if (!is_good_algorithm(alg))
        return tw_fail(err, TW_DENIED, "the provider signs by \"%.20s\", which is not accepted",
                       alg ? alg : "");
    yyjson_doc *doc = yyjson_read(keys_json.at, keys_json.bytes, 0);
    yyjson_val *key = find_key(yyjson_obj_get(yyjson_doc_get_root(doc), "keys"), kid);
    tw_status status = key ? check_signature(jws, key, err)
                           : tw_fail(err, TW_NOT_FOUND,
                                     "the provider's token is signed by a key that it does not "
                                     "publish");
    yyjson_doc_free(doc);
    TW_TRY(status);
    uint8_t *plain = NULL;
    size_t bytes = 0;
    if (!cjose_jws_get_plaintext(jws, &plain, &bytes, &failure))
        return tw_fail(err, TW_DENIED, "the provider's token has no content");
    payload->at = tw_arena_copy(arena, plain, bytes);
    payload->bytes = payload->at ? bytes : 0;
    return payload->at ? TW_OK : tw_fail(err, TW_NO_MEMORY, "no memory for the provider's token");
}

tw_status twi_oidc_verify(tw_str token, tw_str keys_json, tw_arena *arena, tw_str *payload,
                          tw_err *err)
{
    cjose_err failure;
    *payload = TW_STR_NONE;
    cjose_jws_t *jws = cjose_jws_import(token.at, token.bytes, &failure);
    if (!jws)
        return tw_fail(err, TW_DENIED, "the provider's token is malformed");
    tw_status status = verify(jws, keys_json, arena, payload, err);
    cjose_jws_release(jws);
    return status;
}

// --- claims
// ---------------------------------------------------------------------------------------

static tw_str text_of(yyjson_val *claims, const char *name)
{
    yyjson_val *value = yyjson_obj_get(claims, name);
    return (tw_str){yyjson_get_str(value), yyjson_get_len(value)};
}

// Does a claim (a text, or a list of texts) hold this value?
static bool claim_has(yyjson_val *claim, const char *wanted)
{
    size_t i, n;
    yyjson_val *item;
    if (yyjson_equals_str(claim, wanted))
        return true;
    yyjson_arr_foreach(claim, i, n, item) if (yyjson_equals_str(item, wanted)) return true;
    return false;
}

static tw_status check_claims(const twi_oidc *self, yyjson_val *claims, tw_str nonce, tw_err *err)
{
    int64_t now_s = self->clock->now_ms(self->clock->ctx) / TW_SECOND_MS;
    yyjson_val *exp = yyjson_obj_get(claims, "exp"), *iat = yyjson_obj_get(claims, "iat");
    yyjson_val *audience = yyjson_obj_get(claims, "aud"), *party = yyjson_obj_get(claims, "azp");
    if (!tw_str_equal(text_of(claims, "iss"), tw_str_from(self->options.issuer)))
        return tw_fail(err, TW_DENIED, "the provider's token is of another issuer");
    if (!claim_has(audience, self->options.client_id))
        return tw_fail(err, TW_DENIED, "the provider's token is for another program");
    if ((party || yyjson_arr_size(audience) > 1) &&
        !yyjson_equals_str(party, self->options.client_id))
        return tw_fail(err, TW_DENIED, "the provider's token was given to another program");
    if (!yyjson_is_num(exp) || yyjson_get_num(exp) + SKEW_S <= (double)now_s)
        return tw_fail(err, TW_DENIED, "the provider's token has expired; are the clocks right?");
    if (iat && (!yyjson_is_num(iat) || yyjson_get_num(iat) - SKEW_S > (double)now_s))
        return tw_fail(err, TW_DENIED,
                       "the provider's token is of the future; are the clocks right?");
    if (!tw_str_equal(text_of(claims, "nonce"), nonce))
        return tw_fail(err, TW_DENIED, "the provider's token belongs to another sign-in");
    return TW_OK;
}

static bool domain_fits(const twi_oidc *self, const tw_identity_person *person)
{
    const char *sign =
        person->email.bytes ? memchr(person->email.at, '@', person->email.bytes) : NULL;
    if (self->options.domain_n == 0)
        return true;
    if (!sign || !person->email_is_verified)
        return false;
    size_t before = (size_t)(sign + 1 - person->email.at);
    tw_str domain = {sign + 1, person->email.bytes - before};
    for (size_t i = 0; i < self->options.domain_n; i++)
        if (tw_str_equal_nocase(domain, tw_str_from(self->options.domains[i])))
            return true;
    return false;
}

static void take_role(const twi_oidc *self, yyjson_val *claims, tw_identity_person *out)
{
    const tw_oidc_options *o = &self->options;
    yyjson_val *claim = o->role_claim ? yyjson_obj_get(claims, o->role_claim) : NULL;
    out->needs_role = o->role_claim != NULL;
    out->role = tw_str_from(o->default_role);
    for (size_t i = 0; claim && !out->role_is_claimed && i < o->role_n; i++) {
        if (!claim_has(claim, o->roles[i].value))
            continue;
        out->role = tw_str_from(o->roles[i].role);
        out->role_is_claimed = true;
    }
    // With rules the default is a rule, too: a role that was taken away is gone.
    out->role_is_claimed = out->role_is_claimed || (out->needs_role && out->role.bytes);
}

// Copies a text for the caller; at most `max` bytes of whole characters, valid UTF-8 only.
static tw_str keep(tw_arena *arena, tw_str text, size_t max)
{
    if (text.bytes == 0 || !tw_str_is_utf8(text))
        return TW_STR_NONE;
    size_t n = TW_MIN(text.bytes, max);
    while (n > 0 && n < text.bytes && ((unsigned char)text.at[n] & 0xc0) == 0x80)
        n--;
    char *copy = tw_arena_copy(arena, text.at, n);
    return (tw_str){copy, copy ? n : 0};
}

tw_status twi_oidc_person(const twi_oidc *self, yyjson_val *claims, tw_str nonce, tw_arena *arena,
                          tw_identity_person *out, tw_err *err)
{
    *out = (tw_identity_person){.subject = TW_STR_NONE};
    TW_TRY(check_claims(self, claims, nonce, err));
    tw_str subject = text_of(claims, "sub");
    if (subject.bytes == 0 || subject.bytes > 255)
        return tw_fail(err, TW_DENIED, "the provider's token names nobody");
    size_t issuer_bytes = strlen(self->options.issuer);
    char *both = tw_arena_take(arena, issuer_bytes + 1 + subject.bytes);
    if (!both)
        return tw_fail(err, TW_NO_MEMORY, "no memory for the provider's token");
    memcpy(both, self->options.issuer, issuer_bytes);
    both[issuer_bytes] = ' ';
    memcpy(both + issuer_bytes + 1, subject.at, subject.bytes);
    out->subject = (tw_str){both, issuer_bytes + 1 + subject.bytes};
    out->email = keep(arena, text_of(claims, "email"), 128);
    out->email_is_verified = yyjson_get_bool(yyjson_obj_get(claims, "email_verified"));
    out->login = keep(arena, text_of(claims, "preferred_username"), 128);
    out->name = keep(arena, text_of(claims, "name"), 128);
    if (self->options.team_claim)
        out->team = keep(arena, text_of(claims, self->options.team_claim), 64);
    take_role(self, claims, out);
    if (!domain_fits(self, out))
        return tw_fail(err, TW_DENIED,
                       "the address of the account is not verified or not of an "
                       "allowed domain");
    return TW_OK;
}
