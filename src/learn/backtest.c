// SPDX-License-Identifier: Apache-2.0
//
// Backtests: one engine, and beside the recorded run's detector a second one with what is tried.
// Features do not depend on signals, policy or model, so the engine is shared. Verdicts are those
// of the recorded run. One on an alert goes to the alert that the other detector has open for the
// same entity and scheme at that moment, and so do its revisions; when there is none, nobody would
// have looked.
#include "learn/backtest.h"

#include "backtest_sum.h"
#include "base/hash.h"
#include "run.h"

#define RESERVE_FACTS 1024

// From one 64-bit key to another.
typedef struct key_map {
    tw_table table; // hash of the key -> index
    uint64_t *values_own;
    size_t n, cap;
} key_map;

typedef struct runner {
    const tw_alloc *alloc;
    const tw_backtest_options *options;
    int64_t from_ms, to_ms;
    tw_detector *other_own; // NULL: nothing is overridden, the recorded run is what is looked at
    size_t room;            // facts that it can take
    key_map newest;         // entity and scheme -> the newest alert that it has for them
    key_map translated;     // judged alert of the record -> its own, 0 = it had none
    const tw_detector *watched;
    twi_backtest_sum sum;
} runner;

static uint64_t map_hash(uint64_t key)
{
    return tw_hash64(&key, sizeof key, 0);
}

static const uint64_t *map_get(const key_map *map, uint64_t key)
{
    const tw_table_slot *slot = tw_table_find(&map->table, map_hash(key));
    return slot ? &map->values_own[slot->value] : NULL;
}

static tw_status map_put(key_map *map, uint64_t key, uint64_t value)
{
    tw_table_slot *slot;
    void *values = map->values_own;
    tw_status status = tw_grow(map->table.alloc, &values, &map->cap, map->n + 1,
                               sizeof *map->values_own, TW_TABLE_NONE);
    map->values_own = values;
    TW_TRY(status);
    TW_TRY(tw_table_at(&map->table, map_hash(key), &slot));
    if (slot->value == TW_TABLE_NONE)
        slot->value = (uint32_t)map->n++;
    map->values_own[slot->value] = value;
    return TW_OK;
}

static void map_release(key_map *map)
{
    tw_free_array(map->table.alloc, map->values_own, map->cap, sizeof *map->values_own);
    tw_table_release(&map->table);
}

static bool is_in(const runner *r, int64_t time_ms)
{
    return time_ms >= r->from_ms && time_ms < r->to_ms;
}

// --- facts
// -----------------------------------------------------------------------------------------

static tw_status note_changes(runner *r, const tw_detector *detector,
                              const tw_alert_change *changes, size_t n, bool is_recorded)
{
    for (size_t i = 0; i < n; i++) {
        const tw_alert *alert = changes[i].alert;
        bool opens = changes[i].event == TW_ALERT_OPENED;
        uint64_t case_key = tw_detector_case_key(detector, alert->key);
        if (!is_recorded && opens)
            TW_TRY(map_put(&r->newest, case_key, alert->key));
        if (!is_in(r, alert->created_ms))
            continue;
        if (is_recorded)
            TW_TRY(twi_sum_recorded(&r->sum, alert, case_key));
        if (detector == r->watched)
            TW_TRY(twi_sum_alert(&r->sum, alert, case_key));
    }
    return TW_OK;
}

static tw_status take_transaction(runner *r, const twi_run *run, const tw_fact *fact,
                                  const tw_scored_fact *scored)
{
    const tw_transaction *t = &fact->as.transaction;
    tw_alert_change changes[TW_ALERT_CHANGES_MAX];
    size_t change_n = 0;
    tw_score score = scored->score;
    TW_TRY(note_changes(r, run->detector_own, scored->changes, scored->change_n, true));
    if (r->other_own) {
        if (r->room == 0) {
            TW_TRY(tw_detector_reserve(r->other_own, RESERVE_FACTS));
            r->room = RESERVE_FACTS;
        }
        r->room--;
        tw_detector_apply(r->other_own, fact, scored->row, tw_engine_last_filters(run->engine_own),
                          &score, changes, &change_n);
        TW_TRY(note_changes(r, r->other_own, changes, change_n, false));
    }
    return is_in(r, t->time_ms) ? twi_sum_transaction(&r->sum, t, &score) : TW_OK;
}

// The other detector's alert that a verdict on this one of the record is about, 0 = none.
static tw_status translate(runner *r, const tw_detector *recorded, uint64_t key, uint64_t *out)
{
    const uint64_t *known = map_get(&r->translated, key);
    *out = known ? *known : 0;
    if (known)
        return TW_OK;
    const uint64_t *newest = map_get(&r->newest, tw_detector_case_key(recorded, key));
    if (newest && tw_detector_alert(r->other_own, *newest))
        *out = *newest;
    return map_put(&r->translated, key, *out);
}

