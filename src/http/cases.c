// SPDX-License-Identifier: Apache-2.0
//
// Cases: the list, the file, and what people do with it.
#include <stdio.h>

#include "base/hash.h"
#include "fields.h"
#include "learning.h"
#include "people.h"
#include "scope.h"
#include "work.h"

enum {
    NOTE_MAX = 2000,
    TITLE_MAX = 200,
    REFERENCE_MAX = 128,
    STATES_MAX = 4,
};

// --- one case
// -----------------------------------------------------------------------------------------

bool twi_case_asked(twi_request *request, tw_str case_id, tw_doc_row *out)
{
    tw_err err = {0};
    tw_status status =
        tw_query_doc(request->http->service, TW_STR("case"), case_id, &request->arena, out, &err);
    if (status == TW_OK && twi_scope_has(request, out->store_id))
        return true;
    if (status == TW_OK || status == TW_NOT_FOUND)
        twi_problem(request, 404, NULL, "There is no case \"%.*s\"", TW_STR_ARG(case_id));
    else
        twi_problem_err(request, status, &err);
    return false;
}

static void reply_case(twi_request *request, unsigned http_status, tw_str case_id)
{
    tw_doc_row row;
    yyjson_mut_doc *doc;
    yyjson_mut_val *root;
    if (!twi_case_asked(request, case_id, &row) ||
        !twi_json_begin(request, TW_OK, NULL, &doc, &root))
        return;
    if (!twi_json_case(request, doc, root, &row)) {
        twi_problem_err(request, TW_CORRUPT, NULL);
        return;
    }
    twi_etag(request, row.seq);
    twi_reply_json(request, http_status, doc);
}

void twi_handle_case(twi_request *request)
{
    tw_doc_row row;
    if (!twi_case_asked(request, request->params[0], &row))
        return;
    tw_service_note(request->http->service, tw_str_from(tw_action_kind_word(TW_ACTION_CASE_VIEW)),
                    row.id, tw_str_from(request->who.user), TW_STR_NONE);
    reply_case(request, 200, row.id);
}

// --- the list
// -----------------------------------------------------------------------------------------

static bool read_states(twi_request *request, tw_str_list *out)
{
    static const tw_str active[] = {{"OPEN", 4}, {"INVESTIGATING", 13}, {"PENDING_APPROVAL", 16}};
    static const tw_str closed = {"CLOSED", 6};
    if (!twi_list_argument(request, "state", STATES_MAX, out))
        return false;
    if (out->n == 1 && tw_str_equal(out->items[0], TW_STR("ACTIVE"))) {
        *out = (tw_str_list){active, TW_COUNT(active)};
        return true;
    }
    for (size_t i = 0; i < out->n; i++) {
        bool is_known = tw_str_equal(out->items[i], closed);
        for (size_t k = 0; k < TW_COUNT(active); k++)
            is_known = is_known || tw_str_equal(out->items[i], active[k]);
        if (!is_known) {
            twi_problem(request, 400, "state", "state \"%.*s\" is unknown",
                        (int)TW_MIN(out->items[i].bytes, 32), out->items[i].at);
            return false;
        }
    }
    return true;
}

// One key is what the ledger can look for. Words are kept in lower case.
static bool read_key(twi_request *request, tw_doc_filter *filter)
{
    static const struct {
        const char *name;
        char kind;
    } keys[] = {{"alert_id", 'a'}, {"transaction_id", 't'}, {"subject", 'e'}, {"q", 'w'}};
    for (size_t i = 0; i < TW_COUNT(keys); i++) {
        tw_str key = twi_argument(request, keys[i].name);
        if (key.bytes == 0)
            continue;
        if (filter->key_kind) {
            twi_problem(request, 400, keys[i].name,
                        "Give at most one of alert_id, transaction_id, subject and q");
            return false;
        }
        filter->key_kind = keys[i].kind;
        filter->key = key;
        filter->is_prefix = keys[i].kind == 'w';
    }
    if (!filter->is_prefix)
        return true;
    char *lower = tw_arena_copy(&request->arena, filter->key.at, filter->key.bytes);
    if (!lower) {
        twi_problem_err(request, TW_NO_MEMORY, NULL);
        return false;
    }
    for (size_t i = 0; i < filter->key.bytes; i++)
        lower[i] = (char)(lower[i] >= 'A' && lower[i] <= 'Z' ? lower[i] + 32 : lower[i]);
    filter->key = (tw_str){lower, filter->key.bytes};
    return true;
}

