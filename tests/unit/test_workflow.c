// SPDX-License-Identifier: Apache-2.0
//
// The pure logic of the work: every transition of an alert and of a case, bodies that do not hold,
// limits, settings, entries; and that the same actions give the same bytes.
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/time.h"
#include "workflow/alert_work.h"
#include "workflow/case_work.h"
#include "workflow/entry_work.h"
#include "workflow/settings.h"

#define NOW INT64_C(1770000000000)

static tw_arena arena;

static int make_arena(void **state)
{
    (void)state;
    tw_arena_init(&arena, tw_alloc_system(), 0, (size_t)512 << 20);
    return 0;
}

static int release_arena(void **state)
{
    (void)state;
    tw_arena_release(&arena);
    return 0;
}

static tw_action action_of(tw_action_kind kind, const char *actor, const char *body)
{
    return (tw_action){.action_id = TW_STR("a"),
                       .kind = tw_str_from(tw_action_kind_word(kind)),
                       .subject = TW_STR("C-0001"),
                       .actor = tw_str_from(actor),
                       .body = tw_str_from(body),
                       .at_ms = NOW};
}

static void assert_holds(tw_str text, const char *part)
{
    char copy[8192];
    tw_str_copy(text, copy, sizeof(copy));
    if (!strstr(copy, part))
        fail_msg("%s is not in %s", part, copy);
}

// --- alerts
// ---------------------------------------------------------------------------------------

static const char *const bodies[] = {
    [TW_ACTION_ALERT_VIEW] = "{\"may_decide\":true}",
    [TW_ACTION_ALERT_ASSIGN] = "{\"assignee\":\"bob\"}",
    [TW_ACTION_ALERT_ESCALATE] = "{\"note\":\"n\"}",
    [TW_ACTION_ALERT_DEESCALATE] = "",
    [TW_ACTION_ALERT_SNOOZE] = "{\"until\":\"2026-03-01T00:00:00Z\"}",
    [TW_ACTION_ALERT_WAKE] = "{}",
    [TW_ACTION_ALERT_COMMENT] = "{\"text\":\"t\",\"mentions\":[\"ann\"]}",
};

// For each state (with "ann" as assignee but in NEW) and action by "ann": the state afterwards, or
// -1 when it is refused.
static void every_action_in_every_state(void **state)
{
    (void)state;
    enum { N = TW_WORK_NEW, A = TW_WORK_ASSIGNED, R = TW_WORK_IN_REVIEW, E = TW_WORK_ESCALATED };
    enum { C = TW_WORK_CLOSED };
    static const int after[TW_ALERT_STATUS_N][7] = {
        // view assign escalate deescalate snooze wake comment
        [TW_WORK_NEW] = {N, A, E, -1, N, -1, N},
        [TW_WORK_ASSIGNED] = {R, A, E, -1, A, -1, A},
        [TW_WORK_IN_REVIEW] = {R, A, E, -1, R, -1, R},
        [TW_WORK_ESCALATED] = {E, E, -1, R, E, -1, E},
        [TW_WORK_CLOSED] = {C, -1, -1, -1, -1, -1, C},
    };
    for (int s = 0; s < TW_ALERT_STATUS_N; s++) {
        for (int k = TW_ACTION_ALERT_VIEW; k <= TW_ACTION_ALERT_COMMENT; k++) {
            tw_alert_work work = {.status = (tw_alert_status)s, .work_seq = 5};
            if (s != TW_WORK_NEW)
                work.assignee = TW_STR("ann");
            tw_action action = action_of((tw_action_kind)k, "ann", bodies[k]);
            tw_err err = {0};
            tw_status status = tw_alert_work_check(&work, &action, &arena, &err);
            if (after[s][k] < 0) {
                assert_int_equal(status, TW_CONFLICT);
                assert_true(err.text[0] != '\0');
                continue;
            }
            if (status != TW_OK)
                fail_msg("%s %s: %s", tw_alert_status_name(work.status),
                         tw_action_kind_word((tw_action_kind)k), err.text);
            assert_int_equal(tw_alert_work_apply(&work, &action, 9, &arena), TW_OK);
            if ((int)work.status != after[s][k])
                fail_msg("%d %s: %s", s, tw_action_kind_word((tw_action_kind)k),
                         tw_alert_status_name(work.status));
            assert_true(work.work_seq == 9);
        }
    }
}

