// SPDX-License-Identifier: Apache-2.0
//
// Verdicts and configuration: facts that people make. Both wait until they are applied, so that the
// caller's next read sees them.
#include <stdio.h>

#include "base/hash.h"
#include "internal.h"
#include "retail/check.h"

// How long a caller waits for the projection before the reply says that it was recorded anyway.
#define SEE_OWN_WRITE_MS 5000

static const tw_verdict_reason reasons[] = {
    {TW_VERDICT_CONFIRMED, "theft_admitted", "Theft admitted"},
    {TW_VERDICT_CONFIRMED, "evidence_video", "Evidence on video"},
    {TW_VERDICT_CONFIRMED, "evidence_receipts", "Evidence in the receipts"},
    {TW_VERDICT_CONFIRMED, "policy_abuse", "Abuse of a policy"},
    {TW_VERDICT_REFUTED, "expected_activity", "Expected activity"},
    {TW_VERDICT_REFUTED, "authorised", "Authorised"},
    {TW_VERDICT_REFUTED, "known_role", "Belongs to the role"},
    {TW_VERDICT_REFUTED, "rule_too_sensitive", "The signal is too sensitive"},
    {TW_VERDICT_REFUTED, "data_error", "Faulty data"},
    {TW_VERDICT_REFUTED, "other", "Other"},
    {TW_VERDICT_OPERATIONAL, "training_need", "Training needed"},
    {TW_VERDICT_OPERATIONAL, "process_fault", "Fault of a process"},
    {TW_VERDICT_OPERATIONAL, "system_fault", "Fault of a system"},
    {TW_VERDICT_INCONCLUSIVE, "no_evidence", "No evidence"},
    {TW_VERDICT_INCONCLUSIVE, "employee_left", "The employee has left"},
    {TW_VERDICT_INCONCLUSIVE, "reopened", "Reopened"},
    {TW_VERDICT_INCONCLUSIVE, "other", "Other"},
};

const tw_verdict_reason *tw_verdict_reason_get(size_t i)
{
    return i < TW_COUNT(reasons) ? &reasons[i] : NULL;
}

static tw_status check_reason(tw_verdict *verdict, tw_err *err)
{
    for (size_t i = 0; i < TW_COUNT(reasons); i++) {
        if (reasons[i].verdict != verdict->verdict)
            continue;
        if (verdict->reason.bytes == 0)
            verdict->reason = tw_str_from(reasons[i].reason);
        if (tw_str_equal(verdict->reason, tw_str_from(reasons[i].reason)))
            return TW_OK;
    }
    return tw_fail(err, TW_INVALID, "%.*s is no reason of the verdict %s",
                   TW_STR_ARG(verdict->reason), tw_verdict_name(verdict->verdict));
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

// Id of the content: saying the same thing twice is one verdict.
tw_status tw_verdict_prepare(tw_verdict *verdict, char id[32], tw_err *err)
{
    if ((verdict->alert_id.bytes > 0) == (verdict->transaction_id.bytes > 0))
        return tw_fail(err, TW_INVALID, "a verdict names an alert_id or a transaction_id");
    TW_TRY(check_reason(verdict, err));
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

static tw_status check_subject(tw_service *service, const tw_verdict *verdict, tw_arena *arena,
                               tw_verdict_result *out, tw_err *err)
{
    if (verdict->alert_id.bytes > 0) {
        tw_alert_view alert;
        tw_status status = tw_query_alert(service, verdict->alert_id, arena, &alert);
        if (status != TW_OK)
            return tw_fail(err, status, "there is no alert %.*s", TW_STR_ARG(verdict->alert_id));
        tw_str_copy(alert.alert_id, out->alert_id, sizeof(out->alert_id));
        return TW_OK;
    }
    tw_transaction_view transaction;
    tw_status status =
        tw_query_transaction(service, verdict->transaction_id, arena, &transaction, NULL);
    if (status != TW_OK)
        return tw_fail(err, status, "there is no transaction %.*s",
                       TW_STR_ARG(verdict->transaction_id));
    tw_str_copy(transaction.alert_id, out->alert_id, sizeof(out->alert_id));
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

static tw_status record(tw_service *service, const tw_verdict *verdict, tw_arena *arena,
                        tw_verdict_result *out, tw_err *err)
{
    tw_fact fact = {.kind = TW_FACT_VERDICT, .as.verdict = *verdict};
    tw_result result = {0};
    fact.received_ms = service->clock->now_ms(service->clock->ctx);
    TW_TRY(tw_fact_check(&fact, err));
    TW_TRY(run_fact(service, &fact, &result, err));
    if (result.outcome == TW_OUTCOME_CONFLICT)
        return tw_fail(err, TW_CONFLICT, "another verdict has the same id");
    out->duplicate = result.outcome == TW_OUTCOME_DUPLICATE;
    (void)twi_project_wait(service, result.seq, SEE_OWN_WRITE_MS);
    tw_alert_view alert;
    if (out->alert_id[0] != '\0' &&
        tw_query_alert(service, tw_str_from(out->alert_id), arena, &alert) == TW_OK)
        out->status = static_status(alert.status);
    return TW_OK;
}

tw_status tw_service_verdict(tw_service *service, const tw_verdict *verdict, tw_verdict_result *out,
                             tw_err *err)
{
    *out = (tw_verdict_result){.status = TW_STR_NONE};
    tw_verdict prepared = *verdict;
    if (prepared.decided_ms == 0)
        prepared.decided_ms = service->clock->now_ms(service->clock->ctx);
    TW_TRY(tw_verdict_prepare(&prepared, out->verdict_id, err));
    tw_arena arena;
    tw_arena_init(&arena, service->alloc, 0, (size_t)16 << 20);
    tw_status status = check_subject(service, &prepared, &arena, out, err);
    if (status == TW_OK)
        status = record(service, &prepared, &arena, out, err);
    tw_arena_release(&arena);
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
