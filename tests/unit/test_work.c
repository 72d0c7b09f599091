// SPDX-License-Identifier: Apache-2.0
//
// Alerts and cases through the service: checked, journaled, projected; two at once, many at once,
// the same again.
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <pthread.h>

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

static void an_alert_goes_through_its_states(void **state)
{
    (void)state;
    desk d;
    desk_make(&d, &shared);
    tw_str id = d.ids[0];
    assert_text(alert_of(&d, id).status, "NEW");
    do_ok(&d, "ann", TW_ACTION_ALERT_ASSIGN, id, "{\"assignee\":\"ann\"}");
    assert_text(alert_of(&d, id).status, "ASSIGNED");
    assert_text(alert_of(&d, id).assignee, "ann");
    do_ok(&d, "bob", TW_ACTION_ALERT_VIEW, id, "");
    assert_text(alert_of(&d, id).status, "ASSIGNED");
    assert_true(alert_of(&d, id).first_viewed_ms == INT64_C(1770000000000));
    do_ok(&d, "ann", TW_ACTION_ALERT_VIEW, id, "");
    assert_text(alert_of(&d, id).status, "IN_REVIEW");
    do_ok(&d, "ann", TW_ACTION_ALERT_ESCALATE, id, "{\"note\":\"look\",\"assignee\":\"max\"}");
    assert_text(alert_of(&d, id).status, "ESCALATED");
    assert_text(alert_of(&d, id).assignee, "max");
    do_ok(&d, "max", TW_ACTION_ALERT_DEESCALATE, id, "{}");
    assert_text(alert_of(&d, id).status, "IN_REVIEW");
    do_ok(&d, "max", TW_ACTION_ALERT_SNOOZE, id, "{\"until\":\"2026-03-01T00:00:00Z\"}");
    assert_true(alert_of(&d, id).snoozed_until_ms == INT64_C(1772323200000));
    do_ok(&d, "max", TW_ACTION_ALERT_WAKE, id, "");
    assert_true(alert_of(&d, id).snoozed_until_ms == 0);
    tw_action_row *rows;
    size_t n;
    tw_action_filter filter = {.subject = id};
    assert_int_equal(tw_query_actions(d.f.service, &filter, 50, &d.arena, &rows, &n, NULL), TW_OK);
    assert_int_equal(n, 7);
    assert_text(rows[0].kind, "alert.wake");
    assert_text(rows[6].kind, "alert.assign");
    for (size_t i = 0; i < n; i++)
        assert_true(rows[i].store_id.bytes > 0);
    assert_rebuilds(&d);
    desk_release(&d);
}

// --- conflicts
// ------------------------------------------------------------------------------------

static void whoever_comes_second_with_an_old_version_is_refused(void **state)
{
    (void)state;
    desk d;
    desk_make(&d, &shared);
    tw_str id = d.ids[0];
    uint64_t seen = alert_of(&d, id).version;
    assert_true(seen > 0);
    tw_work_result first =
        do_as(&d, "ann", ANALYST, TW_ACTION_ALERT_ASSIGN, id, "{\"assignee\":\"ann\"}", seen);
    assert_int_equal(first.status, TW_OK);
    assert_true(first.seq > seen);
    tw_work_result second =
        do_as(&d, "bob", ANALYST, TW_ACTION_ALERT_ASSIGN, id, "{\"assignee\":\"bob\"}", seen);
    assert_int_equal(second.status, TW_CONFLICT);
    assert_text(alert_of(&d, id).assignee, "ann");
    // A version that never was is none.
    assert_int_equal(
        do_as(&d, "bob", ANALYST, TW_ACTION_ALERT_COMMENT, id, "{\"text\":\"x\"}", first.seq + 100)
            .status,
        TW_CONFLICT);
    tw_judge_request judged = {.verdict = {.alert_id = id,
                                           .verdict = TW_VERDICT_REFUTED,
                                           .reason = TW_STR("authorised"),
                                           .decided_by = TW_STR("bob")},
                               .if_version = seen};
    tw_judge_result result;
    assert_int_equal(tw_service_judge(d.f.service, &judged, 1, &result, NULL), TW_CONFLICT);
    judged.if_version = alert_of(&d, id).version;
    assert_int_equal(tw_service_judge(d.f.service, &judged, 1, &result, NULL), TW_OK);
    assert_text(result.verdict.status, "CLOSED");
    assert_rebuilds(&d);
    desk_release(&d);
}

typedef struct racer {
    desk *d;
    const char *name;
    uint64_t seen;
    tw_status status;
} racer;

