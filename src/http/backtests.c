// SPDX-License-Identifier: Apache-2.0
//
// Backtests on request: one at a time, on a thread of low priority at the side of the flow,
// followed by polling. The last results are kept in memory until the server ends.
//
// Locks: twi_backtests.lock guards the slots; the running slot's request is constant while it runs,
// and its progress is atomic.
#define _XOPEN_SOURCE 700 // nice
#include <stdio.h>
#include <unistd.h>

#include "learning.h"
#include "scope.h"
#include "versions.h"

enum { KEPT = 16, LIST_MAX = 500, SIGNALS_MAX = 1 << 20, POLICY_MAX = 64 << 10, LOW_PRIORITY = 15 };

typedef enum backtest_state {
    BACKTEST_NONE,
    BACKTEST_RUNNING,
    BACKTEST_DONE,
    BACKTEST_FAILED
} backtest_state;

typedef struct backtest {
    backtest_state state;
    char id[32];
    char model_id[TW_MODEL_ID_BYTES]; // "" = as it was
    int64_t from_ms, to_ms;           // 0 = open
    int64_t started_ms, finished_ms;
    tw_buf signals, policy; // empty = as they were
    atomic_ullong done_n, all_n;
    atomic_bool is_unwanted; // somebody stopped it
    tw_err err;
    tw_backtest result; // when DONE
} backtest;

struct twi_backtests {
    pthread_mutex_t lock;
    pthread_cond_t ended; // nothing runs any more
    tw_http *http;
    backtest slots[KEPT];
    size_t next;       // slot that the next one takes
    uint64_t number;   // of backtests so far
    backtest *running; // NULL = none
    pthread_t thread;
    bool has_thread; // to be joined
};

tw_status twi_backtests_new(tw_http *http, tw_err *err)
{
    struct twi_backtests *all = tw_new(http->alloc, struct twi_backtests);
    if (!all)
        return tw_fail(err, TW_NO_MEMORY, "no memory for the server");
    all->http = http;
    pthread_mutex_init(&all->lock, NULL);
    pthread_cond_init(&all->ended, NULL);
    http->backtests_own = all;
    return TW_OK;
}

static void slot_reset(backtest *slot)
{
    if (slot->state == BACKTEST_DONE)
        tw_backtest_release(&slot->result);
    tw_buf_release(&slot->signals);
    tw_buf_release(&slot->policy);
    slot->state = BACKTEST_NONE;
}

void twi_backtests_free(tw_http *http)
{
    struct twi_backtests *all = http->backtests_own;
    if (!all)
        return;
    if (all->has_thread)
        pthread_join(all->thread, NULL);
    for (size_t i = 0; i < KEPT; i++)
        slot_reset(&all->slots[i]);
    pthread_cond_destroy(&all->ended);
    pthread_mutex_destroy(&all->lock);
    tw_delete(http->alloc, all);
    http->backtests_own = NULL;
}

// --- the run
// --------------------------------------------------------------------------------------------

static bool on_progress(void *ctx, uint64_t done, uint64_t all)
{
    struct twi_backtests *backtests = ctx;
    atomic_store(&backtests->running->done_n, done);
    atomic_store(&backtests->running->all_n, all);
    return atomic_load(&backtests->http->is_stopping) ||
           atomic_load(&backtests->running->is_unwanted);
}

static tw_str view_of(const tw_buf *buf)
{
    return (tw_str){(const char *)buf->data_own, buf->bytes};
}

static void *run(void *arg)
{
    struct twi_backtests *all = arg;
    tw_http *http = all->http;
    backtest *slot = all->running;
    tw_backtest_request request = {.model_id = tw_str_from(slot->model_id),
                                   .signals = view_of(&slot->signals),
                                   .policy = view_of(&slot->policy),
                                   .from_ms = slot->from_ms,
                                   .to_ms = slot->to_ms,
                                   .progress = on_progress,
                                   .progress_ctx = all};
    tw_backtest result = {0};
    tw_err err = {0};
    if (nice(LOW_PRIORITY) == -1)
        err.sys_errno = 0; // it runs at the ordinary priority then
    tw_status status = tw_query_backtest(http->service, &request, &result, &err);
    if (status != TW_OK && !err.text[0])
        tw_fail(&err, status, "%s", tw_status_text(status));
    pthread_mutex_lock(&all->lock);
    slot->result = result;
    slot->err = err;
    slot->state = status == TW_OK ? BACKTEST_DONE : BACKTEST_FAILED;
    slot->finished_ms = http->clock->now_ms(http->clock->ctx);
    all->running = NULL;
    pthread_cond_broadcast(&all->ended);
    pthread_mutex_unlock(&all->lock);
    return NULL;
}

