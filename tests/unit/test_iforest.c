// SPDX-License-Identifier: Apache-2.0
//
// The isolation forest against a plain reimplementation that knows only the bytes of its section:
// path lengths, code paths, determinism, ranks, attributions (against Shapley's definition),
// missing and extreme values, options, and that scoring allocates nothing.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <stdlib.h>

#include "model/iforest.h"
#include "model_data.h"

#define SEED 20260105u

// --- the plain form ---

typedef struct plain_node {
    int threshold, slot, child, count;
} plain_node;

typedef struct plain {
    uint32_t features_n, trees_n, sample_n, height, nodes_n;
    float centre[TW_IFOREST_FEATURES_MAX];
    uint32_t start[TW_IFOREST_TREES_MAX + 1];
    plain_node *nodes;
} plain;

static plain *plain_read(const tw_iforest *forest)
{
    tw_buf buf;
    tw_buf_init(&buf, tw_alloc_system(), (size_t)64 << 20);
    tw_iforest_write(forest, &buf);
    assert_int_equal(buf.status, TW_OK);
    tw_reader r;
    tw_reader_init(&r, buf.data_own, buf.bytes);
    plain *p = calloc(1, sizeof(*p));
    assert_int_equal(tw_read_u32(&r), 1);
    p->features_n = tw_read_u32(&r);
    p->trees_n = tw_read_u32(&r);
    p->sample_n = tw_read_u32(&r);
    p->height = tw_read_u32(&r);
    p->nodes_n = tw_read_u32(&r);
    tw_read_u64(&r);
    for (uint32_t f = 0; f < p->features_n; f++)
        p->centre[f] = tw_read_f32(&r);
    for (uint32_t t = 0; t < p->trees_n; t++)
        p->start[t + 1] = p->start[t] + tw_read_u16(&r);
    p->nodes = calloc(p->nodes_n, sizeof(*p->nodes));
    for (uint32_t i = 0; i < p->nodes_n; i++) {
        plain_node *node = &p->nodes[i];
        node->threshold = (int16_t)tw_read_u16(&r);
        node->slot = tw_read_u8(&r);
        node->child = tw_read_u8(&r);
        node->count = tw_read_u16(&r);
    }
    assert_int_equal(r.status, TW_OK);
    tw_buf_release(&buf);
    return p;
}

static void plain_free(plain *p)
{
    free(p->nodes);
    free(p);
}

static double c_of(int n)
{
    double h = 0.0;
    for (int i = 1; i < n; i++)
        h += 1.0 / i;
    return n < 2 ? 0.0 : 2.0 * h - 2.0 * (n - 1) / n;
}

// By the definition: the threshold is a float whose lower 16 bits are zero, and a value is above it
// when it is at least the next such float. Missing goes by the slot.
static bool plain_goes_right(const plain *p, const plain_node *node, const float *row)
{
    uint32_t feature = (uint32_t)node->slot % p->features_n;
    if (isnan(row[feature]))
        return (uint32_t)node->slot >= p->features_n;
    float d = row[feature] - p->centre[feature];
    int code = 0;
    if (d != 0.0f) {
        uint32_t bits;
        memcpy(&bits, &d, 4);
        code = (int)(bits >> 16 & 0x7fff);
        code = d < 0.0f ? -code : code;
    }
    return code > node->threshold;
}

static uint32_t leaf_value(int depth, int count)
{
    return (uint32_t)(((double)depth + c_of(count)) * 2048.0 + 0.5);
}

static uint32_t plain_depth(const plain *p, const float *row)
{
    uint32_t sum = 0;
    for (uint32_t t = 0; t < p->trees_n; t++) {
        const plain_node *node = &p->nodes[p->start[t]];
        int depth = 0;
        while (node->child) {
            node += node->child + (plain_goes_right(p, node, row) ? 1 : 0);
            depth++;
        }
        sum += leaf_value(depth, node->count);
    }
    return sum;
}

// --- helpers ---

