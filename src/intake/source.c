// SPDX-License-Identifier: Apache-2.0
//
// One loop for all formats: find the next record in the window, decode it into the arena, and only
// then let go of its bytes, so that a record that does not fit into this arena is read again into
// the next one.
#include "intake/source.h"

#include "csv.h"
#include "csv_source.h"
#include "input.h"
#include "intake/json.h"
#include "json_split.h"

struct tw_source {
    const tw_alloc *alloc;
    twi_input in;
    tw_source_format format; // AUTO until the first batch
    tw_fact_kind kind;
    const tw_mapping *mapping;
    tw_intake_options options; // with the mapping's zone and currency
    const tw_intake_options *given;
    tw_json_parser *json_own;
    twi_csv_source *csv_own;
    uint64_t line;               // lines, or elements of JSON, before the window
    bool is_skipping;            // inside a record that is too long, to its end
    tw_intake_counts own_counts; // records that never reached a parser
    tw_status failed;            // kept
    tw_err failure;
};

bool tw_source_format_from(tw_str name, tw_source_format *out)
{
    static const struct {
        tw_str name;
        tw_source_format format;
    } formats[] = {{{"auto", 4}, TW_FORMAT_AUTO},
                   {{"ndjson", 6}, TW_FORMAT_NDJSON},
                   {{"json", 4}, TW_FORMAT_JSON},
                   {{"csv", 3}, TW_FORMAT_CSV}};
    for (size_t i = 0; i < TW_COUNT(formats); i++) {
        if (tw_str_equal(formats[i].name, name)) {
            *out = formats[i].format;
            return true;
        }
    }
    return false;
}

// --- opening
// ---------------------------------------------------------------------------------------

static tw_status open_source(const tw_alloc *alloc, const char *path, tw_str data,
                             const tw_source_settings *settings, tw_source **out, tw_err *err)
{
    *out = NULL;
    tw_source *source = tw_new(alloc, tw_source);
    if (!source)
        return tw_fail(err, TW_NO_MEMORY, "no memory to read records");
    source->alloc = alloc;
    source->format = settings->mapping ? TW_FORMAT_CSV : settings->format;
    source->kind = settings->mapping ? settings->mapping->kind : settings->kind;
    source->mapping = settings->mapping;
    source->given = settings->options;
    tw_status status = path ? twi_input_open(&source->in, alloc, path, err)
                            : twi_input_open_memory(&source->in, alloc, data, err);
    if (status != TW_OK) {
        tw_source_close(source);
        return status;
    }
    *out = source;
    return TW_OK;
}

tw_status tw_source_open(const tw_alloc *alloc, const char *path,
                         const tw_source_settings *settings, tw_source **out, tw_err *err)
{
    return open_source(alloc, path, TW_STR_NONE, settings, out, err);
}

tw_status tw_source_open_memory(const tw_alloc *alloc, tw_str data,
                                const tw_source_settings *settings, tw_source **out, tw_err *err)
{
    return open_source(alloc, NULL, data, settings, out, err);
}

void tw_source_close(tw_source *source)
{
    if (!source)
        return;
    twi_input_close(&source->in);
    tw_json_parser_free(source->json_own);
    twi_csv_source_free(source->csv_own);
    // The copy of the options holds the token key.
    memset(&source->options, 0, sizeof(source->options));
    tw_delete(source->alloc, source);
}

