// SPDX-License-Identifier: Apache-2.0
//
// Training sets: labels by the rules, nothing from the future, samples that stand for the whole.
#include "learn_fixture.h"

#include <math.h>

#include "learn/dataset.h"

static tw_dataset build(const tw_journal *journal, tw_dataset_options options)
{
    tw_dataset d;
    tw_err err = {0};
    if (options.label_delay_ms == 0)
        options.label_delay_ms = -1;
    if (tw_dataset_build(tw_alloc_system(), journal, &options, &d, &err) != TW_OK)
        fail_msg("%s", err.text);
    for (size_t i = 0; i < d.n; i++) {
        assert_true(d.examples_own[i].weight > 0);
        assert_true(i == 0 || d.examples_own[i].seq > d.examples_own[i - 1].seq);
        assert_true(d.examples_own[i].alert == UINT32_MAX || d.examples_own[i].alert < d.alert_n);
        assert_true(d.examples_own[i].scheme == 0xff || d.examples_own[i].scheme < d.scheme_n);
    }
    return d;
}

static const tw_example *row_of(const tw_dataset *d, uint64_t seq)
{
    for (size_t i = 0; i < d->n; i++)
        if (d->examples_own[i].seq == seq)
            return &d->examples_own[i];
    return NULL;
}

static const float *x_of(const tw_dataset *d, uint64_t seq)
{
    const tw_example *row = row_of(d, seq);
    assert_non_null(row);
    return d->x_own + (size_t)(row - d->examples_own) * TW_INPUT_N;
}

static void assert_row(const tw_dataset *d, uint64_t seq, int label, tw_example_source source)
{
    const tw_example *row = row_of(d, seq);
    assert_non_null(row);
    assert_int_equal(row->label, label);
    assert_int_equal(row->source, source);
}

// --- labels
// ----------------------------------------------------------------------------------------

static void verdicts_become_labels(void **state)
{
    (void)state;
    tape t;
    tape_open(&t);
    uint64_t plain = tape_till(&t, "S1", "E9", "", 25);
    uint64_t lead = tape_till(&t, "S1", "E0", "", -60),
             opening = tape_till(&t, "S1", "E0", "", -80);
    uint64_t grown = tape_till(&t, "S1", "E0", "", -60);
    tape_verdict(&t, t.alert_id, 0, TW_VERDICT_CONFIRMED, t.now_ms);
    tape_verdict(&t, NULL, grown, TW_VERDICT_REFUTED, t.now_ms); // goes before that on its alert
    uint64_t refuted = tape_till(&t, "S1", "E1", "", -60);
    tape_till(&t, "S1", "E1", "", -60);
    tape_verdict(&t, t.alert_id, 0, TW_VERDICT_CONFIRMED, t.now_ms);
    tape_verdict(&t, t.alert_id, 0, TW_VERDICT_OPERATIONAL, t.now_ms); // revised
    uint64_t open = tape_till(&t, "S1", "E2", "", -60);
    tape_till(&t, "S1", "E2", "", -60);
    uint64_t vague = tape_till(&t, "S1", "E3", "", -60);
    tape_till(&t, "S1", "E3", "", -60);
    tape_verdict(&t, t.alert_id, 0, TW_VERDICT_INCONCLUSIVE, t.now_ms);
    uint64_t fired = tape_till(&t, "S1", "E4", "", -60);
    uint64_t told = tape_till(&t, "S1", "E5", "", 10);
    tape_verdict(&t, NULL, told, TW_VERDICT_CONFIRMED, t.now_ms);
    uint64_t unclear = tape_till(&t, "S1", "E5", "", 10);
    tape_verdict(&t, NULL, unclear, TW_VERDICT_INCONCLUSIVE, t.now_ms);
    tw_dataset d = build(&t.journal, (tw_dataset_options){0});
    assert_row(&d, plain, 0, TW_EXAMPLE_PLAIN);
    assert_row(&d, lead, 1, TW_EXAMPLE_ALERT);
    assert_row(&d, opening, 1, TW_EXAMPLE_ALERT);
    assert_row(&d, grown, 0, TW_EXAMPLE_TRANSACTION);
    assert_row(&d, refuted, 0, TW_EXAMPLE_ALERT);
    assert_row(&d, fired, 0, TW_EXAMPLE_FIRED);
    assert_row(&d, told, 1, TW_EXAMPLE_TRANSACTION);
    assert_null(row_of(&d, open));
    assert_null(row_of(&d, vague));
    assert_null(row_of(&d, unclear));
    assert_int_equal(d.transaction_n, 13);
    assert_int_equal(d.n, 8);
    assert_int_equal(d.confirmed_n, 3);
    assert_int_equal(d.refuted_n, 3);
    assert_int_equal(d.undecided_n, 5);
    assert_int_equal(d.alert_n, 4);
    assert_true(d.plain_rate == 1);
    assert_int_equal(d.first_seq, 1);
    assert_int_equal(d.last_seq, t.seq);
    tw_dataset_release(&d);
    tape_close(&t);
}

