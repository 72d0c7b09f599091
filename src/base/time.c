// SPDX-License-Identifier: Apache-2.0
//
// Civil dates by Hinnant's algorithms, RFC 3339 text, zone tables, and the system clock.
//
// A zone is a list of (first UTC instant, offset), found by probing localtime_r under the zone's
// name once: days are sampled, a change within a day is bisected to the second. Later look-ups are
// pure, so that records of many stores can be parsed on any thread.
#include "base/time.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

int32_t tw_days_from_civil(int32_t year, int32_t month, int32_t day)
{
    year -= month <= 2;
    int32_t era = (year >= 0 ? year : year - 399) / 400;
    int32_t yoe = year - era * 400;
    int32_t doy = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    int32_t doe = yoe * 365 + yoe / 4 - yoe / 100 + doy;
    return era * 146097 + doe - 719468;
}

void tw_civil_from_ms(int64_t local_ms, tw_civil *out)
{
    int32_t days = tw_floor_day(local_ms);
    int32_t ms = (int32_t)(local_ms - days * TW_DAY_MS);
    int32_t z = days + 719468;
    int32_t era = (z >= 0 ? z : z - 146096) / 146097;
    int32_t doe = z - era * 146097;
    int32_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
    int32_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    int32_t mp = (5 * doy + 2) / 153;
    out->day = doy - (153 * mp + 2) / 5 + 1;
    out->month = mp < 10 ? mp + 3 : mp - 9;
    out->year = yoe + era * 400 + (out->month <= 2);
    out->hour = ms / 3600000;
    out->minute = ms / 60000 % 60;
    out->second = ms / 1000 % 60;
    out->millisecond = ms % 1000;
    out->weekday = (days % 7 + 10) % 7; // day 0 was a Thursday
}

// Exactly n digits at s[*at] to a number, or -1.
static int32_t digits(tw_str s, size_t *at, size_t n)
{
    int32_t v = 0;
    if (*at + n > s.bytes)
        return -1;
    for (size_t i = 0; i < n; i++) {
        char c = s.at[*at + i];
        if (c < '0' || c > '9')
            return -1;
        v = v * 10 + (c - '0');
    }
    *at += n;
    return v;
}

static bool take(tw_str s, size_t *at, char c)
{
    if (*at >= s.bytes || s.at[*at] != c)
        return false;
    ++*at;
    return true;
}

static bool date_at(tw_str s, size_t *at, int32_t *out_day)
{
    static const int8_t lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    int32_t year = digits(s, at, 4);
    bool dashed = take(s, at, '-');
    int32_t month = digits(s, at, 2);
    if (dashed && !take(s, at, '-'))
        return false;
    int32_t day = digits(s, at, 2);
    if (year < 1970 || year > 2199 || month < 1 || month > 12 || day < 1)
        return false;
    bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    if (day > lengths[month - 1] + (month == 2 && leap))
        return false;
    *out_day = tw_days_from_civil(year, month, day);
    return true;
}

bool tw_date_parse(tw_str s, int32_t *out_day)
{
    size_t at = 0;
    return date_at(s, &at, out_day) && at == s.bytes;
}

static bool clock_at(tw_str s, size_t *at, int64_t *out_ms)
{
    int32_t hour = digits(s, at, 2);
    if (!take(s, at, ':'))
        return false;
    int32_t minute = digits(s, at, 2);
    int32_t second = 0, ms = 0;
    if (take(s, at, ':')) {
        second = digits(s, at, 2);
        if (take(s, at, '.') || take(s, at, ',')) {
            size_t n = 0;
            for (int32_t scale = 100; *at < s.bytes && s.at[*at] >= '0' && s.at[*at] <= '9'; n++) {
                ms += (s.at[(*at)++] - '0') * scale;
                scale /= 10;
            }
            if (n < 1 || n > 9)
                return false;
        }
    }
    if (hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 60)
        return false;
    second = TW_MIN(second, 59);
    *out_ms = hour * TW_HOUR_MS + minute * INT64_C(60000) + second * TW_SECOND_MS + ms;
    return true;
}