static void a_verdict_closes_and_reopening_gives_it_back(void **state)
{
    (void)state;
    tw_verdict verdict = {.verdict = TW_VERDICT_REFUTED,
                          .reason = TW_STR("authorised"),
                          .recovered_minor = 7,
                          .decided_ms = NOW};
    tw_alert_work work = {
        .status = TW_WORK_IN_REVIEW, .assignee = TW_STR("ann"), .snoozed_until_ms = NOW + 1};
    tw_alert_work_judge(&work, &verdict, 3);
    assert_int_equal(work.status, TW_WORK_CLOSED);
    assert_true(work.has_verdict && work.verdict == TW_VERDICT_REFUTED);
    assert_true(work.decided_ms == NOW && work.recovered_minor == 7 && work.work_seq == 3);
    assert_true(work.snoozed_until_ms == 0);
    verdict.verdict = TW_VERDICT_INCONCLUSIVE;
    verdict.reason = TW_STR("reopened");
    tw_alert_work_judge(&work, &verdict, 4);
    assert_int_equal(work.status, TW_WORK_ASSIGNED);
    assert_true(!work.has_verdict && work.decided_ms == 0 && work.recovered_minor == 0);
    work = (tw_alert_work){.status = TW_WORK_CLOSED};
    tw_alert_work_judge(&work, &verdict, 5);
    assert_int_equal(work.status, TW_WORK_NEW);
    work = (tw_alert_work){.status = TW_WORK_ESCALATED};
    tw_alert_work_judge(&work, &verdict, 6); // nothing to take back
    assert_int_equal(work.status, TW_WORK_ESCALATED);
}

static void a_view_counts_when_it_is_the_first_or_takes_up(void **state)
{
    (void)state;
    tw_alert_work work = {.status = TW_WORK_ASSIGNED, .assignee = TW_STR("ann"), .work_seq = 1};
    tw_action look = action_of(TW_ACTION_ALERT_VIEW, "bob", "{}");
    assert_int_equal(tw_alert_work_apply(&work, &look, 2, &arena), TW_OK);
    assert_true(work.work_seq == 1 && work.first_viewed_ms == 0);
    look = action_of(TW_ACTION_ALERT_VIEW, "bob", "{\"may_decide\":true}");
    assert_int_equal(tw_alert_work_apply(&work, &look, 3, &arena), TW_OK);
    assert_true(work.work_seq == 3 && work.first_viewed_ms == NOW);
    assert_int_equal(work.status, TW_WORK_ASSIGNED);
    assert_int_equal(tw_alert_work_apply(&work, &look, 4, &arena), TW_OK);
    assert_true(work.work_seq == 3);
    look = action_of(TW_ACTION_ALERT_VIEW, "ann", "{}");
    assert_int_equal(tw_alert_work_apply(&work, &look, 5, &arena), TW_OK);
    assert_int_equal(work.status, TW_WORK_IN_REVIEW);
    assert_true(work.work_seq == 5 && work.first_viewed_ms == NOW);
}

static void bodies_of_alerts_that_do_not_hold_are_refused(void **state)
{
    (void)state;
    static const struct {
        tw_action_kind kind;
        const char *body;
        tw_status expected;
    } rows[] = {
        {TW_ACTION_ALERT_ASSIGN, "", TW_INVALID},
        {TW_ACTION_ALERT_ASSIGN, "[]", TW_INVALID},
        {TW_ACTION_ALERT_ASSIGN, "{", TW_INVALID},
        {TW_ACTION_ALERT_ASSIGN, "{\"assignee\":null}", TW_INVALID},
        {TW_ACTION_ALERT_ASSIGN, "{\"assignee\":7}", TW_INVALID},
        {TW_ACTION_ALERT_ASSIGN, "{\"assignee\":\"a\\u0000b\"}", TW_INVALID},
        {TW_ACTION_ALERT_ESCALATE, "{}", TW_INVALID},
        {TW_ACTION_ALERT_ESCALATE, "{\"note\":\"\"}", TW_INVALID},
        {TW_ACTION_ALERT_SNOOZE, "{}", TW_INVALID},
        {TW_ACTION_ALERT_SNOOZE, "{\"until\":\"tomorrow\"}", TW_INVALID},
        {TW_ACTION_ALERT_SNOOZE, "{\"until\":\"2026-01-01T00:00:00Z\"}", TW_INVALID},
        {TW_ACTION_ALERT_SNOOZE, "{\"until\":\"2099-01-01T00:00:00Z\"}", TW_INVALID},
        {TW_ACTION_ALERT_COMMENT, "{\"text\":\"\"}", TW_INVALID},
        {TW_ACTION_ALERT_COMMENT, "{\"text\":[]}", TW_INVALID},
        {TW_ACTION_ALERT_COMMENT, "{\"text\":\"t\",\"mentions\":\"ann\"}", TW_INVALID},
        {TW_ACTION_ALERT_COMMENT, "{\"text\":\"t\",\"mentions\":[1]}", TW_INVALID},
        {TW_ACTION_ALERT_COMMENT,
         "{\"text\":\"t\",\"mentions\":[\"1\",\"2\",\"3\",\"4\",\"5\",\"6\",\"7\",\"8\",\"9\","
         "\"10\",\"11\",\"12\",\"13\",\"14\",\"15\",\"16\",\"17\",\"18\",\"19\",\"20\",\"21\"]}",
         TW_LIMIT},
        {TW_ACTION_CASE_NOTE, "{\"text\":\"t\"}", TW_INVALID},
    };
    tw_alert_work work = {.status = TW_WORK_NEW};
    for (size_t i = 0; i < TW_COUNT(rows); i++) {
        tw_action action = action_of(rows[i].kind, "ann", rows[i].body);
        tw_err err = {0};
        tw_status status = tw_alert_work_check(&work, &action, &arena, &err);
        if (status != rows[i].expected || err.text[0] == '\0')
            fail_msg("%s: %s", rows[i].body, tw_status_name(status));
        // Whatever it says, applying it does no harm.
        tw_alert_work after = work;
        assert_int_equal(tw_alert_work_apply(&after, &action, 2, &arena), TW_OK);
        assert_true(after.status < TW_ALERT_STATUS_N);
    }
    char text[8200];
    memset(text, 'x', sizeof(text));
    memcpy(text, "{\"text\":\"", 9);
    memcpy(text + sizeof(text) - 3, "\"}", 3);
    tw_action action = action_of(TW_ACTION_ALERT_COMMENT, "ann", text);
    assert_int_equal(tw_alert_work_check(&work, &action, &arena, NULL), TW_INVALID);
}

