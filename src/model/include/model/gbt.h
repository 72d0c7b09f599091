// SPDX-License-Identifier: Apache-2.0
//
// Gradient-boosted trees: our own evaluator for models that XGBoost trained. A forest is immutable
// once made, so every function that takes a const tw_gbt is thread-safe; scoring allocates nothing.
//
// Rows are float32, x[rows_n][inputs_n], row-major. NaN = missing: at each split it goes to the
// side that training chose. A split sends x < threshold to the left (float32 compare, as XGBoost).
// The margin is the float32 sum of the base margin and the leaves in the order of the trees, which
// is XGBoost's own; a probability is 1 / (1 + exp(-margin)). Same model, same row: same bits on
// every machine and code path.
#ifndef TW_MODEL_GBT_H
#define TW_MODEL_GBT_H

#include "base/alloc.h"
#include "base/buf.h"

#define TW_GBT_INPUTS_MAX 1024
#define TW_GBT_TREES_MAX 4096
#define TW_GBT_DEPTH_MAX 16
#define TW_GBT_NODES_MAX (1 << 22) // of all trees

typedef struct tw_gbt tw_gbt;

// Objectives whose margin and transform are known; stored numbers: append only.
#define TW_GBT_OBJECTIVES(X)                                                                       \
    X(LOGISTIC, "binary:logistic")                                                                 \
    X(LOGITRAW, "binary:logitraw")                                                                 \
    X(REG_LOGISTIC, "reg:logistic")                                                                \
    X(SQUARED_ERROR, "reg:squarederror")
typedef enum tw_gbt_objective {
#define X(name, text) TW_GBT_##name,
    TW_GBT_OBJECTIVES(X)
#undef X
        TW_GBT_OBJECTIVE_N
} tw_gbt_objective;
const char *tw_gbt_objective_name(tw_gbt_objective objective);

// A tree as arrays over its nodes, root first; borrowed. A leaf has left = right = -1; its value is
// the leaf's weight. cover is the sum of hessians (>= 0), gain the loss reduction of a split.
typedef struct tw_gbt_tree {
    const int32_t *left, *right;
    const uint32_t *input; // of a split
    const float *value;    // threshold of a split, weight of a leaf
    const bool *missing_left;
    const float *cover, *gain;
    size_t nodes_n;
} tw_gbt_tree;

// Copies trees[trees_n]; nodes that the root does not reach are left out. base_margin is in margin
// units (XGBoost's base_score passed through the objective's link). TW_INVALID with a sentence when
// a tree is no tree or a number is not finite, TW_LIMIT, TW_NO_MEMORY.
tw_status tw_gbt_new(const tw_alloc *alloc, const tw_gbt_tree *trees, size_t trees_n,
                     size_t inputs_n, tw_gbt_objective objective, float base_margin, tw_gbt **out,
                     tw_err *err) TW_MUST_CHECK;
void tw_gbt_free(tw_gbt *gbt);

size_t tw_gbt_inputs_n(const tw_gbt *gbt);
size_t tw_gbt_trees_n(const tw_gbt *gbt);
size_t tw_gbt_nodes_n(const tw_gbt *gbt);
tw_gbt_objective tw_gbt_objective_of(const tw_gbt *gbt);
float tw_gbt_base_margin(const tw_gbt *gbt);
// A view of a tree in the form that new took, its nodes in breadth-first order: the children of the
// k-th inner node are the nodes 2 k + 1 and 2 k + 2.
void tw_gbt_tree_get(const tw_gbt *gbt, size_t tree_idx, tw_gbt_tree *out);
// Total gain of the splits on each input, as shares of the whole: out[inputs_n]; all 0 without
// splits.
void tw_gbt_importance(const tw_gbt *gbt, double *out);

#define TW_GBT_PATHS(X)                                                                            \
    X(BEST, "best")                                                                                \
    X(PORTABLE, "portable")                                                                        \
    X(AVX2, "avx2")                                                                                \
    X(AVX512, "avx512")
typedef enum tw_gbt_path {
#define X(name, text) TW_GBT_PATH_##name,
    TW_GBT_PATHS(X)
#undef X
        TW_GBT_PATH_N
} tw_gbt_path;
const char *tw_gbt_path_name(tw_gbt_path path);
bool tw_gbt_path_is_supported(tw_gbt_path path);

// Margin of one row[inputs_n], by the fastest path.
float tw_gbt_margin(const tw_gbt *gbt, const float *row);
// out[rows_n] of rows x + i * stride, stride >= inputs_n floats.
void tw_gbt_margins(const tw_gbt *gbt, tw_gbt_path path, const float *x, size_t rows_n,
                    size_t stride, float *out);
// The objective's transform of a margin, as XGBoost's predict gives it.
double tw_gbt_transform(const tw_gbt *gbt, float margin);

// Contribution of each input to the margin of one row: out[inputs_n]; *expected + the sum of out =
// margin. Exact path-dependent TreeSHAP (S. M. Lundberg, G. G. Erion, S.-I. Lee, 2018), equal to
// XGBoost's pred_contribs. Allocates nothing.
void tw_gbt_explain(const tw_gbt *gbt, const float *row, double *out, double *expected);

// The trees in a model file, docs/formats/model.md.
void tw_gbt_write(const tw_gbt *gbt, tw_buf *buf);
// Reads what write wrote; all of it is checked. TW_CORRUPT or TW_UNSUPPORTED (a newer form) with a
// sentence, or TW_NO_MEMORY.
tw_status tw_gbt_read(const tw_alloc *alloc, const void *data, size_t bytes, tw_gbt **out,
                      tw_err *err) TW_MUST_CHECK;

#endif
