// SPDX-License-Identifier: Apache-2.0
//
// The lake beside a running service: one open reader whose tail follows the journal, for the pages,
// the search and the SQL of people. What was projected before a question is in its answer, or the
// answer says up to when it goes.
//
// A thread of its own, at low priority, opens the lake, stages what the ledger has applied, and
// opens it anew when files were added; questions go on meanwhile with what was open before. At most
// TW_LAKE_LANE_N kinds of questions run beside each other, so that a long SQL holds up no page; a
// question whose lane is taken waits for its turn.
//
// Threads: every function from any thread, but new and free. Memory: the handle's own limit, twice
// for the moment in which it is opened anew.
#ifndef TW_SERVICE_LAKE_LIVE_H
#define TW_SERVICE_LAKE_LIVE_H

#include "base/time.h"
#include "service/lake.h"

typedef struct tw_lake_live tw_lake_live;

// The sentence of a server that has none.
#define TW_NO_LAKE                                                                                 \
    "There is no lake here: this program was built without DuckDB (scripts/deps.sh duckdb)"

// Opens a reader that can go on staging (of the adapter). Called from the thread.
typedef tw_status tw_lake_opener(void *ctx, tw_lake *out, tw_err *err);

// All pointers are borrowed and outlive the object.
typedef struct tw_lake_live_options {
    tw_lake_source source;
    const tw_clock *clock; // NULL = system
    tw_lake_opener *open;
    void *open_ctx;
} tw_lake_live_options;

typedef enum tw_lake_lane {
    TW_LAKE_LANE_PAGE,      // what answers within a second or two
    TW_LAKE_LANE_PAGE_MORE, // a second one, so that one page does not wait for another
    TW_LAKE_LANE_SQL,       // of people, and exports
    TW_LAKE_LANE_N
} tw_lake_lane;

// Starts the thread; the lake opens by and by.
tw_status tw_lake_live_new(const tw_lake_live_options *options, tw_lake_live **out,
                           tw_err *err) TW_MUST_CHECK;
// Stops what runs (TW_CLOSED) and frees. NULL is allowed. No other call may be running or follow,
// but those that wait for a lane end by themselves: tw_lake_live_stop first.
void tw_lake_live_free(tw_lake_live *live);
// From now on questions end with TW_CLOSED, also those that run.
void tw_lake_live_stop(tw_lake_live *live);

// Files were added or merged: the lake is opened anew soon.
void tw_lake_live_changed(tw_lake_live *live);

// Stages what was projected until now and tells up to when the lake goes: everything that was
// accepted before *up_to_ms (by the service's clock) counts in the questions that follow. Waits for
// the first opening, at most a few seconds: TW_BUSY. TW_UNSUPPORTED when there is no lake here.
tw_status tw_lake_live_settle(tw_lake_live *live, int64_t *up_to_ms, tw_err *err) TW_MUST_CHECK;

// Runs one SELECT in a lane: the first page lane that is free, or the SQL lane. As tw_lake_run.
tw_status tw_lake_live_run(tw_lake_live *live, tw_lake_lane lane, const tw_lake_query *query,
                           tw_lake_visit *visit, void *ctx, tw_err *err) TW_MUST_CHECK;
// As tw_lake_copy, in the SQL lane.
tw_status tw_lake_live_copy(tw_lake_live *live, const tw_lake_query *query, tw_lake_form form,
                            const char *path, uint64_t *row_n, tw_err *err) TW_MUST_CHECK;

// What there is: facts in the files, and facts that questions see (files and tail).
typedef struct tw_lake_live_state {
    bool is_open;
    uint64_t position_seq, staged_seq;
    int32_t first_day, last_day; // of transactions; first > last = none
} tw_lake_live_state;
void tw_lake_live_state_get(tw_lake_live *live, tw_lake_live_state *out);

// Days that transactions have, for plans of searches: the newest and the oldest; false = none.
bool tw_lake_live_days(tw_lake_live *live, int32_t *first, int32_t *last);

#endif
