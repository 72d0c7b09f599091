// SPDX-License-Identifier: Apache-2.0
//
// Lines of the log.
#include "action_rows.h"

#include <yyjson.h>

#include "json_text.h"
#include "score_record.h"

static tw_str text_of(yyjson_val *object, const char *name)
{
    yyjson_val *value = yyjson_obj_get(object, name);
    tw_str text = {yyjson_get_str(value), yyjson_get_len(value)};
    bool is_id = yyjson_is_str(value) && text.bytes <= TW_ID_MAX_BYTES && tw_str_is_utf8(text);
    return is_id ? text : TW_STR_NONE;
}

tw_status twi_row_of_action(const twi_action_change *change, tw_arena *scratch, tw_arena *arena,
                            tw_action_row *out)
{
    const tw_action *action = &change->action;
    *out = (tw_action_row){.seq = change->seq,
                           .at_ms = action->at_ms,
                           .kind = action->kind,
                           .subject = action->subject,
                           .actor = action->actor,
                           .body = action->body};
    if (action->body.bytes == 0)
        return TW_OK;
    yyjson_alc alc = twi_arena_alc(scratch);
    yyjson_read_err why = {0};
    yyjson_doc *doc = yyjson_read_opts((char *)(uintptr_t)action->body.at, action->body.bytes,
                                       YYJSON_READ_NOFLAG, &alc, &why);
    if (!doc && why.code == YYJSON_READ_ERROR_MEMORY_ALLOCATION)
        return TW_NO_MEMORY;
    yyjson_val *root = yyjson_doc_get_root(doc);
    if (!yyjson_is_obj(root)) {
        out->body = TW_STR_NONE; // not from here: readers may rely on an object
        return TW_OK;
    }
    tw_status status = TW_OK;
    out->about = twi_arena_str(arena, text_of(root, "employee_id"), &status);
    out->store_id = twi_arena_str(arena, text_of(root, "store_id"), &status);
    return status;
}

static bool put(yyjson_mut_doc *doc, const char *name, tw_str s)
{
    yyjson_mut_val *root = yyjson_mut_doc_get_root(doc);
    return s.bytes == 0 || yyjson_mut_obj_add_strn(doc, root, name, s.at, s.bytes);
}

static yyjson_mut_doc *new_body(yyjson_alc *alc)
{
    yyjson_mut_doc *doc = yyjson_mut_doc_new(alc);
    yyjson_mut_val *root = doc ? yyjson_mut_obj(doc) : NULL;
    if (!root)
        return NULL;
    yyjson_mut_doc_set_root(doc, root);
    return doc;
}

static tw_status write_body(yyjson_mut_doc *doc, const yyjson_alc *alc, tw_str *out)
{
    out->at =
        yyjson_mut_write_opts(doc, YYJSON_WRITE_ALLOW_INVALID_UNICODE, alc, &out->bytes, NULL);
    return out->at ? TW_OK : TW_NO_MEMORY;
}

tw_status twi_row_of_verdict(const twi_verdict_change *change, tw_str employee_id, tw_str store_id,
                             tw_arena *arena, tw_action_row *out)
{
    const tw_verdict *verdict = &change->verdict;
    bool is_on_alert = verdict->alert_id.bytes > 0;
    *out = (tw_action_row){.seq = change->seq,
                           .at_ms = verdict->decided_ms,
                           .kind = is_on_alert ? TW_STR("alert.verdict")
                                               : TW_STR("transaction.verdict"),
                           .subject = is_on_alert ? verdict->alert_id : verdict->transaction_id,
                           .actor = verdict->decided_by,
                           .about = employee_id,
                           .store_id = store_id};
    yyjson_alc alc = twi_arena_alc(arena);
    yyjson_mut_doc *doc = new_body(&alc);
    bool is_whole = doc && put(doc, "verdict_id", verdict->verdict_id) &&
                    put(doc, "verdict", tw_str_from(tw_verdict_name(verdict->verdict))) &&
                    put(doc, "reason", verdict->reason) && put(doc, "note", verdict->note) &&
                    yyjson_mut_obj_add_sint(doc, yyjson_mut_doc_get_root(doc), "recovered_minor",
                                            verdict->recovered_minor);
    return is_whole ? write_body(doc, &alc, &out->body) : TW_NO_MEMORY;
}

tw_status twi_row_of_config(const twi_config_change *change, tw_arena *arena, tw_action_row *out)
{
    static const char *const kinds[TW_CONFIG_N] = {"config.model",    "config.signals",
                                                   "config.policy",   "config.challenger",
                                                   "config.decision", "config.quiet"};
    const tw_config *config = &change->config;
    *out = (tw_action_row){.seq = change->seq,
                           .at_ms = config->changed_ms,
                           .kind = tw_str_from(kinds[config->kind]),
                           .subject = config->name,
                           .actor = config->changed_by};
    yyjson_alc alc = twi_arena_alc(arena);
    yyjson_mut_doc *doc = new_body(&alc);
    bool is_whole =
        doc && put(doc, "reason", config->reason) &&
        put(doc, "sha256", tw_str_from(change->sha256)) &&
        yyjson_mut_obj_add_uint(doc, yyjson_mut_doc_get_root(doc), "bytes", change->bytes_n);
    return is_whole ? write_body(doc, &alc, &out->body) : TW_NO_MEMORY;
}
