// SPDX-License-Identifier: Apache-2.0
//
// The service's own structures and the seams between its files.
//
//   batch.c    what producers fill          flow.c     queue, identity, commit, completion
//   apply.c    groups through the core      project.c  changes -> ledger, events
//   alert_rows.c, action_rows.c, doc_desk.c  rows      recover.c  open, replay
//   work.c, work_*.c  what people do, checked before it is a fact
//   train.c    one training                 rebuild.c  the journal against what is live
//   schedule.c when trainings run           registry.c what scores, changed
//   outlier_model.c  the outlier model      watch.c    figures about models, in the core
//
// Threads: producers; the flow thread (core, groups); the writer thread (journal appends that
// overlap with applying); the projector thread (ledger); the trainer thread; the thread of the
// assignment rules. Locks, in the order in
// which they may be taken: none of them is held while another is taken, but for gate ->
// pending_lock, and for work_lock, under which everything else happens.
#ifndef TWI_SERVICE_INTERNAL_H
#define TWI_SERVICE_INTERNAL_H

#include <pthread.h>
#include <stdatomic.h>

#include "core.h"

#include "service/events.h"
#include "service/query.h"
#include "service/service.h"
#include "service/work.h"
#include "sync.h"
#include "workflow/alert_work.h"
#include "workflow/settings.h"

#define TWI_RATE_SECONDS 60

// One record of a batch.
typedef struct twi_entry {
    tw_result result;
    tw_fact fact;
    uint64_t key;
    size_t bytes_at, bytes_n;  // canonical bytes in batch->bytes
    tw_dead_letter *letter;    // of a rejected record or a conflict; in the batch's arena
    struct twi_entry *same_as; // duplicate of a record that is not applied yet
} twi_entry;

struct tw_batch {
    tw_service *service;
    tw_batch *next; // in the pool, the queue or a group
    tw_arena arena;
    tw_buf bytes;
    twi_entry *entries_own;
    size_t n, cap;
    char source[128];
    tw_batch_done *done;
    void *done_ctx;
    uint64_t submit_ns;
    tw_status status;
    tw_err err;
};

// Batches that share one commit.
typedef struct twi_group {
    tw_batch *first, *last;
    size_t entry_n;        // of all batches
    twi_entry **fresh_own; // what goes to the journal, [TW_COMMIT_MAX_FACTS]
    tw_str *bytes_own;     // their canonical bytes
    size_t fresh_n;
    tw_table inflight; // key -> index in fresh
    uint64_t first_seq;
    twi_changes *changes;
    tw_status status; // of the append
    tw_err err;
} twi_group;

// Whose turn it is to train, what is asked for, and what came of it.
typedef struct twi_training_turn {
    bool is_running, wants_first, is_asked;
    tw_train_request asked;
    char asked_by[64];
    tw_train_stage stage;
    uint64_t done, all;
    int64_t started_ms, next_ms; // next by the schedule; INT64_MAX = never
    char started_by[64];
    size_t run_n;
    tw_training_run runs[TW_TRAINING_HISTORY]; // newest first
} twi_training_turn;

struct tw_service {
    // Constant after open.
    const tw_alloc *alloc;
    const tw_clock *clock;
    tw_journal *journal;
    tw_ledger *ledger;
    tw_files *files;
    tw_service_mode mode;
    char currency[4];
    size_t queue_facts_max, queue_bytes_max;
    uint64_t snapshot_facts;
    bool train_off;
    const struct tw_paper *paper;
    const struct tw_archive *archive;
    const tw_trainer *trainer;
    const char *code_version;
    tw_train_schedule schedule;
    tw_figure_zone_option figure_zone;
    tw_drift_limits drift_limits;
    uint64_t recover_ns, replayed_n;

    pthread_mutex_t pool_lock;
    tw_batch *free_batches; // under pool_lock
    size_t free_batch_n;

    pthread_mutex_t queue_lock;
    pthread_cond_t has_work, has_room, is_idle;
    tw_batch *queue_first, *queue_last; // under queue_lock, as all to the next blank line
    size_t queued_facts, queued_bytes;
    size_t in_flow; // batches taken from the queue and not completed
    bool is_draining, is_closing;

