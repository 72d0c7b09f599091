// SPDX-License-Identifier: Apache-2.0
//
// The lake of a program that was built without DuckDB.
#include "adapter/duckdb.h"

tw_status tw_duckdb_lake_open(const tw_alloc *alloc, const tw_duckdb_options *options, tw_lake *out,
                              tw_err *err)
{
    (void)alloc;
    (void)options;
    *out = (tw_lake){NULL, NULL};
    return tw_fail(err, TW_UNSUPPORTED,
                   "this program was built without DuckDB: run scripts/deps.sh duckdb and build "
                   "again");
}

const char *tw_duckdb_version(void)
{
    return NULL;
}
