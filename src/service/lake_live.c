// SPDX-License-Identifier: Apache-2.0
//
// The lake beside a service. Invariants:
//  1. `current` is whole or NULL: it is built aside (opened, tail staged, sessions made) and then
//     swapped in under `lock`, never behind the one before; that one is closed when nobody uses it
//     any more.
//  2. Only the holder of `stage_lock` stages into `current`, and nobody swaps meanwhile.
//  3. A session has one user at a time (`is_taken`, under `lock`).
// Locks: stage_lock before lock.
#define _XOPEN_SOURCE 700 // nice
#include "service/lake_live.h"

#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"

#define LOW_PRIORITY 10
#define LOOK_MS 1000
// Facts that a question stages by itself: some 0.1 s. The thread does what is more.
#define SETTLE_FACTS 16384
// Facts of one turn of the thread: others wait no longer than this takes.
#define STEP_FACTS 8192
#define OPEN_WAIT_MS 10000

typedef struct handle {
    tw_lake main;
    tw_lake sessions[TW_LAKE_LANE_N];
    bool is_taken[TW_LAKE_LANE_N];
    unsigned user_n;
    uint64_t number;       // of the opening
    uint64_t position_seq; // of the files
    uint64_t seq;          // staged up to here
    int64_t up_to_ms;
    int32_t first_day, last_day; // of transactions; first > last = none
} handle;

struct tw_lake_live {
    tw_lake_live_options options;
    const tw_clock *clock;
    pthread_t thread;
    pthread_mutex_t stage_lock;
    pthread_mutex_t lock;
    pthread_cond_t changed_cond; // wakes the thread
    pthread_cond_t free_cond;    // a session or a handle is free, or there is a first one
    handle *current;             // under lock
    uint64_t opened_n;           // under lock
    bool is_asked;               // to open anew; under lock
    bool has_failed;             // the last opening; under lock
    tw_err failure;              // under lock
    _Atomic bool is_over;
};

// --- handles
// --------------------------------------------------------------------------------------

static void close_handle(tw_lake_live *live, handle *h)
{
    if (!h)
        return;
    for (size_t i = 0; i < TW_LAKE_LANE_N; i++)
        tw_lake_close(&h->sessions[i]);
    tw_lake_close(&h->main);
    tw_delete(live->options.source.alloc, h);
}

// Takes the current handle for use; NULL when there is none.
static handle *use_current(tw_lake_live *live)
{
    pthread_mutex_lock(&live->lock);
    handle *h = live->current;
    if (h)
        h->user_n++;
    pthread_mutex_unlock(&live->lock);
    return h;
}

static void leave(tw_lake_live *live, handle *h)
{
    pthread_mutex_lock(&live->lock);
    bool is_last = --h->user_n == 0 && h != live->current;
    pthread_cond_broadcast(&live->free_cond);
    pthread_mutex_unlock(&live->lock);
    if (is_last)
        close_handle(live, h);
}

// --- the tail
// -------------------------------------------------------------------------------------

// Stages facts behind h->seq, at most `max`; *is_behind tells whether more is there.
static tw_status stage_more(tw_lake_live *live, handle *h, uint64_t max, bool *is_behind,
                            tw_err *err)
{
    tw_lake_tail tail = {.seq = h->seq, .first_day = h->first_day, .last_day = h->last_day};
    int64_t now_ms = live->clock->now_ms(live->clock->ctx);
    TW_TRY(tw_lake_stage_more(&live->options.source, &h->main, &tail, max, err));
    if (tail.seq > h->seq)
        TW_TRY(tw_lake_flush(&h->main, err));
    pthread_mutex_lock(&live->lock);
    h->seq = tail.seq;
    h->first_day = tail.first_day;
    h->last_day = tail.last_day;
    // With everything staged, what was accepted until just now is in.
    if (tail.is_whole)
        h->up_to_ms = now_ms;
    else if (tail.received_ms > 0)
        h->up_to_ms = tail.received_ms;
    pthread_mutex_unlock(&live->lock);
    *is_behind = tail.is_behind;
    return TW_OK;
}

static tw_status take_text(void *ctx, tw_lake_visit_kind kind, const tw_str *cells, size_t n,
                           tw_err *err)
{
    int32_t *days = ctx;
    (void)err;
    if (kind == TW_LAKE_VISIT_ROW && n == 2 && cells[0].at && cells[1].at) {
        (void)tw_date_parse(cells[0], &days[0]);
        (void)tw_date_parse(cells[1], &days[1]);
    }
    return TW_OK;
}

