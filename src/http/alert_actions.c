// SPDX-License-Identifier: Apache-2.0
//
// What people do with alerts: one action on one alert, one action on many, the next best alert.
#include <stdio.h>

#include "base/hash.h"
#include "fields.h"
#include "people.h"
#include "scope.h"
#include "work.h"

enum { NOTE_MAX = 2000, BULK_MAX = TW_WORK_REQUESTS_MAX };

// --- one alert
// ----------------------------------------------------------------------------------------

bool twi_alert_asked(twi_request *request, tw_str alert_id, tw_alert_view *out)
{
    tw_status status = tw_query_alert(request->http->service, alert_id, &request->arena, out);
    if (status == TW_OK && twi_scope_has(request, out->store_id))
        return true;
    if (status == TW_OK || status == TW_NOT_FOUND)
        twi_problem(request, 404, NULL, "There is no alert \"%.*s\"",
                    (int)TW_MIN(alert_id.bytes, 64), alert_id.at);
    else
        twi_problem_err(request, status, NULL);
    return false;
}

bool twi_alert_stale(twi_request *request, tw_str alert_id, uint64_t since)
{
    tw_alert_view alert;
    if (tw_query_alert(request->http->service, alert_id, &request->arena, &alert) != TW_OK ||
        alert.work_seq <= since)
        return false;
    twi_stale(
        request, "Somebody worked this alert in the meantime",
        &(twi_stale_state){
            .version = alert.version, .since = since, .subject = alert.alert_id, .alert = &alert});
    return true;
}

static void reply_alert(twi_request *request, tw_str alert_id)
{
    tw_alert_view alert;
    yyjson_mut_doc *doc;
    yyjson_mut_val *root;
    if (!twi_alert_asked(request, alert_id, &alert) ||
        !twi_json_begin(request, TW_OK, NULL, &doc, &root))
        return;
    twi_json_alert(doc, root, &alert);
    twi_etag(request, alert.version);
    twi_reply_json(request, 200, doc);
}

// --- the words
// ----------------------------------------------------------------------------------------

#define NOTE                                                                                       \
    {                                                                                              \
        "note", NULL, TWI_FIELD_TEXT, NOTE_MAX, false                                              \
    }
static const twi_field note_fields[] = {NOTE};
static const twi_field assign_fields[] = {
    {"assignee", NULL, TWI_FIELD_TEXT, TW_ID_MAX_BYTES, false}, NOTE};
static const twi_field escalate_fields[] = {
    {"assignee", NULL, TWI_FIELD_TEXT, TW_ID_MAX_BYTES, false},
    {"note", NULL, TWI_FIELD_TEXT, NOTE_MAX, true}};
static const twi_field snooze_fields[] = {{"until", NULL, TWI_FIELD_TIME, 0, true}, NOTE};
static const twi_field comment_fields[] = {
    {"text", NULL, TWI_FIELD_TEXT, NOTE_MAX, true},
    {"mentions", NULL, TWI_FIELD_IDS, TW_MENTIONS_MAX, false}};

typedef struct alert_word {
    const char *word;
    tw_action_kind kind;
    const twi_field *fields;
    size_t n;
} alert_word;

static const alert_word words[] = {
    {"claim", TW_ACTION_ALERT_ASSIGN, note_fields, TW_COUNT(note_fields)},
    {"assign", TW_ACTION_ALERT_ASSIGN, assign_fields, TW_COUNT(assign_fields)},
    {"escalate", TW_ACTION_ALERT_ESCALATE, escalate_fields, TW_COUNT(escalate_fields)},
    {"deescalate", TW_ACTION_ALERT_DEESCALATE, note_fields, TW_COUNT(note_fields)},
    {"snooze", TW_ACTION_ALERT_SNOOZE, snooze_fields, TW_COUNT(snooze_fields)},
    {"wake", TW_ACTION_ALERT_WAKE, NULL, 0},
    {"comment", TW_ACTION_ALERT_COMMENT, comment_fields, TW_COUNT(comment_fields)},
};
static const char *const apart[] = {"action", "alert_ids", "versions", NULL};

