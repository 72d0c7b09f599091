// SPDX-License-Identifier: Apache-2.0
//
// Blocks of 64 rows with AVX-512: the codes of a slot are two registers of 32 rows, a cut is two
// comparisons into masks, and the masks of rows that reached a cut are handed down the tree. No
// branch depends on the data. Compiled for these instructions by function attributes, so that the
// program runs everywhere and decides at run time.
#include "iforest_internal.h"

#if defined(__x86_64__) && defined(__GNUC__)

#include <immintrin.h>

#define TARGET __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq")))
#define HALF 32 // rows to a register of 16-bit codes

bool twi_iforest_has_avx512(void)
{
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
           __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq");
}

typedef struct block_codes {
    _Alignas(64) int16_t at[2 * TW_IFOREST_FEATURES_MAX][TW_IFOREST_BLOCK];
} block_codes;

// Transposes 16 rows of 16 floats in place.
TARGET static inline void transpose16(__m512 r[16])
{
    __m512 t[16];
    for (int i = 0; i < 8; i++) {
        t[2 * i] = _mm512_unpacklo_ps(r[2 * i], r[2 * i + 1]);
        t[2 * i + 1] = _mm512_unpackhi_ps(r[2 * i], r[2 * i + 1]);
    }
    for (int i = 0; i < 4; i++) {
        r[4 * i + 0] = _mm512_shuffle_ps(t[4 * i + 0], t[4 * i + 2], 0x44);
        r[4 * i + 1] = _mm512_shuffle_ps(t[4 * i + 0], t[4 * i + 2], 0xee);
        r[4 * i + 2] = _mm512_shuffle_ps(t[4 * i + 1], t[4 * i + 3], 0x44);
        r[4 * i + 3] = _mm512_shuffle_ps(t[4 * i + 1], t[4 * i + 3], 0xee);
    }
    for (int i = 0; i < 4; i++) {
        t[i] = _mm512_shuffle_f32x4(r[i], r[i + 4], 0x88);
        t[i + 4] = _mm512_shuffle_f32x4(r[i], r[i + 4], 0xdd);
        t[i + 8] = _mm512_shuffle_f32x4(r[i + 8], r[i + 12], 0x88);
        t[i + 12] = _mm512_shuffle_f32x4(r[i + 8], r[i + 12], 0xdd);
    }
    for (int i = 0; i < 4; i++) {
        r[i] = _mm512_shuffle_f32x4(t[i], t[i + 8], 0x88);
        r[i + 4] = _mm512_shuffle_f32x4(t[i + 4], t[i + 12], 0x88);
        r[i + 8] = _mm512_shuffle_f32x4(t[i], t[i + 8], 0xdd);
        r[i + 12] = _mm512_shuffle_f32x4(t[i + 4], t[i + 12], 0xdd);
    }
}

// twi_code of one feature for 16 rows, into both slots of the feature.
TARGET static inline void encode16(__m512 values, float centre, int16_t *low, int16_t *high)
{
    __m512i bits = _mm512_castps_si512(_mm512_sub_ps(values, _mm512_set1_ps(centre)));
    __m512i absolute = _mm512_and_si512(bits, _mm512_set1_epi32(0x7fffffff));
    __mmask16 missing = _mm512_cmpgt_epi32_mask(absolute, _mm512_set1_epi32(0x7f800000));
    __m512i code = _mm512_srli_epi32(absolute, 16);
    code = _mm512_mask_sub_epi32(code, _mm512_movepi32_mask(bits), _mm512_setzero_si512(), code);
    __m512i as_low = _mm512_mask_mov_epi32(code, missing, _mm512_set1_epi32(TWI_CODE_LOW));
    __m512i as_high = _mm512_mask_mov_epi32(code, missing, _mm512_set1_epi32(TWI_CODE_HIGH));
    _mm256_store_si256((__m256i *)(void *)low, _mm512_cvtepi32_epi16(as_low));
    _mm256_store_si256((__m256i *)(void *)high, _mm512_cvtepi32_epi16(as_high));
}

