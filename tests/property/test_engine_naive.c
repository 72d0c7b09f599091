// SPDX-License-Identifier: Apache-2.0
//
// The engine against a naive recomputation: random streams over few entities, with late records,
// long gaps, far-future time stamps and verdicts; every windowed feature of every transaction is
// recomputed by reading the whole history, and must be the same float. Also: a probe gives what
// apply gives, a snapshot in the middle changes nothing, and equal histories have equal hashes.
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/hash.h"
#include "base/rng.h"
#include "base/time.h"
#include "feature/engine.h"

enum { FACTS = 1500, TEXTS = 64 };

typedef struct record {
    char ids[TW_ENTITY_N][32]; // "" = the transaction has no such entity
    uint32_t t[TW_ENTITY_N];   // when it entered the entity's windows
    int64_t amount, discount;
    uint32_t flags;
    char account[32], store[32];
    char transaction_id[32];
    int32_t business_day;
    bool confirmed;
} record;

static record history[FACTS];
static size_t history_n;

static const struct {
    uint32_t delay_s, width_s;
} windows[] = {
#define X(name, text, delay, width) {delay, width},
    TW_WINDOWS(X)
#undef X
};

// --- the naive side ------------------------------------------------------------------------------

typedef struct sums {
    double count, amount, discount, distinct;
} sums;

static uint32_t flags_of(const record *r)
{
    return r->flags | (r->confirmed ? UINT32_C(1) << TW_FILTER_CONFIRMED : 0);
}

static bool in_window(const record *r, tw_entity_kind kind, tw_window window, const record *now)
{
    if (r->ids[kind][0] == '\0' || strcmp(r->ids[kind], now->ids[kind]) != 0)
        return false;
    if (window == TW_WINDOW_DAY) {
        // Since the first transaction of the newest business day seen up to now.
        int32_t newest = INT32_MIN;
        size_t since = 0;
        for (size_t i = 0; i < history_n; i++) {
            if (strcmp(history[i].ids[kind], now->ids[kind]) == 0 &&
                history[i].business_day > newest) {
                newest = history[i].business_day;
                since = i;
            }
        }
        return (size_t)(r - history) >= since;
    }
    int64_t newest = (int64_t)now->t[kind] - windows[window].delay_s;
    return r->t[kind] <= newest && r->t[kind] > newest - windows[window].width_s;
}

static sums naive(tw_entity_kind kind, tw_window window, tw_filter filter)
{
    const record *now = &history[history_n - 1];
    const char *partners[FACTS];
    size_t partner_n = 0;
    sums s = {0};
    for (size_t i = 0; i < history_n; i++) {
        const record *r = &history[i];
        if (!(flags_of(r) & (UINT32_C(1) << filter)) || !in_window(r, kind, window, now))
            continue;
        s.count++;
        s.amount += (double)r->amount;
        s.discount += (double)r->discount;
        const char *partner = kind == TW_ENTITY_ACCOUNT ? r->store : r->account;
        bool seen = partner[0] == '\0';
        for (size_t p = 0; p < partner_n && !seen; p++)
            seen = strcmp(partners[p], partner) == 0;
        if (!seen)
            partners[partner_n++] = partner;
    }
    s.distinct = (double)partner_n;
    return s;
}

// What each fact of the window was above twice the mean of the account's 30 days before it.
static double naive_excess(tw_window window)
{
    const record *now = &history[history_n - 1];
    int64_t excess = 0;
    for (size_t i = 0; i < history_n; i++) {
        const record *r = &history[i];
        if (!in_window(r, TW_ENTITY_ACCOUNT, window, now))
            continue;
        int64_t sum = 0, n = 0;
        for (size_t k = 0; k < i; k++) {
            if (!in_window(&history[k], TW_ENTITY_ACCOUNT, TW_WINDOW_30D, r))
                continue;
            sum += history[k].amount;
            n++;
        }
        if (n >= 3 && sum > 0 && r->amount > 2 * sum / n)
            excess += r->amount - 2 * sum / n;
    }
    return (double)excess;
}

