// SPDX-License-Identifier: Apache-2.0
//
// The trainer on XGBoost: it learns what the data say, obeys its parameters (monotone constraints,
// early stopping, rounds, depth), gives the same model on any number of threads and from several
// threads at once, refuses what is out of range in one sentence, and prints nothing.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "adapter/xgboost.h"
#include "base/rng.h"

#define SEED 20260301u
#define COLS 6
#define STRIDE 8 // two more floats a row that nobody may look at
#define MODEL_MAX_BYTES ((size_t)64 << 20)

typedef struct data {
    size_t rows_n;
    float *x, *label, *weight;
} data;

// Fraud grows with columns 0 and 1, column 5 is noise; 1 value in 12 is missing; positives weigh 1,
// the others anything up to 40.
static data data_new(size_t rows_n, uint64_t seed)
{
    data d = {rows_n, calloc(rows_n * STRIDE, sizeof(float)), calloc(rows_n, sizeof(float)),
              calloc(rows_n, sizeof(float))};
    tw_rng rng;
    tw_rng_init(&rng, seed, 0);
    for (size_t i = 0; i < rows_n; i++) {
        float *row = d.x + i * STRIDE;
        for (size_t c = 0; c < STRIDE; c++)
            row[c] = c < COLS ? (float)tw_rng_unit(&rng) : INFINITY;
        double odds = 3.0 * (double)row[0] + 2.0 * (double)row[1] + tw_rng_unit(&rng);
        d.label[i] = odds > 4.2 ? 1.0f : 0.0f;
        d.weight[i] = d.label[i] > 0.0f ? 1.0f : 0.1f + 40.0f * (float)tw_rng_unit(&rng);
        if (tw_rng_below(&rng, 12) == 0)
            row[tw_rng_below(&rng, COLS)] = NAN;
    }
    return d;
}

static void data_free(data *d)
{
    free(d->x);
    free(d->label);
    free(d->weight);
}

static tw_train_matrix matrix_of(const data *d, size_t from, size_t to)
{
    return (tw_train_matrix){.x = d->x + from * STRIDE,
                             .rows_n = to - from,
                             .cols_n = COLS,
                             .stride = STRIDE,
                             .label = d->label + from,
                             .weight = d->weight + from};
}

static tw_train_params params_default(void)
{
    return (tw_train_params){.rounds_n = 20,
                             .depth = 4,
                             .bins_n = 64,
                             .threads_n = 1,
                             .seed = 7,
                             .eta = 0.2,
                             .min_child_weight = 1.0,
                             .lambda = 1.0,
                             .subsample = 0.8,
                             .colsample_tree = 0.7,
                             .base_probability = 0.05};
}

typedef struct trained {
    tw_buf json;
    tw_train_result result;
} trained;

static trained train_ok(const tw_train_params *params, const tw_train_matrix *train,
                        const tw_train_matrix *validation)
{
    tw_trainer trainer = tw_xgboost_trainer(tw_alloc_system());
    trained out;
    tw_err err = {0};
    tw_buf_init(&out.json, tw_alloc_system(), MODEL_MAX_BYTES);
    tw_status status =
        tw_train(&trainer, params, train, validation, NULL, NULL, &out.json, &out.result, &err);
    if (status != TW_OK)
        print_error("%s\n", err.text);
    assert_int_equal(status, TW_OK);
    assert_true(out.json.bytes > 100);
    assert_int_equal(out.json.data_own[0], '{');
    return out;
}

static void assert_same_model(const trained *a, const trained *b)
{
    assert_int_equal(a->json.bytes, b->json.bytes);
    assert_memory_equal(a->json.data_own, b->json.data_own, a->json.bytes);
    assert_int_equal(a->result.rounds_n, b->result.rounds_n);
    assert_memory_equal(&a->result.train_loss, &b->result.train_loss, sizeof(double));
    assert_memory_equal(&a->result.validation_loss, &b->result.validation_loss, sizeof(double));
}

// ---- Learning --------------------------------------------------------------------------------

// Log loss of always saying the share of positives: what a model must beat.
static double loss_of_prior(const data *d, size_t from, size_t to)
{
    double positive = 0.0, all = 0.0;
    for (size_t i = from; i < to; i++) {
        positive += (double)(d->label[i] * d->weight[i]);
        all += (double)d->weight[i];
    }
    double p = positive / all;
    return -(p * log(p) + (1.0 - p) * log(1.0 - p));
}

