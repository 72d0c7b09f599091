// SPDX-License-Identifier: Apache-2.0
//
// Facts in: one JSON object or NDJSON. The HTTP thread parses up to one batch of records, suspends
// the connection and submits the batch; the flow thread completes it and resumes the connection;
// the HTTP thread writes the answers of that batch and goes on with the next one. Memory is bounded
// by the body and one batch of facts.
#include <stdio.h>
#include <stdlib.h>

#include "intake_log.h"
#include "scope.h"

enum { PROBLEMS_MAX = 100 };

// --- answers
// ---------------------------------------------------------------------------------------

static void add_problem(yyjson_mut_doc *doc, yyjson_mut_val *object, uint64_t line, unsigned status,
                        const char *detail, const char *field)
{
    if (line)
        twi_json_uint(doc, object, "line", line);
    twi_json_cstr(doc, object, "type", "about:blank");
    twi_json_cstr(doc, object, "title", twi_status_title(status));
    twi_json_uint(doc, object, "status", status);
    twi_json_cstr(doc, object, "detail", detail);
    if (field && field[0])
        twi_json_cstr(doc, object, "field", field);
}

// What was wrong with a rejected record; in the batch's arena, in the order of the records.
struct twi_reject_note {
    twi_reject_note *next;
    size_t index; // of the record in the batch
    char field[64];
    char sentence[232];
};

// The note of record `index`; notes are asked for in order.
static const twi_reject_note *note_of(twi_request *request, size_t index)
{
    while (request->notes && request->notes->index < index)
        request->notes = request->notes->next;
    bool found = request->notes && request->notes->index == index;
    return found ? request->notes : NULL;
}

static void result_problem(twi_request *request, size_t index, const tw_result *result,
                           char detail[512], const char **field)
{
    *field = NULL;
    const twi_reject_note *note = note_of(request, index);
    if (note) {
        snprintf(detail, 512, "%s", note->sentence);
        *field = note->field;
    } else if (result->outcome == TW_OUTCOME_CONFLICT) {
        *field = result->kind == TW_FACT_TRANSACTION ? "transaction_id"
                 : result->kind == TW_FACT_MOVEMENT  ? "movement_id"
                                                     : "event_id";
        snprintf(detail, 512, "%s \"%.*s\" is already known with other content", *field,
                 TW_STR_ARG(result->id));
    } else {
        snprintf(detail, 512, "%s", tw_status_text(result->status));
    }
}

static void transaction_result(yyjson_mut_doc *doc, yyjson_mut_val *object, const tw_result *result)
{
    twi_json_str(doc, object, "transaction_id", result->id);
    twi_json_share(doc, object, "risk_score", result->score.risk);
    twi_json_str_or_null(doc, object, "alert_id", tw_str_from(result->alert_id));
    yyjson_mut_val *reasons = twi_json_array(doc, object, "reasons");
    for (size_t i = 0; i < result->reason_n; i++)
        yyjson_mut_arr_add_strn(doc, reasons, result->reasons[i].sentence.at,
                                result->reasons[i].sentence.bytes);
    twi_json_bool(doc, object, "duplicate", result->outcome == TW_OUTCOME_DUPLICATE);
}

static bool is_good(const tw_result *result)
{
    return result->outcome == TW_OUTCOME_ACCEPTED || result->outcome == TW_OUTCOME_DUPLICATE;
}

// One NDJSON line of the answer; its memory is given back at once.
static void put_line(twi_request *request, size_t index, const tw_result *result)
{
    char detail[512];
    const char *field = NULL;
    yyjson_mut_doc *doc = yyjson_mut_doc_new(NULL);
    if (!doc)
        return;
    yyjson_mut_val *root = yyjson_mut_obj(doc);
    yyjson_mut_doc_set_root(doc, root);
    if (is_good(result)) {
        transaction_result(doc, root, result);
    } else {
        result_problem(request, index, result, detail, &field);
        add_problem(doc, root, result->line, (unsigned)tw_status_http(result->status), detail,
                    field);
    }
    size_t bytes = 0;
    char *text = yyjson_mut_write(doc, YYJSON_WRITE_NOFLAG, &bytes);
    if (text) {
        tw_buf_put(&request->out, text, bytes);
        tw_buf_u8(&request->out, '\n');
    }
    free(text);
    yyjson_mut_doc_free(doc);
}

