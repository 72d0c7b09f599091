// SPDX-License-Identifier: Apache-2.0
//
// The series of /metrics about the work: what is open, overdue and decided. What is not known has
// no sample.
#include <math.h>

#include "metrics.h"
#include "service/report.h"

#define RECENT_DAYS 28

static void head(tw_buf *out, const char *name, const char *help)
{
    tw_buf_printf(out, "# HELP tillwatch_%s %s\n# TYPE tillwatch_%s gauge\n", name, help, name);
}

static void gauge(tw_buf *out, const char *name, const char *help, double value)
{
    head(out, name, help);
    tw_buf_printf(out, "tillwatch_%s %.17g\n", name, value);
}

static void put_backlog(tw_buf *out, const tw_backlog *backlog)
{
    gauge(out, "alerts_open", "Alerts without a verdict", (double)backlog->open);
    gauge(out, "alerts_unassigned", "Open alerts that nobody has", (double)backlog->unassigned);
    gauge(out, "alerts_overdue", "Open alerts beyond their time limit", (double)backlog->overdue);
    gauge(out, "alerts_snoozed", "Open alerts that are out of the queue for a while",
          (double)backlog->snoozed);
}

static void put_decided(tw_buf *out, const tw_metrics *all)
{
    const uint64_t counts[TW_VERDICT_N] = {all->confirmed, all->refuted, all->inconclusive,
                                           all->operational};
    head(out, "alerts_decided", "Alerts by the verdict that stands");
    for (int i = 0; i < TW_VERDICT_N; i++)
        tw_buf_printf(out, "tillwatch_alerts_decided{verdict=\"%s\"} %llu\n",
                      tw_verdict_name((tw_verdict_kind)i), (unsigned long long)counts[i]);
    gauge(out, "alerts_decided_late", "Decided alerts whose verdict came after the time limit",
          (double)all->decided_late);
}

static void put_minutes(tw_buf *out, const tw_metrics *recent)
{
    if (!isfinite(recent->minutes_p50))
        return;
    head(out, "decision_minutes", "First view to verdict, of alerts of the last 28 days");
    tw_buf_printf(out,
                  "tillwatch_decision_minutes{quantile=\"0.5\"} %.9g\n"
                  "tillwatch_decision_minutes{quantile=\"0.9\"} %.9g\n",
                  recent->minutes_p50, recent->minutes_p90);
}

void twi_put_work_metrics(twi_request *request, tw_buf *out)
{
    tw_service *service = request->http->service;
    tw_backlog backlog;
    tw_metric_row *rows;
    tw_service_stats stats;
    tw_report_state report;
    size_t n;
    tw_metric_query query = {.to_ms = INT64_MAX};
    if (tw_query_backlog(service, &query, &backlog, NULL) == TW_OK)
        put_backlog(out, &backlog);
    if (tw_query_metrics(service, &query, &request->arena, &rows, &n, NULL) == TW_OK)
        put_decided(out, &rows[0].metrics);
    tw_service_stats_get(service, &stats);
    query.from_ms = stats.last_time_ms - RECENT_DAYS * TW_DAY_MS;
    if (tw_query_metrics(service, &query, &request->arena, &rows, &n, NULL) == TW_OK)
        put_minutes(out, &rows[0].metrics);
    if (!request->http->reporter)
        return;
    tw_reporter_get(request->http->reporter, &report);
    gauge(out, "report_failed", "1 when the newest attempt to mail the report failed",
          report.is_alarm ? 1 : 0);
}
