// SPDX-License-Identifier: Apache-2.0
//
// Applying facts. Between a durable append and its apply nothing may fail: room is reserved before
// the append; what cannot be foreseen (a burst of alert changes) stops the process when there is no
// memory for it, and the journal brings everything back at the next start.
#include "core.h"

#include <math.h>

#include "base/hash.h"
#include "base/log.h"
#include "detect/scorer.h"

// Facts whose record a reservation covers at full length; the rest of a commit is covered by the
// mean, as signals fire on few of them. Growth beyond is an ordinary allocation.
#define FULL_RECORDS 256
#define MEAN_RECORD_BYTES 160
// Texts of the facts of one commit, and of what recovery gathers before it writes.
#define TEXTS_MAX_BYTES ((size_t)4 * TW_BLOCK_MAX_BYTES)

void twi_changes_init(twi_changes *changes, const tw_alloc *alloc)
{
    *changes = (twi_changes){.alloc = alloc};
    tw_buf_init(&changes->records, alloc, (size_t)TW_COMMIT_MAX_FACTS * TWI_RECORD_MAX_BYTES);
    tw_table_init(&changes->by_key, alloc, (size_t)TW_COMMIT_MAX_FACTS * TW_ALERT_CHANGES_MAX * 2);
    tw_arena_init(&changes->arena, alloc, 0, TEXTS_MAX_BYTES);
}

void twi_changes_release(twi_changes *changes)
{
    const tw_alloc *alloc = changes->alloc;
    tw_buf_release(&changes->records);
    tw_table_release(&changes->by_key);
    tw_arena_release(&changes->arena);
    tw_free_array(alloc, changes->alerts_own, changes->alert_cap, sizeof(*changes->alerts_own));
    tw_free_array(alloc, changes->verdicts_own, changes->verdict_cap,
                  sizeof(*changes->verdicts_own));
    tw_free_array(alloc, changes->configs_own, changes->config_cap, sizeof(*changes->configs_own));
    tw_free_array(alloc, changes->actions_own, changes->action_cap, sizeof(*changes->actions_own));
    *changes = (twi_changes){.alloc = alloc};
}

void twi_changes_reset(twi_changes *changes)
{
    for (size_t i = 0; i < changes->alert_n; i++)
        tw_table_remove(&changes->by_key, changes->alerts_own[i].alert.key);
    changes->alert_n = changes->verdict_n = changes->config_n = changes->action_n = 0;
    changes->first_seq = changes->last_seq = 0;
    changes->next = NULL;
    changes->text_bytes = 0;
    tw_buf_reset(&changes->records);
    tw_arena_reset(&changes->arena);
}

tw_status twi_core_init(twi_core *core, const tw_alloc *alloc)
{
    *core = (twi_core){.alloc = alloc, .first_day = INT32_MIN, .model_day = INT32_MIN};
    tw_table_init(&core->confirmed, alloc, TW_ENTITIES_MAX);
    twi_watch_init(&core->watch, alloc);
    tw_status status = twi_sampler_init(&core->sampler, alloc);
    if (status == TW_OK)
        status = tw_engine_new(alloc, &core->engine_own);
    if (status == TW_OK)
        status = tw_detector_new(alloc, core->engine_own, &core->detector_own);
    if (status != TW_OK)
        twi_core_release(core);
    return status;
}

void twi_core_release(twi_core *core)
{
    tw_detector_free(core->detector_own);
    tw_engine_free(core->engine_own);
    twi_sampler_release(&core->sampler);
    tw_table_release(&core->confirmed);
    twi_watch_release(&core->watch);
    core->detector_own = NULL;
    core->engine_own = NULL;
}

tw_status twi_core_reserve(twi_core *core, twi_changes *changes, size_t n)
{
    size_t full = TW_MIN(n, (size_t)FULL_RECORDS);
    TW_TRY(tw_buf_reserve(&changes->records,
                          full * TWI_RECORD_MAX_BYTES + (n - full) * MEAN_RECORD_BYTES));
    TW_TRY(tw_engine_reserve(core->engine_own, n));
    TW_TRY(tw_detector_reserve(core->detector_own, n));
    TW_TRY(twi_watch_reserve(&core->watch, n));
    return twi_sampler_reserve(&core->sampler, n);
}

static uint64_t confirmed_key(uint64_t seq)
{
    return tw_hash64(&seq, sizeof(seq), 21);
}

bool twi_core_is_confirmed(const void *core, uint64_t seq)
{
    return tw_table_find(&((const twi_core *)core)->confirmed, confirmed_key(seq)) != NULL;
}

// Memory that is needed after the append: there is no way back from here.
static void must(tw_status status)
{
    TW_CHECK(status == TW_OK);
}

