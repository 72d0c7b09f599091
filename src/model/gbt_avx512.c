// SPDX-License-Identifier: Apache-2.0
//
// AVX-512 with byte permutations (VBMI). One row: its codes lie in two or four registers; a chunk
// is one permutation that fetches the code of each split, one comparison, and a mask of 64
// decisions; the masks of eight trees walk down side by side. A block of 64 rows: a slot is one
// register of 64 rows, a split one comparison, and the exits are selected from the lowest level
// upwards. No branch depends on the data. Compiled for these instructions by function attributes,
// so that the program runs everywhere and decides at run time.
#include "gbt_plan.h"

#if defined(__x86_64__) && defined(__GNUC__)

#include <immintrin.h>

#define TARGET                                                                                     \
    __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,avx512vbmi,popcnt,bmi,bmi2,lzcnt")))
#define INLINE static inline __attribute__((always_inline))

bool twi_gbt_has_avx512(void)
{
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
           __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq") &&
           __builtin_cpu_supports("avx512vbmi") && __builtin_cpu_supports("bmi2");
}

TARGET INLINE uint32_t count_reached(const float *cuts, __m512 x)
{
    return (uint32_t)__builtin_popcount(
        (unsigned)_mm512_cmp_ps_mask(x, _mm512_load_ps(cuts), _CMP_GE_OQ));
}

TARGET INLINE uint32_t encode(const twi_gbt_plan *plan, uint32_t slot, __m512 x)
{
    const float *cuts = plan->cuts + plan->slot_start[slot];
    if (plan->slot_groups[slot] == 1)
        return count_reached(cuts, x);
    uint32_t group = count_reached(cuts, x);
    return TWI_GBT_GROUP * group + count_reached(cuts + (size_t)TWI_GBT_GROUP * (group + 1), x);
}

TARGET void twi_gbt_encode_avx512(const tw_gbt *gbt, const float *row, twi_gbt_codes *codes)
{
    const twi_gbt_plan *plan = gbt->plan_own;
    uint32_t inputs_n = (uint32_t)gbt->inputs_n;
    for (uint32_t k = 0; k < TWI_GBT_SLOTS_MAX; k += 64)
        _mm512_store_si512(codes->missing + k, _mm512_setzero_si512());
    for (uint32_t s = 0; s < plan->slots_n; s++)
        codes->code[s] = (uint8_t)encode(plan, s, _mm512_set1_ps(row[plan->slot_input[s]]));
    codes->has_missing = false;
    for (uint32_t i = 0; i < inputs_n; i += 16) {
        __mmask16 present = (__mmask16)((1u << TW_MIN(16u, inputs_n - i)) - 1);
        __m512 x = _mm512_maskz_loadu_ps(present, row + i);
        uint32_t missing = _mm512_cmp_ps_mask(x, x, _CMP_UNORD_Q);
        for (; missing != 0; missing &= missing - 1) {
            const uint16_t *slot = plan->input_slot + i + __builtin_ctz(missing);
            for (uint32_t s = slot[0]; s < slot[1]; s++) {
                codes->missing[s] = UINT8_MAX;
                codes->has_missing = true;
            }
        }
    }
}

// The codes of a row by slot, 64 to a register; missing values have code 0 in low, 255 in high.
typedef struct row_codes {
    __m512i low[4], high[4];
} row_codes;

// Registers of codes in use: 1, 2 or 4.
TARGET INLINE int load_row(const twi_gbt_codes *from, uint32_t slots_n, row_codes *codes)
{
    for (uint32_t k = 0; k < 4; k++) {
        bool in_use = 64 * k < slots_n;
        codes->low[k] = in_use ? _mm512_load_si512(from->code + 64 * k) : _mm512_setzero_si512();
        codes->high[k] = _mm512_or_si512(codes->low[k], _mm512_load_si512(from->missing + 64 * k));
    }
    if (slots_n <= TWI_GBT_SLOTS_ONE)
        return 1;
    return slots_n <= TWI_GBT_SLOTS_TWO ? 2 : 4;
}

