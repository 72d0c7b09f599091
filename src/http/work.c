// SPDX-License-Identifier: Apache-2.0
//
// What the handlers of the work share: versions, idempotency, and what a stale version is answered
// with.
#include "work.h"

#include <stdio.h>

#include "base/hash.h"
#include "fields.h"
#include "scope.h"

enum { CHANGES_SHOWN = 20, KEY_MAX = 128 };

bool twi_if_match(twi_request *request, uint64_t *out)
{
    const char *header = twi_request_header(request, "If-Match");
    int64_t value = 0;
    *out = 0;
    if (!header || strcmp(header, "*") == 0)
        return true;
    tw_str text = tw_str_trim(tw_str_from(header));
    bool is_quoted = text.bytes > 2 && text.at[0] == '"' && text.at[text.bytes - 1] == '"';
    if (is_quoted) {
        text = (tw_str){text.at + 1, text.bytes - 2};
        const char *hyphen = memchr(text.at, '-', text.bytes);
        text.bytes = hyphen ? (size_t)(hyphen - text.at) : text.bytes;
        if (tw_str_to_i64(text, &value) && value >= 0) {
            *out = (uint64_t)value;
            return true;
        }
    }
    twi_problem(request, 400, "If-Match", "If-Match must be an ETag of this thing, or * for any");
    return false;
}

bool twi_idempotency_id(twi_request *request, tw_str *out)
{
    const char *key = twi_request_header(request, "Idempotency-Key");
    *out = TW_STR_NONE;
    if (!key)
        return true;
    size_t bytes = strlen(key);
    if (bytes == 0 || bytes > KEY_MAX) {
        twi_problem(request, 400, "Idempotency-Key", "Idempotency-Key must have 1 to %d bytes",
                    KEY_MAX);
        return false;
    }
    uint8_t hash[TW_SHA256_BYTES];
    char hex[2 * TW_SHA256_BYTES + 1], id[48];
    const char *parts[] = {request->who.user, request->path, key};
    tw_buf text;
    tw_buf_init(&text, request->http->alloc, (size_t)64 << 10);
    for (size_t i = 0; i < TW_COUNT(parts); i++)
        tw_buf_blob(&text, tw_str_from(parts[i]));
    if (text.status != TW_OK) {
        tw_buf_release(&text);
        twi_problem_err(request, TW_NO_MEMORY, NULL);
        return false;
    }
    tw_sha256(text.data_own, text.bytes, hash);
    tw_buf_release(&text);
    snprintf(id, sizeof(id), "I-%.32s", tw_hex(hash, sizeof(hash), hex));
    const char *copy = tw_arena_copy(&request->arena, id, strlen(id));
    if (!copy) {
        twi_problem_err(request, TW_NO_MEMORY, NULL);
        return false;
    }
    *out = tw_str_from(copy);
    return true;
}

void twi_etag(twi_request *request, uint64_t version)
{
    char text[32];
    snprintf(text, sizeof(text), "\"%llu\"", (unsigned long long)version);
    const char *etag = tw_arena_copy(&request->arena, text, strlen(text));
    if (etag)
        twi_reply_header(request, "ETag", etag);
}

bool twi_work_of(twi_request *request, tw_action_kind kind, tw_str subject, tw_work_request *out)
{
    *out = (tw_work_request){.kind = kind,
                             .subject = subject,
                             .actor = tw_str_from(request->who.user),
                             .rights = request->who.rights};
    return twi_if_match(request, &out->if_version) && twi_idempotency_id(request, &out->action_id);
}

bool twi_work_run(twi_request *request, const tw_work_request *work, tw_work_result *result)
{
    tw_err err = {0};
    *result = (tw_work_result){.status = TW_OK};
    tw_status status = tw_service_act(request->http->service, work, 1, result, &err);
    if (status != TW_OK && result->status == TW_OK) { // nothing was tried
        result->status = status;
        result->err = err;
    }
    return status == TW_OK;
}

void twi_work_failed(twi_request *request, const tw_work_result *result)
{
    twi_problem_err(request, result->status, &result->err);
}

// --- stores
// -----------------------------------------------------------------------------------------------

static bool is_asked(tw_str store_id, const tw_region *region, tw_str want)
{
    return (want.bytes == 0 || tw_str_equal(want, store_id)) &&
           (!region || tw_region_holds(region, store_id));
}