// What a body asks for: a verdict, or an action with its body.
typedef struct alert_order {
    bool is_verdict;
    tw_verdict verdict;
    tw_work_request work;
} alert_order;

static bool read_verdict(twi_request *request, yyjson_val *body, alert_order *out)
{
    static const char *const names[] = {"action",           "alert_ids", "versions", "verdict",
                                        "recovered_amount", "reason",    "note"};
    size_t known = 0;
    for (size_t i = 0; i < TW_COUNT(names); i++)
        known += yyjson_obj_get(body, names[i]) != NULL;
    out->is_verdict = true;
    if (known == yyjson_obj_size(body))
        return twi_verdict_read(request, body, &out->verdict);
    twi_problem(request, 422, NULL,
                "A verdict may hold verdict, reason, note and recovered_amount, nothing else");
    return false;
}

static bool read_work(twi_request *request, yyjson_val *body, const alert_word *word, tw_str *out)
{
    yyjson_mut_doc *doc = twi_json_doc(request);
    yyjson_mut_val *root = doc ? yyjson_mut_obj(doc) : NULL;
    if (!root) {
        twi_problem_err(request, TW_NO_MEMORY, NULL);
        return false;
    }
    yyjson_mut_doc_set_root(doc, root);
    if (!twi_fields_read(request, body, word->fields, word->n, apart, doc, root))
        return false;
    if (!twi_user_known(request, "assignee", twi_member(body, "assignee")))
        return false;
    if (strcmp(word->word, "claim") == 0)
        twi_json_cstr(doc, root, "assignee", request->who.user);
    if (strcmp(word->word, "assign") == 0 && !yyjson_obj_get(body, "assignee")) {
        twi_problem(request, 422, "assignee", "assignee is missing; an empty one frees the alert");
        return false;
    }
    *out = twi_json_text(doc);
    if (out->bytes == 0)
        twi_problem_err(request, TW_NO_MEMORY, NULL);
    return out->bytes > 0;
}

static bool read_order(twi_request *request, yyjson_val *body, alert_order *out)
{
    tw_str action = twi_member(body, "action");
    *out = (alert_order){.is_verdict = false};
    if (tw_str_equal(action, TW_STR("verdict")))
        return read_verdict(request, body, out);
    for (size_t i = 0; i < TW_COUNT(words); i++) {
        if (tw_str_equal(action, tw_str_from(words[i].word)))
            return twi_work_of(request, words[i].kind, TW_STR_NONE, &out->work) &&
                   read_work(request, body, &words[i], &out->work.body);
    }
    twi_problem(request, 422, "action",
                "action must be claim, assign, escalate, deescalate, snooze, wake, comment or "
                "verdict");
    return false;
}

void twi_handle_alert_action(twi_request *request)
{
    tw_alert_view alert;
    alert_order order;
    yyjson_doc *doc = twi_body_json(request);
    if (!doc || !twi_alert_asked(request, request->params[0], &alert) ||
        !read_order(request, yyjson_doc_get_root(doc), &order))
        return;
    if (order.is_verdict) {
        tw_judge_request judge = {.verdict = order.verdict};
        tw_judge_result result;
        judge.verdict.alert_id = alert.alert_id;
        if (twi_if_match(request, &judge.if_version) && twi_judge(request, &judge, &result))
            reply_alert(request, alert.alert_id);
        return;
    }
    tw_work_result result;
    order.work.subject = alert.alert_id;
    if (twi_work_run(request, &order.work, &result))
        reply_alert(request, alert.alert_id);
    else if (result.status != TW_CONFLICT || order.work.if_version == 0 ||
             !twi_alert_stale(request, alert.alert_id, order.work.if_version))
        twi_work_failed(request, &result);
}

// --- many
// ---------------------------------------------------------------------------------------------

typedef struct bulk_item {
    tw_str alert_id;
    uint64_t version; // that the caller has seen; 0 = whatever
    unsigned http_status;
    const char *detail; // NULL = it went well
    size_t order;       // among those that are tried, when http_status is 0
} bulk_item;

typedef struct bulk {
    twi_request *request;
    bulk_item *items;
    size_t n, tried;
} bulk;

