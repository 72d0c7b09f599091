// SPDX-License-Identifier: Apache-2.0
//
// From changes to ledger rows. The projector remembers the alerts that are open, so that growing
// one reads nothing; others come from the ledger when a fact touches them. What it writes depends
// on the facts alone, not on how they were cut into commits: rebuild gives the same rows.
//
// One thread at a time. Memory: one entry for each open alert (some 12 KB), and a write's rows.
#include <stdio.h>

#include "base/hash.h"
#include "projector.h"
#include "retail/codec.h"

#define ENTRY_ARENA_BYTES (4 << 10)
#define ENTRY_ARENA_MAX (4 << 20)
#define OPEN_ALERTS_MAX (1 << 20)
// Score ranges are joined and cut to about this size: a thousand single facts make one row, and one
// record is reached by reading no more than that.
#define RANGE_BYTES_MAX (64 << 10)

tw_status twi_projector_new(const tw_alloc *alloc, const tw_ledger *ledger,
                            const tw_journal *journal, const tw_files *files,
                            const char currency[4], twi_projector **out)
{
    twi_projector *p = tw_new(alloc, twi_projector);
    *out = p;
    if (!p)
        return TW_NO_MEMORY;
    p->alloc = alloc;
    p->ledger = ledger;
    p->journal = journal;
    p->files = files;
    memcpy(p->currency, currency, sizeof(p->currency));
    tw_table_init(&p->by_key, alloc, OPEN_ALERTS_MAX);
    twi_desk_init(&p->desk, alloc, ledger, currency);
    tw_arena_init(&p->arena, alloc, 0, (size_t)1 << 30);
    tw_arena_init(&p->lookup, alloc, 0, 64 << 20);
    tw_buf_init(&p->bodies, alloc, (size_t)1 << 30);
    tw_buf_init(&p->joined, alloc, (size_t)1 << 30);
    tw_buf_init(&p->fetched, alloc, TW_BLOCK_MAX_BYTES);
    return TW_OK;
}

static void entry_free(twi_projector *p, twi_alert_entry *e)
{
    if (!e)
        return;
    tw_arena_release(&e->arenas[0]);
    tw_arena_release(&e->arenas[1]);
    tw_delete(p->alloc, e);
}

void twi_projector_free(twi_projector *p)
{
    if (!p)
        return;
    for (size_t i = 0; i < p->entry_n; i++)
        entry_free(p, p->entries_own[i]);
    tw_free_array(p->alloc, p->entries_own, p->entry_cap, sizeof(void *));
    tw_free_array(p->alloc, p->free_own, p->free_cap, sizeof(*p->free_own));
    tw_free_array(p->alloc, p->dirty_own, p->dirty_cap, sizeof(void *));
    tw_free_array(p->alloc, p->events_own, p->event_cap, sizeof(*p->events_own));
    tw_table_release(&p->by_key);
    twi_desk_release(&p->desk);
    tw_arena_release(&p->arena);
    tw_arena_release(&p->lookup);
    tw_buf_release(&p->bodies);
    tw_buf_release(&p->joined);
    tw_buf_release(&p->fetched);
    tw_delete(p->alloc, p);
}

// --- entries
// --------------------------------------------------------------------------------------

static tw_status place_entry(twi_projector *p, uint64_t key, twi_alert_entry *e)
{
    if (p->free_n == 0) {
        void *entries = p->entries_own, *holes = p->free_own;
        TW_TRY(tw_grow(p->alloc, &entries, &p->entry_cap, p->entry_n + 1, sizeof(void *),
                       OPEN_ALERTS_MAX * 2));
        p->entries_own = entries;
        TW_TRY(tw_grow(p->alloc, &holes, &p->free_cap, p->entry_n + 1, sizeof(uint32_t),
                       OPEN_ALERTS_MAX * 2));
        p->free_own = holes;
    }
    tw_table_slot *slot;
    TW_TRY(tw_table_at(&p->by_key, key, &slot));
    slot->value = p->free_n > 0 ? p->free_own[--p->free_n] : (uint32_t)p->entry_n++;
    p->entries_own[slot->value] = e;
    return TW_OK;
}

