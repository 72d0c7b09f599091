// SPDX-License-Identifier: Apache-2.0
//
// Assignment rules. A thread looks at the alerts that nobody has touched yet whenever one has
// opened or the rules have changed, and gives each to whom the first fitting rule names, as the
// actor "rules". What it decides is journaled like anybody's assignment; a restart finds the same
// alerts untouched or assigned.
#include "base/log.h"
#include "json_text.h"
#include "work_bench.h"

#define ACTOR "rules"
// Alerts of one look; more follow at once.
#define LOOK_N 200
#define WAIT_MS 60000
// Alerts that open one after the other are given together.
#define GATHER_MS 200
// After a failure (a full disk).
#define RETRY_MS 5000
#define ARENA_BYTES ((size_t)256 << 20)

// Open alerts of somebody, counted once for a look.
typedef struct load {
    tw_str user;
    uint64_t open_n;
} load;

typedef struct look {
    tw_service *service;
    tw_arena arena;
    tw_settings settings;
    load *loads;
    size_t load_n, load_cap;
    tw_work_request *requests;
    size_t n;
} look;

// --- who
// ------------------------------------------------------------------------------------------

static load *load_of(look *l, tw_str user)
{
    for (size_t i = 0; i < l->load_n; i++)
        if (tw_str_equal(l->loads[i].user, user))
            return &l->loads[i];
    if (l->load_n == l->load_cap)
        return NULL;
    l->loads[l->load_n] = (load){.user = user};
    return &l->loads[l->load_n++];
}

static tw_status count_loads(look *l)
{
    tw_alert_count *counts;
    size_t n;
    tw_alert_filter open = {.only_open = true};
    TW_TRY(tw_ledger_alert_counts(l->service->ledger, &open, TW_ALERT_GROUP_ASSIGNEE, &l->arena,
                                  &counts, &n, NULL));
    l->load_cap = n + 4096;
    l->loads = tw_arena_array(&l->arena, l->load_cap, sizeof(*l->loads));
    if (!l->loads)
        return TW_NO_MEMORY;
    for (size_t i = 0; i < n; i++) {
        load *who = load_of(l, counts[i].key);
        if (who)
            who->open_n += counts[i].n; // one row for each currency
    }
    return TW_OK;
}

// The member with the fewest open alerts; ties by id, so that the same state gives the same choice.
static tw_status pick_member(look *l, tw_str team, load **out)
{
    tw_service *service = l->service;
    tw_str *users = NULL;
    size_t n = 0;
    tw_status status = TW_OK;
    *out = NULL;
    pthread_mutex_lock(&service->team_lock);
    if (service->team_members)
        status = service->team_members(service->team_ctx, team, &l->arena, &users, &n);
    pthread_mutex_unlock(&service->team_lock);
    for (size_t i = 0; status == TW_OK && i < n; i++) {
        load *who = load_of(l, users[i]);
        if (who && (!*out || who->open_n < (*out)->open_n ||
                    (who->open_n == (*out)->open_n && tw_str_compare(who->user, (*out)->user) < 0)))
            *out = who;
    }
    return status;
}

static bool fits(const tw_settings *settings, const tw_assign_rule *rule, const tw_alert_row *alert)
{
    return (rule->type.bytes == 0 || tw_str_equal(rule->type, alert->type)) &&
           (rule->scheme.bytes == 0 || tw_str_equal(rule->scheme, alert->scheme)) &&
           alert->risk_score >= rule->min_risk &&
           (rule->region.bytes == 0 ||
            tw_str_equal(rule->region, tw_settings_region(settings, alert->store_id)));
}

// A rule for a team without members is passed over.
static tw_status pick(look *l, const tw_alert_row *alert, load **out)
{
    *out = NULL;
    for (size_t i = 0; i < l->settings.rule_n && !*out; i++) {
        const tw_assign_rule *rule = &l->settings.rules[i];
        if (!fits(&l->settings, rule, alert))
            continue;
        if (rule->assignee.bytes > 0)
            *out = load_of(l, rule->assignee);
        else
            TW_TRY(pick_member(l, rule->team, out));
    }
    return TW_OK;
}

// --- what
// -----------------------------------------------------------------------------------------

static tw_status add_request(look *l, const tw_alert_row *alert, load *who)
{
    tw_buf body;
    tw_status status = TW_OK;
    tw_buf_init(&body, l->service->alloc, 4096);
    tw_buf_cstr(&body, "{\"assignee\":");
    twi_text_json(&body, who->user);
    tw_buf_u8(&body, '}');
    tw_str text = {(const char *)body.data_own, body.bytes};
    // Whoever took it since has it.
    l->requests[l->n] = (tw_work_request){.kind = TW_ACTION_ALERT_ASSIGN,
                                          .subject = alert->alert_id,
                                          .actor = TW_STR(ACTOR),
                                          .rights = TW_RIGHT_WORK | TW_RIGHT_MANAGE,
                                          .body = twi_arena_str(&l->arena, text, &status),
                                          .if_version = alert->last_seq};
    if (status == TW_OK)
        status = body.status;
    tw_buf_release(&body);
    TW_TRY(status);
    l->n++;
    who->open_n++;
    return TW_OK;
}

