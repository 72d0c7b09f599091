// SPDX-License-Identifier: Apache-2.0
//
// Evaluation against figures worked out by hand.
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "learn/evaluate.h"

#define NONE UINT32_MAX
// cmocka's own comparison is in single precision.
#define assert_near(a, b, eps) assert_true(fabs((a) - (b)) <= (double)(eps))
#define DAY_MS INT64_C(86400000)

static tw_eval evaluate(const tw_eval_row *rows, size_t n, const tw_eval_alert *alerts,
                        size_t alert_n, const tw_eval_member *members, size_t member_n)
{
    tw_eval out;
    tw_eval_input input = {rows, n, alerts, alert_n, members, member_n, 2, 0.8};
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
    const tw_eval_alert alerts[] = {{2 * DAY_MS, 0}, {3 * DAY_MS, 1}, {3 * DAY_MS, 1}};
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
        tw_eval_input input = {&bad[i], 1, NULL, 0, NULL, 0, 2, 0.8};
        assert_int_equal(tw_evaluate(tw_alloc_system(), &input, &out), TW_INVALID);
    }
    tw_eval_input input = {&good, 1, NULL, 0, &outside, 1, 2, 0.8};
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
        tw_eval_input input = {rows, 2, NULL, 0, NULL, 0, 1, 0.8};
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ranking_with_ties),         cmocka_unit_test(all_of_equal_risk_is_a_coin),
        cmocka_unit_test(alerts_thieves_and_money),  cmocka_unit_test(bad_input_is_refused),
        cmocka_unit_test(every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
