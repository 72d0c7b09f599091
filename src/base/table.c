// SPDX-License-Identifier: Apache-2.0
//
// Linear probing over a power of two of slots; removal shifts the run back, so that there are no
// tombstones and the content of the array depends on the order of operations alone.
#include "base/table.h"

#include <string.h>

void tw_table_init(tw_table *table, const tw_alloc *alloc, size_t max_n)
{
    *table = (tw_table){.alloc = alloc, .max_n = max_n};
}

void tw_table_release(tw_table *table)
{
    tw_free_array(table->alloc, table->slots_own, table->cap, sizeof(tw_table_slot));
    tw_table_init(table, table->alloc, table->max_n);
}

static size_t home(const tw_table *table, uint64_t key)
{
    return (size_t)(key & (table->cap - 1));
}

tw_table_slot *tw_table_find(const tw_table *table, uint64_t key)
{
    TW_DCHECK(key != 0);
    if (table->cap == 0)
        return NULL;
    for (size_t i = home(table, key);; i = (i + 1) & (table->cap - 1)) {
        tw_table_slot *slot = &table->slots_own[i];
        if (slot->key == key)
            return slot;
        if (slot->key == 0)
            return NULL;
    }
}

static tw_table_slot *place(tw_table *table, uint64_t key)
{
    size_t i = home(table, key);
    while (table->slots_own[i].key != 0)
        i = (i + 1) & (table->cap - 1);
    return &table->slots_own[i];
}

static tw_status grow_to(tw_table *table, size_t new_cap)
{
    tw_table_slot *slots = tw_new_array(table->alloc, new_cap, sizeof(*slots));
    if (!slots)
        return TW_NO_MEMORY;
    tw_table_slot *old = table->slots_own;
    size_t old_cap = table->cap;
    table->slots_own = slots;
    table->cap = new_cap;
    for (size_t i = 0; i < old_cap; i++) {
        if (old[i].key != 0)
            *place(table, old[i].key) = old[i];
    }
    tw_free_array(table->alloc, old, old_cap, sizeof(*old));
    return TW_OK;
}

tw_status tw_table_reserve(tw_table *table, size_t extra)
{
    if (extra > table->max_n - table->n)
        return TW_LIMIT;
    size_t new_cap = table->cap ? table->cap : 16;
    while (table->n + extra > new_cap / 4 * 3)
        new_cap *= 2;
    return new_cap == table->cap ? TW_OK : grow_to(table, new_cap);
}

tw_status tw_table_at(tw_table *table, uint64_t key, tw_table_slot **out)
{
    *out = tw_table_find(table, key);
    if (*out)
        return TW_OK;
    if (table->n >= table->max_n)
        return TW_LIMIT;
    TW_TRY(tw_table_reserve(table, 1));
    *out = place(table, key);
    **out = (tw_table_slot){.key = key, .value = TW_TABLE_NONE};
    table->n++;
    return TW_OK;
}

void tw_table_remove(tw_table *table, uint64_t key)
{
    tw_table_slot *found = tw_table_find(table, key);
    if (!found)
        return;
    size_t mask = table->cap - 1;
    size_t hole = (size_t)(found - table->slots_own);
    for (size_t i = (hole + 1) & mask; table->slots_own[i].key != 0; i = (i + 1) & mask) {
        size_t want = home(table, table->slots_own[i].key);
        // Move the slot back unless its home lies behind the hole (cyclically).
        if (((i - want) & mask) >= ((i - hole) & mask)) {
            table->slots_own[hole] = table->slots_own[i];
            hole = i;
        }
    }
    memset(&table->slots_own[hole], 0, sizeof(tw_table_slot));
    table->n--;
}

void tw_table_prefetch(const tw_table *table, uint64_t key)
{
#if defined(__GNUC__)
    if (table->cap)
        __builtin_prefetch(&table->slots_own[home(table, key)]);
#else
    (void)table;
    (void)key;
#endif
}