static float naive_feature(const tw_feature_row *row)
{
    if (row->measure == TW_MEASURE_EXCESS)
        return (float)(naive_excess(row->window) / 100.0);
    sums s = naive(row->entity, row->window, row->filter);
    switch (row->measure) {
    case TW_MEASURE_COUNT:
        return (float)s.count;
    case TW_MEASURE_SUM:
        return (float)(s.amount / 100.0);
    case TW_MEASURE_VOLUME:
        return (float)(fabs(s.amount) / 100.0);
    case TW_MEASURE_MEAN:
        return s.count > 0.0 ? (float)(s.amount / s.count / 100.0) : 0.0F;
    case TW_MEASURE_RATE: {
        sums all = naive(row->entity, row->window, TW_FILTER_ALL);
        return all.count > 0.0 ? (float)(s.count / all.count) : 0.0F;
    }
    case TW_MEASURE_DISCOUNT: {
        sums sale = naive(row->entity, row->window, TW_FILTER_SALE);
        double den = sale.amount + sale.discount;
        return den > 0.0 ? (float)(s.discount / den) : 0.0F;
    }
    case TW_MEASURE_DISTINCT:
        return (float)s.distinct;
    case TW_MEASURE_EXCESS:
    case TW_MEASURE_DERIVED:
        break;
    }
    return NAN;
}

static void check_row(const float *row)
{
    const record *now = &history[history_n - 1];
    for (int f = 0; f < TW_FEATURE_N; f++) {
        const tw_feature_row *feature = tw_feature_get((tw_feature)f);
        // The shift has its own test; derived features have golden values.
        if (feature->measure == TW_MEASURE_DERIVED || feature->window == TW_WINDOW_SHIFT)
            continue;
        bool absent = now->ids[feature->entity][0] == '\0';
        float expected = absent ? NAN : naive_feature(feature);
        if (!(isnan(expected) && isnan(row[f])) && expected != row[f])
            fail_msg("%s of transaction %zu: naive %.9g, engine %.9g", feature->name, history_n - 1,
                     (double)expected, (double)row[f]);
    }
}

// --- the stream ----------------------------------------------------------------------------------

typedef struct stream {
    tw_rng rng;
    int64_t now_ms;
    char texts[8][TEXTS];
    tw_line lines[3];
    tw_tender tender;
    uint32_t store_clock[3], store_ahead[3];
} stream;

static tw_str text(stream *s, int slot, const char *prefix, uint32_t n)
{
    snprintf(s->texts[slot], TEXTS, "%s%u", prefix, (unsigned)n);
    return tw_str_from(s->texts[slot]);
}

static void random_lines(stream *s, tw_transaction *txn)
{
    static const char *const reasons[] = {"", "manual", "promo week", "employee", "coupon"};
    txn->line_n = tw_rng_below(&s->rng, 4);
    for (size_t i = 0; i < txn->line_n; i++) {
        s->lines[i] = (tw_line){.sku = TW_STR("sku"), .quantity_milli = 1000};
        s->lines[i].unit_price_minor = 100 + tw_rng_below(&s->rng, 900);
        s->lines[i].regular_price_minor = s->lines[i].unit_price_minor + tw_rng_below(&s->rng, 900);
        s->lines[i].discount_minor = tw_rng_below(&s->rng, 3) ? 0 : 50;
        s->lines[i].discount_reason = tw_str_from(reasons[tw_rng_below(&s->rng, 5)]);
        s->lines[i].void_flag = tw_rng_below(&s->rng, 3) == 0;
        s->lines[i].entry_method = tw_rng_below(&s->rng, 2) ? TW_ENTRY_SCANNED : TW_ENTRY_KEYED;
    }
    txn->lines = s->lines;
}