static tw_iforest_options small_options(void)
{
    tw_iforest_options o = tw_iforest_options_default();
    o.trees_n = 37;
    o.sample_n = 256;
    o.pool_n = 2000;
    return o;
}

static tw_iforest *train(const float *x, size_t rows_n, size_t features_n,
                         const tw_iforest_options *options)
{
    tw_iforest *forest = NULL;
    tw_err err = {0};
    if (tw_iforest_train(tw_alloc_system(), x, rows_n, features_n, options, &forest, &err) != TW_OK)
        fail_msg("%s", err.text);
    return forest;
}

static float *rows_new(size_t rows_n, size_t features_n, uint64_t seed)
{
    float *x = malloc(rows_n * features_n * sizeof(float));
    assert_non_null(x);
    model_data_fill(x, rows_n, features_n, seed);
    return x;
}

static tw_buf bytes_of(const tw_iforest *forest)
{
    tw_buf buf;
    tw_buf_init(&buf, tw_alloc_system(), (size_t)64 << 20);
    tw_iforest_write(forest, &buf);
    assert_int_equal(buf.status, TW_OK);
    return buf;
}

// --- tests ---

static void every_path_equals_the_plain_form(void **state)
{
    (void)state;
    static const size_t widths[] = {1, 3, 15, 16, 17, 64, 65, 128};
    for (size_t w = 0; w < TW_COUNT(widths); w++) {
        size_t n = 3000, p_n = widths[w], stride = p_n + w % 3;
        float *x = rows_new(n, p_n, SEED + w), *padded = calloc(n * stride, sizeof(float));
        for (size_t i = 0; i < n; i++)
            memcpy(padded + i * stride, x + i * p_n, p_n * sizeof(float));
        tw_iforest_options o = small_options();
        o.trees_n = w % 2 ? 100 : 17;
        tw_iforest *forest = train(x, n, p_n, &o);
        plain *p = plain_read(forest);
        uint32_t *depths = calloc(n, sizeof(uint32_t));
        double *scores = calloc(n, sizeof(double));
        tw_iforest_scores(forest, padded, n, stride, scores);
        for (tw_iforest_path path = TW_IFOREST_BEST; path < TW_IFOREST_PATH_N; path++) {
            if (!tw_iforest_path_is_supported(path)) {
                print_message("skipped: no %s here\n", tw_iforest_path_name(path));
                continue;
            }
            // Lengths that are no multiple of a block, and a block that begins anywhere.
            tw_iforest_depths(forest, path, padded, 1, stride, depths);
            tw_iforest_depths(forest, path, padded + stride, n - 1, stride, depths + 1);
            for (size_t i = 0; i < n; i++)
                assert_int_equal(depths[i], plain_depth(p, x + i * p_n));
        }
        for (size_t i = 0; i < n; i++) {
            assert_int_equal(depths[i], tw_iforest_depth(forest, x + i * p_n));
            double score = tw_iforest_score(forest, x + i * p_n);
            assert_true(score == scores[i]);
            double expected =
                pow(2.0, -(double)depths[i] / (2048.0 * o.trees_n) / c_of((int)p->sample_n));
            assert_true(fabs(score - expected) < 1e-14);
        }
        plain_free(p);
        tw_iforest_free(forest);
        free(depths);
        free(scores);
        free(padded);
        free(x);
    }
}

