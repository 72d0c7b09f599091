// SPDX-License-Identifier: Apache-2.0
//
// The outlier model: an isolation forest on the sampled rows of the last 28 engine days, without
// those that people confirmed as fraud. A champion's classifier goes on in the new file.
#ifndef TWI_SERVICE_OUTLIER_MODEL_H
#define TWI_SERVICE_OUTLIER_MODEL_H

#include "internal.h"
#include "model/file.h"

// A copy of the sample.
typedef struct twi_sample_set {
    float *rows_own; // [n][TWI_SAMPLE_WIDTH]
    size_t cap, n;
    uint64_t seen_n, seq; // transactions it was drawn from, and their last place
    int32_t first_day, last_day;
    uint32_t store_n; // of the chain
} twi_sample_set;

// Takes the copy inside the gate: some 10 ms for 60,000 rows. TW_INVALID with a sentence when there
// are fewer than TWI_SAMPLE_MIN, TW_NO_MEMORY.
#define TWI_SAMPLE_MIN 1000
tw_status twi_sample_take(tw_service *service, twi_sample_set *set, tw_err *err) TW_MUST_CHECK;
void twi_sample_release(tw_service *service, twi_sample_set *set);

tw_status twi_forest_train(const tw_alloc *alloc, const twi_sample_set *set, tw_iforest **out,
                           tw_err *err) TW_MUST_CHECK;

// What a model of outlier forest and (unless NULL) classifier says of rows x[n][TWI_SAMPLE_WIDTH]:
// writes each row's outlier rank into its place among the inputs, and risk[n].
void twi_model_score(const tw_iforest *forest, const tw_model *classifier, float *rows, size_t n,
                     float *risk);

// What goes into a model file beside the forest.
typedef struct twi_outlier_parts {
    const twi_sample_set *set;
    const tw_iforest *forest;
    const tw_model *champion; // its classifier goes on; NULL = none
    tw_str champion_id;
    const char *code_version;
} twi_outlier_parts;
// The file, appended to the empty `out`, and its id: kind, last day and 8 digits of its hash.
tw_status twi_outlier_build(const tw_alloc *alloc, const twi_outlier_parts *parts, tw_buf *out,
                            char model_id[TW_MODEL_ID_BYTES], tw_err *err) TW_MUST_CHECK;

#endif
