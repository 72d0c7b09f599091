// SPDX-License-Identifier: Apache-2.0
//
// One command on the bench: what its requests are about, with what the earlier requests of the same
// command make of it, and the facts that they become. work.c runs it, work_check.c says what may be
// done, work_body.c what goes into the journal.
//
// Used inside the work lock, by one thread.
#ifndef TWI_SERVICE_WORK_BENCH_H
#define TWI_SERVICE_WORK_BENCH_H

#include <yyjson.h>

#include "doc_desk.h"
#include "internal.h"
#include "service/work.h"

// An alert and how it stands after the requests so far.
typedef struct twi_bench_alert {
    struct twi_bench_alert *next;
    tw_alert_view view;
    tw_alert_work work;
} twi_bench_alert;

typedef struct twi_bench {
    tw_service *service;
    int64_t now_ms;
    tw_arena arena;   // until the end of the command
    tw_arena scratch; // until the end of a request
    twi_desk desk;
    twi_bench_alert *alerts;
    tw_batch *batch;
    tw_settings settings;
    uint64_t case_n; // the number of the next case, 0 = not looked up
    size_t quiet_n;  // rules that the batch adds
} twi_bench;

// One request on its way.
typedef struct twi_job {
    const tw_work_request *request;
    tw_action action;       // strings of the request, or in the bench's arena
    twi_bench_alert *alert; // what it is about: an alert,
    twi_doc *doc;           // or a document, which may be an empty one
    bool is_new;            // the document's id was given here
    size_t entry;           // in the batch
    // What follows from it (work_follow.c).
    tw_str rule; // of an entry of the allow-list
    tw_verdict closing;
    int64_t recovered_minor;
    twi_bench_alert **undecided;
    size_t undecided_n;
} twi_job;

// Version that stands for "changed by this command".
#define TWI_VERSION_NEW ((uint64_t)INT64_MAX)

tw_status twi_bench_open(tw_service *service, twi_bench *bench, tw_err *err) TW_MUST_CHECK;
void twi_bench_close(twi_bench *bench);
// The alert as it stands. TW_NOT_FOUND.
tw_status twi_bench_alert_get(twi_bench *bench, tw_str alert_id, twi_bench_alert **out,
                              tw_err *err) TW_MUST_CHECK;
// A text that lives as long as the bench.
tw_status twi_bench_keep(twi_bench *bench, tw_str text, tw_str *out, tw_err *err) TW_MUST_CHECK;
// Adds a fact to the commit. TW_LIMIT when it is full.
tw_status twi_bench_add(twi_bench *bench, const tw_fact *fact, tw_err *err) TW_MUST_CHECK;

// work_check.c: rights, version, state and body of a job whose subject is there.
tw_status twi_job_check(twi_bench *bench, twi_job *job, tw_err *err) TW_MUST_CHECK;
// Reasons of the settings and those that were always there.
bool twi_is_reason(const tw_settings *settings, tw_verdict_kind verdict, tw_str reason);

// work_body.c: the body as it is journaled, with what the service adds.
tw_status twi_job_body(twi_bench *bench, twi_job *job, tw_err *err) TW_MUST_CHECK;

// work_follow.c: prepares and checks what follows; then the facts, when the job's own is in the
// batch.
tw_status twi_job_prepare(twi_bench *bench, twi_job *job, tw_err *err) TW_MUST_CHECK;
tw_status twi_job_follow(twi_bench *bench, const twi_job *job, tw_err *err) TW_MUST_CHECK;

// work_note.c
void twi_notes_init(tw_service *service);
void twi_notes_release(tw_service *service);

// work_assign.c: the thread of the assignment rules.
tw_status twi_assign_start(tw_service *service, tw_err *err) TW_MUST_CHECK;
void twi_assign_stop(tw_service *service);

// verdict.c
tw_status twi_judge_prepare(const tw_settings *settings, tw_verdict *verdict, char id[32],
                            tw_err *err) TW_MUST_CHECK;

#endif
