// SPDX-License-Identifier: Apache-2.0
//
// Facts that follow from an action and are journaled with it: the quiet rule of an entry of the
// allow-list, the verdicts of a case that closes. All that can be refused is refused before the
// action is in the batch.
#include <stdio.h>

#include "base/time.h"
#include "json_text.h"
#include "work_bench.h"

static yyjson_val *read_object(twi_bench *bench, tw_str text)
{
    yyjson_alc alc = twi_arena_alc(&bench->scratch);
    yyjson_doc *doc =
        yyjson_read_opts((char *)(uintptr_t)text.at, text.bytes, YYJSON_READ_NOFLAG, &alc, NULL);
    return yyjson_doc_get_root(doc);
}

static tw_str text_of(yyjson_val *object, const char *name)
{
    yyjson_val *value = yyjson_obj_get(object, name);
    return yyjson_is_str(value) ? (tw_str){yyjson_get_str(value), yyjson_get_len(value)}
                                : TW_STR_NONE;
}

// --- quiet rules
// ----------------------------------------------------------------------------------

static void put_member(tw_buf *out, const char *name, tw_str text)
{
    tw_buf_printf(out, "%s\"%s\":", out->bytes > 1 ? "," : "", name);
    twi_text_json(out, text);
}

// The entry as the detector reads it. A register may be named with its store.
static void put_rule(yyjson_val *sent, tw_str actor, tw_buf *out)
{
    tw_str kind = text_of(sent, "entity_kind"), id = text_of(sent, "entity_id");
    tw_str store_id = text_of(sent, "store_id"), owner = text_of(sent, "owner");
    bool is_register = tw_str_equal_nocase(kind, TW_STR("register"));
    const char *slash = is_register && id.bytes > 0 ? memchr(id.at, '/', id.bytes) : NULL;
    char lower[TW_ID_MAX_BYTES + 1];
    if (slash) {
        store_id = (tw_str){id.at, (size_t)(slash - id.at)};
        id = (tw_str){slash + 1, id.bytes - store_id.bytes - 1};
    }
    tw_str_copy(kind, lower, sizeof(lower));
    for (char *c = lower; *c; c++)
        *c = *c >= 'A' && *c <= 'Z' ? (char)(*c + ('a' - 'A')) : *c;
    tw_buf_u8(out, '{');
    put_member(out, "entity_kind", tw_str_from(lower));
    put_member(out, "entity_id", id);
    if (is_register && store_id.bytes > 0)
        put_member(out, "store_id", store_id);
    if (text_of(sent, "scheme").bytes > 0)
        put_member(out, "scheme", text_of(sent, "scheme"));
    put_member(out, "until", text_of(sent, "until"));
    put_member(out, "owner", owner.bytes > 0 ? owner : actor);
    put_member(out, "reason", text_of(sent, "reason"));
    tw_buf_u8(out, '}');
}

static tw_status check_rule(twi_bench *bench, tw_str rule, tw_err *err)
{
    tw_service *service = bench->service;
    twi_gate_enter(&service->gate);
    const tw_detector *detector = service->core.detector_own;
    tw_status status = tw_detector_check(detector, TW_CONFIG_QUIET, rule, err);
    if (status == TW_OK && tw_detector_quiet_n(detector) + bench->quiet_n >= TW_QUIETS_MAX)
        status = tw_fail(err, TW_LIMIT, "the allow-list holds at most %d entries", TW_QUIETS_MAX);
    twi_gate_leave(&service->gate);
    return status;
}

static tw_status prepare_rule(twi_bench *bench, twi_job *job, tw_err *err)
{
    tw_buf rule;
    tw_buf_init(&rule, bench->service->alloc, TW_CONFIG_MAX_BYTES);
    put_rule(read_object(bench, job->action.body), job->action.actor, &rule);
    tw_status status =
        rule.status == TW_OK
            ? twi_bench_keep(bench, (tw_str){(const char *)rule.data_own, rule.bytes}, &job->rule,
                             err)
            : tw_fail(err, rule.status, "no memory for a command");
    tw_buf_release(&rule);
    TW_TRY(status);
    TW_TRY(check_rule(bench, job->rule, err));
    bench->quiet_n++;
    return TW_OK;
}

static tw_status add_rule(twi_bench *bench, const twi_job *job, tw_err *err)
{
    tw_fact fact = {.kind = TW_FACT_CONFIG, .received_ms = bench->now_ms};
    fact.as.config = (tw_config){.kind = TW_CONFIG_QUIET,
                                 .name = job->action.subject,
                                 .content = job->rule,
                                 .changed_by = job->action.actor,
                                 .reason = TW_STR("allow-list"),
                                 .changed_ms = job->action.at_ms};
    return twi_bench_add(bench, &fact, err);
}

// --- verdicts of a case
// ---------------------------------------------------------------------------

// The closing of the case when this action is the one that closes it; NULL otherwise.
static yyjson_val *closing_of(twi_bench *bench, const twi_job *job)
{
    yyjson_val *sent = read_object(bench, job->action.body);
    if (job->request->kind == TW_ACTION_CASE_APPROVE)
        return yyjson_obj_get(read_object(bench, job->doc->row.body), "closing");
    if (job->request->kind == TW_ACTION_CASE_SUBMIT &&
        !yyjson_is_true(yyjson_obj_get(sent, "needs_approval")))
        return sent;
    return NULL;
}

