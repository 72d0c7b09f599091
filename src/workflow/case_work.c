// SPDX-License-Identifier: Apache-2.0
//
// What may be done to a case file.
#include "case_file.h"

#include "base/time.h"

#define STATES_ACTIVE ((1U << TWI_CASE_OPEN) | (1U << TWI_CASE_INVESTIGATING))
#define STATE_PENDING (1U << TWI_CASE_PENDING)
#define STATE_CLOSED (1U << TWI_CASE_CLOSED)
#define STATES_ALL (STATES_ACTIVE | STATE_PENDING | STATE_CLOSED)

static const char *const state_names[] = {"OPEN", "INVESTIGATING", "PENDING_APPROVAL", "CLOSED"};

const char *twi_case_state_name(twi_case_state state)
{
    return state_names[state];
}

twi_case_state twi_case_state_of(yyjson_val *file)
{
    tw_str name = twi_body_text(file, "state");
    for (unsigned i = 0; i < TW_COUNT(state_names); i++)
        if (tw_str_equal(name, tw_str_from(state_names[i])))
            return (twi_case_state)i;
    return TWI_CASE_OPEN;
}

// --- states
// ---------------------------------------------------------------------------------------

// In which states of the file an action makes sense. Money and referrals come in after the closing,
// too.
static unsigned states_for(tw_action_kind kind, yyjson_val *body)
{
    switch ((int)kind) {
    case TW_ACTION_CASE_VIEW:
    case TW_ACTION_CASE_EXPORT:
    case TW_ACTION_CASE_NOTE:
    case TW_ACTION_CASE_TASK:
        return STATES_ALL;
    case TW_ACTION_CASE_ATTACH:
        return STATES_ACTIVE | STATE_PENDING;
    case TW_ACTION_CASE_REFER:
        return STATES_ACTIVE | STATE_CLOSED;
    case TW_ACTION_CASE_MONEY:
        return tw_str_equal(twi_body_text(body, "kind"), TW_STR("exposure"))
                   ? STATES_ACTIVE
                   : STATES_ACTIVE | STATE_CLOSED;
    case TW_ACTION_CASE_APPROVE:
    case TW_ACTION_CASE_REJECT:
        return STATE_PENDING;
    case TW_ACTION_CASE_REOPEN:
        return STATE_CLOSED;
    default:
        return STATES_ACTIVE;
    }
}

static tw_status check_state(yyjson_val *file, tw_action_kind kind, yyjson_val *body, tw_err *err)
{
    twi_case_state state = twi_case_state_of(file);
    if (states_for(kind, body) & (1U << state))
        return TW_OK;
    if (state == TWI_CASE_CLOSED)
        return tw_fail(err, TW_CONFLICT, "the case is closed; reopen it first");
    if (state == TWI_CASE_PENDING)
        return tw_fail(err, TW_CONFLICT, "the case waits for approval; reject that first");
    if (kind == TW_ACTION_CASE_REOPEN)
        return tw_fail(err, TW_CONFLICT, "the case is not closed");
    return tw_fail(err, TW_CONFLICT, "the case does not wait for approval");
}

// --- bodies
// ---------------------------------------------------------------------------------------

bool twi_case_is_subject_kind(tw_str kind)
{
    static const char *const kinds[] = {"EMPLOYEE", "CARD",  "CUSTOMER",
                                        "REGISTER", "STORE", "ITEM"};
    for (size_t i = 0; i < TW_COUNT(kinds); i++)
        if (tw_str_equal(kind, tw_str_from(kinds[i])))
            return true;
    return false;
}

static tw_status check_subjects(yyjson_val *body, tw_err *err)
{
    yyjson_val *list = yyjson_obj_get(body, "subjects"), *item;
    size_t i, n;
    if (!list || yyjson_is_null(list))
        return TW_OK;
    if (!yyjson_is_arr(list))
        return tw_fail(err, TW_INVALID, "subjects must be a list");
    if (yyjson_arr_size(list) > TW_CASE_SUBJECTS_MAX)
        return tw_fail(err, TW_LIMIT, "a case holds at most %d subjects", TW_CASE_SUBJECTS_MAX);
    yyjson_arr_foreach(list, i, n, item)
    {
        if (!yyjson_is_obj(item) || !twi_case_is_subject_kind(twi_body_text(item, "kind")))
            return tw_fail(err, TW_INVALID,
                           "a subject is an EMPLOYEE, CARD, CUSTOMER, REGISTER, "
                           "STORE or ITEM with its id");
        TW_TRY(twi_check_text(item, "id", 1, TWI_SUBJECT_MAX_BYTES, err));
    }
    return TW_OK;
}

