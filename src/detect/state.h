// SPDX-License-Identifier: Apache-2.0
//
// The detector's state. Internal to the library.
//
// A case is the evidence for one (entity, scheme): one slot for each signal of the scheme, in
// points of 1/1024, that ages by whole days of the engine's clock. Cases are found by the hash of
// kind, id and scheme name; 64 bits make a mix-up of two cases among millions a matter of 1 in
// 10^7.
//
// Invariants:
//  1. Everything that decides is integer or IEEE single/double with + - * / only.
//  2. cases[] only grows; open alerts live in alerts[] and are listed in open[] in opening order.
//  3. alert_seqs maps each seq that an open alert holds to its case; alert_cases maps every alert
//     key ever given, closed ones too, so that late verdicts find their entity.
#ifndef TWI_DETECT_STATE_H
#define TWI_DETECT_STATE_H

#include "base/table.h"
#include "detect/detector.h"
#include "detect/inputs.h"
#include "model/file.h"
#include "rules.h"

#define TWI_POINT 1024     // one point of evidence
#define TWI_LEADS_MAX 8    // transactions of a case remembered before its alert opens
#define TWI_BUDGET_DAYS 28 // memory of the budget
#define TWI_BINS 128       // of half a point each
#define TWI_BIN (TWI_POINT / 2)
#define TWI_NONE UINT32_MAX
#define TWI_SCHEME_NUMBERS_MAX 250
#define TWI_CASES_MAX (UINT32_C(1) << 28)
#define TWI_ALERTS_MAX (UINT32_C(1) << 20) // open at a time: above what any team could ever work
#define TWI_NAME_BYTES (TW_ID_MAX_BYTES + 1)

typedef struct twi_case {
    uint64_t key;
    int32_t slot[TW_SCHEME_SIGNALS_MAX];
    uint32_t fire_n[TW_SCHEME_SIGNALS_MAX];    // since the evidence was last nothing
    int32_t strong_day[TW_SCHEME_SIGNALS_MAX]; // when it last fired with half its strength or more
    int32_t peak;                              // highest counted in the budget; 0 = none
    int32_t day;                               // up to which the slots have aged
    int32_t factor_256, factor_until;          // evidence needed, by a verdict; until this day
    uint32_t alert;                            // index of its open alert or TWI_NONE
    uint8_t scheme;                            // number of the scheme
    uint8_t lead_n;
    uint64_t leads[TWI_LEADS_MAX]; // seqs, newest last
    int64_t lead_exposure[TWI_LEADS_MAX];
} twi_case;

// What one transaction does to one case; computed without side effects, then stored by apply.
typedef struct twi_touch {
    twi_case state;
    uint32_t index; // of the case, or TWI_NONE when it is new
    uint8_t scheme; // index in the set
    bool only_clears;
    uint32_t quiet;       // rule that keeps this case as it is, or TWI_NONE
    uint32_t fired_slots; // bits
    uint8_t strength[TW_SCHEME_SIGNALS_MAX];
    int64_t exposure_minor;
    int32_t evidence, needed; // points in 1/1024
} twi_touch;

typedef struct twi_touches {
    size_t n;
    size_t best; // index with the highest evidence against what is needed, quiet or not
    twi_touch items[TW_ALERT_CHANGES_MAX];
} twi_touches;

typedef struct twi_config {
    char name[TWI_NAME_BYTES];
    uint8_t *content_own;
    size_t bytes;
} twi_config;

#define TWI_UNDECIDED 0xffu

// What is kept of every alert: with its verdict, the transactions that it was about and which
// signals spoke for it, so that a changed verdict can take back what the first one did.
typedef struct twi_closed {
    uint64_t alert_key;
    size_t seq_at; // in seqs_own, once decided
    uint32_t case_idx;
    uint8_t seq_n;
    uint8_t verdict; // the latest, or TWI_UNDECIDED
    uint8_t reason_n;
    uint8_t signals[TW_SCHEME_SIGNALS_MAX]; // numbers
    uint8_t shares[TW_SCHEME_SIGNALS_MAX];  // of the evidence, in 255ths
    int32_t evidence;  // when it opened, in points, as if no verdict had moved its entity's bar
    int32_t day;       // when it opened
    int32_t trust_256; // in its signals when it opened
} twi_closed;

