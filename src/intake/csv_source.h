// SPDX-License-Identifier: Apache-2.0
//
// Private to src/intake: records from CSV rows: the header becomes a plan, a row a draft.
#ifndef TW_INTAKE_CSV_SOURCE_H
#define TW_INTAKE_CSV_SOURCE_H

#include "mapping.h"

typedef struct twi_csv_source twi_csv_source;

tw_status twi_csv_source_new(const tw_alloc *alloc, const tw_intake_options *options,
                             tw_fact_kind kind, const tw_mapping *mapping, twi_csv_source **out);
void twi_csv_source_free(twi_csv_source *source);
// The delimiter; before the header is read, the one that `view` (its beginning) tells.
char twi_csv_source_delimiter(const twi_csv_source *source, tw_str view);
bool twi_csv_source_has_header(const twi_csv_source *source);
// Reads the header. TW_INVALID names the columns that lack; TW_NO_MEMORY.
tw_status twi_csv_source_header(twi_csv_source *source, tw_str row, tw_err *err);
// As tw_json_parse, for a row.
tw_status twi_csv_source_row(twi_csv_source *source, tw_str row, tw_arena *arena, tw_fact *out,
                             tw_problem *problem);
const tw_intake_counts *twi_csv_source_counts(const twi_csv_source *source);

#endif