static void drop_entry(twi_projector *p, twi_alert_entry *e)
{
    tw_table_slot *slot = tw_table_find(&p->by_key, e->key);
    TW_CHECK(slot);
    p->entries_own[slot->value] = NULL;
    p->free_own[p->free_n++] = slot->value;
    tw_table_remove(&p->by_key, e->key);
    entry_free(p, e);
}

void twi_alert_entry_keep(twi_alert_entry *e, tw_str assignee, tw_str case_id)
{
    tw_str_copy(assignee, e->assignee, sizeof(e->assignee));
    tw_str_copy(case_id, e->case_id, sizeof(e->case_id));
    e->view.assignee = tw_str_from(e->assignee);
    e->view.case_id = tw_str_from(e->case_id);
}

// The view of an alert that the ledger has; an empty one when it has none.
static tw_status load_view(twi_projector *p, twi_alert_entry *e, tw_str id, tw_err *err)
{
    tw_alert_row row;
    tw_arena_reset(&p->lookup);
    tw_status status = tw_ledger_alert_get(p->ledger, id, &p->lookup, &row, err);
    if (status == TW_NOT_FOUND)
        return TW_OK;
    TW_TRY(status);
    status = twi_alert_parse(&row, &e->arenas[e->turn], &e->view);
    if (status != TW_OK)
        return tw_fail(err, status, "alert %.*s of the ledger cannot be read", TW_STR_ARG(id));
    twi_alert_entry_keep(e, row.assignee, row.case_id);
    e->is_closed = tw_str_equal(e->view.status, TW_STR("CLOSED"));
    e->signal_n = e->view.reason_n;
    return TW_OK;
}

tw_status twi_alert_entry_get(twi_projector *p, uint64_t key, twi_alert_entry **out, tw_err *err)
{
    tw_table_slot *slot = tw_table_find(&p->by_key, key);
    if (slot) {
        *out = p->entries_own[slot->value];
        return TW_OK;
    }
    twi_alert_entry *e = tw_new(p->alloc, twi_alert_entry);
    if (!e)
        return tw_fail(err, TW_NO_MEMORY, "no memory for alerts");
    e->key = key;
    for (int i = 0; i < 2; i++)
        tw_arena_init(&e->arenas[i], p->alloc, ENTRY_ARENA_BYTES, ENTRY_ARENA_MAX);
    char id[TW_ALERT_ID_BYTES];
    tw_status status = load_view(p, e, tw_str_from(tw_alert_id(key, id)), err);
    if (status == TW_OK && place_entry(p, key, e) != TW_OK)
        status = tw_fail(err, TW_NO_MEMORY, "no memory for alerts");
    if (status != TW_OK)
        entry_free(p, e);
    *out = status == TW_OK ? e : NULL;
    return status;
}

tw_status twi_alert_entry_mark(twi_projector *p, twi_alert_entry *e)
{
    if (e->is_dirty)
        return TW_OK;
    void *items = p->dirty_own;
    TW_TRY(tw_grow(p->alloc, &items, &p->dirty_cap, p->dirty_n + 1, sizeof(void *),
                   OPEN_ALERTS_MAX * 2));
    p->dirty_own = items;
    p->dirty_own[p->dirty_n++] = e;
    e->is_dirty = true;
    e->new_ids = NULL;
    e->new_id_n = e->new_id_cap = 0;
    return TW_OK;
}

void twi_alert_entry_pass(twi_projector *p, twi_alert_entry *e)
{
    if (!e->is_dirty && (e->is_closed || e->view.alert_id.bytes == 0))
        drop_entry(p, e);
}

tw_status twi_projector_event(twi_projector *p, const tw_event *event)
{
    void *items = p->events_own;
    TW_TRY(tw_grow(p->alloc, &items, &p->event_cap, p->event_n + 1, sizeof(*p->events_own),
                   (size_t)1 << 24));
    p->events_own = items;
    p->events_own[p->event_n++] = *event;
    return TW_OK;
}

// --- alerts
// ---------------------------------------------------------------------------------------