TARGET static void encode_block(const tw_iforest *forest, const float *x, size_t stride,
                                block_codes *codes)
{
    uint32_t features_n = forest->features_n;
    for (uint32_t f = 0; f < features_n; f += 16) {
        uint32_t n = TW_MIN(16u, features_n - f);
        __mmask16 present = (__mmask16)((1u << n) - 1);
        for (uint32_t row = 0; row < TW_IFOREST_BLOCK; row += 16) {
            __m512 r[16];
            for (uint32_t i = 0; i < 16; i++)
                r[i] = _mm512_maskz_loadu_ps(present, x + (row + i) * stride + f);
            transpose16(r);
            for (uint32_t i = 0; i < n; i++)
                encode16(r[i], forest->centre_own[f + i], &codes->at[f + i][row],
                         &codes->at[features_n + f + i][row]);
        }
    }
}

// Adds 32 path lengths of 16 bits to sums of 32.
TARGET static inline void widen_add(__m512i lengths, __m512i sums[2])
{
    sums[0] = _mm512_add_epi32(sums[0], _mm512_cvtepu16_epi32(_mm512_castsi512_si256(lengths)));
    sums[1] = _mm512_add_epi32(sums[1], _mm512_cvtepu16_epi32(_mm512_extracti64x4_epi64(lengths, 1)));
}

TARGET void twi_iforest_block_avx512(const tw_iforest *forest, const float *x, size_t stride,
                                     uint32_t *out)
{
    block_codes codes;
    encode_block(forest, x, stride, &codes);
    uint32_t reached[TWI_CUT_NONE + 1][2]; // rows that reached a cut, by halves of the block
    __m512i sums[4] = {_mm512_setzero_si512(), _mm512_setzero_si512(), _mm512_setzero_si512(),
                       _mm512_setzero_si512()};
    for (uint32_t tree = 0; tree < forest->trees_n; tree++) {
        const twi_cut *cut = forest->cuts_own + forest->cut_start_own[tree];
        uint32_t n = forest->cut_start_own[tree + 1] - forest->cut_start_own[tree];
        __m512i length0 = _mm512_set1_epi16((short)forest->leftmost_own[tree]), length1 = length0;
        reached[0][0] = reached[0][1] = UINT32_MAX;
        for (uint32_t i = 0; i < n; i++, cut++) {
            const int16_t *at = codes.at[cut->slot];
            __m512i threshold = _mm512_set1_epi16(cut->threshold);
            __m512i step = _mm512_set1_epi16((short)cut->step);
            __mmask32 in0 = reached[i][0], in1 = reached[i][1];
            __mmask32 right0 = _mm512_mask_cmpgt_epi16_mask(
                in0, _mm512_load_si512((const void *)at), threshold);
            __mmask32 right1 = _mm512_mask_cmpgt_epi16_mask(
                in1, _mm512_load_si512((const void *)(at + HALF)), threshold);
            length0 = _mm512_mask_add_epi16(length0, right0, length0, step);
            length1 = _mm512_mask_add_epi16(length1, right1, length1, step);
            reached[cut->left][0] = in0 & ~right0;
            reached[cut->left][1] = in1 & ~right1;
            reached[cut->right][0] = right0;
            reached[cut->right][1] = right1;
        }
        widen_add(length0, sums);
        widen_add(length1, sums + 2);
    }
    for (int i = 0; i < 4; i++)
        _mm512_storeu_si512((void *)(out + 16 * i), sums[i]);
}

#else

bool twi_iforest_has_avx512(void) { return false; }

void twi_iforest_block_avx512(const tw_iforest *forest, const float *x, size_t stride, uint32_t *out)
{
    (void)forest, (void)x, (void)stride, (void)out;
    TW_CHECK(!"reached without the instructions");
}

#endif
