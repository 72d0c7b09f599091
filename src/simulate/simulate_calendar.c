// SPDX-License-Identifier: Apache-2.0
//
// When people shop: week, season, holidays, hours, promotion days; and summer time by rule, so that
// the output does not depend on the machine's zone database.
#include "base/time.h"
#include "simulate_model.h"

const char *twi_format_name(twi_format format)
{
    static const char *const names[TWI_FORMATS] = {"convenience", "supermarket", "department",
                                                   "outlet"};
    return names[format];
}

const twi_zone *twi_zone_of(bool is_american, uint32_t idx)
{
    static const twi_zone american[TWI_ZONES] = {{-300, true, "America/New_York"},
                                                 {-360, true, "America/Chicago"},
                                                 {-420, true, "America/Denver"},
                                                 {-480, true, "America/Los_Angeles"}};
    static const twi_zone european[TWI_ZONES] = {{60, false, "Europe/Berlin"},
                                                 {0, false, "Europe/London"},
                                                 {60, false, "Europe/Paris"},
                                                 {120, false, "Europe/Helsinki"}};
    return &(is_american ? american : european)[idx % TWI_ZONES];
}

int32_t twi_weekday(int32_t day)
{
    return (day + 3) % 7;
}

// The n-th Sunday (n > 0), or the last one (n = 0), of a month.
static int32_t sunday_of(int32_t year, int32_t month, int32_t n)
{
    if (n == 0) {
        int32_t last = tw_days_from_civil(year + (month == 12), month % 12 + 1, 1) - 1;
        return last - (twi_weekday(last) + 1) % 7;
    }
    int32_t first = tw_days_from_civil(year, month, 1);
    return first + (6 - twi_weekday(first)) + 7 * (n - 1);
}

int16_t twi_zone_offset_min(const twi_zone *zone, int64_t utc_s)
{
    tw_civil civil;
    tw_civil_from_ms(utc_s * 1000 + zone->base_min * INT64_C(60000), &civil);
    int64_t begin_s, end_s;
    if (zone->is_american) { // 02:00 wall clock, second Sunday of March to first of November
        begin_s = sunday_of(civil.year, 3, 2) * INT64_C(86400) + 7200 - zone->base_min * 60;
        end_s = sunday_of(civil.year, 11, 1) * INT64_C(86400) + 3600 - zone->base_min * 60;
    } else { // 01:00 UTC, last Sunday of March to last of October
        begin_s = sunday_of(civil.year, 3, 0) * INT64_C(86400) + 3600;
        end_s = sunday_of(civil.year, 10, 0) * INT64_C(86400) + 3600;
    }
    bool is_summer = begin_s <= utc_s && utc_s < end_s;
    return (int16_t)(zone->base_min + (is_summer ? 60 : 0));
}

// Easter Sunday by the anonymous Gregorian algorithm.
static int32_t easter(int32_t year)
{
    int32_t a = year % 19, b = year / 100, c = year % 100, d = b / 4, e = b % 4;
    int32_t g = (8 * b + 13) / 25, h = (19 * a + b - d - g + 15) % 30, i = c / 4, k = c % 4;
    int32_t l = (32 + 2 * e + 2 * i - h - k) % 7, m = (a + 11 * h + 19 * l) / 433;
    int32_t month = (h + l - 7 * m + 90) / 25;
    int32_t day = (h + l - 7 * m + 33 * month + 19) % 32;
    return tw_days_from_civil(year, month, day);
}

// 0 = closed in all but convenience stores; above 1 = a rush.
static double holiday_factor(bool is_american, const tw_civil *c, int32_t day)
{
    if (c->month == 12 && c->day == 25)
        return 0.0;
    if (c->month == 1 && c->day == 1)
        return is_american ? 0.7 : 0.0;
    if (c->month == 12 && c->day >= 18 && c->day <= 23)
        return 1.45;
    if (c->month == 12 && c->day == 24)
        return 0.9;
    if (c->month == 12 && c->day >= 26 && c->day <= 30)
        return 1.25; // returns and sales
    if (!is_american) {
        int32_t from_easter = day - easter(c->year);
        bool is_closed = from_easter == -2 || from_easter == 0 || from_easter == 1 ||
                         (c->month == 5 && c->day == 1);
        return is_closed ? 0.0 : from_easter == -3 || from_easter == -1 ? 1.4 : 1.0;
    }
    int32_t thanksgiving = sunday_of(c->year, 11, 1) + 4;
    thanksgiving += 7 * ((tw_days_from_civil(c->year, 11, 28) - thanksgiving) / 7);
    if (day == thanksgiving)
        return 0.0;
    if (day == thanksgiving + 1)
        return 2.2;
    if (c->month == 7 && c->day == 4)
        return 0.8;
    bool is_long_weekend = twi_weekday(day) == 0 &&
                           ((c->month == 1 && c->day >= 15 && c->day <= 21) ||
                            (c->month == 2 && c->day >= 15 && c->day <= 21) ||
                            (c->month == 5 && c->day >= 25) || (c->month == 9 && c->day <= 7));
    return is_long_weekend ? 1.4 : 1.0;
}

