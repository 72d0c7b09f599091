// SPDX-License-Identifier: Apache-2.0
//
// Lines of the log as entries of a history: of an alert, and of a case with its alerts.
#include <stdio.h>
#include <stdlib.h>

#include "fields.h"
#include "learning.h"
#include "scope.h"
#include "work.h"

enum {
    ALERTS_MERGED = 100,
    ENTRIES_MAX = TW_LEDGER_PAGE_MAX - 1, // one more is read, to know whether a page follows
};

void twi_json_entry(twi_request *request, yyjson_mut_doc *doc, yyjson_mut_val *object,
                    const tw_action_row *row)
{
    twi_json_uint(doc, object, "seq", row->seq);
    twi_json_time(doc, object, "at", row->at_ms, 0);
    twi_json_str(doc, object, "kind", row->kind);
    twi_json_str(doc, object, "subject", row->subject);
    twi_json_str(doc, object, "actor", row->actor);
    yyjson_val *body = twi_stored_json(request, row->body);
    yyjson_mut_val *details = body ? yyjson_val_mut_copy(doc, body) : yyjson_mut_obj(doc);
    yyjson_mut_obj_add_val(doc, object, "details", details);
}

static void reply_page(twi_request *request, const tw_action_row *rows, size_t n, bool has_more)
{
    yyjson_mut_doc *doc;
    yyjson_mut_val *root;
    if (!twi_json_begin(request, TW_OK, NULL, &doc, &root))
        return;
    yyjson_mut_val *items = twi_json_array(doc, root, "items");
    for (size_t i = 0; i < n; i++)
        twi_json_entry(request, doc, yyjson_mut_arr_add_obj(doc, items), &rows[i]);
    char next[24];
    snprintf(next, sizeof(next), "%llu", n ? (unsigned long long)rows[n - 1].seq : 0ULL);
    twi_json_str_or_null(doc, root, "next_cursor", has_more && n ? tw_str_from(next) : TW_STR_NONE);
    twi_reply_json(request, 200, doc);
}

// One more than the page tells whether another follows.
static tw_status read_log(twi_request *request, tw_str subject, uint64_t before, size_t limit,
                          tw_action_row **rows, size_t *n, tw_err *err)
{
    tw_action_filter filter = {.subject = subject, .before_seq = before};
    twi_scope_stores(request, &filter.stores);
    return tw_query_actions(request->http->service, &filter, limit + 1, &request->arena, rows, n,
                            err);
}

void twi_handle_alert_history(twi_request *request)
{
    tw_alert_view alert;
    tw_action_row *rows;
    size_t n;
    uint32_t limit;
    uint64_t before;
    tw_err err = {0};
    if (!twi_query_limit(request, &limit) || !twi_cursor_argument(request, &before) ||
        !twi_alert_asked(request, request->params[0], &alert))
        return;
    limit = TW_MIN(limit, (uint32_t)ENTRIES_MAX);
    tw_status status = read_log(request, alert.alert_id, before, limit, &rows, &n, &err);
    if (status != TW_OK) {
        twi_problem_err(request, status, &err);
        return;
    }
    reply_page(request, rows, TW_MIN(n, (size_t)limit), n > limit);
}

// --- cases
// ----------------------------------------------------------------------------------------------

typedef struct merge {
    tw_action_row *rows; // newest first
    size_t n, cap;
} merge;

static int newest_first(const void *a, const void *b)
{
    uint64_t x = ((const tw_action_row *)a)->seq, y = ((const tw_action_row *)b)->seq;
    return (x < y) - (x > y);
}

static tw_status add_log(twi_request *request, tw_str subject, uint64_t before, size_t limit,
                         merge *out, tw_err *err)
{
    tw_action_row *rows;
    size_t n;
    TW_TRY(read_log(request, subject, before, limit, &rows, &n, err));
    if (out->n + n > out->cap) {
        size_t cap = 2 * out->cap + n;
        tw_action_row *more = tw_arena_array(&request->arena, cap, sizeof(*more));
        if (!more)
            return tw_fail(err, TW_NO_MEMORY, "no memory for the timeline");
        if (out->n)
            memcpy(more, out->rows, out->n * sizeof(*more));
        out->rows = more;
        out->cap = cap;
    }
    if (n)
        memcpy(out->rows + out->n, rows, n * sizeof(*rows));
    out->n += n;
    return TW_OK;
}

// The log of the case and those of its alerts; a page needs at most `limit` of each.
static tw_status read_case_log(twi_request *request, const tw_doc_row *row, uint64_t before,
                               size_t limit, merge *out, tw_err *err)
{
    TW_TRY(add_log(request, row->id, before, limit, out, err));
    yyjson_val *alerts = yyjson_obj_get(twi_stored_json(request, row->body), "alerts");
    size_t i, n;
    yyjson_val *alert;
    yyjson_arr_foreach(alerts, i, n, alert)
    {
        tw_str id = {yyjson_get_str(alert), yyjson_get_len(alert)};
        if (i == ALERTS_MERGED)
            break;
        if (id.bytes)
            TW_TRY(add_log(request, id, before, limit, out, err));
    }
    if (out->n)
        qsort(out->rows, out->n, sizeof(*out->rows), newest_first);
    return TW_OK;
}

void twi_handle_case_timeline(twi_request *request)
{
    tw_doc_row row;
    merge all = {0};
    uint32_t limit;
    uint64_t before;
    tw_err err = {0};
    if (!twi_query_limit(request, &limit) || !twi_cursor_argument(request, &before) ||
        !twi_case_asked(request, request->params[0], &row))
        return;
    limit = TW_MIN(limit, (uint32_t)ENTRIES_MAX);
    tw_status status = read_case_log(request, &row, before, limit, &all, &err);
    if (status != TW_OK) {
        twi_problem_err(request, status, &err);
        return;
    }
    reply_page(request, all.rows, TW_MIN(all.n, (size_t)limit), all.n > limit);
}