// --- cases
// ----------------------------------------------------------------------------------------

static tw_doc_row file; // the case as it stands; body empty before it is opened

static tw_status check(tw_action_kind kind, const char *actor, const char *body, bool may_manage,
                       tw_err *err)
{
    tw_action action = action_of(kind, actor, body);
    tw_case_limits limits = {.approval_minor = 1000, .may_manage = may_manage};
    return tw_case_check(file.body, &action, &limits, &arena, err);
}

static void apply(tw_action_kind kind, const char *actor, const char *body)
{
    tw_action action = action_of(kind, actor, body);
    tw_doc_row next;
    assert_int_equal(tw_case_apply(file.body, &action, file.seq + 1, "USD", &arena, &next), TW_OK);
    assert_true(next.seq == file.seq + 1 && tw_str_equal(next.id, TW_STR("C-0001")));
    file = next;
}

static void run(tw_action_kind kind, const char *actor, const char *body)
{
    tw_err err = {0};
    if (check(kind, actor, body, true, &err) != TW_OK)
        fail_msg("%s: %s", tw_action_kind_word(kind), err.text);
    apply(kind, actor, body);
}

static void open_file(void)
{
    file = (tw_doc_row){.seq = 0};
    run(TW_ACTION_CASE_OPEN, "ann",
        "{\"title\":\"Till 4: Refunds\",\"subjects\":[{\"kind\":\"EMPLOYEE\",\"id\":\"E1\"}],"
        "\"alerts\":[\"A-1\",\"A-2\"],\"transactions\":[\"T1\"],\"exposure_minor\":900,"
        "\"store_id\":\"S1\"}");
}

static void a_new_case_has_all_its_members(void **state)
{
    (void)state;
    open_file();
    static const char expected[] =
        "{\"case_id\":\"C-0001\",\"title\":\"Till 4: Refunds\",\"state\":\"OPEN\",\"owner\":"
        "\"ann\",\"opened_by\":\"ann\",\"opened_at\":\"2026-02-02T02:40:00Z\",\"updated_at\":"
        "\"2026-02-02T02:40:00Z\",\"store_id\":\"S1\",\"currency\":\"USD\",\"subjects\":[{\"kind\":"
        "\"EMPLOYEE\",\"id\":\"E1\",\"added_by\":\"ann\",\"added_at\":\"2026-02-02T02:40:00Z\"}],"
        "\"alerts\":[\"A-1\",\"A-2\"],\"transactions\":[\"T1\"],\"attachments\":[],\"tasks\":[],"
        "\"money\":[],\"exposure_minor\":900,\"recovered_minor\":0,\"restitution_minor\":0,"
        "\"referrals\":[],\"closing\":null,\"note_n\":0}";
    char got[2048];
    assert_string_equal(tw_str_copy(file.body, got, sizeof(got)), expected);
    const struct {
        char kind;
        const char *key;
    } keys[] = {{'w', "c-0001"}, {'w', "till"},        {'w', "4"},   {'w', "refunds"},
                {'w', "e1"},     {'e', "EMPLOYEE/E1"}, {'a', "A-2"}, {'t', "T1"}};
    for (size_t i = 0; i < TW_COUNT(keys); i++) {
        bool is_there = false;
        for (size_t k = 0; k < file.key_n; k++)
            is_there |= file.keys[k].kind == keys[i].kind &&
                        tw_str_equal(file.keys[k].key, tw_str_from(keys[i].key));
        if (!is_there)
            fail_msg("no key %s", keys[i].key);
    }
    assert_true(tw_str_equal(file.state, TW_STR("OPEN")) &&
                tw_str_equal(file.store_id, TW_STR("S1")) && file.order_ms == NOW);
}

