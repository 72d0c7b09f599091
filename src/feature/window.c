// SPDX-License-Identifier: Apache-2.0
//
// Exact sliding windows: accumulators that entries enter once and leave once, behind cursors that
// remember the time of the entry they stand before, so that a window with nothing to evict costs
// one comparison and no cache miss.
#include "internal.h"

#include <math.h>

#include "base/hash.h"

// --- distinct counts ---------------------------------------------------------------------------

static uint64_t distinct_key(const twi_windows *w, uint32_t acc, uint32_t aux)
{
    uint64_t who = (uint64_t)w->kind << 56 | (uint64_t)acc << 32 | w->entity_idx;
    return tw_hash_pair(who, aux);
}

static int32_t frozen_count(const twi_distinct *distinct, uint64_t key)
{
    const tw_table_slot *slot = tw_table_find(distinct->frozen, key);
    int32_t count = slot ? (int32_t)slot->value : 0;
    for (size_t i = 0; i < distinct->change_n; i++) {
        if (distinct->changes[i].key == key)
            count += distinct->changes[i].delta;
    }
    return count;
}

static void frozen_change(twi_distinct *distinct, uint64_t key, int32_t delta)
{
    for (size_t i = 0; i < distinct->change_n; i++) {
        if (distinct->changes[i].key == key) {
            distinct->changes[i].delta += delta;
            return;
        }
    }
    // A probe far in the future of a busy entity may meet more partners than the scratch holds;
    // then the count is that of the partners which it does hold.
    if (distinct->change_n < distinct->change_cap)
        distinct->changes[distinct->change_n++] = (twi_distinct_change){key, delta};
}

// Changes the count of a partner; +1 or -1 for the distinct count, or 0.
static int64_t distinct_change(const twi_windows *w, uint32_t acc, uint32_t aux, int32_t sign)
{
    if (aux == TWI_NONE)
        return 0;
    uint64_t key = distinct_key(w, acc, aux);
    twi_distinct *distinct = w->distinct;
    int32_t before;
    if (!distinct->table) {
        before = frozen_count(distinct, key);
        frozen_change(distinct, key, sign);
    } else {
        tw_table_slot *slot = NULL;
        tw_status status = tw_table_at(distinct->table, key, &slot);
        TW_CHECK(status == TW_OK);
        if (slot->value == TW_TABLE_NONE)
            slot->value = 0;
        before = (int32_t)slot->value;
        slot->value = (uint32_t)(before + sign);
        if (slot->value == 0)
            tw_table_remove(distinct->table, key);
    }
    return sign > 0 ? before == 0 : -(int64_t)(before == 1);
}

// --- one entry in one window -------------------------------------------------------------------

static void count_entry(const twi_windows *w, const twi_moves *moves, int64_t *acc,
                        const twi_entry *entry, int32_t sign)
{
    for (uint32_t bits = entry->flags & moves->bits; bits; bits &= bits - 1) {
        int bit = __builtin_ctz(bits);
        for (uint32_t i = moves->first[bit]; i < moves->first[bit + 1]; i++) {
            uint32_t a = moves->moves[i].acc;
            if (moves->moves[i].column == TWI_COUNT)
                acc[a] += sign;
            else if (moves->moves[i].column == TWI_AMOUNT)
                acc[a] += sign * (int64_t)entry->amount;
            else if (moves->moves[i].column == TWI_DISCOUNT)
                acc[a] += sign * (int64_t)entry->discount;
            else
                acc[a] += distinct_change(w, a, entry->aux, sign);
        }
    }
}

// --- cursors -----------------------------------------------------------------------------------

// The entry the cursor stands before, or NULL at the end; moves on to the next chunk when needed.
static const twi_entry *peek(const twi_windows *w, const twi_entity *entity, twi_cursor *cursor)
{
    if (cursor->ord == entity->entry_n)
        return NULL;
    // All chunks but the newest are full, so that the header is read only to leave the chunk.
    if (cursor->at == twi_log_cap(cursor->chunk)) {
        cursor->chunk = twi_log_chunk(w->logs, cursor->chunk)->next;
        cursor->at = 0;
    }
    return &twi_chunk_entries(twi_log_chunk(w->logs, cursor->chunk))[cursor->at];
}

// Steps over the entry and notes the time of the next.
static void step(const twi_windows *w, const twi_entity *entity, twi_cursor *cursor)
{
    cursor->ord++;
    cursor->at++;
    const twi_entry *next = peek(w, entity, cursor);
    cursor->t = next ? next->t : UINT32_MAX;
}

size_t twi_dense_bytes(const twi_plan *plan)
{
    size_t bytes = sizeof(twi_dense_head) + 2 * plan->window_n * sizeof(twi_cursor);
    bytes = (bytes + 7) / 8 * 8;
    return bytes + plan->acc_n * sizeof(int64_t);
}