static bool read_filter(twi_request *request, const tw_settings *settings, tw_doc_filter *filter)
{
    *filter = (tw_doc_filter){.kind = TW_STR("case"), .owner = twi_argument(request, "owner")};
    if (tw_str_equal(filter->owner, TW_STR("me")))
        filter->owner = tw_str_from(request->who.user);
    return read_states(request, &filter->states) && read_key(request, filter) &&
           twi_stores_argument(request, settings, &filter->stores);
}

void twi_handle_case_list(twi_request *request)
{
    tw_settings settings;
    tw_doc_filter filter;
    tw_doc_page page;
    uint64_t version;
    uint32_t limit;
    tw_str json;
    tw_err err = {0};
    tw_service *service = request->http->service;
    tw_status status =
        tw_query_settings(service, &request->arena, &settings, &version, &json, &err);
    if (status != TW_OK) {
        twi_problem_err(request, status, &err);
        return;
    }
    if (!twi_query_limit(request, &limit) || !read_filter(request, &settings, &filter))
        return;
    status = tw_query_docs(service, &filter, limit, twi_request_argument(request, "cursor"),
                           &request->arena, &page, &err);
    if (status == TW_INVALID) {
        twi_problem(request, 400, "cursor", "the cursor is not of this list");
        return;
    }
    yyjson_mut_doc *doc;
    yyjson_mut_val *root;
    if (!twi_json_begin(request, status, &err, &doc, &root))
        return;
    yyjson_mut_val *items = twi_json_array(doc, root, "items");
    for (size_t i = 0; i < page.n; i++) {
        yyjson_mut_val *item = yyjson_mut_obj(doc);
        if (twi_json_case_brief(request, doc, item, &page.items[i], &settings))
            yyjson_mut_arr_append(items, item);
    }
    twi_json_str_or_null(doc, root, "next_cursor", tw_str_from(page.next_cursor));
    twi_json_uint(doc, root, "total", page.total);
    twi_reply_json(request, 200, doc);
}

// --- what people do
// -----------------------------------------------------------------------------------

#define TEXT(name, max, required)                                                                  \
    {                                                                                              \
        name, NULL, TWI_FIELD_TEXT, max, required                                                  \
    }
#define MEMBERS                                                                                    \
    {"subjects", NULL, TWI_FIELD_SUBJECTS, TW_CASE_SUBJECTS_MAX, false},                           \
        {"alerts", NULL, TWI_FIELD_IDS, TW_CASE_ALERTS_MAX, false},                                \
    {                                                                                              \
        "transactions", NULL, TWI_FIELD_IDS, TW_CASE_TRANSACTIONS_MAX, false                       \
    }

static const twi_field open_fields[] = {TEXT("title", TITLE_MAX, true),
                                        TEXT("owner", TW_ID_MAX_BYTES, false), MEMBERS,
                                        TEXT("note", NOTE_MAX, false)};
static const twi_field edit_fields[] = {TEXT("title", TITLE_MAX, false),
                                        TEXT("owner", TW_ID_MAX_BYTES, false),
                                        TEXT("state", TW_ID_MAX_BYTES, false)};
static const twi_field member_fields[] = {MEMBERS};
static const twi_field note_fields[] = {TEXT("text", NOTE_MAX, true),
                                        {"mentions", NULL, TWI_FIELD_IDS, TW_MENTIONS_MAX, false}};
