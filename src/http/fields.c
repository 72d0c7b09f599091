// SPDX-License-Identifier: Apache-2.0
//
// Reading of arguments and bodies by tables.
#include "fields.h"

#include <stdio.h>

#include "base/limits.h"
#include "retail/money.h"

tw_str twi_member(yyjson_val *object, const char *name)
{
    yyjson_val *value = yyjson_obj_get(object, name);
    return yyjson_is_str(value) ? (tw_str){yyjson_get_str(value), yyjson_get_len(value)}
                                : TW_STR_NONE;
}

static tw_str text_of(yyjson_val *value)
{
    return (tw_str){yyjson_get_str(value), yyjson_get_len(value)};
}

bool twi_money_read(const twi_request *request, yyjson_val *value, int64_t *out)
{
    int exponent = tw_currency_exponent(request->http->intake->default_currency);
    char text[64];
    tw_str s = text_of(value);
    *out = 0;
    if (yyjson_is_num(value)) {
        snprintf(text, sizeof(text), "%.*f", exponent, yyjson_get_num(value));
        s = tw_str_from(text);
    } else if (!yyjson_is_str(value)) {
        return false;
    }
    return s.bytes && tw_str_to_scaled(s, exponent, out) && *out >= -TW_MONEY_MAX_MINOR &&
           *out <= TW_MONEY_MAX_MINOR;
}

// --- bodies
// ---------------------------------------------------------------------------------------

typedef struct reading {
    twi_request *request;
    const twi_field *field;
    yyjson_mut_doc *doc;
    yyjson_mut_val *out;
    const char *as;
} reading;

static void refuse(const reading *r, const char *what)
{
    twi_problem(r->request, 422, r->field->name, "%s must be %s", r->field->name, what);
}

static bool is_text(yyjson_val *value, size_t max)
{
    return yyjson_is_str(value) && yyjson_get_len(value) <= max && tw_str_is_utf8(text_of(value));
}

static bool read_text(const reading *r, yyjson_val *value)
{
    if (!is_text(value, r->field->max) ||
        (r->field->is_required && tw_str_trim(text_of(value)).bytes == 0)) {
        char what[64];
        snprintf(what, sizeof(what), "text of %d to %u bytes", r->field->is_required ? 1 : 0,
                 r->field->max);
        refuse(r, what);
        return false;
    }
    twi_json_str(r->doc, r->out, r->as, text_of(value));
    return true;
}

static bool read_time(const reading *r, yyjson_val *value)
{
    int64_t ms;
    int16_t offset;
    if (r->field->form == TWI_FIELD_TIME_OR_NULL && yyjson_is_null(value)) {
        twi_json_null(r->doc, r->out, r->as);
        return true;
    }
    if (!yyjson_is_str(value) || !tw_time_parse(text_of(value), &ms, &offset)) {
        refuse(r, "a time such as 2026-01-05T09:00:00Z");
        return false;
    }
    twi_json_str(r->doc, r->out, r->as, text_of(value));
    return true;
}

static bool read_money(const reading *r, yyjson_val *value)
{
    int64_t minor;
    if (!twi_money_read(r->request, value, &minor)) {
        refuse(r, "an amount of money such as \"12.34\"");
        return false;
    }
    yyjson_mut_obj_add(r->out, yyjson_mut_str(r->doc, r->as), yyjson_mut_sint(r->doc, minor));
    return true;
}

static bool read_list(const reading *r, yyjson_val *value)
{
    static const char *const parts[] = {"kind", "id"};
    bool has_subjects = r->field->form == TWI_FIELD_SUBJECTS;
    bool is_good = yyjson_is_arr(value) && yyjson_arr_size(value) <= r->field->max;
    yyjson_mut_val *list = is_good ? twi_json_array(r->doc, r->out, r->as) : NULL;
    size_t i, n;
    yyjson_val *item;
    yyjson_arr_foreach(value, i, n, item)
    {
        if (!is_good)
            break;
        if (!has_subjects) {
            is_good = is_text(item, TW_ID_MAX_BYTES) && yyjson_get_len(item) > 0;
            yyjson_mut_arr_add_val(list, yyjson_val_mut_copy(r->doc, item));
            continue;
        }
        yyjson_mut_val *subject = yyjson_mut_arr_add_obj(r->doc, list);
        is_good = yyjson_is_obj(item) && yyjson_obj_size(item) == TW_COUNT(parts);
        for (size_t p = 0; p < TW_COUNT(parts) && is_good; p++) {
            is_good = is_text(yyjson_obj_get(item, parts[p]), 2 * TW_ID_MAX_BYTES + 1) &&
                      twi_member(item, parts[p]).bytes > 0;
            twi_json_str(r->doc, subject, parts[p], twi_member(item, parts[p]));
        }
    }
    char what[64];
    snprintf(what, sizeof(what), "a list of at most %u %s", r->field->max,
             has_subjects ? "subjects {kind, id}" : "ids");
    if (!is_good)
        refuse(r, what);
    return is_good;
}

