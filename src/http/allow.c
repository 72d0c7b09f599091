// SPDX-License-Identifier: Apache-2.0
//
// The allow list: entities that are kept from alerting for a while.
#include "fields.h"
#include "learning.h"
#include "people.h"
#include "scope.h"
#include "work.h"

enum { REASON_MAX = 500 };

static const tw_str doc_kind = {"allow", 5};

static int64_t now_ms(const twi_request *request)
{
    return request->http->clock->now_ms(request->http->clock->ctx);
}

static int64_t time_of(yyjson_val *file, const char *name)
{
    int64_t ms = 0;
    int16_t offset;
    (void)tw_time_parse(twi_member(file, name), &ms, &offset);
    return ms;
}

static bool is_active(const twi_request *request, const tw_doc_row *row, yyjson_val *file)
{
    return !tw_str_equal(row->state, TW_STR("REMOVED")) && time_of(file, "until") > now_ms(request);
}

static void put_entry(twi_request *request, yyjson_mut_doc *doc, yyjson_mut_val *out,
                      const tw_doc_row *row, yyjson_val *file)
{
    twi_json_str(doc, out, "id", row->id);
    yyjson_mut_val *entity = twi_json_object(doc, out, "entity");
    twi_json_str(doc, entity, "kind", twi_member(file, "entity_kind"));
    twi_json_str(doc, entity, "id", twi_member(file, "entity_id"));
    twi_json_str_or_null(doc, out, "scheme", twi_member(file, "scheme"));
    twi_json_str(doc, out, "until", twi_member(file, "until"));
    twi_json_str(doc, out, "owner", twi_member(file, "owner"));
    twi_json_str(doc, out, "reason", twi_member(file, "reason"));
    twi_json_str(doc, out, "added_by", twi_member(file, "added_by"));
    twi_json_str(doc, out, "added_at", twi_member(file, "added_at"));
    twi_json_bool(doc, out, "is_active", is_active(request, row, file));
    twi_json_uint(doc, out, "version", row->seq);
}

// An entry is of the store of its register or employee; cards belong to the whole chain.
static bool may_see(twi_request *request, yyjson_val *file)
{
    tw_str kind = twi_member(file, "entity_kind"), id = twi_member(file, "entity_id");
    tw_str store = twi_member(file, "store_id");
    tw_employee_info info;
    if (!request->who.scope)
        return true;
    if (tw_str_equal(kind, TW_STR("store")))
        return twi_scope_has(request, id);
    if (tw_str_equal(kind, TW_STR("employee")))
        return tw_query_employee(request->http->service, id, &info) == TW_OK &&
               twi_scope_has(request, tw_str_from(info.home_store));
    return store.bytes > 0 && twi_scope_has(request, store);
}

void twi_handle_allow_list(twi_request *request)
{
    tw_doc_filter filter = {.kind = doc_kind};
    tw_doc_page page;
    uint32_t limit;
    bool has_active, active;
    tw_err err = {0};
    if (!twi_query_limit(request, &limit) ||
        !twi_flag_argument(request, "active", &has_active, &active))
        return;
    tw_status status =
        tw_query_docs(request->http->service, &filter, limit,
                      twi_request_argument(request, "cursor"), &request->arena, &page, &err);
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
        yyjson_val *file = twi_stored_json(request, page.items[i].body);
        if (file && may_see(request, file) &&
            (!has_active || is_active(request, &page.items[i], file) == active))
            put_entry(request, doc, yyjson_mut_arr_add_obj(doc, items), &page.items[i], file);
    }
    twi_json_str_or_null(doc, root, "next_cursor", tw_str_from(page.next_cursor));
    twi_reply_json(request, 200, doc);
}

// --- changes
// ------------------------------------------------------------------------------------------

