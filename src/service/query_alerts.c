// SPDX-License-Identifier: Apache-2.0
//
// Queries of alerts, verdicts, models and dead letters: what the ledger and the journal list.
#include "base/hash.h"
#include "internal.h"
#include "retail/codec.h"

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

static tw_status to_filter(const tw_alert_query *query, tw_arena *arena, tw_alert_filter *out)
{
    *out = (tw_alert_filter){
        .only_open = query->only_open,
        .entity_kind = query->entity_kind,
        .entity_id = query->entity_id,
        .employee_id = query->employee_id,
        .search = query->text,
        .min_risk = query->min_risk,
        .created_from_ms = query->from_ms,
        .created_to_ms = query->to_ms,
    };
    TW_TRY(one_of(arena, query->status, &out->statuses));
    TW_TRY(one_of(arena, query->type, &out->types));
    TW_TRY(one_of(arena, query->scheme, &out->schemes));
    return one_of(arena, query->store_id, &out->stores);
}

tw_status tw_query_alerts(tw_service *service, const tw_alert_query *query, tw_arena *arena,
                          tw_alert_list *out, tw_err *err)
{
    tw_alert_filter filter;
    tw_alert_page page;
    char cursor[TW_LEDGER_CURSOR_BYTES];
    *out = (tw_alert_list){0};
    if (query->cursor.bytes >= sizeof(cursor))
        return tw_fail(err, TW_INVALID, "the cursor is not one of ours");
    tw_str_copy(query->cursor, cursor, sizeof(cursor));
    if (to_filter(query, arena, &filter) != TW_OK)
        return tw_fail(err, TW_NO_MEMORY, "no memory for the alerts");
    tw_alert_page_options options = {
        .sort = query->sort, .limit = query->limit ? query->limit : PAGE_DEFAULT, .cursor = cursor};
    TW_TRY(tw_ledger_alert_list(service->ledger, &filter, &options, arena, &page, err));
    tw_alert_view *views = tw_arena_array(arena, page.n + 1, sizeof(*views));
    if (!views)
        return tw_fail(err, TW_NO_MEMORY, "no memory for the alerts");
    for (size_t i = 0; i < page.n; i++) {
        tw_status status = twi_alert_parse(&page.items[i], arena, &views[i]);
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

tw_status tw_query_alert(tw_service *service, tw_str alert_id, tw_arena *arena, tw_alert_view *out)
{
    tw_alert_row row;
    tw_status status = tw_ledger_alert_get(service->ledger, alert_id, arena, &row, NULL);
    if (status == TW_NOT_FOUND && tw_alert_key_from(alert_id) != 0 &&
        twi_project_wait(service, twi_applied_seq(service), SEE_OWN_WRITE_MS) == TW_OK)
        status = tw_ledger_alert_get(service->ledger, alert_id, arena, &row, NULL);
    TW_TRY(status);
    return twi_alert_parse(&row, arena, out);
}

tw_status tw_query_similar(tw_service *service, tw_str scheme, tw_similar *out)
{
    *out = (tw_similar){0};
    tw_arena arena;
    tw_arena_init(&arena, service->alloc, 0, 1 << 20);
    tw_verdict_count *counts;
    tw_alert_count *open;
    size_t n = 0;
    tw_status status = tw_ledger_verdict_counts(service->ledger, TW_VERDICT_GROUP_SCHEME, scheme,
                                                &arena, &counts, &n, NULL);
    for (size_t i = 0; status == TW_OK && i < n; i++) {
        tw_verdict_kind kind;
        if (!tw_verdict_from(counts[i].verdict, &kind))
            continue;
        uint64_t *const sums[] = {&out->confirmed, &out->refuted, &out->inconclusive,
                                  &out->operational};
        *sums[kind] += counts[i].n;
    }
    tw_alert_filter filter = {.only_open = true, .schemes = {&scheme, 1}};
    if (status == TW_OK)
        status = tw_ledger_alert_counts(service->ledger, &filter, TW_ALERT_GROUP_NONE, &arena,
                                        &open, &n, NULL);
    for (size_t i = 0; status == TW_OK && i < n; i++)
        out->open += open[i].n;
    // An alert whose conclusion was taken back is in review; its last verdict concludes nothing.
    tw_str in_review = TW_STR("IN_REVIEW");
    filter.statuses = (tw_str_list){&in_review, 1};
    if (status == TW_OK)
        status = tw_ledger_alert_counts(service->ledger, &filter, TW_ALERT_GROUP_NONE, &arena,
                                        &open, &n, NULL);
    for (size_t i = 0; status == TW_OK && i < n; i++)
        out->inconclusive -= TW_MIN(out->inconclusive, open[i].n);
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