// The other acts of a thief that somebody confirmed are no examples of honesty, and those of
// somebody cleared are.
static void acts_beside_an_alert_follow_what_is_known_of_it(void **state)
{
    (void)state;
    static const struct {
        tw_verdict_kind verdict;
        bool is_told, is_row;
    } cases[] = {{TW_VERDICT_CONFIRMED, true, false},
                 {TW_VERDICT_CONFIRMED, false, false},
                 {TW_VERDICT_INCONCLUSIVE, true, false},
                 {TW_VERDICT_REFUTED, true, true},
                 {TW_VERDICT_OPERATIONAL, true, true}};
    for (size_t i = 0; i < TW_COUNT(cases); i++) {
        tape t;
        tape_open(&t);
        uint64_t early = tape_till(&t, "S1", "E0", "C1", -60);
        for (int week = 0; week < 20; week++) { // it is forgotten as evidence
            t.now_ms += 6 * TW_DAY_MS;
            tape_till(&t, "S1", "E9", "", 20);
        }
        tape_till(&t, "S1", "E0", "C2", -60);
        tape_till(&t, "S1", "E0", "C2", -60);
        assert_string_not_equal(t.alert_id, "");
        uint64_t sale = tape_till(&t, "S1", "E0", "C1", 20), other;
        if (cases[i].is_told)
            tape_verdict(&t, t.alert_id, 0, cases[i].verdict, t.now_ms);
        other = tape_till(&t, "S1", "E1", "C1", -60);
        tw_dataset d = build(&t.journal, (tw_dataset_options){0});
        assert_int_equal(row_of(&d, early) != NULL, cases[i].is_row);
        assert_row(&d, sale, 0, TW_EXAMPLE_PLAIN);
        assert_row(&d, other, 0, TW_EXAMPLE_FIRED);
        tw_dataset_release(&d);
        tape_close(&t);
    }
}

static void a_row_is_what_was_scored(void **state)
{
    (void)state;
    tape t;
    tape_open(&t);
    tape_till(&t, "S1", "E0", "C1", -60);
    uint64_t seq = tape_till(&t, "S1", "E0", "C1", -80.5);
    tape_verdict(&t, t.alert_id, 0, TW_VERDICT_REFUTED, t.now_ms);
    tw_dataset d = build(&t.journal, (tw_dataset_options){0});
    const tw_example *row = row_of(&d, seq);
    const float *x = x_of(&d, seq);
    assert_memory_equal(x, t.scores[1].row, sizeof t.scores[1].row);
    assert_true(row->risk == t.scores[1].score.risk && row->risk >= 0.8f);
    assert_true(row->evidence == x[TW_INPUT_evidence] && row->evidence > 1);
    assert_true(x[TW_INPUT_fired_n] >= 1);
    assert_true(row->amount == 80.5);
    assert_true(row->opened && !row_of(&d, seq - 1)->opened);
    assert_string_equal(d.schemes_own[row->scheme], "refunds");
    assert_true(row->entity == row_of(&d, seq - 1)->entity);
    assert_int_equal(row->day, row->time_ms / TW_DAY_MS);
    tw_dataset_release(&d);
    tape_close(&t);
}

