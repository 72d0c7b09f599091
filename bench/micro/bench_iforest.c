// SPDX-License-Identifier: Apache-2.0
//
// Isolation forest: training time, one row at a time, batches by each code path, attributions.
// Prints JSON lines; times are best and median of several runs after a warm-up, in processor time
// of the one thread, so that other work on the machine counts little; the checksum of scores is the
// sum of path lengths, equal for all code paths. Quality is compared by
// bench/baseline/iforest_compare.py.
//
//   bench_iforest [--tiny]     --tiny only shows that it works
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/rng.h"
#include "model/iforest.h"

#define FEATURES 64
#define RUNS_MAX 31

typedef struct bench {
    size_t rows_n, runs_n;
    float *x; // [rows_n][FEATURES]
    uint32_t *depths;
    uint64_t trees_n, sample_n;
} bench;

static uint64_t cpu_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

// Rows like those of the feature engine: money with a heavy tail, counts, rates that are mostly
// zero, times of day, and 5 % missing.
static void make_rows(float *x, size_t rows_n)
{
    tw_rng rng;
    tw_rng_init(&rng, 7, 0);
    for (size_t i = 0; i < rows_n; i++) {
        for (size_t f = 0; f < FEATURES; f++) {
            double u = tw_rng_unit(&rng), v;
            if (f % 4 == 0)
                v = 5.0 / (1.0 - u * 0.9999);
            else if (f % 4 == 1)
                v = (double)(int)(12.0 * u * u * u);
            else if (f % 4 == 2)
                v = u < 0.9 ? 0.0 : u - 0.9;
            else
                v = 24.0 * u;
            x[i * FEATURES + f] = tw_rng_below(&rng, 20) == 0 ? (float)(0.0 / (u - u)) : (float)v;
        }
    }
}

static int compare_u64(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

static void report(const bench *b, const char *what, const char *path, uint64_t *ns, double per,
                   const char *unit, uint64_t checksum)
{
    qsort(ns, b->runs_n, sizeof(*ns), compare_u64);
    printf("{\"bench\":\"iforest\",\"case\":\"%s\",\"path\":\"%s\",\"trees\":%llu,\"sample\":%llu,"
           "\"features\":%d,\"rows\":%zu,\"runs\":%zu,\"%s_best\":%.2f,\"%s_median\":%.2f,"
           "\"checksum\":%llu,\"compiler\":\"%s\"}\n",
           what, path, (unsigned long long)b->trees_n, (unsigned long long)b->sample_n, FEATURES,
           b->rows_n, b->runs_n, unit, (double)ns[0] / per, unit, (double)ns[b->runs_n / 2] / per,
           (unsigned long long)checksum, __VERSION__);
}

static void bench_single(const bench *b, const tw_iforest *forest)
{
    uint64_t ns[RUNS_MAX], checksum = 0;
    for (size_t run = 0; run <= b->runs_n; run++) { // run 0 is the warm-up
        uint64_t start = cpu_ns();
        double sum = 0.0;
        for (size_t i = 0; i < b->rows_n; i++)
            sum += tw_iforest_score(forest, b->x + i * FEATURES);
        checksum = (uint64_t)sum;
        ns[run ? run - 1 : 0] = cpu_ns() - start;
    }
    report(b, "single", "best", ns, (double)b->rows_n, "ns_per_row", checksum);
}

static void bench_batch(const bench *b, const tw_iforest *forest, tw_iforest_path path)
{
    uint64_t ns[RUNS_MAX], checksum = 0;
    for (size_t run = 0; run <= b->runs_n; run++) {
        uint64_t start = cpu_ns();
        tw_iforest_depths(forest, path, b->x, b->rows_n, FEATURES, b->depths);
        ns[run ? run - 1 : 0] = cpu_ns() - start;
    }
    for (size_t i = 0; i < b->rows_n; i++)
        checksum += b->depths[i];
    report(b, "batch", tw_iforest_path_name(path), ns, (double)b->rows_n, "ns_per_row", checksum);
}

static void bench_explain(const bench *b, const tw_iforest *forest)
{
    uint64_t ns[RUNS_MAX], checksum = 0;
    size_t rows = TW_MIN(b->rows_n, (size_t)64);
    double out[FEATURES], expected = 0.0;
    for (size_t run = 0; run <= b->runs_n; run++) {
        uint64_t start = cpu_ns();
        checksum = 0;
        for (size_t i = 0; i < rows; i++) {
            tw_iforest_explain(forest, b->x + i * FEATURES, out, &expected);
            checksum += (uint64_t)(1e6 * (expected + out[i % FEATURES]));
        }
        ns[run ? run - 1 : 0] = cpu_ns() - start;
    }
    report(b, "explain", "portable", ns, (double)rows * 1e3, "us_per_row", checksum);
}

static tw_iforest *bench_train(const bench *b, const tw_iforest_options *options)
{
    uint64_t ns[RUNS_MAX];
    tw_iforest *forest = NULL;
    for (size_t run = 0; run <= b->runs_n; run++) {
        tw_iforest_free(forest);
        uint64_t start = cpu_ns();
        tw_err err;
        if (tw_iforest_train(tw_alloc_system(), b->x, b->rows_n, FEATURES, options, &forest,
                             &err)) {
            fprintf(stderr, "%s\n", err.text);
            exit(1);
        }
        ns[run ? run - 1 : 0] = cpu_ns() - start;
    }
    report(b, options->pool_n < b->rows_n ? "train_small_pool" : "train", "portable", ns, 1e6, "ms",
           tw_iforest_nodes_n(forest));
    return forest;
}

static void bench_forest(bench *b, uint32_t trees_n, uint32_t sample_n)
{
    tw_iforest_options options = tw_iforest_options_default();
    options.trees_n = trees_n;
    options.sample_n = sample_n;
    options.pool_n = TW_MAX(sample_n, 4096u);
    b->trees_n = trees_n;
    b->sample_n = sample_n;
    tw_iforest_free(bench_train(b, &options));
    options.pool_n = tw_iforest_options_default().pool_n;
    tw_iforest *forest = bench_train(b, &options);
    bench_single(b, forest);
    for (tw_iforest_path path = TW_IFOREST_PORTABLE; path < TW_IFOREST_PATH_N; path++)
        if (tw_iforest_path_is_supported(path))
            bench_batch(b, forest, path);
    bench_explain(b, forest);
    tw_iforest_free(forest);
}

int main(int argc, char **argv)
{
    bench b = {.rows_n = 65536, .runs_n = 11};
    if (argc == 2 && strcmp(argv[1], "--tiny") == 0) {
        b.rows_n = 300;
        b.runs_n = 1;
    } else if (argc != 1) {
        fprintf(stderr, "usage: bench_iforest [--tiny]\n");
        return 2;
    }
    b.x = tw_new_array(tw_alloc_system(), b.rows_n * FEATURES, sizeof(float));
    b.depths = tw_new_array(tw_alloc_system(), b.rows_n, sizeof(uint32_t));
    if (!b.x || !b.depths)
        return 1;
    make_rows(b.x, b.rows_n);
    bench_forest(&b, 100, 256);
    bench_forest(&b, 100, 2048);
    tw_free_array(tw_alloc_system(), b.x, b.rows_n * FEATURES, sizeof(float));
    tw_free_array(tw_alloc_system(), b.depths, b.rows_n, sizeof(uint32_t));
    return 0;
}
