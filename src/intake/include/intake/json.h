// SPDX-License-Identifier: Apache-2.0
//
// JSON records: one object is one fact. The parser keeps its working memory between records, so
// that a record costs no heap allocation once the largest one has been seen. The fact's strings and
// arrays live in the caller's arena.
//
// Unknown members are ignored and counted, null and "" count as absent, a member that appears twice
// is a problem. Numbers are read from their text: 12.30 is 1230 cents, never a rounded double.
#ifndef TW_INTAKE_JSON_H
#define TW_INTAKE_JSON_H

#include "base/arena.h"
#include "intake/options.h"
#include "intake/problem.h"
#include "retail/transaction.h"

typedef struct tw_json_parser tw_json_parser; // one thread at a time

// `options` is borrowed until the parser is freed. TW_NO_MEMORY.
tw_status tw_json_parser_new(const tw_alloc *alloc, const tw_intake_options *options,
                             tw_json_parser **out) TW_MUST_CHECK;
void tw_json_parser_free(tw_json_parser *parser);

// Decodes the record. kind 0 = told by its id: transaction_total or no other id -> transaction,
// movement_id, event_id, verdict or fraud. `record` is not changed and may be freed afterwards.
// TW_OK; TW_INVALID with *problem filled (line is left to the caller; problem->record is an excerpt
// in the arena); TW_NO_MEMORY when heap or arena are exhausted. *out is zero on failure.
tw_status tw_json_parse(tw_json_parser *parser, tw_str record, tw_fact_kind kind, tw_arena *arena,
                        tw_fact *out, tw_problem *problem) TW_MUST_CHECK;

// Totals over all calls.
const tw_intake_counts *tw_json_parser_counts(const tw_json_parser *parser);

// The next line that is not blank from *rest (NDJSON); *line is counted up from the caller's 0 over
// all lines. False at the end.
bool tw_ndjson_next(tw_str *rest, uint64_t *line, tw_str *record);

#endif
