// SPDX-License-Identifier: Apache-2.0
//
// Members of the bodies about accounts and tokens.
#include <stdio.h>

#include "account.h"

bool twi_member_text(twi_request *request, yyjson_val *root, const twi_text_rule *rule, tw_str *out)
{
    yyjson_val *member = yyjson_obj_get(root, rule->key);
    *out = TW_STR_NONE;
    if (rule->is_optional && (!member || yyjson_is_null(member)))
        return true;
    tw_str text = {yyjson_get_str(member), yyjson_get_len(member)};
    if (yyjson_is_str(member) && text.bytes >= rule->min_bytes && text.bytes <= rule->max_bytes &&
        tw_str_is_utf8(text)) {
        *out = text;
        return true;
    }
    twi_problem(request, 422, rule->key, "%s must be text of %zu to %zu bytes", rule->key,
                rule->min_bytes, rule->max_bytes);
    return false;
}

bool twi_members_known(twi_request *request, yyjson_val *root, const char *const *keys)
{
    size_t i, n;
    yyjson_val *key, *value;
    yyjson_obj_foreach(root, i, n, key, value)
    {
        const char *name = yyjson_get_str(key);
        size_t at = 0;
        while (keys[at] && strcmp(keys[at], name) != 0)
            at++;
        if (!keys[at]) {
            twi_problem(request, 422, "body", "\"%.64s\" is not known here", name);
            return false;
        }
    }
    return true;
}

bool twi_member_rights(twi_request *request, yyjson_val *root, uint32_t *out)
{
    size_t i, n;
    yyjson_val *item;
    *out = 0;
    yyjson_arr_foreach(yyjson_obj_get(root, "rights"), i, n, item)
    {
        uint32_t right = tw_right_from((tw_str){yyjson_get_str(item), yyjson_get_len(item)});
        if (right == 0 || (*out & right)) {
            *out = 0;
            break;
        }
        *out |= right;
    }
    if (*out)
        return true;
    twi_problem(request, 422, "rights",
                "rights must list some of ingest, score, read, work, manage, names, sql, audit and "
                "admin, each once");
    return false;
}

// One entry of a scope; false when it may not be one.
static bool is_entry(yyjson_val *item)
{
    tw_str text = {yyjson_get_str(item), yyjson_get_len(item)};
    if (!yyjson_is_str(item) || text.bytes == 0 || text.bytes > TW_ID_MAX_BYTES ||
        !tw_str_is_utf8(text))
        return false;
    return !memchr(text.at, '\n', text.bytes);
}

bool twi_member_stores(twi_request *request, yyjson_val *root, tw_str *out)
{
    yyjson_val *array = yyjson_obj_get(root, "stores"), *item;
    size_t i, n, at = 0;
    *out = TW_STR_NONE;
    if (!array)
        return true;
    size_t entry_n = yyjson_arr_size(array);
    char *text = tw_arena_take(&request->arena, entry_n * (TW_ID_MAX_BYTES + 1) + 1);
    bool is_good = yyjson_is_arr(array) && entry_n <= TW_STORE_SCOPE_MAX && text;
    yyjson_arr_foreach(array, i, n, item)
    {
        is_good = is_good && is_entry(item);
        if (!is_good)
            break;
        if (at)
            text[at++] = '\n';
        memcpy(text + at, yyjson_get_str(item), yyjson_get_len(item));
        at += yyjson_get_len(item);
    }
    if (!is_good) {
        twi_problem(request, 422, "stores",
                    "stores must list at most %d ids of stores, names of regions, or beginnings "
                    "of ids with a final *",
                    TW_STORE_SCOPE_MAX);
        return false;
    }
    *out = (tw_str){text, at};
    return true;
}

bool twi_locale_is_valid(tw_str locale)
{
    if (locale.bytes == 0)
        return true;
    bool is_long = locale.bytes == 5;
    if (!is_long && locale.bytes != 2)
        return false;
    for (size_t i = 0; i < locale.bytes; i++) {
        char c = locale.at[i];
        bool fits = i < 2 ? c >= 'a' && c <= 'z' : i == 2 ? c == '-' : c >= 'A' && c <= 'Z';
        if (!fits)
            return false;
    }
    return true;
}

void twi_json_rights(yyjson_mut_doc *doc, yyjson_mut_val *object, uint32_t rights)
{
    yyjson_mut_val *array = twi_json_array(doc, object, "rights");
    for (int i = 0; i < (int)TW_RIGHT_N; i++) {
        if (rights & (1U << i))
            yyjson_mut_arr_add_str(doc, array, tw_right_word((tw_right_index)i));
    }
}

void twi_json_stores(yyjson_mut_doc *doc, yyjson_mut_val *object, tw_str stores)
{
    yyjson_mut_val *array = twi_json_array(doc, object, "stores");
    while (stores.bytes) {
        const char *end = memchr(stores.at, '\n', stores.bytes);
        size_t n = end ? (size_t)(end - stores.at) : stores.bytes;
        yyjson_mut_arr_add_strncpy(doc, array, stores.at, n);
        n += end != NULL;
        stores = (tw_str){stores.at + n, stores.bytes - n};
    }
}
