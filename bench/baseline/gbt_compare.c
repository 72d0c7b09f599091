// SPDX-License-Identifier: Apache-2.0
//
// Boosted trees against XGBoost and LightGBM, in one process on one thread: one row, batches,
// attributions, and training. Our evaluator and XGBoost score the same model, which our trainer
// made; LightGBM scores one of its own of the same size, trained on the same rows.
//
//   gbt_compare [--tiny] [LIB_LIGHTGBM.SO]     without the library its lines are left out
//
// Prints JSON lines, times in processor time of the thread, best and median of several runs after a
// warm-up. XGBoost is called as fairly as its C API allows: in place on dense rows, the description
// of the array prepared beforehand; attributions from a matrix that is built before the clock runs.
#include <dlfcn.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <xgboost/c_api.h>

#include "adapter/xgboost.h"
#include "base/rng.h"
#include "model/xgboost.h"

#define FEATURES 64
#define DEPTH 6
#define RUNS_MAX 15
#define CONFIG_BYTES 256

typedef struct bench {
    size_t train_n, rows_n, explain_n, runs_n;
    uint32_t trees_n;
    float *x, *label; // [train_n][FEATURES], of which the first rows_n are scored
    tw_gbt *gbt;
    BoosterHandle booster;
    double checksum; // so that nothing is left out as unused
} bench;

