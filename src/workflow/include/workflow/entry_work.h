// SPDX-License-Identifier: Apache-2.0
//
// The small documents that people keep: entries of the allow-list (tw_doc_row of kind "allow") and
// saved filters (kind "filter"). tw_entry_apply is their only writer.
//
//   allow:  {id, entity_kind, entity_id, scheme ("" = all), until, owner, reason, added_by,
//            added_at, store_id}
//   filter: {id, name, query, shared, owner, changed_at}
//
// Thread-safety: pure functions.
#ifndef TW_WORKFLOW_ENTRY_WORK_H
#define TW_WORKFLOW_ENTRY_WORK_H

#include "base/arena.h"
#include "port/ledger.h"
#include "retail/transaction.h"
#include "workflow/action.h"

// Of one filter's query string.
#define TW_FILTER_QUERY_MAX_BYTES 2000

// May this action (allow.add, allow.remove, filter.save, filter.remove) be done to the document
// `body`, "" when there is none? `may_manage`: whoever acts has the right MANAGE, and may change
// what belongs to others. TW_INVALID, TW_CONFLICT (allow.add of an entry that exists), TW_NOT_FOUND
// (removing what is not there), TW_DENIED, TW_NO_MEMORY.
tw_status tw_entry_check(tw_str body, const tw_action *action, bool may_manage, tw_arena *scratch,
                         tw_err *err) TW_MUST_CHECK;
// The document after an action that was journaled, in the arena; an empty body when it is gone.
// Only TW_NO_MEMORY and, when the action makes no document, TW_INVALID.
tw_status tw_entry_apply(tw_str body, const tw_action *action, uint64_t seq, tw_arena *arena,
                         tw_doc_row *out) TW_MUST_CHECK;

#endif
