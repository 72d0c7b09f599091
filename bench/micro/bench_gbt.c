// SPDX-License-Identifier: Apache-2.0
//
// Boosted trees: margin of one row at a time, batches by each code path, TreeSHAP. Complete trees
// with random splits, the worst case for walking; 64 inputs and those of the product (120). Prints
// JSON lines; times are best and median of several runs after a warm-up, in processor time of the
// one thread; ratio is the portable path's best over this one's; the checksum is equal for all code
// paths.
//
//   bench_gbt [--tiny]     --tiny only shows that it works
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "../../tests/unit/gbt_random.h"
#include "../../tests/unit/model_data.h"

#define RUNS_MAX 31

typedef struct bench {
    size_t rows_n, runs_n, inputs_n;
    float *x, *out; // [rows_n][inputs_n], [rows_n]
    const tw_gbt *gbt;
    uint32_t depth;
    const char *missing;
    double portable_ns; // best of the portable path
} bench;

static uint64_t cpu_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static int compare_u64(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

static void report(bench *b, const char *what, const char *path, uint64_t *ns, size_t rows_n,
                   double checksum)
{
    qsort(ns, b->runs_n, sizeof(*ns), compare_u64);
    double best = (double)ns[0] / (double)rows_n;
    if (strcmp(path, "portable") == 0)
        b->portable_ns = best;
    printf("{\"bench\":\"gbt\",\"case\":\"%s\",\"path\":\"%s\",\"trees\":%zu,\"depth\":%u,"
           "\"inputs\":%zu,\"missing\":\"%s\",\"rows\":%zu,\"runs\":%zu,\"ns_per_row_best\":%.1f,"
           "\"ns_per_row_median\":%.1f,\"ratio\":%.2f,\"checksum\":%.9g,\"compiler\":\"%s\"}\n",
           what, path, tw_gbt_trees_n(b->gbt), b->depth, b->inputs_n, b->missing, rows_n, b->runs_n,
           best, (double)ns[b->runs_n / 2] / (double)rows_n, b->portable_ns / best, checksum,
           __VERSION__);
}

static void bench_batch(bench *b, tw_gbt_path path)
{
    uint64_t ns[RUNS_MAX];
    double checksum = 0.0;
    for (size_t run = 0; run <= b->runs_n; run++) { // run 0 is the warm-up
        uint64_t start = cpu_ns();
        tw_gbt_margins(b->gbt, path, b->x, b->rows_n, b->inputs_n, b->out);
        ns[run ? run - 1 : 0] = cpu_ns() - start;
    }
    for (size_t i = 0; i < b->rows_n; i++)
        checksum += (double)b->out[i];
    report(b, "batch", tw_gbt_path_name(path), ns, b->rows_n, checksum);
}

// Row by row: batches of one, so that the path can be chosen.
static void bench_single(bench *b, tw_gbt_path path)
{
    uint64_t ns[RUNS_MAX];
    double checksum = 0.0;
    for (size_t run = 0; run <= b->runs_n; run++) {
        uint64_t start = cpu_ns();
        checksum = 0.0;
        for (size_t i = 0; i < b->rows_n; i++) {
            tw_gbt_margins(b->gbt, path, b->x + i * b->inputs_n, 1, b->inputs_n, b->out);
            checksum += (double)b->out[0];
        }
        ns[run ? run - 1 : 0] = cpu_ns() - start;
    }
    report(b, "single", tw_gbt_path_name(path), ns, b->rows_n, checksum);
}

static void bench_explain(bench *b)
{
    uint64_t ns[RUNS_MAX];
    double checksum = 0.0, out[TW_GBT_INPUTS_MAX], expected = 0.0;
    size_t rows_n = TW_MIN(b->rows_n, (size_t)256);
    for (size_t run = 0; run <= b->runs_n; run++) {
        uint64_t start = cpu_ns();
        checksum = 0.0;
        for (size_t i = 0; i < rows_n; i++) {
            tw_gbt_explain(b->gbt, b->x + i * b->inputs_n, out, &expected);
            checksum += expected + out[i % b->inputs_n];
        }
        ns[run ? run - 1 : 0] = cpu_ns() - start;
    }
    report(b, "explain", "best", ns, rows_n, checksum);
}

static void bench_model(bench *b, size_t inputs_n, uint32_t depth, bool is_missing)
{
    gbt_random_options o = {.trees_n = 200,
                            .inputs_n = inputs_n,
                            .depth = depth,
                            .cuts_n = 200,
                            .nodes_max = (size_t)2 << depth,
                            .seed = 11};
    tw_gbt *gbt = gbt_random_new(&o);
    b->gbt = gbt;
    b->inputs_n = inputs_n;
    b->depth = depth;
    b->missing = is_missing ? "some" : "none";
    b->x = calloc(b->rows_n * inputs_n, sizeof(float));
    if (!b->x)
        exit(1);
    model_data_fill(b->x, b->rows_n, inputs_n, 7);
    for (size_t i = 0; i < b->rows_n * inputs_n && !is_missing; i++)
        b->x[i] = isnan(b->x[i]) ? 3.0f : b->x[i];
    for (tw_gbt_path path = TW_GBT_PATH_PORTABLE; path < TW_GBT_PATH_N; path++)
        if (tw_gbt_path_is_supported(path))
            bench_single(b, path);
    for (tw_gbt_path path = TW_GBT_PATH_PORTABLE; path < TW_GBT_PATH_N; path++)
        if (tw_gbt_path_is_supported(path))
            bench_batch(b, path);
    bench_explain(b);
    free(b->x);
    tw_gbt_free(gbt);
}

int main(int argc, char **argv)
{
    bench b = {.rows_n = 16384, .runs_n = 11};
    if (argc == 2 && strcmp(argv[1], "--tiny") == 0) {
        b.rows_n = 130;
        b.runs_n = 1;
    } else if (argc != 1) {
        fprintf(stderr, "usage: bench_gbt [--tiny]\n");
        return 2;
    }
    b.out = calloc(b.rows_n, sizeof(float));
    if (!b.out)
        return 1;
    bench_model(&b, 64, 6, false);
    bench_model(&b, 64, 6, true);
    bench_model(&b, 120, 6, true);
    bench_model(&b, 120, 8, true);
    free(b.out);
    return 0;
}
