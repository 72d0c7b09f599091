// SPDX-License-Identifier: Apache-2.0
//
// What pages and commands read: alerts, transactions, employees, stores, counts. Answers are plain
// structs whose strings and arrays live in the caller's arena. Every query first waits (at most a
// second) until what was accepted before it is projected, so that callers see their own writes.
//
// All functions are thread-safe; those that need the engine (marked E) give TW_UNSUPPORTED in
// reader mode. Costs: one index lookup and the decoding of what is returned, unless a function says
// more.
#ifndef TW_SERVICE_QUERY_H
#define TW_SERVICE_QUERY_H

#include "learn/backtest.h"
#include "learn/export.h"
#include "service/service.h"

typedef struct tw_money {
    int64_t minor;
    char currency[4];
} tw_money;

// --- alerts
// ---------------------------------------------------------------------------------------

typedef struct tw_reason_view {
    tw_str signal, title, sentence;
    double strength; // 0..1
} tw_reason_view;

typedef struct tw_verdict_view {
    tw_str verdict_id, alert_id, transaction_id;
    tw_verdict_kind verdict;
    tw_str reason, note, decided_by;
    int64_t decided_ms;
    tw_money recovered;
} tw_verdict_view;

typedef struct tw_alert_view {
    tw_str alert_id, status, type, scheme, title, sentence;
    tw_str entity_kind, entity_id, store_id, employee_id, register_id; // "" = none
    int64_t created_ms, updated_ms;                                    // event time
    int16_t offset_min;                                                // of the store
    double risk_score;
    tw_money exposure;
    uint32_t transaction_n;
    const tw_str *transaction_ids; // newest last, at most TW_ALERT_SEQS_MAX
    size_t transaction_id_n;
    const uint64_t *seqs; // same order
    const tw_reason_view *reasons;
    size_t reason_n;
    bool has_verdict;
    tw_verdict_view verdict;
    uint64_t first_seq, last_seq;
    double challenger_risk; // at the opening; NaN when no challenger scored then
    uint64_t version;       // changes with every change of the alert: its ETag
    // What people did with it; times are wall clock, 0 and "" = not (yet).
    tw_str assignee, case_id;
    int64_t snoozed_until_ms, first_viewed_ms;
    uint64_t work_seq; // last fact by which somebody changed it
    // By the settings as they are now; queries of alerts fill them in.
    int64_t due_ms;
    bool is_overdue; // open, and due has passed
    tw_str region;   // "" = none
} tw_alert_view;

// Empty strings and NULLs do not filter. Times are event times, [from, to), those of decisions are
// wall clock.
typedef struct tw_alert_query {
    tw_str status, type, scheme, store_id, employee_id, register_id;
    tw_str_list stores; // n 0 = all; with store_id and region: what is in each of them
    tw_str region;      // of the settings; TW_INVALID when there is none of that name
    tw_str assignee, case_id;
    bool only_unassigned;
    tw_str_list verdicts;
    bool only_awake, only_snoozed; // now
    bool only_overdue;             // open, and due has passed
    bool only_late;                // decided, and due had passed by then
    tw_str signal;                 // that speaks for it
    tw_str_list assignees;         // of a team; n 0 = any
    int64_t decided_from_ms, decided_to_ms;
    tw_str text; // some id of the alert starts with it
    tw_str entity_kind, entity_id;
    double min_risk;
    int64_t from_ms, to_ms; // to_ms 0 = no limit
    tw_alert_sort sort;     // of port/ledger.h: TW_ALERT_SORT_RANK, ...
    bool only_open;         // status is not CLOSED
    uint32_t limit;         // 1..500; 0 = 50
    tw_str cursor;          // from the last page, "" = first
} tw_alert_query;

typedef struct tw_alert_list {
    const tw_alert_view *items;
    size_t n;
    tw_str next_cursor; // "" = no more
    uint64_t total;     // matches in all
} tw_alert_list;

tw_status tw_query_alerts(tw_service *service, const tw_alert_query *query, tw_arena *arena,
                          tw_alert_list *out, tw_err *err) TW_MUST_CHECK;
