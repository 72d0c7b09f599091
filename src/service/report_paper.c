// SPDX-License-Identifier: Apache-2.0
//
// The report on its page: figures with their change, the trend, and the tables of regions, stores
// and schemes. What is verified and what is estimated is said at each figure.
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "internal.h"
#include "paper_sheet.h"
#include "retail/money.h"
#include "service/report.h"

#define TEXT_BYTES 160
#define TILE_COLUMNS 4
#define TILE_HEIGHT 50.0
#define TREND_HEIGHT 92.0
#define TABLE_ROWS 6

static const tw_paper_text tile_label = {TW_PAPER_REGULAR, 7, TWI_GREY};
static const tw_paper_text tile_value = {TW_PAPER_BOLD, 13, TWI_INK};
static const tw_paper_text small = {TW_PAPER_REGULAR, 7, TWI_GREY};

typedef struct report {
    tw_service *service;
    tw_arena *arena;
    const tw_metric_query *query;
    tw_figure_zone zone;
    tw_settings settings;
    char currency[4];
    tw_metric_row *now, *before, *spans;
    size_t span_n;
    twi_sheet sheet;
} report;

// --- texts
// ------------------------------------------------------------------------------------------

// "12,345": whole units, as nobody needs cents of a sum on a wall.
static tw_str money_text(const report *r, double minor, char out[TEXT_BYTES])
{
    char digits[40];
    double unit = minor;
    for (int i = 0; i < tw_currency_exponent(r->currency); i++)
        unit /= 10;
    int n = snprintf(digits, sizeof(digits), "%.0f", fabs(unit));
    size_t bytes = 0;
    if (unit <= -0.5)
        out[bytes++] = '-';
    for (int i = 0; i < n; i++) {
        if (i > 0 && (n - i) % 3 == 0)
            out[bytes++] = ',';
        out[bytes++] = digits[i];
    }
    snprintf(out + bytes, TEXT_BYTES - bytes, " %s", r->currency);
    return tw_str_from(out);
}

static tw_str share_text(const tw_metric_share *share, char out[TEXT_BYTES])
{
    if (share->n == 0)
        return TW_STR("–");
    snprintf(out, TEXT_BYTES, "%.0f %% (%.0f–%.0f)", 100 * share->value, 100 * share->low,
             100 * share->high);
    return tw_str_from(out);
}

static tw_str minutes_text(double minutes, char out[TEXT_BYTES])
{
    if (!isfinite(minutes))
        return TW_STR("–");
    if (minutes < 120)
        snprintf(out, TEXT_BYTES, "%.0f min", minutes);
    else
        snprintf(out, TEXT_BYTES, "%.1f h", minutes / 60);
    return tw_str_from(out);
}

static tw_str count_text(uint64_t n, char out[TEXT_BYTES])
{
    snprintf(out, TEXT_BYTES, "%llu", (unsigned long long)n);
    return tw_str_from(out);
}

static tw_str change_text(double now, double before, char out[TEXT_BYTES])
{
    if (!isfinite(now) || !isfinite(before) || before == 0)
        return TW_STR("nothing to compare with");
    snprintf(out, TEXT_BYTES, "%+.0f %% to the period before", 100 * (now / before - 1));
    return tw_str_from(out);
}

static tw_str points_text(const tw_metric_share *now, const tw_metric_share *before,
                          char out[TEXT_BYTES])
{
    if (now->n == 0 || before->n == 0)
        return TW_STR("nothing to compare with");
    snprintf(out, TEXT_BYTES, "%+.0f points to the period before",
             100 * (now->value - before->value));
    return tw_str_from(out);
}

// --- figures
// ----------------------------------------------------------------------------------------

static void put_tile(report *r, size_t i, const char *label, tw_str value, tw_str more)
{
    double width = TWI_SHEET_WIDTH / TILE_COLUMNS;
    double x = TWI_SHEET_LEFT + width * (double)(i % TILE_COLUMNS);
    double y = r->sheet.y + TILE_HEIGHT * (double)(i / TILE_COLUMNS);
    tw_paper_box(r->sheet.paper, r->sheet.doc, x + 1, y + 1, width - 4, TILE_HEIGHT - 4, TWI_SHADE);
    twi_sheet_label(&r->sheet, x + 7, y + 13, width - 14, false, &tile_label, tw_str_from(label));
    twi_sheet_label(&r->sheet, x + 7, y + 29, width - 14, false, &tile_value, value);
    twi_sheet_label(&r->sheet, x + 7, y + 40, width - 14, false, &small, more);
}

