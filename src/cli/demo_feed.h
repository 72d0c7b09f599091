// SPDX-License-Identifier: Apache-2.0
//
// A simulated chain cut in two: its history as files, its last day in memory, ready to be posted.
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
// Simulates `days` days into dir (transactions.ndjson, movements.ndjson, shifts.ndjson, labels.csv)
// and one more day into the feed. days 0 with dir NULL: everything into the feed.
tw_status twi_feed_simulate(twi_feed *feed, const char *dir, uint64_t stores, uint64_t days,
                            uint64_t seed, tw_err *err) TW_MUST_CHECK;

#endif
