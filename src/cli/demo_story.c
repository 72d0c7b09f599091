// SPDX-License-Identifier: Apache-2.0
//
// Stories as data, and how they are told.
#include "demo_story.h"

#include <stdio.h>
#include <string.h>

#include "base/hash.h"
#include "base/time.h"
#include "detect/edit.h"

#define MINUTE_MS INT64_C(60000)
#define STORY_DAYS 35 // days of the month as the stories count them
#define RECENT_PLANS 30
#define BODY_BYTES 2048

typedef enum role { OWNER, COLLEAGUE, MANAGER } role;

// One action of a story. `minutes` of working time after the one before. In the body: $E employee,
// $S store, $A alert, $T its scheme, $X exposure, $R what was recovered, $P what is to be paid back
// (minor units), $O owner, $C colleague, $D a date three days on.
typedef struct story_line {
    int minutes;
    role who;
    tw_action_kind kind;
    const char *body;
} story_line;

#define OPENING(note)                                                                              \
    {                                                                                              \
        25, OWNER, TW_ACTION_CASE_OPEN,                                                            \
            "{\"title\":\"$T: $E in "                                                              \
            "$S\",\"alerts\":[\"$A\"],\"subjects\":[{\"kind\":\"EMPLOYEE\","                       \
            "\"id\":\"$E\"}],\"note\":\"" note "\"}"                                               \
    }
#define NOTE(minutes, who, text)                                                                   \
    {                                                                                              \
        minutes, who, TW_ACTION_CASE_NOTE, "{\"text\":\"" text "\"}"                               \
    }
#define TASK(minutes, id, text, assignee)                                                          \
    {                                                                                              \
        minutes, OWNER, TW_ACTION_CASE_TASK,                                                       \
            "{\"task_id\":\"" id "\",\"title\":\"" text "\",\"assignee\":\"" assignee              \
            "\",\"due\":"                                                                          \
            "\"$D\"}"                                                                              \
    }
#define DONE(minutes, who, id)                                                                     \
    {                                                                                              \
        minutes, who, TW_ACTION_CASE_TASK, "{\"task_id\":\"" id "\",\"done\":true}"                \
    }
#define INVESTIGATING(minutes)                                                                     \
    {                                                                                              \
        minutes, OWNER, TW_ACTION_CASE_EDIT, "{\"state\":\"INVESTIGATING\"}"                       \
    }
#define MONEY(minutes, what, amount, text)                                                         \
    {                                                                                              \
        minutes, OWNER, TW_ACTION_CASE_MONEY,                                                      \
            "{\"kind\":\"" what "\",\"amount_minor\":" amount ",\"note\":\"" text "\"}"            \
    }
#define SUBMIT(minutes, verdict, reason, text)                                                     \
    {                                                                                              \
        minutes, OWNER, TW_ACTION_CASE_SUBMIT,                                                     \
            "{\"verdict\":\"" verdict "\",\"reason\":\"" reason "\",\"note\":\"" text "\"}"        \
    }
#define END                                                                                        \
    {                                                                                              \
        0, OWNER, TW_ACTION_KIND_N, NULL                                                           \
    }