static bool offset_at(tw_str s, size_t *at, int16_t *offset_min)
{
    if (take(s, at, 'Z') || take(s, at, 'z')) {
        *offset_min = 0;
        return true;
    }
    int sign = take(s, at, '+') ? 1 : take(s, at, '-') ? -1 : 0;
    if (sign == 0)
        return false;
    int32_t hour = digits(s, at, 2);
    take(s, at, ':');
    int32_t minute = *at < s.bytes ? digits(s, at, 2) : 0;
    if (hour < 0 || hour > 18 || minute < 0 || minute > 59)
        return false;
    *offset_min = (int16_t)(sign * (hour * 60 + minute));
    return true;
}

bool tw_time_parse(tw_str s, int64_t *out_ms, int16_t *offset_min)
{
    size_t at = 0;
    int32_t day = 0;
    int64_t clock_ms = 0;
    int16_t offset = TW_OFFSET_NONE;
    if (!date_at(s, &at, &day))
        return false;
    if (at < s.bytes) {
        if (!take(s, &at, 'T') && !take(s, &at, 't') && !take(s, &at, ' '))
            return false;
        if (!clock_at(s, &at, &clock_ms))
            return false;
        take(s, &at, ' ');
        if (at < s.bytes && !offset_at(s, &at, &offset))
            return false;
    }
    if (at != s.bytes)
        return false;
    *out_ms = day * TW_DAY_MS + clock_ms - (offset == TW_OFFSET_NONE ? 0 : offset * INT64_C(60000));
    *offset_min = offset;
    return true;
}

char *tw_time_format(int64_t ms, int16_t offset_min, char out[TW_TIME_TEXT_BYTES])
{
    tw_civil c;
    int offset = offset_min == TW_OFFSET_NONE ? 0 : offset_min;
    tw_civil_from_ms(ms + offset * INT64_C(60000), &c);
    int n = snprintf(out, TW_TIME_TEXT_BYTES, "%04d-%02d-%02dT%02d:%02d:%02d",
                     (int)(c.year % 10000), (int)(c.month % 100), (int)(c.day % 100),
                     (int)(c.hour % 100), (int)(c.minute % 100), (int)(c.second % 100));
    if (c.millisecond)
        n +=
            snprintf(out + n, TW_TIME_TEXT_BYTES - (size_t)n, ".%03d", (int)(c.millisecond % 1000));
    int magnitude = offset < 0 ? -offset : offset;
    if (offset == 0)
        snprintf(out + n, TW_TIME_TEXT_BYTES - (size_t)n, "Z");
    else
        snprintf(out + n, TW_TIME_TEXT_BYTES - (size_t)n, "%c%02d:%02d", offset < 0 ? '-' : '+',
                 magnitude / 60 % 100, magnitude % 60);
    return out;
}

char *tw_date_format(int32_t day, char out[TW_TIME_TEXT_BYTES])
{
    tw_civil c;
    tw_civil_from_ms(day * TW_DAY_MS, &c);
    snprintf(out, TW_TIME_TEXT_BYTES, "%04d-%02d-%02d", (int)(c.year % 10000), (int)(c.month % 100),
             (int)(c.day % 100));
    return out;
}

bool tw_duration_parse(tw_str s, int64_t *out_ms)
{
    static const struct {
        char unit;
        int64_t ms;
    } units[] = {{'s', TW_SECOND_MS}, {'m', 60000}, {'h', TW_HOUR_MS}, {'d', TW_DAY_MS}};
    int64_t n = 0;
    if (s.bytes < 2 || !tw_str_to_i64((tw_str){s.at, s.bytes - 1}, &n) || n < 0 || n > 1000000)
        return false;
    for (size_t i = 0; i < TW_COUNT(units); i++) {
        if (units[i].unit == s.at[s.bytes - 1]) {
            *out_ms = n * units[i].ms;
            return true;
        }
    }
    return false;
}

// --- zones -------------------------------------------------------------------------------------

enum { ZONE_YEARS_END = 2200, TRANSITIONS_MAX = 1024 };

struct tw_zone {
    const tw_alloc *alloc;
    size_t n;
    int64_t from_s[TRANSITIONS_MAX]; // from_s[0] = 0
    int16_t offset_min[TRANSITIONS_MAX];
};

// Offset in minutes of the process's zone at an instant, from localtime_r's own fields.
static int16_t probe_offset_min(int64_t utc_s)
{
    time_t t = (time_t)utc_s;
    struct tm tm;
    if (!localtime_r(&t, &tm))
        return 0;
    int64_t local_s =
        (int64_t)tw_days_from_civil(tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday) * 86400 +
        tm.tm_hour * 3600 + tm.tm_min * 60 + tm.tm_sec;
    return (int16_t)((local_s - utc_s) / 60);
}

