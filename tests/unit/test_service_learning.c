// SPDX-License-Identifier: Apache-2.0
//
// Learning inside the service, over memory adapters: the registry and its states, trainings and
// their facts, models from elsewhere, the schedule, and swaps of the model under load.
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <math.h>
#include <pthread.h>
#include <stdatomic.h>
#include <time.h>

#include "learning_fixture.h"

static chain shared;

static int make_chain(void **state)
{
    (void)state;
    chain_make(&shared, 2, 9, 3);
    return 0;
}

static int release_chain(void **state)
{
    (void)state;
    chain_release(&shared);
    return 0;
}

// --- trainings
// -------------------------------------------------------------------------------------

static void without_verdicts_a_training_gives_an_outlier_model_and_says_why(void **state)
{
    (void)state;
    fixture f;
    open_with_champion(&f, &shared);
    tw_training t = train(&f, false);
    assert_false(t.has_classifier);
    assert_true(t.is_promoted);
    assert_non_null(strstr(t.why, "verdicts confirm"));
    assert_state(&f, t.model_id, "champion");
    fixture_release(&f);
}

static void a_training_leaves_challenger_decision_and_lineage(void **state)
{
    (void)state;
    fixture f;
    tw_arena arena;
    tw_model_view view;
    open_with_champion(&f, &shared);
    assert_true(judge_transactions(&f) >= 40);
    tw_service_stats before, after;
    tw_service_stats_get(f.service, &before);
    tw_training t = train(&f, true);
    assert_true(t.has_classifier);
    assert_false(t.is_promoted);
    assert_true(t.positive_n >= 20 && t.negative_n >= 20);
    tw_service_stats_get(f.service, &after);
    assert_string_equal(after.model_id, before.model_id);
    assert_string_equal(after.challenger_id, t.model_id);
    tw_arena_init(&arena, tw_alloc_system(), 0, (size_t)64 << 20);
    assert_int_equal(tw_query_model(f.service, tw_str_from(t.model_id), &arena, &view, NULL),
                     TW_OK);
    assert_true(tw_str_equal(view.kind, TW_STR("classifier")));
    assert_true(tw_str_equal(view.parent, tw_str_from(before.model_id)));
    assert_true(view.decision.bytes > 0 && view.decided_ms > 0);
    assert_true(view.transactions > 1000);
    assert_int_equal(view.change_n, 2); // challenger, decided
    tw_arena_release(&arena);
    assert_rebuilds(&f);
    fixture_release(&f);
}

static bool try_another(void *ctx, tw_train_stage stage, uint64_t done, uint64_t all)
{
    fixture *f = ctx;
    tw_training other;
    (void)stage, (void)done, (void)all;
    assert_int_equal(tw_service_train(f->service, NULL, &other, NULL), TW_CONFLICT);
    return true; // and stop
}

static void one_training_at_a_time_and_one_that_is_stopped_changes_nothing(void **state)
{
    (void)state;
    fixture f;
    tw_err err = {0};
    tw_training training;
    tw_service_stats before, after;
    open_with_champion(&f, &shared);
    (void)judge_transactions(&f);
    tw_service_stats_get(f.service, &before);
    tw_train_request request = tw_train_request_default();
    request.progress = try_another;
    request.progress_ctx = &f;
    assert_int_equal(tw_service_train(f.service, &request, &training, &err), TW_CLOSED);
    assert_int_equal(tw_service_train_start(f.service, NULL, &err), TW_UNSUPPORTED);
    tw_service_stats_get(f.service, &after);
    assert_true(after.seq == before.seq);
    tw_training_state s;
    tw_query_training(f.service, &s);
    assert_string_equal(s.runs[0].outcome, "stopped");
    assert_false(s.is_running);
    fixture_release(&f);
}

// --- the registry
// ------------------------------------------------------------------------------------

