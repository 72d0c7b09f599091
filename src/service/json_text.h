// SPDX-License-Identifier: Apache-2.0
//
// What the service needs to write JSON: a string with its escapes, and documents in an arena.
#ifndef TWI_SERVICE_JSON_TEXT_H
#define TWI_SERVICE_JSON_TEXT_H

#include <yyjson.h>

#include "base/arena.h"
#include "base/buf.h"

// Appends s, which is valid UTF-8, as a JSON string with its quotes.
void twi_text_json(tw_buf *out, tw_str s);
// Memory for yyjson that lives in the arena; frees nothing.
yyjson_alc twi_arena_alc(tw_arena *arena);

#endif
