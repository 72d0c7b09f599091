// SPDX-License-Identifier: Apache-2.0
//
// Private to src/intake: from a draft (a record as text) to a fact. JSON and CSV both end here, so
// that a value means the same in either.
#ifndef TW_INTAKE_DECODE_H
#define TW_INTAKE_DECODE_H

#include "base/arena.h"
#include "intake/options.h"
#include "problem.h"
#include "schema.h"

typedef enum twi_value_kind {
    TWI_ABSENT = 0, // not there, null, or empty
    TWI_STRING,
    TWI_NUMBER, // text of a JSON number
    TWI_TRUE,
    TWI_FALSE,
    TWI_NODE,   // JSON array or object, in `node`
    TWI_MOMENT, // an instant that a mapping has read already, in moment_ms and moment_offset_min
} twi_value_kind;

typedef struct twi_draft {
    uint64_t given; // bit i: kind[i] is not TWI_ABSENT
    uint8_t kind[TWI_FIELDS_MAX];
    tw_str text[TWI_FIELDS_MAX]; // in memory that lives as long as the fact
    void *node[TWI_FIELDS_MAX];
    int64_t moment_ms;         // of the one time field; a wall clock when there is no offset
    int16_t moment_offset_min; // TW_OFFSET_NONE when there is none
} twi_draft;

enum { TWI_HINTS = 48 };
// Which field stood at which place of the last object of a schema: feeds keep their order, so that
// nearly every name is found by one comparison.
typedef struct twi_hints {
    uint8_t field[TWI_HINTS];
} twi_hints;

typedef struct twi_decoder twi_decoder;
struct twi_decoder {
    const tw_intake_options *options;
    tw_intake_counts *counts;
    tw_arena *arena;
    tw_problem *problem;
    // Decodes lines, tenders and attributes; NULL where the format has none.
    tw_status (*node)(twi_decoder *d, const twi_field *field, void *node, tw_transaction *t);
    const tw_attribute *attributes; // of a mapping; in the arena
    size_t attribute_n;
    char currency[4];
    int exponent;
    const char *part; // "lines" while its items are read, else NULL: for field names in problems
    size_t part_idx;  // SIZE_MAX: part has members by name ("attributes")
    twi_hints line_hints, tender_hints;
    // The last store's zone: records of one store come in runs.
    const tw_zone *zone;
    char zone_store[64];
    size_t zone_store_bytes;
};

// TW_OK; TW_INVALID with *d->problem filled; TW_NO_MEMORY. *out is zero on failure.
tw_status twi_decode(twi_decoder *d, tw_fact_kind kind, const twi_draft *draft, tw_fact *out);
// All fields of a schema into *record, which is zeroed. The caller's rules follow.
tw_status twi_decode_fields(twi_decoder *d, const twi_schema *schema, const twi_draft *draft,
                            void *record);
// After the fields of a line: defaults and signs.
void twi_finish_line(const twi_draft *draft, tw_line *line);
// Fills the problem for a field with its value shown: "FIELD is \"VALUE\"; ADVICE".
tw_status twi_reject_value(twi_decoder *d, tw_problem_code code, tw_str field, tw_str value,
                           const char *advice);

// "FIELD appears twice; send it once".
tw_status twi_reject_repeated(twi_decoder *d, tw_str field);

// Decimal text with an optional exponent to an integer scaled by 10^scale, exactly.
typedef enum twi_decimal {
    TWI_DECIMAL_OK,
    TWI_DECIMAL_SYNTAX,
    TWI_DECIMAL_FINER,
    TWI_DECIMAL_RANGE
} twi_decimal;
twi_decimal twi_decimal_parse(tw_str text, int scale, int64_t *out);
// Nearest double of decimal text; quick for the usual short ones.
bool twi_f64_parse(tw_str text, double *out);
// Printable, valid UTF-8 and free of control characters but \t\n\r.
bool twi_text_ok(tw_str s);

#endif
