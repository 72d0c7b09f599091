// SPDX-License-Identifier: Apache-2.0
//
// Commands. The work lock makes check, journal and projection one step: whoever has it sees
// everything that was done before, and nobody changes it until the facts are written. Readers and
// the intake do not know the lock.
#include <inttypes.h>
#include <stdio.h>

#include "base/hash.h"
#include "json_text.h"
#include "retail/check.h"
#include "retail/codec.h"
#include "work_bench.h"

#define BENCH_BYTES ((size_t)512 << 20)
#define SCRATCH_BYTES ((size_t)64 << 20)
// How long a command waits for what was accepted before it, and for its own facts to be seen.
#define SEE_BEFORE_MS 10000
#define SEE_OWN_WRITE_MS 5000
#define SALTS_MAX 4

// --- the bench
// ------------------------------------------------------------------------------------

tw_status twi_bench_open(tw_service *service, twi_bench *bench, tw_err *err)
{
    *bench = (twi_bench){.service = service, .now_ms = service->clock->now_ms(service->clock->ctx)};
    tw_arena_init(&bench->arena, service->alloc, 0, BENCH_BYTES);
    tw_arena_init(&bench->scratch, service->alloc, 0, SCRATCH_BYTES);
    twi_desk_init(&bench->desk, service->alloc, service->ledger, service->currency);
    tw_status status = twi_project_wait(service, twi_applied_seq(service), SEE_BEFORE_MS);
    if (status != TW_OK)
        tw_fail(err, status, "the ledger does not keep up; try again");
    else if (tw_batch_get(service, &bench->batch) != TW_OK)
        status = tw_fail(err, TW_NO_MEMORY, "no memory for a command");
    else
        status = twi_settings_get(service, &bench->arena, &bench->settings, err);
    if (status != TW_OK)
        twi_bench_close(bench);
    return status;
}

void twi_bench_close(twi_bench *bench)
{
    tw_batch_put(bench->batch);
    bench->batch = NULL;
    twi_desk_release(&bench->desk);
    tw_arena_release(&bench->scratch);
    tw_arena_release(&bench->arena);
}

tw_status twi_bench_keep(twi_bench *bench, tw_str text, tw_str *out, tw_err *err)
{
    tw_status status = TW_OK;
    *out = twi_arena_str(&bench->arena, text, &status);
    return status == TW_OK ? TW_OK : tw_fail(err, status, "no memory for a command");
}

tw_status twi_bench_alert_get(twi_bench *bench, tw_str alert_id, twi_bench_alert **out, tw_err *err)
{
    tw_alert_row row;
    *out = NULL;
    for (twi_bench_alert *a = bench->alerts; a; a = a->next) {
        if (tw_str_equal(a->view.alert_id, alert_id)) {
            *out = a;
            return TW_OK;
        }
    }
    tw_status status =
        tw_ledger_alert_get(bench->service->ledger, alert_id, &bench->arena, &row, err);
    if (status == TW_NOT_FOUND)
        return tw_fail(err, TW_NOT_FOUND, "there is no alert %.*s", TW_STR_ARG(alert_id));
    TW_TRY(status);
    twi_bench_alert *alert = tw_arena_array(&bench->arena, 1, sizeof(*alert));
    if (!alert)
        return tw_fail(err, TW_NO_MEMORY, "no memory for a command");
    status = twi_alert_parse(&row, &bench->arena, &alert->view);
    if (status != TW_OK)
        return tw_fail(err, status, "alert %.*s cannot be read", TW_STR_ARG(alert_id));
    alert->work = twi_alert_work_of(&alert->view);
    alert->next = bench->alerts;
    bench->alerts = alert;
    *out = alert;
    return TW_OK;
}

tw_status twi_bench_add(twi_bench *bench, const tw_fact *fact, tw_err *err)
{
    TW_TRY(tw_fact_check(fact, err));
    tw_status status = tw_batch_add(bench->batch, fact, 0);
    return status == TW_OK ? TW_OK
                           : tw_fail(err, status, "too much at once: %s", tw_status_text(status));
}

// --- the same again
// -------------------------------------------------------------------------------

