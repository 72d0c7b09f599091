// SPDX-License-Identifier: Apache-2.0
//
// k-th fault sweeps of the service: the k-th write, and the k-th read, of journal, ledger or files
// fails once, for every k that the scenario reaches. The scenario tries again what failed, as a
// client would. At the end state, scores and alerts must be those of a run without faults, and a
// replay of the journal must agree.
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "../unit/service_fixture.h"
#include "service/work.h"

enum { FACTS = 400, STEP = 50, SECOND_START = 200, TRIES = 4, FAULTS_MAX = 400 };

static chain shared;

static void open_again_and_again(fixture *f)
{
    tw_err err = {0};
    for (int i = 0; i < TRIES && !f->service; i++)
        (void)!fixture_try_open(f, &err);
    if (!f->service)
        fail_msg("does not open: %s", err.text);
}

static void run_until_taken(fixture *f, size_t from, size_t to)
{
    tw_batch *batch;
    tw_status status = TW_BUSY;
    assert_int_equal(tw_batch_get(f->service, &batch), TW_OK);
    for (size_t i = from; i < to; i++)
        assert_int_equal(tw_batch_add(batch, &shared.facts[i], 0), TW_OK);
    // The first records again: they are duplicates, for which the journal and the ledger are read.
    for (size_t i = 0; i < 5; i++)
        assert_int_equal(tw_batch_add(batch, &shared.facts[i], 0), TW_OK);
    for (int i = 0; i < TRIES && status != TW_OK; i++)
        status = tw_service_run(f->service, batch, true, NULL);
    assert_int_equal(status, TW_OK);
    tw_batch_put(batch);
}

// What people do is tried again under its id, as a client does that got no answer.
static void act_until_done(fixture *f, tw_action_kind kind, const char *id, const char *subject,
                           const char *body)
{
    tw_work_request request = {.kind = kind,
                               .subject = tw_str_from(subject),
                               .actor = TW_STR("ann"),
                               .rights = TW_RIGHT_READ | TW_RIGHT_WORK | TW_RIGHT_MANAGE,
                               .body = tw_str_from(body),
                               .action_id = tw_str_from(id)};
    tw_work_result result;
    tw_status status = TW_BUSY;
    for (int i = 0; i < TRIES && status != TW_OK; i++)
        status = tw_service_act(f->service, &request, 1, &result, NULL);
    if (status != TW_OK)
        fail_msg("%s: %s", id, result.err.text);
}

static void scenario(fixture *f)
{
    open_again_and_again(f);
    for (size_t i = 0; i < SECOND_START; i += STEP)
        run_until_taken(f, i, i + STEP);
    act_until_done(f, TW_ACTION_SETTINGS_CHANGE, "a1", "", "{\"approval_minor\":1000}");
    act_until_done(f, TW_ACTION_CASE_OPEN, "a2", "", "{\"title\":\"Till 4\"}");
    act_until_done(f, TW_ACTION_ALLOW_ADD, "a3", "",
                   "{\"entity_kind\":\"employee\",\"entity_id\":\"E1\",\"reason\":\"r\","
                   "\"until\":\"2026-03-01T00:00:00Z\"}");
    fixture_close(f);
    open_again_and_again(f);
    act_until_done(f, TW_ACTION_CASE_SUBMIT, "a4", "C-0001",
                   "{\"verdict\":\"REFUTED\",\"reason\":\"authorised\"}");
    for (size_t i = SECOND_START; i < FACTS; i += STEP)
        run_until_taken(f, i, i + STEP);
    fixture_close(f);
}

static tw_hashes run_with(tw_fault_calls calls, uint64_t fail_at, tw_status status, uint64_t *hits)
{
    fixture f;
    uint64_t n;
    fixture_make_faulty_files(&f);
    f.train_off = true;
    f.snapshot_facts = 120;
    tw_fault_plan_set(f.plan, calls, fail_at, false, status);
    scenario(&f);
    tw_fault_plan_counts(f.plan, &n, hits);
    tw_fault_plan_set(f.plan, TW_FAULT_ALL, 0, false, TW_OK);
    fixture_open(&f);
    tw_hashes live = fixture_hashes(&f), rebuilt = fixture_rebuilt(&f);
    assert_same_hashes(&live, &rebuilt);
    fixture_release(&f);
    return live;
}

static void sweep(tw_fault_calls calls, tw_status status)
{
    uint64_t hits = 0, k = 1;
    tw_hashes expected = run_with(calls, 0, TW_OK, &hits);
    for (hits = 1; hits > 0 && k < FAULTS_MAX; k++) {
        tw_hashes got = run_with(calls, k, status, &hits);
        assert_same_hashes(&got, &expected);
    }
    print_message("%llu faults\n", (unsigned long long)k - 2);
    assert_true(k < FAULTS_MAX);
    assert_true(k > 10);
}

static void every_write_may_find_the_disk_full(void **state)
{
    (void)state;
    sweep(TW_FAULT_WRITES, TW_NO_SPACE);
}

static void every_read_may_fail(void **state)
{
    (void)state;
    sweep(TW_FAULT_READS, TW_IO);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_write_may_find_the_disk_full),
        cmocka_unit_test(every_read_may_fail),
    };
    chain_make(&shared, 1, 2, 3);
    assert_true(shared.n > FACTS);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    chain_release(&shared);
    return failed;
}