static void random_transaction(stream *s, size_t i, tw_transaction *txn)
{
    static const tw_transaction_type types[] = {TW_TXN_SALE,   TW_TXN_SALE,    TW_TXN_SALE,
                                                TW_TXN_RETURN, TW_TXN_VOID,    TW_TXN_NO_SALE,
                                                TW_TXN_CANCEL, TW_TXN_PAID_OUT};
    *txn = (tw_transaction){.currency = "USD", .item_count = 1, .offset_min = 60};
    txn->transaction_id = text(s, 0, "t", (uint32_t)i);
    txn->store_id = text(s, 1, "s", tw_rng_below(&s->rng, 3));
    txn->register_id = text(s, 2, "r", tw_rng_below(&s->rng, 2));
    txn->employee_id = text(s, 3, "e", tw_rng_below(&s->rng, 5));
    if (tw_rng_below(&s->rng, 2))
        txn->customer_id = text(s, 4, "c", tw_rng_below(&s->rng, 6) * tw_rng_below(&s->rng, 20));
    if (tw_rng_below(&s->rng, 3) == 0)
        txn->loyalty_id = text(s, 7, "l", tw_rng_below(&s->rng, 4));
    if (tw_rng_below(&s->rng, 6) == 0)
        txn->override_employee_id = text(s, 5, "e", tw_rng_below(&s->rng, 5));
    txn->type = types[tw_rng_below(&s->rng, 8)];
    txn->flags = TW_TXN_HAS_TYPE | (tw_rng_below(&s->rng, 50) ? 0U : TW_TXN_FLAG_TRAINING);
    txn->payment_type = tw_rng_below(&s->rng, 2) ? TW_PAY_CASH : TW_PAY_GIFT_CARD;
    txn->total_minor = 100 * (1 + tw_rng_below(&s->rng, 40));
    if (txn->type == TW_TXN_RETURN) {
        txn->total_minor = -txn->total_minor;
        txn->flags |= TW_TXN_FLAG_REFUND;
        if (i > 0 && tw_rng_below(&s->rng, 2))
            txn->original_transaction_id = text(s, 6, "t", tw_rng_below(&s->rng, (uint32_t)i));
    }
    random_lines(s, txn);
    int64_t step = tw_rng_below(&s->rng, 40) == 0 ? 40 * 86400 : tw_rng_below(&s->rng, 4 * 3600);
    s->now_ms += step * 1000;
    txn->time_ms = s->now_ms;
    if (tw_rng_below(&s->rng, 8) == 0)
        txn->time_ms -= tw_rng_below(&s->rng, 3 * 86400) * INT64_C(1000);
    if (tw_rng_below(&s->rng, 60) == 0)
        txn->time_ms += 400 * TW_DAY_MS;
    txn->business_day = tw_floor_day(tw_transaction_local_ms(txn));
}

// The rule for a store's clock, as the header of the engine says it.
static uint32_t naive_store_time(stream *s, const tw_transaction *txn)
{
    uint32_t own = (uint32_t)(txn->time_ms / 1000);
    int store = txn->store_id.at[1] - '0';
    uint32_t clock = s->store_clock[store];
    if (clock == 0 || own <= clock + 45 * 86400U || s->store_ahead[store] == 2) {
        s->store_ahead[store] = 0;
        s->store_clock[store] = TW_MAX(clock, own);
        return own;
    }
    s->store_ahead[store]++;
    return clock;
}

