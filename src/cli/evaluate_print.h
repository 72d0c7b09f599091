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

typedef struct twi_evaluate_report {
    const tw_eval *figures;
    const twi_scheme_names *schemes;
    uint64_t unlabelled_n, scores_missing_n, against_missing_n;
    tw_eval_entity entity; // of the text, and of the entity-weeks
    // Figures of the other scores and the comparison; NULL = none.
    const tw_eval *before;
    const tw_eval_comparison *comparison;
} twi_evaluate_report;

void twi_evaluate_text(const twi_evaluate_report *report);
void twi_evaluate_json(const twi_evaluate_report *report);

#endif
