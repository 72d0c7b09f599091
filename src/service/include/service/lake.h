// SPDX-License-Identifier: Apache-2.0
//
// The lake's content: which tables there are, and how facts and their scores become rows. The lake
// holds the journal's facts 1..position; what comes behind is staged by whoever asks (the tail).
//
// A business day is closed when a day two days later has begun somewhere. The position moves to the
// fact in front of the first one of a day that is still open, and further where the tail would grow
// beyond TW_LAKE_TAIL_FACTS; records of such days go into a further part of their day, and the
// parts of a closed day are merged. Days that lie more
// than one day ahead of the time at which they were received do not count as begun (a till whose
// clock runs ahead closes nothing).
//
// Threads: one call at a time for a lake and a follower; journal and ledger may be shared.
#ifndef TW_SERVICE_LAKE_H
#define TW_SERVICE_LAKE_H

#include "port/journal.h"
#include "port/lake.h"
#include "port/ledger.h"

// What the lake reads from. Facts count up to what the ledger has applied, as scores come from it.
typedef struct tw_lake_source {
    const tw_alloc *alloc;
    const tw_journal *journal;
    const tw_ledger *ledger;
} tw_lake_source;

typedef enum tw_lake_table_id {
    TW_LAKE_TRANSACTIONS,
    TW_LAKE_MOVEMENTS,
    TW_LAKE_SHIFTS,
    TW_LAKE_VERDICTS,
    TW_LAKE_TABLE_N
} tw_lake_table_id;

// Tables, the views `lines`, `tenders`, `signals`, and the derived `store_days`, `employee_days`,
// `item_days`, `needles`. Constant.
void tw_lake_schema_get(tw_lake_schema *out);

// Now and then: facts done, facts in all. True = stop; the call returns TW_CLOSED.
typedef bool tw_lake_progress(void *ctx, uint64_t done, uint64_t all);

// Remembers which days have begun, so that looking again reads only what is new. Zero = nothing.
typedef struct tw_lake_follower {
    uint64_t seen_seq;     // facts looked at
    int32_t newest_day;    // that has begun
    uint64_t first_seq[2]; // of the newest day and of the one before; 0 = none yet
    tw_lake_progress *progress;
    void *progress_ctx;
} tw_lake_follower;

// Writes what is due (everything, when `all`) and moves the position; *written_n facts went in.
// A crash in the middle leaves the parts of the steps that were committed. TW_CORRUPT when the lake
// is not of this journal (longer than it). Some 3 us a transaction.
tw_status tw_lake_follow(const tw_lake_source *source, const tw_lake *lake,
                         tw_lake_follower *follower, bool all, uint64_t *written_n,
                         tw_err *err) TW_MUST_CHECK;

// The last fact that is due behind from_seq (the lake's position): in front of the days that are
// open, and further in whole steps of TW_LAKE_TAIL_FACTS, so that what a reader has to stage stays
// bounded on the largest chain. A look that reads only what it has not seen and needs no lake.
#define TW_LAKE_TAIL_FACTS (UINT64_C(1) << 17)
tw_status tw_lake_due(const tw_lake_source *source, tw_lake_follower *follower, uint64_t from_seq,
                      uint64_t *out, tw_err *err) TW_MUST_CHECK;

// Stages the facts behind the lake's position, for queries; *tail_n of them.
tw_status tw_lake_stage_tail(const tw_lake_source *source, const tw_lake *lake, uint64_t *tail_n,
                             tw_err *err) TW_MUST_CHECK;

// The same by and by.
typedef struct tw_lake_tail {
    uint64_t seq; // staged up to here; the lake's position at first
    int32_t first_day,
        last_day;        // business days of what was staged and of before; first > last = none
    int64_t received_ms; // when the last fact was accepted; 0 = none was staged
    bool is_behind;      // there is more
    bool is_whole;       // the newest fact of the journal is in
} tw_lake_tail;
// Stages at most `max` facts more. After a failure the lake may hold some of them: close it.
tw_status tw_lake_stage_more(const tw_lake_source *source, const tw_lake *lake, tw_lake_tail *tail,
                             uint64_t max, tw_err *err) TW_MUST_CHECK;

// Compares the lake with the journal: the running hash over the facts up to the position, and the
// rows of each table with the facts of its kind. What the files hold is tw_lake_verify's.
tw_status tw_lake_check(const tw_lake_source *source, const tw_lake *lake,
                        tw_lake_complain *complain, void *ctx, tw_err *err) TW_MUST_CHECK;

#endif
