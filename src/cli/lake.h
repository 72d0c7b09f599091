// SPDX-License-Identifier: Apache-2.0
//
// What the parts of `tillwatch lake` share: a data directory with its lake open.
#ifndef TWI_CLI_LAKE_H
#define TWI_CLI_LAKE_H

#include "cli.h"
#include "place.h"
#include "service/lake.h"

typedef struct twi_lake_options {
    const char *data, *format, *out, *table, *memory, *timeout;
    int64_t from_ms, to_ms;
    bool is_json;
    const char *sql;
    bool is_writer;
    const char *out_dir; // where files may be written; NULL = nowhere
} twi_lake_options;

typedef struct twi_lake_place {
    twi_place place;
    tw_lake_source source;
    tw_lake lake;
} twi_lake_place;

// Opens both; for writing with the directory's lock.
tw_status twi_lake_place_open(twi_lake_place *l, const twi_lake_options *options,
                              tw_err *err) TW_MUST_CHECK;
void twi_lake_place_close(twi_lake_place *l);

// Writes what is due of an open place whose service is at rest, and merges the days that are over.
tw_status twi_lake_write_due(const twi_place *place, uint64_t *written_n,
                             tw_err *err) TW_MUST_CHECK;

// Exit status.
int twi_lake_query_run(const twi_lake_options *options);
int twi_lake_export_run(const twi_lake_options *options);

#endif
