// SPDX-License-Identifier: Apache-2.0
//
// Evaluation: figures of scores and alerts against labels. Pure functions over arrays, safe to call
// from any thread; no I/O. docs/metrics.md defines every figure. Rows are compared as they were
// scored: that scores use the past only is the caller's to see to.
//
// Ties: AP and AUC treat transactions of equal risk as one step (no credit for the order of rows).
// precision@k per day takes the k highest of each day; ties at the edge count by their expected
// share. An undefined figure (no positives, no alerts) is NaN, never 0.
//
// An alert is `right_any` when at least one of its transactions is labelled fraud, and `right_most`
// when more than half of those that have a label are. Both are stated; right_any is the alert
// precision that an investigator feels.
//
// Intervals hold 90 %: from the 5th to the 95th percentile of resamples in which every unit counts
// as often as a Poisson number of mean 1 says (Poisson bootstrap). Units are what is independent of
// each other: the thief of a fraud, else the account, else the single transaction; of alerts the
// entity; of thieves each one. The same seed gives the same intervals.
#ifndef TW_LEARN_EVALUATE_H
#define TW_LEARN_EVALUATE_H

#include "base/alloc.h"
#include "base/str.h"

#define TW_EVAL_SCHEMES_MAX 64
#define TW_EVAL_KS 4
extern const uint32_t tw_eval_k[TW_EVAL_KS]; // 10, 50, 100, 500

// Whom a transaction belongs to.
typedef enum tw_eval_entity { TW_EVAL_EMPLOYEE, TW_EVAL_ACCOUNT, TW_EVAL_ENTITY_N } tw_eval_entity;

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
    // Dense numbers, each kind its own; UINT32_MAX = unknown. Read when the input has_entities.
    uint32_t entity[TW_EVAL_ENTITY_N];
} tw_eval_row;

typedef struct tw_eval_alert {
    int64_t created_ms;
    uint32_t store;
    uint32_t entity; // dense number, of any kind; read when the input has_entities
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

// By entity and day, as the card precision of the Fraud Detection Handbook: an entity's risk on a
// day is its highest, it is fraudulent on a day when any of its rows is; the k highest of each day
// count, and whoever was among them and fraudulent is left out on later days. Rows of unknown
// entity are left out. Ties at the edge are broken by a hash of the entity's number.
typedef struct tw_eval_by_entity {
    uint64_t n, fraud_n;               // entities; those with a fraudulent row
    double precision_at_k[TW_EVAL_KS]; // fraudulent among the k / k, mean over days
    double ceiling_at_k[TW_EVAL_KS];   // what the best order of each day would have reached
} tw_eval_by_entity;

typedef struct tw_eval_range {
    double low, high; // NaN when most resamples leave the figure undefined, or none were asked for
} tw_eval_range;

// Of the figure of the same name in tw_eval.
typedef struct tw_eval_ranges {
    tw_eval_range ap, auc, precision, recall, money_recall;
    tw_eval_range alert_precision_any, alert_recall, thief_recall, false_alerts_week;
} tw_eval_ranges;

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
    // Alerts that are not right_any, and flagged rows that are no fraud, in 7 days with
    // transactions.
    double false_alerts_week, false_flagged_week;
    tw_eval_by_entity entities[TW_EVAL_ENTITY_N]; // NaN and 0 without has_entities
    tw_eval_ranges ranges;
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
    bool has_entities;
    uint32_t resamples_n; // for the intervals; 0 = none, usually TW_EVAL_RESAMPLES
    uint64_t seed;
} tw_eval_input;
#define TW_EVAL_RESAMPLES 200

// TW_INVALID for an index out of range or a risk that is NaN; TW_NO_MEMORY. O(n log n) and O(n) for
// each resample (2 M rows: some 3 ms).
tw_status tw_evaluate(const tw_alloc *alloc, const tw_eval_input *input,
                      tw_eval *out) TW_MUST_CHECK;

// --- two scorings of the same rows

// Both scorings where they find the same share of the frauds: each flags as few of its highest as
// hold them (ties by their share), so that a threshold that lies lower than it must favours
// neither.
typedef struct tw_eval_versus {
    double recall;
    double flagged_before, flagged_after; // fractions come from ties
    double false_before, false_after;
    double false_ratio; // after / before; NaN when the recall or false_before is 0
    tw_eval_range false_ratio_range;
} tw_eval_versus;

typedef struct tw_eval_comparison {
    double ap_difference, auc_difference; // after - before
    tw_eval_range ap_difference_range, auc_difference_range;
    double share_better; // of the resamples: AP is higher after than before; NaN without any
    // Point 0 is at the recall that before has at the threshold, point 1 at that of after.
    tw_eval_versus rows[2];
    // The same with one entity in one week (Monday to Sunday) as what is flagged: about what an
    // alert is. Its risk is its highest, and it is fraudulent when any of its rows is.
    tw_eval_versus entity_weeks[2];
    uint64_t entity_week_n, entity_week_fraud_n;
} tw_eval_comparison;

typedef struct tw_eval_compare_input {
    const tw_eval_row *rows; // [n], with the risk of after and their entities
    size_t n;
    const float *before; // [n]
    double threshold;
    tw_eval_entity kind; // of the entity-weeks
    uint32_t resamples_n;
    uint64_t seed;
} tw_eval_compare_input;

// Intervals are paired: each resample counts the same units in both. TW_INVALID for a risk that is
// NaN or a label that is not 0 or 1; TW_NO_MEMORY. Cost of two evaluations.
tw_status tw_eval_compare(const tw_alloc *alloc, const tw_eval_compare_input *input,
                          tw_eval_comparison *out) TW_MUST_CHECK;

#endif
