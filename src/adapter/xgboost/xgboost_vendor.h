// SPDX-License-Identifier: Apache-2.0
//
// XGBoost's C API as statuses: a matrix and a booster with the few calls that training needs.
// XGBoost keeps its last error, its verbosity and its random numbers for each thread by itself; a
// booster is used by one thread. Nothing here prints.
#ifndef TW_ADAPTER_XGBOOST_VENDOR_H
#define TW_ADAPTER_XGBOOST_VENDOR_H

#include "port/trainer.h"

typedef struct twi_xgboost_booster {
    void *handle_own; // NULL = none
} twi_xgboost_booster;

typedef struct twi_xgboost_matrix {
    void *handle_own; // NULL = none
    size_t rows_n;
} twi_xgboost_matrix;

// "xgboost 1.7.4": what it was built with.
const char *twi_xgboost_version(void);

// Keeps XGBoost silent on the calling thread.
tw_status twi_xgboost_silence(tw_err *err) TW_MUST_CHECK;

// Copies rows to predict into XGBoost's own form. *out is the caller's to release, also after a
// failure.
tw_status twi_xgboost_matrix_init(twi_xgboost_matrix *out, const tw_train_matrix *matrix,
                                  uint32_t threads_n, tw_err *err) TW_MUST_CHECK;
// The same for rows to train on, as bins: those of `cuts`, or with cuts NULL at most bins_n to a
// column, of equal weight.
tw_status twi_xgboost_bins_init(twi_xgboost_matrix *out, const tw_train_matrix *matrix,
                                const twi_xgboost_matrix *cuts, uint32_t bins_n, uint32_t threads_n,
                                tw_err *err) TW_MUST_CHECK;
void twi_xgboost_matrix_release(twi_xgboost_matrix *matrix);

// A booster for `train`, which remembers its margins on both matrices from round to round;
// validation may be NULL.
tw_status twi_xgboost_booster_init(twi_xgboost_booster *out, const twi_xgboost_matrix *train,
                                   const twi_xgboost_matrix *validation, tw_err *err) TW_MUST_CHECK;
void twi_xgboost_booster_release(twi_xgboost_booster *booster);
tw_status twi_xgboost_set(const twi_xgboost_booster *booster, const char *name, const char *value,
                          tw_err *err) TW_MUST_CHECK;

// One round on gradient[n] and hessian[n] of the train matrix.
tw_status twi_xgboost_boost(const twi_xgboost_booster *booster, const twi_xgboost_matrix *train,
                            uint32_t round, float *gradient, float *hessian,
                            tw_err *err) TW_MUST_CHECK;
// Margins of a matrix's rows; *out is a view until the next call on the booster.
tw_status twi_xgboost_margins(const twi_xgboost_booster *booster, const twi_xgboost_matrix *matrix,
                              const float **out, tw_err *err) TW_MUST_CHECK;
// Appends the first rounds_n rounds as JSON.
tw_status twi_xgboost_save(const twi_xgboost_booster *booster, uint32_t rounds_n, tw_buf *out,
                           tw_err *err) TW_MUST_CHECK;

#endif
