// SPDX-License-Identifier: Apache-2.0
//
// What the engine derives from a transaction and the ones before it: golden values of small
// stories. The sliding windows have their own tests (a naive recomputation, public golden values).
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/time.h"
#include "feature/engine.h"

// A Monday, 2026-01-05 09:00 UTC.
#define MONDAY_MS INT64_C(1767603600000)
#define MINUTE_MS INT64_C(60000)

typedef struct story {
    tw_engine *engine;
    uint64_t seq;
    float row[TW_FEATURE_N];
    uint32_t filters;
    char ids[8][64];
} story;

static void story_begin(story *s)
{
    memset(s, 0, sizeof(*s));
    assert_int_equal(tw_engine_new(tw_alloc_system(), &s->engine), TW_OK);
}

static void story_end(story *s)
{
    tw_engine_free(s->engine);
}

static tw_transaction sale(const char *id, int64_t time_ms, int64_t total_minor)
{
    tw_transaction txn = {.store_id = TW_STR("S1"),
                          .register_id = TW_STR("R1"),
                          .employee_id = TW_STR("E1"),
                          .time_ms = time_ms,
                          .business_day = tw_floor_day(time_ms),
                          .total_minor = total_minor,
                          .currency = "USD",
                          .flags = TW_TXN_HAS_TYPE,
                          .type = TW_TXN_SALE,
                          .payment_type = TW_PAY_CASH,
                          .item_count = 1};
    txn.transaction_id = tw_str_from(id);
    return txn;
}

static tw_transaction refund(const char *id, int64_t time_ms, int64_t total_minor)
{
    tw_transaction txn = sale(id, time_ms, -total_minor);
    txn.type = TW_TXN_RETURN;
    txn.flags |= TW_TXN_FLAG_REFUND;
    return txn;
}

static void apply(story *s, const tw_transaction *txn)
{
    tw_fact fact = {.kind = TW_FACT_TRANSACTION, .seq = ++s->seq};
    fact.as.transaction = *txn;
    assert_int_equal(tw_engine_reserve(s->engine, 1), TW_OK);
    tw_engine_apply(s->engine, &fact, s->row);
    s->filters = tw_engine_last_filters(s->engine);
}

static void shift(story *s, const char *id, tw_shift_event event, int64_t time_ms, const char *role)
{
    tw_fact fact = {.kind = TW_FACT_SHIFT, .seq = ++s->seq};
    fact.as.shift = (tw_shift){
        .store_id = TW_STR("S1"), .employee_id = TW_STR("E1"), .event = event, .time_ms = time_ms};
    fact.as.shift.event_id = tw_str_from(id);
    fact.as.shift.role = tw_str_from(role);
    assert_int_equal(tw_engine_reserve(s->engine, 1), TW_OK);
    tw_engine_apply(s->engine, &fact, NULL);
}

static bool passed(const story *s, tw_filter filter)
{
    return s->filters & (UINT32_C(1) << filter);
}

