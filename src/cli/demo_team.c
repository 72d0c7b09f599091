// SPDX-License-Identifier: Apache-2.0
//
// The team's days: every new alert gets a plan of steps; steps are done in the order of their
// times.
#include "demo_team.h"

#include <stdarg.h>
#include <stdio.h>
#include <time.h>

#include "base/hash.h"
#include "base/time.h"
#include "cli.h"
#include "demo_story.h"

#define MINUTE_MS INT64_C(60000)
#define PAGE 500
#define PLANS_MAX (1u << 20)
#define WRONG_PERCENT 5
#define IDLE_PERCENT 3     // never taken up
#define COMMENT_PERCENT 40 // and of the others
#define SNOOZE_PERCENT 7
#define ESCALATE_PERCENT 9

tw_status twi_team_open(twi_team *team, const twi_judge *judge, tw_service *service,
                        int64_t first_ms, int64_t end_ms, _Atomic int64_t *now_ms, tw_err *err)
{
    *team = (twi_team){.service = service,
                       .judge = judge,
                       .first_ms = first_ms,
                       .end_ms = end_ms,
                       .now_ms = now_ms};
    tw_arena_init(&team->arena, tw_alloc_system(), 0, (size_t)256 << 20);
    tw_table_init(&team->known, tw_alloc_system(), PLANS_MAX);
    return twi_story_begin(team, err);
}

void twi_team_close(twi_team *team)
{
    const tw_alloc *alloc = tw_alloc_system();
    tw_free_array(alloc, team->plans_own, team->plan_cap, sizeof(*team->plans_own));
    tw_free_array(alloc, team->steps_own, team->step_cap, sizeof(*team->steps_own));
    if (team->service) {
        tw_table_release(&team->known);
        tw_arena_release(&team->arena);
    }
    *team = (twi_team){.plan_n = 0};
}

const char *twi_team_text(twi_team *team, const char *format, ...)
{
    char text[4096];
    va_list args;
    va_start(args, format);
    int n = vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    TW_CHECK(n >= 0 && (size_t)n < sizeof(text));
    return tw_arena_copy(&team->arena, text, (size_t)n);
}

// --- plans
// ----------------------------------------------------------------------------------------

tw_status twi_team_plan(twi_team *team, twi_step step, tw_err *err)
{
    void *items = team->steps_own;
    if (tw_grow(tw_alloc_system(), &items, &team->step_cap, team->step_n + 1, sizeof(step),
                SIZE_MAX / 128) != TW_OK)
        return tw_fail(err, TW_NO_MEMORY, "no memory for the team's plans");
    team->steps_own = items;
    size_t place = team->step_n++;
    for (; place > 0 && team->steps_own[place - 1].at_ms <= step.at_ms; place--)
        team->steps_own[place] = team->steps_own[place - 1];
    team->steps_own[place] = step;
    return TW_OK;
}

// A number below `n` that belongs to this alert and question.
static int64_t roll(const twi_plan *plan, uint64_t question, int64_t n)
{
    return (int64_t)(tw_hash64(&plan->dice, sizeof(plan->dice), question) % (uint64_t)n);
}

static tw_verdict_kind verdict_of(const twi_plan *plan)
{
    bool says = plan->is_theft != (roll(plan, 1, 100) < WRONG_PERCENT);
    int64_t shade = roll(plan, 2, 100);
    if (says)
        return TW_VERDICT_CONFIRMED;
    if (shade < 70)
        return TW_VERDICT_REFUTED;
    return shade < 88 ? TW_VERDICT_OPERATIONAL : TW_VERDICT_INCONCLUSIVE;
}

// Minutes of work until somebody has time for it: the riskier, the sooner.
static int64_t minutes_waiting(const twi_plan *plan, double risk)
{
    if (risk >= TW_RISK_CRITICAL)
        return 15 + roll(plan, 3, 110);
    return risk >= TW_RISK_HIGH ? 45 + roll(plan, 3, 300) : 180 + roll(plan, 3, 1000);
}

typedef struct course { // of a plan while it is made
    twi_team *team;
    const twi_plan *plan;
    uint32_t idx;
    int64_t at_ms;
} course;

static tw_status then(course *c, int64_t minutes, twi_step_kind kind, unsigned actor, tw_err *err)
{
    c->at_ms = twi_working_after(c->at_ms, minutes) + roll(c->plan, 40 + kind, 60) * 1000;
    return twi_team_plan(
        c->team,
        (twi_step){
            .at_ms = c->at_ms, .idx = c->idx, .kind = (uint8_t)kind, .actor = (uint8_t)actor},
        err);
}

