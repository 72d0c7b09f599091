// SPDX-License-Identifier: Apache-2.0
//
// Writing the lake beside a server. It is open for writing only while it is written, so that it
// takes memory for seconds a day.
#define _XOPEN_SOURCE 700 // nice
#include "lake_thread.h"

#include <dirent.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
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
// What questions take, the journal's tail included; a tail that does not fit goes to files.
#define LIVE_MEMORY_BYTES (UINT64_C(1) << 30)
#define PATH_BYTES 4096

struct twi_lake_thread {
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t cond;
    _Atomic bool is_stopping;
    char path[PATH_BYTES], out_dir[PATH_BYTES + 8];
    tw_lake_source source;
    tw_lake_live *live; // what is asked; told of what was written
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
    size_t merged_n = 0;
    tw_status status = tw_lake_follow(&t->source, &lake, &t->follower, false, written_n, err);
    if (status == TW_OK)
        status = tw_lake_compact(&lake, t->follower.newest_day - 1, &merged_n, err);
    if (status == TW_OK)
        status = tw_lake_get_position(&lake, &t->position, err);
    t->is_known = status == TW_OK;
    tw_lake_close(&lake);
    if (*written_n + merged_n > 0)
        tw_lake_live_changed(t->live);
    return status;
}

// Writes what has become due since the last look.
static tw_status look(twi_lake_thread *t, uint64_t *written_n, tw_err *err)
{
    uint64_t due = UINT64_MAX;
    *written_n = 0;
    if (t->is_known)
        TW_TRY(tw_lake_due(&t->source, &t->follower, t->position.seq, &due, err));
    return due > t->position.seq ? write_days(t, written_n, err) : TW_OK;
}

static void look_and_tell(twi_lake_thread *t)
{
    uint64_t written_n, started_ns = tw_monotonic_ns();
    tw_err err = {.text = ""};
    tw_status status = look(t, &written_n, &err);
    if (status != TW_OK && status != TW_CLOSED)
        tw_log(TW_LOG_WARN, "lake", "days were not written: %s", err.text);
    else if (status == TW_OK && written_n > 0)
        tw_log(TW_LOG_INFO, "lake", "%llu facts written in %.1f s", (unsigned long long)written_n,
               (double)(tw_monotonic_ns() - started_ns) / 1e9);
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

// --- the open lake
// --------------------------------------------------------------------------------

static tw_status open_reader(void *ctx, tw_lake *out, tw_err *err)
{
    const twi_lake_thread *t = ctx;
    // One thread: a question runs on the thread that asks it, at its priority.
    tw_duckdb_options options = {
        .dir = t->path, .is_live = true, .memory_bytes = LIVE_MEMORY_BYTES, .thread_n = 1};
    tw_lake_schema_get(&options.schema);
    return tw_duckdb_lake_open(t->source.alloc, &options, out, err);
}

// Exports that were on their way when a server was killed.
static void sweep_exports(const twi_lake_thread *t)
{
    char path[PATH_BYTES + 300];
    DIR *dir = opendir(t->out_dir);
    if (!dir)
        return;
    for (struct dirent *entry; (entry = readdir(dir)) != NULL;) {
        int n = snprintf(path, sizeof(path), "%s/%s", t->out_dir, entry->d_name);
        if (strncmp(entry->d_name, "export-", 7) == 0 && n > 0 && (size_t)n < sizeof(path))
            unlink(path);
    }
    closedir(dir);
}

static tw_status name_folders(twi_lake_thread *t, const twi_place *place, tw_err *err)
{
    int n = snprintf(t->path, sizeof(t->path), "%s/lake", place->dir);
    int m = snprintf(t->out_dir, sizeof(t->out_dir), "%s/lake/out", place->dir);
    bool is_good = n > 0 && (size_t)n < sizeof(t->path) && m > 0 && (size_t)m < sizeof(t->out_dir);
    return is_good ? TW_OK : tw_fail(err, TW_LIMIT, "the path of the data directory is too long");
}

static tw_status start_all(twi_lake_thread *t, const twi_place *place, tw_err *err)
{
    TW_TRY(name_folders(t, place, err));
    sweep_exports(t);
    tw_lake_live_options options = {.source = t->source, .open = open_reader, .open_ctx = t};
    TW_TRY(tw_lake_live_new(&options, &t->live, err));
    if (pthread_create(&t->thread, NULL, run, t) == 0)
        return TW_OK;
    tw_lake_live_free(t->live);
    return tw_fail(err, TW_NO_MEMORY, "no thread for the lake");
}

tw_status twi_lake_thread_start(twi_place *place, tw_err *err)
{
    place->lake = NULL;
    if (!tw_duckdb_version())
        return TW_OK;
    twi_lake_thread *t = tw_new(tw_alloc_system(), twi_lake_thread);
    if (!t)
        return tw_fail(err, TW_NO_MEMORY, "no memory for the lake");
    t->source = (tw_lake_source){tw_alloc_system(), &place->journal, &place->ledger};
    t->follower = (tw_lake_follower){.progress = on_progress, .progress_ctx = t};
    init_waiting(t);
    tw_status status = start_all(t, place, err);
    if (status == TW_OK)
        place->lake = t;
    else
        free_thread(t);
    return status;
}

void twi_lake_thread_stop(twi_place *place)
{
    twi_lake_thread *t = place->lake;
    if (!t)
        return;
    pthread_mutex_lock(&t->lock);
    atomic_store(&t->is_stopping, true);
    pthread_cond_signal(&t->cond);
    pthread_mutex_unlock(&t->lock);
    pthread_join(t->thread, NULL);
    tw_lake_live_free(t->live);
    free_thread(t);
    place->lake = NULL;
}

tw_lake_live *twi_lake_thread_live(const twi_lake_thread *thread)
{
    return thread ? thread->live : NULL;
}

const char *twi_lake_thread_out_dir(const twi_lake_thread *thread)
{
    return thread ? thread->out_dir : NULL;
}
