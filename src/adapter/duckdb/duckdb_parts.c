// SPDX-License-Identifier: Apache-2.0
//
// Parts: writing them sorted, merging those of a partition, checking them. A part is written to a
// hidden temporary name, made durable, hashed, and renamed; it counts when the manifest names it.
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/time.h"
#include "internal.h"

// Rows of a row group: what DuckDB and Spark skip by as a whole; a day of a store is a few hundred.
#define ROW_GROUP_N 20480

// Parts of a month of a derived table that are merged before it is over.
#define MERGE_MANY 8

tw_status twi_lake_add_part(const twi_lake *lake, twi_draft *d, const tw_lake_part *part,
                            tw_err *err)
{
    void *items = d->parts_own;
    tw_status status =
        tw_grow(lake->alloc, &items, &d->cap, d->n + 1, sizeof(*part), TWI_LAKE_PARTS_MAX);
    if (status != TW_OK)
        return tw_fail(err, status, "no memory for the parts of the lake");
    d->parts_own = items;
    d->parts_own[d->n++] = *part;
    return TW_OK;
}

static void release_draft(const twi_lake *lake, twi_draft *d)
{
    tw_free_array(lake->alloc, d->parts_own, d->cap, sizeof(*d->parts_own));
}

static int compare_parts(const void *a, const void *b)
{
    const tw_lake_part *x = a, *y = b;
    int table = strcmp(x->table, y->table);
    if (table != 0)
        return table;
    if (x->day != y->day)
        return x->day < y->day ? -1 : 1;
    return x->first_seq < y->first_seq ? -1 : x->first_seq > y->first_seq;
}

void twi_lake_sort_parts(tw_lake_part *parts, size_t n)
{
    if (n > 0)
        qsort(parts, n, sizeof(*parts), compare_parts);
}

// Publishes the draft and makes it the lake's state; takes it.
static tw_status publish(twi_lake *lake, const tw_lake_position *position, twi_draft *d,
                         tw_err *err)
{
    twi_lake_sort_parts(d->parts_own, d->n);
    TW_TRY(twi_lake_publish_manifest(lake, position, d->parts_own, d->n, err));
    tw_free_array(lake->alloc, lake->parts_own, lake->part_cap, sizeof(*lake->parts_own));
    lake->parts_own = d->parts_own;
    lake->part_n = d->n;
    lake->part_cap = d->cap;
    lake->position = *position;
    *d = (twi_draft){NULL, 0, 0};
    return TW_OK;
}

// --- one part
// -------------------------------------------------------------------------------------

// TABLE/date=2026-01-05 or TABLE/month=2026-01.
static void name_folder(const tw_lake_part *part, char out[TW_LAKE_NAME_BYTES])
{
    char date[TW_TIME_TEXT_BYTES];
    snprintf(out, TW_LAKE_NAME_BYTES, part->is_derived ? "%.40s/month=%.7s" : "%.40s/date=%.10s",
             part->table, tw_date_format(part->day, date));
}

static tw_status copy_part(twi_lake *lake, tw_buf *select, const char *order_by, const char *path,
                           int64_t *row_n, tw_err *err)
{
    tw_buf sql;
    twi_lake_sql(lake, &sql);
    tw_buf_cstr(&sql, "COPY (SELECT * FROM (");
    tw_buf_put(&sql, select->data_own, select->bytes);
    tw_buf_printf(&sql, ") ORDER BY %s) TO ", order_by);
    twi_lake_put_text(&sql, path);
    tw_buf_printf(&sql, " (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE %d)", ROW_GROUP_N);
    if (select->status != TW_OK)
        sql.status = select->status;
    return twi_lake_integers(lake, &sql, row_n, 1, err);
}

