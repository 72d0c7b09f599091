// SPDX-License-Identifier: Apache-2.0
//
// Shapley values of the margin, for trees of up to six levels, sixteen trees side by side. The
// formula is that of gbt_explain.c. At most six inputs are on a path, so the integrand has a degree
// of at most five and three Gauss-Legendre points integrate it exactly. No product is divided again
// by one of its factors: with `others` the product over the inputs above but that of the node, and
// `child` the sum over the leaves below of value times the factors below, an edge gives
//   gain * others * child
// to its input; where an edge above has the same input, that one's part of these leaves is taken
// out, and the factor below is the ratio of the two. Shares under 1e-30 count as 0.
//
// Vectors are those of GCC and clang; the same code is compiled for three sets of instructions.
#include "gbt_lanes.h"

#define POINTS 3
#define FACTOR_MIN 1e-30f

typedef float floats __attribute__((vector_size(TWI_GBT_LANES * sizeof(float))));
typedef uint32_t ints __attribute__((vector_size(TWI_GBT_LANES * sizeof(uint32_t))));

static const float point[POINTS] = {0.112701665379258f, 0.5f, 0.887298334620742f};
static const float point_weight[POINTS] = {0.277777777777778f, 0.444444444444444f,
                                           0.277777777777778f};

typedef struct explaining {
    ints low, high; // decisions at the nodes 0..31 and 32..63
    floats point[POINTS];
    const twi_gbt_lanes *lanes;
    double *out;
} explaining;

// 1 or 0 as floats: the bits of 1.0f, or none.
#define as_floats(bit) ((floats)(0x3f800000u & (0u - (bit))))
// The value where the condition is true, else 0.
#define where(condition, value) ((floats)((ints)(condition) & (ints)(value)))

#define TARGET
#define NAME(name) name##_portable
#include "gbt_lanes_body.h"
#undef TARGET
#undef NAME

#if defined(__x86_64__)
#define TARGET __attribute__((target("avx2")))
#define NAME(name) name##_avx2
#include "gbt_lanes_body.h"
#undef TARGET
#undef NAME
#define TARGET __attribute__((target("avx512f,avx512vl,avx512dq,avx512bw")))
#define NAME(name) name##_avx512
#include "gbt_lanes_body.h"
#undef TARGET
#undef NAME
#else
#define explain_avx2 explain_portable
#define explain_avx512 explain_portable
#endif

void twi_gbt_lanes_explain(const twi_gbt_lanes *lanes, tw_gbt_path path, const uint64_t *right,
                           double *out)
{
    if (path == TW_GBT_PATH_AVX512)
        explain_avx512(lanes, right, out);
    else if (path == TW_GBT_PATH_AVX2)
        explain_avx2(lanes, right, out);
    else
        explain_portable(lanes, right, out);
}

// --- filling ---

typedef struct place {
    int64_t node;   // of the forest, -1 = padding
    double zero;    // of the edge that leads here, with those of the same input above it
    double reach;   // share of the training rows
    uint32_t input; // of that edge
} place;

static void fill_node(const tw_gbt *gbt, size_t start, twi_gbt_lanes *out, size_t lane, uint32_t p,
                      uint32_t level, place at[2 * TWI_GBT_CHUNK])
{
    const twi_gbt_nodes *nodes = &gbt->nodes;
    int64_t node = at[p].node;
    bool splits = node >= 0 && nodes->left_own[node] >= 0;
    place *left = &at[2 * p], *right = left + 1;
    out->same_zero[p][lane] = 1.0f;
    out->left_zero[p][lane] = 1.0f;
    *left = (place){.node = node, .reach = at[p].reach, .input = UINT32_MAX};
    *right = (place){.node = -1, .input = UINT32_MAX};
    if (!splits)
        return;
    uint32_t input = nodes->input_own[node], above = p, same_level = level;
    while (same_level > 0 && at[above].input != input) {
        above >>= 1;
        same_level--;
    }
    double same_zero = same_level > 0 ? at[above].zero : 1.0;
    left->node = (int64_t)start + nodes->left_own[node];
    right->node = left->node + 1;
    double cover[2] = {(double)nodes->cover_own[left->node], (double)nodes->cover_own[right->node]};
    double total = cover[0] + cover[1], share = total > 0.0 ? cover[0] / total : 0.5;
    left->zero = same_zero * share;
    right->zero = same_zero * (1.0 - share);
    left->reach = at[p].reach * share;
    right->reach = at[p].reach * (1.0 - share);
    left->input = right->input = input;
    out->used |= UINT64_C(1) << p;
    out->input[p][lane] = (uint16_t)input;
    out->same_level[p][lane] = same_level;
    out->same_zero[p][lane] = (float)same_zero;
    out->left_zero[p][lane] = (float)left->zero;
    out->right_zero[p][lane] = (float)right->zero;
}

void twi_gbt_lanes_fill(const tw_gbt *gbt, size_t first_tree, size_t trees_n, twi_gbt_lanes *out,
                        double *expected)
{
    for (size_t lane = 0; lane < TWI_GBT_LANES; lane++) {
        size_t start = lane < trees_n ? gbt->start_own[first_tree + lane] : 0;
        place at[2 * TWI_GBT_CHUNK] = {{0}};
        at[1] = (place){
            .node = lane < trees_n ? (int64_t)start : -1, .reach = 1.0, .input = UINT32_MAX};
        uint32_t level = 0;
        for (uint32_t p = 1; p < TWI_GBT_CHUNK; p++) {
            level += p >> (level + 1);
            fill_node(gbt, start, out, lane, p, level, at);
        }
        for (uint32_t exit = 0; exit < TWI_GBT_CHUNK; exit++) {
            const place *leaf = &at[TWI_GBT_CHUNK + exit];
            float value = leaf->node >= 0 ? gbt->nodes.value_own[leaf->node] : 0.0f;
            out->leaf[exit][lane] = value;
            *expected += (double)value * leaf->reach;
        }
    }
}
