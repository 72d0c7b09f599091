// SPDX-License-Identifier: Apache-2.0
//
// A case file and what people do to it. The file is a JSON document (tw_doc_row of kind "case"),
// whose only writer is tw_case_apply: the same actions give the same bytes.
//
//   {case_id, title, state: OPEN | INVESTIGATING | PENDING_APPROVAL | CLOSED, owner, opened_by,
//    opened_at, updated_at, store_id (of the first alert or subject), currency,
//    subjects: [{kind: EMPLOYEE | CARD | CUSTOMER | REGISTER | STORE | ITEM, id, added_by,
//    added_at}], alerts: [id], transactions: [id],
//    attachments: [{sha256, name, media_type, bytes, added_by, added_at, note}],
//    tasks: [{task_id, title, assignee, due, done, changed_by, changed_at}],
//    money: [{kind, amount_minor, note, by, at}], exposure_minor, recovered_minor,
//    restitution_minor, referrals: [{to, reference, note, by, at}],
//    closing: null | {verdict, reason, note, submitted_by, submitted_at, approved_by, approved_at,
//    needs_approval}, note_n}
//
// Notes and the history are not in it: they are the actions whose subject is the case.
// Keys of the row: 'a' alerts, 't' transactions, 'e' subjects ("EMPLOYEE/E1"), 'w' the words of the
// title, the ids of the subjects and of the case, in lower case (ASCII). order_ms is updated_at.
// Closing needs a second person when exposure_minor reaches the limit of the settings. Whoever
// submitted cannot approve.
//
// Thread-safety: pure functions.
#ifndef TW_WORKFLOW_CASE_WORK_H
#define TW_WORKFLOW_CASE_WORK_H

#include "base/arena.h"
#include "port/ledger.h"
#include "retail/transaction.h"
#include "workflow/action.h"

// What a case may hold.
#define TW_CASE_SUBJECTS_MAX 50
#define TW_CASE_ALERTS_MAX 500
#define TW_CASE_TRANSACTIONS_MAX 2000
#define TW_CASE_ATTACHMENTS_MAX 100
#define TW_CASE_TASKS_MAX 200
#define TW_CASE_ENTRIES_MAX 200 // money, referrals: of each

typedef struct tw_case_limits {
    int64_t approval_minor; // exposure from which closing needs a second person
    bool may_manage;        // whoever acts has the right MANAGE
} tw_case_limits;

// May this action be done to the file `body` ("" when there is none, as for case.open)? TW_INVALID,
// TW_NOT_FOUND, TW_CONFLICT, TW_DENIED (approving what one submitted oneself, or without the
// right), TW_LIMIT, TW_NO_MEMORY.
//   OPEN, INVESTIGATING: everything but approve, reject and reopen
//   PENDING_APPROVAL:    view, export, note, task, attach, approve, reject (also one's own)
//   CLOSED:              view, export, note, task, refer, money but exposure, reopen
tw_status tw_case_check(tw_str body, const tw_action *action, const tw_case_limits *limits,
                        tw_arena *scratch, tw_err *err) TW_MUST_CHECK;
// Would closing the file need a second person?
bool tw_case_needs_approval(tw_str body, const tw_case_limits *limits, tw_arena *scratch);
// The file after the action: its row with keys, in the arena. case.submit carries
// "needs_approval": the service adds it from the settings before it journals. `exposure_minor` and
// `store_id` of an alert that comes in are in the body of case.open and case.add as
// "exposure_minor" and "store_id", added by the service; case.remove the same. What does not fit
// is left out. Only TW_NO_MEMORY, TW_INVALID when the action changes no file (a view, a case that
// is not there) and, for a damaged file, TW_CORRUPT.
tw_status tw_case_apply(tw_str body, const tw_action *action, uint64_t seq, const char currency[4],
                        tw_arena *arena, tw_doc_row *out) TW_MUST_CHECK;

#endif
