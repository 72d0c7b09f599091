// SPDX-License-Identifier: Apache-2.0
//
// Boosted trees: every code path, row and batch, gives the bits of a walk node by node, for trees
// of every depth and width; contributions equal an exponential reference and add up; what is
// written is read; what is no tree is refused.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>

#include "../../src/model/gbt_lanes.h"
#include "gbt_random.h"
#include "model_data.h"

#define SEED 17u
#define ROWS 200

static const gbt_random_options shapes[] = {
    {.trees_n = 1, .inputs_n = 1, .depth = 0, .cuts_n = 1, .nodes_max = 1},
    {.trees_n = 3, .inputs_n = 2, .depth = 1, .cuts_n = 3, .nodes_max = 3},
    {.trees_n = 17, .inputs_n = 5, .depth = 3, .leaf_percent = 20, .cuts_n = 10, .nodes_max = 15},
    {.trees_n = 200, .inputs_n = 64, .depth = 6, .cuts_n = 200, .nodes_max = 127},
    {.trees_n = 65,
     .inputs_n = 120,
     .depth = 6,
     .leaf_percent = 15,
     .cuts_n = 16,
     .nodes_max = 127},
    {.trees_n = 100,
     .inputs_n = 3,
     .depth = 6,
     .leaf_percent = 5,
     .cuts_n = 3000,
     .nodes_max = 127}, // several slots to an input
    {.trees_n = 90, .inputs_n = 250, .depth = 6, .cuts_n = 9, .nodes_max = 127},  // four registers
    {.trees_n = 90, .inputs_n = 1000, .depth = 6, .cuts_n = 9, .nodes_max = 127}, // no plan
    {.trees_n = 20, .inputs_n = 30, .depth = 8, .leaf_percent = 10, .cuts_n = 20, .nodes_max = 511},
    {.trees_n = 9, .inputs_n = 12, .depth = 16, .leaf_percent = 12, .cuts_n = 40, .nodes_max = 900},
    {.trees_n = 70, .inputs_n = 40, .depth = 5, .leaf_percent = 40, .cuts_n = 5, .nodes_max = 63},
};

static tw_gbt *make(size_t shape)
{
    gbt_random_options o = shapes[shape];
    o.seed = SEED + shape;
    o.base_margin = shape % 2 ? -2.75f : -0.0f;
    return gbt_random_new(&o);
}

static uint32_t bits_of(float v)
{
    uint32_t bits;
    memcpy(&bits, &v, sizeof(bits));
    return bits;
}

static void every_path_gives_the_bits_of_the_walk(void **state)
{
    (void)state;
    static const size_t batches[] = {0, 1, 63, 64, 65, 128, ROWS};
    for (size_t s = 0; s < TW_COUNT(shapes); s++) {
        size_t inputs_n = shapes[s].inputs_n, stride = inputs_n + s % 3;
        tw_gbt *gbt = make(s);
        float *x = calloc(ROWS * stride, sizeof(float)), out[ROWS];
        model_data_fill(x, ROWS, stride, SEED);
        for (size_t i = 0; i < ROWS * stride && i < 40 * stride; i++)
            x[i] =
                isnan(x[i]) ? 1.0f : x[i]; // rows without missing values have a path of their own
        for (tw_gbt_path path = TW_GBT_PATH_BEST; path < TW_GBT_PATH_N; path++) {
            if (!tw_gbt_path_is_supported(path))
                continue;
            for (size_t b = 0; b < TW_COUNT(batches); b++) {
                tw_gbt_margins(gbt, path, x, batches[b], stride, out);
                for (size_t i = 0; i < batches[b]; i++)
                    assert_int_equal(bits_of(out[i]),
                                     bits_of(gbt_naive_margin(gbt, x + i * stride)));
            }
            for (size_t i = 0; i < ROWS; i++) {
                tw_gbt_margins(gbt, path, x + i * stride, 1, stride, out);
                assert_int_equal(bits_of(out[0]), bits_of(gbt_naive_margin(gbt, x + i * stride)));
                assert_int_equal(bits_of(out[0]), bits_of(tw_gbt_margin(gbt, x + i * stride)));
            }
        }
        free(x);
        tw_gbt_free(gbt);
    }
}

