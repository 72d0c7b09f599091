// SPDX-License-Identifier: Apache-2.0
//
// tillwatch lake query and export: what a SELECT gives, printed or as a file.
#include "base/arena.h"
#include "base/time.h"
#include "lake.h"
#include "output.h"
#include "place_config.h"

#define PATH_BYTES 4096
#define TIMEOUT_MS_DEFAULT 30000
// Rows that a table's widths are taken from; the rest follows at these widths.
#define LOOK_N 500
#define WIDTH_MAX 48
#define LOOK_MAX_BYTES ((size_t)256 << 20)

typedef enum out_format { FORMAT_TABLE, FORMAT_CSV, FORMAT_JSON, FORMAT_PARQUET } out_format;

// --- printing
// -------------------------------------------------------------------------------------

typedef struct printer {
    FILE *out;
    out_format format;
    uint64_t row_n;
    tw_arena arena;
    size_t n;                       // columns
    const tw_str *rows[LOOK_N + 1]; // the head and the first rows, kept for the widths
    size_t kept_n;
    int *widths;
    bool is_shown;
} printer;

// Characters of a text: bytes that do not continue one.
static int width_of(tw_str s)
{
    int n = 0;
    for (size_t i = 0; i < s.bytes; i++)
        n += ((unsigned char)s.at[i] & 0xc0) != 0x80;
    return n;
}

static void print_cells(const printer *p, const tw_str *cells)
{
    for (size_t i = 0; i < p->n; i++) {
        int width = width_of(cells[i]);
        fprintf(p->out, "%s%.*s", i ? "  " : "", TW_STR_ARG(cells[i]));
        if (i + 1 < p->n)
            fprintf(p->out, "%*s", width < p->widths[i] ? p->widths[i] - width : 0, "");
    }
    putc('\n', p->out);
}

static tw_status show_kept(printer *p, tw_err *err)
{
    p->is_shown = true;
    p->widths = tw_arena_array(&p->arena, p->n, sizeof(*p->widths));
    if (p->n > 0 && !p->widths)
        return tw_fail(err, TW_NO_MEMORY, "no memory for the table");
    for (size_t row = 0; row < p->kept_n; row++)
        for (size_t i = 0; i < p->n; i++)
            p->widths[i] = TW_MAX(p->widths[i], TW_MIN(width_of(p->rows[row][i]), WIDTH_MAX));
    for (size_t row = 0; row < p->kept_n; row++)
        print_cells(p, p->rows[row]);
    return TW_OK;
}

static tw_status keep(printer *p, const tw_str *cells, tw_err *err)
{
    tw_str *kept = tw_arena_take(&p->arena, p->n * sizeof(*kept) + 1);
    if (!kept)
        return tw_fail(err, TW_NO_MEMORY, "no memory for the table");
    for (size_t i = 0; i < p->n; i++) {
        char *text = tw_arena_copy(&p->arena, cells[i].at ? cells[i].at : "", cells[i].bytes);
        if (!text)
            return tw_fail(err, TW_NO_MEMORY, "no memory for the table");
        kept[i] = (tw_str){text, cells[i].bytes};
    }
    p->rows[p->kept_n++] = kept;
    return TW_OK;
}

static tw_status print_row(void *ctx, tw_lake_visit_kind kind, const tw_str *cells, size_t n,
                           tw_err *err)
{
    printer *p = ctx;
    bool is_head = kind == TW_LAKE_VISIT_NAMES;
    if (kind == TW_LAKE_VISIT_TYPES)
        return TW_OK;
    p->n = n;
    p->row_n += !is_head;
    if (p->format == FORMAT_JSON && !is_head) {
        fprintf(p->out, "%s%.*s", p->row_n > 1 ? ",\n" : "\n", TW_STR_ARG(cells[0]));
    } else if (p->format == FORMAT_CSV) {
        for (size_t i = 0; i < n; i++) {
            fputs(i ? "," : "", p->out);
            twi_put_csv(p->out, cells[i]);
        }
        putc('\n', p->out);
    } else if (p->format == FORMAT_TABLE) {
        if (p->kept_n <= LOOK_N)
            return keep(p, cells, err);
        if (!p->is_shown)
            TW_TRY(show_kept(p, err));
        print_cells(p, cells);
    }
    return ferror(p->out) ? tw_fail_errno(err, "the result cannot be written") : TW_OK;
}