static bool read_field(const reading *r, yyjson_val *value)
{
    switch (r->field->form) {
    case TWI_FIELD_TEXT:
        return read_text(r, value);
    case TWI_FIELD_TIME:
    case TWI_FIELD_TIME_OR_NULL:
        return read_time(r, value);
    case TWI_FIELD_MONEY:
        return read_money(r, value);
    case TWI_FIELD_IDS:
    case TWI_FIELD_SUBJECTS:
        return read_list(r, value);
    case TWI_FIELD_FLAG:
        break;
    }
    if (!yyjson_is_bool(value)) {
        refuse(r, "true or false");
        return false;
    }
    twi_json_bool(r->doc, r->out, r->as, yyjson_get_bool(value));
    return true;
}

static const twi_field *field_of(const twi_field *fields, size_t n, tw_str name)
{
    for (size_t i = 0; i < n; i++) {
        if (tw_str_equal(name, tw_str_from(fields[i].name)))
            return &fields[i];
    }
    return NULL;
}

static bool is_apart(const char *const *apart, tw_str name)
{
    for (; apart && *apart; apart++) {
        if (tw_str_equal(name, tw_str_from(*apart)))
            return true;
    }
    return false;
}

bool twi_fields_read(twi_request *request, yyjson_val *body, const twi_field *fields, size_t n,
                     const char *const *apart, yyjson_mut_doc *doc, yyjson_mut_val *out)
{
    size_t i, size;
    yyjson_val *key, *value;
    yyjson_obj_foreach(body, i, size, key, value)
    {
        const twi_field *field = field_of(fields, n, text_of(key));
        reading r = {request, field, doc, out, field && field->as ? field->as : NULL};
        if (!field && is_apart(apart, text_of(key)))
            continue;
        if (!field) {
            twi_problem(request, 422, NULL, "\"%.*s\" is not a field of this request",
                        (int)TW_MIN(yyjson_get_len(key), 64), yyjson_get_str(key));
            return false;
        }
        if (!r.as)
            r.as = field->name;
        if (!read_field(&r, value))
            return false;
    }
    for (size_t f = 0; f < n; f++) {
        if (fields[f].is_required && !yyjson_obj_get(body, fields[f].name)) {
            twi_problem(request, 422, fields[f].name, "%s is missing", fields[f].name);
            return false;
        }
    }
    return true;
}

tw_str twi_json_text(yyjson_mut_doc *doc)
{
    yyjson_alc alc = doc->alc;
    size_t bytes = 0;
    const char *text = yyjson_mut_write_opts(doc, YYJSON_WRITE_NOFLAG, &alc, &bytes, NULL);
    return text ? (tw_str){text, bytes} : TW_STR_NONE;
}

// --- arguments
// ------------------------------------------------------------------------------------

tw_str twi_argument(const twi_request *request, const char *name)
{
    return tw_str_from(twi_request_argument(request, name));
}

bool twi_flag_argument(twi_request *request, const char *name, bool *has, bool *out)
{
    tw_str text = twi_argument(request, name);
    *has = text.bytes > 0;
    *out = tw_str_equal(text, TW_STR("true"));
    if (!*has || *out || tw_str_equal(text, TW_STR("false")))
        return true;
    twi_problem(request, 400, name, "%s must be true or false", name);
    return false;
}

bool twi_time_argument(twi_request *request, const char *name, int64_t *out_ms)
{
    tw_str text = twi_argument(request, name);
    int16_t offset = 0;
    *out_ms = 0;
    if (text.bytes == 0 || tw_time_parse(text, out_ms, &offset))
        return true;
    twi_problem(request, 400, name, "%s \"%.*s\" is not a time such as 2026-01-05T09:00:00Z", name,
                (int)TW_MIN(text.bytes, 64), text.at);
    return false;
}

bool twi_list_argument(twi_request *request, const char *name, size_t max, tw_str_list *out)
{
    tw_str text = twi_argument(request, name);
    tw_str *items = tw_arena_array(&request->arena, max, sizeof(*items));
    *out = (tw_str_list){items, 0};
    if (!items) {
        twi_problem_err(request, TW_NO_MEMORY, NULL);
        return false;
    }
    while (text.bytes > 0) {
        const char *comma = memchr(text.at, ',', text.bytes);
        size_t bytes = comma ? (size_t)(comma - text.at) : text.bytes;
        if (out->n == max) {
            twi_problem(request, 400, name, "%s names more than %zu", name, max);
            return false;
        }
        if (bytes > 0)
            items[out->n++] = (tw_str){text.at, bytes};
        bytes = TW_MIN(bytes + 1, text.bytes);
        text = (tw_str){text.at + bytes, text.bytes - bytes};
    }
    return true;
}

bool twi_cursor_argument(twi_request *request, uint64_t *out)
{
    tw_str cursor = twi_argument(request, "cursor");
    int64_t value = 0;
    *out = 0;
    if (cursor.bytes && (!tw_str_to_i64(cursor, &value) || value < 1)) {
        twi_problem(request, 400, "cursor", "the cursor is not of this list");
        return false;
    }
    *out = (uint64_t)value;
    return true;
}
