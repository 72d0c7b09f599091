// SPDX-License-Identifier: Apache-2.0
//
// Private to src/intake: finds whole JSON values in a stream by brackets and quotes alone; whether
// they are JSON is for the parser to say.
#ifndef TW_INTAKE_JSON_SPLIT_H
#define TW_INTAKE_JSON_SPLIT_H

#include "base/str.h"

// Bytes of white space, commas and outer brackets in front of the next element.
size_t twi_json_gap(tw_str view);
// Length of the element at the view's start; 0 when its end is not in the view and more may come.
size_t twi_json_element(tw_str view, bool is_last);
// Does the element at the start end within the view?
bool twi_json_is_closed(tw_str view);

#endif
