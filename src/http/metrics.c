// SPDX-License-Identifier: Apache-2.0
//
// GET /v1/metrics/...: the figures of a period, over time, and by what they are cut by.
#include "metrics.h"

#include <math.h>
#include <stdlib.h>

#include "scope.h"

#define DEFAULT_DAYS 28

// --- the question
// ---------------------------------------------------------------------------------------

static tw_str argument(twi_request *request, const char *name)
{
    return tw_str_from(twi_request_argument(request, name));
}

// A date (midnight in the zone of the figures) or a time.
static bool read_instant(twi_request *request, const tw_figure_zone *zone, const char *name,
                         int64_t *out_ms)
{
    tw_str text = argument(request, name);
    int32_t day;
    int16_t offset_min;
    if (text.bytes == 0)
        return true;
    if (tw_date_parse(text, &day))
        *out_ms = tw_figure_day_ms(zone, day);
    else if (!tw_time_parse(text, out_ms, &offset_min)) {
        twi_problem(request, 400, name, "%s \"%.*s\" is no date such as 2026-01-31 and no time",
                    name, TW_STR_ARG(text));
        return false;
    }
    return true;
}

static bool read_period(twi_request *request, twi_figures *out)
{
    tw_service_stats stats;
    const tw_figure_zone *zone = &out->zone;
    const tw_clock *clock = request->http->clock;
    tw_metric_query *query = &out->query;
    tw_service_stats_get(request->http->service, &stats);
    int64_t newest_ms = stats.last_time_ms ? stats.last_time_ms : clock->now_ms(clock->ctx);
    query->to_ms = tw_figure_day_ms(zone, tw_figure_day_of(zone, newest_ms) + 1);
    if (!read_instant(request, zone, "to", &query->to_ms))
        return false;
    query->from_ms =
        tw_figure_day_ms(zone, tw_figure_day_of(zone, query->to_ms - 1) + 1 - DEFAULT_DAYS);
    if (!read_instant(request, zone, "from", &query->from_ms))
        return false;
    if (query->from_ms < query->to_ms)
        return true;
    twi_problem(request, 400, "from", "The period must end after it begins");
    return false;
}

// The caller's stores, or the one that is asked for when it is among them.
static bool read_stores(twi_request *request, tw_metric_query *query)
{
    tw_str store = argument(request, "store_id");
    twi_scope_stores(request, &query->stores);
    if (store.bytes == 0)
        return true;
    tw_str *one = tw_arena_array(&request->arena, 1, sizeof(*one));
    if (!one) {
        twi_problem_err(request, TW_NO_MEMORY, NULL);
        return false;
    }
    // A store out of scope is as one that does not exist: there is nothing to count. No id has a
    // NUL.
    *one = twi_scope_has(request, store) ? store : (tw_str){"\0", 1};
    query->stores = (tw_str_list){one, 1};
    return true;
}

bool twi_figures_read(twi_request *request, twi_figures *out)
{
    tw_service *service = request->http->service;
    tw_err err = {.text = ""};
    tw_str json;
    uint64_t version;
    *out = (twi_figures){.request = request};
    tw_status status = tw_query_figure_zone(service, &out->zone, &err);
    if (status == TW_OK)
        status = tw_query_settings(service, &request->arena, &out->settings, &version, &json, &err);
    if (status != TW_OK) {
        twi_problem_err(request, status, &err);
        return false;
    }
    tw_figure_currency(service, out->currency);
    tw_metric_query *query = &out->query;
    query->region = argument(request, "region");
    query->scheme = argument(request, "scheme");
    query->type = argument(request, "type");
    query->assignee = argument(request, "assignee");
    if (tw_str_equal(query->assignee, TW_STR("me")))
        query->assignee = tw_str_from(request->who.user);
    return read_period(request, out) && read_stores(request, query);
}

tw_metric_query twi_figures_before(const twi_figures *figures)
{
    tw_metric_query before = figures->query;
    before.to_ms = figures->query.from_ms;
    before.from_ms = figures->query.from_ms - (figures->query.to_ms - figures->query.from_ms);
    return before;
}

// --- parts of replies
// -----------------------------------------------------------------------------------

static void put_period(yyjson_mut_doc *doc, yyjson_mut_val *root, const char *key,
                       const tw_metric_query *query)
{
    yyjson_mut_val *period = twi_json_object(doc, root, key);
    twi_json_time(doc, period, "from", query->from_ms, 0);
    twi_json_time(doc, period, "to", query->to_ms, 0);
    twi_json_num(doc, period, "days", (double)(query->to_ms - query->from_ms) / (double)TW_DAY_MS);
}

static tw_status query_rows(twi_request *request, const tw_metric_query *query,
                            tw_metric_row **rows, size_t *n, tw_err *err)
{
    return tw_query_metrics(request->http->service, query, &request->arena, rows, n, err);
}

