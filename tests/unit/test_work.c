// SPDX-License-Identifier: Apache-2.0
//
// What people do, through the service: checked, journaled, projected; two at once, many at once,
// and the same again after a restart and from the journal alone.
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <pthread.h>

#include "service/events.h"
#include "service/work.h"
#include "service_fixture.h"

#define EVERYTHING (TW_RIGHT_READ | TW_RIGHT_WORK | TW_RIGHT_MANAGE)
#define ANALYST (TW_RIGHT_READ | TW_RIGHT_WORK)

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

// A service with alerts, and memory for answers.
typedef struct desk {
    fixture f;
    tw_arena arena;
    tw_str ids[8]; // of open alerts, highest rank first
    size_t n;
} desk;

static void list_alerts(desk *d)
{
    tw_alert_list list;
    tw_alert_query query = {.only_open = true, .limit = TW_COUNT(d->ids)};
    assert_int_equal(tw_query_alerts(d->f.service, &query, &d->arena, &list, NULL), TW_OK);
    d->n = list.n;
    for (size_t i = 0; i < list.n; i++)
        d->ids[i] = list.items[i].alert_id;
    assert_true(d->n >= 4);
}

static void desk_make(desk *d)
{
    *d = (desk){.n = 0};
    tw_arena_init(&d->arena, tw_alloc_system(), 0, (size_t)256 << 20);
    fixture_make(&d->f);
    d->f.train_off = true;
    fixture_open(&d->f);
    fixture_feed(&d->f, &shared, 0, shared.n, 512);
    (void)fixture_hashes(&d->f); // all is projected
    list_alerts(d);
}

static void desk_release(desk *d)
{
    fixture_release(&d->f);
    tw_arena_release(&d->arena);
}

static tw_work_result do_as(desk *d, const char *actor, uint32_t rights, tw_action_kind kind,
                            tw_str subject, const char *body, uint64_t if_version)
{
    tw_work_result result;
    tw_work_request request = {.kind = kind,
                               .subject = subject,
                               .actor = tw_str_from(actor),
                               .rights = rights,
                               .body = tw_str_from(body),
                               .if_version = if_version};
    tw_err err = {0};
    tw_status status = tw_service_act(d->f.service, &request, 1, &result, &err);
    assert_int_equal(status, result.status);
    if (status != TW_OK)
        assert_true(err.text[0] != '\0' && result.err.text[0] != '\0');
    return result;
}

static tw_work_result do_ok(desk *d, const char *actor, tw_action_kind kind, tw_str subject,
                            const char *body)
{
    tw_work_result result = do_as(d, actor, EVERYTHING, kind, subject, body, 0);
    if (result.status != TW_OK)
        fail_msg("%s: %s", tw_action_kind_word(kind), result.err.text);
    return result;
}

static tw_alert_view alert_of(desk *d, tw_str id)
{
    tw_alert_view view;
    assert_int_equal(tw_query_alert(d->f.service, id, &d->arena, &view), TW_OK);
    return view;
}

static void assert_text(tw_str text, const char *expected)
{
    if (!tw_str_equal(text, tw_str_from(expected)))
        fail_msg("%.*s instead of %s", TW_STR_ARG(text), expected);
}

static void assert_rebuilds(desk *d)
{
    tw_hashes live = fixture_hashes(&d->f), rebuilt = fixture_rebuilt(&d->f);
    assert_same_hashes(&live, &rebuilt);
}

static void an_alert_goes_through_its_states(void **state)
{
    (void)state;
    desk d;
    desk_make(&d);
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
    desk_make(&d);
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
    desk_make(&d);
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
    desk_make(&d);
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
    desk_make(&d);
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
    desk_make(&d);
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
    desk_make(&d);
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

static tw_str case_body(desk *d, const char *id, tw_doc_row *row)
{
    assert_int_equal(
        tw_query_doc(d->f.service, TW_STR("case"), tw_str_from(id), &d->arena, row, NULL), TW_OK);
    return row->body;
}

static void assert_holds(tw_str text, const char *part)
{
    char copy[8192];
    tw_str_copy(text, copy, sizeof(copy));
    if (!strstr(copy, part))
        fail_msg("%s is not in %s", part, copy);
}

static tw_work_result open_case(desk *d, const char *actor)
{
    char body[256];
    snprintf(body, sizeof(body),
             "{\"title\":\"Refunds without receipt\",\"alerts\":[\"%.*s\",\"%.*s\"],"
             "\"exposure_minor\":7}",
             TW_STR_ARG(d->ids[0]), TW_STR_ARG(d->ids[1]));
    return do_ok(d, actor, TW_ACTION_CASE_OPEN, TW_STR_NONE, body);
}

static void a_case_takes_its_alerts_with_their_money_and_people(void **state)
{
    (void)state;
    desk d;
    char expected[256];
    tw_doc_row row;
    desk_make(&d);
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
    desk_make(&d);
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
    desk_make(&d);
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
    desk_make(&d);
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

// --- allow-list, settings, filters
// -----------------------------------------------------------------------

static void the_allow_list_keeps_the_detector_quiet(void **state)
{
    (void)state;
    desk d;
    desk_make(&d);
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
    desk_make(&d);
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
    desk_make(&d);
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
    desk d = {.n = 0};
    uint64_t seen = 0;
    tw_arena_init(&d.arena, tw_alloc_system(), 0, (size_t)256 << 20);
    fixture_make(&d.f);
    d.f.mode = TW_SERVICE_LIVE;
    d.f.train_off = true;
    fixture_open(&d.f);
    tw_service_on_team(d.f.service, members, NULL);
    fixture_feed(&d.f, &shared, 0, shared.n, 512);
    (void)fixture_hashes(&d.f);
    list_alerts(&d);
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
    desk_make(&d);
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
        cmocka_unit_test(the_allow_list_keeps_the_detector_quiet),
        cmocka_unit_test(settings_move_due_times_regions_and_reasons),
        cmocka_unit_test(the_same_look_counts_once_in_ten_minutes),
        cmocka_unit_test(verdicts_and_configurations_are_lines_of_the_log),
        cmocka_unit_test(rules_give_untouched_alerts_to_whoever_has_least),
        cmocka_unit_test(a_restart_and_a_failed_disk_lose_nothing_that_was_answered),
    };
    return cmocka_run_group_tests(tests, make_chain, release_chain);
}
