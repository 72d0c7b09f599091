// SPDX-License-Identifier: Apache-2.0
//
// Evaluation against figures worked out by hand.
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/rng.h"
#include "learn/evaluate.h"

#define NONE UINT32_MAX
// cmocka's own comparison is in single precision.
#define assert_near(a, b, eps) assert_true(fabs((a) - (b)) <= (double)(eps))
#define DAY_MS INT64_C(86400000)

static tw_eval evaluate(const tw_eval_row *rows, size_t n, const tw_eval_alert *alerts,
                        size_t alert_n, const tw_eval_member *members, size_t member_n)
{
    tw_eval out;
    tw_eval_input input = {.rows = rows,
                           .n = n,
                           .alerts = alerts,
                           .alert_n = alert_n,
                           .members = members,
                           .member_n = member_n,
                           .scheme_n = 2,
                           .threshold = 0.8};
    assert_int_equal(tw_evaluate(tw_alloc_system(), &input, &out), TW_OK);
    return out;
}

static void ranking_with_ties(void **state)
{
    (void)state;
    // As scikit-learn's average_precision_score and roc_auc_score give them.
    const tw_eval_row rows[] = {{.risk = 0.9F, .fraud = 1, .thief = NONE},
                                {.risk = 0.5F},
                                {.risk = 0.5F, .fraud = 1, .thief = NONE},
                                {.risk = 0.5F},
                                {.risk = 0.1F}};
    tw_eval e = evaluate(rows, 5, NULL, 0, NULL, 0);
    assert_near(e.ap, 0.5 * 1 + 0.5 * 2 / 4, 1e-12);
    assert_near(e.auc, (3 + 1 + 0.5 * 2) / 6.0, 1e-12);
    assert_near(e.precision, 1, 0);
    assert_near(e.recall, 0.5, 0);
    assert_true(isnan(e.alert_precision_any));
    assert_true(isnan(e.precision_at_k[0])); // no day has ten transactions
    assert_near(e.recall_at_k[0], 1, 0);
}

static void all_of_equal_risk_is_a_coin(void **state)
{
    (void)state;
    tw_eval_row rows[40] = {0};
    for (int i = 0; i < 40; i++)
        rows[i] = (tw_eval_row){.risk = 0.3F, .fraud = i % 4 == 0, .thief = NONE};
    tw_eval e = evaluate(rows, 40, NULL, 0, NULL, 0);
    assert_near(e.auc, 0.5, 0);
    assert_near(e.ap, 0.25, 1e-12);
    assert_near(e.precision_at_k[0], 0.25, 1e-12); // the expected share
    assert_true(isnan(e.precision));               // nothing is flagged
}

static void alerts_thieves_and_money(void **state)
{
    (void)state;
    const tw_eval_row rows[] = {
        {.risk = 0.7F, .fraud = 1, .thief = 3, .time_ms = 0, .amount = 10},
        {.risk = 0.9F, .fraud = 1, .thief = 3, .time_ms = 2 * DAY_MS, .amount = 30, .day = 2},
        {.risk = 0.9F, .time_ms = 2 * DAY_MS, .day = 2, .store = 1},
        {.risk = 0.9F, .time_ms = 2 * DAY_MS, .day = 2, .store = 1},
        {.risk = 0.2F,
         .fraud = 1,
         .scheme = 1,
         .thief = 4,
         .time_ms = DAY_MS,
         .amount = 60,
         .day = 1},
    };
    const tw_eval_alert alerts[] = {
        {2 * DAY_MS, 0, NONE}, {3 * DAY_MS, 1, NONE}, {3 * DAY_MS, 1, NONE}};
    const tw_eval_member members[] = {{0, 0}, {1, 0}, {2, 1}, {3, 1}, {1, 2}, {2, 2}, {3, 2}};
    tw_eval e = evaluate(rows, 5, alerts, 3, members, 7);
    assert_int_equal(e.alert_any_n, 2);
    assert_int_equal(e.alert_most_n, 1);
    assert_near(e.alert_recall, 2 / 3.0, 1e-12);
    assert_near(e.money_recall, 30 / 100.0, 1e-12);
    assert_int_equal(e.thief_n, 2);
    assert_int_equal(e.thief_found_n, 1);
    assert_near(e.days_to_alert, 2, 0);
    assert_int_equal(e.schemes[0].thief_found, 1);
    assert_int_equal(e.schemes[0].found, 2);
    assert_int_equal(e.schemes[1].found, 0);
    assert_true(isnan(e.schemes[1].days_to_alert));
    assert_int_equal(e.store_n, 2);
    assert_int_equal(e.day_n, 3);
    assert_near(e.alerts_per_store_day, 3 / 6.0, 1e-12);
    assert_near(e.precision, 1 / 3.0, 1e-12);
}

