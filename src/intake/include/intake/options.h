// SPDX-License-Identifier: Apache-2.0
//
// What intake needs to know about the chain to read its records: zones, currency, the key of card
// tokens. Borrowed by every parser and source and constant while they live, except received_ms,
// which the owner may change between two calls.
#ifndef TW_INTAKE_OPTIONS_H
#define TW_INTAKE_OPTIONS_H

#include "base/time.h"

#define TW_TOKEN_KEY_BYTES 32

typedef struct tw_store_zone {
    tw_str store_id;
    const tw_zone *zone;
} tw_store_zone;

typedef struct tw_intake_options {
    const tw_zone *default_zone;      // of stores that are not listed; NULL = UTC
    const tw_store_zone *store_zones; // ascending by tw_str_compare(store_id)
    size_t store_zone_n;
    char default_currency[4];              // of records without one; "" = "USD"
    int64_t received_ms;                   // goes into the facts
    uint8_t token_key[TW_TOKEN_KEY_BYTES]; // secret; same key, same token for the same card
} tw_intake_options;

#endif
