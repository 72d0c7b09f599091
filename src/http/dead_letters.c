// SPDX-License-Identifier: Apache-2.0
//
// Records that were rejected: looked at, mended, sent in again. That one is resolved is a line of
// the log ("dead_letter.resolve", subject: its id); the letter itself stays as it came.
#include <stdio.h>
#include <stdlib.h>

#include "fields.h"
#include "intake_log.h"
#include "work.h"

enum {
    RESOLVED_PAGES = 40, // of the log: 20,000 resolutions are looked at
    SCANNED_MAX = 5000,  // letters for one page of a filtered list
};

static const tw_str resolve_kind = {"dead_letter.resolve", 19};

// --- which are resolved
// ---------------------------------------------------------------------------------

static int by_id(const void *a, const void *b)
{
    uint64_t x = ((const twi_resolution *)a)->id, y = ((const twi_resolution *)b)->id;
    int64_t x_ms = ((const twi_resolution *)a)->at_ms, y_ms = ((const twi_resolution *)b)->at_ms;
    return x != y ? (x > y) - (x < y) : (x_ms > y_ms) - (x_ms < y_ms);
}

static int find_id(const void *key, const void *item)
{
    uint64_t x = *(const uint64_t *)key, y = ((const twi_resolution *)item)->id;
    return (x > y) - (x < y);
}

// The first resolution of a letter stands, however often it was sent in.
static void drop_repeated(twi_resolutions *all)
{
    size_t kept = 0;
    for (size_t i = 0; i < all->n; i++) {
        if (kept == 0 || all->items[kept - 1].id != all->items[i].id)
            all->items[kept++] = all->items[i];
    }
    all->n = kept;
}

tw_status twi_resolutions_read(twi_request *request, twi_resolutions *out)
{
    tw_action_filter filter = {.kind = resolve_kind};
    size_t cap = 0;
    *out = (twi_resolutions){.n = 0};
    for (int page = 0; page < RESOLVED_PAGES; page++) {
        tw_action_row *rows;
        size_t n;
        TW_TRY(tw_query_actions(request->http->service, &filter, TW_LEDGER_PAGE_MAX,
                                &request->arena, &rows, &n, NULL));
        if (out->n + n > cap) {
            cap = 2 * cap + TW_LEDGER_PAGE_MAX;
            twi_resolution *items = tw_arena_array(&request->arena, cap, sizeof(*items));
            if (!items)
                return TW_NO_MEMORY;
            if (out->n)
                memcpy(items, out->items, out->n * sizeof(*items));
            out->items = items;
        }
        for (size_t i = 0; i < n; i++) {
            int64_t id = 0;
            if (tw_str_to_i64(rows[i].subject, &id) && id > 0)
                out->items[out->n++] = (twi_resolution){(uint64_t)id, rows[i].at_ms, rows[i].actor};
        }
        if (n < TW_LEDGER_PAGE_MAX)
            break;
        filter.before_seq = rows[n - 1].seq;
    }
    if (out->n)
        qsort(out->items, out->n, sizeof(*out->items), by_id);
    drop_repeated(out);
    return TW_OK;
}

const twi_resolution *twi_resolution_of(const twi_resolutions *all, uint64_t id)
{
    return all->n ? bsearch(&id, all->items, all->n, sizeof(*all->items), find_id) : NULL;
}

// --- the list
// -------------------------------------------------------------------------------------------

typedef struct letter_filter {
    tw_str reason, source;
    bool has_resolved, resolved;
    uint32_t limit;
    uint64_t before;
} letter_filter;

static bool read_filter(twi_request *request, letter_filter *out)
{
    *out = (letter_filter){.reason = twi_argument(request, "reason"),
                           .source = twi_argument(request, "source")};
    return twi_query_limit(request, &out->limit) && twi_cursor_argument(request, &out->before) &&
           twi_flag_argument(request, "resolved", &out->has_resolved, &out->resolved);
}

static bool fits(const letter_filter *filter, const tw_dead_letter *letter, bool is_resolved)
{
    return (filter->reason.bytes == 0 || tw_str_equal(filter->reason, letter->code)) &&
           (filter->source.bytes == 0 || tw_str_equal(filter->source, letter->source)) &&
           (!filter->has_resolved || filter->resolved == is_resolved);
}

