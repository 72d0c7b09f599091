// SPDX-License-Identifier: Apache-2.0
//
// Figures by whatever they are cut by: each alert of the selection goes into the accumulator of its
// group, or into those of its signals.
#include <stdlib.h>

#include "base/hash.h"
#include "figure_select.h"
#include "service/figures.h"

#define GROUPS_MAX (UINT32_C(1) << 20)
#define NO_GROUP UINT32_MAX

typedef struct group {
    tw_str key, title;
    tw_metrics_acc *acc_own;
    uint64_t other_currency_n;
    double days; // for the platform's share
} group;

typedef struct champion {
    uint64_t from_seq;
    tw_str model_id;
} champion;

typedef struct fold {
    tw_service *service;
    const tw_metric_query *query;
    tw_arena *arena;
    tw_settings settings;
    int64_t now_ms;
    const twi_mirror *mirror;
    twi_select select;
    group *groups_own;
    size_t n, cap;
    tw_table by_key;
    uint32_t *of_name;   // by name: group, or NO_GROUP before it was asked for
    int64_t *span_ms;    // begins of the spans of time, ascending
    size_t span_n;       // groups 0 .. span_n - 1 are theirs
    champion *champions; // ascending by from_seq
    size_t champion_n;
} fold;

static bool is_time(tw_metric_cut cut)
{
    return cut == TW_METRIC_CUT_DAY || cut == TW_METRIC_CUT_WEEK || cut == TW_METRIC_CUT_MONTH;
}

// --- groups
// -------------------------------------------------------------------------------------------

static tw_status group_new(fold *f, tw_str key, uint32_t *out)
{
    TW_TRY(tw_grow(f->service->alloc, (void **)&f->groups_own, &f->cap, f->n + 1,
                   sizeof(*f->groups_own), GROUPS_MAX));
    group *made = &f->groups_own[f->n];
    *made = (group){.key = TW_STR_NONE};
    tw_status status = TW_OK;
    made->key = twi_arena_str(f->arena, key, &status);
    TW_TRY(status);
    TW_TRY(tw_metrics_new(f->service->alloc, &f->settings, f->now_ms, &made->acc_own));
    *out = (uint32_t)f->n++;
    return TW_OK;
}

static tw_status group_at(fold *f, tw_str key, uint32_t *out)
{
    for (uint64_t salt = 0;; salt++) {
        tw_table_slot *slot;
        TW_TRY(tw_table_at(&f->by_key, tw_hash_str(key, salt), &slot));
        if (slot->value == TW_TABLE_NONE) {
            uint32_t made = 0;
            TW_TRY(group_new(f, key, &made));
            slot->value = made;
        }
        *out = slot->value;
        if (tw_str_equal(f->groups_own[slot->value].key, key))
            return TW_OK;
    }
}

static tw_status group_of_name(fold *f, uint32_t name, uint32_t *out)
{
    if (f->of_name[name] == NO_GROUP) {
        tw_str key = twi_mirror_name(f->mirror, name);
        if (f->query->cut == TW_METRIC_CUT_REGION)
            key = tw_settings_region(&f->settings, key);
        else if (f->query->cut == TW_METRIC_CUT_TEAM)
            key = f->query->team_of && key.bytes > 0 ? f->query->team_of(f->query->team_ctx, key)
                                                     : TW_STR_NONE;
        uint32_t number;
        tw_status status = TW_OK;
        TW_TRY(group_at(f, key, &number));
        if (f->query->cut == TW_METRIC_CUT_SCHEME || f->query->cut == TW_METRIC_CUT_SIGNAL)
            f->groups_own[number].title =
                twi_arena_str(f->arena, twi_mirror_title(f->mirror, name), &status);
        TW_TRY(status);
        f->of_name[name] = number;
    }
    *out = f->of_name[name];
    return TW_OK;
}

// --- spans of time
// -----------------------------------------------------------------------------------

static tw_status add_span(fold *f, const tw_figure_zone *zone, int32_t day, int64_t next_ms)
{
    char text[TW_TIME_TEXT_BYTES];
    uint32_t number;
    if (f->span_n == TW_METRIC_SPANS_MAX)
        return TW_LIMIT;
    int64_t from_ms = TW_MAX(tw_figure_day_ms(zone, day), f->query->from_ms);
    f->span_ms[f->span_n++] = from_ms;
    TW_TRY(group_new(f, tw_str_from(tw_date_format(day, text)), &number));
    f->groups_own[number].days =
        (double)(TW_MIN(next_ms, f->query->to_ms) - from_ms) / (double)TW_DAY_MS;
    return TW_OK;
}