static tw_status build(tw_lake_live *live, handle *h, tw_err *err)
{
    bool is_behind = true;
    int32_t days[2] = {INT32_MAX, INT32_MIN};
    tw_lake_position position;
    tw_lake_query query = {.sql = TW_STR("SELECT min(date), max(date) FROM store_days"),
                           .is_ours = true};
    TW_TRY(live->options.open(live->options.open_ctx, &h->main, err));
    TW_TRY(tw_lake_get_position(&h->main, &position, err));
    h->position_seq = h->seq = position.seq;
    h->first_day = INT32_MAX;
    h->last_day = INT32_MIN;
    for (size_t i = 0; i < TW_LAKE_LANE_N; i++)
        TW_TRY(tw_lake_session(&h->main, &h->sessions[i], err));
    TW_TRY(tw_lake_run(&h->sessions[0], &query, take_text, days, err));
    h->first_day = days[0];
    h->last_day = days[1];
    while (is_behind && !atomic_load(&live->is_over))
        TW_TRY(stage_more(live, h, STEP_FACTS, &is_behind, err));
    return TW_OK;
}

// Nobody stages into `before` meanwhile, so that this ends: what a question has seen stays seen.
static tw_status catch_up(tw_lake_live *live, handle *h, const handle *before, tw_err *err)
{
    bool is_behind = true;
    while (before && h->seq < before->seq && is_behind)
        TW_TRY(stage_more(live, h, STEP_FACTS, &is_behind, err));
    return TW_OK;
}

static tw_status swap_in(tw_lake_live *live, handle *h, tw_err *err)
{
    pthread_mutex_lock(&live->stage_lock);
    handle *before = live->current; // only this thread changes it
    tw_status status = catch_up(live, h, before, err);
    if (status != TW_OK) {
        pthread_mutex_unlock(&live->stage_lock);
        return status;
    }
    pthread_mutex_lock(&live->lock);
    live->current = h;
    h->number = ++live->opened_n;
    live->has_failed = false;
    bool is_unused = before && before->user_n == 0;
    pthread_cond_broadcast(&live->free_cond);
    pthread_mutex_unlock(&live->lock);
    pthread_mutex_unlock(&live->stage_lock);
    if (is_unused)
        close_handle(live, before);
    return TW_OK;
}

static void open_anew(tw_lake_live *live)
{
    tw_err err = {.text = ""};
    handle *h = tw_new(live->options.source.alloc, handle);
    tw_status status =
        h ? build(live, h, &err) : tw_fail(&err, TW_NO_MEMORY, "no memory for the lake");
    if (status == TW_OK)
        status = swap_in(live, h, &err);
    if (status == TW_OK)
        return;
    close_handle(live, h);
    pthread_mutex_lock(&live->lock);
    if (status != TW_CLOSED && strcmp(live->failure.text, err.text) != 0)
        tw_log(TW_LOG_WARN, "lake", "the lake cannot be opened: %s", err.text);
    live->has_failed = true;
    live->is_asked = true; // the next look tries again
    live->failure = err;
    pthread_cond_broadcast(&live->free_cond);
    pthread_mutex_unlock(&live->lock);
}

// Brings the current handle up to what is projected.
static tw_status follow(tw_lake_live *live, uint64_t max, bool *is_behind, tw_err *err)
{
    *is_behind = false;
    pthread_mutex_lock(&live->stage_lock);
    handle *h = use_current(live);
    tw_status status = h ? stage_more(live, h, max, is_behind, err) : TW_OK;
    pthread_mutex_unlock(&live->stage_lock);
    if (h)
        leave(live, h);
    if (status != TW_OK)
        tw_lake_live_changed(live); // it may be half staged: a new one is whole
    return status;
}

// --- the thread
// -----------------------------------------------------------------------------------

static bool is_asked(tw_lake_live *live)
{
    pthread_mutex_lock(&live->lock);
    bool asked = live->is_asked;
    live->is_asked = false;
    pthread_mutex_unlock(&live->lock);
    return asked;
}

static void wait_for_work(tw_lake_live *live)
{
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += LOOK_MS / 1000;
    pthread_mutex_lock(&live->lock);
    bool waits = !live->is_asked || live->has_failed;
    while (waits && !atomic_load(&live->is_over))
        waits = pthread_cond_timedwait(&live->changed_cond, &live->lock, &until) == 0 &&
                !live->is_asked;
    pthread_mutex_unlock(&live->lock);
}

