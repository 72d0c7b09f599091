// SPDX-License-Identifier: Apache-2.0
//
// Documents on the desk: those of the ledger that actions touch, with what the actions make of
// them, before it is written. The projector writes them; a command uses one to see the effect of
// its earlier requests.
//
// One thread at a time. Memory: some 20 times a document's bytes while it is on the desk.
#ifndef TWI_SERVICE_DOC_DESK_H
#define TWI_SERVICE_DOC_DESK_H

#include "base/arena.h"
#include "port/ledger.h"
#include "retail/transaction.h"
#include "workflow/action.h"

typedef struct twi_doc {
    tw_doc_row row;     // body empty = there is none; keys only after an action
    bool is_changed;    // by an action
    tw_arena arenas[2]; // row lives in arenas[turn]
    int turn;
} twi_doc;

typedef struct twi_desk {
    const tw_alloc *alloc;
    const tw_ledger *ledger;
    char currency[4];
    twi_doc **docs_own;
    size_t n, cap;
} twi_desk;

void twi_desk_init(twi_desk *desk, const tw_alloc *alloc, const tw_ledger *ledger,
                   const char currency[4]);
void twi_desk_release(twi_desk *desk);
void twi_desk_clear(twi_desk *desk); // takes everything from the desk

// The document as it stands; empty (row.body) when there is none. Good until the desk is cleared,
// its row until the next action on it. TW_NO_MEMORY, or as tw_ledger_doc_get.
tw_status twi_desk_get(twi_desk *desk, tw_str kind, tw_str id, twi_doc **out,
                       tw_err *err) TW_MUST_CHECK;
// The document that an action is about: its kind, "" when it is about none.
tw_str twi_doc_kind_of(tw_action_kind kind);
// Applies an action that was journaled; one that is about no document, or does not hold, changes
// nothing. TW_NO_MEMORY, or as get.
tw_status twi_desk_apply(twi_desk *desk, const tw_action *action, uint64_t seq,
                         tw_err *err) TW_MUST_CHECK;
// The documents that changed, as rows in the arena; views until the desk is cleared.
tw_status twi_desk_rows(const twi_desk *desk, tw_arena *arena, tw_doc_row **out,
                        size_t *n) TW_MUST_CHECK;

#endif