// --- summary
// -------------------------------------------------------------------------------------------

typedef struct summary {
    tw_metric_row *now, *before;
    tw_backlog backlog;
} summary;

static tw_status query_summary(const twi_figures *figures, summary *out, tw_err *err)
{
    size_t n;
    tw_metric_query before = twi_figures_before(figures);
    TW_TRY(query_rows(figures->request, &figures->query, &out->now, &n, err));
    TW_TRY(query_rows(figures->request, &before, &out->before, &n, err));
    return tw_query_backlog(figures->request->http->service, &figures->query, &out->backlog, err);
}

void twi_handle_metrics_summary(twi_request *request)
{
    twi_figures figures;
    summary sums;
    tw_err err = {.text = ""};
    yyjson_mut_doc *doc;
    yyjson_mut_val *root;
    if (!twi_figures_read(request, &figures))
        return;
    tw_status status = query_summary(&figures, &sums, &err);
    if (!twi_json_begin(request, status, &err, &doc, &root))
        return;
    tw_metric_query before = twi_figures_before(&figures);
    const tw_metrics *now = &sums.now->metrics, *then = &sums.before->metrics;
    put_period(doc, root, "period", &figures.query);
    put_period(doc, root, "previous_period", &before);
    twi_json_str(doc, root, "zone", figures.zone.name);
    twi_json_cstr(doc, root, "currency", figures.currency);
    twi_json_uint(doc, root, "other_currency_alerts", sums.now->other_currency_n);
    twi_json_metrics(doc, twi_json_object(doc, root, "figures"), now, figures.currency);
    twi_json_metrics(doc, twi_json_object(doc, root, "previous"), then, figures.currency);
    twi_json_metrics_change(doc, twi_json_object(doc, root, "change"), now, then);
    twi_json_metrics_filters(doc, twi_json_object(doc, root, "filters"), &figures);
    twi_json_backlog(doc, twi_json_object(doc, root, "backlog"), &figures, &sums.backlog);
    twi_json_assumptions(doc, root, &figures.settings);
    twi_reply_json(request, 200, doc);
}

// --- over time
// ------------------------------------------------------------------------------------------

static bool read_unit(twi_request *request, const char **unit, tw_metric_cut *out)
{
    static const struct {
        const char *name;
        tw_metric_cut cut;
    } units[] = {
        {"day", TW_METRIC_CUT_DAY}, {"week", TW_METRIC_CUT_WEEK}, {"month", TW_METRIC_CUT_MONTH}};
    const char *text = twi_request_argument(request, "unit");
    *unit = text && text[0] ? text : "day";
    for (size_t i = 0; i < TW_COUNT(units); i++) {
        if (strcmp(units[i].name, *unit) == 0) {
            *out = units[i].cut;
            return true;
        }
    }
    twi_problem(request, 400, "unit", "unit is day, week or month");
    return false;
}

static void put_span(yyjson_mut_doc *doc, yyjson_mut_val *item, const twi_figures *figures,
                     const tw_metric_row *row)
{
    int32_t day = 0;
    const tw_metric_query *query = &figures->query;
    (void)tw_date_parse(row->key, &day); // written by the query itself
    int64_t from_ms = TW_MAX(tw_figure_day_ms(&figures->zone, day), query->from_ms);
    int64_t to_ms = tw_figure_day_ms(&figures->zone, tw_figure_next_day(query->cut, day));
    twi_json_str(doc, item, "date", row->key);
    twi_json_metrics(doc, twi_json_object(doc, item, "figures"), &row->metrics, figures->currency);
    twi_json_str(
        doc, item, "filter",
        twi_metrics_filter(figures, from_ms, TW_MIN(to_ms, query->to_ms), "", TW_STR_NONE));
}

void twi_handle_metrics_daily(twi_request *request)
{
    twi_figures figures;
    tw_metric_cut cut;
    const char *unit;
    tw_metric_row *rows = NULL;
    size_t n = 0;
    tw_err err = {.text = ""};
    yyjson_mut_doc *doc;
    yyjson_mut_val *root;
    if (!read_unit(request, &unit, &cut) || !twi_figures_read(request, &figures))
        return;
    figures.query.cut = cut;
    tw_status status = query_rows(request, &figures.query, &rows, &n, &err);
    if (status == TW_LIMIT) {
        twi_problem(request, 400, "unit", "%s", err.text);
        return;
    }
    if (!twi_json_begin(request, status, &err, &doc, &root))
        return;
    put_period(doc, root, "period", &figures.query);
    twi_json_str(doc, root, "zone", figures.zone.name);
    twi_json_cstr(doc, root, "currency", figures.currency);
    twi_json_cstr(doc, root, "unit", unit);
    yyjson_mut_val *items = twi_json_array(doc, root, "items");
    for (size_t i = 0; i < n; i++)
        put_span(doc, yyjson_mut_arr_add_obj(doc, items), &figures, &rows[i]);
    twi_reply_json(request, 200, doc);
}

