// SPDX-License-Identifier: Apache-2.0
//
// Verdicts and configuration: facts that people make. Both wait until they are applied, so that the
// caller's next read sees them.
#include <stdio.h>

#include "base/hash.h"
#include "retail/check.h"
#include "work_bench.h"

// How long a caller waits for the projection before the reply says that it was recorded anyway.
#define SEE_OWN_WRITE_MS 5000

static const tw_verdict_reason reasons[] = {
#define X(verdict, code, title) {TW_VERDICT_##verdict, code, title},
    TW_REASONS_BUILT_IN(X) X(INCONCLUSIVE, "reopened", "Reopened")
#undef X
};

const tw_verdict_reason *tw_verdict_reason_get(size_t i)
{
    return i < TW_COUNT(reasons) ? &reasons[i] : NULL;
}

bool tw_service_knows(tw_service *service, tw_str transaction_id)
{
    tw_fact subject = {.kind = TW_FACT_TRANSACTION};
    subject.as.transaction.transaction_id = transaction_id;
    if (service->mode == TW_SERVICE_READER)
        return false;
    twi_gate_enter(&service->gate);
    uint64_t seq = tw_engine_find(service->core.engine_own, tw_fact_key(&subject, 0));
    twi_gate_leave(&service->gate);
    return seq != 0;
}

static tw_status check_reason(const tw_settings *settings, tw_verdict *verdict, tw_err *err)
{
    for (size_t i = 0; verdict->reason.bytes == 0 && i < settings->reason_n; i++)
        if (settings->reasons[i].verdict == verdict->verdict)
            verdict->reason = settings->reasons[i].code;
    if (twi_is_reason(settings, verdict->verdict, verdict->reason))
        return TW_OK;
    return tw_fail(err, TW_INVALID, "%.*s is no reason of the verdict %s",
                   TW_STR_ARG(verdict->reason), tw_verdict_name(verdict->verdict));
}

// Id of the content: saying the same thing twice is one verdict.
tw_status twi_judge_prepare(const tw_settings *settings, tw_verdict *verdict, char id[32],
                            tw_err *err)
{
    if ((verdict->alert_id.bytes > 0) == (verdict->transaction_id.bytes > 0))
        return tw_fail(err, TW_INVALID, "a verdict names an alert_id or a transaction_id");
    TW_TRY(check_reason(settings, verdict, err));
    int64_t numbers[] = {verdict->verdict, verdict->recovered_minor, verdict->decided_ms};
    uint64_t hash = tw_hash64(numbers, sizeof(numbers), 31);
    const tw_str texts[] = {verdict->alert_id, verdict->transaction_id, verdict->reason,
                            verdict->note, verdict->decided_by};
    for (size_t i = 0; i < TW_COUNT(texts); i++)
        hash = tw_hash_pair(hash, tw_hash_str(texts[i], i + 32));
    snprintf(id, 32, "V-%016llx", (unsigned long long)hash);
    verdict->verdict_id = tw_str_from(id);
    return TW_OK;
}

tw_status tw_verdict_prepare(tw_verdict *verdict, char id[32], tw_err *err)
{
    return twi_judge_prepare(tw_settings_default(), verdict, id, err);
}

// --- judging
// --------------------------------------------------------------------------------------

static tw_status check_alert(twi_bench *bench, const tw_judge_request *request,
                             tw_judge_result *out, tw_err *err)
{
    twi_bench_alert *alert;
    TW_TRY(twi_bench_alert_get(bench, request->verdict.alert_id, &alert, err));
    tw_str_copy(alert->view.alert_id, out->verdict.alert_id, sizeof(out->verdict.alert_id));
    if (request->if_version != 0 && alert->work.work_seq > request->if_version)
        return tw_fail(err, TW_CONFLICT,
                       "somebody else has changed the alert meanwhile; look at it again");
    return TW_OK;
}

