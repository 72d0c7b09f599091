// SPDX-License-Identifier: Apache-2.0
//
// The projector thread: writes what the flow has applied into the ledger, some ten times a second
// or at once when somebody waits for it. The flow waits only when the backlog is full. When the
// ledger fails (a full disk) the backlog stays and is tried again each second; the flow then
// refuses new facts with the ledger's status, so that nothing grows without bound.
#include "base/log.h"
#include "internal.h"

#define WRITE_INTERVAL_MS 100
#define RETRY_INTERVAL_MS 1000
#define BACKLOG_N 4096
#define BACKLOG_BYTES ((size_t)192 << 20)
// What one transaction of the ledger takes: more would keep readers from fresh figures.
#define WRITE_BYTES ((size_t)32 << 20)
#define FREE_CHANGES_MAX 64

tw_status twi_changes_get(tw_service *service, twi_changes **out)
{
    pthread_mutex_lock(&service->pending_lock);
    twi_changes *changes = service->free_changes;
    if (changes)
        service->free_changes = changes->next;
    pthread_mutex_unlock(&service->pending_lock);
    if (!changes) {
        changes = tw_new(service->alloc, twi_changes);
        if (changes)
            twi_changes_init(changes, service->alloc);
    }
    *out = changes;
    if (!changes)
        return TW_NO_MEMORY;
    changes->next = NULL;
    return TW_OK;
}

static void changes_free(tw_service *service, twi_changes *changes)
{
    twi_changes_release(changes);
    tw_delete(service->alloc, changes);
}

void twi_changes_put(tw_service *service, twi_changes *changes)
{
    twi_changes_reset(changes);
    size_t n = 0;
    pthread_mutex_lock(&service->pending_lock);
    for (const twi_changes *c = service->free_changes; c && n < FREE_CHANGES_MAX; c = c->next)
        n++;
    if (n < FREE_CHANGES_MAX) {
        changes->next = service->free_changes;
        service->free_changes = changes;
        changes = NULL;
    }
    pthread_mutex_unlock(&service->pending_lock);
    if (changes)
        changes_free(service, changes);
}

static size_t weight_of(const twi_changes *changes)
{
    return changes->records.bytes + changes->text_bytes +
           changes->alert_n * sizeof(twi_alert_change);
}

static bool is_full(const tw_service *service)
{
    return service->pending_n >= BACKLOG_N || service->pending_bytes >= BACKLOG_BYTES;
}

tw_status twi_project_admits(tw_service *service)
{
    pthread_mutex_lock(&service->pending_lock);
    // One change set may always be on its way: the flow pushes what it has journaled already.
    tw_status status = is_full(service) ? service->project_status : TW_OK;
    pthread_mutex_unlock(&service->pending_lock);
    return status;
}

void twi_project_push(tw_service *service, twi_changes *changes)
{
    pthread_mutex_lock(&service->pending_lock);
    while (is_full(service) && service->project_status == TW_OK)
        pthread_cond_wait(&service->is_projected, &service->pending_lock);
    bool was_empty = !service->pending_first;
    if (service->pending_last)
        service->pending_last->next = changes;
    else
        service->pending_first = changes;
    service->pending_last = changes;
    service->pending_n++;
    service->pending_bytes += weight_of(changes);
    service->applied_seq = changes->last_seq;
    bool wakes = was_empty || service->pending_bytes >= WRITE_BYTES;
    pthread_mutex_unlock(&service->pending_lock);
    if (wakes)
        pthread_cond_signal(&service->has_pending);
}

uint64_t twi_applied_seq(tw_service *service)
{
    pthread_mutex_lock(&service->pending_lock);
    uint64_t seq = service->applied_seq;
    pthread_mutex_unlock(&service->pending_lock);
    return seq;
}