static void promotion_and_rollback_walk_the_champions(void **state)
{
    (void)state;
    fixture f;
    char id[TW_MODEL_ID_BYTES];
    tw_err err = {0};
    tw_str by = TW_STR("manager"), why = TW_STR("a reason");
    open_with_champion(&f, &shared);
    tw_service_stats first;
    tw_service_stats_get(f.service, &first);
    (void)judge_transactions(&f);
    tw_training t = train(&f, true);
    assert_int_equal(tw_service_rollback(f.service, by, why, id, &err), TW_NOT_FOUND);
    assert_int_equal(tw_service_promote(f.service, TW_STR("nobody"), by, why, &err), TW_NOT_FOUND);
    assert_non_null(strstr(err.text, "there is no model nobody"));
    assert_int_equal(tw_service_promote(f.service, tw_str_from(first.model_id), by, why, &err),
                     TW_CONFLICT);
    assert_int_equal(tw_service_promote(f.service, tw_str_from(t.model_id), by, why, &err), TW_OK);
    assert_state(&f, t.model_id, "champion");
    assert_state(&f, first.model_id, "archived");
    assert_int_equal(tw_service_withdraw(f.service, TW_STR_NONE, by, why, &err), TW_NOT_FOUND);
    assert_int_equal(tw_service_challenge(f.service, tw_str_from(first.model_id), by, why, &err),
                     TW_OK);
    assert_state(&f, first.model_id, "challenger");
    assert_int_equal(tw_service_withdraw(f.service, TW_STR("other"), by, why, &err), TW_NOT_FOUND);
    assert_int_equal(tw_service_withdraw(f.service, tw_str_from(first.model_id), by, why, &err),
                     TW_OK);
    assert_state(&f, first.model_id, "archived");
    assert_int_equal(tw_service_rollback(f.service, by, why, id, &err), TW_OK);
    assert_string_equal(id, first.model_id);
    assert_state(&f, first.model_id, "champion");
    assert_int_equal(tw_service_rollback(f.service, by, why, id, &err), TW_NOT_FOUND);
    assert_rebuilds(&f);
    assert_state(&f, t.model_id, "archived");
    fixture_release(&f);
}

static void a_second_rollback_goes_one_further_back(void **state)
{
    (void)state;
    fixture f;
    char id[TW_MODEL_ID_BYTES];
    tw_err err = {0};
    tw_service_stats stats;
    open_with_champion(&f, &shared);
    tw_service_stats_get(f.service, &stats);
    (void)judge_transactions(&f);
    tw_training second = train(&f, true);
    tw_str by = TW_STR("m"), why = TW_STR_NONE;
    assert_int_equal(tw_service_promote(f.service, tw_str_from(second.model_id), by, why, &err),
                     TW_OK);
    stub_leaf = 3;
    tw_training third = train(&f, true);
    stub_leaf = 2;
    assert_string_not_equal(third.model_id, second.model_id);
    assert_int_equal(tw_service_promote(f.service, tw_str_from(third.model_id), by, why, &err),
                     TW_OK);
    assert_int_equal(tw_service_rollback(f.service, by, why, id, &err), TW_OK);
    assert_string_equal(id, second.model_id);
    assert_int_equal(tw_service_rollback(f.service, by, why, id, &err), TW_OK);
    assert_string_equal(id, stats.model_id);
    fixture_release(&f);
}

// --- models from elsewhere
// --------------------------------------------------------------------------

static void a_model_leaves_and_comes_back(void **state)
{
    (void)state;
    fixture f;
    tw_export files;
    tw_err err = {0};
    char id[TW_MODEL_ID_BYTES];
    open_with_champion(&f, &shared);
    (void)judge_transactions(&f);
    tw_training t = train(&f, true);
    tw_str from = tw_str_from(t.model_id);
    assert_int_equal(tw_query_model_export(f.service, from, TW_MODEL_FORM_TWM, &files, &err),
                     TW_OK);
    assert_int_equal(files.file_n, 1);
    tw_model_import import = {
        .bytes = {(const char *)files.files[0].bytes.data_own, files.files[0].bytes.bytes},
        .name = TW_STR("copy"),
        .changed_by = TW_STR("m")};
    assert_int_equal(tw_service_import(f.service, &import, id, &err), TW_OK);
    assert_string_equal(id, "copy");
    assert_state(&f, "copy", "challenger");
    assert_int_equal(tw_service_import(f.service, &import, id, &err), TW_CONFLICT);
    tw_export_release(&files);
    assert_int_equal(tw_query_model_export(f.service, from, TW_MODEL_FORM_UBJSON, &files, &err),
                     TW_OK);
    import.bytes =
        (tw_str){(const char *)files.files[0].bytes.data_own, files.files[0].bytes.bytes};
    import.name = TW_STR("trees");
    import.promote = true;
    if (tw_service_import(f.service, &import, id, &err) != TW_OK)
        fail_msg("import: %s", err.text);
    assert_state(&f, "trees", "champion");
    tw_export_release(&files);
    assert_rebuilds(&f);
    fixture_release(&f);
}

