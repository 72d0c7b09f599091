// SPDX-License-Identifier: Apache-2.0
//
// The flow thread: takes what waits, gives each record its place, makes it durable, applies it and
// completes the batches. While one group of batches is being applied the writer thread appends the
// next one, so the device's latency is hidden under load; a lone batch takes neither detour.
//
//   queue -> identify (k+1) -> append (k+1, writer thread)
//                              apply (k), complete (k)        -> wait for the append -> k+1 becomes
//                              k
#include <stdio.h>

#include "base/log.h"
#include "internal.h"
#include "state_file.h"

#define GROUP_BYTES_MAX (TW_BLOCK_MAX_BYTES - (1 << 20))

// --- groups
// ---------------------------------------------------------------------------------------

static tw_status group_init(tw_service *service, twi_group *group)
{
    *group = (twi_group){0};
    tw_table_init(&group->inflight, service->alloc, (size_t)TW_COMMIT_MAX_FACTS * 2);
    group->fresh_own = tw_new_array(service->alloc, TW_COMMIT_MAX_FACTS, sizeof(void *));
    group->bytes_own = tw_new_array(service->alloc, TW_COMMIT_MAX_FACTS, sizeof(*group->bytes_own));
    return group->fresh_own && group->bytes_own ? TW_OK : TW_NO_MEMORY;
}

void twi_groups_release(tw_service *service)
{
    for (size_t i = 0; i < TW_COUNT(service->groups); i++) {
        twi_group *group = &service->groups[i];
        tw_table_release(&group->inflight);
        tw_free_array(service->alloc, group->fresh_own, TW_COMMIT_MAX_FACTS, sizeof(void *));
        tw_free_array(service->alloc, group->bytes_own, TW_COMMIT_MAX_FACTS,
                      sizeof(*group->bytes_own));
    }
}

// A snapshot holds up the flow, so it is taken when nothing has come for a while and enough is new.
#define IDLE_SNAPSHOT_FACTS 100000
#define IDLE_MS 2000

static bool is_idle_snapshot_due(const tw_service *service)
{
    return service->core.seq - service->snapshot_seq >=
           TW_MIN(service->snapshot_facts, (uint64_t)IDLE_SNAPSHOT_FACTS);
}

// Waits for a batch. False when the queue stayed empty: at the end, or for a while that a snapshot
// can use. Inside queue_lock.
static bool wait_for_batch(tw_service *service)
{
    bool may_rest = is_idle_snapshot_due(service);
    struct timespec deadline = twi_deadline(IDLE_MS);
    while (!service->queue_first && !service->is_closing) {
        if (!may_rest)
            pthread_cond_wait(&service->has_work, &service->queue_lock);
        else if (!twi_cond_wait(&service->has_work, &service->queue_lock, &deadline))
            break;
    }
    return service->queue_first != NULL;
}

// Takes the batches that wait, as far as they fit into one commit; at least one when there is one.
static bool take_group(tw_service *service, twi_group *group, bool may_wait, bool *is_closing)
{
    group->first = group->last = NULL;
    group->entry_n = group->fresh_n = 0;
    group->status = TW_OK;
    group->changes = NULL;
    size_t bytes = 0;
    pthread_mutex_lock(&service->queue_lock);
    if (may_wait)
        (void)wait_for_batch(service);
    *is_closing = service->is_closing;
    for (tw_batch *batch; (batch = service->queue_first) != NULL;) {
        if (group->first && (group->entry_n + batch->n > TW_COMMIT_MAX_FACTS ||
                             bytes + batch->bytes.bytes > GROUP_BYTES_MAX))
            break;
        service->queue_first = batch->next;
        if (!service->queue_first)
            service->queue_last = NULL;
        batch->next = NULL;
        if (group->last)
            group->last->next = batch;
        else
            group->first = batch;
        group->last = batch;
        group->entry_n += batch->n;
        bytes += batch->bytes.bytes;
        service->queued_facts -= batch->n;
        service->queued_bytes -= batch->bytes.bytes;
        service->in_flow++;
    }
    pthread_mutex_unlock(&service->queue_lock);
    if (group->first)
        pthread_cond_broadcast(&service->has_room);
    return group->first != NULL;
}

// --- the journal
// ----------------------------------------------------------------------------------