static void note(const tw_transaction *txn, uint32_t store_time, uint32_t filters)
{
    record *r = &history[history_n++];
    *r = (record){.flags = filters, .business_day = txn->business_day};
    tw_str account = tw_transaction_account(txn);
    snprintf(r->ids[TW_ENTITY_EMPLOYEE], 32, "%.*s", TW_STR_ARG(txn->employee_id));
    snprintf(r->ids[TW_ENTITY_REGISTER], 32, "%.*s/%.*s", TW_STR_ARG(txn->store_id),
             TW_STR_ARG(txn->register_id));
    snprintf(r->ids[TW_ENTITY_STORE], 32, "%.*s", TW_STR_ARG(txn->store_id));
    snprintf(r->transaction_id, 32, "%.*s", TW_STR_ARG(txn->transaction_id));
    snprintf(r->account, 32, "%.*s", TW_STR_ARG(account));
    snprintf(r->store, 32, "%.*s", TW_STR_ARG(txn->store_id));
    if (account.bytes) {
        snprintf(r->ids[TW_ENTITY_ACCOUNT], 32, "%.*s", TW_STR_ARG(account));
        snprintf(r->ids[TW_ENTITY_PAIR], 32, "%.*s+%.*s", TW_STR_ARG(txn->employee_id),
                 TW_STR_ARG(account));
    }
    if (txn->override_employee_id.bytes)
        snprintf(r->ids[TW_ENTITY_APPROVAL], 32, "%.*s+%.*s", TW_STR_ARG(txn->employee_id),
                 TW_STR_ARG(txn->override_employee_id));
    if (txn->loyalty_id.bytes)
        snprintf(r->ids[TW_ENTITY_MEMBER], 32, "%.*s+%.*s", TW_STR_ARG(txn->employee_id),
                 TW_STR_ARG(txn->loyalty_id));
    for (int k = 1; k < TW_ENTITY_N; k++) {
        r->t[k] = store_time;
        for (size_t i = 0; i + 1 < history_n; i++) {
            if (r->ids[k][0] && strcmp(history[i].ids[k], r->ids[k]) == 0)
                r->t[k] = TW_MAX(r->t[k], history[i].t[k]);
        }
    }
    bool sale = filters & (1U << TW_FILTER_SALE);
    bool moves = filters & (1U << TW_FILTER_SALE | 1U << TW_FILTER_REFUND | 1U << TW_FILTER_VOID);
    bool is_void = filters & (1U << TW_FILTER_VOID);
    r->amount = moves ? (is_void ? -txn->total_minor : txn->total_minor) : 0;
    int64_t any = 0;
    for (size_t i = 0; i < txn->line_n; i++) {
        const tw_line *line = &txn->lines[i];
        bool manual = !line->discount_reason.bytes || line->discount_reason.at[0] == 'm';
        any += line->void_flag ? 0 : line->discount_minor;
        if (sale && manual && !line->void_flag)
            r->discount += line->discount_minor;
    }
    if (any == 0)
        r->discount = sale ? txn->discount_minor : 0;
}

// --- tests ---------------------------------------------------------------------------------------

typedef struct memory_file {
    tw_buf buf;
    size_t at;
} memory_file;

static tw_status write_memory(void *ctx, const void *data, size_t bytes)
{
    memory_file *file = ctx;
    tw_buf_put(&file->buf, data, bytes);
    return file->buf.status;
}

static tw_status read_memory(void *ctx, void *data, size_t bytes)
{
    memory_file *file = ctx;
    if (bytes > file->buf.bytes - file->at)
        return TW_CORRUPT;
    memcpy(data, file->buf.data_own + file->at, bytes);
    file->at += bytes;
    return TW_OK;
}

static tw_engine *through_snapshot(tw_engine *engine)
{
    memory_file file = {0};
    tw_buf_init(&file.buf, tw_alloc_system(), (size_t)1 << 30);
    assert_int_equal(tw_engine_save(engine, write_memory, &file), TW_OK);
    uint64_t hash = tw_engine_hash(engine);
    tw_engine_free(engine);
    assert_int_equal(tw_engine_load(tw_alloc_system(), read_memory, &file, &engine), TW_OK);
    assert_true(tw_engine_hash(engine) == hash);
    tw_buf_release(&file.buf);
    return engine;
}

