// SPDX-License-Identifier: Apache-2.0
//
// Port: the lake, an analytical copy of the journal's front part in files of columns that other
// tools read too, and read-only SQL over it. It is a projection: lost means written again.
//
// Contract for every adapter:
//  1. Rows are staged (in memory, spilling to temporary files) and count in queries from then on:
//     a reader stages the journal's tail and sees lake and tail as one.
//  2. commit writes the staged rows as parts, one a table and date, and then publishes the new
//     position, all or nothing: after a crash at any moment the lake has the old position and parts
//     or the new ones. Files that no published position names are removed by the next opening for
//     writing.
//  3. One handle at a time may be open for writing (the owner of the data directory's lock); any
//     number may read beside it. A reader sees the parts of its opening; when compact has removed
//     one of them since, its queries fail with TW_IO and a new handle is needed.
//  4. Threads: one call at a time on a handle, from any thread. Sessions are handles of their own.
//  5. Every function may block on storage. query and copy end with TW_LIMIT when they pass the time
//     or the memory that they were given; nothing else has a time-out.
//  6. query and copy run exactly one SELECT, which reads nothing but the tables and views: whatever
//     changes data, settings or files, or looks outside the lake, is TW_DENIED.
//  7. Derived tables (sums, indexes) hold what their SQL says of the source's rows: of those in
//     parts and of those staged. They are written with the parts that they are made from, and made
//     anew by the next opening for writing when a lake has none or those of another version.
#ifndef TW_PORT_LAKE_H
#define TW_PORT_LAKE_H

#include "base/arena.h"
#include "base/hash.h"
#include "base/str.h"

#define TW_LAKE_VERSION 2
#define TW_LAKE_TABLES_MAX 8
#define TW_LAKE_DERIVED_MAX 8
#define TW_LAKE_COLUMNS_MAX 64
#define TW_LAKE_MEMBERS_MAX 16
#define TW_LAKE_NAME_BYTES 128

typedef enum tw_lake_type {
    TW_LAKE_INTEGER, // 64 bits
    TW_LAKE_FLOAT,   // 32 bits
    TW_LAKE_DOUBLE,  // 64 bits
    TW_LAKE_BOOL,
    TW_LAKE_TEXT, // UTF-8
    TW_LAKE_TIME, // an instant, UTC milliseconds
    TW_LAKE_DATE, // days since 1970-01-01
    TW_LAKE_LIST, // of structs of `members`
} tw_lake_type;

typedef struct tw_lake_column {
    const char *name;
    tw_lake_type type;
    const struct tw_lake_column *members; // of a list: no lists among them
    size_t member_n;
} tw_lake_column;

// Constant and alive as long as a lake that was opened with it. Every table also has the column
// `date`, the partition. The first column is `seq`, an integer.
typedef struct tw_lake_table {
    const char *name;
    const tw_lake_column *columns;
    size_t column_n;
    const char *order_by; // of the rows of a part, "store_id, transaction_time, seq"
} tw_lake_table;

// A table that is made from the rows of another: partitions by month of `date`. Rows of several
// parts add up: a reader groups and sums.
typedef struct tw_lake_derived {
    const char *name;
    size_t source;        // of `tables`
    const char *sql;      // a SELECT over the name `source`, with a column `date`
    const char *fold_sql; // a SELECT over `source`, that joins rows of several parts; NULL = none
    const char *order_by; // of the rows of a part
    const char *counts;   // column whose sum is the number of the source's rows; NULL = none
} tw_lake_derived;

typedef struct tw_lake_view {
    const char *name;
    const char *sql; // a SELECT over the tables
} tw_lake_view;

typedef struct tw_lake_schema {
    const tw_lake_table *tables; // at most TW_LAKE_TABLES_MAX
    size_t table_n;
    const tw_lake_view *views;
    size_t view_n;
    const tw_lake_derived *derived; // at most TW_LAKE_DERIVED_MAX
    size_t derived_n;
    uint32_t derived_version; // of their SQL: changes with it
} tw_lake_schema;

