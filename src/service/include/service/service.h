// SPDX-License-Identifier: Apache-2.0
//
// The flow: records -> journal -> engine -> detector -> projections. A service owns one data
// directory's state. Producers (HTTP workers, the importer) parse records into a batch on their own
// threads and submit it; one flow thread gives each fact its place, makes it durable in the
// journal, moves the engine and the detector, and completes the batch; one projector thread writes
// what people read into the ledger.
//
// Invariants:
//  1. A record is in the journal, durably, before its batch completes with it as accepted.
//  2. Engine, detector, scores, alerts and verdict rows are functions of the journal alone.
//  3. A failed append changes nothing: the batch fails as a whole, reads go on, later batches work.
//  4. The ledger's rows and its applied position change in one database transaction.
//
// Threads: batches belong to one producer at a time. tw_service_* functions are thread-safe unless
// they say otherwise. Callbacks run on the flow thread and must return quickly without calling back
// into the service other than tw_batch_put.
#ifndef TW_SERVICE_SERVICE_H
#define TW_SERVICE_SERVICE_H

#include "base/arena.h"
#include "base/time.h"
#include "detect/detector.h"
#include "feature/engine.h"
#include "learn/drift.h"
#include "learn/train.h"
#include "port/files.h"
#include "port/journal.h"
#include "port/ledger.h"
#include "retail/transaction.h"

typedef struct tw_service tw_service;

#define TW_MODEL_ID_BYTES 64 // of an id with the NUL

typedef enum tw_service_mode {
    TW_SERVICE_LIVE,   // flow, projector, background training, snapshots
    TW_SERVICE_IMPORT, // the same, but training happens only in tw_service_milestone
    TW_SERVICE_READER, // queries of what the ledger and journal hold; no engine, no lock, no writes
} tw_service_mode;

// The nightly training of a live service. Times are local to `zone`.
typedef struct tw_train_schedule {
    bool is_enabled;
    int32_t minute;      // of the day, 0..1439
    int32_t days;        // of history that a training set covers; 0 = 90
    const tw_zone *zone; // NULL = UTC
} tw_train_schedule;

// The zone of the installation, in which figures have their days unless the settings name one.
typedef struct tw_figure_zone_option {
    const tw_zone *zone; // NULL = UTC
    const char *name;    // of it
} tw_figure_zone_option;

// All pointers are borrowed and outlive the service.
typedef struct tw_service_options {
    const tw_alloc *alloc; // NULL = system
    const tw_clock *clock; // NULL = system
    tw_journal *journal;
    tw_ledger *ledger;
    tw_files *files;
    tw_service_mode mode;
    char currency[4];   // of money that no record names (verdicts, empty totals)
    tw_str signals;     // YAML to install unless it is what scores already; empty = leave what is
    tw_str policy;      // installed, or install the built-in one at the first start
    size_t queue_facts; // bounds of what waits; 0 = 65,536 facts, 256 MB
    size_t queue_bytes;
    uint64_t snapshot_facts;      // facts between snapshots; 0 = 1,000,000, or 100,000 when idle
    bool train_off;               // no training at all (tests)
    const struct tw_paper *paper; // for exports and reports; NULL = none
    const struct tw_archive *archive; // for exports; NULL = none
    const tw_trainer *trainer;        // of classifiers; NULL = only the outlier model is trained
    const char *code_version;         // for the lineage of models; NULL = ""
    tw_train_schedule schedule;
    tw_figure_zone_option figure_zone;
    const tw_drift_limits *drift_limits; // of alarms; NULL = the defaults
} tw_service_options;

// Opens: newest valid snapshot, then the rest of the journal through engine and detector; ledger
// rows are written only for what it has not applied. Cost: reading the snapshot plus about 1 us per
// fact behind it. TW_CORRUPT when the journal's chain is broken or the ledger is ahead of the
// journal.
tw_status tw_service_open(const tw_service_options *options, tw_service **out,
                          tw_err *err) TW_MUST_CHECK;
// Refuses new batches with TW_CLOSED, completes those that wait, writes the projections and a
// snapshot, and frees. NULL is allowed.
void tw_service_close(tw_service *service);
// Stops intake and waits until everything accepted is applied and projected; queries go on.
void tw_service_drain(tw_service *service);

// --- batches -------------------------------------------------------------------------------------

