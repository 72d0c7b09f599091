// SPDX-License-Identifier: Apache-2.0
//
// A journal that is written fact by fact while a live engine and detector take each fact as a
// server does: what a replay gives must be what they gave.
#ifndef LEARN_FIXTURE_H
#define LEARN_FIXTURE_H

#include "detect_fixture.h"

#include "adapter/memory.h"
#include "base/rng.h"
#include "base/time.h"
#include "learn/replay.h"
#include "retail/codec.h"

typedef struct tape_score { // of one transaction, as it was scored when it arrived
    uint64_t seq;
    float row[TW_FEATURE_N];
    tw_score score;
} tape_score;

typedef struct tape {
    tw_journal journal;
    tw_engine *engine;
    tw_detector *detector;
    uint64_t seq;        // of the last fact
    int64_t now_ms;      // time of the next transaction
    int64_t received_ms; // acceptance of all facts; 0 = when they happen
    tw_buf bytes;
    tw_scored_fact scored;            // the last one
    char alert_id[TW_ALERT_ID_BYTES]; // of the last alert that opened
    tape_score *scores;
    size_t score_n, score_cap;
} tape;

// Into the journal only.
static inline void tape_journal(tape *t, tw_fact *fact)
{
    uint64_t first;
    fact->received_ms = t->received_ms ? t->received_ms : t->now_ms;
    tw_buf_reset(&t->bytes);
    assert_int_equal(tw_fact_encode(fact, &t->bytes), TW_OK);
    tw_str bytes = {(const char *)t->bytes.data_own, t->bytes.bytes};
    assert_int_equal(tw_journal_append(&t->journal, &bytes, 1, &first, NULL), TW_OK);
    assert_int_equal(first, t->seq + 1);
    fact->seq = ++t->seq;
}

static inline void tape_add(tape *t, tw_fact *fact)
{
    tape_journal(t, fact);
    assert_int_equal(tw_engine_reserve(t->engine, 1), TW_OK);
    assert_int_equal(tw_detector_reserve(t->detector, 1), TW_OK);
    if (fact->kind == TW_FACT_CONFIG) {
        const tw_config *c = &fact->as.config;
        tw_engine_apply(t->engine, fact, NULL);
        assert_int_equal(tw_detector_config(t->detector, c->kind, c->name, c->content, NULL),
                         TW_OK);
        return;
    }
    tw_scorer_apply(t->engine, t->detector, fact, &t->scored);
    for (size_t i = 0; i < t->scored.change_n; i++)
        if (t->scored.changes[i].event == TW_ALERT_OPENED)
            tw_alert_id(t->scored.changes[i].alert->key, t->alert_id);
    if (fact->kind != TW_FACT_TRANSACTION)
        return;
    void *scores = t->scores;
    assert_int_equal(tw_grow(tw_alloc_system(), &scores, &t->score_cap, t->score_n + 1,
                             sizeof *t->scores, SIZE_MAX / sizeof *t->scores),
                     TW_OK);
    t->scores = scores;
    tape_score *score = &t->scores[t->score_n++];
    score->seq = fact->seq;
    memcpy(score->row, t->scored.row, sizeof score->row);
    score->score = t->scored.score;
}

static inline void tape_config(tape *t, tw_config_kind kind, const char *text)
{
    tw_fact fact = {.kind = TW_FACT_CONFIG};
    fact.as.config = (tw_config){.kind = kind,
                                 .name = TW_STR("test"),
                                 .content = tw_str_from(text),
                                 .changed_by = TW_STR("test"),
                                 .changed_ms = t->now_ms};
    tape_add(t, &fact);
}

static inline void tape_open_empty(tape *t)
{
    *t = (tape){.now_ms = INT64_C(1767600000000)}; // 2026-01-05 08:00 UTC
    tw_buf_init(&t->bytes, tw_alloc_system(), 8 << 20);
    assert_int_equal(tw_memory_journal_open(tw_alloc_system(), &t->journal, NULL), TW_OK);
    assert_int_equal(tw_engine_new(tw_alloc_system(), &t->engine), TW_OK);
    assert_int_equal(tw_detector_new(tw_alloc_system(), t->engine, &t->detector), TW_OK);
}

// With the rules of detect_fixture.h: two refunds of 50 and more open an alert on the employee.
static inline void tape_open(tape *t)
{
    tape_open_empty(t);
    tape_config(t, TW_CONFIG_SIGNALS, shop_signals);
    tape_config(t, TW_CONFIG_POLICY, shop_policy);
}

