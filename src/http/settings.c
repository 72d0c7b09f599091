// SPDX-License-Identifier: Apache-2.0
//
// The settings of the work.
#include <stdio.h>

#include "fields.h"
#include "work.h"

// Members that are money: an amount here, minor units in the document.
static const char *const amounts[][2] = {{"approval", "approval_minor"},
                                         {"cost_hour", "cost_hour_minor"},
                                         {"platform_month", "platform_month_minor"}};
// Who may see what, what is kept and how the installation looks is the administrator's.
static const char *const of_admin[] = {"regions", "zone", "retention_days", "brand_name",
                                       "brand_colour"};

// --- as JSON
// ------------------------------------------------------------------------------------------

static void put_reasons(yyjson_mut_doc *doc, yyjson_mut_val *root, const tw_settings *settings)
{
    yyjson_mut_val *list = twi_json_array(doc, root, "reasons");
    for (size_t i = 0; i < settings->reason_n; i++) {
        const tw_reason *reason = &settings->reasons[i];
        yyjson_mut_val *item = yyjson_mut_arr_add_obj(doc, list);
        twi_json_cstr(doc, item, "verdict", tw_verdict_name(reason->verdict));
        twi_json_str(doc, item, "code", reason->code);
        twi_json_str(doc, item, "title", reason->title);
    }
}

static void put_regions(yyjson_mut_doc *doc, yyjson_mut_val *root, const tw_settings *settings)
{
    yyjson_mut_val *list = twi_json_array(doc, root, "regions");
    for (size_t i = 0; i < settings->region_n; i++) {
        const tw_region *region = &settings->regions[i];
        yyjson_mut_val *item = yyjson_mut_arr_add_obj(doc, list);
        twi_json_str(doc, item, "name", region->name);
        yyjson_mut_val *stores = twi_json_array(doc, item, "stores");
        for (size_t s = 0; s < region->store_n; s++)
            yyjson_mut_arr_add_strncpy(doc, stores, region->stores[s].at, region->stores[s].bytes);
    }
}

static void put_rules(yyjson_mut_doc *doc, yyjson_mut_val *root, const tw_settings *settings)
{
    yyjson_mut_val *list = twi_json_array(doc, root, "rules");
    for (size_t i = 0; i < settings->rule_n; i++) {
        const tw_assign_rule *rule = &settings->rules[i];
        yyjson_mut_val *item = yyjson_mut_arr_add_obj(doc, list);
        twi_json_str_or_null(doc, item, "region", rule->region);
        twi_json_str_or_null(doc, item, "type", rule->type);
        twi_json_str_or_null(doc, item, "scheme", rule->scheme);
        twi_json_num(doc, item, "min_risk", rule->min_risk);
        twi_json_str_or_null(doc, item, "assignee", rule->assignee);
        twi_json_str_or_null(doc, item, "team", rule->team);
    }
}

static void put_int(yyjson_mut_doc *doc, yyjson_mut_val *root, const char *key, int64_t value)
{
    yyjson_mut_obj_add_int(doc, root, key, value);
}

static void put_settings(twi_request *request, yyjson_mut_doc *doc, yyjson_mut_val *root,
                         const tw_settings *settings, uint64_t version)
{
    const char *currency = request->http->intake->default_currency;
    twi_json_uint(doc, root, "version", version);
    twi_json_num(doc, root, "sla_hours_critical", settings->sla_hours_critical);
    twi_json_num(doc, root, "sla_hours_high", settings->sla_hours_high);
    twi_json_num(doc, root, "sla_hours_normal", settings->sla_hours_normal);
    twi_json_money(doc, root, "approval", settings->approval_minor, currency);
    twi_json_money(doc, root, "cost_hour", settings->cost_hour_minor, currency);
    twi_json_num(doc, root, "minutes_per_alert", settings->minutes_per_alert);
    twi_json_num(doc, root, "months_prevented", settings->months_prevented);
    twi_json_num(doc, root, "share_prevented", settings->share_prevented);
    twi_json_money(doc, root, "platform_month", settings->platform_month_minor, currency);
    put_int(doc, root, "retention_days", settings->retention_days);
    twi_json_str(doc, root, "camera_link", settings->camera_link);
    twi_json_str(doc, root, "brand_name", settings->brand_name);
    twi_json_str(doc, root, "brand_colour", settings->brand_colour);
    twi_json_str(doc, root, "zone", settings->zone);
    twi_json_str(doc, root, "report_to", settings->report_to);
    put_int(doc, root, "report_weekday", settings->report_weekday);
    put_int(doc, root, "report_hour", settings->report_hour);
    put_reasons(doc, root, settings);
    put_regions(doc, root, settings);
    put_rules(doc, root, settings);
}

