// SPDX-License-Identifier: Apache-2.0
//
// Case files as the API shows them: the stored document with money, the alerts and the transactions
// that it names.
#include <stdio.h>

#include "fields.h"
#include "learning.h"
#include "scope.h"
#include "work.h"

enum { TRANSACTIONS_SHOWN = 200 };

// What the parts need.
typedef struct writing {
    twi_request *request;
    yyjson_mut_doc *doc;
    yyjson_val *file;
    char currency[4];
} writing;

static tw_str text_of(yyjson_val *value)
{
    return yyjson_is_str(value) ? (tw_str){yyjson_get_str(value), yyjson_get_len(value)}
                                : TW_STR_NONE;
}

static int64_t minor_of(yyjson_val *object, const char *name)
{
    return yyjson_get_sint(yyjson_obj_get(object, name));
}

static size_t list_n(const writing *w, const char *name)
{
    return yyjson_arr_size(yyjson_obj_get(w->file, name));
}

static void put_text(const writing *w, yyjson_mut_val *out, const char *key, yyjson_val *from)
{
    twi_json_str(w->doc, out, key, twi_member(from, key));
}

static void put_text_or_null(const writing *w, yyjson_mut_val *out, const char *key,
                             yyjson_val *from)
{
    twi_json_str_or_null(w->doc, out, key, twi_member(from, key));
}

static void put_money(const writing *w, yyjson_mut_val *out, const char *key, int64_t minor)
{
    twi_json_money(w->doc, out, key, minor, w->currency);
}

static bool begin(writing *w, twi_request *request, yyjson_mut_doc *doc, const tw_doc_row *row)
{
    *w = (writing){request, doc, twi_stored_json(request, row->body), {0}};
    tw_str currency = twi_member(w->file, "currency");
    if (currency.bytes == 3)
        memcpy(w->currency, currency.at, 3);
    else
        memcpy(w->currency, request->http->intake->default_currency, sizeof(w->currency));
    return w->file != NULL;
}

// --- what lists show, too
// --------------------------------------------------------------------------------

static size_t open_tasks(const writing *w)
{
    size_t open = 0, i, n;
    yyjson_val *task;
    yyjson_arr_foreach(yyjson_obj_get(w->file, "tasks"), i, n, task)
    {
        open += !yyjson_get_bool(yyjson_obj_get(task, "done"));
    }
    return open;
}

static void put_fields(const writing *w, yyjson_mut_val *out, const tw_doc_row *row,
                       const tw_settings *settings)
{
    static const char *const texts[] = {"title", "state", "opened_by", "opened_at", "updated_at"};
    yyjson_mut_doc *doc = w->doc;
    twi_json_str(doc, out, "case_id", row->id);
    for (size_t i = 0; i < TW_COUNT(texts); i++)
        put_text(w, out, texts[i], w->file);
    put_text_or_null(w, out, "owner", w->file);
    twi_json_str_or_null(doc, out, "store_id", row->store_id);
    twi_json_str_or_null(doc, out, "region", tw_settings_region(settings, row->store_id));
    twi_json_uint(doc, out, "alert_n", list_n(w, "alerts"));
    twi_json_uint(doc, out, "transaction_n", list_n(w, "transactions"));
    twi_json_uint(doc, out, "subject_n", list_n(w, "subjects"));
    twi_json_uint(doc, out, "attachment_n", list_n(w, "attachments"));
    twi_json_uint(doc, out, "task_n", list_n(w, "tasks"));
    twi_json_uint(doc, out, "task_open_n", open_tasks(w));
    twi_json_uint(doc, out, "note_n", yyjson_get_uint(yyjson_obj_get(w->file, "note_n")));
    put_money(w, out, "exposure", minor_of(w->file, "exposure_minor"));
    put_money(w, out, "recovered", minor_of(w->file, "recovered_minor"));
    put_money(w, out, "restitution", minor_of(w->file, "restitution_minor"));
    bool is_closed = tw_str_equal(row->state, TW_STR("CLOSED"));
    yyjson_val *closing = yyjson_obj_get(w->file, "closing");
    twi_json_str_or_null(doc, out, "verdict",
                         is_closed ? twi_member(closing, "verdict") : TW_STR_NONE);
    twi_json_uint(doc, out, "version", row->seq);
}