typedef enum tw_outcome {
    TW_OUTCOME_ACCEPTED,
    TW_OUTCOME_DUPLICATE, // the same record again: the first answer
    TW_OUTCOME_CONFLICT,  // another record under a known id: kept in the dead letters
    TW_OUTCOME_REJECTED,  // did not parse: kept in the dead letters
    TW_OUTCOME_FAILED,    // the journal failed; `status` says how; nothing was kept
} tw_outcome;

typedef struct tw_reason_text {
    tw_str name, title, sentence;
    double strength; // 0..1
} tw_reason_text;

typedef struct tw_result {
    tw_outcome outcome;
    tw_status status; // TW_OK, TW_CONFLICT, the problem's status, or the journal's failure
    uint64_t seq;     // of the fact (the first one for duplicates), 0 when there is none
    tw_fact_kind kind;
    uint32_t line;                    // as given by the producer
    tw_str id;                        // the record's own id; view into the batch
    tw_score score;                   // transactions only
    char alert_id[TW_ALERT_ID_BYTES]; // "" = none
    const tw_reason_text *reasons;    // of the fired signals, strongest first; in the batch's arena
    size_t reason_n;
} tw_result;

typedef struct tw_batch tw_batch;
// Runs on the flow thread when every record of the batch has its result.
typedef void tw_batch_done(void *ctx, tw_batch *batch);

// A batch from the service's pool, empty. TW_NO_MEMORY. Give it back with tw_batch_put.
tw_status tw_batch_get(tw_service *service, tw_batch **out) TW_MUST_CHECK;
void tw_batch_put(tw_batch *batch); // never while it is submitted
void tw_batch_reset(tw_batch *batch);
// Memory for parsing into; reset with the batch.
tw_arena *tw_batch_arena(tw_batch *batch);
// Adds a fact; fills received_ms from the service's clock when it is 0. What the fact points to
// must live until the batch has completed (in the batch's arena, or in a buffer that the producer
// keeps). `line` is the producer's position of the record, for problems. TW_LIMIT when the batch is
// full (TW_COMMIT_MAX_FACTS records or TW_BLOCK_MAX_BYTES / 2 bytes), TW_NO_MEMORY.
tw_status tw_batch_add(tw_batch *batch, const tw_fact *fact, uint32_t line) TW_MUST_CHECK;
// Adds a record that did not parse: it becomes a dead letter when the batch is processed. Strings
// of `letter` are copied. `status` is what the result will carry. Same limits.
tw_status tw_batch_reject(tw_batch *batch, const tw_dead_letter *letter,
                          tw_status status) TW_MUST_CHECK;
// Where the batch comes from, for the dead letters ("import:sales.ndjson", "http"); copied.
void tw_batch_source(tw_batch *batch, tw_str source);
size_t tw_batch_n(const tw_batch *batch);
// After completion: result of record i in the order of add and reject. Views live until reset or
// put.
const tw_result *tw_batch_result(const tw_batch *batch, size_t i);
// Whole-batch failure (journal) or TW_OK.
tw_status tw_batch_status(const tw_batch *batch, const tw_err **err);

// Hands the batch over; `done` runs later, exactly once, when this returned TW_OK. TW_BUSY: the
// queue is full, nothing happened, try again later. TW_CLOSED: shutting down.
tw_status tw_service_submit(tw_service *service, tw_batch *batch, tw_batch_done *done,
                            void *ctx) TW_MUST_CHECK;
// Hands over and waits for completion; waits for room in the queue instead of TW_BUSY when
// `wait_for_room`. Returns the batch's own status. Never from a callback.
tw_status tw_service_run(tw_service *service, tw_batch *batch, bool wait_for_room,
                         tw_err *err) TW_MUST_CHECK;

// Score without side effects: what the fact would get now, also when its id is known already. Any
// thread. Reasons go into the arena.
typedef struct tw_probe_result {
    tw_score score;
    float row[TW_FEATURE_N];
    const tw_reason_text *reasons;
    size_t reason_n;
} tw_probe_result;
tw_status tw_service_probe(tw_service *service, const tw_fact *fact, tw_arena *scratch,
                           tw_probe_result *out) TW_MUST_CHECK;

// --- verdicts and configuration -----------------------------------------------------------------

// Records a verdict on an alert or a transaction: checks that the subject exists (TW_NOT_FOUND) and
// that the reason belongs to the verdict (TW_INVALID), journals it, waits until it is applied and
// projected. verdict_id is derived from the content, so that the same verdict again is a duplicate.
// Reads after the call see it.
typedef struct tw_verdict_result {
    char verdict_id[32];
    char alert_id[TW_ALERT_ID_BYTES]; // "" when it names a transaction without an alert
    bool duplicate;
    tw_str status; // of the alert afterwards, "" without an alert; static text
} tw_verdict_result;
tw_status tw_service_verdict(tw_service *service, const tw_verdict *verdict, tw_verdict_result *out,
                             tw_err *err) TW_MUST_CHECK;
