// SPDX-License-Identifier: Apache-2.0
//
// The form of boosted trees that is scored. Each input is replaced by codes of 8 bits: a slot has
// up to 255 ascending cuts, thresholds of one input, and the code of x is the number of cuts <= x.
// A split on cut k of a slot sends a row to the right when its code is above k. A missing value has
// code 0 and is marked; a split whose missing values go right says so in a mask.
//
// A chunk is a part of a tree as a perfect tree of six levels: node p in 1..63 has the children 2 p
// and 2 p + 1, exit e in 0..63 is reached as p = 64 + e. Where the tree ends earlier, padding goes
// to the left always. Chunk t < trees_n begins at the root of tree t; an exit of a tree that is
// deeper leads to another chunk.
//
// Trees whose inputs need more than 256 slots, or more chunks than is sensible, have no plan and
// are walked node by node.
#ifndef TW_MODEL_GBT_PLAN_H
#define TW_MODEL_GBT_PLAN_H

#include "gbt_internal.h"

#define TWI_GBT_LEVELS 6
#define TWI_GBT_CHUNK 64 // nodes (one spare), exits
#define TWI_GBT_SLOTS_MAX 256
#define TWI_GBT_SLOTS_ONE 64  // that one register holds
#define TWI_GBT_SLOTS_TWO 128 // that two hold
#define TWI_GBT_CUTS_MAX 255  // of a slot
#define TWI_GBT_GROUP 16      // cuts that are compared at once
#define TWI_GBT_BLOCK 64      // rows of a batch that are scored together
#define TWI_GBT_CHUNKS_MAX (1 << 16)

struct twi_gbt_lanes;

struct twi_gbt_plan {
    uint8_t *block_own; // all arrays, each aligned to 64
    size_t block_bytes;
    uint32_t slots_n, chunks_n;
    bool is_deep;          // some exits lead on
    uint16_t *input_slot;  // [inputs_n + 1], first slot of each input
    uint16_t *slot_input;  // [slots_n]
    uint16_t *slot_groups; // [slots_n], 1..16
    uint32_t *slot_start;  // [slots_n], of its groups in cuts
    // Groups of 16 cuts, filled up with NaN. A slot of more than one begins with a group of pivots:
    // the first cuts of its groups but the first.
    float *cuts;
    uint8_t *split_slot; // [chunks_n][64]
    // The same, plus a bit above all slots where missing values go right: TWI_GBT_SLOTS_ONE with up
    // to so many slots, else TWI_GBT_SLOTS_TWO; beyond that there is no room for it.
    uint8_t *split_look;         // [chunks_n][64]
    uint8_t *split_cut;          // [chunks_n][64], 255 = never right
    uint64_t *missing_right;     // [chunks_n], bit p
    uint8_t *chunk_levels;       // [chunks_n], 0..6: levels that hold splits
    float *leaf;                 // [chunks_n][64], by exit; 0 where an exit leads on
    int32_t *next;               // [chunks_n][64] when deep: chunk behind the exit, -1 = none
    struct twi_gbt_lanes *lanes; // [lanes_n], for explanations, gbt_lanes.h; none when deep
    size_t lanes_n;
    double expected; // base margin and mean leaves, when lanes are there
};

// *out stays NULL where there is no plan. TW_NO_MEMORY.
tw_status twi_gbt_plan_new(const tw_gbt *gbt, twi_gbt_plan **out) TW_MUST_CHECK;
void twi_gbt_plan_free(const tw_alloc *alloc, twi_gbt_plan *plan);

// A row in codes.
typedef struct twi_gbt_codes {
    _Alignas(64) uint8_t code[TWI_GBT_SLOTS_MAX];
    _Alignas(64) uint8_t missing[TWI_GBT_SLOTS_MAX]; // 0 or 255
    bool has_missing;
} twi_gbt_codes;

// Portable.
void twi_gbt_encode(const twi_gbt_plan *plan, const float *row, twi_gbt_codes *codes);
// Decisions at the first chunks of trees[n], from the first one on; bit p = goes right.
void twi_gbt_decide(const twi_gbt_plan *plan, const twi_gbt_codes *codes, size_t first_tree,
                    size_t n, uint64_t *right);

tw_gbt_path twi_gbt_best_path(void);
bool twi_gbt_has_avx512(void);
bool twi_gbt_has_avx2(void);
void twi_gbt_encode_avx512(const tw_gbt *gbt, const float *row, twi_gbt_codes *codes);
void twi_gbt_decide_avx512(const twi_gbt_plan *plan, const twi_gbt_codes *codes, size_t first_tree,
                           size_t n, uint64_t *right);
float twi_gbt_row_avx512(const tw_gbt *gbt, const float *row);
// Exactly TWI_GBT_BLOCK rows, of a plan that is not deep.
void twi_gbt_block_avx512(const tw_gbt *gbt, const float *x, size_t stride, float *out);
void twi_gbt_block_avx2(const tw_gbt *gbt, const float *x, size_t stride, float *out);

#endif