static tw_status take_verdict(runner *r, const twi_run *run, const tw_fact *fact,
                              const tw_scored_fact *scored)
{
    const tw_verdict *v = &fact->as.verdict;
    uint64_t key = tw_alert_key_from(v->alert_id), other;
    bool is_alert = v->alert_id.bytes > 0;
    for (size_t i = 0; i < scored->verdict_seq_n; i++)
        TW_TRY(twi_sum_label(&r->sum, scored->verdict_seqs[i], v->verdict, is_alert));
    if (!is_alert)
        return TW_OK; // the other detector was told when it took effect
    twi_sum_verdict(&r->sum, key, v->verdict);
    if (!r->other_own)
        return TW_OK;
    TW_TRY(translate(r, run->detector_own, key, &other));
    if (other == 0)
        return TW_OK;
    char id[TW_ALERT_ID_BYTES];
    tw_alert_change changes[TW_ALERT_CHANGES_MAX];
    size_t change_n;
    tw_score none;
    tw_fact told = *fact;
    told.as.verdict.alert_id = tw_str_from(tw_alert_id(other, id));
    tw_detector_apply(r->other_own, &told, NULL, 0, &none, changes, &change_n);
    return TW_OK;
}

static tw_status visit(void *ctx, const twi_run *run, const tw_fact *fact,
                       const tw_scored_fact *scored, tw_err *err)
{
    runner *r = ctx;
    const tw_backtest_options *o = r->options;
    tw_status status = TW_OK;
    if (fact->kind == TW_FACT_CONFIG && r->other_own) {
        tw_config_kind kind = fact->as.config.kind;
        bool is_overridden = twi_run_is_overridden(o->model, o->signals, o->policy, kind);
        return twi_run_config(r->other_own, &fact->as.config, is_overridden, err);
    }
    if (fact->kind == TW_FACT_TRANSACTION)
        status = take_transaction(r, run, fact, scored);
    else if (fact->kind == TW_FACT_VERDICT)
        status = take_verdict(r, run, fact, scored);
    return status == TW_OK ? TW_OK : tw_fail(err, status, "no memory for the backtest");
}

static void judged(void *ctx, uint64_t transaction_seq, tw_verdict_kind verdict)
{
    const runner *r = ctx;
    if (r->other_own)
        tw_detector_judge(r->other_own, transaction_seq, verdict);
}

// --- the whole
// -------------------------------------------------------------------------------------

static tw_status prepare(runner *r, twi_run *run, tw_err *err)
{
    const tw_backtest_options *o = r->options;
    run->visit = visit;
    run->judged = judged;
    run->ctx = r;
    r->watched = run->detector_own;
    if (o->model.bytes + o->signals.bytes + o->policy.bytes == 0)
        return TW_OK;
    tw_status status = tw_detector_new(r->alloc, run->engine_own, &r->other_own);
    if (status != TW_OK)
        return tw_fail(err, status, "no memory for the backtest");
    r->watched = r->other_own;
    return twi_run_override(r->other_own, o->model, o->signals, o->policy, err);
}

tw_status tw_backtest_run(const tw_alloc *alloc, const tw_journal *journal,
                          const tw_backtest_options *options, tw_backtest *out, tw_err *err)
{
    runner r = {.alloc = alloc, .options = options};
    twi_run run;
    tw_replay_options replay = {.label_delay_ms = options->label_delay_ms,
                                .progress = options->progress,
                                .progress_ctx = options->progress_ctx};
    *out = (tw_backtest){0};
    r.from_ms = options->from_ms != 0 ? options->from_ms : INT64_MIN;
    r.to_ms = options->to_ms != 0 ? options->to_ms : INT64_MAX;
    tw_table_init(&r.newest.table, alloc, TW_ENTITIES_MAX);
    tw_table_init(&r.translated.table, alloc, TW_ENTITIES_MAX);
    twi_sum_init(&r.sum, alloc);
    tw_status status = twi_run_init(&run, alloc, journal, &replay, err);
    if (status == TW_OK)
        status = prepare(&r, &run, err);
    if (status == TW_OK)
        status = twi_run_go(&run, err);
    if (status == TW_OK) {
        status = twi_sum_finish(&r.sum, r.watched, run.detector_own, out);
        if (status != TW_OK)
            tw_fail(err, status, "no memory for the backtest");
    }
    tw_detector_free(r.other_own);
    twi_run_release(&run);
    twi_sum_release(&r.sum);
    map_release(&r.newest);
    map_release(&r.translated);
    return status;
}

void tw_backtest_release(tw_backtest *backtest)
{
    const tw_alloc *alloc = backtest->alloc;
    if (!alloc)
        return;
    tw_free_array(alloc, backtest->schemes_own, backtest->scheme_n, sizeof *backtest->schemes_own);
    tw_free_array(alloc, backtest->signals_own, backtest->signal_n, sizeof *backtest->signals_own);
    tw_free_array(alloc, backtest->alerts_own, backtest->alert_list_n,
                  sizeof *backtest->alerts_own);
    tw_free_array(alloc, backtest->recorded_own, backtest->recorded_n,
                  sizeof *backtest->recorded_own);
    *backtest = (tw_backtest){0};
}
