// SPDX-License-Identifier: Apache-2.0
//
// A service over memory adapters, and the facts of a small simulated chain to feed it with.
#ifndef SERVICE_FIXTURE_H
#define SERVICE_FIXTURE_H

#include "adapter/faulty.h"
#include "adapter/memory.h"
#include "service/query.h"
#include "service/service.h"

typedef struct chain { // facts of all kinds in order of arrival, views into its own memory
    tw_buf lines;
    tw_arena arena;
    tw_fact *facts;
    size_t n, cap;
} chain;

void chain_make(chain *c, unsigned stores, unsigned days, uint64_t seed);
void chain_release(chain *c);

typedef struct fixture {
    tw_fault_plan *plan; // of the journal and the ledger
    tw_journal journal;
    tw_ledger ledger;
    tw_files files;
    tw_service *service;
    tw_service_mode mode;
    bool train_off;
    uint64_t snapshot_facts;
    size_t queue_facts;
    const tw_trainer *trainer; // NULL = none
    const tw_clock *clock;     // NULL = one that stands still
    tw_train_schedule schedule;
} fixture;

void fixture_make(fixture *f); // adapters only
// As fixture_make, with files that follow the fault plan, too.
void fixture_make_faulty_files(fixture *f);
void fixture_open(fixture *f); // the service
tw_status fixture_try_open(fixture *f, tw_err *err);
void fixture_close(fixture *f);   // the service
void fixture_release(fixture *f); // everything
tw_service_options fixture_options(fixture *f);

// Runs facts[from .. to) in batches of `step`; every record must be accepted.
void fixture_feed(fixture *f, const chain *c, size_t from, size_t to, size_t step);
tw_hashes fixture_hashes(fixture *f);
tw_hashes fixture_rebuilt(fixture *f);
void assert_same_hashes(const tw_hashes *a, const tw_hashes *b);

#endif
