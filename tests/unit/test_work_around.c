// SPDX-License-Identifier: Apache-2.0
//
// What stands around the work: allow-list, settings, assignment rules, the log, restarts.
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "../conformance/store_support.h"
#include "adapter/sqlite.h"
#include "service/events.h"
#include "work_fixture.h"

static chain shared;

static int make_chain(void **state)
{
    (void)state;
    chain_make(&shared, 3, 9, 3);
    return 0;
}

static int release_chain(void **state)
{
    (void)state;
    chain_release(&shared);
    return 0;
}

// --- allow-list, settings, filters
// -----------------------------------------------------------------------

static void the_allow_list_keeps_the_detector_quiet(void **state)
{
    (void)state;
    desk d;
    desk_make(&d, &shared);
    tw_work_result added =
        do_ok(&d, "max", TW_ACTION_ALLOW_ADD, TW_STR_NONE,
              "{\"entity_kind\":\"register\",\"entity_id\":\"S1/R1\",\"reason\":\"test till\","
              "\"until\":\"2026-03-01T00:00:00Z\"}");
    assert_true(added.subject[0] == 'L');
    tw_doc_row row;
    assert_int_equal(tw_query_doc(d.f.service, TW_STR("allow"), tw_str_from(added.subject),
                                  &d.arena, &row, NULL),
                     TW_OK);
    assert_text(row.owner, "max");
    do_ok(&d, "max", TW_ACTION_ALLOW_REMOVE, tw_str_from(added.subject), "{\"reason\":\"over\"}");
    assert_int_equal(tw_query_doc(d.f.service, TW_STR("allow"), tw_str_from(added.subject),
                                  &d.arena, &row, NULL),
                     TW_NOT_FOUND);
    // A scheme that nobody knows, and a time that has passed.
    assert_int_equal(do_as(&d, "max", EVERYTHING, TW_ACTION_ALLOW_ADD, TW_STR_NONE,
                           "{\"entity_kind\":\"employee\",\"entity_id\":\"E1\",\"reason\":\"r\","
                           "\"scheme\":\"none_such\",\"until\":\"2026-03-01T00:00:00Z\"}",
                           0)
                         .status,
                     TW_INVALID);
    tw_action_row *rows;
    size_t n;
    tw_action_filter filter = {.subject = tw_str_from(added.subject)};
    assert_int_equal(tw_query_actions(d.f.service, &filter, 10, &d.arena, &rows, &n, NULL), TW_OK);
    assert_int_equal(n, 4); // allow.remove and allow.add, each with the rule
    assert_text(rows[0].kind, "config.quiet");
    assert_text(rows[1].kind, "allow.remove");
    assert_rebuilds(&d);
    desk_release(&d);
}

static void settings_move_due_times_regions_and_reasons(void **state)
{
    (void)state;
    desk d;
    tw_settings settings;
    uint64_t version;
    tw_str json;
    desk_make(&d, &shared);
    tw_alert_view view = alert_of(&d, d.ids[0]);
    char body[512];
    snprintf(body, sizeof(body),
             "{\"sla_hours_critical\":1,\"sla_hours_high\":1,\"sla_hours_normal\":1,"
             "\"regions\":[{\"name\":\"North\",\"stores\":[\"%.*s\"]}]}",
             TW_STR_ARG(view.store_id));
    do_ok(&d, "adm", TW_ACTION_SETTINGS_CHANGE, TW_STR_NONE, body);
    assert_int_equal(tw_query_settings(d.f.service, &d.arena, &settings, &version, &json, NULL),
                     TW_OK);
    assert_int_equal(settings.region_n, 1);
    assert_holds(json, "\"approval_minor\":500000");
    view = alert_of(&d, d.ids[0]);
    assert_text(view.region, "North");
    assert_true(view.due_ms == view.created_ms + TW_HOUR_MS);
    assert_true(view.is_overdue);
    tw_alert_list list, all;
    tw_alert_query query = {.region = TW_STR("North"), .only_overdue = true};
    assert_int_equal(tw_query_alerts(d.f.service, &query, &d.arena, &list, NULL), TW_OK);
    assert_true(list.n > 0);
    for (size_t i = 0; i < list.n; i++)
        assert_true(tw_str_equal(list.items[i].store_id, view.store_id) &&
                    list.items[i].is_overdue);
    tw_alert_query of_store = {.store_id = view.store_id, .only_open = true};
    assert_int_equal(tw_query_alerts(d.f.service, &of_store, &d.arena, &all, NULL), TW_OK);
    assert_true(all.total == list.total);
    tw_str elsewhere = TW_STR("nowhere");
    query.stores = (tw_str_list){&elsewhere, 1};
    assert_int_equal(tw_query_alerts(d.f.service, &query, &d.arena, &list, NULL), TW_OK);
    assert_int_equal(list.n, 0);
    query.region = TW_STR("South");
    assert_int_equal(tw_query_alerts(d.f.service, &query, &d.arena, &list, NULL), TW_INVALID);
    // A stale change is refused, an old version of the settings is not overwritten.
    assert_int_equal(do_as(&d, "max", EVERYTHING, TW_ACTION_SETTINGS_CHANGE, TW_STR_NONE,
                           "{\"report_hour\":5}", version - 1)
                         .status,
                     TW_CONFLICT);
    assert_rebuilds(&d);
    desk_release(&d);
}

