// SPDX-License-Identifier: Apache-2.0
//
// The part of Universal Binary JSON (draft 12) that XGBoost writes, read in place and written to a
// buffer. Numbers are big-endian; lengths may be any integer; arrays may be counted ('#') or typed
// and counted ('$', numbers only); objects are neither. Not here: characters, high-precision
// numbers, no-ops, counted objects.
//
// A value is a view into the data. All data must have passed twi_ubjson_open, which looks at every
// byte once; what comes after needs no error handling.
#ifndef TW_MODEL_UBJSON_H
#define TW_MODEL_UBJSON_H

#include "base/buf.h"

#define TWI_UBJSON_DEPTH_MAX 32

typedef struct twi_ubjson {
    const uint8_t *at, *end; // behind the type marker; end of the data
    uint8_t type;            // the marker; 0 = no value
} twi_ubjson;

// Checks the data; *root is its value. NULL, or what is wrong.
const char *twi_ubjson_open(const void *data, size_t bytes, twi_ubjson *root);

// The member of an object; type 0 when there is none or the value is no object.
twi_ubjson twi_ubjson_get(twi_ubjson object, const char *key);
bool twi_ubjson_text(twi_ubjson value, tw_str *out);
bool twi_ubjson_number(twi_ubjson value, double *out); // false and true count as 0 and 1

typedef struct twi_ubjson_items {
    twi_ubjson next;
    size_t left; // SIZE_MAX = until the end marker
    bool is_typed;
} twi_ubjson_items;
// Begins to iterate over an array; false when it is none.
bool twi_ubjson_items_init(twi_ubjson array, twi_ubjson_items *items);
bool twi_ubjson_items_next(twi_ubjson_items *items, twi_ubjson *out);

void twi_ubjson_put_length(tw_buf *buf, size_t n);     // 'L' and the number
void twi_ubjson_put_key(tw_buf *buf, const char *key); // of an object's member
void twi_ubjson_put_text(tw_buf *buf, tw_str text);
void twi_ubjson_put_u32(tw_buf *buf, uint32_t v); // big-endian, no marker
void twi_ubjson_put_u64(tw_buf *buf, uint64_t v);
// Begins a typed array of n numbers, or with type 0 an untyped one of n values.
void twi_ubjson_put_array(tw_buf *buf, char type, size_t n);

#endif