// The body of the action: the entity's parts by their names there.
static bool read_entry(twi_request *request, yyjson_val *body, tw_str *out)
{
    static const twi_field fields[] = {{"scheme", NULL, TWI_FIELD_TEXT, TW_ID_MAX_BYTES, false},
                                       {"until", NULL, TWI_FIELD_TIME, 0, true},
                                       {"owner", NULL, TWI_FIELD_TEXT, TW_ID_MAX_BYTES, false},
                                       {"reason", NULL, TWI_FIELD_TEXT, REASON_MAX, true}};
    static const twi_field entity_fields[] = {
        {"kind", "entity_kind", TWI_FIELD_TEXT, TW_ID_MAX_BYTES, true},
        {"id", "entity_id", TWI_FIELD_TEXT, 2 * TW_ID_MAX_BYTES + 1, true}};
    static const char *const apart[] = {"entity", NULL};
    yyjson_mut_doc *doc = twi_json_doc(request);
    yyjson_mut_val *root = doc ? yyjson_mut_obj(doc) : NULL;
    yyjson_val *entity = yyjson_obj_get(body, "entity");
    if (!root) {
        twi_problem_err(request, TW_NO_MEMORY, NULL);
        return false;
    }
    yyjson_mut_doc_set_root(doc, root);
    if (!yyjson_is_obj(entity)) {
        twi_problem(request, 422, "entity", "entity must be an object {kind, id}");
        return false;
    }
    if (!twi_fields_read(request, entity, entity_fields, TW_COUNT(entity_fields), NULL, doc,
                         root) ||
        !twi_fields_read(request, body, fields, TW_COUNT(fields), apart, doc, root))
        return false;
    if (twi_member(body, "owner").bytes == 0) {
        yyjson_mut_obj_remove_key(root, "owner");
        twi_json_cstr(doc, root, "owner", request->who.user);
    }
    if (!twi_user_known(request, "owner", twi_member(body, "owner")))
        return false;
    *out = twi_json_text(doc);
    if (out->bytes == 0)
        twi_problem_err(request, TW_NO_MEMORY, NULL);
    return out->bytes > 0;
}

static void reply_entry(twi_request *request, tw_str id)
{
    tw_doc_row row;
    tw_err err = {0};
    tw_status status =
        tw_query_doc(request->http->service, doc_kind, id, &request->arena, &row, &err);
    yyjson_mut_doc *doc;
    yyjson_mut_val *root;
    if (!twi_json_begin(request, status, &err, &doc, &root))
        return;
    yyjson_val *file = twi_stored_json(request, row.body);
    put_entry(request, doc, root, &row, file);
    twi_reply_json(request, 201, doc);
}

void twi_handle_allow_add(twi_request *request)
{
    tw_work_request work;
    tw_work_result result;
    yyjson_doc *body = twi_body_json(request);
    if (!body || !twi_work_of(request, TW_ACTION_ALLOW_ADD, TW_STR_NONE, &work) ||
        !read_entry(request, yyjson_doc_get_root(body), &work.body))
        return;
    if (twi_work_run(request, &work, &result))
        reply_entry(request, tw_str_from(result.subject));
    else
        twi_work_failed(request, &result);
}

void twi_handle_allow_remove(twi_request *request)
{
    tw_work_request work;
    tw_work_result result;
    tw_str reason = twi_argument(request, "reason");
    yyjson_mut_doc *doc = twi_json_doc(request);
    yyjson_mut_val *root = doc ? yyjson_mut_obj(doc) : NULL;
    if (!root) {
        twi_problem_err(request, TW_NO_MEMORY, NULL);
        return;
    }
    if (reason.bytes > REASON_MAX || !tw_str_is_utf8(reason)) {
        twi_problem(request, 422, "reason", "reason must be text of at most %d bytes", REASON_MAX);
        return;
    }
    yyjson_mut_doc_set_root(doc, root);
    if (reason.bytes)
        twi_json_str(doc, root, "reason", reason);
    if (!twi_work_of(request, TW_ACTION_ALLOW_REMOVE, request->params[0], &work))
        return;
    work.body = twi_json_text(doc);
    if (twi_work_run(request, &work, &result))
        twi_reply(request, 204, NULL, TW_STR_NONE);
    else
        twi_work_failed(request, &result);
}
