// SPDX-License-Identifier: Apache-2.0
//
// The rows of a training, checked and sorted into bins.
#ifndef TW_ADAPTER_XGBOOST_SET_H
#define TW_ADAPTER_XGBOOST_SET_H

#include "base/alloc.h"
#include "xgboost_vendor.h"

struct tw_train_set {
    const tw_alloc *alloc;
    twi_xgboost_matrix matrix;
    size_t cols_n;
    uint32_t bins_n;
};

// Shape, labels, weights and values; `what` names the rows in the sentence. TW_INVALID.
tw_status twi_xgboost_check(const tw_train_matrix *matrix, const char *what,
                            tw_err *err) TW_MUST_CHECK;
// From rows that were checked.
tw_status twi_xgboost_set_new(const tw_alloc *alloc, const tw_train_matrix *matrix, uint32_t bins_n,
                              uint32_t threads_n, tw_train_set **out, tw_err *err) TW_MUST_CHECK;
void twi_xgboost_set_free(tw_train_set *set);

#endif
