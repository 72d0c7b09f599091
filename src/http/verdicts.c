// SPDX-License-Identifier: Apache-2.0
//
// Verdicts on alerts and transactions, and the reasons that they may have.
#include <stdio.h>

#include "fields.h"
#include "scope.h"
#include "work.h"

enum { NOTE_MAX = 2000 };

static bool read_recovered(twi_request *request, yyjson_val *body, int64_t *out)
{
    yyjson_val *value = yyjson_obj_get(body, "recovered_amount");
    *out = 0;
    if (!value || yyjson_is_null(value) || (twi_money_read(request, value, out) && *out >= 0))
        return true;
    twi_problem(request, 422, "recovered_amount",
                "recovered_amount must be a decimal number that is not negative");
    return false;
}

bool twi_verdict_read(twi_request *request, yyjson_val *body, tw_verdict *out)
{
    tw_str note = twi_member(body, "note");
    *out = (tw_verdict){.reason = twi_member(body, "reason"),
                        .note = note,
                        .decided_by = tw_str_from(request->who.user),
                        .decided_ms = request->http->clock->now_ms(request->http->clock->ctx)};
    if (!tw_verdict_from(twi_member(body, "verdict"), &out->verdict))
        twi_problem(request, 422, "verdict",
                    "verdict must be CONFIRMED, REFUTED, INCONCLUSIVE or OPERATIONAL");
    else if (out->reason.bytes == 0)
        twi_problem(request, 422, "reason",
                    "reason is missing; GET /v1/verdict-reasons lists them");
    else if (note.bytes > NOTE_MAX || !tw_str_is_utf8(note))
        twi_problem(request, 422, "note", "note must be text of at most 2,000 bytes");
    else
        return read_recovered(request, body, &out->recovered_minor);
    return false;
}

static bool known_members(twi_request *request, yyjson_val *object)
{
    static const char *const names[] = {"alert_id", "transaction_id",   "verdict",   "reason",
                                        "note",     "recovered_amount", "decided_at"};
    size_t i, n;
    yyjson_val *key, *value;
    yyjson_obj_foreach(object, i, n, key, value)
    {
        (void)value;
        tw_str name = {yyjson_get_str(key), yyjson_get_len(key)};
        bool is_known = false;
        for (size_t k = 0; k < TW_COUNT(names); k++)
            is_known = is_known || tw_str_equal(name, tw_str_from(names[k]));
        if (is_known)
            continue;
        twi_problem(request, 422, NULL, "\"%.*s\" is not a field of a verdict",
                    (int)TW_MIN(name.bytes, 64), name.at);
        return false;
    }
    return true;
}

static bool read_subject(twi_request *request, yyjson_val *body, tw_verdict *out)
{
    tw_str decided = twi_member(body, "decided_at");
    int64_t now_ms = out->decided_ms;
    int16_t offset = 0;
    enum { AHEAD_MS = 60000 };
    out->alert_id = twi_member(body, "alert_id");
    out->transaction_id = twi_member(body, "transaction_id");
    if (out->alert_id.bytes == 0 && out->transaction_id.bytes == 0)
        twi_problem(request, 422, "alert_id", "Give the alert_id or the transaction_id");
    else if (out->alert_id.bytes && out->transaction_id.bytes)
        twi_problem(request, 422, "transaction_id", "Give alert_id or transaction_id, not both");
    else if (decided.bytes && (!tw_time_parse(decided, &out->decided_ms, &offset) ||
                               out->decided_ms > now_ms + AHEAD_MS))
        twi_problem(request, 422, "decided_at", "decided_at must be a time that has passed");
    else
        return true;
    return false;
}

// What a verdict is about must lie in the caller's stores.
static bool is_seen(twi_request *request, const tw_verdict *verdict)
{
    tw_alert_view alert;
    tw_transaction_view view;
    if (verdict->alert_id.bytes)
        return twi_alert_asked(request, verdict->alert_id, &alert);
    tw_status status = tw_query_transaction(request->http->service, verdict->transaction_id,
                                            &request->arena, &view, NULL);
    if (status == TW_OK && twi_scope_has(request, view.transaction->store_id))
        return true;
    if (status == TW_OK || status == TW_NOT_FOUND)
        twi_problem(request, 404, NULL, "There is no transaction \"%.*s\"",
                    (int)TW_MIN(verdict->transaction_id.bytes, 64), verdict->transaction_id.at);
    else
        twi_problem_err(request, status, NULL);
    return false;
}

bool twi_judge(twi_request *request, const tw_judge_request *judge, tw_judge_result *out)
{
    tw_err err = {0};
    *out = (tw_judge_result){.status = TW_OK};
    tw_status status = tw_service_judge(request->http->service, judge, 1, out, &err);
    if (status == TW_OK)
        return true;
    if (out->status == TW_OK) { // nothing was tried
        out->status = status;
        out->err = err;
    }
    if (out->status != TW_CONFLICT || judge->if_version == 0 ||
        !twi_alert_stale(request, judge->verdict.alert_id, judge->if_version))
        twi_problem_err(request, out->status, &out->err);
    return false;
}

void twi_handle_verdict(twi_request *request)
{
    yyjson_doc *doc = twi_body_json(request);
    yyjson_val *body = doc ? yyjson_doc_get_root(doc) : NULL;
    tw_judge_request judge = {.if_version = 0};
    tw_judge_result result;
    if (!body || !known_members(request, body) ||
        !twi_verdict_read(request, body, &judge.verdict) ||
        !read_subject(request, body, &judge.verdict) || !twi_if_match(request, &judge.if_version) ||
        !is_seen(request, &judge.verdict) || !twi_judge(request, &judge, &result))
        return;
    yyjson_mut_doc *reply;
    yyjson_mut_val *root;
    if (!twi_json_begin(request, TW_OK, NULL, &reply, &root))
        return;
    twi_json_cstr(reply, root, "verdict_id", result.verdict.verdict_id);
    twi_json_str_or_null(reply, root, "alert_id", tw_str_from(result.verdict.alert_id));
    twi_json_str_or_null(reply, root, "status", result.verdict.status);
    twi_reply_json(request, 201, reply);
}

// Those of the settings, and the one that takes a verdict back, which always works.
void twi_handle_verdict_reasons(twi_request *request)
{
    tw_settings settings;
    uint64_t version;
    tw_str json;
    tw_err err = {0};
    tw_status status = tw_query_settings(request->http->service, &request->arena, &settings,
                                         &version, &json, &err);
    yyjson_mut_doc *doc;
    yyjson_mut_val *root;
    if (!twi_json_begin(request, status, &err, &doc, &root))
        return;
    yyjson_mut_val *items = twi_json_array(doc, root, "items");
    for (size_t i = 0; i <= settings.reason_n; i++) {
        static const tw_reason reopened = {
            TW_VERDICT_INCONCLUSIVE, {"reopened", 8}, {"Taken back", 10}};
        const tw_reason *reason = i < settings.reason_n ? &settings.reasons[i] : &reopened;
        yyjson_mut_val *item = yyjson_mut_arr_add_obj(doc, items);
        twi_json_cstr(doc, item, "verdict", tw_verdict_name(reason->verdict));
        twi_json_str(doc, item, "reason", reason->code);
        twi_json_str(doc, item, "title", reason->title);
    }
    twi_reply_json(request, 200, doc);
}