static tw_status check_subject(twi_bench *bench, const tw_judge_request *request,
                               tw_judge_result *out, tw_err *err)
{
    tw_str id = request->verdict.transaction_id;
    tw_transaction_view transaction;
    if (request->verdict.alert_id.bytes > 0)
        return check_alert(bench, request, out, err);
    tw_status status =
        tw_query_transaction(bench->service, id, &bench->scratch, &transaction, NULL);
    if (status != TW_OK)
        return tw_fail(err, status, "there is no transaction %.*s", TW_STR_ARG(id));
    tw_str_copy(transaction.alert_id, out->verdict.alert_id, sizeof(out->verdict.alert_id));
    return TW_OK;
}

static tw_status take_verdict(twi_bench *bench, const tw_judge_request *request,
                              tw_judge_result *out, tw_err *err)
{
    twi_bench_alert *alert;
    tw_fact fact = {.kind = TW_FACT_VERDICT, .received_ms = bench->now_ms};
    fact.as.verdict = request->verdict;
    tw_arena_reset(&bench->scratch);
    if (fact.as.verdict.decided_ms == 0)
        fact.as.verdict.decided_ms = bench->now_ms;
    TW_TRY(twi_judge_prepare(&bench->settings, &fact.as.verdict, out->verdict.verdict_id, err));
    TW_TRY(check_subject(bench, request, out, err));
    TW_TRY(twi_bench_add(bench, &fact, err));
    if (request->verdict.alert_id.bytes > 0 &&
        twi_bench_alert_get(bench, request->verdict.alert_id, &alert, err) == TW_OK)
        tw_alert_work_judge(&alert->work, &fact.as.verdict, TWI_VERSION_NEW);
    return TW_OK;
}

static tw_str static_status(tw_str status)
{
    static const char *const known[] = {"NEW", "ASSIGNED", "IN_REVIEW", "ESCALATED", "CLOSED"};
    for (size_t i = 0; i < TW_COUNT(known); i++)
        if (tw_str_equal(status, tw_str_from(known[i])))
            return tw_str_from(known[i]);
    return TW_STR_NONE;
}

// What became of the verdicts in the batch, and of their alerts.
static void fill_results(twi_bench *bench, tw_judge_result *results, size_t n)
{
    size_t at = 0;
    for (size_t i = 0; i < n; i++) {
        tw_alert_view alert;
        tw_judge_result *out = &results[i];
        if (out->status != TW_OK)
            continue;
        const tw_result *result = tw_batch_result(bench->batch, at++);
        out->verdict.duplicate = result->outcome == TW_OUTCOME_DUPLICATE;
        if (result->outcome == TW_OUTCOME_CONFLICT)
            out->status = tw_fail(&out->err, TW_CONFLICT, "another verdict has the same id");
        tw_arena_reset(&bench->scratch);
        if (out->verdict.alert_id[0] != '\0' &&
            tw_query_alert(bench->service, tw_str_from(out->verdict.alert_id), &bench->scratch,
                           &alert) == TW_OK)
            out->verdict.status = static_status(alert.status);
    }
}

static tw_status judge(twi_bench *bench, const tw_judge_request *requests, size_t n,
                       tw_judge_result *results, tw_err *err)
{
    uint64_t last = 0;
    for (size_t i = 0; i < n; i++) {
        results[i] = (tw_judge_result){.verdict.status = TW_STR_NONE};
        results[i].status = take_verdict(bench, &requests[i], &results[i], &results[i].err);
    }
    if (tw_batch_n(bench->batch) == 0)
        return TW_OK;
    TW_TRY(tw_service_run(bench->service, bench->batch, true, err));
    for (size_t i = 0; i < tw_batch_n(bench->batch); i++)
        last = TW_MAX(last, tw_batch_result(bench->batch, i)->seq);
    (void)twi_project_wait(bench->service, last, SEE_OWN_WRITE_MS);
    fill_results(bench, results, n);
    return TW_OK;
}