typedef struct tw_lake_cell {
    bool is_null;
    union {
        int64_t integer; // INTEGER, BOOL, TIME, DATE
        double number;   // FLOAT, DOUBLE
        tw_str text;
        struct {
            const struct tw_lake_cell *cells; // n items of member_n cells each
            size_t n;
        } list;
    } as;
} tw_lake_cell;

// How far the lake follows the journal: it holds every fact of 1..seq.
typedef struct tw_lake_position {
    uint64_t seq;                  // 0 = empty
    uint8_t hash[TW_SHA256_BYTES]; // running hash over the facts 1..seq, given by commit's caller
} tw_lake_position;

typedef struct tw_lake_part {
    const char *table;             // of the schema
    char file[TW_LAKE_NAME_BYTES]; // below the lake's directory
    bool is_derived;
    int32_t day;                  // of a derived table the first of the month
    uint64_t first_seq, last_seq; // of its rows, or of the rows that it was made from
    uint64_t row_n, bytes;
    uint8_t hash[TW_SHA256_BYTES]; // of the file
} tw_lake_part;

// Where the text of a query is wrong, from 1; 0 = not known.
typedef struct tw_lake_spot {
    uint32_t line, column;
} tw_lake_spot;

typedef struct tw_lake_query {
    tw_str sql;                  // one SELECT
    uint64_t timeout_ms;         // 0 = none
    uint64_t row_max;            // more rows are cut off; 0 = none are
    bool as_json;                // one cell a row: an object of the columns
    bool is_ours;                // the program's own text: neither checked nor its types visited
    const _Atomic bool *is_over; // true stops it (TW_CLOSED); NULL = nothing does
    tw_lake_spot *spot;          // filled on TW_SYNTAX; NULL = nobody asks
} tw_lake_query;

typedef enum tw_lake_visit_kind {
    TW_LAKE_VISIT_NAMES, // of the columns; comes first
    TW_LAKE_VISIT_TYPES, // of the columns: integer number boolean text time date other
    TW_LAKE_VISIT_ROW,
} tw_lake_visit_kind;

// Names and (but for our own text) types come first, then the rows, whose cells are texts (at NULL
// = null). Views live during the call. TW_OK goes on, TW_END stops with success.
typedef tw_status tw_lake_visit(void *ctx, tw_lake_visit_kind kind, const tw_str *cells, size_t n,
                                tw_err *err);
// What verify finds wrong, one sentence each.
typedef void tw_lake_complain(void *ctx, const char *sentence);

typedef enum tw_lake_form { TW_LAKE_PARQUET, TW_LAKE_CSV } tw_lake_form;

typedef struct tw_lake tw_lake;

typedef struct tw_lake_ops {
    uint32_t version; // TW_LAKE_VERSION
    tw_status (*position)(void *ctx, tw_lake_position *out, tw_err *err);
    tw_status (*stage)(void *ctx, size_t table, int32_t day, const tw_lake_cell *cells,
                       tw_err *err);
    tw_status (*commit)(void *ctx, const tw_lake_position *position, tw_err *err);
    tw_status (*compact)(void *ctx, int32_t before_day, size_t *merged_n, tw_err *err);
    tw_status (*parts)(void *ctx, const tw_lake_part **out, size_t *n, tw_err *err);
    tw_status (*verify)(void *ctx, tw_lake_complain *complain, void *complain_ctx, tw_err *err);
    tw_status (*query)(void *ctx, const tw_lake_query *query, tw_lake_visit *visit, void *visit_ctx,
                       tw_err *err);
    tw_status (*copy)(void *ctx, const tw_lake_query *query, tw_lake_form form, const char *path,
                      uint64_t *row_n, tw_err *err);
    tw_status (*flush)(void *ctx, tw_err *err);
    tw_status (*session)(void *ctx, tw_lake *out, tw_err *err);
    void (*close)(void *ctx);
} tw_lake_ops;

// A handle; copies refer to the same lake.
struct tw_lake {
    const tw_lake_ops *ops;
    void *ctx;
};

