// SPDX-License-Identifier: Apache-2.0
//
// Detection of card numbers. The scan looks only at runs of digits with at least 13 of them, so
// that ordinary text costs one pass.
#include "intake/mask.h"

#include "base/hash.h"

enum { PAN_MIN = 13, PAN_MAX = 19 };

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

// Leading digits and lengths of the card schemes (ISO/IEC 7812 ranges as the schemes publish them).
static bool is_scheme(const char *digits, int n)
{
    static const struct {
        int low, high, prefix_n, min_n, max_n;
    } schemes[] = {
        {4, 4, 1, 13, 13},       {4, 4, 1, 16, 16},       {4, 4, 1, 19, 19},
        {51, 55, 2, 16, 16},     {2221, 2720, 4, 16, 16}, // Mastercard
        {34, 34, 2, 15, 15},     {37, 37, 2, 15, 15},     // American Express
        {300, 305, 3, 14, 19},   {3095, 3095, 4, 14, 19}, // Diners
        {36, 36, 2, 14, 19},     {38, 39, 2, 14, 19},     {6011, 6011, 4, 16, 19},
        {644, 659, 3, 16, 19},                        // Discover
        {3528, 3589, 4, 16, 19}, {62, 62, 2, 16, 19}, // JCB, UnionPay
        {50, 50, 2, 13, 19},     {56, 58, 2, 13, 19}, // Maestro
        {63, 63, 2, 13, 19},     {67, 67, 2, 13, 19},
    };
    int prefix[5] = {0};
    for (int i = 1; i <= 4; i++)
        prefix[i] = prefix[i - 1] * 10 + (digits[i - 1] - '0');
    for (size_t i = 0; i < TW_COUNT(schemes); i++) {
        int lead = prefix[schemes[i].prefix_n];
        if (lead >= schemes[i].low && lead <= schemes[i].high && n >= schemes[i].min_n &&
            n <= schemes[i].max_n)
            return true;
    }
    return false;
}

static bool passes_luhn(const char *digits, int n)
{
    int sum = 0;
    for (int i = 0; i < n; i++) {
        int d = digits[n - 1 - i] - '0';
        if (i % 2 == 1)
            d = d * 2 > 9 ? d * 2 - 9 : d * 2;
        sum += d;
    }
    return sum % 10 == 0;
}

// The longest PAN that begins at s.at[start] (a group's first digit); its length in bytes or 0.
static size_t pan_at(tw_str s, size_t start)
{
    char digits[PAN_MAX];
    int n = 0;
    size_t found = 0;
    for (size_t i = start; i < s.bytes; i++) {
        if (is_digit(s.at[i])) {
            if (n == PAN_MAX)
                break;
            digits[n++] = s.at[i];
            bool group_ends = i + 1 == s.bytes || !is_digit(s.at[i + 1]);
            if (group_ends && n >= PAN_MIN && is_scheme(digits, n) && passes_luhn(digits, n))
                found = i + 1 - start;
        } else if ((s.at[i] != ' ' && s.at[i] != '-') || i + 1 == s.bytes ||
                   !is_digit(s.at[i + 1])) {
            break;
        }
    }
    return found;
}

static bool find_from(tw_str s, size_t from, size_t *start, size_t *bytes)
{
    for (size_t i = from; i + PAN_MIN <= s.bytes; i++) {
        if (!is_digit(s.at[i]) || (i > 0 && is_digit(s.at[i - 1])))
            continue;
        size_t n = pan_at(s, i);
        if (n) {
            *start = i;
            *bytes = n;
            return true;
        }
    }
    return false;
}

bool tw_pan_find(tw_str s, size_t *start, size_t *bytes)
{
    return find_from(s, 0, start, bytes);
}

size_t tw_pan_mask(char *text, size_t bytes)
{
    size_t masked = 0, from = 0, start = 0, pan_bytes = 0;
    while (find_from((tw_str){text, bytes}, from, &start, &pan_bytes)) {
        size_t digit_n = 0, seen = 0;
        for (size_t i = start; i < start + pan_bytes; i++)
            digit_n += is_digit(text[i]);
        for (size_t i = start; i < start + pan_bytes; i++) {
            if (!is_digit(text[i]))
                continue;
            if (seen >= 6 && seen < digit_n - 4)
                text[i] = '*';
            seen++;
        }
        masked++;
        from = start + pan_bytes;
    }
    return masked;
}

static bool is_opaque(tw_str value)
{
    bool has_letter = false;
    if (tw_str_starts(value, TW_STR("tok_")))
        return true;
    for (size_t i = 0; i < value.bytes; i++) {
        char c = value.at[i];
        bool letter = (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
        if (!letter && !is_digit(c) && c != '-')
            return false;
        has_letter |= letter;
    }
    return has_letter;
}

bool tw_pan_is_account(tw_str value)
{
    size_t start, bytes;
    return value.bytes >= PAN_MIN && tw_pan_find(value, &start, &bytes) && !is_opaque(value);
}

void tw_pan_token(const uint8_t key[32], tw_str value, char out[TW_TOKEN_BYTES])
{
    char digits[PAN_MAX + 1], hex[25];
    size_t start = 0, bytes = 0, n = 0;
    uint8_t mac[TW_SHA256_BYTES];
    // The same card gives the same token however its digits are grouped.
    if (!tw_pan_find(value, &start, &bytes))
        bytes = value.bytes;
    for (size_t i = start; i < start + bytes && n < PAN_MAX; i++) {
        if (is_digit(value.at[i]))
            digits[n++] = value.at[i];
    }
    tw_hmac_sha256(key, 32, digits, n, mac);
    tw_hex(mac, 12, hex);
    memcpy(out, "tok_", 4);
    memcpy(out + 4, hex, 24);
    memset(digits, 0, sizeof(digits));
}
