// SPDX-License-Identifier: Apache-2.0
//
// Trees from elsewhere as a model of ours: they get an outlier forest, and the three curves that
// turn their margin into what the detector uses. Changes nothing; installing is the caller's.
#ifndef TW_LEARN_WRAP_H
#define TW_LEARN_WRAP_H

#include "learn/train.h"

// Trees over inputs of ours, by name. All borrowed.
typedef struct tw_foreign {
    const tw_gbt *gbt;
    const tw_str *input_names; // [inputs of gbt]
} tw_foreign;

// Appends a model file to `out`. The curves are fitted on the labels that job->dataset finds in the
// journal (the trees did not learn from these, so every margin is out of sample); when they are too
// few, probability is 1 / (1 + exp(-margin)), the lift is 1, and the pattern reaches the operating
// point where the probability reaches job->fit.precision_floor. The job's trainer and gate do not
// count. TW_INVALID: names the first input that is none of ours; TW_CLOSED when stopped;
// TW_NO_MEMORY, TW_CORRUPT.
tw_status tw_learn_wrap(const tw_alloc *alloc, const tw_train_job *job, const tw_foreign *foreign,
                        tw_buf *out, tw_err *err) TW_MUST_CHECK;

#endif
