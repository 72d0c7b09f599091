// SPDX-License-Identifier: Apache-2.0
//
// The figures of the dashboard. Money is summed in whole minor units, alert by alert, so that a sum
// does not depend on the order in which alerts come in.
#include "workflow/metrics.h"

#include <math.h>
#include <stdlib.h>

#include "base/time.h"

#define Z_90 1.6448536269514722
#define MONTH_DAYS 30.4375
#define MINUTE_MS 60000.0

struct tw_metrics_acc {
    const tw_alloc *alloc;
    const tw_settings *settings;
    int64_t now_ms;
    tw_metrics sums;      // shares and quotients come at the end
    double *minutes_own;  // of each measured decision
    size_t minute_n, cap; // of minutes_own
};

tw_status tw_metrics_new(const tw_alloc *alloc, const tw_settings *settings, int64_t now_ms,
                         tw_metrics_acc **out)
{
    *out = tw_new(alloc, tw_metrics_acc);
    if (!*out)
        return TW_NO_MEMORY;
    **out = (tw_metrics_acc){.alloc = alloc, .settings = settings, .now_ms = now_ms};
    return TW_OK;
}

void tw_metrics_free(tw_metrics_acc *acc)
{
    if (!acc)
        return;
    tw_free_array(acc->alloc, acc->minutes_own, acc->cap, sizeof(double));
    tw_delete(acc->alloc, acc);
}

int64_t tw_metrics_saved_minor(const tw_settings *settings, const tw_metric_alert *alert)
{
    if (!alert->has_verdict || alert->verdict != TW_VERDICT_CONFIRMED || alert->exposure_minor <= 0)
        return 0;
    // What was seen took at least a month: a loss of two days is not taken for fifteen of them.
    double months = 1.0;
    int64_t end_ms = TW_MAX(alert->decided_ms, alert->created_ms);
    if (alert->first_loss_ms > 0 && end_ms > alert->first_loss_ms)
        months = TW_MAX(months,
                        (double)(end_ms - alert->first_loss_ms) / ((double)TW_DAY_MS * MONTH_DAYS));
    return llround((double)alert->exposure_minor / months * settings->months_prevented *
                   settings->share_prevented);
}

static tw_status add_minutes(tw_metrics_acc *acc, double minutes)
{
    TW_TRY(tw_grow(acc->alloc, (void **)&acc->minutes_own, &acc->cap, acc->minute_n + 1,
                   sizeof(double), SIZE_MAX / sizeof(double)));
    acc->minutes_own[acc->minute_n++] = minutes;
    return TW_OK;
}

static tw_status add_decided(tw_metrics_acc *acc, const tw_metric_alert *alert, int64_t due_ms)
{
    tw_metrics *sums = &acc->sums;
    uint64_t *const kinds[TW_VERDICT_N] = {&sums->confirmed, &sums->refuted, &sums->inconclusive,
                                           &sums->operational};
    sums->decided++;
    ++*kinds[alert->verdict];
    sums->decided_late += alert->decided_ms > due_ms;
    sums->recovered_minor += alert->recovered_minor;
    if (alert->verdict == TW_VERDICT_CONFIRMED)
        sums->exposure_confirmed_minor += alert->exposure_minor;
    sums->saved_minor += tw_metrics_saved_minor(acc->settings, alert);
    double worked = acc->settings->minutes_per_alert;
    if (alert->first_viewed_ms > 0 && alert->decided_ms >= alert->first_viewed_ms) {
        double minutes = (double)(alert->decided_ms - alert->first_viewed_ms) / MINUTE_MS;
        TW_TRY(add_minutes(acc, minutes));
        // A night between view and verdict is no work.
        worked = TW_MIN(worked, minutes);
    }
    sums->minutes_total += worked;
    return TW_OK;
}

tw_status tw_metrics_add(tw_metrics_acc *acc, const tw_metric_alert *alert)
{
    tw_metrics *sums = &acc->sums;
    int64_t due_ms = tw_settings_due_ms(acc->settings, alert->created_ms, alert->risk);
    sums->alerts++;
    sums->exposure_minor += alert->exposure_minor;
    if (alert->status == TW_WORK_CLOSED)
        return alert->has_verdict ? add_decided(acc, alert, due_ms) : TW_OK;
    sums->open++;
    sums->exposure_open_minor += alert->exposure_minor;
    sums->overdue_open += acc->now_ms > due_ms;
    return TW_OK;
}

static tw_metric_share share_of(uint64_t k, uint64_t n)
{
    tw_metric_share out = {k, n, (double)NAN, (double)NAN, (double)NAN};
    if (n == 0)
        return out;
    double p = (double)k / (double)n, z2 = Z_90 * Z_90 / (double)n;
    double middle = (p + z2 / 2) / (1 + z2);
    double half = sqrt(p * (1 - p) * z2 + z2 * z2 / 4) / (1 + z2);
    out.value = p;
    out.low = k == 0 ? 0.0 : TW_MAX(0.0, middle - half);
    out.high = k == n ? 1.0 : TW_MIN(1.0, middle + half);
    return out;
}

static int compare_minutes(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

// Linear between neighbours, as most tools have it.
static double quantile(const double *sorted, size_t n, double q)
{
    if (n == 0)
        return (double)NAN;
    double at = q * (double)(n - 1);
    size_t i = (size_t)at;
    double next = sorted[TW_MIN(i + 1, n - 1)];
    return sorted[i] + (at - (double)i) * (next - sorted[i]);
}

void tw_metrics_get(tw_metrics_acc *acc, double days, tw_metrics *out)
{
    const tw_settings *settings = acc->settings;
    *out = acc->sums;
    uint64_t wrong = out->refuted + out->operational, judged = out->confirmed + wrong;
    out->precision = share_of(out->confirmed, judged);
    out->false_positive = share_of(wrong, judged);
    out->in_time = share_of(out->decided - out->decided_late, out->decided);
    if (acc->minute_n > 0)
        qsort(acc->minutes_own, acc->minute_n, sizeof(double), compare_minutes);
    out->measured = acc->minute_n;
    out->minutes_p50 = quantile(acc->minutes_own, acc->minute_n, 0.5);
    out->minutes_p90 = quantile(acc->minutes_own, acc->minute_n, 0.9);
    double people = out->minutes_total / 60.0 * (double)settings->cost_hour_minor;
    double platform = (double)settings->platform_month_minor * days / MONTH_DAYS;
    out->cost_minor = llround(people + platform);
    double cost = (double)out->cost_minor;
    out->cost_per_alert_minor = out->alerts ? cost / (double)out->alerts : (double)NAN;
    double gain = (double)(out->recovered_minor + out->saved_minor);
    out->roi = cost > 0 ? (gain - cost) / cost : (double)NAN;
}
