// SPDX-License-Identifier: Apache-2.0
//
// Drift: PSI against figures worked out with Python (formulas in the comments), bins of awkward
// columns, Wilson's interval, alarms, the section of the model file.
#include <float.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/rng.h"
#include "base/time.h"
#include "learn/drift.h"

#define assert_near(a, b, eps) assert_true(fabs((double)(a) - (double)(b)) <= (double)(eps))
#define ROWS 4000
#define LAST (TW_DRIFT_BINS - 1)

// Rows of equal columns, but for what a test puts into column 0.
typedef struct sample {
    float x[ROWS][TW_INPUT_N], risk[ROWS], weight[ROWS];
} sample;

static sample then, now;

static void fill(sample *s, uint64_t seed, double shift)
{
    tw_rng rng;
    tw_rng_init(&rng, seed, 0);
    for (size_t i = 0; i < ROWS; i++) {
        for (size_t f = 0; f < TW_INPUT_N; f++)
            s->x[i][f] = (float)(tw_rng_unit(&rng) + (f == 0 ? shift : 0));
        s->risk[i] = (float)tw_rng_unit(&rng);
        s->weight[i] = 1;
    }
}

static tw_drift_reference reference_of(const sample *s, size_t n)
{
    tw_drift_reference out;
    assert_int_equal(tw_drift_reference_make(tw_alloc_system(), s->x[0], TW_INPUT_N, s->weight,
                                             s->risk, n, 1000, &out, NULL),
                     TW_OK);
    return out;
}

static tw_drift measure(const tw_drift_reference *reference, const sample *s, size_t n)
{
    tw_drift out;
    assert_int_equal(tw_drift_measure(reference, s->x[0], TW_INPUT_N, s->risk, n, 500, &out, NULL),
                     TW_OK);
    return out;
}

static void psi_by_hand(void **state)
{
    (void)state;
    // Reference: of 1000 rows 600 are 0, 300 are 1, 100 are missing. Now: of 400 rows 100 are 0,
    // 250 are 1, 10 are 2 and 40 are missing. Four cells, each share smoothed by half a row:
    //   a = [(c + .5) / (400 + 2) for c in (100, 250, 10, 40)]
    //   e = [(c + .5) / (1000 + 2) for c in (600, 300, 0, 100)]
    //   sum((p - q) * log(p / q) for p, q in zip(a, e))
    fill(&then, 1, 0);
    fill(&now, 1, 0);
    for (size_t i = 0; i < 1000; i++)
        then.x[i][0] = i < 600 ? 0 : i < 900 ? 1 : NAN;
    for (size_t i = 0; i < 400; i++)
        now.x[i][0] = i < 100 ? 0 : i < 350 ? 1 : i < 360 ? 2 : NAN;
    tw_drift_reference reference = reference_of(&then, 1000);
    const tw_drift_bins *bins = &reference.inputs[0];
    assert_near(bins->share[0], 0, 0); // below the lowest
    assert_near(bins->share[1], 600 / 900.0, 1e-7);
    assert_near(bins->share[2], 300 / 900.0, 1e-7);
    assert_near(bins->share[LAST], 0, 0);
    assert_near(bins->missing, 0.1, 1e-7);
    tw_drift drift = measure(&reference, &now, 400);
    assert_near(drift.inputs[0].psi, 0.643183639709, 1e-6);
    assert_near(drift.inputs[0].missing, 0.1, 1e-12);
    assert_near(drift.inputs[0].shares[1], 100 / 360.0, 1e-12);
    assert_near(drift.inputs[0].shares[LAST], 10 / 360.0, 1e-12);
    assert_near(drift.volume_ratio, 0.5, 1e-12);
    assert_int_equal(drift.rows_n, 400);
    assert_int_equal(drift.reference_n, 1000);
}

static void even_values_fill_even_bins(void **state)
{
    (void)state;
    fill(&then, 2, 0);
    for (size_t i = 0; i < 800; i++)
        then.x[i][0] = (float)(i * 7 % 800); // each of 0..799 once
    tw_drift_reference reference = reference_of(&then, 800);
    const float edges[] = {0, 99, 199, 299, 399, 499, 599, 699, 799};
    for (size_t e = 0; e < TW_COUNT(edges); e++)
        assert_near(reference.inputs[0].edges[e], edges[e], 0);
    for (size_t b = 1; b < LAST; b++)
        assert_near(reference.inputs[0].share[b], 0.125, 1e-7);
}

