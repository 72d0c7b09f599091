// SPDX-License-Identifier: Apache-2.0
//
// Our evaluator against XGBoost itself, through its C API: models of every objective, depths 1 to
// 12, few and many trees, missing and extreme values, monotone constraints, forests, unbalanced
// trees, exact splits. Margins and predictions to 1e-6, contributions to 1e-5, for every code path,
// from JSON and UBJSON; and what we write is loaded by XGBoost and predicts the same bits.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include <xgboost/c_api.h>

#include "model/xgboost.h"
#include "model_data.h"

#define SEED 20260401u
#define ROWS 700
#define TRAIN_ROWS 500
#define COLS 11
#define MARGIN_TOLERANCE 1e-6
#define CONTRIBUTION_TOLERANCE 1e-5

typedef struct parameter {
    const char *name, *value;
} parameter;

typedef struct model_case {
    const char *objective;
    const char *depth;
    int rounds_n;
    parameter more[4]; // beyond the first empty name nothing
} model_case;

static const model_case cases[] = {
    {"binary:logistic", "6", 40, {{"base_score", "0.02"}}},
    {"binary:logistic", "1", 1, {{NULL, NULL}}},
    {"binary:logistic", "1", 300, {{"eta", "0.05"}}},
    {"binary:logistic", "2", 60, {{"base_score", "0.9"}}},
    {"binary:logistic", "3", 900, {{"eta", "0.02"}, {"subsample", "0.7"}}},
    {"binary:logistic", "4", 50, {{"monotone_constraints", "(1,-1,0,1,0,0,-1,0,0,0,1)"}}},
    {"binary:logistic", "5", 33, {{"colsample_bytree", "0.5"}, {"gamma", "0.3"}}},
    {"binary:logistic", "7", 30, {{"lambda", "0"}, {"min_child_weight", "0"}}},
    {"binary:logistic", "8", 25, {{"max_bin", "16"}}},
    {"binary:logistic", "9", 20, {{"min_child_weight", "0.01"}}},
    {"binary:logistic", "10", 20, {{"min_child_weight", "0"}, {"eta", "1"}}},
    {"binary:logistic", "11", 15, {{"min_child_weight", "0"}}},
    {"binary:logistic", "12", 15, {{"min_child_weight", "0"}, {"lambda", "0.1"}}},
    {"binary:logistic", "6", 5, {{"num_parallel_tree", "7"}, {"subsample", "0.6"}}},
    {"binary:logistic",
     "12",
     12,
     {{"grow_policy", "lossguide"}, {"max_leaves", "24"}, {"min_child_weight", "0"}}},
    {"binary:logistic", "6", 15, {{"tree_method", "exact"}}},
    {"binary:logistic", "5", 15, {{"tree_method", "approx"}}},
    {"binary:logistic", "3", 4, {{"gamma", "1e9"}}}, // trees of one leaf
    {"binary:logitraw", "4", 30, {{"base_score", "0.3"}}},
    {"binary:logitraw", "8", 10, {{NULL, NULL}}},
    {"reg:logistic", "5", 30, {{"base_score", "0.125"}}},
    {"reg:squarederror", "6", 40, {{"base_score", "17.25"}}},
    {"reg:squarederror", "3", 120, {{"base_score", "-3"}}},
    {"reg:squarederror", "12", 20, {{"min_child_weight", "0"}}},
};

// ---- XGBoost ---------------------------------------------------------------------------------

static void ok(int result)
{
    if (result != 0)
        fail_msg("%s", XGBGetLastError());
}

typedef struct data {
    float *x, *label;
    DMatrixHandle all, train;
} data;

static DMatrixHandle matrix_of(const float *x, size_t rows_n)
{
    DMatrixHandle out = NULL;
    ok(XGDMatrixCreateFromMat(x, rows_n, COLS, NAN, &out));
    return out;
}