static tw_status append_letters(tw_service *service, const twi_group *group, tw_err *err)
{
    tw_dead_letter letters[64];
    size_t n = 0;
    for (const tw_batch *batch = group->first; batch; batch = batch->next)
        for (size_t i = 0; i < batch->n; i++) {
            if (!batch->entries_own[i].letter)
                continue;
            letters[n++] = *batch->entries_own[i].letter;
            if (n == TW_COUNT(letters)) {
                TW_TRY(tw_dead_letter_append(service->journal, letters, n, err));
                n = 0;
            }
        }
    return n == 0 ? TW_OK : tw_dead_letter_append(service->journal, letters, n, err);
}

// Dead letters first: when they cannot be kept nothing of the group is, and its clients try again.
// (A letter that is kept twice after such a retry is harmless, a lost one is not.)
static void append_group(tw_service *service, twi_group *group)
{
    group->status = append_letters(service, group, &group->err);
    if (group->status == TW_OK && group->fresh_n > 0) {
        uint64_t start = tw_monotonic_ns();
        group->status = tw_journal_append(service->journal, group->bytes_own, group->fresh_n,
                                          &group->first_seq, &group->err);
        pthread_mutex_lock(&service->stats_lock);
        service->stats.commit_n++;
        service->stats.commit_ns += tw_monotonic_ns() - start;
        pthread_mutex_unlock(&service->stats_lock);
    }
}

static void *writer_main(void *ctx)
{
    tw_service *service = ctx;
    pthread_mutex_lock(&service->writer_lock);
    for (;;) {
        while (!service->writing && !service->writer_stop)
            pthread_cond_wait(&service->writer_cond, &service->writer_lock);
        if (!service->writing)
            break;
        twi_group *group = service->writing;
        pthread_mutex_unlock(&service->writer_lock);
        append_group(service, group);
        pthread_mutex_lock(&service->writer_lock);
        service->writing = NULL;
        pthread_cond_broadcast(&service->writer_cond);
    }
    pthread_mutex_unlock(&service->writer_lock);
    return NULL;
}

static void writer_begin(tw_service *service, twi_group *group)
{
    pthread_mutex_lock(&service->writer_lock);
    TW_CHECK(!service->writing);
    service->writing = group;
    pthread_cond_broadcast(&service->writer_cond);
    pthread_mutex_unlock(&service->writer_lock);
}

static void writer_finish(tw_service *service)
{
    pthread_mutex_lock(&service->writer_lock);
    while (service->writing)
        pthread_cond_wait(&service->writer_cond, &service->writer_lock);
    pthread_mutex_unlock(&service->writer_lock);
}

// --- completion
// -----------------------------------------------------------------------------------

static void count_outcomes(tw_service *service, const tw_batch *batch)
{
    uint64_t counts[TW_OUTCOME_FAILED + 1] = {0};
    for (size_t i = 0; i < batch->n; i++)
        counts[batch->entries_own[i].result.outcome]++;
    pthread_mutex_lock(&service->stats_lock);
    service->stats.duplicate_n += counts[TW_OUTCOME_DUPLICATE];
    service->stats.conflict_n += counts[TW_OUTCOME_CONFLICT];
    service->stats.rejected_n += counts[TW_OUTCOME_REJECTED];
    service->stats.failed_n += counts[TW_OUTCOME_FAILED];
    pthread_mutex_unlock(&service->stats_lock);
    twi_stats_accepted(service, counts[TW_OUTCOME_ACCEPTED]);
}

// The callback may put the batch back, so nothing of it is touched afterwards.
static void complete_group(tw_service *service, twi_group *group)
{
    size_t n = 0;
    twi_group_forget(group);
    if (group->changes)
        twi_changes_put(service, group->changes);
    group->changes = NULL;
    pthread_mutex_lock(&service->stats_lock);
    service->stats.last_failure = group->status;
    service->stats.is_accepting = group->status != TW_NO_SPACE;
    pthread_mutex_unlock(&service->stats_lock);
    for (tw_batch *batch = group->first, *next; batch; batch = next) {
        next = batch->next;
        batch->next = NULL;
        count_outcomes(service, batch);
        twi_stats_latency(service, tw_monotonic_ns() - batch->submit_ns);
        n++;
        batch->done(batch->done_ctx, batch);
    }
    group->first = group->last = NULL;
    pthread_mutex_lock(&service->queue_lock);
    service->in_flow -= n;
    bool is_idle = service->in_flow == 0 && !service->queue_first;
    pthread_mutex_unlock(&service->queue_lock);
    if (is_idle)
        pthread_cond_broadcast(&service->is_idle);
}