static void a_seed_gives_one_forest_and_trees_do_not_depend_on_each_other(void **state)
{
    (void)state;
    float *x = rows_new(2500, 9, SEED);
    tw_iforest_options o = small_options();
    tw_iforest *a = train(x, 2500, 9, &o), *b = train(x, 2500, 9, &o);
    o.trees_n = 11;
    tw_iforest *fewer = train(x, 2500, 9, &o);
    o.seed++;
    tw_iforest *other = train(x, 2500, 9, &o);
    tw_buf ba = bytes_of(a), bb = bytes_of(b), bf = bytes_of(fewer), bo = bytes_of(other);
    assert_int_equal(ba.bytes, bb.bytes);
    assert_memory_equal(ba.data_own, bb.data_own, ba.bytes);
    assert_false(bf.bytes == bo.bytes && memcmp(bf.data_own, bo.data_own, bf.bytes) == 0);
    plain *pa = plain_read(a), *pf = plain_read(fewer);
    assert_memory_equal(pa->start, pf->start, 12 * sizeof(uint32_t));
    assert_memory_equal(pa->nodes, pf->nodes, pf->nodes_n * sizeof(plain_node));
    plain_free(pa);
    plain_free(pf);
    tw_buf_release(&ba);
    tw_buf_release(&bb);
    tw_buf_release(&bf);
    tw_buf_release(&bo);
    tw_iforest_free(a);
    tw_iforest_free(b);
    tw_iforest_free(fewer);
    tw_iforest_free(other);
    free(x);
}

static void what_is_read_is_what_was_written(void **state)
{
    (void)state;
    float *x = rows_new(1500, 7, SEED);
    tw_iforest_options o = small_options();
    tw_iforest *a = train(x, 1500, 7, &o), *b = NULL;
    tw_buf buf = bytes_of(a);
    assert_int_equal(tw_iforest_read(tw_alloc_system(), buf.data_own, buf.bytes, &b, NULL), TW_OK);
    tw_buf again = bytes_of(b);
    assert_int_equal(buf.bytes, again.bytes);
    assert_memory_equal(buf.data_own, again.data_own, buf.bytes);
    for (size_t i = 0; i < 1500; i++) {
        double score = tw_iforest_score(a, x + i * 7);
        assert_true(score == tw_iforest_score(b, x + i * 7));
        assert_true(tw_iforest_rank(a, score) == tw_iforest_rank(b, score));
    }
    tw_buf_release(&buf);
    tw_buf_release(&again);
    tw_iforest_free(a);
    tw_iforest_free(b);
    free(x);
}

static void small_forests_have_the_path_lengths_of_the_paper(void **state)
{
    (void)state;
    float two[] = {0.0f, 1.0f};
    tw_iforest_options o = small_options();
    tw_iforest *forest = train(two, 2, 1, &o); // one cut, then leaves of one row: h = 1 = c(2)
    assert_int_equal(tw_iforest_depth(forest, two), 2048 * o.trees_n);
    assert_true(tw_iforest_score(forest, two) == 0.5);
    tw_iforest_free(forest);
    float same[300] = {0};
    forest = train(same, 300, 1, &o); // nothing to cut: a leaf of the whole sample, h = c(256)
    assert_int_equal(tw_iforest_depth(forest, same), leaf_value(0, 256) * o.trees_n);
    assert_int_equal(leaf_value(0, 256), (uint32_t)(10.248689925634562 * 2048 + 0.5));
    assert_true(fabs(tw_iforest_score(forest, same) - 0.5) < 1e-4);
    tw_iforest_free(forest);
}

