// SPDX-License-Identifier: Apache-2.0
//
// One alert as JSON: in full, and in brief.
#include "internal.h"

static void json_verdict(yyjson_mut_doc *doc, yyjson_mut_val *object, const tw_alert_view *alert)
{
    if (!alert->has_verdict) {
        twi_json_null(doc, object, "verdict");
        return;
    }
    const tw_verdict_view *verdict = &alert->verdict;
    yyjson_mut_val *v = twi_json_object(doc, object, "verdict");
    twi_json_cstr(doc, v, "verdict", tw_verdict_name(verdict->verdict));
    twi_json_str(doc, v, "reason", verdict->reason);
    twi_json_time(doc, v, "decided_at", verdict->decided_ms, alert->offset_min);
    twi_json_str(doc, v, "decided_by", verdict->decided_by);
    twi_json_str_or_null(doc, v, "note", verdict->note);
    if (verdict->recovered.minor != 0)
        twi_json_money(doc, v, "recovered", verdict->recovered.minor, verdict->recovered.currency);
    else
        twi_json_null(doc, v, "recovered");
}

void twi_json_alert_brief(yyjson_mut_doc *doc, yyjson_mut_val *object, const tw_alert_view *alert)
{
    twi_json_str(doc, object, "alert_id", alert->alert_id);
    twi_json_time(doc, object, "created_at", alert->created_ms, alert->offset_min);
    twi_json_str(doc, object, "status", alert->status);
    twi_json_str(doc, object, "type", alert->type);
    twi_json_str(doc, object, "scheme", alert->scheme);
    twi_json_str(doc, object, "title", alert->title);
    twi_json_str(doc, object, "sentence", alert->sentence);
    twi_json_share(doc, object, "risk_score", (float)alert->risk_score);
    twi_json_money(doc, object, "exposure", alert->exposure.minor, alert->exposure.currency);
    twi_json_uint(doc, object, "transaction_n", alert->transaction_n);
    json_verdict(doc, object, alert);
    twi_json_str_or_null(doc, object, "assignee", alert->assignee);
    twi_json_str_or_null(doc, object, "case_id", alert->case_id);
}

static void time_or_null(yyjson_mut_doc *doc, yyjson_mut_val *object, const char *key, int64_t ms,
                         int16_t offset_min)
{
    if (ms)
        twi_json_time(doc, object, key, ms, offset_min);
    else
        twi_json_null(doc, object, key);
}

static void json_work(yyjson_mut_doc *doc, yyjson_mut_val *object, const tw_alert_view *alert)
{
    int16_t offset_min = alert->offset_min;
    twi_json_time(doc, object, "due_at", alert->due_ms, offset_min);
    twi_json_bool(doc, object, "is_overdue", alert->is_overdue);
    time_or_null(doc, object, "snoozed_until", alert->snoozed_until_ms, offset_min);
    time_or_null(doc, object, "first_viewed_at", alert->first_viewed_ms, offset_min);
    twi_json_str_or_null(doc, object, "region", alert->region);
    twi_json_uint(doc, object, "version", alert->version);
}

void twi_json_alert(yyjson_mut_doc *doc, yyjson_mut_val *object, const tw_alert_view *alert)
{
    twi_json_alert_brief(doc, object, alert);
    twi_json_share(doc, object, "challenger_risk", (float)alert->challenger_risk);
    twi_json_time(doc, object, "updated_at", alert->updated_ms, alert->offset_min);
    yyjson_mut_val *entity = twi_json_object(doc, object, "entity");
    twi_json_str(doc, entity, "kind", alert->entity_kind);
    twi_json_str(doc, entity, "id", alert->entity_id);
    twi_json_str(doc, object, "store_id", alert->store_id);
    twi_json_str_or_null(doc, object, "employee_id", alert->employee_id);
    twi_json_str_or_null(doc, object, "register_id", alert->register_id);
    yyjson_mut_val *ids = twi_json_array(doc, object, "transaction_ids");
    for (size_t i = alert->transaction_id_n; i-- > 0;)
        yyjson_mut_arr_add_strn(doc, ids, alert->transaction_ids[i].at,
                                alert->transaction_ids[i].bytes);
    yyjson_mut_val *reasons = twi_json_array(doc, object, "reasons");
    for (size_t i = 0; i < alert->reason_n; i++) {
        yyjson_mut_val *reason = yyjson_mut_arr_add_obj(doc, reasons);
        twi_json_str(doc, reason, "signal", alert->reasons[i].signal);
        twi_json_str(doc, reason, "title", alert->reasons[i].title);
        twi_json_str(doc, reason, "sentence", alert->reasons[i].sentence);
        twi_json_share(doc, reason, "strength", (float)alert->reasons[i].strength);
    }
    json_work(doc, object, alert);
}

void twi_json_alert_array(yyjson_mut_doc *doc, yyjson_mut_val *array, const tw_alert_list *list)
{
    for (size_t i = 0; i < list->n; i++)
        twi_json_alert(doc, yyjson_mut_arr_add_obj(doc, array), &list->items[i]);
}