bool twi_json_case_brief(twi_request *request, yyjson_mut_doc *doc, yyjson_mut_val *object,
                         const tw_doc_row *row, const tw_settings *settings)
{
    writing w;
    if (!begin(&w, request, doc, row))
        return false;
    put_fields(&w, object, row, settings);
    return true;
}

// --- the file's lists
// --------------------------------------------------------------------------------------

// A list of plain entries: texts, and texts that are null when they are empty.
typedef struct plain_list {
    const char *name;
    const char *texts[6], *nullable[4]; // ended by NULL
} plain_list;

static yyjson_mut_val *put_entry(const writing *w, yyjson_mut_val *list, const plain_list *plain,
                                 yyjson_val *item)
{
    yyjson_mut_val *entry = yyjson_mut_arr_add_obj(w->doc, list);
    for (const char *const *text = plain->texts; *text; text++)
        put_text(w, entry, *text, item);
    for (const char *const *text = plain->nullable; *text; text++)
        put_text_or_null(w, entry, *text, item);
    return entry;
}

static void put_plain_lists(const writing *w, yyjson_mut_val *out)
{
    static const plain_list subjects = {"subjects", {"kind", "id", "added_by", "added_at"}, {0}};
    static const plain_list referrals = {"referrals", {"to", "by", "at"}, {"reference", "note"}};
    static const plain_list *const lists[] = {&subjects, &referrals};
    for (size_t l = 0; l < TW_COUNT(lists); l++) {
        yyjson_mut_val *list = twi_json_array(w->doc, out, lists[l]->name);
        size_t i, n;
        yyjson_val *item;
        yyjson_arr_foreach(yyjson_obj_get(w->file, lists[l]->name), i, n, item)
        {
            put_entry(w, list, lists[l], item);
        }
    }
}

static void put_attachments(const writing *w, yyjson_mut_val *out)
{
    static const plain_list attachments = {
        "attachments", {"sha256", "name", "media_type", "added_by", "added_at"}, {"note"}};
    yyjson_mut_val *list = twi_json_array(w->doc, out, attachments.name);
    size_t i, n;
    yyjson_val *item;
    yyjson_arr_foreach(yyjson_obj_get(w->file, attachments.name), i, n, item)
    {
        yyjson_mut_val *entry = put_entry(w, list, &attachments, item);
        twi_json_uint(w->doc, entry, "bytes", yyjson_get_uint(yyjson_obj_get(item, "bytes")));
    }
}

static void put_tasks(const writing *w, yyjson_mut_val *out)
{
    static const plain_list tasks = {
        "tasks", {"task_id", "title", "changed_by", "changed_at"}, {"assignee", "due"}};
    yyjson_mut_val *list = twi_json_array(w->doc, out, tasks.name);
    size_t i, n;
    yyjson_val *item;
    yyjson_arr_foreach(yyjson_obj_get(w->file, tasks.name), i, n, item)
    {
        yyjson_mut_val *entry = put_entry(w, list, &tasks, item);
        twi_json_bool(w->doc, entry, "is_done", yyjson_get_bool(yyjson_obj_get(item, "done")));
    }
}

static void put_money_list(const writing *w, yyjson_mut_val *out)
{
    static const plain_list money = {"money", {"kind", "by", "at"}, {"note"}};
    yyjson_mut_val *list = twi_json_array(w->doc, out, money.name);
    size_t i, n;
    yyjson_val *item;
    yyjson_arr_foreach(yyjson_obj_get(w->file, money.name), i, n, item)
    {
        yyjson_mut_val *entry = put_entry(w, list, &money, item);
        put_money(w, entry, "amount", minor_of(item, "amount_minor"));
    }
}

