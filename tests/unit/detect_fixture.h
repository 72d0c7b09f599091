// SPDX-License-Identifier: Apache-2.0
//
// A small shop for the detector's tests: an engine and a detector with rules that are easy to
// compute by hand, and functions that send facts to both, in the order that a service does.
#ifndef DETECT_FIXTURE_H
#define DETECT_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "detect/detector.h"

// A refund of 50 and more is worth 4 points each time; two open an alert at the floor of 6.
static const char shop_signals[] =
    "version: 1\n"
    "schemes:\n"
    "  - {name: refunds, title: Refunds, type: VOID_REFUND, entity: employee, help: h}\n"
    "  - {name: cards, title: Cards, type: CROSS_STORE, entity: account, help: h}\n"
    "signals:\n"
    "  - name: big_refund\n"
    "    scheme: refunds\n"
    "    title: Big refund\n"
    "    help: h\n"
    "    on: [REFUND]\n"
    "    parameters: [{name: least, value: 50, unit: money, help: h}]\n"
    "    when: [{feature: tx_amount, op: '>=', value: $least}]\n"
    "    weight: 4\n"
    "    repeat: 1\n"
    "    lines: returned\n"
    "    tenders: cash\n"
    "    why: Big\n"
    "    sentence: 'Refund of {amount} by {employee}; {emp_refund_n_1d|refund|refunds} today; card "
    "{account}'\n"
    "  - name: card_refund\n"
    "    scheme: cards\n"
    "    title: Card refund\n"
    "    help: h\n"
    "    on: [REFUND]\n"
    "    when: [{feature: acc_refund_volume_30d, op: '>', value: {of: acc_mean_30d, times: 1, "
    "plus: 100}}]\n"
    "    strength: [{feature: tx_amount, from: 0, to: 100}]\n"
    "    weight: 2\n"
    "    sentence: 'Card {account}'\n"
    "  - name: rung_again\n"
    "    scheme: refunds\n"
    "    title: Rung again\n"
    "    help: h\n"
    "    on: [SALE]\n"
    "    when: [{feature: tx_amount, op: '==', value: 77}]\n"
    "    effect: clears\n"
    "    weight: 4\n"
    "    exposure: none\n"
    "    sentence: Rung again\n";
static const char shop_policy[] =
    "cold_days: 0\nevidence_floor: 6\nevidence_cold: 6\nhabit_share: 1\nconfirmed_factor: 0.6\n";

typedef struct shop {
    tw_engine *engine;
    tw_detector *detector;
    uint64_t seq;
    int64_t now_ms;
    char id[32];
    tw_line line;
    tw_tender tender;
    tw_fact fact; // the last one
    float row[TW_FEATURE_N];
    tw_score score;
    tw_alert_change changes[TW_ALERT_CHANGES_MAX];
    size_t change_n;
} shop;

static inline void shop_config(shop *s, tw_config_kind kind, const char *text)
{
    tw_err err = {0};
    tw_status status =
        tw_detector_config(s->detector, kind, TW_STR("test"), tw_str_from(text), &err);
    if (status != TW_OK)
        fail_msg("%s", err.text);
}

static inline void shop_open(shop *s)
{
    *s = (shop){.now_ms = INT64_C(1767600000000)}; // 2026-01-05 08:00 UTC
    assert_int_equal(tw_engine_new(tw_alloc_system(), &s->engine), TW_OK);
    assert_int_equal(tw_detector_new(tw_alloc_system(), s->engine, &s->detector), TW_OK);
    shop_config(s, TW_CONFIG_SIGNALS, shop_signals);
    shop_config(s, TW_CONFIG_POLICY, shop_policy);
}

static inline void shop_close(shop *s)
{
    tw_detector_free(s->detector);
    tw_engine_free(s->engine);
}

static inline void shop_send(shop *s)
{
    assert_int_equal(tw_engine_reserve(s->engine, 1), TW_OK);
    assert_int_equal(tw_detector_reserve(s->detector, 1), TW_OK);
    s->fact.seq = ++s->seq;
    s->fact.received_ms = s->now_ms;
    tw_engine_apply(s->engine, &s->fact, s->row);
    tw_detector_apply(s->detector, &s->fact, s->row, tw_engine_last_filters(s->engine), &s->score,
                      s->changes, &s->change_n);
}

// Fills s->fact with a sale (amount > 0) or refund (amount < 0) a minute after the last fact.
static inline void shop_fill(shop *s, const char *employee, const char *account, double amount)
{
    bool is_refund = amount < 0;
    s->now_ms += 60000;
    snprintf(s->id, sizeof s->id, "T%llu", (unsigned long long)s->seq + 1);
    s->line = (tw_line){.sku = TW_STR("1"),
                        .quantity_milli = is_refund ? -1000 : 1000,
                        .unit_price_minor = (int64_t)(amount * 100) * (is_refund ? -1 : 1),
                        .regular_price_minor = (int64_t)(amount * 100) * (is_refund ? -1 : 1),
                        .return_flag = is_refund};
    s->tender = (tw_tender){.type = TW_PAY_CASH, .account_token = tw_str_from(account)};
    s->fact = (tw_fact){.kind = TW_FACT_TRANSACTION};
    s->fact.as.transaction =
        (tw_transaction){.transaction_id = tw_str_from(s->id),
                         .store_id = TW_STR("S1"),
                         .register_id = TW_STR("R1"),
                         .employee_id = tw_str_from(employee),
                         .time_ms = s->now_ms,
                         .business_day = (int32_t)(s->now_ms / 86400000),
                         .total_minor = (int64_t)(amount * 100),
                         .currency = "USD",
                         .flags = TW_TXN_HAS_TYPE | (is_refund ? TW_TXN_FLAG_REFUND : 0u),
                         .type = is_refund ? TW_TXN_RETURN : TW_TXN_SALE,
                         .payment_type = TW_PAY_CASH,
                         .item_count = 1,
                         .lines = &s->line,
                         .line_n = 1,
                         .tenders = &s->tender,
                         .tender_n = 1};
}

static inline void shop_till(shop *s, const char *employee, const char *account, double amount)
{
    shop_fill(s, employee, account, amount);
    shop_send(s);
}

static inline void shop_verdict(shop *s, const char *alert, const char *transaction,
                                tw_verdict_kind verdict)
{
    s->now_ms += 60000;
    s->fact = (tw_fact){.kind = TW_FACT_VERDICT};
    s->fact.as.verdict = (tw_verdict){.verdict_id = TW_STR("V"),
                                      .alert_id = tw_str_from(alert),
                                      .transaction_id = tw_str_from(transaction),
                                      .verdict = verdict,
                                      .decided_ms = s->now_ms};
    shop_send(s);
}

#endif
