// SPDX-License-Identifier: Apache-2.0
//
// The part "oidc" of tillwatch.yaml: the organisation's identity provider.
#ifndef TWI_CLI_PLACE_OIDC_H
#define TWI_CLI_PLACE_OIDC_H

#include <cyaml/cyaml.h>

#include "port/identity.h"

typedef struct twi_oidc_role {
    char *value, *role;
} twi_oidc_role;

// What is not said is NULL or 0.
typedef struct twi_oidc_config {
    char *name, *issuer, *client_id, *client_secret;
    char *client_secret_file; // relative to the data directory, or absolute
    char *scopes, *role_claim, *default_role, *team_claim;
    twi_oidc_role *roles;
    unsigned roles_count;
    char **domains;
    unsigned domains_count;
} twi_oidc_config;

extern const cyaml_schema_field_t twi_oidc_fields[];
void twi_oidc_config_free(twi_oidc_config *config); // NULL is allowed
// Opens the provider; nothing is asked of it. `secret` is what the file held, "" without one.
// TW_INVALID names the member that does not hold.
tw_status twi_oidc_config_open(const twi_oidc_config *config, const char *secret, tw_identity *out,
                               tw_err *err) TW_MUST_CHECK;

#endif