// Thresholds themselves, the floats beside them, infinities and zeros of both signs.
static void values_at_the_thresholds_go_where_they_should(void **state)
{
    (void)state;
    static const int32_t left[] = {1, -1, 3, -1, -1}, right[] = {2, -1, 4, -1, -1};
    static const uint32_t input[5] = {0, 0, 0, 0, 0};
    static const bool missing_left[5] = {true, false, false, false, false};
    static const float value[] = {-0.0f, 1.0f, 2.5f, 2.0f, 4.0f}, cover[] = {4, 2, 2, 1, 1},
                       gain[5] = {1, 0, 1, 0, 0};
    const tw_gbt_tree tree = {left, right, input, value, missing_left, cover, gain, 5};
    tw_gbt *gbt = NULL;
    assert_int_equal(
        tw_gbt_new(tw_alloc_system(), &tree, 1, 1, TW_GBT_SQUARED_ERROR, 0.5f, &gbt, NULL), TW_OK);
    const float x[] = {-INFINITY, -1e-45f,
                       -0.0f,     0.0f,
                       1e-45f,    nextafterf(2.5f, 0.0f),
                       2.5f,      nextafterf(2.5f, 9.0f),
                       INFINITY,  NAN};
    const float expected[] = {1, 1, 2, 2, 2, 2, 4, 4, 4, 1};
    for (size_t i = 0; i < TW_COUNT(x); i++) {
        for (tw_gbt_path path = TW_GBT_PATH_BEST; path < TW_GBT_PATH_N; path++) {
            float many[64], out[64];
            for (int k = 0; k < 64; k++)
                many[k] = x[i];
            if (!tw_gbt_path_is_supported(path))
                continue;
            tw_gbt_margins(gbt, path, many, 64, 1, out);
            assert_true(out[0] == expected[i] + 0.5f && out[63] == out[0]);
        }
    }
    assert_true(tw_gbt_transform(gbt, 0.25f) == 0.25);
    tw_gbt_free(gbt);
}

// --- contributions ---

// Mean of a tree's leaves for a row of which only the inputs in `known` are known.
static double expected_value(const tw_gbt_tree *t, size_t node, const float *row, uint32_t known)
{
    if (t->left[node] < 0)
        return (double)t->value[node];
    size_t l = (size_t)t->left[node], r = (size_t)t->right[node];
    float x = row[t->input[node]];
    if (known >> t->input[node] & 1) {
        bool left = x != x ? t->missing_left[node] : x < t->value[node];
        return expected_value(t, left ? l : r, row, known);
    }
    double a = (double)t->cover[l], b = (double)t->cover[r];
    return (a * expected_value(t, l, row, known) + b * expected_value(t, r, row, known)) / (a + b);
}

// Shapley values by their definition: all subsets of the inputs.
static void naive_explain(const tw_gbt *gbt, const float *row, double *out, double *expected)
{
    size_t n = tw_gbt_inputs_n(gbt);
    double factorial[12] = {1.0};
    for (int i = 1; i < 12; i++)
        factorial[i] = factorial[i - 1] * i;
    *expected = (double)tw_gbt_base_margin(gbt);
    for (size_t i = 0; i < n; i++)
        out[i] = 0.0;
    for (size_t k = 0; k < tw_gbt_trees_n(gbt); k++) {
        tw_gbt_tree t;
        tw_gbt_tree_get(gbt, k, &t);
        double values[1 << 10];
        for (uint32_t known = 0; known < 1u << n; known++)
            values[known] = expected_value(&t, 0, row, known);
        *expected += values[0];
        for (uint32_t known = 0; known < 1u << n; known++) {
            int size = __builtin_popcount(known);
            for (size_t i = 0; i < n; i++)
                if (!(known >> i & 1))
                    out[i] += factorial[size] * factorial[n - 1 - (size_t)size] / factorial[n] *
                              (values[known | 1u << i] - values[known]);
        }
    }
}