static bool is_white(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

// NDJSON, unless the first object goes on over several lines. `line` is its first one; a first line
// that does not close and is followed by another object is a damaged record of NDJSON.
static tw_source_format object_format(tw_str line, tw_str behind)
{
    if (twi_json_is_closed(line) || behind.bytes == 0 || behind.at[0] == '{')
        return TW_FORMAT_NDJSON;
    return TW_FORMAT_JSON;
}

// Chooses the format by the first character that is not white.
static tw_status detect(tw_source *source, tw_err *err)
{
    for (;;) {
        tw_str view = twi_input_view(&source->in);
        size_t at = tw_str_starts(view, TW_STR("\xef\xbb\xbf")) ? 3 : 0;
        while (at < view.bytes && is_white(view.at[at]))
            at++;
        tw_str rest = {view.at + at, view.bytes - at};
        const char *end = rest.bytes ? memchr(rest.at, '\n', rest.bytes) : NULL;
        size_t line_bytes = end ? (size_t)(end - rest.at) : rest.bytes;
        size_t behind_at = end ? line_bytes + 1 : line_bytes;
        tw_str behind = {rest.at + behind_at, rest.bytes - behind_at};
        char first = rest.bytes ? rest.at[0] : '\0';
        if (first == '[') {
            source->format = TW_FORMAT_JSON;
            return TW_OK;
        }
        if (first == '{' ? behind.bytes > 0 || source->in.is_end : first || source->in.is_end) {
            source->format =
                first == '{' ? object_format((tw_str){rest.at, line_bytes}, behind) : TW_FORMAT_CSV;
            return TW_OK;
        }
        tw_status status = twi_input_fill(&source->in, err);
        if (status == TW_LIMIT) {
            source->format = TW_FORMAT_NDJSON;
            return TW_OK;
        }
        TW_TRY(status);
    }
}

static tw_status start(tw_source *source, tw_err *err)
{
    if (source->json_own || source->csv_own)
        return TW_OK;
    source->options = *source->given;
    if (source->mapping && source->mapping->zone_own)
        source->options.default_zone = source->mapping->zone_own;
    if (source->mapping && source->mapping->currency[0])
        memcpy(source->options.default_currency, source->mapping->currency, 4);
    if (source->format == TW_FORMAT_AUTO)
        TW_TRY(detect(source, err));
    if (tw_str_starts(twi_input_view(&source->in), TW_STR("\xef\xbb\xbf")))
        twi_input_consume(&source->in, 3);
    tw_status status = source->format == TW_FORMAT_CSV
                           ? twi_csv_source_new(source->alloc, &source->options, source->kind,
                                                source->mapping, &source->csv_own)
                           : tw_json_parser_new(source->alloc, &source->options, &source->json_own);
    return status == TW_OK ? TW_OK : tw_fail(err, status, "no memory to read records");
}

// --- one record
// ------------------------------------------------------------------------------------

typedef struct record {
    tw_str text;    // without its line end
    size_t bytes;   // to consume
    uint64_t lines; // to count
    bool is_too_long;
} record;

// Finds the record at the window's start. False: more bytes are needed.
static bool find_record(const tw_source *source, record *out)
{
    tw_str view = twi_input_view(&source->in);
    bool is_last = source->in.is_end;
    *out = (record){.lines = 1};
    if (source->format == TW_FORMAT_CSV) {
        out->bytes = twi_csv_row_bytes(view, twi_csv_source_delimiter(source->csv_own, view),
                                       is_last, &out->lines);
        out->text = twi_csv_chomp((tw_str){view.at, out->bytes});
    } else if (source->format == TW_FORMAT_NDJSON) {
        const char *end = view.bytes ? memchr(view.at, '\n', view.bytes) : NULL;
        out->bytes = end ? (size_t)(end - view.at) + 1 : is_last ? view.bytes : 0;
        out->text = tw_str_trim((tw_str){view.at, out->bytes});
    } else {
        size_t gap = twi_json_gap(view);
        tw_str rest = {view.at + gap, view.bytes - gap};
        size_t element = twi_json_element(rest, is_last);
        out->text = (tw_str){rest.at, element};
        out->bytes = element ? gap + element : is_last ? view.bytes : 0;
        out->lines = element != 0;
    }
    out->is_too_long = out->text.bytes > TW_RECORD_MAX_BYTES;
    return out->bytes != 0;
}

// The next record that is not blank. TW_END; TW_LIMIT: the window is full of one record.
static tw_status next_record(tw_source *source, record *out, tw_err *err)
{
    for (;;) {
        if (find_record(source, out)) {
            if (out->text.bytes)
                return TW_OK;
            twi_input_consume(&source->in, out->bytes);
            source->line += out->lines;
        } else if (source->in.is_end) {
            return TW_END;
        } else {
            TW_TRY(twi_input_fill(&source->in, err));
        }
    }
}

// Drops what the window holds of a record that is too long, and the rest up to the next line end.
static tw_status skip_long(tw_source *source, tw_err *err)
{
    for (;;) {
        tw_str view = twi_input_view(&source->in);
        const char *end = view.bytes ? memchr(view.at, '\n', view.bytes) : NULL;
        twi_input_consume(&source->in, end ? (size_t)(end - view.at) + 1 : view.bytes);
        if (end || source->in.is_end) {
            source->line++;
            source->is_skipping = false;
            return TW_OK;
        }
        TW_TRY(twi_input_fill(&source->in, err));
    }
}

static tw_status reject_long(tw_source *source, tw_arena *arena, tw_str text, tw_problem *problem)
{
    (void)twi_reject(problem, TW_PROBLEM_LENGTH, "", "the record is longer than %d bytes",
                     TW_RECORD_MAX_BYTES);
    return twi_dead_letter(arena, text, &source->own_counts, problem);
}

static tw_status decode(tw_source *source, const record *rec, tw_arena *arena, tw_fact *fact,
                        tw_problem *problem)
{
    if (rec->is_too_long)
        return reject_long(source, arena, rec->text, problem);
    return source->csv_own
               ? twi_csv_source_row(source->csv_own, rec->text, arena, fact, problem)
               : tw_json_parse(source->json_own, rec->text, source->kind, arena, fact, problem);
}

// --- a batch
// -----------------------------------------------------------------------------------------

static tw_status add_problem(tw_arena *arena, tw_source_batch *batch, size_t *cap, size_t max,
                             const tw_problem *problem)
{
    if (batch->problem_n == *cap) {
        size_t grown = TW_MIN(TW_MAX(*cap * 4, (size_t)16), max);
        tw_problem *problems = tw_arena_take(arena, grown * sizeof(*problems));
        if (!problems)
            return TW_NO_MEMORY;
        if (batch->problem_n)
            memcpy(problems, batch->problems, batch->problem_n * sizeof(*problems));
        batch->problems = problems;
        *cap = grown;
    }
    batch->problems[batch->problem_n++] = *problem;
    return TW_OK;
}

// A CSV row over several lines that is malformed was most likely joined by one lost quote: only its
// first line is at fault, and the others are read again on their own.
static void keep_first_line(record *rec, tw_problem *problem)
{
    const char *end = memchr(rec->text.at, '\n', rec->text.bytes);
    if (!end)
        return;
    rec->bytes = (size_t)(end - rec->text.at) + 1;
    rec->lines = 1;
    problem->record.bytes = TW_MIN(problem->record.bytes, rec->bytes - 1);
}

// One record into the batch. Statuses as tw_source_next.
static tw_status read_one(tw_source *source, tw_arena *arena, size_t max, tw_source_batch *batch,
                          size_t *problem_cap, tw_err *err)
{
    record rec;
    tw_problem problem;
    if (source->is_skipping)
        TW_TRY(skip_long(source, err));
    tw_status status = next_record(source, &rec, err);
    if (status == TW_LIMIT) {
        // One record fills the window: what is here is its beginning; the next call skips the rest.
        rec = (record){.text = twi_input_view(&source->in), .is_too_long = true};
    } else if (status != TW_OK) {
        return status;
    }
    // A CSV header is no record; it is read again when there was no memory for it.
    if (source->csv_own && !twi_csv_source_has_header(source->csv_own)) {
        TW_TRY(twi_csv_source_header(source->csv_own, rec.text, err));
        twi_input_consume(&source->in, rec.bytes);
        source->line += rec.lines;
        return TW_OK;
    }
    problem.line = source->line + 1;
    status = decode(source, &rec, arena, &batch->facts[batch->fact_n], &problem);
    if (status == TW_INVALID && source->csv_own && problem.code == TW_PROBLEM_SYNTAX)
        keep_first_line(&rec, &problem);
    if (status == TW_INVALID)
        TW_TRY(add_problem(arena, batch, problem_cap, max, &problem));
    else if (status != TW_OK)
        return tw_fail(err, status, "no memory for a record of %zu bytes", rec.text.bytes);
    else
        batch->lines[batch->fact_n++] = source->line + 1;
    source->is_skipping = rec.bytes == 0;
    twi_input_consume(&source->in, rec.bytes);
    source->line += rec.lines;
    return TW_OK;
}

tw_status tw_source_next(tw_source *source, tw_arena *arena, size_t max, tw_source_batch *out,
                         tw_err *err)
{
    size_t problem_cap = 0;
    tw_err failure = {0};
    memset(out, 0, sizeof(*out));
    TW_CHECK(max > 0);
    if (source->failed != TW_OK)
        return tw_fail(err, source->failed, "%s", source->failure.text);
    tw_source_batch batch = {.facts = tw_arena_take(arena, max * sizeof(tw_fact)),
                             .lines = tw_arena_take(arena, max * sizeof(uint64_t))};
    tw_status status = batch.facts && batch.lines
                           ? start(source, &failure)
                           : tw_fail(&failure, TW_NO_MEMORY, "no memory for a batch of records");
    source->options.received_ms = source->given->received_ms;
    while (status == TW_OK && batch.fact_n + batch.problem_n < max)
        status = read_one(source, arena, max, &batch, &problem_cap, &failure);
    bool any = batch.fact_n + batch.problem_n > 0;
    if (status != TW_OK && status != TW_END && status != TW_NO_MEMORY) {
        source->failed = status;
        source->failure = failure;
    }
    if (any) {
        *out = batch;
        return TW_OK;
    }
    return status == TW_END ? TW_END : tw_fail(err, status, "%s", failure.text);
}

// --- figures
// ---------------------------------------------------------------------------------------

tw_intake_counts tw_source_counts(const tw_source *source)
{
    tw_intake_counts counts = source->own_counts;
    if (source->json_own)
        tw_intake_counts_add(&counts, tw_json_parser_counts(source->json_own));
    if (source->csv_own)
        tw_intake_counts_add(&counts, twi_csv_source_counts(source->csv_own));
    return counts;
}

tw_source_progress tw_source_where(const tw_source *source)
{
    return (tw_source_progress){source->in.bytes_done, source->in.bytes_total,
                                tw_source_counts(source).records};
}

const char *tw_source_format_text(const tw_source *source)
{
    if (source->csv_own)
        return source->mapping ? "csv with a mapping" : "csv";
    return !source->json_own ? "" : source->format == TW_FORMAT_JSON ? "json" : "ndjson";
}
