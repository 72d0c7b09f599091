// SPDX-License-Identifier: Apache-2.0
//
// Wraps a port and makes the calls fail that a plan names, before they reach the wrapped adapter:
// as the contract asks, nothing has happened then. For tests of everything that sits on the ports,
// and for drills. The plan is the caller's and may be changed between calls; it is read and counted
// under a lock, so that it may be shared between ports and threads.
#ifndef TW_ADAPTER_FAULTY_H
#define TW_ADAPTER_FAULTY_H

#include "port/files.h"
#include "port/journal.h"
#include "port/ledger.h"

typedef enum tw_fault_calls {
    TW_FAULT_WRITES = 1, // append, dead letters, apply, wipe, publish, remove, access writes
    TW_FAULT_READS = 2,
    TW_FAULT_ALL = 3,
} tw_fault_calls;

typedef struct tw_fault_plan tw_fault_plan;
tw_status tw_fault_plan_new(const tw_alloc *alloc, tw_fault_plan **out) TW_MUST_CHECK;
void tw_fault_plan_free(tw_fault_plan *plan);
// From now on the fail_at-th call of that class (1 = the next; 0 = none) fails with `status`, and
// all later ones too with keep_failing. Counts start again at 0.
void tw_fault_plan_set(tw_fault_plan *plan, tw_fault_calls calls, uint64_t fail_at,
                       bool keep_failing, tw_status status);
// Calls of the class since then, and how many of them failed.
void tw_fault_plan_counts(tw_fault_plan *plan, uint64_t *calls, uint64_t *hits);

// *out takes over `inner`, which is closed with it; `plan` must outlive it. On failure `inner` is
// still the caller's.
tw_status tw_faulty_journal_open(const tw_alloc *alloc, tw_journal inner, tw_fault_plan *plan,
                                 tw_journal *out, tw_err *err) TW_MUST_CHECK;
tw_status tw_faulty_ledger_open(const tw_alloc *alloc, tw_ledger inner, tw_fault_plan *plan,
                                tw_ledger *out, tw_err *err) TW_MUST_CHECK;
tw_status tw_faulty_files_open(const tw_alloc *alloc, tw_files inner, tw_fault_plan *plan,
                               tw_files *out, tw_err *err) TW_MUST_CHECK;

#endif
