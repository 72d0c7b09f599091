// SPDX-License-Identifier: Apache-2.0
//
// Training sets: the journal replayed through the one engine and detector, so that every row is
// what was known at that moment (point in time), joined with what verdicts say about it at the cut.
//
// Which rows are kept: every transaction that a verdict speaks of, every one on which a signal
// fired or that was drawn for audit, and of all others a sample chosen by the hash of the journal
// position. Memory is bounded by options.rows_max: when it runs full, the sampling rate of plain
// rows is halved and those kept are thinned, so that the rest is what the lower rate would have
// kept. Weights undo the sampling: the sum of the weights of plain rows estimates their number.
//
// Labels. A verdict CONFIRMED is 1, REFUTED and OPERATIONAL are 0, INCONCLUSIVE gives none. A
// verdict on an alert labels its transactions, one on a transaction goes before it; the latest
// known at the cut counts. Rows without a verdict are taken as 0 (theft is rare), but for those of
// an alert that is still undecided, and those on which a signal fired for an entity and scheme that
// has a confirmed or undecided alert: they are left out. Verdicts on audited transactions tell how
// often a plain row is fraud after all: they are drawn at random, so they are the one unbiased
// anchor, and their share corrects the weights (`audit_*`).
//
// When a verdict is known. On an alert: at its place in the journal. On a transaction: at
// decided_at when that lies before its place in the journal (history that was brought later), else
// at its place; with label_delay_ms >= 0 at the transaction's time plus the delay. The replay lets
// it into the engine's histories at that moment.
#ifndef TW_LEARN_DATASET_H
#define TW_LEARN_DATASET_H

#include "base/alloc.h"
#include "detect/inputs.h"
#include "learn/replay.h"

typedef enum tw_example_source {
    TW_EXAMPLE_PLAIN,       // sampled, no verdict, no signal
    TW_EXAMPLE_FIRED,       // a signal fired, no verdict
    TW_EXAMPLE_ALERT,       // verdict on its alert
    TW_EXAMPLE_TRANSACTION, // verdict on the transaction itself
    TW_EXAMPLE_AUDIT        // verdict on a transaction that was drawn for audit
} tw_example_source;

typedef struct tw_example {
    uint64_t seq;
    int64_t time_ms;
    int32_t day;     // the engine's
    uint32_t alert;  // dense number of its alert, UINT32_MAX = none
    uint64_t entity; // hash of the alert's entity, else of the employee: what is resampled together
    float weight;    // > 0; what it stands for
    float evidence;  // ratio of the best case to what an alert needs, before any classifier
    float risk;      // as scored on arrival
    uint8_t label;   // 0, 1
    uint8_t source;  // tw_example_source
    uint8_t scheme;  // index into tw_dataset.schemes, 0xff = none
    bool opened;     // this transaction opened its alert
    double amount;   // absolute total, major units
} tw_example;

typedef struct tw_dataset {
    const tw_alloc *alloc;
    size_t n, cap;
    tw_example *examples_own; // [n], in journal order
    float *x_own;             // [n][TW_INPUT_N]
    size_t scheme_n;
    char (*schemes_own)[TW_ID_MAX_BYTES + 1];
    size_t alert_n;
    uint64_t transaction_n;                       // in [from, to), before sampling
    uint64_t confirmed_n, refuted_n, undecided_n; // transactions
    uint64_t audit_n, audit_confirmed_n;          // verdicts on audited transactions
    double plain_rate;                            // share of plain rows that was kept
    uint64_t first_seq, last_seq;
    int64_t from_ms, to_ms; // of the rows: first and last transaction time
    tw_str model_id;        // champion at the end of the replay, in the struct's own storage
    char model_id_text[TW_ID_MAX_BYTES + 1];
} tw_dataset;

typedef struct tw_dataset_options {
    int64_t from_ms, to_ms;       // rows with transaction time in [from, to); 0 = open
    int64_t cut_ms;               // verdicts known later do not count; 0 = all
    int64_t label_delay_ms;       // < 0: as said above
    size_t rows_max;              // 0 = 1,000,000 (some 500 MB)
    tw_replay_progress *progress; // NULL = none
    void *progress_ctx;
} tw_dataset_options;

// Replays the whole journal up to the last row. *out is the caller's, zero on failure; release it.
// TW_NO_MEMORY, TW_CORRUPT, TW_CLOSED (progress asked to stop).
tw_status tw_dataset_build(const tw_alloc *alloc, const tw_journal *journal,
                           const tw_dataset_options *options, tw_dataset *out,
                           tw_err *err) TW_MUST_CHECK;
void tw_dataset_release(tw_dataset *dataset);

#endif
