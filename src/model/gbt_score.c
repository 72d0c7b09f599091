// SPDX-License-Identifier: Apache-2.0
//
// Margins in portable C, and the choice of the code path. A single row walks down eight trees at a
// time: a step depends on the one before it, so the processor overlaps the eight. Every path adds
// the leaves to the base margin in the order of the trees, in float32.
#include "gbt_plan.h"

#define WALK_TREES 8

// Code of a value in a slot: the number of cuts <= x; NaN gives 0.
static inline uint32_t encode(const float *cuts, uint32_t groups, float x)
{
    uint32_t group = 0, code = 0;
    if (groups > 1) {
        for (uint32_t i = 0; i < TWI_GBT_GROUP; i++)
            group += x >= cuts[i];
        cuts += (size_t)TWI_GBT_GROUP * (group + 1);
    }
    for (uint32_t i = 0; i < TWI_GBT_GROUP; i++)
        code += x >= cuts[i];
    return TWI_GBT_GROUP * group + code;
}

void twi_gbt_encode(const twi_gbt_plan *plan, const float *row, twi_gbt_codes *codes)
{
    uint8_t any = 0;
    for (uint32_t s = 0; s < plan->slots_n; s++) {
        float x = row[plan->slot_input[s]];
        codes->code[s] = (uint8_t)encode(plan->cuts + plan->slot_start[s], plan->slot_groups[s], x);
        codes->missing[s] = x != x ? UINT8_MAX : 0;
        any |= codes->missing[s];
    }
    codes->has_missing = any != 0;
}

// The place below p in a chunk.
static inline uint32_t step(const twi_gbt_plan *plan, const twi_gbt_codes *codes, uint32_t chunk,
                            uint32_t p, bool has_missing)
{
    size_t at = (size_t)chunk * TWI_GBT_CHUNK + p;
    uint32_t slot = plan->split_slot[at];
    uint32_t right = codes->code[slot] > plan->split_cut[at];
    if (has_missing)
        right |= (uint32_t)(plan->missing_right[chunk] >> p) & codes->missing[slot] & 1;
    return 2 * p + right;
}

static inline float sum_trees(const tw_gbt *gbt, const twi_gbt_codes *codes, bool has_missing)
{
    const twi_gbt_plan *plan = gbt->plan_own;
    float sum = gbt->base_margin;
    for (uint32_t tree = 0; tree < gbt->trees_n; tree += WALK_TREES) {
        uint32_t n = TW_MIN((uint32_t)gbt->trees_n - tree, (uint32_t)WALK_TREES);
        uint32_t p[WALK_TREES], chunk[WALK_TREES];
        for (uint32_t k = 0; k < WALK_TREES; k++) {
            p[k] = 1;
            chunk[k] = tree + (k < n ? k : 0);
        }
        for (uint32_t level = 0; level < TWI_GBT_LEVELS; level++)
            for (uint32_t k = 0; k < WALK_TREES; k++)
                p[k] = step(plan, codes, chunk[k], p[k], has_missing);
        for (uint32_t k = 0; k < n; k++) {
            size_t exit = (size_t)chunk[k] * TWI_GBT_CHUNK + p[k] - TWI_GBT_CHUNK;
            while (plan->is_deep && plan->next[exit] >= 0) {
                uint32_t next = (uint32_t)plan->next[exit], q = 1;
                for (uint32_t level = 0; level < TWI_GBT_LEVELS; level++)
                    q = step(plan, codes, next, q, has_missing);
                exit = (size_t)next * TWI_GBT_CHUNK + q - TWI_GBT_CHUNK;
            }
            sum += plan->leaf[exit];
        }
    }
    return sum;
}