static void bad_input_is_refused(void **state)
{
    (void)state;
    const tw_eval_row bad[] = {{.risk = NAN}, {.fraud = 2}, {.fraud = 1, .scheme = 2}};
    const tw_eval_row good = {.risk = 0.5F};
    const tw_eval_member outside = {0, 0};
    tw_eval out;
    for (size_t i = 0; i < TW_COUNT(bad); i++) {
        tw_eval_input input = {.rows = &bad[i], .n = 1, .scheme_n = 2, .threshold = 0.8};
        assert_int_equal(tw_evaluate(tw_alloc_system(), &input, &out), TW_INVALID);
    }
    tw_eval_input input = {
        .rows = &good, .n = 1, .members = &outside, .member_n = 1, .scheme_n = 2};
    assert_int_equal(tw_evaluate(tw_alloc_system(), &input, &out), TW_INVALID);
    tw_eval_input nothing = {.threshold = 0.8};
    assert_int_equal(tw_evaluate(tw_alloc_system(), &nothing, &out), TW_OK);
    assert_true(isnan(out.ap) && isnan(out.auc));
}

static void every_allocation_may_fail(void **state)
{
    (void)state;
    const tw_eval_row rows[] = {{.risk = 0.9F, .fraud = 1, .thief = 1}, {.risk = 0.1F}};
    for (uint64_t k = 1;; k++) {
        tw_alloc_faulty faulty;
        tw_eval out;
        tw_alloc_faulty_init(&faulty, k, false);
        tw_eval_input input = {.rows = rows,
                               .n = 2,
                               .scheme_n = 1,
                               .threshold = 0.8,
                               .has_entities = true,
                               .resamples_n = 3};
        tw_status status = tw_evaluate(&faulty.alloc, &input, &out);
        assert_int_equal(faulty.live_blocks, 0);
        if (faulty.hits == 0) {
            assert_int_equal(status, TW_OK);
            break;
        }
        assert_int_equal(status, TW_NO_MEMORY);
        assert_int_equal(out.n, 0);
    }
}

// --- by entity

static void card_precision_by_hand(void **state)
{
    (void)state;
    // Twelve cards on two days; k = 10. Day 0: cards 0..11 with risks falling from 0.9; 2 and 11
    // are fraudulent, 2 by a row that is not its highest, so 2 counts and 11 is below the edge: 1
    // / 10. Day 1: 2 was found and is passed over, so that of 0, 1, 3..11 card 3 is the only
    // fraudulent one among the ten: 1 / 10. Employees: all rows are one employee's: 1 / 10, then
    // nothing.
    tw_eval_row rows[26];
    size_t n = 0;
    for (int day = 0; day < 2; day++)
        for (uint32_t card = 0; card < 12; card++) {
            bool is_fraud = day == 0 ? card == 11 : card == 2 || card == 3;
            rows[n++] = (tw_eval_row){.risk = 0.9F - 0.05F * (float)card,
                                      .fraud = is_fraud,
                                      .day = day,
                                      .thief = NONE,
                                      .entity = {0, card}};
        }
    rows[n++] = (tw_eval_row){.risk = 0.01F, .fraud = 1, .day = 0, .thief = NONE, .entity = {0, 2}};
    rows[n++] = (tw_eval_row){.risk = 1, .day = 1, .thief = NONE, .entity = {0, NONE}};
    tw_eval out;
    tw_eval_input input = {
        .rows = rows, .n = n, .scheme_n = 1, .threshold = 0.8, .has_entities = true};
    assert_int_equal(tw_evaluate(tw_alloc_system(), &input, &out), TW_OK);
    const tw_eval_by_entity *cards = &out.entities[TW_EVAL_ACCOUNT];
    assert_int_equal(cards->n, 12);
    assert_int_equal(cards->fraud_n, 3);
    assert_near(cards->precision_at_k[0], (0.1 + 0.1) / 2, 1e-12);
    assert_near(cards->ceiling_at_k[0], (0.2 + 0.1) / 2, 1e-12);
    // At 50 both are found on day 0.
    assert_near(cards->precision_at_k[1], (2 / 50.0 + 1 / 50.0) / 2, 1e-12);
    const tw_eval_by_entity *employees = &out.entities[TW_EVAL_EMPLOYEE];
    assert_int_equal(employees->n, 1);
    assert_near(employees->precision_at_k[0], (0.1 + 0) / 2, 1e-12);
    input.has_entities = false;
    assert_int_equal(tw_evaluate(tw_alloc_system(), &input, &out), TW_OK);
    assert_true(isnan(out.entities[TW_EVAL_ACCOUNT].precision_at_k[0]));
    assert_int_equal(out.entities[TW_EVAL_ACCOUNT].n, 0);
}