tw_status tw_query_alert(tw_service *service, tw_str alert_id, tw_arena *arena,
                         tw_alert_view *out) TW_MUST_CHECK;
// What alerts of this scheme turned out to be.
typedef struct tw_similar {
    uint64_t confirmed, refuted, operational, inconclusive, open;
} tw_similar;
tw_status tw_query_similar(tw_service *service, tw_str scheme, tw_similar *out) TW_MUST_CHECK;

// --- transactions
// ---------------------------------------------------------------------------------

typedef struct tw_signal_view {
    tw_str name, title, sentence;
    double strength;
} tw_signal_view;

typedef struct tw_guilt {
    bool is_guilty;
    tw_str why; // "" when not guilty
} tw_guilt;

typedef struct tw_transaction_view {
    const tw_transaction *transaction; // decoded from the journal
    uint64_t seq;
    int64_t received_ms;
    tw_score score;
    const tw_signal_view *signals;
    size_t signal_n;
    tw_str alert_id;         // "" = none
    const tw_guilt *lines;   // transaction->line_n of them
    const tw_guilt *tenders; // transaction->tender_n of them
    tw_guilt whole;          // some signal fired, whatever it points at
    const float *row; // [TW_INPUT_N], features first; NULL when not kept (nothing fired, no audit)
} tw_transaction_view;

tw_status tw_query_transaction(tw_service *service, tw_str transaction_id, tw_arena *arena,
                               tw_transaction_view *out, tw_err *err) TW_MUST_CHECK; // E
tw_status tw_query_seq(tw_service *service, uint64_t seq, tw_arena *arena, tw_transaction_view *out,
                       tw_err *err) TW_MUST_CHECK;

// Transactions of a register around one of them, in time order, at most `limit` (0 = 200). Scans
// the stored scores of that time: some 20 ms for a million facts, and stops there.
tw_status tw_query_timeline(tw_service *service, uint64_t seq, int64_t before_ms, int64_t after_ms,
                            uint32_t limit, tw_arena *arena, const tw_transaction_view **out,
                            size_t *out_n) TW_MUST_CHECK;
// Newest transactions of an employee, newest first. Scans back over at most 2 million facts.
tw_status tw_query_recent(tw_service *service, tw_str employee_id, uint32_t limit, tw_arena *arena,
                          const tw_transaction_view **out, size_t *out_n) TW_MUST_CHECK;

// --- employees and stores (E)
// ---------------------------------------------------------------------

typedef struct tw_measure_view {
    tw_feature feature; // title, help and unit: tw_feature_get
    tw_peer_stats stats;
} tw_measure_view;

typedef struct tw_trend_day {
    int32_t day;               // days since 1970
    float value, store_median; // NaN = unknown
} tw_trend_day;

tw_status tw_query_measures(tw_service *service, tw_str employee_id,
                            tw_measure_view out[TW_PEER_MEASURE_N]) TW_MUST_CHECK;
tw_status tw_query_trend(tw_service *service, tw_str employee_id, tw_peer_measure measure,
                         tw_trend_day out[28]) TW_MUST_CHECK;
// The measure that belongs to a scheme, for the alert's trend; TW_PEER_MEASURE_N when none does.
tw_peer_measure tw_scheme_measure(tw_service *service, tw_str scheme);
tw_status tw_query_employee(tw_service *service, tw_str employee_id,
                            tw_employee_info *out) TW_MUST_CHECK;

// Which of these words are ids of employees or accounts: kinds[i] = 'E', 'K' or 0. One turn at the
// engine for all. TW_UNSUPPORTED in reader mode.
tw_status tw_query_known(tw_service *service, const tw_str *words, size_t n,
                         char *kinds) TW_MUST_CHECK; // E

typedef struct tw_store_row {
    tw_str store_id;
    uint64_t alerts_open;
    int64_t last_ms; // newest time that it has sent records of; 0 = none
} tw_store_row;
tw_status tw_query_stores(tw_service *service, tw_arena *arena, const tw_store_row **out,
                          size_t *out_n) TW_MUST_CHECK;