static tw_status plan_steps(twi_team *team, twi_plan *plan, const tw_alert_view *alert,
                            uint32_t idx, tw_err *err)
{
    course c = {team, plan, idx, alert->created_ms};
    bool by_manager = roll(plan, 4, 100) < 30;
    int64_t fate = roll(plan, 5, 100);
    if (roll(plan, 6, 100) < IDLE_PERCENT)
        return TW_OK;
    TW_TRY(then(&c, minutes_waiting(plan, alert->risk_score), TWI_STEP_ASSIGN,
                by_manager ? TWI_MARIA : plan->analyst, err));
    TW_TRY(then(&c, by_manager ? 5 + roll(plan, 7, 90) : 1, TWI_STEP_VIEW, plan->analyst, err));
    if (plan->employee_id[0] && roll(plan, 8, 100) < 60)
        TW_TRY(then(&c, 2 + roll(plan, 9, 8), TWI_STEP_LOOK, plan->analyst, err));
    if (roll(plan, 10, 100) < COMMENT_PERCENT)
        TW_TRY(then(&c, 3 + roll(plan, 11, 25), TWI_STEP_COMMENT, plan->analyst, err));
    if (fate < SNOOZE_PERCENT) {
        TW_TRY(then(&c, 4, TWI_STEP_SNOOZE, plan->analyst, err));
        plan->until_ms = twi_working_after(c.at_ms, 600 * (1 + roll(plan, 12, 3)));
        c.at_ms = plan->until_ms;
    } else if (fate < SNOOZE_PERCENT + ESCALATE_PERCENT) {
        TW_TRY(then(&c, 6, TWI_STEP_ESCALATE, plan->analyst, err));
        plan->decider = TWI_MARIA;
        c.at_ms = twi_working_after(c.at_ms, 40 + roll(plan, 13, 200));
    }
    // Most are clear within the hour, some need a day or two.
    int64_t minutes = roll(plan, 14, 100) < 80 ? 6 + roll(plan, 15, 55) : 300 + roll(plan, 15, 900);
    return then(&c, minutes, TWI_STEP_VERDICT, plan->decider, err);
}

static tw_status take_alert(twi_team *team, const tw_alert_view *alert, tw_err *err)
{
    tw_table_slot *slot;
    void *items = team->plans_own;
    if (tw_table_at(&team->known, tw_hash_str(alert->alert_id, 0), &slot) != TW_OK)
        return tw_fail(err, TW_NO_MEMORY, "no memory for the team's plans");
    if (slot->value != TW_TABLE_NONE)
        return TW_OK;
    if (tw_grow(tw_alloc_system(), &items, &team->plan_cap, team->plan_n + 1,
                sizeof(*team->plans_own), PLANS_MAX) != TW_OK)
        return tw_fail(err, TW_NO_MEMORY, "no memory for the team's plans");
    team->plans_own = items;
    slot->value = (uint32_t)team->plan_n;
    twi_plan *plan = &team->plans_own[team->plan_n++];
    *plan = (twi_plan){.dice = tw_hash_str(alert->alert_id, 32),
                       .exposure_minor = alert->exposure.minor,
                       .is_theft = twi_judge_is_theft(team->judge, alert)};
    tw_str_copy(alert->alert_id, plan->alert_id, sizeof(plan->alert_id));
    tw_str_copy(alert->employee_id, plan->employee_id, sizeof(plan->employee_id));
    tw_str_copy(alert->store_id, plan->store_id, sizeof(plan->store_id));
    tw_str_copy(alert->title, plan->title, sizeof(plan->title));
    plan->analyst = plan->decider = (uint8_t)twi_analyst_of(alert->store_id, plan->dice >> 8);
    plan->verdict = verdict_of(plan);
    return plan_steps(team, plan, alert, slot->value, err);
}

// A query waits a second at most for what it has not seen yet; on a busy machine that may be too
// short, and the month would be another.
static void settle(const twi_team *team)
{
    tw_service_stats stats;
    for (tw_service_stats_get(team->service, &stats); stats.projected_seq < stats.seq;
         tw_service_stats_get(team->service, &stats)) {
        struct timespec pause = {.tv_nsec = 1000000};
        nanosleep(&pause, NULL);
    }
}

static tw_status take_new_alerts(twi_team *team, tw_err *err)
{
    tw_arena arena;
    tw_str cursor = TW_STR_NONE;
    tw_status status;
    tw_arena_init(&arena, tw_alloc_system(), 0, (size_t)256 << 20);
    settle(team);
    do {
        tw_alert_list list;
        tw_alert_query query = {
            .only_open = true, .sort = TW_ALERT_SORT_CREATED, .limit = PAGE, .cursor = cursor};
        status = tw_query_alerts(team->service, &query, &arena, &list, err);
        for (size_t i = 0; status == TW_OK && i < list.n; i++)
            status = take_alert(team, &list.items[i], err);
        cursor = status == TW_OK ? list.next_cursor : TW_STR_NONE;
    } while (cursor.bytes > 0);
    tw_arena_release(&arena);
    return status;
}

