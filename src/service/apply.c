// SPDX-License-Identifier: Apache-2.0
//
// Takes a durable group through the core and gives every record its result. The gate is left
// between facts when somebody waits for it, so that a large commit does not hold up a probe.
#include "internal.h"

// Facts between two looks at the gate: some 50 us.
#define GATE_FACTS 32
// Facts between the hint that one comes and its turn.
#define HINT_AHEAD 10

static void fill_score(tw_service *service, tw_batch *batch, twi_entry *entry,
                       const twi_record *record)
{
    tw_result *result = &entry->result;
    result->score = record->score;
    tw_alert_id(record->score.alert_key, result->alert_id);
    if (twi_record_reasons(record, service->core.detector_own, &batch->arena, &result->reasons,
                           &result->reason_n) != TW_OK)
        result->reason_n = 0;
}

static void hint(tw_service *service, const twi_group *group, size_t at)
{
    if (at < group->fresh_n)
        tw_engine_hint(service->core.engine_own, &group->fresh_own[at]->fact);
}

static void apply_fresh(tw_service *service, twi_group *group)
{
    size_t at = 0;
    twi_gate_enter(&service->gate);
    for (size_t i = 0; i < HINT_AHEAD; i++)
        hint(service, group, i);
    for (tw_batch *batch = group->first; batch; batch = batch->next) {
        for (size_t i = 0; i < batch->n; i++) {
            twi_entry *entry = &batch->entries_own[i];
            if (at == group->fresh_n || group->fresh_own[at] != entry)
                continue;
            twi_record record;
            tw_err err = {0};
            hint(service, group, at + HINT_AHEAD);
            entry->fact.seq = group->first_seq + at++;
            tw_status status = twi_core_apply(&service->core, &entry->fact, group->changes,
                                              &batch->arena, &record, &err);
            // A config was validated before it was journaled: only memory can be missing, and the
            // journal already counts it as installed.
            TW_CHECK(status == TW_OK);
            entry->result.outcome = TW_OUTCOME_ACCEPTED;
            entry->result.seq = entry->fact.seq;
            if (entry->fact.kind == TW_FACT_TRANSACTION)
                fill_score(service, batch, entry, &record);
            if (at % GATE_FACTS == 0 && twi_gate_is_wanted(&service->gate)) {
                twi_gate_leave(&service->gate);
                twi_gate_enter(&service->gate);
            }
        }
    }
    twi_gate_leave(&service->gate);
    TW_CHECK(at == group->fresh_n);
}

// The first answer, for a record that was here before.
static void fill_duplicate(tw_service *service, tw_batch *batch, twi_entry *entry)
{
    tw_result *result = &entry->result;
    if (entry->same_as) {
        uint32_t line = result->line;
        tw_outcome outcome = result->outcome;
        tw_status status = result->status;
        *result = entry->same_as->result;
        result->line = line;
        result->outcome = outcome;
        result->status = status;
        return;
    }
    twi_record record;
    if (entry->fact.kind == TW_FACT_TRANSACTION && result->outcome == TW_OUTCOME_DUPLICATE &&
        twi_record_recall(service, result->seq, &batch->arena, &record) == TW_OK)
        fill_score(service, batch, entry, &record);
}

void twi_group_apply(tw_service *service, twi_group *group)
{
    uint64_t start = tw_monotonic_ns();
    if (group->fresh_n > 0)
        apply_fresh(service, group);
    for (tw_batch *batch = group->first; batch; batch = batch->next)
        for (size_t i = 0; i < batch->n; i++)
            if (batch->entries_own[i].result.outcome == TW_OUTCOME_DUPLICATE)
                fill_duplicate(service, batch, &batch->entries_own[i]);
    pthread_mutex_lock(&service->stats_lock);
    service->stats.apply_ns += tw_monotonic_ns() - start;
    pthread_mutex_unlock(&service->stats_lock);
}
