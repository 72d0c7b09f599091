// SPDX-License-Identifier: Apache-2.0
//
// The replay: live scores again, verdicts at the moment at which they are known, overrides, and
// failures in one sentence.
#include "learn_fixture.h"

enum { DAY_TILLS = 3 };

// --- what was scored is scored again
// ---------------------------------------------------------------

typedef struct comparison {
    const tape *live;
    size_t at;
    uint64_t seen;
} comparison;

static tw_status compare(void *ctx, const tw_fact *fact, const tw_scored_fact *scored,
                         const tw_engine *engine, const tw_detector *detector, tw_err *err)
{
    comparison *c = ctx;
    (void)err;
    assert_int_equal(fact->seq, ++c->seen);
    assert_int_equal(tw_engine_seq(engine), fact->seq);
    assert_non_null(detector);
    if (fact->kind != TW_FACT_TRANSACTION)
        return TW_OK;
    const tape_score *live = &c->live->scores[c->at++];
    assert_int_equal(live->seq, fact->seq);
    assert_memory_equal(live->row, scored->row, sizeof live->row);
    uint8_t a[TW_SCORE_BYTES], b[TW_SCORE_BYTES];
    tw_score_pack(&live->score, a);
    tw_score_pack(&scored->score, b);
    assert_memory_equal(a, b, sizeof a);
    return TW_OK;
}

static void a_replay_scores_as_the_live_flow_did(void **state)
{
    (void)state;
    tape t;
    tw_rng rng;
    tw_replay_options options = {.label_delay_ms = -1};
    tw_rng_init(&rng, 1, 0);
    tape_open(&t);
    tape_random(&t, &rng, 800);
    tape_config(&t, TW_CONFIG_POLICY, "audit_share: 0.1\nevidence_floor: 6\ncold_days: 0\n");
    tape_random(&t, &rng, 800);
    comparison c = {.live = &t};
    assert_int_equal(tw_replay(tw_alloc_system(), &t.journal, &options, compare, &c, NULL), TW_OK);
    assert_int_equal(c.seen, t.seq);
    assert_int_equal(c.at, t.score_n);
    tape_close(&t);
}

static tw_status count_openings(void *ctx, const tw_fact *fact, const tw_scored_fact *scored,
                                const tw_engine *engine, const tw_detector *detector, tw_err *err)
{
    (void)fact, (void)engine, (void)detector, (void)err;
    for (size_t i = 0; i < scored->change_n; i++)
        *(uint32_t *)ctx += scored->changes[i].event == TW_ALERT_OPENED;
    return TW_OK;
}

// Also under rules that were not there: what somebody kept quiet then is not counted as found.
static void quiet_rules_hold_as_they_were_recorded(void **state)
{
    (void)state;
    tape t;
    uint32_t opened = 0, live = 0;
    tw_replay_options options = {.label_delay_ms = -1};
    tape_open(&t);
    for (int i = 0; i < 4; i++) {
        if (i == 1)
            tape_config(&t, TW_CONFIG_QUIET,
                        "{entity_kind: employee, entity_id: E1, until: '2027-01-01T00:00:00Z', "
                        "owner: ana, reason: returns desk}");
        if (i == 3)
            tape_config(&t, TW_CONFIG_QUIET, "");
        tape_till(&t, "S1", "E1", "", -60);
        live += t.scored.change_n > 0;
    }
    assert_int_equal(live, 1); // by the first and the last
    assert_int_equal(
        tw_replay(tw_alloc_system(), &t.journal, &options, count_openings, &opened, NULL), TW_OK);
    assert_int_equal(opened, 1);
    options.policy = TW_STR("evidence_floor: 3\nevidence_cold: 3\nhabit_share: 1\n");
    opened = 0;
    assert_int_equal(
        tw_replay(tw_alloc_system(), &t.journal, &options, count_openings, &opened, NULL), TW_OK);
    assert_int_equal(opened, 1); // already by the first
    tape_close(&t);
}

// --- when a verdict is known
// -----------------------------------------------------------------------

