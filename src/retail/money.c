// SPDX-License-Identifier: Apache-2.0
//
// Decimals of ISO 4217 currencies, and exact money text.
#include "retail/money.h"

// One list row: all codes of an exponent, three letters each.
static bool is_listed(const char *codes, const char currency[4])
{
    for (; codes[0]; codes += 3) {
        if (codes[0] == currency[0] && codes[1] == currency[1] && codes[2] == currency[2])
            return true;
    }
    return false;
}

int tw_currency_exponent(const char currency[4])
{
    // The most frequent ones leave before the search; every transaction asks.
    if (memcmp(currency, "USD", 3) == 0 || memcmp(currency, "EUR", 3) == 0)
        return 2;
    // Currencies whose minor unit is not a hundredth, from the ISO 4217 list one.
    if (is_listed("BIFCLPDJFGNFISKJPYKMFKRWPYGRWFUGXUYIVNDVUVXAFXOFXPF", currency))
        return 0;
    if (is_listed("BHDIQDJODKWDLYDOMRTND", currency))
        return 3;
    return is_listed("CLFUYW", currency) ? 4 : 2;
}

bool tw_currency_is_valid(const char currency[4])
{
    for (int i = 0; i < 3; i++) {
        if (currency[i] < 'A' || currency[i] > 'Z')
            return false;
    }
    return currency[3] == '\0';
}

char *tw_money_format(int64_t minor, int exponent, char out[TW_MONEY_TEXT_BYTES])
{
    TW_CHECK(exponent >= 0 && exponent <= 9);
    uint64_t left = minor < 0 ? 0 - (uint64_t)minor : (uint64_t)minor;
    char reversed[TW_MONEY_TEXT_BYTES];
    int n = 0;
    do {
        if (n == exponent && exponent > 0)
            reversed[n++] = '.';
        reversed[n++] = (char)('0' + left % 10);
        left /= 10;
    } while (left || n <= exponent + (exponent > 0));
    char *to = out;
    if (minor < 0)
        *to++ = '-';
    while (n > 0)
        *to++ = reversed[--n];
    *to = '\0';
    return out;
}
