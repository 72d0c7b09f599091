// SPDX-License-Identifier: Apache-2.0
//
// One training, from the journal to a model file and the gate's decision about it: training set,
// classifier, outlier forest, reference for drift, card. Changes nothing; installing the model is
// the caller's.
#ifndef TW_LEARN_TRAIN_H
#define TW_LEARN_TRAIN_H

#include "learn/fit.h"
#include "learn/gate.h"
#include "model/file.h"

typedef enum tw_train_stage {
    TW_TRAIN_REPLAY,
    TW_TRAIN_FIT,
    TW_TRAIN_GATE,
    TW_TRAIN_DONE
} tw_train_stage;
// done and all are facts in the replay, boosting rounds in the fit. True = stop.
typedef bool tw_train_progress(void *ctx, tw_train_stage stage, uint64_t done, uint64_t all);

typedef struct tw_train_job {
    const tw_journal *journal;
    const tw_trainer *trainer;
    const tw_iforest *forest;   // of the new model; borrowed. NULL: one on the training set's rows
    tw_str champion_id;         // "" = none
    const tw_model *champion;   // NULL = none
    tw_dataset_options dataset; // its progress is set by the job
    tw_fit_options fit;         // its stop is set by the job
    tw_gate_options gate;
    const char *code_version;
    tw_train_progress *progress; // NULL = none
    void *progress_ctx;
} tw_train_job;

typedef struct tw_trained {
    tw_buf model;      // the model file
    char model_id[64]; // "classifier-<last day>-<8 hex digits of its hash>"
    tw_gate_decision decision;
    tw_fit_metrics metrics;
    uint64_t rows_n, positive_n, negative_n; // labelled by verdicts, both latter
    uint64_t transaction_n;
    int32_t first_day, last_day;
} tw_trained;

// TW_INVALID with a sentence when the verdicts are too few to learn from; TW_CLOSED when stopped.
// *out is the caller's; release it also on failure.
tw_status tw_learn_train(const tw_alloc *alloc, const tw_train_job *job, tw_trained *out,
                         tw_err *err) TW_MUST_CHECK;
void tw_trained_release(tw_trained *trained);

#endif
