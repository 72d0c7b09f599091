// SPDX-License-Identifier: Apache-2.0
//
// The workflow as commands and queries: everything that people do with alerts and cases goes
// through tw_service_act, which checks it against what is projected, journals it as an action (or a
// verdict or configuration that it implies) and waits until it is projected. Commands follow one
// another, so that a check holds when its fact is written; a version that is stated must be the
// present one (TW_CONFLICT), so that two analysts cannot overwrite each other.
//
// All functions are thread-safe. Strings of answers live in the arena. Reads see the caller's
// earlier writes.
#ifndef TW_SERVICE_WORK_H
#define TW_SERVICE_WORK_H

#include "service/query.h"
#include "workflow/case_work.h"
#include "workflow/metrics.h"
#include "workflow/rights.h"
#include "workflow/settings.h"

typedef struct tw_work_request {
    tw_action_kind kind;
    tw_str kind_word; // of TW_ACTION_NOTE: what the log calls it
    tw_str subject;  // "" for case.open, allow.add and filter.save of something new: an id is given
    tw_str actor;    // user id or token name
    uint32_t rights; // TW_RIGHT_ bits of whoever acts (see below)
    tw_str body;     // JSON as in workflow/action.h; "" = {}
    uint64_t if_version; // of an alert: nobody may have worked it after this fact; of a document:
                         // its version; 0 = whatever it is now
    int64_t at_ms;       // 0 = now; the past for what was done elsewhere
    tw_str action_id;    // "" = derived. The same again is the same action, and gets its result
} tw_work_request;

typedef struct tw_work_result {
    tw_status status; // of this request, with err
    tw_err err;
    char subject[TW_ID_MAX_BYTES + 1]; // the id, also of what is new
    uint64_t seq;                      // of the fact, 0 for a view that changes nothing
} tw_work_result;

// Does n things (1..TW_WORK_REQUESTS_MAX) in their order; each succeeds or fails by itself:
// results[n]; later ones see what earlier ones did, and all share one commit. The status is that of
// the first failure, TW_OK when all went well. TW_UNSUPPORTED in reader mode; TW_IO, TW_NO_SPACE,
// TW_BUSY, TW_CLOSED: nothing was done, and all results say so.
//
// What needs which right (TW_DENIED without it):
//   READ    alert.view, case.view, case.export, filter.* (those of others, or shared ones: MANAGE)
//   WORK    all other alert.* and case.*
//   MANAGE  assigning an alert to somebody else, or taking it from somebody to nobody; giving a
//   case
//           to somebody else that is not one's own; approving; settings.change; allow.*
//   none    any other kind
// A view that changes nothing goes to the log as tw_service_note does.
//
// What comes with it: allow.add and allow.remove install and end the quiet rule; closing a case
// gives its alerts that have no verdict that of the case, the one with the most exposure with what
// the case recovered.
#define TW_WORK_REQUESTS_MAX 500
tw_status tw_service_act(tw_service *service, const tw_work_request *requests, size_t n,
                         tw_work_result *results, tw_err *err) TW_MUST_CHECK;

// The same for verdicts, each as tw_service_verdict.
typedef struct tw_judge_request {
    tw_verdict verdict;
    uint64_t if_version; // as above; for a verdict on an alert
} tw_judge_request;
typedef struct tw_judge_result {
    tw_status status;
    tw_err err;
    tw_verdict_result verdict;
} tw_judge_result;
tw_status tw_service_judge(tw_service *service, const tw_judge_request *requests, size_t n,
                           tw_judge_result *results, tw_err *err) TW_MUST_CHECK;
// Writes a line into the log without waiting (a view, a search): never fails the caller. The same
// actor, kind and subject within ten minutes count once. What a body names as employee_id and
// store_id is what the line is about.
void tw_service_note(tw_service *service, tw_str kind, tw_str subject, tw_str actor, tw_str body);
// The highest-ranked open alert without an assignee among `stores` becomes `actor`'s; TW_NOT_FOUND
// when there is none.
tw_status tw_service_claim_next(tw_service *service, const tw_str_list *stores, tw_str actor,
                                tw_arena *arena, tw_alert_view *out, tw_err *err) TW_MUST_CHECK;