static void put_letter(yyjson_mut_doc *doc, yyjson_mut_val *object, const tw_dead_letter *letter,
                       const twi_resolution *resolution)
{
    twi_json_uint(doc, object, "id", letter->id);
    twi_json_time(doc, object, "received_at", letter->received_ms, 0);
    twi_json_str(doc, object, "source", letter->source);
    if (letter->line)
        twi_json_uint(doc, object, "line", letter->line);
    else
        twi_json_null(doc, object, "line");
    twi_json_str_or_null(doc, object, "field", letter->field);
    twi_json_str(doc, object, "reason", letter->code);
    twi_json_str(doc, object, "sentence", letter->sentence);
    twi_json_str(doc, object, "excerpt", letter->excerpt);
    if (resolution)
        twi_json_time(doc, object, "resolved_at", resolution->at_ms, 0);
    else
        twi_json_null(doc, object, "resolved_at");
    twi_json_str_or_null(doc, object, "resolved_by", resolution ? resolution->by : TW_STR_NONE);
}

// Looks through letters until the page is full; *next is where the next page begins, 0 = nowhere.
static tw_status put_page(twi_request *request, const letter_filter *filter,
                          const twi_resolutions *resolutions, yyjson_mut_doc *doc,
                          yyjson_mut_val *items, uint64_t *next)
{
    uint32_t shown = 0;
    *next = filter->before;
    for (size_t scanned = 0; scanned < SCANNED_MAX && shown < filter->limit;) {
        tw_dead_letter_list_view page;
        TW_TRY(tw_query_dead_letters(request->http->service, *next, filter->limit, &request->arena,
                                     &page));
        size_t i = 0;
        for (; i < page.n && shown < filter->limit; i++) {
            const twi_resolution *done = twi_resolution_of(resolutions, page.items[i].id);
            *next = page.items[i].id;
            if (!fits(filter, &page.items[i], done != NULL))
                continue;
            put_letter(doc, yyjson_mut_arr_add_obj(doc, items), &page.items[i], done);
            shown++;
        }
        scanned += page.n;
        if (i == page.n && page.next == 0) {
            *next = 0;
            break;
        }
    }
    return TW_OK;
}

void twi_handle_dead_letters(twi_request *request)
{
    letter_filter filter;
    twi_resolutions resolutions;
    uint64_t next = 0;
    if (!read_filter(request, &filter))
        return;
    tw_status status = twi_resolutions_read(request, &resolutions);
    yyjson_mut_doc *doc;
    yyjson_mut_val *root;
    if (!twi_json_begin(request, status, NULL, &doc, &root))
        return;
    yyjson_mut_val *items = twi_json_array(doc, root, "items");
    status = put_page(request, &filter, &resolutions, doc, items, &next);
    if (status != TW_OK) {
        twi_problem_err(request, status, NULL);
        return;
    }
    char text[24];
    snprintf(text, sizeof(text), "%llu", (unsigned long long)next);
    twi_json_str_or_null(doc, root, "next_cursor", next ? tw_str_from(text) : TW_STR_NONE);
    twi_reply_json(request, 200, doc);
}

// --- sent in again
// --------------------------------------------------------------------------------------

// The letter of the path. False after answering.
static bool find_letter(twi_request *request, uint64_t *id)
{
    tw_dead_letter_list_view page;
    int64_t value = 0;
    if (tw_str_to_i64(request->params[0], &value) && value > 0 && value < INT64_MAX &&
        tw_query_dead_letters(request->http->service, (uint64_t)value + 1, 1, &request->arena,
                              &page) == TW_OK &&
        page.n == 1 && page.items[0].id == (uint64_t)value) {
        *id = (uint64_t)value;
        return true;
    }
    twi_problem(request, 404, NULL, "There is no rejected record \"%.*s\"",
                TW_STR_ARG(request->params[0]));
    return false;
}

static bool read_kind(twi_request *request, yyjson_val *body, tw_fact_kind *out)
{
    static const struct {
        const char *word;
        tw_fact_kind kind;
    } kinds[] = {{"transaction", TW_FACT_TRANSACTION},
                 {"movement", TW_FACT_MOVEMENT},
                 {"shift", TW_FACT_SHIFT}};
    tw_str word = twi_member(body, "kind");
    bool has_kind = yyjson_obj_get(body, "kind") != NULL;
    *out = TW_FACT_TRANSACTION;
    if (!has_kind)
        return true;
    for (size_t i = 0; i < TW_COUNT(kinds); i++) {
        if (tw_str_equal(word, tw_str_from(kinds[i].word))) {
            *out = kinds[i].kind;
            return true;
        }
    }
    twi_problem(request, 422, "kind", "kind must be transaction, movement or shift");
    return false;
}

