// SPDX-License-Identifier: Apache-2.0
//
// The log of what callers did and saw: facts of the journal, written here and read here.
#include "audit.h"

#include <stdio.h>

#include "base/log.h"
#include "fields.h"
#include "scope.h"
#include "service/work.h"

// --- writing
// --------------------------------------------------------------------------------------

void twi_audit(twi_request *request, const char *kind, tw_str subject, tw_str body)
{
    tw_work_result result;
    tw_err err = {0};
    const tw_work_request work = {.kind = TW_ACTION_NOTE,
                                  .kind_word = tw_str_from(kind),
                                  .subject = subject,
                                  .actor = tw_str_from(request->who.user),
                                  .rights = request->who.rights,
                                  .body = body};
    if (tw_service_act(request->http->service, &work, 1, &result, &err) != TW_OK)
        tw_log(TW_LOG_ERROR, "audit", "%s %.*s by %s is not in the journal: %s", kind,
               TW_STR_ARG(subject), request->who.user, err.text);
}

// {"key":"value"} in the arena; "" when memory ran out.
static tw_str one_member(twi_request *request, const char *key, tw_str value)
{
    yyjson_mut_doc *doc = twi_json_doc(request);
    yyjson_mut_val *root = doc ? yyjson_mut_obj(doc) : NULL;
    if (!root)
        return TW_STR_NONE;
    yyjson_mut_doc_set_root(doc, root);
    if (value.bytes)
        twi_json_str(doc, root, key, value);
    return twi_json_text(doc);
}

void twi_audit_change(twi_request *request, const char *kind, tw_str subject, const char *key,
                      tw_str value)
{
    twi_audit(request, kind, subject, one_member(request, key, value));
}

void twi_audit_view(twi_request *request, const char *kind, tw_str subject, tw_str employee_id)
{
    tw_service_note(request->http->service, tw_str_from(kind), subject,
                    tw_str_from(request->who.user),
                    one_member(request, "employee_id", employee_id));
}

void twi_audit_failure(twi_request *request, tw_str user_id)
{
    tw_user_row user;
    bool is_known =
        tw_access_user_get(request->http->access, user_id, &request->arena, &user, NULL) == TW_OK;
    tw_service_note(request->http->service, TW_STR("session.fail"),
                    is_known ? user_id : TW_STR_NONE, is_known ? user_id : TW_STR("nobody"),
                    TW_STR_NONE);
}

static tw_status collect_one(tw_http *http, const tw_access_secret *row, tw_err *err)
{
    char action_id[2 * 16 + 1];
    tw_work_result result;
    const char *end = row->body.bytes ? memchr(row->body.at, '\n', row->body.bytes) : NULL;
    size_t n = end ? (size_t)(end - row->body.at) : 0;
    if (!end)
        return TW_OK;
    // By its hash: taken in again after a crash, it is the same action.
    const tw_work_request work = {
        .kind = TW_ACTION_NOTE,
        .kind_word = {row->body.at, n},
        .subject = row->user_id,
        .actor = {end + 1, row->body.bytes - n - 1},
        .at_ms = row->created_ms,
        .action_id = tw_str_from(tw_hex(row->hash, 16, action_id)),
    };
    return tw_service_act(http->service, &work, 1, &result, err);
}

void twi_audit_collect(tw_http *http, tw_arena *scratch)
{
    tw_access_secret *rows;
    size_t n;
    tw_err err = {0};
    tw_arena_reset(scratch);
    if (tw_access_secret_list(http->access, TW_STR("note"), scratch, &rows, &n, NULL) != TW_OK)
        return;
    for (size_t i = 0; i < n; i++) {
        tw_status status = collect_one(http, &rows[i], &err);
        if (status == TW_OK)
            status = tw_access_secret_take(http->access, rows[i].hash, &err);
        if (status != TW_OK) {
            tw_log(TW_LOG_ERROR, "audit", "a change of an account is not in the journal yet: %s",
                   err.text);
            return;
        }
    }
}

// --- reading
// --------------------------------------------------------------------------------------

static void json_entry(yyjson_mut_doc *doc, yyjson_mut_val *object, const tw_action_row *row)
{
    twi_json_uint(doc, object, "seq", row->seq);
    twi_json_time(doc, object, "time", row->at_ms, 0);
    twi_json_str(doc, object, "actor", row->actor);
    twi_json_str(doc, object, "kind", row->kind);
    twi_json_str_or_null(doc, object, "subject", row->subject);
    twi_json_str_or_null(doc, object, "about", row->about);
    twi_json_str_or_null(doc, object, "store_id", row->store_id);
    if (row->body.bytes)
        yyjson_mut_obj_add(object, yyjson_mut_str(doc, "body"),
                           yyjson_mut_rawn(doc, row->body.at, row->body.bytes));
    else
        twi_json_null(doc, object, "body");
}