static void the_odd_row_stands_out(void **state)
{
    (void)state;
    enum { N = 4000, P = 6 };
    float *x = calloc(N * P, sizeof(float));
    tw_rng rng;
    tw_rng_init(&rng, SEED, 1);
    for (size_t i = 0; i < N * P; i++)
        x[i] = (float)(tw_rng_unit(&rng) + tw_rng_unit(&rng) + tw_rng_unit(&rng));
    for (size_t i = 0; i < N; i += 400) // 1 row in 400 has a tail that a forest can learn
        x[i * P + 3] = x[(i + 7) * P + 5] = (float)(i / 40 + 5);
    tw_iforest_options o = tw_iforest_options_default();
    tw_iforest *forest = train(x, N, P, &o);
    float odd[P], more[P];
    for (int f = 0; f < P; f++) {
        odd[f] = 1.5f;
        more[f] = 1.5f;
    }
    odd[3] = 60.0f;
    more[3] = 60.0f;
    more[5] = 60.0f;
    double score = tw_iforest_score(forest, odd), higher = tw_iforest_score(forest, more);
    assert_true(tw_iforest_rank(forest, score) > 0.98);
    assert_true(higher > score && tw_iforest_rank(forest, higher) > tw_iforest_rank(forest, score));
    double out[P], expected;
    tw_iforest_explain(forest, odd, out, &expected);
    for (int f = 0; f < P; f++)
        assert_true(f == 3 || out[f] < out[3]);
    tw_iforest_free(forest);
    free(x);
}

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void ranks_are_the_pools_shares_and_rise_to_the_end(void **state)
{
    (void)state;
    static const size_t sizes[] = {2, 3, 511, 513, 1023, 1025, 20000};
    for (size_t s = 0; s < TW_COUNT(sizes); s++) {
        size_t n = sizes[s];
        float *x = rows_new(n, 8, SEED + s);
        tw_iforest_options o = small_options();
        o.pool_n = 65536;
        tw_iforest *forest = train(x, n, 8, &o);
        double *scores = calloc(n, sizeof(double));
        tw_iforest_scores(forest, x, n, 8, scores);
        qsort(scores, n, sizeof(double), ascending);
        double before = -1.0;
        for (size_t i = 0; i < n; i++) {
            size_t last = i;
            while (last + 1 < n && scores[last + 1] == scores[i])
                last++;
            double rank = tw_iforest_rank(forest, scores[i]);
            double share = ((double)i + (double)(last - i + 1) / 2.0) / (double)n;
            assert_true(rank > before && rank >= 0.0 && rank <= 1.0);
            assert_true(fabs(rank - share) <= 1.0 / 400.0);
            if (n == 20000 && share > 0.999) // the tail to a tenth of what is left
                assert_true(fabs(rank - share) <= 0.1 * (1.0 - share) + 1e-12);
            before = rank;
            i = last;
        }
        double beyond = tw_iforest_rank(forest, (scores[n - 1] + 1.0) / 2.0);
        assert_true(beyond > before && beyond < 1.0);
        assert_true(tw_iforest_rank(forest, 1.0) == 1.0 && tw_iforest_rank(forest, 0.0) == 0.0);
        tw_iforest_free(forest);
        free(scores);
        free(x);
    }
}

// --- attributions ---

// Expected path length of one tree when only the features in `known` are known: at other cuts both
// sides count by their training rows.
static double conditional(const plain *p, const plain_node *node, int depth, const float *row,
                          uint32_t known)
{
    if (!node->child)
        return (double)leaf_value(depth, node->count);
    const plain_node *left = node + node->child, *right = left + 1;
    if (known >> ((uint32_t)node->slot % p->features_n) & 1)
        return conditional(p, plain_goes_right(p, node, row) ? right : left, depth + 1, row, known);
    return (conditional(p, left, depth + 1, row, known) * left->count +
            conditional(p, right, depth + 1, row, known) * right->count) /
           node->count;
}

static double forest_given(const plain *p, const float *row, uint32_t known)
{
    double sum = 0.0;
    for (uint32_t t = 0; t < p->trees_n; t++)
        sum += conditional(p, &p->nodes[p->start[t]], 0, row, known);
    return sum;
}

static double factorial(uint32_t n)
{
    double f = 1.0;
    for (uint32_t i = 2; i <= n; i++)
        f *= i;
    return f;
}

