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

tw_status twi_sampler_init(twi_sampler *sampler, const tw_alloc *alloc)
{
    *sampler = (twi_sampler){.alloc = alloc};
    sampler->items_own = tw_new_array(alloc, TWI_SAMPLE_ROWS, sizeof(twi_sample));
    if (!sampler->items_own)
        return TW_NO_MEMORY;
    for (size_t i = 0; i < TWI_SAMPLE_DAYS; i++)
        sampler->days[i] = (twi_sample_day){.day = INT32_MIN,
                                            .items = sampler->items_own + i * TWI_SAMPLE_PER_DAY};
    return TW_OK;
}

void twi_sampler_release(twi_sampler *sampler)
{
    if (!sampler->alloc)
        return;
    tw_free_array(sampler->alloc, sampler->items_own, TWI_SAMPLE_ROWS, sizeof(twi_sample));
    tw_free_array(sampler->alloc, sampler->rows_own, sampler->row_cap,
                  sizeof(float) * TWI_SAMPLE_WIDTH);
    tw_free_array(sampler->alloc, sampler->free_own, sampler->free_cap, sizeof(uint32_t));
    *sampler = (twi_sampler){.alloc = NULL};
}

static twi_sample_day *slot_of(twi_sampler *sampler, int32_t day)
{
    int32_t m = day % TWI_SAMPLE_DAYS;
    return &sampler->days[m < 0 ? m + TWI_SAMPLE_DAYS : m];
}

tw_status twi_sampler_reserve(twi_sampler *sampler, size_t n)
{
    size_t used = sampler->row_cap - sampler->free_n;
    size_t need = TW_MIN(used + n, (size_t)TWI_SAMPLE_ROWS);
    if (need <= sampler->row_cap)
        return TW_OK;
    size_t old_cap = sampler->row_cap, cap = old_cap;
    void *rows = sampler->rows_own, *holes = sampler->free_own;
    TW_TRY(tw_grow(sampler->alloc, &holes, &sampler->free_cap, need * 2, sizeof(uint32_t),
                   (size_t)TWI_SAMPLE_ROWS * 4));
    sampler->free_own = holes;
    TW_TRY(tw_grow(sampler->alloc, &rows, &cap, need, sizeof(float) * TWI_SAMPLE_WIDTH,
                   (size_t)TWI_SAMPLE_ROWS * 2));
    sampler->rows_own = rows;
    sampler->row_cap = cap;
    TW_CHECK(sampler->free_cap >= cap);
    for (size_t i = cap; i-- > old_cap;)
        sampler->free_own[sampler->free_n++] = (uint32_t)i;
    return TW_OK;
}

static void swap(twi_sample *a, twi_sample *b)
{
    twi_sample moved = *a;
    *a = *b;
    *b = moved;
}

static void sift_up(twi_sample *heap, size_t i)
{
    for (; i > 0 && heap[(i - 1) / 2].hash < heap[i].hash; i = (i - 1) / 2)
        swap(&heap[i], &heap[(i - 1) / 2]);
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
        swap(&heap[i], &heap[child]);
        i = child;
    }
}

static float *row_of(const twi_sampler *sampler, const twi_sample *item)
{
    return sampler->rows_own + (size_t)item->row * TWI_SAMPLE_WIDTH;
}

static void begin_day(twi_sampler *sampler, twi_sample_day *slot, int32_t day)
{
    for (size_t i = 0; i < slot->n; i++)
        sampler->free_own[sampler->free_n++] = slot->items[i].row;
    slot->day = day;
    slot->n = 0;
    slot->seen_n = 0;
}

