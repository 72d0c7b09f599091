// SPDX-License-Identifier: Apache-2.0
//
// The forest in memory, shared by the files iforest_*.c. Two forms of the same trees:
//  - nodes, breadth-first, 4 bytes each: one row walks down eight trees at a time;
//  - cuts, the inner nodes only, 8 bytes each: a block of 64 rows is split by every cut of a tree,
//    as 64-bit masks of rows, without a branch.
//
// Invariants, established by twi_iforest_finish for training and loading alike:
//  1. A tree's nodes are in breadth-first order; both children of node i are at i + child and
//     i + child + 1; a leaf has child 0 and a threshold that no code exceeds, so that a walk of a
//     fixed number of steps stays on it.
//  2. A row goes right when codes[slot] > threshold. Slot f is feature f with missing = lowest
//  code;
//     slot features_n + f is the same with missing = highest.
//  3. counts[] of children sum up to the parent's and are at least 1.
//  4. values[] is depth + c(count) of leaves in 1/2048, 0 of inner nodes; fits 16 bits because
//     8 + c(65535) < 32.
#ifndef TW_MODEL_IFOREST_INTERNAL_H
#define TW_MODEL_IFOREST_INTERNAL_H

#include <string.h>

#include "model/calibrate.h"
#include "model/iforest.h"

#define TWI_CODE_LOW INT16_MIN  // missing, where it sides with low values
#define TWI_CODE_HIGH INT16_MAX // missing, where it sides with high values; also a leaf's threshold
#define TWI_CODE_INF 32640      // code of +infinity: the upper half of its bits
#define TWI_DEPTH_ONE 2048u     // one cut in units of path length
#define TWI_TREE_NODES_MAX ((2 << TW_IFOREST_HEIGHT_MAX) - 1)
#define TWI_TREE_CUTS_MAX ((1 << TW_IFOREST_HEIGHT_MAX) - 1)
#define TWI_CUT_NONE 255 // mask index of a leaf: written, never read

typedef struct twi_node {
    int16_t threshold;
    uint8_t slot;
    uint8_t child; // distance to the left child, 0 = leaf
} twi_node;

// A node in one word, so that a step of a walk is one load and shifts: threshold in the upper half,
// then slot, then child.
static inline uint32_t twi_pack(twi_node node)
{
    return (uint32_t)(uint16_t)node.threshold << 16 | (uint32_t)node.slot << 8 | node.child;
}

static inline twi_node twi_unpack(uint32_t word)
{
    return (twi_node){(int16_t)(word >> 16), (uint8_t)(word >> 8), (uint8_t)word};
}

typedef struct twi_cut {
    int16_t threshold;
    uint16_t step; // added to the path length of rows that go right, modulo 2^16
    uint8_t slot;
    uint8_t left, right; // indices of the children among the tree's cuts, or TWI_CUT_NONE
    uint8_t spare;
} twi_cut;

// A node as training and loading hand it over.
typedef struct twi_raw_node {
    twi_node node;
    uint16_t count;
} twi_raw_node;

struct tw_iforest {
    const tw_alloc *alloc;
    uint64_t seed;
    uint32_t features_n, trees_n, sample_n, height, nodes_n, cuts_n;
    double depth_scale;       // 1 / (trees_n * c(sample_n) * TWI_DEPTH_ONE)
    float *centre_own;        // [features_n], finite
    uint32_t *tree_start_own; // [trees_n + 1], index of the root in nodes
    uint32_t *nodes_own;      // [nodes_n], packed
    uint16_t *values_own;     // [nodes_n + 1]: vector code reads two at a time
    uint16_t *counts_own;     // [nodes_n]
    uint32_t *cut_start_own;  // [trees_n + 1]
    twi_cut *cuts_own;        // [cuts_n]
    uint16_t *leftmost_own;   // [trees_n], value of the leftmost leaf
    tw_curve *rank_own;       // score -> rank
};

// Order-preserving 16-bit code of x - centre; `missing` for NaN.
static inline int16_t twi_code(float x, float centre, int16_t missing)
{
    float d = x - centre;
    uint32_t bits;
    memcpy(&bits, &d, sizeof(bits));
    int32_t magnitude = (int32_t)((bits & 0x7fffffffu) >> 16);
    int32_t code = bits >> 31 ? -magnitude : magnitude;
    return (bits & 0x7fffffffu) > 0x7f800000u ? missing : (int16_t)code;
}

// Least magnitude with that code, as a double; the code of infinity gives the largest float's.
static inline double twi_code_value(int16_t code)
{
    int32_t magnitude = code < 0 ? -code : code;
    uint32_t bits = (uint32_t)(magnitude < TWI_CODE_INF ? magnitude : TWI_CODE_INF - 1) << 16;
    float value;
    memcpy(&value, &bits, sizeof(value));
    return code < 0 ? -(double)value : (double)value;
}

// c(n), the mean path length of an unsuccessful search in a random binary search tree of n keys.
double twi_iforest_c(uint32_t n);

// Makes the forest from trees_n trees of tree_nodes_n[] nodes each, joined in raw[], which satisfy
// the invariants 1 to 3 (checked by TW_CHECK here, by the loader before). centre[features_n] is
// copied. The rank is still missing.
tw_status twi_iforest_finish(const tw_alloc *alloc, const tw_iforest *shape, const float *centre,
                             const uint32_t *tree_nodes_n, const twi_raw_node *raw,
                             tw_iforest **out) TW_MUST_CHECK;

// Score of a path length that need not be a whole number of units.
double twi_iforest_score_at(const tw_iforest *forest, double depth);

// codes[2 * features_n] of one row.
void twi_iforest_encode(const tw_iforest *forest, const float *row, int16_t *codes);

// Path lengths of exactly TW_IFOREST_BLOCK rows.
void twi_iforest_block_avx512(const tw_iforest *forest, const float *x, size_t stride,
                              uint32_t *out);
uint32_t twi_iforest_row_avx512(const tw_iforest *forest, const float *row);
void twi_iforest_block_avx2(const tw_iforest *forest, const float *x, size_t stride, uint32_t *out);
bool twi_iforest_has_avx512(void);
bool twi_iforest_has_avx2(void);

#endif
