// SPDX-License-Identifier: Apache-2.0
//
// Queries of alerts, verdicts, models and dead letters: what the ledger and the journal list.
#include "base/hash.h"
#include "internal.h"
#include "retail/codec.h"
#include "service/work.h"

#define PAGE_DEFAULT 50
#define SEE_OWN_WRITE_MS 1000

static tw_status one_of(tw_arena *arena, tw_str value, tw_str_list *out)
{
    if (value.bytes == 0)
        return TW_OK;
    tw_str *item = tw_arena_array(arena, 1, sizeof(*item));
    if (!item)
        return TW_NO_MEMORY;
    *item = value;
    *out = (tw_str_list){item, 1};
    return TW_OK;
}

// --- stores
// ---------------------------------------------------------------------------------------

static bool is_listed(const tw_str_list *list, tw_str value)
{
    for (size_t i = 0; i < list->n; i++)
        if (tw_str_equal(list->items[i], value))
            return true;
    return list->n == 0;
}

typedef struct store_walk {
    const tw_region *region;
    const tw_str_list *allowed;
    tw_arena *arena;
    tw_str *items;
    size_t n, cap;
    tw_status status;
} store_walk;

static void take_store(void *ctx, tw_str store_id)
{
    store_walk *w = ctx;
    if (w->n == w->cap || !tw_region_holds(w->region, store_id) || !is_listed(w->allowed, store_id))
        return;
    w->items[w->n++] = twi_arena_str(w->arena, store_id, &w->status);
}

// Without an engine the alerts tell which stores there are.
static tw_status walk_ledger(tw_service *service, tw_arena *arena, store_walk *w)
{
    tw_alert_count *counts;
    size_t n;
    tw_alert_filter all = {.only_open = false};
    TW_TRY(tw_ledger_alert_counts(service->ledger, &all, TW_ALERT_GROUP_STORE, arena, &counts, &n,
                                  NULL));
    for (size_t i = 0; i < n; i++)
        if (i == 0 || !tw_str_equal(counts[i].key, counts[i - 1].key))
            take_store(w, counts[i].key);
    return w->status;
}

static tw_status stores_of_region(tw_service *service, const tw_region *region,
                                  const tw_str_list *allowed, tw_arena *arena, tw_str_list *out)
{
    store_walk w = {
        .region = region, .allowed = allowed, .arena = arena, .cap = TW_LEDGER_FILTER_MAX};
    w.items = tw_arena_array(arena, w.cap, sizeof(*w.items));
    if (!w.items)
        return TW_NO_MEMORY;
    if (service->mode == TW_SERVICE_READER) {
        TW_TRY(walk_ledger(service, arena, &w));
    } else {
        twi_gate_enter(&service->gate);
        tw_engine_stores(service->core.engine_own, take_store, &w);
        twi_gate_leave(&service->gate);
    }
    *out = (tw_str_list){w.items, w.n};
    return w.status;
}

static const tw_region *find_region(const tw_settings *settings, tw_str name)
{
    for (size_t i = 0; i < settings->region_n; i++)
        if (tw_str_equal(settings->regions[i].name, name))
            return &settings->regions[i];
    return NULL;
}

// Where store, region and scope meet; *is_none when they do not.
static tw_status meet_stores(tw_service *service, const tw_alert_query *query,
                             const tw_settings *settings, tw_arena *arena, tw_str_list *out,
                             bool *is_none, tw_err *err)
{
    const tw_region *region = find_region(settings, query->region);
    tw_status status = TW_OK;
    *is_none = false;
    *out = query->stores;
    if (query->region.bytes > 0 && !region)
        return tw_fail(err, TW_INVALID, "there is no region %.*s", TW_STR_ARG(query->region));
    if (query->store_id.bytes > 0) {
        status = one_of(arena, query->store_id, out);
        *is_none = !is_listed(&query->stores, query->store_id) ||
                   (region && !tw_region_holds(region, query->store_id));
    } else if (region) {
        status = stores_of_region(service, region, &query->stores, arena, out);
        *is_none = out->n == 0;
    }
    return status == TW_OK ? TW_OK : tw_fail(err, status, "no memory for the alerts");
}

