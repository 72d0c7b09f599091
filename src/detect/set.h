// SPDX-License-Identifier: Apache-2.0
//
// A compiled signal set: flat arrays that rules.c walks. Internal to the library.
//
// A signal is looked at only when the fact passed one of its filters (`on`): by_filter[] turns the
// fact's filter bits into a mask of candidates, so that an ordinary sale meets a handful of tests.
#ifndef TWI_DETECT_SET_H
#define TWI_DETECT_SET_H

#include "base/arena.h"
#include "detect/signals.h"

#define TWI_CONDITIONS_MAX 512 // of a whole set
#define TWI_RAMPS_MAX 256
#define TWI_NO_MEASURE 0xffu
// A value at or above the 95th percentile has at least this share of peers below it, by the
// engine's 64 quantiles.
#define TWI_GATE 0.93f

typedef enum twi_op { TWI_GE, TWI_LE, TWI_GT, TWI_LT, TWI_EQ, TWI_SET, TWI_UNSET } twi_op;

// What a feature is compared with: times * reference * by + plus.
typedef enum twi_ref {
    TWI_REF_NONE, // plus alone
    TWI_REF_FEATURE,
    TWI_REF_OWN, // the fields of tw_peer_stats
    TWI_REF_STORE_LOW,
    TWI_REF_STORE_MEDIAN,
    TWI_REF_STORE_HIGH,
    TWI_REF_PEER_MEDIAN,
    TWI_REF_PEER_P95,
    TWI_REF_N
} twi_ref;

typedef struct twi_term {
    float times, plus;
    uint16_t of; // feature, for TWI_REF_FEATURE
    uint16_t by; // feature that multiplies it, or TW_FEATURE_N
    uint8_t ref;
    uint8_t measure; // peer measure of the compared feature, for the statistics
} twi_term;

typedef struct twi_condition {
    twi_term right;
    uint16_t feature;
    uint16_t by; // feature that multiplies it, or TW_FEATURE_N
    // Percentile feature that cannot be under TWI_GATE when the condition holds, or TW_FEATURE_N:
    // it rejects most transactions without a look at the peers.
    uint16_t gate;
    uint8_t op;
    bool passes_missing; // a value or reference that is not known counts as met
} twi_condition;

// Strength rises from 0 at `from` to 1 at `to` (falls when to < from), of the feature itself or of
// its ratio to `over`.
typedef struct twi_ramp {
    twi_term over; // ref NONE and plus 0: the feature itself
    float from, to;
    uint16_t feature;
} twi_ramp;

typedef enum twi_exposure {
    TWI_EXPOSURE_AMOUNT,
    TWI_EXPOSURE_DISCOUNT,
    TWI_EXPOSURE_VOIDED_LINES,
    TWI_EXPOSURE_PRICE_CUT,
    TWI_EXPOSURE_NONE
} twi_exposure;

typedef enum twi_line_mark {
    TWI_LINES_NONE,
    TWI_LINES_ALL,
    TWI_LINES_VOIDED,
    TWI_LINES_RETURNED,
    TWI_LINES_DISCOUNTED,
    TWI_LINES_PRICE_CUT,
    TWI_LINES_KEYED
} twi_line_mark;

typedef enum twi_tender_mark {
    TWI_TENDERS_NONE,
    TWI_TENDERS_ALL,
    TWI_TENDERS_CASH,
    TWI_TENDERS_CARD, // those with an account token
    TWI_TENDERS_GIFT,
    TWI_TENDERS_KEYED
} twi_tender_mark;

typedef struct twi_signal {
    uint32_t on;        // any of these filters
    uint32_t all;       // and all of these
    uint32_t none;      // and none of these
    uint32_t needs;     // feed bits that must be there
    uint32_t needs_not; // feed bits that must not: the plain variant of a sharper signal
    uint16_t condition, condition_n;
    uint16_t ramp, ramp_n;
    int32_t after_days; // of records before it may fire
    int32_t weight_fp;  // points in 1/1024
    int32_t repeat_256; // share of its weight that each repetition adds, in 1/256
    uint8_t scheme, slot;
    uint8_t exposure, line_mark, tender_mark;
    uint8_t measure; // peer measure of the sentence's comparison, or TWI_NO_MEASURE
    bool is_clearing, enabled;
    bool is_classifier;      // fires when the classifier alone comes near the operating point
    bool is_window_sentence; // its numbers are those of the entity, not of one transaction
    tw_str name, title, help, sentence, why; // NUL-terminated in the set's arena
    const tw_parameter *parameters;
    size_t parameter_n;
} twi_signal;

typedef struct twi_scheme {
    tw_str name, title, help;
    tw_alert_type type;
    tw_entity_kind entity;
    uint8_t slot_n;
    uint8_t signals[TW_SCHEME_SIGNALS_MAX]; // by slot
} twi_scheme;

struct tw_signal_set {
    const tw_alloc *alloc;
    tw_arena arena; // strings and parameters
    size_t signal_n, scheme_n, condition_n, ramp_n;
    uint64_t by_filter[TW_FILTER_N]; // candidates for each filter bit
    uint64_t of_classifier;          // signals that the classifier fires
    uint64_t of_employee;            // signals of schemes about an employee
    twi_signal signals[TW_SIGNALS_MAX];
    twi_scheme schemes[TW_SCHEMES_MAX];
    twi_condition conditions[TWI_CONDITIONS_MAX];
    twi_ramp ramps[TWI_RAMPS_MAX];
};

// The peer measure whose base feature this is, or TWI_NO_MEASURE.
uint8_t twi_measure_of(tw_feature feature);

// Checks a sentence template at compile time (sentence.c): every {placeholder} is a feature, a
// reference (allowed with has_peers) or a word of the transaction. On failure *bad is the offending
// part. *is_window tells whether every placeholder is the entity's own, so that any of its
// transactions gives the numbers.
bool twi_sentence_check(tw_str sentence, tw_entity_kind entity, bool has_peers, tw_str *bad,
                        bool *is_window);

// Compiles one parsed document into an empty set (compile.c).
struct twi_yaml;
tw_status twi_set_compile(tw_signal_set *set, struct twi_yaml *yaml) TW_MUST_CHECK;

#endif
