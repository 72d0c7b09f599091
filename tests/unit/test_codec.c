// SPDX-License-Identifier: Apache-2.0
//
// The canonical bytes: round trips, one encoding per fact, golden bytes, and damage of every kind.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/hash.h"
#include "random_fact.h"
#include "retail/check.h"
#include "retail/codec.h"

static const tw_fact_kind kinds[] = {TW_FACT_TRANSACTION, TW_FACT_MOVEMENT, TW_FACT_SHIFT,
                                     TW_FACT_VERDICT,     TW_FACT_CONFIG,   TW_FACT_ACTION};

typedef struct fixture {
    tw_arena arena;
    tw_buf first, second;
} fixture;

static int set_up(void **state)
{
    static fixture f;
    tw_arena_init(&f.arena, tw_alloc_system(), 0, (size_t)64 << 20);
    tw_buf_init(&f.first, tw_alloc_system(), (size_t)64 << 20);
    tw_buf_init(&f.second, tw_alloc_system(), (size_t)64 << 20);
    *state = &f;
    return 0;
}

static int tear_down(void **state)
{
    fixture *f = *state;
    tw_arena_release(&f->arena);
    tw_buf_release(&f->first);
    tw_buf_release(&f->second);
    return 0;
}

static void encode(const tw_fact *fact, tw_buf *buf)
{
    tw_buf_reset(buf);
    assert_int_equal(tw_fact_encode(fact, buf), TW_OK);
}

static void random_facts_come_back_with_the_same_bytes(void **state)
{
    fixture *f = *state;
    uint64_t seed = 20260105;
    print_message("seed %llu\n", (unsigned long long)seed);
    tw_rng rng;
    tw_rng_init(&rng, seed, 1);
    for (int i = 0; i < 3000; i++) {
        tw_fact fact, back;
        tw_arena_reset(&f->arena);
        random_fact(&rng, kinds[i % 5], &f->arena, &fact);
        tw_err err = {0};
        assert_int_equal(tw_fact_check(&fact, &err), TW_OK);
        encode(&fact, &f->first);
        assert_int_equal(tw_fact_decode(f->first.data_own, f->first.bytes, &f->arena, &back),
                         TW_OK);
        assert_int_equal(tw_fact_peek(f->first.data_own, f->first.bytes), fact.kind);
        encode(&back, &f->second);
        assert_int_equal(f->first.bytes, f->second.bytes);
        assert_memory_equal(f->first.data_own, f->second.data_own, f->first.bytes);
        assert_true(tw_fact_key(&fact, 0) == tw_fact_key(&back, 0));
        assert_true(tw_str_equal(tw_fact_id(&fact), tw_fact_id(&back)));
    }
}

static void a_decoded_receipt_has_every_field(void **state)
{
    fixture *f = *state;
    tw_fact fact, back;
    typical_fact(42, 3, &f->arena, &fact);
    encode(&fact, &f->first);
    assert_int_equal(tw_fact_decode(f->first.data_own, f->first.bytes, &f->arena, &back), TW_OK);
    const tw_transaction *a = &fact.as.transaction, *b = &back.as.transaction;
    assert_true(back.kind == TW_FACT_TRANSACTION && back.received_ms == fact.received_ms);
    assert_true(tw_str_equal(a->transaction_id, b->transaction_id));
    assert_true(tw_str_equal(a->employee_id, b->employee_id));
    assert_true(a->time_ms == b->time_ms && a->offset_min == b->offset_min);
    assert_true(a->business_day == b->business_day && a->total_minor == b->total_minor);
    assert_string_equal(a->currency, b->currency);
    assert_true(a->flags == b->flags && a->payment_type == b->payment_type);
    assert_true(a->sequence_number == b->sequence_number && a->item_count == b->item_count);
    assert_true(a->scan_seconds == b->scan_seconds && a->tender_seconds == b->tender_seconds);
    assert_int_equal(b->line_n, 3);
    for (size_t i = 0; i < 3; i++) {
        assert_true(tw_str_equal(a->lines[i].sku, b->lines[i].sku));
        assert_true(a->lines[i].unit_price_minor == b->lines[i].unit_price_minor);
        assert_true(b->lines[i].regular_price_minor == b->lines[i].unit_price_minor);
        assert_true(b->lines[i].quantity_milli == 1000);
        assert_int_equal(b->lines[i].entry_method, TW_ENTRY_SCANNED);
    }
    assert_int_equal(b->tender_n, 1);
    assert_true(tw_str_equal(tw_transaction_account(a), tw_transaction_account(b)));
    assert_true(b->tenders[0].amount_minor == a->tenders[0].amount_minor);
}

