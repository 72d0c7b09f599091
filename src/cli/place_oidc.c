// SPDX-License-Identifier: Apache-2.0
//
// The identity provider's configuration.
#include "place_oidc.h"

#include "adapter/oidc.h"
#include "workflow/rights.h"

#define TEXT(name, min, max)                                                                       \
    CYAML_FIELD_STRING_PTR(#name, CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, twi_oidc_config, name, \
                           min, max)

static const cyaml_schema_field_t role_fields[] = {
    CYAML_FIELD_STRING_PTR("value", CYAML_FLAG_POINTER, twi_oidc_role, value, 1, 256),
    CYAML_FIELD_STRING_PTR("role", CYAML_FLAG_POINTER, twi_oidc_role, role, 1, 32),
    CYAML_FIELD_END,
};
static const cyaml_schema_value_t role_schema = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, twi_oidc_role, role_fields),
};
static const cyaml_schema_value_t domain_schema = {
    CYAML_VALUE_STRING(CYAML_FLAG_POINTER, char, 1, 253),
};
const cyaml_schema_field_t twi_oidc_fields[] = {
    TEXT(name, 1, 64),
    CYAML_FIELD_STRING_PTR("issuer", CYAML_FLAG_POINTER, twi_oidc_config, issuer, 8, 255),
    CYAML_FIELD_STRING_PTR("client_id", CYAML_FLAG_POINTER, twi_oidc_config, client_id, 1, 255),
    TEXT(client_secret, 1, 255),
    TEXT(client_secret_file, 1, 1024),
    TEXT(scopes, 6, 255),
    TEXT(role_claim, 1, 64),
    TEXT(default_role, 1, 32),
    TEXT(team_claim, 1, 64),
    CYAML_FIELD_SEQUENCE("roles", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, twi_oidc_config, roles,
                         &role_schema, 0, 100),
    CYAML_FIELD_SEQUENCE("domains", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, twi_oidc_config,
                         domains, &domain_schema, 0, 100),
    CYAML_FIELD_END,
};
static const cyaml_schema_value_t schema = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_POINTER, twi_oidc_config, twi_oidc_fields),
};

void twi_oidc_config_free(twi_oidc_config *config)
{
    static const cyaml_config_t memory = {.mem_fn = cyaml_mem, .log_level = CYAML_LOG_ERROR};
    (void)cyaml_free(&memory, &schema, config, 0);
}

static tw_status check_role(const char *role, tw_err *err)
{
    tw_role ignored;
    if (!role || tw_role_from(tw_str_from(role), &ignored))
        return TW_OK;
    return tw_fail(
        err, TW_INVALID,
        "tillwatch.yaml: oidc: \"%s\" is no role: use read-only, analyst, manager, admin "
        "or ingest",
        role);
}

tw_status twi_oidc_config_open(const twi_oidc_config *config, const char *secret, tw_identity *out,
                               tw_err *err)
{
    tw_oidc_role roles[100];
    TW_CHECK(config->roles_count <= TW_COUNT(roles));
    for (unsigned i = 0; i < config->roles_count; i++) {
        TW_TRY(check_role(config->roles[i].role, err));
        roles[i] = (tw_oidc_role){config->roles[i].value, config->roles[i].role};
    }
    TW_TRY(check_role(config->default_role, err));
    if (config->roles_count > 0 && !config->role_claim)
        return tw_fail(err, TW_INVALID, "tillwatch.yaml: oidc: roles needs role_claim");
    const tw_oidc_options options = {
        .name = config->name,
        .issuer = config->issuer,
        .client_id = config->client_id,
        .client_secret = secret[0] ? secret : config->client_secret,
        .scopes = config->scopes,
        .role_claim = config->role_claim,
        .roles = roles,
        .role_n = config->roles_count,
        .default_role = config->default_role,
        .team_claim = config->team_claim,
        .domains = (const char *const *)config->domains,
        .domain_n = config->domains_count,
    };
    return tw_oidc_open(&options, out, err);
}
