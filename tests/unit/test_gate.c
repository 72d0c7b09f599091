// SPDX-License-Identifier: Apache-2.0
//
// The promotion gate: figures worked out by hand, its reasons to refuse, and its determinism.
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "base/rng.h"
#include "learn/gate.h"

#define assert_near(a, b, eps) assert_true(fabs((double)(a) - (double)(b)) <= (double)(eps))
#define ROWS_MAX 4000

static const char *const schemes[] = {"refunds", "voids"};

static tw_gate_decision decide(const tw_gate_row *rows, size_t n, uint64_t budget,
                               const tw_gate_options *options)
{
    tw_gate_decision d;
    tw_err err = {0};
    assert_int_equal(
        tw_gate_decide(tw_alloc_system(), rows, n, budget, schemes, 2, options, &d, &err), TW_OK);
    return d;
}

static tw_gate_options options_small(void)
{
    tw_gate_options options = tw_gate_options_default();
    options.positives_min = 2;
    options.negatives_min = 2;
    return options;
}

// Average precision and the figures at a budget of 2, of four rows that fit in the head.
static void figures_by_hand(void **state)
{
    (void)state;
    const tw_gate_row rows[] = {
        {.champion = 0.9F, .challenger = 0.8F, .label = 1, .weight = 1, .entity = 1, .amount = 30},
        {.champion = 0.8F, .challenger = 0.3F, .weight = 1, .entity = 2, .day = 3},
        {.champion = 0.7F,
         .challenger = 0.9F,
         .label = 1,
         .weight = 1,
         .entity = 3,
         .amount = 10,
         .scheme = 1},
        {.champion = 0.6F, .challenger = 0.3F, .weight = 1, .entity = 4, .day = 9}};
    tw_gate_options options = options_small();
    tw_gate_decision d = decide(rows, 4, 2, &options);
    assert_near(d.champion_ap.value, (1.0 + 2.0 / 3) / 2, 1e-12);
    assert_near(d.challenger_ap.value, 1, 1e-12);
    assert_near(d.difference.value, 1 - (1.0 + 2.0 / 3) / 2, 1e-12);
    assert_near(d.champion_precision.value, 0.5, 1e-12);
    assert_near(d.challenger_precision.value, 1, 1e-12);
    assert_near(d.champion_money_recall, 0.75, 1e-12);
    assert_near(d.challenger_money_recall, 1, 1e-12);
    // The champion finds one of two with no false row before it: 0 of 1 flagged false at its
    // recall is none, so the ratio has no meaning.
    assert_true(isnan(d.false_at_equal_recall));
    assert_int_equal(d.row_n, 4);
    assert_int_equal(d.positive_n, 2);
    assert_int_equal(d.first_day, 0);
    assert_int_equal(d.last_day, 9);
    assert_int_equal(d.scheme_n, 2);
    assert_string_equal(d.schemes[1].name, "voids");
    assert_near(d.schemes[1].champion_recall, 0, 0);
    assert_near(d.schemes[1].challenger_recall, 1, 0);
}

// A group of equal risk at the edge of the budget counts by its share, and is one step of the AP.
static void ties_give_no_credit(void **state)
{
    (void)state;
    tw_gate_row rows[6] = {{.weight = 0}};
    for (size_t i = 0; i < 6; i++)
        rows[i] = (tw_gate_row){.champion = 0.5F,
                                .challenger = 0.5F,
                                .label = i < 2,
                                .weight = 2,
                                .scheme = 0xff,
                                .entity = i};
    tw_gate_options options = options_small();
    tw_gate_decision d = decide(rows, 6, 3, &options);
    assert_near(d.champion_ap.value, 2.0 / 6, 1e-12);
    assert_near(d.champion_precision.value, 2.0 / 6, 1e-12);
    assert_near(d.false_at_equal_recall, 1, 1e-12);
    assert_near(d.difference.low, 0, 0);
    assert_false(d.promote);
}

// Rows of `n` entities; the challenger sees the truth with the given noise, the champion with its.
static size_t make_rows(tw_gate_row *rows, size_t n, double champion_noise, double challenger_noise,
                        uint64_t seed)
{
    tw_rng rng;
    tw_rng_init(&rng, seed, 0);
    for (size_t i = 0; i < n; i++) {
        uint8_t label = tw_rng_unit(&rng) < 0.6;
        rows[i] =
            (tw_gate_row){.champion = (float)(label + champion_noise * tw_rng_normal(&rng)),
                          .challenger = (float)(label + challenger_noise * tw_rng_normal(&rng)),
                          .label = label,
                          .scheme = (uint8_t)tw_rng_below(&rng, 2),
                          .weight = 1,
                          .entity = i / 2,
                          .day = (int32_t)(i / 10),
                          .amount = 1 + (double)tw_rng_below(&rng, 50)};
    }
    return n;
}