static void reply_page(twi_request *request, const tw_action_filter *filter, uint32_t limit)
{
    tw_action_row *rows = NULL;
    size_t n = 0;
    tw_err err = {0};
    tw_status status =
        tw_query_actions(request->http->service, filter, limit, &request->arena, &rows, &n, &err);
    yyjson_mut_doc *doc;
    yyjson_mut_val *root;
    if (!twi_json_begin(request, status, &err, &doc, &root))
        return;
    yyjson_mut_val *items = twi_json_array(doc, root, "items");
    for (size_t i = 0; i < n; i++)
        json_entry(doc, yyjson_mut_arr_add_obj(doc, items), &rows[i]);
    char cursor[24];
    snprintf(cursor, sizeof(cursor), "%llu", n ? (unsigned long long)rows[n - 1].seq : 0ULL);
    if (n == limit)
        twi_json_cstr(doc, root, "next_cursor", cursor);
    else
        twi_json_null(doc, root, "next_cursor");
    twi_reply_json(request, 200, doc);
}

// A field with quotes. What a spreadsheet would take for a formula gets an apostrophe.
static void put_csv(tw_buf *out, tw_str text, char end)
{
    bool is_formula = text.bytes && strchr("=+-@\t\r", text.at[0]);
    tw_buf_cstr(out, is_formula ? "\"'" : "\"");
    for (size_t i = 0; i < text.bytes; i++) {
        if (text.at[i] == '"')
            tw_buf_cstr(out, "\"");
        tw_buf_put(out, &text.at[i], 1);
    }
    tw_buf_printf(out, "\"%c", end);
}

static void put_line(tw_buf *out, const tw_action_row *row)
{
    char time[TW_TIME_TEXT_BYTES];
    tw_time_format(row->at_ms, 0, time);
    tw_buf_printf(out, "%llu,%s,", (unsigned long long)row->seq, time);
    put_csv(out, row->actor, ',');
    put_csv(out, row->kind, ',');
    put_csv(out, row->subject, ',');
    put_csv(out, row->about, ',');
    put_csv(out, row->store_id, ',');
    put_csv(out, row->body, '\n');
}

static void reply_csv(twi_request *request, tw_action_filter filter)
{
    enum { LINES_MAX = 100000 };
    tw_buf *out = &request->out;
    tw_arena arena;
    tw_status status = TW_OK;
    tw_err err = {0};
    tw_arena_init(&arena, request->http->alloc, 0, (size_t)64 << 20);
    tw_buf_cstr(out, "seq,time,actor,kind,subject,about,store_id,body\n");
    for (size_t line_n = 0, n = TW_LEDGER_PAGE_MAX; n == TW_LEDGER_PAGE_MAX && line_n < LINES_MAX;
         line_n += n) {
        tw_action_row *rows;
        tw_arena_reset(&arena);
        status = tw_query_actions(request->http->service, &filter, TW_LEDGER_PAGE_MAX, &arena,
                                  &rows, &n, &err);
        if (status != TW_OK)
            break;
        for (size_t i = 0; i < n; i++)
            put_line(out, &rows[i]);
        filter.before_seq = n ? rows[n - 1].seq : 0;
    }
    tw_arena_release(&arena);
    if (status == TW_OK)
        status = out->status;
    if (status != TW_OK) {
        twi_problem_err(request, status, &err);
        return;
    }
    twi_reply_header(request, "Content-Disposition", "attachment; filename=\"audit.csv\"");
    twi_reply(request, 200, "text/csv; charset=utf-8",
              (tw_str){(const char *)out->data_own, out->bytes});
}

static bool read_filter(twi_request *request, tw_action_filter *out)
{
    *out = (tw_action_filter){.actor = twi_argument(request, "actor"),
                              .about = twi_argument(request, "about"),
                              .subject = twi_argument(request, "subject"),
                              .kind = twi_argument(request, "kind")};
    twi_scope_stores(request, &out->stores);
    return twi_time_argument(request, "from", &out->from_ms) &&
           twi_time_argument(request, "to", &out->to_ms) &&
           twi_cursor_argument(request, &out->before_seq);
}

void twi_handle_audit(twi_request *request)
{
    tw_action_filter filter;
    uint32_t limit;
    tw_str format = twi_argument(request, "format");
    bool is_csv = tw_str_equal(format, TW_STR("csv"));
    if (!twi_query_limit(request, &limit) || !read_filter(request, &filter))
        return;
    if (format.bytes && !is_csv && !tw_str_equal(format, TW_STR("json"))) {
        twi_problem(request, 400, "format", "format must be json or csv");
        return;
    }
    if (!is_csv)
        reply_page(request, &filter, limit);
    else if (request->who.rights & TW_RIGHT_NAMES)
        reply_csv(request, filter);
    else
        twi_problem(request, 403, NULL, "A file of the log needs the right \"names\"");
}