static tw_status make_spans(fold *f, tw_err *err)
{
    tw_figure_zone zone;
    TW_TRY(tw_query_figure_zone(f->service, &zone, err));
    f->span_ms = tw_arena_array(f->arena, TW_METRIC_SPANS_MAX, sizeof(*f->span_ms));
    if (!f->span_ms)
        return TW_NO_MEMORY;
    tw_civil civil;
    int32_t day = tw_figure_day_of(&zone, f->query->from_ms);
    tw_civil_from_ms((int64_t)day * TW_DAY_MS, &civil);
    if (f->query->cut == TW_METRIC_CUT_WEEK)
        day -= civil.weekday;
    else if (f->query->cut == TW_METRIC_CUT_MONTH)
        day -= civil.day - 1;
    while (tw_figure_day_ms(&zone, day) < f->query->to_ms) {
        int32_t next = tw_figure_next_day(f->query->cut, day);
        tw_status status = add_span(f, &zone, day, tw_figure_day_ms(&zone, next));
        if (status == TW_LIMIT)
            return tw_fail(err, TW_LIMIT, "the period has more than %d steps: take longer ones",
                           TW_METRIC_SPANS_MAX);
        TW_TRY(status);
        day = next;
    }
    return TW_OK;
}

static uint32_t span_of(const fold *f, int64_t ms)
{
    size_t low = 0, high = f->span_n;
    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;
        if (f->span_ms[middle] <= ms)
            low = middle;
        else
            high = middle;
    }
    return (uint32_t)low;
}

// --- champions
// ---------------------------------------------------------------------------------------

static int compare_champions(const void *a, const void *b)
{
    uint64_t x = ((const champion *)a)->from_seq, y = ((const champion *)b)->from_seq;
    return (x > y) - (x < y);
}

static tw_status read_champions(fold *f)
{
    const tw_model_view *models;
    size_t n, all = 0;
    TW_TRY(tw_query_models(f->service, f->arena, &models, &n));
    for (size_t i = 0; i < n; i++)
        all += models[i].change_n;
    f->champions = tw_arena_array(f->arena, all + 1, sizeof(*f->champions));
    if (!f->champions)
        return TW_NO_MEMORY;
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < models[i].change_n; k++)
            if (tw_str_equal(models[i].changes[k].what, TW_STR("promoted")))
                f->champions[f->champion_n++] =
                    (champion){models[i].changes[k].seq, models[i].model_id};
    qsort(f->champions, f->champion_n, sizeof(*f->champions), compare_champions);
    return TW_OK;
}

static tw_str champion_at(const fold *f, uint64_t seq)
{
    tw_str model = TW_STR_NONE;
    for (size_t i = 0; i < f->champion_n && f->champions[i].from_seq < seq; i++)
        model = f->champions[i].model_id;
    return model;
}

// --- the fold
// ----------------------------------------------------------------------------------------

static tw_status add_to(fold *f, uint32_t number, const twi_figure *figure)
{
    tw_metric_alert alert = {
        .created_ms = figure->created_ms,
        .first_viewed_ms = figure->first_viewed_ms,
        .decided_ms = figure->decided_ms,
        .status = (tw_alert_status)figure->status,
        .has_verdict = figure->has_verdict,
        .verdict = (tw_verdict_kind)figure->verdict,
        .risk = figure->risk,
        .exposure_minor = figure->is_own_currency ? figure->exposure_minor : 0,
        .recovered_minor = figure->is_own_currency ? figure->recovered_minor : 0,
        .first_loss_ms = figure->created_ms,
    };
    f->groups_own[number].other_currency_n += !figure->is_own_currency;
    return tw_metrics_add(f->groups_own[number].acc_own, &alert);
}

static tw_status add_signals(fold *f, const twi_figure *figure)
{
    for (size_t i = 0; i < figure->signal_n; i++) {
        uint32_t number;
        TW_TRY(group_of_name(f, figure->signals[i], &number));
        TW_TRY(add_to(f, number, figure));
    }
    return TW_OK;
}

