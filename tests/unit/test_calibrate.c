// SPDX-License-Identifier: Apache-2.0
//
// Curves and sketches: lookup and inverse, isotonic regression against brute force, bins, quantiles
// against sorted values, merging, and their bytes.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <stdlib.h>

#include "base/rng.h"
#include "model/calibrate.h"

#define SEED 77u

static tw_curve *curve(const double *x, const double *y, size_t n)
{
    tw_curve *c = NULL;
    assert_int_equal(tw_curve_new(tw_alloc_system(), x, y, n, &c, NULL), TW_OK);
    return c;
}

static void a_curve_is_linear_between_knots_and_constant_outside(void **state)
{
    (void)state;
    const double x[] = {-1, 0, 2, 3}, y[] = {0.1, 0.1, 0.5, 0.9};
    tw_curve *c = curve(x, y, 4);
    assert_true(tw_curve_at(c, -9) == 0.1 && tw_curve_at(c, (double)NAN) == 0.1);
    assert_true(tw_curve_at(c, 0) == 0.1 && tw_curve_at(c, 3) == 0.9 && tw_curve_at(c, 9) == 0.9);
    assert_true(fabs(tw_curve_at(c, 1) - 0.3) < 1e-15);
    assert_true(tw_curve_inverse(c, 0.0) == -1 && tw_curve_inverse(c, 0.1) == -1);
    assert_true(fabs(tw_curve_inverse(c, 0.3) - 1) < 1e-15);
    assert_true(tw_curve_inverse(c, 0.9) == 3 && tw_curve_inverse(c, 1.0) == 3);
    tw_curve_free(c);
    c = curve(x, y, 1);
    assert_true(tw_curve_at(c, 5) == 0.1 && tw_curve_inverse(c, 5) == -1);
    tw_curve_free(c);
}

static void bad_knots_are_refused(void **state)
{
    (void)state;
    const double up[] = {0, 1, 2}, same[] = {0, 1, 1}, down[] = {0, 2, 1},
                 nan[] = {0, (double)NAN, 2}, huge[] = {0, 1, 1e200};
    tw_curve *c = NULL;
    tw_err err;
    const double *x[] = {same, down, nan, huge, up, up, up},
                 *y[] = {up, up, up, up, down, nan, huge};
    for (size_t i = 0; i < TW_COUNT(x); i++) {
        assert_int_equal(tw_curve_new(tw_alloc_system(), x[i], y[i], 3, &c, &err), TW_INVALID);
        assert_null(c);
    }
    assert_int_equal(tw_curve_new(tw_alloc_system(), up, up, 0, &c, &err), TW_INVALID);
    assert_int_equal(tw_curve_fit(tw_alloc_system(), nan, up, NULL, 3, 9, &c, &err), TW_INVALID);
    assert_int_equal(tw_curve_fit(tw_alloc_system(), up, up, up, 3, 9, &c, &err), TW_INVALID);
    assert_int_equal(tw_curve_fit(tw_alloc_system(), up, up, NULL, 0, 9, &c, &err), TW_INVALID);
    assert_int_equal(tw_curve_fit(tw_alloc_system(), up, up, NULL, 3, 1, &c, &err), TW_INVALID);
}

// max over i <= k of min over j >= k of mean(i..j): the isotonic regression by its formula.
static double isotonic(const double *y, const double *w, int n, int k)
{
    double best = -(double)INFINITY;
    for (int i = 0; i <= k; i++) {
        double least = (double)INFINITY, sum = 0.0, weight = 0.0;
        for (int j = i; j < n; j++) {
            sum += y[j] * w[j];
            weight += w[j];
            if (j >= k)
                least = fmin(least, sum / weight);
        }
        best = fmax(best, least);
    }
    return best;
}