    pthread_t flow_thread;
    bool has_flow;
    twi_gate gate; // around core
    twi_core core; // the flow thread changes it, inside the gate
    twi_group groups[2];
    uint64_t snapshot_seq; // flow thread, as all to the next blank line
    tw_buf fetched;
    tw_arena scratch;
    tw_arena range_arena; // the stored range that duplicates last asked for
    tw_score_range range;

    pthread_t writer_thread;
    bool has_writer;
    pthread_mutex_t writer_lock;
    pthread_cond_t writer_cond;
    twi_group *writing; // under writer_lock: what to append; NULL = done
    bool writer_stop;

    pthread_t project_thread;
    bool has_project;
    pthread_mutex_t pending_lock;
    pthread_cond_t has_pending, is_projected;
    twi_changes *pending_first, *pending_last; // under pending_lock, as all to the next blank line
    size_t pending_n, pending_bytes;
    twi_changes *free_changes;
    uint64_t applied_seq, projected_seq;
    bool flush_wanted, project_stop;
    tw_status project_status; // of the newest attempt

    struct twi_projector *projector; // project thread

    pthread_mutex_t event_lock;
    pthread_cond_t has_event;
    tw_event events[TW_EVENTS_KEPT]; // by id modulo
    uint64_t event_id;
    tw_events_notify *notify;
    void *notify_ctx;
    bool events_closed;

    pthread_t train_thread;
    bool has_train, can_train; // constant
    pthread_mutex_t train_lock;
    pthread_cond_t train_cond;
    bool train_stop; // under train_lock, as the turn
    twi_training_turn turn;
    int32_t train_asked_day; // flow thread

    pthread_mutex_t work_lock; // one command at a time; may be held while others are taken
    pthread_mutex_t note_lock;
    tw_table notes; // under note_lock: when whoever looked at what last
    pthread_mutex_t team_lock;
    tw_team_members *team_members; // under team_lock, as the next
    void *team_ctx;
    pthread_t assign_thread;
    bool has_assign; // constant after open
    pthread_mutex_t assign_lock;
    pthread_cond_t assign_cond;
    bool assign_wanted, assign_stop; // under assign_lock

    pthread_mutex_t watch_lock;
    struct twi_watch_cache *watch_cache_own; // under watch_lock, as the next
    int backtest_n;                          // running

    struct twi_mirror *mirror_own;    // figure_mirror.c; has a lock of its own
    struct twi_named_zone *zones_own; // query_figures.c; under stats_lock

    pthread_mutex_t stats_lock;
    tw_service_stats stats; // under stats_lock, as all to the end
    uint64_t latency[TW_LATENCY_BUCKETS];
    uint64_t rate_counts[TWI_RATE_SECONDS];
    uint64_t rate_second;
    tw_summary summary; // cached
    char summary_model_id[64];
    uint64_t summary_ns;
};

// flow.c
tw_status twi_flow_start(tw_service *service, tw_err *err) TW_MUST_CHECK;
void twi_flow_stop(tw_service *service);
void twi_flow_wait_idle(tw_service *service);
void twi_groups_release(tw_service *service);
// Installs a config fact through the queue and waits until it scores.
tw_status twi_flow_config(tw_service *service, const tw_config *config, uint64_t *seq,
                          tw_err *err) TW_MUST_CHECK;

// apply.c: applies group->fresh, fills their results; flow thread only.
void twi_group_apply(tw_service *service, twi_group *group);
// identity.c: sorts the entries of a group into fresh, duplicates and conflicts; flow thread only.
tw_status twi_group_identify(tw_service *service, twi_group *group, const twi_group *before,
                             tw_err *err) TW_MUST_CHECK;
void twi_group_forget(twi_group *group); // clears inflight