static void name_reasons(const twi_core *core, twi_alert_change *noted)
{
    for (uint32_t i = 0; i < noted->alert.reason_n; i++) {
        tw_signal_info info = {0};
        (void)tw_detector_signal(core->detector_own, noted->alert.reasons[i].signal, &info);
        tw_str_copy(info.name, noted->signals[i].name, sizeof(noted->signals[i].name));
        tw_str_copy(info.title, noted->signals[i].title, sizeof(noted->signals[i].title));
    }
}

static void note_alert(const twi_core *core, twi_changes *changes, const tw_alert_change *change,
                       uint64_t seq)
{
    tw_table_slot *slot;
    must(tw_table_at(&changes->by_key, change->alert->key, &slot));
    if (slot->value == TW_TABLE_NONE) {
        void *items = changes->alerts_own;
        must(tw_grow(changes->alloc, &items, &changes->alert_cap, changes->alert_n + 1,
                     sizeof(*changes->alerts_own), changes->by_key.max_n));
        changes->alerts_own = items;
        slot->value = (uint32_t)changes->alert_n;
        twi_alert_change *fresh = &changes->alerts_own[changes->alert_n++];
        fresh->opened_seq = 0;
        fresh->challenger_risk = NAN;
    }
    twi_alert_change *noted = &changes->alerts_own[slot->value];
    noted->alert = *change->alert;
    noted->last_seq = seq;
    if (change->event == TW_ALERT_OPENED) {
        noted->opened_seq = seq;
        noted->challenger_risk = tw_detector_shadow(core->detector_own).risk;
    }
    name_reasons(core, noted);
}

static tw_str keep(twi_changes *changes, tw_str s)
{
    tw_status status = TW_OK;
    tw_str copy = twi_arena_str(&changes->arena, s, &status);
    must(status);
    changes->text_bytes += s.bytes;
    return copy;
}

static void confirm(twi_core *core, uint64_t seq)
{
    tw_table_slot *slot;
    must(tw_table_at(&core->confirmed, confirmed_key(seq), &slot));
    slot->value = 0;
}

// CONFIRMED transactions leave the training sample; a later other verdict does not bring them back.
static void note_confirmed(twi_core *core, const tw_verdict *verdict, const tw_scored_fact *scored)
{
    for (size_t i = 0; i < scored->verdict_seq_n; i++) {
        if (verdict->verdict == TW_VERDICT_CONFIRMED)
            confirm(core, scored->verdict_seqs[i]);
        twi_watch_judged_seq(&core->watch, scored->verdict_seqs[i], verdict->verdict);
    }
    twi_watch_judged(&core->watch, tw_alert_key_from(verdict->alert_id), verdict->verdict);
}

static void note_verdict(twi_core *core, const tw_fact *fact, const tw_scored_fact *scored,
                         twi_changes *changes)
{
    const tw_verdict *verdict = &fact->as.verdict;
    note_confirmed(core, verdict, scored);
    void *items = changes->verdicts_own;
    must(tw_grow(changes->alloc, &items, &changes->verdict_cap, changes->verdict_n + 1,
                 sizeof(*changes->verdicts_own), SIZE_MAX / 2));
    changes->verdicts_own = items;
    twi_verdict_change *noted = &changes->verdicts_own[changes->verdict_n++];
    *noted = (twi_verdict_change){.verdict = *verdict, .seq = fact->seq};
    noted->verdict.verdict_id = keep(changes, verdict->verdict_id);
    noted->verdict.alert_id = keep(changes, verdict->alert_id);
    noted->verdict.transaction_id = keep(changes, verdict->transaction_id);
    noted->verdict.reason = keep(changes, verdict->reason);
    noted->verdict.note = keep(changes, verdict->note);
    noted->verdict.decided_by = keep(changes, verdict->decided_by);
    if (verdict->alert_id.bytes > 0)
        tw_str_copy(verdict->alert_id, noted->alert_id, sizeof(noted->alert_id));
}

static void note_action(const tw_fact *fact, twi_changes *changes)
{
    const tw_action *action = &fact->as.action;
    void *items = changes->actions_own;
    must(tw_grow(changes->alloc, &items, &changes->action_cap, changes->action_n + 1,
                 sizeof(*changes->actions_own), SIZE_MAX / 2));
    changes->actions_own = items;
    changes->actions_own[changes->action_n++] = (twi_action_change){
        .seq = fact->seq,
        .action = {.action_id = keep(changes, action->action_id),
                   .kind = keep(changes, action->kind),
                   .subject = keep(changes, action->subject),
                   .actor = keep(changes, action->actor),
                   .body = keep(changes, action->body),
                   .at_ms = action->at_ms},
    };
}