// A model as the detector uses it.
typedef struct twi_scorer {
    tw_model *model;                    // a reference; NULL = none
    const tw_gbt *gbt;                  // its classifier, or NULL
    uint16_t inputs[TW_GBT_INPUTS_MAX]; // of the classifier: index into the detector's inputs
} twi_scorer;

// What a model says of one transaction.
typedef struct twi_opinion {
    float outlier;                    // NAN without a model
    float probability, lift, pattern; // NAN without a classifier
} twi_opinion;

struct tw_detector {
    const tw_alloc *alloc;
    const tw_engine *engine;

    // Configs and what is derived from them.
    twi_config configs[TW_CONFIG_N];
    tw_signal_set *set_own;
    tw_policy policy;
    twi_scorer champion, challenger;
    int32_t bar_fp; // evidence from which alerts were right often enough, by verdicts; 0 = any
    int32_t floor_fp, cold_fp, outlier_fp, correlated_256;
    uint32_t decay_q32[TWI_BUDGET_DAYS * 4]; // factor of n days

    // Numbers of names, given once (score.h).
    uint32_t signal_number_n, scheme_number_n;
    char signal_names[TW_SIGNAL_IDS_MAX][TWI_NAME_BYTES];
    char signal_titles[TW_SIGNAL_IDS_MAX][TWI_NAME_BYTES];
    char scheme_names[TWI_SCHEME_NUMBERS_MAX][TWI_NAME_BYTES];
    uint8_t signal_number[TW_SIGNALS_MAX], scheme_number[TW_SCHEMES_MAX]; // of the set's indexes
    uint8_t signal_index[TW_SIGNAL_IDS_MAX]; // back; 0xff = not in the set

    // What verdicts say of signals, by number: alerts that were right and wrong, in 255ths, shared
    // among the signals that spoke for them; for how many entities the signal fired in the last
    // four weeks; and what follows: the factor on its evidence, in 1/256.
    uint32_t right[TW_SIGNAL_IDS_MAX], wrong[TW_SIGNAL_IDS_MAX];
    uint32_t strong_n[TW_SIGNAL_IDS_MAX];
    int32_t trust_256[TW_SIGNAL_IDS_MAX];

    // Of the transaction applied last.
    float inputs[TW_INPUT_N];
    tw_shadow shadow;

    // Days and budget.
    int32_t day, first_day; // INT32_MIN before the first transaction
    int32_t threshold_fp;
    int32_t would_open[TWI_BUDGET_DAYS][TWI_BINS];
    uint32_t hits[TWI_BUDGET_DAYS][TW_SIGNAL_IDS_MAX];

    // Cases and alerts.
    uint32_t case_n, alert_n, open_n, closed_n;
    size_t case_cap, alert_cap, open_cap, free_cap, closed_cap;
    twi_case *cases_own;
    tw_alert *alerts_own;
    uint32_t *alert_case_own; // case of each alert record; cap alert_case_cap
    size_t alert_case_cap;
    uint32_t *open_own; // indexes of open alerts, oldest first
    uint32_t *free_own; // indexes of free alert records
    uint32_t free_n;
    twi_closed *closed_own; // every alert key ever given
    uint64_t *seqs_own;     // of decided alerts
    size_t seq_n, seq_cap;
    tw_table case_table, alert_seqs, alert_cases;
    uint64_t alerts_opened;

    // Quiet rules, in the order of their installation; the table is quiet.c's.
    tw_quiet *quiets_own;
    uint32_t quiet_n;
    size_t quiet_cap;
    tw_table quiet_table;
};

// evidence.c
void twi_policy_derive(tw_detector *d);
void twi_day_move(tw_detector *d, int32_t day);
int32_t twi_case_evidence(const tw_detector *d, const twi_case *c);
int32_t twi_case_needed(const tw_detector *d, const twi_case *c);
// Ages the slots up to `day`; a case whose evidence is gone forgets its counts and leads.
void twi_case_age(const tw_detector *d, twi_case *c, int32_t day);
// What the firings do to the cases of this transaction. `outlier` is NaN without a model.
void twi_assess(const tw_detector *d, twi_context *context, const twi_firing *firings, size_t n,
                float outlier, twi_touches *out);
// Evidence against what is needed of the strongest case that did not only lose evidence; 0 without.
float twi_best_ratio(const twi_touches *touches);
// The classifier's word: lifts the evidence of all cases, and gives the strongest at least the
// pattern's share of the operating point. Without a case, signals of the classifier open one.
void twi_lift(const tw_detector *d, twi_context *context, const twi_opinion *opinion,
              twi_firing *firings, size_t *firing_n, twi_touches *touches);