// project.c
tw_status twi_project_start(tw_service *service, tw_err *err) TW_MUST_CHECK;
void twi_project_stop(tw_service *service);
tw_status twi_changes_get(tw_service *service, twi_changes **out) TW_MUST_CHECK;
void twi_changes_put(tw_service *service, twi_changes *changes);
// Hands changes over; waits while the projector is too far behind.
void twi_project_push(tw_service *service, twi_changes *changes);
// TW_OK, or the ledger's failure when the backlog is full and the ledger does not take it.
tw_status twi_project_admits(tw_service *service);
// Waits until `seq` is in the ledger. TW_BUSY after timeout_ms.
tw_status twi_project_wait(tw_service *service, uint64_t seq, int timeout_ms);
uint64_t twi_applied_seq(tw_service *service);
// Waits a moment, so that a read shows what was applied before it. A ledger that does not keep up,
// or has no room, is read as it is.
void twi_project_settle(tw_service *service);
// The stored record of a fact, from memory or the ledger, copied into the arena. TW_NOT_FOUND.
tw_status twi_record_fetch(tw_service *service, uint64_t seq, tw_arena *arena,
                           twi_record *out) TW_MUST_CHECK;

// The same for the flow thread, which asks for neighbours: keeps the last range.
tw_status twi_record_recall(tw_service *service, uint64_t seq, tw_arena *arena,
                            twi_record *out) TW_MUST_CHECK;

// A projector writes changes into a ledger; used by the thread, recovery and rebuild.
typedef struct twi_projector twi_projector;
tw_status twi_projector_new(const tw_alloc *alloc, const tw_ledger *ledger,
                            const tw_journal *journal, const tw_files *files,
                            const char currency[4], twi_projector **out) TW_MUST_CHECK;
void twi_projector_free(twi_projector *projector);
// Takes changes (a list linked by next, in order, up to the one that ends with last_seq) and writes
// them with that position.
// On failure nothing is written and the same list may be tried again.
tw_status twi_projector_write(twi_projector *projector, const twi_changes *first, uint64_t last_seq,
                              tw_err *err) TW_MUST_CHECK;
// Events of the last successful write, for the ring.
size_t twi_projector_events(const twi_projector *projector, const tw_event **out);

// alerts.c: rows and views of alerts.
tw_status twi_alert_parse(const tw_alert_row *row, tw_arena *arena,
                          tw_alert_view *out) TW_MUST_CHECK;
// Row and body from a view; the body is written into `body`, whose bytes must outlive the row.
tw_status twi_alert_row(const tw_alert_view *view, tw_buf *body, tw_alert_row *out) TW_MUST_CHECK;

// query_settings.c: the settings as the ledger has them, without waiting for anything.
tw_status twi_settings_get(tw_service *service, tw_arena *arena, tw_settings *out,
                           tw_err *err) TW_MUST_CHECK;

// The part of a view that belongs to the workflow; its texts are the view's.
tw_alert_work twi_alert_work_of(const tw_alert_view *view);

// recover.c
// Moves core from its position to the head and writes changes behind the ledger's position.
tw_status twi_recover(twi_core *core, const tw_journal *journal, twi_projector *projector,
                      uint64_t projected_seq, tw_progress *progress, void *ctx, uint64_t *replayed,
                      tw_err *err) TW_MUST_CHECK;

// schedule.c
tw_status twi_train_start(tw_service *service, tw_err *err) TW_MUST_CHECK;
void twi_train_stop(tw_service *service);
void twi_train_consider(tw_service *service); // flow thread, after each group

// events.c
void twi_events_init(tw_service *service);
void twi_events_release(tw_service *service);
void twi_events_push(tw_service *service, const tw_event *events, size_t n);
void twi_events_close(tw_service *service);

// query_watch.c
typedef struct twi_watch_cache twi_watch_cache;
void twi_watch_cache_free(tw_service *service);

// work_assign.c: alerts may wait for somebody.
void twi_assign_wake(tw_service *service);

// query_learning.c: verdicts that stand now, by key; only keys that have some.
tw_status twi_precision_of(tw_service *service, tw_verdict_group group, tw_arena *arena,
                           tw_precision_row **out, size_t *out_n) TW_MUST_CHECK;

// batch.c
void twi_batches_release(tw_service *service);

// stats.c
void twi_stats_accepted(tw_service *service, uint64_t n);
void twi_stats_latency(tw_service *service, uint64_t ns);

#endif
