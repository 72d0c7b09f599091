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

// Codes of 16 differences to the centre, as twi_code: missing as the lowest and as the highest
// code.
TARGET static inline void encode16(__m512 differences, __m256i *low, __m256i *high)
{
    __m512i bits = _mm512_castps_si512(differences);
    __m512i absolute = _mm512_and_si512(bits, _mm512_set1_epi32(0x7fffffff));
    __mmask16 missing = _mm512_cmpgt_epi32_mask(absolute, _mm512_set1_epi32(0x7f800000));
    __m512i code = _mm512_srli_epi32(absolute, 16);
    code = _mm512_mask_sub_epi32(code, _mm512_movepi32_mask(bits), _mm512_setzero_si512(), code);
    *low = _mm512_cvtepi32_epi16(
        _mm512_mask_mov_epi32(code, missing, _mm512_set1_epi32(TWI_CODE_LOW)));
    *high = _mm512_cvtepi32_epi16(
        _mm512_mask_mov_epi32(code, missing, _mm512_set1_epi32(TWI_CODE_HIGH)));
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
            for (uint32_t i = 0; i < n; i++) {
                __m256i low, high;
                encode16(_mm512_sub_ps(r[i], _mm512_set1_ps(forest->centre_own[f + i])), &low,
                         &high);
                _mm256_store_si256((__m256i *)(void *)&codes->at[f + i][row], low);
                _mm256_store_si256((__m256i *)(void *)&codes->at[features_n + f + i][row], high);
            }
        }
    }
}

// Adds 32 path lengths of 16 bits to sums of 32.
TARGET static inline void widen_add(__m512i lengths, __m512i sums[2])
{
    sums[0] = _mm512_add_epi32(sums[0], _mm512_cvtepu16_epi32(_mm512_castsi512_si256(lengths)));
    sums[1] =
        _mm512_add_epi32(sums[1], _mm512_cvtepu16_epi32(_mm512_extracti64x4_epi64(lengths, 1)));
}

// One cut for the half block of 32 rows at `at`: reached[i] is split into the children's masks, and
// the rows that go right take the step.
TARGET static inline __m512i split_half(const twi_cut *cut, const int16_t *at, uint32_t in,
                                        uint32_t *reached, __m512i length)
{
    __mmask32 right = _mm512_mask_cmpgt_epi16_mask(in, _mm512_load_si512((const void *)at),
                                                   _mm512_set1_epi16(cut->threshold));
    _store_mask32(&reached[cut->right], right);
    _store_mask32(&reached[cut->left], _kandn_mask32(right, in));
    return _mm512_mask_add_epi16(length, right, length, _mm512_set1_epi16((short)cut->step));
}

TARGET void twi_iforest_block_avx512(const tw_iforest *forest, const float *x, size_t stride,
                                     uint32_t *out)
{
    block_codes codes;
    encode_block(forest, x, stride, &codes);
    uint32_t reached0[TWI_CUT_NONE + 1], reached1[TWI_CUT_NONE + 1]; // masks of rows, by halves
    __m512i sums0[2] = {_mm512_setzero_si512(), _mm512_setzero_si512()};
    __m512i sums1[2] = {_mm512_setzero_si512(), _mm512_setzero_si512()};
    for (uint32_t tree = 0; tree < forest->trees_n; tree++) {
        const twi_cut *cut = forest->cuts_own + forest->cut_start_own[tree];
        uint32_t n = forest->cut_start_own[tree + 1] - forest->cut_start_own[tree];
        __m512i length0 = _mm512_set1_epi16((short)forest->leftmost_own[tree]), length1 = length0;
        reached0[0] = reached1[0] = UINT32_MAX;
        for (uint32_t i = 0; i < n; i++, cut++) {
            const int16_t *at = codes.at[cut->slot];
            length0 = split_half(cut, at, reached0[i], reached0, length0);
            length1 = split_half(cut, at + HALF, reached1[i], reached1, length1);
        }
        widen_add(length0, sums0);
        widen_add(length1, sums1);
    }
    for (int i = 0; i < 2; i++) {
        _mm512_storeu_si512((void *)(out + 16 * i), sums0[i]);
        _mm512_storeu_si512((void *)(out + HALF + 16 * i), sums1[i]);
    }
}

// --- one row ---

// The codes of a row by slot, 64 to a pair of registers.
typedef struct row_codes {
    __m512i pair[4][2];
} row_codes;

