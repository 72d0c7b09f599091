// SPDX-License-Identifier: Apache-2.0
//
// The canonical records of the trade: transaction, stock movement, shift event, verdict, and the
// facts that wrap them. All are plain views: strings and arrays are borrowed from the arena or the
// bytes that they were parsed from and live as long as those.
//
// Invariants that intake establishes and everything behind it relies on:
//  1. Identifiers are 1..TW_ID_MAX_BYTES bytes of valid UTF-8; optional ones may be empty.
//  2. Money is in minor units of `currency` (cents) with |x| <= TW_MONEY_MAX_MINOR.
//  3. time_ms lies in [TW_TIME_MIN_MS, TW_TIME_MAX_MS); offset_min is the store's offset at that
//  time.
//  4. No text holds an unmasked card number.
//  5. total_minor is negative for refunds. A void keeps the sign of what it voids.
#ifndef TW_RETAIL_TRANSACTION_H
#define TW_RETAIL_TRANSACTION_H

#include "base/str.h"

// X(NAME, "wire name"); the numbers are stored: append only.
#define TW_TRANSACTION_TYPES(X)                                                                    \
    X(SALE, "sale")                                                                                \
    X(RETURN, "return")                                                                            \
    X(EXCHANGE, "exchange")                                                                        \
    X(VOID, "void")                                                                                \
    X(POST_VOID, "post_void")                                                                      \
    X(NO_SALE, "no_sale")                                                                          \
    X(PAID_IN, "paid_in")                                                                          \
    X(PAID_OUT, "paid_out")                                                                        \
    X(CANCEL, "cancel")                                                                            \
    X(SUSPEND, "suspend")                                                                          \
    X(RESUME, "resume")
#define TW_PAYMENT_TYPES(X)                                                                        \
    X(NONE, "none")                                                                                \
    X(CASH, "cash")                                                                                \
    X(CREDIT, "credit")                                                                            \
    X(DEBIT, "debit")                                                                              \
    X(MOBILE, "mobile")                                                                            \
    X(GIFT_CARD, "gift_card")                                                                      \
    X(CHECK, "check")                                                                              \
    X(STORE_CREDIT, "store_credit")                                                                \
    X(VOUCHER, "voucher")                                                                          \
    X(OTHER, "other")
#define TW_ENTRY_METHODS(X)                                                                        \
    X(UNKNOWN, "")                                                                                 \
    X(SCANNED, "scanned")                                                                          \
    X(KEYED, "keyed")                                                                              \
    X(CHIP, "chip")                                                                                \
    X(TAP, "tap")                                                                                  \
    X(SWIPE, "swipe")                                                                              \
    X(MANUAL, "manual")                                                                            \
    X(OTHER, "other")
#define TW_MOVEMENT_TYPES(X)                                                                       \
    X(RECEIPT, "receipt")                                                                          \
    X(TRANSFER_IN, "transfer_in")                                                                  \
    X(TRANSFER_OUT, "transfer_out")                                                                \
    X(ADJUSTMENT, "adjustment")                                                                    \
    X(COUNT, "count")                                                                              \
    X(DAMAGE, "damage")                                                                            \
    X(RETURN_TO_VENDOR, "return_to_vendor")
#define TW_SHIFT_EVENTS(X)                                                                         \
    X(CLOCK_IN, "clock_in")                                                                        \
    X(CLOCK_OUT, "clock_out")                                                                      \
    X(SIGN_ON, "sign_on")                                                                          \
    X(SIGN_OFF, "sign_off")                                                                        \
    X(BREAK_START, "break_start")                                                                  \
    X(BREAK_END, "break_end")
#define TW_VERDICTS(X)                                                                             \
    X(CONFIRMED, "CONFIRMED")                                                                      \
    X(REFUTED, "REFUTED")                                                                          \
    X(INCONCLUSIVE, "INCONCLUSIVE")                                                                \
    X(OPERATIONAL, "OPERATIONAL")

