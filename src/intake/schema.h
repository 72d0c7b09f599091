// SPDX-License-Identifier: Apache-2.0
//
// Private to src/intake: the fields of each record as a table, from which JSON and CSV are decoded
// alike. A draft is a record as text: one value per field, not yet judged.
#ifndef TW_INTAKE_SCHEMA_H
#define TW_INTAKE_SCHEMA_H

#include "retail/transaction.h"

typedef enum twi_type {
    TWI_ID,       // identifier, 1..64 bytes
    TWI_ACCOUNT,  // identifier that may turn out to be a card number: tokenised
    TWI_TEXT,     // free text, masked
    TWI_NOTE,     // long free text, masked
    TWI_MONEY,    // signed, minor units
    TWI_AMOUNT,   // money >= 0
    TWI_FLAG,     // sets `flag` in the uint32_t at `at`
    TWI_BOOL,     // a bool at `at`
    TWI_TIME,     // time_ms; the offset goes to offset_min
    TWI_INSTANT,  // milliseconds only
    TWI_DATE,     // days
    TWI_COUNT,    // item count
    TWI_U32,      // 0..2^32-1, sets `flag`
    TWI_SECONDS,  // float seconds, sets `flag`
    TWI_QUANTITY, // thousandths
    TWI_TXN_TYPE, // sets `flag`
    TWI_PAYMENT,
    TWI_ENTRY,
    TWI_MOVEMENT,
    TWI_EVENT,
    TWI_VERDICT,
    TWI_CURRENCY,
    TWI_LINES,      // JSON array
    TWI_TENDERS,    // JSON array
    TWI_ATTRIBUTES, // JSON object
    TWI_EXTRA,      // no place of its own: used by the record's own rules
} twi_type;

typedef struct twi_field {
    tw_str name;
    tw_str alias; // a second accepted name, or empty
    twi_type type;
    bool is_required;
    uint16_t at;   // offset in the record's struct
    uint32_t flag; // see the types
} twi_field;

enum { TWI_FIELDS_MAX = 40, TWI_NO_FIELD = 0xff };

typedef struct twi_schema {
    const char *noun; // "transaction"
    const twi_field *fields;
    size_t n;
    uint64_t required; // bit i: field i is required
} twi_schema;

// Fields that the rules of a transaction ask for by number; the order of its table.
enum {
    TWI_F_CURRENCY = 0,
    TWI_F_STORE_ID = 1,
    TWI_F_ACCOUNT_TOKEN = 2,
    TWI_F_ENTRY_METHOD = 3,
    TWI_F_BUSINESS_DATE = 4,
    TWI_F_TRANSACTION_ID = 5,
    TWI_F_TOTAL = 9,
    TWI_F_REFUND_FLAG = 11,
};
// The same of a verdict.
enum { TWI_V_CURRENCY = 0, TWI_V_FRAUD = 1, TWI_V_VERDICT = 2 };
// Movements and shifts: the store first.
enum { TWI_M_STORE_ID = 0 };

// Schema of a kind that intake reads; NULL for the others.
const twi_schema *twi_schema_of(tw_fact_kind kind);
const twi_schema *twi_line_schema(void);
const twi_schema *twi_tender_schema(void);

// Equal names, without a call: they are short and nearly always equal when the lengths are.
static inline bool twi_same_name(tw_str a, tw_str b)
{
    uint64_t x, y, p, q;
    if (a.bytes != b.bytes)
        return false;
    if (a.bytes < 8 || a.bytes > 16)
        return memcmp(a.at, b.at, a.bytes) == 0;
    memcpy(&x, a.at, 8);
    memcpy(&y, b.at, 8);
    memcpy(&p, a.at + a.bytes - 8, 8);
    memcpy(&q, b.at + a.bytes - 8, 8);
    return ((x ^ y) | (p ^ q)) == 0;
}

// Number of the field with this name or alias, or TWI_NO_FIELD. Exact.
unsigned twi_field_find(const twi_schema *schema, tw_str name);
// The same, ignoring case, spaces, '_' and '-' (headers of CSV files).
unsigned twi_field_find_loose(const twi_schema *schema, tw_str name);
bool twi_equal_loose(tw_str a, tw_str b);

// --- aliases -------------------------------------------------------------------------------------

// Values as tills name them; false when unknown. Case, spaces, '_' and '-' do not matter.
bool twi_payment_from(tw_str text, tw_payment_type *out);
bool twi_txn_type_from(tw_str text, tw_transaction_type *out);
bool twi_entry_from(tw_str text, tw_entry_method *out);
// true/false, 1/0, Y/N, yes/no.
bool twi_bool_from(tw_str text, bool *out);

#endif