// The action of that id, when it is journaled; TW_NOT_FOUND when it is new.
static tw_status recall(twi_bench *bench, tw_str action_id, tw_fact *out, tw_err *err)
{
    tw_service *service = bench->service;
    tw_fact asked = {.kind = TW_FACT_ACTION, .as.action.action_id = action_id};
    for (uint32_t salt = 0; salt < SALTS_MAX; salt++) {
        tw_buf bytes;
        twi_gate_enter(&service->gate);
        uint64_t seq = tw_engine_find(service->core.engine_own, tw_fact_key(&asked, salt));
        twi_gate_leave(&service->gate);
        if (seq == 0)
            break;
        tw_buf_init(&bytes, service->alloc, TW_BLOCK_MAX_BYTES);
        tw_status status = tw_journal_fetch(service->journal, seq, &bytes, err);
        if (status == TW_OK)
            status = tw_fact_decode(bytes.data_own, bytes.bytes, &bench->arena, out);
        tw_str id =
            status == TW_OK && out->kind == TW_FACT_ACTION ? out->as.action.action_id : TW_STR_NONE;
        bool is_it = tw_str_equal(id, action_id);
        // What was decoded may point into the bytes: keep what is asked for.
        if (is_it)
            status = twi_bench_keep(bench, out->as.action.subject, &out->as.action.subject, err);
        if (is_it && status == TW_OK)
            status = twi_bench_keep(bench, out->as.action.kind, &out->as.action.kind, err);
        tw_buf_release(&bytes);
        out->seq = seq;
        if (status != TW_OK || is_it)
            return status;
    }
    return TW_NOT_FOUND;
}

// Was this very thing done before, or asked for earlier in the command?
static tw_status find_done(twi_bench *bench, const tw_work_request *requests, size_t i,
                           tw_work_result *results, bool *is_done, tw_err *err)
{
    tw_fact done;
    *is_done = false;
    if (requests[i].action_id.bytes == 0)
        return TW_OK;
    for (size_t k = 0; k < i; k++) {
        if (!tw_str_equal(requests[k].action_id, requests[i].action_id))
            continue;
        results[i] = results[k];
        *is_done = true;
        return TW_OK;
    }
    tw_status status = recall(bench, requests[i].action_id, &done, err);
    if (status == TW_NOT_FOUND)
        return TW_OK;
    TW_TRY(status);
    tw_str word = requests[i].kind == TW_ACTION_NOTE
                      ? requests[i].kind_word
                      : tw_str_from(tw_action_kind_word(requests[i].kind));
    if (!tw_str_equal(done.as.action.kind, word))
        return tw_fail(err, TW_CONFLICT, "another action has the id %.*s",
                       TW_STR_ARG(requests[i].action_id));
    *is_done = true;
    results[i].seq = done.seq;
    tw_str_copy(done.as.action.subject, results[i].subject, sizeof(results[i].subject));
    return TW_OK;
}

// --- subjects
// -------------------------------------------------------------------------------------

static tw_status name_case(twi_bench *bench, tw_str *out, tw_err *err)
{
    tw_doc_filter all = {.kind = TW_STR("case")};
    tw_doc_page page;
    char id[32];
    if (bench->case_n == 0) {
        TW_TRY(
            tw_ledger_doc_list(bench->service->ledger, &all, 1, NULL, &bench->scratch, &page, err));
        bench->case_n = page.total + 1;
    }
    for (;;) {
        twi_doc *doc;
        snprintf(id, sizeof(id), "C-%04" PRIu64, bench->case_n++);
        TW_TRY(twi_desk_get(&bench->desk, TW_STR("case"), tw_str_from(id), &doc, err));
        if (doc->row.body.bytes == 0)
            return twi_bench_keep(bench, tw_str_from(id), out, err);
    }
}

static uint64_t content_hash(const tw_action *action, uint64_t version, size_t place)
{
    const uint64_t numbers[] = {(uint64_t)action->at_ms, version, place};
    const tw_str texts[] = {action->kind, action->subject, action->actor, action->body};
    uint64_t hash = tw_hash64(numbers, sizeof(numbers), 41);
    for (size_t i = 0; i < TW_COUNT(texts); i++)
        hash = tw_hash_pair(hash, tw_hash_str(texts[i], i + 42));
    return hash;
}

// An id for a new document.
static tw_status name_subject(twi_bench *bench, twi_job *job, tw_err *err)
{
    char id[32];
    tw_action_kind kind = job->request->kind;
    job->is_new = true;
    if (kind == TW_ACTION_CASE_OPEN)
        return name_case(bench, &job->action.subject, err);
    if (kind != TW_ACTION_ALLOW_ADD && kind != TW_ACTION_FILTER_SAVE)
        return tw_fail(err, TW_INVALID, "name what the action is about");
    uint64_t hash = content_hash(&job->action, 0, tw_batch_n(bench->batch));
    snprintf(id, sizeof(id), "%c-%012" PRIx64, kind == TW_ACTION_ALLOW_ADD ? 'L' : 'F',
             hash & ((UINT64_C(1) << 48) - 1));
    return twi_bench_keep(bench, tw_str_from(id), &job->action.subject, err);
}

