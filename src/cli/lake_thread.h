// SPDX-License-Identifier: Apache-2.0
//
// The lake beside a server: a thread that writes what is due, and the open lake that the server
// asks. The thread looks at once and then every minute, at low priority, and reads journal and
// ledger as any reader does; a failure is logged and tried again at the next look. Without DuckDB
// there is none of it.
#ifndef TWI_CLI_LAKE_THREAD_H
#define TWI_CLI_LAKE_THREAD_H

#include "place.h"
#include "service/lake_live.h"

typedef struct twi_lake_thread twi_lake_thread;

// The place serves, and outlives it; place->lake is set, to NULL when there is no lake in this
// program.
tw_status twi_lake_thread_start(twi_place *place, tw_err *err) TW_MUST_CHECK;
// Ends it, behind the server: what was being written is left as it was before, whole.
void twi_lake_thread_stop(twi_place *place);

// For the server's options: the open lake, and the folder of its exports.
tw_lake_live *twi_lake_thread_live(const twi_lake_thread *thread);  // of NULL, NULL
const char *twi_lake_thread_out_dir(const twi_lake_thread *thread); // of NULL, NULL

#endif
