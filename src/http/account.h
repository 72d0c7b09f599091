// SPDX-License-Identifier: Apache-2.0
//
// What the handlers of accounts, sessions and tokens share. Only files of src/http include this.
#ifndef TWI_HTTP_ACCOUNT_H
#define TWI_HTTP_ACCOUNT_H

#include "internal.h"

// --- members of a body ---------------------------------------------------------------------------

// What a member may be. Each reader answers 422 and returns false when it does not hold.
typedef struct twi_text_rule {
    const char *key;
    size_t min_bytes, max_bytes;
    bool is_optional; // missing or null gives ""
} twi_text_rule;
bool twi_member_text(twi_request *request, yyjson_val *root, const twi_text_rule *rule,
                     tw_str *out);
// Members other than those of the list (ended by NULL) are refused.
bool twi_members_known(twi_request *request, yyjson_val *root, const char *const *keys);
// "rights": an array of words, each once.
bool twi_member_rights(twi_request *request, yyjson_val *root, uint32_t *out);
// "stores": an array of entries, joined by line ends in the arena; missing = "".
bool twi_member_stores(twi_request *request, yyjson_val *root, tw_str *out);

// A language such as "de" or "de-AT", or nothing.
bool twi_locale_is_valid(tw_str locale);

void twi_json_rights(yyjson_mut_doc *doc, yyjson_mut_val *object, uint32_t rights);
void twi_json_stores(yyjson_mut_doc *doc, yyjson_mut_val *object, tw_str stores);

// --- failed tries (attempts.c)
// --------------------------------------------------------------------

// Tries by account name and by the client's address.
typedef struct twi_attempts {
    uint8_t account[TW_SHA256_BYTES], address[TW_SHA256_BYTES];
    bool has_account;
} twi_attempts;
// user "" = only by address (links).
void twi_attempts_of(twi_request *request, tw_str user, twi_attempts *out);
// True when a further try must wait: answered with 429.
bool twi_attempts_wait(twi_request *request, const twi_attempts *attempts);
void twi_attempts_failed(twi_request *request, const twi_attempts *attempts);
// The account's failures are forgotten; those of the address age.
void twi_attempts_succeeded(twi_request *request, const twi_attempts *attempts);

// --- sessions (session.c)
// -------------------------------------------------------------------------

// Signs the account in: a new session in place of the one that the request came with, its cookie on
// the reply, the sight noted. `by` is "password" or "oidc". Answers and returns false on failure.
bool twi_session_begin(twi_request *request, const tw_user_row *user, const char *by);
// Adds the Set-Cookie header; life_s 0 removes the cookie.
void twi_session_cookie(twi_request *request, const char *secret, int64_t life_s);

// What was looked up about callers is looked up again.
void twi_access_forget(tw_http *http);
// Who has this secret (its hash): a session's with by_cookie, else a token's. is_sight: the person
// is there, which keeps a session alive. *out holds a reference to its scope, which the caller
// gives back. False when there is none.
bool twi_access_look_up(tw_http *http, tw_arena *arena, const uint8_t hash[TW_SHA256_BYTES],
                        bool by_cookie, bool is_sight, twi_principal *out);
// Who asks; false when nobody can be told. Fills request->who.
bool twi_access_identify(twi_request *request);
// The session's secret as the request carries it, NULL without.
const char *twi_access_cookie(const twi_request *request);
// An unsafe request with a cookie comes from our own page.
bool twi_access_is_own_page(const twi_request *request);

int64_t twi_now_ms(const tw_http *http);

#endif
