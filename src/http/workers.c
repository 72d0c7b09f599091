// SPDX-License-Identifier: Apache-2.0
//
// Query threads: what reads the ledger, the journal or the lake, or waits for the service, runs
// here, so that the HTTP threads never wait and ingest keeps its pace beside a busy portal. Each
// lane has threads of its own; those of the lake have a low priority.
#define _XOPEN_SOURCE 700 // nice
#include <unistd.h>

#include "base/log.h"
#include "internal.h"

enum { LOW_PRIORITY = 10, PAGE_THREADS = 2, SQL_THREADS = 1 };

static void *work(void *arg)
{
    twi_workers *workers = arg;
    // On Linux the priority is the thread's own; failing leaves it as it is.
    if (workers->is_low && nice(LOW_PRIORITY) == -1)
        tw_log(TW_LOG_DEBUG, "http", "priority not lowered");
    pthread_mutex_lock(&workers->lock);
    for (;;) {
        while (!workers->head && !atomic_load(&workers->http->is_stopping))
            pthread_cond_wait(&workers->filled, &workers->lock);
        twi_request *request = workers->head;
        if (!request)
            break;
        workers->head = request->next;
        workers->waiting_n--;
        pthread_mutex_unlock(&workers->lock);
        request->next = NULL;
        request->route->handler(request);
        request->phase = TWI_READY;
        MHD_resume_connection(request->connection);
        pthread_mutex_lock(&workers->lock);
    }
    pthread_mutex_unlock(&workers->lock);
    return NULL;
}

void twi_workers_init(tw_http *http)
{
    for (int i = 0; i < TWI_LANE_N; i++) {
        twi_workers *workers = &http->lanes[i];
        workers->http = http;
        workers->is_low = i > TWI_LANE_QUERY;
        workers->waiting_max = i == TWI_LANE_QUERY ? TWI_QUERY_QUEUE : TWI_LAKE_QUEUE;
        pthread_mutex_init(&workers->lock, NULL);
        pthread_cond_init(&workers->filled, NULL);
    }
}

void twi_workers_release(tw_http *http)
{
    for (int i = 0; i < TWI_LANE_N; i++) {
        pthread_mutex_destroy(&http->lanes[i].lock);
        pthread_cond_destroy(&http->lanes[i].filled);
    }
}

tw_status twi_workers_start(tw_http *http, unsigned query_threads, tw_err *err)
{
    const unsigned n[TWI_LANE_N] = {0, query_threads, PAGE_THREADS, SQL_THREADS};
    for (int lane = 0; lane < TWI_LANE_N; lane++) {
        twi_workers *workers = &http->lanes[lane];
        TW_CHECK(n[lane] <= TW_COUNT(workers->threads));
        for (unsigned i = 0; i < n[lane]; i++) {
            if (pthread_create(&workers->threads[i], NULL, work, workers) != 0)
                return tw_fail_errno(err, "cannot start a query thread");
            workers->thread_n++;
        }
    }
    return TW_OK;
}

void twi_workers_stop(tw_http *http)
{
    for (int lane = 0; lane < TWI_LANE_N; lane++) {
        twi_workers *workers = &http->lanes[lane];
        pthread_mutex_lock(&workers->lock);
        pthread_cond_broadcast(&workers->filled);
        pthread_mutex_unlock(&workers->lock);
        for (unsigned i = 0; i < workers->thread_n; i++)
            pthread_join(workers->threads[i], NULL);
        workers->thread_n = 0;
    }
}

bool twi_workers_submit(twi_request *request)
{
    twi_workers *workers = &request->http->lanes[request->route->lane];
    pthread_mutex_lock(&workers->lock);
    bool has_room = workers->waiting_n < workers->waiting_max;
    if (has_room) {
        request->phase = TWI_RUNNING;
        MHD_suspend_connection(request->connection);
        if (workers->waiting_n == 0)
            workers->head = request;
        else
            workers->tail->next = request;
        workers->tail = request;
        workers->waiting_n++;
        pthread_cond_signal(&workers->filled);
    }
    pthread_mutex_unlock(&workers->lock);
    return has_room;
}
