// SPDX-License-Identifier: Apache-2.0
//
// The service over memory adapters: identity, order, durability's contract, recovery, verdicts,
// queries. One simulated chain of two stores serves all tests.
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <pthread.h>

#include "service/events.h"
#include "service_fixture.h"

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

static const tw_fact *first_transaction(void)
{
    for (size_t i = 0; i < shared.n; i++)
        if (shared.facts[i].kind == TW_FACT_TRANSACTION)
            return &shared.facts[i];
    fail_msg("no transaction");
    return NULL;
}

static tw_outcome run_one(fixture *f, const tw_fact *fact, tw_result *out)
{
    tw_batch *batch;
    assert_int_equal(tw_batch_get(f->service, &batch), TW_OK);
    assert_int_equal(tw_batch_add(batch, fact, 1), TW_OK);
    (void)!tw_service_run(f->service, batch, true, NULL);
    tw_outcome outcome = tw_batch_result(batch, 0)->outcome;
    if (out)
        *out = *tw_batch_result(batch, 0);
    tw_batch_put(batch);
    return outcome;
}

// --- identity
// -------------------------------------------------------------------------------------

static void same_record_again_is_a_duplicate_with_the_first_answer(void **state)
{
    (void)state;
    fixture f;
    fixture_make(&f);
    fixture_open(&f);
    tw_fact fact = *first_transaction();
    tw_result first, again;
    assert_int_equal(run_one(&f, &fact, &first), TW_OUTCOME_ACCEPTED);
    fact.received_ms = 99; // another delivery
    assert_int_equal(run_one(&f, &fact, &again), TW_OUTCOME_DUPLICATE);
    assert_true(again.seq == first.seq);
    assert_memory_equal(&again.score.risk, &first.score.risk, sizeof(float));
    fixture_release(&f);
}

static void another_record_under_a_known_id_is_a_conflict_and_kept(void **state)
{
    (void)state;
    fixture f;
    fixture_make(&f);
    fixture_open(&f);
    tw_fact fact = *first_transaction();
    tw_result result;
    assert_int_equal(run_one(&f, &fact, NULL), TW_OUTCOME_ACCEPTED);
    fact.as.transaction.total_minor += 1;
    assert_int_equal(run_one(&f, &fact, &result), TW_OUTCOME_CONFLICT);
    assert_int_equal(result.status, TW_CONFLICT);
    tw_arena arena;
    tw_dead_letter_list_view letters;
    tw_arena_init(&arena, tw_alloc_system(), 0, 1 << 20);
    assert_int_equal(tw_query_dead_letters(f.service, 0, 10, &arena, &letters), TW_OK);
    assert_int_equal(letters.n, 1);
    assert_true(tw_str_equal(letters.items[0].code, TW_STR("duplicate_conflict")));
    tw_arena_release(&arena);
    fixture_release(&f);
}

static void duplicates_and_conflicts_inside_one_batch_are_seen(void **state)
{
    (void)state;
    fixture f;
    fixture_make(&f);
    fixture_open(&f);
    tw_fact fact = *first_transaction(), other = fact;
    tw_batch *batch;
    other.as.transaction.item_count += 1;
    assert_int_equal(tw_batch_get(f.service, &batch), TW_OK);
    assert_int_equal(tw_batch_add(batch, &fact, 1), TW_OK);
    assert_int_equal(tw_batch_add(batch, &fact, 2), TW_OK);
    assert_int_equal(tw_batch_add(batch, &other, 3), TW_OK);
    tw_dead_letter letter = {.code = TW_STR("malformed"), .sentence = TW_STR("no JSON"), .line = 4};
    assert_int_equal(tw_batch_reject(batch, &letter, TW_SYNTAX), TW_OK);
    assert_int_equal(tw_service_run(f.service, batch, true, NULL), TW_OK);
    const tw_outcome expected[] = {TW_OUTCOME_ACCEPTED, TW_OUTCOME_DUPLICATE, TW_OUTCOME_CONFLICT,
                                   TW_OUTCOME_REJECTED};
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(tw_batch_result(batch, i)->outcome, expected[i]);
        assert_int_equal(tw_batch_result(batch, i)->line, i + 1);
    }
    assert_true(tw_batch_result(batch, 1)->seq == tw_batch_result(batch, 0)->seq);
    tw_batch_put(batch);
    uint64_t n;
    assert_int_equal(tw_dead_letter_count(&f.journal, &n, NULL), TW_OK);
    assert_int_equal(n, 2);
    fixture_release(&f);
}