static void a_bad_file_is_refused_in_one_sentence_and_the_champion_stays(void **state)
{
    (void)state;
    fixture f;
    tw_export files;
    char id[TW_MODEL_ID_BYTES];
    tw_service_stats before, after;
    open_with_champion(&f, &shared);
    tw_service_stats_get(f.service, &before);
    tw_err err = {0};
    assert_int_equal(tw_query_model_export(f.service, tw_str_from(before.model_id),
                                           TW_MODEL_FORM_TWM, &files, &err),
                     TW_OK);
    tw_buf json;
    tw_buf_init(&json, tw_alloc_system(), 1 << 20);
    stump_json(2, &json);
    tw_str whole = {(const char *)files.files[0].bytes.data_own, files.files[0].bytes.bytes};
    const tw_str bad[] = {{whole.at, whole.bytes / 2},
                          {whole.at, 9},
                          TW_STR("no model at all"),
                          TW_STR("{\"learner\":{}}"),
                          {(const char *)json.data_own, json.bytes / 2}};
    for (size_t i = 0; i < TW_COUNT(bad); i++) {
        tw_model_import import = {.bytes = bad[i], .promote = true};
        err = (tw_err){0};
        assert_int_not_equal(tw_service_import(f.service, &import, id, &err), TW_OK);
        assert_true(err.text[0] != '\0' && id[0] == '\0');
    }
    tw_buf_release(&json);
    tw_export_release(&files);
    tw_service_stats_get(f.service, &after);
    assert_string_equal(after.model_id, before.model_id);
    assert_true(after.seq == before.seq);
    fixture_release(&f);
}

// Without verdicts the curves are logistic ones; the trees score all the same.
static void trees_come_in_without_any_verdict(void **state)
{
    (void)state;
    fixture f;
    tw_arena arena;
    tw_model_view view;
    tw_err err = {0};
    char id[TW_MODEL_ID_BYTES];
    open_with_champion(&f, &shared);
    tw_buf json;
    tw_buf_init(&json, tw_alloc_system(), 1 << 20);
    stump_json(2, &json);
    tw_model_import import = {.bytes = {(const char *)json.data_own, json.bytes}, .promote = true};
    if (tw_service_import(f.service, &import, id, &err) != TW_OK)
        fail_msg("import: %s", err.text);
    tw_buf_release(&json);
    tw_arena_init(&arena, tw_alloc_system(), 0, (size_t)64 << 20);
    assert_int_equal(tw_query_model(f.service, tw_str_from(id), &arena, &view, NULL), TW_OK);
    char text[4096];
    tw_str_copy(view.metadata, text, sizeof(text));
    assert_non_null(strstr(text, "\"curves\":\"logistic\""));
    assert_true(tw_str_equal(view.state, TW_STR("champion")));
    tw_arena_release(&arena);
    size_t i = shared.n - 1;
    while (shared.facts[i].kind != TW_FACT_TRANSACTION)
        i--;
    tw_fact again = shared.facts[i];
    again.as.transaction.transaction_id = TW_STR("another");
    tw_probe_result probe;
    tw_arena_init(&arena, tw_alloc_system(), 0, (size_t)1 << 20);
    assert_int_equal(tw_service_probe(f.service, &again, &arena, &probe), TW_OK);
    // Margin -4 or 1.
    double p = (double)probe.score.probability;
    assert_true(fabs(p - 1 / (1 + exp(4))) < 0.01 || fabs(p - 1 / (1 + exp(-1))) < 0.01);
    tw_arena_release(&arena);
    assert_rebuilds(&f);
    fixture_release(&f);
}

