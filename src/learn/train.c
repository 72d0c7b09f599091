// SPDX-License-Identifier: Apache-2.0
//
// One training: training set, fit, gate, model file. The challenger is judged by its out-of-time
// margins and by curves that did not see the block, the champion by the risk that it gave when the
// transactions arrived.
//
// What the gate compares: alerts that verdicts decided, or, when a journal is labelled by
// transaction beyond its alerts, the labelled transactions.
#include "learn/train.h"
#include "learn/outlier.h"

#include <math.h>
#include <stdio.h>

#include "base/hash.h"
#include "base/time.h"
#include "detect/score.h"
#include "learn/drift.h"
#include "train_metadata.h"

// Labelled transactions of either kind from which on they are compared instead of alerts.
#define TRANSACTIONS_MIN 20
// Row visits of the bootstrap; with more rows there are fewer resamples, which need fewer.
#define GATE_VISITS_MAX 400000000.0
#define GATE_RESAMPLES_MIN 100
#define NO_ALERT UINT32_MAX

typedef struct training {
    const tw_alloc *alloc;
    const tw_train_job *job;
    tw_dataset set;
    tw_fit fit;
    tw_gate_row *gate_rows_own;
    size_t gate_cap, gate_n;
    float *risk_own; // [set.n], of the new model
    tw_drift_reference *reference_own;
    tw_iforest *forest_own; // when the job brings none
    uint64_t rounds_n;      // boosting rounds so far
} training;

// --- progress
// ----------------------------------------------------------------------------

static bool told(const training *t, tw_train_stage stage, uint64_t done, uint64_t all)
{
    return t->job->progress && t->job->progress(t->job->progress_ctx, stage, done, all);
}

static bool replayed(void *ctx, uint64_t done, uint64_t all)
{
    return told(ctx, TW_TRAIN_REPLAY, done, all);
}

static bool boosted(void *ctx, uint32_t round)
{
    training *t = ctx;
    (void)round;
    t->rounds_n++;
    return told(t, TW_TRAIN_FIT, t->rounds_n, 0);
}

// --- gate
// --------------------------------------------------------------------------------

static bool is_decided(const tw_example *e)
{
    return e->source == TW_EXAMPLE_ALERT || e->source == TW_EXAMPLE_TRANSACTION ||
           e->source == TW_EXAMPLE_AUDIT;
}

static float challenger_risk(const training *t, size_t row)
{
    const tw_example *e = &t->set.examples_own[row];
    return tw_risk_combine(t->set.x_own[row * TW_INPUT_N + TW_INPUT_outlier], e->evidence,
                           t->fit.lift_at_own[row], t->fit.pattern_at_own[row]);
}

static bool is_labelled_by_transaction(const training *t)
{
    size_t right = 0, wrong = 0;
    for (size_t i = 0; i < t->set.n; i++) {
        const tw_example *e = &t->set.examples_own[i];
        bool counts = e->source == TW_EXAMPLE_TRANSACTION || e->source == TW_EXAMPLE_AUDIT;
        if (!counts || isnan(t->fit.margin_own[i]))
            continue;
        right += e->label;
        wrong += !e->label;
    }
    return right >= TRANSACTIONS_MIN && wrong >= TRANSACTIONS_MIN;
}

static void take_transactions(training *t)
{
    for (size_t i = 0; i < t->set.n; i++) {
        const tw_example *e = &t->set.examples_own[i];
        if (isnan(t->fit.margin_own[i]) || !is_decided(e))
            continue;
        t->gate_rows_own[t->gate_n++] = (tw_gate_row){.champion = e->risk,
                                                      .challenger = challenger_risk(t, i),
                                                      .label = e->label,
                                                      .scheme = e->scheme,
                                                      .weight = e->weight,
                                                      .entity = e->entity,
                                                      .day = e->day,
                                                      .amount = e->amount};
    }
}

// An alert has the highest risk of its transactions, and is right when one of them is.
static tw_status take_alerts(training *t)
{
    uint32_t *at = tw_new_array(t->alloc, t->set.alert_n, sizeof *at); // number of its row + 1
    if (!at)
        return TW_NO_MEMORY;
    for (size_t i = 0; i < t->set.n; i++) {
        const tw_example *e = &t->set.examples_own[i];
        if (e->alert == NO_ALERT || isnan(t->fit.margin_own[i]) || !is_decided(e))
            continue;
        float risk = challenger_risk(t, i);
        if (at[e->alert] == 0) {
            at[e->alert] = (uint32_t)++t->gate_n;
            t->gate_rows_own[t->gate_n - 1] = (tw_gate_row){.champion = e->risk,
                                                            .challenger = risk,
                                                            .scheme = e->scheme,
                                                            .weight = 1,
                                                            .entity = e->entity,
                                                            .day = e->day};
        }
        tw_gate_row *row = &t->gate_rows_own[at[e->alert] - 1];
        row->champion = TW_MAX(row->champion, e->risk);
        row->challenger = TW_MAX(row->challenger, risk);
        row->label |= e->label;
        row->amount += e->label ? e->amount : 0;
    }
    tw_free_array(t->alloc, at, t->set.alert_n, sizeof *at);
    return TW_OK;
}

