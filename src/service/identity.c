// SPDX-License-Identifier: Apache-2.0
//
// Identity: which records of a group are new, which were seen before, and which contradict what is
// known under their id. Known are the facts that the engine has taken, those of the group before
// that are journaled but not applied, and the earlier records of the same group.
#include <stdio.h>

#include "internal.h"
#include "retail/codec.h"
#include "retail/money.h"

// Two ids may share a key; with 64-bit keys a second collision in a row will not be seen.
#define SALTS_MAX 4

typedef enum match { MATCH_NONE, MATCH_SAME, MATCH_CONFLICT, MATCH_OTHER_ID } match;

static tw_str bytes_of(const tw_batch *batch, const twi_entry *entry)
{
    return (tw_str){(const char *)batch->bytes.data_own + entry->bytes_at, entry->bytes_n};
}

static match compare(const twi_entry *entry, tw_str bytes, tw_str known_id, tw_str known)
{
    if (tw_fact_same_record(bytes.at, bytes.bytes, known.at, known.bytes))
        return MATCH_SAME;
    return tw_str_equal(known_id, tw_fact_id(&entry->fact)) ? MATCH_CONFLICT : MATCH_OTHER_ID;
}

static tw_status compare_journaled(tw_service *service, uint64_t seq, const twi_entry *entry,
                                   tw_str bytes, match *out, tw_err *err)
{
    tw_fact known;
    tw_buf_reset(&service->fetched);
    tw_arena_reset(&service->scratch);
    TW_TRY(tw_journal_fetch(service->journal, seq, &service->fetched, err));
    tw_status status = tw_fact_decode(service->fetched.data_own, service->fetched.bytes,
                                      &service->scratch, &known);
    if (status != TW_OK)
        return tw_fail(err, status, "fact %llu of the journal cannot be read",
                       (unsigned long long)seq);
    *out = compare(entry, bytes, tw_fact_id(&known),
                   (tw_str){(const char *)service->fetched.data_own, service->fetched.bytes});
    return TW_OK;
}

static match compare_inflight(const twi_group *group, uint64_t key, const twi_entry *entry,
                              tw_str bytes, uint32_t *index)
{
    const tw_table_slot *slot = tw_table_find(&group->inflight, key);
    if (!slot)
        return MATCH_NONE;
    *index = slot->value;
    return compare(entry, bytes, tw_fact_id(&group->fresh_own[*index]->fact),
                   group->bytes_own[*index]);
}

static tw_status add_fresh(twi_group *group, twi_entry *entry, tw_str bytes, uint64_t key)
{
    if (key != 0) {
        tw_table_slot *slot;
        TW_TRY(tw_table_at(&group->inflight, key, &slot));
        slot->value = (uint32_t)group->fresh_n;
        entry->key = key;
    }
    group->fresh_own[group->fresh_n] = entry;
    group->bytes_own[group->fresh_n++] = bytes;
    return TW_OK;
}

static tw_str describe(const tw_batch *batch, const twi_entry *entry, char *out, size_t cap)
{
    const tw_fact *fact = &entry->fact;
    int n = 0;
    (void)batch;
    if (fact->kind == TW_FACT_TRANSACTION) {
        const tw_transaction *t = &fact->as.transaction;
        char when[TW_TIME_TEXT_BYTES], total[TW_MONEY_TEXT_BYTES];
        n = snprintf(
            out, cap,
            "{\"transaction_id\":\"%.*s\",\"store_id\":\"%.*s\",\"register_id\":\"%.*s\","
            "\"employee_id\":\"%.*s\",\"transaction_time\":\"%s\",\"transaction_total\":\"%s\"}",
            TW_STR_ARG(t->transaction_id), TW_STR_ARG(t->store_id), TW_STR_ARG(t->register_id),
            TW_STR_ARG(t->employee_id), tw_time_format(t->time_ms, t->offset_min, when),
            tw_money_format(t->total_minor, tw_currency_exponent(t->currency), total));
    } else {
        n = snprintf(out, cap, "{\"id\":\"%.*s\"}", TW_STR_ARG(tw_fact_id(fact)));
    }
    return (tw_str){out, TW_MIN((size_t)TW_MAX(n, 0), cap - 1)};
}

