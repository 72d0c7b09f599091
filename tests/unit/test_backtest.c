// SPDX-License-Identifier: Apache-2.0
//
// Backtests: the recorded run again, another policy, signal set or model beside it, and what its
// alerts are worth by the verdicts that are known.
#include "learn_fixture.h"

#include <math.h>

#include "learn/backtest.h"

static tw_backtest backtest(const tape *t, tw_backtest_options options)
{
    tw_backtest b;
    tw_err err = {0};
    if (options.label_delay_ms == 0)
        options.label_delay_ms = -1;
    if (tw_backtest_run(tw_alloc_system(), &t->journal, &options, &b, &err) != TW_OK)
        fail_msg("%s", err.text);
    assert_int_equal(b.alert_n, b.confirmed_n + b.refuted_n + b.unknown_n);
    assert_int_equal(b.alert_n, b.alert_list_n);
    uint64_t scheme_alert_n = 0;
    for (size_t i = 0; i < b.scheme_n; i++)
        scheme_alert_n += b.schemes_own[i].alert_n;
    assert_int_equal(scheme_alert_n, b.alert_n);
    for (size_t i = 1; i < b.alert_list_n; i++)
        assert_true(b.alerts_own[i].created_ms >= b.alerts_own[i - 1].created_ms);
    return b;
}

static const tw_backtest_alert *alert_of(const tw_backtest *b, const char *entity_id)
{
    for (size_t i = 0; i < b->alert_list_n; i++)
        if (strcmp(b->alerts_own[i].entity_id, entity_id) == 0)
            return &b->alerts_own[i];
    return NULL;
}

static void refund(tape *t, const char *employee, double amount, int n)
{
    for (int i = 0; i < n; i++)
        tape_till(t, "S1", employee, "", -amount);
}

// E0 confirmed, E1 refuted, E2 undecided, each with two refunds of 60; E3 with one of 60 and E4
// with two of 30 alert under laxer rules only.
static void make_trade(tape *t)
{
    tape_open(t);
    refund(t, "E0", 60, 2);
    tape_verdict(t, t->alert_id, 0, TW_VERDICT_CONFIRMED, t->now_ms);
    refund(t, "E1", 60, 2);
    tape_verdict(t, t->alert_id, 0, TW_VERDICT_REFUTED, t->now_ms);
    refund(t, "E2", 60, 2);
    refund(t, "E3", 60, 1);
    tape_verdict(t, NULL, t->seq, TW_VERDICT_CONFIRMED, t->now_ms);
    refund(t, "E4", 30, 2);
}

static void without_overrides_it_is_the_record(void **state)
{
    (void)state;
    tape t;
    make_trade(&t);
    tw_backtest b = backtest(&t, (tw_backtest_options){0});
    assert_int_equal(b.transaction_n, 9);
    assert_int_equal(b.alert_n, 3);
    assert_int_equal(b.confirmed_n, 1);
    assert_int_equal(b.refuted_n, 1);
    assert_int_equal(b.unknown_n, 1);
    assert_int_equal(b.store_n, 1);
    assert_int_equal(b.day_n, 1);
    assert_true(b.alerts_per_store_day == 3);
    assert_int_equal(b.precision.k, 1);
    assert_int_equal(b.precision.n, 2);
    assert_int_equal(b.known_confirmed_n, 1);
    assert_int_equal(b.known_found_n, 1);
    assert_int_equal(b.appears_n, 0);
    assert_int_equal(b.vanishes_n, 0);
    assert_int_equal(b.recorded_n, 3);
    assert_int_equal(b.recorded_confirmed_n, 1);
    assert_int_equal(b.recorded_refuted_n, 1);
    assert_int_equal(b.recorded_unknown_n, 1);
    assert_int_equal(b.recorded_precision.n, 2);
    for (size_t i = 0; i < b.recorded_n; i++)
        assert_memory_equal(&b.recorded_own[i], &b.alerts_own[i], sizeof b.alerts_own[i]);
    assert_int_equal(alert_of(&b, "E0")->known, 1);
    assert_int_equal(alert_of(&b, "E1")->known, 0);
    assert_int_equal(alert_of(&b, "E2")->known, -1);
    assert_true(alert_of(&b, "E2")->as_recorded);
    assert_string_equal(alert_of(&b, "E2")->alert_id, t.alert_id);
    assert_string_equal(alert_of(&b, "E2")->scheme, "refunds");
    assert_string_equal(alert_of(&b, "E2")->store_id, "S1");
    assert_true(alert_of(&b, "E2")->risk >= 0.8f);
    assert_int_equal(b.scheme_n, 1);
    assert_int_equal(b.signal_n, 1);
    assert_string_equal(b.signals_own[0].name, "big_refund");
    assert_int_equal(b.signals_own[0].fired_n, 7);
    assert_int_equal(b.signals_own[0].alert_n, 3);
    assert_int_equal(b.signals_own[0].confirmed_n, 1);
    assert_int_equal(b.signals_own[0].refuted_n, 1);
    tw_backtest_release(&b);
    tape_close(&t);
}

