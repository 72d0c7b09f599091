// SPDX-License-Identifier: Apache-2.0
//
// A replay with its parts in view: what training sets and backtests need beyond tw_replay. Internal
// to the library. Init, set the members marked so, go, release.
#ifndef TWI_LEARN_RUN_H
#define TWI_LEARN_RUN_H

#include "known.h"
#include "learn/replay.h"

typedef struct twi_run twi_run;

typedef tw_status twi_run_visit(void *ctx, const twi_run *run, const tw_fact *fact,
                                const tw_scored_fact *scored, tw_err *err);
// A verdict on a transaction takes effect: in front of the next fact, or at its place.
typedef void twi_run_judged(void *ctx, uint64_t transaction_seq, tw_verdict_kind verdict);

struct twi_run {
    const tw_alloc *alloc;
    const tw_journal *journal;
    const tw_replay_options *options;
    uint64_t to_seq; // resolved
    // Set before go:
    twi_run_visit *visit;
    twi_run_judged *judged; // NULL = none
    void *ctx;
    // During go:
    tw_engine *engine_own;
    tw_detector *detector_own;
    twi_known_book book;
    int64_t clock_ms; // latest plausible transaction time of any store so far
    uint32_t said;    // first verdict in the book on the transaction visited, or TW_TABLE_NONE
    uint64_t done;
    tw_scored_fact scored;
};

// Engine, detector with the overrides, and the book of verdicts. Release also after a failure.
tw_status twi_run_init(twi_run *run, const tw_alloc *alloc, const tw_journal *journal,
                       const tw_replay_options *options, tw_err *err) TW_MUST_CHECK;
tw_status twi_run_go(twi_run *run, tw_err *err) TW_MUST_CHECK;
void twi_run_release(twi_run *run);

tw_status twi_run_override(tw_detector *detector, tw_str model, tw_str signals, tw_str policy,
                           tw_err *err) TW_MUST_CHECK;
// A config of the journal, unless it is overridden or changes no score.
tw_status twi_run_config(tw_detector *detector, const tw_config *config, bool is_overridden,
                         tw_err *err) TW_MUST_CHECK;
bool twi_run_is_overridden(tw_str model, tw_str signals, tw_str policy, tw_config_kind kind);

#endif
