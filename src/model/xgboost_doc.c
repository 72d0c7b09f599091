// SPDX-License-Identifier: Apache-2.0
//
// JSON by yyjson on our allocator, UBJSON in place; told apart by what follows the first brace.
#include "xgboost_doc.h"

// yyjson does not say how large a block is when it frees it, so each carries its size in front.
#define HEAD_BYTES 16

static void *block_resize(const tw_alloc *alloc, void *block, size_t bytes)
{
    uint8_t *old = block ? (uint8_t *)block - HEAD_BYTES : NULL;
    size_t old_bytes = 0;
    if (old)
        memcpy(&old_bytes, old, sizeof(old_bytes));
    size_t new_bytes = bytes > 0 ? bytes + HEAD_BYTES : 0;
    uint8_t *moved = alloc->resize(alloc->ctx, old, old_bytes, new_bytes);
    if (!moved || new_bytes == 0)
        return NULL;
    memcpy(moved, &new_bytes, sizeof(new_bytes));
    return moved + HEAD_BYTES;
}

static void *json_malloc(void *ctx, size_t bytes)
{
    return block_resize(ctx, NULL, TW_MAX(bytes, 1));
}

static void *json_realloc(void *ctx, void *block, size_t old_bytes, size_t bytes)
{
    (void)old_bytes;
    return block_resize(ctx, block, TW_MAX(bytes, 1));
}

static void json_free(void *ctx, void *block)
{
    if (block)
        (void)block_resize(ctx, block, 0);
}

static tw_status open_json(tw_str data, twi_xdoc *doc, twi_xval *root, tw_err *err)
{
    union { // yyjson's context is not const
        const tw_alloc *in;
        void *out;
    } alloc = {.in = doc->alloc};
    yyjson_alc alc = {json_malloc, json_realloc, json_free, alloc.out};
    union {
        const char *in;
        char *out;
    } text = {.in = data.at}; // not written to without YYJSON_READ_INSITU
    yyjson_read_err fault = {0};
    doc->json_own =
        yyjson_read_opts(text.out, data.bytes, YYJSON_READ_ALLOW_INF_AND_NAN, &alc, &fault);
    if (!doc->json_own && fault.code == YYJSON_READ_ERROR_MEMORY_ALLOCATION)
        return tw_fail(err, TW_NO_MEMORY, "out of memory for an XGBoost model");
    if (!doc->json_own)
        return tw_fail(err, TW_SYNTAX, "the XGBoost model is cut short or damaged: %s at byte %zu",
                       fault.msg, fault.pos);
    root->json = yyjson_doc_get_root(doc->json_own);
    return TW_OK;
}

tw_status twi_xdoc_open(const tw_alloc *alloc, tw_str data, twi_xdoc *doc, twi_xval *root,
                        tw_err *err)
{
    *doc = (twi_xdoc){.alloc = alloc};
    *root = (twi_xval){0};
    size_t i = 0;
    while (i < data.bytes && strchr(" \t\r\n", data.at[i]) && data.at[i] != '\0')
        i++;
    if (i == data.bytes)
        return tw_fail(err, TW_SYNTAX, "the XGBoost model is empty");
    if (data.at[i] != '{')
        return tw_fail(err, TW_SYNTAX,
                       "not an XGBoost model in JSON or UBJSON (save_model(\"model.json\") in "
                       "Python writes one)");
    // An object's first key has a length in UBJSON.
    if (i > 0 || data.bytes < 2 || !strchr("LlIUi", data.at[1]) || data.at[1] == '\0')
        return open_json(data, doc, root, err);
    const char *fault = twi_ubjson_open(data.at, data.bytes, &root->ub);
    return fault ? tw_fail(err, TW_SYNTAX, "the XGBoost model is damaged: %s", fault) : TW_OK;
}

void twi_xdoc_release(twi_xdoc *doc)
{
    yyjson_doc_free(doc->json_own);
    doc->json_own = NULL;
}

bool twi_xval_is_object(twi_xval value)
{
    return value.json ? yyjson_is_obj(value.json) : value.ub.type == '{';
}

twi_xval twi_xval_get(twi_xval object, const char *key)
{
    if (object.json)
        return (twi_xval){.json = yyjson_obj_get(object.json, key)};
    return (twi_xval){.ub = twi_ubjson_get(object.ub, key)};
}

bool twi_xval_text(twi_xval value, tw_str *out)
{
    if (!value.json)
        return twi_ubjson_text(value.ub, out);
    *out = (tw_str){yyjson_get_str(value.json), yyjson_get_len(value.json)};
    return yyjson_is_str(value.json);
}

bool twi_xval_number(twi_xval value, double *out)
{
    if (!value.json)
        return twi_ubjson_number(value.ub, out);
    if (yyjson_is_bool(value.json)) // how old versions wrote the side of missing values
        *out = yyjson_get_bool(value.json) ? 1.0 : 0.0;
    else
        *out = yyjson_get_num(value.json);
    return yyjson_is_num(value.json) || yyjson_is_bool(value.json);
}

bool twi_xitems_init(twi_xval array, twi_xitems *items)
{
    *items = (twi_xitems){.is_json = array.json != NULL};
    return items->is_json ? yyjson_arr_iter_init(array.json, &items->json)
                          : twi_ubjson_items_init(array.ub, &items->ub);
}

bool twi_xitems_next(twi_xitems *items, twi_xval *out)
{
    *out = (twi_xval){0};
    if (!items->is_json)
        return twi_ubjson_items_next(&items->ub, &out->ub);
    out->json = yyjson_arr_iter_next(&items->json);
    return out->json != NULL;
}

size_t twi_xval_count(twi_xval array)
{
    twi_xitems items;
    if (!twi_xitems_init(array, &items))
        return SIZE_MAX;
    if (items.is_json)
        return yyjson_arr_size(array.json);
    if (items.ub.left != SIZE_MAX)
        return items.ub.left;
    size_t n = 0;
    twi_ubjson item;
    while (twi_ubjson_items_next(&items.ub, &item))
        n++;
    return n;
}
