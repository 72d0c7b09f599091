// SPDX-License-Identifier: Apache-2.0
//
// The lake on DuckDB: Parquet files below one directory, in partitions `TABLE/date=YYYY-MM-DD/`,
// and `manifest.json`, which names them (docs/formats/lake.md). The only place that includes
// DuckDB's header; without the library every opening fails with TW_UNSUPPORTED and a sentence.
#ifndef TW_ADAPTER_DUCKDB_H
#define TW_ADAPTER_DUCKDB_H

#include "base/alloc.h"
#include "port/lake.h"

typedef struct tw_duckdb_options {
    const char *dir; // made when it is missing and the lake is opened for writing
    bool is_writer;
    bool is_live; // a reader that goes on staging, with sessions: `live` below dir takes what
                  // does not fit into memory
    const char *out_dir;   // where copy may write; NULL = nowhere
    uint64_t memory_bytes; // 0 = 1 GiB
    unsigned thread_n;     // 0 = one per core
    tw_lake_schema schema;
} tw_duckdb_options;

// TW_UNSUPPORTED (built without DuckDB), TW_CORRUPT (the manifest cannot be read), TW_NO_MEMORY,
// TW_IO. A reader of a directory that does not exist has an empty lake.
tw_status tw_duckdb_lake_open(const tw_alloc *alloc, const tw_duckdb_options *options, tw_lake *out,
                              tw_err *err) TW_MUST_CHECK;

// "1.4.4", or NULL when built without.
const char *tw_duckdb_version(void);

#endif
