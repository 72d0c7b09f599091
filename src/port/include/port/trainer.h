// SPDX-License-Identifier: Apache-2.0
//
// Port: the trainer of boosted trees. Data in, a model in XGBoost's JSON out; what scores is our
// own evaluator (model/gbt.h), so nothing of a trainer is needed at run time.
//
// Contract for every adapter: the same matrix, parameters and seed give the same model on the same
// machine, on any number of threads; no global state; may be called from several threads.
#ifndef TW_PORT_TRAINER_H
#define TW_PORT_TRAINER_H

#include "base/buf.h"
#include "base/status.h"

#define TW_TRAIN_COLS_MAX 1024      // what the evaluator takes
#define TW_TRAIN_ROWS_MAX (1 << 26) // sums of gradients stay exact

typedef struct tw_train_matrix {
    const float *x; // [rows_n][stride], the first cols_n of each row are used; NaN = missing
    size_t rows_n, cols_n, stride;
    const float *label;  // [rows_n], 0 or 1
    const float *weight; // [rows_n], > 0, at most 1e12; NULL = all 1
} tw_train_matrix;

typedef struct tw_train_params {
    uint32_t rounds_n;     // 1..4096; the most when early_stop_n > 0
    uint32_t early_stop_n; // rounds without a better validation loss before it ends; 0 = off
    uint32_t depth;        // 1..12
    uint32_t bins_n;       // of the histograms, 2..16384
    uint32_t threads_n;    // 1..64
    uint32_t seed;
    double eta;                       // learning rate, (0, 1]
    double min_child_weight;          // sum of hessians of a child, >= 0
    double lambda, gamma;             // L2 of leaf weights, least gain of a split, >= 0
    double subsample, colsample_tree; // (0, 1]
    double base_probability;          // prior, (0, 1)
    const int8_t *monotone;           // [cols_n] of -1, 0, 1; NULL = none
} tw_train_params;

typedef struct tw_train_result {
    uint32_t rounds_n;      // of the model (the best, with early stopping)
    double train_loss;      // weighted log loss of the model
    double validation_loss; // NaN without validation data
} tw_train_result;

// Called after each round; true = stop, and train returns TW_CLOSED.
typedef bool tw_train_stop(void *ctx, uint32_t round);

typedef struct tw_trainer_ops {
    tw_status (*train)(void *ctx, const tw_train_params *params, const tw_train_matrix *train,
                       const tw_train_matrix *validation, tw_train_stop *stop, void *stop_ctx,
                       tw_buf *model_json, tw_train_result *out, tw_err *err);
    const char *(*version)(void *ctx); // "xgboost 1.7.4"
} tw_trainer_ops;

typedef struct tw_trainer {
    const tw_trainer_ops *ops; // NULL = none was built in
    void *ctx;
} tw_trainer;

// Trains with binary log loss; appends the model as XGBoost JSON. validation may be NULL (required
// for early stopping), stop may be NULL. TW_INVALID for parameters or data out of range, TW_CLOSED
// when stopped, TW_NO_MEMORY, TW_UNSUPPORTED without a trainer.
TW_MUST_CHECK static inline tw_status
tw_train(const tw_trainer *trainer, const tw_train_params *params, const tw_train_matrix *train,
         const tw_train_matrix *validation, tw_train_stop *stop, void *stop_ctx, tw_buf *model_json,
         tw_train_result *out, tw_err *err)
{
    if (!trainer->ops)
        return tw_fail(err, TW_UNSUPPORTED, "this build has no trainer of boosted trees");
    return trainer->ops->train(trainer->ctx, params, train, validation, stop, stop_ctx, model_json,
                               out, err);
}

#endif
