// SPDX-License-Identifier: Apache-2.0
//
// Facts as lines of the log: what people did and looked at, verdicts and configurations.
#ifndef TWI_SERVICE_ACTION_ROWS_H
#define TWI_SERVICE_ACTION_ROWS_H

#include "core.h"
#include "port/ledger.h"

// Texts are views of what is given, but for what comes out of a body or goes into one, which lives
// in the arena; `scratch` is needed for the moment. TW_NO_MEMORY.
tw_status twi_row_of_action(const twi_action_change *change, tw_arena *scratch, tw_arena *arena,
                            tw_action_row *out) TW_MUST_CHECK;
// employee_id and store_id of the alert, "" without one.
tw_status twi_row_of_verdict(const twi_verdict_change *change, tw_str employee_id, tw_str store_id,
                             tw_arena *arena, tw_action_row *out) TW_MUST_CHECK;
tw_status twi_row_of_config(const twi_config_change *change, tw_arena *arena,
                            tw_action_row *out) TW_MUST_CHECK;

#endif
