// SPDX-License-Identifier: Apache-2.0
//
// The detector: turns a transaction and its feature row into a risk score with reasons, and keeps
// the alerts. Evidence for a scheme is gathered for each entity (employee, account, register),
// ages, and opens an alert when it crosses the operating point of the policy; an open alert grows.
//
// Pure and deterministic: no I/O, clock or random number; decisions use integers and the four basic
// operations only. Same facts, configs and engine: same scores, alerts and hash, bit for bit.
// Every time in here is the facts' own; days advance with the engine's clock (tw_engine_day).
//
// Order of calls for each fact: tw_engine_apply(engine, fact, row), then at once
// tw_detector_apply(detector, fact, row, tw_engine_last_filters(engine), ...). Configs come through
// tw_detector_config at their place in the journal instead.
//
// Threads: as the engine: one thread applies; const functions run on it in between, or on others
// while it does not.
#ifndef TW_DETECT_DETECTOR_H
#define TW_DETECT_DETECTOR_H

#include "base/limits.h"
#include "detect/policy.h"
#include "detect/signals.h"
#include "feature/engine.h"
#include "model/file.h"
#include "retail/transaction.h"

typedef struct tw_detector tw_detector;

#define TW_SENTENCE_BYTES 200
#define TW_ALERT_SEQS_MAX 64
#define TW_ALERT_CHANGES_MAX 8
#define TW_SIGNAL_IDS_MAX 250 // names of signals in the life of one detector

typedef struct tw_alert_reason {
    uint8_t signal;                   // number of the signal (tw_detector_signal)
    uint8_t strength;                 // strongest so far, 1..255
    uint32_t n;                       // how often it fired for this alert
    int64_t last_ms;                  // time of the transaction that the sentence is about
    char sentence[TW_SENTENCE_BYTES]; // NUL-terminated UTF-8, with the numbers at that time
} tw_alert_reason;

typedef struct tw_alert {
    uint64_t key; // tw_alert_id gives the text
    char scheme[TW_ID_MAX_BYTES + 1], scheme_title[TW_ID_MAX_BYTES + 1];
    tw_alert_type type;
    tw_entity_kind entity;
    char entity_id[TW_ID_MAX_BYTES + 1];
    // Of the newest transaction.
    char store_id[TW_ID_MAX_BYTES + 1], employee_id[TW_ID_MAX_BYTES + 1],
        register_id[TW_ID_MAX_BYTES + 1];
    char currency[4];
    int16_t offset_min;
    int64_t created_ms, created_received_ms; // event time and arrival of the opening transaction
    int64_t updated_ms, updated_received_ms; // of the newest one, or of the verdict
    float risk;                              // highest so far
    float probability, shadow; // highest so far: the classifier's, the challenger's risk; NAN: none
    int64_t exposure_minor;    // money at risk over all its transactions
    uint32_t transaction_n;    // all, also those that seqs no longer holds
    uint32_t seq_n;
    uint64_t
        seqs[TW_ALERT_SEQS_MAX]; // journal positions, newest last; the opening brings earlier ones
    uint32_t reason_n;
    tw_alert_reason reasons[TW_SCHEME_SIGNALS_MAX]; // most evidence first
    bool is_closed;
    tw_verdict_kind verdict; // when closed
} tw_alert;

// A quiet rule (TW_CONFIG_QUIET): the entity brings no alert of a scheme for transactions before an
// instant. Text (YAML, so JSON too): entity_kind (as tw_entity_name), entity_id, until (RFC 3339),
// owner, reason; store_id, for registers only, "" = the register of that number in every store;
// scheme, "" = all of the entity's schemes.
typedef struct tw_quiet {
    char name[TW_ID_MAX_BYTES + 1]; // of the entry
    tw_entity_kind entity;
    char entity_id[TW_ID_MAX_BYTES + 1], store_id[TW_ID_MAX_BYTES + 1];
    char scheme[TW_ID_MAX_BYTES + 1];
    int64_t until_ms;       // by the transactions' own time
    uint64_t transaction_n; // that fired for it and were kept quiet
} tw_quiet;

