// SPDX-License-Identifier: Apache-2.0
//
// Queries: the views over parts and staging, the lock, and one SELECT under limits.
//
// What a person may run is held down twice: the text must be one statement of type SELECT (which
// excludes COPY, ATTACH, SET, PRAGMA and whatever writes), and the database opens no file outside
// the lake and takes no settings any more.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/time.h"
#include "internal.h"

#define NAP_NS 200000

// --- views
// ----------------------------------------------------------------------------------------

static tw_status put_parts(const twi_lake *lake, const tw_lake_table *table, tw_buf *sql,
                           tw_err *err)
{
    size_t first = 0, n = 0;
    for (size_t i = 0; i < lake->part_n; i++)
        if (strcmp(lake->parts_own[i].table, table->name) == 0 && n++ == 0)
            first = i;
    if (n == 0)
        return TW_OK;
    tw_buf_cstr(sql, "SELECT date, ");
    twi_lake_put_columns(sql, table);
    tw_buf_cstr(sql, " FROM ");
    TW_TRY(twi_lake_put_files(lake, &lake->parts_own[first], n, true, sql, err));
    tw_buf_cstr(sql, " UNION ALL ");
    return TW_OK;
}

static tw_status create_views(twi_lake *lake, tw_err *err)
{
    tw_buf sql;
    for (size_t i = 0; i < lake->schema.table_n; i++) {
        const tw_lake_table *table = &lake->schema.tables[i];
        twi_lake_sql(lake, &sql);
        tw_buf_printf(&sql, "CREATE VIEW %s AS ", table->name);
        tw_status status = put_parts(lake, table, &sql, err);
        if (status != TW_OK) {
            tw_buf_release(&sql);
            return status;
        }
        tw_buf_cstr(&sql, "SELECT date, ");
        twi_lake_put_columns(&sql, table);
        tw_buf_printf(&sql, " FROM stage_%s", table->name);
        TW_TRY(twi_lake_execute(lake, &sql, "the lake", err));
    }
    TW_TRY(twi_lake_create_derived_views(lake, err));
    for (size_t i = 0; i < lake->schema.view_n; i++) {
        twi_lake_sql(lake, &sql);
        tw_buf_printf(&sql, "CREATE VIEW %s AS %s", lake->schema.views[i].name,
                      lake->schema.views[i].sql);
        TW_TRY(twi_lake_execute(lake, &sql, "the lake", err));
    }
    return TW_OK;
}

tw_status twi_lake_lock(twi_lake *lake, tw_err *err)
{
    tw_buf sql;
    if (lake->is_locked)
        return TW_OK;
    TW_TRY(twi_lake_flush_stages(lake, err));
    TW_TRY(create_views(lake, err));
    twi_lake_sql(lake, &sql);
    tw_buf_cstr(&sql, "SET allowed_directories = [");
    twi_lake_put_text(&sql, lake->dir_own);
    if (lake->out_dir_own) {
        tw_buf_cstr(&sql, ", ");
        twi_lake_put_text(&sql, lake->out_dir_own);
    }
    tw_buf_cstr(&sql, "]; SET enable_external_access = false; SET lock_configuration = true");
    TW_TRY(twi_lake_execute(lake, &sql, "the lake", err));
    lake->is_locked = true;
    return TW_OK;
}

// --- one SELECT
// -----------------------------------------------------------------------------------

// Names or types of the columns of a result.
typedef struct columns {
    tw_str *cells_own;
    size_t n;
} columns;

static void release_columns(const twi_lake *lake, columns *c)
{
    tw_free_array(lake->alloc, c->cells_own, c->n, sizeof(*c->cells_own));
}

// Where the library gives no error type, its sentence begins with it.
static duckdb_error_type type_of(const char *text)
{
    static const struct {
        const char *start;
        duckdb_error_type type;
    } starts[] = {
        {"Permission Error", DUCKDB_ERROR_PERMISSION},
        {"Out of Memory Error", DUCKDB_ERROR_OUT_OF_MEMORY},
        {"IO Error", DUCKDB_ERROR_IO},
    };
    for (size_t i = 0; text && i < TW_COUNT(starts); i++)
        if (strncmp(text, starts[i].start, strlen(starts[i].start)) == 0)
            return starts[i].type;
    return DUCKDB_ERROR_BINDER;
}

