// SPDX-License-Identifier: Apache-2.0
//
// tillwatch.yaml, read through its schema.
#ifndef TWI_CLI_PLACE_CONFIG_H
#define TWI_CLI_PLACE_CONFIG_H

#include "base/str.h"
#include "learn/drift.h"
#include "place_oidc.h"

typedef struct twi_store_config {
    char *store_id, *zone;
} twi_store_config;

// The nightly training.
typedef struct twi_train_config {
    bool is_enabled;
    int32_t minute; // of the day
    uint16_t days;
    char *zone; // NULL = the installation's
} twi_train_config;

// The server that mails go out through; url NULL = none.
typedef struct twi_mail_config {
    char *url, *from, *user;
    char *password_file; // relative to the data directory, or absolute
    char *ca_file;
    bool is_plain; // tls: none
} twi_mail_config;

typedef struct twi_config {
    char *zone, *currency;
    twi_train_config train;
    twi_mail_config mail;
    char *public_url; // NULL = not said
    bool trusts_proxy;
    twi_oidc_config *oidc;    // NULL = no provider
    tw_drift_limits limits;   // of the alarms
    twi_store_config *stores; // ascending by store_id
    unsigned store_n;
} twi_config;

// Zone "UTC", currency "USD", training at 03:30 and the default limits where the text says nothing.
// TW_INVALID with what is wrong.
tw_status twi_config_parse(tw_str yaml, twi_config *out, tw_err *err) TW_MUST_CHECK;
void twi_config_release(twi_config *config);

// mkdir -p.
tw_status twi_make_directories(const char *dir, tw_err *err) TW_MUST_CHECK;

#endif
