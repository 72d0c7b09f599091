// SPDX-License-Identifier: Apache-2.0
//
// Probes for supervisors and metrics in Prometheus' text format (version 0.0.4).
#include "learning.h"
#include "metrics.h"

static void reply_pair(twi_request *request, unsigned status, const char *a, const char *a_text,
                       const char *b, const char *b_text)
{
    yyjson_mut_doc *doc;
    yyjson_mut_val *root;
    if (!twi_json_begin(request, TW_OK, NULL, &doc, &root))
        return;
    twi_json_cstr(doc, root, a, a_text);
    twi_json_cstr(doc, root, b, b_text);
    twi_reply_json(request, status, doc);
}

void twi_handle_health(twi_request *request)
{
    reply_pair(request, 200, "status", "ok", "version", TILLWATCH_VERSION);
}

void twi_handle_ready(twi_request *request)
{
    tw_service_stats stats;
    tw_service_stats_get(request->http->service, &stats);
    if (atomic_load(&request->http->is_stopping))
        reply_pair(request, 503, "status", "stopping", "detail", "The server is stopping");
    else if (stats.last_failure == TW_NO_SPACE)
        reply_pair(request, 503, "status", "no_space", "detail",
                   "The disk is full; reading goes on");
    else if (!stats.is_accepting)
        reply_pair(request, 503, "status", "stopping", "detail", "The service takes no facts now");
    else
        reply_pair(request, 200, "status", "ready", "detail", "The server takes facts");
}

static void metric(tw_buf *out, const char *name, const char *type, const char *help, double value)
{
    tw_buf_printf(out, "# HELP tillwatch_%s %s\n# TYPE tillwatch_%s %s\ntillwatch_%s %.17g\n", name,
                  help, name, type, name, value);
}

static void put_latency(twi_request *request, tw_buf *out)
{
    uint64_t counts[TW_LATENCY_BUCKETS], sum_n = 0;
    tw_service_latency(request->http->service, counts);
    tw_buf_cstr(out,
                "# HELP tillwatch_batch_seconds Time of a batch from its submission to its answer\n"
                "# TYPE tillwatch_batch_seconds histogram\n");
    double sum_us = 0.0;
    for (size_t i = 0; i < TW_LATENCY_BUCKETS; i++) {
        sum_n += counts[i];
        sum_us += (double)counts[i] * tw_latency_bucket_us(i);
        if (i % 4 == 3)
            tw_buf_printf(out, "tillwatch_batch_seconds_bucket{le=\"%.9g\"} %llu\n",
                          tw_latency_bucket_us(i) / 1e6, (unsigned long long)sum_n);
    }
    tw_buf_printf(out, "tillwatch_batch_seconds_bucket{le=\"+Inf\"} %llu\n",
                  (unsigned long long)sum_n);
    // The sum is that of the buckets' upper bounds: at most 19 % above the true one.
    tw_buf_printf(out, "tillwatch_batch_seconds_sum %.9g\ntillwatch_batch_seconds_count %llu\n",
                  sum_us / 1e6, (unsigned long long)sum_n);
}

static void put_http(twi_request *request, tw_buf *out)
{
    tw_http *http = request->http;
    tw_buf_cstr(out, "# HELP tillwatch_http_responses_total Replies by class of status\n"
                     "# TYPE tillwatch_http_responses_total counter\n");
    for (int i = 2; i < 6; i++)
        tw_buf_printf(out, "tillwatch_http_responses_total{status=\"%dxx\"} %lu\n", i,
                      atomic_load(&http->response_n[i]));
}

void twi_handle_metrics(twi_request *request)
{
    tw_service_stats s;
    tw_buf *out = &request->out;
    tw_service_stats_get(request->http->service, &s);
    metric(out, "transactions_total", "counter", "Transactions in the journal",
           (double)s.transaction_n);
    metric(out, "movements_total", "counter", "Stock movements in the journal",
           (double)s.movement_n);
    metric(out, "shifts_total", "counter", "Shift events in the journal", (double)s.shift_n);
    metric(out, "verdicts_total", "counter", "Verdicts in the journal", (double)s.verdict_n);
    metric(out, "duplicates_total", "counter", "Records that were known already",
           (double)s.duplicate_n);
    metric(out, "conflicts_total", "counter", "Records under a known id with other content",
           (double)s.conflict_n);
    metric(out, "rejected_total", "counter", "Records that were rejected", (double)s.rejected_n);
    metric(out, "failed_total", "counter", "Records that the journal could not store",
           (double)s.failed_n);
    metric(out, "busy_total", "counter", "Batches refused because the queue was full",
           (double)s.busy_n);
    metric(out, "commits_total", "counter", "Durable commits of the journal", (double)s.commit_n);
    metric(out, "commit_seconds_total", "counter", "Time in durable commits",
           (double)s.commit_ns / 1e9);
    metric(out, "apply_seconds_total", "counter", "Time in features, models and signals",
           (double)s.apply_ns / 1e9);
    metric(out, "alerts_opened_total", "counter", "Alerts opened since the start",
           (double)s.alert_opened_n);
    metric(out, "queued_facts", "gauge", "Facts that wait for the flow", (double)s.queued_facts);
    metric(out, "journal_position", "gauge", "Last fact that was applied", (double)s.seq);
    metric(out, "ledger_position", "gauge", "Last fact that pages show", (double)s.projected_seq);
    metric(out, "snapshot_position", "gauge", "Last fact of the newest snapshot",
           (double)s.snapshot_seq);
    metric(out, "stores", "gauge", "Stores seen", (double)s.store_n);
    metric(out, "employees", "gauge", "Employees seen", (double)s.employee_n);
    metric(out, "accounts", "gauge", "Cards and customers in memory", (double)s.account_n);
    put_latency(request, out);
    put_http(request, out);
    twi_put_learning_metrics(request, out);
    twi_put_work_metrics(request, out);
    twi_reply(request, 200, "text/plain; version=0.0.4; charset=utf-8",
              (tw_str){(const char *)out->data_own, out->bytes});
}