// Where DuckDB's sentence points: it ends with "LINE n: " and a piece of that line, cut with "..."
// when it is long, and below it a caret.
static void find_spot(const char *sentence, const char *text, tw_lake_spot *spot)
{
    const char *at = sentence ? strstr(sentence, "\nLINE ") : NULL;
    char *end;
    if (!spot || !at)
        return;
    unsigned long line = strtoul(at + strlen("\nLINE "), &end, 10);
    const char *piece = end + strlen(": "), *below = strchr(end, '\n');
    const char *caret = below ? strchr(below, '^') : NULL;
    if (strncmp(end, ": ", 2) != 0 || !caret || line == 0 || line > UINT32_MAX)
        return;
    size_t column = (size_t)(caret - below - 1), head = (size_t)(piece - at - 1);
    spot->line = (uint32_t)line;
    if (column < head)
        return;
    column -= head;
    if (strncmp(piece, "...", 3) == 0 && column >= 3) {
        // The piece begins somewhere in its line, and may be cut at its end, too.
        char look[160];
        size_t bytes = strcspn(piece + 3, "\n");
        for (unsigned long i = 1; text && i < line; i++)
            text = strchr(text, '\n') ? strchr(text, '\n') + 1 : NULL;
        tw_str_copy((tw_str){piece + 3, TW_MIN(bytes, sizeof(look) - 1)}, look, sizeof(look));
        if (bytes >= 3 && bytes < sizeof(look) && strcmp(look + bytes - 3, "...") == 0)
            look[bytes - 3] = '\0';
        const char *found = text ? strstr(text, look) : NULL;
        if (!found)
            return;
        column += (size_t)(found - text) - 3;
    }
    spot->column = (uint32_t)column + 1;
}

static tw_status syntax(const twi_lake *lake, const char *why, const char *text,
                        const tw_lake_query *query, duckdb_error_type type, tw_err *err)
{
    find_spot(why, text, query->spot);
    return twi_lake_failed(lake, "the query", why, type, err);
}

// What a reader of the texts can make of them.
static const char *type_word(duckdb_type type)
{
    switch ((int)type) { // of the many types these matter
    case DUCKDB_TYPE_BOOLEAN:
        return "boolean";
    case DUCKDB_TYPE_TINYINT:
    case DUCKDB_TYPE_SMALLINT:
    case DUCKDB_TYPE_INTEGER:
    case DUCKDB_TYPE_BIGINT:
    case DUCKDB_TYPE_UTINYINT:
    case DUCKDB_TYPE_USMALLINT:
    case DUCKDB_TYPE_UINTEGER:
    case DUCKDB_TYPE_UBIGINT:
    case DUCKDB_TYPE_HUGEINT:
        return "integer";
    case DUCKDB_TYPE_FLOAT:
    case DUCKDB_TYPE_DOUBLE:
    case DUCKDB_TYPE_DECIMAL:
        return "number";
    case DUCKDB_TYPE_VARCHAR:
        return "text";
    case DUCKDB_TYPE_DATE:
        return "date";
    case DUCKDB_TYPE_TIMESTAMP:
    case DUCKDB_TYPE_TIMESTAMP_S:
    case DUCKDB_TYPE_TIMESTAMP_MS:
    case DUCKDB_TYPE_TIMESTAMP_NS:
    case DUCKDB_TYPE_TIMESTAMP_TZ:
        return "time";
    default:
        return "other";
    }
}

// Words for the columns of a prepared SELECT.
static tw_status take_types(const twi_lake *lake, duckdb_prepared_statement statement, columns *out,
                            tw_err *err)
{
    out->n = duckdb_prepared_statement_column_count(statement);
    out->cells_own = tw_new_array(lake->alloc, out->n, sizeof(*out->cells_own));
    if (!out->cells_own)
        return tw_fail(err, TW_NO_MEMORY, "no memory for the result");
    for (size_t i = 0; i < out->n; i++)
        out->cells_own[i] =
            tw_str_from(type_word(duckdb_prepared_statement_column_type(statement, i)));
    return TW_OK;
}