static void a_fit_is_the_isotonic_regression(void **state)
{
    (void)state;
    tw_rng rng;
    tw_rng_init(&rng, SEED, 0);
    for (int round = 0; round < 300; round++) {
        enum { N_MAX = 40 };
        int n = 1 + (int)tw_rng_below(&rng, N_MAX);
        double x[N_MAX], y[N_MAX], w[N_MAX], sx[N_MAX], sy[N_MAX], sw[N_MAX];
        for (int i = 0; i < n; i++) {
            sx[i] = i;
            sy[i] = (double)tw_rng_below(&rng, 12) + i / 8.0;
            sw[i] = 0.5 + tw_rng_unit(&rng);
        }
        for (int i = 0; i < n; i++) { // hand them over in another order
            int k = (i * 37 + round) % n, seen = 0;
            for (int j = 0; j < i; j++)
                seen |= x[j] == sx[k];
            while (seen) {
                k = (k + 1) % n;
                seen = 0;
                for (int j = 0; j < i; j++)
                    seen |= x[j] == sx[k];
            }
            x[i] = sx[k];
            y[i] = sy[k];
            w[i] = sw[k];
        }
        tw_curve *c = NULL;
        assert_int_equal(tw_curve_fit(tw_alloc_system(), x, y, w, (size_t)n, 4096, &c, NULL),
                         TW_OK);
        for (int k = 0; k < n; k++)
            assert_true(fabs(tw_curve_at(c, k) - isotonic(sy, sw, n, k)) < 1e-12);
        tw_curve_free(c);
    }
}

static void equal_points_are_one_and_knots_are_limited(void **state)
{
    (void)state;
    const double x[] = {5, 5, 5, 5}, y[] = {0, 1, 1, 0};
    tw_curve *c = NULL;
    assert_int_equal(tw_curve_fit(tw_alloc_system(), x, y, NULL, 4, 10, &c, NULL), TW_OK);
    assert_int_equal(tw_curve_knots_n(c), 1);
    assert_true(tw_curve_at(c, 5) == 0.5);
    tw_curve_free(c);
    enum { N = 1000 };
    double rx[N], ry[N], first_x, first_y, last_x, last_y;
    for (int i = 0; i < N; i++)
        rx[i] = ry[i] = i;
    assert_int_equal(tw_curve_fit(tw_alloc_system(), rx, ry, NULL, N, 50, &c, NULL), TW_OK);
    assert_int_equal(tw_curve_knots_n(c), 50);
    tw_curve_knot(c, 0, &first_x, &first_y);
    tw_curve_knot(c, 49, &last_x, &last_y);
    assert_true(first_x == 0 && last_x == N - 1 && last_y == N - 1);
    assert_true(fabs(tw_curve_at(c, 123.4) - 123.4) < 1e-9);
    tw_curve_free(c);
}

static void curve_bytes_round_trip_and_damage_is_seen(void **state)
{
    (void)state;
    const double x[] = {-1, 0.25, 7}, y[] = {0, 0.5, 1};
    tw_curve *c = curve(x, y, 3), *back = NULL;
    tw_buf buf;
    tw_buf_init(&buf, tw_alloc_system(), 1 << 20);
    tw_curve_write(c, &buf);
    tw_buf_u8(&buf, 42);
    tw_reader r;
    tw_reader_init(&r, buf.data_own, buf.bytes);
    assert_int_equal(tw_curve_read(tw_alloc_system(), &r, &back, NULL), TW_OK);
    assert_int_equal(tw_read_u8(&r), 42);
    assert_true(tw_curve_at(back, 3) == tw_curve_at(c, 3));
    tw_curve_free(back);
    for (size_t n = 0; n < buf.bytes - 1; n++) {
        tw_reader_init(&r, buf.data_own, n);
        tw_err err = {0};
        assert_int_equal(tw_curve_read(tw_alloc_system(), &r, &back, &err), TW_CORRUPT);
        assert_true(back == NULL && err.text[0] != '\0');
    }
    tw_buf_release(&buf);
    tw_curve_free(c);
}

