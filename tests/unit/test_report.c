// SPDX-License-Identifier: Apache-2.0
//
// When a report is due and what it covers, across months, years and changes of the clock.
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>

#include <cmocka.h>

#include "adapter/paper.h"
#include "service/report.h"
#include "service_fixture.h"

static tw_figure_zone zone;

static int set_up(void **state)
{
    (void)state;
    tw_zone *made;
    assert_int_equal(tw_zone_new(tw_alloc_system(), "Europe/Berlin", &made, NULL), TW_OK);
    zone = (tw_figure_zone){made, TW_STR("Europe/Berlin")};
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    tw_zone *made;
    memcpy(&made, &zone.zone, sizeof(made)); // ours, const for the users only
    tw_zone_free(made);
    return 0;
}

static int64_t ms(const char *text)
{
    int64_t out;
    int16_t offset;
    assert_true(tw_time_parse(tw_str_from(text), &out, &offset));
    return out;
}

static void next(int weekday, int hour, const char *after, const char *wanted)
{
    char text[TW_TIME_TEXT_BYTES];
    assert_string_equal(tw_time_format(tw_report_next_ms(&zone, weekday, hour, ms(after)), 0, text),
                        wanted);
}

static void reports_come_on_their_day_and_hour(void **state)
{
    (void)state;
    // 2026-03-02 is a Monday; Berlin is an hour ahead, two from 2026-03-29 on.
    next(1, 7, "2026-03-01T12:00:00Z", "2026-03-02T06:00:00Z");
    next(1, 7, "2026-03-02T05:59:59Z", "2026-03-02T06:00:00Z");
    next(1, 7, "2026-03-02T06:00:00Z", "2026-03-09T06:00:00Z");
    next(0, 7, "2026-03-02T06:00:00Z", "2026-03-03T06:00:00Z");
    next(0, 7, "2026-03-28T12:00:00Z", "2026-03-29T05:00:00Z");
    next(7, 0, "2026-03-02T00:00:00Z", "2026-03-07T23:00:00Z");
    next(-1, 6, "2026-03-02T00:00:00Z", "2026-04-01T04:00:00Z");
    next(-1, 6, "2026-12-15T00:00:00Z", "2027-01-01T05:00:00Z");
}

static void period(int weekday, const char *due, const char *from, const char *to)
{
    int64_t from_ms, to_ms;
    char text[TW_TIME_TEXT_BYTES];
    tw_report_period(&zone, weekday, ms(due), &from_ms, &to_ms);
    assert_string_equal(tw_time_format(from_ms, 0, text), from);
    assert_string_equal(tw_time_format(to_ms, 0, text), to);
}

static void reports_cover_the_last_complete_period(void **state)
{
    (void)state;
    period(1, "2026-03-02T06:00:00Z", "2026-02-22T23:00:00Z", "2026-03-01T23:00:00Z");
    period(0, "2026-03-02T06:00:00Z", "2026-02-28T23:00:00Z", "2026-03-01T23:00:00Z");
    period(-1, "2026-04-01T04:00:00Z", "2026-02-28T23:00:00Z", "2026-03-31T22:00:00Z");
    period(-1, "2027-01-15T05:00:00Z", "2026-11-30T23:00:00Z", "2026-12-31T23:00:00Z");
}

static void days_weeks_and_months_follow_each_other(void **state)
{
    (void)state;
    int32_t day;
    assert_true(tw_date_parse(TW_STR("2026-02-25"), &day)); // a Wednesday
    assert_int_equal(tw_figure_next_day(TW_METRIC_CUT_DAY, day), day + 1);
    assert_int_equal(tw_figure_next_day(TW_METRIC_CUT_WEEK, day), day + 5);
    assert_int_equal(tw_figure_next_day(TW_METRIC_CUT_MONTH, day), day + 4);
    assert_int_equal(tw_figure_day_of(&zone, ms("2026-02-25T22:59:59Z")), day);
    assert_int_equal(tw_figure_day_of(&zone, ms("2026-02-25T23:00:00Z")), day + 1);
}

static void addresses_have_one_form(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "", "a", "@b", "a@", "a@b@c", "a b@c", "<a@b.c>", "a@b,c", "a@b\r\nBcc: x@y", "ä@b.c"};
    assert_true(tw_mail_address_is_valid(TW_STR("ops+lp@example.com")));
    for (size_t i = 0; i < TW_COUNT(bad); i++)
        assert_false(tw_mail_address_is_valid(tw_str_from(bad[i])));
}

// --- sending
// ----------------------------------------------------------------------------------------

// A mail port that keeps what it was given, or refuses.
typedef struct outbox {
    pthread_mutex_t lock;
    pthread_cond_t cond;
    size_t sent_n, tried_n;
    bool refuses;
    char to[64], subject[128];
    size_t file_bytes;
} outbox;

static tw_status outbox_send(void *ctx, const tw_mail_message *message, tw_err *err)
{
    outbox *box = ctx;
    pthread_mutex_lock(&box->lock);
    box->tried_n++;
    tw_status status = box->refuses ? tw_fail(err, TW_IO, "the server said no") : TW_OK;
    box->sent_n += status == TW_OK;
    tw_str_copy(message->to[0], box->to, sizeof(box->to));
    tw_str_copy(message->subject, box->subject, sizeof(box->subject));
    box->file_bytes = message->file.bytes;
    pthread_cond_broadcast(&box->cond);
    pthread_mutex_unlock(&box->lock);
    return status;
}