static tw_status fetch_id(twi_projector *p, uint64_t seq, tw_arena *arena, tw_str *out, tw_err *err)
{
    tw_fact fact;
    tw_status copied = TW_OK;
    tw_buf_reset(&p->fetched);
    tw_arena_reset(&p->lookup);
    TW_TRY(tw_journal_fetch(p->journal, seq, &p->fetched, err));
    tw_status status = tw_fact_decode(p->fetched.data_own, p->fetched.bytes, &p->lookup, &fact);
    if (status != TW_OK)
        return tw_fail(err, status, "fact %llu of the journal cannot be read",
                       (unsigned long long)seq);
    *out = twi_arena_str(arena, tw_fact_id(&fact), &copied);
    return copied == TW_OK ? TW_OK : tw_fail(err, TW_NO_MEMORY, "no memory for alerts");
}

static tw_status add_new_id(twi_projector *p, twi_alert_entry *e, tw_str id)
{
    if (e->new_id_n == e->new_id_cap) {
        size_t cap = e->new_id_cap ? e->new_id_cap * 2 : 8;
        tw_str *ids = tw_arena_array(&p->arena, cap, sizeof(*ids));
        if (!ids)
            return TW_NO_MEMORY;
        if (e->new_id_n > 0)
            memcpy(ids, e->new_ids, e->new_id_n * sizeof(*ids));
        e->new_ids = ids;
        e->new_id_cap = cap;
    }
    tw_status status = TW_OK;
    e->new_ids[e->new_id_n++] = twi_arena_str(&p->arena, id, &status);
    return status;
}

// Both lists ascend: ids that the old view has are taken over, the others come from the journal.
static tw_status fill_transactions(twi_projector *p, twi_alert_entry *e, const tw_alert *alert,
                                   tw_arena *arena, tw_alert_view *view, tw_err *err)
{
    const tw_alert_view *old = &e->view;
    tw_str *ids = tw_arena_array(arena, alert->seq_n + 1, sizeof(*ids));
    uint64_t *seqs = tw_arena_array(arena, alert->seq_n + 1, sizeof(*seqs));
    if (!ids || !seqs)
        return tw_fail(err, TW_NO_MEMORY, "no memory for alerts");
    size_t at = 0;
    for (uint32_t i = 0; i < alert->seq_n; i++) {
        tw_status status = TW_OK;
        seqs[i] = alert->seqs[i];
        while (at < old->transaction_id_n && old->seqs[at] < seqs[i])
            at++;
        if (at < old->transaction_id_n && old->seqs[at] == seqs[i]) {
            ids[i] = twi_arena_str(arena, old->transaction_ids[at], &status);
        } else {
            TW_TRY(fetch_id(p, seqs[i], arena, &ids[i], err));
            status = add_new_id(p, e, ids[i]);
        }
        if (status != TW_OK)
            return tw_fail(err, status, "no memory for alerts");
    }
    view->transaction_ids = ids;
    view->seqs = seqs;
    view->transaction_id_n = alert->seq_n;
    return TW_OK;
}

static tw_status fill_reasons(const tw_alert *alert, const twi_alert_change *change,
                              tw_arena *arena, tw_alert_view *view)
{
    tw_status status = TW_OK;
    tw_reason_view *reasons = tw_arena_array(arena, alert->reason_n + 1, sizeof(*reasons));
    if (!reasons)
        return TW_NO_MEMORY;
    for (uint32_t i = 0; i < alert->reason_n; i++) {
        reasons[i].signal = twi_arena_str(arena, tw_str_from(change->signals[i].name), &status);
        reasons[i].title = twi_arena_str(arena, tw_str_from(change->signals[i].title), &status);
        reasons[i].sentence =
            twi_arena_str(arena, tw_str_from(alert->reasons[i].sentence), &status);
        reasons[i].strength = alert->reasons[i].strength / 255.0;
    }
    view->reasons = reasons;
    view->reason_n = alert->reason_n;
    view->sentence = alert->reason_n > 0 ? reasons[0].sentence : TW_STR_NONE;
    return status;
}

