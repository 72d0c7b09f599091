// SPDX-License-Identifier: Apache-2.0
//
// Secrets and accounts as the command line and the server make them: API tokens, one-time links,
// passwords. Of a secret only its SHA-256 is stored.
//
// Thread-safe. What is done to accounts here is not logged: the callers do that.
#ifndef TW_HTTP_ACCESS_H
#define TW_HTTP_ACCESS_H

#include "base/time.h"
#include "port/access.h"
#include "port/password.h"
#include "workflow/rights.h"

#define TW_SECRET_BYTES 68 // "tw_" + 64 hex digits + NUL
#define TW_TOKEN_NAME_MAX 56
#define TW_LINK_MS (24 * TW_HOUR_MS)

typedef struct tw_token_request {
    tw_str name;        // 1..TW_TOKEN_NAME_MAX bytes
    uint32_t rights;    // a set of TW_RIGHT_ bits, not empty
    tw_str stores;      // entries, one a line; "" = all
    tw_str created_by;  // "" = the command line
    int64_t expires_ms; // 0 = never
} tw_token_request;

// A fresh secret and its hash. TW_IO.
tw_status tw_access_secret_new(char secret[TW_SECRET_BYTES], uint8_t hash[TW_SHA256_BYTES],
                               tw_err *err) TW_MUST_CHECK;
// Makes a token. `id` receives its id. TW_INVALID without a name or rights, TW_LIMIT, TW_IO,
// TW_NO_SPACE.
tw_status tw_access_token_new(const tw_access *access, const tw_token_request *request,
                              int64_t now_ms, char id[TW_SECRET_BYTES],
                              char secret[TW_SECRET_BYTES], tw_err *err) TW_MUST_CHECK;
// Makes a one-time link, good for 24 hours, in place of earlier ones: for a new password of an
// account, or with user_id "" for the administrator that is made by it. The page is
// <url>/#/setup/<secret>.
tw_status tw_access_link_new(const tw_access *access, tw_str user_id, int64_t now_ms,
                             char secret[TW_SECRET_BYTES], tw_err *err) TW_MUST_CHECK;
// Gives an account a password, which makes it active, and ends its sessions and links. TW_INVALID
// when the password may not be chosen, TW_NOT_FOUND.
tw_status tw_access_password_set(const tw_access *access, const tw_password *password,
                                 tw_str user_id, tw_str text, tw_err *err) TW_MUST_CHECK;

// Leaves a line for the log of actions, which the next server (or the running one, within seconds)
// journals: for changes that are made without one. `actor` is a name of the system.
tw_status tw_access_note_new(const tw_access *access, tw_str kind, tw_str subject, tw_str actor,
                             int64_t now_ms, tw_err *err) TW_MUST_CHECK;

// What a caller may do: the role's rights and the choice of names. Without NAMES there is no SQL,
// because rows of SQL cannot be made pseudonymous.
uint32_t tw_access_user_rights(const tw_user_row *user);
// "read work names" for a set of rights, and back; unknown words count for nothing.
#define TW_RIGHTS_TEXT_BYTES 128
char *tw_access_rights_text(uint32_t rights, char out[TW_RIGHTS_TEXT_BYTES]);
uint32_t tw_access_rights_from(tw_str text);

#endif
