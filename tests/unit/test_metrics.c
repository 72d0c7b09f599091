// SPDX-License-Identifier: Apache-2.0
//
// The figures of the work: golden values worked out by hand, and random alerts against the plainest
// way to compute each figure.
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/rng.h"
#include "base/time.h"
#include "workflow/metrics.h"

#define assert_near(a, b, eps) assert_true(fabs((double)(a) - (double)(b)) <= (double)(eps))

#define DAY TW_DAY_MS
#define MINUTE (INT64_C(60) * TW_SECOND_MS)
#define NOW (INT64_C(20000) * DAY)

static void get(const tw_settings *settings, const tw_metric_alert *alerts, size_t n, double days,
                tw_metrics *out)
{
    tw_metrics_acc *acc;
    assert_int_equal(tw_metrics_new(tw_alloc_system(), settings, NOW, &acc), TW_OK);
    for (size_t i = 0; i < n; i++)
        assert_int_equal(tw_metrics_add(acc, &alerts[i]), TW_OK);
    tw_metrics_get(acc, days, out);
    tw_metrics_free(acc);
}

static tw_metric_alert decided(tw_verdict_kind verdict, int64_t exposure, int64_t minutes)
{
    int64_t viewed = NOW - 2 * DAY;
    return (tw_metric_alert){.created_ms = NOW - 3 * DAY,
                             .first_viewed_ms = viewed,
                             .decided_ms = viewed + minutes * MINUTE,
                             .status = TW_WORK_CLOSED,
                             .has_verdict = true,
                             .verdict = verdict,
                             .risk = 0.85,
                             .exposure_minor = exposure};
}

static void nothing_gives_zeros_and_unknowns(void **state)
{
    (void)state;
    tw_metrics m;
    get(tw_settings_default(), NULL, 0, 0, &m);
    assert_int_equal(m.alerts, 0);
    assert_int_equal(m.cost_minor, 0);
    assert_true(isnan(m.precision.value) && isnan(m.in_time.low) && isnan(m.minutes_p50));
    assert_true(isnan(m.cost_per_alert_minor) && isnan(m.roi));
}

// 8 of 10: 0.54 to 0.93, as docs/metrics.md says.
static void shares_have_wilsons_interval(void **state)
{
    (void)state;
    tw_metric_alert alerts[10];
    tw_metrics m;
    for (size_t i = 0; i < 10; i++)
        alerts[i] = decided(i < 8    ? TW_VERDICT_CONFIRMED
                            : i == 8 ? TW_VERDICT_REFUTED
                                     : TW_VERDICT_OPERATIONAL,
                            0, 10);
    get(tw_settings_default(), alerts, 10, 0, &m);
    assert_int_equal(m.precision.k, 8);
    assert_int_equal(m.precision.n, 10);
    assert_near(m.precision.low, 0.5408, 1e-4);
    assert_near(m.precision.high, 0.9314, 1e-4);
    assert_near(m.false_positive.value, 0.2, 1e-12);
    assert_near(m.false_positive.low, 1 - m.precision.high, 1e-12);
}

static void what_proves_nothing_is_in_no_share(void **state)
{
    (void)state;
    const tw_metric_alert alerts[] = {decided(TW_VERDICT_CONFIRMED, 100, 1),
                                      decided(TW_VERDICT_INCONCLUSIVE, 100, 1)};
    tw_metrics m;
    get(tw_settings_default(), alerts, 2, 0, &m);
    assert_int_equal(m.decided, 2);
    assert_int_equal(m.inconclusive, 1);
    assert_int_equal(m.precision.n, 1);
}

// 300.00 seen within a month, six months, half of it: 900.00. The same over three months: 300.00.
static void saved_is_a_rate_over_at_least_a_month(void **state)
{
    (void)state;
    const tw_settings *settings = tw_settings_default();
    tw_metric_alert alert = decided(TW_VERDICT_CONFIRMED, 30000, 1);
    assert_int_equal(tw_metrics_saved_minor(settings, &alert), 90000);
    alert.first_loss_ms = alert.decided_ms - 2 * DAY;
    assert_int_equal(tw_metrics_saved_minor(settings, &alert), 90000);
    alert.first_loss_ms = alert.decided_ms - (int64_t)(3 * 30.4375 * (double)DAY);
    assert_int_equal(tw_metrics_saved_minor(settings, &alert), 30000);
    alert.verdict = TW_VERDICT_REFUTED;
    assert_int_equal(tw_metrics_saved_minor(settings, &alert), 0);
}

