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
    chain_make(&shared, 4, 14, 3);
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
    printf("%zu alerts of %zu facts\n", d->n, shared.n);
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_alert_goes_through_its_states),
    };
    return cmocka_run_group_tests(tests, make_chain, release_chain);
}