void twi_sampler_add(twi_sampler *sampler, int32_t day, uint64_t seq, const float *inputs)
{
    twi_sample_day *slot = slot_of(sampler, day);
    if (slot->day != INT32_MIN && slot->day > day)
        return;
    if (slot->day != day)
        begin_day(sampler, slot, day);
    slot->seen_n++;
    twi_sample item = {.hash = mix(seq), .seq = seq};
    if (slot->n == TWI_SAMPLE_PER_DAY) {
        if (item.hash >= slot->items[0].hash)
            return;
        item.row = slot->items[0].row;
        slot->items[0] = item;
        sift_down(slot->items, slot->n);
    } else {
        TW_CHECK(sampler->free_n > 0);
        item.row = sampler->free_own[--sampler->free_n];
        slot->items[slot->n] = item;
        sift_up(slot->items, slot->n++);
    }
    memcpy(row_of(sampler, &item), inputs, sizeof(float) * TWI_SAMPLE_WIDTH);
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

uint64_t twi_sampler_seen_since(const twi_sampler *sampler, int32_t first_day)
{
    int32_t newest = newest_day(sampler);
    uint64_t n = 0;
    for (size_t i = 0; i < TWI_SAMPLE_DAYS; i++)
        if (day_counts(&sampler->days[i], newest) && sampler->days[i].day >= first_day)
            n += sampler->days[i].seen_n;
    return n;
}

uint64_t twi_sampler_seen(const twi_sampler *sampler)
{
    return twi_sampler_seen_since(sampler, INT32_MIN);
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

// All samples of days from first_day on that count, in order of seq; *out_own has room for
// twi_sampler_n entries.
static tw_status sorted(const twi_sampler *sampler, int32_t first_day, const twi_sample ***out_own,
                        size_t *n)
{
    *n = twi_sampler_n(sampler);
    *out_own = NULL;
    if (*n == 0)
        return TW_OK;
    const twi_sample **all = tw_new_array(sampler->alloc, *n, sizeof(void *));
    if (!all)
        return TW_NO_MEMORY;
    int32_t newest = newest_day(sampler);
    size_t at = 0;
    for (size_t i = 0; i < TWI_SAMPLE_DAYS; i++) {
        const twi_sample_day *day = &sampler->days[i];
        bool counts = day_counts(day, newest) && day->day >= first_day;
        for (size_t k = 0; counts && k < day->n; k++)
            all[at++] = &day->items[k];
    }
    TW_CHECK(at <= *n);
    qsort(all, at, sizeof(void *), compare_seq);
    *out_own = all;
    *n = at;
    return TW_OK;
}

tw_status twi_sampler_copy(const twi_sampler *sampler, int32_t first_day,
                           twi_is_excluded *is_excluded, const void *ctx, float *x, size_t *out_n)
{
    const twi_sample **all_own;
    size_t n, cap = twi_sampler_n(sampler);
    *out_n = 0;
    TW_TRY(sorted(sampler, first_day, &all_own, &n));
    for (size_t i = 0; i < n; i++)
        if (!is_excluded || !is_excluded(ctx, all_own[i]->seq))
            memcpy(x + (*out_n)++ * TWI_SAMPLE_WIDTH, row_of(sampler, all_own[i]),
                   sizeof(float) * TWI_SAMPLE_WIDTH);
    tw_free_array(sampler->alloc, all_own, cap, sizeof(void *));
    return TW_OK;
}

void twi_sampler_save(const twi_sampler *sampler, tw_buf *out)
{
    tw_buf_u32(out, TWI_SAMPLE_WIDTH);
    for (size_t i = 0; i < TWI_SAMPLE_DAYS; i++) {
        const twi_sample_day *day = &sampler->days[i];
        tw_buf_u32(out, (uint32_t)day->day);
        tw_buf_u64(out, day->seen_n);
        tw_buf_u32(out, (uint32_t)day->n);
        for (size_t k = 0; k < day->n; k++) {
            const float *row = row_of(sampler, &day->items[k]);
            tw_buf_u64(out, day->items[k].seq);
            for (size_t f = 0; f < TWI_SAMPLE_WIDTH; f++)
                tw_buf_f32(out, row[f]);
        }
    }
}

tw_status twi_sampler_load(twi_sampler *sampler, tw_reader *reader)
{
    float row[TWI_SAMPLE_WIDTH];
    if (tw_read_u32(reader) != TWI_SAMPLE_WIDTH)
        return TW_CORRUPT;
    for (size_t i = 0; i < TWI_SAMPLE_DAYS; i++) {
        int32_t number = (int32_t)tw_read_u32(reader);
        uint64_t seen_n = tw_read_u64(reader);
        size_t n = tw_read_u32(reader);
        bool is_placed =
            number == INT32_MIN ? n == 0 : slot_of(sampler, number) == &sampler->days[i];
        if (reader->status != TW_OK || n > TWI_SAMPLE_PER_DAY || !is_placed)
            return TW_CORRUPT;
        TW_TRY(twi_sampler_reserve(sampler, n));
        for (size_t k = 0; k < n; k++) {
            uint64_t seq = tw_read_u64(reader);
            for (size_t f = 0; f < TWI_SAMPLE_WIDTH; f++)
                row[f] = tw_read_f32(reader);
            twi_sampler_add(sampler, number, seq, row);
        }
        sampler->days[i].day = number;
        sampler->days[i].seen_n = seen_n;
    }
    return reader->status;
}

uint64_t twi_sampler_hash(const twi_sampler *sampler, uint64_t seed)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < TWI_SAMPLE_DAYS; i++)
        for (size_t k = 0; k < sampler->days[i].n; k++) {
            const twi_sample *item = &sampler->days[i].items[k];
            sum += tw_hash64(row_of(sampler, item), sizeof(float) * TWI_SAMPLE_WIDTH,
                             seed ^ item->hash);
        }
    return sum;
}
