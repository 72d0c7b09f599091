// SPDX-License-Identifier: Apache-2.0
//
// Evaluation of a signal set for one transaction. Internal.
#ifndef TWI_DETECT_RULES_H
#define TWI_DETECT_RULES_H

#include "feature/engine.h"
#include "set.h"

// Peers are trusted from this many on; with fewer their 95th percentile is one person's habit.
#define TWI_PEERS_MIN 10
#define TWI_STORE_PEERS_MIN 2
// An id with more transactions in a day is no person but a web shop, a self-checkout host or a feed
// that does not tell its employees apart: schemes about an employee have nothing to say on it.
#define TWI_PERSON_DAY_MAX 1500.0f

// Everything that rules and sentences may look at. Peer statistics are fetched when first asked
// for.
typedef struct twi_context {
    const tw_engine *engine;
    const tw_transaction *transaction;
    const float *row;
    uint32_t filters, feed;
    int32_t days_known;   // days of records so far
    float probability;    // of the classifier; NAN without one
    uint64_t peers_known; // bit for each measure in peers[]
    tw_peer_stats peers[TW_PEER_MEASURE_N];
} twi_context;

typedef struct twi_firing {
    uint8_t signal;   // index in the set
    uint8_t strength; // 1..255
} twi_firing;

void twi_context_init(twi_context *context, const tw_engine *engine,
                      const tw_transaction *transaction, const float *row, uint32_t filters,
                      int32_t days_known);
// Statistics of a measure; fields without enough peers are NaN.
const tw_peer_stats *twi_context_peers(twi_context *context, uint8_t measure);
// One field of the statistics of a measure.
float twi_context_reference(twi_context *context, uint8_t measure, uint8_t ref);

// Signals that fire, in the order of the set; at most TW_SIGNALS_MAX.
size_t twi_rules_run(const tw_signal_set *set, twi_context *context, twi_firing *out);

// The same for the signals that the classifier fires: those whose other conditions hold.
size_t twi_rules_classifier(const tw_signal_set *set, twi_context *context, twi_firing *out);

// Writes the sentence of a signal with its numbers (sentence.c). Clauses after "; " whose numbers
// are not known are left out.
void twi_sentence_write(const twi_signal *signal, twi_context *context, char *out, size_t cap);

// Money at risk in the transaction by a signal's rule, in minor units, >= 0 (marks.c).
int64_t twi_exposure_minor(const twi_signal *signal, const tw_transaction *transaction);

#endif