static void *run(void *ctx)
{
    tw_lake_live *live = ctx;
    bool is_behind = false;
    // On Linux the priority is the thread's own; failing leaves it as it is.
    if (nice(LOW_PRIORITY) == -1)
        tw_log(TW_LOG_DEBUG, "lake", "priority not lowered");
    while (!atomic_load(&live->is_over)) {
        tw_err err = {.text = ""};
        if (is_asked(live))
            open_anew(live);
        else if (follow(live, STEP_FACTS, &is_behind, &err) != TW_OK)
            tw_log(TW_LOG_WARN, "lake", "the tail was not staged: %s", err.text);
        if (!is_behind)
            wait_for_work(live);
    }
    return NULL;
}

static void init_locks(tw_lake_live *live)
{
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&live->changed_cond, &attributes);
    pthread_cond_init(&live->free_cond, &attributes);
    pthread_condattr_destroy(&attributes);
    pthread_mutex_init(&live->stage_lock, NULL);
    pthread_mutex_init(&live->lock, NULL);
}

static void release(tw_lake_live *live)
{
    close_handle(live, live->current);
    pthread_cond_destroy(&live->changed_cond);
    pthread_cond_destroy(&live->free_cond);
    pthread_mutex_destroy(&live->stage_lock);
    pthread_mutex_destroy(&live->lock);
    tw_delete(live->options.source.alloc, live);
}

tw_status tw_lake_live_new(const tw_lake_live_options *options, tw_lake_live **out, tw_err *err)
{
    *out = NULL;
    tw_lake_live *live = tw_new(options->source.alloc, tw_lake_live);
    if (!live)
        return tw_fail(err, TW_NO_MEMORY, "no memory for the lake");
    live->options = *options;
    live->clock = options->clock ? options->clock : tw_clock_system();
    live->is_asked = true;
    init_locks(live);
    if (pthread_create(&live->thread, NULL, run, live) != 0) {
        release(live);
        return tw_fail(err, TW_NO_MEMORY, "no thread for the lake");
    }
    *out = live;
    return TW_OK;
}

void tw_lake_live_stop(tw_lake_live *live)
{
    if (!live)
        return;
    pthread_mutex_lock(&live->lock);
    atomic_store(&live->is_over, true);
    pthread_cond_broadcast(&live->changed_cond);
    pthread_cond_broadcast(&live->free_cond);
    pthread_mutex_unlock(&live->lock);
}

void tw_lake_live_free(tw_lake_live *live)
{
    if (!live)
        return;
    tw_lake_live_stop(live);
    pthread_join(live->thread, NULL);
    release(live);
}

void tw_lake_live_changed(tw_lake_live *live)
{
    pthread_mutex_lock(&live->lock);
    live->is_asked = true;
    pthread_cond_broadcast(&live->changed_cond);
    pthread_mutex_unlock(&live->lock);
}

// --- questions
// ------------------------------------------------------------------------------------

static tw_status stopped(tw_err *err)
{
    return tw_fail(err, TW_CLOSED, "the server is stopping");
}

// Waits until there is a handle, or no hope of one soon.
static tw_status wait_for_handle(tw_lake_live *live, tw_err *err)
{
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += OPEN_WAIT_MS / 1000;
    int waited = 0;
    pthread_mutex_lock(&live->lock);
    while (!live->current && !live->has_failed && !atomic_load(&live->is_over) && waited == 0)
        waited = pthread_cond_timedwait(&live->free_cond, &live->lock, &until);
    tw_status status = TW_OK;
    if (atomic_load(&live->is_over))
        status = stopped(err);
    else if (!live->current && live->has_failed)
        status = tw_fail(err, TW_UNSUPPORTED, "%s", live->failure.text);
    else if (!live->current)
        status = tw_fail(err, TW_BUSY, "The lake is being opened; try again in a few seconds");
    pthread_mutex_unlock(&live->lock);
    return status;
}

tw_status tw_lake_live_settle(tw_lake_live *live, int64_t *up_to_ms, tw_err *err)
{
    bool is_behind;
    *up_to_ms = 0;
    TW_TRY(wait_for_handle(live, err));
    TW_TRY(follow(live, SETTLE_FACTS, &is_behind, err));
    pthread_mutex_lock(&live->lock);
    *up_to_ms = live->current->up_to_ms;
    pthread_mutex_unlock(&live->lock);
    return TW_OK;
}

void tw_lake_live_state_get(tw_lake_live *live, tw_lake_live_state *out)
{
    *out = (tw_lake_live_state){.first_day = INT32_MAX, .last_day = INT32_MIN};
    pthread_mutex_lock(&live->lock);
    const handle *h = live->current;
    if (h)
        *out = (tw_lake_live_state){true, h->position_seq, h->seq, h->first_day, h->last_day};
    pthread_mutex_unlock(&live->lock);
}

