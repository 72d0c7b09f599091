// SPDX-License-Identifier: Apache-2.0
//
// Blocks of 32 rows with AVX2, for processors without AVX-512: as iforest_avx512.c, but the rows
// that reached a cut are 32 words of all ones or zeros instead of bits. With the 16-byte vectors
// that every x86-64 has this was no faster than walking rows, so there is no third form.
// Single rows are walked as in portable C.
#include "iforest_internal.h"

#if defined(__x86_64__) && defined(__GNUC__)

#define TARGET __attribute__((target("avx2")))
#define LANES 32
#define VECTORS 2 // of 16 rows
typedef uint16_t vector __attribute__((vector_size(32)));
typedef int16_t signed_vector __attribute__((vector_size(32)));

bool twi_iforest_has_avx2(void)
{
    return __builtin_cpu_supports("avx2");
}

typedef struct block {
    signed_vector codes[2 * TW_IFOREST_FEATURES_MAX][VECTORS];
    vector reached[TWI_CUT_NONE + 1][VECTORS]; // by cut of the tree
} block;

TARGET static void encode_half(const tw_iforest *forest, const float *x, size_t stride, block *b)
{
    uint32_t n = forest->features_n;
    for (uint32_t f = 0; f < n; f++) {
        float centre = forest->centre_own[f], values[LANES];
        int16_t low[LANES], high[LANES];
        for (size_t k = 0; k < LANES; k++)
            values[k] = x[k * stride + f];
        for (size_t k = 0; k < LANES; k++)
            low[k] = twi_code(values[k], centre, TWI_CODE_LOW);
        for (size_t k = 0; k < LANES; k++)
            high[k] = low[k] == TWI_CODE_LOW ? TWI_CODE_HIGH : low[k];
        memcpy(b->codes[f], low, sizeof(low));
        memcpy(b->codes[n + f], high, sizeof(high));
    }
}

// Splits the rows by every cut of a tree; length[] begins as that of the leftmost leaf.
TARGET static inline void split(const twi_cut *cuts, uint32_t n, block *b, vector length[VECTORS])
{
    for (int h = 0; h < VECTORS; h++)
        b->reached[0][h] = ~(vector){0};
    for (uint32_t i = 0; i < n; i++) {
        const signed_vector *code = b->codes[cuts[i].slot];
        signed_vector threshold = (signed_vector){0} + cuts[i].threshold;
        vector step = (vector){0} + cuts[i].step;
        vector *to_left = b->reached[cuts[i].left], *to_right = b->reached[cuts[i].right];
        for (int h = 0; h < VECTORS; h++) {
            vector in = b->reached[i][h], right = in & (vector)(code[h] > threshold);
            to_right[h] = right;
            to_left[h] = in ^ right;
            length[h] += right & step;
        }
    }
}

TARGET static void half_block(const tw_iforest *forest, const float *x, size_t stride,
                              uint32_t *out)
{
    block b;
    encode_half(forest, x, stride, &b);
    for (size_t k = 0; k < LANES; k++)
        out[k] = 0;
    for (uint32_t tree = 0; tree < forest->trees_n; tree++) {
        uint32_t start = forest->cut_start_own[tree];
        vector length[VECTORS];
        uint16_t lengths[LANES];
        for (int h = 0; h < VECTORS; h++)
            length[h] = (vector){0} + forest->leftmost_own[tree];
        split(forest->cuts_own + start, forest->cut_start_own[tree + 1] - start, &b, length);
        memcpy(lengths, length, sizeof(lengths));
        for (size_t k = 0; k < LANES; k++)
            out[k] += lengths[k];
    }
}

void twi_iforest_block_avx2(const tw_iforest *forest, const float *x, size_t stride, uint32_t *out)
{
    half_block(forest, x, stride, out);
    half_block(forest, x + LANES * stride, stride, out + LANES);
}

#else

bool twi_iforest_has_avx2(void)
{
    return false;
}

void twi_iforest_block_avx2(const tw_iforest *forest, const float *x, size_t stride, uint32_t *out)
{
    (void)forest, (void)x, (void)stride, (void)out;
    TW_CHECK(!"reached without the instructions");
}

#endif