tw_status twi_lake_write_part(twi_lake *lake, tw_buf *select, const char *order_by,
                              const tw_lake_part *part, twi_draft *d, tw_err *err)
{
    tw_lake_part made = *part;
    char dir[TW_LAKE_NAME_BYTES], hidden[TW_LAKE_NAME_BYTES];
    char dir_path[TWI_LAKE_PATH_BYTES], path[TWI_LAKE_PATH_BYTES], final_path[TWI_LAKE_PATH_BYTES];
    int64_t row_n;
    name_folder(part, dir);
    int n = snprintf(made.file, sizeof(made.file), "%.60s/part-%llu-%llu.parquet", dir,
                     (unsigned long long)part->first_seq, (unsigned long long)part->last_seq);
    int m = snprintf(hidden, sizeof(hidden), "%.60s/.part-%llu-%llu.tmp", dir,
                     (unsigned long long)part->first_seq, (unsigned long long)part->last_seq);
    TW_CHECK(n > 0 && (size_t)n < sizeof(made.file) && m > 0 && (size_t)m < sizeof(hidden));
    TW_TRY(twi_lake_path(lake, dir, dir_path, err));
    TW_TRY(twi_lake_path(lake, hidden, path, err));
    TW_TRY(twi_lake_path(lake, made.file, final_path, err));
    TW_TRY(twi_lake_make_dir(dir_path, err));
    TW_TRY(copy_part(lake, select, order_by, path, &row_n, err));
    made.row_n = (uint64_t)row_n;
    TW_TRY(twi_lake_sync(path, err));
    TW_TRY(twi_lake_hash_file(path, made.hash, &made.bytes, err));
    if (rename(path, final_path) != 0)
        return tw_fail_errno(err, "%.150s cannot be written", final_path);
    TW_TRY(twi_lake_sync(dir_path, err));
    return twi_lake_add_part(lake, d, &made, err);
}

// --- commit
// ---------------------------------------------------------------------------------------

static tw_status write_day(twi_lake *lake, const tw_lake_table *table, const tw_lake_part *part,
                           twi_draft *d, tw_err *err)
{
    char date[TW_TIME_TEXT_BYTES];
    tw_buf select;
    twi_lake_sql(lake, &select);
    tw_buf_cstr(&select, "SELECT ");
    twi_lake_put_columns(&select, table);
    tw_buf_printf(&select, " FROM stage_%s WHERE date = DATE '%s'", table->name,
                  tw_date_format(part->day, date));
    tw_status status = twi_lake_write_part(lake, &select, table->order_by, part, d, err);
    tw_buf_release(&select);
    return status;
}

static tw_status write_table(twi_lake *lake, const tw_lake_table *table, twi_draft *d, tw_err *err)
{
    duckdb_result result;
    char sql[256];
    snprintf(sql, sizeof(sql),
             "SELECT date_diff('day', DATE '1970-01-01', date), min(seq), max(seq) FROM "
             "stage_%.40s GROUP BY date ORDER BY date",
             table->name);
    if (duckdb_query(lake->connection, sql, &result) != DuckDBSuccess) {
        tw_status status =
            twi_lake_failed(lake, "the staging of the lake", duckdb_result_error(&result),
                            duckdb_result_error_type(&result), err);
        duckdb_destroy_result(&result);
        return status;
    }
    tw_status status = TW_OK;
    for (idx_t i = 0; status == TW_OK && i < duckdb_row_count(&result); i++) {
        tw_lake_part part = {.table = table->name,
                             .day = (int32_t)duckdb_value_int64(&result, 0, i),
                             .first_seq = (uint64_t)duckdb_value_int64(&result, 1, i),
                             .last_seq = (uint64_t)duckdb_value_int64(&result, 2, i)};
        status = write_day(lake, table, &part, d, err);
    }
    duckdb_destroy_result(&result);
    return status;
}

static tw_status empty_stages(twi_lake *lake, tw_err *err)
{
    for (size_t i = 0; i < lake->schema.table_n; i++) {
        tw_buf sql;
        if (lake->stages[i].staged_n == 0)
            continue;
        twi_lake_sql(lake, &sql);
        tw_buf_printf(&sql, "TRUNCATE stage_%s", lake->schema.tables[i].name);
        TW_TRY(twi_lake_execute(lake, &sql, "the staging of the lake", err));
        lake->stages[i].staged_n = 0;
    }
    return TW_OK;
}

static tw_status write_all(twi_lake *lake, const tw_lake_position *position, twi_draft *d,
                           tw_err *err)
{
    for (size_t i = 0; i < lake->part_n; i++)
        TW_TRY(twi_lake_add_part(lake, d, &lake->parts_own[i], err));
    for (size_t i = 0; i < lake->schema.table_n; i++)
        if (lake->stages[i].staged_n > 0)
            TW_TRY(write_table(lake, &lake->schema.tables[i], d, err));
    TW_TRY(twi_lake_derive_staged(lake, d, err));
    TW_TRY(publish(lake, position, d, err));
    return empty_stages(lake, err);
}