typedef struct risks { // the confirmed share of the employee E0 at each of its transactions
    int64_t time_ms[64];
    float risk[64];
    size_t n;
    uint64_t verdict_seqs; // that the visitor was told
} risks;

static tw_status note_risk(void *ctx, const tw_fact *fact, const tw_scored_fact *scored,
                           const tw_engine *engine, const tw_detector *detector, tw_err *err)
{
    risks *r = ctx;
    (void)engine;
    (void)detector;
    (void)err;
    if (fact->kind == TW_FACT_VERDICT && scored->verdict_seq_n > 0)
        r->verdict_seqs += scored->verdict_seqs[0];
    if (fact->kind != TW_FACT_TRANSACTION || fact->as.transaction.employee_id.at[1] != '0')
        return TW_OK;
    assert_true(r->n < TW_COUNT(r->risk));
    r->time_ms[r->n] = fact->as.transaction.time_ms;
    r->risk[r->n++] = scored->row[TW_F_emp_risk_7d_30d];
    return TW_OK;
}

static risks replay_risks(const tape *t, int64_t label_delay_ms)
{
    risks r = {0};
    tw_replay_options options = {.label_delay_ms = label_delay_ms};
    assert_int_equal(tw_replay(tw_alloc_system(), &t->journal, &options, note_risk, &r, NULL),
                     TW_OK);
    return r;
}

// First transaction day (from 0) at which the share is above 0, or -1.
static int first_day(const risks *r)
{
    for (size_t i = 0; i < r->n; i++)
        if (r->risk[i] > 0)
            return (int)((r->time_ms[i] - r->time_ms[0]) / TW_DAY_MS);
    return -1;
}

// A sale of the employee each day; gives the seq of the first one.
static uint64_t tell_days(tape *t, const char *store, const char *employee, int days)
{
    uint64_t first = 0;
    for (int day = 0; day < days; day++) {
        uint64_t seq = tape_till(t, store, employee, "", 30);
        first = day == 0 ? seq : first;
        t->now_ms += TW_DAY_MS - 60000;
    }
    return first;
}

static void a_live_verdict_counts_from_its_place_on(void **state)
{
    (void)state;
    tape t;
    tape_open(&t);
    int64_t start_ms = t.now_ms;
    uint64_t first = tell_days(&t, "S1", "E0", 10);
    // Decided on day 3, but told on day 10 only: nobody had known it before.
    tape_verdict(&t, NULL, first, TW_VERDICT_CONFIRMED, start_ms + 3 * TW_DAY_MS);
    tell_days(&t, "S1", "E0", 5);
    risks r = replay_risks(&t, -1);
    assert_int_equal(first_day(&r), 10);
    assert_int_equal(r.verdict_seqs, first);
    tape_close(&t);
}

static void history_that_is_brought_later_counts_from_its_decision_on(void **state)
{
    (void)state;
    tape t;
    tape_open(&t);
    int64_t start_ms = t.now_ms;
    t.received_ms = start_ms + 100 * TW_DAY_MS;
    uint64_t first = tell_days(&t, "S1", "E0", 20);
    tape_verdict(&t, NULL, first, TW_VERDICT_CONFIRMED, start_ms + 12 * TW_DAY_MS);
    risks r = replay_risks(&t, -1);
    // The transaction of day 12 comes a minute after the decision.
    assert_int_equal(first_day(&r), 12);
    assert_int_equal(r.verdict_seqs, first);
    // The feature itself looks seven days back.
    r = replay_risks(&t, 2 * TW_DAY_MS);
    assert_int_equal(first_day(&r), 7);
    r = replay_risks(&t, 9 * TW_DAY_MS);
    assert_int_equal(first_day(&r), 9);
    assert_int_equal(r.verdict_seqs, first);
    r = replay_risks(&t, 50 * TW_DAY_MS);
    assert_int_equal(first_day(&r), -1);
    tape_close(&t);
}

