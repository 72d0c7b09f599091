// SPDX-License-Identifier: Apache-2.0
//
// The faulty adapter itself: a failed call never reaches the wrapped adapter, everything else does.
#include "adapter/faulty.h"

#include "../conformance/store_support.h"

static tw_status stop(void *ctx, const tw_block *block, tw_err *err)
{
    (void)ctx;
    (void)block;
    (void)err;
    return TW_END;
}

static void a_planned_call_fails_and_nothing_happened(void **state)
{
    (void)state;
    tw_err err = {0};
    tw_fault_plan *plan;
    tw_journal inner, journal;
    tw_journal_head head;
    tw_str fact = TW_STR("fact");
    uint64_t first_seq, calls, hits;
    assert_ok(tw_fault_plan_new(tw_alloc_system(), &plan));
    assert_ok(tw_memory_journal_open(tw_alloc_system(), &inner, &err));
    assert_ok(tw_faulty_journal_open(tw_alloc_system(), inner, plan, &journal, &err));
    tw_fault_plan_set(plan, TW_FAULT_WRITES, 2, false, TW_NO_SPACE);
    assert_ok(tw_journal_append(&journal, &fact, 1, &first_seq, &err));
    assert_status(tw_journal_append(&journal, &fact, 1, &first_seq, &err), TW_NO_SPACE);
    assert_int_equal(first_seq, 0);
    assert_non_null(strstr(err.text, "append"));
    assert_ok(tw_journal_append(&journal, &fact, 1, &first_seq, &err));
    assert_int_equal(first_seq, 2);
    assert_ok(tw_journal_read(&journal, 1, 0, stop, NULL, &err));
    tw_fault_plan_counts(plan, &calls, &hits);
    assert_int_equal(calls, 3);
    assert_int_equal(hits, 1);
    tw_fault_plan_set(plan, TW_FAULT_READS, 1, true, TW_IO);
    assert_status(tw_journal_get_head(&journal, &head, &err), TW_IO);
    assert_status(tw_journal_read(&journal, 1, 0, stop, NULL, &err), TW_IO);
    assert_ok(tw_journal_append(&journal, &fact, 1, &first_seq, &err));
    tw_fault_plan_set(plan, TW_FAULT_ALL, 0, false, TW_OK);
    assert_ok(tw_journal_get_head(&journal, &head, &err));
    assert_int_equal(head.seq, 3);
    tw_journal_close(&journal);
    tw_fault_plan_free(plan);
}

static void ledger_and_files_fail_alike(void **state)
{
    (void)state;
    tw_err err = {0};
    tw_fault_plan *plan;
    tw_ledger inner_ledger, ledger;
    tw_files inner_files, files;
    tw_ledger_batch batch = {.applied = {.seq = 4}};
    tw_ledger_position position;
    tw_str part = TW_STR("x");
    assert_ok(tw_fault_plan_new(tw_alloc_system(), &plan));
    assert_ok(tw_memory_ledger_open(tw_alloc_system(), &inner_ledger, &err));
    assert_ok(tw_faulty_ledger_open(tw_alloc_system(), inner_ledger, plan, &ledger, &err));
    assert_ok(tw_memory_files_open(tw_alloc_system(), &inner_files, &err));
    assert_ok(tw_faulty_files_open(tw_alloc_system(), inner_files, plan, &files, &err));
    tw_fault_plan_set(plan, TW_FAULT_WRITES, 1, true, TW_IO);
    assert_status(tw_ledger_apply(&ledger, &batch, &err), TW_IO);
    assert_status(tw_files_publish(&files, "a", &part, 1, &err), TW_IO);
    assert_ok(tw_ledger_get_position(&ledger, &position, &err));
    assert_int_equal(position.seq, 0);
    tw_fault_plan_set(plan, TW_FAULT_WRITES, 0, false, TW_OK);
    assert_ok(tw_ledger_apply(&ledger, &batch, &err));
    assert_ok(tw_files_publish(&files, "a", &part, 1, &err));
    assert_ok(tw_files_lock(&files, &err));
    tw_files_unlock(&files);
    tw_ledger_close(&ledger);
    tw_files_close(&files);
    tw_fault_plan_free(plan);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_planned_call_fails_and_nothing_happened),
        cmocka_unit_test(ledger_and_files_fail_alike),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
