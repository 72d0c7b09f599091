// SPDX-License-Identifier: Apache-2.0
//
// The form of boosted trees that is explained when no tree is deeper than six levels: sixteen trees
// side by side, as the chunks of gbt_plan.h, every number that does not depend on the row ready.
#ifndef TW_MODEL_GBT_LANES_H
#define TW_MODEL_GBT_LANES_H

#include "gbt_plan.h"

#define TWI_GBT_LANES 16

// Sixteen trees; [p][lane] for the nodes p, [exit][lane] for the leaves. The edges below a padded
// node have shares 1 and 0, those of missing trees too, and leaves 0.
typedef struct twi_gbt_lanes {
    _Alignas(64) float same_zero[TWI_GBT_CHUNK][TWI_GBT_LANES]; // zero of the edge below, 1 = none
    _Alignas(64) uint32_t same_level[TWI_GBT_CHUNK][TWI_GBT_LANES]; // 1..5, 0 = none
    _Alignas(64) float left_zero[TWI_GBT_CHUNK][TWI_GBT_LANES];
    _Alignas(64) float right_zero[TWI_GBT_CHUNK][TWI_GBT_LANES];
    _Alignas(64) float leaf[TWI_GBT_CHUNK][TWI_GBT_LANES];
    _Alignas(64) uint16_t input[TWI_GBT_CHUNK][TWI_GBT_LANES];
    uint64_t used; // bit p: some lane has a split at p
} twi_gbt_lanes;

// Fills the lanes of trees_n <= 16 trees from first_tree on; *expected grows by their mean leaves.
void twi_gbt_lanes_fill(const tw_gbt *gbt, size_t first_tree, size_t trees_n, twi_gbt_lanes *out,
                        double *expected);
// Adds the contributions of sixteen trees to out[inputs_n]; right[lane] are the decisions of a row.
// The same bits on every path that is supported.
void twi_gbt_lanes_explain(const twi_gbt_lanes *lanes, tw_gbt_path path, const uint64_t *right,
                           double *out);

#endif