static void a_laxer_policy_raises_more_and_is_judged_by_transactions(void **state)
{
    (void)state;
    tape t;
    make_trade(&t);
    tw_backtest b =
        backtest(&t, (tw_backtest_options){
                         .policy = TW_STR("cold_days: 0\nevidence_floor: 3\nevidence_cold: 3\n")});
    assert_int_equal(b.alert_n, 4);
    assert_int_equal(b.appears_n, 1);
    assert_int_equal(b.vanishes_n, 0);
    assert_int_equal(alert_of(&b, "E3")->known, 1); // by the verdict on its transaction
    assert_false(alert_of(&b, "E3")->as_recorded);
    assert_true(alert_of(&b, "E0")->as_recorded);
    assert_int_equal(b.confirmed_n, 2);
    assert_int_equal(b.refuted_n, 1);
    tw_backtest_release(&b);
    tape_close(&t);
}

static void a_stricter_policy_raises_less_and_loses_what_was_found(void **state)
{
    (void)state;
    tape t;
    make_trade(&t);
    refund(&t, "E2", 60, 4);
    tw_backtest b = backtest(
        &t, (tw_backtest_options){
                .policy = TW_STR(
                    "cold_days: 0\nevidence_floor: 18\nevidence_cold: 18\nhabit_share: 1\n")});
    assert_int_equal(b.alert_n, 1);
    assert_int_equal(b.appears_n, 0);
    assert_int_equal(b.vanishes_n, 2);
    assert_int_equal(b.known_confirmed_n, 1);
    assert_int_equal(b.known_found_n, 0);
    assert_int_equal(b.recorded_n, 3);
    assert_int_equal(b.recorded_precision.n, 2);
    assert_string_equal(b.recorded_own[0].entity_id, "E0");
    assert_false(b.recorded_own[0].is_raised);
    assert_int_equal(b.recorded_own[0].known, 1);
    assert_true(b.recorded_own[2].is_raised);
    assert_int_equal(b.precision.n, 0);
    assert_true(isnan(b.precision.value));
    assert_string_equal(b.alerts_own[0].entity_id, "E2");
    tw_backtest_release(&b);
    tape_close(&t);
}

static const char lower_signals[] =
    "version: 1\n"
    "schemes:\n"
    "  - {name: small_refunds, title: Refunds, type: VOID_REFUND, entity: employee, help: h}\n"
    "signals:\n"
    "  - name: any_refund\n"
    "    scheme: small_refunds\n"
    "    title: Any refund\n"
    "    help: h\n"
    "    on: [REFUND]\n"
    "    when: [{feature: tx_amount, op: '>=', value: 20}]\n"
    "    weight: 7\n"
    "    repeat: 1\n"
    "    sentence: 'Refund'\n";

