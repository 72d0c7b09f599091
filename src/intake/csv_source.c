// SPDX-License-Identifier: Apache-2.0
//
// CSV rows to facts. Columns with canonical names need no mapping; rules of a mapping come on top.
#include "csv_source.h"

#include <stdio.h>

#include "csv.h"

struct twi_csv_source {
    const tw_alloc *alloc;
    tw_fact_kind kind;
    const twi_schema *schema;
    const tw_mapping *mapping;
    twi_bound *bound_own; // of the mapping
    char delimiter;       // 0 until the header is read
    size_t column_n;      // 0 until the header is read
    uint64_t row;         // rows read
    char *header_own;
    size_t header_bytes;
    uint8_t plan[TW_CSV_COLUMNS_MAX]; // field of each column, or TWI_NO_FIELD
    tw_str fields[TW_CSV_COLUMNS_MAX];
    twi_decoder decoder;
    tw_intake_counts counts;
};

tw_status twi_csv_source_new(const tw_alloc *alloc, const tw_intake_options *options,
                             tw_fact_kind kind, const tw_mapping *mapping, twi_csv_source **out)
{
    *out = NULL;
    twi_csv_source *source = tw_new(alloc, twi_csv_source);
    if (!source)
        return TW_NO_MEMORY;
    source->alloc = alloc;
    source->kind = kind;
    source->mapping = mapping;
    source->delimiter = mapping ? mapping->delimiter : 0;
    source->decoder.options = options;
    source->decoder.counts = &source->counts;
    *out = source;
    return TW_OK;
}

void twi_csv_source_free(twi_csv_source *source)
{
    if (!source)
        return;
    tw_free_array(source->alloc, source->header_own, source->header_bytes, 1);
    if (source->bound_own)
        tw_delete(source->alloc, source->bound_own);
    tw_delete(source->alloc, source);
}

char twi_csv_source_delimiter(const twi_csv_source *source, tw_str view)
{
    return source->delimiter ? source->delimiter : twi_csv_delimiter(view);
}

bool twi_csv_source_has_header(const twi_csv_source *source)
{
    return source->column_n != 0;
}

const tw_intake_counts *twi_csv_source_counts(const twi_csv_source *source)
{
    return &source->counts;
}

// --- the header
// ------------------------------------------------------------------------------------

static bool has_column(const tw_str *columns, size_t n, const char *name)
{
    for (size_t i = 0; i < n; i++) {
        if (twi_equal_loose(columns[i], tw_str_from(name)))
            return true;
    }
    return false;
}

static tw_fact_kind kind_of(const tw_str *columns, size_t n)
{
    if (has_column(columns, n, "transaction_total"))
        return TW_FACT_TRANSACTION;
    if (has_column(columns, n, "movement_id"))
        return TW_FACT_MOVEMENT;
    if (has_column(columns, n, "event_id"))
        return TW_FACT_SHIFT;
    if (has_column(columns, n, "verdict") || has_column(columns, n, "fraud"))
        return TW_FACT_VERDICT;
    return TW_FACT_TRANSACTION;
}

static tw_status plan_columns(twi_csv_source *source, const tw_str *columns, size_t n, tw_err *err)
{
    uint64_t seen = 0;
    for (size_t i = 0; i < n; i++) {
        unsigned field = twi_field_find_loose(source->schema, columns[i]);
        if (field != TWI_NO_FIELD) {
            twi_type type = source->schema->fields[field].type;
            bool is_ruled = source->mapping && (!source->mapping->takes_unlisted ||
                                                twi_mapping_has(source->mapping, field));
            // Nested fields have no text form.
            if (is_ruled || type == TWI_LINES || type == TWI_TENDERS || type == TWI_ATTRIBUTES)
                field = TWI_NO_FIELD;
        }
        if (field != TWI_NO_FIELD && (seen >> field & 1))
            return tw_fail(err, TW_INVALID, "column \"%.*s\" appears twice in the header",
                           TW_STR_ARG(columns[i]));
        if (field != TWI_NO_FIELD)
            seen |= UINT64_C(1) << field;
        source->plan[i] = (uint8_t)field;
    }
    char missing[160] = "";
    size_t used = 0;
    for (size_t i = 0; i < source->schema->n; i++) {
        const twi_field *field = &source->schema->fields[i];
        if (!field->is_required || (seen >> i & 1) ||
            (source->mapping && (twi_mapping_has(source->mapping, (unsigned)i) ||
                                 (tw_str_equal(field->name, TW_STR("refund_flag")) &&
                                  twi_mapping_derives_refund(source->mapping)))))
            continue;
        if (used + field->name.bytes + 3 < sizeof(missing))
            used += (size_t)snprintf(missing + used, sizeof(missing) - used, "%s%s",
                                     used ? ", " : "", field->name.at);
    }
    if (used)
        return tw_fail(err, TW_INVALID,
                       "the header has no column %s; name the columns so or give a mapping (--map)",
                       missing);
    return TW_OK;
}

