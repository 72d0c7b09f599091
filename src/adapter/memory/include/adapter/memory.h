// SPDX-License-Identifier: Apache-2.0
//
// The reference adapters: journal, ledger, accounts and files in memory, by plain scans over plain
// arrays. They define what the others must answer; tests and dry runs use them. Nothing survives
// close. Thread-safe as the ports ask (one mutex each).
#ifndef TW_ADAPTER_MEMORY_H
#define TW_ADAPTER_MEMORY_H

#include "port/access.h"
#include "port/files.h"
#include "port/journal.h"
#include "port/ledger.h"

tw_status tw_memory_journal_open(const tw_alloc *alloc, tw_journal *out, tw_err *err) TW_MUST_CHECK;
tw_status tw_memory_ledger_open(const tw_alloc *alloc, tw_ledger *out, tw_err *err) TW_MUST_CHECK;
tw_status tw_memory_access_open(const tw_alloc *alloc, tw_access *out, tw_err *err) TW_MUST_CHECK;
tw_status tw_memory_files_open(const tw_alloc *alloc, tw_files *out, tw_err *err) TW_MUST_CHECK;

#endif