static void attributions_are_shapley_values(void **state)
{
    (void)state;
    enum { N = 800, P = 5 };
    float *x = rows_new(N, P, SEED);
    tw_iforest_options o = small_options();
    o.trees_n = 9;
    o.tree_features_n = P; // the same feature many times on a path
    tw_iforest *forest = train(x, N, P, &o);
    plain *p = plain_read(forest);
    for (size_t i = 0; i < 60; i++) {
        const float *row = x + i * P;
        double given[1 << P], out[P], expected;
        for (uint32_t s = 0; s < 1u << P; s++)
            given[s] = forest_given(p, row, s);
        tw_iforest_explain(forest, row, out, &expected);
        double score = tw_iforest_score(forest, row);
        double scale = (score - expected) / (given[(1 << P) - 1] - given[0]);
        for (uint32_t f = 0; f < P; f++) {
            double phi = 0.0;
            for (uint32_t s = 0; s < 1u << P; s++) {
                uint32_t size = (uint32_t)__builtin_popcount(s);
                if (!(s >> f & 1))
                    phi += factorial(size) * factorial(P - size - 1) / factorial(P) *
                           (given[s | 1u << f] - given[s]);
            }
            assert_true(fabs(out[f] - phi * scale) < 1e-9);
        }
    }
    plain_free(p);
    tw_iforest_free(forest);
    free(x);
}

static void attributions_add_up_to_the_score(void **state)
{
    (void)state;
    enum { N = 1000, P = 40 };
    float *x = rows_new(N, P, SEED);
    tw_iforest_options o = tw_iforest_options_default();
    tw_iforest *forest = train(x, N, P, &o);
    for (size_t i = 0; i < N; i++) {
        double out[P], sum, first = 0.0;
        tw_iforest_explain(forest, x + i * P, out, &sum);
        if (i == 0)
            first = sum;
        assert_true(i > 0 || first > 0.3);
        for (int f = 0; f < P; f++)
            sum += out[f];
        assert_true(fabs(sum - tw_iforest_score(forest, x + i * P)) < 1e-12);
    }
    tw_iforest_free(forest);
    free(x);
}

// --- edges ---

static void rows_of_nothing_but_missing_values_score(void **state)
{
    (void)state;
    enum { N = 500, P = 3 };
    float x[N * P], nan_row[P] = {NAN, NAN, NAN};
    for (size_t i = 0; i < N; i++) {
        x[i * P] = NAN; // never known
        x[i * P + 1] = i % 2 ? NAN : (float)i;
        x[i * P + 2] = (float)(i % 10);
    }
    tw_iforest_options o = small_options();
    o.tree_features_n = P;
    tw_iforest *forest = train(x, N, P, &o);
    double score = tw_iforest_score(forest, nan_row);
    assert_true(score > 0.0 && score < 1.0);
    plain *p = plain_read(forest);
    for (uint32_t i = 0; i < p->nodes_n; i++)
        assert_false(p->nodes[i].child && (uint32_t)p->nodes[i].slot % P == 0);
    plain_free(p);
    tw_iforest_free(forest);
}

static void a_feature_without_weight_is_never_cut(void **state)
{
    (void)state;
    float *x = rows_new(1000, 6, SEED), weights[] = {1, 0, 2, 0.5f, 0, 1};
    tw_iforest_options o = small_options();
    o.weights = weights;
    o.tree_features_n = 6;
    tw_iforest *forest = train(x, 1000, 6, &o);
    plain *p = plain_read(forest);
    size_t cuts[6] = {0};
    for (uint32_t i = 0; i < p->nodes_n; i++)
        if (p->nodes[i].child)
            cuts[p->nodes[i].slot % 6]++;
    assert_true(cuts[1] == 0 && cuts[4] == 0 && cuts[0] > 0 && cuts[2] > 0 && cuts[3] > 0);
    plain_free(p);
    tw_iforest_free(forest);
    free(x);
}

typedef struct source {
    size_t last, calls, fail_at;
} source;

static tw_status fetch(void *ctx, size_t row_idx, float *out)
{
    source *s = ctx;
    if (++s->calls == s->fail_at)
        return TW_IO;
    assert_true(s->calls == 1 || row_idx > s->last);
    s->last = row_idx;
    out[0] = (float)(row_idx % 100);
    out[1] = (float)(row_idx / 100);
    return TW_OK;
}