static void a_revised_verdict_takes_the_mark_away_in_time(void **state)
{
    (void)state;
    tape t;
    tape_open(&t);
    int64_t start_ms = t.now_ms;
    t.received_ms = start_ms + 100 * TW_DAY_MS;
    uint64_t first = tell_days(&t, "S1", "E0", 20);
    tape_verdict(&t, NULL, first, TW_VERDICT_REFUTED, start_ms + 14 * TW_DAY_MS);
    tape_verdict(&t, NULL, first, TW_VERDICT_CONFIRMED, start_ms + 9 * TW_DAY_MS);
    risks r = replay_risks(&t, -1);
    assert_int_equal(first_day(&r), 9);
    for (size_t i = 0; i < r.n; i++)
        assert_true((r.risk[i] > 0) == (i >= 9 && i < 14));
    tape_close(&t);
}

static void stores_brought_one_after_the_other_have_their_own_time(void **state)
{
    (void)state;
    tape t;
    tape_open(&t);
    int64_t start_ms = t.now_ms;
    t.received_ms = start_ms + 100 * TW_DAY_MS;
    tell_days(&t, "S2", "E1", 40);
    t.now_ms = start_ms;
    uint64_t first = tell_days(&t, "S1", "E0", 20);
    tape_verdict(&t, NULL, first, TW_VERDICT_CONFIRMED, start_ms + 12 * TW_DAY_MS);
    risks r = replay_risks(&t, -1);
    assert_int_equal(first_day(&r), 12);
    tape_close(&t);
}

static void a_till_with_a_wrong_clock_lets_no_verdict_out(void **state)
{
    (void)state;
    tape t;
    tape_open(&t);
    int64_t start_ms = t.now_ms;
    t.received_ms = start_ms + 100 * TW_DAY_MS;
    uint64_t first = tell_days(&t, "S1", "E0", 9);
    int64_t now_ms = t.now_ms;
    t.now_ms += 400 * TW_DAY_MS;
    tape_till(&t, "S1", "E1", "", 30);
    t.now_ms = now_ms;
    tell_days(&t, "S1", "E0", 11);
    tape_verdict(&t, NULL, first, TW_VERDICT_CONFIRMED, start_ms + 12 * TW_DAY_MS);
    risks r = replay_risks(&t, -1);
    assert_int_equal(first_day(&r), 12);
    tape_close(&t);
}

static void a_verdict_on_an_alert_marks_its_transactions_at_its_place(void **state)
{
    (void)state;
    tape t;
    tape_open(&t);
    int64_t start_ms = t.now_ms;
    t.received_ms = start_ms + 100 * TW_DAY_MS;
    tape_till(&t, "S1", "E0", "", -60);
    uint64_t second = tape_till(&t, "S1", "E0", "", -60);
    assert_string_not_equal(t.alert_id, "");
    t.now_ms = start_ms + TW_DAY_MS;
    tell_days(&t, "S1", "E0", 9);
    tape_verdict(&t, t.alert_id, 0, TW_VERDICT_CONFIRMED, start_ms + 2 * TW_DAY_MS);
    tell_days(&t, "S1", "E0", 3);
    risks r = replay_risks(&t, -1);
    assert_int_equal(first_day(&r), 10);
    assert_int_equal(r.verdict_seqs, second - 1);
    tape_close(&t);
}

// --- overrides, ends and failures
// ------------------------------------------------------------------

typedef struct counts {
    uint64_t facts, alerts, stop_at;
    uint64_t progress_n;
    bool stop;
} counts;

static tw_status count(void *ctx, const tw_fact *fact, const tw_scored_fact *scored,
                       const tw_engine *engine, const tw_detector *detector, tw_err *err)
{
    counts *c = ctx;
    (void)engine;
    (void)detector;
    (void)err;
    c->facts++;
    for (size_t i = 0; i < scored->change_n; i++)
        c->alerts += scored->changes[i].event == TW_ALERT_OPENED;
    return fact->seq == c->stop_at ? TW_END : TW_OK;
}

static bool on_progress(void *ctx, uint64_t done, uint64_t all)
{
    counts *c = ctx;
    assert_true(done <= all);
    c->progress_n++;
    return c->stop;
}