// --- order and replay
// -----------------------------------------------------------------------------

static void one_by_one_equals_batches_equals_rebuild(void **state)
{
    (void)state;
    static const size_t steps[] = {1, 37, 4096};
    size_t n = TW_MIN(shared.n, (size_t)1500); // one commit for each fact: keep it short
    tw_hashes first = {0};
    for (size_t i = 0; i < TW_COUNT(steps); i++) {
        fixture f;
        fixture_make(&f);
        f.train_off = true;
        fixture_open(&f);
        fixture_feed(&f, &shared, 0, n, steps[i]);
        tw_hashes live = fixture_hashes(&f), rebuilt = fixture_rebuilt(&f);
        assert_same_hashes(&live, &rebuilt);
        if (i == 0)
            first = live;
        assert_same_hashes(&live, &first);
        fixture_release(&f);
    }
}

static void training_on_the_way_rebuilds_bit_for_bit(void **state)
{
    (void)state;
    fixture f;
    fixture_make(&f);
    fixture_open(&f);
    size_t at = 0;
    for (size_t part = 1; part <= 4; part++) {
        bool is_trained;
        size_t to = shared.n * part / 4;
        fixture_feed(&f, &shared, at, to, 512);
        at = to;
        assert_int_equal(tw_service_milestone(f.service, &is_trained, NULL), TW_OK);
    }
    tw_service_stats stats;
    tw_service_stats_get(f.service, &stats);
    assert_true(stats.model_id[0] != '\0');
    assert_true(stats.alert_opened_n > 0);
    tw_hashes live = fixture_hashes(&f), rebuilt = fixture_rebuilt(&f);
    assert_same_hashes(&live, &rebuilt);
    fixture_release(&f);
}

static void a_restart_goes_on_from_the_snapshot(void **state)
{
    (void)state;
    fixture f;
    tw_service_stats stats;
    fixture_make(&f);
    f.train_off = true;
    fixture_open(&f);
    size_t half = shared.n / 2;
    fixture_feed(&f, &shared, 0, half, 512);
    tw_hashes before = fixture_hashes(&f);
    fixture_close(&f); // writes a snapshot
    fixture_open(&f);
    tw_service_stats_get(f.service, &stats);
    assert_int_equal(stats.replayed_n, 0);
    tw_hashes after = fixture_hashes(&f);
    assert_same_hashes(&before, &after);
    fixture_feed(&f, &shared, half, shared.n, 512);
    tw_hashes live = fixture_hashes(&f), rebuilt = fixture_rebuilt(&f);
    assert_same_hashes(&live, &rebuilt);
    fixture_release(&f);
}

static void without_snapshots_a_restart_replays_the_journal(void **state)
{
    (void)state;
    fixture f;
    tw_service_stats stats;
    fixture_make(&f);
    f.train_off = true;
    fixture_open(&f);
    fixture_feed(&f, &shared, 0, shared.n / 3, 512);
    tw_hashes before = fixture_hashes(&f);
    fixture_close(&f);
    tw_arena arena;
    tw_file_info *infos;
    size_t n;
    tw_arena_init(&arena, tw_alloc_system(), 0, 1 << 20);
    assert_int_equal(tw_files_list(&f.files, "state", &arena, &infos, &n, NULL), TW_OK);
    for (size_t i = 0; i < n; i++) {
        char name[TW_FILES_NAME_BYTES];
        snprintf(name, sizeof(name), "state/%.*s", TW_STR_ARG(infos[i].name));
        assert_int_equal(tw_files_remove(&f.files, name, NULL), TW_OK);
    }
    tw_arena_release(&arena);
    fixture_open(&f);
    tw_service_stats_get(f.service, &stats);
    assert_true(stats.replayed_n == before.seq);
    tw_hashes after = fixture_hashes(&f);
    assert_same_hashes(&before, &after);
    fixture_release(&f);
}

