// SPDX-License-Identifier: Apache-2.0
//
// Files of evidence, and what leaves the house. Only files of src/http include this.
#ifndef TWI_HTTP_EVIDENCE_H
#define TWI_HTTP_EVIDENCE_H

#include "internal.h"

// evidence.c
void twi_handle_attach(twi_request *request);
void twi_handle_evidence(twi_request *request);
// Content-Disposition of a download with this name, in the request's arena; always an attachment.
void twi_disposition(twi_request *request, tw_str name);

// exports.c
void twi_handle_case_export(twi_request *request);
// Answers with the bytes: through an unnamed file of the data directory, so that a large one does
// not stay in memory while it is sent. Releases `bytes`.
void twi_reply_bytes(twi_request *request, const char *content_type, tw_buf *bytes);

// report.c
void twi_handle_report(twi_request *request);
void twi_handle_report_schedule(twi_request *request);
void twi_handle_report_send(twi_request *request);

#endif