static void weights_count(void **state)
{
    (void)state;
    fill(&then, 3, 0);
    for (size_t i = 0; i < 100; i++) {
        then.x[i][0] = i < 10 ? 1 : 0;
        then.weight[i] = i < 10 ? 9 : 1; // ten rows of weight 9, ninety of weight 1
    }
    tw_drift_reference reference = reference_of(&then, 100);
    assert_near(reference.inputs[0].share[1], 0.5, 1e-7);
    assert_near(reference.inputs[0].share[2], 0.5, 1e-7);
}

static void many_rows_are_thinned_evenly(void **state)
{
    (void)state;
    enum { MANY = 70000 };
    static float x[MANY][TW_INPUT_N], risk[MANY];
    for (size_t i = 0; i < MANY; i++)
        risk[i] = (float)i;
    tw_drift_reference reference;
    assert_int_equal(tw_drift_reference_make(tw_alloc_system(), x[0], TW_INPUT_N, NULL, risk, MANY,
                                             1, &reference, NULL),
                     TW_OK);
    assert_int_equal(reference.rows_n, 65536);
    for (size_t b = 1; b < LAST; b++)
        assert_near(reference.risk.share[b], 0.125, 1e-4);
    assert_near(reference.risk.edges[4], MANY / 2, 5);
    assert_near(reference.inputs[0].share[1], 1, 0);
}

static void the_same_rows_have_no_drift(void **state)
{
    (void)state;
    fill(&then, 4, 0);
    for (size_t i = 0; i < ROWS; i++) {
        then.x[i][1] = NAN;
        then.x[i][2] = 5;
        then.x[i][3] = i % 50 == 0 ? (float)(i % 9) : 0; // nearly always 0
    }
    tw_drift_reference reference = reference_of(&then, ROWS);
    tw_drift drift = measure(&reference, &then, ROWS);
    for (size_t f = 0; f < TW_INPUT_N; f++)
        assert_near(drift.inputs[f].psi, 0, 1e-9);
    assert_near(drift.risk.psi, 0, 1e-9);
    assert_near(drift.inputs[1].missing, 1, 0);
    assert_near(drift.inputs[1].shares[0], 0, 0);
}

static void another_sample_drifts_by_chance_only(void **state)
{
    (void)state;
    fill(&then, 5, 0);
    fill(&now, 6, 0);
    tw_drift_reference reference = reference_of(&then, ROWS);
    tw_drift drift = measure(&reference, &now, ROWS);
    double sum = 0;
    for (size_t f = 0; f < TW_INPUT_N; f++)
        sum += drift.inputs[f].psi;
    // Its mean is (K - 1)(1/n + 1/m); K is 8, and up to 10 where an extreme was exceeded.
    assert_true(sum / TW_INPUT_N > 6.5 * 2.0 / ROWS && sum / TW_INPUT_N < 9.5 * 2.0 / ROWS);
}

static void more_shift_more_psi(void **state)
{
    (void)state;
    const double shifts[] = {0, 0.05, 0.1, 0.2, 0.4, 0.8};
    double last = -1;
    fill(&then, 7, 0);
    tw_drift_reference reference = reference_of(&then, ROWS);
    for (size_t i = 0; i < TW_COUNT(shifts); i++) {
        fill(&now, 8, shifts[i]);
        tw_drift drift = measure(&reference, &now, ROWS);
        assert_true(drift.inputs[0].psi > last);
        last = drift.inputs[0].psi;
    }
    assert_true(last > 1);
}