static void trees_over_unknown_inputs_are_refused_by_name(void **state)
{
    (void)state;
    fixture f;
    tw_err err = {0};
    char id[TW_MODEL_ID_BYTES];
    open_with_champion(&f, &shared);
    tw_buf json;
    tw_buf_init(&json, tw_alloc_system(), 1 << 20);
    stump_json(2, &json);
    tw_buf_u8(&json, 0); // for strstr
    char *at = strstr((char *)json.data_own, "\"evidence\"");
    assert_non_null(at);
    json.bytes--;
    tw_model_import import = {.bytes = {(const char *)json.data_own, json.bytes}};
    memcpy(at, "\"evidencf\"", 10);
    assert_int_equal(tw_service_import(f.service, &import, id, &err), TW_INVALID);
    assert_non_null(strstr(err.text, "evidencf"));
    tw_buf_release(&json);
    fixture_release(&f);
}

// --- the schedule
// -----------------------------------------------------------------------------------

static _Atomic int64_t now_ms;

static int64_t fake_now(void *ctx)
{
    (void)ctx;
    return atomic_load(&now_ms);
}

static const tw_clock fake_clock = {fake_now, NULL};

// Until the background thread has finished `n` trainings; it looks at the clock twice a second.
static tw_training_state wait_for_runs(fixture *f, size_t n)
{
    tw_training_state state;
    for (int i = 0; i < 3000; i++) {
        tw_query_training(f->service, &state);
        if (state.run_n >= n && !state.is_running)
            return state;
        nanosleep(&(struct timespec){.tv_nsec = 20000000}, NULL);
    }
    fail_msg("no training came");
    return state;
}

static tw_str first_id(void)
{
    size_t i = 0;
    while (shared.facts[i].kind != TW_FACT_TRANSACTION)
        i++;
    return shared.facts[i].as.transaction.transaction_id;
}

static void it_trains_each_night_and_catches_up(void **state)
{
    (void)state;
    fixture f;
    tw_training_state s;
    const int64_t noon = INT64_C(1770033600000); // 2026-02-02T12:00Z
    open_with_champion(&f, &shared);             // trained long ago, by the fixture's clock
    fixture_close(&f);
    f.mode = TW_SERVICE_LIVE;
    f.clock = &fake_clock;
    f.schedule = (tw_train_schedule){.is_enabled = true, .minute = 210};
    atomic_store(&now_ms, noon);
    fixture_open(&f);
    tw_query_training(f.service, &s);
    assert_true(s.has_schedule && s.can_train && s.minute == 210);
    assert_true(s.next_ms == noon + (15 * 60 + 30) * INT64_C(60000)); // 03:30 the next day
    (void)judge_transactions(&f);                                     // something new to learn from
    atomic_store(&now_ms, s.next_ms);
    s = wait_for_runs(&f, 1);
    assert_true(strcmp(s.runs[0].outcome, "failed") != 0);
    assert_true(s.next_ms == noon + (15 * 60 + 30) * INT64_C(60000) + TW_DAY_MS);
    assert_true(s.last_ms == atomic_load(&now_ms));
    fixture_close(&f);
    // Three days of downtime: soon after the start, when there is something new.
    atomic_store(&now_ms, noon + 4 * TW_DAY_MS);
    fixture_open(&f);
    tw_query_training(f.service, &s);
    assert_true(s.next_ms > noon + 4 * TW_DAY_MS + TW_HOUR_MS); // nothing new: the next night
    judge(&f, TW_STR_NONE, first_id(), TW_VERDICT_INCONCLUSIVE, 5);
    fixture_close(&f);
    fixture_open(&f);
    tw_query_training(f.service, &s);
    assert_true(s.next_ms <= noon + 4 * TW_DAY_MS + 60000);
    atomic_store(&now_ms, s.next_ms);
    s = wait_for_runs(&f, 1);
    assert_true(strcmp(s.runs[0].outcome, "failed") != 0);
    fixture_release(&f);
}

static void a_training_can_be_asked_for(void **state)
{
    (void)state;
    fixture f;
    tw_err err = {0};
    open_with_champion(&f, &shared);
    fixture_close(&f);
    f.mode = TW_SERVICE_LIVE;
    fixture_open(&f);
    tw_train_request request = tw_train_request_default();
    request.started_by = TW_STR("manager");
    request.is_forest_only = true;
    assert_int_equal(tw_service_train_start(f.service, &request, &err), TW_OK);
    tw_training_state s = wait_for_runs(&f, 1);
    assert_string_equal(s.runs[0].outcome, "outlier");
    assert_string_equal(s.runs[0].started_by, "manager");
    assert_true(s.next_ms == 0); // no schedule
    fixture_release(&f);
}