// The policy's budget over the days of the rows, but no more than there are right rows (where it
// would tell nothing about order) and no less than a quarter of them.
static uint64_t gate_budget(const training *t)
{
    double right = 0;
    int32_t first = INT32_MAX, last = INT32_MIN;
    for (size_t i = 0; i < t->gate_n; i++) {
        const tw_gate_row *row = &t->gate_rows_own[i];
        right += row->label ? (double)row->weight : 0;
        first = TW_MIN(first, row->day);
        last = TW_MAX(last, row->day);
    }
    double days = t->gate_n > 0 ? (double)last - first + 1 : 1;
    double policy = t->job->fit.alerts_per_store_day * TW_MAX(1U, t->job->fit.store_n) * days;
    return (uint64_t)TW_MAX(1.0, TW_MAX(right / 4, TW_MIN(policy, right)));
}

static tw_status decide(training *t, tw_gate_decision *out, tw_err *err)
{
    const char *names[255];
    tw_gate_options options = t->job->gate;
    t->gate_cap = t->set.n;
    t->gate_rows_own = tw_new_array(t->alloc, t->gate_cap, sizeof *t->gate_rows_own);
    tw_status status = t->gate_rows_own ? TW_OK : TW_NO_MEMORY;
    bool by_transaction = is_labelled_by_transaction(t);
    if (status == TW_OK && by_transaction)
        take_transactions(t);
    else if (status == TW_OK)
        status = take_alerts(t);
    if (status != TW_OK)
        return tw_fail(err, status, "out of memory for the gate");
    for (size_t i = 0; i < t->set.scheme_n && i < TW_COUNT(names); i++)
        names[i] = t->set.schemes_own[i];
    double room = GATE_VISITS_MAX / (2 * (double)TW_MAX(1, t->gate_n));
    options.threshold = (double)TW_RISK_ALERT;
    if (options.resamples_n == 0)
        options.resamples_n = tw_gate_options_default().resamples_n;
    if (options.resamples_n > room)
        options.resamples_n = TW_MAX(GATE_RESAMPLES_MIN, (uint32_t)room);
    return tw_gate_decide(t->alloc, t->gate_rows_own, t->gate_n, gate_budget(t), names,
                          TW_MIN(t->set.scheme_n, TW_COUNT(names)), &options, out, err);
}

// --- model file
// --------------------------------------------------------------------------

static tw_status refer_to(training *t, float *weight, tw_err *err)
{
    size_t n = t->set.n;
    for (size_t i = 0; i < n; i++) {
        const float *x = t->set.x_own + i * TW_INPUT_N;
        double margin = (double)tw_gbt_margin(t->fit.gbt_own, x);
        t->risk_own[i] = tw_risk_combine(x[TW_INPUT_outlier], t->set.examples_own[i].evidence,
                                         (float)tw_curve_at(t->fit.lift_own, margin),
                                         (float)tw_curve_at(t->fit.pattern_own, margin));
        weight[i] = t->set.examples_own[i].weight;
    }
    double days = (double)(t->set.to_ms - t->set.from_ms) / (double)TW_DAY_MS;
    return tw_drift_reference_make(t->alloc, t->set.x_own, TW_INPUT_N, weight, t->risk_own, n,
                                   (double)t->set.transaction_n / TW_MAX(days, 1.0),
                                   t->reference_own, err);
}

static tw_status refer(training *t, tw_err *err)
{
    size_t n = t->set.n;
    t->risk_own = tw_new_array(t->alloc, n, sizeof *t->risk_own);
    float *weight = tw_new_array(t->alloc, n, sizeof *weight);
    t->reference_own = tw_new(t->alloc, tw_drift_reference);
    tw_status status = t->risk_own && weight && t->reference_own
                           ? refer_to(t, weight, err)
                           : tw_fail(err, TW_NO_MEMORY, "out of memory for the reference of drift");
    tw_free_array(t->alloc, weight, n, sizeof *weight);
    return status;
}