// --- intervals

#define MANY 4000

// A score that is right more often than not; thieves of 20 frauds each, cards of 4 rows.
static void fill_many(tw_eval_row *rows, uint64_t seed, double skill)
{
    tw_rng rng;
    tw_rng_init(&rng, seed, 0);
    for (uint32_t i = 0; i < MANY; i++) {
        bool is_fraud = i % 20 == 0;
        double z = tw_rng_normal(&rng) + (is_fraud ? skill : 0);
        rows[i] = (tw_eval_row){.risk = (float)(1 / (1 + exp(-z))),
                                .fraud = is_fraud,
                                .day = (int32_t)(i * 28 / MANY),
                                .thief = is_fraud ? i / 400 : NONE,
                                .amount = 10,
                                .entity = {i % 50, i / 4}};
    }
}

static void intervals_are_about_as_wide_as_theory_says(void **state)
{
    (void)state;
    static tw_eval_row rows[MANY];
    tw_eval out, again;
    fill_many(rows, 1, 2);
    tw_eval_input input = {
        .rows = rows, .n = MANY, .scheme_n = 1, .threshold = 0.8, .resamples_n = 400, .seed = 5};
    for (size_t i = 0; i < MANY; i++)
        rows[i].thief = NONE; // every row is a unit of its own
    assert_int_equal(tw_evaluate(tw_alloc_system(), &input, &out), TW_OK);
    // Recall of 200 frauds: half of the interval is about 1.645 sqrt(p (1 - p) / 200).
    double half = 1.645 * sqrt(out.recall * (1 - out.recall) / 200);
    const tw_eval_range *r = &out.ranges.recall;
    assert_near(r->high - r->low, 2 * half, 0.3 * 2 * half);
    assert_true(r->low < out.recall && out.recall < r->high);
    assert_true(out.ranges.ap.low < out.ap && out.ap < out.ranges.ap.high);
    assert_true(out.ranges.auc.low < out.auc && out.auc < out.ranges.auc.high);
    assert_true(out.ranges.precision.low < out.precision);
    assert_true(isnan(out.ranges.alert_precision_any.low)); // no alerts
    assert_true(isnan(out.ranges.thief_recall.low));        // no thieves
    assert_int_equal(tw_evaluate(tw_alloc_system(), &input, &again), TW_OK);
    assert_memory_equal(&out.ranges.ap, &again.ranges.ap, sizeof(out.ranges.ap));
    // Thieves who are found or not as a whole: the interval of recall grows.
    fill_many(rows, 1, 2);
    for (size_t i = 0; i < MANY; i++)
        if (rows[i].fraud)
            rows[i].risk = rows[i].thief % 2 ? 0.9F : 0.1F;
    assert_int_equal(tw_evaluate(tw_alloc_system(), &input, &again), TW_OK);
    assert_true(again.ranges.recall.high - again.ranges.recall.low > 2 * 2 * half);
}