static const story_line paid_back[] = {
    OPENING("Third alert in two weeks."),
    INVESTIGATING(10),
    TASK(5, "video", "Pull the video of the refunds", "$C"),
    TASK(2, "rota", "Compare with the shift plan", "$O"),
    DONE(400, COLLEAGUE, "video"),
    NOTE(20, COLLEAGUE, "Video shows no customer at any of them. @$O"),
    DONE(90, OWNER, "rota"),
    NOTE(700, OWNER, "Interview with store manager and HR: admitted, signed."),
    MONEY(15, "restitution", "$P", "Agreed in instalments"),
    MONEY(900, "recovered", "$R", "First instalment"),
    SUBMIT(30, "CONFIRMED", "theft_admitted", "Admitted; pays it back."),
    {600, MANAGER, TW_ACTION_CASE_APPROVE, "{\"note\":\"Clear. Thank you.\"}"},
    END,
};
static const story_line sent_back[] = {
    OPENING("Started with one receipt, others fit."),
    INVESTIGATING(8),
    NOTE(200, OWNER, "Receipts pulled, stock of the items counted: four are missing."),
    SUBMIT(300, "CONFIRMED", "evidence_receipts", "Receipts do not fit the stock."),
    {500, MANAGER, TW_ACTION_CASE_REJECT, "{\"note\":\"Please add the video before HR sees it.\"}"},
    TASK(40, "video", "Pull the video", "$O"),
    DONE(700, OWNER, "video"),
    NOTE(10, OWNER, "Video is clear, kept for HR."),
    MONEY(20, "recovered", "$R", "Goods returned"),
    SUBMIT(15, "CONFIRMED", "evidence_video", "Receipts and video."),
    {240, MANAGER, TW_ACTION_CASE_APPROVE, "{\"note\":\"Now complete.\"}"},
    END,
};
static const story_line referred[] = {
    OPENING("Several stores, with a card that belongs to the family."),
    INVESTIGATING(5),
    NOTE(120, OWNER, "Sum over six weeks is beyond what we settle inside. @maria"),
    NOTE(300, MANAGER, "Agreed with legal: goes to the police."),
    {200, MANAGER, TW_ACTION_CASE_REFER,
     "{\"to\":\"law_enforcement\",\"reference\":\"PD-2214-88\",\"note\":\"Statement handed "
     "over.\"}"},
    MONEY(60, "exposure", "$X", "As in the statement"),
    TASK(20, "police", "Ask the police for the state of things", "$O"),
    END,
};
static const story_line abuse[] = {
    OPENING("Discounts for friends."),
    NOTE(90, OWNER, "Store manager confirms: no staff purchase."),
    MONEY(400, "restitution", "$P", "Deducted from the next pay"),
    MONEY(10, "recovered", "$P", "Deducted"),
    SUBMIT(20, "CONFIRMED", "policy_abuse", "Warning in writing."),
    {120, MANAGER, TW_ACTION_CASE_APPROVE, "{}"},
    END,
};
static const story_line waiting[] = {
    OPENING("Pattern over three registers."),
    INVESTIGATING(12),
    TASK(4, "hr", "Date for the interview with HR", "$O"),
    NOTE(350, COLLEAGUE, "I know her from the other store: same there in autumn."),
    DONE(200, OWNER, "hr"),
    MONEY(30, "restitution", "$P", "Offered in the interview"),
    SUBMIT(25, "CONFIRMED", "theft_admitted", "Admitted in part."),
    END,
};
static const story_line running[] = {
    OPENING("To be watched before anybody is asked."),
    INVESTIGATING(6),
    TASK(3, "video", "Camera on this register from Monday", "$C"),
    TASK(2, "stock", "Count the items twice a week", "$O"),
    NOTE(240, COLLEAGUE, "Camera is set."),
    END,
};
static const story_line fresh[] = {
    OPENING("Opened from the queue; video is being pulled."),
    TASK(5, "video", "Pull the video", "$O"),
    END,
};

static const struct {
    int day; // of STORY_DAYS
    const story_line *lines;
} stories[TWI_CASES_N] = {{4, paid_back}, {7, sent_back}, {10, abuse},   {13, paid_back},
                          {16, referred}, {20, abuse},    {24, waiting}, {27, waiting},
                          {30, running},  {33, fresh}};

// --- telling
// --------------------------------------------------------------------------------------

static twi_who colleague_of(twi_who who)
{
    return (twi_who)(who ^ 1U); // teams are pairs
}

static twi_who actor_of(role who, const twi_plan *plan)
{
    twi_who owner = (twi_who)plan->analyst;
    return who == OWNER ? owner : who == COLLEAGUE ? colleague_of(owner) : TWI_MARIA;
}

static const char *value_of(char letter, const twi_plan *plan, int64_t at_ms, char out[32])
{
    twi_who owner = (twi_who)plan->analyst;
    switch (letter) {
    case 'E':
        return plan->employee_id;
    case 'S':
        return plan->store_id;
    case 'A':
        return plan->alert_id;
    case 'T':
        return plan->title;
    case 'O':
        return twi_person_of(owner)->user_id;
    case 'C':
        return twi_person_of(colleague_of(owner))->user_id;
    case 'D':
        return tw_time_format(twi_working_after(at_ms, 1800), 0, out);
    case 'X':
    case 'R':
    case 'P':
        snprintf(out, 32, "%lld",
                 (long long)(plan->exposure_minor *
                             (letter == 'X'   ? 100
                              : letter == 'R' ? 35
                                              : 80) /
                             100));
        return out;
    default:
        return "";
    }
}

// The body with its places filled, in the team's arena.
static tw_str fill(twi_team *team, const char *text, const twi_plan *plan, int64_t at_ms)
{
    char body[BODY_BYTES], value[32];
    size_t n = 0;
    for (; *text; text++) {
        if (text[0] == '$')
            n += (size_t)snprintf(body + n, sizeof(body) - n, "%s",
                                  value_of(*++text, plan, at_ms, value));
        else
            body[n++] = *text;
        TW_CHECK(n + 1 < sizeof(body));
    }
    return (tw_str){tw_arena_copy(&team->arena, body, n), n};
}

