// SPDX-License-Identifier: Apache-2.0
//
// Facts as canonical JSON, one object without a line end: API replies, exports, replays. Reading
// the exact form back gives the same fact. Money is a decimal string with the currency's decimals.
#ifndef TW_INTAKE_WRITE_H
#define TW_INTAKE_WRITE_H

#include "base/buf.h"
#include "retail/transaction.h"

typedef enum tw_fact_write_flags {
    TW_WRITE_EXACT = 0,   // what the record said; what was derived is left out
    TW_WRITE_DERIVED = 1, // also transaction_type, business_date and offset when derived
} tw_fact_write_flags;

// Appends the object. Fails only as tw_buf does: TW_LIMIT, TW_NO_MEMORY. A config is written
// without its content.
tw_status tw_fact_write_json(const tw_fact *fact, unsigned flags, tw_buf *out) TW_MUST_CHECK;
// A JSON string of s with quotes; s is valid UTF-8.
void tw_json_put_string(tw_buf *out, tw_str s);

#endif
