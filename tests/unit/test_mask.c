// SPDX-License-Identifier: Apache-2.0
//
// What is a card number and what only looks like one.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "intake/mask.h"

static void card_numbers_are_masked(void **state)
{
    static const char *const cases[][2] = {
        {"4111111111111111", "411111******1111"},
        {"4111 1111 1111 1111", "4111 11** **** 1111"},
        {"4111-1111-1111-1111", "4111-11**-****-1111"},
        {"x4111111111111111y", "x411111******1111y"},
        {"378282246310005", "378282*****0005"},
        {"30569309025904", "305693****5904"},
        {"6011111111111117", "601111******1117"},
        {"3530111333300000", "353011******0000"},
        {"5105105105105100 and 4012888888881881", "510510******5100 and 401288******1881"},
        {"2223003122003222", "222300******3222"},
        {"4222222222222", "422222***2222"},
        {";4111111111111111=25121010000", ";411111******1111=25121010000"},
        {"call 12 4111111111111111", "call 12 411111******1111"},
    };
    (void)state;
    for (size_t i = 0; i < TW_COUNT(cases); i++) {
        char text[80];
        tw_str_copy(tw_str_from(cases[i][0]), text, sizeof(text));
        assert_true(tw_pan_mask(text, strlen(text)) > 0);
        assert_string_equal(text, cases[i][1]);
    }
}

static void other_numbers_stay(void **state)
{
    static const char *const cases[] = {
        "4111111111111112",        // Luhn fails
        "4006381333931",           // EAN-13: passes Luhn only by chance, is no scheme's length
        "9111111111111111",        // no scheme
        "41111111111111111111111", // too long for a card
        "4111  1111 1111 1111",    // two spaces
        "2026-01-05 17:05:00",     "411111******1111", "", "4", "411111111111",
    };
    (void)state;
    for (size_t i = 0; i < TW_COUNT(cases); i++) {
        size_t start, bytes;
        assert_false(tw_pan_find(tw_str_from(cases[i]), &start, &bytes));
    }
}

static void accounts_become_tokens(void **state)
{
    const uint8_t key[32] = {1}, other[32] = {2};
    char a[TW_TOKEN_BYTES], b[TW_TOKEN_BYTES], c[TW_TOKEN_BYTES];
    (void)state;
    assert_true(tw_pan_is_account(TW_STR("4111111111111111")));
    assert_true(tw_pan_is_account(TW_STR("VISA-4111 1111 1111 1111")));
    assert_false(tw_pan_is_account(TW_STR("tok_4111111111111111")));
    assert_false(tw_pan_is_account(TW_STR("ab4111111111111111ff")));
    assert_false(tw_pan_is_account(TW_STR("C000000042")));
    tw_pan_token(key, TW_STR("4111111111111111"), a);
    tw_pan_token(key, TW_STR("4111-1111-1111-1111"), b);
    tw_pan_token(other, TW_STR("4111111111111111"), c);
    assert_memory_equal(a, "tok_", 4);
    assert_memory_equal(a, b, TW_TOKEN_BYTES);
    assert_memory_not_equal(a, c, TW_TOKEN_BYTES);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(card_numbers_are_masked),
        cmocka_unit_test(other_numbers_stay),
        cmocka_unit_test(accounts_become_tokens),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
