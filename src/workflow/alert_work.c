// SPDX-License-Identifier: Apache-2.0
//
// The states of an alert.
#include "workflow/alert_work.h"

#include "base/time.h"
#include "body.h"

// Longer is no snooze: that is what the allow-list is for.
#define SNOOZE_MAX_MS (INT64_C(366) * TW_DAY_MS)

static const char *const names[TW_ALERT_STATUS_N] = {"NEW", "ASSIGNED", "IN_REVIEW", "ESCALATED",
                                                     "CLOSED"};

const char *tw_alert_status_name(tw_alert_status status)
{
    return (unsigned)status < TW_ALERT_STATUS_N ? names[status] : "";
}

bool tw_alert_status_from(tw_str name, tw_alert_status *out)
{
    for (unsigned i = 0; i < TW_ALERT_STATUS_N; i++) {
        if (tw_str_equal(name, tw_str_from(names[i]))) {
            *out = (tw_alert_status)i;
            return true;
        }
    }
    return false;
}

// --- may it be done?
// ------------------------------------------------------------------------------

static tw_status check_snooze(yyjson_val *body, int64_t at_ms, tw_err *err)
{
    TW_TRY(twi_check_text(body, "until", 1, TW_ID_MAX_BYTES, err));
    int64_t until_ms = twi_body_time(body, "until");
    if (until_ms == 0)
        return tw_fail(err, TW_INVALID, "until is no time such as 2026-01-31T08:00:00Z");
    if (until_ms <= at_ms)
        return tw_fail(err, TW_INVALID, "until has passed");
    if (until_ms > at_ms + SNOOZE_MAX_MS)
        return tw_fail(err, TW_INVALID, "an alert can be snoozed for a year at most");
    return twi_check_text(body, "note", 0, TWI_NOTE_MAX_BYTES, err);
}

static tw_status check_body(tw_action_kind kind, yyjson_val *body, int64_t at_ms, tw_err *err)
{
    switch ((int)kind) {
    case TW_ACTION_ALERT_VIEW:
        return twi_check_text(body, "employee_id", 0, TW_ID_MAX_BYTES, err);
    case TW_ACTION_ALERT_ASSIGN:
        if (!yyjson_is_str(yyjson_obj_get(body, "assignee")))
            return tw_fail(err, TW_INVALID, "assignee is missing; \"\" assigns to nobody");
        TW_TRY(twi_check_text(body, "assignee", 0, TW_ID_MAX_BYTES, err));
        return twi_check_text(body, "note", 0, TWI_NOTE_MAX_BYTES, err);
    case TW_ACTION_ALERT_ESCALATE:
        TW_TRY(twi_check_text(body, "assignee", 0, TW_ID_MAX_BYTES, err));
        return twi_check_text(body, "note", 1, TWI_NOTE_MAX_BYTES, err);
    case TW_ACTION_ALERT_DEESCALATE:
        return twi_check_text(body, "note", 0, TWI_NOTE_MAX_BYTES, err);
    case TW_ACTION_ALERT_SNOOZE:
        return check_snooze(body, at_ms, err);
    case TW_ACTION_ALERT_WAKE:
        return TW_OK;
    case TW_ACTION_ALERT_COMMENT:
        TW_TRY(twi_check_text(body, "text", 1, TWI_NOTE_MAX_BYTES, err));
        return twi_check_texts(body, "mentions", TW_MENTIONS_MAX, TW_ID_MAX_BYTES, err);
    default:
        return tw_fail(err, TW_INVALID, "an alert knows no such action");
    }
}

static tw_status check_state(const tw_alert_work *work, tw_action_kind kind, int64_t at_ms,
                             tw_err *err)
{
    if (kind == TW_ACTION_ALERT_VIEW || kind == TW_ACTION_ALERT_COMMENT)
        return TW_OK;
    if (work->status == TW_WORK_CLOSED)
        return tw_fail(err, TW_CONFLICT, "the alert is closed; reopen it first");
    if (kind == TW_ACTION_ALERT_ESCALATE && work->status == TW_WORK_ESCALATED)
        return tw_fail(err, TW_CONFLICT, "the alert is escalated already");
    if (kind == TW_ACTION_ALERT_DEESCALATE && work->status != TW_WORK_ESCALATED)
        return tw_fail(err, TW_CONFLICT, "the alert is not escalated");
    if (kind == TW_ACTION_ALERT_WAKE && work->snoozed_until_ms <= at_ms)
        return tw_fail(err, TW_CONFLICT, "the alert is not snoozed");
    return TW_OK;
}

