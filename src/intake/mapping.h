// SPDX-License-Identifier: Apache-2.0
//
// Private to src/intake: a mapping as YAML gives it, as rules, and bound to the columns of a file.
#ifndef TW_INTAKE_MAPPING_PRIVATE_H
#define TW_INTAKE_MAPPING_PRIVATE_H

#include "base/limits.h"
#include "decode.h"
#include "intake/csv.h"
#include "intake/mapping.h"

// --- as in the file (libcyaml fills these) -------------------------------------------------------

typedef struct twi_yaml_value {
    char *from, *to;
} twi_yaml_value;

typedef struct twi_yaml_rule {
    char *name; // of attributes
    char *column, *constant, *template_text, *empty;
    twi_yaml_value *values;
    unsigned values_count;
    char *format, *epoch_offset;
    char *unit, *factor, *sign, *negate_column;
    char **negate_values;
    unsigned negate_values_count;
} twi_yaml_rule;

enum { TWI_YAML_FIELDS_MAX = 64 };

typedef struct twi_yaml {
    char *record, *delimiter, *decimal, *grouping, *zone, *currency, *unlisted;
    twi_yaml_rule *fields[TWI_YAML_FIELDS_MAX]; // in the order of twi_yaml_names
    twi_yaml_rule *attributes;
    unsigned attributes_count;
} twi_yaml;

// Names of the fields that a mapping may fill, over all kinds of record.
extern const char *const twi_yaml_names[];
extern const size_t twi_yaml_name_n;

tw_status twi_yaml_load(const tw_alloc *alloc, tw_str text, twi_yaml **out, tw_err *err);
void twi_yaml_free(const tw_alloc *alloc, twi_yaml *yaml);

// --- as rules ------------------------------------------------------------------------------------

typedef enum twi_sign {
    TWI_SIGN_KEEP,
    TWI_SIGN_NEGATE,
    TWI_SIGN_ABSOLUTE,
    TWI_SIGN_REFUND
} twi_sign;
typedef enum twi_clock {
    TWI_CLOCK_RFC3339,
    TWI_CLOCK_EPOCH_S,
    TWI_CLOCK_EPOCH_MS,
    TWI_CLOCK_FORMAT
} twi_clock;

typedef struct twi_rule {
    const twi_yaml_rule *yaml;
    tw_str name;    // field or attribute
    unsigned field; // TWI_NO_FIELD: attribute
    twi_type type;
    twi_sign sign;
    bool is_number;
    bool is_minor; // the number counts the currency's smallest unit
    int shift;     // power of ten
    twi_clock clock;
    int64_t epoch_ms;
    tw_str column, constant, template_text, empty, format, negate_column;
} twi_rule;

struct tw_mapping {
    const tw_alloc *alloc;
    twi_yaml *yaml_own;
    tw_fact_kind kind;
    const twi_schema *schema;
    tw_zone *zone_own;
    char delimiter; // 0 = as the header tells
    char decimal;   // '.' or ','
    char grouping;  // 0 = none
    char currency[4];
    bool takes_unlisted;
    twi_rule rules[TWI_YAML_FIELDS_MAX + TW_ATTRIBUTES_MAX];
    size_t rule_n;
};

// --- bound to a file's columns -------------------------------------------------------------------

enum {
    TWI_PIECES_MAX = 16,
    TWI_PIECE_TEXT = 0xffff,
    TWI_PIECE_ROW = 0xfffe,
    TWI_PIECE_ROW1 = 0xfffd
};

typedef struct twi_piece {
    size_t column; // or TWI_PIECE_...
    tw_str text;
} twi_piece;

typedef struct twi_bound_rule {
    size_t column, negate_column;
    twi_piece pieces[TWI_PIECES_MAX];
    size_t piece_n;
} twi_bound_rule;

typedef struct twi_bound {
    const tw_mapping *mapping;
    twi_bound_rule rules[TWI_YAML_FIELDS_MAX + TW_ATTRIBUTES_MAX];
} twi_bound;

// Finds the columns. TW_INVALID names the column that the file lacks.
tw_status twi_mapping_bind(const tw_mapping *mapping, const tw_str *columns, size_t column_n,
                           twi_bound *bound, tw_err *err);
// Does a rule fill this field?
bool twi_mapping_has(const tw_mapping *mapping, unsigned field);
// Does the total's sign give refund_flag?
bool twi_mapping_derives_refund(const tw_mapping *mapping);
// Applies the rules to a row; row counts from 0. Attributes go to d->attributes. TW_INVALID with
// the problem filled, TW_NO_MEMORY.
tw_status twi_mapping_apply(const twi_bound *bound, twi_decoder *d, const tw_str *fields,
                            uint64_t row, twi_draft *draft);

#endif