static void put_counts(report *r, const tw_metrics *now, const tw_metrics *then)
{
    char text[TEXT_BYTES], more[TEXT_BYTES];
    put_tile(r, 0, "Alerts", count_text(now->alerts, text),
             change_text((double)now->alerts, (double)then->alerts, more));
    put_tile(r, 1, "Precision, 90 % interval", share_text(&now->precision, text),
             points_text(&now->precision, &then->precision, more));
    put_tile(r, 2, "False positives", share_text(&now->false_positive, text),
             points_text(&now->false_positive, &then->false_positive, more));
    put_tile(r, 3, "First view to verdict, median", minutes_text(now->minutes_p50, text),
             change_text(now->minutes_p50, then->minutes_p50, more));
}

static void put_money(report *r, const tw_metrics *now, const tw_metrics *then)
{
    char text[TEXT_BYTES], more[TEXT_BYTES];
    put_tile(r, 4, "Exposure", money_text(r, (double)now->exposure_minor, text),
             change_text((double)now->exposure_minor, (double)then->exposure_minor, more));
    put_tile(r, 5, "Recovered (verified)", money_text(r, (double)now->recovered_minor, text),
             change_text((double)now->recovered_minor, (double)then->recovered_minor, more));
    put_tile(r, 6, "Saved (estimated)", money_text(r, (double)now->saved_minor, text),
             change_text((double)now->saved_minor, (double)then->saved_minor, more));
    put_tile(r, 7, "Cost (estimated)", money_text(r, (double)now->cost_minor, text),
             change_text((double)now->cost_minor, (double)then->cost_minor, more));
}

static void put_work(report *r, const tw_metrics *now, const tw_backlog *backlog)
{
    char text[TEXT_BYTES], more[TEXT_BYTES];
    put_tile(r, 8, "Decided in time", share_text(&now->in_time, text), TW_STR("of the decided"));
    snprintf(more, sizeof(more), "%llu of them overdue", (unsigned long long)backlog->overdue);
    put_tile(r, 9, "Open now", count_text(backlog->open, text), tw_str_from(more));
    put_tile(r, 10, "Cost per alert (estimated)",
             isfinite(now->cost_per_alert_minor) ? money_text(r, now->cost_per_alert_minor, text)
                                                 : TW_STR("–"),
             TW_STR("people's time and the platform"));
    if (isfinite(now->roi))
        snprintf(more, sizeof(more), "%.1f", now->roi);
    put_tile(r, 11, "Return on cost (estimated)",
             isfinite(now->roi) ? tw_str_from(more) : TW_STR("–"), TW_STR("(gain - cost) / cost"));
}

// --- trend
// ------------------------------------------------------------------------------------------

// Bars of all alerts, and within each those that were confirmed.
static void put_trend(report *r)
{
    static const tw_paper_text axis = {TW_PAPER_REGULAR, 6, TWI_GREY};
    uint64_t most = 1;
    char text[TEXT_BYTES];
    twi_sheet *sheet = &r->sheet;
    for (size_t i = 0; i < r->span_n; i++)
        most = TW_MAX(most, r->spans[i].metrics.alerts);
    double width = TWI_SHEET_WIDTH / (double)TW_MAX(r->span_n, (size_t)1);
    double base = sheet->y + TREND_HEIGHT - 12, height = TREND_HEIGHT - 24;
    snprintf(text, sizeof(text), "up to %llu alerts; blue: confirmed", (unsigned long long)most);
    twi_sheet_label(sheet, TWI_SHEET_LEFT, sheet->y + 6, 200, false, &axis, tw_str_from(text));
    for (size_t i = 0; i < r->span_n; i++) {
        const tw_metrics *m = &r->spans[i].metrics;
        double x = TWI_SHEET_LEFT + width * (double)i;
        double all = height * (double)m->alerts / (double)most;
        double right = height * (double)m->confirmed / (double)most;
        tw_paper_box(sheet->paper, sheet->doc, x + width * 0.15, base - all, width * 0.7, all,
                     TWI_RULE);
        tw_paper_box(sheet->paper, sheet->doc, x + width * 0.15, base - right, width * 0.7, right,
                     TWI_BLUE);
        if (width >= 40 || i % 7 == 0)
            twi_sheet_label(sheet, x, base + 8, TW_MAX(width, 40.0), false, &axis, r->spans[i].key);
    }
    tw_paper_line(sheet->paper, sheet->doc, TWI_SHEET_LEFT, base, TWI_SHEET_LEFT + TWI_SHEET_WIDTH,
                  base, 0.6, TWI_GREY);
    twi_sheet_gap(sheet, TREND_HEIGHT);
}

