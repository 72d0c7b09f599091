// SPDX-License-Identifier: Apache-2.0
//
// Parts of tillwatch cases.
#ifndef TWI_CLI_CASES_H
#define TWI_CLI_CASES_H

#include "base/sign.h"
#include "service/case_export.h"

typedef struct twi_cases_options {
    const char *data, *form, *out, *key, *state, *by;
    bool is_json;
} twi_cases_options;

// cases_verify.c: tillwatch cases verify FILE. Gives the exit status.
int twi_cases_verify(const twi_cases_options *options, const char *file);
// 64 hex digits, or the name of a file that begins with them.
bool twi_cases_key(const char *text, uint8_t out[TW_SIGN_KEY_BYTES]);

#endif
