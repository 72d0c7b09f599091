// SPDX-License-Identifier: Apache-2.0
//
// Money is an integer of minor units; how many decimals a unit has depends on the currency
// (ISO 4217: JPY 0, EUR 2, KWD 3). Nothing here rounds. All functions are thread-safe and O(1).
#ifndef TW_RETAIL_MONEY_H
#define TW_RETAIL_MONEY_H

#include "base/limits.h"
#include "base/str.h"

// Decimals of a currency, 0..4; 2 for codes that ISO 4217 does not list with another number.
int tw_currency_exponent(const char currency[4]);
// Three upper-case letters, NUL-terminated.
bool tw_currency_is_valid(const char currency[4]);

// "-1234.5" for -123450 with exponent 2 is written "-1234.50"; out is returned.
#define TW_MONEY_TEXT_BYTES 32
char *tw_money_format(int64_t minor, int exponent, char out[TW_MONEY_TEXT_BYTES]);

#endif