static void fail_group(tw_service *service, twi_group *group)
{
    for (tw_batch *batch = group->first; batch; batch = batch->next) {
        batch->status = group->status;
        batch->err = group->err;
        for (size_t i = 0; i < batch->n; i++) {
            tw_result *result = &batch->entries_own[i].result;
            *result = (tw_result){.outcome = TW_OUTCOME_FAILED,
                                  .status = group->status,
                                  .kind = result->kind,
                                  .line = result->line,
                                  .id = result->id};
        }
    }
    complete_group(service, group);
}

// Identity and room, so that after the append nothing can fail. Room counts what is journaled but
// not applied as well.
static tw_status prepare_group(tw_service *service, twi_group *group, const twi_group *before)
{
    TW_TRY(twi_project_admits(service));
    TW_TRY(twi_group_identify(service, group, before, &group->err));
    if (group->fresh_n == 0)
        return TW_OK;
    TW_TRY(twi_changes_get(service, &group->changes));
    twi_gate_enter(&service->gate);
    tw_status status = twi_core_reserve(&service->core, group->changes,
                                        group->fresh_n + (before ? before->fresh_n : 0));
    twi_gate_leave(&service->gate);
    return status == TW_OK ? TW_OK : tw_fail(&group->err, status, "no memory for more facts");
}

static void apply_group(tw_service *service, twi_group *group)
{
    twi_group_apply(service, group);
    if (group->changes) {
        twi_changes *changes = group->changes;
        group->changes = NULL;
        twi_project_push(service, changes);
    }
    complete_group(service, group);
    twi_train_consider(service);
}

static void take_snapshot(tw_service *service)
{
    tw_err err = {0};
    // A snapshot that fails is tried again later; the journal alone is enough.
    if (twi_snapshot_publish(&service->core, service->files, service->journal, &err) != TW_OK)
        tw_log(TW_LOG_WARN, "snapshot", "not written: %s", err.text);
    service->snapshot_seq = service->core.seq;
    pthread_mutex_lock(&service->stats_lock);
    service->stats.snapshot_seq = service->snapshot_seq;
    pthread_mutex_unlock(&service->stats_lock);
}

static void *flow_main(void *ctx)
{
    tw_service *service = ctx;
    twi_group *durable = NULL, *spare = &service->groups[0], *other = &service->groups[1];
    for (;;) {
        bool is_closing, has_next = take_group(service, spare, durable == NULL, &is_closing);
        if (!has_next && !durable) {
            if (is_closing)
                break;
            take_snapshot(service);
            continue;
        }
        if (has_next) {
            spare->status = prepare_group(service, spare, durable);
            if (spare->status != TW_OK) {
                if (spare->err.status != spare->status)
                    tw_fail(&spare->err, spare->status, "%s", tw_status_text(spare->status));
                fail_group(service, spare);
                has_next = false;
            }
        }
        if (has_next && durable)
            writer_begin(service, spare);
        else if (has_next)
            append_group(service, spare);
        if (durable)
            apply_group(service, durable);
        if (has_next && durable)
            writer_finish(service);
        durable = NULL;
        if (has_next && spare->status != TW_OK) {
            fail_group(service, spare);
        } else if (has_next) {
            durable = spare;
            spare = other;
            other = durable;
        }
        if (service->core.seq - service->snapshot_seq >= service->snapshot_facts)
            take_snapshot(service);
    }
    return NULL;
}

// --- starting and stopping
// ------------------------------------------------------------------------

tw_status twi_flow_start(tw_service *service, tw_err *err)
{
    for (size_t i = 0; i < TW_COUNT(service->groups); i++)
        if (group_init(service, &service->groups[i]) != TW_OK)
            return tw_fail(err, TW_NO_MEMORY, "no memory for the flow");
    service->has_writer = pthread_create(&service->writer_thread, NULL, writer_main, service) == 0;
    if (service->has_writer)
        service->has_flow = pthread_create(&service->flow_thread, NULL, flow_main, service) == 0;
    return service->has_flow ? TW_OK
                             : tw_fail(err, TW_NO_MEMORY, "the flow's threads do not start");
}

