// SPDX-License-Identifier: Apache-2.0
//
// May it be done? Rights first, then the version, then the workflow's own rules.
#include "json_text.h"
#include "work_bench.h"
#include "workflow/entry_work.h"

static tw_str text_of(yyjson_val *object, const char *name)
{
    yyjson_val *value = yyjson_obj_get(object, name);
    return yyjson_is_str(value) ? (tw_str){yyjson_get_str(value), yyjson_get_len(value)}
                                : TW_STR_NONE;
}

// NULL when the text is no JSON: then every member is missing.
static yyjson_val *read_object(twi_bench *bench, tw_str text)
{
    yyjson_alc alc = twi_arena_alc(&bench->scratch);
    yyjson_doc *doc =
        yyjson_read_opts((char *)(uintptr_t)text.at, text.bytes, YYJSON_READ_NOFLAG, &alc, NULL);
    return yyjson_doc_get_root(doc);
}

// --- rights
// ---------------------------------------------------------------------------------------

static uint32_t right_for(tw_action_kind kind)
{
    switch ((int)kind) {
    case TW_ACTION_ALERT_VIEW:
    case TW_ACTION_CASE_VIEW:
    case TW_ACTION_CASE_EXPORT:
    case TW_ACTION_FILTER_SAVE:
    case TW_ACTION_FILTER_REMOVE:
        return TW_RIGHT_READ;
    case TW_ACTION_SETTINGS_CHANGE:
    case TW_ACTION_ALLOW_ADD:
    case TW_ACTION_ALLOW_REMOVE:
        return TW_RIGHT_MANAGE;
    case TW_ACTION_NOTE:
        return 0;
    default:
        return TW_RIGHT_WORK;
    }
}

// Taking an alert oneself, or giving back what one has, is everybody's; the rest is a manager's.
static bool is_own_assignment(const twi_job *job, yyjson_val *body)
{
    tw_str assignee = text_of(body, "assignee"), actor = job->action.actor;
    bool is_mine = tw_str_equal(job->alert->work.assignee, actor);
    return assignee.bytes == 0 ? is_mine || job->alert->work.assignee.bytes == 0
                               : tw_str_equal(assignee, actor);
}

static bool is_own_ownership(twi_bench *bench, const twi_job *job, yyjson_val *body)
{
    tw_str owner = text_of(body, "owner"), actor = job->action.actor;
    if (owner.bytes == 0 || tw_str_equal(owner, actor))
        return true;
    yyjson_val *file = read_object(bench, job->doc->row.body);
    return job->request->kind == TW_ACTION_CASE_EDIT && tw_str_equal(text_of(file, "owner"), actor);
}

static tw_status check_rights(twi_bench *bench, const twi_job *job, tw_err *err)
{
    uint32_t rights = job->request->rights, right = right_for(job->request->kind);
    tw_action_kind kind = job->request->kind;
    if ((rights & right) != right)
        return tw_fail(err, TW_DENIED, "that needs the right %s",
                       right == TW_RIGHT_READ   ? "read"
                       : right == TW_RIGHT_WORK ? "work"
                                                : "manage");
    if (rights & TW_RIGHT_MANAGE)
        return TW_OK;
    yyjson_val *body = read_object(bench, job->action.body);
    if (kind == TW_ACTION_ALERT_ASSIGN && !is_own_assignment(job, body))
        return tw_fail(err, TW_DENIED, "assigning an alert to others needs the right manage");
    if ((kind == TW_ACTION_CASE_OPEN || kind == TW_ACTION_CASE_EDIT) &&
        !is_own_ownership(bench, job, body))
        return tw_fail(err, TW_DENIED, "giving a case to others needs the right manage");
    if (kind == TW_ACTION_FILTER_SAVE && yyjson_is_true(yyjson_obj_get(body, "shared")))
        return tw_fail(err, TW_DENIED, "sharing a filter needs the right manage");
    return TW_OK;
}

// --- versions
// -------------------------------------------------------------------------------------

// An alert grows by itself: only what people did makes a version old.
static tw_status check_version(const twi_job *job, tw_err *err)
{
    uint64_t stated = job->request->if_version;
    if (stated == 0)
        return TW_OK;
    if (job->alert) {
        const twi_bench_alert *alert = job->alert;
        if (alert->work.work_seq > stated ||
            stated > TW_MAX(alert->view.version, alert->work.work_seq))
            return tw_fail(err, TW_CONFLICT,
                           "somebody else has changed the alert meanwhile; look at it again");
    } else if (job->doc && job->doc->row.seq != stated) {
        return tw_fail(err, TW_CONFLICT, "somebody else has changed it meanwhile; look again");
    }
    return TW_OK;
}

