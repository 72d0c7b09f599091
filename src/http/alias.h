// SPDX-License-Identifier: Apache-2.0
//
// Pseudonyms of this installation: made with its key, kept in the store of accounts so that they
// can be resolved. Only files of src/http include this.
#ifndef TWI_HTTP_ALIAS_H
#define TWI_HTTP_ALIAS_H

#include "internal.h"

// Replaces ids in a document for callers without the right NAMES; nothing otherwise, nor for those
// who only send facts. On failure the document must not be sent.
tw_status twi_alias_hide(twi_request *request, yyjson_mut_doc *doc) TW_MUST_CHECK;
// The same for a document that no request asked for.
tw_status twi_alias_hide_doc(tw_http *http, tw_arena *arena, yyjson_mut_doc *doc) TW_MUST_CHECK;

// A path parameter, query argument or member of a body as the caller means it: pseudonyms become
// ids. For callers without NAMES an id of an employee or card becomes one that nobody has, so that
// they cannot ask who a pseudonym is. Lives as long as the request.
tw_str twi_alias_resolve(twi_request *request, tw_str text);
// All strings of a parsed body.
void twi_alias_resolve_doc(twi_request *request, yyjson_doc *doc);

void twi_alias_start(tw_http *http);
void twi_alias_stop(tw_http *http);

#endif