static void put_closing(const writing *w, yyjson_mut_val *out)
{
    static const char *const texts[] = {"verdict", "reason", "submitted_by", "submitted_at"};
    static const char *const nullable[] = {"note", "approved_by", "approved_at"};
    yyjson_val *closing = yyjson_obj_get(w->file, "closing");
    if (!yyjson_is_obj(closing)) {
        twi_json_null(w->doc, out, "closing");
        return;
    }
    yyjson_mut_val *object = twi_json_object(w->doc, out, "closing");
    for (size_t i = 0; i < TW_COUNT(texts); i++)
        put_text(w, object, texts[i], closing);
    for (size_t i = 0; i < TW_COUNT(nullable); i++)
        put_text_or_null(w, object, nullable[i], closing);
    twi_json_bool(w->doc, object, "needs_approval",
                  yyjson_get_bool(yyjson_obj_get(closing, "needs_approval")));
}

// --- alerts and transactions
// --------------------------------------------------------------------------------

static void put_alerts(const writing *w, yyjson_mut_val *out)
{
    yyjson_mut_val *list = twi_json_array(w->doc, out, "alerts");
    size_t i, n;
    yyjson_val *item;
    yyjson_arr_foreach(yyjson_obj_get(w->file, "alerts"), i, n, item)
    {
        tw_alert_view alert;
        if (tw_query_alert(w->request->http->service, text_of(item), &w->request->arena, &alert) !=
                TW_OK ||
            !twi_scope_has(w->request, alert.store_id))
            continue;
        yyjson_mut_val *entry = yyjson_mut_arr_add_obj(w->doc, list);
        twi_json_alert_brief(w->doc, twi_json_object(w->doc, entry, "alert"), &alert);
        yyjson_mut_val *entity = twi_json_object(w->doc, entry, "entity");
        twi_json_str(w->doc, entity, "kind", alert.entity_kind);
        twi_json_str(w->doc, entity, "id", alert.entity_id);
        twi_json_str(w->doc, entry, "store_id", alert.store_id);
        twi_json_str_or_null(w->doc, entry, "employee_id", alert.employee_id);
    }
}

static void put_transactions(const writing *w, yyjson_mut_val *out)
{
    yyjson_mut_val *list = twi_json_array(w->doc, out, "transactions");
    size_t i, n;
    yyjson_val *item;
    yyjson_arr_foreach(yyjson_obj_get(w->file, "transactions"), i, n, item)
    {
        tw_transaction_view view;
        if (i == TRANSACTIONS_SHOWN)
            break;
        if (tw_query_transaction(w->request->http->service, text_of(item), &w->request->arena,
                                 &view, NULL) == TW_OK &&
            twi_scope_has(w->request, view.transaction->store_id))
            twi_json_related(w->doc, yyjson_mut_arr_add_obj(w->doc, list), &view);
    }
}

bool twi_json_case(twi_request *request, yyjson_mut_doc *doc, yyjson_mut_val *object,
                   const tw_doc_row *row)
{
    writing w;
    tw_settings settings;
    uint64_t version;
    tw_str json;
    if (!begin(&w, request, doc, row) ||
        tw_query_settings(request->http->service, &request->arena, &settings, &version, &json,
                          NULL) != TW_OK)
        return false;
    put_fields(&w, object, row, &settings);
    put_plain_lists(&w, object);
    put_alerts(&w, object);
    put_transactions(&w, object);
    put_attachments(&w, object);
    put_tasks(&w, object);
    put_money_list(&w, object);
    put_closing(&w, object);
    tw_case_limits limits = {.approval_minor = settings.approval_minor};
    twi_json_bool(doc, object, "needs_approval",
                  tw_case_needs_approval(row->body, &limits, &request->arena));
    put_money(&w, object, "approval_limit", settings.approval_minor);
    return true;
}
