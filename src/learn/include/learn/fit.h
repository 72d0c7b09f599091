// SPDX-License-Identifier: Apache-2.0
//
// From a training set to a classifier with its curves. Time goes one way: blocks of days; each fold
// trains on earlier blocks and predicts the next, so every prediction that anything is chosen,
// calibrated or judged by is out of time. The final trees are trained on all rows with the rounds
// and parameters that the folds chose.
#ifndef TW_LEARN_FIT_H
#define TW_LEARN_FIT_H

#include "learn/dataset.h"
#include "model/calibrate.h"
#include "model/gbt.h"
#include "port/trainer.h"

#define TW_FIT_TRIALS_MAX 32
#define TW_FIT_RELIABILITY_BINS 10

typedef struct tw_fit_options {
    uint32_t seed, threads_n;
    double precision_floor; // share of alerts that must be right, 0..1
    double alerts_per_store_day;
    uint32_t store_n;    // of the budget
    uint32_t folds_n;    // 0 = 3, or 5 with few verdicts
    bool quick;          // one set of parameters instead of the search
    tw_train_stop *stop; // NULL = none
    void *stop_ctx;
} tw_fit_options;

typedef struct tw_fit_trial {
    tw_train_params params; // monotone is NULL here
    double loss;            // weighted log loss over the folds' later blocks
    double ap;
} tw_fit_trial;

typedef struct tw_reliability_bin {
    double predicted, observed, weight; // means, and the weight that fell in
} tw_reliability_bin;

// What the folds say; all out of time.
typedef struct tw_fit_metrics {
    uint64_t rows_n, positive_n, alert_n, alert_confirmed_n;
    double ap, auc, log_loss, brier;
    double calibration_error; // expected calibration error, by weight
    double precision, recall; // of labelled rows at the operating point; NaN without any
    double floor_margin;      // margin from which the precision floor holds; INFINITY = none
    bool budget_binds;        // the budget is stricter than the floor
} tw_fit_metrics;

typedef struct tw_fit {
    const tw_alloc *alloc;
    tw_gbt *gbt_own;
    tw_curve *probability_own, *lift_own, *pattern_own; // tw_model_curve_kind
    size_t inputs_n;
    tw_str *input_names_own; // [inputs_n], static texts
    // Of each row, [margin_n] = the dataset's n: margin out of time, and lift and pattern by curves
    // that were fitted without the row's block. NAN in the first block, and for rows of alerts
    // that began in it.
    float *margin_own, *lift_at_own, *pattern_at_own;
    size_t margin_n;
    size_t trial_n;
    tw_fit_trial trials[TW_FIT_TRIALS_MAX];
    size_t chosen; // trial
    uint32_t rounds_n;
    tw_fit_metrics metrics;
    tw_reliability_bin reliability[TW_FIT_RELIABILITY_BINS];
} tw_fit;

// TW_INVALID with a sentence when there is too little to learn from (it says what is missing),
// TW_CLOSED when stopped, TW_NO_MEMORY, or the trainer's status. *out is zero on failure.
tw_status tw_fit_classifier(const tw_alloc *alloc, const tw_trainer *trainer,
                            const tw_dataset *dataset, const tw_fit_options *options, tw_fit *out,
                            tw_err *err) TW_MUST_CHECK;
void tw_fit_release(tw_fit *fit);

#endif