static void columns_that_are_hard_to_bin(void **state)
{
    (void)state;
    fill(&then, 9, 0);
    fill(&now, 9, 0);
    for (size_t i = 0; i < ROWS; i++) {
        then.x[i][0] = 3; // constant, and now lower
        now.x[i][0] = 2;
        then.x[i][1] = NAN; // never there, and now there
        now.x[i][1] = 1;
        then.x[i][2] = i < 20 ? 0 : 1; // rare zeros become frequent
        now.x[i][2] = (float)(i % 2);
        then.x[i][3] = i % 2 ? FLT_MAX : -FLT_MAX;
        now.x[i][3] = i % 2 ? INFINITY : -INFINITY; // not finite: missing
        now.risk[i] = NAN;
    }
    tw_drift_reference reference = reference_of(&then, ROWS);
    tw_drift drift = measure(&reference, &now, ROWS);
    for (size_t f = 0; f < 4; f++)
        assert_true(isfinite(drift.inputs[f].psi) && drift.inputs[f].psi > 0.5);
    assert_near(reference.inputs[0].share[1], 1, 0);
    assert_near(drift.inputs[0].shares[0], 1, 0);
    assert_near(reference.inputs[1].missing, 1, 0);
    assert_near(drift.inputs[3].missing, 1, 0);
    assert_near(drift.risk.missing, 1, 0);
    // One row on each side is little, but no error.
    reference = reference_of(&then, 1);
    drift = measure(&reference, &then, 1);
    assert_near(drift.inputs[0].psi, 0, 1e-9);
}

static void bad_rows_are_refused(void **state)
{
    (void)state;
    tw_drift_reference reference;
    tw_drift drift;
    tw_err err = {0};
    fill(&then, 10, 0);
    const tw_alloc *alloc = tw_alloc_system();
    assert_int_equal(tw_drift_reference_make(alloc, then.x[0], TW_INPUT_N, NULL, then.risk, 0, 1,
                                             &reference, &err),
                     TW_INVALID);
    assert_true(err.text[0] != '\0');
    assert_int_equal(tw_drift_reference_make(alloc, then.x[0], TW_INPUT_N, NULL, then.risk, 9,
                                             (double)NAN, &reference, NULL),
                     TW_INVALID);
    assert_int_equal(tw_drift_reference_make(alloc, then.x[0], TW_INPUT_N - 1, NULL, then.risk, 9,
                                             1, &reference, NULL),
                     TW_INVALID);
    then.weight[3] = -1;
    assert_int_equal(tw_drift_reference_make(alloc, then.x[0], TW_INPUT_N, then.weight, then.risk,
                                             9, 1, &reference, NULL),
                     TW_INVALID);
    assert_int_equal(reference.rows_n, 0);
    assert_int_equal(
        tw_drift_measure(&reference, then.x[0], TW_INPUT_N, then.risk, 9, 1, &drift, &err),
        TW_INVALID);
    then.weight[3] = 1;
    reference = reference_of(&then, 9);
    assert_int_equal(
        tw_drift_measure(&reference, then.x[0], TW_INPUT_N, then.risk, 0, 1, &drift, &err),
        TW_INVALID);
}

static void every_allocation_may_fail(void **state)
{
    (void)state;
    fill(&then, 11, 0);
    for (uint64_t k = 1;; k++) {
        tw_alloc_faulty faulty;
        tw_drift_reference out;
        tw_alloc_faulty_init(&faulty, k, false);
        tw_status status = tw_drift_reference_make(&faulty.alloc, then.x[0], TW_INPUT_N, NULL,
                                                   then.risk, 100, 1, &out, NULL);
        assert_int_equal(faulty.live_blocks, 0);
        assert_int_equal(status, faulty.hits ? TW_NO_MEMORY : TW_OK);
        assert_int_equal(out.rows_n, faulty.hits ? 0 : 100);
        if (faulty.hits == 0)
            break;
    }
}