static counts replay_counts(const tape *t, tw_replay_options options, counts c, tw_status expected)
{
    tw_err err = {0};
    options.progress = on_progress;
    options.progress_ctx = &c;
    tw_status status = tw_replay(tw_alloc_system(), &t->journal, &options, count, &c, &err);
    assert_int_equal(status, expected);
    assert_true(status == TW_OK || err.text[0] != '\0');
    return c;
}

static void overrides_take_the_place_of_journaled_configs(void **state)
{
    (void)state;
    tape t;
    tape_open(&t);
    for (int i = 0; i < 4; i++)
        tape_till(&t, "S1", i < 2 ? "E0" : "E1", "", -60);
    tw_replay_options options = {.label_delay_ms = -1};
    counts c = replay_counts(&t, options, (counts){0}, TW_OK);
    assert_int_equal(c.alerts, 2);
    options.policy = TW_STR("evidence_floor: 50\nevidence_cold: 50\n");
    c = replay_counts(&t, options, (counts){0}, TW_OK);
    assert_int_equal(c.alerts, 0);
    assert_int_equal(c.facts, t.seq);
    options.policy = TW_STR("evidence_floor: none\n");
    c = replay_counts(&t, options, (counts){0}, TW_INVALID);
    assert_int_equal(c.facts, 0);
    options.policy = TW_STR_NONE;
    options.model = TW_STR("no model");
    replay_counts(&t, options, (counts){0}, TW_SYNTAX);
    tape_close(&t);
}

static void a_replay_ends_where_it_is_told_to(void **state)
{
    (void)state;
    tape t;
    tape_open(&t);
    tell_days(&t, "S1", "E0", DAY_TILLS);
    counts c = replay_counts(&t, (tw_replay_options){.to_seq = 4, .label_delay_ms = -1},
                             (counts){0}, TW_OK);
    assert_int_equal(c.facts, 4);
    c = replay_counts(&t, (tw_replay_options){.to_seq = 999, .label_delay_ms = -1},
                      (counts){.stop_at = 3}, TW_OK);
    assert_int_equal(c.facts, 3);
    c = replay_counts(&t, (tw_replay_options){.label_delay_ms = -1}, (counts){.stop = true},
                      TW_CLOSED);
    assert_int_equal(c.progress_n, 1);
    tape_close(&t);
    tape_open_empty(&t);
    c = replay_counts(&t, (tw_replay_options){.label_delay_ms = -1}, (counts){0}, TW_OK);
    assert_int_equal(c.facts, 0);
    tape_close(&t);
}

// A program with another catalogue wrote this model: the journal still is read, without it.
static void a_model_of_another_catalogue_is_none(void **state)
{
    (void)state;
    tape t;
    tw_buf model;
    char part[4096];
    size_t n;
    tw_buf_init(&model, tw_alloc_system(), 8 << 20);
    FILE *file = fopen(TILLWATCH_SOURCE_DIR "/tests/golden/model-1.twm", "rb");
    assert_non_null(file);
    while ((n = fread(part, 1, sizeof part, file)) > 0)
        tw_buf_put(&model, part, n);
    fclose(file);
    tape_open(&t);
    tape_till(&t, "S1", "E0", "", -60);
    tw_fact fact = {.kind = TW_FACT_CONFIG};
    fact.as.config = (tw_config){.kind = TW_CONFIG_MODEL,
                                 .name = TW_STR("old"),
                                 .content = {(const char *)model.data_own, model.bytes},
                                 .changed_ms = t.now_ms};
    tape_journal(&t, &fact);
    tape_till(&t, "S1", "E0", "", -60);
    counts c = replay_counts(&t, (tw_replay_options){.label_delay_ms = -1}, (counts){0}, TW_OK);
    assert_int_equal(c.facts, t.seq);
    assert_int_equal(c.alerts, 1);
    tw_replay_options options = {.label_delay_ms = -1, .model = fact.as.config.content};
    replay_counts(&t, options, (counts){0}, TW_UNSUPPORTED); // asked for, it is refused
    tw_buf_release(&model);
    tape_close(&t);
}