static void count_result(twi_request *request, size_t index, const tw_result *result)
{
    request->accepted_n += result->outcome == TW_OUTCOME_ACCEPTED;
    request->duplicate_n += result->outcome == TW_OUTCOME_DUPLICATE;
    if (is_good(result) || ++request->rejected_n > PROBLEMS_MAX)
        return;
    if (!request->problems_doc) {
        request->problems_doc = twi_json_doc(request);
        request->problems = yyjson_mut_arr(request->problems_doc);
    }
    char detail[512];
    const char *field = NULL;
    yyjson_mut_val *problem = yyjson_mut_obj(request->problems_doc);
    result_problem(request, index, result, detail, &field);
    add_problem(request->problems_doc, problem, result->line,
                (unsigned)tw_status_http(result->status), detail, field);
    yyjson_mut_arr_append(request->problems, problem);
}

static void answer_counts(twi_request *request)
{
    yyjson_mut_doc *doc = request->problems_doc ? request->problems_doc : twi_json_doc(request);
    if (!doc) {
        twi_problem_err(request, TW_NO_MEMORY, NULL);
        return;
    }
    yyjson_mut_val *root = yyjson_mut_obj(doc);
    yyjson_mut_doc_set_root(doc, root);
    twi_json_uint(doc, root, "accepted", request->accepted_n);
    twi_json_uint(doc, root, "duplicates", request->duplicate_n);
    twi_json_uint(doc, root, "rejected", request->rejected_n);
    yyjson_mut_val *problems = request->problems ? request->problems : yyjson_mut_arr(doc);
    yyjson_mut_obj_add(root, yyjson_mut_str(doc, "problems"), problems);
    twi_reply_json(request, 200, doc);
}

static void answer_single(twi_request *request, const tw_result *result)
{
    const size_t index = 0;
    if (!is_good(result)) {
        char detail[512];
        const char *field = NULL;
        result_problem(request, index, result, detail, &field);
        unsigned status = (unsigned)tw_status_http(result->status);
        twi_problem(request, status, field, "%s", detail);
        return;
    }
    if (request->fact_kind != TW_FACT_TRANSACTION) {
        count_result(request, index, result);
        answer_counts(request);
        return;
    }
    yyjson_mut_doc *doc;
    yyjson_mut_val *root;
    if (!twi_json_begin(request, TW_OK, NULL, &doc, &root))
        return;
    transaction_result(doc, root, result);
    twi_reply_json(request, 200, doc);
}

static void answer_ndjson(twi_request *request)
{
    if (request->fact_kind != TW_FACT_TRANSACTION) {
        answer_counts(request);
        return;
    }
    if (request->out.status != TW_OK) {
        twi_problem_err(request, request->out.status, NULL);
        return;
    }
    twi_reply(request, 200, "application/x-ndjson",
              (tw_str){(const char *)request->out.data_own, request->out.bytes});
}

// --- parsing into a batch
// ----------------------------------------------------------------------------

static tw_status reject(twi_request *request, const tw_problem *problem, tw_status status,
                        uint64_t line)
{
    tw_batch *batch = request->batch;
    twi_reject_note *note = tw_arena_array(tw_batch_arena(batch), 1, sizeof(*note));
    if (!note)
        return TW_NO_MEMORY;
    note->index = tw_batch_n(batch);
    tw_str_copy(tw_str_from(problem->field), note->field, sizeof(note->field));
    tw_str_copy(tw_str_from(problem->sentence), note->sentence, sizeof(note->sentence));
    if (request->last_note)
        request->last_note->next = note;
    else
        request->notes = note;
    request->last_note = note;
    tw_dead_letter letter = {.source = TW_STR("http"),
                             .line = line,
                             .field = tw_str_from(note->field),
                             .code = tw_str_from(tw_problem_code_name(problem->code)),
                             .sentence = tw_str_from(note->sentence),
                             .excerpt = problem->record};
    return tw_batch_reject(batch, &letter, status);
}

static tw_str store_of(const tw_fact *fact)
{
    return fact->kind == TW_FACT_TRANSACTION ? fact->as.transaction.store_id
           : fact->kind == TW_FACT_MOVEMENT  ? fact->as.movement.store_id
                                             : fact->as.shift.store_id;
}

// A token of some stores sends facts of those alone.
static tw_status refuse(twi_request *request, tw_str store_id, uint64_t line)
{
    tw_problem problem = {.code = TW_PROBLEM_RANGE, .field = "store_id"};
    snprintf(problem.sentence, sizeof(problem.sentence),
             "store \"%.*s\" is not one of those that this access is for", TW_STR_ARG(store_id));
    return reject(request, &problem, TW_DENIED, line);
}