// --- by region, store, ...
// ------------------------------------------------------------------------------

typedef struct table_row {
    const tw_metric_row *now, *before; // either may be NULL
    tw_str key, title;
    double order; // high first
} table_row;

static const struct {
    const char *name;
    tw_metric_cut cut;
    const char *filter; // of GET /v1/alerts; NULL = there is none
} cuts[] = {
    {"region", TW_METRIC_CUT_REGION, "region"},       {"store", TW_METRIC_CUT_STORE, "store_id"},
    {"scheme", TW_METRIC_CUT_SCHEME, "scheme"},       {"type", TW_METRIC_CUT_TYPE, "type"},
    {"signal", TW_METRIC_CUT_SIGNAL, "signal"},       {"model", TW_METRIC_CUT_MODEL, NULL},
    {"assignee", TW_METRIC_CUT_ASSIGNEE, "assignee"}, {"team", TW_METRIC_CUT_TEAM, "team"},
};

// Figures of no alert.
static const tw_metrics nothing = {.precision = {.value = (double)NAN},
                                   .false_positive = {.value = (double)NAN},
                                   .minutes_p50 = (double)NAN,
                                   .minutes_p90 = (double)NAN,
                                   .cost_per_alert_minor = (double)NAN,
                                   .roi = (double)NAN};

static const char *const sorts[] = {
    "alerts",         "exposure", "recovered", "saved",   "precision",
    "false_positive", "open",     "overdue",   "minutes", "key"};

static double order_of(const tw_metrics *m, const char *sort)
{
    const double values[] = {(double)m->alerts,
                             (double)m->exposure_minor,
                             (double)m->recovered_minor,
                             (double)m->saved_minor,
                             m->precision.value,
                             m->false_positive.value,
                             (double)m->open,
                             (double)m->overdue_open,
                             m->minutes_p50,
                             0};
    for (size_t i = 0; i < TW_COUNT(sorts); i++)
        if (strcmp(sorts[i], sort) == 0)
            return isfinite(values[i]) ? values[i] : -(double)INFINITY;
    return -(double)INFINITY;
}

static int compare_rows(const void *a, const void *b)
{
    const table_row *x = a, *y = b;
    if (x->order != y->order)
        return x->order < y->order ? 1 : -1;
    return tw_str_compare(x->key, y->key);
}

// Both lists are ordered by key.
static size_t join_rows(const tw_metric_row *now, size_t now_n, const tw_metric_row *before,
                        size_t before_n, const char *sort, table_row *out)
{
    size_t n = 0, i = 0, k = 0;
    while (i < now_n || k < before_n) {
        int order = i == now_n ? 1 : k == before_n ? -1 : tw_str_compare(now[i].key, before[k].key);
        table_row *row = &out[n++];
        row->now = order <= 0 ? &now[i++] : NULL;
        row->before = order >= 0 ? &before[k++] : NULL;
        const tw_metric_row *known = row->now ? row->now : row->before;
        row->key = known->key;
        row->title = known->title.bytes > 0 ? known->title : known->key;
        row->order = order_of(row->now ? &row->now->metrics : &nothing, sort);
    }
    qsort(out, n, sizeof(*out), compare_rows);
    return n;
}

static void put_before(yyjson_mut_doc *doc, yyjson_mut_val *item, const tw_metrics *before,
                       const char currency[4])
{
    yyjson_mut_val *object = twi_json_object(doc, item, "previous");
    twi_json_uint(doc, object, "alerts", before->alerts);
    twi_json_metric_share(doc, object, "precision", &before->precision);
    twi_json_money(doc, object, "exposure", before->exposure_minor, currency);
    twi_json_money(doc, object, "recovered", before->recovered_minor, currency);
}

static void put_row(yyjson_mut_doc *doc, yyjson_mut_val *item, const twi_figures *figures,
                    const char *filter, const table_row *row)
{
    const tw_metric_query *query = &figures->query;
    bool is_none = row->key.bytes == 0;
    twi_json_str_or_null(doc, item, "key", row->key);
    twi_json_str(doc, item, "title", row->title);
    twi_json_metrics(doc, twi_json_object(doc, item, "figures"),
                     row->now ? &row->now->metrics : &nothing, figures->currency);
    put_before(doc, item, row->before ? &row->before->metrics : &nothing, figures->currency);
    tw_str value = is_none && query->cut == TW_METRIC_CUT_ASSIGNEE ? TW_STR("none") : row->key;
    if (filter && value.bytes > 0)
        twi_json_str(doc, item, "filter",
                     twi_metrics_filter(figures, query->from_ms, query->to_ms, filter, value));
    else
        twi_json_null(doc, item, "filter");
}

