// SPDX-License-Identifier: Apache-2.0
//
// Which stores the caller of a request may see. Only files of src/http include this.
#ifndef TWI_HTTP_SCOPE_H
#define TWI_HTTP_SCOPE_H

#include "internal.h"

// Patterns of store ids, shared by reference counting; NULL = all stores.
typedef struct twi_scope twi_scope;

// From the entries of an account or token, one a line; names of regions become their stores. ""
// gives NULL. TW_NO_MEMORY; any failure to read the regions fails too, so that nobody sees more for
// it.
tw_status twi_scope_new(tw_http *http, tw_str stores, tw_arena *scratch,
                        twi_scope **out) TW_MUST_CHECK;
void twi_scope_ref(twi_scope *scope);   // NULL is allowed
void twi_scope_unref(twi_scope *scope); // NULL is allowed
// The same patterns in the same order.
bool twi_scope_equal(const twi_scope *a, const twi_scope *b);
bool twi_scope_allows(const twi_scope *scope, tw_str store_id);
// The stores of a scope that are known, for filters: in the arena; of NULL n 0, else at least one
// (an id that no store has, when none fits).
tw_status twi_scope_list(tw_http *http, const twi_scope *scope, tw_arena *arena,
                         tw_str_list *out) TW_MUST_CHECK;

// May the caller see this store? "" (chain-wide things) is for everybody.
bool twi_scope_has(const twi_request *request, tw_str store_id);
// The caller's stores, for filters; n 0 = all of them. Lives as long as the request.
void twi_scope_stores(twi_request *request, tw_str_list *out);

#endif
