// SPDX-License-Identifier: Apache-2.0
//
// A VFS of SQLite that passes everything on to the default one and makes chosen writes, syncs,
// truncations and removals fail, or ends the process at them. Thread-safe.
#ifndef TW_TESTS_FAULT_VFS_H
#define TW_TESTS_FAULT_VFS_H

#include <stdbool.h>
#include <stdint.h>

#define FAULT_VFS_NAME "tw-fault"

typedef enum fault_kind {
    FAULT_NONE,
    FAULT_IO,    // the operation fails with an I/O error
    FAULT_FULL,  // the device is full
    FAULT_SHORT, // half of a write is done, then the device is full
    FAULT_EXIT,  // the process ends before the operation
    FAULT_TORN,  // the process ends in the middle of a write
} fault_kind;

// Registers the VFS; once.
void fault_vfs_register(void);
// From now on operation number fail_at (1 = the next) goes wrong, and all later ones with
// keep_failing. Counts start again.
void fault_vfs_set(fault_kind kind, uint64_t fail_at, bool keep_failing);
uint64_t fault_vfs_hits(void);
// Syncs ever.
uint64_t fault_vfs_syncs(void);

#endif
