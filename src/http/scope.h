// SPDX-License-Identifier: Apache-2.0
//
// Which stores the caller of a request may see. Only files of src/http include this.
#ifndef TWI_HTTP_SCOPE_H
#define TWI_HTTP_SCOPE_H

#include "internal.h"

// May the caller see this store? "" (chain-wide things) is for everybody.
bool twi_scope_has(const twi_request *request, tw_str store_id);
// The caller's stores, for filters; n 0 = all of them. Lives as long as the request.
void twi_scope_stores(twi_request *request, tw_str_list *out);

#endif