static void rebuild_writes_the_same_projection(void **state)
{
    (void)state;
    fixture f;
    tw_hashes rebuilt;
    fixture_make(&f);
    f.train_off = true;
    fixture_open(&f);
    fixture_feed(&f, &shared, 0, shared.n / 2, 512);
    tw_hashes before = fixture_hashes(&f);
    fixture_close(&f);
    tw_service_options options = fixture_options(&f);
    assert_int_equal(tw_rebuild(&options, NULL, NULL, &rebuilt, NULL), TW_OK);
    assert_same_hashes(&before, &rebuilt);
    fixture_open(&f);
    tw_hashes after = fixture_hashes(&f);
    assert_same_hashes(&before, &after);
    fixture_release(&f);
}

// --- probes
// ---------------------------------------------------------------------------------------

static void a_probe_gives_the_later_score_and_leaves_no_trace(void **state)
{
    (void)state;
    fixture f;
    tw_probe_result probed;
    tw_arena arena;
    fixture_make(&f);
    f.train_off = true;
    fixture_open(&f);
    size_t half = shared.n / 2;
    fixture_feed(&f, &shared, 0, half, 512);
    tw_hashes before = fixture_hashes(&f);
    tw_arena_init(&arena, tw_alloc_system(), 0, (size_t)16 << 20);
    for (size_t i = half, seen = 0; i < shared.n && seen < 50; i++) {
        if (shared.facts[i].kind != TW_FACT_TRANSACTION)
            continue;
        seen++;
        tw_arena_reset(&arena);
        assert_int_equal(tw_service_probe(f.service, &shared.facts[i], &arena, &probed), TW_OK);
    }
    tw_hashes after = fixture_hashes(&f);
    assert_same_hashes(&before, &after);
    tw_arena_release(&arena);
    fixture_release(&f);
}

// --- verdicts
// -------------------------------------------------------------------------------------

static tw_str any_alert(fixture *f, tw_arena *arena)
{
    tw_alert_list page;
    tw_alert_query query = {.only_open = true};
    assert_int_equal(tw_query_alerts(f->service, &query, arena, &page, NULL), TW_OK);
    assert_true(page.n > 0);
    return page.items[0].alert_id;
}

static void a_verdict_closes_its_alert_and_is_seen_at_once(void **state)
{
    (void)state;
    fixture f;
    tw_arena arena;
    tw_alert_view alert;
    tw_verdict_result result, again;
    fixture_make(&f);
    fixture_open(&f);
    fixture_feed(&f, &shared, 0, shared.n, 512);
    (void)fixture_hashes(&f); // waits for the projection
    tw_arena_init(&arena, tw_alloc_system(), 0, (size_t)64 << 20);
    tw_verdict verdict = {.alert_id = any_alert(&f, &arena),
                          .verdict = TW_VERDICT_CONFIRMED,
                          .reason = TW_STR("evidence_video"),
                          .note = TW_STR("Camera \"4\""),
                          .decided_by = TW_STR("tester"),
                          .recovered_minor = 1234,
                          .decided_ms = 1770000000000};
    assert_int_equal(tw_service_verdict(f.service, &verdict, &result, NULL), TW_OK);
    assert_true(tw_str_equal(result.status, TW_STR("CLOSED")));
    assert_int_equal(tw_service_verdict(f.service, &verdict, &again, NULL), TW_OK);
    assert_true(again.duplicate);
    assert_string_equal(again.verdict_id, result.verdict_id);
    assert_int_equal(tw_query_alert(f.service, verdict.alert_id, &arena, &alert), TW_OK);
    assert_true(alert.has_verdict);
    assert_true(tw_str_equal(alert.verdict.note, verdict.note));
    assert_int_equal(alert.verdict.recovered.minor, 1234);
    tw_event events[64];
    size_t n = tw_events_read(f.service, 0, events, 64);
    while (n > 0 && events[n - 1].kind != TW_EVENT_VERDICT)
        n = tw_events_read(f.service, events[n - 1].id, events, 64);
    assert_true(n > 0);
    assert_string_equal(events[n - 1].status, "CLOSED");
    // Undo is a verdict like any other.
    verdict.verdict = TW_VERDICT_INCONCLUSIVE;
    verdict.reason = TW_STR("reopened");
    assert_int_equal(tw_service_verdict(f.service, &verdict, &result, NULL), TW_OK);
    assert_true(tw_str_equal(result.status, TW_STR("NEW")));
    assert_int_equal(tw_query_alert(f.service, verdict.alert_id, &arena, &alert), TW_OK);
    assert_false(alert.has_verdict);
    tw_hashes live = fixture_hashes(&f), rebuilt = fixture_rebuilt(&f);
    assert_same_hashes(&live, &rebuilt);
    tw_arena_release(&arena);
    fixture_release(&f);
}

