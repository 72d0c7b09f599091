// SPDX-License-Identifier: Apache-2.0
//
// Parsing of borrowed strings; no locale, no partial matches.
#include "base/str.h"

#include <math.h>
#include <stdlib.h>

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
}
static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}
static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

bool tw_str_equal_nocase(tw_str a, tw_str b)
{
    if (a.bytes != b.bytes)
        return false;
    for (size_t i = 0; i < a.bytes; i++) {
        if (lower(a.at[i]) != lower(b.at[i]))
            return false;
    }
    return true;
}

int tw_str_compare(tw_str a, tw_str b)
{
    size_t n = TW_MIN(a.bytes, b.bytes);
    int order = n ? memcmp(a.at, b.at, n) : 0;
    if (order != 0)
        return order;
    return (a.bytes > b.bytes) - (a.bytes < b.bytes);
}

tw_str tw_str_trim(tw_str s)
{
    while (s.bytes && is_space(s.at[0])) {
        s.at++;
        s.bytes--;
    }
    while (s.bytes && is_space(s.at[s.bytes - 1]))
        s.bytes--;
    return s;
}

bool tw_str_starts(tw_str s, tw_str prefix)
{
    return s.bytes >= prefix.bytes && tw_str_equal((tw_str){s.at, prefix.bytes}, prefix);
}

bool tw_str_ends(tw_str s, tw_str suffix)
{
    return s.bytes >= suffix.bytes &&
           tw_str_equal((tw_str){s.at + (s.bytes - suffix.bytes), suffix.bytes}, suffix);
}

// Length of the UTF-8 sequence at the start of (at, left), 0 when invalid (RFC 3629, table 3-7 of
// the Unicode standard).
static size_t utf8_sequence(const unsigned char *at, size_t left)
{
    unsigned char c = at[0];
    size_t n = c < 0x80                 ? 1
               : c >= 0xc2 && c <= 0xdf ? 2
               : (c & 0xf0) == 0xe0     ? 3
               : c >= 0xf0 && c <= 0xf4 ? 4
                                        : 0;
    if (n == 0 || n > left)
        return 0;
    for (size_t i = 1; i < n; i++) {
        if ((at[i] & 0xc0) != 0x80)
            return 0;
    }
    if ((c == 0xe0 && at[1] < 0xa0) || (c == 0xed && at[1] > 0x9f) || (c == 0xf0 && at[1] < 0x90) ||
        (c == 0xf4 && at[1] > 0x8f))
        return 0;
    return n;
}

bool tw_str_is_utf8(tw_str s)
{
    const unsigned char *at = (const unsigned char *)s.at;
    for (size_t i = 0; i < s.bytes;) {
        if (at[i] < 0x20 && !is_space((char)at[i]))
            return false;
        size_t n = utf8_sequence(at + i, s.bytes - i);
        if (n == 0)
            return false;
        i += n;
    }
    return true;
}

bool tw_str_to_i64(tw_str s, int64_t *out)
{
    return tw_str_to_scaled(s, 0, out);
}

bool tw_str_to_scaled(tw_str s, int scale, int64_t *out)
{
    size_t i = 0;
    bool negative = s.bytes && s.at[0] == '-';
    if (s.bytes && (s.at[0] == '-' || s.at[0] == '+'))
        i++;
    uint64_t v = 0;
    bool any_digit = false, in_fraction = false;
    int fraction_n = 0;
    for (; i < s.bytes; i++) {
        char c = s.at[i];
        if (c == '.' && !in_fraction) {
            in_fraction = true;
            continue;
        }
        if (!is_digit(c))
            return false;
        any_digit = true;
        if (in_fraction && fraction_n == scale) {
            if (c != '0')
                return false;
            continue;
        }
        if (v > (UINT64_MAX - 9) / 10)
            return false;
        v = v * 10 + (uint64_t)(c - '0');
        fraction_n += in_fraction;
    }
    for (; fraction_n < scale; fraction_n++) {
        if (v > UINT64_MAX / 10)
            return false;
        v *= 10;
    }
    if (!any_digit || v > (uint64_t)INT64_MAX)
        return false;
    *out = negative ? -(int64_t)v : (int64_t)v;
    return true;
}

bool tw_str_to_f64(tw_str s, double *out)
{
    char text[64];
    if (s.bytes == 0 || s.bytes >= sizeof(text))
        return false;
    for (size_t i = 0; i < s.bytes; i++) {
        char c = s.at[i];
        if (!is_digit(c) && c != '+' && c != '-' && c != '.' && c != 'e' && c != 'E')
            return false;
    }
    // The programs never call setlocale, so strtod reads the C locale's point.
    tw_str_copy(s, text, sizeof(text));
    char *end = NULL;
    double v = strtod(text, &end);
    if (end != text + s.bytes || !isfinite(v))
        return false;
    *out = v;
    return true;
}

char *tw_str_copy(tw_str s, char *out, size_t cap)
{
    TW_CHECK(cap > 0);
    size_t n = TW_MIN(s.bytes, cap - 1);
    if (n)
        memcpy(out, s.at, n);
    out[n] = '\0';
    return out;
}
