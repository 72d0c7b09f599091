// SPDX-License-Identifier: Apache-2.0
//
// Bottom-k sampling by day. A full day is a max-heap over the hashes, so that most offers are
// refused by one comparison.
#include "sampler.h"

#include <stdlib.h>

#include "base/hash.h"
#include "base/rng.h"

// splitmix64's finaliser: a bijection, so that no two positions share a hash.
static uint64_t mix(uint64_t x)
{
    x += UINT64_C(0x9e3779b97f4a7c15);
    x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
    return x ^ (x >> 31);
}

void twi_sampler_init(twi_sampler *sampler, const tw_alloc *alloc)
{
    *sampler = (twi_sampler){.alloc = alloc};
    for (size_t i = 0; i < TWI_SAMPLE_DAYS; i++)
        sampler->days[i].day = INT32_MIN;
}

void twi_sampler_release(twi_sampler *sampler)
{
    for (size_t i = 0; i < TWI_SAMPLE_DAYS; i++) {
        twi_sample_day *day = &sampler->days[i];
        tw_free_array(sampler->alloc, day->items_own, day->cap, sizeof(twi_sample));
        *day = (twi_sample_day){.day = INT32_MIN};
    }
}

static twi_sample_day *slot_of(twi_sampler *sampler, int32_t day)
{
    int32_t m = day % TWI_SAMPLE_DAYS;
    return &sampler->days[m < 0 ? m + TWI_SAMPLE_DAYS : m];
}

static tw_status grow_day(twi_sampler *sampler, twi_sample_day *slot, size_t need)
{
    need = TW_MIN(need, (size_t)TWI_SAMPLE_PER_DAY);
    if (need <= slot->cap)
        return TW_OK;
    void *items = slot->items_own;
    TW_TRY(tw_grow(sampler->alloc, &items, &slot->cap, need, sizeof(twi_sample),
                   TWI_SAMPLE_PER_DAY * 2));
    slot->items_own = items;
    return TW_OK;
}

tw_status twi_sampler_reserve(twi_sampler *sampler, int32_t day, size_t n)
{
    if (day == INT32_MIN)
        return TW_OK;
    twi_sample_day *slot = slot_of(sampler, day);
    return grow_day(sampler, slot, (slot->day == day ? slot->n : 0) + n);
}

static void sift_up(twi_sample *heap, size_t i)
{
    while (i > 0 && heap[(i - 1) / 2].hash < heap[i].hash) {
        twi_sample moved = heap[i];
        heap[i] = heap[(i - 1) / 2];
        heap[(i - 1) / 2] = moved;
        i = (i - 1) / 2;
    }
}

static void sift_down(twi_sample *heap, size_t n)
{
    for (size_t i = 0;;) {
        size_t child = 2 * i + 1;
        if (child >= n)
            return;
        if (child + 1 < n && heap[child + 1].hash > heap[child].hash)
            child++;
        if (heap[child].hash <= heap[i].hash)
            return;
        twi_sample moved = heap[i];
        heap[i] = heap[child];
        heap[child] = moved;
        i = child;
    }
}

tw_status twi_sampler_add(twi_sampler *sampler, int32_t day, uint64_t seq, const float *row)
{
    twi_sample_day *slot = slot_of(sampler, day);
    if (slot->day != day) {
        if (slot->day != INT32_MIN && slot->day > day)
            return TW_OK;
        slot->day = day;
        slot->n = 0;
        slot->seen_n = 0;
    }
    slot->seen_n++;
    uint64_t hash = mix(seq);
    if (slot->n == TWI_SAMPLE_PER_DAY) {
        if (hash >= slot->items_own[0].hash)
            return TW_OK;
        slot->items_own[0].hash = hash;
        slot->items_own[0].seq = seq;
        memcpy(slot->items_own[0].row, row, sizeof(slot->items_own[0].row));
        sift_down(slot->items_own, slot->n);
        return TW_OK;
    }
    TW_TRY(grow_day(sampler, slot, slot->n + 1));
    twi_sample *item = &slot->items_own[slot->n];
    item->hash = hash;
    item->seq = seq;
    memcpy(item->row, row, sizeof(item->row));
    sift_up(slot->items_own, slot->n++);
    return TW_OK;
}

// Days that still count: the newest and the 27 before it.
static int32_t newest_day(const twi_sampler *sampler)
{
    int32_t newest = INT32_MIN;
    for (size_t i = 0; i < TWI_SAMPLE_DAYS; i++)
        newest = TW_MAX(newest, sampler->days[i].day);
    return newest;
}

static bool day_counts(const twi_sample_day *slot, int32_t newest)
{
    return slot->day != INT32_MIN && slot->day > newest - TWI_SAMPLE_DAYS;
}

