// SPDX-License-Identifier: Apache-2.0
//
// Entries of the allow-list and saved filters.
#include "workflow/entry_work.h"

#include "base/time.h"
#include "body.h"

// Longer is no exception: the entry can be renewed.
#define ALLOW_MAX_MS (INT64_C(366) * TW_DAY_MS)
#define FILTER_NAME_MAX_BYTES 100

static tw_status check_allow(yyjson_val *body, int64_t at_ms, tw_err *err)
{
    TW_TRY(twi_check_text(body, "entity_kind", 1, TW_ID_MAX_BYTES, err));
    TW_TRY(twi_check_text(body, "entity_id", 1, 2 * TW_ID_MAX_BYTES + 1, err));
    TW_TRY(twi_check_text(body, "scheme", 0, TW_ID_MAX_BYTES, err));
    TW_TRY(twi_check_text(body, "owner", 0, TW_ID_MAX_BYTES, err));
    TW_TRY(twi_check_text(body, "reason", 1, TWI_NOTE_MAX_BYTES, err));
    TW_TRY(twi_check_text(body, "until", 1, TW_ID_MAX_BYTES, err));
    int64_t until_ms = twi_body_time(body, "until");
    if (until_ms == 0)
        return tw_fail(err, TW_INVALID, "until is no time such as 2026-01-31T08:00:00Z");
    if (until_ms <= at_ms)
        return tw_fail(err, TW_INVALID, "until has passed");
    if (until_ms > at_ms + ALLOW_MAX_MS)
        return tw_fail(err, TW_INVALID, "an entry of the allow-list holds for a year at most");
    return TW_OK;
}

static tw_status check_filter(yyjson_val *body, tw_err *err)
{
    yyjson_val *shared = yyjson_obj_get(body, "shared");
    TW_TRY(twi_check_text(body, "name", 1, FILTER_NAME_MAX_BYTES, err));
    TW_TRY(twi_check_text(body, "query", 0, TW_FILTER_QUERY_MAX_BYTES, err));
    if (shared && !yyjson_is_bool(shared))
        return tw_fail(err, TW_INVALID, "shared must be true or false");
    return TW_OK;
}

// Somebody else's filter is changed by a manager only.
static tw_status check_owner(yyjson_val *entry, tw_str actor, bool may_manage, tw_err *err)
{
    if (may_manage || tw_str_equal(twi_body_text(entry, "owner"), actor))
        return TW_OK;
    return tw_fail(err, TW_DENIED, "the filter belongs to somebody else");
}

tw_status tw_entry_check(tw_str body, const tw_action *action, bool may_manage, tw_arena *scratch,
                         tw_err *err)
{
    tw_action_kind kind = tw_action_kind_from(action->kind);
    yyjson_val *sent, *entry;
    bool is_there = body.bytes > 0;
    TW_TRY(twi_body_read(action->body, scratch, &sent, err));
    TW_TRY(twi_body_read(body, scratch, &entry, err));
    switch ((int)kind) {
    case TW_ACTION_ALLOW_ADD:
        if (is_there)
            return tw_fail(err, TW_CONFLICT, "the allow-list has that entry already");
        return check_allow(sent, action->at_ms, err);
    case TW_ACTION_ALLOW_REMOVE:
        if (!is_there)
            return tw_fail(err, TW_NOT_FOUND, "the allow-list has no entry %.*s",
                           TW_STR_ARG(action->subject));
        return twi_check_text(sent, "reason", 0, TWI_NOTE_MAX_BYTES, err);
    case TW_ACTION_FILTER_SAVE:
        if (is_there)
            TW_TRY(check_owner(entry, action->actor, may_manage, err));
        return check_filter(sent, err);
    case TW_ACTION_FILTER_REMOVE:
        if (!is_there)
            return tw_fail(err, TW_NOT_FOUND, "there is no filter %.*s",
                           TW_STR_ARG(action->subject));
        return check_owner(entry, action->actor, may_manage, err);
    default:
        return tw_fail(err, TW_INVALID, "an entry knows no such action");
    }
}

// --- it was done
// ----------------------------------------------------------------------------------

static bool put(yyjson_mut_doc *doc, const char *name, tw_str s)
{
    return yyjson_mut_obj_add_strn(doc, yyjson_mut_doc_get_root(doc), name, s.at ? s.at : "",
                                   s.bytes);
}

static bool put_time(yyjson_mut_doc *doc, const char *name, int64_t ms)
{
    char text[TW_TIME_TEXT_BYTES];
    return yyjson_mut_obj_add_strcpy(doc, yyjson_mut_doc_get_root(doc), name,
                                     tw_time_format(ms, 0, text));
}