// Stores a touched case; returns its index. Room is reserved.
uint32_t twi_case_store(tw_detector *d, const twi_touch *touch);
tw_status twi_cases_reserve(tw_detector *d, size_t n) TW_MUST_CHECK;

// quiet.c
tw_status twi_quiet_parse(tw_str text, tw_quiet *out, tw_err *err) TW_MUST_CHECK; // name is ""
// Whether a rule may be added: there is room, and its scheme is one of the entity's. TW_LIMIT,
// TW_INVALID.
tw_status twi_quiet_admit(const tw_detector *d, const tw_quiet *quiet, tw_err *err) TW_MUST_CHECK;
tw_status twi_quiet_reserve(tw_detector *d) TW_MUST_CHECK; // room for one more
// Adds a rule under a name, or ends the one of that name (quiet NULL). Room is reserved.
void twi_quiet_put(tw_detector *d, tw_str name, const tw_quiet *quiet);
void twi_quiet_index(tw_detector *d); // fills the empty table from the rules
// The rule that keeps this entity and scheme quiet at the time of the transaction, or TWI_NONE.
uint32_t twi_quiet_find(const tw_detector *d, const twi_scheme *scheme, tw_str id,
                        const tw_transaction *t);

// alerts.c
tw_status twi_alerts_reserve(tw_detector *d, size_t n) TW_MUST_CHECK;
const tw_alert *twi_alert_open(tw_detector *d, uint32_t case_idx, const twi_touch *touch,
                               const tw_fact *fact, twi_context *context, float risk);
const tw_alert *twi_alert_grow(tw_detector *d, uint32_t case_idx, const twi_touch *touch,
                               const tw_fact *fact, twi_context *context, float risk);
// Takes a verdict; *closed is the alert that it closed or NULL.
void twi_verdict_apply(tw_detector *d, const tw_fact *fact, const tw_alert **closed);
void twi_alerts_index(tw_detector *d, uint32_t alert);       // enters its seqs into alert_seqs
uint32_t twi_alert_place(tw_detector *d, uint32_t case_idx); // a free record, listed as open
bool twi_alert_register(tw_detector *d, uint64_t key, uint32_t case_idx); // false when known

// trust.c: verdicts on alerts move the weight of the signals that spoke for them.
// For how many entities each signal fires: anew at a day's start, and one more when a case changes
// (`before` is NULL for a new one).
void twi_trust_count(tw_detector *d);
void twi_trust_note(tw_detector *d, uint8_t scheme_idx, const twi_case *before,
                    const twi_case *after);
// Takes the alert's new verdict in the place of its old one.
void twi_trust_judge(tw_detector *d, twi_closed *alert, tw_verdict_kind verdict);
// A verdict on one of the alert's transactions: its share of an alert's weight.
void twi_trust_judge_part(tw_detector *d, const tw_alert *alert, tw_verdict_kind verdict);
// Writes down which signals spoke for the alert, by the evidence of its case.
void twi_trust_shares(const tw_detector *d, const tw_alert *alert, twi_closed *out);
int32_t twi_trust_mean(const tw_detector *d, const twi_closed *alert); // by the shares, in 1/256
void twi_trust_derive(tw_detector *d);                                 // trust from right and wrong

// bar.c: raises the least evidence for an alert until enough of the decided alerts were right.
void twi_bar_derive(tw_detector *d);

// classify.c
// Loads a model file for this catalogue; *out is empty on failure.
tw_status twi_scorer_load(const tw_alloc *alloc, tw_str content, twi_scorer *out, tw_err *err);
void twi_scorer_release(twi_scorer *scorer);
// Inputs of a transaction before a model spoke: out[TW_INPUT_N].
void twi_inputs(const float *row, float outlier, float evidence, size_t fired_n, float *out);
float twi_outlier(const twi_scorer *scorer, const float *row); // NAN without a model
twi_opinion twi_opinion_of(const twi_scorer *scorer, const float *inputs);

// detector_config.c
void twi_configs_init(tw_detector *d);
void twi_configs_release(tw_detector *d);
const twi_signal *twi_signal_by_number(const tw_detector *d,
                                       uint8_t number); // NULL when not in the set
bool twi_numbers_bind(tw_detector *d); // the set by the names' numbers; false when one has none

#endif