static void rows_lie_in_the_period(void **state)
{
    (void)state;
    tape t;
    tape_open(&t);
    int64_t start_ms = t.now_ms;
    for (int day = 0; day < 10; day++) {
        t.now_ms = start_ms + day * TW_DAY_MS;
        tape_till(&t, "S1", "E0", "", 20);
    }
    tw_dataset d = build(&t.journal, (tw_dataset_options){.from_ms = start_ms + 2 * TW_DAY_MS,
                                                          .to_ms = start_ms + 5 * TW_DAY_MS});
    assert_int_equal(d.n, 3);
    assert_int_equal(d.transaction_n, 3);
    assert_int_equal(d.from_ms, start_ms + 2 * TW_DAY_MS + 60000);
    assert_int_equal(d.to_ms, start_ms + 4 * TW_DAY_MS + 60000);
    tw_dataset_release(&d);
    d = build(&t.journal, (tw_dataset_options){.from_ms = start_ms + 99 * TW_DAY_MS});
    assert_int_equal(d.n, 0);
    tw_dataset_release(&d);
    tape_close(&t);
}

static void an_id_that_is_no_person_is_no_entity(void **state)
{
    (void)state;
    tape t;
    tape_open(&t);
    uint64_t first = 0;
    for (int i = 0; i < 1700; i++) {
        t.now_ms -= 50000;
        uint64_t seq = tape_till(&t, "S1", "WEB", i % 2 ? "C1" : "", 20);
        first = i == 0 ? seq : first;
    }
    tw_dataset d = build(&t.journal, (tw_dataset_options){0});
    const tw_example *a = row_of(&d, first), *b = row_of(&d, first + 1698);
    assert_true(a->entity == a[1].entity);
    assert_true(b->entity != a->entity && b[1].entity != a->entity); // nothing, and the card
    assert_true(b[-2].entity != b->entity && b[-1].entity == b[1].entity);
    tw_dataset_release(&d);
    tape_close(&t);
}

// --- nothing from the future
// -----------------------------------------------------------------------

// A journal of the facts that were known when the transaction `seq` came: those in front of it, and
// of history that was brought later the verdicts that had been decided.
typedef struct past {
    tw_journal journal;
    uint64_t seq;
    int64_t time_ms; // of the transaction; INT64_MIN = not history
    tw_buf bytes;
} past;

static tw_status copy_known(void *ctx, const tw_fact *fact, tw_err *err)
{
    past *p = ctx;
    uint64_t first;
    bool is_told = fact->kind == TW_FACT_VERDICT && fact->as.verdict.alert_id.bytes == 0 &&
                   fact->as.verdict.decided_ms <= p->time_ms;
    if (fact->seq > p->seq && !is_told)
        return TW_OK;
    tw_buf_reset(&p->bytes);
    TW_TRY(tw_fact_encode(fact, &p->bytes));
    tw_str bytes = {(const char *)p->bytes.data_own, p->bytes.bytes};
    return tw_journal_append(&p->journal, &bytes, 1, &first, err);
}

static void past_make(past *p, const tape *t, uint64_t seq, int64_t time_ms)
{
    *p = (past){.seq = seq, .time_ms = time_ms};
    tw_buf_init(&p->bytes, tw_alloc_system(), 1 << 20);
    assert_int_equal(tw_memory_journal_open(tw_alloc_system(), &p->journal, NULL), TW_OK);
    assert_int_equal(tw_replay_facts(tw_alloc_system(), &t->journal, 1, 0, copy_known, p, NULL),
                     TW_OK);
}

static void past_release(past *p)
{
    tw_journal_close(&p->journal);
    tw_buf_release(&p->bytes);
}

// The planted feature: what a later verdict will say.
static void plant(tw_dataset *d, bool is_planted)
{
    for (size_t i = 0; is_planted && i < d->n; i++)
        d->x_own[i * TW_INPUT_N + TW_INPUT_fired_n] = d->examples_own[i].label;
}