static void intervals_of_alerts_and_thieves(void **state)
{
    (void)state;
    static tw_eval_row rows[MANY];
    tw_eval_alert alerts[40];
    tw_eval_member members[40];
    tw_eval out;
    fill_many(rows, 2, 1);
    for (uint32_t i = 0; i < 40; i++) {
        alerts[i] = (tw_eval_alert){0, 0, i < 20 ? 0 : i};   // twenty of the same entity
        members[i] = (tw_eval_member){i * 20 + (i < 20), i}; // the first twenty are wrong
    }
    tw_eval_input input = {.rows = rows,
                           .n = MANY,
                           .alerts = alerts,
                           .alert_n = 40,
                           .members = members,
                           .member_n = 40,
                           .scheme_n = 1,
                           .threshold = 0.8,
                           .has_entities = true,
                           .resamples_n = 400};
    assert_int_equal(tw_evaluate(tw_alloc_system(), &input, &out), TW_OK);
    assert_near(out.alert_precision_any, 0.5, 1e-12);
    assert_near(out.false_alerts_week, 20 / 4.0, 1e-12);
    // The entity of the wrong ones is drawn 0 times in more than a third of the resamples.
    assert_near(out.ranges.alert_precision_any.high, 1, 0);
    assert_true(out.ranges.alert_precision_any.low < 0.35);
    assert_near(out.ranges.false_alerts_week.low, 0, 0);
    assert_true(out.ranges.false_alerts_week.high >= 10);
    // One of ten thieves has an alert.
    assert_int_equal(out.thief_found_n, 1);
    assert_near(out.ranges.thief_recall.low, 0, 0);
    assert_true(out.ranges.thief_recall.high > 0.15 && out.ranges.thief_recall.high < 0.5);
}

// --- two scorings

static tw_eval_comparison compare(const tw_eval_row *rows, size_t n, const float *before,
                                  uint32_t resamples_n)
{
    tw_eval_comparison out;
    tw_eval_compare_input input = {.rows = rows,
                                   .n = n,
                                   .before = before,
                                   .threshold = 0.8,
                                   .kind = TW_EVAL_EMPLOYEE,
                                   .resamples_n = resamples_n,
                                   .seed = 3};
    assert_int_equal(tw_eval_compare(tw_alloc_system(), &input, &out), TW_OK);
    return out;
}

static void equal_recall_by_hand(void **state)
{
    (void)state;
    // Before flags 2 frauds and 2 others. After puts two frauds and one other above the rest.
    const float before[] = {0.9F, 0.8F, 0.9F, 0.85F, 0.1F, 0.3F, 0.2F};
    tw_eval_row rows[] = {{.risk = 0.95F, .fraud = 1, .thief = NONE, .entity = {0, NONE}},
                          {.risk = 0.7F, .fraud = 1, .thief = NONE, .entity = {0, NONE}},
                          {.risk = 0.75F, .thief = NONE, .entity = {1, NONE}},
                          {.risk = 0.2F, .thief = NONE, .entity = {2, NONE}},
                          {.risk = 0.1F, .fraud = 1, .thief = NONE, .day = 10, .entity = {3, NONE}},
                          {.risk = 0.1F, .thief = NONE, .day = 10, .entity = {1, NONE}},
                          {.risk = 0.1F, .thief = NONE, .day = 10, .entity = {2, NONE}}};
    tw_eval_comparison c = compare(rows, 7, before, 0);
    const tw_eval_versus *v = &c.rows[0];
    assert_near(v->recall, 2 / 3.0, 1e-12);
    assert_near(v->flagged_before, 4, 0);
    assert_near(v->false_before, 2, 0);
    assert_near(v->flagged_after, 3, 0);
    assert_near(v->false_after, 1, 0);
    assert_near(v->false_ratio, 0.5, 1e-12);
    assert_true(isnan(v->false_ratio_range.low));
    // At the threshold after flags one fraud; before needs the whole step of 0.9 for one.
    v = &c.rows[1];
    assert_near(v->recall, 1 / 3.0, 1e-12);
    assert_near(v->flagged_after, 1, 0);
    assert_near(v->flagged_before, 2, 0);
    assert_near(v->false_before, 1, 0);
    assert_near(v->false_ratio, 0, 0);
    // Employee 0 in one week, 1 and 2 in two, 3 in one.
    assert_int_equal(c.entity_week_n, 6);
    assert_int_equal(c.entity_week_fraud_n, 2);
    v = &c.entity_weeks[0];
    assert_near(v->recall, 0.5, 1e-12);
    assert_near(v->false_before, 1, 0);
    assert_near(v->false_after, 0, 0);
}