// --- alerts
// ---------------------------------------------------------------------------------------

static void fill_times(const tw_alert_query *query, const tw_settings *settings, int64_t now_ms,
                       tw_alert_filter *out)
{
    static const double risks[] = {TW_RISK_CRITICAL, TW_RISK_HIGH, 0};
    if (query->only_awake)
        out->awake_ms = now_ms;
    if (query->only_snoozed)
        out->asleep_ms = now_ms;
    out->only_open = query->only_open || query->only_overdue;
    for (size_t i = 0; i < TW_COUNT(risks); i++) {
        if (query->only_overdue)
            out->overdue_ms[i] = now_ms - tw_settings_sla_ms(settings, risks[i]);
        if (query->only_late)
            out->late_ms[i] = tw_settings_sla_ms(settings, risks[i]);
    }
}

static tw_status to_filter(const tw_alert_query *query, tw_arena *arena, tw_alert_filter *out)
{
    *out = (tw_alert_filter){
        .entity_kind = query->entity_kind,
        .entity_id = query->entity_id,
        .employee_id = query->employee_id,
        .register_id = query->register_id,
        .search = query->text,
        .case_id = query->case_id,
        .verdicts = query->verdicts,
        .assignees = query->assignees,
        .only_unassigned = query->only_unassigned,
        .decided_from_ms = query->decided_from_ms,
        .decided_to_ms = query->decided_to_ms,
        .min_risk = query->min_risk,
        .created_from_ms = query->from_ms,
        .created_to_ms = query->to_ms,
    };
    if (query->signal.bytes > 0)
        out->has_key = (tw_alert_key){.kind = 's', .key = query->signal};
    TW_TRY(one_of(arena, query->assignee, &out->assignees));
    TW_TRY(one_of(arena, query->status, &out->statuses));
    TW_TRY(one_of(arena, query->type, &out->types));
    return one_of(arena, query->scheme, &out->schemes);
}

static tw_status parse_alert(const tw_alert_row *row, const tw_settings *settings, int64_t now_ms,
                             tw_arena *arena, tw_alert_view *out)
{
    TW_TRY(twi_alert_parse(row, arena, out));
    out->due_ms = tw_settings_due_ms(settings, out->created_ms, out->risk_score);
    out->is_overdue = out->due_ms < now_ms && !tw_str_equal(out->status, TW_STR("CLOSED"));
    out->region = tw_settings_region(settings, out->store_id);
    return TW_OK;
}

static tw_status list_alerts(tw_service *service, const tw_alert_query *query,
                             const tw_alert_filter *filter, const tw_settings *settings,
                             int64_t now_ms, tw_arena *arena, tw_alert_list *out, tw_err *err)
{
    tw_alert_page page;
    char cursor[TW_LEDGER_CURSOR_BYTES];
    if (query->cursor.bytes >= sizeof(cursor))
        return tw_fail(err, TW_INVALID, "the cursor is not one of ours");
    tw_str_copy(query->cursor, cursor, sizeof(cursor));
    tw_alert_page_options options = {
        .sort = query->sort, .limit = query->limit ? query->limit : PAGE_DEFAULT, .cursor = cursor};
    TW_TRY(tw_ledger_alert_list(service->ledger, filter, &options, arena, &page, err));
    tw_alert_view *views = tw_arena_array(arena, page.n + 1, sizeof(*views));
    if (!views)
        return tw_fail(err, TW_NO_MEMORY, "no memory for the alerts");
    for (size_t i = 0; i < page.n; i++) {
        tw_status status = parse_alert(&page.items[i], settings, now_ms, arena, &views[i]);
        if (status != TW_OK)
            return tw_fail(err, status, "alert %.*s cannot be read",
                           TW_STR_ARG(page.items[i].alert_id));
    }
    tw_status status = TW_OK;
    out->items = views;
    out->n = page.n;
    out->total = page.total;
    out->next_cursor = twi_arena_str(arena, tw_str_from(page.next_cursor), &status);
    return status == TW_OK ? TW_OK : tw_fail(err, status, "no memory for the alerts");
}

