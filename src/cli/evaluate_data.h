// SPDX-License-Identifier: Apache-2.0
//
// What an evaluation compares: labels, score files, the journal's transactions and alerts. Read
// once, from one thread.
#ifndef TWI_CLI_EVALUATE_DATA_H
#define TWI_CLI_EVALUATE_DATA_H

#include "base/table.h"
#include "evaluate_print.h"
#include "service/query.h"

typedef struct twi_label {
    bool is_fraud;
    uint8_t scheme;
    double amount;
} twi_label;

typedef struct twi_evaluation {
    // Set by the caller.
    const char *labels_path;
    const char *scores_path;  // NULL = as scored on arrival
    const char *against_path; // NULL = none
    int64_t from_ms, to_ms;   // to_ms 0 = open
    // Read.
    const tw_alloc *alloc;
    tw_eval_row *rows_own; // [row_n]
    float *before_own;     // [row_n], risk in against_path
    size_t row_n, row_cap, before_cap;
    tw_eval_alert *alerts_own;
    size_t alert_n, alert_cap;
    tw_eval_member *members_own;
    size_t member_n, member_cap;
    twi_scheme_names schemes;
    uint64_t unlabelled_n;                        // transactions without a label
    uint64_t scores_missing_n, against_missing_n; // rows that the files do not name: risk 0
    // Work.
    tw_table by_id; // hash of transaction_id -> label
    twi_label *labels_own;
    size_t label_n, label_cap;
    tw_table scores, against; // hash of transaction_id -> bits of the risk
    tw_table people, stores, employees, accounts, suspects; // hash -> dense number
    tw_table by_seq;                                        // hash of seq -> row
    tw_table by_alert;                                      // alert key -> alert
    tw_table pairs;                                         // of members
} twi_evaluation;

// Prepares the tables; what the caller sets may be set before or after.
void twi_evaluation_init(twi_evaluation *ev);
void twi_evaluation_release(twi_evaluation *ev);
// TW_INVALID with a sentence for a file that is not what it should be, or when nothing fits.
tw_status twi_evaluation_read(twi_evaluation *ev, tw_service *service, tw_err *err) TW_MUST_CHECK;

#endif
