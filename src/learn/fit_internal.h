// SPDX-License-Identifier: Apache-2.0
//
// Shared by the parts of the fit: fit.c (folds, search, trees), fit_rows.c (blocks of time,
// weights, training matrix), fit_curves.c (probability, lift, pattern), fit_metrics.c (figures).
//
// Words. A row is an example of the training set. A unit is what one verdict decided: an alert, or
// a transaction of no alert. A row is decided when a verdict speaks of it. Block 0 is the earliest
// part of the time span; fold k trains on blocks 0..k-1 and predicts block k.
//
// No row of an alert is predicted by trees that saw another row of the same alert: a row belongs to
// the block in which its alert began, and its own time says which folds may train on it.
#ifndef TWI_LEARN_FIT_INTERNAL_H
#define TWI_LEARN_FIT_INTERNAL_H

#include "learn/fit.h"
#include "sort.h"

#define TWI_FOLDS_MAX 8
#define TWI_FIT_NO_ALERT UINT32_MAX

// Facts about every row of the training set, and which of them the trees are trained on.
typedef struct twi_fit_rows {
    const tw_alloc *alloc;
    const tw_dataset *d;
    size_t n, alert_n, entity_n;
    uint32_t *alert_rows_own;      // [alert_n] rows of each alert
    int64_t *alert_time_own;       // [alert_n] time of its first row
    bool *alert_right_own;         // [alert_n] any row labelled 1
    uint32_t *entity_own;          // [n] dense
    uint8_t *block_own;            // [n] in which it is predicted
    int64_t cuts[TWI_FOLDS_MAX];   // time from which blocks 1, 2, ... begin
    size_t block_n;                // >= 1
    uint64_t unit_n, unit_right_n; // decided units; right ones
    // The matrix of the kept rows, by time.
    size_t kept_n, kept_cap;
    uint32_t *kept_own;   // [kept_cap] row
    float *x_own;         // [kept_cap][TW_INPUT_N]
    float *y_own, *w_own; // label; weight for the trees
    float *stands_own;    // what a row stands for, thinning included
    // Decided rows by the time that their unit began, with their share of the blocks.
    size_t decided_n;
    uint32_t *decided_own;
    double *mass_own;
} twi_fit_rows;

static inline bool twi_is_decided(const tw_example *e)
{
    return e->source == TW_EXAMPLE_ALERT || e->source == TW_EXAMPLE_TRANSACTION ||
           e->source == TW_EXAMPLE_AUDIT;
}

tw_status twi_fit_rows_init(const tw_alloc *alloc, const tw_dataset *d, size_t folds_n,
                            uint64_t seed, twi_fit_rows *rows, tw_err *err);
void twi_fit_rows_release(twi_fit_rows *rows);
// Cuts the span anew into folds_n (at most TWI_FOLDS_MAX) blocks behind the first.
void twi_fit_rows_cut(twi_fit_rows *rows, size_t folds_n);
// Kept rows before a time: a prefix of the matrix.
size_t twi_fit_rows_before(const twi_fit_rows *rows, int64_t time_ms);
// Time of the first row of the row's alert, or its own.
int64_t twi_fit_row_begin(const twi_fit_rows *rows, size_t row);
// The time by which `share` of the decided units that begin before `until_ms` have begun; a whole
// day when the days are many.
int64_t twi_fit_cut(const twi_fit_rows *rows, int64_t until_ms, double share);

// --- curves

// Log of the lift: slope * margin + offset within +-ln 4, from a regularised logistic regression of
// right or wrong alerts on evidence and margin; flat outside of the margins low to high that these
// alerts have.
typedef struct twi_lift {
    double slope, offset, low, high;
} twi_lift;

// exp(steep * (margin - full)); `full` is where the classifier alone reaches the operating point.
typedef struct twi_pattern {
    double full, top; // top: highest margin seen
    bool is_reached;  // the precision floor holds somewhere, so the curve may pass 1
    bool budget_binds;
} twi_pattern;

// All of these look at rows with a margin only, without those of block `but` (0 = none left out).
tw_status twi_lift_fit(const twi_fit_rows *rows, const float *margin, const tw_fit_options *options,
                       size_t but, twi_lift *out);
double twi_lift_at(const twi_lift *lift, double margin);
tw_status twi_pattern_fit(const twi_fit_rows *rows, const float *margin,
                          const tw_fit_options *options, size_t but, twi_pattern *out);
double twi_pattern_at(const twi_pattern *pattern, double margin);
tw_status twi_probability_fit(const twi_fit_rows *rows, const float *margin, size_t but,
                              tw_curve **out, tw_err *err);
tw_status twi_lift_curve(const tw_alloc *alloc, const twi_lift *lift, tw_curve **out, tw_err *err);
tw_status twi_pattern_curve(const tw_alloc *alloc, const twi_pattern *pattern, tw_curve **out,
                            tw_err *err);

// --- figures

// Weighted average precision and area under the ROC curve of score[n] against label[n]; ties are
// one step. NaN when undefined.
tw_status twi_fit_rank(const tw_alloc *alloc, const float *score, const float *label,
                       const float *weight, size_t n, double *ap, double *auc);
// Fills metrics (but for the operating margin), reliability, lift_at and pattern_at.
tw_status twi_fit_figures(const twi_fit_rows *rows, const tw_fit_options *options, tw_fit *fit,
                          tw_err *err);

#endif
