// SPDX-License-Identifier: Apache-2.0
//
// Port: the organisation's identity provider (OpenID Connect, authorization code flow with PKCE).
// The caller keeps state, nonce and verifier between the two calls and sees that each is used once.
//
// Contract for every adapter:
//  1. start and finish block on the network, at most TW_IDENTITY_WAIT_S seconds, and may be called
//     from any thread.
//  2. finish returns a person only when the provider's answer holds in every point: signature by a
//     key that it publishes, issuer, audience, expiry, nonce.
//  3. Nothing is retried but the keys: an unknown key id makes them be read again once.
#ifndef TW_PORT_IDENTITY_H
#define TW_PORT_IDENTITY_H

#include "base/arena.h"
#include "base/str.h"

#define TW_IDENTITY_VERSION 1
#define TW_IDENTITY_WAIT_S 10

// What one sign-in remembers; texts of A-Z a-z 0-9 - _.
typedef struct tw_identity_attempt {
    tw_str state, nonce, verifier; // verifier: 43..128 characters
    tw_str redirect_uri;           // absolute, the same in both calls
} tw_identity_attempt;

// Who came back. Texts live in the arena; all but subject may be empty.
typedef struct tw_identity_person {
    tw_str subject; // "issuer subject": unique for ever
    tw_str login;   // preferred_username, else what stands before the @ of the address
    tw_str name, email;
    bool email_is_verified;
    tw_str role;          // a name of workflow/rights.h; "" = no rule fits and there is no default
    bool role_is_claimed; // by a rule about a claim
    bool needs_role;      // there are rules: who has no role by them is not let in
    tw_str team;          // by the configured claim
} tw_identity_person;

typedef struct tw_identity_ops {
    uint32_t version; // TW_IDENTITY_VERSION
    tw_status (*start)(void *ctx, const tw_identity_attempt *attempt, tw_arena *arena, tw_str *url,
                       tw_err *err);
    tw_status (*finish)(void *ctx, const tw_identity_attempt *attempt, tw_str code, tw_arena *arena,
                        tw_identity_person *out, tw_err *err);
    void (*close)(void *ctx);
} tw_identity_ops;

typedef struct tw_identity {
    const tw_identity_ops *ops;
    void *ctx;
    const char *name; // for the button of the sign-in page
} tw_identity;

// Where to send the browser. TW_IO when the provider cannot be reached, TW_INVALID when what it
// publishes does not hold.
TW_MUST_CHECK static inline tw_status tw_identity_start(const tw_identity *identity,
                                                        const tw_identity_attempt *attempt,
                                                        tw_arena *arena, tw_str *url, tw_err *err)
{
    return identity->ops->start(identity->ctx, attempt, arena, url, err);
}

// Exchanges the code for the person. TW_DENIED: the code, the token or the person is refused (with
// the reason for the log); TW_IO, TW_INVALID as start.
TW_MUST_CHECK static inline tw_status tw_identity_finish(const tw_identity *identity,
                                                         const tw_identity_attempt *attempt,
                                                         tw_str code, tw_arena *arena,
                                                         tw_identity_person *out, tw_err *err)
{
    return identity->ops->finish(identity->ctx, attempt, code, arena, out, err);
}

// A closed or zeroed handle is allowed.
static inline void tw_identity_close(tw_identity *identity)
{
    if (identity->ops)
        identity->ops->close(identity->ctx);
    *identity = (tw_identity){NULL, NULL, NULL};
}

#endif