// Who is in a team: tells the assignment rules to whom they can give an alert. `users` in the
// arena.
typedef tw_status tw_team_members(void *ctx, tw_str team, tw_arena *arena, tw_str **users,
                                  size_t *n);
// Names the function that knows; without one, rules for teams assign nothing. Called on the thread
// of the rules. NULL removes it: afterwards it does not run any more.
void tw_service_on_team(tw_service *service, tw_team_members *members, void *ctx);

// --- reading
// -------------------------------------------------------------------------------------

// The settings as they stand, with every member in `json`; version 0 = nobody has changed them.
tw_status tw_query_settings(tw_service *service, tw_arena *arena, tw_settings *out,
                            uint64_t *version, tw_str *json, tw_err *err) TW_MUST_CHECK;

// Documents: cases, allow-list entries ("allow"), saved filters ("filter").
tw_status tw_query_doc(tw_service *service, tw_str kind, tw_str id, tw_arena *arena,
                       tw_doc_row *out, tw_err *err) TW_MUST_CHECK;
tw_status tw_query_docs(tw_service *service, const tw_doc_filter *filter, size_t limit,
                        const char *cursor, tw_arena *arena, tw_doc_page *out,
                        tw_err *err) TW_MUST_CHECK;
// The log, newest first: the history of an alert or a case (filter.subject), or the audit trail.
tw_status tw_query_actions(tw_service *service, const tw_action_filter *filter, size_t limit,
                           tw_arena *arena, tw_action_row **out, size_t *n,
                           tw_err *err) TW_MUST_CHECK;

// Which alerts take part, and how they are cut. Times are of created_ms, [from, to).
typedef enum tw_metric_cut {
    TW_METRIC_CUT_NONE,
    TW_METRIC_CUT_DAY, // in the settings' zone; key = first date
    TW_METRIC_CUT_WEEK,
    TW_METRIC_CUT_MONTH,
    TW_METRIC_CUT_REGION,
    TW_METRIC_CUT_STORE,
    TW_METRIC_CUT_SCHEME,
    TW_METRIC_CUT_TYPE,
    TW_METRIC_CUT_SIGNAL, // an alert counts for each of its signals
    TW_METRIC_CUT_MODEL,  // champion when it was opened
    TW_METRIC_CUT_ASSIGNEE,
    TW_METRIC_CUT_TEAM, // by team_of
    TW_METRIC_CUT_N
} tw_metric_cut;
typedef struct tw_metric_query {
    int64_t from_ms, to_ms;
    tw_metric_cut cut;
    tw_str_list stores; // n 0 = all
    tw_str region, scheme, type, assignee;
    tw_str (*team_of)(void *ctx, tw_str user); // NULL = no teams
    void *team_ctx;
} tw_metric_query;
typedef struct tw_metric_row {
    tw_str key;   // "" = no such thing (an alert without a region)
    tw_str title; // of a scheme or a signal; else ""
    tw_metrics metrics;
    uint64_t other_currency_n; // alerts whose money is in another currency: in no sum of money
} tw_metric_row;
// Rows by key; with CUT_NONE exactly one, with DAY, WEEK and MONTH one for each of the period (at
// most TW_METRIC_SPANS_MAX, else TW_LIMIT), also without alerts. The platform's share of the cost
// is in NONE and in spans of time only. Some 0.1 us an alert; the first query, and the first after
// a thousand changes or more, reads all alerts: some 5 us each.
#define TW_METRIC_SPANS_MAX 400
tw_status tw_query_metrics(tw_service *service, const tw_metric_query *query, tw_arena *arena,
                           tw_metric_row **out, size_t *n, tw_err *err) TW_MUST_CHECK;

#endif
