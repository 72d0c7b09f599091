// SPDX-License-Identifier: Apache-2.0
//
// What the installation knows of itself: features and figures.
#include <math.h>
#include <stdio.h>

#include "learning.h"
#include "scope.h"

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
    tw_str_list stores;
    twi_scope_stores(request, &stores);
    tw_status status =
        tw_query_summary_of(request->http->service, &stores, &request->arena, &summary);
    yyjson_mut_doc *doc;
    yyjson_mut_val *root;
    if (!twi_json_begin(request, status, NULL, &doc, &root))
        return;
    twi_json_summary(doc, root, &summary);
    twi_reply_json(request, 200, doc);
}
