// SPDX-License-Identifier: Apache-2.0
//
// Bodies of requests that become bodies of actions: tables of the members that a request may have,
// and what they are called there. Only files of src/http include this.
#ifndef TWI_HTTP_FIELDS_H
#define TWI_HTTP_FIELDS_H

#include "internal.h"

typedef enum twi_field_form {
    TWI_FIELD_TEXT, // at most `max` bytes
    TWI_FIELD_TIME, // RFC 3339
    TWI_FIELD_TIME_OR_NULL,
    TWI_FIELD_FLAG,
    TWI_FIELD_MONEY,    // in the installation's currency; becomes minor units
    TWI_FIELD_IDS,      // list of at most `max` ids
    TWI_FIELD_SUBJECTS, // list of at most `max` {kind, id}
} twi_field_form;

typedef struct twi_field {
    const char *name;
    const char *as; // member of the action's body; NULL = the same
    twi_field_form form;
    uint32_t max;
    bool is_required;
} twi_field;

// Adds the fields of `body` to the object `out`. Members that are neither fields nor in the
// NULL-terminated list `apart` (may be NULL) are refused: false after answering 422 with the field.
bool twi_fields_read(twi_request *request, yyjson_val *body, const twi_field *fields, size_t n,
                     const char *const *apart, yyjson_mut_doc *doc, yyjson_mut_val *out);
// A document as text in the request's arena; empty when memory ran out.
tw_str twi_json_text(yyjson_mut_doc *doc);

// Text of a member, empty when it is missing or no string.
tw_str twi_member(yyjson_val *object, const char *name);
// An amount of money, a decimal string or a number, in the installation's currency. False when it
// is none.
bool twi_money_read(const twi_request *request, yyjson_val *value, int64_t *out);
// A query argument, "" without it.
tw_str twi_argument(const twi_request *request, const char *name);
// "true" or "false"; *has says whether it was there. False after answering 400.
bool twi_flag_argument(twi_request *request, const char *name, bool *has, bool *out);
bool twi_time_argument(twi_request *request, const char *name, int64_t *out_ms);
// The parts of an argument between commas; false after answering 400 (more than `max`).
bool twi_list_argument(twi_request *request, const char *name, size_t max, tw_str_list *out);
// A number in the cursor of a list, 0 without one. False after answering 400.
bool twi_cursor_argument(twi_request *request, uint64_t *out);

#endif