void twi_gbt_decide(const twi_gbt_plan *plan, const twi_gbt_codes *codes, size_t first_tree,
                    size_t n, uint64_t *right)
{
    for (size_t k = 0; k < n; k++) {
        size_t at = (first_tree + k) * TWI_GBT_CHUNK;
        uint64_t bits = 0, missing = 0;
        for (uint32_t p = 1; p < TWI_GBT_CHUNK; p++) {
            uint32_t slot = plan->split_slot[at + p];
            bits |= (uint64_t)(codes->code[slot] > plan->split_cut[at + p]) << p;
            missing |= (uint64_t)(codes->missing[slot] & 1) << p;
        }
        right[k] = bits | (missing & plan->missing_right[first_tree + k]);
    }
}

// Node by node, for trees without a plan.
static float walk_nodes(const tw_gbt *gbt, const float *row)
{
    const twi_gbt_nodes *nodes = &gbt->nodes;
    float sum = gbt->base_margin;
    for (size_t tree = 0; tree < gbt->trees_n; tree++) {
        size_t start = gbt->start_own[tree], at = start;
        while (nodes->left_own[at] >= 0) {
            float x = row[nodes->input_own[at]];
            bool left = x != x ? nodes->missing_own[at] : x < nodes->value_own[at];
            at = start + (size_t)(left ? nodes->left_own[at] : nodes->right_own[at]);
        }
        sum += nodes->value_own[at];
    }
    return sum;
}

static float margin_portable(const tw_gbt *gbt, const float *row)
{
    twi_gbt_codes codes;
    if (!gbt->plan_own)
        return walk_nodes(gbt, row);
    twi_gbt_encode(gbt->plan_own, row, &codes);
    return codes.has_missing ? sum_trees(gbt, &codes, true) : sum_trees(gbt, &codes, false);
}

const char *tw_gbt_path_name(tw_gbt_path path)
{
    static const char *const names[] = {
#define X(name, text) text,
        TW_GBT_PATHS(X)
#undef X
    };
    return names[path];
}

bool tw_gbt_path_is_supported(tw_gbt_path path)
{
    if (path == TW_GBT_PATH_AVX512)
        return twi_gbt_has_avx512();
    return path == TW_GBT_PATH_AVX2 ? twi_gbt_has_avx2() : path < TW_GBT_PATH_N;
}

tw_gbt_path twi_gbt_best_path(void)
{
    if (twi_gbt_has_avx512())
        return TW_GBT_PATH_AVX512;
    return twi_gbt_has_avx2() ? TW_GBT_PATH_AVX2 : TW_GBT_PATH_PORTABLE;
}

float tw_gbt_margin(const tw_gbt *gbt, const float *row)
{
    return gbt->plan_own && twi_gbt_has_avx512() ? twi_gbt_row_avx512(gbt, row)
                                                 : margin_portable(gbt, row);
}

void tw_gbt_margins(const tw_gbt *gbt, tw_gbt_path path, const float *x, size_t rows_n,
                    size_t stride, float *out)
{
    TW_CHECK(stride >= gbt->inputs_n);
    TW_CHECK(tw_gbt_path_is_supported(path));
    if (path == TW_GBT_PATH_BEST)
        path = twi_gbt_best_path();
    if (!gbt->plan_own)
        path = TW_GBT_PATH_PORTABLE;
    bool has_blocks = gbt->plan_own && !gbt->plan_own->is_deep;
    size_t i = 0, blocks_end = has_blocks ? rows_n - rows_n % TWI_GBT_BLOCK : 0;
    if (path == TW_GBT_PATH_AVX512)
        for (; i < blocks_end; i += TWI_GBT_BLOCK)
            twi_gbt_block_avx512(gbt, x + i * stride, stride, out + i);
    if (path == TW_GBT_PATH_AVX2)
        for (; i < blocks_end; i += TWI_GBT_BLOCK)
            twi_gbt_block_avx2(gbt, x + i * stride, stride, out + i);
    for (; i < rows_n; i++)
        out[i] = path == TW_GBT_PATH_AVX512 ? twi_gbt_row_avx512(gbt, x + i * stride)
                                            : margin_portable(gbt, x + i * stride);
}
