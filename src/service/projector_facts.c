// SPDX-License-Identifier: Apache-2.0
//
// What people did, in the order of the journal: verdicts, configurations and actions become rows of
// their own, lines of the log, and changes of alerts and documents.
#include <stdio.h>
#include <yyjson.h>

#include "action_rows.h"
#include "json_text.h"
#include "learn/export.h"
#include "model/file.h"
#include "projector.h"
#include "registry_row.h"
#include "workflow/alert_work.h"

// --- alerts
// ---------------------------------------------------------------------------------------

static void put_work(twi_alert_entry *e, const tw_alert_work *work, uint64_t seq)
{
    e->view.status = tw_str_from(tw_alert_status_name(work->status));
    twi_alert_entry_keep(e, work->assignee, work->case_id);
    e->view.snoozed_until_ms = work->snoozed_until_ms;
    e->view.first_viewed_ms = work->first_viewed_ms;
    e->view.work_seq = work->work_seq;
    e->view.last_seq = e->view.version = TW_MAX(e->view.last_seq, seq);
}

// The entry of an alert that was there when the fact was made; NULL when there was none.
static tw_status find_alert(twi_projector *p, tw_str alert_id, uint64_t seq, twi_alert_entry **out,
                            tw_err *err)
{
    uint64_t key = tw_alert_key_from(alert_id);
    twi_alert_entry *e = NULL;
    *out = NULL;
    if (key == 0)
        return TW_OK;
    TW_TRY(twi_alert_entry_get(p, key, &e, err));
    TW_CHECK(e);
    if (e->view.alert_id.bytes > 0 && e->view.first_seq <= seq)
        *out = e;
    else
        twi_alert_entry_pass(p, e);
    return TW_OK;
}

static tw_status verdict_event(twi_projector *p, const twi_verdict_change *change,
                               tw_str alert_status)
{
    tw_event event = {.kind = TW_EVENT_VERDICT,
                      .verdict = change->verdict.verdict,
                      .decided_ms = change->verdict.decided_ms};
    memcpy(event.alert_id, change->alert_id, sizeof(event.alert_id));
    tw_str_copy(change->verdict.verdict_id, event.verdict_id, sizeof(event.verdict_id));
    tw_str_copy(change->verdict.transaction_id, event.transaction_id, sizeof(event.transaction_id));
    tw_str_copy(change->verdict.reason, event.reason, sizeof(event.reason));
    tw_str_copy(alert_status, event.status, sizeof(event.status));
    return twi_projector_event(p, &event);
}

// A verdict closes its alert; the reason "reopened" takes the conclusion back.
static tw_status conclude(twi_projector *p, twi_alert_entry *e, const twi_verdict_change *change)
{
    const tw_verdict *verdict = &change->verdict;
    tw_arena *arena = &e->arenas[e->turn];
    tw_status status = twi_alert_entry_mark(p, e);
    tw_alert_work work = twi_alert_work_of(&e->view);
    tw_alert_work_judge(&work, verdict, change->seq);
    put_work(e, &work, change->seq);
    e->view.updated_ms = TW_MAX(e->view.updated_ms, verdict->decided_ms);
    e->view.has_verdict = work.has_verdict;
    e->view.verdict = (tw_verdict_view){
        .verdict_id = twi_arena_str(arena, verdict->verdict_id, &status),
        .alert_id = e->view.alert_id,
        .verdict = verdict->verdict,
        .reason = twi_arena_str(arena, verdict->reason, &status),
        .note = twi_arena_str(arena, verdict->note, &status),
        .decided_by = twi_arena_str(arena, verdict->decided_by, &status),
        .decided_ms = verdict->decided_ms,
        .recovered = {.minor = verdict->recovered_minor},
    };
    memcpy(e->view.verdict.recovered.currency, e->view.exposure.currency,
           sizeof(e->view.exposure.currency));
    e->is_judged = true;
    // The detector is done with it; a verdict or an action brings it back from the ledger.
    e->is_closed = true;
    return status;
}

static tw_status name_alert(twi_projector *p, const twi_alert_entry *e, tw_verdict_row *out)
{
    tw_status status = TW_OK;
    tw_str *signals = tw_arena_array(&p->arena, e->view.reason_n + 1, sizeof(*signals));
    if (!signals)
        return TW_NO_MEMORY;
    for (size_t i = 0; i < e->view.reason_n; i++)
        signals[i] = twi_arena_str(&p->arena, e->view.reasons[i].signal, &status);
    out->signals = signals;
    out->signal_n = e->view.reason_n;
    out->scheme = twi_arena_str(&p->arena, e->view.scheme, &status);
    out->currency = twi_arena_str(&p->arena, tw_str_from(e->view.exposure.currency), &status);
    return status;
}