static tw_status find_subject(twi_bench *bench, twi_job *job, tw_err *err)
{
    tw_action_kind kind = job->request->kind;
    tw_str doc_kind = twi_doc_kind_of(kind);
    if (kind <= TW_ACTION_ALERT_COMMENT)
        return twi_bench_alert_get(bench, job->action.subject, &job->alert, err);
    if (doc_kind.bytes == 0)
        return TW_OK;
    if (kind == TW_ACTION_SETTINGS_CHANGE) {
        job->action.subject = TW_STR_NONE;
        return twi_desk_get(&bench->desk, doc_kind, doc_kind, &job->doc, err);
    }
    if (job->action.subject.bytes == 0)
        TW_TRY(name_subject(bench, job, err));
    if (job->action.subject.bytes > TW_ID_MAX_BYTES)
        return tw_fail(err, TW_NOT_FOUND, "there is no such id");
    return twi_desk_get(&bench->desk, doc_kind, job->action.subject, &job->doc, err);
}

// --- one request
// ----------------------------------------------------------------------------------

// Ids are of the content and of the state that it meets: the same thing done again later is another
// action, a reply that got lost is not asked for by this way.
static tw_status name_action(twi_bench *bench, twi_job *job, tw_err *err)
{
    char id[32];
    uint64_t version = job->alert ? job->alert->work.work_seq : job->doc ? job->doc->row.seq : 0;
    if (job->request->action_id.bytes > 0) {
        job->action.action_id = job->request->action_id;
        return TW_OK;
    }
    snprintf(id, sizeof(id), "W-%016" PRIx64,
             content_hash(&job->action, version, tw_batch_n(bench->batch)));
    return twi_bench_keep(bench, tw_str_from(id), &job->action.action_id, err);
}

// What later requests of the command see.
static tw_status apply(twi_bench *bench, const twi_job *job, tw_err *err)
{
    if (job->alert)
        return tw_alert_work_apply(&job->alert->work, &job->action, TWI_VERSION_NEW, &bench->arena);
    return job->doc ? twi_desk_apply(&bench->desk, &job->action, TWI_VERSION_NEW, err) : TW_OK;
}

// A look that moves nothing need not wait for the disk.
static tw_status is_mere_look(twi_bench *bench, const twi_job *job, bool *out)
{
    *out = job->request->kind == TW_ACTION_CASE_VIEW;
    if (job->request->kind != TW_ACTION_ALERT_VIEW)
        return TW_OK;
    tw_alert_work work = job->alert->work;
    uint64_t before = work.work_seq;
    work.work_seq = 0;
    TW_TRY(tw_alert_work_apply(&work, &job->action, before + 1, &bench->scratch));
    *out = work.work_seq == 0;
    return TW_OK;
}

static tw_status journal(twi_bench *bench, twi_job *job, tw_err *err)
{
    tw_fact fact = {.kind = TW_FACT_ACTION, .received_ms = bench->now_ms};
    TW_TRY(twi_job_prepare(bench, job, err));
    TW_TRY(name_action(bench, job, err));
    fact.as.action = job->action;
    job->entry = tw_batch_n(bench->batch);
    TW_TRY(twi_bench_add(bench, &fact, err));
    TW_TRY(twi_job_follow(bench, job, err));
    return apply(bench, job, err);
}

static tw_status take_request(twi_bench *bench, twi_job *job, tw_err *err)
{
    const tw_work_request *request = job->request;
    bool is_note = request->kind == TW_ACTION_NOTE, is_look = false;
    job->action = (tw_action){.kind = is_note ? request->kind_word
                                              : tw_str_from(tw_action_kind_word(request->kind)),
                              .subject = request->subject,
                              .actor = request->actor,
                              .body = request->body,
                              .at_ms = request->at_ms != 0 ? request->at_ms : bench->now_ms};
    tw_arena_reset(&bench->scratch);
    if ((unsigned)request->kind >= TW_ACTION_KIND_N || job->action.kind.bytes == 0 ||
        (is_note && tw_action_kind_from(request->kind_word) != TW_ACTION_NOTE))
        return tw_fail(err, TW_INVALID, "there is no such action");
    TW_TRY(find_subject(bench, job, err));
    TW_TRY(twi_job_check(bench, job, err));
    TW_TRY(twi_job_body(bench, job, err));
    TW_TRY(is_mere_look(bench, job, &is_look));
    if (!is_look)
        return journal(bench, job, err);
    tw_service_note(bench->service, job->action.kind, job->action.subject, job->action.actor,
                    job->action.body);
    return TW_OK;
}