static const twi_field task_fields[] = {TEXT("task_id", TW_ID_MAX_BYTES, false),
                                        TEXT("title", TITLE_MAX, false),
                                        TEXT("assignee", TW_ID_MAX_BYTES, false),
                                        {"due", NULL, TWI_FIELD_TIME_OR_NULL, 0, false},
                                        {"is_done", "done", TWI_FIELD_FLAG, 0, false}};
static const twi_field money_fields[] = {TEXT("kind", TW_ID_MAX_BYTES, true),
                                         {"amount", "amount_minor", TWI_FIELD_MONEY, 0, true},
                                         TEXT("note", NOTE_MAX, false)};
static const twi_field refer_fields[] = {TEXT("to", TW_ID_MAX_BYTES, true),
                                         TEXT("reference", REFERENCE_MAX, false),
                                         TEXT("note", NOTE_MAX, false)};
static const twi_field submit_fields[] = {TEXT("verdict", TW_ID_MAX_BYTES, true),
                                          TEXT("reason", TW_ID_MAX_BYTES, true),
                                          TEXT("note", NOTE_MAX, false)};
static const twi_field optional_note[] = {TEXT("note", NOTE_MAX, false)};
static const twi_field required_note[] = {TEXT("note", NOTE_MAX, true)};

typedef struct case_word {
    const char *word;
    tw_action_kind kind;
    const twi_field *fields;
    size_t n;
} case_word;

#define WORD(word, kind, fields)                                                                   \
    {                                                                                              \
        word, TW_ACTION_CASE_##kind, fields, TW_COUNT(fields)                                      \
    }
static const case_word words[] = {
    WORD("edit", EDIT, edit_fields),         WORD("add", ADD, member_fields),
    WORD("remove", REMOVE, member_fields),   WORD("note", NOTE, note_fields),
    WORD("task", TASK, task_fields),         WORD("money", MONEY, money_fields),
    WORD("refer", REFER, refer_fields),      WORD("submit", SUBMIT, submit_fields),
    WORD("approve", APPROVE, optional_note), WORD("reject", REJECT, required_note),
    WORD("reopen", REOPEN, required_note),
};

// Alerts and transactions that the caller may not see do not exist for it.
static bool members_are_seen(twi_request *request, yyjson_val *body)
{
    size_t i, n;
    yyjson_val *item;
    yyjson_arr_foreach(yyjson_obj_get(body, "alerts"), i, n, item)
    {
        tw_alert_view alert;
        tw_str id = {yyjson_get_str(item), yyjson_get_len(item)};
        if (!twi_alert_asked(request, id, &alert))
            return false;
    }
    yyjson_arr_foreach(yyjson_obj_get(body, "transactions"), i, n, item)
    {
        tw_transaction_view view;
        tw_str id = {yyjson_get_str(item), yyjson_get_len(item)};
        tw_status status =
            tw_query_transaction(request->http->service, id, &request->arena, &view, NULL);
        if (status == TW_OK && twi_scope_has(request, view.transaction->store_id))
            continue;
        twi_problem(request, 404, "transactions", "There is no transaction \"%.*s\"",
                    TW_STR_ARG(id));
        return false;
    }
    return true;
}

// A new task gets an id: of the request's key, so that a repetition makes no second one.
static bool name_task(twi_request *request, yyjson_val *body, tw_str action_id, yyjson_mut_doc *doc,
                      yyjson_mut_val *out)
{
    enum { ID_BYTES = 6 };
    uint8_t random[ID_BYTES];
    char hex[2 * ID_BYTES + 1], id[24];
    if (yyjson_obj_get(body, "task_id"))
        return true;
    if (!yyjson_obj_get(body, "title")) {
        twi_problem(request, 422, "title", "A new task needs a title");
        return false;
    }
    if (action_id.bytes > sizeof(hex))
        snprintf(id, sizeof(id), "K-%.*s", 2 * ID_BYTES, action_id.at + 2);
    else if (tw_random_bytes(random, sizeof(random)) == TW_OK)
        snprintf(id, sizeof(id), "K-%s", tw_hex(random, sizeof(random), hex));
    else
        return twi_problem_err(request, TW_IO, NULL), false;
    twi_json_cstr(doc, out, "task_id", id);
    return true;
}

