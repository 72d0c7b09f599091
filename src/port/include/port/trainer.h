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

// A training matrix in the trainer's own form: what costs as much as some forty rounds, once
// instead of for every set of parameters. Does not point into the matrix.
typedef struct tw_train_set tw_train_set;

typedef struct tw_train_matrix {
    const float *x; // [rows_n][stride], the first cols_n of each row are used; NaN = missing
    size_t rows_n, cols_n, stride;
    const float *label;  // [rows_n], 0 or 1
    const float *weight; // [rows_n], > 0, at most 1e12; NULL = all 1
    // Made by tw_train_prepare of the same rows, or NULL: train then makes its own. One made for
    // another bins_n is passed over. Used by one thread at a time.
    const tw_train_set *prepared;
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
    tw_status (*prepare)(void *ctx, const tw_train_matrix *matrix, uint32_t bins_n,
                         uint32_t threads_n, tw_train_set **out, tw_err *err);
    void (*set_free)(void *ctx, tw_train_set *set);
    tw_status (*train)(void *ctx, const tw_train_params *params, const tw_train_matrix *train,
                       const tw_train_matrix *validation, tw_train_stop *stop, void *stop_ctx,
                       tw_buf *model_json, tw_train_result *out, tw_err *err);
    const char *(*version)(void *ctx); // "xgboost 1.7.4"
} tw_trainer_ops;

typedef struct tw_trainer {
    const tw_trainer_ops *ops; // NULL = none was built in
    void *ctx;
} tw_trainer;

// Prepares the rows that a model will be trained on; validation rows are taken as they are.
// Statuses as tw_train's.
TW_MUST_CHECK static inline tw_status tw_train_prepare(const tw_trainer *trainer,
                                                       const tw_train_matrix *matrix,
                                                       uint32_t bins_n, uint32_t threads_n,
                                                       tw_train_set **out, tw_err *err)
{
    *out = NULL;
    if (!trainer->ops)
        return tw_fail(err, TW_UNSUPPORTED, "this build has no trainer of boosted trees");
    return trainer->ops->prepare(trainer->ctx, matrix, bins_n, threads_n, out, err);
}

static inline void tw_train_set_free(const tw_trainer *trainer, tw_train_set *set)
{
    if (set)
        trainer->ops->set_free(trainer->ctx, set);
}

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
