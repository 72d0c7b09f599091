// SPDX-License-Identifier: Apache-2.0
//
// Civil time without the C library's global state. Instants are milliseconds since 1970-01-01 UTC
// (int64_t); days are days since 1970-01-01 (int32_t). Nothing here reads a clock; tw_clock is the
// port through which services do.
#ifndef TW_BASE_TIME_H
#define TW_BASE_TIME_H

#include "base/alloc.h"
#include "base/str.h"

#define TW_SECOND_MS INT64_C(1000)
#define TW_HOUR_MS (INT64_C(3600) * TW_SECOND_MS)
#define TW_DAY_MS (INT64_C(86400) * TW_SECOND_MS)
#define TW_OFFSET_NONE INT16_MIN // the text carried no offset

typedef struct tw_civil {
    int32_t year; // 1..9999
    int32_t month, day;
    int32_t hour, minute, second, millisecond;
    int32_t weekday; // 0 = Monday .. 6 = Sunday
} tw_civil;

// Proleptic Gregorian; H. Hinnant, "chrono-compatible low-level date algorithms".
int32_t tw_days_from_civil(int32_t year, int32_t month, int32_t day);
void tw_civil_from_ms(int64_t local_ms, tw_civil *out); // local_ms = UTC ms + offset

// RFC 3339, also with a space or 't' for 'T', without seconds' fraction or with 1..9 digits, and
// without an offset (then *offset_min is TW_OFFSET_NONE and *out_ms is the wall clock read as UTC).
// A bare date is midnight. Years 1970..2199; a leap second reads as :59.
bool tw_time_parse(tw_str s, int64_t *out_ms, int16_t *offset_min);
bool tw_date_parse(tw_str s, int32_t *out_day); // YYYY-MM-DD or YYYYMMDD
// "2026-01-05T09:00:00.000+01:00" (milliseconds only when not zero; "Z" for offset 0).
#define TW_TIME_TEXT_BYTES 32
char *tw_time_format(int64_t ms, int16_t offset_min, char out[TW_TIME_TEXT_BYTES]);
char *tw_date_format(int32_t day, char out[TW_TIME_TEXT_BYTES]);
// "90s", "15m", "2h", "7d" to milliseconds.
bool tw_duration_parse(tw_str s, int64_t *out_ms);

static inline int32_t tw_floor_day(int64_t local_ms)
{
    return (int32_t)((local_ms - (local_ms < 0 ? TW_DAY_MS - 1 : 0)) / TW_DAY_MS);
}
// Hour of the week 0..167, 0 = Monday 00:00.
static inline int32_t tw_hour_of_week(int64_t local_ms)
{
    int64_t hours = (local_ms - (local_ms < 0 ? TW_HOUR_MS - 1 : 0)) / TW_HOUR_MS;
    return (int32_t)(((hours + 72) % 168 + 168) % 168); // 1970-01-01 was a Thursday
}

// A time zone's offsets 1970..2199, read once from the system's zone database.
typedef struct tw_zone tw_zone;
// name: an IANA name ("Europe/Berlin"), "UTC" or a fixed offset ("+02:00"). TW_NOT_FOUND when
// unknown. Uses the process's TZ variable for a moment: call it at start-up, from one thread.
tw_status tw_zone_new(const tw_alloc *alloc, const char *name, tw_zone **out,
                      tw_err *err) TW_MUST_CHECK;
void tw_zone_free(tw_zone *zone);
// Wall clock (read as UTC ms) to UTC ms. A time that occurs twice takes the first; one that does
// not exist takes the offset before the gap. Thread-safe.
int64_t tw_zone_to_utc(const tw_zone *zone, int64_t wall_ms, int16_t *offset_min);

typedef struct tw_clock {
    int64_t (*now_ms)(void *ctx); // UTC milliseconds
    void *ctx;
} tw_clock;
const tw_clock *tw_clock_system(void);
uint64_t tw_monotonic_ns(void); // for measuring durations in services and benches

#endif
