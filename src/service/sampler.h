// SPDX-License-Identifier: Apache-2.0
//
// The rows that the outlier model is trained on and that drift is measured on: for each of the last
// 28 engine days the TWI_SAMPLE_PER_DAY transactions with the lowest hash of their journal
// position. The choice depends on nothing but the journal, so live, import and replay hold the same
// sample, and training needs no pass over the journal. Rows are those that were scored: the
// classifier's inputs, and the risk that was given.
//
// Memory: at most 28 * 2,048 rows of TWI_SAMPLE_WIDTH floats (some 28 MB); a day takes its rows in
// steps.
#ifndef TWI_SERVICE_SAMPLER_H
#define TWI_SERVICE_SAMPLER_H

#include "base/alloc.h"
#include "base/buf.h"
#include "detect/inputs.h"

#define TWI_SAMPLE_DAYS 28
#define TWI_SAMPLE_PER_DAY 2048

#define TWI_SAMPLE_WIDTH TW_INPUT_N
#define TWI_SAMPLE_ROWS (TWI_SAMPLE_DAYS * TWI_SAMPLE_PER_DAY)

typedef struct twi_sample {
    uint64_t hash; // of seq
    uint64_t seq;
    uint32_t row; // index of its row
} twi_sample;

typedef struct twi_sample_day {
    int32_t day; // INT32_MIN = free
    uint64_t seen_n;
    size_t n;
    twi_sample *items; // [TWI_SAMPLE_PER_DAY], a heap, highest hash first
} twi_sample_day;

typedef struct twi_sampler {
    const tw_alloc *alloc;
    twi_sample *items_own;                // [TWI_SAMPLE_ROWS], of all days
    twi_sample_day days[TWI_SAMPLE_DAYS]; // by day modulo
    float *rows_own;                      // [row_cap][TWI_SAMPLE_WIDTH]
    uint32_t *free_own;                   // rows of no sample
    size_t row_cap, free_cap, free_n;
} twi_sampler;

tw_status twi_sampler_init(twi_sampler *sampler, const tw_alloc *alloc) TW_MUST_CHECK;
void twi_sampler_release(twi_sampler *sampler);
// Makes room for n more rows of any days. TW_NO_MEMORY.
tw_status twi_sampler_reserve(twi_sampler *sampler, size_t n) TW_MUST_CHECK;
// Offers a row of engine day `day`: inputs[TW_INPUT_N]; days older than 28 are not taken. Room must
// be reserved.
void twi_sampler_add(twi_sampler *sampler, int32_t day, uint64_t seq, const float *inputs);
size_t twi_sampler_n(const twi_sampler *sampler);
uint64_t twi_sampler_seen(const twi_sampler *sampler);
// Copies all rows of days from `first_day` on in order of seq into x[n][TWI_SAMPLE_WIDTH], leaving
// out what `is_excluded` (may be NULL) names; *out_n is the number copied. `x` has room for
// twi_sampler_n rows.
typedef bool twi_is_excluded(const void *ctx, uint64_t seq);
tw_status twi_sampler_copy(const twi_sampler *sampler, int32_t first_day,
                           twi_is_excluded *is_excluded, const void *ctx, float *x,
                           size_t *out_n) TW_MUST_CHECK;
// Transactions that were offered on days from `first_day` on.
uint64_t twi_sampler_seen_since(const twi_sampler *sampler, int32_t first_day);
void twi_sampler_days(const twi_sampler *sampler, int32_t *first, int32_t *last);

void twi_sampler_save(const twi_sampler *sampler, tw_buf *out);
tw_status twi_sampler_load(twi_sampler *sampler, tw_reader *reader) TW_MUST_CHECK;
uint64_t twi_sampler_hash(const twi_sampler *sampler, uint64_t seed);

#endif
