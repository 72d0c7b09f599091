// SPDX-License-Identifier: Apache-2.0
//
// Evaluation: figures of scores and alerts against labels. Pure functions over arrays; no I/O.
//
// Ties: AP and AUC treat transactions of equal risk as one step (no credit for the order of rows).
// precision@k per day takes the k highest of each day; ties at the edge count by their expected
// share. An undefined figure (no positives, no alerts) is NaN, never 0.
//
// An alert is `right_any` when at least one of its transactions is labelled fraud, and `right_most`
// when more than half of those that have a label are. Both are stated; right_any is the alert
// precision that an investigator feels.
#ifndef TW_LEARN_EVALUATE_H
#define TW_LEARN_EVALUATE_H

#include "base/alloc.h"
#include "base/str.h"

#define TW_EVAL_SCHEMES_MAX 64
#define TW_EVAL_KS 4
extern const uint32_t tw_eval_k[TW_EVAL_KS]; // 10, 50, 100, 500

// One scored and labelled transaction.
typedef struct tw_eval_row {
    float risk;     // 0..1
    uint8_t fraud;  // label
    uint8_t scheme; // index into the caller's scheme names; ignored when honest
    int32_t day;    // business day
    uint32_t store; // any dense number
    uint32_t thief; // who did it (employee or account), dense number; UINT32_MAX = unknown
    int64_t time_ms;
    double amount;  // loss when fraud, major units
    uint32_t alert; // index of the alert that it belongs to; UINT32_MAX = none
} tw_eval_row;

typedef struct tw_eval_alert {
    int64_t created_ms;
    uint32_t store;
} tw_eval_alert;

// A transaction in an alert; it may be in several, of different schemes.
typedef struct tw_eval_member {
    uint32_t row, alert;
} tw_eval_member;

typedef struct tw_eval_scheme {
    uint64_t n, found; // fraudulent transactions; those at or above the threshold or in an alert
    uint64_t thief_n,
        thief_found; // (thief, scheme) pairs; those with at least one transaction in an alert
    double amount, amount_found;
    double days_to_alert; // median over found thieves, first fraud to first alert; NaN when none
} tw_eval_scheme;

typedef struct tw_eval {
    uint64_t n, positive_n;
    double ap, auc;
    double threshold;
    uint64_t flagged_n, flagged_true_n; // risk >= threshold
    double precision, recall;
    double money, money_recall;        // labelled loss, and its share at or above the threshold
    double precision_at_k[TW_EVAL_KS]; // mean over days that have at least k transactions
    double recall_at_k[TW_EVAL_KS];
    uint64_t alert_n, alert_any_n, alert_most_n;
    double alert_precision_any, alert_precision_most;
    uint64_t covered_n;  // fraudulent transactions that an alert holds
    double alert_recall; // covered / positives
    uint64_t thief_n, thief_found_n;
    double thief_recall;
    uint64_t day_n, store_n;
    double alerts_per_store_day;
    double days_to_alert; // median over found thieves
    size_t scheme_n;
    tw_eval_scheme schemes[TW_EVAL_SCHEMES_MAX];
} tw_eval;

// What is evaluated; all borrowed.
typedef struct tw_eval_input {
    const tw_eval_row *rows; // [n], any order
    size_t n;
    const tw_eval_alert *alerts; // [alert_n]
    size_t alert_n;
    const tw_eval_member *members; // [member_n], any order, each pair once
    size_t member_n;
    size_t scheme_n;  // <= TW_EVAL_SCHEMES_MAX
    double threshold; // usually 0.8
} tw_eval_input;

// TW_INVALID for an index out of range or a risk that is NaN; TW_NO_MEMORY. O(n log n).
tw_status tw_evaluate(const tw_alloc *alloc, const tw_eval_input *input,
                      tw_eval *out) TW_MUST_CHECK;

#endif