static void contributions_are_shapley_values(void **state)
{
    (void)state;
    static const gbt_random_options small[] = {
        {.trees_n = 4, .inputs_n = 1, .depth = 6, .cuts_n = 9, .nodes_max = 40, .leaf_percent = 10},
        {.trees_n = 20, .inputs_n = 3, .depth = 6, .cuts_n = 9, .nodes_max = 127},
        {.trees_n = 35,
         .inputs_n = 8,
         .depth = 6,
         .cuts_n = 9,
         .nodes_max = 127,
         .leaf_percent = 9},
        {.trees_n = 20, .inputs_n = 8, .depth = 2, .cuts_n = 9, .nodes_max = 127},
        {.trees_n = 9, .inputs_n = 8, .depth = 8, .cuts_n = 9, .nodes_max = 200},
        {.trees_n = 5, .inputs_n = 10, .depth = 14, .cuts_n = 9, .nodes_max = 300},
    };
    for (size_t s = 0; s < TW_COUNT(small); s++) {
        gbt_random_options o = small[s];
        o.seed = SEED + s;
        o.base_margin = 0.75f;
        tw_gbt *gbt = gbt_random_new(&o);
        float x[6 * 10];
        model_data_fill(x, 6, o.inputs_n, SEED);
        for (size_t i = 0; i < 6; i++) {
            double naive[10], out[10], expected = 0.0, mean = 0.0;
            naive_explain(gbt, x + i * o.inputs_n, naive, &expected);
            tw_gbt_explain(gbt, x + i * o.inputs_n, out, &mean);
            assert_true(fabs(mean - expected) < 1e-9);
            for (size_t k = 0; k < o.inputs_n; k++)
                if (!(fabs(out[k] - naive[k]) < 2e-6))
                    fail_msg("shape %zu, row %zu, input %zu: %.9g, not %.9g", s, i, k, out[k],
                             naive[k]);
        }
        tw_gbt_free(gbt);
    }
}

static void contributions_have_the_same_bits_on_every_path(void **state)
{
    (void)state;
    for (size_t s = 0; s < TW_COUNT(shapes); s++) {
        tw_gbt *gbt = make(s);
        for (size_t g = 0; gbt->plan_own && g < gbt->plan_own->lanes_n; g++) {
            double out[TW_GBT_PATH_N][TW_GBT_INPUTS_MAX] = {{0}};
            uint64_t right[TWI_GBT_LANES];
            tw_rng rng;
            tw_rng_init(&rng, SEED, g);
            for (size_t k = 0; k < TWI_GBT_LANES; k++) { // padding never goes right
                size_t tree = TW_MIN(g * TWI_GBT_LANES + k, gbt->trees_n - 1);
                right[k] = tw_rng_u64(&rng);
                for (uint32_t p = 0; p < TWI_GBT_CHUNK; p++)
                    if (gbt->plan_own->split_cut[tree * TWI_GBT_CHUNK + p] == UINT8_MAX)
                        right[k] &= ~(UINT64_C(1) << p);
            }
            for (tw_gbt_path path = TW_GBT_PATH_PORTABLE; path < TW_GBT_PATH_N; path++) {
                if (!tw_gbt_path_is_supported(path))
                    continue;
                twi_gbt_lanes_explain(&gbt->plan_own->lanes[g], path, right, out[path]);
                assert_memory_equal(out[path], out[TW_GBT_PATH_PORTABLE], sizeof(out[path]));
            }
        }
        tw_gbt_free(gbt);
    }
}

static void contributions_add_up_to_the_margin(void **state)
{
    (void)state;
    for (size_t s = 0; s < TW_COUNT(shapes); s++) {
        size_t n = shapes[s].inputs_n;
        tw_gbt *gbt = make(s);
        float *x = calloc(20 * n, sizeof(float));
        model_data_fill(x, 20, n, SEED + 1);
        for (size_t i = 0; i < 20; i++) {
            double out[TW_GBT_INPUTS_MAX], sum = 0.0;
            tw_gbt_explain(gbt, x + i * n, out, &sum);
            for (size_t k = 0; k < n; k++)
                sum += out[k];
            double margin = (double)tw_gbt_margin(gbt, x + i * n);
            if (!(fabs(sum - margin) < 1e-5))
                fail_msg("shape %zu, row %zu: %.9g, not %.9g", s, i, sum, margin);
        }
        free(x);
        tw_gbt_free(gbt);
    }
}

// A side that no training row took has no share, which must not give a division by zero.
static void sides_without_cover_are_explained(void **state)
{
    (void)state;
    static const int32_t left[] = {1, -1, 3, -1, -1}, right[] = {2, -1, 4, -1, -1};
    static const uint32_t input[5] = {0, 0, 0, 0, 0};
    static const bool missing_left[5] = {false};
    static const float value[] = {1.0f, 1.0f, 2.0f, 2.0f, 4.0f}, cover[] = {4, 4, 0, 0, 0},
                       gain[5] = {0};
    const tw_gbt_tree tree = {left, right, input, value, missing_left, cover, gain, 5};
    tw_gbt *gbt = NULL;
    assert_int_equal(tw_gbt_new(tw_alloc_system(), &tree, 1, 1, TW_GBT_LOGITRAW, 0.0f, &gbt, NULL),
                     TW_OK);
    const float x[] = {0.0f, 1.5f, 3.0f};
    for (size_t i = 0; i < TW_COUNT(x); i++) {
        double out = 0.0, expected = 0.0, margin = (double)tw_gbt_margin(gbt, &x[i]);
        tw_gbt_explain(gbt, &x[i], &out, &expected);
        assert_true(expected == 1.0 && fabs(expected + out - margin) < 1e-6);
    }
    tw_gbt_free(gbt);
}

