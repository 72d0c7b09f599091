// SPDX-License-Identifier: Apache-2.0
//
// Private to src/retail: the checks without the walk over the text, for the decoder, which has
// looked at all text in one pass already.
#ifndef TW_RETAIL_CHECK_PRIVATE_H
#define TW_RETAIL_CHECK_PRIVATE_H

#include "retail/check.h"

// Name of the first field that breaks an invariant, or NULL. `utf8`: also check the text's
// encoding.
const char *twi_fact_bad_field(const tw_fact *fact, bool utf8);

#endif
