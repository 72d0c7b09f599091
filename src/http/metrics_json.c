// SPDX-License-Identifier: Apache-2.0
//
// Figures, their changes, the assumptions under them, and the queries that lead to their alerts.
#include <math.h>

#include "metrics.h"

static const double unknown = (double)NAN;

void twi_json_metric_share(yyjson_mut_doc *doc, yyjson_mut_val *object, const char *key,
                           const tw_metric_share *share)
{
    tw_share out = {share->k, share->n, share->value, share->low, share->high};
    twi_json_share_of(doc, object, key, &out);
}

void twi_json_metrics(yyjson_mut_doc *doc, yyjson_mut_val *object, const tw_metrics *m,
                      const char currency[4])
{
    twi_json_uint(doc, object, "alerts", m->alerts);
    twi_json_uint(doc, object, "open", m->open);
    twi_json_uint(doc, object, "decided", m->decided);
    twi_json_uint(doc, object, "confirmed", m->confirmed);
    twi_json_uint(doc, object, "refuted", m->refuted);
    twi_json_uint(doc, object, "inconclusive", m->inconclusive);
    twi_json_uint(doc, object, "operational", m->operational);
    twi_json_metric_share(doc, object, "precision", &m->precision);
    twi_json_metric_share(doc, object, "false_positive", &m->false_positive);
    twi_json_money(doc, object, "exposure", m->exposure_minor, currency);
    twi_json_money(doc, object, "exposure_open", m->exposure_open_minor, currency);
    twi_json_money(doc, object, "exposure_confirmed", m->exposure_confirmed_minor, currency);
    twi_json_money(doc, object, "recovered", m->recovered_minor, currency);
    twi_json_money(doc, object, "saved", m->saved_minor, currency);
    twi_json_num(doc, object, "minutes_p50", m->minutes_p50);
    twi_json_num(doc, object, "minutes_p90", m->minutes_p90);
    twi_json_uint(doc, object, "measured", m->measured);
    twi_json_num(doc, object, "minutes_total", m->minutes_total);
    twi_json_uint(doc, object, "overdue_open", m->overdue_open);
    twi_json_uint(doc, object, "decided_late", m->decided_late);
    twi_json_metric_share(doc, object, "in_time", &m->in_time);
    twi_json_money(doc, object, "cost", m->cost_minor, currency);
    if (isfinite(m->cost_per_alert_minor))
        twi_json_money(doc, object, "cost_per_alert", llround(m->cost_per_alert_minor), currency);
    else
        twi_json_null(doc, object, "cost_per_alert");
    twi_json_num(doc, object, "roi", m->roi);
}

// --- changes
// ------------------------------------------------------------------------------------------

static double relative(double now, double before)
{
    return before != 0 ? now / before - 1 : unknown; // NaN stays NaN
}

void twi_json_metrics_change(yyjson_mut_doc *doc, yyjson_mut_val *object, const tw_metrics *now,
                             const tw_metrics *before)
{
    const struct {
        const char *key;
        double change;
    } changes[] = {
#define RELATIVE(key, member) {key, relative((double)now->member, (double)before->member)}
#define DIFFERENCE(key, member)                                                                    \
    {                                                                                              \
        key, now->member - before->member                                                          \
    }
        RELATIVE("alerts", alerts),
        RELATIVE("open", open),
        RELATIVE("decided", decided),
        RELATIVE("confirmed", confirmed),
        DIFFERENCE("precision", precision.value),
        DIFFERENCE("false_positive", false_positive.value),
        RELATIVE("exposure", exposure_minor),
        RELATIVE("exposure_open", exposure_open_minor),
        RELATIVE("exposure_confirmed", exposure_confirmed_minor),
        RELATIVE("recovered", recovered_minor),
        RELATIVE("saved", saved_minor),
        RELATIVE("minutes_p50", minutes_p50),
        RELATIVE("minutes_p90", minutes_p90),
        RELATIVE("overdue_open", overdue_open),
        RELATIVE("decided_late", decided_late),
        DIFFERENCE("in_time", in_time.value),
        RELATIVE("cost", cost_minor),
        RELATIVE("cost_per_alert", cost_per_alert_minor),
        DIFFERENCE("roi", roi),
#undef DIFFERENCE
#undef RELATIVE
    };
    for (size_t i = 0; i < TW_COUNT(changes); i++)
        twi_json_num(doc, object, changes[i].key, changes[i].change);
}