static tw_status check_select(const twi_lake *lake, const char *text, const tw_lake_query *query,
                              columns *out, tw_err *err)
{
    duckdb_extracted_statements statements = NULL;
    duckdb_prepared_statement statement = NULL;
    tw_status status = TW_OK;
    idx_t n = duckdb_extract_statements(lake->connection, text, &statements);
    if (n != 1) {
        const char *why = duckdb_extract_statements_error(statements);
        status = n == 0 && why ? syntax(lake, why, text, query, DUCKDB_ERROR_PARSER, err)
                               : tw_fail(err, TW_DENIED, "give one SELECT, not %llu statements",
                                         (unsigned long long)n);
    } else if (duckdb_prepare_extracted_statement(lake->connection, statements, 0, &statement) !=
               DuckDBSuccess) {
        const char *why = duckdb_prepare_error(statement);
        status = syntax(lake, why, text, query, type_of(why), err);
    } else if (duckdb_prepared_statement_type(statement) != DUCKDB_STATEMENT_TYPE_SELECT) {
        status = tw_fail(err, TW_DENIED, "the lake is read-only: only a SELECT runs here");
    } else {
        status = take_types(lake, statement, out, err);
    }
    duckdb_destroy_prepare(&statement);
    duckdb_destroy_extracted(&statements);
    return status;
}

// Works on the statement's tasks until it is done or its time is over.
static tw_status work(const twi_lake *lake, duckdb_pending_result pending,
                      const tw_lake_query *query, tw_err *err)
{
    uint64_t timeout_ms = query->timeout_ms;
    uint64_t started_ns = tw_monotonic_ns();
    for (;;) {
        duckdb_pending_state state = duckdb_pending_execute_task(pending);
        if (state == DUCKDB_PENDING_ERROR) {
            const char *why = duckdb_pending_error(pending);
            return twi_lake_failed(lake, "the query", why, type_of(why), err);
        }
        if (duckdb_pending_execution_is_finished(state))
            return TW_OK;
        if (query->is_over && *query->is_over) {
            duckdb_interrupt(lake->connection);
            return tw_fail(err, TW_CLOSED, "the query was stopped");
        }
        if (timeout_ms > 0 && tw_monotonic_ns() - started_ns > timeout_ms * 1000000) {
            duckdb_interrupt(lake->connection);
            return tw_fail(err, TW_LIMIT, "the query took longer than %.3g s and was stopped",
                           (double)timeout_ms / 1000);
        }
        if (state == DUCKDB_PENDING_NO_TASKS_AVAILABLE) {
            struct timespec nap = {0, NAP_NS};
            nanosleep(&nap, NULL);
        }
    }
}

// Runs prepared text to its end; *result is filled on TW_OK only.
static tw_status execute(const twi_lake *lake, const char *text, const tw_lake_query *query,
                         duckdb_result *result, tw_err *err)
{
    duckdb_prepared_statement statement = NULL;
    duckdb_pending_result pending = NULL;
    tw_status status = TW_OK;
    if (duckdb_prepare(lake->connection, text, &statement) != DuckDBSuccess) {
        status = twi_lake_failed(lake, "the query", duckdb_prepare_error(statement),
                                 type_of(duckdb_prepare_error(statement)), err);
    } else if (duckdb_pending_prepared(statement, &pending) != DuckDBSuccess) {
        status = twi_lake_failed(lake, "the query", duckdb_pending_error(pending),
                                 type_of(duckdb_pending_error(pending)), err);
    } else {
        status = work(lake, pending, query, err);
        if (status == TW_OK && duckdb_execute_pending(pending, result) != DuckDBSuccess) {
            status = twi_lake_failed(lake, "the query", duckdb_result_error(result),
                                     duckdb_result_error_type(result), err);
            duckdb_destroy_result(result);
        }
    }
    duckdb_destroy_pending(&pending);
    duckdb_destroy_prepare(&statement);
    return status;
}

