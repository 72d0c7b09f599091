// SPDX-License-Identifier: Apache-2.0
//
// What the service shows of its models, over memory adapters: the watch, attributions, the audit
// sample, and precision after verdicts.
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <math.h>

#include "detect/inputs.h"
#include "learning_fixture.h"

static chain shared;

static int make_chain(void **state)
{
    (void)state;
    chain_make(&shared, 2, 9, 3);
    return 0;
}

static int release_chain(void **state)
{
    (void)state;
    chain_release(&shared);
    return 0;
}

// --- the watch
// --------------------------------------------------------------------------------------

static void the_watch_counts_what_happened(void **state)
{
    (void)state;
    fixture f;
    tw_arena arena;
    tw_watch_view watch;
    tw_alert_list alerts;
    tw_alert_query query = {.limit = 500};
    fixture_make(&f);
    f.trainer = stub_trainer();
    fixture_open(&f);
    size_t half = shared.n / 2;
    bool is_trained;
    fixture_feed(&f, &shared, 0, half, 4096);
    assert_int_equal(tw_service_milestone(f.service, &is_trained, NULL), TW_OK);
    (void)judge_transactions(&f);
    tw_training t = train(&f, true);
    fixture_feed(&f, &shared, half, shared.n, 4096);
    (void)fixture_hashes(&f); // all is projected
    tw_arena_init(&arena, tw_alloc_system(), 0, (size_t)64 << 20);
    assert_int_equal(tw_query_alerts(f.service, &query, &arena, &alerts, NULL), TW_OK);
    assert_true(alerts.n >= 2);
    judge(&f, alerts.items[0].alert_id, TW_STR_NONE, TW_VERDICT_CONFIRMED, 1);
    judge(&f, alerts.items[1].alert_id, TW_STR_NONE, TW_VERDICT_CONFIRMED, 1);
    judge(&f, alerts.items[1].alert_id, TW_STR_NONE, TW_VERDICT_REFUTED, 2); // revised
    assert_int_equal(tw_query_watch(f.service, &arena, &watch, NULL), TW_OK);
    assert_non_null(watch.drift);
    assert_non_null(watch.reference);
    assert_true(tw_str_equal(watch.challenger_id, tw_str_from(t.model_id)));
    uint64_t transactions = 0, alert_n = 0, right = 0, decided = 0, shadowed = 0;
    for (size_t i = 0; i < watch.week_n; i++) {
        transactions += watch.weeks[i].transaction_n;
        alert_n += watch.weeks[i].alert_n;
        right += watch.weeks[i].precision.k;
        decided += watch.weeks[i].precision.n;
    }
    for (size_t i = 0; i < watch.shadow_n; i++)
        shadowed += watch.shadow[i].transaction_n;
    tw_service_stats stats;
    tw_service_stats_get(f.service, &stats);
    assert_true(transactions == stats.transaction_n);
    assert_int_equal(alert_n, stats.alert_opened_n);
    assert_int_equal(alert_n, alerts.total);
    assert_true(right == 1 && decided == 2);
    assert_true(shadowed > 0 && shadowed < transactions);
    bool has_risk = false;
    for (size_t i = 0; i < alerts.n; i++)
        has_risk = has_risk || !isnan(alerts.items[i].challenger_risk);
    assert_true(has_risk);
    const tw_precision_row *rows;
    size_t n;
    assert_int_equal(tw_query_precision(f.service, TW_PRECISION_STORE, &arena, &rows, &n), TW_OK);
    uint64_t confirmed = 0, refuted = 0;
    for (size_t i = 0; i < n; i++) {
        confirmed += rows[i].confirmed;
        refuted += rows[i].refuted;
    }
    assert_true(confirmed == 1 && refuted == 1);
    tw_arena_release(&arena);
    assert_rebuilds(&f);
    fixture_release(&f);
}