static tw_status take_verdict(twi_projector *p, const twi_verdict_change *change,
                              twi_fact_rows *rows, tw_err *err)
{
    const tw_verdict *verdict = &change->verdict;
    tw_str alert_status = TW_STR_NONE, employee_id = TW_STR_NONE, store_id = TW_STR_NONE;
    tw_verdict_row *out = &rows->verdicts[rows->verdict_n++];
    twi_alert_entry *e;
    tw_status status = TW_OK;
    *out = (tw_verdict_row){
        .verdict_id = verdict->verdict_id,
        .seq = change->seq,
        .alert_id = verdict->alert_id,
        .transaction_id = verdict->transaction_id,
        .verdict = tw_str_from(tw_verdict_name(verdict->verdict)),
        .reason = verdict->reason,
        .note = verdict->note,
        .decided_by = verdict->decided_by,
        .decided_ms = verdict->decided_ms,
        .recovered_minor = verdict->recovered_minor,
        .currency = tw_str_from(p->currency),
    };
    TW_TRY(find_alert(p, verdict->alert_id, change->seq, &e, err));
    if (e) {
        status = conclude(p, e, change);
        if (status == TW_OK)
            status = name_alert(p, e, out);
        alert_status = e->view.status;
        employee_id = twi_arena_str(&p->arena, e->view.employee_id, &status);
        store_id = twi_arena_str(&p->arena, e->view.store_id, &status);
    }
    if (status == TW_OK)
        status = twi_row_of_verdict(change, employee_id, store_id, &p->arena,
                                    &rows->actions[rows->action_n++]);
    if (status == TW_OK)
        status = verdict_event(p, change, alert_status);
    return status == TW_OK ? TW_OK : tw_fail(err, TW_NO_MEMORY, "no memory for verdicts");
}

// --- configurations
// -------------------------------------------------------------------------------

static tw_status publish(twi_projector *p, const twi_config_change *change, const char *file,
                         tw_str content, tw_err *err)
{
    char name[TW_FILES_NAME_BYTES];
    snprintf(name, sizeof(name), "models/%.*s/%s", TW_STR_ARG(change->config.name), file);
    if (!tw_files_name_is_valid(name))
        return TW_OK; // a foreign name: the journal has the model
    return tw_files_publish(p->files, name, &content, 1, err);
}

static tw_status save_card(twi_projector *p, const twi_config_change *change, const tw_model *model,
                           tw_err *err)
{
    tw_buf card;
    tw_buf_init(&card, p->alloc, 1 << 20);
    tw_status status =
        tw_model_card(p->alloc, model, change->config.name, change->config.changed_ms, &card, err);
    if (status == TW_OK)
        status = publish(p, change, "MODEL_CARD.md",
                         (tw_str){(const char *)card.data_own, card.bytes}, err);
    tw_buf_release(&card);
    return status;
}

// The model as files, for people and other programs; what scores comes from the journal.
static tw_status save_model(twi_projector *p, const twi_config_change *change, tw_err *err)
{
    tw_config_kind kind = change->config.kind;
    tw_str content = change->config.content;
    if (!p->files || content.bytes == 0 ||
        (kind != TW_CONFIG_MODEL && kind != TW_CONFIG_CHALLENGER))
        return TW_OK;
    tw_model *model;
    tw_status status = tw_model_load(p->alloc, content.at, content.bytes, &model, err);
    if (status == TW_UNSUPPORTED)
        return publish(p, change, "model.twm", content, err);
    TW_TRY(status);
    status = publish(p, change, "model.twm", content, err);
    if (status == TW_OK)
        status = publish(p, change, "metadata.json", tw_model_metadata(model), err);
    if (status == TW_OK)
        status = save_card(p, change, model, err);
    tw_model_unref(model);
    return status;
}

static tw_status take_config(twi_projector *p, const twi_config_change *change, twi_fact_rows *rows,
                             tw_err *err)
{
    if (twi_row_of_config(change, &p->arena, &rows->actions[rows->action_n++]) != TW_OK)
        return tw_fail(err, TW_NO_MEMORY, "no memory for the log");
    // A quiet rule is an entry of the allow-list, no version of anything.
    if (change->config.kind == TW_CONFIG_QUIET)
        return TW_OK;
    TW_TRY(twi_registry_write(p->alloc, change, &p->arena, &rows->models[rows->model_n++], err));
    return save_model(p, change, err);
}

// --- actions
// --------------------------------------------------------------------------------------

static tw_status work_on_alert(twi_projector *p, const twi_action_change *change, tw_err *err)
{
    twi_alert_entry *e;
    TW_TRY(find_alert(p, change->action.subject, change->seq, &e, err));
    if (!e)
        return TW_OK;
    tw_alert_work work = twi_alert_work_of(&e->view);
    uint64_t before = work.work_seq;
    tw_arena_reset(&p->lookup);
    tw_status status = tw_alert_work_apply(&work, &change->action, change->seq, &p->lookup);
    if (status == TW_OK && work.work_seq != before) {
        status = twi_alert_entry_mark(p, e);
        put_work(e, &work, change->seq);
    } else if (status == TW_OK) {
        twi_alert_entry_pass(p, e);
    }
    return status == TW_OK ? TW_OK : tw_fail(err, TW_NO_MEMORY, "no memory for alerts");
}