static void *race(void *ctx)
{
    racer *r = ctx;
    char body[64];
    tw_work_result result;
    snprintf(body, sizeof(body), "{\"assignee\":\"%s\"}", r->name);
    tw_work_request request = {.kind = TW_ACTION_ALERT_ASSIGN,
                               .subject = r->d->ids[0],
                               .actor = tw_str_from(r->name),
                               .rights = ANALYST,
                               .body = tw_str_from(body),
                               .if_version = r->seen};
    r->status = tw_service_act(r->d->f.service, &request, 1, &result, NULL);
    return NULL;
}

static void of_many_at_once_exactly_one_gets_the_alert(void **state)
{
    (void)state;
    static const char *const names[] = {"u0", "u1", "u2", "u3", "u4", "u5", "u6", "u7"};
    desk d;
    racer racers[8];
    pthread_t threads[8];
    size_t won = 8;
    desk_make(&d, &shared);
    uint64_t seen = alert_of(&d, d.ids[0]).version;
    for (size_t i = 0; i < 8; i++) {
        racers[i] = (racer){.d = &d, .name = names[i], .seen = seen};
        assert_int_equal(pthread_create(&threads[i], NULL, race, &racers[i]), 0);
    }
    for (size_t i = 0; i < 8; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
        assert_true(racers[i].status == TW_OK || racers[i].status == TW_CONFLICT);
        if (racers[i].status == TW_OK) {
            assert_int_equal(won, 8);
            won = i;
        }
    }
    assert_true(won < 8);
    assert_text(alert_of(&d, d.ids[0]).assignee, names[won]);
    desk_release(&d);
}

static void claiming_gives_each_alert_once(void **state)
{
    (void)state;
    desk d;
    desk_make(&d, &shared);
    tw_str_list all = {NULL, 0};
    tw_alert_view first, second;
    tw_str elsewhere = TW_STR("nowhere");
    tw_str_list none = {&elsewhere, 1};
    assert_int_equal(
        tw_service_claim_next(d.f.service, &all, TW_STR("ann"), &d.arena, &first, NULL), TW_OK);
    assert_int_equal(
        tw_service_claim_next(d.f.service, &all, TW_STR("bob"), &d.arena, &second, NULL), TW_OK);
    assert_true(tw_str_equal(first.alert_id, d.ids[0]));
    assert_true(tw_str_equal(second.alert_id, d.ids[1]));
    assert_text(first.assignee, "ann");
    assert_text(second.status, "ASSIGNED");
    assert_int_equal(
        tw_service_claim_next(d.f.service, &none, TW_STR("bob"), &d.arena, &second, NULL),
        TW_NOT_FOUND);
    desk_release(&d);
}

// --- many at once
// ---------------------------------------------------------------------------------

static void in_bulk_each_succeeds_or_fails_by_itself(void **state)
{
    (void)state;
    desk d;
    desk_make(&d, &shared);
    const tw_str subjects[] = {d.ids[0], TW_STR("A-0000000000000"), d.ids[1], d.ids[0]};
    tw_work_request requests[4];
    tw_work_result results[4];
    tw_journal_head before, after;
    for (size_t i = 0; i < 4; i++)
        requests[i] = (tw_work_request){.kind = TW_ACTION_ALERT_ASSIGN,
                                        .subject = subjects[i],
                                        .actor = TW_STR("max"),
                                        .rights = EVERYTHING,
                                        .body = TW_STR("{\"assignee\":\"ann\"}")};
    requests[3].kind = TW_ACTION_ALERT_ESCALATE; // without the note that it needs
    assert_int_equal(tw_journal_get_head(&d.f.journal, &before, NULL), TW_OK);
    assert_int_equal(tw_service_act(d.f.service, requests, 4, results, NULL), TW_NOT_FOUND);
    assert_int_equal(tw_journal_get_head(&d.f.journal, &after, NULL), TW_OK);
    const tw_status expected[] = {TW_OK, TW_NOT_FOUND, TW_OK, TW_INVALID};
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(results[i].status, expected[i]);
    assert_true(after.seq == before.seq + 2);
    assert_true(results[0].seq != 0 && results[2].seq == results[0].seq + 1);
    assert_text(alert_of(&d, d.ids[1]).assignee, "ann");
    assert_rebuilds(&d);
    desk_release(&d);
}

