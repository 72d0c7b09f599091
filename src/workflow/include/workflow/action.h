// SPDX-License-Identifier: Apache-2.0
//
// The kinds of actions (tw_action.kind) and what their bodies say. An action is journaled only
// after a check against what it changes; replaying it never fails.
//
// Bodies are JSON objects; "?" marks what may be missing. Money is minor units of the
// installation's currency; times are RFC 3339 texts; users are user ids.
//
//   alert.*  subject: alert id
//   alert.view        {may_decide?}             somebody opened it; may_decide is the service's
//   alert.assign      {assignee, note?}         assignee "" = nobody
//   alert.escalate    {assignee?, note}
//   alert.deescalate  {note?}
//   alert.snooze      {until, note?}            gone from the queue until then
//   alert.wake        {}
//   alert.comment     {text, mentions?: [user]}
//   The service adds to each the employee_id and store_id of the alert as it was then, so that the
//   log can be searched by them; the same for cases.
//   case.*   subject: case id
//   case.open         {title, owner?, subjects?: [{kind, id}], alerts?: [id],
//                      transactions?: [id], note?}
//   case.edit         {title?, owner?, state?}   state OPEN or INVESTIGATING
//   case.add          {subjects?, alerts?, transactions?}     case.remove   the same
//   case.note         {text, mentions?}
//   case.attach       {name, media_type, bytes, sha256, note?}
//   case.task         {task_id, title?, assignee?, due?, done?: bool}   made or changed
//   case.money        {kind: exposure | recovered | restitution, amount_minor, note?}
//   case.refer        {to: hr | law_enforcement | civil, reference?, note?}
//   case.submit       {verdict, reason, note?}   asks for approval; closes at once below the limit
//   case.approve      {note?}                    by another person than the one who submitted
//   case.reject       {note}                     back to INVESTIGATING
//   case.reopen       {note}
//   case.view         {}      case.export {form}
//   settings.change   subject "": the members of workflow/settings.h that change
//   allow.add         subject: id of the entry; {entity_kind (employee, account, register, store),
//                      entity_id (a register's may be "store/register"), scheme?, until, owner?,
//                      reason}                  allow.remove {reason?}
//   filter.save       subject: filter id; {name, query, shared: bool}   filter.remove {}
//   employee.view, card.view, search.run, report.send, ...   what was looked at or sent out
//   user.create, user.change, user.disable, user.link, token.create, token.revoke, session.begin,
//   session.fail      accounts; never a secret in a body
#ifndef TW_WORKFLOW_ACTION_H
#define TW_WORKFLOW_ACTION_H

#include "base/str.h"

// Users that one comment or note mentions.
#define TW_MENTIONS_MAX 20

// X(NAME, "kind")
#define TW_ACTION_KINDS(X)                                                                         \
    X(ALERT_VIEW, "alert.view")                                                                    \
    X(ALERT_ASSIGN, "alert.assign")                                                                \
    X(ALERT_ESCALATE, "alert.escalate")                                                            \
    X(ALERT_DEESCALATE, "alert.deescalate")                                                        \
    X(ALERT_SNOOZE, "alert.snooze")                                                                \
    X(ALERT_WAKE, "alert.wake")                                                                    \
    X(ALERT_COMMENT, "alert.comment")                                                              \
    X(CASE_OPEN, "case.open")                                                                      \
    X(CASE_EDIT, "case.edit")                                                                      \
    X(CASE_ADD, "case.add")                                                                        \
    X(CASE_REMOVE, "case.remove")                                                                  \
    X(CASE_NOTE, "case.note")                                                                      \
    X(CASE_ATTACH, "case.attach")                                                                  \
    X(CASE_TASK, "case.task")                                                                      \
    X(CASE_MONEY, "case.money")                                                                    \
    X(CASE_REFER, "case.refer")                                                                    \
    X(CASE_SUBMIT, "case.submit")                                                                  \
    X(CASE_APPROVE, "case.approve")                                                                \
    X(CASE_REJECT, "case.reject")                                                                  \
    X(CASE_REOPEN, "case.reopen")                                                                  \
    X(CASE_VIEW, "case.view")                                                                      \
    X(CASE_EXPORT, "case.export")                                                                  \
    X(SETTINGS_CHANGE, "settings.change")                                                          \
    X(ALLOW_ADD, "allow.add")                                                                      \
    X(ALLOW_REMOVE, "allow.remove")                                                                \
    X(FILTER_SAVE, "filter.save")                                                                  \
    X(FILTER_REMOVE, "filter.remove")                                                              \
    X(NOTE, "") /* any other kind: kept in the log, changes nothing */
typedef enum tw_action_kind {
#define X(name, word) TW_ACTION_##name,
    TW_ACTION_KINDS(X)
#undef X
        TW_ACTION_KIND_N
} tw_action_kind;

const char *tw_action_kind_word(tw_action_kind kind);
tw_action_kind tw_action_kind_from(tw_str word); // TW_ACTION_NOTE when unknown

#endif