// --- the command
// ----------------------------------------------------------------------------------

static void fill_failure(tw_work_result *results, size_t n, tw_status status, const tw_err *err)
{
    for (size_t i = 0; i < n; i++)
        results[i] = (tw_work_result){.status = status, .err = *err};
}

static tw_status first_failure(const tw_work_result *results, size_t n, tw_err *err)
{
    for (size_t i = 0; i < n; i++) {
        if (results[i].status == TW_OK)
            continue;
        if (err)
            *err = results[i].err;
        return results[i].status;
    }
    return TW_OK;
}

// A failure of memory or storage is the whole command's; others are their request's alone.
static bool ends_command(tw_status status)
{
    return status == TW_NO_MEMORY || status == TW_IO || status == TW_CORRUPT ||
           status == TW_NO_SPACE || status == TW_BUSY || status == TW_CLOSED;
}

static tw_status take_requests(twi_bench *bench, const tw_work_request *requests, size_t n,
                               tw_work_result *results, size_t *entries, tw_err *err)
{
    for (size_t i = 0; i < n; i++) {
        bool is_done = false;
        size_t before = tw_batch_n(bench->batch);
        twi_job job = {.request = &requests[i], .entry = SIZE_MAX};
        tw_err why = {0};
        results[i] = (tw_work_result){.status = TW_OK};
        entries[i] = SIZE_MAX;
        tw_status status = find_done(bench, requests, i, results, &is_done, &why);
        if (status == TW_OK && is_done)
            continue;
        if (status == TW_OK)
            status = take_request(bench, &job, &why);
        // What is in the batch cannot be taken out of it.
        if (ends_command(status) || (status != TW_OK && tw_batch_n(bench->batch) > before)) {
            if (why.status != status)
                tw_fail(&why, status, "%s", tw_status_text(status));
            if (err)
                *err = why;
            return status;
        }
        entries[i] = job.entry;
        results[i].status = status;
        results[i].err = why;
        if (status == TW_OK)
            tw_str_copy(job.action.subject, results[i].subject, sizeof(results[i].subject));
    }
    return TW_OK;
}

static tw_status commit(twi_bench *bench, const tw_work_request *requests, tw_work_result *results,
                        const size_t *entries, size_t n, tw_err *err)
{
    uint64_t last = 0;
    if (tw_batch_n(bench->batch) == 0)
        return TW_OK;
    TW_TRY(tw_service_run(bench->service, bench->batch, true, err));
    for (size_t i = 0; i < tw_batch_n(bench->batch); i++)
        last = TW_MAX(last, tw_batch_result(bench->batch, i)->seq);
    for (size_t i = 0; i < n; i++) {
        if (entries[i] == SIZE_MAX)
            continue;
        const tw_result *result = tw_batch_result(bench->batch, entries[i]);
        results[i].seq = result->seq;
        if (result->outcome == TW_OUTCOME_CONFLICT)
            results[i].status =
                tw_fail(&results[i].err, TW_CONFLICT, "another action has the same id");
    }
    (void)twi_project_wait(bench->service, last, SEE_OWN_WRITE_MS);
    for (size_t i = 0; i < n; i++)
        if (requests[i].kind == TW_ACTION_SETTINGS_CHANGE && results[i].status == TW_OK)
            twi_assign_wake(bench->service);
    return TW_OK;
}

static tw_status act(twi_bench *bench, const tw_work_request *requests, size_t n,
                     tw_work_result *results, tw_err *err)
{
    size_t *entries = tw_arena_array(&bench->arena, n, sizeof(*entries));
    if (!entries)
        return tw_fail(err, TW_NO_MEMORY, "no memory for a command");
    TW_TRY(take_requests(bench, requests, n, results, entries, err));
    return commit(bench, requests, results, entries, n, err);
}

tw_status tw_service_act(tw_service *service, const tw_work_request *requests, size_t n,
                         tw_work_result *results, tw_err *err)
{
    twi_bench bench;
    tw_err why = {0};
    tw_status status = TW_OK;
    if (service->mode == TW_SERVICE_READER)
        status = tw_fail(&why, TW_UNSUPPORTED, "a reader changes nothing");
    else if (n == 0 || n > TW_WORK_REQUESTS_MAX)
        status = tw_fail(&why, TW_LIMIT, "do 1 to %d things at once", TW_WORK_REQUESTS_MAX);
    if (status == TW_OK) {
        pthread_mutex_lock(&service->work_lock);
        status = twi_bench_open(service, &bench, &why);
        if (status == TW_OK) {
            status = act(&bench, requests, n, results, &why);
            twi_bench_close(&bench);
        }
        pthread_mutex_unlock(&service->work_lock);
    }
    if (status == TW_OK)
        return first_failure(results, n, err);
    fill_failure(results, n, status, &why);
    if (err)
        *err = why;
    return status;
}