tw_status twi_csv_source_header(twi_csv_source *source, tw_str row, tw_err *err)
{
    size_t n = 0;
    // A second try after a lack of memory starts anew.
    tw_free_array(source->alloc, source->header_own, source->header_bytes, 1);
    source->header_own = tw_new_array(source->alloc, row.bytes, 1);
    source->header_bytes = row.bytes;
    if (!source->header_own)
        return tw_fail(err, TW_NO_MEMORY, "no memory for the CSV header");
    if (row.bytes)
        memcpy(source->header_own, row.at, row.bytes);
    char delimiter = twi_csv_source_delimiter(source, row);
    if (twi_csv_split(source->header_own, row.bytes, delimiter, source->fields, &n) != TW_OK)
        return tw_fail(err, TW_INVALID,
                       "the CSV header is malformed; check its quotes and that it has at most %d "
                       "columns",
                       TW_CSV_COLUMNS_MAX);
    if (source->kind == 0)
        source->kind = kind_of(source->fields, n);
    source->schema = twi_schema_of(source->kind);
    TW_CHECK(source->schema);
    TW_TRY(plan_columns(source, source->fields, n, err));
    if (source->mapping) {
        if (!source->bound_own && !(source->bound_own = tw_new(source->alloc, twi_bound)))
            return tw_fail(err, TW_NO_MEMORY, "no memory for the mapping");
        TW_TRY(twi_mapping_bind(source->mapping, source->fields, n, source->bound_own, err));
    }
    source->delimiter = delimiter;
    source->column_n = n;
    return TW_OK;
}

// --- rows
// ------------------------------------------------------------------------------------------

static tw_status parse_row(twi_csv_source *source, tw_str row, tw_fact *out)
{
    twi_decoder *d = &source->decoder;
    twi_draft draft;
    size_t n = 0;
    char *copy = tw_arena_copy(d->arena, row.at, row.bytes);
    if (!copy)
        return TW_NO_MEMORY;
    tw_status status = twi_csv_split(copy, row.bytes, source->delimiter, source->fields, &n);
    if (status == TW_SYNTAX)
        return twi_reject(d->problem, TW_PROBLEM_SYNTAX, "", "a quote in the row does not close");
    if (status != TW_OK || n != source->column_n)
        return twi_reject(d->problem, TW_PROBLEM_SYNTAX, "",
                          "the row has %zu columns; the header has %zu",
                          status == TW_OK ? n : (size_t)TW_CSV_COLUMNS_MAX + 1, source->column_n);
    memset(draft.kind, 0, sizeof(draft.kind));
    for (size_t i = 0; i < n; i++) {
        unsigned field = source->plan[i];
        if (field == TWI_NO_FIELD || source->fields[i].bytes == 0)
            continue;
        draft.kind[field] = TWI_STRING;
        draft.text[field] = source->fields[i];
    }
    if (source->mapping)
        TW_TRY(twi_mapping_apply(source->bound_own, d, source->fields, source->row, &draft));
    draft.given = 0;
    for (size_t i = 0; i < source->schema->n; i++)
        draft.given |= (uint64_t)(draft.kind[i] != TWI_ABSENT) << i;
    return twi_decode(d, source->kind, &draft, out);
}

tw_status twi_csv_source_row(twi_csv_source *source, tw_str row, tw_arena *arena, tw_fact *out,
                             tw_problem *problem)
{
    source->decoder.arena = arena;
    source->decoder.problem = problem;
    tw_status status = parse_row(source, row, out);
    if (TW_LIKELY(status == TW_OK)) {
        source->row++;
        source->counts.records++;
        source->counts.accepted++;
        return TW_OK;
    }
    memset(out, 0, sizeof(*out));
    if (status == TW_INVALID)
        status = twi_dead_letter(arena, row, &source->counts, problem);
    source->row += status == TW_INVALID;
    return status;
}