static void test_learns_and_reports_its_losses(void **state)
{
    (void)state;
    data d = data_new(6000, SEED);
    tw_train_matrix train = matrix_of(&d, 0, 4000), later = matrix_of(&d, 4000, 6000);
    tw_train_params params = params_default();
    params.rounds_n = 60;
    trained t = train_ok(&params, &train, &later);
    assert_int_equal(t.result.rounds_n, 60);
    assert_true(t.result.train_loss < 0.35 * loss_of_prior(&d, 0, 4000));
    assert_true(t.result.validation_loss < 0.85 * loss_of_prior(&d, 4000, 6000));
    assert_true(t.result.train_loss < t.result.validation_loss);
    tw_buf_release(&t.json);
    t = train_ok(&params, &train, NULL);
    assert_true(isnan(t.result.validation_loss));
    tw_buf_release(&t.json);
    data_free(&d);
}

static void test_early_stopping_keeps_the_best_rounds(void **state)
{
    (void)state;
    data d = data_new(1500, SEED + 1);
    for (size_t i = 0; i < d.rows_n; i += 7) // wrong labels: it must begin to overfit
        d.label[i] = 1.0f - d.label[i];
    tw_train_matrix train = matrix_of(&d, 0, 1000), later = matrix_of(&d, 1000, 1500);
    tw_train_params params = params_default();
    params.rounds_n = 400;
    params.early_stop_n = 10;
    params.depth = 8;
    params.eta = 0.3;
    trained t = train_ok(&params, &train, &later);
    assert_true(t.result.rounds_n >= 1 && t.result.rounds_n < 390);
    // The same rounds without early stopping are the same model with the same losses.
    params.rounds_n = t.result.rounds_n;
    params.early_stop_n = 0;
    trained same = train_ok(&params, &train, &later);
    assert_same_model(&t, &same);
    tw_buf_release(&same.json);
    // More rounds are worse.
    params.rounds_n = t.result.rounds_n + 10;
    trained more = train_ok(&params, &train, &later);
    assert_true(more.result.validation_loss > t.result.validation_loss);
    tw_buf_release(&more.json);
    tw_buf_release(&t.json);
    data_free(&d);
}

// Fraud in a thin slice of the tail: with quantiles of all rows one bin of 64 would hold it and
// fifteen times as many honest rows. Its last column has a value in a handful of rows only, none of
// them in the sample that bins are cut by.
static void test_bins_lie_where_fraud_is(void **state)
{
    (void)state;
    enum { N = 50000 };
    data d = {N, calloc((size_t)N * STRIDE, sizeof(float)), calloc(N, sizeof(float)),
              calloc(N, sizeof(float))};
    tw_rng rng;
    tw_rng_init(&rng, SEED, 5);
    for (size_t i = 0; i < N; i++) {
        float *row = d.x + i * STRIDE;
        for (size_t c = 0; c < COLS - 1; c++)
            row[c] = (float)tw_rng_unit(&rng);
        row[COLS - 1] = i % 9999 == 1 ? (float)i : NAN;
        d.label[i] = row[2] > 0.9980f && row[2] < 0.9990f ? 1.0f : 0.0f;
        d.weight[i] = 1.0f;
    }
    tw_train_matrix train = matrix_of(&d, 0, N);
    tw_train_params params = params_default();
    params.base_probability = 0.001;
    params.subsample = params.colsample_tree = 1.0;
    params.rounds_n = 40;
    // The same rows for validation: bins and plain values give the same margins.
    trained t = train_ok(&params, &train, &train);
    assert_memory_equal(&t.result.train_loss, &t.result.validation_loss, sizeof(double));
    assert_true(t.result.train_loss < 0.1 * loss_of_prior(&d, 0, N));
    tw_buf_release(&t.json);
    data_free(&d);
}

// ---- The same model ---------------------------------------------------------------------------

static void test_any_number_of_threads_gives_the_same_model(void **state)
{
    (void)state;
    for (uint32_t round = 0; round < 3; round++) {
        data d = data_new(5000, SEED + 10 + round);
        tw_train_matrix train = matrix_of(&d, 0, 4000), later = matrix_of(&d, 4000, 5000);
        tw_train_params params = params_default();
        params.depth = 6 + round;
        trained one = train_ok(&params, &train, &later);
        for (uint32_t threads_n = 2; threads_n <= 3; threads_n++) {
            params.threads_n = threads_n;
            trained several = train_ok(&params, &train, &later);
            assert_same_model(&one, &several);
            tw_buf_release(&several.json);
        }
        params.seed++;
        trained other = train_ok(&params, &train, &later);
        assert_true(other.json.bytes != one.json.bytes ||
                    memcmp(other.json.data_own, one.json.data_own, one.json.bytes) != 0);
        tw_buf_release(&other.json);
        tw_buf_release(&one.json);
        data_free(&d);
    }
}

