// SPDX-License-Identifier: Apache-2.0
//
// Random histories, part live and part brought later, over several stores: the replay gives the
// rows and scores of a naive one that looks through all verdicts before each transaction; and where
// nothing is history it gives what the live flow gave.
#include "../unit/learn_fixture.h"

#include <stdlib.h>

enum { FACTS = 500, STORES = 3, VERDICTS_MAX = FACTS };

typedef struct said {
    uint64_t seq, transaction_seq;
    int64_t decided_ms, known_ms; // INT64_MAX = waits for its place
    tw_verdict_kind verdict;
    bool is_taken;
} said;

typedef struct naive {
    tw_engine *engine;
    tw_detector *detector;
    int64_t label_delay_ms;
    int64_t clock_ms[STORES];
    said verdicts[VERDICTS_MAX];
    int store_of[VERDICTS_MAX]; // -1 = its transaction has not come
    size_t n;
    tape_score scores[FACTS + 1]; // by seq
} naive;

static tw_status collect(void *ctx, const tw_fact *fact, tw_err *err)
{
    naive *n = ctx;
    const tw_verdict *v = &fact->as.verdict;
    (void)err;
    if (fact->kind != TW_FACT_VERDICT || v->transaction_id.bytes == 0)
        return TW_OK;
    int64_t seq;
    tw_str digits = {v->transaction_id.at + 1, v->transaction_id.bytes - 1};
    assert_true(tw_str_to_i64(digits, &seq));
    n->store_of[n->n] = -1;
    n->verdicts[n->n++] = (said){.seq = fact->seq,
                                 .transaction_seq = (uint64_t)seq,
                                 .decided_ms = v->decided_ms,
                                 .known_ms = INT64_MAX,
                                 .verdict = v->verdict};
    return TW_OK;
}

// The verdict that is due first in this store, or NULL.
static said *next_due(naive *n, int store)
{
    said *best = NULL;
    for (size_t i = 0; i < n->n; i++) {
        said *s = &n->verdicts[i];
        bool is_due = !s->is_taken && n->store_of[i] == store && s->known_ms <= n->clock_ms[store];
        if (is_due && (!best || s->known_ms < best->known_ms))
            best = s;
    }
    return best;
}

static void naive_transaction(naive *n, const tw_fact *fact, tw_scored_fact *scored)
{
    const tw_transaction *t = &fact->as.transaction;
    int store = t->store_id.at[1] - '0';
    n->clock_ms[store] = TW_MAX(n->clock_ms[store], t->time_ms);
    for (said *s; (s = next_due(n, store)) != NULL; s->is_taken = true) {
        tw_engine_mark(n->engine, s->transaction_seq, s->verdict == TW_VERDICT_CONFIRMED);
        tw_detector_judge(n->detector, s->transaction_seq, s->verdict);
    }
    tw_scorer_apply(n->engine, n->detector, fact, scored);
    n->scores[fact->seq].seq = fact->seq;
    memcpy(n->scores[fact->seq].row, scored->row, sizeof scored->row);
    n->scores[fact->seq].score = scored->score;
    for (size_t i = 0; i < n->n; i++) {
        said *s = &n->verdicts[i];
        if (s->transaction_seq != fact->seq)
            continue;
        n->store_of[i] = store;
        if (n->label_delay_ms >= 0)
            s->known_ms = t->time_ms + n->label_delay_ms;
        else if (s->decided_ms < fact->received_ms)
            s->known_ms = TW_MAX(s->decided_ms, t->time_ms);
    }
}

static tw_status naive_apply(void *ctx, const tw_fact *fact, tw_err *err)
{
    naive *n = ctx;
    tw_scored_fact scored;
    assert_int_equal(tw_engine_reserve(n->engine, 1), TW_OK);
    assert_int_equal(tw_detector_reserve(n->detector, 1), TW_OK);
    if (fact->kind == TW_FACT_CONFIG) {
        tw_engine_apply(n->engine, fact, NULL);
        return tw_detector_config(n->detector, fact->as.config.kind, fact->as.config.name,
                                  fact->as.config.content, err);
    }
    if (fact->kind == TW_FACT_TRANSACTION) {
        naive_transaction(n, fact, &scored);
        return TW_OK;
    }
    for (size_t i = 0; i < n->n; i++) {
        if (n->verdicts[i].seq != fact->seq)
            continue;
        if (n->verdicts[i].is_taken || n->label_delay_ms >= 0)
            return TW_OK;
        n->verdicts[i].is_taken = true;
    }
    tw_scorer_apply(n->engine, n->detector, fact, &scored);
    return TW_OK;
}

