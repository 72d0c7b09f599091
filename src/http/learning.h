// SPDX-License-Identifier: Apache-2.0
//
// Handlers of models, training, watch, backtests and attributions. Only files of src/http include
// this.
#ifndef TWI_HTTP_LEARNING_H
#define TWI_HTTP_LEARNING_H

#include "internal.h"

// model_json.c
// A stored JSON object, parsed into the request's arena; NULL when it is none.
yyjson_val *twi_stored_json(twi_request *request, tw_str text);
void twi_json_model(twi_request *request, yyjson_mut_doc *doc, yyjson_mut_val *object,
                    const tw_model_view *model);
void twi_json_model_detail(twi_request *request, yyjson_mut_doc *doc, yyjson_mut_val *object,
                           const tw_model_view *model);

// models.c
void twi_handle_model_list(twi_request *request);
void twi_handle_model(twi_request *request);
void twi_handle_model_card(twi_request *request);
void twi_handle_model_file(twi_request *request);
void twi_handle_model_import(twi_request *request);
void twi_handle_model_promote(twi_request *request);
void twi_handle_model_archive(twi_request *request);
void twi_handle_model_rollback(twi_request *request);

// trainings.c
void twi_handle_trainings(twi_request *request);
void twi_handle_training_start(twi_request *request);

// watch.c
void twi_handle_watch(twi_request *request);
void twi_handle_audit_sample(twi_request *request);
// watch_metrics.c: the series of /metrics about models, appended to `out`.
void twi_put_learning_metrics(twi_request *request, tw_buf *out);

// backtests.c
void twi_handle_backtest_start(twi_request *request);
void twi_handle_backtest(twi_request *request);
void twi_handle_backtest_stop(twi_request *request);
tw_status twi_backtests_new(tw_http *http, tw_err *err);
// Stops what runs (is_stopping is set) and frees. http->backtests_own may be NULL.
void twi_backtests_free(tw_http *http);

// attributions.c
// Member "attributions" of an alert: of one of its transactions. view and measures
// [TW_PEER_MEASURE_N] may be NULL.
void twi_json_attributions(twi_request *request, yyjson_mut_doc *doc, yyjson_mut_val *root,
                           const tw_transaction_view *view, const tw_measure_view *measures);

#endif
