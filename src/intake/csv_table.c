// SPDX-License-Identifier: Apache-2.0
//
// Tables by column name over the row reader.
#include "csv.h"
#include "input.h"
#include "schema.h"

struct tw_csv {
    const tw_alloc *alloc;
    twi_input in;
    char delimiter;
    uint64_t line;
    size_t column_n;
    char *header_own;
    size_t header_bytes;
    tw_str columns[TW_CSV_COLUMNS_MAX];
    tw_str fields[TW_CSV_COLUMNS_MAX];
};

// Makes the next row's bytes available; *row is a view into the window, consumed already.
static tw_status next_row(tw_csv *csv, tw_str *row, uint64_t *line, tw_err *err)
{
    for (;;) {
        tw_str view = twi_input_view(&csv->in);
        uint64_t lines = 0;
        size_t bytes = twi_csv_row_bytes(view, csv->delimiter, csv->in.is_end, &lines);
        if (bytes) {
            *row = twi_csv_chomp((tw_str){view.at, bytes});
            *line = csv->line + 1;
            csv->line += lines;
            twi_input_consume(&csv->in, bytes);
            if (row->bytes)
                return TW_OK;
        } else if (csv->in.is_end) {
            return TW_END;
        } else {
            tw_status status = twi_input_fill(&csv->in, err);
            if (status == TW_LIMIT) {
                // A quote that never closes: go on at the next line end.
                const char *end = memchr(view.at, '\n', view.bytes);
                twi_input_consume(&csv->in, end ? (size_t)(end - view.at) + 1 : view.bytes);
                csv->line += end != NULL;
                return tw_fail(err, TW_LIMIT, "line %llu starts a row that is longer than %d bytes",
                               (unsigned long long)csv->line, TW_RECORD_MAX_BYTES);
            }
            TW_TRY(status);
        }
    }
}

static tw_status read_header(tw_csv *csv, tw_err *err)
{
    tw_str row;
    uint64_t line;
    TW_TRY(twi_input_fill(&csv->in, err));
    tw_str view = twi_input_view(&csv->in);
    if (tw_str_starts(view, TW_STR("\xef\xbb\xbf")))
        twi_input_consume(&csv->in, 3);
    csv->delimiter = twi_csv_delimiter(twi_input_view(&csv->in));
    tw_status status = next_row(csv, &row, &line, err);
    if (status == TW_END)
        return tw_fail(err, TW_SYNTAX, "the table is empty; its first line must name the columns");
    TW_TRY(status);
    csv->header_own = tw_new_array(csv->alloc, row.bytes, 1);
    csv->header_bytes = row.bytes;
    if (!csv->header_own)
        return tw_fail(err, TW_NO_MEMORY, "no memory for the table's header");
    memcpy(csv->header_own, row.at, row.bytes);
    if (twi_csv_split(csv->header_own, row.bytes, csv->delimiter, csv->columns, &csv->column_n) !=
        TW_OK)
        return tw_fail(err, TW_SYNTAX, "the table's header is malformed; check its quotes");
    for (size_t i = 0; i < csv->column_n; i++) {
        for (size_t j = 0; j < i; j++) {
            if (csv->columns[i].bytes && twi_equal_loose(csv->columns[i], csv->columns[j]))
                return tw_fail(err, TW_SYNTAX, "column \"%.*s\" appears twice in the header",
                               TW_STR_ARG(csv->columns[i]));
        }
    }
    return TW_OK;
}

static tw_status open_csv(const tw_alloc *alloc, const char *path, tw_str data, tw_csv **out,
                          tw_err *err)
{
    *out = NULL;
    tw_csv *csv = tw_new(alloc, tw_csv);
    if (!csv)
        return tw_fail(err, TW_NO_MEMORY, "no memory to read a table");
    csv->alloc = alloc;
    tw_status status = path ? twi_input_open(&csv->in, alloc, path, err)
                            : twi_input_open_memory(&csv->in, alloc, data, err);
    if (status == TW_OK)
        status = read_header(csv, err);
    else
        csv->in.alloc = alloc;
    if (status != TW_OK)
        tw_csv_close(csv);
    else
        *out = csv;
    return status;
}

tw_status tw_csv_open(const tw_alloc *alloc, const char *path, tw_csv **out, tw_err *err)
{
    return open_csv(alloc, path, TW_STR_NONE, out, err);
}

tw_status tw_csv_open_memory(const tw_alloc *alloc, tw_str data, tw_csv **out, tw_err *err)
{
    return open_csv(alloc, NULL, data, out, err);
}

void tw_csv_close(tw_csv *csv)
{
    if (!csv)
        return;
    twi_input_close(&csv->in);
    tw_free_array(csv->alloc, csv->header_own, csv->header_bytes, 1);
    tw_delete(csv->alloc, csv);
}

size_t tw_csv_column(const tw_csv *csv, const char *name)
{
    for (size_t i = 0; i < csv->column_n; i++) {
        if (twi_equal_loose(csv->columns[i], tw_str_from(name)))
            return i;
    }
    return TW_CSV_NO_COLUMN;
}

size_t tw_csv_column_n(const tw_csv *csv)
{
    return csv->column_n;
}

tw_str tw_csv_column_name(const tw_csv *csv, size_t column)
{
    TW_CHECK(column < csv->column_n);
    return csv->columns[column];
}

tw_status tw_csv_next(tw_csv *csv, const tw_str **fields, uint64_t *line, tw_err *err)
{
    tw_str row;
    size_t n = 0;
    *fields = NULL;
    *line = 0;
    TW_TRY(next_row(csv, &row, line, err));
    // The row lies in our own window; its fields are unquoted in place.
    char *own = csv->in.window_own + (row.at - csv->in.window_own);
    if (twi_csv_split(own, row.bytes, csv->delimiter, csv->fields, &n) != TW_OK)
        return tw_fail(err, TW_SYNTAX, "line %llu: a quote does not close",
                       (unsigned long long)*line);
    if (n != csv->column_n)
        return tw_fail(err, TW_SYNTAX, "line %llu has %zu columns; the header has %zu",
                       (unsigned long long)*line, n, csv->column_n);
    *fields = csv->fields;
    return TW_OK;
}