static void a_better_challenger_is_promoted(void **state)
{
    (void)state;
    static tw_gate_row rows[ROWS_MAX];
    size_t n = make_rows(rows, 120, 1.0, 0.3, 1);
    tw_gate_options options = tw_gate_options_default();
    tw_gate_decision d = decide(rows, n, 60, &options);
    assert_true(d.promote);
    assert_true(d.difference.low > 0 && d.difference.low < d.difference.value &&
                d.difference.value < d.difference.high);
    assert_true(d.challenger_ap.low <= d.challenger_ap.value);
    assert_true(d.false_at_equal_recall < 0.5);
    assert_true(d.share_better > 0.95);
    tw_gate_decision again = decide(rows, n, 60, &options);
    assert_string_equal(d.reason, again.reason);
    assert_near(d.difference.low, again.difference.low, 0);
    assert_near(d.challenger_precision.high, again.challenger_precision.high, 0);
}

static void the_same_model_again_is_not(void **state)
{
    (void)state;
    static tw_gate_row rows[ROWS_MAX];
    size_t n = make_rows(rows, 120, 0.5, 0.5, 2);
    for (size_t i = 0; i < n; i++)
        rows[i].challenger = rows[i].champion;
    tw_gate_options options = tw_gate_options_default();
    tw_gate_decision d = decide(rows, n, 60, &options);
    assert_false(d.promote);
    assert_near(d.difference.high, 0, 0);
    assert_non_null(strstr(d.reason, "no better"));
}

// Two equally good ones differ by chance: the gate is asked many times and hardly ever opens.
static void chance_is_not_enough(void **state)
{
    (void)state;
    static tw_gate_row rows[ROWS_MAX];
    tw_gate_options options = tw_gate_options_default();
    options.resamples_n = 200;
    int promoted = 0;
    for (uint64_t seed = 0; seed < 100; seed++) {
        size_t n = make_rows(rows, 60, 0.7, 0.7, 100 + seed);
        promoted += decide(rows, n, 36, &options).promote;
    }
    assert_in_range(promoted, 0, 25); // at a confidence of 0.8
}

static void too_few_verdicts(void **state)
{
    (void)state;
    static tw_gate_row rows[ROWS_MAX];
    size_t n = make_rows(rows, 6, 1.0, 0.1, 3);
    tw_gate_options options = tw_gate_options_default();
    tw_gate_decision d = decide(rows, n, 3, &options);
    assert_false(d.promote);
    assert_true(isnan(d.champion_ap.value));
    assert_non_null(strstr(d.reason, "Too few"));
    d = decide(NULL, 0, 1, &options);
    assert_false(d.promote);
}

// Better over all, but blind for one scheme.
static void a_scheme_may_not_be_given_up(void **state)
{
    (void)state;
    static tw_gate_row rows[ROWS_MAX];
    size_t n = 100;
    for (size_t i = 0; i < n; i++) {
        uint8_t label = i < 50;
        bool is_void = i < 10;
        rows[i] = (tw_gate_row){.label = label,
                                .scheme = is_void ? 1 : 0,
                                .weight = 1,
                                .entity = i,
                                .champion = is_void || (label && i % 4 == 0) ? 0.9F : 0.5F,
                                .challenger = label && !is_void ? 0.9F
                                              : is_void         ? 0.1F
                                                                : 0.3F};
    }
    tw_gate_options options = tw_gate_options_default();
    options.scheme_recall_max_fall = 0.1;
    tw_gate_decision d = decide(rows, n, 50, &options);
    assert_false(d.promote);
    assert_non_null(strstr(d.reason, "voids"));
    options.scheme_recall_max_fall = 1;
    assert_true(decide(rows, n, 50, &options).promote);
}

// The same order, but the challenger's bar leaves out most of what was wrong and nothing right.
static void a_sharper_operating_point_counts(void **state)
{
    (void)state;
    static tw_gate_row rows[ROWS_MAX];
    size_t n = 40;
    for (size_t i = 0; i < n; i++) {
        bool right = i < 30, is_clear = right && i % 2;
        rows[i] = (tw_gate_row){.label = right,
                                .scheme = 0xff,
                                .weight = 1,
                                .entity = i,
                                .champion = is_clear ? 0.95F : 0.85F,
                                .challenger = is_clear              ? 0.9F
                                              : i == 0              ? 0.75F
                                              : right || i % 2 == 0 ? 0.81F
                                                                    : 0.79F};
    }
    tw_gate_options options = tw_gate_options_default();
    options.threshold = 0.8;
    tw_gate_decision d = decide(rows, n, 30, &options);
    assert_near(d.champion_point.precision, 0.75, 1e-12);
    assert_near(d.challenger_point.flagged, 34, 0);
    assert_near(d.challenger_point.recall, 29.0 / 30, 1e-12);
    assert_true(d.promote && d.share_sharper > 0.8);
    options.threshold = 0; // nothing to compare
    d = decide(rows, n, 30, &options);
    assert_true(isnan(d.champion_point.precision));
}