TARGET static void encode_row(const tw_iforest *forest, const float *row, row_codes *codes)
{
    _Alignas(64) int16_t at[2 * TW_IFOREST_FEATURES_MAX];
    uint32_t n = forest->features_n;
    for (uint32_t f = 0; f < n; f += 16) {
        __mmask16 present = (__mmask16)((1u << TW_MIN(16u, n - f)) - 1);
        __m512 values = _mm512_maskz_loadu_ps(present, row + f);
        __m512 centre = _mm512_maskz_loadu_ps(present, forest->centre_own + f);
        __m256i low, high;
        encode16(_mm512_sub_ps(values, centre), &low, &high);
        _mm256_mask_storeu_epi16(at + f, present, low);
        _mm256_mask_storeu_epi16(at + n + f, present, high);
    }
    for (uint32_t k = 0; k < (2 * n + 63) / 64; k++) {
        codes->pair[k][0] = _mm512_load_si512((const void *)(at + 64 * k));
        codes->pair[k][1] = _mm512_load_si512((const void *)(at + 64 * k + HALF));
    }
}

// Code of the slot of each packed node, in the lower half of each lane.
TARGET static inline __m512i look_up(const row_codes *codes, bool is_wide, __m512i nodes)
{
    __m512i slot = _mm512_srli_epi32(nodes, 8);
    __m512i a = _mm512_permutex2var_epi16(codes->pair[0][0], slot, codes->pair[0][1]);
    __m512i b = _mm512_permutex2var_epi16(codes->pair[1][0], slot, codes->pair[1][1]);
    __mmask16 bit6 = _mm512_test_epi32_mask(slot, _mm512_set1_epi32(64));
    a = _mm512_mask_mov_epi32(a, bit6, b);
    if (!is_wide)
        return a;
    __m512i c = _mm512_permutex2var_epi16(codes->pair[2][0], slot, codes->pair[2][1]);
    __m512i d = _mm512_permutex2var_epi16(codes->pair[3][0], slot, codes->pair[3][1]);
    c = _mm512_mask_mov_epi32(c, bit6, d);
    return _mm512_mask_mov_epi32(a, _mm512_test_epi32_mask(slot, _mm512_set1_epi32(128)), c);
}

TARGET static inline __m512i walk_step(const tw_iforest *forest, const row_codes *codes,
                                       bool is_wide, __m512i at)
{
    __m512i nodes = _mm512_i32gather_epi32(at, (const void *)forest->nodes_own, 4);
    __m512i code = _mm512_slli_epi32(look_up(codes, is_wide, nodes), 16);
    __mmask16 right =
        _mm512_cmpgt_epi32_mask(code, _mm512_and_si512(nodes, _mm512_set1_epi32((int)0xffff0000)));
    at = _mm512_add_epi32(at, _mm512_and_si512(nodes, _mm512_set1_epi32(0xff)));
    return _mm512_mask_add_epi32(at, right, at, _mm512_set1_epi32(1));
}

#define WALK_GROUPS 4 // of 16 trees, side by side

TARGET static inline uint32_t walk_all(const tw_iforest *forest, const row_codes *codes,
                                       bool is_wide)
{
    __m512i sum = _mm512_setzero_si512();
    for (uint32_t tree = 0; tree < forest->trees_n; tree += 16 * WALK_GROUPS) {
        __m512i at[WALK_GROUPS];
        __mmask16 present[WALK_GROUPS];
        for (uint32_t k = 0; k < WALK_GROUPS; k++) {
            uint32_t first = tree + 16 * k;
            uint32_t n = first < forest->trees_n ? TW_MIN(16u, forest->trees_n - first) : 0;
            present[k] = (__mmask16)((1u << n) - 1);
            at[k] = _mm512_maskz_loadu_epi32(present[k], forest->tree_start_own + first);
        }
        for (uint32_t level = 0; level < forest->height; level++)
            for (uint32_t k = 0; k < WALK_GROUPS; k++)
                at[k] = walk_step(forest, codes, is_wide, at[k]);
        for (uint32_t k = 0; k < WALK_GROUPS; k++) {
            __m512i value = _mm512_i32gather_epi32(at[k], (const void *)forest->values_own, 2);
            sum = _mm512_mask_add_epi32(sum, present[k], sum,
                                        _mm512_and_si512(value, _mm512_set1_epi32(0xffff)));
        }
    }
    return (uint32_t)_mm512_reduce_add_epi32(sum);
}

TARGET uint32_t twi_iforest_row_avx512(const tw_iforest *forest, const float *row)
{
    row_codes codes;
    encode_row(forest, row, &codes);
    return forest->features_n > 64 ? walk_all(forest, &codes, true)
                                   : walk_all(forest, &codes, false);
}

#else

uint32_t twi_iforest_row_avx512(const tw_iforest *forest, const float *row)
{
    (void)forest, (void)row;
    TW_CHECK(!"reached without the instructions");
    return 0;
}

bool twi_iforest_has_avx512(void)
{
    return false;
}

void twi_iforest_block_avx512(const tw_iforest *forest, const float *x, size_t stride,
                              uint32_t *out)
{
    (void)forest, (void)x, (void)stride, (void)out;
    TW_CHECK(!"reached without the instructions");
}

#endif
