// SPDX-License-Identifier: Apache-2.0
//
// The ring of live events. Writers never wait; a reader that falls behind a thousand events starts
// at the oldest kept.
#include "internal.h"

void twi_events_init(tw_service *service)
{
    TW_CHECK(pthread_mutex_init(&service->event_lock, NULL) == 0);
    twi_cond_init(&service->has_event);
}

void twi_events_release(tw_service *service)
{
    pthread_cond_destroy(&service->has_event);
    pthread_mutex_destroy(&service->event_lock);
}

void twi_events_push(tw_service *service, const tw_event *events, size_t n)
{
    if (n == 0)
        return;
    pthread_mutex_lock(&service->event_lock);
    for (size_t i = 0; i < n; i++) {
        tw_event *slot = &service->events[++service->event_id % TW_EVENTS_KEPT];
        *slot = events[i];
        slot->id = service->event_id;
    }
    // Inside the lock: once tw_events_on_new has removed it, it does not run any more.
    if (service->notify)
        service->notify(service->notify_ctx);
    pthread_mutex_unlock(&service->event_lock);
    pthread_cond_broadcast(&service->has_event);
}

void twi_events_close(tw_service *service)
{
    pthread_mutex_lock(&service->event_lock);
    service->events_closed = true;
    pthread_mutex_unlock(&service->event_lock);
    pthread_cond_broadcast(&service->has_event);
}

uint64_t tw_events_newest(tw_service *service)
{
    pthread_mutex_lock(&service->event_lock);
    uint64_t id = service->event_id;
    pthread_mutex_unlock(&service->event_lock);
    return id;
}

static uint64_t oldest(const tw_service *service)
{
    uint64_t id = service->event_id;
    return id == 0 ? 0 : id >= TW_EVENTS_KEPT ? id - TW_EVENTS_KEPT + 1 : 1;
}

uint64_t tw_events_oldest(tw_service *service)
{
    pthread_mutex_lock(&service->event_lock);
    uint64_t id = oldest(service);
    pthread_mutex_unlock(&service->event_lock);
    return id;
}

size_t tw_events_read(tw_service *service, uint64_t after, tw_event *out, size_t cap)
{
    size_t n = 0;
    pthread_mutex_lock(&service->event_lock);
    if (service->event_id > 0)
        for (uint64_t id = TW_MAX(after + 1, oldest(service)); id <= service->event_id && n < cap;
             id++)
            out[n++] = service->events[id % TW_EVENTS_KEPT];
    pthread_mutex_unlock(&service->event_lock);
    return n;
}

uint64_t tw_events_wait(tw_service *service, uint64_t after, int timeout_ms)
{
    struct timespec deadline = twi_deadline(timeout_ms);
    pthread_mutex_lock(&service->event_lock);
    while (service->event_id <= after && !service->events_closed &&
           twi_cond_wait(&service->has_event, &service->event_lock, &deadline))
        continue;
    uint64_t id = service->event_id;
    pthread_mutex_unlock(&service->event_lock);
    return id;
}

void tw_events_on_new(tw_service *service, tw_events_notify *notify, void *ctx)
{
    pthread_mutex_lock(&service->event_lock);
    service->notify = notify;
    service->notify_ctx = ctx;
    pthread_mutex_unlock(&service->event_lock);
}
