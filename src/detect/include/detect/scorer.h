// SPDX-License-Identifier: Apache-2.0
//
// One fact through engine and detector, in the one right order: what the live flow, recovery,
// training and backtests share. A verdict on an alert marks the alert's transactions in the
// engine's histories as a verdict on each of them would.
#ifndef TW_DETECT_SCORER_H
#define TW_DETECT_SCORER_H

#include "detect/detector.h"

// What one fact gave.
typedef struct tw_scored_fact {
    float row[TW_FEATURE_N]; // transactions only, as score and the inputs
    tw_score score;
    tw_alert_change changes[TW_ALERT_CHANGES_MAX];
    size_t change_n;
    // Journal positions of the transactions that a verdict spoke of, whether they still are in the
    // engine's memory or not; [TW_ALERT_SEQS_MAX].
    uint64_t verdict_seqs[TW_ALERT_SEQS_MAX];
    size_t verdict_seq_n;
} tw_scored_fact;

// Takes one fact other than a config. Room must be reserved in both. Allocates nothing.
void tw_scorer_apply(tw_engine *engine, tw_detector *detector, const tw_fact *fact,
                     tw_scored_fact *out);

#endif