// Of 30 and 600 minutes the first counts as it was, the second as 45; none measured counts 45.
static void a_night_between_view_and_verdict_is_no_work(void **state)
{
    (void)state;
    tw_metric_alert alerts[] = {decided(TW_VERDICT_CONFIRMED, 0, 30),
                                decided(TW_VERDICT_REFUTED, 0, 600),
                                decided(TW_VERDICT_REFUTED, 0, 0)};
    alerts[2].first_viewed_ms = 0;
    tw_metrics m;
    get(tw_settings_default(), alerts, 3, 30.4375, &m);
    assert_int_equal(m.measured, 2);
    assert_near(m.minutes_total, 120, 1e-9);
    assert_near(m.minutes_p50, 315, 1e-9);
    assert_near(m.minutes_p90, 543, 1e-9);
    // Two hours of 45.00 and a month of 1500.00.
    assert_int_equal(m.cost_minor, 9000 + 150000);
    assert_near(m.cost_per_alert_minor, 53000, 1e-9);
    assert_near(m.roi, -1, 1e-12);
}

static void time_limits_go_by_the_risk(void **state)
{
    (void)state;
    tw_metric_alert alerts[] = {
        {.created_ms = NOW - 5 * TW_HOUR_MS, .status = TW_WORK_NEW, .risk = 0.95},
        {.created_ms = NOW - 5 * TW_HOUR_MS, .status = TW_WORK_NEW, .risk = 0.94},
        {.created_ms = NOW - 25 * TW_HOUR_MS, .status = TW_WORK_ESCALATED, .risk = 0.9},
        {.created_ms = NOW - 71 * TW_HOUR_MS, .status = TW_WORK_IN_REVIEW, .risk = 0.8},
        decided(TW_VERDICT_CONFIRMED, 0, 1),
        decided(TW_VERDICT_CONFIRMED, 0, 3 * 24 * 60),
    };
    tw_metrics m;
    get(tw_settings_default(), alerts, TW_COUNT(alerts), 0, &m);
    assert_int_equal(m.open, 4);
    assert_int_equal(m.overdue_open, 2);
    assert_int_equal(m.decided_late, 1);
    assert_int_equal(m.in_time.k, 1);
    assert_int_equal(m.in_time.n, 2);
}

// --- random alerts
// -------------------------------------------------------------------------------------

static tw_metric_alert random_alert(tw_rng *rng)
{
    tw_metric_alert a = {
        .created_ms = NOW - (int64_t)tw_rng_below(rng, 200) * DAY,
        .status = (tw_alert_status)tw_rng_below(rng, TW_ALERT_STATUS_N),
        .verdict = (tw_verdict_kind)tw_rng_below(rng, TW_VERDICT_N),
        .risk = 0.8 + 0.2 * tw_rng_unit(rng),
        .exposure_minor = (int64_t)tw_rng_below(rng, 1000000) - 1000,
    };
    a.has_verdict = a.status == TW_WORK_CLOSED && tw_rng_below(rng, 20) > 0;
    if (tw_rng_below(rng, 4) > 0)
        a.first_viewed_ms = a.created_ms + (int64_t)tw_rng_below(rng, 5000) * MINUTE;
    if (a.has_verdict) {
        a.decided_ms = a.created_ms + (int64_t)tw_rng_below(rng, 10000) * MINUTE;
        a.recovered_minor = (int64_t)tw_rng_below(rng, 50000);
    }
    if (tw_rng_below(rng, 2) > 0)
        a.first_loss_ms = a.created_ms - (int64_t)tw_rng_below(rng, 90) * DAY;
    return a;
}

static bool is_decided(const tw_metric_alert *a)
{
    return a->status == TW_WORK_CLOSED && a->has_verdict;
}

static uint64_t count_of(const tw_metric_alert *alerts, size_t n, tw_verdict_kind verdict)
{
    uint64_t k = 0;
    for (size_t i = 0; i < n; i++)
        k += is_decided(&alerts[i]) && alerts[i].verdict == verdict;
    return k;
}

// The share of the measured at or below x minutes.
static double share_below(const tw_metric_alert *alerts, size_t n, double x, size_t *measured)
{
    size_t below = 0;
    *measured = 0;
    for (size_t i = 0; i < n; i++) {
        const tw_metric_alert *a = &alerts[i];
        if (!is_decided(a) || a->first_viewed_ms == 0 || a->decided_ms < a->first_viewed_ms)
            continue;
        ++*measured;
        below += (double)(a->decided_ms - a->first_viewed_ms) / (double)MINUTE <= x + 1e-9;
    }
    return (double)below / (double)*measured;
}