static tw_status print_result(const tw_lake *lake, const tw_lake_query *query, out_format format,
                              FILE *out, tw_err *err)
{
    printer p = {.out = out, .format = format};
    tw_lake_query asked = *query;
    asked.as_json = format == FORMAT_JSON;
    tw_arena_init(&p.arena, tw_alloc_system(), 0, LOOK_MAX_BYTES);
    fputs(format == FORMAT_JSON ? "[" : "", out);
    tw_status status = tw_lake_run(lake, &asked, print_row, &p, err);
    if (status == TW_OK && format == FORMAT_TABLE) {
        if (!p.is_shown)
            status = show_kept(&p, err);
        fprintf(out, "(%llu row%s)\n", (unsigned long long)p.row_n, p.row_n == 1 ? "" : "s");
    }
    fputs(format == FORMAT_JSON ? "\n]\n" : "", out);
    tw_arena_release(&p.arena);
    return status;
}

// --- query
// ----------------------------------------------------------------------------------------

static bool format_from(const char *name, out_format *out)
{
    static const char *const names[] = {"table", "csv", "json", "parquet"};
    for (size_t i = 0; i < TW_COUNT(names); i++)
        if (strcmp(names[i], name) == 0) {
            *out = (out_format)i;
            return true;
        }
    return false;
}

static tw_status run_query(const twi_lake_options *options, const tw_lake_query *query,
                           out_format format, tw_err *err)
{
    twi_lake_place l;
    uint64_t n;
    FILE *out;
    TW_TRY(twi_lake_place_open(&l, options, err));
    tw_status status = tw_lake_stage_tail(&l.source, &l.lake, &n, err);
    if (status == TW_OK && format == FORMAT_PARQUET) {
        status = tw_lake_copy(&l.lake, query, TW_LAKE_PARQUET, options->out, &n, err);
    } else if (status == TW_OK) {
        out = options->out ? fopen(options->out, "w") : stdout;
        status = out ? print_result(&l.lake, query, format, out, err)
                     : tw_fail_errno(err, "%.150s cannot be written", options->out);
        bool is_written = !out || (out == stdout ? fflush(out) == 0 : fclose(out) == 0);
        if (status == TW_OK && !is_written)
            status = tw_fail_errno(err, "the result cannot be written");
    }
    twi_lake_place_close(&l);
    return status;
}

// The folder of a file's path, "." without one.
static void folder_of(const char *path, char out[PATH_BYTES])
{
    const char *slash = strrchr(path, '/');
    size_t bytes = slash ? TW_MAX((size_t)(slash - path), 1) : 1;
    tw_str_copy((tw_str){slash ? path : ".", TW_MIN(bytes, PATH_BYTES - 1)}, out, PATH_BYTES);
}

int twi_lake_query_run(const twi_lake_options *options)
{
    out_format format = FORMAT_TABLE;
    char folder[PATH_BYTES];
    int64_t timeout_ms = TIMEOUT_MS_DEFAULT;
    twi_lake_options o = *options;
    tw_err err = {0};
    if (o.is_json)
        format = FORMAT_JSON;
    if (o.format && !format_from(o.format, &format))
        return twi_usage("lake", "--format is table, csv, json or parquet");
    if (format == FORMAT_PARQUET && !o.out)
        return twi_usage("lake", "say where to write with --out FILE");
    if (o.timeout && !tw_duration_parse(tw_str_from(o.timeout), &timeout_ms))
        return twi_usage("lake", "--timeout is a duration such as 30s or 5m");
    if (o.out && format == FORMAT_PARQUET) {
        folder_of(o.out, folder);
        o.out_dir = folder;
    }
    tw_lake_query query = {.sql = tw_str_from(o.sql), .timeout_ms = (uint64_t)timeout_ms};
    return run_query(&o, &query, format, &err) == TW_OK ? TWI_EXIT_OK : twi_failed("lake", &err);
}

