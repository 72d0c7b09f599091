// SPDX-License-Identifier: Apache-2.0
//
// A simulated chain cut into days: its history as files of each day, its last day in memory, ready
// to be posted.
#ifndef TWI_CLI_DEMO_FEED_H
#define TWI_CLI_DEMO_FEED_H

#include "base/buf.h"

typedef struct twi_feed_part { // lines of one path, in order of arrival
    const char *path;          // "/v1/transactions"
    size_t at, bytes;          // in feed->bytes
    uint64_t line_n;
} twi_feed_part;

typedef struct twi_feed {
    tw_buf bytes;
    twi_feed_part *parts_own;
    size_t part_n, part_cap;
    uint64_t transactions; // of history and last day
} twi_feed;

void twi_feed_init(twi_feed *feed);
void twi_feed_release(twi_feed *feed);
// A history of days and one day more.
typedef struct twi_feed_plan {
    uint64_t days;
    int32_t start_day; // days since 1970-01-01; 0 = the simulator's own
    double fraud_rate; // share of employees who steal; 0 = the simulator's own
} twi_feed_plan;

// Simulates plan->days days into dir (transactions.ndjson, movements.ndjson, shifts.ndjson of day
// d, from 1, in dir/d/; dir/labels.csv of all) and one more day into the feed. With dir NULL the
// days go into the feed, and none more.
tw_status twi_feed_simulate(twi_feed *feed, const char *dir, uint64_t stores,
                            const twi_feed_plan *plan, uint64_t seed, tw_err *err) TW_MUST_CHECK;

#endif
