// SPDX-License-Identifier: Apache-2.0
//
// What people do to an alert: a small state machine over the columns of tw_alert_row that belong to
// the workflow. The detector opens, grows and (by a verdict) closes an alert; everything between is
// here.
//
//   NEW --assign--> ASSIGNED --view by the assignee--> IN_REVIEW --escalate--> ESCALATED
//   any of them --verdict--> CLOSED --verdict "reopened"--> NEW or, with an assignee, ASSIGNED
//   assign to nobody: back to NEW; assign to another: ASSIGNED; deescalate: IN_REVIEW
//
// Thread-safety: pure functions.
#ifndef TW_WORKFLOW_ALERT_WORK_H
#define TW_WORKFLOW_ALERT_WORK_H

#include "base/arena.h"
#include "base/status.h"
#include "retail/transaction.h"
#include "workflow/action.h"

typedef enum tw_alert_status {
    TW_ALERT_NEW,
    TW_ALERT_ASSIGNED,
    TW_ALERT_IN_REVIEW,
    TW_ALERT_ESCALATED,
    TW_ALERT_CLOSED,
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
// text, a time that has passed), TW_CONFLICT for one that the status forbids (anything but view,
// comment and the verdict "reopened" on a closed alert).
tw_status tw_alert_work_check(const tw_alert_work *work, const tw_action *action,
                              tw_err *err) TW_MUST_CHECK;
// Applies an action that was journaled, whatever check would say; unknown parts are ignored. seq is
// the fact's. Views do not change work_seq unless they are the first or move the status. Only
// TW_NO_MEMORY.
tw_status tw_alert_work_apply(tw_alert_work *work, const tw_action *action, uint64_t seq,
                              tw_arena *arena) TW_MUST_CHECK;
// The same for a verdict on the alert.
void tw_alert_work_judge(tw_alert_work *work, const tw_verdict *verdict, uint64_t seq);

#endif