static void a_verdict_needs_a_subject_and_a_reason_of_its_kind(void **state)
{
    (void)state;
    fixture f;
    tw_verdict_result result;
    tw_err err = {0};
    fixture_make(&f);
    fixture_open(&f);
    tw_verdict verdict = {.transaction_id = TW_STR("nowhere"), .verdict = TW_VERDICT_REFUTED};
    assert_int_equal(tw_service_verdict(f.service, &verdict, &result, &err), TW_NOT_FOUND);
    verdict.reason = TW_STR("theft_admitted");
    assert_int_equal(tw_service_verdict(f.service, &verdict, &result, &err), TW_INVALID);
    verdict.alert_id = TW_STR("A-0000000000000");
    assert_int_equal(tw_service_verdict(f.service, &verdict, &result, &err), TW_INVALID);
    fixture_release(&f);
}

// --- queries
// --------------------------------------------------------------------------------------

static void a_transaction_is_found_with_its_row_and_its_register(void **state)
{
    (void)state;
    fixture f;
    tw_arena arena;
    tw_alert_view alert;
    tw_transaction_view view;
    const tw_transaction_view *timeline;
    size_t n;
    fixture_make(&f);
    fixture_open(&f);
    fixture_feed(&f, &shared, 0, shared.n, 512);
    (void)fixture_hashes(&f);
    tw_arena_init(&arena, tw_alloc_system(), 0, (size_t)64 << 20);
    assert_int_equal(tw_query_alert(f.service, any_alert(&f, &arena), &arena, &alert), TW_OK);
    tw_str id = alert.transaction_ids[alert.transaction_id_n - 1];
    assert_int_equal(tw_query_transaction(f.service, id, &arena, &view, NULL), TW_OK);
    assert_true(tw_str_equal(view.transaction->transaction_id, id));
    assert_true(view.signal_n > 0);
    assert_non_null(view.row);
    assert_int_equal(tw_query_timeline(f.service, view.seq, 2 * TW_HOUR_MS, TW_HOUR_MS, 100, &arena,
                                       &timeline, &n),
                     TW_OK);
    bool is_there = false;
    for (size_t i = 0; i < n; i++) {
        assert_true(
            tw_str_equal(timeline[i].transaction->register_id, view.transaction->register_id));
        assert_true(i == 0 ||
                    timeline[i].transaction->time_ms >= timeline[i - 1].transaction->time_ms);
        is_there = is_there || timeline[i].seq == view.seq;
    }
    assert_true(is_there);
    const tw_transaction_view *recent;
    assert_int_equal(
        tw_query_recent(f.service, view.transaction->employee_id, 10, &arena, &recent, &n), TW_OK);
    assert_true(n > 0 && n <= 10);
    assert_int_equal(tw_query_transaction(f.service, TW_STR("nowhere"), &arena, &view, NULL),
                     TW_NOT_FOUND);
    tw_summary summary;
    assert_int_equal(tw_query_summary(f.service, &arena, &summary), TW_OK);
    assert_true(summary.alerts_open > 0 && summary.stores == 2);
    tw_arena_release(&arena);
    fixture_release(&f);
}

// --- failures
// -------------------------------------------------------------------------------------