// The name of a region that is not there finds nothing, as does that of a store.
static bool find_region(const tw_settings *settings, tw_str name, const tw_region **out)
{
    static const tw_region empty = {.store_n = 0};
    *out = name.bytes ? &empty : NULL;
    for (size_t i = 0; i < settings->region_n; i++) {
        if (tw_str_equal(settings->regions[i].name, name))
            *out = &settings->regions[i];
    }
    return name.bytes > 0;
}

bool twi_stores_argument(twi_request *request, const tw_settings *settings, tw_str_list *out)
{
    static const tw_str none = {"\x7f", 1}; // no store has this id
    tw_str store = twi_argument(request, "store_id");
    const tw_region *region;
    const tw_store_row *rows;
    size_t row_n, n = 0;
    bool has_region = find_region(settings, twi_argument(request, "region"), &region);
    if (!has_region && store.bytes == 0) {
        twi_scope_stores(request, out);
        return true;
    }
    tw_status status = tw_query_stores(request->http->service, &request->arena, &rows, &row_n);
    tw_str *items =
        status == TW_OK ? tw_arena_array(&request->arena, row_n + 1, sizeof(*items)) : NULL;
    if (!items) {
        twi_problem_err(request, status == TW_OK ? TW_NO_MEMORY : status, NULL);
        return false;
    }
    for (size_t i = 0; i < row_n; i++) {
        if (is_asked(rows[i].store_id, region, store) && twi_scope_has(request, rows[i].store_id) &&
            n < TW_LEDGER_FILTER_MAX)
            items[n++] = rows[i].store_id;
    }
    *out = n ? (tw_str_list){items, n} : (tw_str_list){&none, 1};
    return true;
}

// --- stale versions
// -------------------------------------------------------------------------------------

static bool is_look(tw_str kind)
{
    return tw_str_equal(kind, tw_str_from(tw_action_kind_word(TW_ACTION_ALERT_VIEW))) ||
           tw_str_equal(kind, tw_str_from(tw_action_kind_word(TW_ACTION_CASE_VIEW))) ||
           tw_str_equal(kind, tw_str_from(tw_action_kind_word(TW_ACTION_CASE_EXPORT)));
}

static void put_changes(twi_request *request, yyjson_mut_doc *doc, yyjson_mut_val *root,
                        const twi_stale_state *state)
{
    yyjson_mut_val *changes = twi_json_array(doc, root, "changes");
    tw_action_filter filter = {.subject = state->subject};
    tw_action_row *rows;
    size_t n, shown = 0;
    if (state->subject.bytes == 0 ||
        tw_query_actions(request->http->service, &filter, TW_LEDGER_PAGE_MAX, &request->arena,
                         &rows, &n, NULL) != TW_OK)
        return;
    for (size_t i = 0; i < n && rows[i].seq > state->since && shown < CHANGES_SHOWN; i++) {
        if (is_look(rows[i].kind))
            continue;
        twi_json_entry(request, doc, yyjson_mut_arr_add_obj(doc, changes), &rows[i]);
        shown++;
    }
}

static void put_state(twi_request *request, yyjson_mut_doc *doc, yyjson_mut_val *root,
                      const twi_stale_state *state)
{
    if (state->version)
        twi_json_uint(doc, root, "version", state->version);
    else
        twi_json_null(doc, root, "version");
    put_changes(request, doc, root, state);
    if (state->alert)
        twi_json_alert(doc, twi_json_object(doc, root, "alert"), state->alert);
    else
        twi_json_null(doc, root, "alert");
    yyjson_mut_val *file = state->case_file ? yyjson_mut_obj(doc) : NULL;
    if (file && twi_json_case(request, doc, file, state->case_file))
        yyjson_mut_obj_add_val(doc, root, "case", file);
    else
        twi_json_null(doc, root, "case");
}

void twi_stale(twi_request *request, const char *sentence, const twi_stale_state *state)
{
    static const twi_stale_state nothing = {0};
    yyjson_mut_doc *doc;
    yyjson_mut_val *root;
    if (!twi_json_begin(request, TW_OK, NULL, &doc, &root))
        return;
    twi_json_cstr(doc, root, "type", "about:blank");
    twi_json_cstr(doc, root, "title", twi_status_title(412));
    twi_json_uint(doc, root, "status", 412);
    twi_json_cstr(doc, root, "detail", sentence);
    put_state(request, doc, root, state ? state : &nothing);
    twi_reply_problem(request, 412, doc);
}