void twi_handle_settings(twi_request *request)
{
    tw_settings settings;
    uint64_t version;
    tw_str json;
    tw_err err = {0};
    tw_status status = tw_query_settings(request->http->service, &request->arena, &settings,
                                         &version, &json, &err);
    yyjson_mut_doc *doc;
    yyjson_mut_val *root;
    if (!twi_json_begin(request, status, &err, &doc, &root))
        return;
    put_settings(request, doc, root, &settings, version);
    twi_etag(request, version);
    twi_reply_json(request, 200, doc);
}

// --- changes
// ------------------------------------------------------------------------------------------

static bool put_change(twi_request *request, yyjson_mut_doc *doc, yyjson_mut_val *out, tw_str name,
                       yyjson_val *value)
{
    for (size_t i = 0; i < TW_COUNT(amounts); i++) {
        int64_t minor;
        if (!tw_str_equal(name, tw_str_from(amounts[i][0])))
            continue;
        if (yyjson_is_null(value)) {
            twi_json_null(doc, out, amounts[i][1]);
            return true;
        }
        if (!twi_money_read(request, value, &minor)) {
            twi_problem(request, 422, amounts[i][0],
                        "%s must be an amount of money such as \"12.34\"", amounts[i][0]);
            return false;
        }
        yyjson_mut_obj_add_int(doc, out, amounts[i][1], minor);
        return true;
    }
    yyjson_mut_obj_add(out, yyjson_mut_strncpy(doc, name.at, name.bytes),
                       yyjson_val_mut_copy(doc, value));
    return true;
}

static bool may_change(twi_request *request, tw_str name)
{
    for (size_t i = 0; i < TW_COUNT(of_admin); i++) {
        if (!tw_str_equal(name, tw_str_from(of_admin[i])) ||
            (request->who.rights & TW_RIGHT_ADMIN) != 0)
            continue;
        twi_problem(request, 403, of_admin[i], "To change %s needs the right admin", of_admin[i]);
        return false;
    }
    return true;
}

static bool read_change(twi_request *request, yyjson_val *body, tw_str *out)
{
    size_t i, n;
    yyjson_val *key, *value;
    yyjson_mut_doc *doc = twi_json_doc(request);
    yyjson_mut_val *root = doc ? yyjson_mut_obj(doc) : NULL;
    if (!root) {
        twi_problem_err(request, TW_NO_MEMORY, NULL);
        return false;
    }
    yyjson_mut_doc_set_root(doc, root);
    yyjson_obj_foreach(body, i, n, key, value)
    {
        tw_str name = {yyjson_get_str(key), yyjson_get_len(key)};
        if (!may_change(request, name) || !put_change(request, doc, root, name, value))
            return false;
    }
    *out = twi_json_text(doc);
    if (out->bytes == 0)
        twi_problem_err(request, TW_NO_MEMORY, NULL);
    return out->bytes > 0;
}

// The member that a sentence is about begins it.
static const char *field_of(yyjson_val *body, const char *sentence)
{
    size_t i, n;
    yyjson_val *key, *value;
    yyjson_obj_foreach(body, i, n, key, value)
    {
        (void)value;
        if (strncmp(sentence, yyjson_get_str(key), yyjson_get_len(key)) == 0)
            return yyjson_get_str(key);
    }
    return NULL;
}

void twi_handle_settings_change(twi_request *request)
{
    tw_work_request work;
    tw_work_result result;
    tw_settings settings;
    uint64_t version;
    tw_str json;
    yyjson_doc *doc = twi_body_json(request);
    yyjson_val *body = doc ? yyjson_doc_get_root(doc) : NULL;
    if (!body || !twi_work_of(request, TW_ACTION_SETTINGS_CHANGE, TW_STR_NONE, &work) ||
        !read_change(request, body, &work.body))
        return;
    if (twi_work_run(request, &work, &result)) {
        twi_handle_settings(request);
        return;
    }
    if (result.status == TW_CONFLICT && work.if_version &&
        tw_query_settings(request->http->service, &request->arena, &settings, &version, &json,
                          NULL) == TW_OK &&
        version != work.if_version)
        twi_stale(request, "Somebody changed the settings in the meantime",
                  &(twi_stale_state){.version = version});
    else if (result.status == TW_INVALID)
        twi_problem(request, 422, field_of(body, result.err.text), "%s", result.err.text);
    else
        twi_work_failed(request, &result);
}