static bool is_same_row(const float *a, const float *b)
{
    for (size_t i = 0; i < TW_INPUT_N; i++)
        if (a[i] != b[i] && !(isnan(a[i]) && isnan(b[i])))
            return false;
    return true;
}

// How many of the labelled rows have another feature row once the future is taken away.
static size_t leaking(const tape *t, bool is_history, bool is_planted)
{
    size_t n = 0;
    tw_dataset all = build(&t->journal, (tw_dataset_options){0});
    plant(&all, is_planted);
    for (size_t i = 0; i < all.n; i++) {
        past p;
        uint64_t seq = all.examples_own[i].seq;
        if (!all.examples_own[i].label)
            continue;
        past_make(&p, t, seq, is_history ? all.examples_own[i].time_ms : INT64_MIN);
        tw_dataset then = build(&p.journal, (tw_dataset_options){0});
        plant(&then, is_planted);
        // Alone in an undecided alert the row is left out: its features are in the replay then.
        if (row_of(&then, seq))
            n += !is_same_row(x_of(&then, seq), x_of(&all, seq));
        tw_dataset_release(&then);
        past_release(&p);
    }
    tw_dataset_release(&all);
    return n;
}

// The employee E0 is a thief in every transaction, and a verdict says so days later: a leak of the
// verdict would make the confirmed share of the employee equal to the label.
static void tell_thief(tape *t, bool is_history)
{
    int64_t start_ms = t->now_ms;
    for (int day = 0; day < 30; day++) {
        t->now_ms = start_ms + day * TW_DAY_MS;
        uint64_t seq = tape_till(t, "S1", "E0", "C0", 30);
        tape_till(t, "S1", "E1", "C1", 30);
        if (is_history)
            tape_verdict(t, NULL, seq, TW_VERDICT_CONFIRMED, t->now_ms + 3 * TW_DAY_MS);
        else if (day >= 3)
            tape_verdict(t, NULL, t->scores[2 * (day - 3)].seq, TW_VERDICT_CONFIRMED, t->now_ms);
    }
}

static void a_planted_future_is_found_and_no_other(void **state)
{
    (void)state;
    for (int is_history = 0; is_history < 2; is_history++) {
        tape t;
        tape_open(&t);
        if (is_history)
            t.received_ms = t.now_ms + 100 * TW_DAY_MS;
        tell_thief(&t, is_history);
        tw_dataset d = build(&t.journal, (tw_dataset_options){0});
        assert_int_equal(d.confirmed_n, is_history ? 30 : 27);
        // History does reach the later rows, or the test would show nothing.
        assert_true(x_of(&d, t.scores[2 * 29].seq)[TW_F_emp_risk_7d_30d] > 0.9f);
        assert_true(x_of(&d, t.scores[2 * 5].seq)[TW_F_emp_risk_7d_30d] == 0);
        tw_dataset_release(&d);
        assert_int_equal(leaking(&t, is_history, false), 0);
        assert_int_equal(leaking(&t, is_history, true), is_history ? 30 : 27);
        tape_close(&t);
    }
}

static void assert_same_dataset(const tw_dataset *a, const tw_dataset *b)
{
    assert_int_equal(a->n, b->n);
    assert_int_equal(a->transaction_n, b->transaction_n);
    for (size_t i = 0; i < a->n; i++) {
        const tw_example *x = &a->examples_own[i], *y = &b->examples_own[i];
        assert_int_equal(x->seq, y->seq);
        assert_int_equal(x->label, y->label);
        assert_int_equal(x->source, y->source);
        assert_true(x->weight == y->weight && x->risk == y->risk);
        assert_int_equal(x->alert, y->alert);
        assert_int_equal(x->scheme, y->scheme);
        assert_true(x->entity == y->entity && x->opened == y->opened);
    }
    assert_memory_equal(a->x_own, b->x_own, a->n * TW_INPUT_N * sizeof(float));
}