// The alerts of the file that have no verdict yet, the one with the most exposure first.
static tw_status undecided(twi_bench *bench, yyjson_val *file, twi_bench_alert ***out, size_t *n,
                           tw_err *err)
{
    yyjson_val *list = yyjson_obj_get(file, "alerts"), *item;
    size_t i, max;
    *n = 0;
    *out = tw_arena_array(&bench->arena, yyjson_arr_size(list) + 1, sizeof(**out));
    if (!*out)
        return tw_fail(err, TW_NO_MEMORY, "no memory for a command");
    yyjson_arr_foreach(list, i, max, item)
    {
        tw_str id = {yyjson_get_str(item), yyjson_get_len(item)};
        twi_bench_alert *alert;
        tw_status status = twi_bench_alert_get(bench, id, &alert, err);
        if (status == TW_NOT_FOUND || (status == TW_OK && alert->work.has_verdict))
            continue;
        TW_TRY(status);
        (*out)[(*n)++] = alert;
        if (alert->view.exposure.minor > (*out)[0]->view.exposure.minor) {
            (*out)[*n - 1] = (*out)[0];
            (*out)[0] = alert;
        }
    }
    return TW_OK;
}

static tw_status prepare_verdicts(twi_bench *bench, twi_job *job, tw_err *err)
{
    yyjson_val *closing = closing_of(bench, job);
    yyjson_val *file = closing ? read_object(bench, job->doc->row.body) : NULL;
    tw_str submitted_by = text_of(closing, "submitted_by");
    if (!closing)
        return TW_OK;
    TW_TRY(undecided(bench, file, &job->undecided, &job->undecided_n, err));
    if (tw_batch_n(bench->batch) + job->undecided_n + 1 > TW_COMMIT_MAX_FACTS)
        return tw_fail(err, TW_LIMIT, "too many cases to close at once");
    job->closing =
        (tw_verdict){.decided_by = submitted_by.bytes > 0 ? submitted_by : job->action.actor,
                     .decided_ms = job->action.at_ms};
    if (!tw_verdict_from(text_of(closing, "verdict"), &job->closing.verdict))
        return tw_fail(err, TW_CORRUPT, "case %.*s has no verdict to close with",
                       TW_STR_ARG(job->action.subject));
    job->recovered_minor = yyjson_get_sint(yyjson_obj_get(file, "recovered_minor"));
    TW_TRY(twi_bench_keep(bench, text_of(closing, "reason"), &job->closing.reason, err));
    return twi_bench_keep(bench, job->closing.decided_by, &job->closing.decided_by, err);
}

static tw_status add_verdicts(twi_bench *bench, const twi_job *job, tw_err *err)
{
    char note[TW_ID_MAX_BYTES + 16], id[32];
    snprintf(note, sizeof(note), "case %.*s", TW_STR_ARG(job->action.subject));
    for (size_t i = 0; i < job->undecided_n; i++) {
        twi_bench_alert *alert = job->undecided[i];
        tw_fact fact = {.kind = TW_FACT_VERDICT, .received_ms = bench->now_ms};
        tw_verdict *verdict = &fact.as.verdict;
        *verdict = job->closing;
        verdict->alert_id = alert->view.alert_id;
        bool is_bearer = i == 0 && verdict->verdict == TW_VERDICT_CONFIRMED;
        verdict->recovered_minor = is_bearer ? TW_MAX(job->recovered_minor, INT64_C(0)) : 0;
        TW_TRY(twi_bench_keep(bench, tw_str_from(note), &verdict->note, err));
        TW_TRY(twi_judge_prepare(&bench->settings, verdict, id, err));
        TW_TRY(twi_bench_keep(bench, verdict->verdict_id, &verdict->verdict_id, err));
        TW_TRY(twi_bench_add(bench, &fact, err));
        tw_alert_work_judge(&alert->work, verdict, TWI_VERSION_NEW);
    }
    return TW_OK;
}

// --- both
// -----------------------------------------------------------------------------------------

tw_status twi_job_prepare(twi_bench *bench, twi_job *job, tw_err *err)
{
    switch ((int)job->request->kind) {
    case TW_ACTION_ALLOW_ADD:
        return prepare_rule(bench, job, err);
    case TW_ACTION_CASE_SUBMIT:
    case TW_ACTION_CASE_APPROVE:
        return prepare_verdicts(bench, job, err);
    default:
        return TW_OK;
    }
}

static tw_status move_alerts(twi_bench *bench, const twi_job *job, tw_str case_id, tw_err *err)
{
    yyjson_val *list = yyjson_obj_get(read_object(bench, job->action.body), "alerts"), *item;
    size_t i, n;
    yyjson_arr_foreach(list, i, n, item)
    {
        tw_str id = {yyjson_get_str(item), yyjson_get_len(item)};
        twi_bench_alert *alert;
        tw_status status = twi_bench_alert_get(bench, id, &alert, err);
        if (status == TW_NOT_FOUND)
            continue;
        TW_TRY(status);
        if (case_id.bytes == 0 && !tw_str_equal(alert->work.case_id, job->action.subject))
            continue;
        alert->work.case_id = case_id;
        alert->work.work_seq = TWI_VERSION_NEW;
    }
    return TW_OK;
}

tw_status twi_job_follow(twi_bench *bench, const twi_job *job, tw_err *err)
{
    switch ((int)job->request->kind) {
    case TW_ACTION_ALLOW_ADD:
    case TW_ACTION_ALLOW_REMOVE:
        return add_rule(bench, job, err);
    case TW_ACTION_CASE_OPEN:
    case TW_ACTION_CASE_ADD:
        return move_alerts(bench, job, job->action.subject, err);
    case TW_ACTION_CASE_REMOVE:
        return move_alerts(bench, job, TW_STR_NONE, err);
    case TW_ACTION_CASE_SUBMIT:
    case TW_ACTION_CASE_APPROVE:
        return add_verdicts(bench, job, err);
    default:
        return TW_OK;
    }
}