static tw_status check_things(yyjson_val *body, tw_err *err)
{
    TW_TRY(check_subjects(body, err));
    TW_TRY(twi_check_texts(body, "alerts", TW_CASE_ALERTS_MAX, TW_ID_MAX_BYTES, err));
    return twi_check_texts(body, "transactions", TW_CASE_TRANSACTIONS_MAX, TW_ID_MAX_BYTES, err);
}

static bool has_things(yyjson_val *body)
{
    return yyjson_arr_size(yyjson_obj_get(body, "subjects")) > 0 ||
           yyjson_arr_size(yyjson_obj_get(body, "alerts")) > 0 ||
           yyjson_arr_size(yyjson_obj_get(body, "transactions")) > 0;
}

static tw_status check_open(yyjson_val *body, tw_err *err)
{
    TW_TRY(twi_check_text(body, "title", 1, TWI_TITLE_MAX_BYTES, err));
    TW_TRY(twi_check_text(body, "owner", 0, TW_ID_MAX_BYTES, err));
    TW_TRY(twi_check_text(body, "note", 0, TWI_NOTE_MAX_BYTES, err));
    return check_things(body, err);
}

static tw_status check_edit(yyjson_val *body, tw_err *err)
{
    yyjson_val *title = yyjson_obj_get(body, "title"), *state = yyjson_obj_get(body, "state");
    yyjson_val *owner = yyjson_obj_get(body, "owner");
    if (!title && !state && !owner)
        return tw_fail(err, TW_INVALID, "name what changes: title, owner or state");
    if (title)
        TW_TRY(twi_check_text(body, "title", 1, TWI_TITLE_MAX_BYTES, err));
    TW_TRY(twi_check_text(body, "owner", 0, TW_ID_MAX_BYTES, err));
    tw_str name = twi_body_text(body, "state");
    if (state && !tw_str_equal(name, TW_STR("OPEN")) &&
        !tw_str_equal(name, TW_STR("INVESTIGATING")))
        return tw_fail(err, TW_INVALID, "state can be set to OPEN or INVESTIGATING");
    return TW_OK;
}

static bool is_sha256(tw_str s)
{
    for (size_t i = 0; i < s.bytes; i++)
        if (!strchr("0123456789abcdef", s.at[i]))
            return false;
    return s.bytes == 64;
}

static tw_status check_attach(yyjson_val *body, tw_err *err)
{
    TW_TRY(twi_check_text(body, "name", 1, TWI_TITLE_MAX_BYTES, err));
    TW_TRY(twi_check_text(body, "media_type", 1, TW_TEXT_MAX_BYTES, err));
    TW_TRY(twi_check_text(body, "note", 0, TWI_REMARK_MAX_BYTES, err));
    if (!is_sha256(twi_body_text(body, "sha256")))
        return tw_fail(err, TW_INVALID, "sha256 must be 64 hexadecimal digits in lower case");
    if (!yyjson_is_uint(yyjson_obj_get(body, "bytes")))
        return tw_fail(err, TW_INVALID, "bytes must be the size of the attachment");
    return TW_OK;
}

static tw_status check_task(yyjson_val *body, tw_err *err)
{
    yyjson_val *title = yyjson_obj_get(body, "title"), *done = yyjson_obj_get(body, "done");
    TW_TRY(twi_check_text(body, "task_id", 1, TW_ID_MAX_BYTES, err));
    if (title)
        TW_TRY(twi_check_text(body, "title", 1, TWI_TITLE_MAX_BYTES, err));
    TW_TRY(twi_check_text(body, "assignee", 0, TW_ID_MAX_BYTES, err));
    TW_TRY(twi_check_text(body, "due", 0, TW_ID_MAX_BYTES, err));
    if (twi_body_text(body, "due").bytes > 0 && twi_body_time(body, "due") == 0)
        return tw_fail(err, TW_INVALID, "due is no time such as 2026-01-31T08:00:00Z");
    if (done && !yyjson_is_bool(done))
        return tw_fail(err, TW_INVALID, "done must be true or false");
    return TW_OK;
}

