// SPDX-License-Identifier: Apache-2.0
//
// The manager's report: as a download, and its sending by mail.
#include <stdio.h>

#include "evidence.h"
#include "metrics.h"
#include "service/report.h"

enum { REPORT_MAX_BYTES = 64 << 20 };

void twi_handle_report(twi_request *request)
{
    twi_figures figures;
    tw_buf bytes;
    char name[64], last[TW_TIME_TEXT_BYTES];
    tw_err err = {.text = ""};
    if (!twi_figures_read(request, &figures))
        return;
    tw_buf_init(&bytes, request->http->alloc, REPORT_MAX_BYTES);
    tw_status status = tw_report_make(request->http->service, &figures.query, &bytes, &err);
    if (status != TW_OK) {
        tw_buf_release(&bytes);
        twi_problem_err(request, status, &err);
        return;
    }
    int32_t day = tw_figure_day_of(&figures.zone, figures.query.to_ms - 1);
    snprintf(name, sizeof(name), "report-%s.pdf", tw_date_format(day, last));
    twi_disposition(request, tw_str_from(name));
    twi_reply_bytes(request, "application/pdf", &bytes);
}

// --- schedule
// ----------------------------------------------------------------------------------------

static void put_time(yyjson_mut_doc *doc, yyjson_mut_val *root, const char *key, int64_t ms)
{
    if (ms)
        twi_json_time(doc, root, key, ms, 0);
    else
        twi_json_null(doc, root, key);
}

static void put_recipients(yyjson_mut_doc *doc, yyjson_mut_val *root, tw_str text)
{
    yyjson_mut_val *array = twi_json_array(doc, root, "to");
    size_t from = 0;
    for (size_t i = 0; i <= text.bytes; i++) {
        if (i < text.bytes && text.at[i] != ',')
            continue;
        tw_str address = tw_str_trim((tw_str){text.at + from, i - from});
        if (address.bytes > 0)
            yyjson_mut_arr_add_strncpy(doc, array, address.at, address.bytes);
        from = i + 1;
    }
}

static void reply_schedule(twi_request *request, unsigned http_status)
{
    tw_settings settings;
    tw_figure_zone zone;
    tw_report_state state = {.is_configured = false};
    tw_str json;
    uint64_t version;
    tw_err err = {.text = ""};
    yyjson_mut_doc *doc;
    yyjson_mut_val *root;
    tw_service *service = request->http->service;
    tw_status status =
        tw_query_settings(service, &request->arena, &settings, &version, &json, &err);
    if (status == TW_OK)
        status = tw_query_figure_zone(service, &zone, &err);
    if (!twi_json_begin(request, status, &err, &doc, &root))
        return;
    if (request->http->reporter)
        tw_reporter_get(request->http->reporter, &state);
    twi_json_bool(doc, root, "is_configured", state.is_configured);
    put_recipients(doc, root, settings.report_to);
    yyjson_mut_obj_add_int(doc, root, "weekday", settings.report_weekday);
    yyjson_mut_obj_add_int(doc, root, "hour", settings.report_hour);
    twi_json_str(doc, root, "zone", zone.name);
    put_time(doc, root, "next_at", state.next_ms);
    twi_json_bool(doc, root, "is_sending", state.is_sending);
    put_time(doc, root, "last_sent_at", state.last_sent_ms);
    put_time(doc, root, "last_failed_at", state.last_failed_ms);
    twi_json_str_or_null(doc, root, "last_error", tw_str_from(state.last_error));
    twi_json_bool(doc, root, "is_alarm", state.is_alarm);
    twi_reply_json(request, http_status, doc);
}

void twi_handle_report_schedule(twi_request *request)
{
    reply_schedule(request, 200);
}

// The addresses of the body; false after answering.
static bool read_recipients(twi_request *request, tw_str out[TW_MAIL_RECIPIENTS_MAX], size_t *n)
{
    yyjson_doc *body = twi_body_json(request);
    if (!body)
        return false;
    yyjson_val *to = yyjson_obj_get(yyjson_doc_get_root(body), "to"), *item;
    size_t i, max;
    *n = yyjson_arr_size(to);
    bool is_good = (!to || yyjson_is_arr(to)) && *n <= TW_MAIL_RECIPIENTS_MAX;
    if (is_good) {
        yyjson_arr_foreach(to, i, max, item)
        {
            is_good = is_good && yyjson_is_str(item);
            out[i] = (tw_str){yyjson_get_str(item), yyjson_get_len(item)};
        }
    }
    if (!is_good)
        twi_problem(request, 422, "to", "to is a list of at most %d mail addresses",
                    TW_MAIL_RECIPIENTS_MAX);
    return is_good;
}

void twi_handle_report_send(twi_request *request)
{
    tw_str to[TW_MAIL_RECIPIENTS_MAX];
    size_t n;
    tw_err err = {.text = ""};
    if (!read_recipients(request, to, &n))
        return;
    if (!request->http->reporter) {
        twi_problem(request, 409, NULL, "This server sends no reports");
        return;
    }
    tw_status status =
        tw_reporter_send(request->http->reporter, tw_str_from(request->who.user), to, n, &err);
    if (status != TW_OK)
        twi_problem_err(request, status, &err);
    else
        reply_schedule(request, 202);
}