tw_status twi_project_wait(tw_service *service, uint64_t seq, int timeout_ms)
{
    if (service->mode == TW_SERVICE_READER)
        return TW_OK;
    struct timespec deadline = twi_deadline(timeout_ms);
    pthread_mutex_lock(&service->pending_lock);
    bool is_in_time = true;
    while (service->projected_seq < seq && is_in_time) {
        service->flush_wanted = true;
        pthread_cond_signal(&service->has_pending);
        is_in_time = twi_cond_wait(&service->is_projected, &service->pending_lock, &deadline);
    }
    tw_status status = service->projected_seq >= seq      ? TW_OK
                       : service->project_status != TW_OK ? service->project_status
                                                          : TW_BUSY;
    pthread_mutex_unlock(&service->pending_lock);
    return status;
}

void twi_project_settle(tw_service *service)
{
    (void)twi_project_wait(service, twi_applied_seq(service), 1000);
}

// Waits for something worth writing. False at the end.
static bool wait_for_work(tw_service *service)
{
    while (!service->pending_first && !service->project_stop)
        pthread_cond_wait(&service->has_pending, &service->pending_lock);
    int wait_ms = service->project_status == TW_OK ? WRITE_INTERVAL_MS : RETRY_INTERVAL_MS;
    struct timespec deadline = twi_deadline(wait_ms);
    while (!service->project_stop && !service->flush_wanted &&
           service->pending_bytes < WRITE_BYTES &&
           twi_cond_wait(&service->has_pending, &service->pending_lock, &deadline))
        continue;
    // A failing ledger is not hammered, whoever waits.
    if (service->project_status != TW_OK)
        while (!service->project_stop &&
               twi_cond_wait(&service->has_pending, &service->pending_lock, &deadline))
            continue;
    service->flush_wanted = false;
    return service->pending_first != NULL;
}

// The last of the change sets that one write takes.
static twi_changes *cut_list(twi_changes *first, size_t *n, size_t *bytes)
{
    twi_changes *last = first;
    *n = 0;
    *bytes = 0;
    for (twi_changes *c = first; c; c = c->next) {
        last = c;
        ++*n;
        *bytes += weight_of(c);
        if (*bytes >= WRITE_BYTES)
            break;
    }
    return last;
}

static void written(tw_service *service, twi_changes *last, size_t n, size_t bytes)
{
    twi_changes *first = service->pending_first;
    service->pending_first = last->next;
    if (!last->next)
        service->pending_last = NULL;
    last->next = NULL;
    service->pending_n -= n;
    service->pending_bytes -= bytes;
    service->projected_seq = last->last_seq;
    service->project_status = TW_OK;
    pthread_mutex_unlock(&service->pending_lock);
    pthread_cond_broadcast(&service->is_projected);
    while (first) {
        twi_changes *next = first->next;
        twi_changes_put(service, first);
        first = next;
    }
    pthread_mutex_lock(&service->pending_lock);
}

static void push_events(tw_service *service)
{
    const tw_event *events;
    size_t n = twi_projector_events(service->projector, &events);
    twi_events_push(service, events, n);
    for (size_t i = 0; i < n; i++) {
        if (events[i].is_new) {
            twi_assign_wake(service);
            break;
        }
    }
}

static void *project_main(void *ctx)
{
    tw_service *service = ctx;
    pthread_mutex_lock(&service->pending_lock);
    while (wait_for_work(service)) {
        size_t n, bytes;
        tw_err err = {0};
        // The list stays in place for readers until it is written.
        twi_changes *first = service->pending_first, *last = cut_list(first, &n, &bytes);
        uint64_t end = last->last_seq;
        pthread_mutex_unlock(&service->pending_lock);
        tw_status status = twi_projector_write(service->projector, first, end, &err);
        // Before anybody who waits for them goes on: whoever sees the rows sees the events.
        if (status == TW_OK)
            push_events(service);
        pthread_mutex_lock(&service->pending_lock);
        if (status == TW_OK) {
            written(service, last, n, bytes);
            continue;
        }
        if (service->project_status == TW_OK)
            tw_log(TW_LOG_ERROR, "ledger", "not written, will try again: %s", err.text);
        service->project_status = status;
        pthread_cond_broadcast(&service->is_projected);
        if (service->project_stop)
            break; // the next start writes it from the journal
    }
    pthread_mutex_unlock(&service->pending_lock);
    return NULL;
}

