// SPDX-License-Identifier: Apache-2.0
//
// The selection of alerts, the days of the figures, and the backlog.
#include <stdlib.h>

#include "figure_select.h"
#include "service/figures.h"

#define SCRATCH_BYTES ((size_t)64 << 20)
#define ZONES_MAX 1024

// --- selection
// ---------------------------------------------------------------------------------------

static uint32_t find_name(const twi_mirror *mirror, tw_str name)
{
    if (name.bytes == 0)
        return TWI_NAME_ANY;
    size_t n = twi_mirror_name_n(mirror);
    for (uint32_t i = 0; i < n; i++)
        if (tw_str_equal(twi_mirror_name(mirror, i), name))
            return i;
    return TWI_NAME_NONE;
}

static int compare_names(const void *a, const void *b)
{
    return tw_str_compare(*(const tw_str *)a, *(const tw_str *)b);
}

tw_status twi_select_init(twi_select *select, const twi_mirror *mirror,
                          const tw_metric_query *query, const tw_settings *settings,
                          tw_arena *arena)
{
    *select = (twi_select){.mirror = mirror, .query = query, .settings = settings};
    select->known = tw_arena_array(arena, twi_mirror_name_n(mirror) + 1, 1);
    select->stores = tw_arena_array(arena, query->stores.n + 1, sizeof(tw_str));
    if (!select->known || !select->stores)
        return TW_NO_MEMORY;
    for (size_t i = 0; i < query->stores.n; i++)
        select->stores[i] = query->stores.items[i];
    qsort(select->stores, query->stores.n, sizeof(tw_str), compare_names);
    select->scheme = find_name(mirror, query->scheme);
    select->type = find_name(mirror, query->type);
    select->assignee = find_name(mirror, query->assignee);
    return TW_OK;
}

static bool is_store_in(const twi_select *select, tw_str store)
{
    const tw_metric_query *query = select->query;
    // What belongs to no store is for everybody.
    if (query->stores.n > 0 && store.bytes > 0 &&
        !bsearch(&store, select->stores, query->stores.n, sizeof(tw_str), compare_names))
        return false;
    return query->region.bytes == 0 ||
           tw_str_equal(tw_settings_region(select->settings, store), query->region);
}

static bool fits(uint32_t wanted, uint32_t name)
{
    return wanted == TWI_NAME_ANY || wanted == name;
}

bool twi_select_has(twi_select *select, const twi_figure *figure)
{
    uint8_t *known = &select->known[figure->store];
    if (*known == 0)
        *known = is_store_in(select, twi_mirror_name(select->mirror, figure->store)) ? 1 : 2;
    return *known == 1 && fits(select->scheme, figure->scheme) &&
           fits(select->type, figure->type) && fits(select->assignee, figure->assignee);
}

// --- days
// --------------------------------------------------------------------------------------------

struct twi_named_zone {
    struct twi_named_zone *next;
    tw_zone *zone_own;
    char name[64];
};

void twi_figure_zones_release(tw_service *service)
{
    struct twi_named_zone *zone = service->zones_own;
    service->zones_own = NULL;
    while (zone) {
        struct twi_named_zone *next = zone->next;
        tw_zone_free(zone->zone_own);
        tw_delete(service->alloc, zone);
        zone = next;
    }
}

// Under stats_lock. Zones stay: whoever holds one may still use it.
static tw_status zone_at(tw_service *service, tw_str name, const struct twi_named_zone **out,
                         tw_err *err)
{
    size_t n = 0;
    for (struct twi_named_zone *z = service->zones_own; z; z = z->next, n++) {
        if (tw_str_equal(name, tw_str_from(z->name))) {
            *out = z;
            return TW_OK;
        }
    }
    if (n == ZONES_MAX || name.bytes >= sizeof((*out)->name))
        return tw_fail(err, TW_LIMIT, "the time zone of the settings is none: set another one");
    struct twi_named_zone *made = tw_new(service->alloc, struct twi_named_zone);
    if (!made)
        return tw_fail(err, TW_NO_MEMORY, "no memory for the time zone");
    tw_str_copy(name, made->name, sizeof(made->name));
    tw_status status = tw_zone_new(service->alloc, made->name, &made->zone_own, err);
    if (status != TW_OK) {
        tw_delete(service->alloc, made);
        return status;
    }
    made->next = service->zones_own;
    service->zones_own = made;
    *out = made;
    return TW_OK;
}