#define SHA "\"sha256\":\"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\""

static void a_case_gathers_what_belongs_to_it(void **state)
{
    (void)state;
    open_file();
    run(TW_ACTION_CASE_EDIT, "bob", "{\"title\":\"Refunds\",\"state\":\"INVESTIGATING\"}");
    run(TW_ACTION_CASE_ADD, "bob",
        "{\"alerts\":[\"A-2\",\"A-3\"],\"subjects\":[{\"kind\":\"EMPLOYEE\",\"id\":\"E1\"},"
        "{\"kind\":\"CARD\",\"id\":\"K1\"}],\"exposure_minor\":50}");
    assert_holds(file.body, "\"alerts\":[\"A-1\",\"A-2\",\"A-3\"]");
    assert_holds(file.body, "\"exposure_minor\":950");
    run(TW_ACTION_CASE_REMOVE, "bob", "{\"alerts\":[\"A-1\",\"A-9\"],\"exposure_minor\":400}");
    assert_holds(file.body, "\"alerts\":[\"A-2\",\"A-3\"]");
    assert_holds(file.body, "\"exposure_minor\":550");
    run(TW_ACTION_CASE_NOTE, "bob", "{\"text\":\"asked the manager\"}");
    assert_holds(file.body, "\"note_n\":1");
    run(TW_ACTION_CASE_ATTACH, "bob",
        "{\"name\":\"v.mp4\",\"media_type\":\"video/mp4\",\"bytes\":9," SHA "}");
    assert_int_equal(check(TW_ACTION_CASE_ATTACH, "bob",
                           "{\"name\":\"w\",\"media_type\":\"video/mp4\",\"bytes\":9," SHA "}",
                           true, NULL),
                     TW_CONFLICT);
    run(TW_ACTION_CASE_TASK, "bob", "{\"task_id\":\"t1\",\"title\":\"call\",\"assignee\":\"ann\"}");
    run(TW_ACTION_CASE_TASK, "ann", "{\"task_id\":\"t1\",\"done\":true}");
    assert_holds(file.body, "\"tasks\":[{\"task_id\":\"t1\",\"title\":\"call\",\"assignee\":"
                            "\"ann\",\"due\":\"\",\"done\":true,\"changed_by\":\"ann\"");
    run(TW_ACTION_CASE_MONEY, "ann", "{\"kind\":\"recovered\",\"amount_minor\":300}");
    run(TW_ACTION_CASE_MONEY, "ann", "{\"kind\":\"recovered\",\"amount_minor\":-100}");
    assert_holds(file.body, "\"recovered_minor\":200");
    run(TW_ACTION_CASE_REFER, "ann", "{\"to\":\"hr\",\"reference\":\"77\"}");
    assert_holds(file.body, "\"referrals\":[{\"to\":\"hr\",\"reference\":\"77\"");
}

// For each state and action: is it allowed? V view E export N note T task A attach R refer M money
// of what came back X money exposure, D edit, + add, S submit, P approve, J reject, O reopen.
static void every_action_in_every_state_of_a_case(void **state)
{
    (void)state;
    static const struct {
        tw_action_kind kind;
        const char *body;
        bool open, investigating, pending, closed;
    } rows[] = {
        {TW_ACTION_CASE_VIEW, "", true, true, true, true},
        {TW_ACTION_CASE_EXPORT, "{\"form\":\"pdf\"}", true, true, true, true},
        {TW_ACTION_CASE_NOTE, "{\"text\":\"n\"}", true, true, true, true},
        {TW_ACTION_CASE_TASK, "{\"task_id\":\"t\",\"title\":\"x\"}", true, true, true, true},
        {TW_ACTION_CASE_ATTACH, "{\"name\":\"n\",\"media_type\":\"a/b\",\"bytes\":1," SHA "}", true,
         true, true, false},
        {TW_ACTION_CASE_REFER, "{\"to\":\"civil\"}", true, true, false, true},
        {TW_ACTION_CASE_MONEY, "{\"kind\":\"restitution\",\"amount_minor\":1}", true, true, false,
         true},
        {TW_ACTION_CASE_MONEY, "{\"kind\":\"exposure\",\"amount_minor\":1}", true, true, false,
         false},
        {TW_ACTION_CASE_EDIT, "{\"title\":\"x\"}", true, true, false, false},
        {TW_ACTION_CASE_ADD, "{\"alerts\":[\"A-7\"]}", true, true, false, false},
        {TW_ACTION_CASE_REMOVE, "{\"alerts\":[\"A-1\"]}", true, true, false, false},
        {TW_ACTION_CASE_SUBMIT, "{\"verdict\":\"REFUTED\",\"reason\":\"other\"}", true, true, false,
         false},
        {TW_ACTION_CASE_APPROVE, "", false, false, true, false},
        {TW_ACTION_CASE_REJECT, "{\"note\":\"n\"}", false, false, true, false},
        {TW_ACTION_CASE_REOPEN, "", false, false, false, true},
        {TW_ACTION_CASE_OPEN, "{\"title\":\"again\"}", false, false, false, false},
    };
    for (int s = 0; s < 4; s++) {
        open_file();
        if (s == 1)
            run(TW_ACTION_CASE_EDIT, "ann", "{\"state\":\"INVESTIGATING\"}");
        if (s >= 2)
            run(TW_ACTION_CASE_SUBMIT, "ann",
                "{\"verdict\":\"CONFIRMED\",\"reason\":\"other\",\"needs_approval\":true}");
        if (s == 3)
            run(TW_ACTION_CASE_APPROVE, "max", "");
        for (size_t i = 0; i < TW_COUNT(rows); i++) {
            const bool allowed[] = {rows[i].open, rows[i].investigating, rows[i].pending,
                                    rows[i].closed};
            tw_err err = {0};
            tw_status status = check(rows[i].kind, "max", rows[i].body, true, &err);
            if (status != (allowed[s] ? TW_OK : TW_CONFLICT))
                fail_msg("state %d, %s: %s %s", s, tw_action_kind_word(rows[i].kind),
                         tw_status_name(status), err.text);
        }
    }
}

