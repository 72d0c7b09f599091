// SPDX-License-Identifier: Apache-2.0
//
// Private to src/intake: dates in a feed's own format.
#ifndef TW_INTAKE_TIME_FORMAT_H
#define TW_INTAKE_TIME_FORMAT_H

#include "base/time.h"

// %Y %y %m %d %H %I %p %M %S %f %z %b %j %% and literal text; a space in the format takes any
// number of spaces. %y: 70..99 = 19xx, 00..69 = 20xx. Years 1970..2199. *offset_min is
// TW_OFFSET_NONE without %z; then *out_ms is the wall clock read as UTC. False when the text does
// not match.
bool twi_time_format_parse(tw_str text, tw_str format, int64_t *out_ms, int16_t *offset_min);
// Does the format hold only directives that are known, and at least a date?
bool twi_time_format_valid(tw_str format);

#endif