// --- as JSON
// --------------------------------------------------------------------------------------------

static void put_schemes(yyjson_mut_doc *doc, yyjson_mut_val *out, const tw_backtest *result)
{
    yyjson_mut_val *schemes = twi_json_array(doc, out, "schemes");
    for (size_t i = 0; i < result->scheme_n; i++) {
        const tw_backtest_scheme *scheme = &result->schemes_own[i];
        yyjson_mut_val *item = yyjson_mut_arr_add_obj(doc, schemes);
        twi_json_cstr(doc, item, "scheme", scheme->name);
        twi_json_uint(doc, item, "alerts", scheme->alert_n);
        twi_json_uint(doc, item, "confirmed", scheme->confirmed_n);
        twi_json_uint(doc, item, "refuted", scheme->refuted_n);
        twi_json_uint(doc, item, "unknown", scheme->unknown_n);
    }
    yyjson_mut_val *signals = twi_json_array(doc, out, "signals");
    for (size_t i = 0; i < result->signal_n; i++) {
        const tw_backtest_signal *signal = &result->signals_own[i];
        yyjson_mut_val *item = yyjson_mut_arr_add_obj(doc, signals);
        twi_json_cstr(doc, item, "signal", signal->name);
        twi_json_uint(doc, item, "fired", signal->fired_n);
        twi_json_uint(doc, item, "alerts", signal->alert_n);
        twi_json_uint(doc, item, "confirmed", signal->confirmed_n);
        twi_json_uint(doc, item, "refuted", signal->refuted_n);
    }
}

// Alerts of stores that the caller may not see are left out.
static bool put_alert(twi_request *request, yyjson_mut_doc *doc, yyjson_mut_val *list,
                      const tw_backtest_alert *alert)
{
    if (!twi_scope_has(request, tw_str_from(alert->store_id)))
        return false;
    yyjson_mut_val *item = yyjson_mut_arr_add_obj(doc, list);
    twi_json_cstr(doc, item, "alert_id", alert->alert_id);
    twi_json_cstr(doc, item, "scheme", alert->scheme);
    twi_json_cstr(doc, item, "entity_id", alert->entity_id);
    twi_json_cstr(doc, item, "store_id", alert->store_id);
    twi_json_time(doc, item, "created_at", alert->created_ms, 0);
    twi_json_share(doc, item, "risk_score", alert->risk);
    if (alert->known < 0)
        twi_json_null(doc, item, "known");
    else
        twi_json_cstr(doc, item, "known", alert->known ? "confirmed" : "refuted");
    twi_json_bool(doc, item, "as_recorded", alert->as_recorded);
    return true;
}

static void put_alerts(twi_request *request, yyjson_mut_doc *doc, yyjson_mut_val *out,
                       const tw_backtest *result)
{
    yyjson_mut_val *appearing = twi_json_array(doc, out, "appearing");
    for (size_t i = 0, n = 0; i < result->alert_list_n && n < LIST_MAX; i++) {
        if (!result->alerts_own[i].as_recorded)
            n += put_alert(request, doc, appearing, &result->alerts_own[i]);
    }
    yyjson_mut_val *vanishing = twi_json_array(doc, out, "vanishing");
    for (size_t i = 0, n = 0; i < result->recorded_n && n < LIST_MAX; i++) {
        if (!result->recorded_own[i].is_raised)
            n += put_alert(request, doc, vanishing, &result->recorded_own[i]);
    }
    yyjson_mut_val *alerts = twi_json_array(doc, out, "alert_list");
    for (size_t i = 0, n = 0; i < result->alert_list_n && n < LIST_MAX; i++)
        n += put_alert(request, doc, alerts, &result->alerts_own[i]);
}

static int32_t day_of(const tw_backtest_alert *alert)
{
    return (int32_t)(alert->created_ms / TW_DAY_MS);
}

