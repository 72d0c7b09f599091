// SPDX-License-Identifier: Apache-2.0
//
// Boosted trees in memory, shared by the files gbt_*.c: the nodes as training gave them, in
// breadth-first order, tree after tree.
//
// Invariants, established by tw_gbt_new:
//  1. A tree's nodes are in breadth-first order: the children of its k-th inner node are its nodes
//     2 k + 1 and 2 k + 2, both behind their parent. A leaf has left = right = -1.
//  2. input < inputs_n, depth <= TW_GBT_DEPTH_MAX; values, covers and gains are finite, covers not
//     negative; the base margin is not -0, so no sum ever is.
#ifndef TW_MODEL_GBT_INTERNAL_H
#define TW_MODEL_GBT_INTERNAL_H

#include <string.h>

#include "model/gbt.h"

// The nodes of all trees, field by field.
typedef struct twi_gbt_nodes {
    size_t n;
    int32_t *left_own; // [n], within the tree
    int32_t *right_own;
    uint32_t *input_own;
    float *value_own;
    bool *missing_own; // missing goes left
    float *cover_own, *gain_own;
} twi_gbt_nodes;

typedef struct twi_gbt_plan twi_gbt_plan;

struct tw_gbt {
    const tw_alloc *alloc;
    size_t inputs_n, trees_n;
    tw_gbt_objective objective;
    float base_margin;
    uint32_t depth;      // of the deepest tree, in splits
    uint32_t *start_own; // [trees_n + 1], index of the root in nodes
    twi_gbt_nodes nodes;
    twi_gbt_plan *plan_own; // what is scored, gbt_plan.h; NULL = the nodes themselves
};

// Zeroed arrays; TW_NO_MEMORY, and then release is still due.
tw_status twi_gbt_nodes_init(twi_gbt_nodes *nodes, const tw_alloc *alloc, size_t n) TW_MUST_CHECK;
void twi_gbt_nodes_release(twi_gbt_nodes *nodes, const tw_alloc *alloc);
// The nodes start..start + n as a tree.
tw_gbt_tree twi_gbt_nodes_view(const twi_gbt_nodes *nodes, size_t start, size_t n);

// Whether the objective's base_score and predictions are probabilities. Those of binary:logitraw
// are margins.
bool twi_gbt_has_logit(tw_gbt_objective objective);
// The margin of a probability in (0, 1), as XGBoost computes it: -ln(1 / p - 1) in float32.
float twi_gbt_logit(float probability);

#endif
