// SPDX-License-Identifier: Apache-2.0
//
// Handlers of the work on alerts and cases, of settings, allow list, saved filters and data, and
// what they share. Only files of src/http include this.
#ifndef TWI_HTTP_WORK_H
#define TWI_HTTP_WORK_H

#include "internal.h"
#include "service/work.h"

// work.c: what all of them share.
// Version of If-Match, 0 without one: the digits in quotes, up to a hyphen. False after answering.
bool twi_if_match(twi_request *request, uint64_t *out);
// Id of the action that the request's Idempotency-Key stands for, for this caller and path; empty
// without one. False after answering.
bool twi_idempotency_id(twi_request *request, tw_str *out);
// ETag: the number in quotes.
void twi_etag(twi_request *request, uint64_t version);
// A request in the name of the caller, with its If-Match and Idempotency-Key. False after
// answering.
bool twi_work_of(twi_request *request, tw_action_kind kind, tw_str subject, tw_work_request *out);
// Does one thing; false when it failed, with the reason in *result and nothing answered yet.
bool twi_work_run(twi_request *request, const tw_work_request *work, tw_work_result *result);
// Answers a request that failed for reasons other than its version.
void twi_work_failed(twi_request *request, const tw_work_result *result);

// What 412 tells of the thing.
typedef struct twi_stale_state {
    uint64_t version;            // 0 = null
    uint64_t since;              // version that the caller knew, for the changes
    tw_str subject;              // of the changes
    const tw_alert_view *alert;  // or NULL
    const tw_doc_row *case_file; // or NULL
} twi_stale_state;
// state NULL = nothing but the sentence.
void twi_stale(twi_request *request, const char *sentence, const twi_stale_state *state);

// timeline.c
void twi_json_entry(twi_request *request, yyjson_mut_doc *doc, yyjson_mut_val *object,
                    const tw_action_row *row);
void twi_handle_alert_history(twi_request *request);
void twi_handle_case_timeline(twi_request *request);

// alert_actions.c
// The alert of the path, when the caller may see it. False after answering.
bool twi_alert_asked(twi_request *request, tw_str alert_id, tw_alert_view *out);
// Answers 412 when somebody worked the alert since; false, and nothing answered, when nobody did.
bool twi_alert_stale(twi_request *request, tw_str alert_id, uint64_t since);
// verdicts.c: the verdict of a body, without what it is about. False after answering.
bool twi_verdict_read(twi_request *request, yyjson_val *body, tw_verdict *out);
// One verdict; false after answering.
bool twi_judge(twi_request *request, const tw_judge_request *judge, tw_judge_result *out);
void twi_handle_alert_action(twi_request *request);
void twi_handle_alert_actions(twi_request *request);
void twi_handle_alert_next(twi_request *request);

// related.c
void twi_handle_related(twi_request *request);

// cases.c
void twi_handle_case_list(twi_request *request);
void twi_handle_case_open(twi_request *request);
void twi_handle_case(twi_request *request);
void twi_handle_case_action(twi_request *request);
// The case of the path, when the caller may see it. False after answering.
bool twi_case_asked(twi_request *request, tw_str case_id, tw_doc_row *out);
// case_json.c: the whole file; false when it is damaged or cannot be told.
bool twi_json_case(twi_request *request, yyjson_mut_doc *doc, yyjson_mut_val *object,
                   const tw_doc_row *row);
bool twi_json_case_brief(twi_request *request, yyjson_mut_doc *doc, yyjson_mut_val *object,
                         const tw_doc_row *row, const tw_settings *settings);

// Stores of store_id, region and the caller's scope, together; n 0 = all. False after answering.
bool twi_stores_argument(twi_request *request, const tw_settings *settings, tw_str_list *out);
// related.c: a transaction as others are shown it.
void twi_json_related(yyjson_mut_doc *doc, yyjson_mut_val *object, const tw_transaction_view *view);

// settings.c
void twi_handle_settings(twi_request *request);
void twi_handle_settings_change(twi_request *request);

// allow.c
void twi_handle_allow_list(twi_request *request);
void twi_handle_allow_add(twi_request *request);
void twi_handle_allow_remove(twi_request *request);

// filters.c
void twi_handle_filter_list(twi_request *request);
void twi_handle_filter_save(twi_request *request);
void twi_handle_filter_remove(twi_request *request);

// data.c
void twi_handle_data(twi_request *request);
// dead_letters.c
void twi_handle_dead_letters(twi_request *request);
void twi_handle_resubmit(twi_request *request);

#endif