static tw_status parse_record(twi_request *request, tw_json_parser *parser, tw_str record,
                              uint64_t line)
{
    tw_fact fact;
    tw_problem problem;
    tw_arena *arena = tw_batch_arena(request->batch);
    tw_status status = tw_json_parse(parser, record, request->fact_kind, arena, &fact, &problem);
    if (status == TW_OK && !twi_scope_has(request, store_of(&fact)))
        return refuse(request, store_of(&fact), line);
    if (status == TW_OK)
        return tw_batch_add(request->batch, &fact, (uint32_t)line);
    if (status != TW_INVALID)
        return status;
    bool is_syntax = problem.code == TW_PROBLEM_SYNTAX;
    return reject(request, &problem, is_syntax ? TW_SYNTAX : TW_INVALID, line);
}

// Parses records until the batch is full or the body ends.
static tw_status fill_batch(twi_request *request)
{
    tw_http *http = request->http;
    tw_json_parser *parser = twi_parser_get(http);
    if (!parser)
        return TW_NO_MEMORY;
    tw_status status = TW_OK;
    if (!request->is_ndjson) {
        status = parse_record(request, parser, request->rest, 0);
        request->rest = TW_STR_NONE;
    }
    while (request->is_ndjson && status == TW_OK &&
           tw_batch_n(request->batch) < TW_COMMIT_MAX_FACTS) {
        tw_str before = request->rest, record;
        uint64_t line_before = request->line;
        if (!tw_ndjson_next(&request->rest, &request->line, &record))
            break;
        status = parse_record(request, parser, record, request->line);
        if (status == TW_LIMIT && tw_batch_n(request->batch) > 0) {
            // The batch is full of large records: this one opens the next.
            request->rest = before;
            request->line = line_before;
            status = TW_OK;
            break;
        }
    }
    twi_parser_put(http, parser);
    return status;
}

// --- the batch's way
// -----------------------------------------------------------------------------------

static void on_done(void *ctx, tw_batch *batch)
{
    (void)batch;
    twi_request *request = ctx;
    MHD_resume_connection(request->connection);
}

static void fail_batch(twi_request *request, tw_status status, const tw_err *err)
{
    if (status == TW_BUSY)
        twi_problem(request, 429, NULL,
                    "The queue is full; nothing was recorded, send it again in a second");
    else if (status == TW_NO_SPACE)
        twi_problem(request, 507, NULL,
                    "The disk is full; nothing was recorded, free some space and send it again");
    else
        twi_problem_err(request, status, err);
    request->phase = TWI_READY;
}

// Fills the next batch and sends it on its way; false when the reply is ready instead.
static bool next_batch(twi_request *request)
{
    tw_batch_reset(request->batch);
    tw_batch_source(request->batch, TW_STR("http"));
    request->notes = request->last_note = NULL;
    tw_status status = fill_batch(request);
    if (status != TW_OK) {
        fail_batch(request, status, NULL);
        return false;
    }
    if (tw_batch_n(request->batch) == 0) {
        answer_ndjson(request);
        request->phase = TWI_READY;
        return false;
    }
    // Suspended first: the batch may complete before submit returns.
    bool is_first = request->accepted_n + request->duplicate_n + request->rejected_n == 0 &&
                    request->out.bytes == 0;
    MHD_suspend_connection(request->connection);
    status = tw_service_submit(request->http->service, request->batch, on_done, request);
    if (status == TW_BUSY && !is_first) {
        // Part of the body is recorded already, so that this part must wait for room.
        status = tw_service_run(request->http->service, request->batch, true, NULL);
        MHD_resume_connection(request->connection);
        if (tw_batch_n(request->batch) > 0 && status != TW_CLOSED)
            return true;
    }
    if (status == TW_OK)
        return true;
    MHD_resume_connection(request->connection);
    fail_batch(request, status, NULL);
    return false;
}

// For GET /v1/data: by whom records came in.
static void count_batch(twi_request *request)
{
    uint64_t accepted = 0, duplicate = 0, n = tw_batch_n(request->batch);
    for (size_t i = 0; i < n; i++) {
        tw_outcome outcome = tw_batch_result(request->batch, i)->outcome;
        accepted += outcome == TW_OUTCOME_ACCEPTED;
        duplicate += outcome == TW_OUTCOME_DUPLICATE;
    }
    twi_intake_count(request->http, request->who.user, accepted, duplicate,
                     n - accepted - duplicate);
}

