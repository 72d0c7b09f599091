// SPDX-License-Identifier: Apache-2.0
//
// A small strptime without the C library's locale and global zone.
#include "time_format.h"

typedef struct parts {
    int year, month, day, day_of_year, hour, minute, second, millisecond;
    int half; // 0 none, 1 am, 2 pm
    int16_t offset_min;
} parts;

static bool digits(tw_str s, size_t *at, size_t min_n, size_t max_n, int *out)
{
    size_t n = 0;
    int v = 0;
    while (n < max_n && *at < s.bytes && s.at[*at] >= '0' && s.at[*at] <= '9') {
        v = v * 10 + (s.at[(*at)++] - '0');
        n++;
    }
    *out = v;
    return n >= min_n;
}

static bool month_name(tw_str s, size_t *at, int *out)
{
    static const char names[] = "janfebmaraprmayjunjulaugsepoctnovdec";
    for (int i = 0; i < 12; i++) {
        if (*at + 3 <= s.bytes &&
            tw_str_equal_nocase((tw_str){names + 3 * i, 3}, (tw_str){s.at + *at, 3})) {
            *at += 3;
            *out = i + 1;
            return true;
        }
    }
    return false;
}

static bool fraction(tw_str s, size_t *at, int *millisecond)
{
    int scale = 100, v = 0;
    size_t n = 0;
    for (; *at < s.bytes && s.at[*at] >= '0' && s.at[*at] <= '9' && n < 9; n++, scale /= 10)
        v += (s.at[(*at)++] - '0') * scale;
    *millisecond = v;
    return n > 0;
}

static bool offset(tw_str s, size_t *at, int16_t *out)
{
    int hour = 0, minute = 0;
    if (*at < s.bytes && (s.at[*at] == 'Z' || s.at[*at] == 'z')) {
        ++*at;
        *out = 0;
        return true;
    }
    if (*at >= s.bytes || (s.at[*at] != '+' && s.at[*at] != '-'))
        return false;
    int sign = s.at[(*at)++] == '-' ? -1 : 1;
    if (!digits(s, at, 2, 2, &hour))
        return false;
    if (*at < s.bytes && s.at[*at] == ':')
        ++*at;
    if (*at < s.bytes && s.at[*at] >= '0' && s.at[*at] <= '9' && !digits(s, at, 2, 2, &minute))
        return false;
    if (hour > 18 || minute > 59)
        return false;
    *out = (int16_t)(sign * (hour * 60 + minute));
    return true;
}

static bool half_day(tw_str s, size_t *at, int *half)
{
    if (*at + 2 > s.bytes)
        return false;
    tw_str text = {s.at + *at, 2};
    *half = tw_str_equal_nocase(text, TW_STR("am"))   ? 1
            : tw_str_equal_nocase(text, TW_STR("pm")) ? 2
                                                      : 0;
    *at += 2;
    return *half != 0;
}

static bool directive(char c, tw_str s, size_t *at, parts *p)
{
    switch (c) {
    case 'Y':
        return digits(s, at, 4, 4, &p->year);
    case 'y':
        if (!digits(s, at, 2, 2, &p->year))
            return false;
        p->year += p->year >= 70 ? 1900 : 2000;
        return true;
    case 'm':
        return digits(s, at, 1, 2, &p->month);
    case 'd':
        return digits(s, at, 1, 2, &p->day);
    case 'j':
        return digits(s, at, 1, 3, &p->day_of_year) && p->day_of_year >= 1;
    case 'b':
        return month_name(s, at, &p->month);
    case 'H':
    case 'I':
        return digits(s, at, 1, 2, &p->hour) && (c == 'H' || (p->hour >= 1 && p->hour <= 12));
    case 'M':
        return digits(s, at, 1, 2, &p->minute);
    case 'S':
        return digits(s, at, 1, 2, &p->second);
    case 'f':
        return fraction(s, at, &p->millisecond);
    case 'p':
        return half_day(s, at, &p->half);
    case 'z':
        return offset(s, at, &p->offset_min);
    case '%':
        return *at < s.bytes && s.at[(*at)++] == '%';
    default:
        return false;
    }
}

static bool join(const parts *p, int64_t *out_ms)
{
    static const int8_t lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    int hour = p->half ? p->hour % 12 + (p->half == 2 ? 12 : 0) : p->hour;
    bool leap = p->year % 4 == 0 && (p->year % 100 != 0 || p->year % 400 == 0);
    if (p->year < 1970 || p->year > 2199 || hour > 23 || p->minute > 59 || p->second > 60)
        return false;
    int32_t day;
    if (p->day_of_year) {
        if (p->day_of_year > 365 + leap)
            return false;
        day = tw_days_from_civil(p->year, 1, 1) + p->day_of_year - 1;
    } else {
        if (p->month < 1 || p->month > 12 || p->day < 1 ||
            p->day > lengths[p->month - 1] + (p->month == 2 && leap))
            return false;
        day = tw_days_from_civil(p->year, p->month, p->day);
    }
    *out_ms = day * TW_DAY_MS + hour * TW_HOUR_MS + p->minute * INT64_C(60000) +
              TW_MIN(p->second, 59) * TW_SECOND_MS + p->millisecond;
    return true;
}

bool twi_time_format_parse(tw_str text, tw_str format, int64_t *out_ms, int16_t *offset_min)
{
    parts p = {.offset_min = TW_OFFSET_NONE};
    size_t at = 0;
    for (size_t i = 0; i < format.bytes; i++) {
        char c = format.at[i];
        if (c == '%' && i + 1 < format.bytes) {
            if (!directive(format.at[++i], text, &at, &p))
                return false;
        } else if (c == ' ') {
            while (at < text.bytes && text.at[at] == ' ')
                at++;
        } else if (at >= text.bytes || text.at[at++] != c) {
            return false;
        }
    }
    if (at != text.bytes || !join(&p, out_ms))
        return false;
    if (p.offset_min != TW_OFFSET_NONE)
        *out_ms -= p.offset_min * INT64_C(60000);
    *offset_min = p.offset_min;
    return true;
}

bool twi_time_format_valid(tw_str format)
{
    static const char known[] = "YymdHIpMSfzbj%";
    bool year = false, month = false, day = false;
    for (size_t i = 0; i < format.bytes; i++) {
        if (format.at[i] != '%')
            continue;
        char c = ++i < format.bytes ? format.at[i] : '\0';
        if (c == '\0' || !strchr(known, c))
            return false;
        year |= c == 'Y' || c == 'y';
        month |= c == 'm' || c == 'b' || c == 'j';
        day |= c == 'd' || c == 'j';
    }
    return year && month && day;
}