static void naive_run(naive *n, const tw_journal *journal, int64_t label_delay_ms)
{
    const tw_alloc *alloc = tw_alloc_system();
    *n = (naive){.label_delay_ms = label_delay_ms};
    assert_int_equal(tw_engine_new(alloc, &n->engine), TW_OK);
    assert_int_equal(tw_detector_new(alloc, n->engine, &n->detector), TW_OK);
    assert_int_equal(tw_replay_facts(alloc, journal, 1, 0, collect, n, NULL), TW_OK);
    assert_int_equal(tw_replay_facts(alloc, journal, 1, 0, naive_apply, n, NULL), TW_OK);
    tw_detector_free(n->detector);
    tw_engine_free(n->engine);
}

static tw_status compare(void *ctx, const tw_fact *fact, const tw_scored_fact *scored,
                         const tw_engine *engine, const tw_detector *detector, tw_err *err)
{
    const tape_score *scores = ctx;
    (void)engine;
    (void)detector;
    (void)err;
    if (fact->kind != TW_FACT_TRANSACTION)
        return TW_OK;
    const tape_score *expected = &scores[fact->seq];
    uint8_t a[TW_SCORE_BYTES], b[TW_SCORE_BYTES];
    tw_score_pack(&expected->score, a);
    tw_score_pack(&scored->score, b);
    assert_int_equal(expected->seq, fact->seq);
    assert_memory_equal(expected->row, scored->row, sizeof scored->row);
    assert_memory_equal(a, b, sizeof a);
    return TW_OK;
}

static void assert_replay(const tape *t, int64_t label_delay_ms, tape_score *expected)
{
    tw_replay_options options = {.label_delay_ms = label_delay_ms};
    assert_int_equal(tw_replay(tw_alloc_system(), &t->journal, &options, compare, expected, NULL),
                     TW_OK);
}

// Trade of some weeks. With history, most facts are accepted long after they happened.
static void random_history(tape *t, tw_rng *rng, bool has_history)
{
    static const double amounts[] = {30, 77, -60, -120, 30, 30};
    int64_t start_ms = t->now_ms;
    while (t->seq < FACTS) {
        char employee[16], account[16], store[16];
        uint32_t e = tw_rng_below(rng, 6);
        t->now_ms += (int64_t)tw_rng_below(rng, 4 * 3600) * 1000;
        t->received_ms = has_history && tw_rng_below(rng, 4) ? start_ms + 300 * TW_DAY_MS : 0;
        if (t->score_n > 0 && tw_rng_below(rng, 4) == 0) {
            const tape_score *of = &t->scores[tw_rng_below(rng, (uint32_t)t->score_n)];
            int64_t decided_ms = has_history
                                     ? start_ms + (int64_t)tw_rng_below(rng, 60 * 24) * TW_HOUR_MS
                                     : t->now_ms;
            tape_verdict(t, NULL, of->seq, (tw_verdict_kind)tw_rng_below(rng, TW_VERDICT_N),
                         decided_ms);
            continue;
        }
        if (t->alert_id[0] && tw_rng_below(rng, 20) == 0) {
            tape_verdict(t, t->alert_id, 0, (tw_verdict_kind)tw_rng_below(rng, TW_VERDICT_N),
                         t->now_ms);
            continue;
        }
        if (has_history && tw_rng_below(rng, 100) == 0)
            t->now_ms = start_ms; // another file begins
        snprintf(employee, sizeof employee, "E%u", e);
        snprintf(store, sizeof store, "S%u", e % STORES);
        snprintf(account, sizeof account, "C%u", tw_rng_below(rng, 4));
        tape_till(t, store, employee, account, amounts[tw_rng_below(rng, TW_COUNT(amounts))]);
    }
}

static void a_replay_is_the_naive_one(void **state)
{
    (void)state;
    static const int64_t delays[] = {-1, 0, 2 * TW_DAY_MS, 9 * TW_DAY_MS};
    naive *n = tw_new(tw_alloc_system(), naive);
    for (uint64_t seed = 1; seed <= 6; seed++) {
        tape t;
        tw_rng rng;
        printf("seed %llu\n", (unsigned long long)seed);
        tw_rng_init(&rng, seed, 7);
        tape_open(&t);
        random_history(&t, &rng, true);
        for (size_t i = 0; i < TW_COUNT(delays); i++) {
            naive_run(n, &t.journal, delays[i]);
            assert_replay(&t, delays[i], n->scores);
        }
        tape_close(&t);
    }
    tw_delete(tw_alloc_system(), n);
}

static void a_replay_of_live_trade_is_what_was_scored(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 6; seed++) {
        tape t;
        tw_rng rng;
        static tape_score by_seq[FACTS + 1];
        printf("seed %llu\n", (unsigned long long)seed);
        tw_rng_init(&rng, seed, 8);
        tape_open(&t);
        random_history(&t, &rng, false);
        for (size_t i = 0; i < t.score_n; i++)
            by_seq[t.scores[i].seq] = t.scores[i];
        assert_replay(&t, -1, by_seq);
        tape_close(&t);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_replay_is_the_naive_one),
        cmocka_unit_test(a_replay_of_live_trade_is_what_was_scored),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
