// SPDX-License-Identifier: Apache-2.0
//
// The one JSON writer that the service needs: a string with its escapes.
#ifndef TWI_SERVICE_JSON_TEXT_H
#define TWI_SERVICE_JSON_TEXT_H

#include "base/buf.h"

// Appends s, which is valid UTF-8, as a JSON string with its quotes.
void twi_text_json(tw_buf *out, tw_str s);

#endif