static void test_a_prepared_set_gives_the_same_model(void **state)
{
    (void)state;
    data d = data_new(3000, SEED + 15);
    tw_train_matrix train = matrix_of(&d, 0, 2000), later = matrix_of(&d, 2000, 3000);
    tw_trainer trainer = tw_xgboost_trainer(tw_alloc_system());
    tw_train_set *set = NULL;
    tw_err err;
    assert_int_equal(tw_train_prepare(&trainer, &train, 64, 1, &set, &err), TW_OK);
    for (uint32_t depth = 2; depth < 8; depth += 2) {
        tw_train_params params = params_default();
        params.depth = depth;
        train.prepared = NULL;
        trained plain = train_ok(&params, &train, &later);
        train.prepared = set;
        trained prepared = train_ok(&params, &train, &later);
        assert_same_model(&plain, &prepared);
        tw_buf_release(&prepared.json);
        tw_buf_release(&plain.json);
        // One for another number of bins is passed over.
        params.bins_n = 16;
        prepared = train_ok(&params, &train, &later);
        train.prepared = NULL;
        plain = train_ok(&params, &train, &later);
        assert_same_model(&plain, &prepared);
        tw_buf_release(&prepared.json);
        tw_buf_release(&plain.json);
    }
    tw_train_set_free(&trainer, set);
    tw_train_set_free(&trainer, NULL);
    data_free(&d);
}

typedef struct worker {
    const tw_train_matrix *train;
    trained out;
} worker;

static void *work(void *ctx)
{
    worker *w = ctx;
    tw_train_params params = params_default();
    w->out = train_ok(&params, w->train, NULL);
    return NULL;
}

static void test_several_threads_may_train_at_once(void **state)
{
    (void)state;
    data d = data_new(3000, SEED + 20);
    tw_train_matrix train = matrix_of(&d, 0, 3000);
    tw_train_params params = params_default();
    trained alone = train_ok(&params, &train, NULL);
    pthread_t threads[3];
    worker workers[3];
    for (size_t i = 0; i < TW_COUNT(threads); i++) {
        workers[i].train = &train;
        assert_int_equal(pthread_create(&threads[i], NULL, work, &workers[i]), 0);
    }
    for (size_t i = 0; i < TW_COUNT(threads); i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
        assert_same_model(&alone, &workers[i].out);
        tw_buf_release(&workers[i].out.json);
    }
    tw_buf_release(&alone.json);
    data_free(&d);
}

// ---- Stopping and refusing --------------------------------------------------------------------

static bool stop_at_three(void *ctx, uint32_t round)
{
    uint32_t *seen = ctx;
    *seen = round;
    return round == 3;
}

static void test_a_stopped_training_is_closed(void **state)
{
    (void)state;
    data d = data_new(500, SEED + 30);
    tw_train_matrix train = matrix_of(&d, 0, 500);
    tw_train_params params = params_default();
    tw_trainer trainer = tw_xgboost_trainer(tw_alloc_system());
    tw_train_result result = {.rounds_n = 9};
    tw_err err;
    tw_buf json;
    tw_buf_init(&json, tw_alloc_system(), MODEL_MAX_BYTES);
    uint32_t seen = 0;
    assert_int_equal(
        tw_train(&trainer, &params, &train, NULL, stop_at_three, &seen, &json, &result, &err),
        TW_CLOSED);
    assert_int_equal(seen, 3);
    assert_int_equal(json.bytes, 0);
    assert_int_equal(result.rounds_n, 0);
    tw_buf_release(&json);
    data_free(&d);
}

static void refuse(const tw_train_params *params, const tw_train_matrix *train,
                   const tw_train_matrix *validation, const char *word)
{
    tw_trainer trainer = tw_xgboost_trainer(tw_alloc_system());
    tw_train_result result;
    tw_err err = {0};
    tw_buf json;
    tw_buf_init(&json, tw_alloc_system(), MODEL_MAX_BYTES);
    tw_status status =
        tw_train(&trainer, params, train, validation, NULL, NULL, &json, &result, &err);
    assert_int_equal(status, TW_INVALID);
    assert_int_equal(err.status, TW_INVALID);
    if (!strstr(err.text, word) || strchr(err.text, '\n'))
        fail_msg("\"%s\" should name %s", err.text, word);
    assert_int_equal(json.bytes, 0);
    tw_buf_release(&json);
}

