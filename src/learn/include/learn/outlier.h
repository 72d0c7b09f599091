// SPDX-License-Identifier: Apache-2.0
//
// Which features the outlier forest may cut. A rare hour is no odd transaction, so the clock is
// left to the signals, which know opening hours and shifts. Where the feed has one store, or an
// employee id that is no person, the features of that entity tell only how busy the chain is.
#ifndef TW_LEARN_OUTLIER_H
#define TW_LEARN_OUTLIER_H

#include "learn/dataset.h"
#include "model/iforest.h"

// Weights for tw_iforest_options from the training rows x[n][stride] (stride >= TW_FEATURE_N) and
// the number of stores: out[TW_FEATURE_N], 0 or 1. Pure.
void tw_outlier_weights(const float *x, size_t n, size_t stride, uint32_t store_n,
                        float out[TW_FEATURE_N]);

// A forest on a training set's rows, for a training of a given period: rows are drawn by what they
// stand for, so that verdicts and signals do not make some of them more frequent than they are.
// Labels are not looked at. TW_INVALID with fewer than 2 rows, TW_NO_MEMORY.
tw_status tw_outlier_train(const tw_alloc *alloc, const tw_dataset *dataset, uint32_t store_n,
                           uint64_t seed, tw_iforest **out, tw_err *err) TW_MUST_CHECK;

#endif