static void a_full_disk_refuses_facts_and_recovers(void **state)
{
    (void)state;
    fixture f;
    tw_batch *batch;
    tw_err err = {0};
    tw_service_stats stats;
    fixture_make(&f);
    fixture_open(&f);
    fixture_feed(&f, &shared, 0, 100, 10);
    tw_hashes before = fixture_hashes(&f);
    assert_int_equal(tw_batch_get(f.service, &batch), TW_OK);
    for (size_t i = 100; i < 110; i++)
        assert_int_equal(tw_batch_add(batch, &shared.facts[i], 0), TW_OK);
    tw_fault_plan_set(f.plan, TW_FAULT_WRITES, 1, true, TW_NO_SPACE);
    assert_int_equal(tw_service_run(f.service, batch, true, &err), TW_NO_SPACE);
    assert_int_equal(tw_batch_result(batch, 0)->outcome, TW_OUTCOME_FAILED);
    assert_int_equal(tw_status_http(tw_batch_result(batch, 0)->status), 507);
    tw_service_stats_get(f.service, &stats);
    assert_false(stats.is_accepting);
    tw_arena arena;
    tw_summary summary;
    tw_arena_init(&arena, tw_alloc_system(), 0, (size_t)16 << 20);
    assert_int_equal(tw_query_summary(f.service, &arena, &summary), TW_OK); // reads go on
    tw_arena_release(&arena);
    tw_hashes during = fixture_hashes(&f);
    assert_same_hashes(&before, &during);
    tw_fault_plan_set(f.plan, TW_FAULT_WRITES, 0, false, TW_OK);
    assert_int_equal(tw_service_run(f.service, batch, true, &err), TW_OK);
    for (size_t i = 0; i < 10; i++)
        assert_int_equal(tw_batch_result(batch, i)->outcome, TW_OUTCOME_ACCEPTED);
    tw_service_stats_get(f.service, &stats);
    assert_true(stats.is_accepting);
    tw_batch_put(batch);
    tw_hashes live = fixture_hashes(&f), rebuilt = fixture_rebuilt(&f);
    assert_same_hashes(&live, &rebuilt);
    fixture_release(&f);
}

// A journal whose append waits until the test opens it.
typedef struct stopper {
    tw_journal inner;
    pthread_mutex_t lock;
    pthread_cond_t moved;
    bool is_open;
} stopper;

static stopper stop;

static tw_status stopped_append(void *ctx, const tw_str *facts, size_t n, uint64_t *first_seq,
                                tw_err *err)
{
    (void)ctx;
    pthread_mutex_lock(&stop.lock);
    while (!stop.is_open)
        pthread_cond_wait(&stop.moved, &stop.lock);
    pthread_mutex_unlock(&stop.lock);
    return tw_journal_append(&stop.inner, facts, n, first_seq, err);
}

static void open_stopper(bool is_open)
{
    pthread_mutex_lock(&stop.lock);
    stop.is_open = is_open;
    pthread_cond_broadcast(&stop.moved);
    pthread_mutex_unlock(&stop.lock);
}

static void count_done(void *ctx, tw_batch *batch)
{
    (void)batch;
    pthread_mutex_lock(&stop.lock);
    ++*(int *)ctx;
    pthread_mutex_unlock(&stop.lock);
}

static void a_full_queue_says_busy_and_drains(void **state)
{
    (void)state;
    enum { N = 64 };
    fixture f;
    fixture_make(&f);
    f.queue_facts = 10;
    stop = (stopper){.inner = f.journal, .is_open = true};
    pthread_mutex_init(&stop.lock, NULL);
    pthread_cond_init(&stop.moved, NULL);
    tw_journal_ops ops = *f.journal.ops;
    ops.append = stopped_append;
    tw_journal plain = f.journal;
    f.journal.ops = &ops;
    fixture_open(&f);
    open_stopper(false);
    tw_batch *batches[N] = {NULL};
    int submitted = 0, busy = 0, done = 0;
    for (int i = 0; i < N; i++) {
        assert_int_equal(tw_batch_get(f.service, &batches[i]), TW_OK);
        assert_int_equal(tw_batch_add(batches[i], &shared.facts[i], 0), TW_OK);
        tw_status status = tw_service_submit(f.service, batches[i], count_done, &done);
        assert_true(status == TW_OK || status == TW_BUSY);
        submitted += status == TW_OK;
        busy += status == TW_BUSY;
    }
    assert_true(busy > 0);
    open_stopper(true);
    tw_service_drain(f.service);
    assert_int_equal(done, submitted);
    assert_int_equal(tw_service_submit(f.service, batches[0], count_done, &done), TW_CLOSED);
    for (int i = 0; i < N; i++)
        tw_batch_put(batches[i]);
    fixture_close(&f);
    f.journal = plain;
    fixture_release(&f);
    pthread_cond_destroy(&stop.moved);
    pthread_mutex_destroy(&stop.lock);
}