static bool fill_allow(yyjson_mut_doc *doc, yyjson_val *sent, tw_str owner, const tw_action *action)
{
    static const char *const texts[] = {"entity_kind", "entity_id", "scheme"};
    for (size_t i = 0; i < TW_COUNT(texts); i++)
        if (!put(doc, texts[i], twi_body_text(sent, texts[i])))
            return false;
    return put_time(doc, "until", twi_body_time(sent, "until")) && put(doc, "owner", owner) &&
           put(doc, "reason", twi_body_text(sent, "reason")) &&
           put(doc, "added_by", action->actor) && put_time(doc, "added_at", action->at_ms) &&
           put(doc, "store_id", twi_body_text(sent, "store_id"));
}

static bool fill_filter(yyjson_mut_doc *doc, yyjson_val *sent, tw_str owner, int64_t at_ms)
{
    yyjson_mut_val *root = yyjson_mut_doc_get_root(doc);
    return put(doc, "name", twi_body_text(sent, "name")) &&
           put(doc, "query", twi_body_text(sent, "query")) &&
           yyjson_mut_obj_add_bool(doc, root, "shared",
                                   yyjson_is_true(yyjson_obj_get(sent, "shared"))) &&
           put(doc, "owner", owner) && put_time(doc, "changed_at", at_ms);
}

// By what an entry of the allow-list can be found: "EMPLOYEE/E1".
static tw_status allow_key(yyjson_val *sent, tw_arena *arena, tw_doc_row *out)
{
    tw_str kind = twi_body_text(sent, "entity_kind"), id = twi_body_text(sent, "entity_id");
    tw_alert_key *key = tw_arena_array(arena, 1, sizeof(*key));
    char *text = tw_arena_take(arena, kind.bytes + id.bytes + 2);
    if (!key || !text)
        return TW_NO_MEMORY;
    if (kind.bytes > 0)
        memcpy(text, kind.at, kind.bytes);
    text[kind.bytes] = '/';
    if (id.bytes > 0)
        memcpy(text + kind.bytes + 1, id.at, id.bytes);
    *key = (tw_alert_key){.kind = 'e', .key = {text, kind.bytes + id.bytes + 1}};
    out->keys = key;
    out->key_n = 1;
    return TW_OK;
}

static tw_status make(yyjson_val *sent, yyjson_val *entry, const tw_action *action, tw_arena *arena,
                      tw_doc_row *out)
{
    yyjson_alc alc = twi_body_alc(arena);
    yyjson_mut_doc *doc = yyjson_mut_doc_new(&alc);
    yyjson_mut_val *root = doc ? yyjson_mut_obj(doc) : NULL;
    bool is_allow = tw_action_kind_from(action->kind) == TW_ACTION_ALLOW_ADD;
    tw_str owner = twi_body_text(is_allow ? sent : entry, "owner");
    if (owner.bytes == 0)
        owner = action->actor;
    if (!root)
        return TW_NO_MEMORY;
    yyjson_mut_doc_set_root(doc, root);
    bool is_whole = put(doc, "id", action->subject) &&
                    (is_allow ? fill_allow(doc, sent, owner, action)
                              : fill_filter(doc, sent, owner, action->at_ms));
    out->body.at =
        is_whole ? yyjson_mut_write_opts(doc, YYJSON_WRITE_NOFLAG, &alc, &out->body.bytes, NULL)
                 : NULL;
    if (!out->body.at)
        return TW_NO_MEMORY;
    out->owner = owner;
    out->store_id = is_allow ? twi_body_text(sent, "store_id") : TW_STR_NONE;
    out->state = is_allow                                         ? TW_STR_NONE
                 : yyjson_is_true(yyjson_obj_get(sent, "shared")) ? TW_STR("shared")
                                                                  : TW_STR("private");
    return is_allow ? allow_key(sent, arena, out) : TW_OK;
}

tw_status tw_entry_apply(tw_str body, const tw_action *action, uint64_t seq, tw_arena *arena,
                         tw_doc_row *out)
{
    tw_action_kind kind = tw_action_kind_from(action->kind);
    bool is_allow = kind == TW_ACTION_ALLOW_ADD || kind == TW_ACTION_ALLOW_REMOVE;
    bool is_added = kind == TW_ACTION_ALLOW_ADD || kind == TW_ACTION_FILTER_SAVE;
    yyjson_val *sent, *entry;
    *out = (tw_doc_row){.kind = is_allow ? TW_STR("allow") : TW_STR("filter"),
                        .id = action->subject,
                        .seq = seq,
                        .order_ms = action->at_ms};
    if (!is_added)
        return is_allow || kind == TW_ACTION_FILTER_REMOVE ? TW_OK : TW_INVALID;
    TW_TRY(twi_body_read(action->body, arena, &sent, NULL));
    TW_TRY(twi_body_read(body, arena, &entry, NULL));
    return make(sent, entry, action, arena, out);
}