static void a_cut_is_as_if_nothing_had_come_after(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 4; seed++) {
        tape t;
        tw_rng rng;
        printf("seed %llu\n", (unsigned long long)seed);
        tw_rng_init(&rng, seed, 0);
        tape_open(&t);
        tape_random(&t, &rng, 300);
        int64_t cut_ms = t.now_ms + 1;
        uint64_t seq = t.seq;
        t.now_ms += TW_HOUR_MS;
        tape_till(&t, "S0", "E0", "C0", 30); // time moves on: later verdicts are later ones
        tape_random(&t, &rng, 300);
        past p;
        past_make(&p, &t, seq, INT64_MIN);
        tw_dataset then = build(&p.journal, (tw_dataset_options){0});
        tw_dataset now = build(&t.journal, (tw_dataset_options){.cut_ms = cut_ms});
        tw_dataset whole = build(&t.journal, (tw_dataset_options){.to_ms = cut_ms});
        assert_same_dataset(&then, &now);
        assert_true(whole.confirmed_n + whole.refuted_n != now.confirmed_n + now.refuted_n);
        tw_dataset_release(&then);
        tw_dataset_release(&now);
        tw_dataset_release(&whole);
        past_release(&p);
        tape_close(&t);
    }
}

static void a_verdict_of_history_counts_by_its_decision(void **state)
{
    (void)state;
    tape t;
    tape_open(&t);
    int64_t start_ms = t.now_ms;
    t.received_ms = start_ms + 100 * TW_DAY_MS;
    uint64_t seq = tape_till(&t, "S1", "E0", "", 30);
    t.now_ms += 20 * TW_DAY_MS;
    tape_till(&t, "S1", "E0", "", 30);
    tape_verdict(&t, NULL, seq, TW_VERDICT_CONFIRMED, start_ms + 5 * TW_DAY_MS);
    tw_dataset d = build(&t.journal, (tw_dataset_options){.cut_ms = start_ms + 4 * TW_DAY_MS});
    assert_row(&d, seq, 0, TW_EXAMPLE_PLAIN);
    tw_dataset_release(&d);
    d = build(&t.journal, (tw_dataset_options){.cut_ms = start_ms + 6 * TW_DAY_MS});
    assert_row(&d, seq, 1, TW_EXAMPLE_TRANSACTION);
    tw_dataset_release(&d);
    d = build(&t.journal, (tw_dataset_options){.cut_ms = start_ms + 6 * TW_DAY_MS,
                                               .label_delay_ms = 7 * TW_DAY_MS});
    assert_row(&d, seq, 0, TW_EXAMPLE_PLAIN);
    tw_dataset_release(&d);
    tape_close(&t);
}

// --- samples
// ---------------------------------------------------------------------------------------

static void a_sample_stands_for_the_whole(void **state)
{
    (void)state;
    tape t;
    tape_open(&t);
    uint64_t told[20];
    for (int i = 0; i < 6000; i++) {
        uint64_t seq = tape_till(&t, "S1", i % 2 ? "E0" : "E1", "", 30);
        if (i % 300 == 0)
            told[i / 300] = seq;
    }
    for (size_t i = 0; i < TW_COUNT(told); i++)
        tape_verdict(&t, NULL, told[i], i % 2 ? TW_VERDICT_CONFIRMED : TW_VERDICT_REFUTED,
                     t.now_ms);
    tw_dataset all = build(&t.journal, (tw_dataset_options){0});
    tw_dataset d = build(&t.journal, (tw_dataset_options){.rows_max = 500});
    tw_dataset again = build(&t.journal, (tw_dataset_options){.rows_max = 500});
    assert_int_equal(all.n, 6000);
    assert_true(d.n < 500 && d.n > 150);
    assert_same_dataset(&d, &again);
    assert_int_equal(d.confirmed_n, 10);
    assert_int_equal(d.refuted_n, 10);
    double plain = 0;
    size_t plain_n = 0;
    for (size_t i = 0; i < d.n; i++) {
        const tw_example *row = &d.examples_own[i];
        assert_memory_equal(x_of(&d, row->seq), x_of(&all, row->seq), TW_INPUT_N * sizeof(float));
        if (row->source != TW_EXAMPLE_PLAIN) {
            assert_true(row->weight == 1);
            continue;
        }
        assert_true((double)row->weight * d.plain_rate == 1);
        plain += (double)row->weight;
        plain_n++;
    }
    assert_int_equal(plain_n, d.n - 20); // what somebody judged is all there
    assert_true(fabs(plain - 5980) < 4 * sqrt(5980 / d.plain_rate));
    tw_dataset_release(&all);
    tw_dataset_release(&d);
    tw_dataset_release(&again);
    tape_close(&t);
}