void twi_flow_stop(tw_service *service)
{
    pthread_mutex_lock(&service->queue_lock);
    service->is_draining = service->is_closing = true;
    pthread_mutex_unlock(&service->queue_lock);
    pthread_cond_broadcast(&service->has_work);
    pthread_cond_broadcast(&service->has_room);
    if (service->has_flow)
        pthread_join(service->flow_thread, NULL);
    pthread_mutex_lock(&service->writer_lock);
    service->writer_stop = true;
    pthread_cond_broadcast(&service->writer_cond);
    pthread_mutex_unlock(&service->writer_lock);
    if (service->has_writer)
        pthread_join(service->writer_thread, NULL);
    service->has_flow = service->has_writer = false;
}

void twi_flow_wait_idle(tw_service *service)
{
    pthread_mutex_lock(&service->queue_lock);
    while (service->in_flow > 0 || service->queue_first)
        pthread_cond_wait(&service->is_idle, &service->queue_lock);
    pthread_mutex_unlock(&service->queue_lock);
}

void tw_service_drain(tw_service *service)
{
    pthread_mutex_lock(&service->queue_lock);
    service->is_draining = true;
    pthread_mutex_unlock(&service->queue_lock);
    pthread_cond_broadcast(&service->has_room);
    twi_flow_wait_idle(service);
    (void)twi_project_wait(service, twi_applied_seq(service), 60000);
}

// --- submission
// -----------------------------------------------------------------------------------

static bool has_room_for(const tw_service *service, const tw_batch *batch)
{
    // An empty queue takes any batch, so that a large one cannot wait for ever.
    return !service->queue_first ||
           (service->queued_facts + batch->n <= service->queue_facts_max &&
            service->queued_bytes + batch->bytes.bytes <= service->queue_bytes_max);
}

static tw_status submit(tw_service *service, tw_batch *batch, tw_batch_done *done, void *ctx,
                        bool wait)
{
    TW_CHECK(batch->service == service && done);
    if (service->mode == TW_SERVICE_READER)
        return TW_UNSUPPORTED;
    batch->done = done;
    batch->done_ctx = ctx;
    batch->next = NULL;
    batch->status = TW_OK;
    batch->submit_ns = tw_monotonic_ns();
    pthread_mutex_lock(&service->queue_lock);
    while (wait && !service->is_draining && !has_room_for(service, batch))
        pthread_cond_wait(&service->has_room, &service->queue_lock);
    tw_status status = service->is_draining           ? TW_CLOSED
                       : has_room_for(service, batch) ? TW_OK
                                                      : TW_BUSY;
    if (status == TW_OK) {
        if (service->queue_last)
            service->queue_last->next = batch;
        else
            service->queue_first = batch;
        service->queue_last = batch;
        service->queued_facts += batch->n;
        service->queued_bytes += batch->bytes.bytes;
    }
    pthread_mutex_unlock(&service->queue_lock);
    if (status == TW_OK) {
        pthread_cond_signal(&service->has_work);
    } else {
        pthread_mutex_lock(&service->stats_lock);
        service->stats.busy_n += status == TW_BUSY;
        pthread_mutex_unlock(&service->stats_lock);
    }
    return status;
}

tw_status tw_service_submit(tw_service *service, tw_batch *batch, tw_batch_done *done, void *ctx)
{
    return submit(service, batch, done, ctx, false);
}

typedef struct waiter {
    pthread_mutex_t mutex;
    pthread_cond_t cond;
    bool is_done;
} waiter;

static void wake(void *ctx, tw_batch *batch)
{
    (void)batch;
    waiter *w = ctx;
    pthread_mutex_lock(&w->mutex);
    w->is_done = true;
    pthread_cond_signal(&w->cond);
    pthread_mutex_unlock(&w->mutex);
}

tw_status tw_service_run(tw_service *service, tw_batch *batch, bool wait_for_room, tw_err *err)
{
    waiter w = {.is_done = false};
    TW_CHECK(pthread_mutex_init(&w.mutex, NULL) == 0 && pthread_cond_init(&w.cond, NULL) == 0);
    tw_status status = submit(service, batch, wake, &w, wait_for_room);
    if (status == TW_OK) {
        pthread_mutex_lock(&w.mutex);
        while (!w.is_done)
            pthread_cond_wait(&w.cond, &w.mutex);
        pthread_mutex_unlock(&w.mutex);
        status = batch->status;
        if (status != TW_OK && err)
            *err = batch->err;
    } else {
        tw_fail(err, status, status == TW_CLOSED ? "the service is stopping" : "the queue is full");
    }
    pthread_cond_destroy(&w.cond);
    pthread_mutex_destroy(&w.mutex);
    return status;
}