static void outbox_close(void *ctx)
{
    (void)ctx;
}

static void wait_tried(outbox *box, size_t n)
{
    pthread_mutex_lock(&box->lock);
    while (box->tried_n < n)
        pthread_cond_wait(&box->cond, &box->lock);
    pthread_mutex_unlock(&box->lock);
}

static _Atomic int64_t now_ms;
static int64_t read_now(void *ctx)
{
    (void)ctx;
    return atomic_load(&now_ms);
}

static void set_report_to(tw_service *service)
{
    tw_work_result result;
    tw_work_request work = {.kind = TW_ACTION_SETTINGS_CHANGE,
                            .actor = TW_STR("boss"),
                            .rights = tw_role_rights(TW_ROLE_ADMIN),
                            .body =
                                TW_STR("{\"report_to\":\"board@example.com\",\"report_weekday\":1,"
                                       "\"report_hour\":7,\"zone\":\"Europe/Berlin\"}")};
    tw_err err = {.text = ""};
    if (tw_service_act(service, &work, 1, &result, &err) != TW_OK)
        fail_msg("%s", err.text);
}

static size_t log_n(tw_service *service, const char *kind)
{
    tw_arena arena;
    tw_action_row *rows;
    size_t n;
    tw_action_filter filter = {.kind = tw_str_from(kind)};
    tw_arena_init(&arena, tw_alloc_system(), 0, 1 << 20);
    assert_int_equal(tw_query_actions(service, &filter, 10, &arena, &rows, &n, NULL), TW_OK);
    tw_arena_release(&arena);
    return n;
}

// Starts a reporter at an instant, waits for `tries` attempts in all, and ends it.
static void run_at(tw_service *service, outbox *box, const tw_mail *mail, const char *when,
                   size_t tries)
{
    tw_reporter *reporter;
    atomic_store(&now_ms, ms(when));
    assert_int_equal(tw_reporter_start(service, mail, &reporter, NULL), TW_OK);
    wait_tried(box, tries);
    tw_reporter_stop(reporter);
    assert_int_equal(box->tried_n, tries);
}

static void what_fell_due_is_sent_once(void **state)
{
    (void)state;
    static const tw_mail_ops ops = {TW_MAIL_VERSION, outbox_send, outbox_close};
    static const tw_clock clock = {read_now, NULL};
    outbox box = {.sent_n = 0};
    tw_mail mail = {&ops, &box};
    tw_paper paper = tw_haru_paper(NULL);
    fixture f;
    tw_reporter *reporter;
    tw_err err = {.text = ""};
    const tw_str to = TW_STR("ops@example.com");
    pthread_mutex_init(&box.lock, NULL);
    pthread_cond_init(&box.cond, NULL);
    atomic_store(&now_ms, ms("2026-03-04T12:00:00Z")); // a Wednesday
    fixture_make(&f);
    f.train_off = true;
    tw_service_options options = fixture_options(&f);
    options.paper = &paper;
    options.clock = &clock;
    assert_int_equal(tw_service_open(&options, &f.service, NULL), TW_OK);
    set_report_to(f.service);
    // Nothing is due; one is asked for.
    assert_int_equal(tw_reporter_start(f.service, &mail, &reporter, NULL), TW_OK);
    if (tw_reporter_send(reporter, TW_STR("boss"), &to, 1, &err) != TW_OK)
        fail_msg("%s", err.text);
    wait_tried(&box, 1);
    tw_reporter_stop(reporter);
    assert_string_equal(box.to, "ops@example.com");
    assert_string_equal(box.subject, "Loss prevention report, 2026-02-25 to 2026-03-03");
    assert_true(box.file_bytes > 1000);
    // Monday passed while nothing ran: sent at the start, and not again at the next one.
    run_at(f.service, &box, &mail, "2026-03-09T09:00:00Z", 2);
    assert_string_equal(box.to, "board@example.com");
    assert_string_equal(box.subject, "Loss prevention report, 2026-03-02 to 2026-03-08");
    run_at(f.service, &box, &mail, "2026-03-09T10:00:00Z", 2);
    // A server that refuses is an alarm, and the report stays due.
    box.refuses = true;
    run_at(f.service, &box, &mail, "2026-03-16T07:00:00Z", 3);
    assert_int_equal(log_n(f.service, "report.fail"), 1);
    box.refuses = false;
    run_at(f.service, &box, &mail, "2026-03-16T08:00:00Z", 4);
    assert_int_equal(box.sent_n, 3);
    assert_int_equal(log_n(f.service, "report.send"), 3);
    fixture_release(&f);
    pthread_cond_destroy(&box.cond);
    pthread_mutex_destroy(&box.lock);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reports_come_on_their_day_and_hour),
        cmocka_unit_test(reports_cover_the_last_complete_period),
        cmocka_unit_test(days_weeks_and_months_follow_each_other),
        cmocka_unit_test(addresses_have_one_form),
        cmocka_unit_test(what_fell_due_is_sent_once),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