static tw_status note_conflict(tw_batch *batch, twi_entry *entry, uint64_t seq)
{
    char excerpt[1024], sentence[256];
    tw_status status = TW_OK;
    tw_dead_letter *letter = tw_arena_array(&batch->arena, 1, sizeof(*letter));
    if (!letter)
        return TW_NO_MEMORY;
    snprintf(sentence, sizeof(sentence),
             "another record is known under the id %.*s; the first one stands",
             TW_STR_ARG(tw_fact_id(&entry->fact)));
    letter->received_ms = entry->fact.received_ms;
    letter->source = twi_arena_str(&batch->arena, tw_str_from(batch->source), &status);
    letter->line = entry->result.line;
    letter->field =
        entry->fact.kind == TW_FACT_TRANSACTION ? TW_STR("transaction_id") : TW_STR("id");
    letter->code = TW_STR("duplicate_conflict");
    letter->sentence = twi_arena_str(&batch->arena, tw_str_from(sentence), &status);
    letter->excerpt =
        twi_arena_str(&batch->arena, describe(batch, entry, excerpt, sizeof(excerpt)), &status);
    entry->letter = letter;
    entry->result.outcome = TW_OUTCOME_CONFLICT;
    entry->result.status = TW_CONFLICT;
    entry->result.seq = seq;
    return status;
}

static tw_status settle(tw_batch *batch, twi_entry *entry, match found, uint64_t seq,
                        twi_entry *same_as)
{
    if (found == MATCH_CONFLICT)
        return note_conflict(batch, entry, seq);
    entry->result.outcome = TW_OUTCOME_DUPLICATE;
    entry->result.seq = seq;
    entry->same_as = same_as;
    return TW_OK;
}

static tw_status identify(tw_service *service, twi_group *group, const twi_group *before,
                          tw_batch *batch, twi_entry *entry, tw_err *err)
{
    tw_str bytes = bytes_of(batch, entry);
    if (entry->key == 0)
        return add_fresh(group, entry, bytes, 0);
    for (uint32_t salt = 0; salt < SALTS_MAX; salt++) {
        uint64_t key = salt == 0 ? entry->key : tw_fact_key(&entry->fact, salt);
        uint64_t seq = tw_engine_find(service->core.engine_own, key);
        uint32_t index = 0;
        match found = MATCH_NONE;
        if (seq != 0) {
            TW_TRY(compare_journaled(service, seq, entry, bytes, &found, err));
        } else if (before &&
                   (found = compare_inflight(before, key, entry, bytes, &index)) != MATCH_NONE) {
            seq = before->first_seq + index;
        } else if ((found = compare_inflight(group, key, entry, bytes, &index)) != MATCH_NONE) {
            if (found != MATCH_OTHER_ID)
                return settle(batch, entry, found, 0, group->fresh_own[index]);
        } else {
            return add_fresh(group, entry, bytes, key);
        }
        if (found != MATCH_OTHER_ID)
            return settle(batch, entry, found, seq, NULL);
    }
    return tw_fail(err, TW_LIMIT, "too many ids share a key");
}

// Takes back what an earlier try left in the entries: a group that failed is submitted again.
static void clear_results(tw_batch *batch)
{
    for (size_t i = 0; i < batch->n; i++) {
        twi_entry *entry = &batch->entries_own[i];
        if (entry->bytes_n == 0)
            continue;
        tw_result *result = &entry->result;
        *result = (tw_result){.kind = result->kind, .line = result->line, .id = result->id};
        entry->letter = NULL;
        entry->same_as = NULL;
        entry->key = tw_fact_key(&entry->fact, 0);
    }
}

tw_status twi_group_identify(tw_service *service, twi_group *group, const twi_group *before,
                             tw_err *err)
{
    for (tw_batch *batch = group->first; batch; batch = batch->next) {
        clear_results(batch);
        for (size_t i = 0; i < batch->n; i++)
            if (batch->entries_own[i].key != 0)
                tw_engine_find_prefetch(service->core.engine_own, batch->entries_own[i].key);
        for (size_t i = 0; i < batch->n; i++) {
            twi_entry *entry = &batch->entries_own[i];
            if (entry->bytes_n == 0) // it did not parse
                continue;
            tw_status status = identify(service, group, before, batch, entry, err);
            if (status != TW_OK)
                return status;
        }
    }
    return TW_OK;
}

void twi_group_forget(twi_group *group)
{
    for (size_t i = 0; i < group->fresh_n; i++)
        if (group->fresh_own[i]->key != 0)
            tw_table_remove(&group->inflight, group->fresh_own[i]->key);
    group->fresh_n = 0;
}