// Rows of all kinds; XGBoost takes no infinities. The first row is all missing.
static data data_new(uint64_t seed, bool is_regression)
{
    data d = {calloc((size_t)ROWS * COLS, sizeof(float)), calloc(ROWS, sizeof(float)), NULL, NULL};
    tw_rng rng;
    tw_rng_init(&rng, seed, 1);
    model_data_fill(d.x, ROWS, COLS, seed);
    for (size_t i = 0; i < (size_t)ROWS * COLS; i++)
        if (isinf(d.x[i]) || i < COLS)
            d.x[i] = NAN;
    for (size_t i = 0; i < ROWS; i++) {
        const float *row = d.x + i * COLS;
        double z = fabsf(row[1]) < 50.0f ? (double)row[1] : 3.0; // not when missing or extreme
        z += 8.0 * tw_rng_unit(&rng) + (row[3] > 12.0f ? 4.0 : 0.0) + (row[6] > 0.0f ? 5.0 : 0.0);
        d.label[i] = is_regression ? (float)(3.0 * z - 20.0) : (z > 11.0 ? 1.0f : 0.0f);
    }
    d.all = matrix_of(d.x, ROWS);
    d.train = matrix_of(d.x, TRAIN_ROWS);
    ok(XGDMatrixSetFloatInfo(d.train, "label", d.label, TRAIN_ROWS));
    return d;
}

static void data_free(data *d)
{
    ok(XGDMatrixFree(d->all));
    ok(XGDMatrixFree(d->train));
    free(d->x);
    free(d->label);
}

static BoosterHandle booster_train(const model_case *c, const data *d)
{
    BoosterHandle booster = NULL;
    ok(XGBoosterCreate(&d->train, 1, &booster));
    ok(XGBoosterSetParam(booster, "verbosity", "0"));
    ok(XGBoosterSetParam(booster, "nthread", "1"));
    ok(XGBoosterSetParam(booster, "tree_method", "hist"));
    ok(XGBoosterSetParam(booster, "objective", c->objective));
    ok(XGBoosterSetParam(booster, "max_depth", c->depth));
    for (size_t i = 0; i < TW_COUNT(c->more) && c->more[i].name; i++)
        ok(XGBoosterSetParam(booster, c->more[i].name, c->more[i].value));
    for (int round = 0; round < c->rounds_n; round++)
        ok(XGBoosterUpdateOneIter(booster, round, d->train));
    return booster;
}

static BoosterHandle booster_load(tw_str model)
{
    BoosterHandle booster = NULL;
    ok(XGBoosterCreate(NULL, 0, &booster));
    ok(XGBoosterSetParam(booster, "verbosity", "0"));
    ok(XGBoosterSetParam(booster, "nthread", "1"));
    ok(XGBoosterLoadModelFromBuffer(booster, model.at, model.bytes));
    return booster;
}

// type 0: predictions, 1: margins, 2: contributions with the expectation last. Caller frees.
static float *predict(BoosterHandle booster, DMatrixHandle rows, int type, size_t expected_n)
{
    char config[128];
    const bst_ulong *shape;
    bst_ulong dims_n, n = 1;
    const float *out;
    snprintf(config, sizeof(config),
             "{\"type\":%d,\"training\":false,\"iteration_begin\":0,\"iteration_end\":0,"
             "\"strict_shape\":false}",
             type);
    ok(XGBoosterPredictFromDMatrix(booster, rows, config, &shape, &dims_n, &out));
    for (bst_ulong i = 0; i < dims_n; i++)
        n *= shape[i];
    assert_int_equal(n, expected_n);
    float *copy = calloc(expected_n, sizeof(float));
    memcpy(copy, out, expected_n * sizeof(float));
    return copy;
}

static tw_str save(BoosterHandle booster, const char *format)
{
    char config[64];
    bst_ulong bytes;
    const char *text;
    snprintf(config, sizeof(config), "{\"format\":\"%s\"}", format);
    ok(XGBoosterSaveModelToBuffer(booster, config, &bytes, &text));
    char *copy = malloc(bytes);
    memcpy(copy, text, bytes);
    return (tw_str){copy, bytes};
}