// The person's text without blanks and a semicolon at the end, NUL-terminated, in `out`.
static tw_status select_text(twi_lake *lake, const tw_lake_query *query, tw_buf *out,
                             columns *types, tw_err *err)
{
    tw_str text = query->sql; // its front stays, for the places of errors
    while (text.bytes > 0 && strchr("; \t\r\n", text.at[text.bytes - 1]))
        text.bytes--;
    if (text.bytes == 0 || memchr(text.at, 0, text.bytes))
        return tw_fail(err, TW_SYNTAX, "give one SELECT");
    tw_buf_str(out, text);
    tw_buf_u8(out, 0);
    if (out->status != TW_OK)
        return tw_fail(err, out->status, "no memory for the query");
    TW_TRY(twi_lake_lock(lake, err));
    // Our own text is not bound twice: half of what a short question takes.
    return query->is_ours ? TW_OK
                          : check_select(lake, (const char *)out->data_own, query, types, err);
}

// Prefix, the person's text in brackets, suffix; a comment at its end closes with its line.
static tw_status run_wrapped(twi_lake *lake, const tw_lake_query *query, const tw_buf *before,
                             const char *after, columns *types, duckdb_result *result, tw_err *err)
{
    tw_buf text, wrapped;
    twi_lake_sql(lake, &text);
    twi_lake_sql(lake, &wrapped);
    tw_status status = select_text(lake, query, &text, types, err);
    if (status == TW_OK) {
        tw_buf_put(&wrapped, before->data_own, before->bytes);
        tw_buf_cstr(&wrapped, "(");
        tw_buf_cstr(&wrapped, (const char *)text.data_own);
        tw_buf_cstr(&wrapped, "\n)");
        tw_buf_cstr(&wrapped, after);
        tw_buf_u8(&wrapped, 0);
        status = wrapped.status != TW_OK || before->status != TW_OK
                     ? tw_fail(err, TW_NO_MEMORY, "no memory for the query")
                     : execute(lake, (const char *)wrapped.data_own, query, result, err);
    }
    tw_buf_release(&wrapped);
    tw_buf_release(&text);
    return status;
}

// --- results
// --------------------------------------------------------------------------------------

static tw_status visit_head(duckdb_result *result, tw_str *cells, size_t n, tw_lake_visit *visit,
                            void *ctx, tw_err *err)
{
    for (size_t i = 0; i < n; i++)
        cells[i] = tw_str_from(duckdb_column_name(result, i));
    return visit(ctx, TW_LAKE_VISIT_NAMES, cells, n, err);
}

static tw_status visit_chunk(duckdb_data_chunk chunk, tw_str *cells, size_t n, tw_lake_visit *visit,
                             void *ctx, tw_err *err)
{
    for (idx_t row = 0; row < duckdb_data_chunk_get_size(chunk); row++) {
        for (size_t i = 0; i < n; i++) {
            duckdb_vector vector = duckdb_data_chunk_get_vector(chunk, i);
            uint64_t *validity = duckdb_vector_get_validity(vector);
            duckdb_string_t *texts = duckdb_vector_get_data(vector);
            bool is_valid = !validity || duckdb_validity_row_is_valid(validity, row);
            cells[i] = is_valid ? (tw_str){duckdb_string_t_data(&texts[row]),
                                           duckdb_string_t_length(texts[row])}
                                : TW_STR_NONE;
        }
        TW_TRY(visit(ctx, TW_LAKE_VISIT_ROW, cells, n, err));
    }
    return TW_OK;
}

static tw_status visit_all(const twi_lake *lake, duckdb_result *result, const columns *types,
                           tw_lake_visit *visit, void *ctx, tw_err *err)
{
    size_t n = duckdb_column_count(result);
    tw_str *cells = tw_new_array(lake->alloc, n, sizeof(*cells));
    if (!cells)
        return tw_fail(err, TW_NO_MEMORY, "no memory for the result");
    tw_status status = visit_head(result, cells, n, visit, ctx, err);
    if (status == TW_OK && types->n > 0)
        status = visit(ctx, TW_LAKE_VISIT_TYPES, types->cells_own, types->n, err);
    while (status == TW_OK) {
        duckdb_data_chunk chunk = duckdb_fetch_chunk(*result);
        if (!chunk)
            break;
        status = visit_chunk(chunk, cells, n, visit, ctx, err);
        duckdb_destroy_data_chunk(&chunk);
    }
    tw_free_array(lake->alloc, cells, n, sizeof(*cells));
    return status == TW_END ? TW_OK : status;
}