static void ties_count_by_their_share(void **state)
{
    (void)state;
    // Before flags one of two frauds and nothing else. After, all are alike: half of all rows hold
    // one.
    const float before[] = {0.9F, 0.1F, 0.1F, 0.1F};
    const tw_eval_row rows[] = {{.risk = 0.5F, .fraud = 1, .thief = NONE, .entity = {NONE, NONE}},
                                {.risk = 0.5F, .fraud = 1, .thief = NONE, .entity = {NONE, NONE}},
                                {.risk = 0.5F, .thief = NONE, .entity = {NONE, NONE}},
                                {.risk = 0.5F, .thief = NONE, .entity = {NONE, NONE}}};
    tw_eval_comparison c = compare(rows, 4, before, 0);
    assert_near(c.rows[0].flagged_after, 2, 1e-12);
    assert_near(c.rows[0].false_after, 1, 1e-12);
    assert_true(isnan(c.rows[0].false_ratio)); // before had none
    assert_int_equal(c.entity_week_n, 0);
    assert_true(isnan(c.entity_weeks[0].recall));
}

static void a_better_score_is_found_better(void **state)
{
    (void)state;
    static tw_eval_row rows[MANY], weak[MANY];
    static float before[MANY];
    fill_many(rows, 3, 3);
    fill_many(weak, 4, 1);
    for (size_t i = 0; i < MANY; i++)
        before[i] = weak[i].risk;
    tw_eval_comparison c = compare(rows, MANY, before, 200);
    assert_true(c.ap_difference_range.low > 0 && c.auc_difference_range.low > 0);
    assert_near(c.share_better, 1, 0);
    assert_true(c.rows[0].false_ratio_range.high < 0.5);
    assert_true(c.rows[0].false_ratio_range.low <= c.rows[0].false_ratio &&
                c.rows[0].false_ratio <= c.rows[0].false_ratio_range.high);
    // The same scores on both sides: no difference, in no resample.
    for (size_t i = 0; i < MANY; i++)
        before[i] = rows[i].risk;
    c = compare(rows, MANY, before, 50);
    assert_near(c.ap_difference, 0, 0);
    assert_near(c.ap_difference_range.high, 0, 0);
    assert_near(c.share_better, 0, 0);
    assert_near(c.rows[0].false_ratio_range.low, 1, 0);
    assert_near(c.rows[1].false_ratio_range.high, 1, 0);
}

static void every_allocation_of_a_comparison_may_fail(void **state)
{
    (void)state;
    const tw_eval_row rows[] = {{.risk = 0.9F, .fraud = 1, .thief = 1}, {.risk = 0.1F}};
    const float before[] = {0.1F, 0.9F};
    for (uint64_t k = 1;; k++) {
        tw_alloc_faulty faulty;
        tw_eval_comparison out;
        tw_alloc_faulty_init(&faulty, k, false);
        tw_eval_compare_input input = {
            .rows = rows, .n = 2, .before = before, .threshold = 0.8, .resamples_n = 3};
        tw_status status = tw_eval_compare(&faulty.alloc, &input, &out);
        assert_int_equal(faulty.live_blocks, 0);
        if (faulty.hits == 0) {
            assert_int_equal(status, TW_OK);
            break;
        }
        assert_int_equal(status, TW_NO_MEMORY);
        assert_int_equal(out.entity_week_n, 0);
    }
    const float bad[] = {NAN, 0.5F};
    tw_eval_comparison out;
    tw_eval_compare_input input = {.rows = rows, .n = 2, .before = bad};
    assert_int_equal(tw_eval_compare(tw_alloc_system(), &input, &out), TW_INVALID);
    input.n = 0;
    assert_int_equal(tw_eval_compare(tw_alloc_system(), &input, &out), TW_OK);
    assert_true(isnan(out.ap_difference) && isnan(out.share_better));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ranking_with_ties),
        cmocka_unit_test(all_of_equal_risk_is_a_coin),
        cmocka_unit_test(alerts_thieves_and_money),
        cmocka_unit_test(bad_input_is_refused),
        cmocka_unit_test(every_allocation_may_fail),
        cmocka_unit_test(card_precision_by_hand),
        cmocka_unit_test(intervals_are_about_as_wide_as_theory_says),
        cmocka_unit_test(intervals_of_alerts_and_thieves),
        cmocka_unit_test(equal_recall_by_hand),
        cmocka_unit_test(ties_count_by_their_share),
        cmocka_unit_test(a_better_score_is_found_better),
        cmocka_unit_test(every_allocation_of_a_comparison_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
