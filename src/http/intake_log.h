// SPDX-License-Identifier: Apache-2.0
//
// What came in by HTTP since the start: by minute and by source; and which rejected records are
// resolved. Only files of src/http include this.
#ifndef TWI_HTTP_INTAKE_LOG_H
#define TWI_HTTP_INTAKE_LOG_H

#include "internal.h"

enum { TWI_INTAKE_MINUTES = 60, TWI_INTAKE_SOURCES = 64 };

typedef struct twi_intake_minute {
    int64_t minute; // since 1970
    uint64_t accepted, rejected;
} twi_intake_minute;

typedef struct twi_intake_source {
    char name[TW_ID_MAX_BYTES + 1];
    uint64_t accepted, duplicate, rejected;
    int64_t last_ms;
} twi_intake_source;

// The minutes are a ring; sources beyond the table are counted together as "others".
struct twi_intake_log {
    pthread_mutex_t lock;
    int64_t started_ms;
    twi_intake_minute minutes[TWI_INTAKE_MINUTES];
    twi_intake_source sources[TWI_INTAKE_SOURCES];
    size_t source_n;
};

tw_status twi_intake_log_new(tw_http *http, tw_err *err) TW_MUST_CHECK;
void twi_intake_log_free(tw_http *http);
// Counts the records of a request. Any thread.
void twi_intake_count(tw_http *http, const char *source, uint64_t accepted, uint64_t duplicate,
                      uint64_t rejected);

// dead_letters.c
typedef struct twi_resolution {
    uint64_t id; // of the letter
    int64_t at_ms;
    tw_str by;
} twi_resolution;
typedef struct twi_resolutions {
    twi_resolution *items; // by id; in the request's arena
    size_t n;
} twi_resolutions;
tw_status twi_resolutions_read(twi_request *request, twi_resolutions *out) TW_MUST_CHECK;
const twi_resolution *twi_resolution_of(const twi_resolutions *all, uint64_t id);

#endif