// Alerts by day, of both runs: both lists are in order of creation.
static void put_days(yyjson_mut_doc *doc, yyjson_mut_val *out, const tw_backtest *result)
{
    const tw_backtest_alert *tried = result->alerts_own, *recorded = result->recorded_own;
    size_t tried_i = 0, recorded_i = 0;
    yyjson_mut_val *days = twi_json_array(doc, out, "days_of");
    while (tried_i < result->alert_list_n || recorded_i < result->recorded_n) {
        int32_t day = INT32_MAX;
        uint64_t tried_n = 0, recorded_n = 0;
        if (tried_i < result->alert_list_n)
            day = day_of(&tried[tried_i]);
        if (recorded_i < result->recorded_n)
            day = TW_MIN(day, day_of(&recorded[recorded_i]));
        for (; tried_i < result->alert_list_n && day_of(&tried[tried_i]) == day; tried_i++)
            tried_n++;
        for (; recorded_i < result->recorded_n && day_of(&recorded[recorded_i]) == day;
             recorded_i++)
            recorded_n++;
        yyjson_mut_val *item = yyjson_mut_arr_add_obj(doc, days);
        twi_json_date(doc, item, "date", day);
        twi_json_uint(doc, item, "alerts", tried_n);
        twi_json_uint(doc, item, "recorded", recorded_n);
    }
}

static void put_recorded(yyjson_mut_doc *doc, yyjson_mut_val *out, const tw_backtest *result)
{
    yyjson_mut_val *recorded = twi_json_object(doc, out, "recorded");
    twi_json_uint(doc, recorded, "alerts", result->recorded_n);
    twi_json_uint(doc, recorded, "confirmed", result->recorded_confirmed_n);
    twi_json_uint(doc, recorded, "refuted", result->recorded_refuted_n);
    twi_json_uint(doc, recorded, "unknown", result->recorded_unknown_n);
    twi_json_share_of(doc, recorded, "precision", &result->recorded_precision);
}

static void put_result(twi_request *request, yyjson_mut_doc *doc, yyjson_mut_val *root,
                       const tw_backtest *result)
{
    yyjson_mut_val *out = twi_json_object(doc, root, "result");
    twi_json_uint(doc, out, "transactions", result->transaction_n);
    twi_json_uint(doc, out, "alerts", result->alert_n);
    twi_json_uint(doc, out, "confirmed", result->confirmed_n);
    twi_json_uint(doc, out, "refuted", result->refuted_n);
    twi_json_uint(doc, out, "unknown", result->unknown_n);
    twi_json_uint(doc, out, "stores", result->store_n);
    twi_json_uint(doc, out, "days", result->day_n > 0 ? (uint64_t)result->day_n : 0);
    twi_json_num(doc, out, "alerts_per_store_day", result->alerts_per_store_day);
    twi_json_share_of(doc, out, "precision", &result->precision);
    twi_json_uint(doc, out, "known_confirmed", result->known_confirmed_n);
    twi_json_uint(doc, out, "known_found", result->known_found_n);
    twi_json_uint(doc, out, "appears", result->appears_n);
    twi_json_uint(doc, out, "vanishes", result->vanishes_n);
    put_recorded(doc, out, result);
    put_days(doc, out, result);
    put_schemes(doc, out, result);
    put_alerts(request, doc, out, result);
}

static void time_or_null(yyjson_mut_doc *doc, yyjson_mut_val *out, const char *key, int64_t ms)
{
    if (ms)
        twi_json_time(doc, out, key, ms, 0);
    else
        twi_json_null(doc, out, key);
}

// Inside the lock.
static void put_backtest(twi_request *request, yyjson_mut_doc *doc, yyjson_mut_val *root,
                         backtest *slot)
{
    static const char *const states[] = {"", "running", "done", "failed"};
    twi_json_cstr(doc, root, "id", slot->id);
    twi_json_cstr(doc, root, "state", states[slot->state]);
    twi_json_time(doc, root, "started_at", slot->started_ms, 0);
    time_or_null(doc, root, "finished_at", slot->finished_ms);
    twi_json_str_or_null(doc, root, "model", tw_str_from(slot->model_id));
    time_or_null(doc, root, "from", slot->from_ms);
    time_or_null(doc, root, "to", slot->to_ms);
    twi_json_uint(doc, root, "done", atomic_load(&slot->done_n));
    twi_json_uint(doc, root, "all", atomic_load(&slot->all_n));
    bool has_failed = slot->state == BACKTEST_FAILED;
    twi_json_str_or_null(doc, root, "detail",
                         has_failed ? tw_str_from(slot->err.text) : TW_STR_NONE);
    if (slot->state == BACKTEST_DONE)
        put_result(request, doc, root, &slot->result);
    else
        twi_json_null(doc, root, "result");
}

