// SPDX-License-Identifier: Apache-2.0
//
// Rows into the staging tables: cells go into DuckDB's vectors, a chunk of 2,048 rows at a time.
// Nulls, texts and lists are written by position, so a chunk is filled from its first row on.
#include "internal.h"

#define MS_US INT64_C(1000)

static const char *const type_names[] = {
    [TW_LAKE_INTEGER] = "BIGINT", [TW_LAKE_FLOAT] = "FLOAT",        [TW_LAKE_DOUBLE] = "DOUBLE",
    [TW_LAKE_BOOL] = "BOOLEAN",   [TW_LAKE_TEXT] = "VARCHAR",       [TW_LAKE_TIME] = "TIMESTAMPTZ",
    [TW_LAKE_DATE] = "DATE",      [TW_LAKE_LIST] = "STRUCT(...)[]",
};
static const duckdb_type types[] = {
    [TW_LAKE_INTEGER] = DUCKDB_TYPE_BIGINT, [TW_LAKE_FLOAT] = DUCKDB_TYPE_FLOAT,
    [TW_LAKE_DOUBLE] = DUCKDB_TYPE_DOUBLE,  [TW_LAKE_BOOL] = DUCKDB_TYPE_BOOLEAN,
    [TW_LAKE_TEXT] = DUCKDB_TYPE_VARCHAR,   [TW_LAKE_TIME] = DUCKDB_TYPE_TIMESTAMP_TZ,
    [TW_LAKE_DATE] = DUCKDB_TYPE_DATE,      [TW_LAKE_LIST] = DUCKDB_TYPE_LIST,
};

// --- tables
// ---------------------------------------------------------------------------------------

static void put_type(tw_buf *sql, const tw_lake_column *column)
{
    if (column->type != TW_LAKE_LIST) {
        tw_buf_cstr(sql, type_names[column->type]);
        return;
    }
    tw_buf_cstr(sql, "STRUCT(");
    for (size_t i = 0; i < column->member_n; i++)
        tw_buf_printf(sql, "%s%s %s", i ? ", " : "", column->members[i].name,
                      type_names[column->members[i].type]);
    tw_buf_cstr(sql, ")[]");
}

static duckdb_logical_type logical_type(const tw_lake_column *column)
{
    if (column->type != TW_LAKE_LIST)
        return duckdb_create_logical_type(types[column->type]);
    duckdb_logical_type members[TW_LAKE_MEMBERS_MAX];
    const char *names[TW_LAKE_MEMBERS_MAX];
    TW_CHECK(column->member_n <= TW_LAKE_MEMBERS_MAX);
    for (size_t i = 0; i < column->member_n; i++) {
        members[i] = duckdb_create_logical_type(types[column->members[i].type]);
        names[i] = column->members[i].name;
    }
    duckdb_logical_type item = duckdb_create_struct_type(members, names, column->member_n);
    duckdb_logical_type list = duckdb_create_list_type(item);
    duckdb_destroy_logical_type(&item);
    for (size_t i = 0; i < column->member_n; i++)
        duckdb_destroy_logical_type(&members[i]);
    return list;
}

static void create_chunk(twi_stage *stage, const tw_lake_table *table)
{
    duckdb_logical_type columns[TW_LAKE_COLUMNS_MAX + 1];
    TW_CHECK(table->column_n <= TW_LAKE_COLUMNS_MAX);
    columns[0] = duckdb_create_logical_type(DUCKDB_TYPE_DATE);
    for (size_t i = 0; i < table->column_n; i++)
        columns[i + 1] = logical_type(&table->columns[i]);
    stage->chunk = duckdb_create_data_chunk(columns, table->column_n + 1);
    for (size_t i = 0; i <= table->column_n; i++)
        duckdb_destroy_logical_type(&columns[i]);
}

static tw_status create_stage(twi_lake *lake, const tw_lake_table *table, twi_stage *stage,
                              tw_err *err)
{
    char name[TW_LAKE_NAME_BYTES] = "stage_";
    tw_str_copy(tw_str_from(table->name), name + 6, sizeof(name) - 6);
    tw_buf sql;
    twi_lake_sql(lake, &sql);
    tw_buf_printf(&sql, "CREATE TABLE %s (date DATE", name);
    for (size_t i = 0; i < table->column_n; i++) {
        tw_buf_printf(&sql, ", %s ", table->columns[i].name);
        put_type(&sql, &table->columns[i]);
    }
    tw_buf_cstr(&sql, ")");
    TW_TRY(twi_lake_execute(lake, &sql, "the lake", err));
    if (duckdb_appender_create(lake->connection, NULL, name, &stage->appender) != DuckDBSuccess)
        return tw_fail(err, TW_NO_MEMORY, "no memory for the lake");
    create_chunk(stage, table);
    return TW_OK;
}

tw_status twi_lake_create_stages(twi_lake *lake, tw_err *err)
{
    for (size_t i = 0; i < lake->schema.table_n; i++)
        TW_TRY(create_stage(lake, &lake->schema.tables[i], &lake->stages[i], err));
    return TW_OK;
}

void twi_lake_release_stages(twi_lake *lake)
{
    for (size_t i = 0; i < lake->schema.table_n; i++) {
        if (lake->stages[i].appender)
            duckdb_appender_destroy(&lake->stages[i].appender);
        if (lake->stages[i].chunk)
            duckdb_destroy_data_chunk(&lake->stages[i].chunk);
    }
}