static void a_head_that_no_decoder_takes_has_no_kind(void **state)
{
    (void)state;
    uint8_t head[10] = {1, TW_FACT_VERDICT};
    assert_int_equal(tw_fact_peek(head, sizeof head), TW_FACT_VERDICT);
    assert_int_equal(tw_fact_peek(head, sizeof head - 1), 0);
    assert_int_equal(tw_fact_peek(NULL, 0), 0);
    head[1] = TW_FACT_ACTION + 1;
    assert_int_equal(tw_fact_peek(head, sizeof head), 0);
    head[1] = 0;
    assert_int_equal(tw_fact_peek(head, sizeof head), 0);
    head[1] = TW_FACT_SHIFT;
    head[0] = 2; // a newer version
    assert_int_equal(tw_fact_peek(head, sizeof head), 0);
    head[0] = 0;
    assert_int_equal(tw_fact_peek(head, sizeof head), 0);
}

static void check_golden(fixture *f, const tw_fact *fact, const char *hex)
{
    char text[1024];
    encode(fact, &f->first);
    assert_true(f->first.bytes * 2 < sizeof(text));
    tw_hex(f->first.data_own, f->first.bytes, text);
    assert_string_equal(text, hex);
}

// These bytes are in journals: a change here is a new version of the format.
static void golden_bytes(void **state)
{
    fixture *f = *state;
    tw_line line = {.sku = TW_STR("4711"),
                    .department = TW_STR("toys"),
                    .discount_reason = TW_STR("MGR"),
                    .quantity_milli = 2000,
                    .unit_price_minor = 1250,
                    .regular_price_minor = 1500,
                    .discount_minor = 99,
                    .return_flag = true,
                    .entry_method = TW_ENTRY_KEYED};
    tw_tender tender = {.type = TW_PAY_GIFT_CARD,
                        .amount_minor = -2401,
                        .account_token = TW_STR("tok_1"),
                        .entry_method = TW_ENTRY_SWIPE};
    tw_attribute attribute = {.name = TW_STR("tips"), .value = 1.5};
    tw_fact fact = {.kind = TW_FACT_TRANSACTION, .received_ms = INT64_C(1767600000123)};
    fact.as.transaction =
        (tw_transaction){.transaction_id = TW_STR("T-1"),
                         .store_id = TW_STR("S1"),
                         .register_id = TW_STR("R1"),
                         .employee_id = TW_STR("E1"),
                         .customer_id = TW_STR("C1"),
                         .time_ms = INT64_C(1767600000000),
                         .offset_min = 60,
                         .business_day = 20458,
                         .total_minor = -2401,
                         .discount_minor = 99,
                         .currency = "EUR",
                         .flags = TW_TXN_FLAG_REFUND | TW_TXN_HAS_TYPE | TW_TXN_HAS_SEQUENCE,
                         .type = TW_TXN_RETURN,
                         .payment_type = TW_PAY_GIFT_CARD,
                         .item_count = 2,
                         .sequence_number = 300,
                         .lines = &line,
                         .line_n = 1,
                         .tenders = &tender,
                         .tender_n = 1,
                         .attributes = &attribute,
                         .attribute_n = 1};
    check_golden(f, &fact,
                 "01017b8c2b8d9b0100001f542d31533152314531433134373131746f79734d4752746f6b"
                 "5f3174697073310105030202020200000000008098aee9b8337800455552c1256302ac02"
                 "0101011e02040403c413a01fb81763050505c12504000000000000f83f");
}