double twi_day_factor(twi_format format, bool is_american, int32_t day)
{
    static const double week[TWI_FORMATS][7] = {{1.00, 0.98, 1.00, 1.02, 1.15, 1.03, 0.82},
                                                {0.92, 0.88, 0.92, 1.00, 1.20, 1.28, 0.80},
                                                {0.75, 0.78, 0.85, 0.95, 1.15, 1.50, 1.02},
                                                {0.70, 0.72, 0.80, 0.90, 1.15, 1.55, 1.18}};
    static const double year[TWI_FORMATS][12] = {
        {0.95, 0.95, 0.98, 1.00, 1.03, 1.06, 1.08, 1.07, 1.00, 0.98, 0.96, 0.99},
        {0.98, 0.97, 0.99, 1.00, 1.00, 1.00, 0.98, 0.98, 1.00, 1.00, 1.04, 1.10},
        {0.90, 0.86, 0.95, 0.98, 1.00, 0.98, 0.95, 1.00, 1.00, 1.02, 1.16, 1.35},
        {0.95, 0.86, 0.95, 0.98, 1.00, 1.00, 1.05, 1.08, 1.00, 0.98, 1.10, 1.20}};
    tw_civil civil;
    tw_civil_from_ms(day * TW_DAY_MS, &civil);
    double holiday = holiday_factor(is_american, &civil, day);
    if (format == TWI_CONVENIENCE)
        holiday = holiday == 0.0 ? 0.6 : holiday > 1.2 ? 1.1 : holiday;
    return week[format][twi_weekday(day)] * year[format][civil.month - 1] * holiday;
}

double twi_hour_weight(twi_format format, int32_t weekday, int32_t hour)
{
    static const double ordinary[TWI_FORMATS][24] = {
        {8, 6, 4, 4, 6, 14, 34, 62, 60, 42, 38, 46, 60, 52, 42, 46, 58, 70, 66, 52, 40, 30, 20, 12},
        {1, 1, 1, 1, 1, 3, 10, 22, 36, 50, 60, 64, 62, 54, 52, 60, 78, 94, 88, 62, 40, 22, 8, 2},
        {0, 0, 0, 0, 0, 0, 1, 2, 8, 26, 46, 58, 72, 66, 58, 60, 70, 78, 64, 44, 26, 10, 2, 0},
        {0, 0, 0, 0, 0, 0, 1, 2, 6, 20, 42, 56, 66, 70, 74, 76, 72, 60, 44, 30, 16, 6, 1, 0}};
    static const double weekend[TWI_FORMATS][24] = {
        {16, 12, 8,  5,  4,  6,  12, 22, 36, 50, 58, 62,
         64, 60, 56, 56, 60, 64, 66, 62, 54, 44, 34, 24},
        {1, 1, 1, 1, 1, 2, 6, 16, 40, 66, 84, 90, 86, 78, 72, 70, 68, 60, 46, 32, 20, 10, 4, 1},
        {0, 0, 0, 0, 0, 0, 1, 2, 8, 24, 48, 68, 84, 92, 96, 94, 82, 64, 44, 28, 14, 6, 1, 0},
        {0, 0, 0, 0, 0, 0, 1, 2, 6, 26, 54, 76, 92, 98, 98, 92, 80, 58, 38, 22, 10, 4, 1, 0}};
    return (weekday >= 5 ? weekend : ordinary)[format][hour % 24];
}

int32_t twi_promotion_percent(uint64_t seed, twi_format format, int32_t day)
{
    uint64_t h = twi_mix(twi_mix(seed, 0x70726f6d6fu + (uint64_t)format), (uint64_t)day);
    static const uint32_t one_in[TWI_FORMATS] = {20, 14, 9, 9};
    if (h % one_in[format] != 0)
        return 0;
    return 15 + (int32_t)(h >> 32 & 3) * 5;
}