TW_MUST_CHECK static inline tw_status tw_lake_get_position(const tw_lake *lake,
                                                           tw_lake_position *out, tw_err *err)
{
    return lake->ops->position(lake->ctx, out, err);
}

// Stages one row: cells[column_n] of schema table `table`, on partition `day`; copied. TW_LIMIT
// beyond the memory, TW_NO_MEMORY, TW_IO. After a failure only closing is left.
TW_MUST_CHECK static inline tw_status tw_lake_stage(const tw_lake *lake, size_t table, int32_t day,
                                                    const tw_lake_cell *cells, tw_err *err)
{
    return lake->ops->stage(lake->ctx, table, day, cells, err);
}

// Writes what is staged, empties the staging and moves the position. TW_UNSUPPORTED on a reader;
// TW_NO_SPACE, TW_IO: nothing has happened.
TW_MUST_CHECK static inline tw_status tw_lake_commit(const tw_lake *lake,
                                                     const tw_lake_position *position, tw_err *err)
{
    return lake->ops->commit(lake->ctx, position, err);
}

// Merges the parts of each table and partition that ends before `before_day` into one, and those of
// other months of derived tables when they have become many; *merged_n partitions had several.
// Removes the old files. Nothing may be staged (TW_INVALID).
TW_MUST_CHECK static inline tw_status tw_lake_compact(const tw_lake *lake, int32_t before_day,
                                                      size_t *merged_n, tw_err *err)
{
    return lake->ops->compact(lake->ctx, before_day, merged_n, err);
}

// Every part, by table, date and first_seq; valid until the next commit, compact or close.
TW_MUST_CHECK static inline tw_status tw_lake_parts(const tw_lake *lake, const tw_lake_part **out,
                                                    size_t *n, tw_err *err)
{
    return lake->ops->parts(lake->ctx, out, n, err);
}

// Reads every file: size, hash, and the count and range of its rows. TW_OK means that the check
// ran.
TW_MUST_CHECK static inline tw_status
tw_lake_verify(const tw_lake *lake, tw_lake_complain *complain, void *ctx, tw_err *err)
{
    return lake->ops->verify(lake->ctx, complain, ctx, err);
}

// Lets the rows that were staged since the last flush count in the queries of sessions. A reader
// may stage and flush after queries, too. TW_LIMIT, TW_NO_MEMORY, TW_IO as of stage.
TW_MUST_CHECK static inline tw_status tw_lake_flush(const tw_lake *lake, tw_err *err)
{
    return lake->ops->flush(lake->ctx, err);
}

// A further handle on the same rows, for queries and copies at the same time as those of others;
// closed before this one. TW_UNSUPPORTED on a writer.
TW_MUST_CHECK static inline tw_status tw_lake_session(const tw_lake *lake, tw_lake *out,
                                                      tw_err *err)
{
    return lake->ops->session(lake->ctx, out, err);
}

// Runs the SELECT. From the first query or copy on nothing can be committed any more (TW_INVALID).
// TW_SYNTAX (the SQL does not hold), TW_DENIED, TW_LIMIT, TW_CLOSED, or the visitor's status.
TW_MUST_CHECK static inline tw_status tw_lake_run(const tw_lake *lake, const tw_lake_query *query,
                                                  tw_lake_visit *visit, void *ctx, tw_err *err)
{
    return lake->ops->query(lake->ctx, query, visit, ctx, err);
}

// Writes the SELECT's rows to a file. The path must lie below the directory given at opening.
TW_MUST_CHECK static inline tw_status tw_lake_copy(const tw_lake *lake, const tw_lake_query *query,
                                                   tw_lake_form form, const char *path,
                                                   uint64_t *row_n, tw_err *err)
{
    return lake->ops->copy(lake->ctx, query, form, path, row_n, err);
}

// A closed or zeroed handle is allowed. What is staged and not committed is forgotten.
static inline void tw_lake_close(tw_lake *lake)
{
    if (lake->ops)
        lake->ops->close(lake->ctx);
    *lake = (tw_lake){NULL, NULL};
}

#endif