static tw_status check_writer(const twi_lake *lake, tw_err *err)
{
    if (!lake->is_writer)
        return tw_fail(err, TW_UNSUPPORTED, "the lake was opened for reading");
    if (lake->is_locked)
        return tw_fail(err, TW_INVALID, "a lake that was queried takes no more rows");
    return TW_OK;
}

tw_status twi_lake_commit(void *ctx, const tw_lake_position *position, tw_err *err)
{
    twi_lake *lake = ctx;
    twi_draft d = {NULL, 0, 0};
    TW_TRY(check_writer(lake, err));
    TW_TRY(twi_lake_flush_stages(lake, err));
    tw_status status = write_all(lake, position, &d, err);
    release_draft(lake, &d);
    return status;
}

tw_status twi_lake_upgrade(twi_lake *lake, tw_err *err)
{
    twi_draft d = {NULL, 0, 0};
    if (lake->has_derived)
        return TW_OK;
    tw_status status = TW_OK;
    for (size_t i = 0; status == TW_OK && i < lake->part_n; i++)
        status = twi_lake_add_part(lake, &d, &lake->parts_own[i], err);
    if (status == TW_OK)
        status = twi_lake_derive_parts(lake, &d, err);
    if (status == TW_OK)
        status = publish(lake, &lake->position, &d, err);
    release_draft(lake, &d);
    lake->has_derived = status == TW_OK;
    return status;
}

// --- compact
// --------------------------------------------------------------------------------------

// How many parts from i on belong to the same table and partition.
static size_t run_of(const twi_lake *lake, size_t i)
{
    size_t n = 1;
    while (i + n < lake->part_n && lake->parts_own[i + n].day == lake->parts_own[i].day &&
           strcmp(lake->parts_own[i + n].table, lake->parts_own[i].table) == 0)
        n++;
    return n;
}

static const tw_lake_table *table_of(const twi_lake *lake, const char *name)
{
    for (size_t i = 0; i < lake->schema.table_n; i++)
        if (strcmp(lake->schema.tables[i].name, name) == 0)
            return &lake->schema.tables[i];
    TW_CHECK(!"a part of no table");
    return NULL;
}

// The rows of n parts of a table as one SELECT; *order_by is how they are sorted.
static tw_status select_merged(const twi_lake *lake, const tw_lake_part *parts, size_t n,
                               tw_buf *out, const char **order_by, tw_err *err)
{
    if (!parts[0].is_derived) {
        const tw_lake_table *table = table_of(lake, parts[0].table);
        *order_by = table->order_by;
        tw_buf_cstr(out, "SELECT ");
        twi_lake_put_columns(out, table);
        tw_buf_cstr(out, " FROM ");
        return twi_lake_put_files(lake, parts, n, false, out, err);
    }
    const tw_lake_derived *derived = twi_lake_derived_of(lake, parts[0].table);
    *order_by = derived->order_by;
    tw_buf_cstr(out, "WITH source AS NOT MATERIALIZED (SELECT * FROM ");
    TW_TRY(twi_lake_put_files(lake, parts, n, false, out, err));
    tw_buf_cstr(out, ") ");
    tw_buf_cstr(out, derived->fold_sql ? derived->fold_sql : "SELECT * FROM source");
    return TW_OK;
}

static tw_status merge(twi_lake *lake, const tw_lake_part *parts, size_t n, twi_draft *d,
                       tw_err *err)
{
    tw_lake_part merged = parts[0];
    const char *order_by = "";
    tw_buf select;
    for (size_t i = 1; i < n; i++) {
        merged.first_seq = TW_MIN(merged.first_seq, parts[i].first_seq);
        merged.last_seq = TW_MAX(merged.last_seq, parts[i].last_seq);
    }
    twi_lake_sql(lake, &select);
    tw_status status = select_merged(lake, parts, n, &select, &order_by, err);
    if (status == TW_OK)
        status = twi_lake_write_part(lake, &select, order_by, &merged, d, err);
    tw_buf_release(&select);
    return status;
}

// Is the partition of a part over by before_day?
static bool is_over(const tw_lake_part *part, int32_t before_day)
{
    char date[TW_TIME_TEXT_BYTES], today[TW_TIME_TEXT_BYTES];
    if (part->day >= before_day || !part->is_derived || before_day == INT32_MAX)
        return part->day < before_day;
    // Of another month than before_day.
    return strncmp(tw_date_format(part->day, date), tw_date_format(before_day, today), 7) != 0;
}

