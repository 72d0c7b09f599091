// SPDX-License-Identifier: Apache-2.0
//
// The promotion gate: a challenger takes over when it is better on the same later days, not merely
// newer. There are two ways to be better, both beyond chance (a paired bootstrap over entities):
//  - order: its average precision is higher, and with the same budget it is right at least as
//  often;
//  - sharper: its order is not shown to be worse, and at its own operating point (risk of at least
//    options.threshold) it is right more often than the champion at the champion's, and keeps of
//    what the champion has right all but scheme_recall_max_fall, or all but one.
// Either way no scheme may be given up: one with at least 5 right rows may not lose 2 of them or
// more and more than the set share of its recall at the same budget. A figure that is not defined
// is NaN (JSON null): the false alerts at equal recall, for instance, when the champion raised
// none. Pure functions.
#ifndef TW_LEARN_GATE_H
#define TW_LEARN_GATE_H

#include "base/alloc.h"
#include "base/buf.h"
#include "base/limits.h"

// One decided alert or labelled transaction of the later days, with both models' risk.
typedef struct tw_gate_row {
    float champion, challenger; // risk; without a threshold any monotone scale of its own
    uint8_t label;              // 0, 1
    uint8_t scheme;             // 0xff = none
    float weight;
    uint64_t entity; // resampled together
    int32_t day;
    double amount;
} tw_gate_row;

typedef struct tw_gate_options {
    uint32_t resamples_n; // 0 = 1000, of entities with replacement
    uint64_t seed;
    double confidence; // share of resamples in which the challenger must not be worse, 0.8
    double scheme_recall_max_fall;         // 0.1
    double threshold;                      // operating point of the risk; 0 = none is compared
    uint32_t positives_min, negatives_min; // decided alerts without which it does not judge
} tw_gate_options;
tw_gate_options tw_gate_options_default(void);

typedef struct tw_interval {
    double value, low, high; // 90 % interval
} tw_interval;

#define TW_GATE_SCHEMES_MAX 32
typedef struct tw_gate_scheme {
    char name[TW_ID_MAX_BYTES + 1];
    uint64_t n;
    double champion_recall, challenger_recall; // at the same budget
} tw_gate_scheme;

// Rows at or above the operating point.
typedef struct tw_gate_point {
    double flagged; // weight
    double precision, recall;
} tw_gate_point;

typedef struct tw_gate_decision {
    bool promote;
    char reason[256]; // one sentence
    uint64_t row_n, positive_n, negative_n;
    int32_t first_day, last_day;
    uint64_t budget_n;                                    // rows that each may flag
    tw_interval champion_ap, challenger_ap, difference;   // of average precision
    tw_interval champion_precision, challenger_precision; // of the flagged
    double false_at_equal_recall; // challenger's false alerts at the champion's recall / champion's
    double champion_money_recall, challenger_money_recall; // of the right rows' amounts
    double share_better; // of resamples in which the challenger is not worse
    tw_gate_point champion_point, challenger_point;
    double share_sharper; // of resamples in which its operating point is not right less often
    size_t scheme_n;
    tw_gate_scheme schemes[TW_GATE_SCHEMES_MAX];
} tw_gate_decision;

// budget_n: how many rows an operating point flags (by weight, at least 1). scheme_names[] by
// index. TW_INVALID for an index or number out of range, TW_NO_MEMORY. Deterministic.
tw_status tw_gate_decide(const tw_alloc *alloc, const tw_gate_row *rows, size_t n,
                         uint64_t budget_n, const char *const *scheme_names, size_t scheme_n,
                         const tw_gate_options *options, tw_gate_decision *out,
                         tw_err *err) TW_MUST_CHECK;
// The decision as JSON (docs/learning.md), for facts, API and model card.
tw_status tw_gate_json(const tw_gate_decision *decision, tw_buf *out) TW_MUST_CHECK;

#endif