// The ids that a body lists as alerts, in the write's arena.
static tw_status list_alerts(twi_projector *p, tw_str body, tw_str **out, size_t *n)
{
    yyjson_alc alc = twi_arena_alc(&p->lookup);
    tw_arena_reset(&p->lookup);
    yyjson_doc *doc =
        yyjson_read_opts((char *)(uintptr_t)body.at, body.bytes, YYJSON_READ_NOFLAG, &alc, NULL);
    yyjson_val *list = yyjson_obj_get(yyjson_doc_get_root(doc), "alerts"), *item;
    tw_status status = TW_OK;
    size_t i, max;
    *n = 0;
    *out = tw_arena_array(&p->arena, yyjson_arr_size(list) + 1, sizeof(**out));
    if (!*out)
        return TW_NO_MEMORY;
    yyjson_arr_foreach(list, i, max, item)
    {
        tw_str id = {yyjson_get_str(item), yyjson_get_len(item)};
        if (yyjson_is_str(item))
            (*out)[(*n)++] = twi_arena_str(&p->arena, id, &status);
    }
    return status;
}

// The alerts that come into a case belong to it from then on; those that leave it do not.
static tw_status move_alert(twi_projector *p, const twi_action_change *change, tw_str alert_id,
                            bool is_leaving, tw_err *err)
{
    twi_alert_entry *e;
    TW_TRY(find_alert(p, alert_id, change->seq, &e, err));
    if (!e)
        return TW_OK;
    tw_str case_id = is_leaving ? TW_STR_NONE : change->action.subject;
    bool is_moved = is_leaving ? tw_str_equal(e->view.case_id, change->action.subject)
                               : !tw_str_equal(e->view.case_id, case_id);
    if (!is_moved || case_id.bytes > TW_ID_MAX_BYTES) {
        twi_alert_entry_pass(p, e);
        return TW_OK;
    }
    if (twi_alert_entry_mark(p, e) != TW_OK)
        return tw_fail(err, TW_NO_MEMORY, "no memory for alerts");
    tw_alert_work work = twi_alert_work_of(&e->view);
    work.case_id = case_id;
    work.work_seq = TW_MAX(work.work_seq, change->seq);
    put_work(e, &work, change->seq);
    return TW_OK;
}

static tw_status move_alerts(twi_projector *p, const twi_action_change *change, bool is_leaving,
                             tw_err *err)
{
    tw_str *ids;
    size_t n;
    if (list_alerts(p, change->action.body, &ids, &n) != TW_OK)
        return tw_fail(err, TW_NO_MEMORY, "no memory for a case");
    for (size_t i = 0; i < n; i++)
        TW_TRY(move_alert(p, change, ids[i], is_leaving, err));
    return TW_OK;
}

static tw_status take_action(twi_projector *p, const twi_action_change *change, twi_fact_rows *rows,
                             tw_err *err)
{
    tw_action_kind kind = tw_action_kind_from(change->action.kind);
    tw_arena_reset(&p->lookup);
    if (twi_row_of_action(change, &p->lookup, &p->arena, &rows->actions[rows->action_n++]) != TW_OK)
        return tw_fail(err, TW_NO_MEMORY, "no memory for the log");
    if (kind <= TW_ACTION_ALERT_COMMENT)
        return work_on_alert(p, change, err);
    if (kind == TW_ACTION_CASE_OPEN || kind == TW_ACTION_CASE_ADD || kind == TW_ACTION_CASE_REMOVE)
        TW_TRY(move_alerts(p, change, kind == TW_ACTION_CASE_REMOVE, err));
    return twi_desk_apply(&p->desk, &change->action, change->seq, err);
}

// --- in their order
// -------------------------------------------------------------------------------

tw_status twi_take_facts(twi_projector *p, const twi_changes *changes, twi_fact_rows *rows,
                         tw_err *err)
{
    size_t v = 0, c = 0, a = 0;
    while (v < changes->verdict_n || c < changes->config_n || a < changes->action_n) {
        uint64_t verdict = v < changes->verdict_n ? changes->verdicts_own[v].seq : UINT64_MAX;
        uint64_t config = c < changes->config_n ? changes->configs_own[c].seq : UINT64_MAX;
        uint64_t action = a < changes->action_n ? changes->actions_own[a].seq : UINT64_MAX;
        if (verdict < config && verdict < action)
            TW_TRY(take_verdict(p, &changes->verdicts_own[v++], rows, err));
        else if (config < action)
            TW_TRY(take_config(p, &changes->configs_own[c++], rows, err));
        else
            TW_TRY(take_action(p, &changes->actions_own[a++], rows, err));
    }
    return TW_OK;
}
