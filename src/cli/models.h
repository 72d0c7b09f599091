// SPDX-License-Identifier: Apache-2.0
//
// The parts of tillwatch models: models_print.c shows, models_change.c changes and exchanges files.
#ifndef TWI_CLI_MODELS_H
#define TWI_CLI_MODELS_H

#include "cli.h"
#include "place.h"
#include "service/query.h"

typedef struct twi_models {
    tw_service *service;
    const char *first, *second; // arguments
    const char *out, *format, *name, *by, *reason;
    bool is_json, is_all, promotes;
} twi_models;

tw_status twi_models_list(const twi_models *m, tw_err *err) TW_MUST_CHECK;
tw_status twi_models_show(const twi_models *m, tw_err *err) TW_MUST_CHECK;
tw_status twi_models_diff(const twi_models *m, tw_err *err) TW_MUST_CHECK;
tw_status twi_models_promote(const twi_models *m, tw_err *err) TW_MUST_CHECK;
tw_status twi_models_rollback(const twi_models *m, tw_err *err) TW_MUST_CHECK;
tw_status twi_models_challenge(const twi_models *m, tw_err *err) TW_MUST_CHECK;
tw_status twi_models_withdraw(const twi_models *m, tw_err *err) TW_MUST_CHECK;
tw_status twi_models_export(const twi_models *m, tw_err *err) TW_MUST_CHECK;
tw_status twi_models_import(const twi_models *m, tw_err *err) TW_MUST_CHECK;

// USER, LOGNAME, or "operator".
const char *twi_user_name(void);

#endif
