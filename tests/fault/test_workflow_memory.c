// SPDX-License-Identifier: Apache-2.0
//
// k-th allocation sweep of the workflow: every function that checks or applies says TW_NO_MEMORY
// when memory is missing, and nothing else; what it answers then is not half a document.
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "workflow/alert_work.h"
#include "workflow/case_work.h"
#include "workflow/entry_work.h"
#include "workflow/settings.h"

enum { TRIALS_MAX = 5000, ARENA_BLOCK = 256 }; // small blocks: many allocations

static tw_action action_of(tw_action_kind kind, const char *body)
{
    return (tw_action){.action_id = TW_STR("a"),
                       .kind = tw_str_from(tw_action_kind_word(kind)),
                       .subject = TW_STR("C-0001"),
                       .actor = TW_STR("ann"),
                       .body = tw_str_from(body),
                       .at_ms = INT64_C(1770000000000)};
}

static tw_status step(tw_str *file, tw_action_kind kind, const char *body, tw_arena *arena)
{
    tw_action action = action_of(kind, body);
    tw_case_limits limits = {.approval_minor = 1, .may_manage = true};
    tw_doc_row row;
    TW_TRY(tw_case_check(*file, &action, &limits, arena, NULL));
    TW_TRY(tw_case_apply(*file, &action, 1, "USD", arena, &row));
    *file = row.body;
    return TW_OK;
}

static tw_status work_on_case(tw_arena *arena)
{
    tw_str file = TW_STR_NONE;
    TW_TRY(step(&file, TW_ACTION_CASE_OPEN,
                "{\"title\":\"Till 4\",\"subjects\":[{\"kind\":\"EMPLOYEE\",\"id\":\"E1\"}],"
                "\"alerts\":[\"A-1\",\"A-2\"],\"transactions\":[\"T1\"],\"exposure_minor\":5}",
                arena));
    TW_TRY(step(&file, TW_ACTION_CASE_MONEY, "{\"kind\":\"recovered\",\"amount_minor\":1}", arena));
    TW_TRY(step(&file, TW_ACTION_CASE_TASK, "{\"task_id\":\"t\",\"title\":\"x\"}", arena));
    TW_TRY(step(&file, TW_ACTION_CASE_REMOVE, "{\"alerts\":[\"A-1\"]}", arena));
    return step(&file, TW_ACTION_CASE_SUBMIT, "{\"verdict\":\"REFUTED\",\"reason\":\"other\"}",
                arena);
}

static tw_status work_on_alert(tw_arena *arena)
{
    tw_alert_work work = {.status = TW_WORK_NEW};
    tw_action action = action_of(TW_ACTION_ALERT_ASSIGN, "{\"assignee\":\"ann\"}");
    TW_TRY(tw_alert_work_check(&work, &action, arena, NULL));
    return tw_alert_work_apply(&work, &action, 1, arena);
}

static tw_status work_on_entry(tw_arena *arena)
{
    tw_doc_row row;
    tw_action action = action_of(TW_ACTION_FILTER_SAVE, "{\"name\":\"n\",\"query\":\"q\"}");
    TW_TRY(tw_entry_check(TW_STR_NONE, &action, false, arena, NULL));
    return tw_entry_apply(TW_STR_NONE, &action, 1, arena, &row);
}

static tw_status work_on_settings(const tw_alloc *alloc, tw_arena *arena)
{
    tw_buf out;
    tw_settings settings;
    tw_str json;
    tw_buf_init(&out, alloc, 1 << 20);
    tw_status status = tw_settings_merge(
        TW_STR_NONE, TW_STR("{\"regions\":[{\"name\":\"N\",\"stores\":[\"S1\"]}]}"), &out, NULL);
    if (status == TW_OK)
        status = tw_settings_read((tw_str){(const char *)out.data_own, out.bytes}, arena, &settings,
                                  NULL);
    if (status == TW_OK)
        status = tw_settings_write(&settings, arena, &json);
    tw_buf_release(&out);
    return status;
}

static tw_status work(const tw_alloc *alloc)
{
    tw_arena arena;
    tw_arena_init(&arena, alloc, ARENA_BLOCK, (size_t)64 << 20);
    tw_status status = work_on_case(&arena);
    if (status == TW_OK)
        status = work_on_alert(&arena);
    if (status == TW_OK)
        status = work_on_entry(&arena);
    if (status == TW_OK)
        status = work_on_settings(alloc, &arena);
    tw_arena_release(&arena);
    return status;
}

static void missing_memory_is_all_that_goes_wrong(void **state)
{
    (void)state;
    uint64_t k = 1, hits = 1;
    for (; hits > 0 && k < TRIALS_MAX; k++) {
        tw_alloc_faulty faulty;
        tw_alloc_faulty_init(&faulty, k, false);
        tw_status status = work(&faulty.alloc);
        hits = faulty.hits;
        assert_int_equal(status, hits > 0 ? TW_NO_MEMORY : TW_OK);
        assert_int_equal(faulty.live_blocks, 0);
    }
    print_message("%llu allocations\n", (unsigned long long)k - 2);
    assert_true(k > 50 && k < TRIALS_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(missing_memory_is_all_that_goes_wrong),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