// --- making, asking, storing ---

static void trees_that_are_none_are_refused(void **state)
{
    (void)state;
    int32_t left[] = {1, -1, -1}, right[] = {2, -1, -1};
    uint32_t input[3] = {0};
    bool missing_left[3] = {false};
    float value[] = {1, 2, 3}, cover[] = {2, 1, 1}, gain[3] = {1, 0, 0};
    const tw_gbt_tree tree = {left, right, input, value, missing_left, cover, gain, 3};
    tw_gbt *gbt = NULL;
    tw_err err;
    const struct {
        void *at;
        double wrong, right;
        int kind; // 0 int32, 1 uint32, 2 float
    } cases[] = {
        {&left[0], 0, 1, 0},   {&left[0], 3, 1, 0},    {&left[0], 2, 1, 0},
        {&left[0], -2, 1, 0},  {&right[0], -1, 2, 0},  {&right[1], 1, -1, 0},
        {&input[0], 5, 0, 1},  {&value[0], NAN, 1, 2}, {&value[2], INFINITY, 3, 2},
        {&cover[1], -1, 1, 2}, {&cover[0], NAN, 2, 2}, {&gain[0], INFINITY, 1, 2},
        {&left[1], 2, -1, 0},
    };
    for (size_t i = 0; i <= TW_COUNT(cases); i++) {
        for (int side = 0; side < 2 && i < TW_COUNT(cases); side++) {
            double v = side ? cases[i].right : cases[i].wrong;
            if (cases[i].kind == 2)
                *(float *)cases[i].at = (float)v;
            else if (cases[i].kind == 1)
                *(uint32_t *)cases[i].at = (uint32_t)v;
            else
                *(int32_t *)cases[i].at = (int32_t)v;
            err = (tw_err){0};
            tw_status status =
                tw_gbt_new(tw_alloc_system(), &tree, 1, 2, TW_GBT_LOGISTIC, 0.0f, &gbt, &err);
            assert_int_equal(status, side ? TW_OK : TW_INVALID);
            assert_true((status == TW_OK) == (gbt != NULL));
            assert_true(status == TW_OK || err.text[0] != '\0');
            tw_gbt_free(gbt);
        }
    }
    assert_int_equal(tw_gbt_new(tw_alloc_system(), &tree, 0, 2, TW_GBT_LOGISTIC, 0.0f, &gbt, NULL),
                     TW_INVALID);
    assert_int_equal(tw_gbt_new(tw_alloc_system(), &tree, 1, 0, TW_GBT_LOGISTIC, 0.0f, &gbt, NULL),
                     TW_INVALID);
    assert_int_equal(tw_gbt_new(tw_alloc_system(), &tree, 1, 2, TW_GBT_LOGISTIC, NAN, &gbt, NULL),
                     TW_INVALID);
    assert_int_equal(
        tw_gbt_new(tw_alloc_system(), &tree, 1, 2000, TW_GBT_LOGISTIC, 0.0f, &gbt, NULL), TW_LIMIT);
    assert_int_equal(
        tw_gbt_new(tw_alloc_system(), &tree, 5000, 2, TW_GBT_LOGISTIC, 0.0f, &gbt, NULL), TW_LIMIT);
}