static tw_status check_money(yyjson_val *body, tw_err *err)
{
    yyjson_val *amount = yyjson_obj_get(body, "amount_minor");
    if (twi_case_money_sum(twi_body_text(body, "kind")) == NULL)
        return tw_fail(err, TW_INVALID, "kind must be exposure, recovered or restitution");
    int64_t minor = yyjson_get_sint(amount);
    if (!yyjson_is_int(amount) || minor == 0 || minor > TW_MONEY_MAX_MINOR ||
        minor < -TW_MONEY_MAX_MINOR || (yyjson_is_uint(amount) && minor < 0))
        return tw_fail(err, TW_INVALID,
                       "amount_minor must be a whole number of minor units, not 0; negative takes "
                       "back");
    return twi_check_text(body, "note", 0, TWI_REMARK_MAX_BYTES, err);
}

static tw_status check_refer(yyjson_val *body, tw_err *err)
{
    tw_str to = twi_body_text(body, "to");
    if (!tw_str_equal(to, TW_STR("hr")) && !tw_str_equal(to, TW_STR("law_enforcement")) &&
        !tw_str_equal(to, TW_STR("civil")))
        return tw_fail(err, TW_INVALID, "to must be hr, law_enforcement or civil");
    TW_TRY(twi_check_text(body, "reference", 0, TWI_TITLE_MAX_BYTES, err));
    return twi_check_text(body, "note", 0, TWI_REMARK_MAX_BYTES, err);
}

static tw_status check_submit(yyjson_val *body, tw_err *err)
{
    tw_verdict_kind kind;
    if (!tw_verdict_from(twi_body_text(body, "verdict"), &kind))
        return tw_fail(err, TW_INVALID,
                       "verdict must be CONFIRMED, REFUTED, INCONCLUSIVE or OPERATIONAL");
    TW_TRY(twi_check_text(body, "reason", 1, TW_TEXT_MAX_BYTES, err));
    return twi_check_text(body, "note", 0, TWI_REMARK_MAX_BYTES, err);
}

static tw_status check_body(tw_action_kind kind, yyjson_val *body, tw_err *err)
{
    switch ((int)kind) {
    case TW_ACTION_CASE_OPEN:
        return check_open(body, err);
    case TW_ACTION_CASE_EDIT:
        return check_edit(body, err);
    case TW_ACTION_CASE_ADD:
    case TW_ACTION_CASE_REMOVE:
        if (!has_things(body))
            return tw_fail(err, TW_INVALID, "name subjects, alerts or transactions");
        return check_things(body, err);
    case TW_ACTION_CASE_NOTE:
        TW_TRY(twi_check_text(body, "text", 1, TWI_NOTE_MAX_BYTES, err));
        return twi_check_texts(body, "mentions", TW_MENTIONS_MAX, TW_ID_MAX_BYTES, err);
    case TW_ACTION_CASE_ATTACH:
        return check_attach(body, err);
    case TW_ACTION_CASE_TASK:
        return check_task(body, err);
    case TW_ACTION_CASE_MONEY:
        return check_money(body, err);
    case TW_ACTION_CASE_REFER:
        return check_refer(body, err);
    case TW_ACTION_CASE_SUBMIT:
        return check_submit(body, err);
    case TW_ACTION_CASE_REJECT:
        return twi_check_text(body, "note", 1, TWI_REMARK_MAX_BYTES, err);
    case TW_ACTION_CASE_APPROVE:
    case TW_ACTION_CASE_REOPEN:
        return twi_check_text(body, "note", 0, TWI_REMARK_MAX_BYTES, err);
    case TW_ACTION_CASE_VIEW:
        return TW_OK;
    case TW_ACTION_CASE_EXPORT:
        return twi_check_text(body, "form", 1, TW_ID_MAX_BYTES, err);
    default:
        return tw_fail(err, TW_INVALID, "a case knows no such action");
    }
}

// --- what the file has room for
// -----------------------------------------------------------------------

static tw_status check_room_of(yyjson_val *file, yyjson_val *body, const char *name, size_t max,
                               tw_err *err)
{
    yyjson_val *there = yyjson_obj_get(file, name), *more = yyjson_obj_get(body, name), *item;
    size_t i, n, fresh_n = 0;
    yyjson_arr_foreach(more, i, n, item)
    {
        fresh_n += !twi_case_holds(there, item);
    }
    if (yyjson_arr_size(there) + fresh_n > max)
        return tw_fail(err, TW_LIMIT, "a case holds at most %zu %s", max, name);
    return TW_OK;
}

