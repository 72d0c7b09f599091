// SPDX-License-Identifier: Apache-2.0
//
// The lake in the interface: what search.c, lake.c and entities*.c share. Only files of src/http
// include this.
#ifndef TWI_HTTP_LAKE_H
#define TWI_HTTP_LAKE_H

#include "internal.h"
#include "service/entity.h"
#include "service/search.h"

// search.c
void twi_handle_search(twi_request *request);
// Reads the conditions of a body, within the caller's stores. *is_nothing: no transaction can
// fulfil them. False after answering 422.
bool twi_search_read(twi_request *request, yyjson_val *body, tw_search *out, bool *is_nothing);
void twi_json_hit(yyjson_mut_doc *doc, yyjson_mut_val *object, const tw_transaction_view *view);
void twi_json_hits(yyjson_mut_doc *doc, yyjson_mut_val *root, const char *key,
                   const tw_transaction_view *views, size_t n);

// lake.c
// twi_json_begin, that answers 503 to what passes (no lake, no turn, no time).
bool twi_lake_begin(twi_request *request, tw_status status, const tw_err *err, yyjson_mut_doc **doc,
                    yyjson_mut_val **root);
void twi_handle_lake_query(twi_request *request);
void twi_handle_lake_export(twi_request *request);

// entities_lake.c
void twi_handle_register(twi_request *request);
void twi_handle_card(twi_request *request);
void twi_handle_customer(twi_request *request);
void twi_handle_item(twi_request *request);
void twi_handle_employee_calendar(twi_request *request);
void twi_handle_store_calendar(twi_request *request);
void twi_json_windows(yyjson_mut_doc *doc, yyjson_mut_val *root, const tw_counts_window *windows,
                      size_t n);
void twi_json_counts_by(yyjson_mut_doc *doc, yyjson_mut_val *root, const char *key,
                        const tw_counts_by *rows, size_t n);

#endif
