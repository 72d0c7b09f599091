// SPDX-License-Identifier: Apache-2.0
//
// A seeded retail chain: what its tills, time clocks and stockrooms would have sent, with honest
// mistakes, natural look-alikes and labelled theft. It knows nothing of detection, so that what is
// measured on it was not tuned to it. docs/simulator.md describes the model and the outputs.
//
//  1. Same options, same bytes, on every machine: no clock, no locale, no time zone database, no
//     transcendental function of the C library.
//  2. Records leave in the order of their arrival at head office over all stores; a few arrive
//  late.
//  3. Memory is bounded by one hour of the chain's traffic plus the returns that are still to come.
#ifndef TW_SIMULATE_SIMULATE_H
#define TW_SIMULATE_SIMULATE_H

#include "base/alloc.h"

// X(NAME, "name in labels.csv"). Order matters for nothing but the streams of random numbers.
#define TW_SIMULATE_SCHEMES(X)                                                                     \
    X(POST_VOID_SKIM, "post_void_skim")                                                            \
    X(NO_RECEIPT_CASH_REFUND, "no_receipt_cash_refund")                                            \
    X(RAPID_REFUND, "rapid_refund")                                                                \
    X(OWN_CARD_REFUND, "own_card_refund")                                                          \
    X(GIFT_CARD_REFUND_DRAIN, "gift_card_refund_drain")                                            \
    X(SWEETHEARTING, "sweethearting")                                                              \
    X(FRIEND_DISCOUNT, "friend_discount")                                                          \
    X(EMPLOYEE_DISCOUNT_ABUSE, "employee_discount_abuse")                                          \
    X(PRICE_OVERRIDE_ABUSE, "price_override_abuse")                                                \
    X(AFTER_HOURS, "after_hours")                                                                  \
    X(CANCEL_NO_SALE, "cancel_no_sale")                                                            \
    X(GIFT_CARD_LOAD, "gift_card_load")                                                            \
    X(STRUCTURING, "structuring")                                                                  \
    X(OVERRIDE_COLLUSION, "override_collusion")                                                    \
    X(CREDENTIAL_SHARING, "credential_sharing")                                                    \
    X(LOYALTY_SELF_CREDIT, "loyalty_self_credit")                                                  \
    X(TRAINING_MODE, "training_mode")                                                              \
    X(PAID_OUT_ABUSE, "paid_out_abuse")                                                            \
    X(RETURN_RING, "return_ring")

#define X(name, text) TW_SIMULATE_##name,
typedef enum tw_simulate_scheme {
    TW_SIMULATE_HONEST,
    TW_SIMULATE_SCHEMES(X) TW_SIMULATE_SCHEME_N
} tw_simulate_scheme;
#undef X
// Name as in labels.csv; "" for TW_SIMULATE_HONEST and out of range.
const char *tw_simulate_scheme_name(tw_simulate_scheme scheme);

typedef enum tw_simulate_output {
    TW_SIMULATE_TRANSACTIONS, // transactions.ndjson
    TW_SIMULATE_MOVEMENTS,    // movements.ndjson
    TW_SIMULATE_SHIFTS,       // shifts.ndjson
    TW_SIMULATE_LABELS,       // labels.csv
    TW_SIMULATE_STORES,       // stores.csv
    TW_SIMULATE_COLUMNS,      // transactions.csv, only with options.eleven_columns
    TW_SIMULATE_OUTPUTS
} tw_simulate_output;
// File name of an output.
const char *tw_simulate_output_name(tw_simulate_output output);

enum { TW_SIMULATE_STORES_MAX = 9999, TW_SIMULATE_DAYS_MAX = 3660 };

typedef struct tw_simulate_options {
    uint32_t stores; // 1..TW_SIMULATE_STORES_MAX
    uint32_t days;   // 1..TW_SIMULATE_DAYS_MAX
    uint64_t seed;
    uint64_t habits;   // 0 = the ordinary chain; any other number = a chain with its own habits,
                       // honest and dishonest
    int32_t start_day; // days since 1970-01-01, 1990..2090
    char currency[4];  // ISO 4217 with two decimals; USD and CAD make an American chain, others a
                       // European
    double fraud_rate; // share of employees who steal at some time, 0..0.25
    double duplicate_rate; // share of transactions that are delivered twice, 0..0.5
    bool eleven_columns;   // also write TW_SIMULATE_COLUMNS
} tw_simulate_options;
// The defaults: 20 stores, 28 days, seed 1, from 2026-01-05, USD, no duplicates, and 2.5 % thieves:
// published surveys catch about 1 in 40 employees a year.
void tw_simulate_options_init(tw_simulate_options *options);

// Where the bytes go. write receives whole lines, may be called from tw_simulate only, and ends the
// run by a failure. progress may be NULL; it is called once per simulated hour.
typedef struct tw_simulate_sink {
    tw_status (*write)(void *ctx, tw_simulate_output output, const void *data, size_t bytes,
                       tw_err *err);
    void (*progress)(void *ctx, uint64_t hours_done, uint64_t hours_all, uint64_t transactions);
    void *ctx;
} tw_simulate_sink;

typedef struct tw_simulate_summary {
    uint64_t transactions, movements, shifts, duplicates;
    uint64_t employees, thieves, rings;
    uint64_t fraud_n[TW_SIMULATE_SCHEME_N];         // labelled transactions; [0] is their sum
    int64_t fraud_loss_minor[TW_SIMULATE_SCHEME_N]; // their loss; [0] is the sum
} tw_simulate_summary;

// Runs the whole simulation. TW_INVALID (an option out of range), TW_NO_MEMORY, TW_LIMIT, or what
// sink->write returned. *out is zero on failure. Needs no lock; runs are independent.
tw_status tw_simulate(const tw_alloc *alloc, const tw_simulate_options *options,
                      const tw_simulate_sink *sink, tw_simulate_summary *out,
                      tw_err *err) TW_MUST_CHECK;

#endif