bool twi_facts_continue(twi_request *request)
{
    const tw_err *err = NULL;
    tw_status status = tw_batch_status(request->batch, &err);
    if (status != TW_OK) {
        fail_batch(request, status, err);
        return true;
    }
    count_batch(request);
    if (!request->is_ndjson) {
        answer_single(request, tw_batch_result(request->batch, 0));
        request->phase = TWI_READY;
        return true;
    }
    for (size_t i = 0; i < tw_batch_n(request->batch); i++) {
        if (request->fact_kind == TW_FACT_TRANSACTION)
            put_line(request, i, tw_batch_result(request->batch, i));
        else
            count_result(request, i, tw_batch_result(request->batch, i));
    }
    return !next_batch(request);
}

static void take_facts(twi_request *request, tw_fact_kind kind)
{
    request->fact_kind = kind;
    request->is_ndjson = twi_body_is(request, "application/x-ndjson");
    request->rest = (tw_str){(const char *)request->body.data_own, request->body.bytes};
    if (!request->is_ndjson && !twi_body_is(request, "application/json")) {
        twi_problem(request, 415, NULL,
                    "Send application/json (one record) or application/x-ndjson (one a line)");
        return;
    }
    tw_status status = tw_batch_get(request->http->service, &request->batch);
    if (status != TW_OK) {
        twi_problem_err(request, status, NULL);
        return;
    }
    request->phase = TWI_RUNNING;
    next_batch(request);
}

void twi_handle_transactions(twi_request *request)
{
    take_facts(request, TW_FACT_TRANSACTION);
}
void twi_handle_movements(twi_request *request)
{
    take_facts(request, TW_FACT_MOVEMENT);
}
void twi_handle_shifts(twi_request *request)
{
    take_facts(request, TW_FACT_SHIFT);
}

// --- score without a trace
// -------------------------------------------------------------------------------

static void answer_score(twi_request *request, const tw_fact *fact, const tw_probe_result *probe)
{
    yyjson_mut_doc *doc;
    yyjson_mut_val *root;
    if (!twi_json_begin(request, TW_OK, NULL, &doc, &root))
        return;
    twi_json_str(doc, root, "transaction_id", fact->as.transaction.transaction_id);
    twi_json_share(doc, root, "risk_score", probe->score.risk);
    twi_json_share(doc, root, "probability", probe->score.probability);
    twi_json_share(doc, root, "outlier", probe->score.outlier);
    twi_json_str_or_null(doc, root, "alert_type",
                         tw_str_from(tw_alert_type_name(probe->score.type)));
    yyjson_mut_val *reasons = twi_json_array(doc, root, "reasons");
    yyjson_mut_val *signals = twi_json_array(doc, root, "signals");
    for (size_t i = 0; i < probe->reason_n; i++) {
        const tw_reason_text *reason = &probe->reasons[i];
        yyjson_mut_arr_add_strn(doc, reasons, reason->sentence.at, reason->sentence.bytes);
        yyjson_mut_val *signal = yyjson_mut_arr_add_obj(doc, signals);
        twi_json_str(doc, signal, "name", reason->name);
        twi_json_num(doc, signal, "strength", reason->strength);
    }
    twi_reply_json(request, 200, doc);
}

void twi_handle_score(twi_request *request)
{
    if (!twi_body_is(request, "application/json")) {
        twi_problem(request, 415, NULL, "Send application/json");
        return;
    }
    tw_json_parser *parser = twi_parser_get(request->http);
    if (!parser) {
        twi_problem_err(request, TW_NO_MEMORY, NULL);
        return;
    }
    tw_fact fact;
    tw_problem problem;
    tw_str record = {(const char *)request->body.data_own, request->body.bytes};
    tw_status status =
        tw_json_parse(parser, record, TW_FACT_TRANSACTION, &request->arena, &fact, &problem);
    twi_parser_put(request->http, parser);
    if (status == TW_INVALID) {
        unsigned code = problem.code == TW_PROBLEM_SYNTAX ? 400 : 422;
        twi_problem(request, code, problem.field[0] ? problem.field : NULL, "%s", problem.sentence);
        return;
    }
    tw_probe_result probe;
    if (status == TW_OK)
        status = tw_service_probe(request->http->service, &fact, &request->arena, &probe);
    if (status == TW_OK)
        answer_score(request, &fact, &probe);
    else
        twi_problem_err(request, status, NULL);
}
