// SPDX-License-Identifier: Apache-2.0
//
// Training sets made by hand, and a trainer that needs no library: it learns a step function of the
// first column (the log odds in each of 16 bins) and gives it as XGBoost's JSON.
#ifndef FIT_FIXTURE_H
#define FIT_FIXTURE_H

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/rng.h"
#include "base/time.h"
#include "learn/fit.h"
#include "model/xgboost.h"

#define assert_near(a, b, eps) assert_true(fabs((double)(a) - (double)(b)) <= (double)(eps))
#define FIRST_MS INT64_C(1767571200000) // 2026-01-05
#define NO_ALERT UINT32_MAX
#define SET_MAX 60000

typedef struct set_plan {
    uint32_t days, alert_n, alert_rows_n, plain_n;
    double right_share;  // of the alerts
    double right_low;    // column 0 of right alerts lies in [right_low, 1), of wrong ones and
    double wrong_high;   // plain rows in [0, wrong_high)
    double evidence;     // of the openings; 0 = no signal ever fires
    bool by_transaction; // verdicts on transactions without alerts
} set_plan;

static inline set_plan plan_default(void)
{
    return (set_plan){.days = 24,
                      .alert_n = 120,
                      .alert_rows_n = 4,
                      .plain_n = 4000,
                      .right_share = 0.6,
                      .right_low = 0.4,
                      .wrong_high = 0.7,
                      .evidence = 1.2};
}

static inline void set_row(tw_dataset *set, tw_example e, double first)
{
    assert_true(set->n < SET_MAX);
    float *x = set->x_own + set->n * TW_INPUT_N;
    for (size_t k = 0; k < TW_INPUT_N; k++)
        x[k] = 0;
    x[0] = (float)first;
    x[1] = NAN;
    x[TW_INPUT_evidence] = e.evidence;
    x[TW_INPUT_outlier] = (float)(first / 2);
    e.seq = set->n + 1;
    e.day = (int32_t)((e.time_ms) / TW_DAY_MS);
    set->examples_own[set->n++] = e;
}

static inline int by_time(const void *a, const void *b)
{
    const tw_example *x = a, *y = b;
    return x->time_ms < y->time_ms ? -1 : x->time_ms > y->time_ms;
}

// Journal order is the order of time: rows and inputs are sorted together by a shared key.
static inline void set_sort(tw_dataset *set)
{
    float *x = malloc(set->n * TW_INPUT_N * sizeof *x);
    assert_non_null(x);
    memcpy(x, set->x_own, set->n * TW_INPUT_N * sizeof *x);
    qsort(set->examples_own, set->n, sizeof *set->examples_own, by_time);
    for (size_t i = 0; i < set->n; i++) {
        memcpy(set->x_own + i * TW_INPUT_N, x + (set->examples_own[i].seq - 1) * TW_INPUT_N,
               TW_INPUT_N * sizeof *x);
        set->examples_own[i].seq = i + 1;
    }
    free(x);
}

static inline void add_alert(tw_dataset *set, const set_plan *p, uint32_t alert, tw_rng *rng)
{
    bool right = tw_rng_unit(rng) < p->right_share;
    int64_t start = FIRST_MS + (int64_t)(tw_rng_unit(rng) * p->days * (double)TW_DAY_MS);
    double low = right ? p->right_low : 0, high = right ? 1 : p->wrong_high;
    for (uint32_t k = 0; k < p->alert_rows_n; k++) {
        double first = low + (high - low) * tw_rng_unit(rng);
        tw_example e = {.time_ms = start + k * (int64_t)(6 * TW_HOUR_MS),
                        .alert = p->by_transaction ? NO_ALERT : alert,
                        .entity = 1000 + alert,
                        .weight = 1,
                        .evidence = (float)(p->evidence * (1 + 0.2 * k)),
                        .risk = 0.8F + 0.01F * (float)k,
                        .label = right,
                        .source = p->by_transaction ? TW_EXAMPLE_TRANSACTION : TW_EXAMPLE_ALERT,
                        .scheme = (uint8_t)(alert % 2),
                        .opened = k == 0,
                        .amount = 20};
        set_row(set, e, first);
    }
}

static inline void set_make(const set_plan *p, uint64_t seed, tw_dataset *out)
{
    tw_rng rng;
    tw_rng_init(&rng, seed, 0);
    *out = (tw_dataset){.alloc = tw_alloc_system(), .alert_n = p->alert_n, .scheme_n = 2};
    out->examples_own = calloc(SET_MAX, sizeof *out->examples_own);
    out->x_own = calloc((size_t)SET_MAX * TW_INPUT_N, sizeof *out->x_own);
    assert_true(out->examples_own && out->x_own);
    for (uint32_t a = 0; a < p->alert_n; a++)
        add_alert(out, p, a, &rng);
    for (uint32_t i = 0; i < p->plain_n; i++) {
        double at = tw_rng_unit(&rng) * p->days * (double)TW_DAY_MS;
        tw_example e = {.time_ms = FIRST_MS + (int64_t)at,
                        .alert = NO_ALERT,
                        .entity = 1 + tw_rng_below(&rng, 400),
                        .weight = 10,
                        .source = TW_EXAMPLE_PLAIN,
                        .scheme = 0xff};
        set_row(out, e, 0.5 * p->wrong_high * tw_rng_unit(&rng));
    }
    set_sort(out);
}

static inline void set_free(tw_dataset *set)
{
    free(set->examples_own);
    free(set->x_own);
}

