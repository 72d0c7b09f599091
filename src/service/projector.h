// SPDX-License-Identifier: Apache-2.0
//
// The parts of the projector: projector.c has the alerts and writes, projector_facts.c takes what
// people did (verdicts, configurations, actions).
#ifndef TWI_SERVICE_PROJECTOR_H
#define TWI_SERVICE_PROJECTOR_H

#include "doc_desk.h"
#include "internal.h"

typedef struct twi_alert_entry {
    uint64_t key;       // 0 = free
    tw_arena arenas[2]; // the view lives in arenas[turn]
    int turn;
    tw_alert_view view;    // an empty alert_id: there is no such alert
    bool is_dirty, is_new; // since the last write
    bool is_judged;        // the same; a verdict has an event of its own
    bool is_closed;        // not kept behind the write
    // Ids that people change any number of times have a place of their own; the view points here.
    char assignee[TW_ID_MAX_BYTES + 1], case_id[TW_ID_MAX_BYTES + 1];
    size_t signal_n; // reasons that the ledger has as keys
    tw_str *new_ids; // transactions to add as keys; list in the write's arena
    size_t new_id_n, new_id_cap;
} twi_alert_entry;

struct twi_projector {
    const tw_alloc *alloc;
    const tw_ledger *ledger;
    const tw_journal *journal;
    const tw_files *files; // NULL: models are not saved beside the journal
    char currency[4];
    tw_table by_key;
    twi_alert_entry **entries_own; // by index of by_key
    size_t entry_n, entry_cap;
    uint32_t *free_own; // indexes without an entry
    size_t free_n, free_cap;
    twi_alert_entry **dirty_own;
    size_t dirty_n, dirty_cap;
    twi_desk desk;   // documents of one write
    tw_arena arena;  // of one write
    tw_arena lookup; // of one ledger or journal read, or of reading one body
    tw_buf bodies, joined, fetched;
    tw_event *events_own;
    size_t event_n, event_cap;
};

// Rows of the facts of one write, in the write's arena.
typedef struct twi_fact_rows {
    tw_verdict_row *verdicts;
    tw_model_row *models;
    tw_action_row *actions;
    size_t verdict_n, model_n, action_n;
} twi_fact_rows;

// The entry of an alert, loaded from the ledger when it is not in memory; uses `lookup`.
tw_status twi_alert_entry_get(twi_projector *p, uint64_t key, twi_alert_entry **out,
                              tw_err *err) TW_MUST_CHECK;
tw_status twi_alert_entry_mark(twi_projector *p, twi_alert_entry *e) TW_MUST_CHECK;
// Forgets an entry that turned out not to matter.
void twi_alert_entry_pass(twi_projector *p, twi_alert_entry *e);
void twi_alert_entry_keep(twi_alert_entry *e, tw_str assignee, tw_str case_id);
tw_status twi_projector_event(twi_projector *p, const tw_event *event) TW_MUST_CHECK;

// projector_facts.c
// Takes the facts that people made of one set of changes, in their order. `rows` has room.
tw_status twi_take_facts(twi_projector *p, const twi_changes *changes, twi_fact_rows *rows,
                         tw_err *err) TW_MUST_CHECK;

#endif