static void later_requests_of_a_command_see_what_earlier_ones_did(void **state)
{
    (void)state;
    desk d;
    desk_make(&d, &shared);
    uint64_t seen = alert_of(&d, d.ids[0]).version;
    const tw_action_kind kinds[] = {TW_ACTION_ALERT_ESCALATE, TW_ACTION_ALERT_ESCALATE,
                                    TW_ACTION_ALERT_COMMENT, TW_ACTION_ALERT_DEESCALATE};
    tw_work_request requests[4];
    tw_work_result results[4];
    for (size_t i = 0; i < 4; i++)
        requests[i] = (tw_work_request){.kind = kinds[i],
                                        .subject = d.ids[0],
                                        .actor = TW_STR("max"),
                                        .rights = EVERYTHING,
                                        .body = TW_STR("{\"note\":\"n\",\"text\":\"t\"}")};
    requests[2].if_version = seen;
    assert_int_equal(tw_service_act(d.f.service, requests, 4, results, NULL), TW_CONFLICT);
    const tw_status expected[] = {TW_OK, TW_CONFLICT, TW_CONFLICT, TW_OK};
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(results[i].status, expected[i]);
    assert_text(alert_of(&d, d.ids[0]).status, "NEW");
    assert_rebuilds(&d);
    desk_release(&d);
}

static void the_same_action_again_gives_the_first_result(void **state)
{
    (void)state;
    desk d;
    desk_make(&d, &shared);
    tw_work_request request = {.kind = TW_ACTION_CASE_OPEN,
                               .actor = TW_STR("ann"),
                               .rights = ANALYST,
                               .body = TW_STR("{\"title\":\"Refunds\"}"),
                               .action_id = TW_STR("key-1")};
    tw_work_result first, again;
    assert_int_equal(tw_service_act(d.f.service, &request, 1, &first, NULL), TW_OK);
    assert_int_equal(tw_service_act(d.f.service, &request, 1, &again, NULL), TW_OK);
    assert_string_equal(first.subject, "C-0001");
    assert_string_equal(again.subject, "C-0001");
    assert_true(again.seq == first.seq);
    request.kind = TW_ACTION_CASE_NOTE;
    assert_int_equal(tw_service_act(d.f.service, &request, 1, &again, NULL), TW_CONFLICT);
    request.kind = TW_ACTION_CASE_OPEN;
    request.action_id = TW_STR("key-2");
    assert_int_equal(tw_service_act(d.f.service, &request, 1, &again, NULL), TW_OK);
    assert_string_equal(again.subject, "C-0002");
    desk_release(&d);
}

// --- cases
// ----------------------------------------------------------------------------------------

static void a_case_takes_its_alerts_with_their_money_and_people(void **state)
{
    (void)state;
    desk d;
    char expected[256];
    tw_doc_row row;
    desk_make(&d, &shared);
    tw_alert_view a = alert_of(&d, d.ids[0]), b = alert_of(&d, d.ids[1]);
    tw_work_result opened = open_case(&d, "ann");
    tw_str id = tw_str_from(opened.subject);
    case_body(&d, opened.subject, &row);
    assert_text(row.state, "OPEN");
    assert_text(row.owner, "ann");
    assert_true(tw_str_equal(row.store_id, a.store_id));
    assert_true(row.seq == opened.seq);
    snprintf(expected, sizeof(expected), "\"exposure_minor\":%lld,",
             (long long)(a.exposure.minor + b.exposure.minor));
    assert_holds(row.body, expected); // the service's sum, not what was sent
    assert_holds(row.body, "\"subjects\":[{\"kind\":\"EMPLOYEE\",\"id\":");
    assert_text(alert_of(&d, d.ids[1]).case_id, opened.subject);
    assert_true(alert_of(&d, d.ids[1]).work_seq == opened.seq);
    // An alert is in one case at a time.
    snprintf(expected, sizeof(expected), "{\"title\":\"Other\",\"alerts\":[\"%.*s\"]}",
             TW_STR_ARG(d.ids[0]));
    assert_int_equal(
        do_as(&d, "bob", ANALYST, TW_ACTION_CASE_OPEN, TW_STR_NONE, expected, 0).status,
        TW_CONFLICT);
    snprintf(expected, sizeof(expected), "{\"alerts\":[\"%.*s\"]}", TW_STR_ARG(d.ids[0]));
    do_ok(&d, "ann", TW_ACTION_CASE_REMOVE, id, expected);
    assert_text(alert_of(&d, d.ids[0]).case_id, "");
    case_body(&d, opened.subject, &row);
    snprintf(expected, sizeof(expected), "\"exposure_minor\":%lld,", (long long)b.exposure.minor);
    assert_holds(row.body, expected);
    tw_doc_page page;
    const tw_doc_filter filters[] = {
        {.kind = TW_STR("case"), .key_kind = 'a', .key = d.ids[1]},
        {.kind = TW_STR("case"), .key_kind = 'w', .key = TW_STR("rece"), .is_prefix = true},
        {.kind = TW_STR("case"), .owner = TW_STR("ann")},
        {.kind = TW_STR("case"), .key_kind = 'a', .key = d.ids[0]},
    };
    for (size_t i = 0; i < TW_COUNT(filters); i++) {
        assert_int_equal(tw_query_docs(d.f.service, &filters[i], 10, NULL, &d.arena, &page, NULL),
                         TW_OK);
        assert_int_equal(page.n, i < 3 ? 1 : 0);
    }
    assert_rebuilds(&d);
    desk_release(&d);
}

