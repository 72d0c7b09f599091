// SPDX-License-Identifier: Apache-2.0
//
// The signals in force with what they found, and their changes.
#include <math.h>
#include <stdio.h>

#include "base/limits.h"
#include "fields.h"
#include "versions.h"

// --- the list
// ------------------------------------------------------------------------------------------

// The set in force and the one that ships, to tell what was changed. `current` must compile.
typedef struct sets {
    tw_signal_set *current, *shipped;
} sets;

static bool find_signal(const tw_signal_set *set, tw_str name, tw_signal_info *out)
{
    for (size_t i = 0; i < tw_signal_set_n(set); i++) {
        tw_signal_set_get(set, i, out);
        if (tw_str_equal(out->name, name))
            return true;
    }
    return false;
}

static const tw_parameter *find_parameter(const tw_signal_info *info, tw_str name)
{
    for (size_t i = 0; i < info->parameter_n; i++) {
        if (tw_str_equal(info->parameters[i].name, name))
            return &info->parameters[i];
    }
    return NULL;
}

static void put_parameters(yyjson_mut_doc *doc, yyjson_mut_val *item, const tw_signal_info *info,
                           const tw_signal_info *shipped)
{
    yyjson_mut_val *parameters = twi_json_array(doc, item, "parameters");
    for (size_t i = 0; i < info->parameter_n; i++) {
        const tw_parameter *parameter = &info->parameters[i];
        const tw_parameter *known = shipped ? find_parameter(shipped, parameter->name) : NULL;
        yyjson_mut_val *out = yyjson_mut_arr_add_obj(doc, parameters);
        twi_json_str(doc, out, "name", parameter->name);
        twi_json_num(doc, out, "value", parameter->value);
        twi_json_num(doc, out, "default", known ? known->value : (double)NAN);
        twi_json_num(doc, out, "min", parameter->low);
        twi_json_num(doc, out, "max", parameter->high);
        twi_json_str(doc, out, "unit", parameter->unit);
        twi_json_str(doc, out, "help", parameter->help);
    }
}

static void put_definition(yyjson_mut_doc *doc, yyjson_mut_val *item, const tw_signal_info *info,
                           const tw_signal_info *shipped)
{
    twi_json_str(doc, item, "sentence", info->sentence);
    twi_json_bool(doc, item, "enabled", info->enabled);
    twi_json_bool(doc, item, "is_clearing", info->is_clearing);
    twi_json_share(doc, item, "weight", info->weight);
    if (shipped)
        twi_json_bool(doc, item, "default_enabled", shipped->enabled);
    else
        twi_json_null(doc, item, "default_enabled");
    twi_json_share(doc, item, "default_weight", shipped ? shipped->weight : NAN);
    put_parameters(doc, item, info, shipped);
}

static void put_signal(yyjson_mut_doc *doc, yyjson_mut_val *items, const sets *both,
                       const tw_signal_row *row)
{
    tw_signal_info info, shipped;
    if (!find_signal(both->current, row->name, &info))
        return; // another set came into force in between
    bool is_shipped = find_signal(both->shipped, row->name, &shipped);
    yyjson_mut_val *item = yyjson_mut_arr_add_obj(doc, items);
    twi_json_str(doc, item, "name", row->name);
    twi_json_str(doc, item, "title", row->title);
    twi_json_str(doc, item, "scheme", row->scheme);
    twi_json_cstr(doc, item, "type", tw_alert_type_name(row->type));
    twi_json_cstr(doc, item, "entity", tw_entity_name(row->entity));
    twi_json_str(doc, item, "help", row->help);
    put_definition(doc, item, &info, is_shipped ? &shipped : NULL);
    twi_json_uint(doc, item, "hits_28d", row->hits_28d);
    twi_json_share_of(doc, item, "precision", &row->precision);
    twi_json_num(doc, item, "false_positive_rate",
                 row->precision.n > 0 ? 1.0 - row->precision.value : (double)NAN);
    twi_json_num(doc, item, "trust", row->trust);
}

static void reply_signals(twi_request *request, const twi_versions *versions, const sets *both)
{
    const tw_signal_row *rows = NULL;
    size_t n = 0;
    tw_status status = tw_query_signals(request->http->service, &request->arena, &rows, &n);
    yyjson_mut_doc *doc;
    yyjson_mut_val *root;
    if (!twi_json_begin(request, status, NULL, &doc, &root))
        return;
    twi_json_str(doc, root, "version", versions->current->model_id);
    yyjson_mut_val *items = twi_json_array(doc, root, "items");
    for (size_t i = 0; i < n; i++)
        put_signal(doc, items, both, &rows[i]);
    twi_version_etag(request, versions->current->model_id);
    twi_reply_json(request, 200, doc);
}

void twi_handle_signals(twi_request *request)
{
    twi_versions versions;
    tw_str text;
    sets both = {NULL, NULL};
    tw_err err = {0};
    if (!twi_versions_read(request, TW_CONFIG_SIGNALS, &versions) ||
        !twi_version_text(request, versions.current, &text))
        return;
    tw_status status = versions.current ? TW_OK : TW_BUSY; // the first one is being written
    if (status == TW_OK)
        status = tw_signal_set_parse(request->http->alloc, text, &both.current, &err);
    if (status == TW_OK)
        status =
            tw_signal_set_parse(request->http->alloc, tw_signal_set_default(), &both.shipped, &err);
    if (status == TW_OK)
        reply_signals(request, &versions, &both);
    else
        twi_problem_err(request, status, &err);
    tw_signal_set_free(both.current);
    tw_signal_set_free(both.shipped);
}

// --- changes
// --------------------------------------------------------------------------------------------