bool tw_lake_live_days(tw_lake_live *live, int32_t *first, int32_t *last)
{
    pthread_mutex_lock(&live->lock);
    bool has_days = live->current && live->current->first_day <= live->current->last_day;
    *first = has_days ? live->current->first_day : 0;
    *last = has_days ? live->current->last_day : -1;
    pthread_mutex_unlock(&live->lock);
    return has_days;
}

static bool take_lane(handle *h, tw_lake_lane first, tw_lake_lane last, tw_lake_lane *out)
{
    for (int i = (int)first; i <= (int)last; i++) {
        if (h->is_taken[i])
            continue;
        h->is_taken[i] = true;
        *out = (tw_lake_lane)i;
        return true;
    }
    return false;
}

// Takes a session of the current handle, waiting for one.
static tw_status enter(tw_lake_live *live, tw_lake_lane lane, handle **out, tw_lake_lane *taken,
                       tw_err *err)
{
    bool is_sql = lane == TW_LAKE_LANE_SQL;
    tw_lake_lane first = is_sql ? TW_LAKE_LANE_SQL : TW_LAKE_LANE_PAGE;
    tw_lake_lane last = is_sql ? TW_LAKE_LANE_SQL : TW_LAKE_LANE_PAGE_MORE;
    TW_TRY(wait_for_handle(live, err));
    pthread_mutex_lock(&live->lock);
    bool has_it = false;
    while (!atomic_load(&live->is_over) && !(has_it = take_lane(live->current, first, last, taken)))
        pthread_cond_wait(&live->free_cond, &live->lock);
    *out = live->current;
    if (has_it)
        live->current->user_n++;
    pthread_mutex_unlock(&live->lock);
    return has_it ? TW_OK : stopped(err);
}

static void exit_lane(tw_lake_live *live, handle *h, tw_lake_lane taken)
{
    pthread_mutex_lock(&live->lock);
    h->is_taken[taken] = false;
    pthread_mutex_unlock(&live->lock);
    leave(live, h);
}

// One question to one handle.
typedef struct question {
    tw_lake_lane lane;
    tw_lake_query query;
    tw_lake_visit *visit; // NULL = a copy
    void *ctx;
    tw_lake_form form;
    const char *path;
    uint64_t *row_n;
} question;

static tw_status ask_once(tw_lake_live *live, const question *q, uint64_t *number, tw_err *err)
{
    handle *h;
    tw_lake_lane taken = q->lane;
    TW_TRY(enter(live, q->lane, &h, &taken, err));
    const tw_lake *session = &h->sessions[taken];
    *number = h->number;
    tw_status status = q->visit ? tw_lake_run(session, &q->query, q->visit, q->ctx, err)
                                : tw_lake_copy(session, &q->query, q->form, q->path, q->row_n, err);
    exit_lane(live, h, taken);
    return status;
}

// Waits for a handle behind that number.
static bool wait_for_newer(tw_lake_live *live, uint64_t number)
{
    struct timespec until;
    int waited = 0;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += OPEN_WAIT_MS / 1000;
    pthread_mutex_lock(&live->lock);
    while (live->opened_n == number && !atomic_load(&live->is_over) && waited == 0)
        waited = pthread_cond_timedwait(&live->free_cond, &live->lock, &until);
    bool has_newer = live->opened_n > number;
    pthread_mutex_unlock(&live->lock);
    return has_newer;
}

// Files may have been merged away under the handle: then the next one has what there is. Nothing
// was visited yet, as the answer of a question is whole before it is shown.
static tw_status ask(tw_lake_live *live, question *q, tw_err *err)
{
    uint64_t number = 0;
    q->query.is_over = &live->is_over;
    tw_status status = ask_once(live, q, &number, err);
    if (status != TW_IO)
        return status;
    tw_lake_live_changed(live);
    return wait_for_newer(live, number) ? ask_once(live, q, &number, err) : status;
}

tw_status tw_lake_live_run(tw_lake_live *live, tw_lake_lane lane, const tw_lake_query *query,
                           tw_lake_visit *visit, void *ctx, tw_err *err)
{
    question q = {.lane = lane, .query = *query, .visit = visit, .ctx = ctx};
    return ask(live, &q, err);
}

tw_status tw_lake_live_copy(tw_lake_live *live, const tw_lake_query *query, tw_lake_form form,
                            const char *path, uint64_t *row_n, tw_err *err)
{
    question q = {
        .lane = TW_LAKE_LANE_SQL, .query = *query, .form = form, .path = path, .row_n = row_n};
    *row_n = 0;
    return ask(live, &q, err);
}
