// SPDX-License-Identifier: Apache-2.0
//
// Rows of the lake from facts.
#ifndef TWI_SERVICE_LAKE_ROWS_H
#define TWI_SERVICE_LAKE_ROWS_H

#include "retail/transaction.h"
#include "score_record.h"
#include "service/lake.h"

// Goes up when what the lake derives changes.
#define TWI_LAKE_DERIVED_VERSION 2
// The risk from which on a transaction is in `exceptions`.
#define TWI_LAKE_EXCEPTION "0.5"
// Fills in the derived tables.
void twi_lake_derived_get(tw_lake_schema *out);

// The columns of counts: over rows of `transactions` or `needles`, and over rows that have them.
extern const char twi_lake_counts[], twi_lake_sums[];

// The partition of a fact. False for facts that have no table (configurations).
bool twi_lake_partition(const tw_fact *fact, tw_lake_table_id *table, int32_t *day);

// Stages the row of a fact; `record` is its stored score. Lists are made in the arena.
tw_status twi_lake_put_row(const tw_lake *lake, const tw_fact *fact, const twi_record *record,
                           tw_arena *arena, tw_err *err) TW_MUST_CHECK;

#endif
