// SPDX-License-Identifier: Apache-2.0
//
// One config fact as a row of the ledger: what the registry (query_models.c) derives versions and
// their states from. A row's key is the fact's place in the journal, so that a version that was
// champion twice has two rows; kind is the version's (classifier, outlier, signals, policy), state
// what the fact did (a twi_registry_event).
#ifndef TWI_SERVICE_REGISTRY_ROW_H
#define TWI_SERVICE_REGISTRY_ROW_H

#include "core.h"
#include "port/ledger.h"

// X(NAME, "text", "what it did to the version, for people and API")
#define TWI_REGISTRY_EVENTS(X)                                                                     \
    X(INSTALLED, "INSTALLED", "installed")                                                         \
    X(PROMOTED, "PROMOTED", "promoted")                                                            \
    X(CHALLENGER, "CHALLENGER", "challenger")                                                      \
    X(WITHDRAWN, "WITHDRAWN", "withdrawn")                                                         \
    X(DECIDED, "DECIDED", "decided")
typedef enum twi_registry_event {
#define X(name, text, what) TWI_REGISTRY_##name,
    TWI_REGISTRY_EVENTS(X)
#undef X
        TWI_REGISTRY_EVENT_N
} twi_registry_event;
const char *twi_registry_what(twi_registry_event event);

typedef struct twi_registry_row {
    uint64_t seq;
    twi_registry_event event;
    tw_str kind, name, changed_by, reason;
    int64_t changed_ms;
    uint64_t bytes_n; // of the content
    tw_str sha256;
    tw_str data; // JSON: metadata of a model, or the decision; "{}" without
} twi_registry_row;

// The row of a fact. Strings live in the arena. `content` is the model file, the decision or the
// YAML text; models must be loadable, but for withdrawals.
tw_status twi_registry_write(const tw_alloc *alloc, const twi_config_change *change,
                             tw_arena *arena, tw_model_row *out, tw_err *err) TW_MUST_CHECK;
// Reads a row; views into it, but for unescaped strings in the arena. TW_CORRUPT.
tw_status twi_registry_read(const tw_model_row *row, tw_arena *arena,
                            twi_registry_row *out) TW_MUST_CHECK;

#endif
