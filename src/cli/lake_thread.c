// SPDX-License-Identifier: Apache-2.0
//
// Closing days beside a server. The lake is open only while it is written, so that it takes memory
// for seconds a day.
#define _XOPEN_SOURCE 700 // nice
#include "lake_thread.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "adapter/duckdb.h"
#include "base/log.h"
#include "base/time.h"
#include "service/lake.h"

#define LOW_PRIORITY 19
#define LOOK_S 60
// Sorting a step of 262,144 facts takes some 300 MB; beyond this it uses files.
#define MEMORY_BYTES (UINT64_C(512) << 20)
#define PATH_BYTES 4096

struct twi_lake_thread {
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t cond;
    _Atomic bool is_stopping;
    char path[PATH_BYTES];
    tw_lake_source source;
    // Of the thread alone.
    tw_lake_follower follower;
    tw_lake_position position; // of the lake, once it was opened
    bool is_known;
};

static bool on_progress(void *ctx, uint64_t done, uint64_t all)
{
    twi_lake_thread *t = ctx;
    (void)done;
    (void)all;
    return atomic_load(&t->is_stopping);
}

static tw_status write_days(twi_lake_thread *t, uint64_t *written_n, tw_err *err)
{
    // One thread: the library's own would run at the ordinary priority.
    tw_duckdb_options options = {
        .dir = t->path, .is_writer = true, .memory_bytes = MEMORY_BYTES, .thread_n = 1};
    tw_lake lake;
    tw_lake_schema_get(&options.schema);
    TW_TRY(tw_duckdb_lake_open(t->source.alloc, &options, &lake, err));
    tw_status status = tw_lake_follow(&t->source, &lake, &t->follower, false, written_n, err);
    if (status == TW_OK)
        status = tw_lake_get_position(&lake, &t->position, err);
    t->is_known = status == TW_OK;
    tw_lake_close(&lake);
    return status;
}

// Writes what has closed since the last look.
static tw_status look(twi_lake_thread *t, uint64_t *written_n, tw_err *err)
{
    uint64_t closed = UINT64_MAX;
    *written_n = 0;
    if (t->is_known)
        TW_TRY(tw_lake_closed(&t->source, &t->follower, t->position.seq, &closed, err));
    return closed > t->position.seq ? write_days(t, written_n, err) : TW_OK;
}

static void look_and_tell(twi_lake_thread *t)
{
    uint64_t written_n, started_ns = tw_monotonic_ns();
    tw_err err = {.text = ""};
    tw_status status = look(t, &written_n, &err);
    if (status != TW_OK && status != TW_CLOSED)
        tw_log(TW_LOG_WARN, "lake", "closed days were not written: %s", err.text);
    else if (status == TW_OK && written_n > 0)
        tw_log(TW_LOG_INFO, "lake", "%llu facts of closed days written in %.1f s",
               (unsigned long long)written_n, (double)(tw_monotonic_ns() - started_ns) / 1e9);
}

static void *run(void *ctx)
{
    twi_lake_thread *t = ctx;
    // On Linux the priority is the thread's own; failing leaves it as it is.
    if (nice(LOW_PRIORITY) == -1)
        tw_log(TW_LOG_DEBUG, "lake", "priority not lowered");
    while (!atomic_load(&t->is_stopping)) {
        struct timespec deadline;
        look_and_tell(t);
        clock_gettime(CLOCK_MONOTONIC, &deadline);
        deadline.tv_sec += LOOK_S;
        pthread_mutex_lock(&t->lock);
        int waited = 0;
        while (!atomic_load(&t->is_stopping) && waited == 0)
            waited = pthread_cond_timedwait(&t->cond, &t->lock, &deadline);
        pthread_mutex_unlock(&t->lock);
    }
    return NULL;
}

static void init_waiting(twi_lake_thread *t)
{
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&t->cond, &attributes);
    pthread_condattr_destroy(&attributes);
    pthread_mutex_init(&t->lock, NULL);
}

static void free_thread(twi_lake_thread *t)
{
    pthread_cond_destroy(&t->cond);
    pthread_mutex_destroy(&t->lock);
    tw_delete(tw_alloc_system(), t);
}

tw_status twi_lake_thread_start(const twi_place *place, twi_lake_thread **out, tw_err *err)
{
    *out = NULL;
    if (!tw_duckdb_version())
        return TW_OK;
    twi_lake_thread *t = tw_new(tw_alloc_system(), twi_lake_thread);
    if (!t)
        return tw_fail(err, TW_NO_MEMORY, "no memory for the lake");
    t->source = (tw_lake_source){tw_alloc_system(), &place->journal, &place->ledger};
    t->follower = (tw_lake_follower){.progress = on_progress, .progress_ctx = t};
    init_waiting(t);
    int n = snprintf(t->path, sizeof(t->path), "%s/lake", place->dir);
    tw_status status = TW_OK;
    if (n < 0 || (size_t)n >= sizeof(t->path))
        status = tw_fail(err, TW_LIMIT, "the path of the data directory is too long");
    else if (pthread_create(&t->thread, NULL, run, t) != 0)
        status = tw_fail(err, TW_NO_MEMORY, "no thread for the lake");
    if (status != TW_OK) {
        free_thread(t);
        return status;
    }
    *out = t;
    return TW_OK;
}

void twi_lake_thread_stop(twi_lake_thread *t)
{
    if (!t)
        return;
    pthread_mutex_lock(&t->lock);
    atomic_store(&t->is_stopping, true);
    pthread_cond_signal(&t->cond);
    pthread_mutex_unlock(&t->lock);
    pthread_join(t->thread, NULL);
    free_thread(t);
}
