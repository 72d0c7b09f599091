// SPDX-License-Identifier: Apache-2.0
//
// Opening and closing a lake on DuckDB, and running our own statements.
#include <string.h>
#include <unistd.h>

#include "internal.h"

#define MEMORY_BYTES_DEFAULT (UINT64_C(1) << 30)

// --- statements
// -----------------------------------------------------------------------------------

tw_status twi_lake_failed(const twi_lake *lake, const char *what, const char *text,
                          duckdb_error_type type, tw_err *err)
{
    size_t bytes = text ? strcspn(text, "\n") : 0;
    int shown = (int)TW_MIN(bytes, 180);
    if (type == DUCKDB_ERROR_OUT_OF_MEMORY)
        return tw_fail(err, TW_LIMIT, "%s needs more than %llu MB of memory", what,
                       (unsigned long long)(lake->memory_bytes >> 20));
    if (type == DUCKDB_ERROR_PERMISSION)
        return tw_fail(err, TW_DENIED, "%s may read nothing but the lake: %.*s", what, shown, text);
    return tw_fail(err, type == DUCKDB_ERROR_IO ? TW_IO : TW_SYNTAX, "%s: %.*s", what, shown,
                   text ? text : "");
}

void twi_lake_sql(const twi_lake *lake, tw_buf *sql)
{
    tw_buf_init(sql, lake->alloc, TWI_LAKE_SQL_MAX_BYTES);
}

void twi_lake_put_text(tw_buf *sql, const char *text)
{
    tw_buf_u8(sql, '\'');
    for (; *text; text++) {
        if (*text == '\'')
            tw_buf_u8(sql, '\'');
        tw_buf_u8(sql, (uint8_t)*text);
    }
    tw_buf_u8(sql, '\'');
}

void twi_lake_put_columns(tw_buf *sql, const tw_lake_table *table)
{
    for (size_t i = 0; i < table->column_n; i++)
        tw_buf_printf(sql, "%s%s", i ? ", " : "", table->columns[i].name);
}

static tw_status run(twi_lake *lake, tw_buf *sql, const char *what, duckdb_result *result,
                     tw_err *err)
{
    tw_buf_u8(sql, 0);
    tw_status status = sql->status;
    if (status != TW_OK)
        tw_fail(err, status, "no memory for a statement of the lake");
    else if (duckdb_query(lake->connection, (const char *)sql->data_own, result) != DuckDBSuccess) {
        status = twi_lake_failed(lake, what, duckdb_result_error(result),
                                 duckdb_result_error_type(result), err);
        duckdb_destroy_result(result);
    }
    tw_buf_release(sql);
    return status;
}

tw_status twi_lake_execute(twi_lake *lake, tw_buf *sql, const char *what, tw_err *err)
{
    duckdb_result result;
    TW_TRY(run(lake, sql, what, &result, err));
    duckdb_destroy_result(&result);
    return TW_OK;
}

tw_status twi_lake_integers(twi_lake *lake, tw_buf *sql, int64_t *out, size_t n, tw_err *err)
{
    duckdb_result result;
    TW_TRY(run(lake, sql, "a part of the lake", &result, err));
    for (size_t i = 0; i < n; i++)
        out[i] = duckdb_value_int64(&result, i, 0);
    duckdb_destroy_result(&result);
    return TW_OK;
}

tw_status twi_lake_path(const twi_lake *lake, const char *name, char out[TWI_LAKE_PATH_BYTES],
                        tw_err *err)
{
    size_t dir_bytes = strlen(lake->dir_own), bytes = strlen(name);
    if (dir_bytes + bytes + 2 > TWI_LAKE_PATH_BYTES)
        return tw_fail(err, TW_LIMIT, "the path of the lake is too long");
    memcpy(out, lake->dir_own, dir_bytes);
    out[dir_bytes] = '/';
    memcpy(out + dir_bytes + 1, name, bytes + 1);
    return TW_OK;
}

tw_status twi_lake_put_files(const twi_lake *lake, const tw_lake_part *parts, size_t n,
                             bool with_date, tw_buf *out, tw_err *err)
{
    char path[TWI_LAKE_PATH_BYTES];
    tw_buf_cstr(out, "read_parquet([");
    for (size_t i = 0; i < n; i++) {
        TW_TRY(twi_lake_path(lake, parts[i].file, path, err));
        tw_buf_cstr(out, i ? ", " : "");
        twi_lake_put_text(out, path);
    }
    tw_buf_cstr(out, with_date ? "], hive_partitioning = true, hive_types = {'date': DATE})"
                               : "], hive_partitioning = false)");
    return TW_OK;
}

