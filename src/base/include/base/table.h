// SPDX-License-Identifier: Apache-2.0
//
// Open-addressing table from a 64-bit key to a 32-bit index: the one hash table of the core. Keys
// are already well mixed (tw_hash64 of the text) and 0 is not a key. Callers that need exactness
// compare the text behind the index. Not thread-safe.
#ifndef TW_BASE_TABLE_H
#define TW_BASE_TABLE_H

#include "base/alloc.h"

#define TW_TABLE_NONE UINT32_MAX

typedef struct tw_table_slot {
    uint64_t key; // 0 = free
    uint32_t value;
    uint32_t spare; // free for the owner of the table; 0 when inserted
} tw_table_slot;

typedef struct tw_table {
    const tw_alloc *alloc;
    tw_table_slot *slots_own;
    size_t n;     // keys
    size_t cap;   // slots, 0 or a power of two; load stays at or under 3/4
    size_t max_n; // constant
} tw_table;

void tw_table_init(tw_table *table, const tw_alloc *alloc, size_t max_n);
void tw_table_release(tw_table *table);
// Slot of key, or NULL. The pointer is good until the next insertion.
tw_table_slot *tw_table_find(const tw_table *table, uint64_t key);
// Slot of key, created with value TW_TABLE_NONE when absent. TW_LIMIT or TW_NO_MEMORY change
// nothing.
tw_status tw_table_at(tw_table *table, uint64_t key, tw_table_slot **out) TW_MUST_CHECK;
// Room for `extra` more keys, so that as many insertions cannot fail.
tw_status tw_table_reserve(tw_table *table, size_t extra) TW_MUST_CHECK;
// Removes key when present (backward-shift deletion, no tombstones).
void tw_table_remove(tw_table *table, uint64_t key);
// Asks the cache for the key's home slot.
void tw_table_prefetch(const tw_table *table, uint64_t key);

#endif