size_t twi_sampler_n(const twi_sampler *sampler)
{
    int32_t newest = newest_day(sampler);
    size_t n = 0;
    for (size_t i = 0; i < TWI_SAMPLE_DAYS; i++)
        n += day_counts(&sampler->days[i], newest) ? sampler->days[i].n : 0;
    return n;
}

uint64_t twi_sampler_seen(const twi_sampler *sampler)
{
    int32_t newest = newest_day(sampler);
    uint64_t n = 0;
    for (size_t i = 0; i < TWI_SAMPLE_DAYS; i++)
        n += day_counts(&sampler->days[i], newest) ? sampler->days[i].seen_n : 0;
    return n;
}

void twi_sampler_days(const twi_sampler *sampler, int32_t *first, int32_t *last)
{
    *last = newest_day(sampler);
    *first = *last;
    for (size_t i = 0; i < TWI_SAMPLE_DAYS; i++)
        if (day_counts(&sampler->days[i], *last))
            *first = TW_MIN(*first, sampler->days[i].day);
}

static int compare_seq(const void *a, const void *b)
{
    const twi_sample *const *x = a, *const *y = b;
    return (*x)->seq < (*y)->seq ? -1 : (*x)->seq > (*y)->seq;
}

// All samples that count, in order of seq; *out_own has twi_sampler_n entries.
static tw_status sorted(const twi_sampler *sampler, const twi_sample ***out_own, size_t *n)
{
    *n = twi_sampler_n(sampler);
    *out_own = NULL;
    if (*n == 0)
        return TW_OK;
    const twi_sample **all = tw_new_array(sampler->alloc, *n, sizeof(*all));
    if (!all)
        return TW_NO_MEMORY;
    int32_t newest = newest_day(sampler);
    size_t at = 0;
    for (size_t i = 0; i < TWI_SAMPLE_DAYS; i++)
        for (size_t k = 0; day_counts(&sampler->days[i], newest) && k < sampler->days[i].n; k++)
            all[at++] = &sampler->days[i].items_own[k];
    TW_CHECK(at == *n);
    qsort(all, *n, sizeof(*all), compare_seq);
    *out_own = all;
    return TW_OK;
}

tw_status twi_sampler_copy(const twi_sampler *sampler, twi_is_excluded *is_excluded,
                           const void *ctx, float *x, size_t *out_n)
{
    const twi_sample **all_own;
    size_t n;
    *out_n = 0;
    TW_TRY(sorted(sampler, &all_own, &n));
    for (size_t i = 0; i < n; i++)
        if (!is_excluded || !is_excluded(ctx, all_own[i]->seq))
            memcpy(x + (*out_n)++ * TW_FEATURE_N, all_own[i]->row, sizeof(all_own[i]->row));
    tw_free_array(sampler->alloc, all_own, n, sizeof(*all_own));
    return TW_OK;
}

void twi_sampler_save(const twi_sampler *sampler, tw_buf *out)
{
    tw_buf_u32(out, TW_FEATURE_N);
    for (size_t i = 0; i < TWI_SAMPLE_DAYS; i++) {
        const twi_sample_day *day = &sampler->days[i];
        tw_buf_u32(out, (uint32_t)day->day);
        tw_buf_u64(out, day->seen_n);
        tw_buf_u32(out, (uint32_t)day->n);
        for (size_t k = 0; k < day->n; k++) {
            tw_buf_u64(out, day->items_own[k].seq);
            for (size_t f = 0; f < TW_FEATURE_N; f++)
                tw_buf_f32(out, day->items_own[k].row[f]);
        }
    }
}

tw_status twi_sampler_load(twi_sampler *sampler, tw_reader *reader)
{
    if (tw_read_u32(reader) != TW_FEATURE_N)
        return TW_CORRUPT;
    for (size_t i = 0; i < TWI_SAMPLE_DAYS; i++) {
        twi_sample_day *day = &sampler->days[i];
        day->day = (int32_t)tw_read_u32(reader);
        day->seen_n = tw_read_u64(reader);
        size_t n = tw_read_u32(reader);
        if (reader->status != TW_OK || n > TWI_SAMPLE_PER_DAY)
            return TW_CORRUPT;
        TW_TRY(grow_day(sampler, day, n));
        for (day->n = 0; day->n < n; day->n++) {
            twi_sample *item = &day->items_own[day->n];
            item->seq = tw_read_u64(reader);
            item->hash = mix(item->seq);
            for (size_t f = 0; f < TW_FEATURE_N; f++)
                item->row[f] = tw_read_f32(reader);
        }
    }
    return reader->status;
}

uint64_t twi_sampler_hash(const twi_sampler *sampler, uint64_t seed)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < TWI_SAMPLE_DAYS; i++)
        for (size_t k = 0; k < sampler->days[i].n; k++)
            sum += tw_hash64(&sampler->days[i].items_own[k].seq,
                             sizeof(uint64_t) + sizeof(sampler->days[i].items_own[k].row), seed);
    return sum;
}