#define assert_feature(s, name, expected)                                                          \
    do {                                                                                           \
        double found = (double)(s)->row[TW_F_##name], want = (expected);                           \
        if (!(found == want || (isnan(found) && isnan(want)) || fabs(found - want) < 1e-5))        \
            fail_msg(#name ": %.9g, expected %.9g", found, want);                                  \
    } while (0)
#define NONE ((double)NAN)

static void a_void_finds_its_sale(void **state)
{
    (void)state;
    story s;
    story_begin(&s);
    tw_transaction txn = sale("a", MONDAY_MS, 2000);
    apply(&s, &txn);
    assert_feature(&s, seq_void_gap_s, NONE);
    // By reference, two minutes later, by the same employee.
    txn = sale("b", MONDAY_MS + 2 * MINUTE_MS, 2000);
    txn.type = TW_TXN_POST_VOID;
    txn.flags |= TW_TXN_FLAG_VOID;
    txn.void_of_transaction_id = TW_STR("a");
    apply(&s, &txn);
    assert_feature(&s, seq_void_gap_s, 120.0);
    assert_feature(&s, seq_void_cash, 1.0);
    assert_feature(&s, emp_cash_void_n_7d, 1.0);
    assert_feature(&s, tx_void, 1.0);
    assert_true(passed(&s, TW_FILTER_CASH_VOID));
    // Without types and references, by the amount on the register; another employee's sale.
    txn = sale("c", MONDAY_MS + 5 * MINUTE_MS, 3300);
    apply(&s, &txn);
    txn = sale("d", MONDAY_MS + 6 * MINUTE_MS, 3300);
    txn.type = TW_TXN_VOID;
    txn.flags = TW_TXN_FLAG_VOID;
    txn.employee_id = TW_STR("E2");
    apply(&s, &txn);
    assert_feature(&s, seq_void_gap_s, 60.0);
    assert_feature(&s, seq_void_cash, 0.0);
    // No sale of that amount: a void of nothing.
    txn = sale("e", MONDAY_MS + 7 * MINUTE_MS, 77);
    txn.type = TW_TXN_VOID;
    txn.flags = TW_TXN_FLAG_VOID;
    apply(&s, &txn);
    assert_feature(&s, seq_void_gap_s, NONE);
    assert_true(passed(&s, TW_FILTER_VOID) && !passed(&s, TW_FILTER_CASH_VOID));
    story_end(&s);
}

static void a_refund_finds_its_sale(void **state)
{
    (void)state;
    story s;
    story_begin(&s);
    tw_transaction txn = sale("a", MONDAY_MS, 5000);
    apply(&s, &txn);
    txn = refund("b", MONDAY_MS + 10 * MINUTE_MS, 5000);
    apply(&s, &txn);
    // The feed has not shown yet that it carries references: nobody is blamed for their absence.
    assert_feature(&s, tx_no_receipt, 0.0);
    assert_feature(&s, seq_refund_gap_s, 600.0);
    assert_feature(&s, seq_refund_same_employee, 1.0);
    assert_true(passed(&s, TW_FILTER_RAPID_REFUND) && passed(&s, TW_FILTER_CASH_REFUND));
    assert_true(passed(&s, TW_FILTER_ROUND)); // 50.00
    txn = refund("c", MONDAY_MS + 20 * MINUTE_MS, 1200);
    txn.original_transaction_id = TW_STR("a");
    apply(&s, &txn);
    assert_feature(&s, seq_receipt_refunds, 1.0);
    assert_false(passed(&s, TW_FILTER_RAPID_REFUND));
    txn = refund("d", MONDAY_MS + 30 * MINUTE_MS, 1201);
    txn.original_transaction_id = TW_STR("a");
    apply(&s, &txn);
    assert_feature(&s, seq_receipt_refunds, 2.0);
    txn = refund("e", MONDAY_MS + 40 * MINUTE_MS, 1201);
    apply(&s, &txn);
    assert_feature(&s, tx_no_receipt, 1.0);
    assert_feature(&s, emp_no_receipt_n_7d, 1.0);
    assert_feature(&s, emp_refund_rate_7d, 4.0 / 5.0);
    assert_feature(&s, emp_cash_refund_volume_7d, 50.0 + 12.0 + 12.01 + 12.01);
    story_end(&s);
}

static void lines_tell_their_story(void **state)
{
    (void)state;
    story s;
    story_begin(&s);
    tw_line lines[] = {
        {.sku = TW_STR("1"),
         .quantity_milli = 1000,
         .unit_price_minor = 1000,
         .regular_price_minor = 4000,
         .entry_method = TW_ENTRY_KEYED},
        {.sku = TW_STR("2"),
         .quantity_milli = 2000,
         .unit_price_minor = 4500,
         .regular_price_minor = 4500,
         .void_flag = true},
    };
    tw_tender tenders[] = {{.type = TW_PAY_CASH, .amount_minor = 1000}};
    tw_transaction txn = sale("a", MONDAY_MS, 1000);
    txn.lines = lines;
    txn.line_n = 2;
    txn.tenders = tenders;
    txn.tender_n = 1;
    txn.override_employee_id = TW_STR("E1");
    apply(&s, &txn);
    assert_feature(&s, tx_void_share, 0.9);
    assert_feature(&s, tx_price_cut, 0.75);
    assert_feature(&s, tx_keyed_share, 1.0 / 3.0);
    assert_feature(&s, tx_self_override, 1.0);
    assert_true(passed(&s, TW_FILTER_LINE_VOID) && passed(&s, TW_FILTER_LOW_RESIDUAL));
    assert_true(passed(&s, TW_FILTER_OVERRIDE) && passed(&s, TW_FILTER_SELF_OVERRIDE));
    // A promotion is no decision of the cashier; a discount without a reason is.
    lines[0] = (tw_line){.sku = TW_STR("1"),
                         .quantity_milli = 1000,
                         .unit_price_minor = 600,
                         .regular_price_minor = 600,
                         .discount_minor = 400,
                         .discount_reason = TW_STR("Promotion 7")};
    txn = sale("b", MONDAY_MS + MINUTE_MS, 600);
    txn.lines = lines;
    txn.line_n = 1;
    txn.discount_minor = 400;
    apply(&s, &txn);
    assert_feature(&s, tx_discount_share, 0.4);
    assert_false(passed(&s, TW_FILTER_DISCOUNT));
    lines[0].discount_reason = TW_STR("");
    txn.transaction_id = TW_STR("c");
    apply(&s, &txn);
    assert_true(passed(&s, TW_FILTER_DISCOUNT) && passed(&s, TW_FILTER_DEEP_DISCOUNT));
    assert_feature(&s, emp_discount_share_7d, 4.0 / (10.0 + 6.0 + 6.0 + 4.0));
    lines[0].discount_reason = TW_STR("Employee discount");
    txn.transaction_id = TW_STR("d");
    apply(&s, &txn);
    assert_true(passed(&s, TW_FILTER_EMPLOYEE_DISCOUNT) && !passed(&s, TW_FILTER_DISCOUNT));
    story_end(&s);
}

static void drawers_numbers_and_gift_cards(void **state)
{
    (void)state;
    story s;
    story_begin(&s);
    tw_transaction txn = sale("a", MONDAY_MS, 4000);
    txn.type = TW_TXN_CANCEL;
    txn.flags |= TW_TXN_FLAG_VOID | TW_TXN_HAS_SEQUENCE;
    txn.sequence_number = 7;
    apply(&s, &txn);
    txn = sale("b", MONDAY_MS + MINUTE_MS, 0);
    txn.type = TW_TXN_NO_SALE;
    txn.flags |= TW_TXN_HAS_SEQUENCE;
    txn.sequence_number = 11;
    apply(&s, &txn);
    assert_feature(&s, seq_cancel_open_s, 60.0);
    assert_feature(&s, seq_missing_numbers, 3.0);
    assert_feature(&s, time_register_gap_s, 60.0);
    assert_true(passed(&s, TW_FILTER_CANCEL_OPEN));
    // What was cancelled is rung again, at nearly the same amount.
    txn = sale("c", MONDAY_MS + 3 * MINUTE_MS, 4300);
    apply(&s, &txn);
    assert_true(passed(&s, TW_FILTER_RERUNG));
    txn = sale("d", MONDAY_MS + 4 * MINUTE_MS, 4300);
    apply(&s, &txn);
    assert_false(passed(&s, TW_FILTER_RERUNG)); // only once
    // A refund to a gift card, spent within the hour.
    tw_tender tender = {
        .type = TW_PAY_GIFT_CARD, .amount_minor = -900, .account_token = TW_STR("tok_gift")};
    txn = refund("e", MONDAY_MS + 10 * MINUTE_MS, 900);
    txn.payment_type = TW_PAY_GIFT_CARD;
    txn.tenders = &tender;
    txn.tender_n = 1;
    apply(&s, &txn);
    assert_true(passed(&s, TW_FILTER_GIFT_REFUND));
    assert_feature(&s, acc_net_30d, -9.0);
    txn = sale("f", MONDAY_MS + 40 * MINUTE_MS, 900);
    txn.payment_type = TW_PAY_GIFT_CARD;
    txn.tenders = &tender;
    txn.tender_n = 1;
    apply(&s, &txn);
    assert_feature(&s, seq_gift_drain_s, 1800.0);
    assert_true(passed(&s, TW_FILTER_GIFT_DRAIN));
    assert_feature(&s, acc_net_30d, 0.0);
    // Training mode moves nothing.
    txn = sale("g", MONDAY_MS + 50 * MINUTE_MS, 900);
    txn.flags |= TW_TXN_FLAG_TRAINING;
    apply(&s, &txn);
    assert_true(passed(&s, TW_FILTER_TRAINING) && !passed(&s, TW_FILTER_SALE));
    story_end(&s);
}

static void the_store_has_a_usual_week(void **state)
{
    (void)state;
    story s;
    story_begin(&s);
    char id[32];
    tw_transaction txn;
    // Two weeks of 9:00 to 16:59, every 20 minutes.
    for (int day = 0; day < 14; day++) {
        for (int slot = 0; slot < 24; slot++) {
            snprintf(id, sizeof(id), "d%d-%d", day, slot);
            txn = sale(id, MONDAY_MS + day * TW_DAY_MS + slot * 20 * MINUTE_MS, 1000);
            apply(&s, &txn);
            if (day < 7)
                assert_feature(&s, time_activity, NONE); // nobody knows yet
        }
    }
    assert_feature(&s, time_activity, 1.0);
    txn = refund("late", MONDAY_MS + 14 * TW_DAY_MS + 7 * TW_HOUR_MS + 30 * MINUTE_MS, 10);
    apply(&s, &txn);
    assert_feature(&s, time_hours_to_close, 0.5);
    assert_true(passed(&s, TW_FILTER_LATE_REFUND) && !passed(&s, TW_FILTER_OFF_HOURS));
    txn = sale("night", MONDAY_MS + 14 * TW_DAY_MS + 14 * TW_HOUR_MS, 1000);
    apply(&s, &txn);
    assert_feature(&s, time_activity, 0.0);
    assert_feature(&s, time_hours_to_close, 0.0);
    assert_feature(&s, time_hour, 23.0);
    assert_true(passed(&s, TW_FILTER_OFF_HOURS));
    story_end(&s);
}

static void shifts_and_tenure(void **state)
{
    (void)state;
    story s;
    story_begin(&s);
    tw_transaction txn = sale("a", MONDAY_MS, 1000);
    apply(&s, &txn);
    assert_feature(&s, time_off_shift_min, NONE);
    assert_feature(&s, emp_tenure_d, 90.0); // there when the records began
    shift(&s, "h1", TW_SHIFT_CLOCK_IN, MONDAY_MS + 60 * MINUTE_MS, "cashier");
    txn = sale("b", MONDAY_MS + 61 * MINUTE_MS, 1000);
    apply(&s, &txn);
    assert_feature(&s, time_off_shift_min, 0.0);
    shift(&s, "h2", TW_SHIFT_CLOCK_OUT, MONDAY_MS + 120 * MINUTE_MS, "cashier");
    txn = sale("c", MONDAY_MS + 150 * MINUTE_MS, 1000);
    apply(&s, &txn);
    assert_feature(&s, time_off_shift_min, 30.0);
    assert_true(passed(&s, TW_FILTER_OFF_SHIFT));
    // Voids of the shift start anew with the next one.
    txn = sale("d", MONDAY_MS + 151 * MINUTE_MS, 1000);
    txn.type = TW_TXN_VOID;
    txn.flags |= TW_TXN_FLAG_VOID;
    apply(&s, &txn);
    assert_feature(&s, emp_void_n_shift, 1.0);
    assert_feature(&s, emp_void_n_day, 1.0);
    shift(&s, "h3", TW_SHIFT_CLOCK_IN, MONDAY_MS + 200 * MINUTE_MS, "cashier");
    txn = sale("e", MONDAY_MS + 201 * MINUTE_MS, 1000);
    apply(&s, &txn);
    assert_feature(&s, emp_void_n_shift, 0.0);
    assert_feature(&s, emp_void_n_day, 1.0);
    txn = sale("f", MONDAY_MS + 201 * MINUTE_MS + TW_DAY_MS, 1000);
    txn.store_id = TW_STR("S2");
    apply(&s, &txn);
    assert_feature(&s, emp_void_n_day, 0.0);
    assert_feature(&s, seq_store_hop_s, 86400.0);
    // Somebody new, ten days in.
    txn = sale("g", MONDAY_MS + 10 * TW_DAY_MS, 1000);
    txn.employee_id = TW_STR("E9");
    apply(&s, &txn);
    assert_feature(&s, emp_tenure_d, 0.0);
    txn = sale("h", MONDAY_MS + 13 * TW_DAY_MS, 1000);
    txn.employee_id = TW_STR("E9");
    apply(&s, &txn);
    assert_feature(&s, emp_tenure_d, 3.0);
    story_end(&s);
}

static void peers_are_those_of_the_day_before(void **state)
{
    (void)state;
    enum { EMPLOYEES = 20, EACH = 30 };
    story s;
    story_begin(&s);
    char id[32], employee[16];
    tw_transaction txn;
    for (int e = 0; e < EMPLOYEES; e++) {
        snprintf(employee, sizeof(employee), "P%d", e);
        for (int i = 0; i < EACH; i++) {
            snprintf(id, sizeof(id), "p%d-%d", e, i);
            int64_t time_ms = MONDAY_MS + (e * EACH + i) * TW_SECOND_MS;
            txn = i < e ? refund(id, time_ms, 101 + i) : sale(id, time_ms, 2000 + i);
            txn.employee_id = tw_str_from(employee);
            apply(&s, &txn);
            assert_feature(&s, peer_refund_rate, NONE);
        }
    }
    // The next day everybody has peers: refund rates 0/30 .. 19/30.
    txn = sale("next", MONDAY_MS + TW_DAY_MS, 1000);
    txn.employee_id = TW_STR("P10");
    apply(&s, &txn);
    assert_feature(&s, emp_refund_rate_28d, 10.0 / 31.0);
    assert_true(s.row[TW_F_peer_refund_rate] > 0.4F && s.row[TW_F_peer_refund_rate] < 0.6F);
    tw_peer_stats stats;
    assert_int_equal(
        tw_engine_peer_stats(s.engine, TW_STR("P10"), TW_PEER_peer_refund_rate, &stats), TW_OK);
    assert_int_equal(stats.store_n, EMPLOYEES - 1);
    assert_true(fabsf(stats.store_low) < 1e-6F);
    assert_true(fabsf(stats.store_high - 19.0F / 30.0F) < 1e-6F);
    assert_int_equal(stats.peer_n, EMPLOYEES);
    assert_int_equal(
        tw_engine_peer_stats(s.engine, TW_STR("nobody"), TW_PEER_peer_refund_rate, &stats),
        TW_NOT_FOUND);
    tw_employee_info info;
    assert_int_equal(tw_engine_employee(s.engine, TW_STR("P10"), &info), TW_OK);
    assert_string_equal(info.home_store, "S1");
    assert_int_equal(info.transaction_n, EACH + 1);
    assert_true(fabsf(info.trend[27][TW_PEER_peer_refund_rate] - 10.0F / 30.0F) < 1e-6F);
    story_end(&s);
}

static void stores_are_held_against_the_chain(void **state)
{
    (void)state;
    story s;
    story_begin(&s);
    char id[32], store[16];
    for (int n = 0; n < 5; n++) {
        snprintf(store, sizeof(store), "S%d", n + 1);
        for (int i = 0; i < 10; i++) {
            snprintf(id, sizeof(id), "%s-%d", store, i);
            int64_t time_ms = MONDAY_MS + i * MINUTE_MS;
            tw_transaction txn = i < n ? refund(id, time_ms, 101) : sale(id, time_ms, 2000 + i);
            txn.store_id = tw_str_from(store);
            apply(&s, &txn);
        }
    }
    tw_peer_stats stats;
    assert_int_equal(
        tw_engine_store_stats(s.engine, TW_STR("S4"), TW_F_store_refund_rate_7d, &stats), TW_OK);
    assert_int_equal(stats.store_n, 5);
    assert_true(fabsf(stats.value - 0.3F) < 1e-6F && fabsf(stats.store_low) < 1e-6F);
    assert_true(fabsf(stats.store_median - 0.2F) < 1e-6F && fabsf(stats.store_high - 0.4F) < 1e-6F);
    assert_int_equal(
        tw_engine_store_stats(s.engine, TW_STR("S9"), TW_F_store_refund_rate_7d, &stats),
        TW_NOT_FOUND);
    assert_int_equal(tw_engine_store_stats(s.engine, TW_STR("S1"), TW_F_emp_n_1d, &stats),
                     TW_NOT_FOUND);
    // Fifteen more stores without refunds: one of twenty is no longer the chain's high.
    for (int n = 5; n < 20; n++) {
        snprintf(store, sizeof(store), "S%d", n + 1);
        tw_transaction txn = sale(store, MONDAY_MS, 2000);
        txn.store_id = tw_str_from(store);
        apply(&s, &txn);
    }
    assert_int_equal(
        tw_engine_store_stats(s.engine, TW_STR("S5"), TW_F_store_refund_rate_7d, &stats), TW_OK);
    assert_true(stats.store_n == 20 && fabsf(stats.value - 0.4F) < 1e-6F);
    assert_true(fabsf(stats.store_median) < 1e-6F && fabsf(stats.store_high - 0.2F) < 1e-6F);
    story_end(&s);
}

static void one_wrong_clock_moves_nobody(void **state)
{
    (void)state;
    story s;
    story_begin(&s);
    tw_transaction txn = sale("a", MONDAY_MS, 1000);
    apply(&s, &txn);
    int32_t day = tw_engine_day(s.engine);
    txn = sale("future", MONDAY_MS + 2000 * TW_DAY_MS, 1000);
    apply(&s, &txn);
    assert_int_equal(tw_engine_day(s.engine), day);
    txn = sale("b", MONDAY_MS + MINUTE_MS, 1000);
    apply(&s, &txn);
    assert_feature(&s, emp_n_1h, 3.0); // the wrong one was taken at the store's clock
    story_end(&s);
}

static void identities_are_found(void **state)
{
    (void)state;
    story s;
    story_begin(&s);
    tw_transaction txn = sale("a", MONDAY_MS, 1000);
    apply(&s, &txn);
    shift(&s, "a", TW_SHIFT_CLOCK_IN, MONDAY_MS, "manager");
    tw_fact fact = {.kind = TW_FACT_TRANSACTION};
    fact.as.transaction.transaction_id = TW_STR("a");
    assert_int_equal(tw_engine_find(s.engine, tw_fact_key(&fact, 0)), 1);
    fact.as.transaction.transaction_id = TW_STR("b");
    assert_int_equal(tw_engine_find(s.engine, tw_fact_key(&fact, 0)), 0);
    fact = (tw_fact){.kind = TW_FACT_SHIFT};
    fact.as.shift.event_id = TW_STR("a");
    assert_int_equal(tw_engine_find(s.engine, tw_fact_key(&fact, 0)), 2);
    assert_int_equal(tw_engine_find(s.engine, 0), 0);
    story_end(&s);
}

// Room is made or not made as a whole; without it the engine is as it was and works on.
static void memory_may_run_out(void **state)
{
    (void)state;
    for (uint64_t k = 1;; k++) {
        tw_alloc_faulty faulty;
        tw_alloc_faulty_init(&faulty, k, true);
        tw_engine *engine = NULL;
        tw_status status = tw_engine_new(&faulty.alloc, &engine);
        if (status == TW_OK)
            status = tw_engine_reserve(engine, 3);
        assert_true(status == TW_OK || status == TW_NO_MEMORY);
        bool done = faulty.hits == 0;
        faulty.fail_at = 0;
        if (engine) {
            assert_int_equal(tw_engine_reserve(engine, 3), TW_OK);
            uint64_t calls = faulty.calls;
            tw_fact fact = {.kind = TW_FACT_TRANSACTION, .seq = 1};
            fact.as.transaction = sale("a", MONDAY_MS, 1000);
            float row[TW_FEATURE_N];
            tw_engine_apply(engine, &fact, row);
            assert_int_equal(faulty.calls, calls); // applying allocates nothing
        }
        tw_engine_free(engine);
        assert_int_equal(faulty.live_blocks, 0);
        if (done)
            break;
    }
}

static tw_status short_read(void *ctx, void *data, size_t bytes)
{
    size_t *left = ctx;
    if (bytes > *left)
        return TW_CORRUPT;
    *left -= bytes;
    memset(data, 0x5a, bytes);
    return TW_OK;
}

static void foreign_snapshots_are_refused(void **state)
{
    (void)state;
    size_t left = 1 << 20;
    tw_engine *engine = NULL;
    assert_int_equal(tw_engine_load(tw_alloc_system(), short_read, &left, &engine), TW_CORRUPT);
    assert_null(engine);
    left = 3;
    assert_int_equal(tw_engine_load(tw_alloc_system(), short_read, &left, &engine), TW_CORRUPT);
}

static void catalogue_is_sound(void **state)
{
    (void)state;
    for (int f = 0; f < TW_FEATURE_N; f++) {
        const tw_feature_row *row = tw_feature_get((tw_feature)f);
        tw_feature found;
        assert_true(tw_feature_find(tw_str_from(row->name), &found));
        assert_int_equal(found, f); // names are unique
        assert_true(row->help[0] && row->title[0] && row->unit[0]);
        assert_int_equal(row->measure == TW_MEASURE_DERIVED, row->entity == TW_ENTITY_TXN);
    }
    assert_false(tw_feature_find(TW_STR("none"), &(tw_feature){0}));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_void_finds_its_sale),
        cmocka_unit_test(a_refund_finds_its_sale),
        cmocka_unit_test(lines_tell_their_story),
        cmocka_unit_test(drawers_numbers_and_gift_cards),
        cmocka_unit_test(the_store_has_a_usual_week),
        cmocka_unit_test(shifts_and_tenure),
        cmocka_unit_test(peers_are_those_of_the_day_before),
        cmocka_unit_test(stores_are_held_against_the_chain),
        cmocka_unit_test(one_wrong_clock_moves_nobody),
        cmocka_unit_test(identities_are_found),
        cmocka_unit_test(memory_may_run_out),
        cmocka_unit_test(foreign_snapshots_are_refused),
        cmocka_unit_test(catalogue_is_sound),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