// --- export
// ---------------------------------------------------------------------------------------

static bool is_table(const char *name)
{
    tw_lake_schema schema;
    tw_lake_schema_get(&schema);
    for (size_t i = 0; i < schema.table_n; i++)
        if (strcmp(schema.tables[i].name, name) == 0)
            return true;
    for (size_t i = 0; i < schema.view_n; i++)
        if (strcmp(schema.views[i].name, name) == 0)
            return true;
    return false;
}

static void put_days(tw_buf *sql, const twi_lake_options *o)
{
    char day[TW_TIME_TEXT_BYTES];
    if (o->from_ms != INT64_MIN)
        tw_buf_printf(sql, " AND date >= DATE '%s'", tw_date_format(tw_floor_day(o->from_ms), day));
    if (o->to_ms != INT64_MAX)
        tw_buf_printf(sql, " AND date < DATE '%s'", tw_date_format(tw_floor_day(o->to_ms), day));
}

static tw_status run_export(const twi_lake_options *o, const char *path, const tw_buf *sql,
                            uint64_t *row_n, tw_err *err)
{
    twi_lake_place l;
    uint64_t n;
    bool is_csv = o->format && strcmp(o->format, "csv") == 0;
    tw_lake_query query = {.sql = {(const char *)sql->data_own, sql->bytes}};
    if (sql->status != TW_OK)
        return tw_fail(err, sql->status, "no memory for the query");
    TW_TRY(twi_make_directories(o->out, err));
    TW_TRY(twi_lake_place_open(&l, o, err));
    tw_status status = tw_lake_stage_tail(&l.source, &l.lake, &n, err);
    if (status == TW_OK)
        status =
            tw_lake_copy(&l.lake, &query, is_csv ? TW_LAKE_CSV : TW_LAKE_PARQUET, path, row_n, err);
    twi_lake_place_close(&l);
    return status;
}

int twi_lake_export_run(const twi_lake_options *options)
{
    twi_lake_options o = *options;
    char path[PATH_BYTES], n[32];
    const char *table = o.table ? o.table : "transactions";
    const char *form = o.format ? o.format : "parquet";
    uint64_t row_n = 0;
    tw_err err = {0};
    tw_buf sql;
    if (!o.out)
        return twi_usage("lake", "say where to write with --out DIR");
    if (strcmp(form, "parquet") != 0 && strcmp(form, "csv") != 0)
        return twi_usage("lake", "--format is parquet or csv");
    if (!is_table(table))
        return twi_usage("lake", "there is no table \"%s\"", table);
    int bytes = snprintf(path, sizeof(path), "%s/%s.%s", o.out, table, form);
    if (bytes < 0 || (size_t)bytes >= sizeof(path))
        return twi_usage("lake", "the path of --out is too long");
    o.out_dir = o.out;
    tw_buf_init(&sql, tw_alloc_system(), 1 << 16);
    tw_buf_printf(&sql, "SELECT * FROM %s WHERE true", table);
    put_days(&sql, &o);
    tw_buf_cstr(&sql, " ORDER BY date, seq");
    tw_status status = run_export(&o, path, &sql, &row_n, &err);
    tw_buf_release(&sql);
    if (status != TW_OK)
        return twi_failed("lake", &err);
    if (o.is_json)
        printf("{\"rows\":%llu}\n", (unsigned long long)row_n);
    else
        printf("%s rows in %s\n", twi_thousands(row_n, n), path);
    return twi_flush("lake");
}