// --- queries
// -------------------------------------------------------------------------------------------

static void put_escaped(tw_buf *out, tw_str text)
{
    for (size_t i = 0; i < text.bytes; i++) {
        unsigned char c = (unsigned char)text.at[i];
        bool is_plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                        (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.' || c == '~' ||
                        c == ':';
        if (is_plain)
            tw_buf_u8(out, c);
        else
            tw_buf_printf(out, "%%%02X", c);
    }
}

static void put_condition(tw_buf *out, const char *name, tw_str value)
{
    if (value.bytes == 0)
        return;
    if (out->bytes > 0)
        tw_buf_u8(out, '&');
    tw_buf_cstr(out, name);
    tw_buf_u8(out, '=');
    put_escaped(out, value);
}

static void put_time(tw_buf *out, const char *name, int64_t ms)
{
    char text[TW_TIME_TEXT_BYTES];
    put_condition(out, name, tw_str_from(tw_time_format(ms, 0, text)));
}

// Conditions of the request but that of the name `instead`.
static void put_request(tw_buf *out, const twi_figures *figures, const char *instead)
{
    const tw_metric_query *query = &figures->query;
    const struct {
        const char *name;
        tw_str value;
    } conditions[] = {{"region", query->region},
                      {"store_id", tw_str_from(twi_request_argument(figures->request, "store_id"))},
                      {"scheme", query->scheme},
                      {"type", query->type},
                      {"assignee", query->assignee}};
    for (size_t i = 0; i < TW_COUNT(conditions); i++)
        if (strcmp(conditions[i].name, instead) != 0)
            put_condition(out, conditions[i].name, conditions[i].value);
}

static tw_str take_text(const twi_figures *figures, tw_buf *text)
{
    tw_str out = TW_STR_NONE;
    if (text->status == TW_OK) {
        out.at = tw_arena_copy(&figures->request->arena, text->data_own, text->bytes);
        out.bytes = out.at ? text->bytes : 0;
    }
    tw_buf_release(text);
    return out;
}

tw_str twi_metrics_filter(const twi_figures *figures, int64_t from_ms, int64_t to_ms,
                          const char *name, tw_str value)
{
    tw_buf text;
    tw_buf_init(&text, figures->request->http->alloc, 4096);
    put_time(&text, "from", from_ms);
    put_time(&text, "to", to_ms);
    put_request(&text, figures, name);
    put_condition(&text, name, value);
    return take_text(figures, &text);
}

void twi_json_metrics_filters(yyjson_mut_doc *doc, yyjson_mut_val *object,
                              const twi_figures *figures)
{
    static const struct {
        const char *key, *more;
    } filters[] = {
        {"alerts", ""},
        {"open", "&status=OPEN"},
        {"decided", "&status=CLOSED"},
        {"confirmed", "&verdict=CONFIRMED"},
        {"refuted", "&verdict=REFUTED"},
        {"inconclusive", "&verdict=INCONCLUSIVE"},
        {"operational", "&verdict=OPERATIONAL"},
        {"precision", "&verdict=CONFIRMED,REFUTED,OPERATIONAL"},
        {"false_positive", "&verdict=REFUTED,OPERATIONAL"},
        {"exposure", ""},
        {"exposure_open", "&status=OPEN"},
        {"exposure_confirmed", "&verdict=CONFIRMED"},
        {"recovered", "&status=CLOSED"},
        {"saved", "&verdict=CONFIRMED"},
        {"minutes", "&status=CLOSED"},
        {"overdue_open", "&overdue=true"},
        {"decided_late", "&late=true"},
        {"cost", "&status=CLOSED"},
    };
    const tw_metric_query *query = &figures->query;
    tw_str base = twi_metrics_filter(figures, query->from_ms, query->to_ms, "", TW_STR_NONE);
    for (size_t i = 0; i < TW_COUNT(filters); i++) {
        tw_buf text;
        tw_buf_init(&text, figures->request->http->alloc, 8192);
        tw_buf_str(&text, base);
        tw_buf_cstr(&text, filters[i].more);
        twi_json_str(doc, object, filters[i].key, take_text(figures, &text));
    }
}

void twi_json_backlog(yyjson_mut_doc *doc, yyjson_mut_val *object, const twi_figures *figures,
                      const tw_backlog *backlog)
{
    static const struct {
        const char *key, *name, *value;
    } filters[] = {{"open", "status", "OPEN"},
                   {"unassigned", "assignee", "none"},
                   {"overdue", "overdue", "true"},
                   {"snoozed", "snoozed", "true"}};
    twi_json_uint(doc, object, "open", backlog->open);
    twi_json_uint(doc, object, "unassigned", backlog->unassigned);
    twi_json_uint(doc, object, "overdue", backlog->overdue);
    twi_json_uint(doc, object, "due_24h", backlog->due_24h);
    twi_json_uint(doc, object, "snoozed", backlog->snoozed);
    twi_json_money(doc, object, "exposure", backlog->exposure_minor, figures->currency);
    if (backlog->oldest_ms)
        twi_json_time(doc, object, "oldest_at", backlog->oldest_ms, 0);
    else
        twi_json_null(doc, object, "oldest_at");
    yyjson_mut_val *out = twi_json_object(doc, object, "filters");
    for (size_t i = 0; i < TW_COUNT(filters); i++) {
        tw_buf text;
        tw_buf_init(&text, figures->request->http->alloc, 4096);
        put_condition(&text, "status", TW_STR("OPEN"));
        put_request(&text, figures, filters[i].name);
        if (i > 0)
            put_condition(&text, filters[i].name, tw_str_from(filters[i].value));
        twi_json_str(doc, out, filters[i].key, take_text(figures, &text));
    }
}

// --- assumptions
// ---------------------------------------------------------------------------------------

void twi_json_assumptions(yyjson_mut_doc *doc, yyjson_mut_val *object, const tw_settings *settings)
{
    const struct {
        const char *name, *title, *unit;
        double value;
    } rows[] = {
        {"months_prevented", "Months that a confirmed theft would have gone on", "months",
         settings->months_prevented},
        {"share_prevented", "Share of the prevented loss that is counted as saved", "share",
         settings->share_prevented},
        {"minutes_per_alert", "Working time of a decision: where none was measured, and at most",
         "minutes", settings->minutes_per_alert},
        {"cost_hour_minor", "An hour of an investigator", "minor",
         (double)settings->cost_hour_minor},
        {"platform_month_minor", "The platform in a month", "minor",
         (double)settings->platform_month_minor},
        {"sla_hours_critical", "Time to decide at a risk of 0.95 and above", "hours",
         settings->sla_hours_critical},
        {"sla_hours_high", "Time to decide at a risk of 0.9 and above", "hours",
         settings->sla_hours_high},
        {"sla_hours_normal", "Time to decide below that", "hours", settings->sla_hours_normal},
    };
    yyjson_mut_val *array = twi_json_array(doc, object, "assumptions");
    for (size_t i = 0; i < TW_COUNT(rows); i++) {
        yyjson_mut_val *item = yyjson_mut_arr_add_obj(doc, array);
        twi_json_cstr(doc, item, "name", rows[i].name);
        twi_json_cstr(doc, item, "title", rows[i].title);
        twi_json_cstr(doc, item, "unit", rows[i].unit);
        twi_json_num(doc, item, "value", rows[i].value);
    }
}
