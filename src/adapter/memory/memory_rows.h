// SPDX-License-Identifier: Apache-2.0
//
// Rows of the memory ledger: stored entries (one allocation each), copies into an arena, and what
// filters, orders and counts mean row by row. Internal to the adapter.
#ifndef TW_ADAPTER_MEMORY_ROWS_H
#define TW_ADAPTER_MEMORY_ROWS_H

#include "port/ledger.h"

typedef struct twi_entry {
    tw_str key;   // lies in the block
    void *row;    // start of the block: the row
    size_t bytes; // of the block
} twi_entry;

void twi_entry_free(const tw_alloc *alloc, twi_entry *entry);
// `before` may be NULL; its keys are kept.
tw_status twi_entry_alert(const tw_alloc *alloc, const tw_alert_row *row,
                          const tw_alert_row *before, twi_entry *out) TW_MUST_CHECK;
tw_status twi_entry_verdict(const tw_alloc *alloc, const tw_verdict_row *row,
                            twi_entry *out) TW_MUST_CHECK;
tw_status twi_entry_scores(const tw_alloc *alloc, const tw_score_range *row,
                           twi_entry *out) TW_MUST_CHECK;
tw_status twi_entry_model(const tw_alloc *alloc, const tw_model_row *row,
                          twi_entry *out) TW_MUST_CHECK;
tw_status twi_entry_doc(const tw_alloc *alloc, const tw_doc_row *row, twi_entry *out) TW_MUST_CHECK;
tw_status twi_entry_action(const tw_alloc *alloc, const tw_action_row *row,
                           twi_entry *out) TW_MUST_CHECK;

// Into the arena; alerts and documents come without keys. TW_NO_MEMORY.
tw_status twi_alert_copy(const tw_alert_row *row, tw_arena *arena, tw_alert_row *out) TW_MUST_CHECK;
tw_status twi_verdict_copy(const tw_verdict_row *row, tw_arena *arena,
                           tw_verdict_row *out) TW_MUST_CHECK;
tw_status twi_model_copy(const tw_model_row *row, tw_arena *arena, tw_model_row *out) TW_MUST_CHECK;
tw_status twi_doc_copy(const tw_doc_row *row, tw_arena *arena, tw_doc_row *out) TW_MUST_CHECK;
tw_status twi_action_copy(const tw_action_row *row, tw_arena *arena,
                          tw_action_row *out) TW_MUST_CHECK;

bool twi_alert_matches(const tw_alert_row *row, const tw_alert_filter *filter);
bool twi_doc_matches(const tw_doc_row *row, const tw_doc_filter *filter);
bool twi_action_matches(const tw_action_row *row, const tw_action_filter *filter);
// Negative when a comes before b in the list.
int twi_doc_order(const tw_doc_row *a, const tw_doc_row *b);
int twi_alert_order(const tw_alert_row *a, const tw_alert_row *b, tw_alert_sort sort);
// Adds one to its row of a sorted list, which has room for another; texts are borrowed.
void twi_alert_count_add(tw_alert_count *rows, size_t *n, const tw_alert_row *row,
                         tw_alert_group group);
void twi_verdict_count_add(tw_verdict_count *rows, size_t *n, const tw_verdict_row *row,
                           tw_verdict_group group, tw_str key);

#endif