typedef enum tw_alert_event { TW_ALERT_OPENED, TW_ALERT_GREW, TW_ALERT_CLOSED } tw_alert_event;
typedef struct tw_alert_change {
    tw_alert_event event;
    const tw_alert *alert; // a view, good until the next call that changes the detector
} tw_alert_change;

// A detector with the default signals and policy and no model. Borrows the engine, which must live
// longer. TW_NO_MEMORY.
tw_status tw_detector_new(const tw_alloc *alloc, const tw_engine *engine,
                          tw_detector **out) TW_MUST_CHECK;
void tw_detector_free(tw_detector *detector);

// Installs a model (file bytes) as champion or challenger, a signal set or a policy (YAML text), or
// a quiet rule under its name (tw_quiet). No bytes: no such model or rule from here on; a champion
// of the challenger's name ends the challenger; a decision has no effect. Validated before anything
// changes: on failure the detector is as it was and *err says why in one sentence. Evidence and
// open alerts of schemes that the new set still has are kept by name. A replay of a journal that is
// older than the catalogue meets models that it cannot use (TW_UNSUPPORTED): it installs none
// instead.
tw_status tw_detector_config(tw_detector *detector, tw_config_kind kind, tw_str name,
                             tw_str content, tw_err *err) TW_MUST_CHECK;
// The same validation with no effect, for admission before a config is journaled; a champion must
// have content. A quiet rule must also be about a scheme of the set that scores (TW_INVALID), and
// not be one too many (TW_LIMIT).
tw_status tw_detector_check(const tw_detector *detector, tw_config_kind kind, tw_str content,
                            tw_err *err) TW_MUST_CHECK;
// The champion, or NULL; a view, good until the next config.
const tw_model *tw_detector_model(const tw_detector *detector);
tw_str tw_detector_config_name(const tw_detector *detector,
                               tw_config_kind kind); // "" = built in, none

// Makes room for `n` more facts, so that as many applies cannot fail. TW_NO_MEMORY, TW_LIMIT.
tw_status tw_detector_reserve(tw_detector *detector, size_t n) TW_MUST_CHECK;

// Takes one fact. A transaction: row[TW_FEATURE_N] and filters as the engine gave them; fills *out.
// A verdict: row NULL, out is left; a verdict on an alert closes it, one on a transaction of an
// open alert moves the evidence only. Other facts: no effect. changes[TW_ALERT_CHANGES_MAX] and
// *change_n receive what happened to alerts. Allocates nothing: room must be reserved.
void tw_detector_apply(tw_detector *detector, const tw_fact *fact, const float *row,
                       uint32_t filters, tw_score *out, tw_alert_change *changes, size_t *change_n);

// The score that apply would give, with no trace left. alert_key is that of an open alert which the
// transaction would join, 0 when it would open one.
void tw_detector_probe(const tw_detector *detector, const tw_fact *fact, const float *row,
                       uint32_t filters, tw_score *out);

// Inputs of the classifier for the transaction applied last: [TW_INPUT_N] of detect/inputs.h, also
// without a classifier. A view, good until the next apply.
const float *tw_detector_inputs(const tw_detector *detector);

// What the challenger says of the transaction applied last; NAN without one.
typedef struct tw_shadow {
    float risk, probability, outlier;
} tw_shadow;
tw_shadow tw_detector_shadow(const tw_detector *detector);

// Contributions to a score, of inputs inputs[TW_INPUT_N] as they were then: classifier[TW_INPUT_N]
// sum up with *base to the margin (all 0 without a classifier), outlier[TW_FEATURE_N] with
// *outlier_base to the outlier model's score. Exact; some 0.2 ms. TW_NOT_FOUND without a model.
tw_status tw_detector_explain(const tw_detector *detector, const float *inputs, double *classifier,
                              double *base, double *outlier, double *outlier_base) TW_MUST_CHECK;