static void note_training(twi_core *core, const tw_config *config)
{
    core->trained_ms = TW_MAX(core->trained_ms, config->changed_ms);
    core->trained_facts_n = core->transaction_n + core->verdict_n;
}

// A model of an earlier version's feature catalogue scores no more: from there on there is none,
// and the next training brings another.
static tw_status install(twi_core *core, const tw_config *config, tw_err *err)
{
    tw_err why = {0};
    tw_status status =
        tw_detector_config(core->detector_own, config->kind, config->name, config->content, &why);
    bool is_model = config->kind == TW_CONFIG_MODEL || config->kind == TW_CONFIG_CHALLENGER;
    if (status == TW_UNSUPPORTED && is_model) {
        tw_log(TW_LOG_WARN, "model", "%.*s is not used: %s", TW_STR_ARG(config->name), why.text);
        return tw_detector_config(core->detector_own, config->kind, TW_STR_NONE, TW_STR_NONE, err);
    }
    return status == TW_OK ? TW_OK : tw_fail(err, status, "%s", why.text);
}

static tw_status apply_config(twi_core *core, const tw_fact *fact, twi_changes *changes,
                              tw_err *err)
{
    const tw_config *config = &fact->as.config;
    tw_engine_apply(core->engine_own, fact, NULL);
    TW_TRY(install(core, config, err));
    core->config_n++;
    void *items = changes->configs_own;
    must(tw_grow(changes->alloc, &items, &changes->config_cap, changes->config_n + 1,
                 sizeof(*changes->configs_own), SIZE_MAX / 2));
    changes->configs_own = items;
    twi_config_change *noted = &changes->configs_own[changes->config_n++];
    *noted = (twi_config_change){.config = *config, .seq = fact->seq};
    noted->config.name = keep(changes, config->name);
    noted->config.changed_by = keep(changes, config->changed_by);
    noted->config.reason = keep(changes, config->reason);
    uint8_t hash[TW_SHA256_BYTES];
    tw_sha256(config->content.at, config->content.bytes, hash);
    tw_hex(hash, sizeof(hash), noted->sha256);
    noted->bytes_n = config->content.bytes;
    bool is_yaml = config->kind == TW_CONFIG_SIGNALS || config->kind == TW_CONFIG_POLICY;
    noted->config.content =
        core->keep_models && !is_yaml ? keep(changes, config->content) : TW_STR_NONE;
    if (!is_yaml && tw_str_equal(config->changed_by, TW_STR(TWI_TRAINED_BY)))
        note_training(core, config);
    if (config->kind == TW_CONFIG_MODEL) {
        core->model_day = tw_engine_day(core->engine_own);
        tw_str_copy(tw_detector_config_name(core->detector_own, TW_CONFIG_MODEL), core->model_id,
                    sizeof(core->model_id));
    }
    return TW_OK;
}

static void make_sentences(const twi_core *core, const tw_fact *fact, const float *row,
                           twi_record *record, char texts[TWI_SENTENCES_MAX][TW_SENTENCE_BYTES])
{
    for (size_t i = 0; i < record->score.fired_n && record->sentence_n < TWI_SENTENCES_MAX; i++) {
        tw_signal_info info;
        const tw_fired *fired = &record->score.fired[i];
        char *text = texts[record->sentence_n];
        tw_detector_sentence(core->detector_own, fact, row, fired->signal, text);
        if (text[0] == '\0' || !tw_detector_signal(core->detector_own, fired->signal, &info))
            continue;
        record->sentences[record->sentence_n++] = (twi_sentence){.signal = fired->signal,
                                                                 .strength = fired->strength,
                                                                 .name = info.name,
                                                                 .text = tw_str_from(text)};
    }
}

static void apply_transaction(twi_core *core, const tw_fact *fact, twi_changes *changes,
                              twi_record *record, tw_scored_fact *scored,
                              char texts[TWI_SENTENCES_MAX][TW_SENTENCE_BYTES])
{
    const tw_transaction *t = &fact->as.transaction;
    tw_scorer_apply(core->engine_own, core->detector_own, fact, scored);
    record->score = scored->score;
    int32_t day = tw_engine_day(core->engine_own);
    const float *inputs = tw_detector_inputs(core->detector_own);
    twi_sampler_add(&core->sampler, day, fact->seq, inputs);
    twi_watch_transaction(&core->watch, day, fact->seq, &scored->score,
                          tw_detector_shadow(core->detector_own));
    if (core->first_day == INT32_MIN)
        core->first_day = day;
    core->transaction_n++;
    if (t->time_ms > core->last_time_ms) {
        core->last_time_ms = t->time_ms;
        core->last_offset_min = t->offset_min;
    }
    record->time_s = (uint32_t)(t->time_ms / TW_SECOND_MS);
    record->type = (uint8_t)t->type;
    record->register_hash = twi_register_hash(t->store_id, t->register_id);
    record->employee_hash = twi_employee_hash(t->employee_id);
    if (record->score.fired_n > 0)
        make_sentences(core, fact, scored->row, record, texts);
    bool is_kept = record->sentence_n > 0 || record->score.is_audit;
    twi_record_write(record, is_kept ? inputs : NULL, &changes->records);
}