static tw_status copy_verdict(const tw_alert_view *old, tw_arena *arena, tw_alert_view *view)
{
    tw_status status = TW_OK;
    view->has_verdict = old->has_verdict;
    if (!old->has_verdict)
        return TW_OK;
    view->verdict = old->verdict;
    view->verdict.verdict_id = twi_arena_str(arena, old->verdict.verdict_id, &status);
    view->verdict.alert_id = view->alert_id;
    view->verdict.reason = twi_arena_str(arena, old->verdict.reason, &status);
    view->verdict.note = twi_arena_str(arena, old->verdict.note, &status);
    view->verdict.decided_by = twi_arena_str(arena, old->verdict.decided_by, &status);
    return status;
}

static tw_status fill_fields(const tw_alert *alert, const tw_alert_view *old, tw_arena *arena,
                             tw_alert_view *view)
{
    tw_status status = TW_OK;
    char id[TW_ALERT_ID_BYTES];
    view->alert_id = twi_arena_str(arena, tw_str_from(tw_alert_id(alert->key, id)), &status);
    view->status =
        old->status.bytes > 0 ? twi_arena_str(arena, old->status, &status) : TW_STR("NEW");
    view->type = tw_str_from(tw_alert_type_name(alert->type));
    view->entity_kind = tw_str_from(tw_entity_name(alert->entity));
    view->scheme = twi_arena_str(arena, tw_str_from(alert->scheme), &status);
    view->title = twi_arena_str(arena, tw_str_from(alert->scheme_title), &status);
    view->entity_id = twi_arena_str(arena, tw_str_from(alert->entity_id), &status);
    view->store_id = twi_arena_str(arena, tw_str_from(alert->store_id), &status);
    view->employee_id = twi_arena_str(arena, tw_str_from(alert->employee_id), &status);
    view->register_id = twi_arena_str(arena, tw_str_from(alert->register_id), &status);
    view->created_ms = alert->created_ms;
    view->updated_ms = alert->updated_ms;
    view->offset_min = alert->offset_min;
    view->risk_score = (double)alert->risk;
    view->exposure.minor = alert->exposure_minor;
    memcpy(view->exposure.currency, alert->currency, sizeof(view->exposure.currency));
    view->transaction_n = alert->transaction_n;
    view->assignee = old->assignee;
    view->case_id = old->case_id;
    view->snoozed_until_ms = old->snoozed_until_ms;
    view->first_viewed_ms = old->first_viewed_ms;
    view->work_seq = old->work_seq;
    return status;
}

static tw_status take_alert(twi_projector *p, const twi_alert_change *change, tw_err *err)
{
    twi_alert_entry *e = NULL;
    TW_TRY(twi_alert_entry_get(p, change->alert.key, &e, err));
    TW_CHECK(e);
    if (twi_alert_entry_mark(p, e) != TW_OK)
        return tw_fail(err, TW_NO_MEMORY, "no memory for alerts");
    tw_arena *arena = &e->arenas[!e->turn];
    tw_arena_reset(arena);
    bool is_opening = change->opened_seq != 0;
    tw_alert_view view = {.first_seq = e->view.first_seq};
    view.challenger_risk = is_opening ? (double)change->challenger_risk : e->view.challenger_risk;
    tw_status status = fill_fields(&change->alert, &e->view, arena, &view);
    if (status == TW_OK)
        status = fill_reasons(&change->alert, change, arena, &view);
    if (status == TW_OK)
        status = copy_verdict(&e->view, arena, &view);
    if (status != TW_OK)
        return tw_fail(err, status, "no memory for alerts");
    TW_TRY(fill_transactions(p, e, &change->alert, arena, &view, err));
    view.last_seq = view.version = TW_MAX(change->last_seq, e->view.last_seq);
    if (change->opened_seq != 0)
        view.first_seq = change->opened_seq;
    e->is_new |= change->opened_seq != 0;
    e->is_closed = change->alert.is_closed;
    e->view = view;
    e->turn = !e->turn;
    return TW_OK;
}

// --- scores
// ---------------------------------------------------------------------------------------

// The list goes on behind last_seq while the flow pushes: `next` of the last one is not looked at.
static const twi_changes *following(const twi_changes *c, uint64_t last_seq)
{
    return c->last_seq < last_seq ? c->next : NULL;
}

