// SPDX-License-Identifier: Apache-2.0
//
// Figures of an evaluation, for people and for machines.
#ifndef TWI_CLI_EVALUATE_PRINT_H
#define TWI_CLI_EVALUATE_PRINT_H

#include "learn/evaluate.h"

typedef struct twi_scheme_names {
    char names[TW_EVAL_SCHEMES_MAX][65];
    size_t n;
} twi_scheme_names;

void twi_evaluate_text(const tw_eval *e, const twi_scheme_names *schemes, uint64_t unlabelled_n);
void twi_evaluate_json(const tw_eval *e, const twi_scheme_names *schemes, uint64_t unlabelled_n);

#endif