static void closing_a_large_case_needs_another_person(void **state)
{
    (void)state;
    desk d;
    tw_doc_row row;
    desk_make(&d, &shared);
    static const char submit[] =
        "{\"verdict\":\"CONFIRMED\",\"reason\":\"evidence_video\",\"needs_approval\":false}";
    do_ok(&d, "adm", TW_ACTION_SETTINGS_CHANGE, TW_STR_NONE, "{\"approval_minor\":1}");
    tw_work_result opened = open_case(&d, "ann");
    tw_str id = tw_str_from(opened.subject);
    do_ok(&d, "ann", TW_ACTION_CASE_MONEY, id, "{\"kind\":\"recovered\",\"amount_minor\":1234}");
    do_ok(&d, "ann", TW_ACTION_CASE_SUBMIT, id, submit);
    case_body(&d, opened.subject, &row);
    assert_text(row.state, "PENDING_APPROVAL");
    assert_text(alert_of(&d, d.ids[0]).status, "NEW");
    assert_int_equal(do_as(&d, "ann", EVERYTHING, TW_ACTION_CASE_APPROVE, id, "", 0).status,
                     TW_DENIED);
    assert_int_equal(do_as(&d, "bob", ANALYST, TW_ACTION_CASE_APPROVE, id, "", 0).status,
                     TW_DENIED);
    do_ok(&d, "max", TW_ACTION_CASE_APPROVE, id, "");
    case_body(&d, opened.subject, &row);
    assert_text(row.state, "CLOSED");
    assert_holds(row.body, "\"submitted_by\":\"ann\"");
    assert_holds(row.body, "\"approved_by\":\"max\"");
    int64_t recovered = 0;
    for (size_t i = 0; i < 2; i++) {
        tw_alert_view view = alert_of(&d, d.ids[i]);
        assert_text(view.status, "CLOSED");
        assert_int_equal(view.verdict.verdict, TW_VERDICT_CONFIRMED);
        assert_text(view.verdict.decided_by, "ann");
        recovered += view.verdict.recovered.minor;
    }
    assert_int_equal(recovered, 1234); // once
    assert_rebuilds(&d);
    desk_release(&d);
}

static void a_small_case_closes_at_once_and_reopens(void **state)
{
    (void)state;
    desk d;
    tw_doc_row row;
    desk_make(&d, &shared);
    do_ok(&d, "adm", TW_ACTION_SETTINGS_CHANGE, TW_STR_NONE, "{\"approval_minor\":99999999}");
    tw_work_result opened = open_case(&d, "ann");
    tw_str id = tw_str_from(opened.subject);
    assert_int_equal(do_as(&d, "ann", ANALYST, TW_ACTION_CASE_SUBMIT, id,
                           "{\"verdict\":\"CONFIRMED\",\"reason\":\"no_such\"}", 0)
                         .status,
                     TW_INVALID);
    do_ok(&d, "ann", TW_ACTION_CASE_SUBMIT, id,
          "{\"verdict\":\"REFUTED\",\"reason\":\"authorised\"}");
    case_body(&d, opened.subject, &row);
    assert_text(row.state, "CLOSED");
    assert_text(alert_of(&d, d.ids[0]).status, "CLOSED");
    assert_int_equal(
        do_as(&d, "ann", ANALYST, TW_ACTION_CASE_EDIT, id, "{\"title\":\"x\"}", 0).status,
        TW_CONFLICT);
    do_ok(&d, "ann", TW_ACTION_CASE_REOPEN, id, "{\"note\":\"new witness\"}");
    case_body(&d, opened.subject, &row);
    assert_text(row.state, "INVESTIGATING");
    assert_holds(row.body, "\"closing\":null");
    assert_rebuilds(&d);
    desk_release(&d);
}

