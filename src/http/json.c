// SPDX-License-Identifier: Apache-2.0
//
// Replies as yyjson documents whose memory is the request's arena. Values are copied into it.
#include <math.h>

#include "internal.h"
#include "retail/money.h"

static void *arena_malloc(void *ctx, size_t bytes)
{
    return tw_arena_take(ctx, bytes);
}

static void *arena_realloc(void *ctx, void *block, size_t old_bytes, size_t bytes)
{
    if (bytes <= old_bytes)
        return block;
    void *moved = tw_arena_take(ctx, bytes);
    if (moved && block)
        memcpy(moved, block, old_bytes);
    return moved;
}

static void arena_free(void *ctx, void *block)
{
    (void)ctx;
    (void)block;
}

yyjson_mut_doc *twi_json_doc(twi_request *request)
{
    yyjson_alc alc = {arena_malloc, arena_realloc, arena_free, &request->arena};
    return yyjson_mut_doc_new(&alc);
}

static void add(yyjson_mut_doc *doc, yyjson_mut_val *object, const char *key, yyjson_mut_val *value)
{
    yyjson_mut_obj_add(object, yyjson_mut_str(doc, key), value);
}

void twi_json_str(yyjson_mut_doc *doc, yyjson_mut_val *object, const char *key, tw_str s)
{
    add(doc, object, key, yyjson_mut_strncpy(doc, s.at ? s.at : "", s.bytes));
}

void twi_json_str_or_null(yyjson_mut_doc *doc, yyjson_mut_val *object, const char *key, tw_str s)
{
    if (s.bytes)
        twi_json_str(doc, object, key, s);
    else
        twi_json_null(doc, object, key);
}

void twi_json_cstr(yyjson_mut_doc *doc, yyjson_mut_val *object, const char *key, const char *s)
{
    twi_json_str(doc, object, key, tw_str_from(s));
}

void twi_json_num(yyjson_mut_doc *doc, yyjson_mut_val *object, const char *key, double v)
{
    add(doc, object, key, isfinite(v) ? yyjson_mut_real(doc, v) : yyjson_mut_null(doc));
}

void twi_json_share(yyjson_mut_doc *doc, yyjson_mut_val *object, const char *key, float v)
{
    // The shortest of 7 digits that a person wants to see: 0.91 and not 0.9100000262260437.
    char text[32];
    double value = (double)v;
    snprintf(text, sizeof(text), "%.6g", value);
    if (!isfinite(value) || !tw_str_to_f64(tw_str_from(text), &value))
        twi_json_null(doc, object, key);
    else
        twi_json_num(doc, object, key, value);
}

void twi_json_uint(yyjson_mut_doc *doc, yyjson_mut_val *object, const char *key, uint64_t v)
{
    add(doc, object, key, yyjson_mut_uint(doc, v));
}

void twi_json_bool(yyjson_mut_doc *doc, yyjson_mut_val *object, const char *key, bool v)
{
    add(doc, object, key, yyjson_mut_bool(doc, v));
}

void twi_json_null(yyjson_mut_doc *doc, yyjson_mut_val *object, const char *key)
{
    add(doc, object, key, yyjson_mut_null(doc));
}

void twi_json_money(yyjson_mut_doc *doc, yyjson_mut_val *object, const char *key, int64_t minor,
                    const char currency[4])
{
    char text[TW_MONEY_TEXT_BYTES];
    yyjson_mut_val *money = twi_json_object(doc, object, key);
    twi_json_cstr(doc, money, "amount",
                  tw_money_format(minor, tw_currency_exponent(currency), text));
    twi_json_cstr(doc, money, "currency", currency);
}

void twi_json_time(yyjson_mut_doc *doc, yyjson_mut_val *object, const char *key, int64_t ms,
                   int16_t offset_min)
{
    char text[TW_TIME_TEXT_BYTES];
    twi_json_cstr(doc, object, key, tw_time_format(ms, offset_min, text));
}

void twi_json_date(yyjson_mut_doc *doc, yyjson_mut_val *object, const char *key, int32_t day)
{
    char text[TW_TIME_TEXT_BYTES];
    twi_json_cstr(doc, object, key, tw_date_format(day, text));
}

yyjson_mut_val *twi_json_array(yyjson_mut_doc *doc, yyjson_mut_val *object, const char *key)
{
    yyjson_mut_val *array = yyjson_mut_arr(doc);
    add(doc, object, key, array);
    return array;
}

yyjson_mut_val *twi_json_object(yyjson_mut_doc *doc, yyjson_mut_val *object, const char *key)
{
    yyjson_mut_val *added = yyjson_mut_obj(doc);
    add(doc, object, key, added);
    return added;
}

void twi_json_share_of(yyjson_mut_doc *doc, yyjson_mut_val *object, const char *key,
                       const tw_share *share)
{
    yyjson_mut_val *out = twi_json_object(doc, object, key);
    bool is_known = share->n > 0;
    twi_json_uint(doc, out, "k", share->k);
    twi_json_uint(doc, out, "n", share->n);
    twi_json_num(doc, out, "value", is_known ? share->value : (double)NAN);
    twi_json_num(doc, out, "low", is_known ? share->low : (double)NAN);
    twi_json_num(doc, out, "high", is_known ? share->high : (double)NAN);
}