void twi_handle_backtest(twi_request *request)
{
    struct twi_backtests *all = request->http->backtests_own;
    tw_str id = request->params[0];
    yyjson_mut_doc *doc;
    yyjson_mut_val *root;
    if (!twi_json_begin(request, TW_OK, NULL, &doc, &root))
        return;
    bool is_found = false;
    pthread_mutex_lock(&all->lock);
    for (size_t i = 0; i < KEPT && !is_found; i++) {
        backtest *slot = &all->slots[i];
        is_found = slot->state != BACKTEST_NONE && tw_str_equal(id, tw_str_from(slot->id));
        if (is_found)
            put_backtest(request, doc, root, slot);
    }
    pthread_mutex_unlock(&all->lock);
    if (is_found)
        twi_reply_json(request, 200, doc);
    else
        twi_problem(request, 404, NULL, "There is no backtest \"%.*s\"", TW_STR_ARG(id));
}

// --- the start
// --------------------------------------------------------------------------------------------

typedef struct wanted {
    tw_str model, signals, policy;
    int64_t from_ms, to_ms;
} wanted;

// A member that is text of at most max_bytes when it is there; false after answering.
static bool text_member(twi_request *request, yyjson_val *body, const char *name, size_t max_bytes,
                        tw_str *out, size_t *known_n)
{
    yyjson_val *value = yyjson_obj_get(body, name);
    *known_n += value != NULL;
    *out = (tw_str){yyjson_get_str(value), yyjson_get_len(value)};
    if (!value || (yyjson_is_str(value) && out->bytes > 0 && out->bytes <= max_bytes))
        return true;
    twi_problem(request, 422, name, "%s must be text of 1 to %zu bytes", name, max_bytes);
    return false;
}

static bool time_member(twi_request *request, yyjson_val *body, const char *name, int64_t *out_ms,
                        size_t *known_n)
{
    tw_str text;
    int16_t offset = 0;
    *out_ms = 0;
    if (!text_member(request, body, name, TW_TIME_TEXT_BYTES, &text, known_n))
        return false;
    if (text.bytes == 0 || tw_time_parse(text, out_ms, &offset))
        return true;
    twi_problem(request, 422, name, "%s must be a time such as 2026-01-05T09:00:00Z", name);
    return false;
}

// Changes by name make a text out of the one in force; not together with a whole text.
static bool read_changes(twi_request *request, yyjson_val *body, wanted *out, size_t *known_n)
{
    yyjson_val *changes = yyjson_obj_get(body, "signal_changes");
    yyjson_val *values = yyjson_obj_get(body, "policy_values");
    tw_str current;
    *known_n += (changes != NULL) + (values != NULL);
    if ((changes && out->signals.bytes) || (values && out->policy.bytes)) {
        twi_problem(request, 422, changes ? "signal_changes" : "policy_values",
                    "Give changes or a whole text, not both");
        return false;
    }
    if (changes &&
        (!twi_version_current(request, TW_CONFIG_SIGNALS, &current) ||
         !twi_signals_edited(request, changes, "signal_changes", current, &out->signals)))
        return false;
    return !values || (twi_version_current(request, TW_CONFIG_POLICY, &current) &&
                       twi_policy_edited(request, values, "policy_values", current, &out->policy));
}

static bool read_wanted(twi_request *request, yyjson_val *body, wanted *out)
{
    size_t known_n = 0;
    if (!text_member(request, body, "model", TW_MODEL_ID_BYTES - 1, &out->model, &known_n) ||
        !text_member(request, body, "signals", SIGNALS_MAX, &out->signals, &known_n) ||
        !text_member(request, body, "policy", POLICY_MAX, &out->policy, &known_n) ||
        !time_member(request, body, "from", &out->from_ms, &known_n) ||
        !time_member(request, body, "to", &out->to_ms, &known_n) ||
        !read_changes(request, body, out, &known_n))
        return false;
    if (yyjson_obj_size(body) != known_n)
        twi_problem(request, 422, NULL,
                    "The body may hold model, signals or signal_changes, policy or policy_values, "
                    "from and to, nothing else");
    else if (out->to_ms && out->to_ms <= out->from_ms)
        twi_problem(request, 422, "to", "to must be later than from");
    else
        return true;
    return false;
}

