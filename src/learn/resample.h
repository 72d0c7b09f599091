// SPDX-License-Identifier: Apache-2.0
//
// What evaluation and comparison share: a ranking of rows, walked with a count for each unit of
// resampling, the counts, and the intervals of what they give.
//
// A ranking is laid out for the walk: rows by descending risk, units numbered in the order of their
// first row, so that the counts of rows that are units of their own are read one after another.
#ifndef TWI_LEARN_RESAMPLE_H
#define TWI_LEARN_RESAMPLE_H

#include <math.h>

#include "base/rng.h"
#include "learn/evaluate.h"
#include "sort.h"

// Neighbouring rows: a step of equal risk that holds a fraud, or all between two such steps.
typedef struct twi_stretch {
    uint32_t end; // row after the last
    bool has_fraud;
} twi_stretch;

typedef struct twi_ranking {
    const tw_alloc *alloc;
    size_t n, flagged_n; // rows; the first of them, at or above the threshold
    size_t stretch_n, stretch_cap;
    uint32_t *unit_own;         // [n]
    uint8_t *fraud_own;         // [n]
    twi_stretch *stretches_own; // [stretch_n]
} twi_ranking;

// items[n] by ascending key, which orders by descending risk; idx is the row. fraud and unit by
// row.
tw_status twi_ranking_make(const tw_alloc *alloc, const twi_sort_item *items, size_t n,
                           const uint8_t *fraud, const uint32_t *unit, size_t flagged_n,
                           twi_ranking *out) TW_MUST_CHECK;
void twi_ranking_release(twi_ranking *ranking);

// Figures of a walk; those that are not defined are NaN.
typedef struct twi_walk {
    double positives, negatives, ap, auc;
    double flagged, flagged_true; // at or above the threshold
    double needed[2]; // as few of the highest as hold targets[i] positives; ties by their share
} twi_walk;

// counts by unit; NULL = each once. When there are not as many positives as a target says, all rows
// are needed. targets: NULL = none.
void twi_ranking_walk(const twi_ranking *ranking, const uint8_t *counts, const double targets[2],
                      twi_walk *out);
// flagged and flagged_true alone, which a target for another ranking is made of.
void twi_ranking_flagged(const twi_ranking *ranking, const uint8_t *counts, twi_walk *out);

// Units of rows by number: thief of a fraud, else account (with entities), else the row; numbered
// in the order of items. unit[n] by row.
tw_status twi_units_of(const tw_alloc *alloc, const tw_eval_row *rows, size_t n,
                       const twi_sort_item *items, bool has_entities, uint32_t *unit,
                       size_t *unit_n) TW_MUST_CHECK;

// Counts: Poisson numbers of mean 1, at most 8 (more come once in a million).
void twi_resample(tw_rng *rng, uint8_t *counts, size_t n);

// 5th to 95th percentile (linear between neighbours) of the values that are not NaN; they are
// sorted. NaN when less than half are left.
tw_eval_range twi_range_of(double *values, size_t n);

static inline double twi_ratio(double a, double b)
{
    return b > 0 ? a / b : (double)NAN;
}

#endif