static void a_changed_signal_set_is_tried_dry(void **state)
{
    (void)state;
    tape t;
    make_trade(&t);
    tw_backtest b = backtest(&t, (tw_backtest_options){.signals = tw_str_from(lower_signals)});
    assert_int_equal(b.alert_n, 5);
    assert_int_equal(b.appears_n, 5); // another scheme: another alert
    assert_int_equal(b.vanishes_n, 3);
    assert_int_equal(b.scheme_n, 1);
    assert_string_equal(b.schemes_own[0].name, "small_refunds");
    assert_int_equal(b.signal_n, 1);
    assert_string_equal(b.signals_own[0].name, "any_refund");
    assert_int_equal(b.signals_own[0].fired_n, 9);
    assert_int_equal(alert_of(&b, "E0")->known, 1);
    assert_int_equal(alert_of(&b, "E1")->known, 0);
    tw_backtest_release(&b);
    tape_close(&t);
}

// The recorded run's verdict must reach the other run's alert, whose id is another: or it would
// grow for ever instead of opening again.
static void verdicts_of_the_record_close_the_others_alerts(void **state)
{
    (void)state;
    tape t;
    tape_open(&t);
    refund(&t, "E0", 60, 3);
    tape_verdict(&t, t.alert_id, 0, TW_VERDICT_CONFIRMED, t.now_ms);
    refund(&t, "E0", 60, 3);
    tw_backtest record = backtest(&t, (tw_backtest_options){0});
    tw_backtest b =
        backtest(&t, (tw_backtest_options){
                         .policy = TW_STR("cold_days: 0\nevidence_floor: 3\nevidence_cold: 3\n")});
    assert_int_equal(record.alert_n, 2);
    assert_int_equal(b.alert_n, 2);
    assert_string_not_equal(b.alerts_own[0].alert_id, record.alerts_own[0].alert_id);
    assert_int_equal(b.appears_n, 0);
    tw_backtest_release(&record);
    tw_backtest_release(&b);
    tape_close(&t);
}

static void the_period_bounds_what_is_counted(void **state)
{
    (void)state;
    tape t;
    make_trade(&t);
    // No budget in the way of the second day.
    tape_config(&t, TW_CONFIG_POLICY,
                "cold_days: 0\nevidence_floor: 6\nevidence_cold: 6\nalerts_per_store_day: 100\n");
    int64_t second_ms = t.now_ms + TW_DAY_MS;
    t.now_ms = second_ms;
    refund(&t, "E5", 60, 3);
    tape_till(&t, "S2", "E6", "", 20);
    t.now_ms += 3 * TW_DAY_MS;
    refund(&t, "E7", 60, 2);
    tw_backtest b =
        backtest(&t, (tw_backtest_options){.from_ms = second_ms, .to_ms = second_ms + TW_DAY_MS});
    assert_int_equal(b.alert_n, 1);
    assert_string_equal(b.alerts_own[0].entity_id, "E5");
    assert_int_equal(b.transaction_n, 4);
    assert_int_equal(b.store_n, 2);
    assert_int_equal(b.known_confirmed_n, 0);
    tw_backtest_release(&b);
    b = backtest(&t, (tw_backtest_options){.from_ms = second_ms + 100 * TW_DAY_MS});
    assert_int_equal(b.alert_n + b.transaction_n, 0);
    assert_int_equal(b.day_n, 0);
    tw_backtest_release(&b);
    tape_close(&t);
}

