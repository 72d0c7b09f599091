// SPDX-License-Identifier: Apache-2.0
//
// The organisation's identity provider over OpenID Connect: discovery, authorization code flow with
// PKCE (S256), ID tokens verified against the keys that the provider publishes. libcurl speaks to
// it, libcjose checks signatures (RS256, PS256, ES256 and their longer kin; never "none" or HMAC).
#ifndef TW_ADAPTER_OIDC_H
#define TW_ADAPTER_OIDC_H

#include "base/time.h"
#include "port/identity.h"

// A value of the role claim and the role that it gives; the first that fits counts.
typedef struct tw_oidc_role {
    const char *value, *role;
} tw_oidc_role;

// Texts are copied.
typedef struct tw_oidc_options {
    const tw_alloc *alloc; // NULL = system
    const tw_clock *clock; // NULL = system
    const char *name;      // of the button
    const char *issuer;    // https://..., or http:// of this machine
    const char *client_id;
    const char *client_secret; // NULL or "" = a public client
    const char *scopes;        // NULL = "openid profile email"
    const char *role_claim;    // NULL = none
    const tw_oidc_role *roles;
    size_t role_n;
    const char *default_role;   // NULL or "" = nobody without a role is let in
    const char *team_claim;     // NULL = none
    const char *const *domains; // of verified addresses, n 0 = any
    size_t domain_n;
} tw_oidc_options;

// Nothing is asked of the provider yet. TW_INVALID for an issuer that is no https address.
tw_status tw_oidc_open(const tw_oidc_options *options, tw_identity *out, tw_err *err) TW_MUST_CHECK;

#endif
