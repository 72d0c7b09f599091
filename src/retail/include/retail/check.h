// SPDX-License-Identifier: Apache-2.0
//
// The invariants of a fact (lengths, ranges, enumerations, counts) in one place: the decoder
// applies them to every fact that it reads, and services to the facts that they make themselves.
// Intake checks field by field, for its sentences, and ends up within these.
#ifndef TW_RETAIL_CHECK_H
#define TW_RETAIL_CHECK_H

#include "base/limits.h"
#include "retail/transaction.h"

// |quantity| of a line or a movement: a billion units.
#define TW_QUANTITY_MAX_MILLI INT64_C(1000000000000)
// scan_seconds and tender_seconds: one day; anything longer is a till left open.
#define TW_SECONDS_MAX 86400
// Offsets that occur are -12:00..+14:00; RFC 3339 texts up to 18 h are taken.
#define TW_OFFSET_MAX_MIN 1139
// Business days differ from the local date by a day or so; a year is a fault.
#define TW_BUSINESS_DAY_SLACK 366
// An investigator's note on a verdict.
#define TW_NOTE_MAX_BYTES 4096

// TW_OK, or TW_INVALID with the field and the reason in *err (optional). Text is checked for length
// and for valid UTF-8. Does not look at seq. O(size of the fact); thread-safe.
tw_status tw_fact_check(const tw_fact *fact, tw_err *err) TW_MUST_CHECK;

#endif
