// SPDX-License-Identifier: Apache-2.0
//
// Time as stores live it: each store's clock against faulty time stamps, its usual week, and the
// employees' shifts.
#include "internal.h"

#include <math.h>
#include <string.h>

#include "base/limits.h"
#include "base/time.h"

enum {
    AHEAD_MAX_S =
        45 * 86400, // a store that closed for a month and a half is rarer than a bad clock
    AHEAD_STRIKES = 3,
    SHIFT_OPEN_MAX_S = 14 * 3600, // an open shift ends by itself
    SHIFT_GAP_S = 4 * 3600,       // without shift events, a pause this long starts a new shift
    OFF_SHIFT_MAX_MIN = 1440,
};

uint32_t twi_store_effective(const twi_store *store, uint32_t own_s)
{
    if (!store || store->clock_s == 0 || own_s <= store->clock_s ||
        own_s - store->clock_s <= AHEAD_MAX_S || store->ahead_n + 1 >= AHEAD_STRIKES)
        return own_s;
    return store->clock_s;
}

void twi_store_clock_advance(twi_store *store, uint32_t own_s)
{
    if (store->clock_s != 0 && own_s > store->clock_s && own_s - store->clock_s > AHEAD_MAX_S) {
        if (++store->ahead_n < AHEAD_STRIKES)
            return;
    }
    store->ahead_n = 0;
    store->clock_s = TW_MAX(store->clock_s, own_s);
}

// --- the usual week ----------------------------------------------------------------------------

static int32_t absolute_week(int64_t local_ms)
{
    // Weeks start on Monday; day 0 was a Thursday.
    return (tw_floor_day(local_ms) + 3) / 7;
}

// Means over the complete weeks among the last four.
static void profile_refresh(twi_store *store)
{
    int32_t from = TW_MAX(store->first_week, store->week - (TWI_WEEKS - 1));
    int32_t weeks = store->week - from;
    store->is_profiled = weeks > 0;
    if (weeks <= 0)
        return;
    uint64_t total = 0;
    uint32_t open_hours = 0;
    for (int h = 0; h < TWI_HOURS; h++) {
        uint32_t sum = 0;
        for (int32_t week = from; week < store->week; week++)
            sum += store->hour_n[week % TWI_WEEKS][h];
        store->hour_mean[h] = (float)sum / (float)weeks;
        total += sum;
        open_hours += sum > 0;
    }
    store->trading_mean =
        open_hours ? (float)((double)total / (double)weeks / (double)open_hours) : 0.0F;
}

void twi_store_count_hour(twi_store *store, int64_t local_ms)
{
    int32_t week = absolute_week(local_ms);
    int32_t hour = tw_hour_of_week(local_ms);
    if (store->week == 0) {
        // A feed that starts on Monday morning gives a complete first week.
        store->first_week = hour < 12 ? week : week + 1;
        store->week = week;
    }
    if (week > store->week) {
        int32_t first_new = TW_MAX(store->week + 1, week - TWI_WEEKS + 1);
        for (int32_t begun = first_new; begun <= week; begun++)
            memset(store->hour_n[begun % TWI_WEEKS], 0, sizeof(store->hour_n[0]));
        store->week = week;
        profile_refresh(store);
    }
    if (week > store->week - TWI_WEEKS)
        store->hour_n[week % TWI_WEEKS][hour]++;
}

float twi_store_activity(const twi_store *store, int64_t local_ms)
{
    if (!store || !store->is_profiled || store->trading_mean <= 0.0F)
        return NAN;
    return store->hour_mean[tw_hour_of_week(local_ms)] / store->trading_mean;
}

float twi_store_hours_to_close(const twi_store *store, int64_t local_ms)
{
    enum { AHEAD = 12 };
    const float closed = 0.05F; // of a mean trading hour
    if (!store || !store->is_profiled || store->trading_mean <= 0.0F)
        return NAN;
    int32_t hour = tw_hour_of_week(local_ms);
    int32_t open = 0;
    while (open < AHEAD &&
           store->hour_mean[(hour + open) % TWI_HOURS] >= closed * store->trading_mean)
        open++;
    if (open == 0)
        return 0.0F;
    int64_t into_hour_ms = (local_ms % TW_HOUR_MS + TW_HOUR_MS) % TW_HOUR_MS;
    return (float)((double)open - (double)into_hour_ms / (double)TW_HOUR_MS);
}

// --- shifts ------------------------------------------------------------------------------------

static twi_interval *last_shift(twi_employee *employee)
{
    return employee->shift_n ? &employee->shifts[(employee->shift_n - 1) % TWI_SHIFTS] : NULL;
}

static void open_shift(twi_employee *employee, uint32_t t)
{
    employee->shifts[employee->shift_n++ % TWI_SHIFTS] = (twi_interval){t, 0};
}

void twi_employee_shift(twi_employee *employee, const tw_shift *shift, uint32_t t)
{
    twi_interval *last = last_shift(employee);
    bool is_open = last && last->to_s == 0;
    switch (shift->event) {
    case TW_SHIFT_CLOCK_IN:
        employee->has_clock = 1;
        open_shift(employee, t);
        break;
    case TW_SHIFT_CLOCK_OUT:
        employee->has_clock = 1;
        if (is_open && t >= last->from_s)
            last->to_s = t;
        break;
    case TW_SHIFT_SIGN_ON:
        if (!employee->has_clock && !is_open)
            open_shift(employee, t);
        break;
    case TW_SHIFT_SIGN_OFF:
        if (!employee->has_clock && is_open && t >= last->from_s)
            last->to_s = t;
        break;
    case TW_SHIFT_BREAK_START:
    case TW_SHIFT_BREAK_END:
    case TW_SHIFT_N:
        break;
    }
}

// Seconds between t and the interval, 0 inside.
static uint32_t distance_s(twi_interval shift, uint32_t t)
{
    uint32_t to_s = shift.to_s ? shift.to_s : shift.from_s + SHIFT_OPEN_MAX_S;
    if (t < shift.from_s)
        return shift.from_s - t;
    return t > to_s ? t - to_s : 0;
}

float twi_employee_off_shift_min(const twi_employee *employee, uint32_t t)
{
    if (!employee || employee->shift_n == 0)
        return NAN;
    uint32_t nearest = UINT32_MAX;
    for (uint32_t i = 0; i < TW_MIN(employee->shift_n, TWI_SHIFTS); i++)
        nearest = TW_MIN(nearest, distance_s(employee->shifts[i], t));
    return (float)TW_MIN(nearest / 60, OFF_SHIFT_MAX_MIN);
}

uint32_t twi_employee_shift_start(const twi_employee *employee, uint32_t t)
{
    if (!employee)
        return t;
    if (employee->shift_n > 0)
        return employee->shifts[(employee->shift_n - 1) % TWI_SHIFTS].from_s;
    // Without events the shift is named by the employee's first transaction after a pause.
    bool is_new =
        employee->last_s == 0 || (t > employee->last_s && t - employee->last_s > SHIFT_GAP_S);
    return is_new ? t : employee->shifts[0].from_s;
}

uint32_t twi_name_index(twi_names *names, tw_str name, bool add)
{
    char text[32];
    memset(text, 0, sizeof(text));
    tw_str_copy(name, text, sizeof(text));
    for (uint32_t i = 0; i < names->n; i++) {
        if (strcmp(names->names[i], text) == 0)
            return i;
    }
    // A feed with more roles than this puts the rest with the unknown ones.
    if (!add || names->n == TWI_NAMES_MAX)
        return 0;
    memcpy(names->names[names->n], text, sizeof(text));
    return names->n++;
}