// A small case closes without a second person: its story is over.
static tw_status is_over(twi_team *team, const twi_case_run *run, bool *out, tw_err *err)
{
    tw_doc_row row;
    TW_TRY(twi_team_flush(team, NULL, err));
    TW_TRY(tw_query_doc(team->service, TW_STR("case"), tw_str_from(run->case_id), &team->arena,
                        &row, err));
    *out = tw_str_equal(row.state, TW_STR("CLOSED"));
    return TW_OK;
}

tw_status twi_story_line(twi_team *team, const twi_step *step, tw_err *err)
{
    twi_case_run *run = &team->cases[step->idx];
    const twi_plan *plan = &team->plans_own[run->plan];
    const story_line *line = &stories[run->story].lines[step->line];
    bool is_opening = line->kind == TW_ACTION_CASE_OPEN, is_closed = false;
    if (!is_opening)
        TW_TRY(is_over(team, run, &is_closed, err));
    if (is_closed)
        return TW_OK;
    TW_TRY(twi_team_act(team, line->kind, is_opening ? TW_STR_NONE : tw_str_from(run->case_id),
                        actor_of(line->who, plan), fill(team, line->body, plan, step->at_ms),
                        step->at_ms, err));
    if (is_opening)
        TW_TRY(twi_team_flush(team, run->case_id, err));
    if (line[1].kind == TW_ACTION_KIND_N)
        return TW_OK;
    twi_step next = *step;
    next.line++;
    next.at_ms = twi_working_after(step->at_ms, line[1].minutes);
    return twi_team_plan(team, next, err);
}

static bool has_case(const twi_team *team, const twi_plan *plan)
{
    bool is_there = false;
    for (size_t i = 0; i < team->case_n && !is_there; i++)
        is_there = strcmp(team->plans_own[team->cases[i].plan].employee_id, plan->employee_id) == 0;
    return is_there;
}

// The largest theft of the last days by somebody about whom there is no case: better one that is
// still open.
static twi_plan *choose(twi_team *team)
{
    twi_plan *best = NULL;
    size_t from = team->plan_n > RECENT_PLANS ? team->plan_n - RECENT_PLANS : 0;
    for (size_t i = from; i < team->plan_n; i++) {
        twi_plan *plan = &team->plans_own[i];
        if (!plan->is_theft || plan->verdict != TW_VERDICT_CONFIRMED || !plan->is_viewed ||
            plan->employee_id[0] == '\0' || has_case(team, plan))
            continue;
        bool is_better =
            !best || plan->is_over < best->is_over ||
            (plan->is_over == best->is_over && plan->exposure_minor > best->exposure_minor);
        if (is_better)
            best = plan;
    }
    return best;
}

static tw_status begin_case(twi_team *team, int64_t until_ms, tw_err *err)
{
    twi_plan *plan = choose(team);
    if (!plan)
        return TW_OK; // another day
    plan->is_over = true;
    uint32_t idx = (uint32_t)team->case_n++;
    team->cases[idx] =
        (twi_case_run){.plan = (uint32_t)(plan - team->plans_own), .story = (uint8_t)idx};
    return twi_team_plan(
        team,
        (twi_step){.at_ms = twi_working_after(until_ms, stories[idx].lines[0].minutes),
                   .idx = idx,
                   .kind = TWI_STEP_CASE},
        err);
}

// --- beside the cases
// -----------------------------------------------------------------------------

static tw_status save_filter(twi_team *team, twi_who who, const char *name, const char *query,
                             bool is_shared, int64_t at_ms, tw_err *err)
{
    const char *body = twi_team_text(team, "{\"name\":\"%s\",\"query\":\"%s\",\"shared\":%s}", name,
                                     query, is_shared ? "true" : "false");
    return twi_team_act(team, TW_ACTION_FILTER_SAVE, TW_STR_NONE, who,
                        body ? tw_str_from(body) : TW_STR_NONE, at_ms, err);
}

// The accounts themselves are made at the end, when nobody can have signed in yet.
static tw_status log_accounts(twi_team *team, int64_t at_ms, tw_err *err)
{
    for (twi_who who = 0; who < TWI_PEOPLE_N; who++) {
        const twi_person *person = twi_person_of(who);
        const char *body = twi_team_text(team, "{\"role\":\"%s\",\"team\":\"%s\"}",
                                         tw_role_name(person->role), person->team);
        TW_TRY(twi_team_act(team, TW_ACTION_NOTE, tw_str_from(person->user_id), TWI_SAM,
                            body ? tw_str_from(body) : TW_STR_NONE, at_ms + (int)who * 1000, err));
        team->queue[team->queue_n - 1].kind_word = TW_STR("user.create");
    }
    return TW_OK;
}

