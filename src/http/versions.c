// SPDX-License-Identifier: Apache-2.0
//
// Versions of the signal set and of the policy. Every change is a new version with a name of its
// own, also one that goes back to an old text, so that the list of versions is the history.
//
// Lock: http->config_lock, from the check of the version in force to the new one.
#include "versions.h"

#include <stdio.h>

#include "base/limits.h"
#include "fields.h"
#include "work.h"

enum { SHOWN = 100, REASON_MAX = 500 };

static const char *kind_word(tw_config_kind kind)
{
    return kind == TW_CONFIG_SIGNALS ? "signals" : "policy";
}

bool twi_versions_read(twi_request *request, tw_config_kind kind, twi_versions *out)
{
    const tw_model_view *all;
    size_t n;
    *out = (twi_versions){.kind = kind};
    tw_status status = tw_query_models(request->http->service, &request->arena, &all, &n);
    tw_model_view *items =
        status == TW_OK ? tw_arena_array(&request->arena, n + 1, sizeof(*items)) : NULL;
    if (!items) {
        twi_problem_err(request, status == TW_OK ? TW_NO_MEMORY : status, NULL);
        return false;
    }
    for (size_t i = 0; i < n; i++) {
        if (!tw_str_equal(all[i].kind, tw_str_from(kind_word(kind))))
            continue;
        items[out->n] = all[i];
        if (tw_str_equal(all[i].state, TW_STR("champion")))
            out->current = &items[out->n];
        out->n++;
    }
    out->items = items;
    return true;
}

const tw_model_view *twi_version_find(const twi_versions *versions, tw_str name)
{
    for (size_t i = 0; i < versions->n; i++) {
        if (tw_str_equal(versions->items[i].model_id, name))
            return &versions->items[i];
    }
    return NULL;
}

static tw_status read_text(twi_request *request, const tw_model_view *version, tw_str *out,
                           tw_err *err)
{
    tw_buf buf;
    *out = TW_STR_NONE;
    if (!version)
        return TW_OK;
    tw_buf_init(&buf, request->http->alloc, TW_CONFIG_MAX_BYTES + 4096);
    tw_status status = tw_query_model_file(request->http->service, version->model_id, &buf, err);
    const char *copy = status == TW_OK
                           ? tw_arena_copy(&request->arena, (const char *)buf.data_own, buf.bytes)
                           : NULL;
    if (copy)
        *out = (tw_str){copy, buf.bytes};
    tw_buf_release(&buf);
    return status == TW_OK && !copy ? TW_NO_MEMORY : status;
}

bool twi_version_text(twi_request *request, const tw_model_view *version, tw_str *out)
{
    tw_err err = {0};
    tw_status status = read_text(request, version, out, &err);
    if (status != TW_OK)
        twi_problem_err(request, status, &err);
    return status == TW_OK;
}

bool twi_version_again(twi_request *request, const twi_versions *versions, tw_str name, tw_str *out)
{
    const tw_model_view *version = twi_version_find(versions, name);
    if (version)
        return twi_version_text(request, version, out);
    twi_problem(request, 404, "version", "There is no version \"%.*s\" of the %s",
                (int)TW_MIN(name.bytes, 64), name.at, kind_word(versions->kind));
    return false;
}

bool twi_version_current(twi_request *request, tw_config_kind kind, tw_str *out)
{
    twi_versions versions;
    return twi_versions_read(request, kind, &versions) &&
           twi_version_text(request, versions.current, out);
}

void twi_version_etag(twi_request *request, tw_str name)
{
    char text[TW_MODEL_ID_BYTES + 4];
    snprintf(text, sizeof(text), "\"%.*s\"", TW_STR_ARG(name));
    const char *etag = tw_arena_copy(&request->arena, text, strlen(text));
    if (etag)
        twi_reply_header(request, "ETag", etag);
}

// --- as JSON
// --------------------------------------------------------------------------------------------

typedef struct listing {
    yyjson_mut_doc *doc;
    yyjson_mut_val *array;
} listing;

static void put_value(yyjson_mut_doc *doc, yyjson_mut_val *object, const char *key,
                      const tw_difference_value *value)
{
    if (value->form == TW_DIFFERENCE_NUMBER)
        twi_json_num(doc, object, key, value->number);
    else if (value->form == TW_DIFFERENCE_FLAG)
        twi_json_bool(doc, object, key, value->flag);
    else
        twi_json_null(doc, object, key);
}

static tw_status put_difference(void *ctx, const tw_difference *difference)
{
    const listing *list = ctx;
    yyjson_mut_val *item = yyjson_mut_arr_add_obj(list->doc, list->array);
    twi_json_str_or_null(list->doc, item, "signal", difference->signal);
    twi_json_str(list->doc, item, "member", difference->member);
    put_value(list->doc, item, "from", &difference->from);
    put_value(list->doc, item, "to", &difference->to);
    return TW_OK;
}