static tw_status add_figure(fold *f, const twi_figure *figure)
{
    uint32_t number = 0;
    switch (f->query->cut) {
    case TW_METRIC_CUT_DAY:
    case TW_METRIC_CUT_WEEK:
    case TW_METRIC_CUT_MONTH:
        number = span_of(f, figure->created_ms);
        break;
    case TW_METRIC_CUT_REGION:
    case TW_METRIC_CUT_STORE:
        TW_TRY(group_of_name(f, figure->store, &number));
        break;
    case TW_METRIC_CUT_SCHEME:
        TW_TRY(group_of_name(f, figure->scheme, &number));
        break;
    case TW_METRIC_CUT_TYPE:
        TW_TRY(group_of_name(f, figure->type, &number));
        break;
    case TW_METRIC_CUT_SIGNAL:
        return add_signals(f, figure);
    case TW_METRIC_CUT_MODEL:
        TW_TRY(group_at(f, champion_at(f, figure->first_seq), &number));
        break;
    case TW_METRIC_CUT_ASSIGNEE:
    case TW_METRIC_CUT_TEAM:
        TW_TRY(group_of_name(f, figure->assignee, &number));
        break;
    case TW_METRIC_CUT_NONE:
    case TW_METRIC_CUT_N:
        break;
    }
    return add_to(f, number, figure);
}

static tw_status fold_alerts(fold *f, tw_err *err)
{
    size_t n;
    TW_TRY(twi_mirror_enter(f->service, &f->mirror, err));
    size_t name_n = twi_mirror_name_n(f->mirror);
    f->of_name = tw_arena_array(f->arena, name_n + 1, sizeof(*f->of_name));
    tw_status status = f->of_name ? TW_OK : TW_NO_MEMORY;
    if (status == TW_OK) {
        memset(f->of_name, 0xff, (name_n + 1) * sizeof(*f->of_name));
        status = twi_select_init(&f->select, f->mirror, f->query, &f->settings, f->arena);
    }
    const twi_figure *figures = twi_mirror_figures(f->mirror, &n);
    for (size_t i = 0; status == TW_OK && i < n; i++) {
        const twi_figure *figure = &figures[i];
        if (figure->created_ms >= f->query->from_ms && figure->created_ms < f->query->to_ms &&
            twi_select_has(&f->select, figure))
            status = add_figure(f, figure);
    }
    twi_mirror_leave(f->service);
    return status;
}

static int compare_rows(const void *a, const void *b)
{
    return tw_str_compare(((const tw_metric_row *)a)->key, ((const tw_metric_row *)b)->key);
}

static tw_status give_rows(fold *f, tw_metric_row **out, size_t *n)
{
    tw_metric_row *rows = tw_arena_array(f->arena, f->n + 1, sizeof(*rows));
    if (!rows)
        return TW_NO_MEMORY;
    for (size_t i = 0; i < f->n; i++) {
        const group *g = &f->groups_own[i];
        rows[i] = (tw_metric_row){
            .key = g->key, .title = g->title, .other_currency_n = g->other_currency_n};
        tw_metrics_get(g->acc_own, g->days, &rows[i].metrics);
    }
    qsort(rows, f->n, sizeof(*rows), compare_rows);
    *out = rows;
    *n = f->n;
    return TW_OK;
}

static tw_status run(fold *f, tw_err *err)
{
    tw_str json;
    uint64_t version;
    uint32_t whole;
    TW_TRY(tw_query_settings(f->service, f->arena, &f->settings, &version, &json, err));
    if (is_time(f->query->cut))
        TW_TRY(make_spans(f, err));
    if (f->query->cut == TW_METRIC_CUT_MODEL)
        TW_TRY(read_champions(f));
    if (f->query->cut == TW_METRIC_CUT_NONE) {
        TW_TRY(group_new(f, TW_STR_NONE, &whole));
        f->groups_own[whole].days =
            ((double)f->query->to_ms - (double)f->query->from_ms) / (double)TW_DAY_MS;
    }
    return fold_alerts(f, err);
}

tw_status tw_query_metrics(tw_service *service, const tw_metric_query *query, tw_arena *arena,
                           tw_metric_row **out, size_t *n, tw_err *err)
{
    fold f = {.service = service,
              .query = query,
              .arena = arena,
              .now_ms = service->clock->now_ms(service->clock->ctx)};
    tw_err cause = {.text = ""};
    *out = NULL;
    *n = 0;
    if (query->from_ms >= query->to_ms || (unsigned)query->cut >= TW_METRIC_CUT_N)
        return tw_fail(err, TW_INVALID, "the period must end after it begins");
    tw_table_init(&f.by_key, service->alloc, GROUPS_MAX);
    tw_status status = run(&f, &cause);
    if (status == TW_OK)
        status = give_rows(&f, out, n);
    for (size_t i = 0; i < f.n; i++)
        tw_metrics_free(f.groups_own[i].acc_own);
    tw_free_array(service->alloc, f.groups_own, f.cap, sizeof(*f.groups_own));
    tw_table_release(&f.by_key);
    if (status == TW_OK)
        return TW_OK;
    return tw_fail(err, status, "%s", cause.text[0] ? cause.text : "no memory for the figures");
}
