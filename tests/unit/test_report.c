// SPDX-License-Identifier: Apache-2.0
//
// When a report is due and what it covers, across months, years and changes of the clock.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "service/report.h"

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reports_come_on_their_day_and_hour),
        cmocka_unit_test(reports_cover_the_last_complete_period),
        cmocka_unit_test(days_weeks_and_months_follow_each_other),
        cmocka_unit_test(addresses_have_one_form),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