// Untouched alerts, a page after the other, until there is enough to do.
static tw_status gather(look *l)
{
    tw_str fresh = TW_STR("NEW");
    tw_alert_filter filter = {.statuses = {&fresh, 1}, .only_unassigned = true};
    tw_alert_page page = {.n = 0};
    do {
        char cursor[TW_LEDGER_CURSOR_BYTES];
        memcpy(cursor, page.next_cursor, sizeof(cursor));
        tw_alert_page_options options = {.sort = TW_ALERT_SORT_RANK,
                                         .limit = TW_LEDGER_PAGE_MAX,
                                         .cursor = cursor,
                                         .skip_total = true};
        TW_TRY(tw_ledger_alert_list(l->service->ledger, &filter, &options, &l->arena, &page, NULL));
        for (size_t i = 0; i < page.n && l->n < LOOK_N; i++) {
            load *who;
            if (page.items[i].work_seq != 0)
                continue; // somebody gave it back: people decide
            TW_TRY(pick(l, &page.items[i], &who));
            if (who)
                TW_TRY(add_request(l, &page.items[i], who));
        }
    } while (l->n < LOOK_N && page.next_cursor[0] != '\0');
    return TW_OK;
}

static tw_status give(look *l, tw_err *err)
{
    tw_work_result *results = tw_arena_array(&l->arena, l->n, sizeof(*results));
    if (!results)
        return TW_NO_MEMORY;
    tw_status status = tw_service_act(l->service, l->requests, l->n, results, err);
    // Somebody else was quicker with one: that is no failure.
    return status == TW_CONFLICT || status == TW_NOT_FOUND ? TW_OK : status;
}

// One look. *is_done: there is nothing more to give now.
static tw_status look_once(tw_service *service, bool *is_done, tw_err *err)
{
    look l = {.service = service};
    *is_done = true;
    tw_arena_init(&l.arena, service->alloc, 0, ARENA_BYTES);
    l.requests = tw_arena_array(&l.arena, LOOK_N, sizeof(*l.requests));
    tw_status status = l.requests ? TW_OK : TW_NO_MEMORY;
    if (status == TW_OK)
        status = twi_settings_get(service, &l.arena, &l.settings, err);
    if (status == TW_OK && l.settings.rule_n > 0) {
        status = count_loads(&l);
        if (status == TW_OK)
            status = gather(&l);
        if (status == TW_OK && l.n > 0)
            status = give(&l, err);
        *is_done = l.n < LOOK_N;
    }
    tw_arena_release(&l.arena);
    return status;
}

// --- the thread
// -----------------------------------------------------------------------------------

void twi_assign_wake(tw_service *service)
{
    pthread_mutex_lock(&service->assign_lock);
    service->assign_wanted = true;
    pthread_mutex_unlock(&service->assign_lock);
    pthread_cond_signal(&service->assign_cond);
}

// Waits until something may have to be given. False at the end.
static bool wait_for_work(tw_service *service, int wait_ms)
{
    struct timespec deadline = twi_deadline(wait_ms);
    pthread_mutex_lock(&service->assign_lock);
    while (!service->assign_wanted && !service->assign_stop &&
           twi_cond_wait(&service->assign_cond, &service->assign_lock, &deadline))
        continue;
    deadline = twi_deadline(GATHER_MS);
    while (!service->assign_stop &&
           twi_cond_wait(&service->assign_cond, &service->assign_lock, &deadline))
        continue;
    service->assign_wanted = false;
    bool goes_on = !service->assign_stop;
    pthread_mutex_unlock(&service->assign_lock);
    return goes_on;
}

static void *assign_main(void *ctx)
{
    tw_service *service = ctx;
    int wait_ms = WAIT_MS;
    bool has_failed = false;
    while (wait_for_work(service, wait_ms)) {
        bool is_done = true;
        tw_err err = {0};
        tw_status status = look_once(service, &is_done, &err);
        if (status != TW_OK && status != TW_CLOSED && !has_failed)
            tw_log(TW_LOG_WARN, "rules", "alerts wait for their assignment: %s",
                   err.text[0] ? err.text : tw_status_text(status));
        has_failed = status != TW_OK;
        wait_ms = has_failed ? RETRY_MS : WAIT_MS;
        if (!is_done && !has_failed)
            twi_assign_wake(service);
    }
    return NULL;
}

tw_status twi_assign_start(tw_service *service, tw_err *err)
{
    if (service->mode != TW_SERVICE_LIVE)
        return TW_OK;
    service->assign_wanted = true; // what opened while nobody looked
    service->has_assign = pthread_create(&service->assign_thread, NULL, assign_main, service) == 0;
    return service->has_assign
               ? TW_OK
               : tw_fail(err, TW_NO_MEMORY, "the thread of the assignment rules does not start");
}

void twi_assign_stop(tw_service *service)
{
    pthread_mutex_lock(&service->assign_lock);
    service->assign_stop = true;
    pthread_mutex_unlock(&service->assign_lock);
    pthread_cond_signal(&service->assign_cond);
    if (service->has_assign)
        pthread_join(service->assign_thread, NULL);
    service->has_assign = false;
}

void tw_service_on_team(tw_service *service, tw_team_members *members, void *ctx)
{
    pthread_mutex_lock(&service->team_lock);
    service->team_members = members;
    service->team_ctx = ctx;
    pthread_mutex_unlock(&service->team_lock);
    twi_assign_wake(service);
}