#define X(name, text) TW_TXN_##name,
typedef enum tw_transaction_type { TW_TRANSACTION_TYPES(X) TW_TXN_N } tw_transaction_type;
#undef X
#define X(name, text) TW_PAY_##name,
typedef enum tw_payment_type { TW_PAYMENT_TYPES(X) TW_PAY_N } tw_payment_type;
#undef X
#define X(name, text) TW_ENTRY_##name,
typedef enum tw_entry_method { TW_ENTRY_METHODS(X) TW_ENTRY_N } tw_entry_method;
#undef X
#define X(name, text) TW_MOVE_##name,
typedef enum tw_movement_type { TW_MOVEMENT_TYPES(X) TW_MOVE_N } tw_movement_type;
#undef X
#define X(name, text) TW_SHIFT_##name,
typedef enum tw_shift_event { TW_SHIFT_EVENTS(X) TW_SHIFT_N } tw_shift_event;
#undef X
#define X(name, text) TW_VERDICT_##name,
typedef enum tw_verdict_kind { TW_VERDICTS(X) TW_VERDICT_N } tw_verdict_kind;
#undef X

// Wire name of a value ("" out of range) and back (false when unknown; names are case-insensitive).
const char *tw_transaction_type_name(tw_transaction_type type);
const char *tw_payment_type_name(tw_payment_type type);
const char *tw_entry_method_name(tw_entry_method method);
const char *tw_movement_type_name(tw_movement_type type);
const char *tw_shift_event_name(tw_shift_event event);
const char *tw_verdict_name(tw_verdict_kind verdict);
bool tw_transaction_type_from(tw_str name, tw_transaction_type *out);
bool tw_payment_type_from(tw_str name, tw_payment_type *out);
bool tw_entry_method_from(tw_str name, tw_entry_method *out);
bool tw_movement_type_from(tw_str name, tw_movement_type *out);
bool tw_shift_event_from(tw_str name, tw_shift_event *out);
bool tw_verdict_from(tw_str name, tw_verdict_kind *out);

typedef struct tw_line {
    tw_str sku, department, discount_reason;
    int64_t quantity_milli; // thousandths; negative on returns
    int64_t unit_price_minor;
    int64_t regular_price_minor; // = unit_price_minor when not given
    int64_t discount_minor;      // >= 0, whole line
    bool void_flag, return_flag;
    tw_entry_method entry_method;
} tw_line;

typedef struct tw_tender {
    tw_payment_type type;
    int64_t amount_minor;
    tw_str account_token; // never a card number
    tw_entry_method entry_method;
} tw_tender;

typedef struct tw_attribute {
    tw_str name;
    double value;
} tw_attribute;

typedef enum tw_transaction_flags {
    TW_TXN_FLAG_REFUND = 1 << 0,
    TW_TXN_FLAG_VOID = 1 << 1,
    TW_TXN_FLAG_TRAINING = 1 << 2,
    TW_TXN_FLAG_OFFLINE = 1 << 3,
    // The record said these itself (they were not derived or defaulted):
    TW_TXN_HAS_TYPE = 1 << 4,
    TW_TXN_HAS_SEQUENCE = 1 << 5,
    TW_TXN_HAS_SCAN_SECONDS = 1 << 6,
    TW_TXN_HAS_TENDER_SECONDS = 1 << 7,
    TW_TXN_HAS_OFFSET = 1 << 8, // transaction_time carried an offset
} tw_transaction_flags;

typedef struct tw_transaction {
    tw_str transaction_id, store_id, register_id, employee_id; // required
    tw_str customer_id, loyalty_id;
    tw_str original_transaction_id; // of a return: the sale
    tw_str void_of_transaction_id;  // of a void: what it voids
    tw_str override_employee_id, override_reason;
    int64_t time_ms;
    int16_t offset_min;
    int32_t business_day; // days since 1970-01-01; the local date of time_ms when not given
    int64_t total_minor;
    int64_t discount_minor;   // >= 0
    char currency[4];         // ISO 4217, NUL-terminated
    uint32_t flags;           // tw_transaction_flags
    tw_transaction_type type; // derived from the flags when the record has none
    tw_payment_type payment_type;
    int32_t item_count;
    uint32_t sequence_number;
    float scan_seconds, tender_seconds;
    const tw_line *lines;
    size_t line_n;
    const tw_tender *tenders;
    size_t tender_n;
    const tw_attribute *attributes;
    size_t attribute_n;
} tw_transaction;