static void zone_add(tw_zone *zone, int64_t from_s, int16_t offset_min)
{
    if (zone->n == TRANSITIONS_MAX || (zone->n && zone->offset_min[zone->n - 1] == offset_min))
        return;
    zone->from_s[zone->n] = from_s;
    zone->offset_min[zone->n++] = offset_min;
}

static void zone_probe(tw_zone *zone)
{
    int64_t end_s = (int64_t)tw_days_from_civil(ZONE_YEARS_END, 1, 1) * 86400;
    int16_t before = probe_offset_min(0);
    zone_add(zone, 0, before);
    for (int64_t day_s = 86400; day_s < end_s; day_s += 86400) {
        int16_t after = probe_offset_min(day_s);
        if (after == before)
            continue;
        int64_t low = day_s - 86400, high = day_s;
        while (high - low > 1) {
            int64_t middle = low + (high - low) / 2;
            if (probe_offset_min(middle) == before)
                low = middle;
            else
                high = middle;
        }
        zone_add(zone, high, after);
        before = after;
    }
}

static bool zone_file_exists(const char *name)
{
    char path[256];
    struct stat info;
    if (strstr(name, "..") || name[0] == '/')
        return false;
    snprintf(path, sizeof(path), "/usr/share/zoneinfo/%s", name);
    return stat(path, &info) == 0 && S_ISREG(info.st_mode);
}

static void zone_probe_named(tw_zone *zone, const char *name)
{
    char saved[256] = "";
    const char *old = getenv("TZ");
    if (old)
        tw_str_copy(tw_str_from(old), saved, sizeof(saved));
    setenv("TZ", name, 1);
    tzset();
    zone_probe(zone);
    if (old)
        setenv("TZ", saved, 1);
    else
        unsetenv("TZ");
    tzset();
}

tw_status tw_zone_new(const tw_alloc *alloc, const char *name, tw_zone **out, tw_err *err)
{
    *out = NULL;
    size_t at = 0;
    int16_t offset = 0;
    bool utc = strcmp(name, "UTC") == 0;
    bool fixed = !utc && offset_at(tw_str_from(name), &at, &offset) && at == strlen(name);
    if (!utc && !fixed && !zone_file_exists(name))
        return tw_fail(err, TW_NOT_FOUND,
                       "time zone \"%s\" is unknown; use a name such as Europe/Berlin or an offset "
                       "such as +02:00",
                       name);
    tw_zone *zone = tw_new(alloc, tw_zone);
    if (!zone)
        return tw_fail(err, TW_NO_MEMORY, "no memory for time zone \"%s\"", name);
    zone->alloc = alloc;
    if (utc || fixed)
        zone_add(zone, 0, offset);
    else
        zone_probe_named(zone, name);
    *out = zone;
    return TW_OK;
}

void tw_zone_free(tw_zone *zone)
{
    if (zone)
        tw_delete(zone->alloc, zone);
}

static int16_t zone_offset_at(const tw_zone *zone, int64_t utc_s)
{
    size_t low = 0, high = zone->n;
    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;
        if (zone->from_s[middle] <= utc_s)
            low = middle;
        else
            high = middle;
    }
    return zone->offset_min[low];
}

int64_t tw_zone_to_utc(const tw_zone *zone, int64_t wall_ms, int16_t *offset_min)
{
    // The offset in force a day earlier is the one before any change nearby; if it maps the wall
    // clock to an instant where it still holds, it is the first of two, or the only one.
    int64_t wall_s = wall_ms >= 0 ? wall_ms / 1000 : (wall_ms - 999) / 1000;
    int16_t before = zone_offset_at(zone, wall_s - 86400);
    int16_t after = zone_offset_at(zone, wall_s + 86400);
    int16_t offset = before;
    if (zone_offset_at(zone, wall_s - before * 60) != before &&
        zone_offset_at(zone, wall_s - after * 60) == after)
        offset = after;
    *offset_min = offset;
    return wall_ms - offset * INT64_C(60000);
}

// --- clocks ------------------------------------------------------------------------------------

static int64_t system_now_ms(void *ctx)
{
    (void)ctx;
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

const tw_clock *tw_clock_system(void)
{
    static const tw_clock system = {system_now_ms, NULL};
    return &system;
}

uint64_t tw_monotonic_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * UINT64_C(1000000000) + (uint64_t)now.tv_nsec;
}