typedef struct tw_store_employee {
    tw_str employee_id;
    double transactions_28d, refund_rate, void_rate;
    uint64_t alerts;
} tw_store_employee;
#define TW_STORE_MEASURES_MAX 8
typedef struct tw_store_view {
    tw_str store_id, format;
    tw_measure_view measures[TW_STORE_MEASURES_MAX]; // of the store against the chain's stores
    size_t measure_n;
    const tw_store_employee *employees;
    size_t employee_n;
} tw_store_view;
// Counts the stored scores of 28 days, at most 2 million: some 0.1 s for a large chain.
tw_status tw_query_store(tw_service *service, tw_str store_id, tw_arena *arena,
                         tw_store_view *out) TW_MUST_CHECK;

// --- counts
// ---------------------------------------------------------------------------------------

// What a fact did to a model, signal set or policy.
typedef struct tw_model_change {
    uint64_t seq;
    int64_t changed_ms;
    tw_str what; // promoted | challenger | withdrawn | decided | installed; static
    tw_str changed_by, reason;
} tw_model_change;

typedef struct tw_model_view {
    tw_str model_id;
    tw_str kind;        // classifier | outlier | signals | policy
    tw_str state;       // champion | challenger | archived
    int64_t trained_ms; // when its first fact was made
    int64_t changed_ms; // of the fact that gave it its state, with by and reason
    tw_str changed_by, reason;
    uint64_t transactions; // that the training drew from
    tw_str parent;         // champion when it was trained, "" = none
    tw_str metadata;    // JSON of the model file (docs/formats/model-metadata.md); "{}" for others
    tw_str decision;    // JSON of the gate; "" = none
    int64_t decided_ms; // 0 = not
    int64_t champion_from_ms, champion_to_ms; // newest time as champion; 0 = never, not over
    tw_str sha256;
    uint64_t bytes_n;               // of the content
    uint64_t seq;                   // of the newest fact that installed it
    const tw_model_change *changes; // newest first
    size_t change_n;
} tw_model_view;

typedef struct tw_summary {
    uint64_t transactions, facts;
    double rate_1m;
    uint64_t alerts_open, alerts_today;
    tw_money exposure_open;
    uint64_t stores, employees;
    bool has_model;
    tw_model_view model;
    double alerts_per_store_day; // of the policy
    int64_t last_transaction_ms; // 0 = none
    int16_t last_offset_min;     // of its store
    uint64_t dead_letters;
} tw_summary;
// Cached for half a second: cheap enough for every client's every second.
tw_status tw_query_summary(tw_service *service, tw_arena *arena, tw_summary *out) TW_MUST_CHECK;
// The same with the alerts of some stores only (n 0 = all); those are counted each time.
tw_status tw_query_summary_of(tw_service *service, const tw_str_list *stores, tw_arena *arena,
                              tw_summary *out) TW_MUST_CHECK;

typedef struct tw_signal_row {
    tw_str name, title, scheme, help;
    tw_alert_type type;
    tw_entity_kind entity;
    const tw_parameter *parameters;
    size_t parameter_n;
    uint64_t hits_28d;
    // Of the alerts in which it fired, by the verdicts that stand now.
    uint64_t confirmed, refuted, operational, inconclusive;
    tw_share precision; // confirmed of confirmed, refuted and operational; Wilson's 90 % interval
    double trust;       // what verdicts did to its weight, 1 = nothing (the detector's own)
} tw_signal_row;
tw_status tw_query_signals(tw_service *service, tw_arena *arena, const tw_signal_row **out,
                           size_t *out_n) TW_MUST_CHECK; // E

// The same counts by scheme or by store.
typedef enum tw_precision_group { TW_PRECISION_SCHEME, TW_PRECISION_STORE } tw_precision_group;
typedef struct tw_precision_row {
    tw_str key;
    uint64_t confirmed, refuted, operational, inconclusive;
    tw_share precision;
} tw_precision_row;
// STORE: E.
tw_status tw_query_precision(tw_service *service, tw_precision_group group, tw_arena *arena,
                             const tw_precision_row **out, size_t *out_n) TW_MUST_CHECK;

// --- models and their watch
// ---------------------------------------------------------------------------------------