static bool knows_model(twi_request *request, tw_str id)
{
    tw_model_view view;
    tw_err err = {0};
    if (id.bytes == 0)
        return true;
    tw_status status = tw_query_model(request->http->service, id, &request->arena, &view, &err);
    if (status == TW_NOT_FOUND)
        twi_problem(request, 404, "model", "There is no model \"%.*s\"", TW_STR_ARG(id));
    else if (status != TW_OK)
        twi_problem_err(request, status, &err);
    return status == TW_OK;
}

// Inside the lock, with nothing running.
static tw_status begin(struct twi_backtests *all, const wanted *want, backtest *slot)
{
    tw_http *http = all->http;
    slot_reset(slot);
    *slot = (backtest){.from_ms = want->from_ms,
                       .to_ms = want->to_ms,
                       .started_ms = http->clock->now_ms(http->clock->ctx)};
    snprintf(slot->id, sizeof(slot->id), "B-%llx-%llu", (unsigned long long)slot->started_ms,
             (unsigned long long)++all->number);
    tw_str_copy(want->model, slot->model_id, sizeof(slot->model_id));
    tw_buf_init(&slot->signals, http->alloc, SIGNALS_MAX);
    tw_buf_init(&slot->policy, http->alloc, POLICY_MAX);
    tw_buf_str(&slot->signals, want->signals);
    tw_buf_str(&slot->policy, want->policy);
    if (slot->signals.status != TW_OK || slot->policy.status != TW_OK)
        return TW_NO_MEMORY;
    if (all->has_thread)
        pthread_join(all->thread, NULL); // it has ended: nothing runs
    slot->state = BACKTEST_RUNNING;
    all->running = slot;
    all->has_thread = pthread_create(&all->thread, NULL, run, all) == 0;
    if (all->has_thread)
        return TW_OK;
    all->running = NULL;
    slot->state = BACKTEST_NONE;
    return TW_NO_MEMORY;
}

void twi_handle_backtest_start(twi_request *request)
{
    struct twi_backtests *all = request->http->backtests_own;
    wanted want = {0};
    yyjson_doc *body = twi_body_json(request);
    if (!body || !read_wanted(request, yyjson_doc_get_root(body), &want) ||
        !knows_model(request, want.model))
        return;
    yyjson_mut_doc *doc;
    yyjson_mut_val *root;
    if (!twi_json_begin(request, TW_OK, NULL, &doc, &root))
        return;
    pthread_mutex_lock(&all->lock);
    bool is_busy = all->running != NULL;
    backtest *slot = &all->slots[all->next];
    tw_status status = is_busy ? TW_CONFLICT : begin(all, &want, slot);
    if (status == TW_OK) {
        all->next = (all->next + 1) % KEPT;
        put_backtest(request, doc, root, slot);
    }
    pthread_mutex_unlock(&all->lock);
    if (is_busy)
        twi_problem(request, 409, NULL, "A backtest is running; wait until it ends");
    else if (status != TW_OK)
        twi_problem_err(request, status, NULL);
    else
        twi_reply_json(request, 202, doc);
}

// A running one ends at its next step, some milliseconds later.
void twi_handle_backtest_stop(twi_request *request)
{
    struct twi_backtests *all = request->http->backtests_own;
    tw_str id = request->params[0];
    bool is_found = false;
    pthread_mutex_lock(&all->lock);
    for (size_t i = 0; i < KEPT && !is_found; i++) {
        backtest *slot = &all->slots[i];
        is_found = slot->state != BACKTEST_NONE && tw_str_equal(id, tw_str_from(slot->id));
        if (is_found && slot->state == BACKTEST_RUNNING)
            atomic_store(&slot->is_unwanted, true);
        else if (is_found)
            slot_reset(slot);
    }
    while (is_found && all->running && atomic_load(&all->running->is_unwanted))
        pthread_cond_wait(&all->ended, &all->lock);
    pthread_mutex_unlock(&all->lock);
    if (is_found)
        twi_reply(request, 204, NULL, TW_STR_NONE);
    else
        twi_problem(request, 404, NULL, "There is no backtest \"%.*s\"", TW_STR_ARG(id));
}
