// SPDX-License-Identifier: Apache-2.0
//
// What people do to an alert: a small state machine over the columns of tw_alert_row that belong to
// the workflow. The detector opens, grows and (by a verdict) closes an alert; everything between is
// here.
//
//   NEW --assign--> ASSIGNED --view by the assignee--> IN_REVIEW
//   any of them --escalate--> ESCALATED --deescalate--> IN_REVIEW or, without an assignee, NEW
//   any of them --verdict--> CLOSED --verdict "reopened"--> ASSIGNED or, without an assignee, NEW
//   assign to nobody: back to NEW; to another: ASSIGNED; but an escalated alert stays ESCALATED
//   until it is deescalated or judged, whoever has it
//
// A snooze only hides an alert from the queue, until its time or a verdict.
//
// Thread-safety: pure functions.
#ifndef TW_WORKFLOW_ALERT_WORK_H
#define TW_WORKFLOW_ALERT_WORK_H

#include "base/arena.h"
#include "base/status.h"
#include "retail/transaction.h"
#include "workflow/action.h"

typedef enum tw_alert_status {
    TW_WORK_NEW,
    TW_WORK_ASSIGNED,
    TW_WORK_IN_REVIEW,
    TW_WORK_ESCALATED,
    TW_WORK_CLOSED,
    TW_ALERT_STATUS_N
} tw_alert_status;
const char *tw_alert_status_name(tw_alert_status status); // "NEW", ...
bool tw_alert_status_from(tw_str name, tw_alert_status *out);

// Zero = a new alert. Texts are views; apply copies what it takes over into the arena.
typedef struct tw_alert_work {
    tw_alert_status status;
    tw_str assignee, case_id;
    bool has_verdict;
    tw_verdict_kind verdict;
    int64_t snoozed_until_ms, first_viewed_ms, decided_ms;
    int64_t recovered_minor;
    uint64_t work_seq;
} tw_alert_work;

// May this action be done now? TW_INVALID with a sentence for a body that does not hold (missing
// text, a time that has passed), TW_LIMIT for a list that is too long, TW_CONFLICT for one that the
// status forbids (anything but view and comment on a closed alert), TW_NO_MEMORY. Who may do it is
// not asked here.
tw_status tw_alert_work_check(const tw_alert_work *work, const tw_action *action, tw_arena *scratch,
                              tw_err *err) TW_MUST_CHECK;
// Applies an action that was journaled, whatever check would say; unknown parts are ignored, and a
// closed alert stays closed. seq is the fact's. Views do not change work_seq unless they are the
// first by somebody who may decide or move the status. Only TW_NO_MEMORY. The arena is scratch,
// too: what the body needs is taken from it.
tw_status tw_alert_work_apply(tw_alert_work *work, const tw_action *action, uint64_t seq,
                              tw_arena *arena) TW_MUST_CHECK;
// The same for a verdict on the alert; it ends a snooze.
void tw_alert_work_judge(tw_alert_work *work, const tw_verdict *verdict, uint64_t seq);

#endif