static void bins_ascend_and_hold_what_they_say(void **state)
{
    (void)state;
    assert_int_equal(tw_sketch_bin(0.0), 0);
    assert_int_equal(tw_sketch_bin(-3.0), 0);
    assert_int_equal(tw_sketch_bin((double)NAN), 0);
    assert_int_equal(tw_sketch_bin(1.0), TW_SKETCH_BINS - 1);
    assert_int_equal(tw_sketch_bin(7.0), TW_SKETCH_BINS - 1);
    assert_true(tw_sketch_bin_low(0) == 0.0);
    for (size_t i = 0; i < TW_SKETCH_BINS; i++) {
        double low = tw_sketch_bin_low(i);
        assert_int_equal(tw_sketch_bin(low), i);
        if (i == 0)
            continue;
        assert_true(low > tw_sketch_bin_low(i - 1));
        assert_int_equal(tw_sketch_bin(low - (1.0 - low) * 1e-4), i - 1);
        assert_true((1.0 - tw_sketch_bin_low(i - 1)) / (1.0 - low) <= 129.0 / 128.0 + 1e-12);
    }
}

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void quantiles_and_tails_are_those_of_the_values(void **state)
{
    (void)state;
    enum { N = 20000 };
    static tw_sketch sketch, half, other;
    double *v = calloc(N, sizeof(double));
    tw_rng rng;
    tw_rng_init(&rng, SEED, 1);
    tw_sketch_reset(&sketch);
    assert_true(tw_sketch_quantile(&sketch, 0.5) == 0.0 && tw_sketch_rank(&sketch, 0.5) == 0.0);
    for (int i = 0; i < N; i++) {
        double u = tw_rng_unit(&rng);
        v[i] = 1.0 - u * u * u;
        tw_sketch_add(&sketch, v[i], 1);
        tw_sketch_add(i % 2 ? &half : &other, v[i], 1);
    }
    tw_sketch_merge(&half, &other);
    assert_memory_equal(&half, &sketch, sizeof(sketch));
    qsort(v, N, sizeof(double), ascending);
    static const double q[] = {0.01, 0.3, 0.5, 0.9, 0.99, 0.999, 0.9999};
    for (size_t i = 0; i < TW_COUNT(q); i++) {
        double exact = v[(size_t)ceil(q[i] * N) - 1];
        assert_true(fabs(tw_sketch_quantile(&sketch, q[i]) - exact) <=
                    (1.0 - exact) / 50.0 + 1e-12);
        assert_true(fabs(tw_sketch_rank(&sketch, exact) - q[i]) < 0.01);
        uint64_t tail = tw_sketch_tail(&sketch, exact);
        assert_true(tail >= N - (uint64_t)ceil(q[i] * N));
    }
    for (uint64_t budget = 0; budget < 500; budget += 7) {
        double threshold = tw_sketch_threshold(&sketch, budget);
        uint64_t above = 0;
        for (int i = 0; i < N; i++)
            above += v[i] >= threshold;
        assert_true(above <= budget);
    }
    assert_true(tw_sketch_threshold(&sketch, N) == 0.0);
    for (int i = 0; i < N; i++)
        tw_sketch_remove(&sketch, v[i], 1);
    tw_sketch_reset(&other);
    assert_memory_equal(&sketch, &other, sizeof(sketch));
    free(v);
}

static void sketch_bytes_round_trip_and_damage_is_seen(void **state)
{
    (void)state;
    static tw_sketch a, b;
    tw_sketch_reset(&a);
    tw_sketch_add(&a, 0.0, 3);
    tw_sketch_add(&a, 0.25, UINT64_C(1) << 40);
    tw_sketch_add(&a, 0.999999, 1);
    tw_sketch_add(&a, 1.0, 9);
    tw_buf buf;
    tw_buf_init(&buf, tw_alloc_system(), 1 << 20);
    tw_sketch_write(&a, &buf);
    tw_reader r;
    tw_reader_init(&r, buf.data_own, buf.bytes);
    assert_int_equal(tw_sketch_read(&r, &b, NULL), TW_OK);
    assert_memory_equal(&a, &b, sizeof(a));
    tw_err err = {0};
    for (size_t n = 0; n < buf.bytes; n++) {
        tw_reader_init(&r, buf.data_own, n);
        assert_int_equal(tw_sketch_read(&r, &b, &err), TW_CORRUPT);
        assert_int_equal(b.n, 0);
    }
    tw_buf_reset(&buf);
    tw_buf_varint(&buf, 2); // two bins whose counts overflow
    for (int i = 0; i < 2; i++) {
        tw_buf_varint(&buf, 0);
        tw_buf_varint(&buf, UINT64_MAX);
    }
    tw_reader_init(&r, buf.data_own, buf.bytes);
    assert_int_equal(tw_sketch_read(&r, &b, &err), TW_CORRUPT);
    tw_buf_release(&buf);
}

int main(void)
{
    print_message("seed %u\n", SEED);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_curve_is_linear_between_knots_and_constant_outside),
        cmocka_unit_test(bad_knots_are_refused),
        cmocka_unit_test(a_fit_is_the_isotonic_regression),
        cmocka_unit_test(equal_points_are_one_and_knots_are_limited),
        cmocka_unit_test(curve_bytes_round_trip_and_damage_is_seen),
        cmocka_unit_test(bins_ascend_and_hold_what_they_say),
        cmocka_unit_test(quantiles_and_tails_are_those_of_the_values),
        cmocka_unit_test(sketch_bytes_round_trip_and_damage_is_seen),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
