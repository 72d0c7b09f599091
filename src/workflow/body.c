// SPDX-License-Identifier: Apache-2.0
//
// Bodies of actions.
#include "body.h"

#include "base/time.h"

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

yyjson_alc twi_body_alc(tw_arena *arena)
{
    return (yyjson_alc){arena_malloc, arena_realloc, arena_free, arena};
}

tw_status twi_body_read(tw_str body, tw_arena *arena, yyjson_val **out, tw_err *err)
{
    yyjson_alc alc = twi_body_alc(arena);
    yyjson_read_err why = {0};
    tw_str text = body.bytes > 0 ? body : TW_STR("{}");
    // The reader does not write to its input without YYJSON_READ_INSITU.
    yyjson_doc *doc =
        yyjson_read_opts((char *)(uintptr_t)text.at, text.bytes, YYJSON_READ_NOFLAG, &alc, &why);
    *out = yyjson_doc_get_root(doc);
    if (!doc && why.code == YYJSON_READ_ERROR_MEMORY_ALLOCATION)
        return tw_fail(err, TW_NO_MEMORY, "no memory for what was sent");
    if (!yyjson_is_obj(*out)) {
        *out = NULL;
        return tw_fail(err, TW_INVALID, "send a JSON object");
    }
    return TW_OK;
}

tw_str twi_val_text(yyjson_val *value)
{
    tw_str text = {yyjson_get_str(value), yyjson_get_len(value)};
    return yyjson_is_str(value) && tw_str_is_utf8(text) ? text : TW_STR_NONE;
}

tw_str twi_body_text(yyjson_val *object, const char *name)
{
    return twi_val_text(yyjson_obj_get(object, name));
}

int64_t twi_body_time(yyjson_val *object, const char *name)
{
    int64_t ms;
    int16_t offset_min;
    // A time without an offset is UTC.
    return tw_time_parse(twi_body_text(object, name), &ms, &offset_min) ? ms : 0;
}

static tw_status check_value(yyjson_val *value, const char *name, size_t min, size_t max,
                             tw_err *err)
{
    size_t bytes = yyjson_get_len(value);
    if (!yyjson_is_str(value))
        return tw_fail(err, TW_INVALID, "%s must be a text", name);
    if (bytes < min)
        return tw_fail(err, TW_INVALID, "%s must not be empty", name);
    if (bytes > max)
        return tw_fail(err, TW_INVALID, "%s is longer than %zu bytes", name, max);
    if (bytes > 0 && twi_val_text(value).bytes == 0)
        return tw_fail(err, TW_INVALID, "%s holds characters that are no text", name);
    return TW_OK;
}

tw_status twi_check_text(yyjson_val *object, const char *name, size_t min, size_t max, tw_err *err)
{
    yyjson_val *value = yyjson_obj_get(object, name);
    if (min == 0 && (!value || yyjson_is_null(value)))
        return TW_OK;
    if (!value)
        return tw_fail(err, TW_INVALID, "%s is missing", name);
    return check_value(value, name, min, max, err);
}

tw_status twi_check_texts(yyjson_val *object, const char *name, size_t max_n, size_t max,
                          tw_err *err)
{
    yyjson_val *list = yyjson_obj_get(object, name), *item;
    size_t i, n;
    if (!list || yyjson_is_null(list))
        return TW_OK;
    if (!yyjson_is_arr(list))
        return tw_fail(err, TW_INVALID, "%s must be a list", name);
    if (yyjson_arr_size(list) > max_n)
        return tw_fail(err, TW_LIMIT, "%s holds more than %zu entries", name, max_n);
    yyjson_arr_foreach(list, i, n, item)
    {
        TW_TRY(check_value(item, name, 1, max, err));
    }
    return TW_OK;
}
