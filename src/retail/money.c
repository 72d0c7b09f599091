// SPDX-License-Identifier: Apache-2.0
//
// Decimals of ISO 4217 currencies, and exact money text.
#include "retail/money.h"

int tw_currency_exponent(const char currency[4])
{
    // Currencies whose minor unit is not a hundredth, from the ISO 4217 list one.
    static const char none[] = "BIFCLPDJFGNFISKJPYKMFKRWPYGRWFUGXUYIVNDVUVXAFXOFXPF";
    static const char thousandths[] = "BHDIQDJODKWDLYDOMRTND";
    static const char ten_thousandths[] = "CLFUYW";
    static const struct {
        const char *codes;
        size_t bytes;
        int exponent;
    } lists[] = {{none, sizeof(none) - 1, 0},
                 {thousandths, sizeof(thousandths) - 1, 3},
                 {ten_thousandths, sizeof(ten_thousandths) - 1, 4}};
    for (size_t i = 0; i < TW_COUNT(lists); i++) {
        for (size_t at = 0; at < lists[i].bytes; at += 3) {
            if (memcmp(lists[i].codes + at, currency, 3) == 0)
                return lists[i].exponent;
        }
    }
    return 2;
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