// --- reasons
// --------------------------------------------------------------------------------------

static bool lists_reason(const tw_settings *settings, tw_verdict_kind verdict, tw_str reason)
{
    for (size_t i = 0; i < settings->reason_n; i++)
        if (settings->reasons[i].verdict == verdict &&
            tw_str_equal(settings->reasons[i].code, reason))
            return true;
    return false;
}

bool twi_is_reason(const tw_settings *settings, tw_verdict_kind verdict, tw_str reason)
{
    return lists_reason(settings, verdict, reason) ||
           lists_reason(tw_settings_default(), verdict, reason) ||
           (verdict == TW_VERDICT_INCONCLUSIVE && tw_str_equal(reason, TW_STR("reopened")));
}

// --- cases
// ----------------------------------------------------------------------------------------

static tw_status check_case_alerts(twi_bench *bench, const twi_job *job, tw_err *err)
{
    yyjson_val *list = yyjson_obj_get(read_object(bench, job->action.body), "alerts"), *item;
    size_t i, n;
    yyjson_arr_foreach(list, i, n, item)
    {
        tw_str id = {yyjson_get_str(item), yyjson_get_len(item)};
        twi_bench_alert *alert;
        TW_TRY(twi_bench_alert_get(bench, id, &alert, err));
        tw_str case_id = alert->work.case_id;
        if (case_id.bytes > 0 && !tw_str_equal(case_id, job->action.subject))
            return tw_fail(err, TW_CONFLICT, "alert %.*s belongs to case %.*s already",
                           TW_STR_ARG(id), TW_STR_ARG(case_id));
    }
    return TW_OK;
}

static tw_status check_closing(twi_bench *bench, const twi_job *job, tw_err *err)
{
    yyjson_val *body = read_object(bench, job->action.body);
    tw_verdict_kind verdict;
    tw_str reason = text_of(body, "reason");
    if (!tw_verdict_from(text_of(body, "verdict"), &verdict))
        return TW_OK; // refused already
    if (!twi_is_reason(&bench->settings, verdict, reason) ||
        tw_str_equal(reason, TW_STR("reopened")))
        return tw_fail(err, TW_INVALID, "%.*s is no reason of the verdict %s", TW_STR_ARG(reason),
                       tw_verdict_name(verdict));
    return TW_OK;
}

static tw_status check_case(twi_bench *bench, const twi_job *job, tw_err *err)
{
    tw_action_kind kind = job->request->kind;
    tw_case_limits limits = {.approval_minor = bench->settings.approval_minor,
                             .may_manage = (job->request->rights & TW_RIGHT_MANAGE) != 0};
    TW_TRY(tw_case_check(job->doc->row.body, &job->action, &limits, &bench->scratch, err));
    if (kind == TW_ACTION_CASE_OPEN || kind == TW_ACTION_CASE_ADD)
        return check_case_alerts(bench, job, err);
    return kind == TW_ACTION_CASE_SUBMIT ? check_closing(bench, job, err) : TW_OK;
}

// --- all
// ------------------------------------------------------------------------------------------

static tw_status check_settings(twi_bench *bench, const twi_job *job, tw_err *err)
{
    tw_buf merged;
    tw_buf_init(&merged, bench->service->alloc, (size_t)2 << 20);
    tw_status status = tw_settings_merge(job->doc->row.body, job->action.body, &merged, err);
    tw_buf_release(&merged);
    return status;
}

static tw_status check_work(twi_bench *bench, const twi_job *job, tw_err *err)
{
    if (job->alert)
        return tw_alert_work_check(&job->alert->work, &job->action, &bench->scratch, err);
    if (!job->doc)
        return TW_OK;
    if (job->request->kind == TW_ACTION_SETTINGS_CHANGE)
        return check_settings(bench, job, err);
    if (tw_str_equal(twi_doc_kind_of(job->request->kind), TW_STR("case")))
        return check_case(bench, job, err);
    bool may_manage = (job->request->rights & TW_RIGHT_MANAGE) != 0;
    return tw_entry_check(job->doc->row.body, &job->action, may_manage, &bench->scratch, err);
}

tw_status twi_job_check(twi_bench *bench, twi_job *job, tw_err *err)
{
    TW_TRY(check_rights(bench, job, err));
    TW_TRY(check_version(job, err));
    return check_work(bench, job, err);
}
