// SPDX-License-Identifier: Apache-2.0
//
// A parsed model, JSON or UBJSON, seen through one set of functions.
#ifndef TW_MODEL_XGBOOST_DOC_H
#define TW_MODEL_XGBOOST_DOC_H

#include <yyjson.h>

#include "ubjson.h"

typedef struct twi_xdoc {
    const tw_alloc *alloc;
    yyjson_doc *json_own; // NULL when it is UBJSON
} twi_xdoc;

// A value; json is NULL and ub.type 0 when there is none.
typedef struct twi_xval {
    yyjson_val *json;
    twi_ubjson ub;
} twi_xval;

typedef struct twi_xitems {
    bool is_json;
    yyjson_arr_iter json;
    twi_ubjson_items ub;
} twi_xitems;

// Parses; the data must stay while the values are used. TW_SYNTAX or TW_NO_MEMORY.
tw_status twi_xdoc_open(const tw_alloc *alloc, tw_str data, twi_xdoc *doc, twi_xval *root,
                        tw_err *err) TW_MUST_CHECK;
void twi_xdoc_release(twi_xdoc *doc);

bool twi_xval_is_object(twi_xval value);
twi_xval twi_xval_get(twi_xval object, const char *key);
bool twi_xval_text(twi_xval value, tw_str *out);
bool twi_xval_number(twi_xval value, double *out);
bool twi_xitems_init(twi_xval array, twi_xitems *items);
bool twi_xitems_next(twi_xitems *items, twi_xval *out);
// Number of items, SIZE_MAX when it is no array.
size_t twi_xval_count(twi_xval array);

#endif