static void compare(const tw_metric_alert *alerts, size_t n, const tw_metrics *m)
{
    int64_t exposure = 0, open_exposure = 0, recovered = 0, saved = 0;
    uint64_t open = 0, overdue = 0, late = 0;
    for (size_t i = 0; i < n; i++) {
        const tw_metric_alert *a = &alerts[i];
        bool is_open = a->status != TW_WORK_CLOSED;
        int64_t due = tw_settings_due_ms(tw_settings_default(), a->created_ms, a->risk);
        exposure += a->exposure_minor;
        open += is_open;
        open_exposure += is_open ? a->exposure_minor : 0;
        overdue += is_open && NOW > due;
        late += is_decided(a) && a->decided_ms > due;
        recovered += is_decided(a) ? a->recovered_minor : 0;
        saved += is_decided(a) ? tw_metrics_saved_minor(tw_settings_default(), a) : 0;
    }
    assert_int_equal(m->alerts, n);
    assert_int_equal(m->exposure_minor, exposure);
    assert_int_equal(m->open, open);
    assert_int_equal(m->exposure_open_minor, open_exposure);
    assert_int_equal(m->overdue_open, overdue);
    assert_int_equal(m->decided_late, late);
    assert_int_equal(m->recovered_minor, recovered);
    assert_int_equal(m->saved_minor, saved);
    assert_int_equal(m->confirmed, count_of(alerts, n, TW_VERDICT_CONFIRMED));
    assert_int_equal(m->refuted, count_of(alerts, n, TW_VERDICT_REFUTED));
    assert_int_equal(m->inconclusive, count_of(alerts, n, TW_VERDICT_INCONCLUSIVE));
    assert_int_equal(m->operational, count_of(alerts, n, TW_VERDICT_OPERATIONAL));
    assert_int_equal(m->decided, m->confirmed + m->refuted + m->inconclusive + m->operational);
}

static void random_alerts_give_what_counting_gives(void **state)
{
    (void)state;
    enum { N = 3000 };
    tw_rng rng;
    tw_metric_alert *alerts = tw_new_array(tw_alloc_system(), N, sizeof(*alerts));
    tw_metrics forth, back;
    tw_rng_init(&rng, 20260105, 0);
    for (size_t i = 0; i < N; i++)
        alerts[i] = random_alert(&rng);
    get(tw_settings_default(), alerts, N, 7, &forth);
    compare(alerts, N, &forth);
    size_t measured;
    assert_true(share_below(alerts, N, forth.minutes_p50, &measured) >= 0.5 - 1e-3);
    assert_true(share_below(alerts, N, forth.minutes_p50 - 1, &measured) <= 0.5 + 1e-3);
    assert_true(share_below(alerts, N, forth.minutes_p90, &measured) >= 0.9 - 1e-3);
    assert_int_equal(forth.measured, measured);
    for (size_t i = 0; i < N / 2; i++) {
        tw_metric_alert swapped = alerts[i];
        alerts[i] = alerts[N - 1 - i];
        alerts[N - 1 - i] = swapped;
    }
    get(tw_settings_default(), alerts, N, 7, &back);
    back.minutes_total = forth.minutes_total; // a sum of fractions: equal but for the last digits
    assert_memory_equal(&forth, &back, sizeof(forth));
    tw_free_array(tw_alloc_system(), alerts, N, sizeof(*alerts));
}

static void no_memory_is_said_and_leaks_nothing(void **state)
{
    (void)state;
    const tw_metric_alert alert = decided(TW_VERDICT_CONFIRMED, 1, 1);
    for (uint64_t k = 1;; k++) {
        tw_alloc_faulty faulty;
        tw_metrics_acc *acc;
        tw_alloc_faulty_init(&faulty, k, false);
        tw_status status = tw_metrics_new(&faulty.alloc, tw_settings_default(), NOW, &acc);
        if (status == TW_OK)
            status = tw_metrics_add(acc, &alert);
        tw_metrics_free(acc);
        assert_int_equal(faulty.live_blocks, 0);
        assert_int_equal(status, faulty.hits ? TW_NO_MEMORY : TW_OK);
        if (!faulty.hits)
            break;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_gives_zeros_and_unknowns),
        cmocka_unit_test(shares_have_wilsons_interval),
        cmocka_unit_test(what_proves_nothing_is_in_no_share),
        cmocka_unit_test(saved_is_a_rate_over_at_least_a_month),
        cmocka_unit_test(a_night_between_view_and_verdict_is_no_work),
        cmocka_unit_test(time_limits_go_by_the_risk),
        cmocka_unit_test(random_alerts_give_what_counting_gives),
        cmocka_unit_test(no_memory_is_said_and_leaks_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