// Is there a transaction with this id? False in reader mode.
bool tw_service_knows(tw_service *service, tw_str transaction_id);
// Fills verdict_id (derived from the content) and checks the reason; for producers of verdict
// batches. `id` holds the text. An empty reason takes the verdict's first one.
tw_status tw_verdict_prepare(tw_verdict *verdict, char id[32], tw_err *err) TW_MUST_CHECK;

// The fixed list of reasons. i from 0; NULL behind the end.
typedef struct tw_verdict_reason {
    tw_verdict_kind verdict;
    const char *reason, *title;
} tw_verdict_reason;
const tw_verdict_reason *tw_verdict_reason_get(size_t i);

// Validates and journals a model, signal set or policy, and waits until it scores.
tw_status tw_service_configure(tw_service *service, tw_config_kind kind, tw_str name,
                               tw_str content, tw_str changed_by, tw_str reason,
                               tw_err *err) TW_MUST_CHECK;

// --- models
// ---------------------------------------------------------------------------------------
//
// Every change is a fact with the model's whole content, so that the journal alone tells what
// scored when. Each call waits until the fact scores (transactions before it in the queue are
// scored by the old model, those behind it by the new one) and is projected. TW_UNSUPPORTED in
// reader mode; `changed_by` and `reason` are kept with the fact.

// Makes a known model the champion. TW_NOT_FOUND: no model has the id; TW_CONFLICT: it is the
// champion already; TW_INVALID or TW_CORRUPT: of another catalogue, damaged.
tw_status tw_service_promote(tw_service *service, tw_str model_id, tw_str changed_by, tw_str reason,
                             tw_err *err) TW_MUST_CHECK;
// The champion before the present one again; a second rollback goes one further back. model_id
// receives its id. TW_NOT_FOUND when there was none before.
tw_status tw_service_rollback(tw_service *service, tw_str changed_by, tw_str reason,
                              char model_id[TW_MODEL_ID_BYTES], tw_err *err) TW_MUST_CHECK;
// Lets a known model score in the shadow, in place of the present challenger. As promote.
tw_status tw_service_challenge(tw_service *service, tw_str model_id, tw_str changed_by,
                               tw_str reason, tw_err *err) TW_MUST_CHECK;
// Ends the challenger. TW_NOT_FOUND when `model_id` is not the challenger ("" = whichever is).
tw_status tw_service_withdraw(tw_service *service, tw_str model_id, tw_str changed_by,
                              tw_str reason, tw_err *err) TW_MUST_CHECK;

typedef struct tw_model_import {
    tw_str bytes; // a model file of ours, or XGBoost's JSON or UBJSON
    tw_str name;  // "" = derived from the content
    tw_str changed_by, reason;
    bool promote; // champion at once; else challenger
} tw_model_import;
// Takes a model in. XGBoost's trees get the champion's outlier forest and curves fitted on the
// journal's labels, or plain logistic ones when there are too few. TW_INVALID names the first input
// that is none of ours. A replay of the journal when curves are fitted: some 2 us per fact.
tw_status tw_service_import(tw_service *service, const tw_model_import *import,
                            char model_id[TW_MODEL_ID_BYTES], tw_err *err) TW_MUST_CHECK;

// --- training
// -------------------------------------------------------------------------------------

typedef struct tw_train_request {
    int64_t from_ms, to_ms; // of the transactions to learn from, [from, to); 0 = the last `days` of
                            // the schedule, to the newest
    int64_t label_delay_ms; // < 0: verdicts are known when they were decided
    bool is_quick;          // one set of parameters instead of the search
    bool is_forest_only;    // no classifier
    bool keeps_champion;    // whatever the gate says, nothing is promoted
    tw_str started_by;      // "" = tillwatch
    tw_train_progress *progress; // NULL = none; true = stop
    void *progress_ctx;
} tw_train_request;
tw_train_request tw_train_request_default(void);