twi_dense twi_dense_view(const twi_plan *plan, void *block)
{
    twi_dense dense;
    dense.head = block;
    dense.lead = (twi_cursor *)(dense.head + 1);
    dense.trail = dense.lead + plan->window_n;
    size_t bytes = sizeof(twi_dense_head) + 2 * plan->window_n * sizeof(twi_cursor);
    dense.acc = (int64_t *)((char *)block + (bytes + 7) / 8 * 8);
    return dense;
}

void twi_windows_start(const twi_windows *w, const twi_entity *entity, twi_dense dense)
{
    dense.head->day = INT32_MIN;
    uint32_t first_ord = 0, first_t = UINT32_MAX;
    if (entity->head != TWI_NONE) {
        twi_chunk *chunk = twi_log_chunk(w->logs, entity->head);
        first_ord = chunk->first_ord;
        first_t = twi_chunk_entries(chunk)[0].t;
    }
    for (uint32_t i = 0; i < w->plan->window_n; i++) {
        dense.lead[i] = dense.trail[i] = (twi_cursor){entity->head, first_ord, first_t, 0};
        const twi_plan_window *window = &w->plan->windows[i];
        if (window->is_tumbling || window->delay_s > 0)
            continue;
        twi_cursor all = dense.trail[i];
        for (const twi_entry *entry; (entry = peek(w, entity, &all)) != NULL;) {
            count_entry(w, &w->plan->window_moves[i], dense.acc, entry, 1);
            step(w, entity, &all);
        }
    }
}

void twi_windows_advance(const twi_windows *w, const twi_entity *entity, twi_dense dense,
                         uint32_t now_s)
{
    for (uint32_t i = 0; i < w->plan->window_n; i++) {
        const twi_plan_window *window = &w->plan->windows[i];
        if (window->is_tumbling)
            continue;
        // Times are below 2^32 and so are sums with the longest window; 64 bits avoid the wrap.
        int64_t newest = (int64_t)now_s - window->delay_s;
        int64_t oldest = newest - window->width_s;
        while (window->delay_s > 0 && dense.lead[i].t != UINT32_MAX && dense.lead[i].t <= newest) {
            count_entry(w, &w->plan->window_moves[i], dense.acc, peek(w, entity, &dense.lead[i]),
                        1);
            step(w, entity, &dense.lead[i]);
        }
        while (dense.trail[i].t != UINT32_MAX && dense.trail[i].t <= oldest) {
            count_entry(w, &w->plan->window_moves[i], dense.acc, peek(w, entity, &dense.trail[i]),
                        -1);
            step(w, entity, &dense.trail[i]);
        }
    }
}

void twi_windows_add(const twi_windows *w, twi_dense dense, const twi_entry *entry)
{
    count_entry(w, &w->plan->arrival_moves, dense.acc, entry, 1);
}

static void meet_appended(const twi_windows *w, const twi_entity *entity, twi_cursor *cursor)
{
    // Only a cursor at the end of the log waits for the new entry.
    if (cursor->t != UINT32_MAX || cursor->ord != entity->entry_n - 1)
        return;
    if (cursor->chunk == TWI_NONE)
        cursor->chunk = entity->tail;
    cursor->t = peek(w, entity, cursor)->t;
}

void twi_windows_appended(const twi_windows *w, const twi_entity *entity, twi_dense dense)
{
    for (uint32_t i = 0; i < w->plan->window_n; i++) {
        if (w->plan->windows[i].is_tumbling)
            continue;
        meet_appended(w, entity, &dense.lead[i]);
        meet_appended(w, entity, &dense.trail[i]);
    }
}

// --- sparse entities ---------------------------------------------------------------------------

// Does an entry that was appended before `until` and lies in the window have the same partner?
static bool seen_before(const twi_entry *entries, size_t until, uint32_t mask, int64_t oldest,
                        uint32_t aux)
{
    for (size_t i = 0; i < until; i++) {
        if ((entries[i].flags & mask) && entries[i].t > oldest && entries[i].aux == aux)
            return true;
    }
    return false;
}

static void scan_acc(const twi_windows *w, uint32_t a, const twi_entry *entries, size_t n,
                     int64_t oldest, int64_t newest, int64_t *acc)
{
    const twi_acc *spec = &w->plan->accs[a];
    for (size_t i = 0; i < n; i++) {
        const twi_entry *entry = &entries[i];
        if (!(entry->flags & spec->mask) || entry->t <= oldest || entry->t > newest)
            continue;
        if (spec->column == TWI_COUNT)
            acc[a]++;
        else if (spec->column == TWI_AMOUNT)
            acc[a] += entry->amount;
        else if (spec->column == TWI_DISCOUNT)
            acc[a] += entry->discount;
        else if (entry->aux != TWI_NONE)
            acc[a] += !seen_before(entries, i, spec->mask, oldest, entry->aux);
    }
}

