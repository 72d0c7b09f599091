// SPDX-License-Identifier: Apache-2.0
//
// Copies the write-ahead log of a database back into it from a thread and a connection of its own,
// so that commits do not wait. Internal to the adapter.
#ifndef TW_ADAPTER_SQLITE_CHECKPOINT_H
#define TW_ADAPTER_SQLITE_CHECKPOINT_H

#include "sqlite_conn.h"

typedef struct twi_checkpointer twi_checkpointer;

// Installs itself as the writer's commit hook. Starts when the log has wal_bytes, or when the
// writer has been idle for a moment. writer and writer_lock must outlive it.
tw_status twi_checkpointer_new(const tw_alloc *alloc, const tw_sqlite_options *options,
                               twi_conn *writer, pthread_mutex_t *writer_lock, size_t wal_bytes,
                               twi_checkpointer **out, tw_err *err) TW_MUST_CHECK;
// Stops the thread and waits for it. NULL is allowed.
void twi_checkpointer_free(twi_checkpointer *self);

#endif
