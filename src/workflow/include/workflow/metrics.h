// SPDX-License-Identifier: Apache-2.0
//
// The figures of the dashboard, computed here and nowhere else; defined in docs/metrics.md. A pure
// fold over alerts: whoever feeds it decides which alerts take part (period, stores, scheme, ...),
// so that every figure is the figure of a list of alerts that can be shown.
//
// Thread-safety: pure functions; one accumulator for each thread.
#ifndef TW_WORKFLOW_METRICS_H
#define TW_WORKFLOW_METRICS_H

#include "base/alloc.h"
#include "base/status.h"
#include "workflow/alert_work.h"
#include "workflow/settings.h"

// What the figures need of one alert.
typedef struct tw_metric_alert {
    int64_t created_ms, first_viewed_ms, decided_ms; // 0 = not yet
    tw_alert_status status;
    bool has_verdict;
    tw_verdict_kind verdict;
    double risk;
    int64_t exposure_minor, recovered_minor;
    int64_t first_loss_ms; // from when on its exposure was counted; 0 = unknown
} tw_metric_alert;

// {k, n, value, low, high}: Wilson's interval, 90 %. n = 0: the values are NaN.
typedef struct tw_metric_share {
    uint64_t k, n;
    double value, low, high;
} tw_metric_share;

typedef struct tw_metrics {
    uint64_t alerts, open, decided; // created in the period; of them open now, decided now
    uint64_t confirmed, refuted, inconclusive, operational;
    tw_metric_share precision;      // confirmed of confirmed, refuted and operational
    tw_metric_share false_positive; // refuted and operational of the same
    int64_t exposure_minor;         // of all
    int64_t exposure_open_minor, exposure_confirmed_minor;
    int64_t recovered_minor;
    int64_t saved_minor;                 // estimated: the assumptions are the settings'
    uint64_t measured;                   // decided ones whose first view is known
    double minutes_p50, minutes_p90;     // first view to verdict; NaN = none measured
    double minutes_total;                // time worked: measured, at most minutes_per_alert each,
                                         // and that for what was not measured
    uint64_t overdue_open, decided_late; // against the SLA
    tw_metric_share in_time;             // decided in time of decided
    int64_t cost_minor;                  // people's time and the platform's share of the period
    double cost_per_alert_minor;         // NaN without alerts
    double roi;                          // (recovered + saved - cost) / cost; NaN without cost
} tw_metrics;

typedef struct tw_metrics_acc tw_metrics_acc;
// now_ms: for what is overdue. settings must live as long. TW_NO_MEMORY.
tw_status tw_metrics_new(const tw_alloc *alloc, const tw_settings *settings, int64_t now_ms,
                         tw_metrics_acc **out) TW_MUST_CHECK;
void tw_metrics_free(tw_metrics_acc *acc);
tw_status tw_metrics_add(tw_metrics_acc *acc, const tw_metric_alert *alert) TW_MUST_CHECK;
// What a confirmed alert saved, estimated: its exposure a month (over at least one), times
// months_prevented and share_prevented. 0 for any other.
int64_t tw_metrics_saved_minor(const tw_settings *settings, const tw_metric_alert *alert);
// `days` of the period, for the platform's share of the cost. Ends the accumulator's use.
void tw_metrics_get(tw_metrics_acc *acc, double days, tw_metrics *out);

#endif
