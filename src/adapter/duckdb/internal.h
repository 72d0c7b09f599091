// SPDX-License-Identifier: Apache-2.0
//
// The lake on DuckDB: its state, and what its files share.
//
// One in-memory database a handle; its sessions have connections of their own. Staged rows are in
// tables `stage_<table>`; a commit sorts them into Parquet files by COPY. What derived tables say
// of the staged rows is in `stage_<derived>`: a view, or, for a live handle, a table that every
// flush adds to. Queries go through views that join the parts of the manifest and the staging;
// before the first of them the database is locked: no files but the lake's, no settings.
#ifndef TWI_ADAPTER_DUCKDB_INTERNAL_H
#define TWI_ADAPTER_DUCKDB_INTERNAL_H

#include <duckdb.h>

#include "adapter/duckdb.h"
#include "base/buf.h"

#define TWI_LAKE_PATH_BYTES 4096
#define TWI_LAKE_PARTS_MAX (1 << 20)
#define TWI_LAKE_SQL_MAX_BYTES ((size_t)256 << 20)

// Rows of one table on their way into its staging table.
typedef struct twi_stage {
    duckdb_appender appender;
    duckdb_data_chunk chunk;
    size_t row_n;       // in the chunk
    uint64_t staged_n;  // since the last commit
    int64_t staged_seq; // of the last row
    int64_t rolled_seq; // of the last row that the derived tables of a live handle have taken in
} twi_stage;

typedef struct twi_lake {
    const tw_alloc *alloc;
    char *dir_own, *out_dir_own;
    bool is_writer, is_live, is_session, is_locked;
    bool has_derived; // the manifest names derived parts of the schema's version
    uint64_t memory_bytes;
    unsigned thread_n;
    tw_lake_schema schema;
    duckdb_database database;
    duckdb_connection connection;
    twi_stage stages[TW_LAKE_TABLES_MAX];
    tw_lake_position position;
    tw_lake_part *parts_own; // sorted by table, day, first_seq
    size_t part_n, part_cap;
} twi_lake;

// --- statements (duckdb_lake.c)
// Status of DuckDB's failure `text`, with its first line in *err.
tw_status twi_lake_failed(const twi_lake *lake, const char *what, const char *text,
                          duckdb_error_type type, tw_err *err);
// Runs our own SQL; `sql` is released.
tw_status twi_lake_execute(twi_lake *lake, tw_buf *sql, const char *what, tw_err *err);
// Runs our own SQL, whose result is one row of n integers.
tw_status twi_lake_integers(twi_lake *lake, tw_buf *sql, int64_t *out, size_t n, tw_err *err);
void twi_lake_sql(const twi_lake *lake, tw_buf *sql);
void twi_lake_put_text(tw_buf *sql, const char *text); // 'text'
void twi_lake_put_columns(tw_buf *sql, const tw_lake_table *table);
tw_status twi_lake_path(const twi_lake *lake, const char *name, char out[TWI_LAKE_PATH_BYTES],
                        tw_err *err);

// read_parquet(...) of the files without the partition's column, or with it.
tw_status twi_lake_put_files(const twi_lake *lake, const tw_lake_part *parts, size_t n,
                             bool with_date, tw_buf *out, tw_err *err);

// --- rows (duckdb_rows.c)
tw_status twi_lake_create_stages(twi_lake *lake, tw_err *err);
tw_status twi_lake_stage(twi_lake *lake, size_t table, int32_t day, const tw_lake_cell *cells,
                         tw_err *err);
tw_status twi_lake_flush_stages(twi_lake *lake, tw_err *err);
void twi_lake_release_stages(twi_lake *lake);

// --- the manifest (duckdb_manifest.c)
tw_status twi_lake_read_manifest(twi_lake *lake, tw_err *err);
tw_status twi_lake_publish_manifest(const twi_lake *lake, const tw_lake_position *position,
                                    const tw_lake_part *parts, size_t part_n, tw_err *err);
// Removes what a broken writer left: files of the partitions that the manifest does not name.
tw_status twi_lake_sweep(const twi_lake *lake, tw_err *err);
tw_status twi_lake_make_dir(const char *path, tw_err *err);
tw_status twi_lake_sync(const char *path, tw_err *err); // a file or a directory
tw_status twi_lake_hash_file(const char *path, uint8_t out[TW_SHA256_BYTES], uint64_t *bytes,
                             tw_err *err);

// --- parts (duckdb_parts.c)
// The parts as they will be after a commit or a merge.
typedef struct twi_draft {
    tw_lake_part *parts_own;
    size_t n, cap;
} twi_draft;
// Copies what `select` says, in the order of order_by, into the file of *part, whose table, kind,
// day and sequence numbers are set, and adds it to the draft.
tw_status twi_lake_write_part(twi_lake *lake, tw_buf *select, const char *order_by,
                              const tw_lake_part *part, twi_draft *d, tw_err *err);
tw_status twi_lake_add_part(const twi_lake *lake, twi_draft *d, const tw_lake_part *part,
                            tw_err *err);
void twi_lake_sort_parts(tw_lake_part *parts, size_t n); // by table, partition, first_seq
tw_status twi_lake_commit(void *ctx, const tw_lake_position *position, tw_err *err);
tw_status twi_lake_compact(void *ctx, int32_t before_day, size_t *merged_n, tw_err *err);
// Makes the derived parts of a lake that has none of the schema's version.
tw_status twi_lake_upgrade(twi_lake *lake, tw_err *err);
tw_status twi_lake_verify(void *ctx, tw_lake_complain *complain, void *complain_ctx, tw_err *err);

// --- derived tables (duckdb_derived.c)
const tw_lake_derived *twi_lake_derived_of(const twi_lake *lake, const char *name);
// Derived parts of what is staged, and of all parts in the draft.
tw_status twi_lake_derive_staged(twi_lake *lake, twi_draft *d, tw_err *err);
tw_status twi_lake_derive_parts(twi_lake *lake, twi_draft *d, tw_err *err);
// Makes stage_<derived>; the names of the derived tables as views.
tw_status twi_lake_create_derived_stages(twi_lake *lake, tw_err *err);
tw_status twi_lake_create_derived_views(twi_lake *lake, tw_err *err);
// Takes rows that were staged since into the stages of a live handle.
tw_status twi_lake_roll(twi_lake *lake, tw_err *err);
// Compares what counts with the rows of the sources.
tw_status twi_lake_verify_derived(twi_lake *lake, tw_lake_complain *complain, void *ctx,
                                  tw_err *err);

// --- queries (duckdb_query.c)
tw_status twi_lake_lock(twi_lake *lake, tw_err *err);
tw_status twi_lake_query(void *ctx, const tw_lake_query *query, tw_lake_visit *visit,
                         void *visit_ctx, tw_err *err);
tw_status twi_lake_copy(void *ctx, const tw_lake_query *query, tw_lake_form form, const char *path,
                        uint64_t *row_n, tw_err *err);

#endif