// --- people
// -------------------------------------------------------------------------------------------

typedef struct people {
    const tw_user_row *users;
    size_t n;
} people;

static const tw_user_row *find_user(const people *p, tw_str user)
{
    for (size_t i = 0; i < p->n; i++)
        if (tw_str_equal(p->users[i].user_id, user))
            return &p->users[i];
    return NULL;
}

static tw_str team_of(void *ctx, tw_str user)
{
    const tw_user_row *row = find_user(ctx, user);
    return row ? row->team : TW_STR_NONE;
}

static tw_status read_people(const twi_figures *figures, people *out, tw_err *err)
{
    tw_user_row *users;
    twi_request *request = figures->request;
    TW_TRY(tw_access_user_list(request->http->access, &request->arena, &users, &out->n, err));
    out->users = users;
    return TW_OK;
}

// Names of people for their ids.
static void name_rows(const people *p, table_row *rows, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const tw_user_row *user = find_user(p, rows[i].key);
        if (user && user->name.bytes > 0)
            rows[i].title = user->name;
    }
}

static tw_status query_table(const twi_figures *figures, const char *sort, table_row **out,
                             size_t *n, tw_err *err)
{
    tw_metric_row *now, *before;
    size_t now_n, before_n;
    people all = {.n = 0};
    twi_request *request = figures->request;
    tw_metric_query query = figures->query, earlier = twi_figures_before(figures);
    bool is_people = query.cut == TW_METRIC_CUT_TEAM || query.cut == TW_METRIC_CUT_ASSIGNEE;
    if (is_people)
        TW_TRY(read_people(figures, &all, err));
    query.team_of = earlier.team_of = team_of;
    query.team_ctx = earlier.team_ctx = &all;
    TW_TRY(query_rows(request, &query, &now, &now_n, err));
    TW_TRY(query_rows(request, &earlier, &before, &before_n, err));
    *out = tw_arena_array(&request->arena, now_n + before_n + 1, sizeof(**out));
    if (!*out)
        return tw_fail(err, TW_NO_MEMORY, "no memory for the figures");
    *n = join_rows(now, now_n, before, before_n, sort, *out);
    if (query.cut == TW_METRIC_CUT_ASSIGNEE)
        name_rows(&all, *out, *n);
    return TW_OK;
}

static bool read_sort(twi_request *request, const char **out)
{
    const char *text = twi_request_argument(request, "sort");
    *out = text && text[0] ? text : sorts[0];
    for (size_t i = 0; i < TW_COUNT(sorts); i++)
        if (strcmp(sorts[i], *out) == 0)
            return true;
    twi_problem(request, 400, "sort", "sort \"%.40s\" is unknown", *out);
    return false;
}

static void reply_table(const twi_figures *figures, size_t cut, const char *sort, uint32_t limit)
{
    table_row *rows = NULL;
    size_t n = 0;
    tw_err err = {.text = ""};
    yyjson_mut_doc *doc;
    yyjson_mut_val *root;
    twi_request *request = figures->request;
    tw_metric_query before = twi_figures_before(figures);
    tw_status status = query_table(figures, sort, &rows, &n, &err);
    if (!twi_json_begin(request, status, &err, &doc, &root))
        return;
    put_period(doc, root, "period", &figures->query);
    put_period(doc, root, "previous_period", &before);
    twi_json_cstr(doc, root, "currency", figures->currency);
    twi_json_cstr(doc, root, "cut", cuts[cut].name);
    twi_json_uint(doc, root, "total", n);
    yyjson_mut_val *items = twi_json_array(doc, root, "items");
    for (size_t i = 0; i < n && i < limit; i++)
        put_row(doc, yyjson_mut_arr_add_obj(doc, items), figures, cuts[cut].filter, &rows[i]);
    twi_reply_json(request, 200, doc);
}

void twi_handle_metrics_by(twi_request *request)
{
    twi_figures figures;
    const char *sort;
    uint32_t limit;
    size_t cut = 0;
    while (cut < TW_COUNT(cuts) && !tw_str_equal(request->params[0], tw_str_from(cuts[cut].name)))
        cut++;
    if (cut == TW_COUNT(cuts)) {
        twi_problem(request, 404, NULL, "Figures are not cut by \"%.*s\"",
                    TW_STR_ARG(request->params[0]));
        return;
    }
    if (!read_sort(request, &sort) || !twi_query_limit(request, &limit) ||
        !twi_figures_read(request, &figures))
        return;
    figures.query.cut = cuts[cut].cut;
    reply_table(&figures, cut, sort, limit);
}