// --- threads
// --------------------------------------------------------------------------------------

typedef struct producer {
    fixture *f;
    size_t from, to;
    _Bool failed;
} producer;

static void *produce(void *ctx)
{
    producer *p = ctx;
    tw_batch *batch;
    if (tw_batch_get(p->f->service, &batch) != TW_OK)
        return NULL;
    for (size_t i = p->from; i < p->to; i += 16) {
        tw_batch_reset(batch);
        for (size_t k = i; k < TW_MIN(i + 16, p->to); k++)
            p->failed |= tw_batch_add(batch, &shared.facts[k], 0) != TW_OK;
        p->failed |= tw_service_run(p->f->service, batch, true, NULL) != TW_OK;
    }
    tw_batch_put(batch);
    return NULL;
}

static void *look(void *ctx)
{
    producer *p = ctx;
    tw_arena arena;
    tw_arena_init(&arena, tw_alloc_system(), 0, (size_t)64 << 20);
    for (int i = 0; i < 60; i++) {
        tw_alert_list page;
        tw_summary summary;
        tw_probe_result probed;
        tw_service_stats stats;
        tw_alert_query query = {.limit = 5};
        tw_arena_reset(&arena);
        p->failed |= tw_query_alerts(p->f->service, &query, &arena, &page, NULL) != TW_OK;
        p->failed |= tw_query_summary(p->f->service, &arena, &summary) != TW_OK;
        p->failed |= tw_service_probe(p->f->service, first_transaction(), &arena, &probed) != TW_OK;
        tw_service_stats_get(p->f->service, &stats);
    }
    tw_arena_release(&arena);
    return NULL;
}

static void many_producers_and_readers_at_once(void **state)
{
    (void)state;
    enum { PRODUCERS = 3, READERS = 2 };
    fixture f;
    pthread_t threads[PRODUCERS + READERS];
    producer work[PRODUCERS + READERS];
    fixture_make(&f);
    f.mode = TW_SERVICE_LIVE;
    f.snapshot_facts = 700;
    fixture_open(&f);
    for (int i = 0; i < PRODUCERS + READERS; i++) {
        work[i] = (producer){.f = &f,
                             .from = shared.n * (size_t)i / PRODUCERS,
                             .to = shared.n * (size_t)(i + 1) / PRODUCERS};
        assert_int_equal(
            pthread_create(&threads[i], NULL, i < PRODUCERS ? produce : look, &work[i]), 0);
    }
    for (int i = 0; i < PRODUCERS + READERS; i++) {
        pthread_join(threads[i], NULL);
        assert_false(work[i].failed);
    }
    fixture_close(&f); // waits for a training that is under way
    f.train_off = true;
    fixture_open(&f);
    tw_hashes live = fixture_hashes(&f), rebuilt = fixture_rebuilt(&f);
    assert_same_hashes(&live, &rebuilt);
    fixture_release(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(same_record_again_is_a_duplicate_with_the_first_answer),
        cmocka_unit_test(another_record_under_a_known_id_is_a_conflict_and_kept),
        cmocka_unit_test(duplicates_and_conflicts_inside_one_batch_are_seen),
        cmocka_unit_test(one_by_one_equals_batches_equals_rebuild),
        cmocka_unit_test(training_on_the_way_rebuilds_bit_for_bit),
        cmocka_unit_test(a_restart_goes_on_from_the_snapshot),
        cmocka_unit_test(without_snapshots_a_restart_replays_the_journal),
        cmocka_unit_test(rebuild_writes_the_same_projection),
        cmocka_unit_test(a_probe_gives_the_later_score_and_leaves_no_trace),
        cmocka_unit_test(a_verdict_closes_its_alert_and_is_seen_at_once),
        cmocka_unit_test(a_verdict_needs_a_subject_and_a_reason_of_its_kind),
        cmocka_unit_test(a_transaction_is_found_with_its_row_and_its_register),
        cmocka_unit_test(a_full_disk_refuses_facts_and_recovers),
        cmocka_unit_test(a_full_queue_says_busy_and_drains),
        cmocka_unit_test(many_producers_and_readers_at_once),
    };
    return cmocka_run_group_tests(tests, make_chain, release_chain);
}