static tw_status count_fact(void *ctx, const tw_fact *fact, tw_err *err)
{
    uint64_t *last = ctx;
    (void)err;
    assert_true(*last == 0 || fact->seq == *last + 1);
    *last = fact->seq;
    return fact->seq == 7 ? TW_END : TW_OK;
}

static void damage_is_named_by_its_position(void **state)
{
    (void)state;
    tape t;
    tape_open(&t);
    tell_days(&t, "S1", "E0", DAY_TILLS);
    tw_str damage = TW_STR("\x01\x01 this is no fact");
    uint64_t first, last = 0;
    tw_err err = {0};
    assert_int_equal(tw_journal_append(&t.journal, &damage, 1, &first, NULL), TW_OK);
    tw_status status =
        tw_replay_facts(tw_alloc_system(), &t.journal, 2, 0, count_fact, &last, &err);
    assert_int_equal(status, TW_CORRUPT);
    assert_int_equal(last, 5); // what lies in front of it was seen
    assert_non_null(strstr(err.text, "fact 6"));
    replay_counts(&t, (tw_replay_options){.label_delay_ms = -1}, (counts){0}, TW_CORRUPT);
    replay_counts(&t, (tw_replay_options){.to_seq = 5, .label_delay_ms = -1}, (counts){0}, TW_OK);
    tape_close(&t);
}

static void facts_are_read_from_and_to(void **state)
{
    (void)state;
    tape t;
    uint64_t last = 0;
    tape_open(&t);
    tell_days(&t, "S1", "E0", 10);
    assert_int_equal(tw_replay_facts(tw_alloc_system(), &t.journal, 3, 5, count_fact, &last, NULL),
                     TW_OK);
    assert_int_equal(last, 5);
    last = 0;
    assert_int_equal(tw_replay_facts(tw_alloc_system(), &t.journal, 1, 0, count_fact, &last, NULL),
                     TW_OK);
    assert_int_equal(last, 7); // the visitor ended it
    tape_close(&t);
}

static void no_memory_at_any_moment_is_a_status(void **state)
{
    (void)state;
    tape t;
    tw_rng rng;
    tw_rng_init(&rng, 2, 0);
    tape_open(&t);
    t.received_ms = t.now_ms + 100 * TW_DAY_MS;
    tape_random(&t, &rng, 60);
    for (uint64_t k = 1;; k++) {
        tw_alloc_faulty faulty;
        counts c = {0};
        tw_err err = {0};
        tw_replay_options options = {.label_delay_ms = -1};
        tw_alloc_faulty_init(&faulty, k, false);
        tw_status status = tw_replay(&faulty.alloc, &t.journal, &options, count, &c, &err);
        assert_int_equal(faulty.live_blocks, 0);
        if (faulty.hits == 0)
            break;
        if (status != TW_OK) {
            assert_int_equal(status, TW_NO_MEMORY);
            assert_string_not_equal(err.text, "");
        }
    }
    tape_close(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_replay_scores_as_the_live_flow_did),
        cmocka_unit_test(quiet_rules_hold_as_they_were_recorded),
        cmocka_unit_test(a_live_verdict_counts_from_its_place_on),
        cmocka_unit_test(history_that_is_brought_later_counts_from_its_decision_on),
        cmocka_unit_test(a_revised_verdict_takes_the_mark_away_in_time),
        cmocka_unit_test(stores_brought_one_after_the_other_have_their_own_time),
        cmocka_unit_test(a_till_with_a_wrong_clock_lets_no_verdict_out),
        cmocka_unit_test(a_verdict_on_an_alert_marks_its_transactions_at_its_place),
        cmocka_unit_test(overrides_take_the_place_of_journaled_configs),
        cmocka_unit_test(a_model_of_another_catalogue_is_none),
        cmocka_unit_test(a_replay_ends_where_it_is_told_to),
        cmocka_unit_test(damage_is_named_by_its_position),
        cmocka_unit_test(facts_are_read_from_and_to),
        cmocka_unit_test(no_memory_at_any_moment_is_a_status),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