// --- cells
// ----------------------------------------------------------------------------------------

static void put_null(duckdb_vector vector, size_t row)
{
    duckdb_vector_ensure_validity_writable(vector);
    duckdb_validity_set_row_invalid(duckdb_vector_get_validity(vector), row);
}

static void put_scalar(duckdb_vector vector, size_t row, tw_lake_type type,
                       const tw_lake_cell *cell)
{
    void *data = duckdb_vector_get_data(vector);
    if (cell->is_null) {
        put_null(vector, row);
        return;
    }
    switch (type) {
    case TW_LAKE_INTEGER:
        ((int64_t *)data)[row] = cell->as.integer;
        break;
    case TW_LAKE_TIME:
        ((int64_t *)data)[row] = cell->as.integer * MS_US;
        break;
    case TW_LAKE_DATE:
        ((int32_t *)data)[row] = (int32_t)cell->as.integer;
        break;
    case TW_LAKE_BOOL:
        ((bool *)data)[row] = cell->as.integer != 0;
        break;
    case TW_LAKE_FLOAT:
        ((float *)data)[row] = (float)cell->as.number;
        break;
    case TW_LAKE_DOUBLE:
        ((double *)data)[row] = cell->as.number;
        break;
    case TW_LAKE_TEXT:
        duckdb_vector_assign_string_element_len(
            vector, row, cell->as.text.at ? cell->as.text.at : "", cell->as.text.bytes);
        break;
    case TW_LAKE_LIST:
        TW_CHECK(!"a list within a list");
    }
}

static tw_status put_list(duckdb_vector vector, size_t row, const tw_lake_column *column,
                          const tw_lake_cell *cell, tw_err *err)
{
    size_t n = cell->is_null ? 0 : cell->as.list.n;
    idx_t start = duckdb_list_vector_get_size(vector);
    if (duckdb_list_vector_reserve(vector, start + n) != DuckDBSuccess ||
        duckdb_list_vector_set_size(vector, start + n) != DuckDBSuccess)
        return tw_fail(err, TW_NO_MEMORY, "no memory for the lake");
    ((duckdb_list_entry *)duckdb_vector_get_data(vector))[row] = (duckdb_list_entry){start, n};
    duckdb_vector item = duckdb_list_vector_get_child(vector);
    for (size_t m = 0; m < column->member_n; m++) {
        duckdb_vector member = duckdb_struct_vector_get_child(item, m);
        for (size_t i = 0; i < n; i++)
            put_scalar(member, start + i, column->members[m].type,
                       &cell->as.list.cells[i * column->member_n + m]);
    }
    return TW_OK;
}

static tw_status append_chunk(twi_lake *lake, twi_stage *stage, tw_err *err)
{
    if (stage->row_n == 0)
        return TW_OK;
    duckdb_data_chunk_set_size(stage->chunk, stage->row_n);
    stage->row_n = 0;
    tw_status status = TW_OK;
    if (duckdb_append_data_chunk(stage->appender, stage->chunk) != DuckDBSuccess) {
        duckdb_error_data data = duckdb_appender_error_data(stage->appender);
        status = twi_lake_failed(lake, "the staging of the lake", duckdb_error_data_message(data),
                                 duckdb_error_data_error_type(data), err);
        duckdb_destroy_error_data(&data);
    }
    duckdb_data_chunk_reset(stage->chunk);
    return status;
}

tw_status twi_lake_stage(twi_lake *lake, size_t table_idx, int32_t day, const tw_lake_cell *cells,
                         tw_err *err)
{
    const tw_lake_table *table = &lake->schema.tables[table_idx];
    twi_stage *stage = &lake->stages[table_idx];
    size_t row = stage->row_n;
    tw_lake_cell date = {.as = {.integer = day}};
    put_scalar(duckdb_data_chunk_get_vector(stage->chunk, 0), row, TW_LAKE_DATE, &date);
    for (size_t i = 0; i < table->column_n; i++) {
        const tw_lake_column *column = &table->columns[i];
        duckdb_vector vector = duckdb_data_chunk_get_vector(stage->chunk, i + 1);
        if (column->type == TW_LAKE_LIST)
            TW_TRY(put_list(vector, row, column, &cells[i], err));
        else
            put_scalar(vector, row, column->type, &cells[i]);
    }
    stage->staged_n++;
    stage->staged_seq = cells[0].as.integer;
    if (++stage->row_n == duckdb_vector_size())
        return append_chunk(lake, stage, err);
    return TW_OK;
}

tw_status twi_lake_flush_stages(twi_lake *lake, tw_err *err)
{
    for (size_t i = 0; i < lake->schema.table_n; i++) {
        TW_TRY(append_chunk(lake, &lake->stages[i], err));
        if (duckdb_appender_flush(lake->stages[i].appender) == DuckDBSuccess)
            continue;
        duckdb_error_data data = duckdb_appender_error_data(lake->stages[i].appender);
        tw_status status =
            twi_lake_failed(lake, "the staging of the lake", duckdb_error_data_message(data),
                            duckdb_error_data_error_type(data), err);
        duckdb_destroy_error_data(&data);
        return status;
    }
    return TW_OK;
}
