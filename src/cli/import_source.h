// SPDX-License-Identifier: Apache-2.0
//
// One file of an import, read and parsed on a thread of its own, some chunks ahead of the merge.
#ifndef TWI_CLI_IMPORT_SOURCE_H
#define TWI_CLI_IMPORT_SOURCE_H

#include "base/arena.h"
#include "intake/mapping.h"
#include "intake/options.h"
#include "intake/problem.h"
#include "retail/transaction.h"

typedef struct twi_source twi_source;

// A run of records. It lives until it has been given back as often as it was taken: once by the
// merge, and once by each batch in flight that refers to its facts.
typedef struct twi_chunk {
    struct twi_chunk *next; // private
    twi_source *source;
    tw_arena arena;
    tw_fact *facts;
    uint64_t *lines;
    size_t fact_n;
    const tw_problem *problems;
    size_t problem_n;
    size_t users; // of the merging thread
} twi_chunk;

typedef struct twi_source_options {
    const char *format; // "auto", "ndjson", "json", "csv"
    tw_fact_kind kind;  // 0 = told by the records
    const tw_mapping *mapping;
    const tw_intake_options *intake;
} twi_source_options;

// Opens the file and starts the thread. `path` and what options point to outlive the source.
tw_status twi_source_open(const char *path, const twi_source_options *options, twi_source **out,
                          tw_err *err) TW_MUST_CHECK;
void twi_source_close(twi_source *source); // stops the thread; no chunk may be in use

// The next chunk, with users = 1; waits for it. TW_END behind the last one, or what ended the file.
tw_status twi_source_take(twi_source *source, twi_chunk **out, tw_err *err) TW_MUST_CHECK;
// Gives one use back; the last one lets the thread fill the chunk anew.
void twi_chunk_give(twi_chunk *chunk);

const char *twi_source_path(const twi_source *source);
// Bytes of the file as stored; total 0 = unknown.
void twi_source_progress(twi_source *source, uint64_t *done, uint64_t *total);
// Totals; call it behind the end.
void twi_source_counts(twi_source *source, tw_intake_counts *out, char format[32]);

#endif