// --- the log
// --------------------------------------------------------------------------------------

static int64_t moving_ms = INT64_C(1770000000000);
static int64_t moving_now(void *ctx)
{
    (void)ctx;
    return moving_ms;
}

static void the_same_look_counts_once_in_ten_minutes(void **state)
{
    (void)state;
    static const tw_clock clock = {moving_now, NULL};
    fixture f;
    tw_arena arena;
    tw_action_row *rows;
    size_t n;
    tw_action_filter filter = {.about = TW_STR("E1")};
    tw_arena_init(&arena, tw_alloc_system(), 0, (size_t)16 << 20);
    fixture_make(&f);
    f.clock = &clock;
    fixture_open(&f);
    tw_str body = TW_STR("{\"employee_id\":\"E1\",\"store_id\":\"S1\"}");
    for (size_t i = 0; i < 3; i++)
        tw_service_note(f.service, TW_STR("employee.view"), TW_STR("E1"), TW_STR("ann"), body);
    tw_service_note(f.service, TW_STR("employee.view"), TW_STR("E1"), TW_STR("bob"), body);
    moving_ms += 10 * 60 * TW_SECOND_MS;
    tw_service_note(f.service, TW_STR("employee.view"), TW_STR("E1"), TW_STR("ann"), body);
    fixture_hashes(&f); // waits for all
    assert_int_equal(tw_query_actions(f.service, &filter, 10, &arena, &rows, &n, NULL), TW_OK);
    assert_int_equal(n, 3);
    assert_text(rows[0].actor, "ann");
    assert_text(rows[1].actor, "bob");
    assert_text(rows[2].store_id, "S1");
    tw_arena_release(&arena);
    fixture_release(&f);
}

static void verdicts_and_configurations_are_lines_of_the_log(void **state)
{
    (void)state;
    desk d;
    tw_action_row *rows;
    size_t n;
    tw_verdict_result result;
    desk_make(&d, &shared);
    tw_alert_view view = alert_of(&d, d.ids[0]);
    tw_verdict verdict = {.alert_id = d.ids[0],
                          .verdict = TW_VERDICT_CONFIRMED,
                          .decided_by = TW_STR("ann"),
                          .note = TW_STR("on \"video\"")};
    assert_int_equal(tw_service_verdict(d.f.service, &verdict, &result, NULL), TW_OK);
    tw_action_filter filter = {.kind = TW_STR("alert."), .actor = TW_STR("ann")};
    assert_int_equal(tw_query_actions(d.f.service, &filter, 10, &d.arena, &rows, &n, NULL), TW_OK);
    assert_int_equal(n, 1);
    assert_text(rows[0].kind, "alert.verdict");
    assert_true(tw_str_equal(rows[0].store_id, view.store_id));
    assert_holds(rows[0].body, "\"reason\":\"theft_admitted\",\"note\":\"on \\\"video\\\"\"");
    filter = (tw_action_filter){.kind = TW_STR("config.")};
    assert_int_equal(tw_query_actions(d.f.service, &filter, 10, &d.arena, &rows, &n, NULL), TW_OK);
    assert_int_equal(n, 2); // signals and policy of the start
    desk_release(&d);
}

// --- assignment rules
// ------------------------------------------------------------------------------

static tw_status members(void *ctx, tw_str team, tw_arena *arena, tw_str **users, size_t *n)
{
    static const char *const names[] = {"zoe", "bea"};
    (void)ctx;
    *n = tw_str_equal(team, TW_STR("night")) ? 2 : 0;
    *users = tw_arena_array(arena, 2, sizeof(**users));
    if (!*users)
        return TW_NO_MEMORY;
    for (size_t i = 0; i < 2; i++)
        (*users)[i] = tw_str_from(names[i]);
    return TW_OK;
}

static uint64_t count_of(desk *d, const char *assignee)
{
    tw_alert_list list;
    tw_alert_query query = {.only_open = true,
                            .assignee = tw_str_from(assignee),
                            .only_unassigned = assignee[0] == '\0'};
    assert_int_equal(tw_query_alerts(d->f.service, &query, &d->arena, &list, NULL), TW_OK);
    return list.total;
}

