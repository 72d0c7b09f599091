// SPDX-License-Identifier: Apache-2.0
//
// What the installation knows of itself: signals, features, figures, dead letters.
#include <math.h>
#include <stdio.h>

#include "learning.h"

bool twi_query_limit(twi_request *request, uint32_t *limit)
{
    enum { DEFAULT = 100, MAX = 500 };
    const char *text = twi_request_argument(request, "limit");
    int64_t value = DEFAULT;
    if (text && (!tw_str_to_i64(tw_str_from(text), &value) || value < 1 || value > MAX)) {
        twi_problem(request, 400, "limit", "limit must be 1 to %d", MAX);
        return false;
    }
    *limit = (uint32_t)value;
    return true;
}

void twi_handle_signals(twi_request *request)
{
    const tw_signal_row *rows = NULL;
    size_t n = 0;
    tw_status status = tw_query_signals(request->http->service, &request->arena, &rows, &n);
    yyjson_mut_doc *doc;
    yyjson_mut_val *root;
    if (!twi_json_begin(request, status, NULL, &doc, &root))
        return;
    yyjson_mut_val *items = twi_json_array(doc, root, "items");
    for (size_t i = 0; i < n; i++) {
        yyjson_mut_val *item = yyjson_mut_arr_add_obj(doc, items);
        twi_json_str(doc, item, "name", rows[i].name);
        twi_json_str(doc, item, "title", rows[i].title);
        twi_json_str(doc, item, "scheme", rows[i].scheme);
        twi_json_cstr(doc, item, "type", tw_alert_type_name(rows[i].type));
        twi_json_cstr(doc, item, "entity", tw_entity_name(rows[i].entity));
        twi_json_str(doc, item, "help", rows[i].help);
        yyjson_mut_val *parameters = twi_json_object(doc, item, "parameters");
        for (size_t p = 0; p < rows[i].parameter_n; p++) {
            const tw_parameter *parameter = &rows[i].parameters[p];
            yyjson_mut_obj_add(parameters,
                               yyjson_mut_strncpy(doc, parameter->name.at, parameter->name.bytes),
                               yyjson_mut_real(doc, parameter->value));
        }
        twi_json_uint(doc, item, "hits_28d", rows[i].hits_28d);
        twi_json_share_of(doc, item, "precision", &rows[i].precision);
        bool is_judged = rows[i].precision.n > 0;
        twi_json_num(doc, item, "false_positive_rate",
                     is_judged ? 1.0 - rows[i].precision.value : (double)NAN);
        twi_json_num(doc, item, "trust", rows[i].trust);
    }
    twi_reply_json(request, 200, doc);
}

void twi_handle_catalogue(twi_request *request)
{
    yyjson_mut_doc *doc;
    yyjson_mut_val *root;
    if (!twi_json_begin(request, TW_OK, NULL, &doc, &root))
        return;
    yyjson_mut_val *items = twi_json_array(doc, root, "items");
    for (int f = 0; f < TW_FEATURE_N; f++) {
        const tw_feature_row *row = tw_feature_get((tw_feature)f);
        yyjson_mut_val *item = yyjson_mut_arr_add_obj(doc, items);
        twi_json_cstr(doc, item, "name", row->name);
        twi_json_cstr(doc, item, "title", row->title);
        twi_json_cstr(doc, item, "entity", tw_entity_name(row->entity));
        twi_json_cstr(doc, item, "window", tw_window_label(row->window));
        twi_json_cstr(doc, item, "unit", row->unit);
        twi_json_cstr(doc, item, "help", row->help);
    }
    twi_reply_json(request, 200, doc);
}

void twi_json_summary(yyjson_mut_doc *doc, yyjson_mut_val *object, const tw_summary *summary)
{
    twi_json_uint(doc, object, "transactions", summary->transactions);
    twi_json_uint(doc, object, "facts", summary->facts);
    twi_json_num(doc, object, "rate_1m", summary->rate_1m);
    twi_json_uint(doc, object, "alerts_open", summary->alerts_open);
    twi_json_uint(doc, object, "alerts_today", summary->alerts_today);
    twi_json_money(doc, object, "exposure_open", summary->exposure_open.minor,
                   summary->exposure_open.currency);
    twi_json_uint(doc, object, "stores", summary->stores);
    twi_json_uint(doc, object, "employees", summary->employees);
    if (summary->has_model) {
        yyjson_mut_val *model = twi_json_object(doc, object, "model");
        twi_json_str(doc, model, "id", summary->model.model_id);
        twi_json_str(doc, model, "kind", summary->model.kind);
        twi_json_time(doc, model, "trained_at", summary->model.trained_ms, 0);
        twi_json_uint(doc, model, "transactions", summary->model.transactions);
    } else {
        twi_json_null(doc, object, "model");
    }
    yyjson_mut_val *policy = twi_json_object(doc, object, "policy");
    twi_json_num(doc, policy, "alerts_per_store_day", summary->alerts_per_store_day);
    if (summary->last_transaction_ms)
        twi_json_time(doc, object, "last_transaction_time", summary->last_transaction_ms, 0);
    else
        twi_json_null(doc, object, "last_transaction_time");
    twi_json_uint(doc, object, "dead_letters", summary->dead_letters);
}

void twi_handle_summary(twi_request *request)
{
    tw_summary summary;
    tw_status status = tw_query_summary(request->http->service, &request->arena, &summary);
    yyjson_mut_doc *doc;
    yyjson_mut_val *root;
    if (!twi_json_begin(request, status, NULL, &doc, &root))
        return;
    twi_json_summary(doc, root, &summary);
    twi_reply_json(request, 200, doc);
}

static void json_letter(yyjson_mut_doc *doc, yyjson_mut_val *object, const tw_dead_letter *letter)
{
    twi_json_uint(doc, object, "id", letter->id);
    twi_json_time(doc, object, "received_at", letter->received_ms, 0);
    twi_json_str(doc, object, "source", letter->source);
    if (letter->line)
        twi_json_uint(doc, object, "line", letter->line);
    else
        twi_json_null(doc, object, "line");
    twi_json_str_or_null(doc, object, "field", letter->field);
    twi_json_str(doc, object, "reason", letter->code);
    twi_json_str(doc, object, "sentence", letter->sentence);
    twi_json_str(doc, object, "excerpt", letter->excerpt);
}

void twi_handle_dead_letters(twi_request *request)
{
    tw_dead_letter_list_view list;
    uint32_t limit = 0;
    int64_t before = 0;
    const char *cursor = twi_request_argument(request, "cursor");
    if (!twi_query_limit(request, &limit))
        return;
    if (cursor && cursor[0] && (!tw_str_to_i64(tw_str_from(cursor), &before) || before < 1)) {
        twi_problem(request, 400, "cursor", "the cursor is not of this list");
        return;
    }
    tw_status status = tw_query_dead_letters(request->http->service, (uint64_t)before, limit,
                                             &request->arena, &list);
    yyjson_mut_doc *doc;
    yyjson_mut_val *root;
    if (!twi_json_begin(request, status, NULL, &doc, &root))
        return;
    yyjson_mut_val *items = twi_json_array(doc, root, "items");
    for (size_t i = 0; i < list.n; i++)
        json_letter(doc, yyjson_mut_arr_add_obj(doc, items), &list.items[i]);
    char next[24];
    snprintf(next, sizeof(next), "%llu", (unsigned long long)list.next);
    twi_json_str_or_null(doc, root, "next_cursor", list.next ? tw_str_from(next) : TW_STR_NONE);
    twi_reply_json(request, 200, doc);
}
