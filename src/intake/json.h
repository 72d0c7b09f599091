// SPDX-License-Identifier: Apache-2.0
//
// Private to src/intake: shared by json.c (objects and memory) and json_parts.c (lines, tenders,
// attributes).
#ifndef TW_INTAKE_JSON_PRIVATE_H
#define TW_INTAKE_JSON_PRIVATE_H

#include <yyjson.h>

#include "decode.h"

// Members of an object into a draft. TW_INVALID when a member appears twice.
tw_status twi_object_draft(twi_decoder *d, const twi_schema *schema, twi_hints *hints,
                           yyjson_val *object, twi_draft *draft);
// twi_decoder.node of the JSON parser.
tw_status twi_json_node(twi_decoder *d, const twi_field *field, void *node, tw_transaction *t);

#endif
