// SPDX-License-Identifier: Apache-2.0
//
// Replay: the journal's facts once more through a fresh engine and detector, as they were or with
// another model, signal set or policy from the first fact on. Backtests, training sets and
// re-scoring are visitors of it.
//
// Threads: one replay is one thread's; several may run. Memory: one engine and one detector.
#ifndef TW_LEARN_REPLAY_H
#define TW_LEARN_REPLAY_H

#include "base/alloc.h"
#include "detect/scorer.h"
#include "port/journal.h"

// Now and then: facts done, facts in all. True = stop; the replay returns TW_CLOSED.
typedef bool tw_replay_progress(void *ctx, uint64_t done, uint64_t all);

typedef struct tw_replay_options {
    // What takes the place of every installed one from the first fact on; empty = as journaled.
    tw_str model, signals, policy;
    uint64_t to_seq; // last fact; 0 = the head
    // Transaction verdicts take effect this long after the transaction; < 0: at decided_at when
    // that lies before their place in the journal, else at their place.
    int64_t label_delay_ms;
    tw_replay_progress *progress; // NULL = none
    void *progress_ctx;
} tw_replay_options;

// Sees each fact after it was applied; views live during the call. `engine` and `detector` are the
// replay's own. A verdict that took effect before its place is seen at its place, with the
// transaction that it is about. TW_END ends the replay with success.
typedef tw_status tw_replay_visit(void *ctx, const tw_fact *fact, const tw_scored_fact *scored,
                                  const tw_engine *engine, const tw_detector *detector,
                                  tw_err *err);

// Live scores exactly: the same facts give the same rows, scores and alerts as when they arrived,
// unless an option changes something. Challengers do not score in a replay; a journaled model that
// was trained on another feature catalogue takes the champion away.
// TW_CORRUPT, TW_NO_MEMORY, TW_CLOSED, the visitor's status; TW_INVALID and the like with a
// sentence when an override does not load.
tw_status tw_replay(const tw_alloc *alloc, const tw_journal *journal,
                    const tw_replay_options *options, tw_replay_visit *visit, void *ctx,
                    tw_err *err) TW_MUST_CHECK;

// Sees each fact as it was journaled, with its seq; views live during the call. TW_END ends the
// reading with success.
typedef tw_status tw_replay_fact_visit(void *ctx, const tw_fact *fact, tw_err *err);

// Reads facts from_seq..to_seq (to_seq 0: up to the head) and applies nothing. TW_CORRUPT with the
// position of a fact that cannot be read, after those in front of it were visited; TW_NO_MEMORY,
// TW_IO, the visitor's status.
tw_status tw_replay_facts(const tw_alloc *alloc, const tw_journal *journal, uint64_t from_seq,
                          uint64_t to_seq, tw_replay_fact_visit *visit, void *ctx,
                          tw_err *err) TW_MUST_CHECK;

#endif