static void a_fully_labelled_journal_keeps_its_frauds(void **state)
{
    (void)state;
    tape t;
    tape_open(&t);
    t.received_ms = t.now_ms + 100 * TW_DAY_MS;
    for (int i = 0; i < 3000; i++) {
        uint64_t seq = tape_till(&t, "S1", i % 2 ? "E0" : "E1", "", 30);
        tape_verdict(&t, NULL, seq, i % 100 == 0 ? TW_VERDICT_CONFIRMED : TW_VERDICT_REFUTED,
                     t.now_ms);
    }
    tw_dataset d = build(&t.journal, (tw_dataset_options){.rows_max = 400});
    double honest = 0;
    size_t fraud_n = 0;
    for (size_t i = 0; i < d.n; i++) {
        assert_int_equal(d.examples_own[i].source, TW_EXAMPLE_TRANSACTION);
        fraud_n += d.examples_own[i].label;
        honest += d.examples_own[i].label ? 0 : (double)d.examples_own[i].weight;
        assert_true(!d.examples_own[i].label || d.examples_own[i].weight == 1);
    }
    assert_true(d.n < 400);
    assert_int_equal(fraud_n, 30);
    assert_int_equal(d.confirmed_n, 30); // counters are of the whole
    assert_int_equal(d.refuted_n, 2970);
    assert_true(fabs(honest - 2970) < 4 * sqrt(2970.0 * 32));
    tw_dataset_release(&d);
    tape_close(&t);
}

static void what_speaks_for_fraud_is_thinned_last_but_memory_is_bounded(void **state)
{
    (void)state;
    tape t;
    tape_open(&t);
    t.received_ms = t.now_ms + 100 * TW_DAY_MS;
    for (int i = 0; i < 1000; i++) {
        uint64_t seq = tape_till(&t, "S1", "E0", "", 30);
        tape_verdict(&t, NULL, seq, TW_VERDICT_CONFIRMED, t.now_ms);
    }
    tw_dataset d = build(&t.journal, (tw_dataset_options){.rows_max = 100});
    double frauds = 0;
    for (size_t i = 0; i < d.n; i++)
        frauds += (double)d.examples_own[i].weight;
    assert_true(d.n < 100 && d.n > 20);
    assert_true(fabs(frauds - 1000) < 400);
    assert_int_equal(d.confirmed_n, 1000);
    tw_dataset_release(&d);
    tape_close(&t);
}