static inline int64_t tw_transaction_local_ms(const tw_transaction *t)
{
    return t->time_ms + t->offset_min * INT64_C(60000);
}
static inline bool tw_transaction_is(const tw_transaction *t, uint32_t flags)
{
    return (t->flags & flags) != 0;
}
// The account that the transaction belongs to across stores: the first tender's account token, else
// customer_id, else loyalty_id, else empty.
tw_str tw_transaction_account(const tw_transaction *t);

typedef struct tw_movement {
    tw_str movement_id, store_id, sku; // required
    tw_str employee_id, reason, reference;
    tw_movement_type type;
    int64_t quantity_milli; // signed change; for COUNT the counted stock
    int64_t time_ms;
    int16_t offset_min;
} tw_movement;

typedef struct tw_shift {
    tw_str event_id, store_id, employee_id; // required
    tw_str register_id, role, store_format;
    tw_shift_event event;
    int64_t time_ms;
    int16_t offset_min;
} tw_shift;

typedef struct tw_verdict {
    tw_str verdict_id;               // given by the service
    tw_str alert_id, transaction_id; // one of them
    tw_verdict_kind verdict;
    tw_str reason, note, decided_by;
    int64_t recovered_minor;
    int64_t decided_ms;
} tw_verdict;

// A change of what scores: a model, a signal set or an alert policy, with its whole content, so
// that the journal alone reproduces every score. MODEL installs the champion; CHALLENGER a model
// that scores in the shadow (no content = none any more); DECISION is a gate's decision (JSON)
// about the model of that name, and changes no score; QUIET keeps one entity and scheme from
// alerting for a while (no content = no longer).
typedef enum tw_config_kind {
    TW_CONFIG_MODEL,
    TW_CONFIG_SIGNALS,
    TW_CONFIG_POLICY,
    TW_CONFIG_CHALLENGER,
    TW_CONFIG_DECISION,
    TW_CONFIG_QUIET,
    TW_CONFIG_N
} tw_config_kind;
typedef struct tw_config {
    tw_config_kind kind;
    tw_str name;    // model id, or the version of the signal set or policy
    tw_str content; // the model file or the YAML text
    tw_str changed_by, reason;
    int64_t changed_ms;
} tw_config;

// What somebody did to an alert, a case, a setting or an account, or that somebody looked: the
// facts of the workflow and of the audit trail. What the kinds mean is workflow/action.h's; the
// scores never depend on them.
typedef struct tw_action {
    tw_str action_id; // unique; the same again is the same action
    tw_str kind;      // "alert.assign", ...
    tw_str subject;   // id of the alert, case, ...; may be empty
    tw_str actor;     // who did it
    tw_str body;      // a JSON object, or empty
    int64_t at_ms;
} tw_action;

typedef enum tw_fact_kind {
    TW_FACT_TRANSACTION = 1, // stored numbers: append only
    TW_FACT_MOVEMENT = 2,
    TW_FACT_SHIFT = 3,
    TW_FACT_VERDICT = 4,
    TW_FACT_CONFIG = 5,
    TW_FACT_ACTION = 6,
} tw_fact_kind;

typedef struct tw_fact {
    tw_fact_kind kind;
    uint64_t seq;        // position in the journal, from 1; 0 before it is journaled
    int64_t received_ms; // when it was accepted
    union {
        tw_transaction transaction;
        tw_movement movement;
        tw_shift shift;
        tw_verdict verdict;
        tw_config config;
        tw_action action;
    } as;
} tw_fact;

// Key under which a fact is idempotent: kind and transaction_id, movement_id, event_id, verdict_id,
// action_id; 0 for configs. Seeded; never 0 otherwise. salt > 0 gives another key for the rare case
// that two identifiers share the first.
uint64_t tw_fact_key(const tw_fact *fact, uint32_t salt);
tw_str tw_fact_id(const tw_fact *fact);
// The record's own time: transaction, movement or event time, decided_ms, changed_ms, at_ms.
int64_t tw_fact_time_ms(const tw_fact *fact);

#endif