static double cpu_s(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void die(const char *what)
{
    fprintf(stderr, "gbt_compare: %s\n", what);
    exit(1);
}

static void ok(int result)
{
    if (result != 0)
        die(XGBGetLastError());
}

// Rows like those of the feature engine: money with a long tail, counts, rates that are mostly
// zero, times of day, 5 % missing; some 4 % positives.
static void make_rows(bench *b)
{
    tw_rng rng;
    tw_rng_init(&rng, 7, 0);
    for (size_t i = 0; i < b->train_n; i++) {
        float *row = b->x + i * FEATURES;
        double z = 0.0;
        for (size_t f = 0; f < FEATURES; f++) {
            double u = tw_rng_unit(&rng), v = u < 0.9 ? 0.0 : u - 0.9;
            if (f % 4 == 0)
                v = 5.0 / (1.0 - u * 0.9999);
            else if (f % 4 == 1)
                v = (double)(int)(12.0 * u * u * u);
            else if (f % 4 == 3)
                v = 24.0 * u;
            z += f < 16 ? (u - 0.5) * (f % 3 == 0 ? 1.5 : 0.7) : 0.0;
            row[f] = tw_rng_below(&rng, 20) == 0 ? NAN : (float)v;
        }
        b->label[i] = z + tw_rng_unit(&rng) > 2.3 ? 1.0f : 0.0f;
    }
}

static int compare_double(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void report(const char *name, double *seconds, size_t runs_n, size_t per, const char *unit)
{
    double scale = strcmp(unit, "s") == 0 ? 1.0 : 1e6 / (double)per;
    qsort(seconds, runs_n, sizeof(*seconds), compare_double);
    printf("{\"name\":\"%s\",\"value\":%.5g,\"unit\":\"%s\",\"n\":%zu,\"best\":%.5g,"
           "\"median\":%.5g,\"runs\":%zu,\"compiler\":\"%s\"}\n",
           name, seconds[runs_n / 2] * scale, unit, per, seconds[0] * scale,
           seconds[runs_n / 2] * scale, runs_n, __VERSION__);
    fflush(stdout);
}

// Times `work` on n rows: a warm-up, then the runs.
typedef void bench_work(bench *b, void *ctx);

static void measure(bench *b, const char *name, bench_work *work, void *ctx, size_t n)
{
    double seconds[RUNS_MAX];
    for (size_t run = 0; run <= b->runs_n; run++) {
        double start = cpu_s();
        work(b, ctx);
        seconds[run ? run - 1 : 0] = cpu_s() - start;
    }
    report(name, seconds, b->runs_n, n, "us/row");
}

// ---- Ours ------------------------------------------------------------------------------------

static void ours_single(bench *b, void *ctx)
{
    (void)ctx;
    for (size_t i = 0; i < b->rows_n; i++)
        b->checksum += (double)tw_gbt_margin(b->gbt, b->x + i * FEATURES);
}

static void ours_batch(bench *b, void *ctx)
{
    float *out = ctx;
    tw_gbt_margins(b->gbt, TW_GBT_PATH_BEST, b->x, b->rows_n, FEATURES, out);
    b->checksum += (double)out[b->rows_n - 1];
}

static void ours_explain(bench *b, void *ctx)
{
    double out[FEATURES], expected;
    (void)ctx;
    for (size_t i = 0; i < b->explain_n; i++) {
        tw_gbt_explain(b->gbt, b->x + i * FEATURES, out, &expected);
        b->checksum += out[i % FEATURES];
    }
}

static void train_ours(bench *b)
{
    tw_train_params params = {.rounds_n = b->trees_n,
                              .depth = DEPTH,
                              .bins_n = 255,
                              .threads_n = 1,
                              .seed = 1,
                              .eta = 0.1,
                              .min_child_weight = 1.0,
                              .lambda = 1.0,
                              .subsample = 1.0,
                              .colsample_tree = 1.0,
                              .base_probability = 0.04};
    tw_train_matrix train = {
        .x = b->x, .rows_n = b->train_n, .cols_n = FEATURES, .stride = FEATURES, .label = b->label};
    tw_trainer trainer = tw_xgboost_trainer(tw_alloc_system());
    tw_train_result result;
    tw_xgboost read;
    tw_err err;
    tw_buf json;
    tw_buf_init(&json, tw_alloc_system(), TW_XGBOOST_MAX_BYTES);
    double start = cpu_s();
    if (tw_train(&trainer, &params, &train, NULL, NULL, NULL, &json, &result, &err) != TW_OK)
        die(err.text);
    double seconds = cpu_s() - start;
    report("gbt_train_trainer", &seconds, 1, b->train_n, "s");
    tw_str text = {(const char *)json.data_own, json.bytes};
    if (tw_xgboost_read(tw_alloc_system(), text, &read, &err) != TW_OK)
        die(err.text);
    b->gbt = read.gbt_own;
    ok(XGBoosterCreate(NULL, 0, &b->booster));
    ok(XGBoosterLoadModelFromBuffer(b->booster, json.data_own, json.bytes));
    ok(XGBoosterSetParam(b->booster, "nthread", "1"));
    ok(XGBoosterSetParam(b->booster, "verbosity", "0"));
    tw_buf_release(&json);
}

// ---- XGBoost ---------------------------------------------------------------------------------

static const char predict_config[] =
    "{\"type\":1,\"training\":false,\"iteration_begin\":0,\"iteration_end\":0,"
    "\"strict_shape\":false,\"cache_id\":0,\"missing\":NaN}";
static const char explain_config[] =
    "{\"type\":2,\"training\":false,\"iteration_begin\":0,\"iteration_end\":0,"
    "\"strict_shape\":false}";

static void array_of(char out[CONFIG_BYTES], const float *x, size_t rows_n)
{
    snprintf(out, CONFIG_BYTES,
             "{\"data\":[%llu,true],\"shape\":[%zu,%d],\"typestr\":\"<f4\",\"version\":3}",
             (unsigned long long)(uintptr_t)x, rows_n, FEATURES);
}

static void xgboost_single(bench *b, void *ctx)
{
    (void)ctx;
    float row[FEATURES];
    char array[CONFIG_BYTES];
    const bst_ulong *shape;
    bst_ulong dims_n;
    const float *out;
    array_of(array, row, 1);
    for (size_t i = 0; i < b->rows_n; i++) {
        memcpy(row, b->x + i * FEATURES, sizeof(row));
        ok(XGBoosterPredictFromDense(b->booster, array, predict_config, NULL, &shape, &dims_n,
                                     &out));
        b->checksum += (double)out[0];
    }
}

static void xgboost_batch(bench *b, void *ctx)
{
    (void)ctx;
    char array[CONFIG_BYTES];
    const bst_ulong *shape;
    bst_ulong dims_n;
    const float *out;
    array_of(array, b->x, b->rows_n);
    ok(XGBoosterPredictFromDense(b->booster, array, predict_config, NULL, &shape, &dims_n, &out));
    b->checksum += (double)out[b->rows_n - 1];
}

static void xgboost_explain(bench *b, void *ctx)
{
    DMatrixHandle rows = ctx;
    const bst_ulong *shape;
    bst_ulong dims_n;
    const float *out;
    ok(XGBoosterPredictFromDMatrix(b->booster, rows, explain_config, &shape, &dims_n, &out));
    b->checksum += (double)out[0];
}

// What the trainer adds to XGBoost: the same training without it.
static void xgboost_train(bench *b)
{
    char trees[16];
    DMatrixHandle rows = NULL;
    BoosterHandle booster = NULL;
    snprintf(trees, sizeof(trees), "%d", DEPTH);
    double start = cpu_s();
    ok(XGDMatrixCreateFromMat_omp(b->x, b->train_n, FEATURES, NAN, &rows, 1));
    ok(XGDMatrixSetFloatInfo(rows, "label", b->label, b->train_n));
    ok(XGBoosterCreate(&rows, 1, &booster));
    static const char *const params[][2] = {
        {"verbosity", "0"}, {"nthread", "1"}, {"tree_method", "hist"},
        {"max_bin", "255"}, {"eta", "0.1"},   {"objective", "binary:logistic"},
    };
    for (size_t i = 0; i < TW_COUNT(params); i++)
        ok(XGBoosterSetParam(booster, params[i][0], params[i][1]));
    ok(XGBoosterSetParam(booster, "max_depth", trees));
    for (uint32_t round = 0; round < b->trees_n; round++)
        ok(XGBoosterUpdateOneIter(booster, (int)round, rows));
    double seconds = cpu_s() - start;
    report("gbt_train_xgboost", &seconds, 1, b->train_n, "s");
    ok(XGBoosterFree(booster));
    ok(XGDMatrixFree(rows));
}

static void bench_xgboost(bench *b)
{
    DMatrixHandle rows = NULL;
    int major, minor, patch;
    XGBoostVersion(&major, &minor, &patch);
    printf("{\"name\":\"gbt_xgboost_version\",\"value\":\"%d.%d.%d\"}\n", major, minor, patch);
    ok(XGDMatrixCreateFromMat_omp(b->x, b->explain_n, FEATURES, NAN, &rows, 1));
    measure(b, "gbt_single_xgboost", xgboost_single, NULL, b->rows_n);
    measure(b, "gbt_batch_xgboost", xgboost_batch, NULL, b->rows_n);
    measure(b, "gbt_explain_xgboost", xgboost_explain, rows, b->explain_n);
    ok(XGDMatrixFree(rows));
    xgboost_train(b);
}

// ---- LightGBM --------------------------------------------------------------------------------

enum { FLOAT32 = 0, PREDICT_RAW = 1, PREDICT_CONTRIB = 3 };
#define LIGHTGBM_THREAD "num_threads=1 verbosity=-1"

// Its C API; the names are those of its header. X(result, name, arguments)
#define LIGHTGBM_CALLS(X)                                                                          \
    X(const char *, GetLastError, (void))                                                          \
    X(int, DatasetCreateFromMat,                                                                   \
      (const void *, int, int32_t, int32_t, int, const char *, void *, void **))                   \
    X(int, DatasetSetField, (void *, const char *, const void *, int, int))                        \
    X(int, DatasetFree, (void *))                                                                  \
    X(int, BoosterCreate, (void *, const char *, void **))                                         \
    X(int, BoosterUpdateOneIter, (void *, int *))                                                  \
    X(int, BoosterFree, (void *))                                                                  \
    X(int, BoosterPredictForMat,                                                                   \
      (void *, const void *, int, int32_t, int32_t, int, int, int, int, const char *, int64_t *,   \
       double *))                                                                                  \
    X(int, BoosterPredictForMatSingleRowFastInit,                                                  \
      (void *, int, int, int, int, int32_t, const char *, void **))                                \
    X(int, BoosterPredictForMatSingleRowFast, (void *, const void *, int64_t *, double *))         \
    X(int, FastConfigFree, (void *))

typedef struct lightgbm {
    void *booster, *fast;
    double *out;
#define X(result, name, arguments) result(*name) arguments;
    LIGHTGBM_CALLS(X)
#undef X
} lightgbm;

static bool lightgbm_open(lightgbm *l, const char *path)
{
    void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL), *symbol;
    if (!library)
        return false;
#define X(result, name, arguments)                                                                 \
    symbol = dlsym(library, "LGBM_" #name);                                                        \
    if (!symbol)                                                                                   \
        return false;                                                                              \
    memcpy(&l->name, &symbol, sizeof(symbol));
    LIGHTGBM_CALLS(X)
#undef X
    return true;
}

static void lightgbm_ok(const lightgbm *l, int result)
{
    if (result != 0)
        die(l->GetLastError());
}

static void lightgbm_train(bench *b, lightgbm *l)
{
    char params[CONFIG_BYTES];
    void *data = NULL;
    int is_finished;
    snprintf(params, sizeof(params),
             LIGHTGBM_THREAD " objective=binary max_depth=%d num_leaves=%d learning_rate=0.1 "
                             "max_bin=255 min_data_in_leaf=1 min_sum_hessian_in_leaf=1 lambda_l2=1 "
                             "boost_from_average=false",
             DEPTH, 1 << DEPTH);
    double start = cpu_s();
    lightgbm_ok(l, l->DatasetCreateFromMat(b->x, FLOAT32, (int32_t)b->train_n, FEATURES, 1, params,
                                           NULL, &data));
    lightgbm_ok(l, l->DatasetSetField(data, "label", b->label, (int)b->train_n, FLOAT32));
    lightgbm_ok(l, l->BoosterCreate(data, params, &l->booster));
    for (uint32_t round = 0; round < b->trees_n; round++)
        lightgbm_ok(l, l->BoosterUpdateOneIter(l->booster, &is_finished));
    double seconds = cpu_s() - start;
    report("gbt_train_lightgbm", &seconds, 1, b->train_n, "s");
    lightgbm_ok(l, l->DatasetFree(data));
}

static void lightgbm_single(bench *b, void *ctx)
{
    lightgbm *l = ctx;
    int64_t n;
    for (size_t i = 0; i < b->rows_n; i++) {
        lightgbm_ok(l,
                    l->BoosterPredictForMatSingleRowFast(l->fast, b->x + i * FEATURES, &n, l->out));
        b->checksum += l->out[0];
    }
}

static void lightgbm_predict(bench *b, lightgbm *l, size_t rows_n, int type)
{
    int64_t n;
    lightgbm_ok(l, l->BoosterPredictForMat(l->booster, b->x, FLOAT32, (int32_t)rows_n, FEATURES, 1,
                                           type, 0, -1, LIGHTGBM_THREAD, &n, l->out));
    b->checksum += l->out[0];
}

static void lightgbm_batch(bench *b, void *ctx)
{
    lightgbm_predict(b, ctx, b->rows_n, PREDICT_RAW);
}

static void lightgbm_explain(bench *b, void *ctx)
{
    lightgbm_predict(b, ctx, b->explain_n, PREDICT_CONTRIB);
}

static void bench_lightgbm(bench *b, const char *path)
{
    lightgbm l = {.booster = NULL};
    if (!lightgbm_open(&l, path)) {
        fprintf(stderr, "gbt_compare: %s is no LightGBM library; its lines are left out\n", path);
        return;
    }
    l.out = calloc(TW_MAX(b->rows_n, b->explain_n * (FEATURES + 1)), sizeof(double));
    if (!l.out)
        die("out of memory");
    lightgbm_train(b, &l);
    lightgbm_ok(&l, l.BoosterPredictForMatSingleRowFastInit(l.booster, PREDICT_RAW, 0, -1, FLOAT32,
                                                            FEATURES, LIGHTGBM_THREAD, &l.fast));
    measure(b, "gbt_single_lightgbm", lightgbm_single, &l, b->rows_n);
    measure(b, "gbt_batch_lightgbm", lightgbm_batch, &l, b->rows_n);
    measure(b, "gbt_explain_lightgbm", lightgbm_explain, &l, b->explain_n);
    lightgbm_ok(&l, l.FastConfigFree(l.fast));
    lightgbm_ok(&l, l.BoosterFree(l.booster));
    free(l.out);
}

int main(int argc, char **argv)
{
    bool is_tiny = argc > 1 && strcmp(argv[1], "--tiny") == 0;
    const char *lightgbm_path = argc > 1 + is_tiny ? argv[1 + is_tiny] : NULL;
    bench b = {.train_n = is_tiny ? 600 : 100000,
               .rows_n = is_tiny ? 100 : 4096,
               .explain_n = is_tiny ? 4 : 64,
               .runs_n = is_tiny ? 1 : 9,
               .trees_n = is_tiny ? 5 : 200};
    b.x = calloc(b.train_n, FEATURES * sizeof(float));
    b.label = calloc(b.train_n, sizeof(float));
    float *margins = calloc(b.rows_n, sizeof(float));
    if (!b.x || !b.label || !margins)
        die("out of memory");
    make_rows(&b);
    train_ours(&b);
    measure(&b, "gbt_single_ours", ours_single, NULL, b.rows_n);
    measure(&b, "gbt_batch_ours", ours_batch, margins, b.rows_n);
    measure(&b, "gbt_explain_ours", ours_explain, NULL, b.explain_n);
    bench_xgboost(&b);
    if (lightgbm_path)
        bench_lightgbm(&b, lightgbm_path);
    printf("{\"name\":\"gbt_checksum\",\"value\":%.9g,\"nodes\":%zu}\n", b.checksum,
           tw_gbt_nodes_n(b.gbt));
    ok(XGBoosterFree(b.booster));
    tw_gbt_free(b.gbt);
    free(b.x);
    free(b.label);
    free(margins);
    return 0;
}