static void what_is_written_is_read(void **state)
{
    (void)state;
    fill(&then, 12, 0);
    for (size_t i = 0; i < ROWS; i++)
        then.x[i][5] = NAN;
    tw_drift_reference reference = reference_of(&then, ROWS), again;
    tw_buf buf;
    tw_buf_init(&buf, tw_alloc_system(), 1 << 20);
    tw_drift_reference_write(&reference, &buf);
    assert_int_equal(buf.status, TW_OK);
    assert_int_equal(buf.bytes, 24 + 88 * (TW_INPUT_N + 1));
    tw_str bytes = {(const char *)buf.data_own, buf.bytes};
    assert_int_equal(tw_drift_reference_read(bytes, &again, NULL), TW_OK);
    assert_memory_equal(&again, &reference, sizeof(again));
    for (size_t cut = 0; cut < buf.bytes; cut += 7) {
        tw_err err = {0};
        tw_str part = {bytes.at, cut};
        assert_int_equal(tw_drift_reference_read(part, &again, &err), TW_CORRUPT);
        assert_true(err.text[0] != '\0' && again.rows_n == 0);
    }
    buf.data_own[0] = 2;
    assert_int_equal(tw_drift_reference_read(bytes, &again, NULL), TW_UNSUPPORTED);
    buf.data_own[0] = 1;
    buf.data_own[4]++;
    assert_int_equal(tw_drift_reference_read(bytes, &again, NULL), TW_UNSUPPORTED);
    buf.data_own[4]--;
    buf.data_own[24 + 3] = 0x7F; // the first edge is far above the second
    assert_int_equal(tw_drift_reference_read(bytes, &again, NULL), TW_CORRUPT);
    tw_buf_release(&buf);
}

static void wilson_by_hand(void **state)
{
    (void)state;
    // z = statistics.NormalDist().inv_cdf(0.95); m = (p + z*z/2/n) / (1 + z*z/n);
    // h = z / (1 + z*z/n) * sqrt(p*(1-p)/n + z*z/4/n/n); m - h, m + h
    tw_share s = tw_share_of(8, 10);
    assert_near(s.value, 0.8, 0);
    assert_near(s.low, 0.540792806, 1e-9);
    assert_near(s.high, 0.931442012, 1e-9);
    s = tw_share_of(0, 20);
    assert_near(s.low, 0, 0);
    assert_near(s.high, 0.119157837, 1e-9);
    s = tw_share_of(20, 20);
    assert_near(s.low, 0.880842163, 1e-9);
    assert_near(s.high, 1, 0);
    s = tw_share_of(0, 0);
    assert_true(isnan(s.value) && isnan(s.low) && isnan(s.high));
}

static tw_drift calm(void)
{
    tw_drift drift = {.rows_n = 10000,
                      .reference_n = 10000,
                      .risk_rows_n = 10000,
                      .transactions_per_day = 1000,
                      .volume_ratio = 1};
    return drift;
}

static void alarms_name_what_and_say_what_to_do(void **state)
{
    (void)state;
    tw_drift_limits limits = tw_drift_limits_default();
    tw_alarm alarms[TW_ALARMS_MAX];
    tw_drift drift = calm();
    tw_week weeks[2] = {{.first_day = tw_days_from_civil(2026, 3, 9), .predicted = 0.95},
                        {.first_day = tw_days_from_civil(2026, 3, 2), .predicted = 0.95}};
    weeks[0].precision = tw_share_of(24, 40); // 0.6, at best 0.717
    weeks[1].precision = tw_share_of(1, 40);
    assert_int_equal(tw_drift_alarms(&drift, NULL, 0, &limits, alarms), 0);
    assert_int_equal(tw_drift_alarms(NULL, NULL, 0, &limits, alarms), 0);
    drift.inputs[0].psi = 0.3;
    drift.inputs[2] = (tw_drift_input){.psi = 9, .missing = 0.5, .missing_reference = 0.1};
    drift.inputs[3] = (tw_drift_input){.psi = 9, .missing = 0.1, .missing_reference = 0.7};
    drift.risk.psi = 0.26;
    drift.volume_ratio = 0.3;
    size_t n = tw_drift_alarms(&drift, weeks, 2, &limits, alarms);
    const char *const kinds[] = {"missing_change", "missing_change", "calibration_error",
                                 "volume_change",  "input_psi",      "precision_min",
                                 "score_psi"};
    assert_int_equal(n, TW_COUNT(kinds));
    for (size_t i = 0; i < n; i++)
        assert_string_equal(alarms[i].kind, kinds[i]);
    assert_near(alarms[0].value, 0.6, 1e-12);
    assert_near(alarms[0].limit, 0.1, 0);
    assert_true(strstr(alarms[0].sentence, tw_input_get(3).title) == alarms[0].sentence);
    assert_true(strstr(alarms[1].sentence, "missing in 50 % of the rows, 10 % in training"));
    assert_true(strstr(alarms[2].sentence, "2026-03-09"));
    assert_true(strstr(alarms[3].sentence, "0.30 times"));
    assert_true(strstr(alarms[5].sentence, "24 of 40"));
}