// --- the trainer
// ------------------------------------------------------------------------

enum { STEP_N = 16, NODES = 2 * STEP_N - 1 };

typedef struct step_trainer {
    uint32_t calls;
    tw_status fail_with; // from call `fail_at` on
    uint32_t fail_at;
    // What each call was given; only when kept.
    bool keeps_calls;
    int64_t last_ms[64];   // time of the newest row, which column 2 carries in hours
    uint8_t saw[64][1024]; // alerts, which column 3 carries plus one
    bool constant_by_call; // the model's margin is the number of the call
} step_trainer;

// A chain of splits x0 < (k + 1) / STEP_N, and what lies beyond.
static inline void step_tree(const double *values, tw_gbt **out)
{
    int32_t left[NODES], right[NODES];
    uint32_t input[NODES] = {0};
    float value[NODES], cover[NODES], gain[NODES];
    bool missing[NODES] = {false};
    for (size_t k = 0; k < NODES; k++) {
        bool is_split = k % 2 == 0 && k + 1 < NODES;
        left[k] = is_split ? (int32_t)k + 1 : -1;
        right[k] = is_split ? (int32_t)k + 2 : -1;
        value[k] = is_split        ? (float)(k / 2 + 1) / STEP_N
                   : k + 1 < NODES ? (float)values[k / 2]
                                   : (float)values[STEP_N - 1];
        cover[k] = 1;
        gain[k] = is_split ? 1 : 0;
    }
    tw_gbt_tree tree = {left, right, input, value, missing, cover, gain, NODES};
    assert_int_equal(
        tw_gbt_new(tw_alloc_system(), &tree, 1, TW_INPUT_N, TW_GBT_LOGISTIC, 0, out, NULL), TW_OK);
}

static inline tw_status step_train(void *ctx, const tw_train_params *params,
                                   const tw_train_matrix *train, const tw_train_matrix *validation,
                                   tw_train_stop *stop, void *stop_ctx, tw_buf *json,
                                   tw_train_result *out, tw_err *err)
{
    step_trainer *t = ctx;
    double right[STEP_N] = {0}, all[STEP_N] = {0}, values[STEP_N];
    uint32_t call = t->calls++;
    if (t->fail_with != TW_OK && call >= t->fail_at)
        return tw_fail(err, t->fail_with, "the trainer failed");
    // A prepared set is of the rows that it comes with.
    const void *set = train->prepared;
    assert_true(!set || *(const size_t *)set == train->rows_n);
    if (stop && stop(stop_ctx, 1))
        return tw_fail(err, TW_CLOSED, "stopped");
    for (size_t i = 0; i < train->rows_n; i++) {
        const float *x = train->x + i * train->stride;
        size_t bin = TW_MIN((size_t)(x[0] * STEP_N), STEP_N - 1U);
        right[bin] += (double)(train->weight[i] * train->label[i]);
        all[bin] += (double)train->weight[i];
        if (t->keeps_calls && call < 64) {
            int64_t ms = (int64_t)((double)x[2] * (double)TW_HOUR_MS);
            t->last_ms[call] = TW_MAX(t->last_ms[call], ms);
            t->saw[call][(size_t)x[3]] = 1;
        }
    }
    for (size_t b = 0; b < STEP_N; b++)
        values[b] = t->constant_by_call ? call : log((right[b] + 0.5) / (all[b] - right[b] + 0.5));
    tw_gbt *gbt;
    tw_str names[TW_INPUT_N];
    for (size_t i = 0; i < TW_INPUT_N; i++)
        names[i] = tw_str_from(tw_input_get(i).name);
    step_tree(values, &gbt);
    tw_status status = tw_xgboost_write(tw_alloc_system(), gbt, names, TW_XGBOOST_JSON, json, err);
    tw_gbt_free(gbt);
    *out = (tw_train_result){.rounds_n = validation ? 7 : params->rounds_n};
    return status;
}

static inline const char *step_version(void *ctx)
{
    (void)ctx;
    return "step 1";
}

static inline tw_status step_prepare(void *ctx, const tw_train_matrix *matrix, uint32_t bins_n,
                                     uint32_t threads_n, tw_train_set **out, tw_err *err)
{
    (void)ctx;
    (void)bins_n;
    (void)threads_n;
    size_t *rows_n = malloc(sizeof *rows_n);
    if (!rows_n)
        return tw_fail(err, TW_NO_MEMORY, "no memory");
    *rows_n = matrix->rows_n;
    *out = (tw_train_set *)rows_n;
    return TW_OK;
}

static inline void step_set_free(void *ctx, tw_train_set *set)
{
    (void)ctx;
    free(set);
}

static const tw_trainer_ops step_ops = {step_prepare, step_set_free, step_train, step_version};

static inline tw_fit_options fit_options(void)
{
    return (tw_fit_options){.seed = 1,
                            .threads_n = 1,
                            .precision_floor = 0.9,
                            .alerts_per_store_day = 1,
                            .store_n = 20};
}

static inline tw_fit fit_set(const tw_dataset *set, const tw_fit_options *options)
{
    step_trainer steps = {.calls = 0};
    tw_trainer trainer = {&step_ops, &steps};
    tw_fit fit;
    tw_err err = {0};
    tw_status status = tw_fit_classifier(tw_alloc_system(), &trainer, set, options, &fit, &err);
    if (status != TW_OK)
        print_message("%s\n", err.text);
    assert_int_equal(status, TW_OK);
    return fit;
}

#endif