typedef struct tw_training {
    char
        model_id[TW_MODEL_ID_BYTES]; // of the classifier, or of the outlier model; "" = nothing new
    uint64_t row_n;                  // rows it was trained on
    uint64_t seen_n;                 // transactions that they were drawn from
    int32_t first_day, last_day;
    uint64_t ns;
    bool has_classifier;
    bool is_promoted; // it is the champion now
    char why[256];    // without a classifier: why there is none; else the gate's reason
    uint64_t positive_n, negative_n; // labelled by verdicts
    tw_fit_metrics metrics;          // with a classifier
    tw_gate_decision decision;       // with a classifier
} tw_training;
// Trains now, on the caller's thread: an outlier forest on the rows sampled over the last 28 engine
// days, which keeps the champion's classifier, and a classifier when verdicts suffice. A classifier
// becomes the challenger, with the gate's decision, and the champion when the gate says so.
// TW_INVALID with a sentence when too little is known (fewer than 1,000 rows), TW_CONFLICT while
// another training runs, TW_CLOSED when it was stopped.
tw_status tw_service_train(tw_service *service, const tw_train_request *request, tw_training *out,
                           tw_err *err) TW_MUST_CHECK;
// The same in the background thread of a live service; returns at once. TW_CONFLICT while one runs
// or waits, TW_UNSUPPORTED without the thread. request->progress does not count.
tw_status tw_service_train_start(tw_service *service, const tw_train_request *request,
                                 tw_err *err) TW_MUST_CHECK;
// For importers, between batches: waits until all is applied and trains the outlier model when the
// engine's day has passed a milestone (3, 7, 14, 28 days after the first, then every 14) since the
// last model. *trained says whether it did. Same records in the same order give the same models.
tw_status tw_service_milestone(tw_service *service, bool *trained, tw_err *err) TW_MUST_CHECK;

// --- state
// ----------------------------------------------------------------------------------------

typedef struct tw_service_stats {
    uint64_t seq;           // last applied
    uint64_t projected_seq; // last in the ledger
    uint64_t transaction_n, movement_n, shift_n, verdict_n;
    uint64_t duplicate_n, conflict_n, rejected_n, failed_n, busy_n; // since the start
    uint64_t commit_n, commit_ns; // journal appends and their time
    uint64_t apply_ns;            // time in engine and detector
    uint64_t alert_opened_n;      // since the start
    uint64_t snapshot_seq;        // newest snapshot
    size_t queued_facts, queued_bytes;
    double rate_1m;                  // accepted facts a second over the last minute
    bool is_accepting;               // false while the disk is full or when draining
    tw_status last_failure;          // of the journal; TW_OK after a success
    uint64_t recover_ns, replayed_n; // of the start
    uint32_t store_n, employee_n, account_n;
    int64_t last_time_ms;             // newest transaction time
    char model_id[TW_MODEL_ID_BYTES]; // of the champion, "" = none
    char challenger_id[TW_MODEL_ID_BYTES];
} tw_service_stats;
void tw_service_stats_get(tw_service *service, tw_service_stats *out);

// Latency of single batches from submit to completion: counts in buckets of 2^(i/4) us, for
// /metrics.
#define TW_LATENCY_BUCKETS 96
void tw_service_latency(tw_service *service, uint64_t out[TW_LATENCY_BUCKETS]);
double tw_latency_bucket_us(size_t i); // upper bound of bucket i

// --- rebuild
// --------------------------------------------------------------------------------------

typedef struct tw_hashes {
    uint64_t seq;
    uint64_t engine, detector, sample; // state; sample = training sample and counters
    uint64_t scores, alerts, verdicts; // projections
    uint64_t docs, actions;            // the work: cases, settings, the log
} tw_hashes;
// Hashes of what is live. Waits until all is projected.
tw_status tw_service_hashes(tw_service *service, tw_hashes *out, tw_err *err) TW_MUST_CHECK;

// Called now and then with facts done and facts in all.
typedef void tw_progress(void *ctx, uint64_t done, uint64_t all);
// Replays the journal from its first fact into a fresh engine, detector and in-memory projection,
// and gives their hashes. Changes nothing. `fresh` is an empty ledger (the memory adapter) to
// project into.
tw_status tw_rebuild_hashes(const tw_service_options *options, tw_ledger *fresh,
                            tw_progress *progress, void *ctx, tw_hashes *out,
                            tw_err *err) TW_MUST_CHECK;
// Wipes the ledger's projection and the snapshots and writes them again from the journal. No
// service may be open.
tw_status tw_rebuild(const tw_service_options *options, tw_progress *progress, void *ctx,
                     tw_hashes *out, tw_err *err) TW_MUST_CHECK;

#endif