static tw_status merge_all(twi_lake *lake, int32_t before_day, twi_draft *d, size_t *merged_n,
                           tw_err *err)
{
    for (size_t i = 0, n; i < lake->part_n; i += n) {
        const tw_lake_part *parts = &lake->parts_own[i];
        n = run_of(lake, i);
        bool is_due = is_over(parts, before_day) || (parts->is_derived && n >= MERGE_MANY);
        if (n > 1 && is_due) {
            TW_TRY(merge(lake, parts, n, d, err));
            ++*merged_n;
            continue;
        }
        for (size_t k = 0; k < n; k++)
            TW_TRY(twi_lake_add_part(lake, d, &parts[k], err));
    }
    return TW_OK;
}

tw_status twi_lake_compact(void *ctx, int32_t before_day, size_t *merged_n, tw_err *err)
{
    twi_lake *lake = ctx;
    twi_draft d = {NULL, 0, 0};
    *merged_n = 0;
    TW_TRY(check_writer(lake, err));
    for (size_t i = 0; i < lake->schema.table_n; i++)
        if (lake->stages[i].staged_n > 0)
            return tw_fail(err, TW_INVALID, "rows are staged: commit them first");
    tw_status status = merge_all(lake, before_day, &d, merged_n, err);
    if (status == TW_OK && *merged_n > 0)
        status = publish(lake, &lake->position, &d, err);
    release_draft(lake, &d);
    // What was merged is named by nothing any more.
    return status == TW_OK && *merged_n > 0 ? twi_lake_sweep(lake, err) : status;
}

// --- verify
// ---------------------------------------------------------------------------------------

static void verify_rows(twi_lake *lake, const tw_lake_part *part, tw_lake_complain *complain,
                        void *ctx)
{
    int64_t found[3] = {0};
    char sentence[400];
    tw_err err = {.text = ""};
    tw_buf sql;
    twi_lake_sql(lake, &sql);
    tw_buf_cstr(&sql, part->is_derived ? "SELECT count(*) FROM "
                                       : "SELECT count(*), min(seq), max(seq) FROM ");
    tw_status status = twi_lake_put_files(lake, part, 1, false, &sql, &err);
    if (status == TW_OK)
        status = twi_lake_integers(lake, &sql, found, part->is_derived ? 1 : 3, &err);
    else
        tw_buf_release(&sql);
    bool is_range_good = part->is_derived || ((uint64_t)found[1] == part->first_seq &&
                                              (uint64_t)found[2] == part->last_seq);
    if (status != TW_OK)
        snprintf(sentence, sizeof(sentence), "%s cannot be read: %s", part->file, err.text);
    else if ((uint64_t)found[0] != part->row_n || !is_range_good)
        snprintf(sentence, sizeof(sentence), "%s holds %lld rows and not %llu", part->file,
                 (long long)found[0], (unsigned long long)part->row_n);
    else
        return;
    complain(ctx, sentence);
}

tw_status twi_lake_verify(void *ctx, tw_lake_complain *complain, void *complain_ctx, tw_err *err)
{
    twi_lake *lake = ctx;
    char path[TWI_LAKE_PATH_BYTES], sentence[400];
    for (size_t i = 0; i < lake->part_n; i++) {
        const tw_lake_part *part = &lake->parts_own[i];
        uint8_t hash[TW_SHA256_BYTES];
        uint64_t bytes;
        tw_err file_err = {.text = ""};
        TW_TRY(twi_lake_path(lake, part->file, path, err));
        tw_status status = twi_lake_hash_file(path, hash, &bytes, &file_err);
        if (status == TW_NO_MEMORY)
            return tw_fail(err, status, "%s", file_err.text);
        if (status == TW_OK && bytes == part->bytes &&
            memcmp(hash, part->hash, sizeof(hash)) == 0) {
            verify_rows(lake, part, complain, complain_ctx);
            continue;
        }
        snprintf(sentence, sizeof(sentence), "%s %s", part->file,
                 status == TW_NOT_FOUND ? "is missing"
                 : status != TW_OK      ? "cannot be read"
                                   : "is not the file that was written (hash or size differs)");
        complain(complain_ctx, sentence);
    }
    return twi_lake_verify_derived(lake, complain, complain_ctx, err);
}