static void closing_takes_four_eyes(void **state)
{
    (void)state;
    tw_case_limits limits = {.approval_minor = 900};
    open_file();
    assert_true(tw_case_needs_approval(file.body, &limits, &arena));
    limits.approval_minor = 901;
    assert_false(tw_case_needs_approval(file.body, &limits, &arena));
    run(TW_ACTION_CASE_SUBMIT, "ann",
        "{\"verdict\":\"CONFIRMED\",\"reason\":\"other\",\"needs_approval\":true}");
    assert_true(tw_str_equal(file.state, TW_STR("PENDING_APPROVAL")));
    assert_int_equal(check(TW_ACTION_CASE_APPROVE, "ann", "", true, NULL), TW_DENIED);
    assert_int_equal(check(TW_ACTION_CASE_APPROVE, "bob", "", false, NULL), TW_DENIED);
    assert_int_equal(check(TW_ACTION_CASE_REJECT, "bob", "{\"note\":\"n\"}", false, NULL),
                     TW_DENIED);
    assert_int_equal(check(TW_ACTION_CASE_REJECT, "ann", "{\"note\":\"mine\"}", false, NULL),
                     TW_OK);
    tw_doc_row pending = file;
    run(TW_ACTION_CASE_REJECT, "max", "{\"note\":\"thin\"}");
    assert_true(tw_str_equal(file.state, TW_STR("INVESTIGATING")));
    assert_holds(file.body, "\"closing\":null");
    file = pending;
    run(TW_ACTION_CASE_APPROVE, "max", "");
    assert_true(tw_str_equal(file.state, TW_STR("CLOSED")));
    assert_holds(file.body, "\"approved_by\":\"max\"");
    run(TW_ACTION_CASE_REOPEN, "ann", "");
    assert_true(tw_str_equal(file.state, TW_STR("INVESTIGATING")));
    run(TW_ACTION_CASE_SUBMIT, "ann",
        "{\"verdict\":\"CONFIRMED\",\"reason\":\"other\",\"needs_approval\":false}");
    assert_true(tw_str_equal(file.state, TW_STR("CLOSED")));
}

