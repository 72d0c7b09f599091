// SPDX-License-Identifier: Apache-2.0
//
// The nested parts of a JSON transaction: lines, tenders and attributes.
#include "base/limits.h"
#include "intake/mask.h"
#include "json.h"

#include <stdio.h>

static tw_status reject_count(twi_decoder *d, const char *field, size_t n, size_t max_n)
{
    return twi_reject(d->problem, TW_PROBLEM_LENGTH, field,
                      "%s has %zu entries; at most %zu are "
                      "allowed",
                      field, n, max_n);
}

static tw_status take_array(twi_decoder *d, yyjson_val *array, const twi_schema *schema,
                            const char *name, size_t record_bytes, void *records)
{
    twi_draft draft;
    twi_hints *hints = schema == twi_line_schema() ? &d->line_hints : &d->tender_hints;
    yyjson_arr_iter iter;
    yyjson_val *item;
    size_t i = 0;
    yyjson_arr_iter_init(array, &iter);
    while ((item = yyjson_arr_iter_next(&iter)) != NULL) {
        char *record = (char *)records + i * record_bytes;
        if (!yyjson_is_obj(item)) {
            char field[32];
            snprintf(field, sizeof(field), "%s[%zu]", name, i);
            return twi_reject(d->problem, TW_PROBLEM_TYPE, field, "%s must be an object", field);
        }
        d->part = name;
        d->part_idx = i++;
        TW_TRY(twi_object_draft(d, schema, hints, item, &draft));
        TW_TRY(twi_decode_fields(d, schema, &draft, record));
        if (schema == twi_line_schema())
            twi_finish_line(&draft, (tw_line *)(void *)record);
    }
    d->part = NULL;
    return TW_OK;
}

static tw_status take_lines(twi_decoder *d, yyjson_val *array, tw_transaction *t)
{
    size_t n = yyjson_arr_size(array);
    if (!yyjson_is_arr(array))
        return twi_reject(d->problem, TW_PROBLEM_TYPE, "lines", "lines must be an array");
    if (n > TW_LINES_MAX)
        return reject_count(d, "lines", n, TW_LINES_MAX);
    if (n == 0)
        return TW_OK;
    tw_line *lines = tw_arena_array(d->arena, n, sizeof(*lines));
    if (!lines)
        return TW_NO_MEMORY;
    TW_TRY(take_array(d, array, twi_line_schema(), "lines", sizeof(*lines), lines));
    t->lines = lines;
    t->line_n = n;
    return TW_OK;
}

static tw_status take_tenders(twi_decoder *d, yyjson_val *array, tw_transaction *t)
{
    size_t n = yyjson_arr_size(array);
    if (!yyjson_is_arr(array))
        return twi_reject(d->problem, TW_PROBLEM_TYPE, "tenders", "tenders must be an array");
    if (n > TW_TENDERS_MAX)
        return reject_count(d, "tenders", n, TW_TENDERS_MAX);
    if (n == 0)
        return TW_OK;
    tw_tender *tenders = tw_arena_array(d->arena, n, sizeof(*tenders));
    if (!tenders)
        return TW_NO_MEMORY;
    TW_TRY(take_array(d, array, twi_tender_schema(), "tenders", sizeof(*tenders), tenders));
    t->tenders = tenders;
    t->tender_n = n;
    return TW_OK;
}

static tw_status attribute_value(twi_decoder *d, tw_str name, yyjson_val *value, double *out)
{
    tw_str text = {yyjson_is_raw(value) || yyjson_is_str(value) ? unsafe_yyjson_get_str(value) : "",
                   yyjson_is_raw(value) || yyjson_is_str(value) ? unsafe_yyjson_get_len(value) : 0};
    if (yyjson_is_bool(value)) {
        *out = unsafe_yyjson_get_bool(value) ? 1.0 : 0.0;
        return TW_OK;
    }
    if (text.bytes && twi_f64_parse(text, out))
        return TW_OK;
    return twi_reject_value(d, TW_PROBLEM_TYPE, name, text, "attributes are finite numbers");
}

static tw_status take_attributes(twi_decoder *d, yyjson_val *object, tw_transaction *t)
{
    size_t n = yyjson_obj_size(object), i = 0;
    if (!yyjson_is_obj(object))
        return twi_reject(d->problem, TW_PROBLEM_TYPE, "attributes",
                          "attributes must be an object");
    if (n > TW_ATTRIBUTES_MAX)
        return reject_count(d, "attributes", n, TW_ATTRIBUTES_MAX);
    if (n == 0)
        return TW_OK;
    tw_attribute *attributes = tw_arena_array(d->arena, n, sizeof(*attributes));
    if (!attributes)
        return TW_NO_MEMORY;
    yyjson_obj_iter iter;
    yyjson_val *key;
    yyjson_obj_iter_init(object, &iter);
    d->part = "attributes";
    d->part_idx = SIZE_MAX;
    while ((key = yyjson_obj_iter_next(&iter)) != NULL) {
        tw_str name = {unsafe_yyjson_get_str(key), unsafe_yyjson_get_len(key)};
        yyjson_val *value = yyjson_obj_iter_get_val(key);
        size_t start, bytes;
        if (yyjson_is_null(value))
            continue;
        if (name.bytes == 0 || name.bytes > TW_ID_MAX_BYTES || !twi_text_ok(name) ||
            tw_pan_find(name, &start, &bytes))
            return twi_reject_value(d, TW_PROBLEM_LENGTH, TW_STR("name"), name,
                                    "names have 1 to 64 bytes and hold no card number");
        attributes[i].name = name;
        TW_TRY(attribute_value(d, name, value, &attributes[i++].value));
    }
    d->part = NULL;
    t->attributes = i ? attributes : NULL;
    t->attribute_n = i;
    return TW_OK;
}

tw_status twi_json_node(twi_decoder *d, const twi_field *field, void *node, tw_transaction *t)
{
    if (field->type == TWI_LINES)
        return take_lines(d, node, t);
    if (field->type == TWI_TENDERS)
        return take_tenders(d, node, t);
    return take_attributes(d, node, t);
}
