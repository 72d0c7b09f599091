// SPDX-License-Identifier: Apache-2.0
//
// Query threads: what reads the ledger or the journal, or waits for the service, runs here, so that
// the HTTP threads never wait and ingest keeps its pace beside a busy portal.
#include "internal.h"

static void *work(void *arg)
{
    tw_http *http = arg;
    pthread_mutex_lock(&http->queue_lock);
    for (;;) {
        while (!http->queue_head && !atomic_load(&http->is_stopping))
            pthread_cond_wait(&http->queue_filled, &http->queue_lock);
        twi_request *request = http->queue_head;
        if (!request)
            break;
        http->queue_head = request->next;
        http->queue_n--;
        pthread_mutex_unlock(&http->queue_lock);
        request->next = NULL;
        request->route->handler(request);
        request->phase = TWI_READY;
        MHD_resume_connection(request->connection);
        pthread_mutex_lock(&http->queue_lock);
    }
    pthread_mutex_unlock(&http->queue_lock);
    return NULL;
}

tw_status twi_workers_start(tw_http *http, unsigned n, tw_err *err)
{
    TW_CHECK(n <= TW_COUNT(http->query_threads));
    for (unsigned i = 0; i < n; i++) {
        if (pthread_create(&http->query_threads[i], NULL, work, http) != 0)
            return tw_fail_errno(err, "cannot start a query thread");
        http->query_thread_n++;
    }
    return TW_OK;
}

void twi_workers_stop(tw_http *http)
{
    pthread_mutex_lock(&http->queue_lock);
    pthread_cond_broadcast(&http->queue_filled);
    pthread_mutex_unlock(&http->queue_lock);
    for (unsigned i = 0; i < http->query_thread_n; i++)
        pthread_join(http->query_threads[i], NULL);
    http->query_thread_n = 0;
}

bool twi_workers_submit(twi_request *request)
{
    tw_http *http = request->http;
    pthread_mutex_lock(&http->queue_lock);
    bool has_room = http->queue_n < TWI_QUERY_QUEUE;
    if (has_room) {
        request->phase = TWI_RUNNING;
        MHD_suspend_connection(request->connection);
        if (http->queue_n == 0)
            http->queue_head = request;
        else
            http->queue_tail->next = request;
        http->queue_tail = request;
        http->queue_n++;
        pthread_cond_signal(&http->queue_filled);
    }
    pthread_mutex_unlock(&http->queue_lock);
    return has_room;
}
