// SPDX-License-Identifier: Apache-2.0
//
// Names, money, accounts and the invariants of facts.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/time.h"
#include "random_fact.h"
#include "retail/check.h"
#include "retail/money.h"

static void names_go_both_ways(void **state)
{
    (void)state;
    for (int i = 0; i < TW_TXN_N; i++) {
        tw_transaction_type back;
        assert_true(tw_transaction_type_from(
            tw_str_from(tw_transaction_type_name((tw_transaction_type)i)), &back));
        assert_int_equal(back, i);
    }
    for (int i = 0; i < TW_PAY_N; i++) {
        tw_payment_type back;
        assert_true(
            tw_payment_type_from(tw_str_from(tw_payment_type_name((tw_payment_type)i)), &back));
        assert_int_equal(back, i);
    }
    tw_verdict_kind verdict;
    tw_movement_type movement;
    tw_shift_event event;
    tw_entry_method entry;
    assert_true(tw_verdict_from(TW_STR("confirmed"), &verdict) && verdict == TW_VERDICT_CONFIRMED);
    assert_true(tw_movement_type_from(TW_STR("Damage"), &movement) && movement == TW_MOVE_DAMAGE);
    assert_true(tw_shift_event_from(TW_STR("SIGN_OFF"), &event) && event == TW_SHIFT_SIGN_OFF);
    assert_true(tw_entry_method_from(TW_STR("tap"), &entry) && entry == TW_ENTRY_TAP);
    assert_false(tw_entry_method_from(TW_STR(""), &entry));
    assert_false(tw_verdict_from(TW_STR("maybe"), &verdict));
    assert_string_equal(tw_payment_type_name(TW_PAY_N), "");
}

static void money_text_follows_the_currency(void **state)
{
    (void)state;
    char text[TW_MONEY_TEXT_BYTES];
    assert_string_equal(tw_money_format(-123450, tw_currency_exponent("EUR"), text), "-1234.50");
    assert_string_equal(tw_money_format(5, tw_currency_exponent("USD"), text), "0.05");
    assert_string_equal(tw_money_format(0, tw_currency_exponent("USD"), text), "0.00");
    assert_string_equal(tw_money_format(5, tw_currency_exponent("JPY"), text), "5");
    assert_string_equal(tw_money_format(-5, tw_currency_exponent("KWD"), text), "-0.005");
    assert_string_equal(tw_money_format(12345, tw_currency_exponent("CLF"), text), "1.2345");
    assert_string_equal(tw_money_format(INT64_MIN, 2, text), "-92233720368547758.08");
    assert_true(tw_currency_is_valid("EUR") && !tw_currency_is_valid("eur") &&
                !tw_currency_is_valid("EU\0"));
}

static void the_account_is_the_first_token(void **state)
{
    (void)state;
    tw_tender tenders[2] = {{.type = TW_PAY_CASH}, {.account_token = TW_STR("tok_a")}};
    tw_transaction t = {
        .customer_id = TW_STR("C1"), .loyalty_id = TW_STR("L1"), .tenders = tenders, .tender_n = 2};
    assert_true(tw_str_equal(tw_transaction_account(&t), TW_STR("tok_a")));
    t.tender_n = 1;
    assert_true(tw_str_equal(tw_transaction_account(&t), TW_STR("C1")));
    t.customer_id = TW_STR_NONE;
    assert_true(tw_str_equal(tw_transaction_account(&t), TW_STR("L1")));
    t.loyalty_id = TW_STR_NONE;
    assert_int_equal(tw_transaction_account(&t).bytes, 0);
}

static void expect_bad(const tw_fact *fact, const char *field)
{
    tw_err err = {0};
    assert_int_equal(tw_fact_check(fact, &err), TW_INVALID);
    assert_true(tw_str_starts(tw_str_from(err.text), tw_str_from(field)));
}

static void every_invariant_is_checked(void **state)
{
    (void)state;
    tw_arena arena;
    tw_arena_init(&arena, tw_alloc_system(), 0, 1 << 20);
    tw_fact good, bad;
    typical_fact(1, 2, &arena, &good);
    assert_int_equal(tw_fact_check(&good, NULL), TW_OK);
    static const char long_id[TW_ID_MAX_BYTES + 1] = "x";
#define BREAK(assignment, field)                                                                   \
    do {                                                                                           \
        bad = good;                                                                                \
        tw_transaction *t = &bad.as.transaction;                                                   \
        (void)t;                                                                                   \
        assignment;                                                                                \
        expect_bad(&bad, field);                                                                   \
    } while (0)
    BREAK(t->transaction_id = TW_STR_NONE, "transaction_id");
    BREAK(t->store_id = ((tw_str){long_id, sizeof(long_id)}), "store_id");
    BREAK(t->customer_id = TW_STR("a\xff"), "customer_id");
    BREAK(t->time_ms = -1, "transaction_time");
    BREAK(t->time_ms = TW_TIME_MAX_MS, "transaction_time");
    BREAK(t->offset_min = TW_OFFSET_NONE, "transaction_time");
    BREAK(t->business_day = INT32_MIN, "business_date");
    BREAK(t->total_minor = TW_MONEY_MAX_MINOR + 1, "transaction_total");
    BREAK(t->discount_minor = -1, "discount_amount");
    BREAK(t->currency[0] = 'e', "currency");
    BREAK(t->flags |= 1u << 30, "flags");
    BREAK(t->type = TW_TXN_N, "transaction_type");
    BREAK(t->payment_type = TW_PAY_N, "payment_type");
    BREAK(t->item_count = -1, "item_count");
    BREAK(t->flags &= ~(unsigned)TW_TXN_HAS_SEQUENCE, "sequence_number");
    BREAK(t->scan_seconds = -0.0f, "scan_seconds");
    BREAK(t->line_n = TW_LINES_MAX + 1, "lines");
    BREAK(bad.received_ms = -1, "received_at");
    BREAK(bad.kind = (tw_fact_kind)9, "kind");
#undef BREAK
    tw_fact verdict = {.kind = TW_FACT_VERDICT};
    verdict.as.verdict.verdict_id = TW_STR("V1");
    expect_bad(&verdict, "alert_id");
    tw_arena_release(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_go_both_ways),
        cmocka_unit_test(money_text_follows_the_currency),
        cmocka_unit_test(the_account_is_the_first_token),
        cmocka_unit_test(every_invariant_is_checked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
