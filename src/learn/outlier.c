// SPDX-License-Identifier: Apache-2.0
//
// The outlier forest's choice of features, and of rows of a training set.
#include "learn/outlier.h"

#include "base/hash.h"

// An id with more transactions in a day is no person, as for signals about employees.
#define PERSON_DAY_MAX 1500.0F

static bool is_clock(const tw_feature_row *row)
{
    return strncmp(row->name, "time_", 5) == 0;
}

// Do most rows belong to employee ids that are no persons?
static bool has_no_persons(const float *x, size_t n, size_t stride)
{
    size_t busy = 0;
    for (size_t i = 0; i < n; i++)
        busy += x[i * stride + TW_F_emp_n_1d] > PERSON_DAY_MAX;
    return busy > n / 2;
}

void tw_outlier_weights(const float *x, size_t n, size_t stride, uint32_t store_n,
                        float out[TW_FEATURE_N])
{
    bool no_persons = has_no_persons(x, n, stride);
    for (int f = 0; f < TW_FEATURE_N; f++) {
        const tw_feature_row *row = tw_feature_get((tw_feature)f);
        bool is_employee = row->entity == TW_ENTITY_EMPLOYEE || row->entity == TW_ENTITY_PAIR ||
                           row->entity == TW_ENTITY_APPROVAL || row->entity == TW_ENTITY_MEMBER ||
                           strncmp(row->name, "peer_", 5) == 0;
        bool is_out = is_clock(row) || (no_persons && is_employee) ||
                      (store_n < 2 && row->entity == TW_ENTITY_STORE);
        out[f] = is_out ? 0 : 1;
    }
}

// --- on a training set
// -----------------------------------------------------------------------------

typedef struct drawn {
    const tw_dataset *dataset;
    uint32_t *rows_own; // [n], ascending
    size_t n;
} drawn;

// Keeps a row with a chance in proportion to what it stands for, by the hash of its position.
static void draw(drawn *d)
{
    double most = 0;
    for (size_t i = 0; i < d->dataset->n; i++)
        most = TW_MAX(most, (double)d->dataset->examples_own[i].weight);
    for (size_t i = 0; i < d->dataset->n; i++) {
        const tw_example *e = &d->dataset->examples_own[i];
        double unit = (double)(tw_hash64(&e->seq, sizeof e->seq, 71) >> 11) * 0x1p-53;
        if (unit * most < (double)e->weight)
            d->rows_own[d->n++] = (uint32_t)i;
    }
}

static tw_status fetch(void *ctx, size_t row_idx, float *out)
{
    const drawn *d = ctx;
    memcpy(out, d->dataset->x_own + (size_t)d->rows_own[row_idx] * TW_INPUT_N,
           TW_FEATURE_N * sizeof *out);
    return TW_OK;
}

tw_status tw_outlier_train(const tw_alloc *alloc, const tw_dataset *dataset, uint32_t store_n,
                           uint64_t seed, tw_iforest **out, tw_err *err)
{
    tw_iforest_options options = tw_iforest_options_default();
    float weights[TW_FEATURE_N];
    drawn d = {.dataset = dataset};
    *out = NULL;
    d.rows_own = tw_new_array(alloc, dataset->n, sizeof *d.rows_own);
    if (dataset->n > 0 && !d.rows_own)
        return tw_fail(err, TW_NO_MEMORY, "no memory for the outlier model's rows");
    draw(&d);
    tw_outlier_weights(dataset->x_own, dataset->n, TW_INPUT_N, store_n, weights);
    options.seed = seed;
    options.weights = weights;
    options.sample_n = (uint32_t)TW_MIN((size_t)options.sample_n, TW_MAX(d.n, (size_t)2));
    tw_status status =
        tw_iforest_train_rows(alloc, fetch, &d, d.n, TW_FEATURE_N, &options, out, err);
    tw_free_array(alloc, d.rows_own, dataset->n, sizeof *d.rows_own);
    return status;
}
