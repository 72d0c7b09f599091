// SPDX-License-Identifier: Apache-2.0
//
// A data directory: tillwatch.yaml (zone, currency, training, zones of stores), policy.yaml,
// optionally signals.yaml, keys/, journal.db, ledger.db, access.db, models/, state/. Opening one
// wires the SQLite and POSIX adapters to a service.
#ifndef TWI_CLI_PLACE_H
#define TWI_CLI_PLACE_H

#include "intake/options.h"
#include "port/access.h"
#include "port/archive.h"
#include "port/identity.h"
#include "port/mail.h"
#include "port/paper.h"
#include "port/password.h"
#include "service/report.h"
#include "service/service.h"

typedef struct twi_place {
    const char *dir; // as given
    tw_files files;
    tw_journal journal;
    tw_ledger ledger;
    tw_access access;
    tw_password password;
    tw_identity identity;               // no ops = none is configured
    uint8_t alias_key[TW_SHA256_BYTES]; // of pseudonyms
    char public_url[256];               // of the portal, "" = not configured
    bool trusts_proxy;
    tw_intake_options intake;
    char currency[4];
    tw_zone *zone_own, *train_zone_own; // the latter NULL = the former
    char zone_name[TW_ID_MAX_BYTES + 1];
    tw_paper paper;
    tw_archive archive;
    tw_mail mail;          // no ops = none is configured
    tw_reporter *reporter; // after twi_serve_start
    tw_trainer trainer;
    tw_train_schedule schedule;
    tw_drift_limits drift_limits;
    tw_store_zone *stores_own;
    size_t store_n;
    char **names_own;       // ids of stores_own
    tw_buf policy, signals; // texts of the YAML files, empty when absent
    bool is_locked;
    tw_service *service;          // after twi_place_serve
    struct twi_lake_thread *lake; // of lake_thread.h, while it runs; NULL = none
} twi_place;

// --data, else TILLWATCH_DATA, else ./tillwatch-data.
const char *twi_place_dir(const char *option);

// Opens the directory and its databases, with the lock unless `shared`. TW_NOT_FOUND with a
// sentence that names `tillwatch init` when it is none.
tw_status twi_place_open(twi_place *place, const char *dir, bool shared, tw_err *err) TW_MUST_CHECK;
void twi_place_close(twi_place *place); // the service first, when there is one

// Options of a service over the place, and that service, opened.
tw_service_options twi_place_options(twi_place *place, tw_service_mode mode);
tw_status twi_place_serve(twi_place *place, tw_service_mode mode, tw_err *err) TW_MUST_CHECK;

// Makes a new data directory. TW_CONFLICT when it exists and is not empty.
typedef struct twi_place_settings {
    const char *zone, *currency;
} twi_place_settings;
tw_status twi_place_create(const char *dir, const twi_place_settings *settings,
                           tw_err *err) TW_MUST_CHECK;

#endif