static bool refuse(twi_request *request, const char *name, const char *what)
{
    twi_problem(request, 422, name, "%s: %s", name, what);
    return false;
}

static bool read_parameters(twi_request *request, const char *name, yyjson_val *object,
                            tw_signal_edit *out)
{
    size_t n = yyjson_obj_size(object), i, size;
    yyjson_val *key, *value;
    tw_named_value *values = tw_arena_array(&request->arena, n + 1, sizeof(*values));
    if (!values)
        return twi_problem_err(request, TW_NO_MEMORY, NULL), false;
    if (object && (!yyjson_is_obj(object) || n > TW_PARAMETERS_MAX))
        return refuse(request, name, "parameters must be an object of few numbers");
    yyjson_obj_foreach(object, i, size, key, value)
    {
        if (!yyjson_is_num(value))
            return refuse(request, name, "the value of a parameter must be a number");
        values[i] =
            (tw_named_value){{yyjson_get_str(key), yyjson_get_len(key)}, yyjson_get_num(value)};
    }
    out->parameters = values;
    out->parameter_n = n;
    return true;
}

static bool read_edit(twi_request *request, const char *name, yyjson_val *change,
                      tw_signal_edit *out)
{
    yyjson_val *enabled = yyjson_obj_get(change, "enabled");
    yyjson_val *weight = yyjson_obj_get(change, "weight");
    yyjson_val *parameters = yyjson_obj_get(change, "parameters");
    *out = (tw_signal_edit){.name = twi_member(change, "name"),
                            .has_enabled = enabled != NULL,
                            .enabled = yyjson_get_bool(enabled),
                            .has_weight = weight != NULL,
                            .weight = yyjson_get_num(weight)};
    size_t known = 1 + out->has_enabled + out->has_weight + (parameters != NULL);
    if (out->name.bytes == 0)
        return refuse(request, name, "a change needs the name of a signal");
    if (yyjson_obj_size(change) != known)
        return refuse(request, name,
                      "a change may hold name, enabled, weight and parameters, nothing else");
    if (enabled && !yyjson_is_bool(enabled))
        return refuse(request, name, "enabled must be true or false");
    if (weight && !yyjson_is_num(weight))
        return refuse(request, name, "weight must be a number");
    return read_parameters(request, name, parameters, out);
}

// Refuses what does not hold with the field of the request; a name that is unknown, too.
static bool copy_edited(twi_request *request, const char *name, tw_status status, const tw_err *err,
                        const tw_buf *buf, tw_str *out)
{
    if (status == TW_NOT_FOUND || status == TW_INVALID || status == TW_SYNTAX) {
        twi_problem(request, 422, name, "%s", err->text);
        return false;
    }
    const char *copy = status == TW_OK
                           ? tw_arena_copy(&request->arena, (const char *)buf->data_own, buf->bytes)
                           : NULL;
    if (!copy) {
        twi_problem_err(request, status == TW_OK ? TW_NO_MEMORY : status, err);
        return false;
    }
    *out = (tw_str){copy, buf->bytes};
    return true;
}

bool twi_signals_edited(twi_request *request, yyjson_val *changes, const char *name, tw_str current,
                        tw_str *out)
{
    size_t n = yyjson_arr_size(changes), i, size;
    yyjson_val *change;
    tw_signal_edit *edits = tw_arena_array(&request->arena, n + 1, sizeof(*edits));
    if (!edits)
        return twi_problem_err(request, TW_NO_MEMORY, NULL), false;
    if (!yyjson_is_arr(changes) || n == 0 || n > TW_SIGNALS_MAX)
        return refuse(request, name, "a list of changes is needed");
    yyjson_arr_foreach(changes, i, size, change)
    {
        if (!read_edit(request, name, change, &edits[i]))
            return false;
    }
    tw_buf buf;
    tw_err err = {0};
    tw_buf_init(&buf, request->http->alloc, TW_CONFIG_MAX_BYTES);
    tw_status status = tw_signal_set_edit(request->http->alloc, current, edits, n, &buf, &err);
    bool is_good = copy_edited(request, name, status, &err, &buf, out);
    tw_buf_release(&buf);
    return is_good;
}

static bool make_signals(twi_request *request, yyjson_val *body, const twi_versions *versions,
                         tw_str current, tw_str *out)
{
    yyjson_val *changes = yyjson_obj_get(body, "changes");
    tw_str yaml = twi_member(body, "yaml"), version = twi_member(body, "version");
    size_t given = (changes != NULL) + (yaml.bytes > 0) + (version.bytes > 0);
    if (given != 1 || yyjson_obj_size(body) != 2) {
        twi_problem(request, 422, NULL, "Give one of changes, yaml and version, and a reason");
        return false;
    }
    if (changes)
        return twi_signals_edited(request, changes, "changes", current, out);
    *out = yaml;
    return yaml.bytes > 0 || twi_version_again(request, versions, version, out);
}

void twi_handle_signals_change(twi_request *request)
{
    twi_version_change(request, TW_CONFIG_SIGNALS, make_signals);
}

void twi_handle_signal_versions(twi_request *request)
{
    twi_reply_versions(request, TW_CONFIG_SIGNALS);
}

void twi_handle_signal_version(twi_request *request)
{
    twi_versions versions;
    tw_str text;
    if (!twi_versions_read(request, TW_CONFIG_SIGNALS, &versions) ||
        !twi_version_again(request, &versions, request->params[0], &text))
        return;
    yyjson_mut_doc *doc;
    yyjson_mut_val *root;
    if (!twi_json_begin(request, TW_OK, NULL, &doc, &root))
        return;
    twi_json_str(doc, root, "version", request->params[0]);
    twi_json_str(doc, root, "yaml", text);
    twi_reply_json(request, 200, doc);
}
