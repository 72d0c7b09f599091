// SPDX-License-Identifier: Apache-2.0
//
// The little that is needed to write JSON into a buffer.
#ifndef TWI_LEARN_PUT_H
#define TWI_LEARN_PUT_H

#include "base/buf.h"

// A number; null when it is not finite.
void twi_put_number(tw_buf *out, double value);
// A string with its quotes and escapes; `s` is UTF-8.
void twi_put_string(tw_buf *out, tw_str s);
// `"name":`, with a comma before it unless it is the first of an object.
void twi_put_key(tw_buf *out, const char *name);

#endif
