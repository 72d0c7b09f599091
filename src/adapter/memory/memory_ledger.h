// SPDX-License-Identifier: Apache-2.0
//
// What the files of the memory ledger share: its tables of sorted entries, and its lock. Internal
// to the adapter.
#ifndef TW_ADAPTER_MEMORY_LEDGER_H
#define TW_ADAPTER_MEMORY_LEDGER_H

#include <pthread.h>

#include "memory_rows.h"

typedef enum twi_table_kind {
    TABLE_ALERTS,
    TABLE_VERDICTS,
    TABLE_SCORES,
    TABLE_MODELS,
    TABLE_DOCS,
    TABLE_ACTIONS,
    TABLE_N
} twi_table_kind;

typedef struct twi_table {
    twi_entry *items_own; // sorted by key, one for each key
    size_t n, cap;
} twi_table;

typedef struct twi_memory_ledger {
    const tw_alloc *alloc;
    pthread_mutex_t lock; // guards all below
    twi_table tables[TABLE_N];
    tw_ledger_position position;
} twi_memory_ledger;

// ---- memory_table.c --------------------------------------------------------------------------

// NULL when there is none.
twi_entry *twi_table_find(const twi_table *t, tw_str key);
// Room for `extra` entries more. TW_NO_MEMORY.
tw_status twi_table_reserve(const tw_alloc *alloc, twi_table *t, size_t extra) TW_MUST_CHECK;
// Takes the entry over in place of the one with its key; room has been reserved.
void twi_table_take(const tw_alloc *alloc, twi_table *t, twi_entry entry);
void twi_table_remove(const tw_alloc *alloc, twi_table *t, size_t place);
void twi_table_clear(const tw_alloc *alloc, twi_table *t);

// ---- memory_work.c: documents and actions ----------------------------------------------------

tw_status twi_memory_doc_get(void *ctx, tw_str kind, tw_str id, tw_arena *arena, tw_doc_row *out,
                             tw_err *err);
tw_status twi_memory_doc_list(void *ctx, const tw_doc_filter *filter, size_t limit,
                              const char *cursor, tw_arena *arena, tw_doc_page *out, tw_err *err);
tw_status twi_memory_action_list(void *ctx, const tw_action_filter *filter, size_t limit,
                                 tw_arena *arena, tw_action_row **out, size_t *n, tw_err *err);

#endif