TARGET INLINE __m512i look_up_four(const __m512i table[4], __m512i slots)
{
    __m512i first = _mm512_permutex2var_epi8(table[0], slots, table[1]);
    __m512i second = _mm512_permutex2var_epi8(table[2], slots, table[3]);
    return _mm512_mask_mov_epi8(first, _mm512_movepi8_mask(slots), second);
}

// The code that each split compares. The permutations ignore the bits above those they need.
TARGET INLINE __m512i look_up(const row_codes *codes, __m512i looks, uint64_t missing_right,
                              int tables_n, bool has_missing)
{
    if (tables_n == 1)
        return has_missing ? _mm512_permutex2var_epi8(codes->low[0], looks, codes->high[0])
                           : _mm512_permutexvar_epi8(looks, codes->low[0]);
    if (tables_n == 2) {
        __m512i low = _mm512_permutex2var_epi8(codes->low[0], looks, codes->low[1]);
        if (!has_missing)
            return low;
        __m512i high = _mm512_permutex2var_epi8(codes->high[0], looks, codes->high[1]);
        return _mm512_mask_mov_epi8(low, _mm512_movepi8_mask(looks), high);
    }
    __m512i low = look_up_four(codes->low, looks);
    return has_missing ? _mm512_mask_mov_epi8(low, missing_right, look_up_four(codes->high, looks))
                       : low;
}

// Bit p: the row goes right at node p.
TARGET INLINE uint64_t decide(const twi_gbt_plan *plan, const row_codes *codes, size_t chunk,
                              int tables_n, bool has_missing)
{
    __m512i looks = _mm512_load_si512(plan->split_look + chunk * TWI_GBT_CHUNK);
    __m512i cuts = _mm512_load_si512(plan->split_cut + chunk * TWI_GBT_CHUNK);
    return _mm512_cmpgt_epu8_mask(
        look_up(codes, looks, plan->missing_right[chunk], tables_n, has_missing), cuts);
}

// Follows a tree beyond its first chunk.
TARGET INLINE size_t follow(const twi_gbt_plan *plan, const row_codes *codes, size_t exit,
                            int tables_n, bool has_missing)
{
    while (plan->next[exit] >= 0) {
        size_t chunk = (size_t)plan->next[exit];
        uint64_t right = decide(plan, codes, chunk, tables_n, has_missing), p = 1;
        for (int level = 0; level < TWI_GBT_LEVELS; level++)
            p = 2 * p + (right >> p & 1);
        exit = chunk * TWI_GBT_CHUNK + p - TWI_GBT_CHUNK;
    }
    return exit;
}

#define RUN_TREES 32 // decisions of so many trees are stored before they are walked

// Places of the exits of a run after its first chunks, from the decisions. What is left over from
// an earlier run is walked too and not used.
TARGET INLINE void walk_run(const uint64_t *masks, uint64_t *places)
{
    const __m512i one = _mm512_set1_epi64(1);
    for (size_t k = 0; k < RUN_TREES; k += 8) {
        __m512i right = _mm512_load_si512(masks + k), p = one;
        for (int level = 0; level < TWI_GBT_LEVELS; level++) // p = 2 p | (right >> p & 1)
            p = _mm512_ternarylogic_epi64(_mm512_add_epi64(p, p), _mm512_srlv_epi64(right, p), one,
                                          0xf8);
        _mm512_store_si512(places + k, p);
    }
}

// The additions depend on one another, so those of a run are mixed with the decisions of the next.
TARGET INLINE float sum_trees(const tw_gbt *gbt, const row_codes *codes, int tables_n,
                              bool has_missing)
{
    const twi_gbt_plan *plan = gbt->plan_own;
    size_t trees_n = gbt->trees_n, next = TW_MIN(trees_n, (size_t)RUN_TREES);
    float sum = gbt->base_margin;
    _Alignas(64) uint64_t masks[RUN_TREES] = {0}, places[RUN_TREES];
    for (size_t k = 0; k < next; k++)
        masks[k] = decide(plan, codes, k, tables_n, has_missing);
    for (size_t tree = 0; tree < trees_n; tree = next) {
        next = TW_MIN(tree + RUN_TREES, trees_n);
        walk_run(masks, places);
        for (size_t k = 0; tree + k < next; k++) {
            size_t exit = (tree + k) * TWI_GBT_CHUNK + places[k] - TWI_GBT_CHUNK;
            if (plan->is_deep)
                exit = follow(plan, codes, exit, tables_n, has_missing);
            sum += plan->leaf[exit];
            if (next + k < trees_n)
                masks[k] = decide(plan, codes, next + k, tables_n, has_missing);
        }
    }
    return sum;
}