static tw_status save(const training *t, const tw_gate_decision *decision, tw_buf *out, tw_err *err)
{
    tw_buf metadata, reference;
    tw_str names[TW_FEATURE_N];
    for (size_t i = 0; i < TW_FEATURE_N; i++)
        names[i] = tw_str_from(tw_feature_get((tw_feature)i)->name);
    tw_buf_init(&metadata, t->alloc, TW_MODEL_METADATA_MAX_BYTES);
    tw_buf_init(&reference, t->alloc, TW_MODEL_MAX_BYTES);
    twi_train_metadata(t->job, &t->set, &t->fit, decision, &metadata);
    tw_drift_reference_write(t->reference_own, &reference);
    tw_status status = metadata.status != TW_OK ? metadata.status : reference.status;
    if (status != TW_OK) {
        status = tw_fail(err, status, "the description of the model does not fit");
    } else {
        tw_model_parts parts = {.feature_names = names,
                                .features_n = TW_FEATURE_N,
                                .catalogue_hash = tw_catalogue_hash(),
                                .metadata = {(const char *)metadata.data_own, metadata.bytes},
                                .iforest = t->job->forest ? t->job->forest : t->forest_own,
                                .gbt = t->fit.gbt_own,
                                .input_names = t->fit.input_names_own,
                                .curves = {[TW_MODEL_PROBABILITY] = t->fit.probability_own,
                                           [TW_MODEL_LIFT] = t->fit.lift_own,
                                           [TW_MODEL_PATTERN] = t->fit.pattern_own},
                                .reference = {(const char *)reference.data_own, reference.bytes}};
        status = tw_model_save(&parts, out, err);
    }
    tw_buf_release(&metadata);
    tw_buf_release(&reference);
    return status;
}

static void name_model(tw_trained *out)
{
    uint8_t hash[TW_SHA256_BYTES];
    char hex[2 * TW_SHA256_BYTES + 1], day[TW_TIME_TEXT_BYTES];
    tw_sha256(out->model.data_own, out->model.bytes, hash);
    snprintf(out->model_id, sizeof out->model_id, "classifier-%s-%.8s",
             tw_date_format(out->last_day, day), tw_hex(hash, sizeof hash, hex));
}

// --- all
// ---------------------------------------------------------------------------------

static tw_status run(training *t, tw_trained *out, tw_err *err)
{
    tw_dataset_options set_options = t->job->dataset;
    tw_fit_options fit_options = t->job->fit;
    set_options.progress = replayed;
    set_options.progress_ctx = t;
    fit_options.stop = boosted;
    fit_options.stop_ctx = t;
    TW_TRY(tw_dataset_build(t->alloc, t->job->journal, &set_options, &t->set, err));
    TW_TRY(tw_fit_classifier(t->alloc, t->job->trainer, &t->set, &fit_options, &t->fit, err));
    if (told(t, TW_TRAIN_GATE, 0, 1))
        return tw_fail(err, TW_CLOSED, "the training was stopped");
    TW_TRY(decide(t, &out->decision, err));
    if (!t->job->forest)
        TW_TRY(tw_outlier_train(t->alloc, &t->set, t->job->fit.store_n, t->job->fit.seed,
                                &t->forest_own, err));
    TW_TRY(refer(t, err));
    out->metrics = t->fit.metrics;
    out->rows_n = t->set.n;
    out->positive_n = t->set.confirmed_n;
    out->negative_n = t->set.refuted_n;
    out->transaction_n = t->set.transaction_n;
    out->first_day = tw_floor_day(t->set.from_ms);
    out->last_day = tw_floor_day(t->set.to_ms);
    TW_TRY(save(t, &out->decision, &out->model, err));
    name_model(out);
    told(t, TW_TRAIN_DONE, 1, 1);
    return TW_OK;
}

tw_status tw_learn_train(const tw_alloc *alloc, const tw_train_job *job, tw_trained *out,
                         tw_err *err)
{
    training t = {.alloc = alloc, .job = job};
    *out = (tw_trained){.rows_n = 0};
    tw_buf_init(&out->model, alloc, TW_MODEL_MAX_BYTES);
    tw_status status = run(&t, out, err);
    tw_free_array(alloc, t.gate_rows_own, t.gate_cap, sizeof *t.gate_rows_own);
    tw_free_array(alloc, t.risk_own, t.set.n, sizeof *t.risk_own);
    if (t.reference_own)
        tw_delete(alloc, t.reference_own);
    tw_iforest_free(t.forest_own);
    if (t.fit.alloc)
        tw_fit_release(&t.fit);
    if (t.set.alloc)
        tw_dataset_release(&t.set);
    return status;
}

void tw_trained_release(tw_trained *trained)
{
    tw_buf_release(&trained->model);
    *trained = (tw_trained){.rows_n = 0};
}