static void apply_other(twi_core *core, const tw_fact *fact, twi_changes *changes,
                        twi_record *record, tw_scored_fact *scored)
{
    tw_scorer_apply(core->engine_own, core->detector_own, fact, scored);
    int64_t time_ms = fact->received_ms;
    if (fact->kind == TW_FACT_MOVEMENT) {
        core->movement_n++;
        time_ms = fact->as.movement.time_ms;
    } else if (fact->kind == TW_FACT_SHIFT) {
        core->shift_n++;
        time_ms = fact->as.shift.time_ms;
        record->employee_hash = twi_employee_hash(fact->as.shift.employee_id);
    } else if (fact->kind == TW_FACT_VERDICT) {
        core->verdict_n++;
        note_verdict(core, fact, scored, changes);
    } else {
        note_action(fact, changes);
        time_ms = fact->as.action.at_ms;
    }
    record->time_s = (uint32_t)(time_ms / TW_SECOND_MS);
    twi_record_write(record, NULL, &changes->records);
}

static void note_alerts(twi_core *core, const tw_fact *fact, const tw_scored_fact *scored,
                        twi_changes *changes)
{
    for (size_t i = 0; i < scored->change_n; i++) {
        const tw_alert_change *change = &scored->changes[i];
        if (change->event == TW_ALERT_OPENED) {
            core->alert_n++;
            twi_watch_opened(&core->watch, tw_engine_day(core->engine_own), change->alert,
                             scored->score.probability);
        }
        note_alert(core, changes, change, fact->seq);
    }
}

// The texts of the record live on the stack of apply: give the caller copies.
static void keep_texts(twi_record *record, tw_arena *texts)
{
    tw_status status = TW_OK;
    for (size_t i = 0; i < record->sentence_n; i++) {
        record->sentences[i].name = twi_arena_str(texts, record->sentences[i].name, &status);
        record->sentences[i].text = twi_arena_str(texts, record->sentences[i].text, &status);
    }
    if (status != TW_OK)
        record->sentence_n = 0;
}

tw_status twi_core_apply(twi_core *core, const tw_fact *fact, twi_changes *changes, tw_arena *texts,
                         twi_record *record, tw_err *err)
{
    TW_CHECK(fact->seq == core->seq + 1);
    TW_CHECK(changes->first_seq == 0 || changes->last_seq == core->seq);
    tw_scored_fact scored;
    char sentences[TWI_SENTENCES_MAX][TW_SENTENCE_BYTES];
    *record = (twi_record){.kind = fact->kind};
    scored.change_n = 0;
    if (fact->kind == TW_FACT_CONFIG) {
        TW_TRY(apply_config(core, fact, changes, err));
        record->time_s = (uint32_t)(fact->as.config.changed_ms / TW_SECOND_MS);
        twi_record_write(record, NULL, &changes->records);
    } else if (fact->kind == TW_FACT_TRANSACTION) {
        apply_transaction(core, fact, changes, record, &scored, sentences);
    } else {
        apply_other(core, fact, changes, record, &scored);
    }
    must(changes->records.status);
    note_alerts(core, fact, &scored, changes);
    if (texts)
        keep_texts(record, texts);
    else
        record->sentence_n = 0;
    core->seq = fact->seq;
    if (changes->first_seq == 0)
        changes->first_seq = fact->seq;
    changes->last_seq = fact->seq;
    return TW_OK;
}

uint64_t twi_core_hash(const twi_core *core)
{
    uint64_t confirmed = 0;
    for (size_t i = 0; i < core->confirmed.cap; i++)
        confirmed += core->confirmed.slots_own[i].key;
    uint64_t parts[] = {core->seq,
                        core->transaction_n,
                        core->movement_n,
                        core->shift_n,
                        core->verdict_n,
                        core->config_n,
                        core->alert_n,
                        (uint64_t)core->last_time_ms,
                        (uint64_t)core->first_day,
                        (uint64_t)core->model_day,
                        (uint64_t)core->trained_ms,
                        core->trained_facts_n,
                        confirmed,
                        core->confirmed.n};
    uint64_t seed = tw_hash64(parts, sizeof(parts), 22);
    return twi_sampler_hash(&core->sampler, twi_watch_hash(&core->watch, seed));
}