static void drop(bulk *all, bulk_item *item, tw_status status, const tw_err *err)
{
    bool told = err && err->text[0];
    item->http_status = (unsigned)tw_status_http(status);
    item->detail = told ? tw_arena_copy(&all->request->arena, err->text, strlen(err->text))
                        : tw_status_text(status);
    if (!item->detail)
        item->detail = tw_status_text(status);
}

// A conflict is one of versions when somebody worked the alert since the one that was stated.
static void settle(bulk *all, bulk_item *item, tw_status status, const tw_err *err)
{
    tw_alert_view alert;
    if (status == TW_OK) {
        item->http_status = 200;
        return;
    }
    drop(all, item, status, err);
    if (status == TW_CONFLICT && item->version &&
        tw_query_alert(all->request->http->service, item->alert_id, &all->request->arena, &alert) ==
            TW_OK &&
        alert.work_seq > item->version)
        item->http_status = 412;
}

static bool read_items(twi_request *request, yyjson_val *body, bulk *out)
{
    yyjson_val *ids = yyjson_obj_get(body, "alert_ids");
    yyjson_val *versions = yyjson_obj_get(body, "versions");
    size_t n = yyjson_arr_size(ids), i, size;
    yyjson_val *id;
    *out = (bulk){.request = request, .n = n};
    out->items = tw_arena_array(&request->arena, n + 1, sizeof(*out->items));
    if (!out->items) {
        twi_problem_err(request, TW_NO_MEMORY, NULL);
        return false;
    }
    if (n == 0 || n > BULK_MAX) {
        twi_problem(request, 422, "alert_ids", "alert_ids must be a list of 1 to %d ids", BULK_MAX);
        return false;
    }
    if (versions && yyjson_arr_size(versions) != n) {
        twi_problem(request, 422, "versions", "versions must be as many as alert_ids");
        return false;
    }
    yyjson_arr_foreach(ids, i, size, id)
    {
        tw_str text = {yyjson_get_str(id), yyjson_get_len(id)};
        if (text.bytes == 0 || text.bytes > TW_ID_MAX_BYTES) {
            twi_problem(request, 422, "alert_ids", "alert_ids must be a list of ids");
            return false;
        }
        out->items[i] =
            (bulk_item){.alert_id = text, .version = yyjson_get_uint(yyjson_arr_get(versions, i))};
    }
    return true;
}

// Those that the caller may not see are not found.
static void pick(bulk *all)
{
    twi_request *request = all->request;
    for (size_t i = 0; i < all->n; i++) {
        tw_alert_view alert;
        tw_status status =
            tw_query_alert(request->http->service, all->items[i].alert_id, &request->arena, &alert);
        if (status == TW_OK && !twi_scope_has(request, alert.store_id))
            status = TW_NOT_FOUND;
        if (status == TW_OK)
            all->items[i].order = all->tried++;
        else
            drop(all, &all->items[i], status, NULL);
    }
}

// The id of one alert's action out of the request's key.
static tw_str part_id(twi_request *request, tw_str action_id, size_t i)
{
    char text[TW_ID_MAX_BYTES + 16];
    if (action_id.bytes == 0)
        return TW_STR_NONE;
    snprintf(text, sizeof(text), "%.*s-%zu", TW_STR_ARG(action_id), i);
    const char *copy = tw_arena_copy(&request->arena, text, strlen(text));
    return tw_str_from(copy);
}

static tw_status act_all(bulk *all, const tw_work_request *work)
{
    twi_request *request = all->request;
    tw_work_request *requests = tw_arena_array(&request->arena, all->tried + 1, sizeof(*requests));
    tw_work_result *results = tw_arena_array(&request->arena, all->tried + 1, sizeof(*results));
    tw_err err = {0};
    if (!requests || !results)
        return TW_NO_MEMORY;
    for (size_t i = 0; i < all->n; i++) {
        const bulk_item *item = &all->items[i];
        if (item->http_status)
            continue;
        requests[item->order] = *work;
        requests[item->order].subject = item->alert_id;
        requests[item->order].if_version = item->version;
        requests[item->order].action_id = part_id(request, work->action_id, i);
    }
    tw_status status =
        all->tried ? tw_service_act(request->http->service, requests, all->tried, results, &err)
                   : TW_OK;
    for (size_t i = 0; i < all->n; i++) {
        bulk_item *item = &all->items[i];
        if (item->http_status == 0)
            settle(all, item, results[item->order].status, &results[item->order].err);
    }
    return status == TW_NO_MEMORY ? status : TW_OK;
}