static void golden_bytes_of_the_other_kinds(void **state)
{
    fixture *f = *state;
    const int64_t received_ms = INT64_C(1767600000123), time_ms = INT64_C(1767600000000);
    tw_fact fact = {.kind = TW_FACT_MOVEMENT, .received_ms = received_ms};
    fact.as.movement = (tw_movement){.movement_id = TW_STR("M-1"),
                                     .store_id = TW_STR("S1"),
                                     .sku = TW_STR("4711"),
                                     .employee_id = TW_STR("E1"),
                                     .reason = TW_STR("stock take"),
                                     .reference = TW_STR("DOC9"),
                                     .type = TW_MOVE_ADJUSTMENT,
                                     .quantity_milli = -2500,
                                     .time_ms = time_ms,
                                     .offset_min = -300};
    check_golden(f, &fact,
                 "01027b8c2b8d9b010000194d2d31533134373131453173746f636b2074616b65444f4339"
                 "03030204020a0487278098aee9b833d704");
    fact = (tw_fact){.kind = TW_FACT_SHIFT, .received_ms = received_ms};
    fact.as.shift = (tw_shift){.event_id = TW_STR("X-1"),
                               .store_id = TW_STR("S1"),
                               .employee_id = TW_STR("E1"),
                               .register_id = TW_STR("R1"),
                               .role = TW_STR("cashier"),
                               .store_format = TW_STR("mall"),
                               .event = TW_SHIFT_CLOCK_OUT,
                               .time_ms = time_ms};
    check_golden(f, &fact,
                 "01037b8c2b8d9b01000014582d31533145315231636173686965726d616c6c0103020202"
                 "07048098aee9b83300");
    fact = (tw_fact){.kind = TW_FACT_VERDICT, .received_ms = received_ms};
    fact.as.verdict = (tw_verdict){.verdict_id = TW_STR("V-1"),
                                   .alert_id = TW_STR("A-1"),
                                   .verdict = TW_VERDICT_CONFIRMED,
                                   .reason = TW_STR("theft"),
                                   .note = TW_STR("seen on video"),
                                   .decided_by = TW_STR("kim"),
                                   .recovered_minor = 2401,
                                   .decided_ms = time_ms};
    check_golden(f, &fact,
                 "01047b8c2b8d9b0100001b562d31412d3174686566747365656e206f6e20766964656f6b"
                 "696d00030300050d03e1128098aee9b833");
    fact = (tw_fact){.kind = TW_FACT_CONFIG, .received_ms = received_ms};
    fact.as.config = (tw_config){.kind = TW_CONFIG_SIGNALS,
                                 .name = TW_STR("v3"),
                                 .content = TW_STR("signals: []"),
                                 .changed_by = TW_STR("kim"),
                                 .reason = TW_STR("first"),
                                 .changed_ms = time_ms};
    check_golden(f, &fact,
                 "01057b8c2b8d9b0100001576337369676e616c733a205b5d6b696d666972737401020b03"
                 "058098aee9b833");
}

static void statuses_of_damage(void **state)
{
    fixture *f = *state;
    tw_fact fact, back;
    typical_fact(7, 2, &f->arena, &fact);
    encode(&fact, &f->first);
    for (size_t bytes = 0; bytes < f->first.bytes; bytes++) {
        assert_int_equal(tw_fact_decode(f->first.data_own, bytes, &f->arena, &back), TW_CORRUPT);
        assert_int_equal(back.kind, 0);
    }
    tw_buf_u8(&f->first, 0);
    assert_int_equal(tw_fact_decode(f->first.data_own, f->first.bytes, &f->arena, &back),
                     TW_CORRUPT);
    f->first.data_own[0] = 2;
    assert_int_equal(tw_fact_decode(f->first.data_own, f->first.bytes, &f->arena, &back),
                     TW_UNSUPPORTED);
    f->first.data_own[0] = 0;
    assert_int_equal(tw_fact_decode(f->first.data_own, f->first.bytes, &f->arena, &back),
                     TW_CORRUPT);
}