// ---- Comparing -------------------------------------------------------------------------------

static void assert_near(double ours, double theirs, double tolerance, const char *what, size_t row)
{
    double scale = TW_MAX(1.0, fabs(theirs));
    if (!(fabs(ours - theirs) <= tolerance * scale))
        fail_msg("%s of row %zu is %.9g, XGBoost says %.9g", what, row, ours, theirs);
}

typedef struct expected {
    float *margin, *prediction, *contribution; // [ROWS], [ROWS], [ROWS][COLS + 1]
} expected;

static void compare_margins(const tw_gbt *gbt, const data *d, const expected *e)
{
    float margin[ROWS];
    for (size_t path = 0; path < TW_GBT_PATH_N; path++) {
        if (!tw_gbt_path_is_supported((tw_gbt_path)path))
            continue;
        tw_gbt_margins(gbt, (tw_gbt_path)path, d->x, ROWS, COLS, margin);
        for (size_t i = 0; i < ROWS; i++)
            assert_near((double)margin[i], (double)e->margin[i], MARGIN_TOLERANCE,
                        tw_gbt_path_name((tw_gbt_path)path), i);
    }
    for (size_t i = 0; i < ROWS; i++) {
        float one = tw_gbt_margin(gbt, d->x + i * COLS);
        assert_memory_equal(&one, &margin[i], sizeof(one));
        assert_near(tw_gbt_transform(gbt, one), (double)e->prediction[i], MARGIN_TOLERANCE,
                    "prediction", i);
    }
}

static double compare_contributions(const tw_gbt *gbt, const data *d, const expected *e)
{
    double worst = 0.0;
    for (size_t i = 0; i < ROWS; i += 3) {
        double out[COLS], base, sum;
        const float *theirs = e->contribution + i * (COLS + 1);
        tw_gbt_explain(gbt, d->x + i * COLS, out, &base);
        sum = base;
        for (size_t c = 0; c < COLS; c++) {
            sum += out[c];
            assert_near(out[c], (double)theirs[c], CONTRIBUTION_TOLERANCE, "contribution", i);
            worst = fmax(worst, fabs(out[c] - (double)theirs[c]));
        }
        assert_near(base, (double)theirs[COLS], CONTRIBUTION_TOLERANCE, "expectation", i);
        assert_near(sum, (double)e->margin[i], CONTRIBUTION_TOLERANCE, "sum of contributions", i);
    }
    return worst;
}

// What we write loads in XGBoost and gives the same bits.
static void compare_written(const tw_gbt *gbt, const data *d, const expected *e,
                            tw_xgboost_form form)
{
    static const char letters[] = "abcdefghijk";
    tw_str names[COLS];
    tw_buf buf;
    tw_err err = {0};
    for (size_t c = 0; c < COLS; c++)
        names[c] = (tw_str){letters + c, 1};
    tw_buf_init(&buf, tw_alloc_system(), TW_XGBOOST_MAX_BYTES);
    if (tw_xgboost_write(tw_alloc_system(), gbt, names, form, &buf, &err) != TW_OK)
        fail_msg("%s", err.text);
    BoosterHandle booster = booster_load((tw_str){(const char *)buf.data_own, buf.bytes});
    float *margin = predict(booster, d->all, 1, ROWS);
    float *prediction = predict(booster, d->all, 0, ROWS);
    float *contribution = predict(booster, d->all, 2, (size_t)ROWS * (COLS + 1));
    assert_memory_equal(margin, e->margin, ROWS * sizeof(float));
    assert_memory_equal(prediction, e->prediction, ROWS * sizeof(float));
    for (size_t i = 0; i < (size_t)ROWS * (COLS + 1); i++)
        assert_near((double)contribution[i], (double)e->contribution[i], 1e-5,
                    "contribution of the written model", i / (COLS + 1));
    free(margin);
    free(prediction);
    free(contribution);
    ok(XGBoosterFree(booster));
    tw_buf_release(&buf);
}

