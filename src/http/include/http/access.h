// SPDX-License-Identifier: Apache-2.0
//
// Secrets that let somebody in: API tokens and the one-time set-up link. Only their SHA-256 is
// stored.
#ifndef TW_HTTP_ACCESS_H
#define TW_HTTP_ACCESS_H

#include "port/ledger.h"
#include "workflow/rights.h"

#define TW_SECRET_BYTES 68 // "tw_" + 64 hex digits + NUL

// Makes a token and stores its hash. `rights` is a set of TW_RIGHT_ bits. `id` receives the token's
// id. TW_INVALID without rights, TW_IO, TW_NO_SPACE.
tw_status tw_access_token_new(const tw_ledger *ledger, tw_str name, uint32_t rights, int64_t now_ms,
                              char id[TW_SECRET_BYTES], char secret[TW_SECRET_BYTES],
                              tw_err *err) TW_MUST_CHECK;
// Makes a one-time set-up link, good for 24 hours: its secret exchanges once for an administrator's
// session (POST /v1/session). The page is <url>/#/setup/<secret>.
tw_status tw_access_link_new(const tw_ledger *ledger, int64_t now_ms, char secret[TW_SECRET_BYTES],
                             tw_err *err) TW_MUST_CHECK;

#endif