static void bodies_of_cases_that_do_not_hold_are_refused(void **state)
{
    (void)state;
    static const struct {
        tw_action_kind kind;
        const char *body;
    } rows[] = {
        {TW_ACTION_CASE_EDIT, "{}"},
        {TW_ACTION_CASE_EDIT, "{\"title\":\"\"}"},
        {TW_ACTION_CASE_EDIT, "{\"state\":\"CLOSED\"}"},
        {TW_ACTION_CASE_ADD, "{}"},
        {TW_ACTION_CASE_ADD, "{\"alerts\":{}}"},
        {TW_ACTION_CASE_ADD, "{\"alerts\":[\"\"]}"},
        {TW_ACTION_CASE_ADD, "{\"subjects\":[{\"kind\":\"PET\",\"id\":\"1\"}]}"},
        {TW_ACTION_CASE_ADD, "{\"subjects\":[{\"kind\":\"ITEM\"}]}"},
        {TW_ACTION_CASE_NOTE, "{}"},
        {TW_ACTION_CASE_ATTACH, "{\"name\":\"n\",\"media_type\":\"a/b\",\"bytes\":1}"},
        {TW_ACTION_CASE_ATTACH, "{\"name\":\"n\",\"media_type\":\"a/b\",\"bytes\":-1," SHA "}"},
        {TW_ACTION_CASE_TASK, "{\"task_id\":\"t\"}"}, // new, without a title
        {TW_ACTION_CASE_TASK, "{\"task_id\":\"t\",\"title\":\"x\",\"due\":\"soon\"}"},
        {TW_ACTION_CASE_TASK, "{\"task_id\":\"t\",\"title\":\"x\",\"done\":1}"},
        {TW_ACTION_CASE_MONEY, "{\"kind\":\"gold\",\"amount_minor\":1}"},
        {TW_ACTION_CASE_MONEY, "{\"kind\":\"recovered\",\"amount_minor\":0}"},
        {TW_ACTION_CASE_MONEY, "{\"kind\":\"recovered\",\"amount_minor\":1.5}"},
        {TW_ACTION_CASE_MONEY, "{\"kind\":\"recovered\",\"amount_minor\":18446744073709551615}"},
        {TW_ACTION_CASE_REFER, "{\"to\":\"press\"}"},
        {TW_ACTION_CASE_SUBMIT, "{\"verdict\":\"GUILTY\",\"reason\":\"r\"}"},
        {TW_ACTION_CASE_SUBMIT, "{\"verdict\":\"CONFIRMED\"}"},
        {TW_ACTION_CASE_EXPORT, "{}"},
        {TW_ACTION_ALERT_WAKE, "{}"},
    };
    open_file();
    for (size_t i = 0; i < TW_COUNT(rows); i++) {
        tw_err err = {0};
        tw_status status = check(rows[i].kind, "ann", rows[i].body, true, &err);
        if (status != TW_INVALID || err.text[0] == '\0')
            fail_msg("%s: %s", rows[i].body, tw_status_name(status));
    }
    file = (tw_doc_row){.seq = 0};
    assert_int_equal(check(TW_ACTION_CASE_NOTE, "ann", "{\"text\":\"t\"}", true, NULL),
                     TW_NOT_FOUND);
    assert_int_equal(check(TW_ACTION_CASE_OPEN, "ann", "{}", true, NULL), TW_INVALID);
}

static void a_full_case_takes_no_more(void **state)
{
    (void)state;
    char body[128];
    open_file();
    for (int i = 0; i < TW_CASE_ENTRIES_MAX; i++)
        apply(TW_ACTION_CASE_MONEY, "ann", "{\"kind\":\"recovered\",\"amount_minor\":1}");
    assert_int_equal(check(TW_ACTION_CASE_MONEY, "ann",
                           "{\"kind\":\"recovered\",\"amount_minor\":1}", true, NULL),
                     TW_LIMIT);
    assert_holds((tw_str){file.body.at + file.body.bytes - 200, 200}, "\"recovered_minor\":200");
    for (int i = 0; i < TW_CASE_ALERTS_MAX; i++) { // two are there: the last two are left out
        snprintf(body, sizeof(body), "{\"alerts\":[\"B-%d\"]}", i);
        if (i == TW_CASE_ALERTS_MAX - 2)
            assert_int_equal(check(TW_ACTION_CASE_ADD, "ann", body, true, NULL), TW_LIMIT);
        apply(TW_ACTION_CASE_ADD, "ann", body);
    }
    size_t n = 0;
    for (size_t i = 0; i < file.key_n; i++)
        n += file.keys[i].kind == 'a';
    assert_int_equal(n, TW_CASE_ALERTS_MAX);
    tw_arena_reset(&arena);
}

static void what_changes_no_file_says_so(void **state)
{
    (void)state;
    tw_doc_row next;
    tw_action view = action_of(TW_ACTION_CASE_VIEW, "ann", "{}");
    tw_action note = action_of(TW_ACTION_CASE_NOTE, "ann", "{\"text\":\"t\"}");
    open_file();
    assert_int_equal(tw_case_apply(file.body, &view, 9, "USD", &arena, &next), TW_INVALID);
    assert_int_equal(tw_case_apply(TW_STR_NONE, &note, 9, "USD", &arena, &next), TW_INVALID);
    assert_int_equal(tw_case_apply(TW_STR("[1"), &note, 9, "USD", &arena, &next), TW_CORRUPT);
}

// --- settings
// -------------------------------------------------------------------------------------

