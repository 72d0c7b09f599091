// SPDX-License-Identifier: Apache-2.0
//
// Bodies of actions: JSON objects that somebody sent. Reading is lenient (a member of the wrong
// kind is as good as missing), checking is not.
#ifndef TWI_WORKFLOW_BODY_H
#define TWI_WORKFLOW_BODY_H

#include <yyjson.h>

#include "base/arena.h"
#include "base/limits.h"
#include "base/str.h"

// What people write: a comment of a page, a title of a line.
#define TWI_NOTE_MAX_BYTES 8000
#define TWI_TITLE_MAX_BYTES 200
#define TWI_LIST_MAX 2000

// Memory for yyjson that lives in the arena; frees nothing.
yyjson_alc twi_body_alc(tw_arena *arena);
// The object of a body, empty for "", in the arena. TW_INVALID when it is no JSON object,
// TW_NO_MEMORY.
tw_status twi_body_read(tw_str body, tw_arena *arena, yyjson_val **out, tw_err *err) TW_MUST_CHECK;

// The text of a member; empty when it is missing, no string, or no text that can be stored.
tw_str twi_body_text(yyjson_val *object, const char *name);
tw_str twi_val_text(yyjson_val *value);
// The instant of a member, 0 when it is missing or none.
int64_t twi_body_time(yyjson_val *object, const char *name);

// min 0: the member may be missing (or null), and empty. TW_INVALID.
tw_status twi_check_text(yyjson_val *object, const char *name, size_t min, size_t max,
                         tw_err *err) TW_MUST_CHECK;
// A list, which may be missing, of at most max_n texts of 1..max bytes.
tw_status twi_check_texts(yyjson_val *object, const char *name, size_t max_n, size_t max,
                          tw_err *err) TW_MUST_CHECK;

#endif
