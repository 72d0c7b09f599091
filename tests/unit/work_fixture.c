// SPDX-License-Identifier: Apache-2.0
//
// Alerts come from a simulated chain.
#include "work_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

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

void desk_open(desk *d, const chain *facts)
{
    d->n = 0;
    tw_arena_init(&d->arena, tw_alloc_system(), 0, (size_t)256 << 20);
    d->f.train_off = true;
    fixture_open(&d->f);
    fixture_feed(&d->f, facts, 0, facts->n, 512);
    (void)fixture_hashes(&d->f); // all is projected
    list_alerts(d);
}

void desk_make(desk *d, const chain *facts)
{
    fixture_make(&d->f);
    desk_open(d, facts);
}

void desk_release(desk *d)
{
    fixture_release(&d->f);
    tw_arena_release(&d->arena);
}

tw_work_result do_as(desk *d, const char *actor, uint32_t rights, tw_action_kind kind,
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

tw_work_result do_ok(desk *d, const char *actor, tw_action_kind kind, tw_str subject,
                     const char *body)
{
    tw_work_result result = do_as(d, actor, EVERYTHING, kind, subject, body, 0);
    if (result.status != TW_OK)
        fail_msg("%s: %s", tw_action_kind_word(kind), result.err.text);
    return result;
}

tw_alert_view alert_of(desk *d, tw_str id)
{
    tw_alert_view view;
    assert_int_equal(tw_query_alert(d->f.service, id, &d->arena, &view), TW_OK);
    return view;
}

void assert_text(tw_str text, const char *expected)
{
    if (!tw_str_equal(text, tw_str_from(expected)))
        fail_msg("%.*s instead of %s", TW_STR_ARG(text), expected);
}

void assert_rebuilds(desk *d)
{
    tw_hashes live = fixture_hashes(&d->f), rebuilt = fixture_rebuilt(&d->f);
    assert_same_hashes(&live, &rebuilt);
}

tw_str case_body(desk *d, const char *id, tw_doc_row *row)
{
    assert_int_equal(
        tw_query_doc(d->f.service, TW_STR("case"), tw_str_from(id), &d->arena, row, NULL), TW_OK);
    return row->body;
}

void assert_holds(tw_str text, const char *part)
{
    char copy[8192];
    tw_str_copy(text, copy, sizeof(copy));
    if (!strstr(copy, part))
        fail_msg("%s is not in %s", part, copy);
}

tw_work_result open_case(desk *d, const char *actor)
{
    char body[256];
    snprintf(body, sizeof(body),
             "{\"title\":\"Refunds without receipt\",\"alerts\":[\"%.*s\",\"%.*s\"],"
             "\"exposure_minor\":7}",
             TW_STR_ARG(d->ids[0]), TW_STR_ARG(d->ids[1]));
    return do_ok(d, actor, TW_ACTION_CASE_OPEN, TW_STR_NONE, body);
}