static void settings_merge_read_and_write(void **state)
{
    (void)state;
    tw_buf out;
    tw_settings settings;
    tw_str json;
    tw_buf_init(&out, tw_alloc_system(), 1 << 20);
    assert_int_equal(tw_settings_merge(TW_STR(""),
                                       TW_STR("{\"report_hour\":9,\"brand_name\":\"Kolo\",\"regions"
                                              "\":[{\"name\":\"North\",\"stores\":[\"S1\",\"N-*\"]}"
                                              "],\"rules\":[{\"region\":\"North\",\"team\":\"n\","
                                              "\"min_risk\":0.9}]}"),
                                       &out, NULL),
                     TW_OK);
    tw_str first = {(const char *)out.data_own, out.bytes};
    char copy[1024];
    tw_str_copy(first, copy, sizeof(copy));
    tw_buf_reset(&out);
    assert_int_equal(tw_settings_merge(tw_str_from(copy),
                                       TW_STR("{\"report_hour\":null,\"share_prevented\":1}"), &out,
                                       NULL),
                     TW_OK);
    tw_str second = {(const char *)out.data_own, out.bytes};
    assert_int_equal(tw_settings_read(second, &arena, &settings, NULL), TW_OK);
    assert_int_equal(settings.report_hour, tw_settings_default()->report_hour);
    assert_true(settings.share_prevented == 1 && settings.region_n == 1 && settings.rule_n == 1);
    assert_true(tw_str_equal(tw_settings_region(&settings, TW_STR("N-7")), TW_STR("North")));
    assert_true(tw_str_equal(tw_settings_region(&settings, TW_STR("S1")), TW_STR("North")));
    assert_true(tw_settings_region(&settings, TW_STR("S12")).bytes == 0);
    assert_true(tw_settings_due_ms(&settings, 0, 0.96) == 4 * TW_HOUR_MS);
    assert_true(tw_settings_due_ms(&settings, 0, 0.92) == 24 * TW_HOUR_MS);
    assert_true(tw_settings_due_ms(&settings, 0, 0.8) == 72 * TW_HOUR_MS);
    // Written and read again it is the same.
    assert_int_equal(tw_settings_write(&settings, &arena, &json), TW_OK);
    tw_settings again;
    tw_str json_again;
    assert_int_equal(tw_settings_read(json, &arena, &again, NULL), TW_OK);
    assert_int_equal(tw_settings_write(&again, &arena, &json_again), TW_OK);
    assert_true(tw_str_equal(json, json_again));
    tw_buf_release(&out);
}

static void settings_that_do_not_hold_are_refused(void **state)
{
    (void)state;
    static const char *const changes[] = {
        "{}",
        "[]",
        "{\"no_such\":1}",
        "{\"report_hour\":24}",
        "{\"report_hour\":1.5}",
        "{\"report_hour\":\"7\"}",
        "{\"share_prevented\":1.1}",
        "{\"approval_minor\":-1}",
        "{\"sla_hours_critical\":30}", // more time than the lower risk
        "{\"camera_link\":\"javascript:alert(1)\"}",
        "{\"brand_colour\":\"red\"}",
        "{\"zone\":\"../etc\\u0000\"}",
        "{\"zone\":\"/etc/passwd\"}",
        "{\"report_to\":\"a@b, nobody\"}",
        "{\"report_to\":\"a@b\\nBcc: c@d\"}",
        "{\"reasons\":[]}",
        "{\"reasons\":[{\"verdict\":\"CONFIRMED\",\"code\":\"Bad Code\",\"title\":\"t\"}]}",
        "{\"reasons\":[{\"verdict\":\"CONFIRMED\",\"code\":\"a\",\"title\":\"t\"}]}",
        "{\"regions\":[{\"name\":\"\",\"stores\":[]}]}",
        "{\"regions\":[{\"name\":\"a\",\"stores\":[]},{\"name\":\"a\",\"stores\":[]}]}",
        "{\"regions\":{}}",
        "{\"rules\":[{}]}",
        "{\"rules\":[{\"assignee\":\"a\",\"team\":\"b\"}]}",
        "{\"rules\":[{\"assignee\":\"a\",\"region\":\"none\"}]}",
        "{\"rules\":[{\"assignee\":\"a\",\"min_risk\":2}]}",
    };
    tw_buf out;
    tw_buf_init(&out, tw_alloc_system(), 1 << 20);
    for (size_t i = 0; i < TW_COUNT(changes); i++) {
        tw_err err = {0};
        tw_status status = tw_settings_merge(TW_STR(""), tw_str_from(changes[i]), &out, &err);
        if (status != TW_INVALID || err.text[0] == '\0')
            fail_msg("%s: %s", changes[i], tw_status_name(status));
        assert_int_equal(out.bytes, 0);
    }
    tw_buf_release(&out);
}

// --- entries
// --------------------------------------------------------------------------------------

