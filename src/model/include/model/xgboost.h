// SPDX-License-Identifier: Apache-2.0
//
// XGBoost's model format, as JSON and as UBJSON: a data scientist's model scores here, ours opens
// in Python. Both spellings of base_score ("5E-1" up to 3.0, "[5E-1]" since 3.1) are read; what is
// written loads in XGBoost 1.7 and later. Pure: bytes in, bytes out.
//
// All trees of a file are read, as Booster.predict uses them all: best_iteration is not applied
// (slice the Booster in Python before saving to get that). base_score is a probability for
// binary:logistic and reg:logistic: its logit is the base margin; else it is the base margin
// itself.
#ifndef TW_MODEL_XGBOOST_H
#define TW_MODEL_XGBOOST_H

#include "base/str.h"
#include "model/gbt.h"

#define TW_XGBOOST_MAX_BYTES (256 << 20)

// A model that was read. Owned: free gbt, and names with the arena-like block behind them.
typedef struct tw_xgboost {
    tw_gbt *gbt_own;
    size_t names_n;    // 0 when the file names no features
    tw_str *names_own; // [names_n]
    char *text_own;    // what the names point into
    size_t text_bytes;
} tw_xgboost;

// Reads a model, JSON or UBJSON by its first bytes; *out is zero on failure. TW_SYNTAX: no such
// file; TW_UNSUPPORTED: another booster, objective, categorical splits or more than one output,
// named in the sentence; TW_CORRUPT: damaged; TW_LIMIT; TW_NO_MEMORY.
tw_status tw_xgboost_read(const tw_alloc *alloc, tw_str data, tw_xgboost *out,
                          tw_err *err) TW_MUST_CHECK;
void tw_xgboost_release(const tw_alloc *alloc, tw_xgboost *model);

typedef enum tw_xgboost_form { TW_XGBOOST_JSON, TW_XGBOOST_UBJSON } tw_xgboost_form;
// Appends the model with its input names[inputs_n of gbt], or none when NULL, to the buffer.
// TW_NO_MEMORY, TW_LIMIT.
tw_status tw_xgboost_write(const tw_alloc *alloc, const tw_gbt *gbt, const tw_str *names,
                           tw_xgboost_form form, tw_buf *out, tw_err *err) TW_MUST_CHECK;

#endif