static void give_verdict(stream *s, tw_engine *engine, uint64_t seq)
{
    tw_fact fact = {.kind = TW_FACT_VERDICT, .seq = seq};
    record *r = &history[tw_rng_below(&s->rng, (uint32_t)history_n)];
    char id[TEXTS];
    snprintf(id, sizeof(id), "v%u", (unsigned)seq);
    bool confirm = tw_rng_below(&s->rng, 4) != 0;
    fact.as.verdict = (tw_verdict){.verdict_id = tw_str_from(id),
                                   .transaction_id = tw_str_from(r->transaction_id),
                                   .verdict = confirm ? TW_VERDICT_CONFIRMED : TW_VERDICT_REFUTED};
    assert_int_equal(tw_engine_reserve(engine, 1), TW_OK);
    tw_engine_apply(engine, &fact, NULL);
    r->confirmed = confirm;
}

static void check_probe(const tw_engine *engine, const tw_fact *fact, const float *applied,
                        const float *probed)
{
    (void)engine;
    (void)fact;
    for (int f = 0; f < TW_FEATURE_N; f++) {
        bool peer = strncmp(tw_feature_get((tw_feature)f)->name, "peer_", 5) == 0;
        bool same = (isnan(applied[f]) && isnan(probed[f])) || applied[f] == probed[f];
        // Peers may have turned the day in between.
        if (!same && !peer)
            fail_msg("probe of %s: %.9g, apply %.9g", tw_feature_get((tw_feature)f)->name,
                     (double)probed[f], (double)applied[f]);
    }
}

static void run_stream(uint64_t seed)
{
    stream s = {.now_ms = INT64_C(1700000000000)};
    tw_rng_init(&s.rng, seed, 0);
    history_n = 0;
    tw_engine *engine = NULL, *twin = NULL;
    tw_arena scratch;
    tw_arena_init(&scratch, tw_alloc_system(), 1 << 18, 1 << 24);
    assert_int_equal(tw_engine_new(tw_alloc_system(), &engine), TW_OK);
    assert_int_equal(tw_engine_new(tw_alloc_system(), &twin), TW_OK);
    assert_int_equal(tw_engine_reserve(twin, 4 * FACTS), TW_OK);
    uint64_t seq = 0;
    for (size_t i = 0; i < FACTS; i++) {
        tw_fact fact = {.kind = TW_FACT_TRANSACTION};
        float row[TW_FEATURE_N], probed[TW_FEATURE_N];
        uint32_t filters = 0;
        random_transaction(&s, i, &fact.as.transaction);
        fact.seq = ++seq;
        tw_arena_reset(&scratch);
        assert_int_equal(tw_engine_probe(engine, &fact, &scratch, probed, &filters), TW_OK);
        assert_int_equal(tw_engine_reserve(engine, 1), TW_OK);
        tw_engine_apply(engine, &fact, row);
        tw_engine_apply(twin, &fact, NULL);
        assert_int_equal(filters, tw_engine_last_filters(engine));
        check_probe(engine, &fact, row, probed);
        note(&fact.as.transaction, naive_store_time(&s, &fact.as.transaction), filters);
        check_row(row);
        if (tw_rng_below(&s.rng, 5) == 0) {
            tw_rng saved = s.rng;
            give_verdict(&s, engine, ++seq);
            s.rng = saved;
            give_verdict(&s, twin, seq);
        }
        if (i % 400 == 399)
            engine = through_snapshot(engine);
    }
    // The twin had all its room from the start and never saw a snapshot.
    assert_true(tw_engine_hash(engine) == tw_engine_hash(twin));
    tw_engine_free(engine);
    tw_engine_free(twin);
    tw_arena_release(&scratch);
}

static void windows_equal_a_naive_recomputation(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 3; seed++) {
        print_message("seed %d\n", (int)seed);
        run_stream(seed);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(windows_equal_a_naive_recomputation)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