// --- doing
// ----------------------------------------------------------------------------------------

tw_status twi_team_flush(twi_team *team, char out[TW_ID_MAX_BYTES + 1], tw_err *err)
{
    static tw_work_result results[TW_COUNT(team->queue)];
    TW_CHECK(team->queue_n > 0 || !out);
    if (team->queue_n > 0)
        TW_TRY(tw_service_act(team->service, team->queue, team->queue_n, results, err));
    if (out)
        snprintf(out, TW_ID_MAX_BYTES + 1, "%s", results[team->queue_n - 1].subject);
    team->acts += team->queue_n;
    team->queue_n = 0;
    settle(team);
    tw_arena_reset(&team->arena);
    return TW_OK;
}

tw_status twi_team_act(twi_team *team, tw_action_kind kind, tw_str subject, twi_who actor,
                       tw_str body, int64_t at_ms, tw_err *err)
{
    const twi_person *person = twi_person_of(actor);
    if (!body.at)
        return tw_fail(err, TW_NO_MEMORY, "no memory for what the team does");
    if (team->queue_n == TW_COUNT(team->queue))
        TW_TRY(twi_team_flush(team, NULL, err));
    team->queue[team->queue_n++] = (tw_work_request){.kind = kind,
                                                     .subject = subject,
                                                     .actor = tw_str_from(person->user_id),
                                                     .rights = tw_role_rights(person->role),
                                                     .body = body,
                                                     .at_ms = at_ms};
    return TW_OK;
}

static const char *const comments[] = {
    "Watched the video of the first two: no customer at the till.",
    "Asked the store manager for the paper receipts.",
    "Same pattern as last week, other register.",
    "The customer is in the loyalty programme; called back, says she never returned anything.",
    "Compared with the shift plan: was alone on the floor.",
    "Looks like the returns desk; checking the rota.",
    "Stock count of the items fits the receipts.",
};
static const char *const escalations[] = {"More than I may decide alone: please look.",
                                          "Several stores are involved.",
                                          "The employee is a shift lead."};

typedef struct reason {
    const char *code, *note;
} reason;

// Reasons by verdict; the wording is that of the settings' defaults.
static const reason reasons[TW_VERDICT_N][4] = {
    [TW_VERDICT_CONFIRMED] = {{"evidence_video", "Video shows the till without a customer."},
                              {"evidence_receipts", "Receipts and stock do not fit."},
                              {"theft_admitted", "Admitted in the interview."},
                              {"policy_abuse", "Used the staff discount for friends."}},
    [TW_VERDICT_REFUTED] = {{"expected_activity", "Season's returns, all with receipts."},
                            {"authorised", "The store manager had approved each one."},
                            {"known_role", "Works the returns desk."},
                            {"rule_too_sensitive", "Nothing unusual for this store."}},
    [TW_VERDICT_INCONCLUSIVE] = {{"no_evidence", "The video was overwritten."},
                                 {"no_evidence", "Receipts are missing, nothing on video."},
                                 {"employee_left", "Left before the interview."},
                                 {"no_evidence", ""}},
    [TW_VERDICT_OPERATIONAL] = {{"training_need", "Voided instead of suspending; trained."},
                                {"process_fault", "Price labels were wrong that day."},
                                {"system_fault", "The till was offline and sent twice."},
                                {"training_need", "New cashier; shown how to do it."}},
};

static const char *body_of(twi_team *team, const twi_step *step, const twi_plan *plan)
{
    char until[TW_TIME_TEXT_BYTES];
    const char *analyst = twi_person_of((twi_who)plan->analyst)->user_id;
    switch ((twi_step_kind)step->kind) {
    case TWI_STEP_ASSIGN:
        return twi_team_text(team, "{\"assignee\":\"%s\"}", analyst);
    case TWI_STEP_COMMENT:
        return twi_team_text(team, "{\"text\":\"%s\"}",
                             comments[roll(plan, 20, TW_COUNT(comments))]);
    case TWI_STEP_SNOOZE:
        return twi_team_text(team, "{\"until\":\"%s\",\"note\":\"Waiting for the video.\"}",
                             tw_time_format(plan->until_ms, 0, until));
    case TWI_STEP_ESCALATE:
        return twi_team_text(team, "{\"assignee\":\"%s\",\"note\":\"%s\"}",
                             twi_person_of(TWI_MARIA)->user_id,
                             escalations[roll(plan, 21, TW_COUNT(escalations))]);
    case TWI_STEP_VIEW:
    case TWI_STEP_LOOK:
    case TWI_STEP_VERDICT:
    case TWI_STEP_CASE:
    case TWI_STEP_N:
        break;
    }
    return "";
}