// --- rights
// ---------------------------------------------------------------------------------------

static void what_one_may_not_is_refused(void **state)
{
    (void)state;
    desk d;
    desk_make(&d, &shared);
    tw_work_result opened = open_case(&d, "ann");
    tw_str id = d.ids[2], case_id = tw_str_from(opened.subject);
    do_ok(&d, "ann", TW_ACTION_ALERT_ASSIGN, d.ids[3], "{\"assignee\":\"ann\"}");
    static const char allow[] = "{\"entity_kind\":\"employee\",\"entity_id\":\"E1\",\"owner\":"
                                "\"m\",\"reason\":\"r\",\"until\":\"2026-03-01T00:00:00Z\"}";
    const struct {
        tw_action_kind kind;
        tw_str subject;
        const char *body;
        uint32_t rights;
        tw_status expected;
    } rows[] = {
        {TW_ACTION_ALERT_VIEW, id, "", 0, TW_DENIED},
        {TW_ACTION_ALERT_VIEW, id, "", TW_RIGHT_READ, TW_OK},
        {TW_ACTION_ALERT_COMMENT, id, "{\"text\":\"x\"}", TW_RIGHT_READ, TW_DENIED},
        {TW_ACTION_ALERT_ASSIGN, id, "{\"assignee\":\"ann\"}", ANALYST, TW_DENIED},
        {TW_ACTION_ALERT_ASSIGN, d.ids[3], "{\"assignee\":\"\"}", ANALYST, TW_DENIED},
        {TW_ACTION_ALERT_ASSIGN, id, "{\"assignee\":\"bob\"}", ANALYST, TW_OK},
        {TW_ACTION_ALERT_ASSIGN, id, "{\"assignee\":\"\"}", ANALYST, TW_OK},
        {TW_ACTION_CASE_EDIT, case_id, "{\"owner\":\"bob\"}", ANALYST, TW_OK},
        {TW_ACTION_CASE_EDIT, case_id, "{\"owner\":\"eve\"}", ANALYST, TW_OK}, // bob's own
        {TW_ACTION_CASE_EDIT, case_id, "{\"owner\":\"ann\"}", ANALYST, TW_DENIED},
        {TW_ACTION_CASE_OPEN, TW_STR_NONE, "{\"title\":\"t\",\"owner\":\"ann\"}", ANALYST,
         TW_DENIED},
        {TW_ACTION_SETTINGS_CHANGE, TW_STR_NONE, "{\"report_hour\":8}", ANALYST, TW_DENIED},
        {TW_ACTION_ALLOW_ADD, TW_STR_NONE, allow, ANALYST, TW_DENIED},
        {TW_ACTION_FILTER_SAVE, TW_STR_NONE, "{\"name\":\"n\",\"query\":\"q\"}", TW_RIGHT_READ,
         TW_OK},
        {TW_ACTION_FILTER_SAVE, TW_STR_NONE, "{\"name\":\"n\",\"query\":\"q\",\"shared\":true}",
         ANALYST, TW_DENIED},
    };
    for (size_t i = 0; i < TW_COUNT(rows); i++) {
        tw_work_result result =
            do_as(&d, "bob", rows[i].rights, rows[i].kind, rows[i].subject, rows[i].body, 0);
        if (result.status != rows[i].expected)
            fail_msg("row %zu: %s %s", i, tw_status_name(result.status), result.err.text);
    }
    assert_true(alert_of(&d, id).first_viewed_ms == 0); // who may not decide does not count
    desk_release(&d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_alert_goes_through_its_states),
        cmocka_unit_test(whoever_comes_second_with_an_old_version_is_refused),
        cmocka_unit_test(of_many_at_once_exactly_one_gets_the_alert),
        cmocka_unit_test(claiming_gives_each_alert_once),
        cmocka_unit_test(in_bulk_each_succeeds_or_fails_by_itself),
        cmocka_unit_test(later_requests_of_a_command_see_what_earlier_ones_did),
        cmocka_unit_test(the_same_action_again_gives_the_first_result),
        cmocka_unit_test(a_case_takes_its_alerts_with_their_money_and_people),
        cmocka_unit_test(closing_a_large_case_needs_another_person),
        cmocka_unit_test(a_small_case_closes_at_once_and_reopens),
        cmocka_unit_test(what_one_may_not_is_refused),
    };
    return cmocka_run_group_tests(tests, make_chain, release_chain);
}
