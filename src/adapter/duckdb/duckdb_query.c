// SPDX-License-Identifier: Apache-2.0
//
// Queries: the views over parts and staging, the lock, and one SELECT under limits.
//
// What a person may run is held down twice: the text must be one statement of type SELECT (which
// excludes COPY, ATTACH, SET, PRAGMA and whatever writes), and the database opens no file outside
// the lake and takes no settings any more.
#include <stdio.h>
#include <time.h>

#include "base/time.h"
#include "internal.h"

#define NAP_NS 200000

// --- views
// ----------------------------------------------------------------------------------------

static tw_status put_parts(const twi_lake *lake, const tw_lake_table *table, tw_buf *sql,
                           tw_err *err)
{
    char path[TWI_LAKE_PATH_BYTES];
    size_t n = 0;
    for (size_t i = 0; i < lake->part_n; i++) {
        if (strcmp(lake->parts_own[i].table, table->name) != 0)
            continue;
        TW_TRY(twi_lake_path(lake, lake->parts_own[i].file, path, err));
        if (n++ == 0) {
            tw_buf_cstr(sql, "SELECT date, ");
            twi_lake_put_columns(sql, table);
            tw_buf_cstr(sql, " FROM read_parquet([");
        } else {
            tw_buf_cstr(sql, ", ");
        }
        twi_lake_put_text(sql, path);
    }
    if (n > 0)
        tw_buf_cstr(sql, "], hive_partitioning = true, hive_types = {'date': DATE}) UNION ALL ");
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
    for (size_t i = 0; i < lake->schema.view_n; i++) {
        twi_lake_sql(lake, &sql);
        tw_buf_printf(&sql, "CREATE VIEW %s AS %s", lake->schema.views[i].name,
                      lake->schema.views[i].sql);
        TW_TRY(twi_lake_execute(lake, &sql, "the lake", err));
    }
    return TW_OK;
}

static tw_status lock(twi_lake *lake, tw_err *err)
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

static tw_status check_select(const twi_lake *lake, const char *text, tw_err *err)
{
    duckdb_extracted_statements statements = NULL;
    duckdb_prepared_statement statement = NULL;
    tw_status status = TW_OK;
    idx_t n = duckdb_extract_statements(lake->connection, text, &statements);
    if (n != 1) {
        const char *why = duckdb_extract_statements_error(statements);
        status = n == 0 && why ? twi_lake_failed(lake, "the query", why, DUCKDB_ERROR_PARSER, err)
                               : tw_fail(err, TW_DENIED, "give one SELECT, not %llu statements",
                                         (unsigned long long)n);
    } else if (duckdb_prepare_extracted_statement(lake->connection, statements, 0, &statement) !=
               DuckDBSuccess) {
        const char *why = duckdb_prepare_error(statement);
        status = twi_lake_failed(lake, "the query", why, type_of(why), err);
    } else if (duckdb_prepared_statement_type(statement) != DUCKDB_STATEMENT_TYPE_SELECT) {
        status = tw_fail(err, TW_DENIED, "the lake is read-only: only a SELECT runs here");
    }
    duckdb_destroy_prepare(&statement);
    duckdb_destroy_extracted(&statements);
    return status;
}