// --- the port
// -------------------------------------------------------------------------------------

static tw_status get_position(void *ctx, tw_lake_position *out, tw_err *err)
{
    const twi_lake *lake = ctx;
    (void)err;
    *out = lake->position;
    return TW_OK;
}

static tw_status stage(void *ctx, size_t table, int32_t day, const tw_lake_cell *cells, tw_err *err)
{
    twi_lake *lake = ctx;
    if (lake->is_session || (lake->is_locked && !lake->is_live))
        return tw_fail(err, TW_INVALID, "a lake that was queried takes no more rows");
    return twi_lake_stage(lake, table, day, cells, err);
}

static tw_status run_text(twi_lake *lake, const char *text, tw_err *err)
{
    tw_buf sql;
    twi_lake_sql(lake, &sql);
    tw_buf_cstr(&sql, text);
    return twi_lake_execute(lake, &sql, "the staging of the lake", err);
}

// Rows and what is derived from them come into sight together.
static tw_status flush(void *ctx, tw_err *err)
{
    twi_lake *lake = ctx;
    if (!lake->is_live)
        return twi_lake_flush_stages(lake, err);
    TW_TRY(run_text(lake, "BEGIN", err));
    tw_status status = twi_lake_flush_stages(lake, err);
    if (status == TW_OK)
        status = twi_lake_roll(lake, err);
    if (status == TW_OK)
        return run_text(lake, "COMMIT", err);
    (void)run_text(lake, "ROLLBACK", NULL);
    return status;
}

static tw_status get_parts(void *ctx, const tw_lake_part **out, size_t *n, tw_err *err)
{
    const twi_lake *lake = ctx;
    (void)err;
    *out = lake->parts_own;
    *n = lake->part_n;
    return TW_OK;
}

static void free_text(const tw_alloc *alloc, char *text)
{
    if (text)
        tw_free_array(alloc, text, strlen(text) + 1, 1);
}

static char *copy_text(const tw_alloc *alloc, const char *text)
{
    size_t bytes = strlen(text) + 1;
    char *copy = tw_new_array(alloc, bytes, 1);
    return copy ? memcpy(copy, text, bytes) : NULL;
}

static void close_lake(void *ctx)
{
    twi_lake *lake = ctx;
    twi_lake_release_stages(lake);
    duckdb_disconnect(&lake->connection);
    if (!lake->is_session)
        duckdb_close(&lake->database);
    tw_free_array(lake->alloc, lake->parts_own, lake->part_cap, sizeof(*lake->parts_own));
    free_text(lake->alloc, lake->dir_own);
    free_text(lake->alloc, lake->out_dir_own);
    tw_delete(lake->alloc, lake);
}

static tw_status open_session(void *ctx, tw_lake *out, tw_err *err);

static const tw_lake_ops ops = {
    .version = TW_LAKE_VERSION,
    .position = get_position,
    .stage = stage,
    .commit = twi_lake_commit,
    .compact = twi_lake_compact,
    .parts = get_parts,
    .verify = twi_lake_verify,
    .query = twi_lake_query,
    .copy = twi_lake_copy,
    .flush = flush,
    .session = open_session,
    .close = close_lake,
};

static tw_status open_session(void *ctx, tw_lake *out, tw_err *err)
{
    twi_lake *lake = ctx;
    *out = (tw_lake){NULL, NULL};
    if (lake->is_writer)
        return tw_fail(err, TW_UNSUPPORTED, "a lake that is written has no sessions");
    TW_TRY(twi_lake_lock(lake, err));
    twi_lake *session = tw_new(lake->alloc, twi_lake);
    if (!session)
        return tw_fail(err, TW_NO_MEMORY, "no memory for a session of the lake");
    *session = (twi_lake){.alloc = lake->alloc,
                          .is_session = true,
                          .is_locked = true,
                          .memory_bytes = lake->memory_bytes,
                          .position = lake->position};
    if (duckdb_connect(lake->database, &session->connection) != DuckDBSuccess) {
        tw_delete(lake->alloc, session);
        return tw_fail(err, TW_NO_MEMORY, "no memory for a session of the lake");
    }
    *out = (tw_lake){&ops, session};
    return TW_OK;
}

// --- opening
// --------------------------------------------------------------------------------------