// --- the next alert
// -------------------------------------------------------------------------------

static tw_status find_next(tw_service *service, const tw_str_list *stores, tw_arena *arena,
                           tw_str *alert_id, tw_err *err)
{
    tw_alert_page page;
    tw_str nobody = TW_STR_NONE;
    tw_alert_filter filter = {.only_open = true,
                              .assignees = {&nobody, 1},
                              .awake_ms = service->clock->now_ms(service->clock->ctx)};
    if (stores)
        filter.stores = *stores;
    tw_alert_page_options options = {.sort = TW_ALERT_SORT_RANK, .limit = 1, .skip_total = true};
    TW_TRY(tw_ledger_alert_list(service->ledger, &filter, &options, arena, &page, err));
    if (page.n == 0)
        return tw_fail(err, TW_NOT_FOUND, "no alert waits for somebody");
    *alert_id = page.items[0].alert_id;
    return TW_OK;
}

static tw_status claim(twi_bench *bench, const tw_str_list *stores, tw_str actor, tw_arena *arena,
                       tw_str *alert_id, tw_err *err)
{
    tw_work_result result = {.status = TW_OK};
    tw_buf body;
    TW_TRY(find_next(bench->service, stores, arena, alert_id, err));
    tw_buf_init(&body, bench->service->alloc, 4096);
    tw_buf_cstr(&body, "{\"assignee\":");
    twi_text_json(&body, actor);
    tw_buf_u8(&body, '}');
    tw_status status = body.status;
    tw_work_request request = {.kind = TW_ACTION_ALERT_ASSIGN,
                               .subject = *alert_id,
                               .actor = actor,
                               .rights = TW_RIGHT_WORK,
                               .body = {(const char *)body.data_own, body.bytes}};
    if (status == TW_OK)
        status = act(bench, &request, 1, &result, err);
    else
        tw_fail(err, status, "no memory for a command");
    tw_buf_release(&body);
    return status == TW_OK ? first_failure(&result, 1, err) : status;
}

tw_status tw_service_claim_next(tw_service *service, const tw_str_list *stores, tw_str actor,
                                tw_arena *arena, tw_alert_view *out, tw_err *err)
{
    twi_bench bench;
    tw_str alert_id = TW_STR_NONE;
    if (service->mode == TW_SERVICE_READER)
        return tw_fail(err, TW_UNSUPPORTED, "a reader changes nothing");
    pthread_mutex_lock(&service->work_lock);
    tw_status status = twi_bench_open(service, &bench, err);
    if (status == TW_OK) {
        status = claim(&bench, stores, actor, arena, &alert_id, err);
        twi_bench_close(&bench);
    }
    pthread_mutex_unlock(&service->work_lock);
    TW_TRY(status);
    status = tw_query_alert(service, alert_id, arena, out);
    return status == TW_OK ? TW_OK : tw_fail(err, status, "the alert cannot be read");
}

// --- reading
// --------------------------------------------------------------------------------------

tw_status tw_query_doc(tw_service *service, tw_str kind, tw_str id, tw_arena *arena,
                       tw_doc_row *out, tw_err *err)
{
    twi_project_settle(service);
    tw_status status = tw_ledger_doc_get(service->ledger, kind, id, arena, out, err);
    if (status == TW_NOT_FOUND)
        return tw_fail(err, TW_NOT_FOUND, "there is no %.*s %.*s", TW_STR_ARG(kind),
                       TW_STR_ARG(id));
    return status;
}

tw_status tw_query_docs(tw_service *service, const tw_doc_filter *filter, size_t limit,
                        const char *cursor, tw_arena *arena, tw_doc_page *out, tw_err *err)
{
    twi_project_settle(service);
    return tw_ledger_doc_list(service->ledger, filter, limit, cursor, arena, out, err);
}

tw_status tw_query_actions(tw_service *service, const tw_action_filter *filter, size_t limit,
                           tw_arena *arena, tw_action_row **out, size_t *n, tw_err *err)
{
    twi_project_settle(service);
    return tw_ledger_action_list(service->ledger, filter, limit, arena, out, n, err);
}