static void compare_case(const model_case *c, uint64_t seed)
{
    static const char *const formats[] = {"json", "ubj"};
    data d = data_new(seed, strcmp(c->objective, "reg:squarederror") == 0);
    BoosterHandle booster = booster_train(c, &d);
    expected e = {predict(booster, d.all, 1, ROWS), predict(booster, d.all, 0, ROWS),
                  predict(booster, d.all, 2, (size_t)ROWS * (COLS + 1))};
    for (size_t format = 0; format < TW_COUNT(formats); format++) {
        tw_str model = save(booster, formats[format]);
        tw_xgboost read;
        tw_err err = {0};
        if (tw_xgboost_read(tw_alloc_system(), model, &read, &err) != TW_OK)
            fail_msg("%s", err.text);
        assert_int_equal(tw_gbt_inputs_n(read.gbt_own), COLS);
        assert_string_equal(tw_gbt_objective_name(tw_gbt_objective_of(read.gbt_own)), c->objective);
        compare_margins(read.gbt_own, &d, &e);
        double worst = compare_contributions(read.gbt_own, &d, &e);
        if (format == 0)
            print_message("%-17s depth %2s, %4zu trees, %6zu nodes: contributions within %.1e\n",
                          c->objective, c->depth, tw_gbt_trees_n(read.gbt_own),
                          tw_gbt_nodes_n(read.gbt_own), worst);
        compare_written(read.gbt_own, &d, &e, format == 0 ? TW_XGBOOST_JSON : TW_XGBOOST_UBJSON);
        tw_xgboost_release(tw_alloc_system(), &read);
        free((char *)(uintptr_t)model.at);
    }
    free(e.margin);
    free(e.prediction);
    free(e.contribution);
    ok(XGBoosterFree(booster));
    data_free(&d);
}

static void equal_to_xgboost(void **state)
{
    (void)state;
    for (size_t i = 0; i < TW_COUNT(cases); i++)
        compare_case(&cases[i], SEED + i);
}

// ---- What cannot be scored --------------------------------------------------------------------

static void refuse(const char *booster_name, const char *objective, const char *name,
                   const char *value, const char *word)
{
    data d = data_new(SEED, false);
    BoosterHandle booster = NULL;
    ok(XGBoosterCreate(&d.train, 1, &booster));
    ok(XGBoosterSetParam(booster, "verbosity", "0"));
    ok(XGBoosterSetParam(booster, "nthread", "1"));
    ok(XGBoosterSetParam(booster, "booster", booster_name));
    ok(XGBoosterSetParam(booster, "objective", objective));
    if (name)
        ok(XGBoosterSetParam(booster, name, value));
    ok(XGBoosterUpdateOneIter(booster, 0, d.train));
    tw_str model = save(booster, "ubj");
    tw_xgboost read;
    tw_err err = {0};
    assert_int_equal(tw_xgboost_read(tw_alloc_system(), model, &read, &err), TW_UNSUPPORTED);
    if (!strstr(err.text, word))
        fail_msg("\"%s\" should name %s", err.text, word);
    free((char *)(uintptr_t)model.at);
    ok(XGBoosterFree(booster));
    data_free(&d);
}

static void other_models_are_refused_by_name(void **state)
{
    (void)state;
    refuse("gblinear", "binary:logistic", NULL, NULL, "gblinear");
    refuse("dart", "binary:logistic", NULL, NULL, "dart");
    refuse("gbtree", "count:poisson", NULL, NULL, "count:poisson");
    refuse("gbtree", "multi:softprob", "num_class", "3", "multi:softprob");
}

int main(void)
{
    int major, minor, patch;
    XGBoostVersion(&major, &minor, &patch);
    print_message("seed %u, XGBoost %d.%d.%d\n", SEED, major, minor, patch);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equal_to_xgboost),
        cmocka_unit_test(other_models_are_refused_by_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