static void the_audit_corrects_what_nobody_looked_at(void **state)
{
    (void)state;
    tape t;
    tape_open(&t);
    tape_config(&t, TW_CONFIG_POLICY, "audit_share: 0.1\nevidence_floor: 6\ncold_days: 0\n");
    for (int i = 0; i < 2000; i++)
        tape_till(&t, "S1", i % 2 ? "E0" : "E1", "", 30);
    tape_till(&t, "S1", "E5", "", -60);
    tape_till(&t, "S1", "E5", "", -60);
    tape_verdict(&t, t.alert_id, 0, TW_VERDICT_CONFIRMED, t.now_ms); // 2 frauds of an alert
    size_t audit_n = 0, judged_n = 0, score_n = t.score_n;
    for (size_t i = 0; i < score_n; i++) {
        if (!t.scores[i].score.is_audit || audit_n++ % 2)
            continue;
        tape_verdict(&t, NULL, t.scores[i].seq,
                     judged_n++ < 2 ? TW_VERDICT_CONFIRMED : TW_VERDICT_REFUTED, t.now_ms);
    }
    assert_true(judged_n > 60);
    tw_dataset d = build(&t.journal, (tw_dataset_options){0});
    assert_int_equal(d.audit_n, judged_n);
    assert_int_equal(d.audit_confirmed_n, 2);
    double unseen = 0, audited = 0;
    for (size_t i = 0; i < d.n; i++) {
        const tw_example *row = &d.examples_own[i];
        if (row->source == TW_EXAMPLE_PLAIN)
            unseen += (double)row->weight;
        if (row->source == TW_EXAMPLE_AUDIT && row->label)
            audited += (double)row->weight;
    }
    double share = 2.0 / (double)judged_n, plain_n = 2000 - (double)judged_n;
    assert_true(fabs(unseen - plain_n * (1 - share)) < 0.01 * plain_n);
    // They would stand for plain_n * share, but may not outweigh the two frauds of the alert.
    assert_true(plain_n * share > 2 && fabs(audited - 2) < 1e-6);
    tw_dataset_release(&d);
    tape_close(&t);
}

// --- failures
// --------------------------------------------------------------------------------------

static bool stop(void *ctx, uint64_t done, uint64_t all)
{
    (void)ctx;
    return done <= all;
}

static void it_can_be_stopped_and_says_so(void **state)
{
    (void)state;
    tape t;
    tw_dataset d;
    tw_err err = {0};
    tw_dataset_options options = {.label_delay_ms = -1, .progress = stop};
    tape_open(&t);
    tape_till(&t, "S1", "E0", "", 30);
    assert_int_equal(tw_dataset_build(tw_alloc_system(), &t.journal, &options, &d, &err),
                     TW_CLOSED);
    assert_string_not_equal(err.text, "");
    assert_null(d.examples_own);
    tape_close(&t);
    tape_open_empty(&t);
    d = build(&t.journal, (tw_dataset_options){0});
    assert_int_equal(d.n, 0);
    tw_dataset_release(&d);
    tape_close(&t);
}

static void no_memory_at_any_moment_is_a_status(void **state)
{
    (void)state;
    tape t;
    tw_rng rng;
    tw_rng_init(&rng, 3, 0);
    tape_open(&t);
    tape_random(&t, &rng, 120);
    for (uint64_t k = 1;; k++) {
        tw_alloc_faulty faulty;
        tw_dataset d;
        tw_dataset_options options = {.label_delay_ms = -1};
        tw_alloc_faulty_init(&faulty, k, false);
        tw_status status = tw_dataset_build(&faulty.alloc, &t.journal, &options, &d, NULL);
        if (status == TW_OK)
            tw_dataset_release(&d);
        else
            assert_int_equal(status, TW_NO_MEMORY);
        assert_int_equal(faulty.live_blocks, 0);
        assert_int_equal(faulty.live_bytes, 0);
        if (faulty.hits == 0)
            break;
    }
    tape_close(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(verdicts_become_labels),
        cmocka_unit_test(acts_beside_an_alert_follow_what_is_known_of_it),
        cmocka_unit_test(a_row_is_what_was_scored),
        cmocka_unit_test(rows_lie_in_the_period),
        cmocka_unit_test(an_id_that_is_no_person_is_no_entity),
        cmocka_unit_test(a_planted_future_is_found_and_no_other),
        cmocka_unit_test(a_cut_is_as_if_nothing_had_come_after),
        cmocka_unit_test(a_verdict_of_history_counts_by_its_decision),
        cmocka_unit_test(a_sample_stands_for_the_whole),
        cmocka_unit_test(a_fully_labelled_journal_keeps_its_frauds),
        cmocka_unit_test(what_speaks_for_fraud_is_thinned_last_but_memory_is_bounded),
        cmocka_unit_test(the_audit_corrects_what_nobody_looked_at),
        cmocka_unit_test(it_can_be_stopped_and_says_so),
        cmocka_unit_test(no_memory_at_any_moment_is_a_status),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
