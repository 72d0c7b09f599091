// SPDX-License-Identifier: Apache-2.0
//
// The inputs of the classifier: the feature row, and what signals and outlier model made of it
// before the classifier spoke. Names are part of model files: append only, or train anew.
#ifndef TW_DETECT_INPUTS_H
#define TW_DETECT_INPUTS_H

#include "base/str.h"
#include "feature/catalogue.h"

// X(name, monotone, "unit", "title", "help"); monotone 1: more of it never lowers the risk.
#define TW_DERIVED_INPUTS(X)                                                                       \
    X(outlier, 1, "rank", "Outlier rank",                                                          \
      "Share of ordinary transactions that the outlier model finds less odd than this one")        \
    X(evidence, 1, "ratio", "Evidence of the signals",                                             \
      "Evidence of the strongest scheme against what an alert needs; 0 when no signal fired")      \
    X(fired_n, 1, "count", "Signals that fired", "Signals that fired on this transaction")

enum {
    TWI_INPUT_FEATURES_END = TW_FEATURE_N - 1,
#define X(name, monotone, unit, title, help) TW_INPUT_##name,
    TW_DERIVED_INPUTS(X)
#undef X
        TW_INPUT_N
};

typedef struct tw_input_info {
    const char *name, *unit, *title, *help;
    int8_t monotone; // -1, 0, 1
} tw_input_info;

// i < TW_INPUT_N; features first, in the catalogue's order.
tw_input_info tw_input_get(size_t i);
// Index of a name, or TW_INPUT_N.
size_t tw_input_find(tw_str name);

#endif