// --- tables
// -----------------------------------------------------------------------------------------

static int by_exposure(const void *a, const void *b)
{
    const tw_metric_row *x = a, *y = b;
    if (x->metrics.exposure_minor != y->metrics.exposure_minor)
        return x->metrics.exposure_minor < y->metrics.exposure_minor ? 1 : -1;
    return tw_str_compare(x->key, y->key);
}

static void put_table_row(report *r, const tw_metric_row *row)
{
    static const twi_column columns[] = {{161, false, false}, {50, true, false}, {60, true, false},
                                         {90, true, false},   {75, true, false}, {75, true, false}};
    char alerts[TEXT_BYTES], confirmed[TEXT_BYTES], precision[TEXT_BYTES], exposure[TEXT_BYTES],
        recovered[TEXT_BYTES];
    if (!row) {
        static const tw_str head[] = {{"", 0},          {"Alerts", 6},   {"Confirmed", 9},
                                      {"Precision", 9}, {"Exposure", 8}, {"Recovered", 9}};
        twi_sheet_row(&r->sheet, columns, TW_COUNT(columns), head, TWI_ROW_HEAD, 1);
        return;
    }
    tw_str name = row->title.bytes ? row->title : row->key;
    const tw_metrics *m = &row->metrics;
    const tw_str cells[] = {name.bytes ? name : TW_STR("(none)"),
                            count_text(m->alerts, alerts),
                            count_text(m->confirmed, confirmed),
                            share_text(&m->precision, precision),
                            money_text(r, (double)m->exposure_minor, exposure),
                            money_text(r, (double)m->recovered_minor, recovered)};
    twi_sheet_row(&r->sheet, columns, TW_COUNT(columns), cells, TWI_ROW_PLAIN, 1);
}

static tw_status put_table(report *r, tw_metric_cut cut, const char *heading, tw_err *err)
{
    tw_metric_row *rows;
    size_t n;
    tw_metric_query query = *r->query;
    query.cut = cut;
    TW_TRY(tw_query_metrics(r->service, &query, r->arena, &rows, &n, err));
    if (n == 0 || (cut == TW_METRIC_CUT_REGION && r->settings.region_n == 0))
        return TW_OK;
    qsort(rows, n, sizeof(*rows), by_exposure);
    twi_sheet_heading(&r->sheet, tw_str_from(heading));
    put_table_row(r, NULL);
    for (size_t i = 0; i < n && i < TABLE_ROWS; i++)
        put_table_row(r, &rows[i]);
    return TW_OK;
}

// --- the page
// ---------------------------------------------------------------------------------------

static void put_assumptions(report *r)
{
    char text[512];
    snprintf(text, sizeof(text),
             "Saved: the exposure of confirmed alerts a month, over %.3g months, %.0f %% of it. "
             "Cost: the time from first view to verdict, at most %.3g minutes a decision and that "
             "where none was measured, and the platform's share of the period. Alerts count in "
             "the period in which they were created. Definitions: docs/metrics.md.",
             r->settings.months_prevented, 100 * r->settings.share_prevented,
             r->settings.minutes_per_alert);
    twi_sheet_gap(&r->sheet, 6);
    twi_sheet_text(&r->sheet, 0, TWI_SHEET_WIDTH, &small, tw_str_from(text));
}

