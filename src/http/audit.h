// SPDX-License-Identifier: Apache-2.0
//
// What is written into the log about the caller. Only files of src/http include this.
#ifndef TWI_HTTP_AUDIT_H
#define TWI_HTTP_AUDIT_H

#include "internal.h"

// Something was done: journaled before the reply goes out. A journal that cannot take it is logged;
// what was done stays done. body: JSON or "".
void twi_audit(twi_request *request, const char *kind, tw_str subject, tw_str body);
// The same with one member in the body.
void twi_audit_change(twi_request *request, const char *kind, tw_str subject, const char *key,
                      tw_str value);
// Something was looked at; does not wait. The same within ten minutes counts once. employee_id "" =
// concerns no employee.
void twi_audit_view(twi_request *request, const char *kind, tw_str subject, tw_str employee_id);
// A sign-in that failed; of unknown accounts the name is not kept.
void twi_audit_failure(twi_request *request, tw_str user_id);

// Journals what the command line did to accounts since the last time.
void twi_audit_collect(tw_http *http, tw_arena *scratch);

void twi_handle_audit(twi_request *request);

#endif
