// SPDX-License-Identifier: Apache-2.0
//
// Saved filters of the queue: one's own, and those that are shared.
#include "fields.h"
#include "learning.h"
#include "work.h"

enum { NAME_MAX_BYTES = 100, QUERY_MAX = 2000 };

static const tw_str doc_kind = {"filter", 6};

static bool is_shared(yyjson_val *file)
{
    return yyjson_get_bool(yyjson_obj_get(file, "shared"));
}

static void put_filter(yyjson_mut_doc *doc, yyjson_mut_val *out, const tw_doc_row *row,
                       yyjson_val *file)
{
    twi_json_str(doc, out, "id", row->id);
    twi_json_str(doc, out, "name", twi_member(file, "name"));
    twi_json_str(doc, out, "query", twi_member(file, "query"));
    twi_json_bool(doc, out, "shared", is_shared(file));
    twi_json_str(doc, out, "owner", row->owner);
    twi_json_time(doc, out, "updated_at", row->order_ms, 0);
    twi_json_uint(doc, out, "version", row->seq);
}

void twi_handle_filter_list(twi_request *request)
{
    tw_doc_filter filter = {.kind = doc_kind};
    tw_doc_page page;
    tw_err err = {0};
    tw_str me = tw_str_from(request->who.user);
    tw_status status = tw_query_docs(request->http->service, &filter, TW_LEDGER_PAGE_MAX, NULL,
                                     &request->arena, &page, &err);
    yyjson_mut_doc *doc;
    yyjson_mut_val *root;
    if (!twi_json_begin(request, status, &err, &doc, &root))
        return;
    yyjson_mut_val *items = twi_json_array(doc, root, "items");
    for (size_t i = 0; i < page.n; i++) {
        yyjson_val *file = twi_stored_json(request, page.items[i].body);
        if (file && (is_shared(file) || tw_str_equal(page.items[i].owner, me)))
            put_filter(doc, yyjson_mut_arr_add_obj(doc, items), &page.items[i], file);
    }
    twi_reply_json(request, 200, doc);
}

// May the caller change the filter of the path? One that it may not see does not exist for it.
// *exists is false for a new one. False after answering.
static bool may_change(twi_request *request, tw_doc_row *row, bool *exists)
{
    tw_err err = {0};
    tw_str id = request->params[0];
    tw_status status =
        tw_query_doc(request->http->service, doc_kind, id, &request->arena, row, &err);
    *exists = status == TW_OK;
    if (status == TW_NOT_FOUND)
        return true;
    if (status != TW_OK) {
        twi_problem_err(request, status, &err);
        return false;
    }
    bool is_own = tw_str_equal(row->owner, tw_str_from(request->who.user));
    bool may_manage = (request->who.rights & TW_RIGHT_MANAGE) != 0;
    if (is_own || (may_manage && is_shared(twi_stored_json(request, row->body))))
        return true;
    twi_problem(request, 403, NULL, "This filter belongs to %.*s", TW_STR_ARG(row->owner));
    return false;
}

static void reply_filter(twi_request *request, tw_str id)
{
    tw_doc_row row;
    tw_err err = {0};
    tw_status status =
        tw_query_doc(request->http->service, doc_kind, id, &request->arena, &row, &err);
    yyjson_mut_doc *doc;
    yyjson_mut_val *root;
    if (!twi_json_begin(request, status, &err, &doc, &root))
        return;
    put_filter(doc, root, &row, twi_stored_json(request, row.body));
    twi_etag(request, row.seq);
    twi_reply_json(request, 200, doc);
}

void twi_handle_filter_save(twi_request *request)
{
    static const twi_field fields[] = {{"name", NULL, TWI_FIELD_TEXT, NAME_MAX_BYTES, true},
                                       {"query", NULL, TWI_FIELD_TEXT, QUERY_MAX, false},
                                       {"shared", NULL, TWI_FIELD_FLAG, 0, true}};
    tw_work_request work;
    tw_work_result result;
    tw_doc_row row;
    bool exists;
    yyjson_doc *body = twi_body_json(request);
    yyjson_mut_doc *doc = body ? twi_json_doc(request) : NULL;
    yyjson_mut_val *root = doc ? yyjson_mut_obj(doc) : NULL;
    if (!body || !may_change(request, &row, &exists))
        return;
    if (!root) {
        twi_problem_err(request, TW_NO_MEMORY, NULL);
        return;
    }
    yyjson_mut_doc_set_root(doc, root);
    if (!twi_work_of(request, TW_ACTION_FILTER_SAVE, request->params[0], &work) ||
        !twi_fields_read(request, yyjson_doc_get_root(body), fields, TW_COUNT(fields), NULL, doc,
                         root))
        return;
    work.body = twi_json_text(doc);
    if (twi_work_run(request, &work, &result))
        reply_filter(request, request->params[0]);
    else if (result.status == TW_CONFLICT && exists && work.if_version)
        twi_stale(request, "Somebody changed the filter in the meantime",
                  &(twi_stale_state){.version = row.seq});
    else
        twi_work_failed(request, &result);
}

void twi_handle_filter_remove(twi_request *request)
{
    tw_work_request work;
    tw_work_result result;
    tw_doc_row row;
    bool exists;
    if (!may_change(request, &row, &exists))
        return;
    if (!exists) {
        twi_problem(request, 404, NULL, "There is no filter \"%.*s\"",
                    TW_STR_ARG(request->params[0]));
        return;
    }
    if (!twi_work_of(request, TW_ACTION_FILTER_REMOVE, row.id, &work))
        return;
    if (twi_work_run(request, &work, &result))
        twi_reply(request, 204, NULL, TW_STR_NONE);
    else
        twi_work_failed(request, &result);
}
