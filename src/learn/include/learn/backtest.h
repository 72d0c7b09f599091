// SPDX-License-Identifier: Apache-2.0
//
// Backtest: a period of the journal once more with any model, signal set and policy, and what its
// alerts would have been worth by the verdicts that are known. What nobody judged stays unjudged:
// it is counted as `unknown`, never as right or wrong.
#ifndef TW_LEARN_BACKTEST_H
#define TW_LEARN_BACKTEST_H

#include "learn/drift.h"
#include "learn/replay.h"

typedef struct tw_backtest_options {
    tw_str model, signals, policy; // as tw_replay_options
    int64_t from_ms, to_ms;        // alerts created in [from, to); 0 = open
    int64_t label_delay_ms;        // as tw_replay_options
    tw_replay_progress *progress;  // NULL = none
    void *progress_ctx;
} tw_backtest_options;

typedef struct tw_backtest_scheme {
    char name[TW_ID_MAX_BYTES + 1];
    uint64_t alert_n, confirmed_n, refuted_n, unknown_n;
} tw_backtest_scheme;

typedef struct tw_backtest_signal {
    char name[TW_ID_MAX_BYTES + 1];
    uint64_t fired_n, alert_n, confirmed_n, refuted_n;
} tw_backtest_signal;

typedef struct tw_backtest_alert {
    char alert_id[TW_ALERT_ID_BYTES];
    char scheme[TW_ID_MAX_BYTES + 1], entity_id[TW_ID_MAX_BYTES + 1], store_id[TW_ID_MAX_BYTES + 1];
    int64_t created_ms;
    float risk;
    int8_t known;     // 1 confirmed, 0 refuted, -1 unknown: most of its transactions that have one
    bool as_recorded; // the recorded run raised one for the same entity and scheme
    bool is_raised;   // the run that is looked at raised one for the same entity and scheme
} tw_backtest_alert;

typedef struct tw_backtest {
    const tw_alloc *alloc;
    uint64_t transaction_n, alert_n, confirmed_n, refuted_n, unknown_n;
    uint32_t store_n;
    int32_t day_n;
    double alerts_per_store_day;
    tw_share precision;             // of the decided
    uint64_t known_confirmed_n;     // entity and scheme pairs confirmed in the period
    uint64_t known_found_n;         // of them, those that it raised
    uint64_t appears_n, vanishes_n; // against the recorded run
    // The recorded run over the same period.
    uint64_t recorded_confirmed_n, recorded_refuted_n, recorded_unknown_n;
    tw_share recorded_precision;
    size_t scheme_n, signal_n, alert_list_n, recorded_n;
    tw_backtest_scheme *schemes_own;
    tw_backtest_signal *signals_own;
    tw_backtest_alert *alerts_own;   // in order of creation
    tw_backtest_alert *recorded_own; // alerts of the recorded run, the same
} tw_backtest;

// Replays the whole journal; the recorded run goes on beside what is tried. *out is the caller's,
// zero on failure; release it. TW_NO_MEMORY, TW_CORRUPT, TW_CLOSED (progress asked to stop);
// TW_INVALID, TW_SYNTAX, TW_UNSUPPORTED with a sentence when an override does not load. Any thread;
// two detectors and one engine of memory.
tw_status tw_backtest_run(const tw_alloc *alloc, const tw_journal *journal,
                          const tw_backtest_options *options, tw_backtest *out,
                          tw_err *err) TW_MUST_CHECK;
void tw_backtest_release(tw_backtest *backtest);

#endif
