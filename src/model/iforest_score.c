// SPDX-License-Identifier: Apache-2.0
//
// Scoring in portable C, and the choice of the code path for batches. A single row walks down eight
// trees at a time: a step depends on the one before it, so the processor overlaps the eight.
#include "iforest_internal.h"

#define WALK_TREES 8

void twi_iforest_encode(const tw_iforest *forest, const float *row, int16_t *codes)
{
    uint32_t n = forest->features_n;
    const float *centre = forest->centre_own;
    for (uint32_t f = 0; f < n; f++)
        codes[f] = twi_code(row[f], centre[f], TWI_CODE_LOW);
    for (uint32_t f = 0; f < n; f++)
        codes[n + f] = codes[f] == TWI_CODE_LOW ? TWI_CODE_HIGH : codes[f];
}

static inline uint32_t walk_step(const uint32_t *nodes, const int16_t *codes, uint32_t at)
{
    twi_node node = twi_unpack(nodes[at]);
    // 1 when the code is above the threshold: the sign of a difference, cheaper than a comparison.
    return at + node.child + ((uint32_t)(node.threshold - codes[node.slot]) >> 31);
}

static uint32_t walk(const tw_iforest *forest, const int16_t *codes)
{
    const uint32_t *nodes = forest->nodes_own;
    const uint32_t *start = forest->tree_start_own;
    const uint16_t *values = forest->values_own;
    uint32_t sum = 0, tree = 0;
    for (; tree + WALK_TREES <= forest->trees_n; tree += WALK_TREES) {
        uint32_t at[WALK_TREES];
        for (int k = 0; k < WALK_TREES; k++)
            at[k] = start[tree + k];
        for (uint32_t level = 0; level < forest->height; level++)
            for (int k = 0; k < WALK_TREES; k++)
                at[k] = walk_step(nodes, codes, at[k]);
        for (int k = 0; k < WALK_TREES; k++)
            sum += values[at[k]];
    }
    for (; tree < forest->trees_n; tree++) {
        uint32_t at = start[tree];
        for (uint32_t level = 0; level < forest->height; level++)
            at = walk_step(nodes, codes, at);
        sum += values[at];
    }
    return sum;
}

static uint32_t depth_portable(const tw_iforest *forest, const float *row)
{
    int16_t codes[2 * TW_IFOREST_FEATURES_MAX];
    twi_iforest_encode(forest, row, codes);
    return walk(forest, codes);
}

uint32_t tw_iforest_depth(const tw_iforest *forest, const float *row)
{
    return twi_iforest_has_avx512() ? twi_iforest_row_avx512(forest, row)
                                    : depth_portable(forest, row);
}

double tw_iforest_score(const tw_iforest *forest, const float *row)
{
    return tw_iforest_score_of(forest, tw_iforest_depth(forest, row));
}

const char *tw_iforest_path_name(tw_iforest_path path)
{
    static const char *const names[] = {
#define X(name, text) text,
        TW_IFOREST_PATHS(X)
#undef X
    };
    return names[path];
}

bool tw_iforest_path_is_supported(tw_iforest_path path)
{
    if (path == TW_IFOREST_AVX512)
        return twi_iforest_has_avx512();
    return path == TW_IFOREST_AVX2 ? twi_iforest_has_avx2() : path < TW_IFOREST_PATH_N;
}

static tw_iforest_path best_path(void)
{
    if (twi_iforest_has_avx512())
        return TW_IFOREST_AVX512;
    return twi_iforest_has_avx2() ? TW_IFOREST_AVX2 : TW_IFOREST_PORTABLE;
}

void tw_iforest_depths(const tw_iforest *forest, tw_iforest_path path, const float *x,
                       size_t rows_n, size_t stride, uint32_t *out)
{
    TW_CHECK(stride >= forest->features_n);
    TW_CHECK(tw_iforest_path_is_supported(path));
    if (path == TW_IFOREST_BEST)
        path = best_path();
    size_t i = 0, blocks_end = rows_n - rows_n % TW_IFOREST_BLOCK;
    if (path == TW_IFOREST_AVX512)
        for (; i < blocks_end; i += TW_IFOREST_BLOCK)
            twi_iforest_block_avx512(forest, x + i * stride, stride, out + i);
    if (path == TW_IFOREST_AVX2)
        for (; i < blocks_end; i += TW_IFOREST_BLOCK)
            twi_iforest_block_avx2(forest, x + i * stride, stride, out + i);
    for (; i < rows_n; i++)
        out[i] = path == TW_IFOREST_AVX512 ? twi_iforest_row_avx512(forest, x + i * stride)
                                           : depth_portable(forest, x + i * stride);
}

void tw_iforest_scores(const tw_iforest *forest, const float *x, size_t rows_n, size_t stride,
                       double *out)
{
    uint32_t depths[TW_IFOREST_BLOCK];
    for (size_t i = 0; i < rows_n; i += TW_IFOREST_BLOCK) {
        size_t n = TW_MIN((size_t)TW_IFOREST_BLOCK, rows_n - i);
        tw_iforest_depths(forest, TW_IFOREST_BEST, x + i * stride, n, stride, depths);
        for (size_t k = 0; k < n; k++)
            out[i + k] = tw_iforest_score_of(forest, depths[k]);
    }
}