tw_status tw_service_judge(tw_service *service, const tw_judge_request *requests, size_t n,
                           tw_judge_result *results, tw_err *err)
{
    twi_bench bench;
    tw_err why = {0};
    tw_status status = TW_OK;
    if (service->mode == TW_SERVICE_READER)
        status = tw_fail(&why, TW_UNSUPPORTED, "a reader changes nothing");
    else if (n == 0 || n > TW_WORK_REQUESTS_MAX)
        status = tw_fail(&why, TW_LIMIT, "judge 1 to %d alerts at once", TW_WORK_REQUESTS_MAX);
    if (status == TW_OK) {
        pthread_mutex_lock(&service->work_lock);
        status = twi_bench_open(service, &bench, &why);
        if (status == TW_OK) {
            status = judge(&bench, requests, n, results, &why);
            twi_bench_close(&bench);
        }
        pthread_mutex_unlock(&service->work_lock);
    }
    for (size_t i = 0; status != TW_OK && i < n; i++)
        results[i] = (tw_judge_result){.status = status, .err = why, .verdict.status = TW_STR_NONE};
    for (size_t i = 0; status == TW_OK && i < n; i++) {
        status = results[i].status;
        why = results[i].err;
    }
    if (status != TW_OK && err)
        *err = why;
    return status;
}

tw_status tw_service_verdict(tw_service *service, const tw_verdict *verdict, tw_verdict_result *out,
                             tw_err *err)
{
    tw_judge_request request = {.verdict = *verdict};
    tw_judge_result result;
    tw_status status = tw_service_judge(service, &request, 1, &result, err);
    *out = result.verdict;
    return status;
}

// --- configuration
// --------------------------------------------------------------------------------

static tw_status run_fact(tw_service *service, const tw_fact *fact, tw_result *out, tw_err *err)
{
    tw_batch *batch;
    if (tw_batch_get(service, &batch) != TW_OK)
        return tw_fail(err, TW_NO_MEMORY, "no memory for a fact");
    tw_status status = tw_batch_add(batch, fact, 0);
    if (status != TW_OK)
        tw_fail(err, status, "the fact does not fit: %s", tw_status_text(status));
    else
        status = tw_service_run(service, batch, true, err);
    if (status == TW_OK)
        *out = *tw_batch_result(batch, 0);
    tw_batch_put(batch);
    return status;
}

tw_status twi_flow_config(tw_service *service, const tw_config *config, uint64_t *seq, tw_err *err)
{
    tw_fact fact = {.kind = TW_FACT_CONFIG, .as.config = *config};
    tw_result result = {0};
    fact.received_ms = config->changed_ms;
    TW_TRY(tw_fact_check(&fact, err));
    // Models are checked without their turn at the gate: it takes milliseconds, and needs nothing
    // of the detector's state.
    bool needs_state = config->kind == TW_CONFIG_SIGNALS || config->kind == TW_CONFIG_POLICY ||
                       config->kind == TW_CONFIG_QUIET;
    if (needs_state)
        twi_gate_enter(&service->gate);
    tw_status status =
        tw_detector_check(service->core.detector_own, config->kind, config->content, err);
    if (needs_state)
        twi_gate_leave(&service->gate);
    TW_TRY(status);
    TW_TRY(run_fact(service, &fact, &result, err));
    *seq = result.seq;
    return TW_OK;
}

tw_status tw_service_configure(tw_service *service, tw_config_kind kind, tw_str name,
                               tw_str content, tw_str changed_by, tw_str reason, tw_err *err)
{
    if (service->mode == TW_SERVICE_READER)
        return tw_fail(err, TW_UNSUPPORTED, "a reader changes nothing");
    tw_config config = {.kind = kind,
                        .name = name,
                        .content = content,
                        .changed_by = changed_by,
                        .reason = reason,
                        .changed_ms = service->clock->now_ms(service->clock->ctx)};
    uint64_t seq;
    TW_TRY(twi_flow_config(service, &config, &seq, err));
    (void)twi_project_wait(service, seq, SEE_OWN_WRITE_MS);
    return TW_OK;
}
