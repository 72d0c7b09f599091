// SPDX-License-Identifier: Apache-2.0
//
// The thread that empties a write-ahead log.
//
// SQLite starts the log again at its beginning only when all of it has been copied back at the
// moment of a commit. While commits go on, a copy in the background always leaves the frames that
// were written meanwhile. So the thread copies until little is left, and copies that rest while it
// holds the writer's lock: the next commit waits for that rest only, and then writes over the old
// log, whose blocks are allocated already, so that its sync has no file metadata to write. A failed
// copy (disk full) loses nothing: the log keeps everything and the next try comes with the next
// commit or tick.
#include "sqlite_checkpoint.h"

#include <errno.h>
#include <time.h>

#define IDLE_MS 500
// Rest that may be copied while the writer waits, in bytes of log.
#define REST_BYTES ((size_t)512 << 10)
#define PASSES_MAX 4

struct twi_checkpointer {
    const tw_alloc *alloc;
    twi_conn conn;                // of the thread
    twi_conn *writer;             // for its hook
    pthread_mutex_t *writer_lock; // taken before `lock`, never the other way round
    int start_pages, rest_pages;  // constant

    pthread_t thread;
    bool has_thread;
    pthread_mutex_t lock; // guards all below
    pthread_cond_t wake;
    int wal_pages;     // frames in the log after the last commit
    uint64_t commit_n; // commits ever
    bool is_stopping;
};

// Called by SQLite in the writer's COMMIT.
static int on_commit(void *ctx, sqlite3 *db, const char *name, int wal_pages)
{
    (void)db;
    (void)name;
    twi_checkpointer *self = ctx;
    pthread_mutex_lock(&self->lock);
    self->wal_pages = wal_pages;
    self->commit_n++;
    if (wal_pages >= self->start_pages)
        pthread_cond_signal(&self->wake);
    pthread_mutex_unlock(&self->lock);
    return SQLITE_OK;
}

// Pages that are still to be copied, or -1 on failure.
static int copy_pass(twi_checkpointer *self)
{
    int wal_n = 0, done_n = 0;
    int code = sqlite3_wal_checkpoint_v2(self->conn.db, "main", SQLITE_CHECKPOINT_PASSIVE, &wal_n,
                                         &done_n);
    return code == SQLITE_OK && wal_n >= 0 ? wal_n - done_n : -1;
}

static void copy_all(twi_checkpointer *self)
{
    int rest = copy_pass(self);
    for (int pass = 1; pass < PASSES_MAX && rest > self->rest_pages; pass++)
        rest = copy_pass(self);
    if (rest < 0)
        return;
    pthread_mutex_lock(self->writer_lock);
    rest = copy_pass(self);
    pthread_mutex_lock(&self->lock);
    if (rest == 0)
        self->wal_pages = 0;
    pthread_mutex_unlock(&self->lock);
    pthread_mutex_unlock(self->writer_lock);
}

static struct timespec deadline(void)
{
    struct timespec at;
    clock_gettime(CLOCK_MONOTONIC, &at);
    at.tv_nsec += IDLE_MS * 1000000L;
    at.tv_sec += at.tv_nsec / 1000000000L;
    at.tv_nsec %= 1000000000L;
    return at;
}

static void *run(void *ctx)
{
    twi_checkpointer *self = ctx;
    pthread_mutex_lock(&self->lock);
    while (!self->is_stopping) {
        uint64_t commit_n = self->commit_n;
        struct timespec until = deadline();
        int code = 0;
        while (!self->is_stopping && self->wal_pages < self->start_pages && code != ETIMEDOUT)
            code = pthread_cond_timedwait(&self->wake, &self->lock, &until);
        bool is_idle = code == ETIMEDOUT && commit_n == self->commit_n && self->wal_pages > 0;
        if (self->is_stopping || (self->wal_pages < self->start_pages && !is_idle))
            continue;
        // Not at once again when this fails: the size counts from here.
        self->wal_pages = 0;
        pthread_mutex_unlock(&self->lock);
        copy_all(self);
        pthread_mutex_lock(&self->lock);
    }
    pthread_mutex_unlock(&self->lock);
    return NULL;
}

static tw_status start(twi_checkpointer *self, tw_err *err)
{
    pthread_condattr_t attributes;
    TW_CHECK(pthread_mutex_init(&self->lock, NULL) == 0);
    TW_CHECK(pthread_condattr_init(&attributes) == 0);
    TW_CHECK(pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC) == 0);
    TW_CHECK(pthread_cond_init(&self->wake, &attributes) == 0);
    pthread_condattr_destroy(&attributes);
    sqlite3_wal_hook(self->writer->db, on_commit, self);
    int code = pthread_create(&self->thread, NULL, run, self);
    if (code != 0) {
        sqlite3_wal_hook(self->writer->db, NULL, NULL);
        pthread_cond_destroy(&self->wake);
        pthread_mutex_destroy(&self->lock);
        errno = code;
        return tw_fail_errno(err, "cannot start the checkpoint thread");
    }
    self->has_thread = true;
    return TW_OK;
}

tw_status twi_checkpointer_new(const tw_alloc *alloc, const tw_sqlite_options *options,
                               twi_conn *writer, pthread_mutex_t *writer_lock, size_t wal_bytes,
                               twi_checkpointer **out, tw_err *err)
{
    *out = NULL;
    int64_t page_bytes;
    TW_TRY(twi_conn_number(writer, "PRAGMA page_size", &page_bytes, err));
    twi_checkpointer *self = tw_new(alloc, twi_checkpointer);
    if (!self)
        return tw_fail(err, TW_NO_MEMORY, "no memory for the checkpoint thread");
    self->alloc = alloc;
    self->writer = writer;
    self->writer_lock = writer_lock;
    self->start_pages = (int)TW_MAX((int64_t)wal_bytes / page_bytes, 1);
    self->rest_pages = (int)TW_MAX((int64_t)REST_BYTES / page_bytes, 1);
    tw_status status =
        twi_conn_open(alloc, options, TWI_CONN_READER, (twi_statements){NULL, 0}, &self->conn, err);
    if (status == TW_OK)
        // Checkpoints sync at this level; query_only would refuse them.
        status = twi_conn_exec(&self->conn, "PRAGMA query_only=0; PRAGMA synchronous=FULL", err);
    if (status == TW_OK)
        status = start(self, err);
    if (status != TW_OK) {
        twi_checkpointer_free(self);
        return status;
    }
    *out = self;
    return TW_OK;
}

void twi_checkpointer_free(twi_checkpointer *self)
{
    if (!self)
        return;
    if (self->has_thread) {
        pthread_mutex_lock(&self->lock);
        self->is_stopping = true;
        pthread_cond_signal(&self->wake);
        pthread_mutex_unlock(&self->lock);
        pthread_join(self->thread, NULL);
        sqlite3_wal_hook(self->writer->db, NULL, NULL);
        pthread_cond_destroy(&self->wake);
        pthread_mutex_destroy(&self->lock);
    }
    twi_conn_close(&self->conn);
    tw_delete(self->alloc, self);
}