tw_status tw_query_figure_zone(tw_service *service, tw_figure_zone *out, tw_err *err)
{
    tw_arena arena;
    tw_settings settings;
    tw_str json;
    uint64_t version;
    const tw_figure_zone_option *own = &service->figure_zone;
    *out = (tw_figure_zone){own->zone, tw_str_from(own->name ? own->name : "UTC")};
    tw_arena_init(&arena, service->alloc, 0, SCRATCH_BYTES);
    tw_status status = tw_query_settings(service, &arena, &settings, &version, &json, err);
    if (status == TW_OK && settings.zone.bytes > 0) {
        const struct twi_named_zone *zone = NULL;
        pthread_mutex_lock(&service->stats_lock);
        status = zone_at(service, settings.zone, &zone, err);
        pthread_mutex_unlock(&service->stats_lock);
        if (status == TW_OK)
            *out = (tw_figure_zone){zone->zone_own, tw_str_from(zone->name)};
    }
    tw_arena_release(&arena);
    return status;
}

void tw_figure_currency(const tw_service *service, char out[4])
{
    memcpy(out, service->currency, sizeof(service->currency));
}

int64_t tw_figure_day_ms(const tw_figure_zone *zone, int32_t day)
{
    int16_t offset_min;
    int64_t wall_ms = (int64_t)day * TW_DAY_MS;
    return zone->zone ? tw_zone_to_utc(zone->zone, wall_ms, &offset_min) : wall_ms;
}

int32_t tw_figure_day_of(const tw_figure_zone *zone, int64_t ms)
{
    int32_t day = tw_floor_day(ms) + 1; // zones are less than a day from UTC
    while (tw_figure_day_ms(zone, day) > ms)
        day--;
    return day;
}

int32_t tw_figure_next_day(tw_metric_cut unit, int32_t day)
{
    tw_civil civil;
    tw_civil_from_ms((int64_t)day * TW_DAY_MS, &civil);
    if (unit == TW_METRIC_CUT_WEEK)
        return day + 7 - civil.weekday;
    if (unit == TW_METRIC_CUT_MONTH)
        return civil.month < 12 ? tw_days_from_civil(civil.year, civil.month + 1, 1)
                                : tw_days_from_civil(civil.year + 1, 1, 1);
    return day + 1;
}

// --- backlog
// -----------------------------------------------------------------------------------------

static void add_open(tw_backlog *out, const twi_figure *figure, const tw_settings *settings,
                     int64_t now_ms)
{
    int64_t due_ms = tw_settings_due_ms(settings, figure->created_ms, figure->risk);
    out->open++;
    out->unassigned += figure->assignee == 0;
    out->overdue += now_ms > due_ms;
    out->due_24h += now_ms <= due_ms && due_ms - now_ms <= TW_DAY_MS;
    out->snoozed += figure->snoozed_until_ms > now_ms;
    if (figure->is_own_currency)
        out->exposure_minor += figure->exposure_minor;
    if (out->oldest_ms == 0 || figure->created_ms < out->oldest_ms)
        out->oldest_ms = figure->created_ms;
}

static tw_status sum_backlog(tw_service *service, const tw_metric_query *query, tw_arena *arena,
                             tw_backlog *out, tw_err *err)
{
    tw_settings settings;
    tw_str json;
    uint64_t version;
    const twi_mirror *mirror;
    twi_select select;
    size_t n;
    TW_TRY(tw_query_settings(service, arena, &settings, &version, &json, err));
    TW_TRY(twi_mirror_enter(service, &mirror, err));
    int64_t now_ms = service->clock->now_ms(service->clock->ctx);
    tw_status status = twi_select_init(&select, mirror, query, &settings, arena);
    const twi_figure *figures = twi_mirror_figures(mirror, &n);
    for (size_t i = 0; status == TW_OK && i < n; i++)
        if (figures[i].status != TW_WORK_CLOSED && twi_select_has(&select, &figures[i]))
            add_open(out, &figures[i], &settings, now_ms);
    twi_mirror_leave(service);
    return status == TW_OK ? TW_OK : tw_fail(err, status, "no memory for the backlog");
}

tw_status tw_query_backlog(tw_service *service, const tw_metric_query *query, tw_backlog *out,
                           tw_err *err)
{
    tw_arena arena;
    *out = (tw_backlog){0};
    tw_arena_init(&arena, service->alloc, 0, SCRATCH_BYTES);
    tw_status status = sum_backlog(service, query, &arena, out, err);
    tw_arena_release(&arena);
    if (status != TW_OK)
        *out = (tw_backlog){0};
    return status;
}