tw_status twi_project_start(tw_service *service, tw_err *err)
{
    service->has_project =
        pthread_create(&service->project_thread, NULL, project_main, service) == 0;
    return service->has_project ? TW_OK
                                : tw_fail(err, TW_NO_MEMORY, "the projector does not start");
}

void twi_project_stop(tw_service *service)
{
    pthread_mutex_lock(&service->pending_lock);
    service->project_stop = true;
    pthread_mutex_unlock(&service->pending_lock);
    pthread_cond_broadcast(&service->has_pending);
    if (service->has_project)
        pthread_join(service->project_thread, NULL);
    service->has_project = false;
    while (service->pending_first) {
        twi_changes *next = service->pending_first->next;
        changes_free(service, service->pending_first);
        service->pending_first = next;
    }
    service->pending_last = NULL;
    while (service->free_changes) {
        twi_changes *next = service->free_changes->next;
        changes_free(service, service->free_changes);
        service->free_changes = next;
    }
}

// --- records
// --------------------------------------------------------------------------------------

static tw_status copy_record(tw_arena *arena, const void *data, size_t bytes, size_t i,
                             twi_record *out)
{
    TW_TRY(twi_record_at(data, bytes, i, out));
    const uint8_t *row = out->row;
    tw_status status = TW_OK;
    for (size_t k = 0; k < out->sentence_n; k++) {
        out->sentences[k].name = twi_arena_str(arena, out->sentences[k].name, &status);
        out->sentences[k].text = twi_arena_str(arena, out->sentences[k].text, &status);
    }
    if (row)
        out->row = (const uint8_t *)tw_arena_copy(arena, row, out->row_bytes);
    return row && !out->row ? TW_NO_MEMORY : status;
}

static tw_status pending_record(tw_service *service, uint64_t seq, tw_arena *arena, twi_record *out)
{
    tw_status status = TW_NOT_FOUND;
    pthread_mutex_lock(&service->pending_lock);
    if (seq > service->projected_seq)
        for (const twi_changes *c = service->pending_first; c; c = c->next)
            if (seq >= c->first_seq && seq <= c->last_seq) {
                status = copy_record(arena, c->records.data_own, c->records.bytes,
                                     seq - c->first_seq, out);
                break;
            }
    pthread_mutex_unlock(&service->pending_lock);
    return status;
}

tw_status twi_record_fetch(tw_service *service, uint64_t seq, tw_arena *arena, twi_record *out)
{
    tw_status status = pending_record(service, seq, arena, out);
    if (status != TW_NOT_FOUND)
        return status;
    tw_score_range range;
    TW_TRY(tw_ledger_score_get(service->ledger, seq, arena, &range, NULL));
    return copy_record(arena, range.bytes.at, range.bytes.bytes, seq - range.first_seq, out);
}

tw_status twi_record_recall(tw_service *service, uint64_t seq, tw_arena *arena, twi_record *out)
{
    tw_score_range *range = &service->range;
    if (range->n == 0 || seq < range->first_seq || seq >= range->first_seq + range->n) {
        tw_status status = pending_record(service, seq, arena, out);
        if (status != TW_NOT_FOUND)
            return status;
        range->n = 0;
        tw_arena_reset(&service->range_arena);
        status = tw_ledger_score_get(service->ledger, seq, &service->range_arena, range, NULL);
        if (status != TW_OK) {
            range->n = 0;
            return status;
        }
    }
    return copy_record(arena, range->bytes.at, range->bytes.bytes, seq - range->first_seq, out);
}