TARGET float twi_gbt_row_avx512(const tw_gbt *gbt, const float *row)
{
    twi_gbt_codes encoded;
    row_codes codes;
    twi_gbt_encode_avx512(gbt, row, &encoded);
    int tables_n = load_row(&encoded, gbt->plan_own->slots_n, &codes);
    if (tables_n == 1)
        return encoded.has_missing ? sum_trees(gbt, &codes, 1, true)
                                   : sum_trees(gbt, &codes, 1, false);
    if (tables_n == 2)
        return encoded.has_missing ? sum_trees(gbt, &codes, 2, true)
                                   : sum_trees(gbt, &codes, 2, false);
    return encoded.has_missing ? sum_trees(gbt, &codes, 4, true) : sum_trees(gbt, &codes, 4, false);
}

TARGET void twi_gbt_decide_avx512(const twi_gbt_plan *plan, const twi_gbt_codes *encoded,
                                  size_t first_tree, size_t n, uint64_t *right)
{
    row_codes codes;
    int tables_n = load_row(encoded, plan->slots_n, &codes);
    for (size_t k = 0; k < n; k++)
        right[k] = tables_n == 1   ? decide(plan, &codes, first_tree + k, 1, true)
                   : tables_n == 2 ? decide(plan, &codes, first_tree + k, 2, true)
                                   : decide(plan, &codes, first_tree + k, 4, true);
}

// --- a block of rows ---

typedef struct block_codes {
    // [0]: missing is 0; [1]: missing is 255, for splits that send it right.
    _Alignas(64) uint8_t code[2][TWI_GBT_SLOTS_MAX][TWI_GBT_BLOCK];
} block_codes;

TARGET INLINE void encode_block(const twi_gbt_plan *plan, const float *x, size_t stride,
                                block_codes *codes)
{
    for (uint32_t s = 0; s < plan->slots_n; s++) {
        const float *at = x + plan->slot_input[s];
        for (uint32_t i = 0; i < TWI_GBT_BLOCK; i++, at += stride) {
            uint8_t code = (uint8_t)encode(plan, s, _mm512_set1_ps(*at));
            codes->code[0][s][i] = code;
            codes->code[1][s][i] = *at != *at ? UINT8_MAX : code;
        }
    }
}

typedef struct chunk_view {
    const block_codes *codes;
    const uint8_t *slots, *cuts;
    uint64_t missing_right;
} chunk_view;

TARGET INLINE __mmask64 goes_right(const chunk_view *c, uint32_t p)
{
    const uint8_t *code = c->codes->code[c->missing_right >> p & 1][c->slots[p]];
    return _mm512_cmpgt_epu8_mask(_mm512_load_si512(code), _mm512_set1_epi8((char)c->cuts[p]));
}

// Way from node p down `levels` levels, as a number of so many bits, for each row. The function of
// each number of levels calls that of one fewer, so all is unrolled.
TARGET INLINE __m512i way_1(const chunk_view *c, uint32_t p)
{
    return _mm512_maskz_set1_epi8(goes_right(c, p), 1);
}

#define WAY(levels, fewer)                                                                         \
    TARGET INLINE __m512i way_##levels(const chunk_view *c, uint32_t p)                            \
    {                                                                                              \
        __mmask64 right = goes_right(c, p);                                                        \
        __m512i low = way_##fewer(c, 2 * p), high = way_##fewer(c, 2 * p + 1);                     \
        low = _mm512_mask_mov_epi8(low, right, high);                                              \
        return _mm512_mask_add_epi8(low, right, low, _mm512_set1_epi8(1 << (fewer)));              \
    }