// The same override twice over random trade: equal; and an override by what is in force already is
// the record, alert by alert.
static void the_same_rules_raise_the_same_alerts(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 4; seed++) {
        tape t;
        tw_rng rng;
        printf("seed %llu\n", (unsigned long long)seed);
        tw_rng_init(&rng, seed, 0);
        tape_open(&t);
        tape_random(&t, &rng, 700);
        tw_backtest a = backtest(&t, (tw_backtest_options){0});
        tw_backtest b = backtest(&t, (tw_backtest_options){.policy = tw_str_from(shop_policy),
                                                           .signals = tw_str_from(shop_signals)});
        assert_true(a.alert_n > 3);
        assert_int_equal(a.alert_n, b.alert_n);
        assert_int_equal(a.confirmed_n, b.confirmed_n);
        assert_int_equal(a.refuted_n, b.refuted_n);
        assert_int_equal(a.known_confirmed_n, b.known_found_n);
        assert_int_equal(b.appears_n + b.vanishes_n, 0);
        for (size_t i = 0; i < a.alert_list_n; i++) {
            const tw_backtest_alert *x = &a.alerts_own[i], *y = &b.alerts_own[i];
            assert_string_equal(x->entity_id, y->entity_id);
            assert_string_equal(x->scheme, y->scheme);
            assert_int_equal(x->created_ms, y->created_ms);
            assert_int_equal(x->known, y->known);
            assert_true(x->risk == y->risk);
        }
        for (size_t i = 0; i < a.signal_n; i++)
            assert_int_equal(a.signals_own[i].fired_n, b.signals_own[i].fired_n);
        tw_backtest_release(&a);
        tw_backtest_release(&b);
        tape_close(&t);
    }
}

// --- failures
// --------------------------------------------------------------------------------------

static void what_does_not_load_is_refused_in_a_sentence(void **state)
{
    (void)state;
    tape t;
    tw_backtest b;
    tw_err err = {0};
    tw_backtest_options options = {.label_delay_ms = -1, .signals = TW_STR("signals: none\n")};
    make_trade(&t);
    assert_int_not_equal(tw_backtest_run(tw_alloc_system(), &t.journal, &options, &b, &err), TW_OK);
    assert_string_not_equal(err.text, "");
    assert_null(b.alerts_own);
    options = (tw_backtest_options){.label_delay_ms = -1, .model = TW_STR("no model")};
    err.text[0] = '\0';
    assert_int_not_equal(tw_backtest_run(tw_alloc_system(), &t.journal, &options, &b, &err), TW_OK);
    assert_string_not_equal(err.text, "");
    tape_close(&t);
    tape_open_empty(&t);
    b = backtest(&t, (tw_backtest_options){0});
    assert_int_equal(b.alert_n, 0);
    tw_backtest_release(&b);
    tape_close(&t);
}

static void no_memory_at_any_moment_is_a_status(void **state)
{
    (void)state;
    tape t;
    tw_rng rng;
    tw_rng_init(&rng, 5, 0);
    tape_open(&t);
    tape_random(&t, &rng, 100);
    for (uint64_t k = 1;; k++) {
        tw_alloc_faulty faulty;
        tw_backtest b;
        tw_backtest_options options = {
            .label_delay_ms = -1,
            .policy = TW_STR("cold_days: 0\nevidence_floor: 3\nevidence_cold: 3\n")};
        tw_alloc_faulty_init(&faulty, k, false);
        tw_status status = tw_backtest_run(&faulty.alloc, &t.journal, &options, &b, NULL);
        if (status == TW_OK)
            tw_backtest_release(&b);
        else
            assert_int_equal(status, TW_NO_MEMORY);
        assert_int_equal(faulty.live_blocks, 0);
        assert_int_equal(faulty.live_bytes, 0);
        if (faulty.hits == 0)
            break;
    }
    tape_close(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_overrides_it_is_the_record),
        cmocka_unit_test(a_laxer_policy_raises_more_and_is_judged_by_transactions),
        cmocka_unit_test(a_stricter_policy_raises_less_and_loses_what_was_found),
        cmocka_unit_test(a_changed_signal_set_is_tried_dry),
        cmocka_unit_test(verdicts_of_the_record_close_the_others_alerts),
        cmocka_unit_test(the_period_bounds_what_is_counted),
        cmocka_unit_test(the_same_rules_raise_the_same_alerts),
        cmocka_unit_test(what_does_not_load_is_refused_in_a_sentence),
        cmocka_unit_test(no_memory_at_any_moment_is_a_status),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