tw_status tw_alert_work_check(const tw_alert_work *work, const tw_action *action, tw_arena *scratch,
                              tw_err *err)
{
    tw_action_kind kind = tw_action_kind_from(action->kind);
    yyjson_val *body;
    TW_TRY(twi_body_read(action->body, scratch, &body, err));
    TW_TRY(check_body(kind, body, action->at_ms, err));
    return check_state(work, kind, action->at_ms, err);
}

// --- it was done
// ----------------------------------------------------------------------------------

static tw_status keep(tw_arena *arena, tw_str text, tw_str *out)
{
    const char *copy = tw_arena_copy(arena, text.at ? text.at : "", text.bytes);
    if (!copy)
        return TW_NO_MEMORY;
    *out = (tw_str){copy, text.bytes};
    return TW_OK;
}

// What an alert is when nobody escalates or judges it.
static tw_alert_status at_rest(const tw_alert_work *work)
{
    return work->assignee.bytes > 0 ? TW_WORK_ASSIGNED : TW_WORK_NEW;
}

static tw_status assign(tw_alert_work *work, yyjson_val *body, tw_arena *arena)
{
    tw_str assignee = twi_body_text(body, "assignee");
    if (!yyjson_is_str(yyjson_obj_get(body, "assignee")) || assignee.bytes > TW_ID_MAX_BYTES ||
        tw_str_equal(assignee, work->assignee))
        return TW_OK;
    TW_TRY(keep(arena, assignee, &work->assignee));
    if (work->status != TW_WORK_ESCALATED && work->status != TW_WORK_CLOSED)
        work->status = at_rest(work);
    return TW_OK;
}

// Returns whether the view changed something.
static bool look(tw_alert_work *work, yyjson_val *body, tw_str actor, int64_t at_ms)
{
    bool is_first =
        work->first_viewed_ms == 0 && yyjson_is_true(yyjson_obj_get(body, "may_decide"));
    bool is_taken_up = work->status == TW_WORK_ASSIGNED && tw_str_equal(work->assignee, actor);
    if (is_first)
        work->first_viewed_ms = TW_MAX(at_ms, INT64_C(1));
    if (is_taken_up)
        work->status = TW_WORK_IN_REVIEW;
    return is_first || is_taken_up;
}

static tw_status escalate(tw_alert_work *work, yyjson_val *body, tw_arena *arena)
{
    tw_str assignee = twi_body_text(body, "assignee");
    if (work->status != TW_WORK_CLOSED)
        work->status = TW_WORK_ESCALATED;
    return assignee.bytes > 0 && assignee.bytes <= TW_ID_MAX_BYTES
               ? keep(arena, assignee, &work->assignee)
               : TW_OK;
}

tw_status tw_alert_work_apply(tw_alert_work *work, const tw_action *action, uint64_t seq,
                              tw_arena *arena)
{
    tw_action_kind kind = tw_action_kind_from(action->kind);
    yyjson_val *body;
    tw_status status = twi_body_read(action->body, arena, &body, NULL);
    if (status == TW_NO_MEMORY)
        return status;
    switch ((int)kind) {
    case TW_ACTION_ALERT_VIEW:
        if (!look(work, body, action->actor, action->at_ms))
            return TW_OK;
        break;
    case TW_ACTION_ALERT_ASSIGN:
        TW_TRY(assign(work, body, arena));
        break;
    case TW_ACTION_ALERT_ESCALATE:
        TW_TRY(escalate(work, body, arena));
        break;
    case TW_ACTION_ALERT_DEESCALATE:
        if (work->status == TW_WORK_ESCALATED)
            work->status = work->assignee.bytes > 0 ? TW_WORK_IN_REVIEW : TW_WORK_NEW;
        break;
    case TW_ACTION_ALERT_SNOOZE:
        work->snoozed_until_ms = twi_body_time(body, "until");
        break;
    case TW_ACTION_ALERT_WAKE:
        work->snoozed_until_ms = 0;
        break;
    case TW_ACTION_ALERT_COMMENT:
        break;
    default:
        return TW_OK;
    }
    work->work_seq = TW_MAX(work->work_seq, seq);
    return TW_OK;
}

void tw_alert_work_judge(tw_alert_work *work, const tw_verdict *verdict, uint64_t seq)
{
    bool is_reopened = tw_str_equal(verdict->reason, TW_STR("reopened"));
    work->work_seq = TW_MAX(work->work_seq, seq);
    work->has_verdict = !is_reopened;
    work->verdict = is_reopened ? TW_VERDICT_CONFIRMED : verdict->verdict;
    work->decided_ms = is_reopened ? 0 : verdict->decided_ms;
    work->recovered_minor = is_reopened ? 0 : verdict->recovered_minor;
    work->snoozed_until_ms = 0;
    if (!is_reopened)
        work->status = TW_WORK_CLOSED;
    else if (work->status == TW_WORK_CLOSED)
        work->status = at_rest(work);
}
