// SPDX-License-Identifier: Apache-2.0
//
// When trainings run: one at a time, by hand or in the background thread of a live service. The
// thread trains the first outlier model when enough is known, then each night at the time of the
// schedule, soon after the start when the last one is older than a day, and whenever somebody asks.
// It has a low priority of its own and stops when the service drains.
//
// The times are those of the service's clock; the thread looks at it twice a second.
#define _XOPEN_SOURCE 700 // nice
#include <stdio.h>
#include <unistd.h>

#include "base/log.h"
#include "training.h"

#define FIRST_DAYS 3
#define FIRST_TRANSACTIONS 5000
#define LOW_PRIORITY 15
#define LOOK_MS 500
#define CATCH_UP_MS (30 * TW_SECOND_MS)

// --- the turn
// --------------------------------------------------------------------------------------

static int64_t now_of(const tw_service *service)
{
    return service->clock->now_ms(service->clock->ctx);
}

tw_status twi_turn_take(tw_service *service, const tw_train_request *request, tw_err *err)
{
    twi_training_turn *turn = &service->turn;
    pthread_mutex_lock(&service->train_lock);
    bool is_free = !turn->is_running;
    if (is_free) {
        turn->is_running = true;
        turn->stage = TW_TRAIN_REPLAY;
        turn->done = turn->all = 0;
        turn->started_ms = now_of(service);
        tw_str by = request->started_by.bytes > 0 ? request->started_by : TW_STR(TWI_TRAINED_BY);
        tw_str_copy(by, turn->started_by, sizeof(turn->started_by));
    }
    pthread_mutex_unlock(&service->train_lock);
    return is_free ? TW_OK : tw_fail(err, TW_CONFLICT, "a training is running already");
}

static const char *outcome_of(tw_status status, const tw_training *training)
{
    if (status == TW_CLOSED)
        return "stopped";
    if (status != TW_OK)
        return "failed";
    if (!training->has_classifier)
        return training->model_id[0] != '\0' ? "outlier" : "unchanged";
    return training->is_promoted ? "promoted" : "challenger";
}

void twi_turn_give(tw_service *service, tw_status status, const tw_training *training,
                   const tw_err *err)
{
    twi_training_turn *turn = &service->turn;
    pthread_mutex_lock(&service->train_lock);
    memmove(turn->runs + 1, turn->runs, sizeof(turn->runs) - sizeof(turn->runs[0]));
    turn->run_n = TW_MIN(turn->run_n + 1, (size_t)TW_TRAINING_HISTORY);
    tw_training_run *run = &turn->runs[0];
    *run = (tw_training_run){.started_ms = turn->started_ms,
                             .finished_ms = now_of(service),
                             .outcome = outcome_of(status, training)};
    memcpy(run->model_id, training->model_id, sizeof(run->model_id));
    memcpy(run->started_by, turn->started_by, sizeof(run->started_by));
    snprintf(run->sentence, sizeof(run->sentence), "%s",
             status == TW_OK ? training->why : err->text);
    turn->is_running = false;
    pthread_mutex_unlock(&service->train_lock);
}

static bool is_draining(tw_service *service)
{
    pthread_mutex_lock(&service->queue_lock);
    bool is_it = service->is_draining || service->is_closing;
    pthread_mutex_unlock(&service->queue_lock);
    return is_it;
}

bool twi_turn_progress(tw_service *service, tw_train_stage stage, uint64_t done, uint64_t all)
{
    twi_training_turn *turn = &service->turn;
    pthread_mutex_lock(&service->train_lock);
    turn->stage = stage;
    turn->done = done;
    turn->all = all;
    bool stops = service->train_stop;
    pthread_mutex_unlock(&service->train_lock);
    return stops || is_draining(service);
}

void tw_query_training(tw_service *service, tw_training_state *out)
{
    const twi_training_turn *turn = &service->turn;
    *out = (tw_training_state){.has_schedule = service->can_train && service->schedule.is_enabled,
                               .minute = service->schedule.minute,
                               .can_train = service->can_train};
    if (service->mode != TW_SERVICE_READER) {
        twi_gate_enter(&service->gate);
        out->last_ms = service->core.trained_ms;
        twi_gate_leave(&service->gate);
    }
    pthread_mutex_lock(&service->train_lock);
    out->next_ms = out->has_schedule && turn->next_ms != INT64_MAX ? turn->next_ms : 0;
    out->is_running = turn->is_running;
    out->stage = turn->stage;
    out->done = turn->done;
    out->all = turn->all;
    out->started_ms = turn->started_ms;
    memcpy(out->started_by, turn->started_by, sizeof(out->started_by));
    out->run_n = turn->run_n;
    memcpy(out->runs, turn->runs, sizeof(out->runs));
    pthread_mutex_unlock(&service->train_lock);
}

// --- the schedule
// ----------------------------------------------------------------------------------

int64_t twi_schedule_next(const tw_train_schedule *schedule, int64_t now_ms)
{
    if (!schedule->is_enabled)
        return INT64_MAX;
    // A zone is at most a day away from UTC.
    int32_t today = tw_floor_day(now_ms);
    for (int32_t day = today - 1;; day++) {
        int64_t wall_ms = day * TW_DAY_MS + schedule->minute * (TW_HOUR_MS / 60), utc_ms = wall_ms;
        int16_t offset_min;
        if (schedule->zone)
            utc_ms = tw_zone_to_utc(schedule->zone, wall_ms, &offset_min);
        if (utc_ms > now_ms)
            return utc_ms;
    }
}