// --- words and marks
// -------------------------------------------------------------------------------

// The sentence of a signal for this transaction, with its numbers. `out` is NUL-terminated; "" for
// an unknown signal. Peers are as of now.
void tw_detector_sentence(const tw_detector *detector, const tw_fact *fact, const float *row,
                          uint8_t signal, char out[TW_SENTENCE_BYTES]);

// Why a line or tender of a transaction is guilty under a signal: a short text, or NULL when it is
// not. `filters` are not needed: the marks come from the record and the signal's rule.
const char *tw_detector_line_mark(const tw_detector *detector, const tw_transaction *transaction,
                                  uint8_t signal, size_t line);
const char *tw_detector_tender_mark(const tw_detector *detector, const tw_transaction *transaction,
                                    uint8_t signal, size_t tender);

// --- what is installed, and figures
// -----------------------------------------------------------------

// Signal by number, also of an earlier set (then only name and title are filled and enabled is
// false). False when the number was never given. The views live until the next config.
bool tw_detector_signal(const tw_detector *detector, uint8_t signal, tw_signal_info *out);
size_t tw_detector_signal_n(const tw_detector *detector); // numbers given so far: 0..n-1
const tw_signal_set *tw_detector_signals(const tw_detector *detector);
const tw_policy *tw_detector_policy(const tw_detector *detector);
// Quiet rules in the order of their installation; the view lives until the next call that changes
// the detector. A rule that ended before the engine's day goes with the next change of a rule.
size_t tw_detector_quiet_n(const tw_detector *detector);
const tw_quiet *tw_detector_quiet(const tw_detector *detector, size_t i);

typedef struct tw_detector_stats {
    uint64_t alerts_opened;
    uint32_t alerts_open;
    uint32_t entity_n;                    // entities with evidence
    float threshold_points;               // operating point now
    uint32_t hits_28d[TW_SIGNAL_IDS_MAX]; // firings of each signal in the last 28 days
    float trust[TW_SIGNAL_IDS_MAX];       // factor on each signal's evidence, by verdicts so far
    bool has_model, has_classifier, has_challenger;
} tw_detector_stats;
void tw_detector_stats_get(const tw_detector *detector, tw_detector_stats *out);

// Open alert by key, or NULL; and all open ones, oldest first.
const tw_alert *tw_detector_alert(const tw_detector *detector, uint64_t key);
void tw_detector_alerts(const tw_detector *detector,
                        void (*visit)(void *ctx, const tw_alert *alert), void *ctx);

// The transactions of an alert, open or decided: out[TW_ALERT_SEQS_MAX]; their number, 0 when it is
// unknown. (Of a decided one: those that it held when it was decided.)
size_t tw_detector_alert_seqs(const tw_detector *detector, uint64_t alert_key, uint64_t *out);
// Identity of the entity and scheme of an alert, the same in every detector that saw such an alert;
// 0 when it is unknown.
uint64_t tw_detector_case_key(const tw_detector *detector, uint64_t alert_key);
// What apply does for a verdict on the transaction at a journal position.
void tw_detector_judge(tw_detector *detector, uint64_t seq, tw_verdict_kind verdict);

// --- snapshots
// ---------------------------------------------------------------------------------------

// State with its configs (model, signals, policy), through the engine's writer and reader types.
tw_status tw_detector_save(const tw_detector *detector, tw_write *write, void *ctx) TW_MUST_CHECK;
// `engine` must be the one of the same snapshot. TW_CORRUPT when damaged or of another version.
tw_status tw_detector_load(const tw_alloc *alloc, const tw_engine *engine, tw_read *read, void *ctx,
                           tw_detector **out) TW_MUST_CHECK;
// Hash of the whole state, configs included: equal for equal histories.
uint64_t tw_detector_hash(const tw_detector *detector);

#endif