static tw_status judge_all(bulk *all, const tw_verdict *verdict)
{
    twi_request *request = all->request;
    tw_judge_request *requests = tw_arena_array(&request->arena, all->tried + 1, sizeof(*requests));
    tw_judge_result *results = tw_arena_array(&request->arena, all->tried + 1, sizeof(*results));
    tw_err err = {0};
    if (!requests || !results)
        return TW_NO_MEMORY;
    for (size_t i = 0; i < all->n; i++) {
        const bulk_item *item = &all->items[i];
        if (item->http_status)
            continue;
        requests[item->order] = (tw_judge_request){*verdict, item->version};
        requests[item->order].verdict.alert_id = item->alert_id;
    }
    tw_status status =
        all->tried ? tw_service_judge(request->http->service, requests, all->tried, results, &err)
                   : TW_OK;
    for (size_t i = 0; i < all->n; i++) {
        bulk_item *item = &all->items[i];
        if (item->http_status == 0)
            settle(all, item, results[item->order].status, &results[item->order].err);
    }
    return status == TW_NO_MEMORY ? status : TW_OK;
}

static void put_item(bulk *all, yyjson_mut_doc *doc, yyjson_mut_val *list, const bulk_item *item)
{
    tw_alert_view alert;
    yyjson_mut_val *out = yyjson_mut_arr_add_obj(doc, list);
    twi_json_str(doc, out, "alert_id", item->alert_id);
    twi_json_uint(doc, out, "status", item->http_status);
    twi_json_str_or_null(doc, out, "detail", tw_str_from(item->detail));
    if (item->http_status == 200 && tw_query_alert(all->request->http->service, item->alert_id,
                                                   &all->request->arena, &alert) == TW_OK)
        twi_json_uint(doc, out, "version", alert.version);
    else
        twi_json_null(doc, out, "version");
}

void twi_handle_alert_actions(twi_request *request)
{
    bulk all;
    alert_order order;
    yyjson_doc *body = twi_body_json(request);
    if (!body || !read_items(request, yyjson_doc_get_root(body), &all) ||
        !read_order(request, yyjson_doc_get_root(body), &order))
        return;
    pick(&all);
    tw_status status =
        order.is_verdict ? judge_all(&all, &order.verdict) : act_all(&all, &order.work);
    yyjson_mut_doc *doc;
    yyjson_mut_val *root;
    if (!twi_json_begin(request, status, NULL, &doc, &root))
        return;
    size_t good = 0;
    for (size_t i = 0; i < all.n; i++)
        good += all.items[i].http_status == 200;
    twi_json_uint(doc, root, "succeeded", good);
    twi_json_uint(doc, root, "failed", all.n - good);
    yyjson_mut_val *results = twi_json_array(doc, root, "results");
    for (size_t i = 0; i < all.n; i++)
        put_item(&all, doc, results, &all.items[i]);
    twi_reply_json(request, 200, doc);
}

// --- the next best
// ------------------------------------------------------------------------------------

void twi_handle_alert_next(twi_request *request)
{
    tw_str_list stores;
    tw_alert_view alert;
    tw_err err = {0};
    twi_scope_stores(request, &stores);
    tw_status status =
        tw_service_claim_next(request->http->service, &stores, tw_str_from(request->who.user),
                              &request->arena, &alert, &err);
    if (status == TW_NOT_FOUND) {
        twi_reply(request, 204, NULL, TW_STR_NONE);
        return;
    }
    yyjson_mut_doc *doc;
    yyjson_mut_val *root;
    if (!twi_json_begin(request, status, &err, &doc, &root))
        return;
    twi_json_alert(doc, root, &alert);
    twi_etag(request, alert.version);
    twi_reply_json(request, 200, doc);
}