static void test_parameters_out_of_range_are_refused(void **state)
{
    (void)state;
    data d = data_new(200, SEED + 40);
    tw_train_matrix train = matrix_of(&d, 0, 200);
    const tw_train_params good = params_default();
#define BAD(field, v)                                                                              \
    do {                                                                                           \
        tw_train_params bad = good;                                                                \
        bad.field = v;                                                                             \
        refuse(&bad, &train, NULL, #field);                                                        \
    } while (0)
    BAD(rounds_n, 0);
    BAD(rounds_n, 4097);
    BAD(depth, 0);
    BAD(depth, 13);
    BAD(bins_n, 1);
    BAD(threads_n, 0);
    BAD(eta, 0.0);
    BAD(eta, 1.5);
    BAD(eta, (double)NAN);
    BAD(min_child_weight, -1.0);
    BAD(lambda, -0.1);
    BAD(gamma, (double)INFINITY);
    BAD(subsample, 0.0);
    BAD(colsample_tree, 1.1);
    BAD(base_probability, 0.0);
    BAD(base_probability, 1.0);
#undef BAD
    tw_train_params early = good;
    early.early_stop_n = 5;
    refuse(&early, &train, NULL, "validation");
    static const int8_t monotone[COLS] = {0, 0, 2, 0, 0, 0};
    tw_train_params bad = good;
    bad.monotone = monotone;
    refuse(&bad, &train, NULL, "monotone");
    data_free(&d);
}

static void test_data_out_of_range_is_refused(void **state)
{
    (void)state;
    data d = data_new(200, SEED + 50);
    tw_train_matrix train = matrix_of(&d, 0, 200), narrow = train;
    const tw_train_params params = params_default();
    narrow.cols_n = COLS - 1;
    refuse(&params, &train, &narrow, "columns");
    narrow.stride = COLS - 2;
    refuse(&params, &narrow, NULL, "columns");
    narrow = train;
    narrow.rows_n = 0;
    refuse(&params, &narrow, NULL, "rows");
    float was = d.label[17];
    d.label[17] = 0.5f;
    refuse(&params, &train, NULL, "row 17 has label");
    d.label[17] = was;
    was = d.weight[3];
    d.weight[3] = 0.0f;
    refuse(&params, &train, NULL, "row 3 has weight");
    d.weight[3] = NAN;
    refuse(&params, &train, NULL, "row 3 has weight");
    d.weight[3] = was;
    d.x[5 * STRIDE + 2] = -INFINITY;
    refuse(&params, &train, NULL, "row 5, column 2");
    data_free(&d);
}

static void test_a_set_that_does_not_fit_is_refused(void **state)
{
    (void)state;
    data d = data_new(300, SEED + 55);
    tw_train_matrix train = matrix_of(&d, 0, 200), more = matrix_of(&d, 0, 300);
    tw_trainer trainer = tw_xgboost_trainer(tw_alloc_system()), none = {NULL, NULL};
    tw_train_set *set = NULL;
    tw_err err;
    assert_int_equal(tw_train_prepare(&trainer, &train, 64, 1, &set, &err), TW_OK);
    more.prepared = set;
    tw_train_params params = params_default();
    refuse(&params, &more, NULL, "other rows");
    tw_train_set_free(&trainer, set);
    assert_int_equal(tw_train_prepare(&trainer, &train, 1, 1, &set, &err), TW_INVALID);
    assert_int_equal(tw_train_prepare(&trainer, &train, 64, 0, &set, &err), TW_INVALID);
    d.label[3] = 2.0f;
    assert_int_equal(tw_train_prepare(&trainer, &train, 64, 1, &set, &err), TW_INVALID);
    assert_null(set);
    assert_int_equal(tw_train_prepare(&none, &train, 64, 1, &set, &err), TW_UNSUPPORTED);
    data_free(&d);
}

static void test_one_label_and_one_row_are_no_error(void **state)
{
    (void)state;
    data d = data_new(50, SEED + 60);
    const tw_train_params params = params_default();
    for (size_t rows_n = 1; rows_n <= 50; rows_n += 49) {
        tw_train_matrix train = matrix_of(&d, 0, rows_n);
        train.weight = NULL;
        for (size_t i = 0; i < rows_n; i++)
            d.label[i] = 0.0f;
        trained t = train_ok(&params, &train, NULL);
        assert_true(t.result.train_loss < -log(1.0 - 0.05) + 1e-6);
        tw_buf_release(&t.json);
    }
    data_free(&d);
}

static void test_no_memory_is_told(void **state)
{
    (void)state;
    data d = data_new(100, SEED + 70);
    tw_train_matrix train = matrix_of(&d, 0, 100);
    static const int8_t monotone[COLS] = {1, 1, 0, 0, 0, -1};
    tw_train_params params = params_default();
    params.monotone = monotone;
    params.rounds_n = 2;
    uint64_t k = 1;
    for (;; k++) {
        tw_alloc_faulty faulty;
        tw_alloc_faulty_init(&faulty, k, false);
        tw_trainer trainer = tw_xgboost_trainer(&faulty.alloc);
        tw_train_result result;
        tw_err err = {0};
        tw_buf json;
        tw_buf_init(&json, &faulty.alloc, MODEL_MAX_BYTES);
        tw_status status =
            tw_train(&trainer, &params, &train, NULL, NULL, NULL, &json, &result, &err);
        tw_buf_release(&json);
        assert_int_equal(faulty.live_blocks, 0);
        if (faulty.hits == 0) {
            assert_int_equal(status, TW_OK);
            break;
        }
        assert_int_equal(status, TW_NO_MEMORY);
        assert_int_equal(err.status, TW_NO_MEMORY);
    }
    assert_true(k > 3);
    data_free(&d);
}

static void test_nothing_is_printed(void **state)
{
    (void)state;
    data d = data_new(300, SEED + 80);
    tw_train_matrix train = matrix_of(&d, 0, 300);
    tw_train_params params = params_default();
    FILE *caught = tmpfile();
    assert_non_null(caught);
    fflush(NULL);
    int out = dup(STDOUT_FILENO), error = dup(STDERR_FILENO);
    dup2(fileno(caught), STDOUT_FILENO);
    dup2(fileno(caught), STDERR_FILENO);
    tw_trainer trainer = tw_xgboost_trainer(tw_alloc_system());
    tw_train_result result;
    tw_buf json;
    tw_buf_init(&json, tw_alloc_system(), MODEL_MAX_BYTES);
    tw_status good = tw_train(&trainer, &params, &train, NULL, NULL, NULL, &json, &result, NULL);
    params.depth = 99;
    tw_status bad = tw_train(&trainer, &params, &train, NULL, NULL, NULL, &json, &result, NULL);
    fflush(NULL);
    dup2(out, STDOUT_FILENO);
    dup2(error, STDERR_FILENO);
    close(out);
    close(error);
    fseek(caught, 0, SEEK_END);
    assert_int_equal(ftell(caught), 0);
    fclose(caught);
    assert_int_equal(good, TW_OK);
    assert_int_equal(bad, TW_INVALID);
    tw_buf_release(&json);
    data_free(&d);
}

static void test_a_build_without_a_trainer_says_so(void **state)
{
    (void)state;
    tw_trainer none = {NULL, NULL};
    tw_train_result result;
    tw_err err;
    tw_buf json;
    tw_buf_init(&json, tw_alloc_system(), MODEL_MAX_BYTES);
    tw_train_params params = params_default();
    tw_train_matrix empty = {0};
    assert_int_equal(tw_train(&none, &params, &empty, NULL, NULL, NULL, &json, &result, &err),
                     TW_UNSUPPORTED);
    assert_non_null(strstr(err.text, "no trainer"));
    tw_trainer trainer = tw_xgboost_trainer(tw_alloc_system());
    assert_memory_equal(trainer.ops->version(trainer.ctx), "xgboost ", 8);
}

int main(void)
{
    print_message("seed %u\n", SEED);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_learns_and_reports_its_losses),
        cmocka_unit_test(test_early_stopping_keeps_the_best_rounds),
        cmocka_unit_test(test_bins_lie_where_fraud_is),
        cmocka_unit_test(test_a_prepared_set_gives_the_same_model),
        cmocka_unit_test(test_any_number_of_threads_gives_the_same_model),
        cmocka_unit_test(test_several_threads_may_train_at_once),
        cmocka_unit_test(test_a_stopped_training_is_closed),
        cmocka_unit_test(test_parameters_out_of_range_are_refused),
        cmocka_unit_test(test_data_out_of_range_is_refused),
        cmocka_unit_test(test_a_set_that_does_not_fit_is_refused),
        cmocka_unit_test(test_one_label_and_one_row_are_no_error),
        cmocka_unit_test(test_no_memory_is_told),
        cmocka_unit_test(test_nothing_is_printed),
        cmocka_unit_test(test_a_build_without_a_trainer_says_so),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