static tw_status read_figures(report *r, tw_backlog *backlog, tw_err *err)
{
    size_t n;
    tw_str json;
    uint64_t version;
    tw_metric_query query = *r->query;
    int64_t length_ms = query.to_ms - query.from_ms;
    TW_TRY(tw_query_figure_zone(r->service, &r->zone, err));
    TW_TRY(tw_query_settings(r->service, r->arena, &r->settings, &version, &json, err));
    query.cut = TW_METRIC_CUT_NONE;
    TW_TRY(tw_query_metrics(r->service, &query, r->arena, &r->now, &n, err));
    query.to_ms = query.from_ms;
    query.from_ms -= length_ms;
    TW_TRY(tw_query_metrics(r->service, &query, r->arena, &r->before, &n, err));
    query = *r->query;
    query.cut = length_ms <= 45 * TW_DAY_MS    ? TW_METRIC_CUT_DAY
                : length_ms <= 300 * TW_DAY_MS ? TW_METRIC_CUT_WEEK
                                               : TW_METRIC_CUT_MONTH;
    TW_TRY(tw_query_metrics(r->service, &query, r->arena, &r->spans, &r->span_n, err));
    return tw_query_backlog(r->service, r->query, backlog, err);
}

static tw_status put_page(report *r, const tw_backlog *backlog, tw_err *err)
{
    static const tw_paper_text plain = {TW_PAPER_REGULAR, 9, TWI_GREY};
    char text[256], from[TW_TIME_TEXT_BYTES], to[TW_TIME_TEXT_BYTES];
    const tw_metrics *now = &r->now->metrics, *then = &r->before->metrics;
    twi_sheet_title(&r->sheet, TW_STR("Loss prevention report"));
    snprintf(text, sizeof(text), "%s to %s (%.*s)%s%.*s",
             tw_date_format(tw_figure_day_of(&r->zone, r->query->from_ms), from),
             tw_date_format(tw_figure_day_of(&r->zone, r->query->to_ms - 1), to),
             TW_STR_ARG(r->zone.name), r->query->region.bytes ? ", region " : "",
             TW_STR_ARG(r->query->region));
    twi_sheet_text(&r->sheet, 0, TWI_SHEET_WIDTH, &plain, tw_str_from(text));
    twi_sheet_gap(&r->sheet, 6);
    put_counts(r, now, then);
    put_money(r, now, then);
    put_work(r, now, backlog);
    twi_sheet_gap(&r->sheet, 3 * TILE_HEIGHT + 6);
    put_trend(r);
    TW_TRY(put_table(r, TW_METRIC_CUT_REGION, "Regions", err));
    TW_TRY(put_table(r, TW_METRIC_CUT_STORE, "Stores with most exposure", err));
    TW_TRY(put_table(r, TW_METRIC_CUT_SCHEME, "Schemes", err));
    put_assumptions(r);
    return TW_OK;
}

static tw_status make(report *r, tw_buf *out, tw_err *err)
{
    tw_backlog backlog;
    char foot[128], when[TW_TIME_TEXT_BYTES];
    int64_t now_ms = r->service->clock->now_ms(r->service->clock->ctx);
    TW_TRY(read_figures(r, &backlog, err));
    tw_str name = r->settings.brand_name.bytes ? r->settings.brand_name : TW_STR("Tillwatch");
    tw_paper_info info = {
        .title = TW_STR("Loss prevention report"), .author = name, .created_ms = now_ms};
    snprintf(foot, sizeof(foot), "Tillwatch %s · made %s", r->service->code_version,
             tw_time_format(now_ms / 1000 * 1000, 0, when));
    TW_TRY(twi_sheet_open(&r->sheet, r->service->paper, &info, name, TW_STR("Confidential"),
                          tw_str_from(foot), err));
    tw_status status = put_page(r, &backlog, err);
    if (status != TW_OK) {
        twi_sheet_close(&r->sheet);
        return status;
    }
    return twi_sheet_finish(&r->sheet, out, err);
}

tw_status tw_report_make(tw_service *service, const tw_metric_query *query, tw_buf *out,
                         tw_err *err)
{
    tw_arena arena;
    if (!service->paper)
        return tw_fail(err, TW_CLOSED, "this program was started without PDF");
    tw_arena_init(&arena, service->alloc, 0, (size_t)256 << 20);
    report r = {.service = service, .arena = &arena, .query = query};
    tw_figure_currency(service, r.currency);
    tw_status status = make(&r, out, err);
    tw_arena_release(&arena);
    return status;
}