// The body of the action of *work.
static bool action_body(twi_request *request, yyjson_val *body, const twi_field *fields, size_t n,
                        tw_work_request *work)
{
    static const char *const apart[] = {"action", NULL};
    yyjson_mut_doc *doc = twi_json_doc(request);
    yyjson_mut_val *root = doc ? yyjson_mut_obj(doc) : NULL;
    if (!root) {
        twi_problem_err(request, TW_NO_MEMORY, NULL);
        return false;
    }
    yyjson_mut_doc_set_root(doc, root);
    if (!twi_fields_read(request, body, fields, n, apart, doc, root) ||
        !members_are_seen(request, body) ||
        !twi_user_known(request, "owner", twi_member(body, "owner")) ||
        !twi_user_known(request, "assignee", twi_member(body, "assignee")) ||
        (work->kind == TW_ACTION_CASE_TASK &&
         !name_task(request, body, work->action_id, doc, root)))
        return false;
    work->body = twi_json_text(doc);
    if (work->body.bytes == 0)
        twi_problem_err(request, TW_NO_MEMORY, NULL);
    return work->body.bytes > 0;
}

void twi_handle_case_open(twi_request *request)
{
    tw_work_request work;
    tw_work_result result;
    yyjson_doc *body = twi_body_json(request);
    if (!body || !twi_work_of(request, TW_ACTION_CASE_OPEN, TW_STR_NONE, &work) ||
        !action_body(request, yyjson_doc_get_root(body), open_fields, TW_COUNT(open_fields), &work))
        return;
    work.if_version = 0;
    if (!twi_work_run(request, &work, &result)) {
        twi_work_failed(request, &result);
        return;
    }
    char location[TW_ID_MAX_BYTES + 16];
    snprintf(location, sizeof(location), "/v1/cases/%s", result.subject);
    const char *kept = tw_arena_copy(&request->arena, location, strlen(location));
    if (kept)
        twi_reply_header(request, "Location", kept);
    reply_case(request, 201, tw_str_from(result.subject));
}

// A conflict is one of versions when the file changed since the one that was stated.
static void answer_failure(twi_request *request, const tw_work_request *work,
                           const tw_work_result *result)
{
    tw_doc_row row;
    tw_status status = tw_query_doc(request->http->service, TW_STR("case"), work->subject,
                                    &request->arena, &row, NULL);
    if (result->status != TW_CONFLICT || work->if_version == 0 || status != TW_OK ||
        row.seq <= work->if_version) {
        twi_work_failed(request, result);
        return;
    }
    twi_stale(
        request, "Somebody changed the case in the meantime",
        &(twi_stale_state){
            .version = row.seq, .since = work->if_version, .subject = row.id, .case_file = &row});
}

void twi_handle_case_action(twi_request *request)
{
    tw_work_request work;
    tw_work_result result;
    tw_doc_row row;
    yyjson_doc *doc = twi_body_json(request);
    yyjson_val *body = doc ? yyjson_doc_get_root(doc) : NULL;
    const case_word *word = NULL;
    if (!body || !twi_case_asked(request, request->params[0], &row))
        return;
    for (size_t i = 0; i < TW_COUNT(words) && !word; i++) {
        if (tw_str_equal(twi_member(body, "action"), tw_str_from(words[i].word)))
            word = &words[i];
    }
    if (!word) {
        twi_problem(request, 422, "action",
                    "action must be edit, add, remove, note, task, money, refer, submit, approve, "
                    "reject or reopen");
        return;
    }
    if (!twi_work_of(request, word->kind, row.id, &work) ||
        !action_body(request, body, word->fields, word->n, &work))
        return;
    if (twi_work_run(request, &work, &result))
        reply_case(request, 200, row.id);
    else
        answer_failure(request, &work, &result);
}
