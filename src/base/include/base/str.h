// SPDX-License-Identifier: Apache-2.0
//
// Borrowed strings: pointer and length, not NUL-terminated, bytes owned elsewhere. Parsers never
// depend on the locale and never accept part of the text.
#ifndef TW_BASE_STR_H
#define TW_BASE_STR_H

#include <string.h>

#include "base/status.h"

typedef struct tw_str {
    const char *at; // may be NULL when bytes is 0
    size_t bytes;
} tw_str;

#define TW_STR(literal) ((tw_str){("" literal), sizeof(literal) - 1})
#define TW_STR_NONE ((tw_str){NULL, 0})
#define TW_STR_ARG(s) (int)(s).bytes, ((s).at ? (s).at : "") // for "%.*s"

static inline tw_str tw_str_from(const char *cstr)
{
    return (tw_str){cstr, cstr ? strlen(cstr) : 0};
}
static inline bool tw_str_equal(tw_str a, tw_str b)
{
    return a.bytes == b.bytes && (a.bytes == 0 || memcmp(a.at, b.at, a.bytes) == 0);
}
bool tw_str_equal_nocase(tw_str a, tw_str b); // ASCII
int tw_str_compare(tw_str a, tw_str b);       // bytewise, shorter first
tw_str tw_str_trim(tw_str s);                 // without ASCII white space at both ends
bool tw_str_starts(tw_str s, tw_str prefix);
bool tw_str_ends(tw_str s, tw_str suffix);
bool tw_str_is_utf8(tw_str s); // valid UTF-8 without NUL and other C0 controls but \t\n\r

bool tw_str_to_i64(tw_str s, int64_t *out); // optional sign, decimal digits
bool tw_str_to_f64(tw_str s, double *out);  // C locale, finite
// Decimal text to an integer scaled by 10^scale: "12.3", scale 2 -> 1230. A sign, leading zeros and
// an exponent-free fraction are allowed; more significant digits than the scale are refused unless
// they are zero. False on anything else or overflow. 0 <= scale <= 9.
bool tw_str_to_scaled(tw_str s, int scale, int64_t *out);

// Copies at most cap-1 bytes and terminates; returns out.
char *tw_str_copy(tw_str s, char *out, size_t cap);

#endif