static inline void tape_close(tape *t)
{
    tw_free_array(tw_alloc_system(), t->scores, t->score_cap, sizeof *t->scores);
    tw_detector_free(t->detector);
    tw_engine_free(t->engine);
    tw_journal_close(&t->journal);
    tw_buf_release(&t->bytes);
}

static inline char *tape_id(uint64_t seq, char out[32])
{
    snprintf(out, 32, "T%llu", (unsigned long long)seq);
    return out;
}

// A sale (amount > 0) or refund a minute after the last fact, with the id "T<seq>"; gives its seq.
static inline uint64_t tape_till(tape *t, const char *store, const char *employee,
                                 const char *account, double amount)
{
    bool is_refund = amount < 0;
    char id[32], reg[40];
    int64_t minor = (int64_t)(amount * 100);
    tape_id(t->seq + 1, id);
    snprintf(reg, sizeof reg, "%.30s-1", store);
    t->now_ms += 60000;
    tw_line line = {.sku = TW_STR("1"),
                    .quantity_milli = is_refund ? -1000 : 1000,
                    .unit_price_minor = is_refund ? -minor : minor,
                    .regular_price_minor = is_refund ? -minor : minor,
                    .return_flag = is_refund};
    tw_tender tender = {
        .type = TW_PAY_CASH, .amount_minor = minor, .account_token = tw_str_from(account)};
    tw_fact fact = {.kind = TW_FACT_TRANSACTION};
    fact.as.transaction =
        (tw_transaction){.transaction_id = tw_str_from(id),
                         .store_id = tw_str_from(store),
                         .register_id = tw_str_from(reg),
                         .employee_id = tw_str_from(employee),
                         .time_ms = t->now_ms,
                         .business_day = (int32_t)(t->now_ms / TW_DAY_MS),
                         .total_minor = minor,
                         .currency = "USD",
                         .flags = TW_TXN_HAS_TYPE | (is_refund ? TW_TXN_FLAG_REFUND : 0u),
                         .type = is_refund ? TW_TXN_RETURN : TW_TXN_SALE,
                         .payment_type = TW_PAY_CASH,
                         .item_count = 1,
                         .lines = &line,
                         .line_n = 1,
                         .tenders = &tender,
                         .tender_n = 1};
    tape_add(t, &fact);
    return fact.seq;
}

// On an alert (id), or on the transaction with this seq when alert is NULL.
static inline uint64_t tape_verdict(tape *t, const char *alert, uint64_t transaction_seq,
                                    tw_verdict_kind verdict, int64_t decided_ms)
{
    char id[32], verdict_id[32];
    snprintf(verdict_id, sizeof verdict_id, "V%llu", (unsigned long long)t->seq + 1);
    tw_fact fact = {.kind = TW_FACT_VERDICT};
    fact.as.verdict = (tw_verdict){.verdict_id = tw_str_from(verdict_id),
                                   .alert_id = tw_str_from(alert),
                                   .verdict = verdict,
                                   .reason = TW_STR("other"),
                                   .decided_by = TW_STR("test"),
                                   .decided_ms = decided_ms};
    if (!alert)
        fact.as.verdict.transaction_id = tw_str_from(tape_id(transaction_seq, id));
    tape_add(t, &fact);
    return fact.seq;
}

// Random trade of a few employees and cards, with verdicts on alerts and transactions.
static inline void tape_random(tape *t, tw_rng *rng, size_t n)
{
    static const double amounts[] = {30, 77, -60, -120, -20, 30, 30, 30};
    for (size_t i = 0; i < n; i++) {
        char employee[16], account[16], store[16];
        uint32_t e = tw_rng_below(rng, 6);
        t->now_ms += (int64_t)tw_rng_below(rng, 3600) * 1000;
        tw_verdict_kind verdict = (tw_verdict_kind)tw_rng_below(rng, TW_VERDICT_N);
        if (t->alert_id[0] && tw_rng_below(rng, 40) == 0) {
            tape_verdict(t, t->alert_id, 0, verdict, t->now_ms);
            continue;
        }
        if (t->score_n > 0 && tw_rng_below(rng, 40) == 0) {
            uint64_t seq = t->scores[tw_rng_below(rng, (uint32_t)t->score_n)].seq;
            tape_verdict(t, NULL, seq, verdict, t->now_ms);
            continue;
        }
        snprintf(employee, sizeof employee, "E%u", e);
        snprintf(store, sizeof store, "S%u", e / 3);
        snprintf(account, sizeof account, "C%u", tw_rng_below(rng, 4));
        tape_till(t, store, employee, account, amounts[tw_rng_below(rng, TW_COUNT(amounts))]);
    }
}

#endif