// Works on the statement's tasks until it is done or its time is over.
static tw_status work(const twi_lake *lake, duckdb_pending_result pending, uint64_t timeout_ms,
                      tw_err *err)
{
    uint64_t started_ns = tw_monotonic_ns();
    for (;;) {
        duckdb_pending_state state = duckdb_pending_execute_task(pending);
        if (state == DUCKDB_PENDING_ERROR) {
            const char *why = duckdb_pending_error(pending);
            return twi_lake_failed(lake, "the query", why, type_of(why), err);
        }
        if (duckdb_pending_execution_is_finished(state))
            return TW_OK;
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
static tw_status execute(const twi_lake *lake, const char *text, uint64_t timeout_ms,
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
        status = work(lake, pending, timeout_ms, err);
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
static tw_status select_text(twi_lake *lake, tw_str sql, tw_buf *out, tw_err *err)
{
    tw_str text = tw_str_trim(sql);
    while (text.bytes > 0 && text.at[text.bytes - 1] == ';')
        text = tw_str_trim((tw_str){text.at, text.bytes - 1});
    if (text.bytes == 0 || memchr(text.at, 0, text.bytes))
        return tw_fail(err, TW_SYNTAX, "give one SELECT");
    tw_buf_str(out, text);
    tw_buf_u8(out, 0);
    if (out->status != TW_OK)
        return tw_fail(err, out->status, "no memory for the query");
    TW_TRY(lock(lake, err));
    return check_select(lake, (const char *)out->data_own, err);
}

// Prefix, the person's text in brackets, suffix; a comment at its end closes with its line.
static tw_status run_wrapped(twi_lake *lake, const tw_lake_query *query, const tw_buf *before,
                             const char *after, duckdb_result *result, tw_err *err)
{
    tw_buf text, wrapped;
    twi_lake_sql(lake, &text);
    twi_lake_sql(lake, &wrapped);
    tw_status status = select_text(lake, query->sql, &text, err);
    if (status == TW_OK) {
        tw_buf_put(&wrapped, before->data_own, before->bytes);
        tw_buf_cstr(&wrapped, "(");
        tw_buf_cstr(&wrapped, (const char *)text.data_own);
        tw_buf_cstr(&wrapped, "\n)");
        tw_buf_cstr(&wrapped, after);
        tw_buf_u8(&wrapped, 0);
        status =
            wrapped.status != TW_OK || before->status != TW_OK
                ? tw_fail(err, TW_NO_MEMORY, "no memory for the query")
                : execute(lake, (const char *)wrapped.data_own, query->timeout_ms, result, err);
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
    return visit(ctx, true, cells, n, err);
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
        TW_TRY(visit(ctx, false, cells, n, err));
    }
    return TW_OK;
}

static tw_status visit_all(const twi_lake *lake, duckdb_result *result, tw_lake_visit *visit,
                           void *ctx, tw_err *err)
{
    size_t n = duckdb_column_count(result);
    tw_str *cells = tw_new_array(lake->alloc, n, sizeof(*cells));
    if (!cells)
        return tw_fail(err, TW_NO_MEMORY, "no memory for the result");
    tw_status status = visit_head(result, cells, n, visit, ctx, err);
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

tw_status twi_lake_query(void *ctx, const tw_lake_query *query, tw_lake_visit *visit,
                         void *visit_ctx, tw_err *err)
{
    twi_lake *lake = ctx;
    duckdb_result result;
    tw_buf before;
    twi_lake_sql(lake, &before);
    tw_buf_cstr(&before, query->as_json ? "SELECT CAST(to_json(tw_row) AS VARCHAR) AS tw_row FROM "
                                        : "SELECT CAST(COLUMNS(*) AS VARCHAR) FROM ");
    tw_status status = run_wrapped(lake, query, &before, " AS tw_row", &result, err);
    tw_buf_release(&before);
    TW_TRY(status);
    status = visit_all(lake, &result, visit, visit_ctx, err);
    duckdb_destroy_result(&result);
    return status;
}

tw_status twi_lake_copy(void *ctx, const tw_lake_query *query, tw_lake_form form, const char *path,
                        uint64_t *row_n, tw_err *err)
{
    twi_lake *lake = ctx;
    duckdb_result result;
    tw_buf before, after;
    *row_n = 0;
    twi_lake_sql(lake, &before);
    twi_lake_sql(lake, &after);
    tw_buf_cstr(&before, "COPY ");
    tw_buf_cstr(&after, " TO ");
    twi_lake_put_text(&after, path);
    tw_buf_cstr(&after, form == TW_LAKE_CSV ? " (FORMAT csv, HEADER)"
                                            : " (FORMAT parquet, COMPRESSION zstd)");
    tw_buf_u8(&after, 0);
    tw_status status =
        after.status == TW_OK
            ? run_wrapped(lake, query, &before, (const char *)after.data_own, &result, err)
            : tw_fail(err, after.status, "no memory for the query");
    tw_buf_release(&before);
    tw_buf_release(&after);
    TW_TRY(status);
    *row_n = (uint64_t)duckdb_value_int64(&result, 0, 0);
    duckdb_destroy_result(&result);
    return TW_OK;
}