static void few_rows_raise_no_alarm_by_chance(void **state)
{
    (void)state;
    tw_drift_limits limits = tw_drift_limits_default();
    tw_alarm alarms[TW_ALARMS_MAX];
    tw_drift drift = calm();
    drift.rows_n = 50; // 29.59 / 50 = 0.59
    drift.inputs[0].psi = 0.5;
    assert_int_equal(tw_drift_alarms(&drift, NULL, 0, &limits, alarms), 0);
    drift.inputs[0].psi = 0.7;
    assert_int_equal(tw_drift_alarms(&drift, NULL, 0, &limits, alarms), 1);
    // 2 of 3 right is no proof of a precision under 0.85, nor against 0.95 expected.
    tw_week week = {.precision = tw_share_of(2, 3), .predicted = 0.85};
    assert_int_equal(tw_drift_alarms(NULL, &week, 1, &limits, alarms), 0);
    week.predicted = (double)NAN; // no classifier
    week.precision = tw_share_of(0, 30);
    assert_int_equal(tw_drift_alarms(NULL, &week, 1, &limits, alarms), 1);
}

static void a_week_that_has_begun_hides_nothing(void **state)
{
    (void)state;
    tw_drift_limits limits = tw_drift_limits_default();
    tw_alarm alarms[TW_ALARMS_MAX];
    int32_t monday = tw_days_from_civil(2026, 3, 30);
    tw_week weeks[6];
    for (int i = 0; i < 6; i++) {
        weeks[i] = (tw_week){.first_day = monday - 7 * i, .predicted = 0.9};
        weeks[i].precision = tw_share_of(i == 0 ? 2 : 1, i == 0 ? 2 : 9);
    }
    // 2 of 2, then 1 of 9 twice: 4 of 20.
    assert_int_equal(tw_drift_alarms(NULL, weeks, 6, &limits, alarms), 2);
    assert_string_equal(alarms[0].kind, "calibration_error");
    assert_near(alarms[0].value, 0.9 - 4 / 20.0, 1e-12);
    assert_true(strstr(alarms[0].sentence, "2026-03-16"));
    // Nothing older than four weeks is taken, however few there are.
    weeks[1].first_day -= 70;
    weeks[2].first_day -= 70;
    weeks[3].precision = weeks[4].precision = weeks[5].precision = tw_share_of(0, 0);
    assert_int_equal(tw_drift_alarms(NULL, weeks, 6, &limits, alarms), 0);
}

static void sentences_are_whole_and_the_worst_come_first(void **state)
{
    (void)state;
    tw_drift_limits limits = tw_drift_limits_default();
    tw_alarm alarms[TW_ALARMS_MAX];
    for (int kind = 0; kind < 3; kind++)
        for (size_t f = 0; f < TW_INPUT_N; f++) {
            tw_drift drift = calm();
            drift.inputs[f] = (tw_drift_input){
                .psi = 12.34, .missing = kind == 1 ? 1 : 0, .missing_reference = kind == 2 ? 1 : 0};
            assert_int_equal(tw_drift_alarms(&drift, NULL, 0, &limits, alarms), 1);
            assert_true(strlen(alarms[0].sentence) < TW_ALARM_BYTES - 1);
        }
    // Six inputs are named, then the others are summed up.
    tw_drift drift = calm();
    for (size_t f = 0; f < TW_INPUT_N; f++)
        drift.inputs[f].psi = 0.26 + (double)f / 100;
    drift.inputs[0] = (tw_drift_input){.missing = 0.2};
    drift.risk.psi = 0.251;
    char expected[32];
    snprintf(expected, sizeof(expected), "%d more inputs have", TW_INPUT_N - 7);
    assert_int_equal(tw_drift_alarms(&drift, NULL, 0, &limits, alarms), 9);
    assert_near(alarms[0].value, 0.26 + (TW_INPUT_N - 1) / 100.0, 1e-12);
    size_t at = 0;
    while (at < 9 && strncmp(alarms[at].sentence, expected, strlen(expected)) != 0)
        at++;
    assert_true(at < 9);
    assert_near(alarms[at].value, 0.26 + (TW_INPUT_N - 7) / 100.0, 1e-12);
    assert_string_equal(alarms[8].kind, "score_psi");
    for (size_t f = 8; f < TW_INPUT_N; f++)
        drift.inputs[f].psi = 0;
    assert_int_equal(tw_drift_alarms(&drift, NULL, 0, &limits, alarms), 9);
    for (size_t i = 0; i < 9; i++)
        assert_null(strstr(alarms[i].sentence, "more inputs"));
}

