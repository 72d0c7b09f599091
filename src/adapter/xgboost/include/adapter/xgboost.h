// SPDX-License-Identifier: Apache-2.0
//
// The trainer on XGBoost's C API: histogram method, binary log loss. The only place that includes
// its header.
#ifndef TW_ADAPTER_XGBOOST_H
#define TW_ADAPTER_XGBOOST_H

#include "base/alloc.h"
#include "port/trainer.h"

// A trainer that lives as long as the program. Thread-safe.
tw_trainer tw_xgboost_trainer(const tw_alloc *alloc);

#endif