tw_status tw_query_alerts(tw_service *service, const tw_alert_query *query, tw_arena *arena,
                          tw_alert_list *out, tw_err *err)
{
    tw_alert_filter filter;
    tw_settings settings;
    bool is_none;
    int64_t now_ms = service->clock->now_ms(service->clock->ctx);
    *out = (tw_alert_list){0};
    if (to_filter(query, arena, &filter) != TW_OK)
        return tw_fail(err, TW_NO_MEMORY, "no memory for the alerts");
    TW_TRY(twi_settings_get(service, arena, &settings, err));
    fill_times(query, &settings, now_ms, &filter);
    TW_TRY(meet_stores(service, query, &settings, arena, &filter.stores, &is_none, err));
    if (is_none)
        return TW_OK;
    return list_alerts(service, query, &filter, &settings, now_ms, arena, out, err);
}

tw_status tw_query_alert(tw_service *service, tw_str alert_id, tw_arena *arena, tw_alert_view *out)
{
    tw_alert_row row;
    tw_settings settings;
    tw_status status = tw_ledger_alert_get(service->ledger, alert_id, arena, &row, NULL);
    if (status == TW_NOT_FOUND && tw_alert_key_from(alert_id) != 0 &&
        twi_project_wait(service, twi_applied_seq(service), SEE_OWN_WRITE_MS) == TW_OK)
        status = tw_ledger_alert_get(service->ledger, alert_id, arena, &row, NULL);
    TW_TRY(status);
    TW_TRY(twi_settings_get(service, arena, &settings, NULL));
    return parse_alert(&row, &settings, service->clock->now_ms(service->clock->ctx), arena, out);
}

// By the verdicts that stand: one that was taken back concludes nothing.
tw_status tw_query_similar(tw_service *service, tw_str scheme, tw_similar *out)
{
    *out = (tw_similar){0};
    tw_arena arena;
    tw_arena_init(&arena, service->alloc, 0, 1 << 20);
    tw_alert_count *counts;
    size_t n = 0;
    tw_alert_filter filter = {.schemes = {&scheme, 1}};
    tw_status status = tw_ledger_alert_counts(service->ledger, &filter, TW_ALERT_GROUP_VERDICT,
                                              &arena, &counts, &n, NULL);
    for (size_t i = 0; status == TW_OK && i < n; i++) {
        tw_verdict_kind kind;
        uint64_t *const sums[] = {&out->confirmed, &out->refuted, &out->inconclusive,
                                  &out->operational};
        if (tw_verdict_from(counts[i].key, &kind))
            *sums[kind] += counts[i].n;
        else
            out->open += counts[i].n;
    }
    tw_arena_release(&arena);
    return status;
}

tw_status tw_query_dead_letters(tw_service *service, uint64_t before, uint32_t limit,
                                tw_arena *arena, tw_dead_letter_list_view *out)
{
    tw_dead_letter *letters;
    size_t n;
    *out = (tw_dead_letter_list_view){0};
    limit = limit ? TW_MIN(limit, (uint32_t)TW_LEDGER_PAGE_MAX) : PAGE_DEFAULT;
    TW_TRY(tw_dead_letter_list(service->journal, before, limit, arena, &letters, &n, NULL));
    out->items = letters;
    out->n = n;
    out->next = n == limit && letters[n - 1].id > 1 ? letters[n - 1].id : 0;
    return TW_OK;
}
