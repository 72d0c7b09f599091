// SPDX-License-Identifier: Apache-2.0
//
// The deterministic heart of the service: engine, detector, training sample and counters, moved by
// one fact at a time, and the changes that this makes to what people read. Live flow, recovery and
// rebuild all go through twi_core_apply, so they cannot differ.
//
// Threads: one thread applies. Memory: state lives as long as the core; changes are per commit.
#ifndef TWI_SERVICE_CORE_H
#define TWI_SERVICE_CORE_H

#include "base/table.h"
#include "sampler.h"
#include "score_record.h"
#include "watch.h"

// Who the facts of a training by the program itself name.
#define TWI_TRAINED_BY "tillwatch"

// A verdict fact as it goes to the ledger. Strings in the changes' arena.
typedef struct twi_verdict_change {
    tw_verdict verdict;
    uint64_t seq;
    char alert_id[TW_ALERT_ID_BYTES]; // alert that it is on, or that holds its transaction
} twi_verdict_change;

typedef struct twi_config_change {
    tw_config config; // content only for models and decisions
    uint64_t bytes_n; // of the content
    uint64_t seq;
    char sha256[2 * TW_SHA256_BYTES + 1];
} twi_config_change;

// Something that somebody did. Strings in the changes' arena.
typedef struct twi_action_change {
    tw_action action;
    uint64_t seq;
} twi_action_change;

// An alert's state after the last fact that changed it in these changes.
typedef struct twi_alert_change {
    tw_alert alert;
    struct {
        char name[TW_ID_MAX_BYTES + 1], title[TW_TEXT_MAX_BYTES + 1];
    } signals[TW_SCHEME_SIGNALS_MAX]; // of alert.reasons, as named then
    uint64_t opened_seq;              // when it opened here, else 0
    float challenger_risk;            // of that transaction; NaN without a challenger
    uint64_t last_seq;
} twi_alert_change;

// What a run of facts first_seq .. last_seq changed.
typedef struct twi_changes {
    struct twi_changes *next;
    const tw_alloc *alloc;
    uint64_t first_seq, last_seq;
    tw_buf records; // one twi_record for each fact
    twi_alert_change *alerts_own;
    size_t alert_n, alert_cap;
    tw_table by_key; // alert key -> index
    twi_verdict_change *verdicts_own;
    size_t verdict_n, verdict_cap;
    twi_config_change *configs_own;
    size_t config_n, config_cap;
    twi_action_change *actions_own;
    size_t action_n, action_cap;
    tw_arena arena;
    size_t text_bytes; // kept in the arena
} twi_changes;

typedef struct twi_core {
    const tw_alloc *alloc;
    tw_engine *engine_own;
    tw_detector *detector_own;
    twi_sampler sampler;
    twi_watch watch;
    tw_table confirmed; // mix of seq -> 0: transactions with a verdict CONFIRMED
    uint64_t seq;
    uint64_t transaction_n, movement_n, shift_n, verdict_n, config_n;
    uint64_t alert_n;     // opened ever
    int64_t last_time_ms; // newest transaction time, and its store's offset
    int16_t last_offset_min;
    int32_t first_day;        // engine day of the first transaction, INT32_MIN before
    int32_t model_day;        // engine day when the newest model was installed, INT32_MIN without
    int64_t trained_ms;       // wall clock of the newest fact of a training, 0 before
    uint64_t trained_facts_n; // transactions and verdicts at that fact
    char model_id[TW_ID_MAX_BYTES + 1];
    bool keep_models; // copy models and decisions into the changes (for the registry); else their
                      // names only
} twi_core;

tw_status twi_core_init(twi_core *core, const tw_alloc *alloc) TW_MUST_CHECK;
void twi_core_release(twi_core *core);
// Room for n facts in engine, detector and changes: afterwards n applies of facts other than
// configs cannot fail. TW_NO_MEMORY, TW_LIMIT: nothing changed.
tw_status twi_core_reserve(twi_core *core, twi_changes *changes, size_t n) TW_MUST_CHECK;
// Takes the fact and appends to the changes. `record` receives what was stored, its texts in
// `texts` (an arena; NULL = not wanted). Fails for configs only: TW_NO_MEMORY or as
// tw_detector_config.
tw_status twi_core_apply(twi_core *core, const tw_fact *fact, twi_changes *changes, tw_arena *texts,
                         twi_record *record, tw_err *err) TW_MUST_CHECK;
bool twi_core_is_confirmed(const void *core, uint64_t seq); // a twi_is_excluded
// Hash of everything beside engine and detector.
uint64_t twi_core_hash(const twi_core *core);

void twi_changes_init(twi_changes *changes, const tw_alloc *alloc);
void twi_changes_release(twi_changes *changes);
void twi_changes_reset(twi_changes *changes); // empties, keeps the memory

#endif
