// SPDX-License-Identifier: Apache-2.0
//
// The thread that writes closed business days to the lake while a server runs. It looks at once and
// then every minute, at low priority, and reads journal and ledger as any reader does; a failure is
// logged and tried again at the next look. Without DuckDB there is none.
#ifndef TWI_CLI_LAKE_THREAD_H
#define TWI_CLI_LAKE_THREAD_H

#include "place.h"

typedef struct twi_lake_thread twi_lake_thread;

// The place is open with its lock and outlives the thread. TW_OK with *out NULL when there is no
// lake in this program.
tw_status twi_lake_thread_start(const twi_place *place, twi_lake_thread **out,
                                tw_err *err) TW_MUST_CHECK;
// Ends it: what was being written is left as it was before, whole. NULL is allowed.
void twi_lake_thread_stop(twi_lake_thread *thread);

#endif