static void attributions_sum_up_to_the_margin(void **state)
{
    (void)state;
    fixture f;
    tw_arena arena;
    tw_err err = {0};
    tw_attributions a;
    tw_alert_list alerts;
    tw_alert_query query = {.limit = 1};
    open_with_champion(&f, &shared);
    (void)judge_transactions(&f);
    tw_training t = train(&f, true);
    assert_int_equal(
        tw_service_promote(f.service, tw_str_from(t.model_id), TW_STR("m"), TW_STR_NONE, &err),
        TW_OK);
    (void)fixture_hashes(&f); // all is projected
    tw_arena_init(&arena, tw_alloc_system(), 0, (size_t)64 << 20);
    assert_int_equal(tw_query_alerts(f.service, &query, &arena, &alerts, NULL), TW_OK);
    uint64_t seq = alerts.items[0].seqs[alerts.items[0].transaction_id_n - 1];
    if (tw_query_attributions(f.service, seq, &arena, &a, &err) != TW_OK)
        fail_msg("attributions: %s", err.text);
    assert_true(a.has_classifier && a.has_outlier);
    double sum = a.base;
    for (size_t i = 0; i < TW_INPUT_N; i++)
        sum += a.classifier[i].contribution;
    assert_true(fabs(sum - a.margin) < 1e-9);
    assert_true(fabs(a.margin - 1) < 1e-6 || fabs(a.margin + 4) < 1e-6);
    assert_true(a.classifier[TW_INPUT_fired_n].value >= 1);
    // The first fact is a configuration: it has no inputs.
    assert_int_equal(tw_query_attributions(f.service, 1, &arena, &a, &err), TW_NOT_FOUND);
    tw_arena_release(&arena);
    fixture_release(&f);
}

static void audited_transactions_are_listed_until_they_are_judged(void **state)
{
    (void)state;
    fixture f;
    tw_arena arena;
    tw_err err = {0};
    tw_audit_list all, open, page;
    fixture_make(&f);
    f.train_off = true;
    fixture_open(&f);
    assert_int_equal(tw_service_configure(f.service, TW_CONFIG_POLICY, TW_STR("audit"),
                                          TW_STR("audit_share: 0.02\n"), TW_STR("m"), TW_STR_NONE,
                                          &err),
                     TW_OK);
    fixture_feed(&f, &shared, 0, shared.n, 4096);
    tw_arena_init(&arena, tw_alloc_system(), 0, (size_t)64 << 20);
    assert_int_equal(tw_query_audit(f.service, 0, 500, false, &arena, &all, &err), TW_OK);
    assert_true(all.total > 20 && all.n == TW_MIN(all.total, (uint64_t)500));
    assert_non_null(all.items[0].view.row);
    judge(&f, TW_STR_NONE, all.items[0].view.transaction->transaction_id, TW_VERDICT_REFUTED, 1);
    assert_int_equal(tw_query_audit(f.service, 0, 500, true, &arena, &open, &err), TW_OK);
    assert_true(open.decided_n == 1 && open.items[0].view.seq == all.items[1].view.seq);
    assert_int_equal(tw_query_audit(f.service, 0, 2, false, &arena, &page, &err), TW_OK);
    assert_true(page.n == 2 && page.items[0].has_verdict && page.next == all.items[1].view.seq);
    assert_int_equal(tw_query_audit(f.service, page.next, 2, false, &arena, &page, &err), TW_OK);
    assert_true(page.items[0].view.seq == all.items[2].view.seq);
    tw_arena_release(&arena);
    assert_rebuilds(&f);
    fixture_release(&f);
}

static void a_verdict_moves_the_signals_precision_at_once(void **state)
{
    (void)state;
    fixture f;
    tw_arena arena;
    tw_alert_list alerts;
    tw_alert_query query = {.limit = 1};
    const tw_signal_row *rows;
    size_t n;
    fixture_make(&f);
    f.train_off = true;
    fixture_open(&f);
    fixture_feed(&f, &shared, 0, shared.n, 4096);
    (void)fixture_hashes(&f); // all is projected
    tw_arena_init(&arena, tw_alloc_system(), 0, (size_t)64 << 20);
    assert_int_equal(tw_query_alerts(f.service, &query, &arena, &alerts, NULL), TW_OK);
    judge(&f, alerts.items[0].alert_id, TW_STR_NONE, TW_VERDICT_REFUTED, 1);
    assert_int_equal(tw_query_signals(f.service, &arena, &rows, &n), TW_OK);
    size_t touched = 0;
    for (size_t i = 0; i < n; i++) {
        if (rows[i].refuted == 0)
            continue;
        touched++;
        assert_true(rows[i].precision.n == 1 && rows[i].precision.k == 0);
        assert_true(rows[i].precision.high > 0.5); // one verdict says little
    }
    assert_int_equal(touched, alerts.items[0].reason_n);
    tw_arena_release(&arena);
    fixture_release(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_watch_counts_what_happened),
        cmocka_unit_test(attributions_sum_up_to_the_margin),
        cmocka_unit_test(audited_transactions_are_listed_until_they_are_judged),
        cmocka_unit_test(a_verdict_moves_the_signals_precision_at_once),
    };
    return cmocka_run_group_tests(tests, make_chain, release_chain);
}
