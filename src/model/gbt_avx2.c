// SPDX-License-Identifier: Apache-2.0
//
// Blocks of 64 rows with AVX2, in two halves: a slot is one register of 32 rows, a split one
// comparison of bytes, and the exits are selected from the lowest level upwards. No branch depends
// on the data. Compiled for these instructions by function attributes.
#include "gbt_plan.h"

#if defined(__x86_64__) && defined(__GNUC__)

#include <immintrin.h>

#define TARGET __attribute__((target("avx2,popcnt")))
#define INLINE static inline __attribute__((always_inline))
#define HALF 32

bool twi_gbt_has_avx2(void)
{
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("popcnt");
}

typedef struct block_codes {
    // [0]: missing is 0; [1]: missing is 255, for splits that send it right. Less 128, as the
    // comparison of bytes is a signed one.
    _Alignas(64) uint8_t code[2][TWI_GBT_SLOTS_MAX][TWI_GBT_BLOCK];
} block_codes;

TARGET INLINE uint32_t count_reached(const float *cuts, __m256 x)
{
    int low = _mm256_movemask_ps(_mm256_cmp_ps(x, _mm256_load_ps(cuts), _CMP_GE_OQ));
    int high = _mm256_movemask_ps(_mm256_cmp_ps(x, _mm256_load_ps(cuts + 8), _CMP_GE_OQ));
    return (uint32_t)__builtin_popcount((unsigned)(low | high << 8));
}

TARGET INLINE uint32_t encode(const float *cuts, uint32_t groups, __m256 x)
{
    uint32_t group = count_reached(cuts, x);
    if (groups == 1)
        return group;
    return TWI_GBT_GROUP * group + count_reached(cuts + (size_t)TWI_GBT_GROUP * (group + 1), x);
}

TARGET INLINE void encode_block(const twi_gbt_plan *plan, const float *x, size_t stride,
                                block_codes *codes)
{
    for (uint32_t s = 0; s < plan->slots_n; s++) {
        const float *at = x + plan->slot_input[s], *cuts = plan->cuts + plan->slot_start[s];
        uint32_t groups = plan->slot_groups[s];
        for (uint32_t i = 0; i < TWI_GBT_BLOCK; i++, at += stride) {
            uint32_t code = encode(cuts, groups, _mm256_set1_ps(*at));
            codes->code[0][s][i] = (uint8_t)(code ^ 0x80);
            codes->code[1][s][i] = (uint8_t)((*at != *at ? UINT8_MAX : code) ^ 0x80);
        }
    }
}

typedef struct chunk_view {
    const uint8_t *codes; // of the half's first row
    const uint8_t *slots, *cuts;
    uint64_t missing_right;
} chunk_view;

// 255 in the rows that go right.
TARGET INLINE __m256i goes_right(const chunk_view *c, uint32_t p)
{
    size_t table = c->missing_right >> p & 1;
    const uint8_t *code =
        c->codes + (table * TWI_GBT_SLOTS_MAX + c->slots[p]) * (size_t)TWI_GBT_BLOCK;
    return _mm256_cmpgt_epi8(_mm256_load_si256((const void *)code),
                             _mm256_set1_epi8((char)(c->cuts[p] ^ 0x80)));
}

// Way from node p down `levels` levels, as a number of so many bits, for each row.
TARGET INLINE __m256i way_1(const chunk_view *c, uint32_t p)
{
    return _mm256_and_si256(goes_right(c, p), _mm256_set1_epi8(1));
}

#define WAY(levels, fewer)                                                                         \
    TARGET INLINE __m256i way_##levels(const chunk_view *c, uint32_t p)                            \
    {                                                                                              \
        __m256i right = goes_right(c, p);                                                          \
        __m256i way = _mm256_blendv_epi8(way_##fewer(c, 2 * p), way_##fewer(c, 2 * p + 1), right); \
        return _mm256_or_si256(way, _mm256_and_si256(right, _mm256_set1_epi8(1 << (fewer))));      \
    }
WAY(2, 1)
WAY(3, 2)
WAY(4, 3)
WAY(5, 4)
WAY(6, 5)
#undef WAY

TARGET INLINE __m256i exits_of(const chunk_view *c, uint32_t levels)
{
    switch (levels) {
    case 0:
        return _mm256_setzero_si256();
    case 1:
        return _mm256_slli_epi16(way_1(c, 1), 5);
    case 2:
        return _mm256_slli_epi16(way_2(c, 1), 4);
    case 3:
        return _mm256_slli_epi16(way_3(c, 1), 3);
    case 4:
        return _mm256_slli_epi16(way_4(c, 1), 2);
    case 5:
        return _mm256_slli_epi16(way_5(c, 1), 1);
    default:
        return way_6(c, 1);
    }
}

TARGET void twi_gbt_block_avx2(const tw_gbt *gbt, const float *x, size_t stride, float *out)
{
    const twi_gbt_plan *plan = gbt->plan_own;
    block_codes codes;
    encode_block(plan, x, stride, &codes);
    for (uint32_t i = 0; i < TWI_GBT_BLOCK; i++)
        out[i] = gbt->base_margin;
    for (size_t tree = 0; tree < gbt->trees_n; tree++) {
        const float *leaf = plan->leaf + tree * TWI_GBT_CHUNK;
        for (uint32_t half = 0; half < TWI_GBT_BLOCK; half += HALF) {
            chunk_view c = {&codes.code[0][0][half], plan->split_slot + tree * TWI_GBT_CHUNK,
                            plan->split_cut + tree * TWI_GBT_CHUNK, plan->missing_right[tree]};
            _Alignas(32) uint8_t exits[HALF];
            _mm256_store_si256((void *)exits, exits_of(&c, plan->chunk_levels[tree]));
            for (uint32_t i = 0; i < HALF; i++)
                out[half + i] += leaf[exits[i]];
        }
    }
}

#else

bool twi_gbt_has_avx2(void)
{
    return false;
}

void twi_gbt_block_avx2(const tw_gbt *gbt, const float *x, size_t stride, float *out)
{
    (void)gbt, (void)x, (void)stride, (void)out;
    TW_CHECK(!"reached without the instructions");
}

#endif