static void rows_are_fetched_once_each_in_order(void **state)
{
    (void)state;
    tw_iforest_options o = small_options();
    source s = {0};
    tw_iforest *forest = NULL;
    assert_int_equal(
        tw_iforest_train_rows(tw_alloc_system(), fetch, &s, 1000003, 2, &o, &forest, NULL), TW_OK);
    assert_int_equal(s.calls, o.pool_n);
    assert_true(s.last > 990000 && s.last < 1000003);
    tw_iforest_free(forest);
    s = (source){.fail_at = 77};
    tw_err err = {0};
    assert_int_equal(
        tw_iforest_train_rows(tw_alloc_system(), fetch, &s, 5000, 2, &o, &forest, &err), TW_IO);
    assert_null(forest);
    assert_int_equal(err.status, TW_IO);
}

static void options_out_of_range_are_refused(void **state)
{
    (void)state;
    float x[20] = {0}, bad[2] = {1.0f, NAN}, none[2] = {0.0f, 0.0f};
    tw_iforest_options o[12];
    for (size_t i = 0; i < TW_COUNT(o); i++)
        o[i] = small_options();
    o[0].trees_n = 0;
    o[1].trees_n = TW_IFOREST_TREES_MAX + 1;
    o[2].sample_n = 1;
    o[3].sample_n = TW_IFOREST_SAMPLE_MAX + 1;
    o[4].height = 0;
    o[5].height = TW_IFOREST_HEIGHT_MAX + 1;
    o[6].pool_n = o[6].sample_n - 1;
    o[7].pool_n = TW_IFOREST_POOL_MAX + 1;
    o[8].weights = bad;
    o[9].weights = none;
    for (size_t i = 0; i < TW_COUNT(o); i++) {
        tw_iforest *forest = NULL;
        tw_err err = {0};
        size_t rows_n = i == 10 ? 1 : 10, features_n = i == 11 ? TW_IFOREST_FEATURES_MAX + 1 : 2;
        assert_int_equal(
            tw_iforest_train(tw_alloc_system(), x, rows_n, features_n, &o[i], &forest, &err),
            TW_INVALID);
        assert_null(forest);
        assert_true(err.status == TW_INVALID && err.text[0] != '\0');
    }
}

static void scoring_allocates_nothing(void **state)
{
    (void)state;
    float *x = rows_new(1000, 20, SEED);
    tw_alloc_faulty faulty;
    tw_alloc_faulty_init(&faulty, 0, false);
    tw_iforest_options o = small_options();
    tw_iforest *forest = NULL;
    assert_int_equal(tw_iforest_train(&faulty.alloc, x, 1000, 20, &o, &forest, NULL), TW_OK);
    uint64_t calls = faulty.calls;
    double out[20], expected, scores[1000];
    tw_iforest_scores(forest, x, 1000, 20, scores);
    for (size_t i = 0; i < 1000; i++) {
        (void)tw_iforest_rank(forest, tw_iforest_score(forest, x + i * 20));
        tw_iforest_explain(forest, x + i * 20, out, &expected);
    }
    assert_int_equal(faulty.calls, calls);
    tw_iforest_free(forest);
    assert_int_equal(faulty.live_blocks, 0);
    assert_int_equal(faulty.live_bytes, 0);
    free(x);
}

int main(void)
{
    print_message("seed %u\n", SEED);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_path_equals_the_plain_form),
        cmocka_unit_test(a_seed_gives_one_forest_and_trees_do_not_depend_on_each_other),
        cmocka_unit_test(what_is_read_is_what_was_written),
        cmocka_unit_test(small_forests_have_the_path_lengths_of_the_paper),
        cmocka_unit_test(the_odd_row_stands_out),
        cmocka_unit_test(ranks_are_the_pools_shares_and_rise_to_the_end),
        cmocka_unit_test(attributions_are_shapley_values),
        cmocka_unit_test(attributions_add_up_to_the_score),
        cmocka_unit_test(rows_of_nothing_but_missing_values_score),
        cmocka_unit_test(a_feature_without_weight_is_never_cut),
        cmocka_unit_test(rows_are_fetched_once_each_in_order),
        cmocka_unit_test(options_out_of_range_are_refused),
        cmocka_unit_test(scoring_allocates_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
