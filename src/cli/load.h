// SPDX-License-Identifier: Apache-2.0
//
// A load generator: one thread, many kept connections, epoll. Closed loop (each connection sends
// its next request when the reply is in) measures capacity; open loop (requests leave at fixed
// moments, whatever the server does, and latency counts from the moment at which they should have
// left) measures latency at a rate.
#ifndef TWI_CLI_LOAD_H
#define TWI_CLI_LOAD_H

#include "base/buf.h"

// Latencies in buckets of 1/32 octave of nanoseconds.
#define TWI_LOAD_BUCKETS 2048

typedef struct twi_load_options {
    const char *host; // "127.0.0.1"
    uint16_t port;
    const char *path, *media, *token;
    unsigned connections;
    double seconds;
    double rate;        // requests a second; 0 = closed loop
    size_t per_request; // records of one request
    // Appends the next record (one line with its end) to the request.
    void (*next)(void *ctx, tw_buf *out);
    void *ctx;
} twi_load_options;

typedef struct twi_load_result {
    uint64_t requests, records, failed; // failed: another status than 200
    double seconds;
    double p50_us, p99_us, p999_us, max_us; // of a request
} twi_load_result;

// TW_IO when the server cannot be reached or breaks a connection.
tw_status twi_load(const twi_load_options *options, twi_load_result *out,
                   tw_err *err) TW_MUST_CHECK;

#endif
