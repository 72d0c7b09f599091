// SPDX-License-Identifier: Apache-2.0
//
// Sorted tables of the memory ledger.
#include <string.h>

#include "memory_ledger.h"

static size_t place_of(const twi_table *t, tw_str key)
{
    size_t low = 0, high = t->n;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (tw_str_compare(t->items_own[middle].key, key) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

twi_entry *twi_table_find(const twi_table *t, tw_str key)
{
    size_t place = place_of(t, key);
    bool is_found = place < t->n && tw_str_equal(t->items_own[place].key, key);
    return is_found ? &t->items_own[place] : NULL;
}

tw_status twi_table_reserve(const tw_alloc *alloc, twi_table *t, size_t extra)
{
    void *items = t->items_own;
    tw_status status = tw_grow(alloc, &items, &t->cap, t->n + extra, sizeof(twi_entry),
                               SIZE_MAX / 4 / sizeof(twi_entry));
    t->items_own = items;
    return status;
}

void twi_table_take(const tw_alloc *alloc, twi_table *t, twi_entry entry)
{
    size_t place = place_of(t, entry.key);
    if (place < t->n && tw_str_equal(t->items_own[place].key, entry.key)) {
        twi_entry_free(alloc, &t->items_own[place]);
    } else {
        TW_CHECK(t->n < t->cap);
        memmove(&t->items_own[place + 1], &t->items_own[place], (t->n - place) * sizeof(entry));
        t->n++;
    }
    t->items_own[place] = entry;
}

void twi_table_remove(const tw_alloc *alloc, twi_table *t, size_t place)
{
    twi_entry_free(alloc, &t->items_own[place]);
    t->n--;
    memmove(&t->items_own[place], &t->items_own[place + 1], (t->n - place) * sizeof(twi_entry));
}

void twi_table_clear(const tw_alloc *alloc, twi_table *t)
{
    for (size_t i = 0; i < t->n; i++)
        twi_entry_free(alloc, &t->items_own[i]);
    t->n = 0;
}
