// SPDX-License-Identifier: Apache-2.0
//
// Trains an isolation forest on one matrix and scores another, for comparisons of quality. Matrices
// are .npy files, float32, two dimensions, C order, without a label. Writes one score a line to the
// output and one JSON line with the processor times to standard output.
//
//   iforest_apply TRAIN.npy TEST.npy SCORES.txt [--seed N] [--trees N] [--sample N]
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/str.h"
#include "model/iforest.h"

#define CELLS_MAX ((size_t)1 << 30)

typedef struct matrix {
    float *x;
    size_t rows_n, features_n;
} matrix;

// The shape out of a header such as {'descr': '<f4', 'fortran_order': False, 'shape': (3, 15), }.
static bool parse_header(const char *header, matrix *m)
{
    const char *shape = strstr(header, "'shape': (");
    return strstr(header, "'<f4'") && strstr(header, "'fortran_order': False") && shape &&
           sscanf(shape, "'shape': (%zu, %zu)", &m->rows_n, &m->features_n) == 2 && m->rows_n > 0 &&
           m->features_n > 0 && m->rows_n <= CELLS_MAX / m->features_n;
}

static bool read_matrix(const char *path, matrix *m)
{
    FILE *file = fopen(path, "rb");
    uint8_t head[10];
    char header[512] = "";
    bool is_good = file && fread(head, 1, sizeof(head), file) == sizeof(head) &&
                   memcmp(head, "\x93NUMPY\x01", 7) == 0;
    size_t header_bytes = is_good ? (size_t)head[8] | (size_t)head[9] << 8 : 0;
    is_good = is_good && header_bytes < sizeof(header) &&
              fread(header, 1, header_bytes, file) == header_bytes && parse_header(header, m);
    if (is_good) {
        size_t cells = m->rows_n * m->features_n;
        m->x = tw_new_array(tw_alloc_system(), cells, sizeof(float));
        is_good = m->x && fread(m->x, sizeof(float), cells, file) == cells;
    }
    if (file)
        fclose(file);
    if (!is_good)
        fprintf(stderr, "%s: not a float32 matrix in .npy format 1\n", path);
    return is_good;
}

static bool parse_options(int argc, char **argv, tw_iforest_options *o)
{
    for (int i = 4; i + 1 < argc; i += 2) {
        int64_t value = 0;
        if (!tw_str_to_i64(tw_str_from(argv[i + 1]), &value) || value < 0 || value > UINT32_MAX)
            return false;
        if (strcmp(argv[i], "--seed") == 0)
            o->seed = (uint64_t)value;
        else if (strcmp(argv[i], "--trees") == 0)
            o->trees_n = (uint32_t)value;
        else if (strcmp(argv[i], "--sample") == 0)
            o->sample_n = (uint32_t)value;
        else
            return false;
    }
    return argc >= 4 && argc % 2 == 0;
}

static double cpu_s(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static int apply(const matrix *train, const matrix *test, const tw_iforest_options *o, FILE *out)
{
    tw_iforest *forest = NULL;
    tw_err err;
    double start = cpu_s();
    if (tw_iforest_train(tw_alloc_system(), train->x, train->rows_n, train->features_n, o, &forest,
                         &err) != TW_OK) {
        fprintf(stderr, "%s\n", err.text);
        return 1;
    }
    double *scores = tw_new_array(tw_alloc_system(), test->rows_n, sizeof(double));
    if (!scores)
        return 1;
    double trained = cpu_s();
    tw_iforest_scores(forest, test->x, test->rows_n, test->features_n, scores);
    double scored = cpu_s();
    for (size_t i = 0; i < test->rows_n; i++)
        fprintf(out, "%.17g\n", scores[i]);
    printf("{\"train_s\":%.6f,\"score_s\":%.6f,\"rows\":%zu,\"features\":%zu}\n", trained - start,
           scored - trained, test->rows_n, test->features_n);
    tw_free_array(tw_alloc_system(), scores, test->rows_n, sizeof(double));
    tw_iforest_free(forest);
    return 0;
}

int main(int argc, char **argv)
{
    tw_iforest_options o = tw_iforest_options_default();
    if (!parse_options(argc, argv, &o)) {
        fprintf(stderr, "usage: iforest_apply TRAIN.npy TEST.npy SCORES.txt [--seed N] [--trees N] "
                        "[--sample N]\n");
        return 2;
    }
    matrix train = {0}, test = {0};
    if (!read_matrix(argv[1], &train) || !read_matrix(argv[2], &test))
        return 1;
    if (train.features_n != test.features_n) {
        fprintf(stderr, "the matrices have %zu and %zu columns\n", train.features_n,
                test.features_n);
        return 1;
    }
    FILE *out = fopen(argv[3], "w");
    if (!out) {
        perror(argv[3]);
        return 1;
    }
    int failed = apply(&train, &test, &o, out);
    tw_free_array(tw_alloc_system(), train.x, train.rows_n * train.features_n, sizeof(float));
    tw_free_array(tw_alloc_system(), test.x, test.rows_n * test.features_n, sizeof(float));
    return fclose(out) == 0 ? failed : 1;
}