static tw_status do_action(twi_team *team, const twi_step *step, twi_plan *plan, tw_err *err)
{
    static const tw_action_kind kinds[TWI_STEP_N] = {
        [TWI_STEP_ASSIGN] = TW_ACTION_ALERT_ASSIGN, [TWI_STEP_VIEW] = TW_ACTION_ALERT_VIEW,
        [TWI_STEP_LOOK] = TW_ACTION_NOTE,           [TWI_STEP_COMMENT] = TW_ACTION_ALERT_COMMENT,
        [TWI_STEP_SNOOZE] = TW_ACTION_ALERT_SNOOZE, [TWI_STEP_ESCALATE] = TW_ACTION_ALERT_ESCALATE,
        [TWI_STEP_VERDICT] = TW_ACTION_NOTE,        [TWI_STEP_CASE] = TW_ACTION_NOTE};
    TW_CHECK(step->kind < TWI_STEP_N);
    bool is_look = step->kind == TWI_STEP_LOOK;
    const char *body = body_of(team, step, plan);
    plan->is_viewed = plan->is_viewed || step->kind == TWI_STEP_VIEW;
    TW_TRY(twi_team_act(
        team, kinds[step->kind], tw_str_from(is_look ? plan->employee_id : plan->alert_id),
        (twi_who)step->actor, body ? tw_str_from(body) : TW_STR_NONE, step->at_ms, err));
    if (is_look)
        team->queue[team->queue_n - 1].kind_word = TW_STR("employee.view");
    return TW_OK;
}

static int64_t recovered_of(const twi_plan *plan)
{
    bool is_paid = plan->verdict == TW_VERDICT_CONFIRMED && roll(plan, 30, 100) < 55;
    return is_paid ? plan->exposure_minor * (20 + roll(plan, 31, 60)) / 100 : 0;
}

// The alert may have grown meanwhile: then it is looked at again.
static tw_status do_verdict(twi_team *team, const twi_step *step, twi_plan *plan, tw_err *err)
{
    tw_alert_view alert;
    tw_verdict_result result;
    TW_TRY(twi_team_flush(team, NULL, err));
    tw_status status =
        tw_query_alert(team->service, tw_str_from(plan->alert_id), &team->arena, &alert);
    if (status != TW_OK)
        return tw_fail(err, status, "alert %s cannot be read", plan->alert_id);
    if (alert.updated_ms >= step->at_ms) {
        twi_step again = *step;
        again.at_ms = twi_working_after(alert.updated_ms, 30 + roll(plan, 32, 60));
        return twi_team_plan(team, again, err);
    }
    const reason *why = &reasons[plan->verdict][roll(plan, 33, 4)];
    plan->exposure_minor = alert.exposure.minor;
    plan->is_over = true;
    team->confirmed += plan->verdict == TW_VERDICT_CONFIRMED;
    team->refuted += plan->verdict != TW_VERDICT_CONFIRMED;
    tw_verdict verdict = {.alert_id = alert.alert_id,
                          .verdict = plan->verdict,
                          .reason = tw_str_from(why->code),
                          .note = tw_str_from(why->note),
                          .decided_by = tw_str_from(twi_person_of((twi_who)step->actor)->user_id),
                          .recovered_minor = recovered_of(plan),
                          .decided_ms = step->at_ms};
    return tw_service_verdict(team->service, &verdict, &result, err);
}

static tw_status do_step(twi_team *team, const twi_step *step, tw_err *err)
{
    if (step->kind == TWI_STEP_CASE)
        return twi_story_line(team, step, err);
    twi_plan *plan = &team->plans_own[step->idx];
    if (plan->is_over)
        return TW_OK;
    return step->kind == TWI_STEP_VERDICT ? do_verdict(team, step, plan, err)
                                          : do_action(team, step, plan, err);
}

tw_status twi_team_work(twi_team *team, int64_t until_ms, tw_err *err)
{
    TW_TRY(take_new_alerts(team, err));
    while (team->step_n > 0 && team->steps_own[team->step_n - 1].at_ms < until_ms) {
        twi_step step = team->steps_own[--team->step_n];
        TW_TRY(do_step(team, &step, err));
    }
    TW_TRY(twi_team_flush(team, NULL, err));
    return twi_story_day(team, until_ms, err);
}