// Whatever a bit flip makes of the bytes: refused, or another fact in its own single encoding.
static void flipped_bits_never_make_a_second_spelling(void **state)
{
    fixture *f = *state;
    tw_rng rng;
    tw_rng_init(&rng, 4711, 2);
    for (int round = 0; round < 60; round++) {
        tw_fact fact, back;
        tw_arena_reset(&f->arena);
        random_fact(&rng, kinds[round % 4], &f->arena, &fact);
        encode(&fact, &f->first);
        for (size_t bit = 0; bit < TW_MIN(f->first.bytes, 600) * 8; bit++) {
            f->first.data_own[bit / 8] ^= (uint8_t)(1u << bit % 8);
            tw_arena_reset(&f->arena);
            tw_status status = tw_fact_decode(f->first.data_own, f->first.bytes, &f->arena, &back);
            if (status == TW_OK) {
                encode(&back, &f->second);
                assert_int_equal(f->first.bytes, f->second.bytes);
                assert_memory_equal(f->first.data_own, f->second.data_own, f->first.bytes);
            }
            f->first.data_own[bit / 8] ^= (uint8_t)(1u << bit % 8);
        }
    }
}

static void redelivery_is_the_same_record(void **state)
{
    fixture *f = *state;
    tw_fact fact;
    typical_fact(7, 2, &f->arena, &fact);
    encode(&fact, &f->first);
    fact.received_ms += 5000;
    encode(&fact, &f->second);
    assert_true(tw_fact_same_record(f->first.data_own, f->first.bytes, f->second.data_own,
                                    f->second.bytes));
    fact.as.transaction.total_minor++;
    encode(&fact, &f->second);
    assert_false(tw_fact_same_record(f->first.data_own, f->first.bytes, f->second.data_own,
                                     f->second.bytes));
    assert_false(tw_fact_same_record(f->first.data_own, 5, f->second.data_own, 5));
}

static void a_full_buffer_or_arena_is_reported(void **state)
{
    fixture *f = *state;
    tw_fact fact, back;
    typical_fact(7, 40, &f->arena, &fact);
    encode(&fact, &f->first);
    tw_buf small;
    tw_buf_init(&small, tw_alloc_system(), 64);
    assert_int_equal(tw_fact_encode(&fact, &small), TW_LIMIT);
    assert_int_equal(small.bytes, 0);
    tw_buf_release(&small);
    tw_arena tiny;
    tw_arena_init(&tiny, tw_alloc_system(), 64, 256);
    assert_int_equal(tw_fact_decode(f->first.data_own, f->first.bytes, &tiny, &back), TW_NO_MEMORY);
    tw_arena_release(&tiny);
}

static void keys_differ_by_kind_and_salt(void **state)
{
    (void)state;
    tw_fact a = {.kind = TW_FACT_TRANSACTION}, b = {.kind = TW_FACT_MOVEMENT};
    a.as.transaction.transaction_id = TW_STR("X1");
    b.as.movement.movement_id = TW_STR("X1");
    assert_true(tw_fact_key(&a, 0) != 0 && tw_fact_key(&a, 0) != tw_fact_key(&b, 0));
    assert_true(tw_fact_key(&a, 0) != tw_fact_key(&a, 1));
    tw_fact config = {.kind = TW_FACT_CONFIG};
    assert_true(tw_fact_key(&config, 0) == 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(random_facts_come_back_with_the_same_bytes, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_decoded_receipt_has_every_field, set_up, tear_down),
        cmocka_unit_test(a_head_that_no_decoder_takes_has_no_kind),
        cmocka_unit_test_setup_teardown(golden_bytes, set_up, tear_down),
        cmocka_unit_test_setup_teardown(golden_bytes_of_the_other_kinds, set_up, tear_down),
        cmocka_unit_test_setup_teardown(statuses_of_damage, set_up, tear_down),
        cmocka_unit_test_setup_teardown(flipped_bits_never_make_a_second_spelling, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(redelivery_is_the_same_record, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_full_buffer_or_arena_is_reported, set_up, tear_down),
        cmocka_unit_test(keys_differ_by_kind_and_salt),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