// " AS tw_row", cut off behind row_max rows.
static void put_limit(tw_buf *sql, const tw_lake_query *query)
{
    tw_buf_cstr(sql, " AS tw_row");
    if (query->row_max > 0)
        tw_buf_printf(sql, " LIMIT %llu", (unsigned long long)query->row_max);
}

tw_status twi_lake_query(void *ctx, const tw_lake_query *query, tw_lake_visit *visit,
                         void *visit_ctx, tw_err *err)
{
    twi_lake *lake = ctx;
    duckdb_result result;
    columns types = {NULL, 0};
    tw_buf before, after;
    twi_lake_sql(lake, &before);
    twi_lake_sql(lake, &after);
    tw_buf_cstr(&before, query->as_json ? "SELECT CAST(to_json(tw_row) AS VARCHAR) AS tw_row FROM "
                                        : "SELECT CAST(COLUMNS(*) AS VARCHAR) FROM ");
    put_limit(&after, query);
    tw_buf_u8(&after, 0);
    tw_status status =
        after.status == TW_OK
            ? run_wrapped(lake, query, &before, (const char *)after.data_own, &types, &result, err)
            : tw_fail(err, after.status, "no memory for the query");
    tw_buf_release(&before);
    tw_buf_release(&after);
    if (status == TW_OK) {
        status = visit_all(lake, &result, &types, visit, visit_ctx, err);
        duckdb_destroy_result(&result);
    }
    release_columns(lake, &types);
    return status;
}

// The lock of the database compares whole paths.
static tw_status put_whole_path(tw_buf *sql, const char *path, tw_err *err)
{
    char whole[2 * TWI_LAKE_PATH_BYTES], dir[TWI_LAKE_PATH_BYTES];
    if (path[0] == '/') {
        twi_lake_put_text(sql, path);
        return TW_OK;
    }
    if (!getcwd(dir, sizeof(dir)))
        return tw_fail_errno(err, "the working directory cannot be found");
    int n = snprintf(whole, sizeof(whole), "%s/%s", dir, path);
    if (n < 0 || (size_t)n >= sizeof(whole))
        return tw_fail(err, TW_LIMIT, "the path is too long");
    twi_lake_put_text(sql, whole);
    return TW_OK;
}

tw_status twi_lake_copy(void *ctx, const tw_lake_query *query, tw_lake_form form, const char *path,
                        uint64_t *row_n, tw_err *err)
{
    twi_lake *lake = ctx;
    duckdb_result result;
    columns types = {NULL, 0};
    tw_buf before, after;
    *row_n = 0;
    twi_lake_sql(lake, &before);
    twi_lake_sql(lake, &after);
    tw_buf_cstr(&before, "COPY (SELECT * FROM ");
    put_limit(&after, query);
    tw_buf_cstr(&after, ") TO ");
    tw_status status = put_whole_path(&after, path, err);
    tw_buf_cstr(&after, form == TW_LAKE_CSV ? " (FORMAT csv, HEADER)"
                                            : " (FORMAT parquet, COMPRESSION zstd)");
    tw_buf_u8(&after, 0);
    if (status == TW_OK && after.status != TW_OK)
        status = tw_fail(err, after.status, "no memory for the query");
    if (status == TW_OK)
        status =
            run_wrapped(lake, query, &before, (const char *)after.data_own, &types, &result, err);
    tw_buf_release(&before);
    tw_buf_release(&after);
    release_columns(lake, &types);
    TW_TRY(status);
    *row_n = (uint64_t)duckdb_value_int64(&result, 0, 0);
    duckdb_destroy_result(&result);
    return TW_OK;
}
