// SPDX-License-Identifier: Apache-2.0
//
// Inside the OIDC adapter.
#ifndef TWI_ADAPTER_OIDC_H
#define TWI_ADAPTER_OIDC_H

#include <pthread.h>
#include <yyjson.h>

#include "adapter/oidc.h"
#include "base/buf.h"

#define TWI_OIDC_REPLY_MAX ((size_t)1 << 20)

typedef struct twi_oidc {
    const tw_alloc *alloc;
    const tw_clock *clock;
    // Constant; copies in `texts`.
    tw_arena texts;
    tw_oidc_options options;
    pthread_mutex_t lock;   // guards what the provider publishes
    tw_buf discovery, keys; // JSON; empty = not read yet
    int64_t discovery_ms, keys_ms;
} twi_oidc;

// oidc_http.c. `form` NULL = GET. The reply is appended to `out`. TW_IO when there is no answer,
// TW_DENIED for a status of 400 to 499, TW_IO for others than 200.
tw_status twi_oidc_ask(const twi_oidc *self, const char *url, const char *form, tw_buf *out,
                       tw_err *err) TW_MUST_CHECK;
// Appends name=value, percent-encoded, with '&' before it when `out` has something behind `start`.
void twi_oidc_pair(tw_buf *out, size_t start, const char *name, tw_str value);

// oidc_token.c. Verifies a compact JWS by a key of the set and gives its payload in the arena.
// TW_NOT_FOUND: no key of the set has its key id; TW_DENIED: it does not hold.
tw_status twi_oidc_verify(tw_str token, tw_str keys_json, tw_arena *arena, tw_str *payload,
                          tw_err *err) TW_MUST_CHECK;
// The claims of a verified token as a person. TW_DENIED names the claim that does not hold.
tw_status twi_oidc_person(const twi_oidc *self, yyjson_val *claims, tw_str nonce, tw_arena *arena,
                          tw_identity_person *out, tw_err *err) TW_MUST_CHECK;

#endif