static void rules_give_untouched_alerts_to_whoever_has_least(void **state)
{
    (void)state;
    desk d;
    uint64_t seen = 0;
    fixture_make(&d.f);
    d.f.mode = TW_SERVICE_LIVE;
    desk_open(&d, &shared);
    tw_service_on_team(d.f.service, members, NULL);
    // Somebody had this one, and gave it back: no rule takes it.
    do_ok(&d, "ann", TW_ACTION_ALERT_ASSIGN, d.ids[0], "{\"assignee\":\"ann\"}");
    do_ok(&d, "ann", TW_ACTION_ALERT_ASSIGN, d.ids[0], "{\"assignee\":\"\"}");
    do_ok(&d, "adm", TW_ACTION_SETTINGS_CHANGE, TW_STR_NONE,
          "{\"rules\":[{\"team\":\"day\"},{\"scheme\":\"none\",\"assignee\":\"ann\"},"
          "{\"team\":\"night\"}]}");
    for (size_t i = 0; i < 100 && count_of(&d, "") > 1; i++)
        seen = tw_events_wait(d.f.service, seen, 100);
    assert_int_equal(count_of(&d, ""), 1);
    uint64_t bea = count_of(&d, "bea"), zoe = count_of(&d, "zoe");
    assert_true(bea + zoe >= 3 && bea >= zoe && bea - zoe <= 1);
    tw_action_row *rows;
    size_t n;
    tw_action_filter filter = {.actor = TW_STR("rules")};
    assert_int_equal(tw_query_actions(d.f.service, &filter, 50, &d.arena, &rows, &n, NULL), TW_OK);
    assert_int_equal(n, bea + zoe);
    assert_rebuilds(&d);
    tw_service_on_team(d.f.service, NULL, NULL);
    desk_release(&d);
}

// --- crashes, readers
// ------------------------------------------------------------------------------

static void a_restart_and_a_failed_disk_lose_nothing_that_was_answered(void **state)
{
    (void)state;
    desk d;
    desk_make(&d, &shared);
    do_ok(&d, "ann", TW_ACTION_ALERT_ASSIGN, d.ids[0], "{\"assignee\":\"ann\"}");
    open_case(&d, "ann");
    tw_fault_plan_set(d.f.plan, TW_FAULT_WRITES, 1, true, TW_NO_SPACE);
    assert_int_equal(
        do_as(&d, "ann", EVERYTHING, TW_ACTION_ALERT_COMMENT, d.ids[0], "{\"text\":\"lost\"}", 0)
            .status,
        TW_NO_SPACE);
    tw_fault_plan_set(d.f.plan, TW_FAULT_WRITES, 0, false, TW_OK);
    tw_hashes before = fixture_hashes(&d.f);
    fixture_close(&d.f);
    fixture_open(&d.f);
    tw_hashes after = fixture_hashes(&d.f);
    assert_same_hashes(&before, &after);
    assert_text(alert_of(&d, d.ids[0]).assignee, "ann");
    // What was in the ledger before goes on as what is in memory.
    do_ok(&d, "ann", TW_ACTION_ALERT_VIEW, d.ids[0], "");
    assert_text(alert_of(&d, d.ids[0]).status, "IN_REVIEW");
    assert_rebuilds(&d);
    desk_release(&d);
}

// --- SQLite
// ----------------------------------------------------------------------------------------

static void a_ledger_of_sqlite_holds_what_one_in_memory_does(void **state)
{
    (void)state;
    desk d;
    store_dir dir;
    char path[192];
    store_dir_make(&dir);
    fixture_make(&d.f);
    tw_ledger_close(&d.f.ledger);
    tw_sqlite_options options = {.path = store_path(&dir, "ledger.db", path),
                                 .mode = TW_SQLITE_CREATE};
    assert_int_equal(tw_sqlite_ledger_open(tw_alloc_system(), &options, &d.f.ledger, NULL), TW_OK);
    desk_open(&d, &shared);
    do_ok(&d, "adm", TW_ACTION_SETTINGS_CHANGE, TW_STR_NONE, "{\"approval_minor\":1}");
    do_ok(&d, "ann", TW_ACTION_ALERT_ASSIGN, d.ids[2], "{\"assignee\":\"ann\"}");
    do_ok(&d, "ann", TW_ACTION_ALERT_VIEW, d.ids[2], "");
    tw_work_result opened = open_case(&d, "ann");
    tw_str id = tw_str_from(opened.subject);
    do_ok(&d, "ann", TW_ACTION_CASE_SUBMIT, id,
          "{\"verdict\":\"CONFIRMED\",\"reason\":\"policy_abuse\"}");
    do_ok(&d, "max", TW_ACTION_CASE_APPROVE, id, "");
    assert_text(alert_of(&d, d.ids[0]).status, "CLOSED");
    assert_rebuilds(&d); // into one in memory
    fixture_close(&d.f);
    fixture_open(&d.f);
    do_ok(&d, "ann", TW_ACTION_CASE_NOTE, id, "{\"text\":\"after a restart\"}");
    assert_rebuilds(&d);
    desk_release(&d);
    store_dir_remove(&dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_allow_list_keeps_the_detector_quiet),
        cmocka_unit_test(settings_move_due_times_regions_and_reasons),
        cmocka_unit_test(the_same_look_counts_once_in_ten_minutes),
        cmocka_unit_test(verdicts_and_configurations_are_lines_of_the_log),
        cmocka_unit_test(rules_give_untouched_alerts_to_whoever_has_least),
        cmocka_unit_test(a_ledger_of_sqlite_holds_what_one_in_memory_does),
        cmocka_unit_test(a_restart_and_a_failed_disk_lose_nothing_that_was_answered),
    };
    return cmocka_run_group_tests(tests, make_chain, release_chain);
}