static tw_status check_one_more(yyjson_val *file, const char *name, size_t max, tw_err *err)
{
    if (yyjson_arr_size(yyjson_obj_get(file, name)) >= max)
        return tw_fail(err, TW_LIMIT, "a case holds at most %zu entries of %s", max, name);
    return TW_OK;
}

static tw_status check_task_known(yyjson_val *file, yyjson_val *body, tw_err *err)
{
    if (twi_case_task(file, twi_body_text(body, "task_id")))
        return TW_OK;
    if (twi_body_text(body, "title").bytes == 0)
        return tw_fail(err, TW_INVALID, "a new task needs a title");
    return check_one_more(file, "tasks", TW_CASE_TASKS_MAX, err);
}

static tw_status check_attachment_new(yyjson_val *file, yyjson_val *body, tw_err *err)
{
    yyjson_val *list = yyjson_obj_get(file, "attachments"), *item;
    tw_str hash = twi_body_text(body, "sha256");
    size_t i, n;
    yyjson_arr_foreach(list, i, n, item)
    {
        if (tw_str_equal(twi_body_text(item, "sha256"), hash))
            return tw_fail(err, TW_CONFLICT, "the case has that attachment already");
    }
    return check_one_more(file, "attachments", TW_CASE_ATTACHMENTS_MAX, err);
}

static tw_status check_room(yyjson_val *file, tw_action_kind kind, yyjson_val *body, tw_err *err)
{
    switch ((int)kind) {
    case TW_ACTION_CASE_ADD:
        TW_TRY(check_room_of(file, body, "subjects", TW_CASE_SUBJECTS_MAX, err));
        TW_TRY(check_room_of(file, body, "alerts", TW_CASE_ALERTS_MAX, err));
        return check_room_of(file, body, "transactions", TW_CASE_TRANSACTIONS_MAX, err);
    case TW_ACTION_CASE_ATTACH:
        return check_attachment_new(file, body, err);
    case TW_ACTION_CASE_TASK:
        return check_task_known(file, body, err);
    case TW_ACTION_CASE_MONEY:
        return check_one_more(file, "money", TW_CASE_ENTRIES_MAX, err);
    case TW_ACTION_CASE_REFER:
        return check_one_more(file, "referrals", TW_CASE_ENTRIES_MAX, err);
    default:
        return TW_OK;
    }
}

// Four eyes: who submitted does not approve; taking one's own submission back is no decision.
static tw_status check_eyes(yyjson_val *file, tw_action_kind kind, tw_str actor, bool may_manage,
                            tw_err *err)
{
    if (kind != TW_ACTION_CASE_APPROVE && kind != TW_ACTION_CASE_REJECT)
        return TW_OK;
    yyjson_val *closing = yyjson_obj_get(file, "closing");
    bool is_own = tw_str_equal(twi_body_text(closing, "submitted_by"), actor);
    if (kind == TW_ACTION_CASE_APPROVE && is_own)
        return tw_fail(err, TW_DENIED, "whoever submitted a case cannot approve it");
    if (!may_manage && !(kind == TW_ACTION_CASE_REJECT && is_own))
        return tw_fail(err, TW_DENIED, "closing this case needs the approval of a manager");
    return TW_OK;
}

tw_status tw_case_check(tw_str body, const tw_action *action, const tw_case_limits *limits,
                        tw_arena *scratch, tw_err *err)
{
    tw_action_kind kind = tw_action_kind_from(action->kind);
    yyjson_val *file, *sent;
    bool is_opening = kind == TW_ACTION_CASE_OPEN;
    if (is_opening && body.bytes > 0)
        return tw_fail(err, TW_CONFLICT, "there is a case %.*s already",
                       TW_STR_ARG(action->subject));
    if (!is_opening && body.bytes == 0)
        return tw_fail(err, TW_NOT_FOUND, "there is no case %.*s", TW_STR_ARG(action->subject));
    TW_TRY(twi_body_read(action->body, scratch, &sent, err));
    TW_TRY(twi_body_read(body, scratch, &file, err));
    TW_TRY(check_body(kind, sent, err));
    if (is_opening)
        return TW_OK;
    TW_TRY(check_state(file, kind, sent, err));
    TW_TRY(check_room(file, kind, sent, err));
    return check_eyes(file, kind, action->actor, limits->may_manage, err);
}
