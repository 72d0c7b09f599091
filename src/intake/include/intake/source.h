// SPDX-License-Identifier: Apache-2.0
//
// Records of one file, standard input or piece of memory, as batches of facts. zstd and gzip are
// told by their magic bytes; the format by the content: '[' a JSON array, '{' NDJSON (or objects
// over several lines), anything else CSV. Memory is bounded whatever the file's size: one window
// of 1.5 MB, and the caller's arena for a batch.
//
// A bad record becomes a problem and the rest goes on. What ends a file is a damaged compressed
// stream, a read error, or a CSV header that lacks required columns.
#ifndef TW_INTAKE_SOURCE_H
#define TW_INTAKE_SOURCE_H

#include "base/arena.h"
#include "intake/mapping.h"
#include "intake/options.h"
#include "intake/problem.h"
#include "retail/transaction.h"

typedef enum tw_source_format {
    TW_FORMAT_AUTO,
    TW_FORMAT_NDJSON, // one object a line
    TW_FORMAT_JSON,   // one array of objects, or objects one behind the other
    TW_FORMAT_CSV,
} tw_source_format;
// "auto", "ndjson", "json", "csv"; false when unknown.
bool tw_source_format_from(tw_str name, tw_source_format *out);

typedef struct tw_source_settings {
    tw_source_format format;
    tw_fact_kind kind;         // 0 = each record or the header tells
    const tw_mapping *mapping; // NULL = none; makes the format CSV. Outlives source and facts.
    const tw_intake_options *options; // outlives the source
} tw_source_settings;

typedef struct tw_source tw_source; // one thread at a time

// path "-" is standard input. TW_NOT_FOUND, TW_IO, TW_NO_MEMORY, TW_CORRUPT. The format is chosen
// at the first batch.
tw_status tw_source_open(const tw_alloc *alloc, const char *path,
                         const tw_source_settings *settings, tw_source **out,
                         tw_err *err) TW_MUST_CHECK;
// The same over bytes that stay valid and unchanged until the source is closed.
tw_status tw_source_open_memory(const tw_alloc *alloc, tw_str data,
                                const tw_source_settings *settings, tw_source **out,
                                tw_err *err) TW_MUST_CHECK;
void tw_source_close(tw_source *source);

// Arrays and all they point to are of the arena that the batch was read into.
typedef struct tw_source_batch {
    tw_fact *facts;
    uint64_t *lines; // lines[fact_n]: where each fact's record starts, as tw_problem.line
    size_t fact_n;
    tw_problem *problems;
    size_t problem_n;
} tw_source_batch;

// Reads up to max records (good and bad) in their order. TW_OK with at least one record; TW_END
// (empty batch); TW_NO_MEMORY when not even one record fits into the arena or the heap; TW_IO,
// TW_CORRUPT, TW_INVALID (header, mapping). After an error but TW_NO_MEMORY the source gives the
// same again. A batch ends early when the arena is full. ~0.6 us a record of 430 bytes.
tw_status tw_source_next(tw_source *source, tw_arena *arena, size_t max, tw_source_batch *out,
                         tw_err *err) TW_MUST_CHECK;

typedef struct tw_source_progress {
    uint64_t bytes_done;  // of the file as it is stored
    uint64_t bytes_total; // 0 = unknown (a pipe)
    uint64_t records;
} tw_source_progress;
tw_source_progress tw_source_where(const tw_source *source);
// What the source reads: "ndjson", "json", "csv", "csv with a mapping"; "" before the first batch.
const char *tw_source_format_text(const tw_source *source);
// Totals so far.
tw_intake_counts tw_source_counts(const tw_source *source);

#endif