// Cuts joined records of facts from first_seq on into ranges.
static tw_status cut_ranges(twi_projector *p, uint64_t first_seq, uint64_t last_seq,
                            tw_score_range **out, size_t *n, tw_err *err)
{
    const char *at = (const char *)p->joined.data_own;
    size_t left = p->joined.bytes, cap = left / (RANGE_BYTES_MAX / 2) + 2;
    tw_score_range *ranges = tw_arena_array(&p->arena, cap, sizeof(*ranges)), *range = NULL;
    if (!ranges)
        return tw_fail(err, TW_NO_MEMORY, "no memory for scores");
    *n = 0;
    for (uint64_t seq = first_seq; seq <= last_seq; seq++) {
        twi_record record;
        if (twi_record_peek(at, left, &record) != TW_OK)
            return tw_fail(err, TW_CORRUPT, "the score of fact %llu is damaged",
                           (unsigned long long)seq);
        if (!range || range->bytes.bytes + record.bytes > RANGE_BYTES_MAX) {
            TW_CHECK(*n < cap);
            range = &ranges[(*n)++];
            *range = (tw_score_range){.first_seq = seq, .bytes = {at, 0}};
        }
        range->n++;
        range->bytes.bytes += record.bytes;
        at += record.bytes;
        left -= record.bytes;
    }
    *out = ranges;
    return TW_OK;
}

static tw_status take_scores(twi_projector *p, const twi_changes *first, uint64_t last_seq,
                             tw_score_range **out, size_t *n, tw_err *err)
{
    TW_CHECK(first);
    tw_buf_reset(&p->joined);
    for (const twi_changes *c = first; c; c = following(c, last_seq))
        tw_buf_put(&p->joined, c->records.data_own, c->records.bytes);
    if (p->joined.status != TW_OK)
        return tw_fail(err, p->joined.status, "no memory for scores");
    return cut_ranges(p, first->first_seq, last_seq, out, n, err);
}

// --- writing
// --------------------------------------------------------------------------------------

// By the transactions and the signals that are new since the last write.
static tw_status build_keys(twi_projector *p, const twi_alert_entry *e, tw_alert_row *row)
{
    const tw_alert_view *view = &e->view;
    size_t n = 0, signal_n = view->reason_n > e->signal_n ? view->reason_n : 0;
    tw_alert_key *keys = tw_arena_array(&p->arena, e->new_id_n + signal_n + 1, sizeof(*keys));
    if (!keys)
        return TW_NO_MEMORY;
    for (size_t k = 0; k < e->new_id_n; k++)
        keys[n++] = (tw_alert_key){.kind = 't', .key = e->new_ids[k]};
    // Reasons are sorted by their evidence: a new one may stand anywhere.
    for (size_t k = 0; k < signal_n; k++)
        if (view->reasons[k].signal.bytes > 0)
            keys[n++] = (tw_alert_key){.kind = 's', .key = view->reasons[k].signal};
    row->keys = keys;
    row->key_n = n;
    return TW_OK;
}

static tw_status build_alerts(twi_projector *p, tw_alert_row **out, tw_err *err)
{
    tw_alert_row *rows = tw_arena_array(&p->arena, p->dirty_n + 1, sizeof(*rows));
    size_t *starts = tw_arena_array(&p->arena, p->dirty_n + 1, sizeof(*starts));
    if (!rows || !starts)
        return tw_fail(err, TW_NO_MEMORY, "no memory for alerts");
    tw_buf_reset(&p->bodies);
    for (size_t i = 0; i < p->dirty_n; i++) {
        twi_alert_entry *e = p->dirty_own[i];
        starts[i] = p->bodies.bytes;
        tw_status status = twi_alert_row(&e->view, &p->bodies, &rows[i]);
        if (status == TW_OK)
            status = build_keys(p, e, &rows[i]);
        if (status != TW_OK)
            return tw_fail(err, TW_NO_MEMORY, "no memory for alerts");
    }
    // Bodies move while the buffer grows: point to them at the end.
    for (size_t i = 0; i < p->dirty_n; i++)
        rows[i].body.at = (const char *)p->bodies.data_own + starts[i];
    *out = rows;
    return TW_OK;
}