// XGBoost keeps pruned nodes and reuses their numbers: any order is taken, and what is not reached
// is left out.
static void nodes_come_in_any_order(void **state)
{
    (void)state;
    static const int32_t left[] = {4, -1, -1, -1, 2, -1}, right[] = {1, -1, -1, -1, 3, -1};
    static const uint32_t input[] = {1, 0, 0, 0, 0, 77};
    static const bool missing_left[6] = {false};
    static const float value[] = {1, 10, 20, 30, 2, NAN}, cover[] = {4, 1, 2, 1, 3, 0},
                       gain[6] = {3, 0, 0, 0, 1, 0};
    const tw_gbt_tree tree = {left, right, input, value, missing_left, cover, gain, 6};
    tw_gbt *gbt = NULL;
    assert_int_equal(tw_gbt_new(tw_alloc_system(), &tree, 1, 3, TW_GBT_LOGISTIC, 0.0f, &gbt, NULL),
                     TW_OK);
    assert_int_equal(tw_gbt_nodes_n(gbt), 5);
    tw_gbt_tree got;
    tw_gbt_tree_get(gbt, 0, &got);
    static const float values[] = {1, 2, 10, 20, 30};
    for (size_t i = 0; i < 5; i++)
        assert_true(got.value[i] == values[i]);
    assert_int_equal(got.left[1], 3);
    const float row[] = {1.0f, 0.0f, 0.0f};
    assert_true(tw_gbt_margin(gbt, row) == 20.0f);
    assert_true(fabs(tw_gbt_transform(gbt, 2.0f) - 0.880797077977882) < 1e-15);
    double share[3];
    tw_gbt_importance(gbt, share);
    assert_true(share[0] == 0.25 && share[1] == 0.75 && share[2] == 0.0);
    tw_gbt_free(gbt);
}

static void what_is_written_is_read(void **state)
{
    (void)state;
    for (size_t s = 0; s < TW_COUNT(shapes); s++) {
        tw_gbt *gbt = make(s), *again = NULL;
        tw_buf buf, second;
        tw_buf_init(&buf, tw_alloc_system(), 1 << 24);
        tw_buf_init(&second, tw_alloc_system(), 1 << 24);
        tw_gbt_write(gbt, &buf);
        assert_int_equal(tw_gbt_read(tw_alloc_system(), buf.data_own, buf.bytes, &again, NULL),
                         TW_OK);
        tw_gbt_write(again, &second);
        assert_int_equal(buf.bytes, second.bytes);
        assert_memory_equal(buf.data_own, second.data_own, buf.bytes);
        assert_int_equal(tw_gbt_objective_of(gbt), tw_gbt_objective_of(again));
        tw_gbt_free(gbt);
        tw_gbt_free(again);
        tw_buf_release(&buf);
        tw_buf_release(&second);
    }
}

static void a_cut_or_changed_byte_is_refused_or_harmless(void **state)
{
    (void)state;
    tw_gbt *gbt = make(2), *again = NULL;
    tw_buf buf;
    tw_buf_init(&buf, tw_alloc_system(), 1 << 20);
    tw_gbt_write(gbt, &buf);
    float x[70 * 5], out[70];
    model_data_fill(x, 70, 5, SEED);
    for (size_t n = 0; n < buf.bytes; n++) {
        tw_err err = {0};
        uint8_t *copy = malloc(n ? n : 1); // exact size, for AddressSanitizer
        memcpy(copy, buf.data_own, n);
        assert_int_equal(tw_gbt_read(tw_alloc_system(), copy, n, &again, &err), TW_CORRUPT);
        assert_true(again == NULL && err.text[0] != '\0');
        free(copy);
    }
    for (size_t i = 0; i < buf.bytes; i++) {
        uint8_t before = buf.data_own[i];
        buf.data_own[i] = (uint8_t)(before ^ (i % 2 ? 0x80 : 0x01));
        tw_err err = {0};
        if (tw_gbt_read(tw_alloc_system(), buf.data_own, buf.bytes, &again, &err) == TW_OK &&
            tw_gbt_inputs_n(again) <= 5)
            tw_gbt_margins(again, TW_GBT_PATH_BEST, x, 70, 5, out);
        tw_gbt_free(again);
        buf.data_own[i] = before;
    }
    tw_gbt_free(gbt);
    tw_buf_release(&buf);
}

int main(void)
{
    print_message("seed %u\n", SEED);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_path_gives_the_bits_of_the_walk),
        cmocka_unit_test(values_at_the_thresholds_go_where_they_should),
        cmocka_unit_test(contributions_are_shapley_values),
        cmocka_unit_test(contributions_have_the_same_bits_on_every_path),
        cmocka_unit_test(contributions_add_up_to_the_margin),
        cmocka_unit_test(sides_without_cover_are_explained),
        cmocka_unit_test(trees_that_are_none_are_refused),
        cmocka_unit_test(nodes_come_in_any_order),
        cmocka_unit_test(what_is_written_is_read),
        cmocka_unit_test(a_cut_or_changed_byte_is_refused_or_harmless),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