static void entries_come_change_and_go(void **state)
{
    (void)state;
    tw_doc_row row, next;
    tw_action save = action_of(TW_ACTION_FILTER_SAVE, "ann",
                               "{\"name\":\"Mine\",\"query\":\"assignee=me\",\"shared\":true}");
    assert_int_equal(tw_entry_check(TW_STR_NONE, &save, false, &arena, NULL), TW_OK);
    assert_int_equal(tw_entry_apply(TW_STR_NONE, &save, 3, &arena, &row), TW_OK);
    assert_true(tw_str_equal(row.owner, TW_STR("ann")) &&
                tw_str_equal(row.state, TW_STR("shared")));
    save.actor = TW_STR("bob");
    assert_int_equal(tw_entry_check(row.body, &save, false, &arena, NULL), TW_DENIED);
    assert_int_equal(tw_entry_check(row.body, &save, true, &arena, NULL), TW_OK);
    assert_int_equal(tw_entry_apply(row.body, &save, 4, &arena, &next), TW_OK);
    assert_true(tw_str_equal(next.owner, TW_STR("ann"))); // whoever changes it, it stays hers
    tw_action gone = action_of(TW_ACTION_FILTER_REMOVE, "ann", "");
    assert_int_equal(tw_entry_check(TW_STR_NONE, &gone, false, &arena, NULL), TW_NOT_FOUND);
    assert_int_equal(tw_entry_check(next.body, &gone, false, &arena, NULL), TW_OK);
    assert_int_equal(tw_entry_apply(next.body, &gone, 5, &arena, &row), TW_OK);
    assert_true(row.body.bytes == 0 && row.seq == 5);
    static const char *const bad[] = {
        "{}",
        "{\"entity_kind\":\"employee\",\"entity_id\":\"E\",\"reason\":\"r\"}",
        "{\"entity_kind\":\"employee\",\"entity_id\":\"E\",\"reason\":\"\",\"until\":"
        "\"2026-03-01T00:00:00Z\"}",
        "{\"entity_kind\":\"employee\",\"entity_id\":\"E\",\"reason\":\"r\",\"until\":"
        "\"2026-01-01T00:00:00Z\"}",
        "{\"entity_kind\":\"employee\",\"entity_id\":\"E\",\"reason\":\"r\",\"until\":"
        "\"2028-01-01T00:00:00Z\"}",
    };
    for (size_t i = 0; i < TW_COUNT(bad); i++) {
        tw_action add = action_of(TW_ACTION_ALLOW_ADD, "max", bad[i]);
        assert_int_equal(tw_entry_check(TW_STR_NONE, &add, true, &arena, NULL), TW_INVALID);
    }
    tw_action add = action_of(TW_ACTION_ALLOW_ADD, "max",
                              "{\"entity_kind\":\"employee\",\"entity_id\":\"E\",\"reason\":\"r\","
                              "\"until\":\"2026-03-01T00:00:00Z\"}");
    assert_int_equal(tw_entry_check(TW_STR_NONE, &add, true, &arena, NULL), TW_OK);
    assert_int_equal(tw_entry_apply(TW_STR_NONE, &add, 6, &arena, &row), TW_OK);
    assert_int_equal(tw_entry_check(row.body, &add, true, &arena, NULL), TW_CONFLICT);
    assert_true(row.key_n == 1 && tw_str_equal(row.keys[0].key, TW_STR("employee/E")));
    assert_true(tw_str_equal(row.owner, TW_STR("max")));
}

static void kinds_have_their_words(void **state)
{
    (void)state;
    for (unsigned i = 0; i < TW_ACTION_NOTE; i++) {
        const char *word = tw_action_kind_word((tw_action_kind)i);
        assert_int_equal(tw_action_kind_from(tw_str_from(word)), i);
    }
    assert_int_equal(tw_action_kind_from(TW_STR("employee.view")), TW_ACTION_NOTE);
    assert_int_equal(tw_action_kind_from(TW_STR("")), TW_ACTION_NOTE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_action_in_every_state),
        cmocka_unit_test(a_verdict_closes_and_reopening_gives_it_back),
        cmocka_unit_test(a_view_counts_when_it_is_the_first_or_takes_up),
        cmocka_unit_test(bodies_of_alerts_that_do_not_hold_are_refused),
        cmocka_unit_test(a_new_case_has_all_its_members),
        cmocka_unit_test(a_case_gathers_what_belongs_to_it),
        cmocka_unit_test(every_action_in_every_state_of_a_case),
        cmocka_unit_test(closing_takes_four_eyes),
        cmocka_unit_test(bodies_of_cases_that_do_not_hold_are_refused),
        cmocka_unit_test(a_full_case_takes_no_more),
        cmocka_unit_test(what_changes_no_file_says_so),
        cmocka_unit_test(settings_merge_read_and_write),
        cmocka_unit_test(settings_that_do_not_hold_are_refused),
        cmocka_unit_test(entries_come_change_and_go),
        cmocka_unit_test(kinds_have_their_words),
    };
    return cmocka_run_group_tests(tests, make_arena, release_arena);
}