// What the journal says about trainings, and whether there is something new to learn from.
typedef struct past {
    int64_t trained_ms;
    bool has_news;
} past;

static past read_past(tw_service *service)
{
    twi_gate_enter(&service->gate);
    const twi_core *core = &service->core;
    past p = {.trained_ms = core->trained_ms,
              .has_news = core->transaction_n + core->verdict_n > core->trained_facts_n};
    twi_gate_leave(&service->gate);
    return p;
}

static void plan_first(tw_service *service)
{
    int64_t now = now_of(service);
    past p = read_past(service);
    int64_t next = twi_schedule_next(&service->schedule, now);
    bool is_late = service->schedule.is_enabled && p.trained_ms != 0 &&
                   now - p.trained_ms > TW_DAY_MS && p.has_news;
    service->turn.next_ms = is_late ? TW_MIN(next, now + CATCH_UP_MS) : next;
}

void twi_train_consider(tw_service *service)
{
    const twi_core *core = &service->core;
    if (!service->can_train || core->model_day != INT32_MIN || core->first_day == INT32_MIN)
        return;
    int32_t day = tw_engine_day(core->engine_own);
    if (day == service->train_asked_day || day - core->first_day < FIRST_DAYS ||
        core->transaction_n < FIRST_TRANSACTIONS)
        return;
    service->train_asked_day = day;
    pthread_mutex_lock(&service->train_lock);
    service->turn.wants_first = true;
    pthread_cond_signal(&service->train_cond);
    pthread_mutex_unlock(&service->train_lock);
}

tw_status tw_service_train_start(tw_service *service, const tw_train_request *request, tw_err *err)
{
    twi_training_turn *turn = &service->turn;
    tw_status status = TW_OK;
    if (!service->can_train)
        return tw_fail(err, TW_UNSUPPORTED, "only a server trains in the background");
    pthread_mutex_lock(&service->train_lock);
    if (turn->is_running || turn->is_asked) {
        status = TW_CONFLICT;
    } else {
        tw_train_request plain = tw_train_request_default();
        turn->is_asked = true;
        turn->asked = request ? *request : plain;
        turn->asked.progress = NULL;
        tw_str_copy(turn->asked.started_by, turn->asked_by, sizeof(turn->asked_by));
        turn->asked.started_by = tw_str_from(turn->asked_by);
        pthread_cond_signal(&service->train_cond);
    }
    pthread_mutex_unlock(&service->train_lock);
    return status == TW_OK ? TW_OK : tw_fail(err, status, "a training is running already");
}

// What to run now; false = nothing. Inside train_lock.
static bool choose(tw_service *service, tw_train_request *out)
{
    twi_training_turn *turn = &service->turn;
    *out = tw_train_request_default();
    if (turn->is_asked) {
        *out = turn->asked;
        turn->is_asked = false;
        return true;
    }
    if (turn->wants_first) {
        turn->wants_first = false;
        out->is_forest_only = true;
        return true;
    }
    int64_t now = now_of(service);
    if (now < turn->next_ms)
        return false;
    turn->next_ms = twi_schedule_next(&service->schedule, now);
    return true;
}

static void run_once(tw_service *service, const tw_train_request *request, bool is_planned)
{
    tw_training training;
    tw_err err = {0};
    if (is_draining(service) || (is_planned && !read_past(service).has_news))
        return;
    tw_status status = tw_service_train(service, request, &training, &err);
    if (status == TW_OK && training.model_id[0] == '\0')
        tw_log(TW_LOG_INFO, "train", "the champion stays: %s", training.why);
    else if (status == TW_OK)
        tw_log(TW_LOG_INFO, "train", "model %s%s from %llu transactions in %.1f s: %s",
               training.model_id, training.is_promoted ? "" : " (challenger)",
               (unsigned long long)training.seen_n, (double)training.ns / 1e9, training.why);
    else if (status != TW_CLOSED)
        tw_log(TW_LOG_WARN, "train", "no new model: %s", err.text);
}

static void *train_main(void *ctx)
{
    tw_service *service = ctx;
    // On Linux the priority is the thread's own; failing leaves it as it is.
    if (nice(LOW_PRIORITY) == -1)
        tw_log(TW_LOG_DEBUG, "train", "priority not lowered");
    pthread_mutex_lock(&service->train_lock);
    while (!service->train_stop) {
        tw_train_request request;
        bool is_planned = !service->turn.is_asked && !service->turn.wants_first;
        if (choose(service, &request)) {
            pthread_mutex_unlock(&service->train_lock);
            run_once(service, &request, is_planned);
            pthread_mutex_lock(&service->train_lock);
            continue;
        }
        struct timespec deadline = twi_deadline(LOOK_MS);
        (void)twi_cond_wait(&service->train_cond, &service->train_lock, &deadline);
    }
    pthread_mutex_unlock(&service->train_lock);
    return NULL;
}

tw_status twi_train_start(tw_service *service, tw_err *err)
{
    if (!service->can_train)
        return TW_OK;
    plan_first(service);
    service->has_train = pthread_create(&service->train_thread, NULL, train_main, service) == 0;
    return service->has_train ? TW_OK
                              : tw_fail(err, TW_NO_MEMORY, "the training thread does not start");
}

void twi_train_stop(tw_service *service)
{
    pthread_mutex_lock(&service->train_lock);
    service->train_stop = true;
    pthread_cond_broadcast(&service->train_cond);
    pthread_mutex_unlock(&service->train_lock);
    if (service->has_train)
        pthread_join(service->train_thread, NULL);
    service->has_train = false;
}
