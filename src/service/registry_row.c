// SPDX-License-Identifier: Apache-2.0
//
// Rows of the registry. The JSON of a row holds the names first and, last, a member "data" with the
// model's metadata or the gate's decision as they are: reading a row parses the head only.
#include "registry_row.h"

#include <inttypes.h>
#include <stdio.h>
#include <yyjson.h>

#include "json_text.h"
#include "model/file.h"

#define ROW_MAX_BYTES ((size_t)2 << 20)
#define HEAD_MAX_BYTES 4096
// Quotes inside strings are escaped, so that this cannot be a part of one.
static const char data_mark[] = ",\"data\":";

static const char *const event_texts[] = {
#define X(name, text, what) text,
    TWI_REGISTRY_EVENTS(X)
#undef X
};

const char *twi_registry_what(twi_registry_event event)
{
    static const char *const whats[] = {
#define X(name, text, what) what,
        TWI_REGISTRY_EVENTS(X)
#undef X
    };
    return whats[event];
}

static twi_registry_event event_of(const twi_config_change *change)
{
    switch (change->config.kind) {
    case TW_CONFIG_MODEL:
        return TWI_REGISTRY_PROMOTED;
    case TW_CONFIG_CHALLENGER:
        return change->bytes_n > 0 ? TWI_REGISTRY_CHALLENGER : TWI_REGISTRY_WITHDRAWN;
    case TW_CONFIG_DECISION:
    case TW_CONFIG_QUIET:
        return TWI_REGISTRY_DECIDED;
    case TW_CONFIG_SIGNALS:
    case TW_CONFIG_POLICY:
    case TW_CONFIG_N:
        break;
    }
    return TWI_REGISTRY_INSTALLED;
}

// A model's metadata is a foreign text when the model was imported: only an object goes on.
static bool is_json_object(tw_str text)
{
    yyjson_doc *doc = text.bytes > 0 ? yyjson_read(text.at, text.bytes, 0) : NULL;
    bool is_object = yyjson_is_obj(yyjson_doc_get_root(doc));
    yyjson_doc_free(doc);
    return is_object;
}

static void put_data(tw_buf *json, tw_str data)
{
    tw_buf_cstr(json, data_mark);
    if (is_json_object(data))
        tw_buf_put(json, data.at, data.bytes);
    else
        tw_buf_cstr(json, "{}");
}

// Metadata and kind out of the model's content.
static tw_status put_model(const tw_alloc *alloc, tw_str content, tw_buf *json, const char **kind,
                           tw_err *err)
{
    tw_model *model;
    tw_status status = tw_model_load(alloc, content.at, content.bytes, &model, err);
    *kind = "outlier";
    if (status == TW_UNSUPPORTED) { // of a later version of the program: it is listed, no more
        put_data(json, TW_STR_NONE);
        return TW_OK;
    }
    TW_TRY(status);
    *kind = tw_model_gbt(model) ? "classifier" : "outlier";
    put_data(json, tw_model_metadata(model));
    tw_model_unref(model);
    return TW_OK;
}

static tw_status put_content(const tw_alloc *alloc, const tw_config *config, tw_buf *json,
                             const char **kind, tw_err *err)
{
    *kind = config->kind == TW_CONFIG_SIGNALS  ? "signals"
            : config->kind == TW_CONFIG_POLICY ? "policy"
                                               : "";
    bool is_model = config->kind == TW_CONFIG_MODEL || config->kind == TW_CONFIG_CHALLENGER;
    if (is_model && config->content.bytes > 0)
        return put_model(alloc, config->content, json, kind, err);
    put_data(json, config->kind == TW_CONFIG_DECISION ? config->content : TW_STR_NONE);
    return TW_OK;
}