tw_status twi_story_begin(twi_team *team, tw_err *err)
{
    int64_t at_ms = twi_working(team->first_ms);
    TW_TRY(log_accounts(team, at_ms, err));
    TW_TRY(twi_team_act(team, TW_ACTION_SETTINGS_CHANGE, TW_STR_NONE, TWI_SAM,
                        tw_str_from(twi_demo_regions), at_ms + 4 * MINUTE_MS, err));
    TW_TRY(twi_team_act(team, TW_ACTION_SETTINGS_CHANGE, TW_STR_NONE, TWI_MARIA,
                        TW_STR("{\"sla_hours_critical\":20,\"sla_hours_high\":36,"
                               "\"approval_minor\":20000,\"report_weekday\":1}"),
                        at_ms + 31 * MINUTE_MS, err));
    TW_TRY(save_filter(team, TWI_MARIA, "Nobody on it, risk 0.9 and above",
                       "assignee=none&min_risk=0.9", true, at_ms + 40 * MINUTE_MS, err));
    TW_TRY(save_filter(team, TWI_MARIA, "Overdue in the north", "region=North&overdue=true", true,
                       at_ms + 44 * MINUTE_MS, err));
    TW_TRY(save_filter(team, TWI_ANA, "My refunds", "assignee=me&type=VOID_REFUND", false,
                       at_ms + 55 * MINUTE_MS, err));
    TW_TRY(save_filter(team, TWI_DORA, "Discounts in the south", "region=South&type=DISCOUNT",
                       false, at_ms + 63 * MINUTE_MS, err));
    return twi_team_flush(team, NULL, err);
}

// The employee of the last alert that was refuted works the returns desk for a while.
static tw_status add_exception(twi_team *team, int64_t at_ms, tw_err *err)
{
    char until[TW_TIME_TEXT_BYTES];
    for (size_t i = team->plan_n; i-- > 0 && !team->has_exception;) {
        const twi_plan *plan = &team->plans_own[i];
        if (plan->is_theft || !plan->is_over || plan->employee_id[0] == '\0')
            continue;
        tw_time_format(team->end_ms + 21 * TW_DAY_MS, 0, until);
        const char *body = twi_team_text(
            team,
            "{\"entity_kind\":\"employee\",\"entity_id\":\"%s\",\"scheme\":\"\",\"until\":\"%s\","
            "\"owner\":\"maria\",\"reason\":\"Works the returns desk until the refit is over.\"}",
            plan->employee_id, until);
        TW_TRY(twi_team_act(team, TW_ACTION_ALLOW_ADD, TW_STR_NONE, TWI_MARIA,
                            body ? tw_str_from(body) : TW_STR_NONE, at_ms, err));
        TW_TRY(twi_team_flush(team, NULL, err));
        team->has_exception = true;
    }
    return TW_OK;
}

static tw_status change_signal(twi_team *team, int64_t at_ms, tw_err *err)
{
    tw_buf text;
    tw_named_value least = {TW_STR("least"), 4};
    tw_signal_edit edit = {.name = TW_STR("rapid_refund"), .parameters = &least, .parameter_n = 1};
    int64_t now_ms = atomic_load(team->now_ms);
    tw_buf_init(&text, tw_alloc_system(), TW_CONFIG_MAX_BYTES);
    tw_status status =
        tw_signal_set_edit(tw_alloc_system(), tw_signal_set_default(), &edit, 1, &text, err);
    atomic_store(team->now_ms, at_ms);
    if (status == TW_OK)
        status = tw_service_configure(
            team->service, TW_CONFIG_SIGNALS, TW_STR("signals-2"),
            (tw_str){(const char *)text.data_own, text.bytes},
            tw_str_from(twi_person_of(TWI_MARIA)->user_id),
            TW_STR("Three corrections of own sales a month are nothing unusual in our stores."),
            err);
    atomic_store(team->now_ms, now_ms);
    tw_buf_release(&text);
    team->has_signals = status == TW_OK;
    return status;
}

tw_status twi_story_day(twi_team *team, int64_t until_ms, tw_err *err)
{
    int64_t days = (team->end_ms - team->first_ms) / TW_DAY_MS;
    int64_t day = (until_ms - team->first_ms) * STORY_DAYS / TW_DAY_MS / days; // of STORY_DAYS
    int64_t at_ms = twi_working(until_ms - 4 * 60 * MINUTE_MS);
    if (team->case_n < TWI_CASES_N && day >= stories[team->case_n].day)
        TW_TRY(begin_case(team, until_ms, err));
    if (at_ms >= until_ms) // a Sunday
        return TW_OK;
    if (day >= 22 && !team->has_exception)
        TW_TRY(add_exception(team, at_ms, err));
    if (day >= 26 && !team->has_signals)
        TW_TRY(change_signal(team, at_ms + 20 * MINUTE_MS, err));
    return TW_OK;
}