// Nothing is fetched from anywhere; what does not fit into memory goes to `tmp` in the lake.
static tw_status configure(twi_lake *lake, tw_err *err)
{
    char path[TWI_LAKE_PATH_BYTES] = "";
    tw_buf sql;
    TW_TRY(twi_lake_path(lake, lake->is_writer ? "tmp" : "live", path, err));
    twi_lake_sql(lake, &sql);
    tw_buf_printf(&sql,
                  "SET autoinstall_known_extensions=false; SET autoload_known_extensions=false; "
                  "SET TimeZone='UTC'; SET parquet_metadata_cache=true; SET memory_limit='%lluB';",
                  (unsigned long long)lake->memory_bytes);
    if (lake->thread_n > 0)
        tw_buf_printf(&sql, "SET threads=%u;", lake->thread_n);
    tw_buf_cstr(&sql, "SET temp_directory=");
    twi_lake_put_text(&sql, lake->is_writer || lake->is_live ? path : "");
    return twi_lake_execute(lake, &sql, "DuckDB", err);
}

static tw_status open_database(twi_lake *lake, tw_err *err)
{
    if (duckdb_open(NULL, &lake->database) != DuckDBSuccess ||
        duckdb_connect(lake->database, &lake->connection) != DuckDBSuccess)
        return tw_fail(err, TW_NO_MEMORY, "DuckDB does not start");
    TW_TRY(configure(lake, err));
    TW_TRY(twi_lake_create_stages(lake, err));
    return twi_lake_create_derived_stages(lake, err);
}

// The lock of the database compares whole paths.
static tw_status make_absolute(const twi_lake *lake, char **dir_own, tw_err *err)
{
    char path[TWI_LAKE_PATH_BYTES];
    const char *dir = *dir_own;
    if (!dir || dir[0] == '/')
        return TW_OK;
    while (dir[0] == '.' && dir[1] == '/')
        dir += 2;
    if (!getcwd(path, sizeof(path)))
        return tw_fail_errno(err, "the working directory cannot be found");
    size_t bytes = strlen(path), dir_bytes = strcmp(dir, ".") == 0 ? 0 : strlen(dir);
    if (bytes + dir_bytes + 2 > sizeof(path))
        return tw_fail(err, TW_LIMIT, "the path of the lake is too long");
    path[bytes] = dir_bytes > 0 ? '/' : '\0';
    memcpy(path + bytes + 1, dir, dir_bytes);
    path[bytes + 1 + dir_bytes] = '\0';
    free_text(lake->alloc, *dir_own);
    *dir_own = copy_text(lake->alloc, path);
    return *dir_own ? TW_OK : tw_fail(err, TW_NO_MEMORY, "no memory for the lake");
}

static tw_status open_all(twi_lake *lake, tw_err *err)
{
    if (lake->is_writer)
        TW_TRY(twi_lake_make_dir(lake->dir_own, err));
    TW_TRY(make_absolute(lake, &lake->dir_own, err));
    TW_TRY(make_absolute(lake, &lake->out_dir_own, err));
    TW_TRY(twi_lake_read_manifest(lake, err));
    if (lake->is_writer)
        TW_TRY(twi_lake_sweep(lake, err));
    TW_TRY(open_database(lake, err));
    return lake->is_writer ? twi_lake_upgrade(lake, err) : TW_OK;
}

tw_status tw_duckdb_lake_open(const tw_alloc *alloc, const tw_duckdb_options *options, tw_lake *out,
                              tw_err *err)
{
    *out = (tw_lake){NULL, NULL};
    TW_CHECK(options->schema.table_n <= TW_LAKE_TABLES_MAX);
    TW_CHECK(options->schema.derived_n <= TW_LAKE_DERIVED_MAX);
    TW_CHECK(!options->is_writer || !options->is_live);
    twi_lake *lake = tw_new(alloc, twi_lake);
    if (!lake)
        return tw_fail(err, TW_NO_MEMORY, "no memory for the lake");
    lake->alloc = alloc;
    lake->is_writer = options->is_writer;
    lake->is_live = options->is_live;
    lake->memory_bytes = options->memory_bytes ? options->memory_bytes : MEMORY_BYTES_DEFAULT;
    lake->thread_n = options->thread_n;
    lake->schema = options->schema;
    lake->dir_own = copy_text(alloc, options->dir);
    if (options->out_dir)
        lake->out_dir_own = copy_text(alloc, options->out_dir);
    bool has_memory = lake->dir_own && (!options->out_dir || lake->out_dir_own);
    tw_status status =
        has_memory ? open_all(lake, err) : tw_fail(err, TW_NO_MEMORY, "no memory for the lake");
    if (status != TW_OK) {
        close_lake(lake);
        return status;
    }
    *out = (tw_lake){&ops, lake};
    return TW_OK;
}

const char *tw_duckdb_version(void)
{
    const char *version = duckdb_library_version();
    return version[0] == 'v' ? version + 1 : version;
}