tw_status twi_registry_write(const tw_alloc *alloc, const twi_config_change *change,
                             tw_arena *arena, tw_model_row *out, tw_err *err)
{
    const tw_config *config = &change->config;
    char key[32];
    const char *kind;
    tw_buf json;
    tw_buf_init(&json, alloc, ROW_MAX_BYTES);
    tw_buf_cstr(&json, "{\"name\":");
    twi_text_json(&json, config->name);
    tw_buf_cstr(&json, ",\"changed_by\":");
    twi_text_json(&json, config->changed_by);
    tw_buf_cstr(&json, ",\"reason\":");
    twi_text_json(&json, config->reason);
    tw_buf_printf(&json, ",\"bytes\":%llu", (unsigned long long)change->bytes_n);
    tw_status status = put_content(alloc, config, &json, &kind, err);
    tw_buf_u8(&json, '}');
    snprintf(key, sizeof(key), "%020" PRIu64, change->seq);
    tw_status kept = json.status;
    *out = (tw_model_row){
        .model_id = twi_arena_str(arena, tw_str_from(key), &kept),
        .seq = change->seq,
        .kind = tw_str_from(kind),
        .state = tw_str_from(event_texts[event_of(change)]),
        .created_ms = config->changed_ms,
        .metrics = twi_arena_str(arena, (tw_str){(const char *)json.data_own, json.bytes}, &kept),
        .file_hash = tw_str_from(change->sha256),
    };
    tw_buf_release(&json);
    TW_TRY(status);
    return kept == TW_OK ? TW_OK : tw_fail(err, kept, "no memory for the registry");
}

// --- reading
// --------------------------------------------------------------------------------------

static size_t mark_at(tw_str json)
{
    size_t mark_n = sizeof(data_mark) - 1;
    for (size_t i = 0; i + mark_n <= json.bytes; i++)
        if (memcmp(json.at + i, data_mark, mark_n) == 0)
            return i;
    return json.bytes;
}

static tw_str text_of(yyjson_val *object, const char *name, tw_arena *arena, tw_status *status)
{
    yyjson_val *value = yyjson_obj_get(object, name);
    tw_str text = {yyjson_get_str(value), yyjson_get_len(value)};
    if (!yyjson_is_str(value))
        *status = TW_CORRUPT;
    return yyjson_is_str(value) ? twi_arena_str(arena, text, status) : TW_STR_NONE;
}

static tw_status read_head(tw_str head, tw_arena *arena, twi_registry_row *out)
{
    char text[HEAD_MAX_BYTES];
    if (head.bytes + 1 > sizeof(text))
        return TW_CORRUPT;
    memcpy(text, head.at, head.bytes);
    text[head.bytes] = '}';
    yyjson_doc *doc = yyjson_read(text, head.bytes + 1, 0);
    yyjson_val *object = yyjson_doc_get_root(doc);
    tw_status status = yyjson_is_obj(object) ? TW_OK : TW_CORRUPT;
    if (status == TW_OK) {
        out->name = text_of(object, "name", arena, &status);
        out->changed_by = text_of(object, "changed_by", arena, &status);
        out->reason = text_of(object, "reason", arena, &status);
        out->bytes_n = yyjson_get_uint(yyjson_obj_get(object, "bytes"));
    }
    yyjson_doc_free(doc);
    return status;
}

tw_status twi_registry_read(const tw_model_row *row, tw_arena *arena, twi_registry_row *out)
{
    tw_str json = row->metrics;
    size_t at = mark_at(json), mark_n = sizeof(data_mark) - 1;
    *out = (twi_registry_row){.seq = row->seq,
                              .event = TWI_REGISTRY_EVENT_N,
                              .kind = row->kind,
                              .changed_ms = row->created_ms,
                              .sha256 = row->file_hash};
    for (unsigned e = 0; e < TWI_REGISTRY_EVENT_N; e++)
        if (tw_str_equal(row->state, tw_str_from(event_texts[e])))
            out->event = (twi_registry_event)e;
    if (out->event == TWI_REGISTRY_EVENT_N || at + mark_n + 1 > json.bytes)
        return TW_CORRUPT;
    out->data = (tw_str){json.at + at + mark_n, json.bytes - at - mark_n - 1};
    return read_head((tw_str){json.at, at}, arena, out);
}