static bool parse_record(twi_request *request, yyjson_val *record, tw_fact_kind kind, tw_fact *fact)
{
    tw_json_parser *parser = twi_parser_get(request->http);
    yyjson_mut_doc *memory = twi_json_doc(request); // for its allocator alone
    size_t bytes = 0;
    yyjson_alc alc = memory ? memory->alc : (yyjson_alc){0};
    const char *text = memory ? yyjson_val_write_opts(record, 0, &alc, &bytes, NULL) : NULL;
    tw_problem problem;
    tw_status status = TW_NO_MEMORY;
    if (parser && text)
        status = tw_json_parse(parser, (tw_str){text, bytes}, kind, tw_batch_arena(request->batch),
                               fact, &problem);
    if (parser)
        twi_parser_put(request->http, parser);
    if (status == TW_OK)
        return true;
    if (status == TW_INVALID)
        twi_problem(request, 422, problem.field[0] ? problem.field : NULL, "%s", problem.sentence);
    else
        twi_problem_err(request, status, NULL);
    return false;
}

static void resolve(twi_request *request, const tw_result *result, uint64_t id)
{
    char subject[24], body[TW_ID_MAX_BYTES * 6 + 32];
    tw_work_result done;
    yyjson_mut_doc *doc;
    yyjson_mut_val *root;
    snprintf(subject, sizeof(subject), "%llu", (unsigned long long)id);
    snprintf(body, sizeof(body), "{\"seq\":%llu}", (unsigned long long)result->seq);
    tw_work_request work = {.kind = TW_ACTION_NOTE,
                            .kind_word = resolve_kind,
                            .subject = tw_str_from(subject),
                            .actor = tw_str_from(request->who.user),
                            .rights = request->who.rights,
                            .body = tw_str_from(body)};
    if (!twi_work_run(request, &work, &done)) {
        twi_work_failed(request, &done);
        return;
    }
    if (!twi_json_begin(request, TW_OK, NULL, &doc, &root))
        return;
    twi_json_uint(doc, root, "id", id);
    twi_json_cstr(doc, root, "outcome",
                  result->outcome == TW_OUTCOME_DUPLICATE ? "duplicate" : "accepted");
    twi_json_str(doc, root, "record_id", result->id);
    twi_json_str_or_null(doc, root, "alert_id", tw_str_from(result->alert_id));
    twi_reply_json(request, 200, doc);
}

// The batch has run: what became of its one record.
static void answer(twi_request *request, tw_status status, const tw_err *err, uint64_t id)
{
    const tw_result *result = status == TW_OK ? tw_batch_result(request->batch, 0) : NULL;
    if (!result) {
        twi_problem_err(request, status, err);
        return;
    }
    bool is_accepted = result->outcome == TW_OUTCOME_ACCEPTED;
    bool is_known = result->outcome == TW_OUTCOME_DUPLICATE;
    twi_intake_count(request->http, "resubmission", is_accepted, is_known,
                     !is_accepted && !is_known);
    if (is_accepted || is_known)
        resolve(request, result, id);
    else if (result->outcome == TW_OUTCOME_CONFLICT)
        twi_problem(request, 409, NULL, "\"%.*s\" is already known with other content",
                    TW_STR_ARG(result->id));
    else
        twi_problem_err(request, result->status, NULL);
}

void twi_handle_resubmit(twi_request *request)
{
    tw_fact fact;
    tw_fact_kind kind;
    uint64_t id;
    tw_err err = {0};
    yyjson_doc *doc = twi_body_json(request);
    yyjson_val *body = doc ? yyjson_doc_get_root(doc) : NULL;
    yyjson_val *record = yyjson_obj_get(body, "record");
    if (!body || !find_letter(request, &id) || !read_kind(request, body, &kind))
        return;
    if (!yyjson_is_obj(record)) {
        twi_problem(request, 422, "record", "record must be the mended record, a JSON object");
        return;
    }
    tw_status status = tw_batch_get(request->http->service, &request->batch);
    if (status != TW_OK) {
        twi_problem_err(request, status, NULL);
        return;
    }
    tw_batch_source(request->batch, TW_STR("resubmission"));
    if (parse_record(request, record, kind, &fact)) {
        status = tw_batch_add(request->batch, &fact, 0);
        if (status == TW_OK)
            status = tw_service_run(request->http->service, request->batch, false, &err);
        answer(request, status, &err, id);
    }
    tw_batch_put(request->batch);
    request->batch = NULL;
}