WAY(2, 1)
WAY(3, 2)
WAY(4, 3)
WAY(5, 4)
WAY(6, 5)
#undef WAY

TARGET INLINE __m512i exits_of(const chunk_view *c, uint32_t levels)
{
    switch (levels) {
    case 0:
        return _mm512_setzero_si512();
    case 1:
        return _mm512_slli_epi16(way_1(c, 1), 5);
    case 2:
        return _mm512_slli_epi16(way_2(c, 1), 4);
    case 3:
        return _mm512_slli_epi16(way_3(c, 1), 3);
    case 4:
        return _mm512_slli_epi16(way_4(c, 1), 2);
    case 5:
        return _mm512_slli_epi16(way_5(c, 1), 1);
    default:
        return way_6(c, 1);
    }
}

TARGET INLINE __m512 leaves_of(const __m512 leaf[4], __m128i exits)
{
    __m512i exit = _mm512_cvtepu8_epi32(exits);
    __m512 low = _mm512_permutex2var_ps(leaf[0], exit, leaf[1]);
    __m512 high = _mm512_permutex2var_ps(leaf[2], exit, leaf[3]);
    return _mm512_mask_mov_ps(low, _mm512_test_epi32_mask(exit, _mm512_set1_epi32(32)), high);
}

TARGET void twi_gbt_block_avx512(const tw_gbt *gbt, const float *x, size_t stride, float *out)
{
    const twi_gbt_plan *plan = gbt->plan_own;
    block_codes codes;
    encode_block(plan, x, stride, &codes);
    __m512 sum[4];
    for (int k = 0; k < 4; k++)
        sum[k] = _mm512_set1_ps(gbt->base_margin);
    for (size_t tree = 0; tree < gbt->trees_n; tree++) {
        chunk_view c = {&codes, plan->split_slot + tree * TWI_GBT_CHUNK,
                        plan->split_cut + tree * TWI_GBT_CHUNK, plan->missing_right[tree]};
        __m512i exits = exits_of(&c, plan->chunk_levels[tree]);
        __m512 leaf[4];
        for (int k = 0; k < 4; k++)
            leaf[k] = _mm512_load_ps(plan->leaf + tree * TWI_GBT_CHUNK + 16 * k);
        sum[0] = _mm512_add_ps(sum[0], leaves_of(leaf, _mm512_extracti32x4_epi32(exits, 0)));
        sum[1] = _mm512_add_ps(sum[1], leaves_of(leaf, _mm512_extracti32x4_epi32(exits, 1)));
        sum[2] = _mm512_add_ps(sum[2], leaves_of(leaf, _mm512_extracti32x4_epi32(exits, 2)));
        sum[3] = _mm512_add_ps(sum[3], leaves_of(leaf, _mm512_extracti32x4_epi32(exits, 3)));
    }
    for (int k = 0; k < 4; k++)
        _mm512_storeu_ps(out + 16 * k, sum[k]);
}

#else

bool twi_gbt_has_avx512(void)
{
    return false;
}

void twi_gbt_encode_avx512(const tw_gbt *gbt, const float *row, twi_gbt_codes *codes)
{
    (void)gbt, (void)row, (void)codes;
    TW_CHECK(!"reached without the instructions");
}

void twi_gbt_decide_avx512(const twi_gbt_plan *plan, const twi_gbt_codes *encoded,
                           size_t first_tree, size_t n, uint64_t *right)
{
    (void)plan, (void)encoded, (void)first_tree, (void)n, (void)right;
    TW_CHECK(!"reached without the instructions");
}

float twi_gbt_row_avx512(const tw_gbt *gbt, const float *row)
{
    (void)gbt, (void)row;
    TW_CHECK(!"reached without the instructions");
    return 0.0f;
}

void twi_gbt_block_avx512(const tw_gbt *gbt, const float *x, size_t stride, float *out)
{
    (void)gbt, (void)x, (void)stride, (void)out;
    TW_CHECK(!"reached without the instructions");
}

#endif