// One id behind everything is no person: rows are then drawn one by one.
static void a_feed_without_people(void **state)
{
    (void)state;
    static tw_gate_row rows[ROWS_MAX];
    size_t n = make_rows(rows, 400, 1.0, 0.5, 4);
    for (size_t i = 0; i < n; i++)
        rows[i].entity = 7;
    tw_gate_options options = tw_gate_options_default();
    tw_gate_decision d = decide(rows, n, 200, &options);
    assert_true(d.challenger_ap.high > d.challenger_ap.low);
    assert_true(d.promote);
}

static void bad_rows_are_refused(void **state)
{
    (void)state;
    const tw_gate_row good[] = {{.label = 1, .weight = 1, .scheme = 0xff},
                                {.weight = 1, .scheme = 1, .entity = 1}};
    tw_gate_options options = options_small();
    tw_gate_decision d;
    for (int fault = 0; fault < 7; fault++) {
        tw_gate_row rows[2] = {good[0], good[1]};
        tw_err err = {0};
        uint64_t budget = fault == 0 ? 0 : 1;
        if (fault == 1)
            rows[1].champion = NAN;
        if (fault == 2)
            rows[1].challenger = INFINITY;
        if (fault == 3)
            rows[1].label = 2;
        if (fault == 4)
            rows[1].scheme = 2;
        if (fault == 5)
            rows[1].weight = 0;
        if (fault == 6)
            rows[1].amount = (double)NAN;
        assert_int_equal(
            tw_gate_decide(tw_alloc_system(), rows, 2, budget, schemes, 2, &options, &d, &err),
            TW_INVALID);
        assert_int_not_equal(err.text[0], 0);
        assert_false(d.promote);
    }
}

static void out_of_memory_anywhere(void **state)
{
    (void)state;
    static tw_gate_row rows[ROWS_MAX];
    size_t n = make_rows(rows, 60, 1.0, 0.3, 5);
    tw_gate_options options = tw_gate_options_default();
    options.resamples_n = 10;
    for (uint64_t k = 1;; k++) {
        tw_alloc_faulty faulty;
        tw_gate_decision d;
        tw_alloc_faulty_init(&faulty, k, false);
        tw_status status =
            tw_gate_decide(&faulty.alloc, rows, n, 30, schemes, 2, &options, &d, NULL);
        assert_int_equal(faulty.live_bytes, 0);
        if (faulty.hits == 0) {
            assert_int_equal(status, TW_OK);
            assert_true(k > 10);
            break;
        }
        assert_int_equal(status, TW_NO_MEMORY);
        assert_int_equal(d.row_n, 0);
    }
}

static void decision_as_json(void **state)
{
    (void)state;
    tw_gate_decision d = {.promote = true,
                          .reason = "It is \"better\".",
                          .row_n = 12,
                          .positive_n = 9,
                          .negative_n = 3,
                          .first_day = 20459,
                          .last_day = 20480,
                          .budget_n = 9,
                          .champion_ap = {0.5, 0.25, 0.75},
                          .false_at_equal_recall = (double)NAN,
                          .scheme_n = 1,
                          .schemes = {{.name = "voids", .n = 4, .champion_recall = 0.5}}};
    tw_buf out;
    tw_buf_init(&out, tw_alloc_system(), 1 << 16);
    assert_int_equal(tw_gate_json(&d, &out), TW_OK);
    tw_buf_u8(&out, 0);
    const char *text = (const char *)out.data_own;
    assert_non_null(strstr(text, "{\"promote\":true,\"reason\":\"It is \\\"better\\\".\","));
    assert_non_null(strstr(text, "\"first_day\":\"2026-01-06\""));
    assert_non_null(strstr(text, "\"champion_ap\":{\"value\":0.5,\"low\":0.25,\"high\":0.75}"));
    assert_non_null(strstr(text, "\"false_at_equal_recall\":null"));
    assert_non_null(strstr(
        text,
        "\"share_sharper\":0,\"schemes\":[{\"name\":\"voids\",\"n\":4,\"champion_recall\":0.5,"
        "\"challenger_recall\":0}]}"));
    tw_buf_release(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(figures_by_hand),
        cmocka_unit_test(ties_give_no_credit),
        cmocka_unit_test(a_better_challenger_is_promoted),
        cmocka_unit_test(the_same_model_again_is_not),
        cmocka_unit_test(chance_is_not_enough),
        cmocka_unit_test(too_few_verdicts),
        cmocka_unit_test(a_scheme_may_not_be_given_up),
        cmocka_unit_test(a_sharper_operating_point_counts),
        cmocka_unit_test(a_feed_without_people),
        cmocka_unit_test(bad_rows_are_refused),
        cmocka_unit_test(out_of_memory_anywhere),
        cmocka_unit_test(decision_as_json),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