// --- swaps under load
// -------------------------------------------------------------------------------

typedef struct poster {
    fixture *f;
    size_t from, to;
    uint64_t accepted, other;
    uint64_t last_seq;
} poster;

static void *post_all(void *ctx)
{
    poster *p = ctx;
    for (size_t i = p->from; i < p->to; i++) {
        tw_result result;
        tw_batch *batch;
        if (tw_batch_get(p->f->service, &batch) != TW_OK)
            return NULL;
        if (tw_batch_add(batch, &shared.facts[i], (uint32_t)i) == TW_OK &&
            tw_service_run(p->f->service, batch, true, NULL) == TW_OK) {
            result = *tw_batch_result(batch, 0);
            bool is_next = result.outcome == TW_OUTCOME_ACCEPTED && result.seq > p->last_seq;
            p->accepted += is_next;
            p->other += !is_next;
            p->last_seq = result.seq;
        }
        tw_batch_put(batch);
    }
    return NULL;
}

// Every record gets one reply with a place of its own while the champion changes all the time, and
// the journal alone gives the same scores again.
static void swaps_under_load_lose_and_repeat_nothing(void **state)
{
    (void)state;
    enum { POSTERS = 4, EACH = 400 };
    fixture f;
    tw_err err = {0};
    open_with_champion(&f, &shared);
    (void)judge_transactions(&f);
    tw_training t = train(&f, true);
    tw_service_stats first, last;
    tw_service_stats_get(f.service, &first);
    chain_release(&shared);
    chain_make(&shared, 2, 9, 4); // other records
    for (size_t i = 0; i < shared.n; i++)
        if (shared.facts[i].kind == TW_FACT_TRANSACTION)
            assert_true(shared.facts[i].as.transaction.transaction_id.bytes > 0);
    tw_hashes before = fixture_hashes(&f);
    poster posters[POSTERS];
    pthread_t threads[POSTERS];
    for (size_t i = 0; i < POSTERS; i++) {
        posters[i] = (poster){.f = &f, .from = i * EACH, .to = (i + 1) * EACH};
        assert_int_equal(pthread_create(&threads[i], NULL, post_all, &posters[i]), 0);
    }
    size_t swaps = 0;
    char id[TW_MODEL_ID_BYTES];
    for (; swaps < 12; swaps++) {
        bool is_up = swaps % 2 == 0;
        tw_status status = is_up
                               ? tw_service_promote(f.service, tw_str_from(t.model_id), TW_STR("m"),
                                                    TW_STR_NONE, &err)
                               : tw_service_rollback(f.service, TW_STR("m"), TW_STR_NONE, id, &err);
        if (status != TW_OK)
            fail_msg("swap: %s", err.text);
    }
    uint64_t accepted = 0, other = 0;
    for (size_t i = 0; i < POSTERS; i++) {
        pthread_join(threads[i], NULL);
        accepted += posters[i].accepted;
        other += posters[i].other;
    }
    assert_int_equal(accepted + other, POSTERS * EACH);
    tw_service_stats_get(f.service, &last);
    assert_true(last.seq == before.seq + accepted + swaps);
    chain_release(&shared);
    chain_make(&shared, 2, 9, 3);
    assert_rebuilds(&f);
    fixture_release(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_verdicts_a_training_gives_an_outlier_model_and_says_why),
        cmocka_unit_test(a_training_leaves_challenger_decision_and_lineage),
        cmocka_unit_test(one_training_at_a_time_and_one_that_is_stopped_changes_nothing),
        cmocka_unit_test(promotion_and_rollback_walk_the_champions),
        cmocka_unit_test(a_second_rollback_goes_one_further_back),
        cmocka_unit_test(a_model_leaves_and_comes_back),
        cmocka_unit_test(a_bad_file_is_refused_in_one_sentence_and_the_champion_stays),
        cmocka_unit_test(trees_come_in_without_any_verdict),
        cmocka_unit_test(trees_over_unknown_inputs_are_refused_by_name),
        cmocka_unit_test(it_trains_each_night_and_catches_up),
        cmocka_unit_test(a_training_can_be_asked_for),
        cmocka_unit_test(swaps_under_load_lose_and_repeat_nothing),
    };
    return cmocka_run_group_tests(tests, make_chain, release_chain);
}
