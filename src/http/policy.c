// SPDX-License-Identifier: Apache-2.0
//
// The alert policy in force, and its changes.
#include <math.h>

#include "base/limits.h"
#include "fields.h"
#include "versions.h"

void twi_handle_policy(twi_request *request)
{
    twi_versions versions;
    tw_str text;
    tw_policy policy;
    tw_err err = {0};
    if (!twi_versions_read(request, TW_CONFIG_POLICY, &versions) ||
        !twi_version_text(request, versions.current, &text))
        return;
    if (!versions.current) { // the first one is being written
        twi_problem_err(request, TW_BUSY, NULL);
        return;
    }
    tw_status status = tw_policy_parse(text, &policy, &err);
    yyjson_mut_doc *doc;
    yyjson_mut_val *root;
    if (!twi_json_begin(request, status, &err, &doc, &root))
        return;
    twi_json_str(doc, root, "version", versions.current->model_id);
    yyjson_mut_val *fields = twi_json_array(doc, root, "fields");
    for (size_t i = 0; i < tw_policy_field_n(); i++) {
        const tw_policy_field *field = tw_policy_field_get(i);
        yyjson_mut_val *item = yyjson_mut_arr_add_obj(doc, fields);
        twi_json_cstr(doc, item, "name", field->name);
        twi_json_num(doc, item, "value", tw_policy_get(&policy, i));
        twi_json_num(doc, item, "default", field->value);
        twi_json_num(doc, item, "min", field->low);
        twi_json_num(doc, item, "max", field->high);
        twi_json_cstr(doc, item, "unit", field->unit);
        twi_json_cstr(doc, item, "help", field->help);
    }
    twi_version_etag(request, versions.current->model_id);
    twi_reply_json(request, 200, doc);
}

// --- changes
// --------------------------------------------------------------------------------------------

static bool set_value(twi_request *request, const char *name, yyjson_val *key, yyjson_val *value,
                      tw_policy *policy)
{
    tw_str field = {yyjson_get_str(key), yyjson_get_len(key)};
    tw_err err = {0};
    for (size_t i = 0; i < tw_policy_field_n(); i++) {
        const tw_policy_field *known = tw_policy_field_get(i);
        if (!tw_str_equal(field, tw_str_from(known->name)))
            continue;
        bool is_number = yyjson_is_num(value);
        if (!is_number && !yyjson_is_null(value)) {
            twi_problem(request, 422, name, "%s must be a number or null", known->name);
            return false;
        }
        double number = is_number ? yyjson_get_num(value) : known->value;
        if (tw_policy_set(policy, i, number, &err) == TW_OK)
            return true;
        twi_problem(request, 422, name, "%s", err.text);
        return false;
    }
    twi_problem(request, 422, name, "The policy has no field \"%.*s\"",
                (int)TW_MIN(field.bytes, 64), field.at);
    return false;
}

bool twi_policy_edited(twi_request *request, yyjson_val *values, const char *name, tw_str current,
                       tw_str *out)
{
    tw_policy policy;
    tw_err err = {0};
    size_t i, n;
    yyjson_val *key, *value;
    tw_buf buf;
    tw_status status = tw_policy_parse(current, &policy, &err);
    if (status != TW_OK) {
        twi_problem_err(request, status, &err);
        return false;
    }
    if (!yyjson_is_obj(values) || yyjson_obj_size(values) == 0) {
        twi_problem(request, 422, name, "%s must be an object of numbers by name", name);
        return false;
    }
    yyjson_obj_foreach(values, i, n, key, value)
    {
        if (!set_value(request, name, key, value, &policy))
            return false;
    }
    tw_buf_init(&buf, request->http->alloc, TW_CONFIG_MAX_BYTES);
    tw_policy_write(&policy, &buf);
    const char *copy = buf.status == TW_OK
                           ? tw_arena_copy(&request->arena, (const char *)buf.data_own, buf.bytes)
                           : NULL;
    if (copy)
        *out = (tw_str){copy, buf.bytes};
    else
        twi_problem_err(request, TW_NO_MEMORY, NULL);
    tw_buf_release(&buf);
    return copy != NULL;
}

static bool make_policy(twi_request *request, yyjson_val *body, const twi_versions *versions,
                        tw_str current, tw_str *out)
{
    yyjson_val *values = yyjson_obj_get(body, "values");
    tw_str yaml = twi_member(body, "yaml"), version = twi_member(body, "version");
    size_t given = (values != NULL) + (yaml.bytes > 0) + (version.bytes > 0);
    if (given != 1 || yyjson_obj_size(body) != 2) {
        twi_problem(request, 422, NULL, "Give one of values, yaml and version, and a reason");
        return false;
    }
    if (values)
        return twi_policy_edited(request, values, "values", current, out);
    *out = yaml;
    return yaml.bytes > 0 || twi_version_again(request, versions, version, out);
}

void twi_handle_policy_change(twi_request *request)
{
    twi_version_change(request, TW_CONFIG_POLICY, make_policy);
}

void twi_handle_policy_versions(twi_request *request)
{
    twi_reply_versions(request, TW_CONFIG_POLICY);
}