// All models, signal sets and policies, newest (by their newest fact) first.
tw_status tw_query_models(tw_service *service, tw_arena *arena, const tw_model_view **out,
                          size_t *out_n) TW_MUST_CHECK;
// One. TW_NOT_FOUND.
tw_status tw_query_model(tw_service *service, tw_str model_id, tw_arena *arena, tw_model_view *out,
                         tw_err *err) TW_MUST_CHECK;
// Model card in Markdown, appended to `out`. TW_NOT_FOUND; TW_INVALID for a signal set or policy.
tw_status tw_query_model_card(tw_service *service, tw_str model_id, tw_buf *out,
                              tw_err *err) TW_MUST_CHECK;
typedef enum tw_model_form {
    TW_MODEL_FORM_TWM,     // our model file
    TW_MODEL_FORM_JSON,    // XGBoost's JSON
    TW_MODEL_FORM_UBJSON,  // XGBoost's UBJSON
    TW_MODEL_FORM_MLMODEL, // a directory for MLflow
} tw_model_form;
// The files of a form: one but for MLMODEL. Release with tw_export_release. TW_NOT_FOUND;
// TW_INVALID without a classifier (but for TWM).
tw_status tw_query_model_export(tw_service *service, tw_str model_id, tw_model_form form,
                                tw_export *out, tw_err *err) TW_MUST_CHECK;

#define TW_TRAINING_HISTORY 20
typedef struct tw_training_run {
    int64_t started_ms, finished_ms;
    const char *outcome; // promoted | challenger | outlier | unchanged | failed | stopped; static
    char model_id[TW_MODEL_ID_BYTES];
    char started_by[64];
    char sentence[256]; // the gate's reason, or why nothing came of it
} tw_training_run;
typedef struct tw_training_state {
    bool has_schedule;
    int32_t minute;  // of the day, local
    int64_t next_ms; // 0 = none planned
    int64_t last_ms; // newest training that the journal knows, also before this start; 0 = none
    bool can_train;  // tw_service_train_start works
    bool is_running;
    tw_train_stage stage;
    uint64_t done, all; // of the stage
    int64_t started_ms;
    char started_by[64];
    size_t run_n; // since the start of the process, newest first
    tw_training_run runs[TW_TRAINING_HISTORY];
} tw_training_state;
void tw_query_training(tw_service *service, tw_training_state *out);

#define TW_SHADOW_DAYS 28
#define TW_SHADOW_BINS 20 // of risk, of equal width over [0, 1]
// Champion and challenger on the same transactions of one engine day.
typedef struct tw_shadow_day {
    int32_t day;
    uint64_t transaction_n;                    // that both scored
    uint64_t champion_n, challenger_n, both_n; // at or above TW_RISK_ALERT
    uint64_t champion_risk[TW_SHADOW_BINS], challenger_risk[TW_SHADOW_BINS];
} tw_shadow_day;

// How the champion does, and the challenger beside it.
typedef struct tw_watch_view {
    tw_str model_id, kind, challenger_id; // "" = none
    const tw_drift_reference *reference;  // NULL: the champion has none
    const tw_drift *drift;                // of the newest days against it; NULL = cannot be told
    int32_t drift_first_day, drift_last_day;
    const tw_week *weeks; // oldest first, the current one last
    size_t week_n;
    double predicted, observed, calibration_error; // of decided alerts; NaN = unknown
    const tw_shadow_day *shadow;                   // oldest first
    size_t shadow_n;
    const tw_alarm *alarms; // worst first
    size_t alarm_n;
    tw_drift_limits limits;
} tw_watch_view;
// Measured at most every ten seconds and whenever a model changed; cheap in between. E
tw_status tw_query_watch(tw_service *service, tw_arena *arena, tw_watch_view *out,
                         tw_err *err) TW_MUST_CHECK;

