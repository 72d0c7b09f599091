// SPDX-License-Identifier: Apache-2.0
//
// Snapshots: the core's whole state at one journal position in one file, state/snapshot-<seq>, so
// that a start replays only what came after. Two are kept. A snapshot that is damaged, of another
// catalogue, or not of this journal is passed over: the journal has everything.
//
//   "TWSNAP1\n"  seq u64  chain hash[32]  counters  engine blob  detector blob  sample  confirmed
//   XXH3-64 of all before it, u64                                      (docs/formats/snapshot.md)
#ifndef TWI_SERVICE_STATE_FILE_H
#define TWI_SERVICE_STATE_FILE_H

#include "core.h"
#include "port/files.h"
#include "port/journal.h"

// Largest snapshot that is written or read; more would not fit beside the state in memory anyway.
#define TWI_SNAPSHOT_MAX_BYTES ((size_t)16 << 30)

// The state at core->seq, which must be the end of a block, with that block's hash.
tw_status twi_snapshot_encode(const twi_core *core, const uint8_t hash[TW_SHA256_BYTES],
                              tw_buf *out) TW_MUST_CHECK;
// TW_CORRUPT, TW_UNSUPPORTED, TW_NO_MEMORY; `core` is then released.
tw_status twi_snapshot_decode(twi_core *core, const tw_alloc *alloc, const void *data, size_t bytes,
                              uint8_t hash[TW_SHA256_BYTES]) TW_MUST_CHECK;

// Writes the snapshot of core and removes all but the newest two.
tw_status twi_snapshot_publish(const twi_core *core, const tw_files *files,
                               const tw_journal *journal, tw_err *err) TW_MUST_CHECK;
// Loads the newest usable one with seq <= max_seq into `core`, or makes an empty core.
tw_status twi_snapshot_open(twi_core *core, const tw_alloc *alloc, const tw_files *files,
                            const tw_journal *journal, uint64_t max_seq, tw_err *err) TW_MUST_CHECK;
// Removes all snapshots.
tw_status twi_snapshot_clear(const tw_alloc *alloc, const tw_files *files,
                             tw_err *err) TW_MUST_CHECK;

#endif