void twi_windows_scan(const twi_windows *w, const twi_entity *entity, const twi_entry *entry,
                      uint32_t now_s, int64_t *acc)
{
    twi_entry entries[TWI_SPARSE_MAX + 3 + 12 + 1]; // the longest sparse log and the new entry
    size_t n = 0;
    for (uint32_t id = entity ? entity->head : TWI_NONE; id != TWI_NONE;) {
        twi_chunk *chunk = twi_log_chunk(w->logs, id);
        for (uint16_t i = 0; i < chunk->n; i++) {
            TW_CHECK(n < TW_COUNT(entries) - 1);
            entries[n++] = twi_chunk_entries(chunk)[i];
        }
        id = chunk->next;
    }
    entries[n++] = *entry;
    for (uint32_t i = 0; i < w->plan->window_n; i++) {
        const twi_plan_window *window = &w->plan->windows[i];
        int64_t newest = (int64_t)now_s - window->delay_s;
        for (uint32_t a = window->acc_first; a < window->acc_first + window->acc_n; a++) {
            acc[a] = 0;
            scan_acc(w, a, entries, n, newest - window->width_s, newest, acc);
        }
    }
}

// --- excess ------------------------------------------------------------------------------------

#define EXCESS_TIMES 2
#define EXCESS_EARLIER_MIN 3

// The own mean's window over a sparse log.
static void earlier_sums(const twi_windows *w, const twi_entity *entity, uint32_t now_s,
                         int64_t *sum, int64_t *n)
{
    const twi_plan *plan = w->plan;
    int64_t oldest = (int64_t)now_s - plan->own_width_s;
    for (uint32_t id = entity->head; id != TWI_NONE;) {
        twi_chunk *chunk = twi_log_chunk(w->logs, id);
        for (uint16_t i = 0; i < chunk->n; i++) {
            const twi_entry *entry = &twi_chunk_entries(chunk)[i];
            if (!(entry->flags & plan->accs[plan->own.num].mask) || entry->t <= oldest)
                continue;
            *sum += entry->amount;
            *n += 1;
        }
        id = chunk->next;
    }
}

int32_t twi_windows_excess(const twi_windows *w, const twi_entity *entity, const int64_t *acc,
                           const twi_entry *entry)
{
    int64_t sum = 0, n = 0;
    if (acc) {
        sum = acc[w->plan->own.num];
        n = acc[w->plan->own.den];
    } else {
        earlier_sums(w, entity, entry->t, &sum, &n);
    }
    if (n < EXCESS_EARLIER_MIN || sum <= 0)
        return 0;
    int64_t excess = entry->amount - EXCESS_TIMES * sum / n;
    return excess > 0 ? (int32_t)excess : 0; // below the amount, which fits
}

// --- features ----------------------------------------------------------------------------------

float twi_value(const twi_plan_value *value, const int64_t *acc, double minor_per_major)
{
    double num = (double)acc[value->num];
    double den = (double)acc[value->den];
    switch (value->measure) {
    case TW_MEASURE_COUNT:
    case TW_MEASURE_DISTINCT:
        return (float)num;
    case TW_MEASURE_SUM:
    case TW_MEASURE_EXCESS:
        return (float)(num / minor_per_major);
    case TW_MEASURE_VOLUME:
        return (float)(fabs(num) / minor_per_major);
    case TW_MEASURE_MEAN:
        return den > 0.0 ? (float)(num / den / minor_per_major) : 0.0F;
    case TW_MEASURE_RATE:
        return den > 0.0 ? (float)(num / den) : 0.0F;
    case TW_MEASURE_DISCOUNT:
        den += (double)acc[value->den2];
        return den > 0.0 ? (float)(num / den) : 0.0F;
    case TW_MEASURE_DERIVED:
        break;
    }
    return NAN;
}

// Values lie in the order of their measures, so that each loop does one thing. The same arithmetic
// as twi_value, which serves single values.
void twi_windows_values(const twi_plan *plan, const int64_t *acc, double minor_per_major,
                        float *row)
{
    const twi_plan_value *v = plan->values;
    const uint32_t *end = plan->value_end;
    uint32_t i = 0;
    for (; i < end[TW_MEASURE_COUNT]; i++)
        row[v[i].feature] = (float)(double)acc[v[i].num];
    for (; i < end[TW_MEASURE_MEAN]; i++)
        row[v[i].feature] = twi_value(&v[i], acc, minor_per_major);
    for (; i < end[TW_MEASURE_RATE]; i++) {
        double den = (double)acc[v[i].den];
        row[v[i].feature] = den > 0.0 ? (float)((double)acc[v[i].num] / den) : 0.0F;
    }
    for (; i < end[TW_MEASURE_DISTINCT]; i++)
        row[v[i].feature] = twi_value(&v[i], acc, minor_per_major);
}