// A text that no longer reads tells no differences.
static void put_differences(twi_request *request, yyjson_mut_doc *doc, yyjson_mut_val *object,
                            const twi_versions *versions, const tw_model_view *version,
                            const tw_model_view *before)
{
    listing list = {doc, twi_json_array(doc, object, "changes")};
    tw_str old, new;
    if (!before || read_text(request, before, &old, NULL) != TW_OK ||
        read_text(request, version, &new, NULL) != TW_OK)
        return;
    tw_status status = versions->kind == TW_CONFIG_SIGNALS
                           ? tw_signal_set_diff(old, new, put_difference, &list, NULL)
                           : tw_policy_diff(old, new, put_difference, &list, NULL);
    if (status != TW_OK)
        yyjson_mut_arr_clear(list.array);
}

void twi_json_version(twi_request *request, yyjson_mut_doc *doc, yyjson_mut_val *object,
                      const twi_versions *versions, const tw_model_view *version,
                      const tw_model_view *before)
{
    twi_json_str(doc, object, "version", version->model_id);
    twi_json_bool(doc, object, "is_current", version == versions->current);
    twi_json_time(doc, object, "changed_at", version->changed_ms, 0);
    twi_json_str(doc, object, "changed_by", version->changed_by);
    twi_json_str(doc, object, "reason", version->reason);
    twi_json_uint(doc, object, "seq", version->seq);
    put_differences(request, doc, object, versions, version, before);
}

void twi_reply_versions(twi_request *request, tw_config_kind kind)
{
    twi_versions versions;
    yyjson_mut_doc *doc;
    yyjson_mut_val *root;
    if (!twi_versions_read(request, kind, &versions) ||
        !twi_json_begin(request, TW_OK, NULL, &doc, &root))
        return;
    yyjson_mut_val *items = twi_json_array(doc, root, "items");
    for (size_t i = 0; i < TW_MIN(versions.n, (size_t)SHOWN); i++)
        twi_json_version(request, doc, yyjson_mut_arr_add_obj(doc, items), &versions,
                         &versions.items[i], i + 1 < versions.n ? &versions.items[i + 1] : NULL);
    twi_reply_json(request, 200, doc);
}

// --- changes
// --------------------------------------------------------------------------------------------

// If-Match names the version in force. False after answering.
static bool is_current(twi_request *request, const twi_versions *versions)
{
    const char *header = twi_request_header(request, "If-Match");
    char want[TW_MODEL_ID_BYTES + 4];
    if (!header || !versions->current || strcmp(header, "*") == 0)
        return true;
    snprintf(want, sizeof(want), "\"%.*s\"", TW_STR_ARG(versions->current->model_id));
    if (strcmp(header, want) == 0)
        return true;
    char sentence[256];
    snprintf(sentence, sizeof(sentence), "%.*s changed the %s in the meantime: %.*s is in force",
             TW_STR_ARG(versions->current->changed_by), kind_word(versions->kind),
             TW_STR_ARG(versions->current->model_id));
    twi_stale(request, sentence, NULL);
    return false;
}

// "signals-7": the next number whose name is free.
static void name_next(const twi_versions *versions, char name[TW_MODEL_ID_BYTES])
{
    size_t number = versions->n;
    do
        snprintf(name, TW_MODEL_ID_BYTES, "%s-%zu", kind_word(versions->kind), ++number);
    while (twi_version_find(versions, tw_str_from(name)));
}

static void install(twi_request *request, yyjson_val *body, tw_config_kind kind,
                    twi_version_make *make)
{
    twi_versions versions, after;
    tw_str current, text;
    tw_err err = {0};
    char name[TW_MODEL_ID_BYTES];
    if (!twi_versions_read(request, kind, &versions) || !is_current(request, &versions) ||
        !twi_version_text(request, versions.current, &current) ||
        !make(request, body, &versions, current, &text))
        return;
    if (tw_str_equal(text, current)) {
        twi_problem(request, 409, NULL, "This is what is in force already");
        return;
    }
    name_next(&versions, name);
    tw_status status =
        tw_service_configure(request->http->service, kind, tw_str_from(name), text,
                             tw_str_from(request->who.user), twi_member(body, "reason"), &err);
    if (status == TW_SYNTAX) // a text of a JSON string, not the body
        status = TW_INVALID;
    if (status != TW_OK) {
        twi_problem_err(request, status, &err);
        return;
    }
    yyjson_mut_doc *doc;
    yyjson_mut_val *root;
    if (!twi_versions_read(request, kind, &after) ||
        !twi_json_begin(request, TW_OK, NULL, &doc, &root))
        return;
    const tw_model_view *version = twi_version_find(&after, tw_str_from(name));
    if (!version) {
        twi_problem_err(request, TW_BUSY, NULL); // in force, and not to be read yet
        return;
    }
    twi_version_etag(request, tw_str_from(name));
    twi_json_version(request, doc, root, &after, version, versions.current);
    twi_reply_json(request, 200, doc);
}

void twi_version_change(twi_request *request, tw_config_kind kind, twi_version_make *make)
{
    yyjson_doc *doc = twi_body_json(request);
    if (!doc)
        return;
    yyjson_val *body = yyjson_doc_get_root(doc);
    tw_str reason = twi_member(body, "reason");
    if (tw_str_trim(reason).bytes == 0 || reason.bytes > REASON_MAX || !tw_str_is_utf8(reason)) {
        twi_problem(request, 422, "reason", "reason must be text of 1 to %d bytes", REASON_MAX);
        return;
    }
    pthread_mutex_lock(&request->http->config_lock);
    install(request, body, kind, make);
    pthread_mutex_unlock(&request->http->config_lock);
}