static tw_status make_room(twi_projector *p, const twi_changes *first, uint64_t last_seq,
                           twi_fact_rows *out, tw_err *err)
{
    size_t verdict_n = 0, config_n = 0, action_n = 0;
    for (const twi_changes *c = first; c; c = following(c, last_seq)) {
        verdict_n += c->verdict_n;
        config_n += c->config_n;
        action_n += c->action_n;
    }
    *out = (twi_fact_rows){
        .verdicts = tw_arena_array(&p->arena, verdict_n + 1, sizeof(*out->verdicts)),
        .models = tw_arena_array(&p->arena, config_n + 1, sizeof(*out->models)),
        .actions =
            tw_arena_array(&p->arena, verdict_n + config_n + action_n + 1, sizeof(*out->actions)),
    };
    return out->verdicts && out->models && out->actions
               ? TW_OK
               : tw_fail(err, TW_NO_MEMORY, "no memory for the projection");
}

static tw_status collect(twi_projector *p, const twi_changes *first, uint64_t last_seq,
                         tw_ledger_batch *batch, tw_err *err)
{
    twi_fact_rows rows;
    TW_TRY(make_room(p, first, last_seq, &rows, err));
    for (const twi_changes *c = first; c; c = following(c, last_seq)) {
        for (size_t i = 0; i < c->alert_n; i++)
            TW_TRY(take_alert(p, &c->alerts_own[i], err));
        TW_TRY(twi_take_facts(p, c, &rows, err));
        batch->applied.seq = c->last_seq;
    }
    batch->verdicts = rows.verdicts;
    batch->verdict_n = rows.verdict_n;
    batch->models = rows.models;
    batch->model_n = rows.model_n;
    batch->actions = rows.actions;
    batch->action_n = rows.action_n;
    tw_alert_row *alerts = NULL;
    tw_score_range *scores = NULL;
    tw_doc_row *docs = NULL;
    TW_TRY(build_alerts(p, &alerts, err));
    batch->alerts = alerts;
    batch->alert_n = p->dirty_n;
    if (twi_desk_rows(&p->desk, &p->arena, &docs, &batch->doc_n) != TW_OK)
        return tw_fail(err, TW_NO_MEMORY, "no memory for documents");
    batch->docs = docs;
    TW_TRY(take_scores(p, first, last_seq, &scores, &batch->score_n, err));
    batch->scores = scores;
    return tw_journal_hash_at(p->journal, batch->applied.seq, batch->applied.hash, err);
}

static tw_status finish_alerts(twi_projector *p)
{
    tw_status status = TW_OK;
    for (size_t i = 0; i < p->dirty_n; i++) {
        twi_alert_entry *e = p->dirty_own[i];
        tw_event event = {.kind = TW_EVENT_ALERT, .is_new = e->is_new};
        tw_str_copy(e->view.alert_id, event.alert_id, sizeof(event.alert_id));
        if (!e->is_judged && twi_projector_event(p, &event) != TW_OK)
            status = TW_NO_MEMORY; // the rows are written: a missing event is no failure
        e->is_dirty = e->is_new = e->is_judged = false;
        e->signal_n = e->view.reason_n;
        if (e->is_closed)
            drop_entry(p, e);
    }
    p->dirty_n = 0;
    return status;
}

tw_status twi_projector_write(twi_projector *p, const twi_changes *first, uint64_t last_seq,
                              tw_err *err)
{
    tw_ledger_batch batch = {0};
    // Ids of a try that failed lived in the arena: they are found again.
    tw_arena_reset(&p->arena);
    for (size_t i = 0; i < p->dirty_n; i++)
        drop_entry(p, p->dirty_own[i]);
    p->dirty_n = 0;
    p->event_n = 0;
    twi_desk_clear(&p->desk);
    TW_TRY(collect(p, first, last_seq, &batch, err));
    TW_TRY(tw_ledger_apply(p->ledger, &batch, err));
    (void)finish_alerts(p);
    twi_desk_clear(&p->desk);
    return TW_OK;
}

size_t twi_projector_events(const twi_projector *projector, const tw_event **out)
{
    *out = projector->events_own;
    return projector->event_n;
}