static void what_moved_before_is_no_news(void **state)
{
    (void)state;
    tw_drift_limits limits = tw_drift_limits_default();
    tw_alarm alarms[TW_ALARMS_MAX];
    fill(&then, 20, 0);
    fill(&now, 21, 0);
    // A history that fills during the training: 0 at first, then more and more; one that was
    // missing at first; one that is new.
    for (size_t i = 0; i < ROWS; i++) {
        then.x[i][0] = (float)(i / 100);
        now.x[i][0] = (float)(30 + i % 10);
        then.x[i][1] = i < ROWS / 4 ? NAN : 1;
        now.x[i][1] = 1;
        now.x[i][2] += 1;
    }
    tw_drift_reference reference = reference_of(&then, ROWS);
    assert_true(reference.inputs[0].usual_psi > 2);
    assert_near(reference.inputs[1].usual_missing, 1, 1e-6);
    assert_true(reference.inputs[2].usual_psi < 0.05F && reference.inputs[2].usual_psi > 0);
    assert_near(reference.inputs[2].usual_missing, 0, 0);
    tw_drift drift = measure(&reference, &now, ROWS);
    drift.volume_ratio = 1;
    assert_true(drift.inputs[0].psi > limits.input_psi && drift.inputs[1].missing_reference > 0.2);
    assert_int_equal(tw_drift_alarms(&drift, NULL, 0, &limits, alarms), 1);
    assert_true(strstr(alarms[0].sentence, tw_input_get(2).title) == alarms[0].sentence);
}

static void rows_of_another_model_do_not_drift(void **state)
{
    (void)state;
    fill(&then, 22, 0);
    fill(&now, 23, 0);
    tw_drift_reference reference = reference_of(&then, ROWS);
    for (size_t i = 0; i < ROWS; i++)
        now.risk[i] = i % 2 ? NAN : now.risk[i];
    tw_drift drift = measure(&reference, &now, ROWS);
    assert_int_equal(drift.risk_rows_n, ROWS / 2);
    assert_true(drift.risk.psi > 0 && drift.risk.psi < 0.02);
    for (size_t i = 0; i < ROWS; i++)
        now.risk[i] = NAN;
    drift = measure(&reference, &now, ROWS);
    assert_int_equal(drift.risk_rows_n, 0);
    assert_true(isnan(drift.risk.psi));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(psi_by_hand),
        cmocka_unit_test(even_values_fill_even_bins),
        cmocka_unit_test(weights_count),
        cmocka_unit_test(many_rows_are_thinned_evenly),
        cmocka_unit_test(the_same_rows_have_no_drift),
        cmocka_unit_test(another_sample_drifts_by_chance_only),
        cmocka_unit_test(more_shift_more_psi),
        cmocka_unit_test(columns_that_are_hard_to_bin),
        cmocka_unit_test(bad_rows_are_refused),
        cmocka_unit_test(every_allocation_may_fail),
        cmocka_unit_test(what_is_written_is_read),
        cmocka_unit_test(wilson_by_hand),
        cmocka_unit_test(alarms_name_what_and_say_what_to_do),
        cmocka_unit_test(few_rows_raise_no_alarm_by_chance),
        cmocka_unit_test(a_week_that_has_begun_hides_nothing),
        cmocka_unit_test(sentences_are_whole_and_the_worst_come_first),
        cmocka_unit_test(what_moved_before_is_no_news),
        cmocka_unit_test(rows_of_another_model_do_not_drift),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