// Transactions drawn for audit (policy: audit_share), newest first.
typedef struct tw_audit_item {
    tw_transaction_view view;
    int32_t day;
    bool has_verdict;
    tw_verdict_kind verdict;
} tw_audit_item;
typedef struct tw_audit_list {
    const tw_audit_item *items;
    size_t n;
    uint64_t next;             // before_seq of the next page, 0 = no more
    uint64_t total, decided_n; // of the 65,536 newest
} tw_audit_list;
// before_seq 0 = from the newest; limit 1..500, 0 = 50. E
tw_status tw_query_audit(tw_service *service, uint64_t before_seq, uint32_t limit,
                         bool only_undecided, tw_arena *arena, tw_audit_list *out,
                         tw_err *err) TW_MUST_CHECK;

// A backtest over the journal, on the caller's thread; at most two at a time (TW_BUSY). `out` is
// the caller's: tw_backtest_release. TW_CLOSED when progress stopped it or the service closes;
// TW_NOT_FOUND for an unknown model. Some 2 us per fact up to `to`.
typedef struct tw_backtest_request {
    tw_str model_id;              // "" = as recorded
    tw_str signals, policy;       // YAML; "" = as recorded
    int64_t from_ms, to_ms;       // alerts created in [from, to); 0 = open
    tw_replay_progress *progress; // NULL = none
    void *progress_ctx;
} tw_backtest_request;
tw_status tw_query_backtest(tw_service *service, const tw_backtest_request *request,
                            tw_backtest *out, tw_err *err) TW_MUST_CHECK;

// How much each input moved the models' verdict on a transaction; index i = tw_input_get(i).
typedef struct tw_attribution {
    float value;         // NaN = missing
    double contribution; // to the margin (classifier), to the score (outlier)
} tw_attribution;
typedef struct tw_attributions {
    tw_str model_id;
    bool has_classifier;
    double margin, base;              // base + the sum of contributions = margin
    const tw_attribution *classifier; // [TW_INPUT_N], NULL without
    bool has_outlier;
    double outlier_score, outlier_base;
    const tw_attribution *outlier; // [TW_FEATURE_N], NULL without
} tw_attributions;
// By the champion of today, for a transaction whose row is kept (one with a signal or an alert).
// TW_NOT_FOUND when it is not. E
tw_status tw_query_attributions(tw_service *service, uint64_t seq, tw_arena *arena,
                                tw_attributions *out, tw_err *err) TW_MUST_CHECK;

typedef struct tw_dead_letter_list_view {
    const tw_dead_letter *items;
    size_t n;
    uint64_t next; // cursor, 0 = no more
} tw_dead_letter_list_view;
// Newest first; before = 0 starts.
tw_status tw_query_dead_letters(tw_service *service, uint64_t before, uint32_t limit,
                                tw_arena *arena, tw_dead_letter_list_view *out) TW_MUST_CHECK;

// A transaction with its score as stored on arrival; views live during the visit.
typedef struct tw_scored {
    uint64_t seq;
    const tw_transaction *transaction;
    tw_score score;
    const tw_str *signals; // names of those that fired, strongest first
    size_t signal_n;
} tw_scored;
// TW_OK goes on, TW_END stops with success, anything else stops with that status.
typedef tw_status tw_scored_visit(void *ctx, const tw_scored *scored, tw_err *err);
// Calls visit for each transaction in journal order. Some 0.5 us each.
tw_status tw_query_scored(tw_service *service, tw_scored_visit *visit, void *ctx,
                          tw_err *err) TW_MUST_CHECK;
// The same with scores of another model: replays the whole journal through a fresh engine in which
// `model` (a model file's bytes) takes the place of every installed model from the first fact on.
// Verdicts on transactions take effect with the label delay that the model was trained with.
tw_status tw_rescore(tw_service *service, tw_str model, tw_scored_visit *visit, void *ctx,
                     tw_err *err) TW_MUST_CHECK;
// Bytes of an installed model, appended to `out`. TW_NOT_FOUND.
tw_status tw_query_model_file(tw_service *service, tw_str model_id, tw_buf *out,
                              tw_err *err) TW_MUST_CHECK;
// Name and title of a signal by the number in a score, copied into the arena; "" when unknown. E
tw_status tw_query_signal(tw_service *service, uint8_t signal, tw_arena *arena,
                          tw_signal_view *out) TW_MUST_CHECK;

#endif
