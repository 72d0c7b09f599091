// SPDX-License-Identifier: Apache-2.0
//
// A month of the demonstration's team. Each day it looks at the alerts that came: somebody takes
// one, views it, comments, waits for the video, asks the manager, decides. What happens to an
// alert, and when, follows from its id, risk and the simulator's labels alone, so that every run
// over the same history looks the same. Working hours only; a verdict comes after what it is about.
//
// One alert in twenty is judged wrongly, one in thirty is overlooked.
#ifndef TWI_CLI_DEMO_TEAM_H
#define TWI_CLI_DEMO_TEAM_H

#include <stdatomic.h>

#include "demo_judge.h"
#include "demo_people.h"
#include "service/query.h"
#include "service/work.h"

typedef enum twi_step_kind {
    TWI_STEP_ASSIGN,
    TWI_STEP_VIEW,
    TWI_STEP_LOOK, // at the employee
    TWI_STEP_COMMENT,
    TWI_STEP_SNOOZE,
    TWI_STEP_ESCALATE,
    TWI_STEP_VERDICT,
    TWI_STEP_CASE, // the next line of a case's story
    TWI_STEP_N
} twi_step_kind;

typedef struct twi_step {
    int64_t at_ms;
    uint32_t idx;  // of the plan, or of the case
    uint8_t kind;  // twi_step_kind
    uint8_t line;  // of the case's story
    uint8_t actor; // twi_who
} twi_step;

// What the team does with one alert.
typedef struct twi_plan {
    char alert_id[TW_ID_MAX_BYTES + 1], employee_id[TW_ID_MAX_BYTES + 1];
    char store_id[TW_ID_MAX_BYTES + 1], title[TW_ID_MAX_BYTES + 1]; // of the scheme
    uint64_t dice;
    int64_t exposure_minor, until_ms; // of the snooze
    uint8_t analyst, decider;         // twi_who
    tw_verdict_kind verdict;
    bool is_theft;  // by the labels
    bool is_viewed; // by now
    bool is_over;   // decided, or the matter of a case
} twi_plan;

typedef struct twi_case_run {
    char case_id[TW_ID_MAX_BYTES + 1];
    uint32_t plan; // its alert
    uint8_t story;
} twi_case_run;

#define TWI_CASES_N 10

typedef struct twi_team {
    tw_service *service;
    const twi_judge *judge;
    tw_arena arena; // of one flush
    tw_table known; // hash of an alert's id -> plan
    twi_plan *plans_own;
    size_t plan_n, plan_cap;
    twi_step *steps_own; // what is to come, latest first
    size_t step_n, step_cap;
    twi_case_run cases[TWI_CASES_N];
    size_t case_n;
    tw_work_request queue[64];
    size_t queue_n;
    uint64_t acts, confirmed, refuted; // so far
    bool has_exception, has_signals;   // those of the story
    int64_t first_ms, end_ms;          // of the history
    _Atomic int64_t *now_ms;           // the service's clock
} twi_team;

// The history's days are [first_ms, end_ms); now_ms is the clock of the service. Close it also on
// failure.
tw_status twi_team_open(twi_team *team, const twi_judge *judge, tw_service *service,
                        int64_t first_ms, int64_t end_ms, _Atomic int64_t *now_ms,
                        tw_err *err) TW_MUST_CHECK;
void twi_team_close(twi_team *team);
// All that the team does until an instant, after the transactions before it are in.
tw_status twi_team_work(twi_team *team, int64_t until_ms, tw_err *err) TW_MUST_CHECK;

// ---- For demo_story.c --------------------------------------------------------------------------

// Something to do at its time. TW_NO_MEMORY.
tw_status twi_team_plan(twi_team *team, twi_step step, tw_err *err) TW_MUST_CHECK;
// Queues one action; `body` must stay until the flush.
tw_status twi_team_act(twi_team *team, tw_action_kind kind, tw_str subject, twi_who actor,
                       tw_str body, int64_t at_ms, tw_err *err) TW_MUST_CHECK;
// Does what is queued. out (may be NULL): the subject of the last one.
tw_status twi_team_flush(twi_team *team, char out[TW_ID_MAX_BYTES + 1], tw_err *err) TW_MUST_CHECK;
// A text in the team's arena. NULL = no memory.
const char *twi_team_text(twi_team *team, const char *format, ...) TW_PRINTF(2, 3);

#endif
