// SPDX-License-Identifier: Apache-2.0
//
// k-th allocation sweeps of the service's core: reserving and applying facts, writing a snapshot
// and reading it back. A failure is TW_NO_MEMORY, leaves nothing behind, and comes before an apply,
// which allocates nothing that was not reserved.
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "../unit/service_fixture.h"
#include "state_file.h"

enum { FACTS = 200, TRIALS_MAX = 20000 };

static chain shared;

static tw_status apply_some(const tw_alloc *alloc, tw_buf *snapshot, bool *reached_apply)
{
    twi_core core;
    twi_changes changes;
    const uint8_t hash[TW_SHA256_BYTES] = {7};
    TW_TRY(twi_core_init(&core, alloc));
    twi_changes_init(&changes, alloc);
    tw_status status = twi_core_reserve(&core, &changes, FACTS);
    *reached_apply = status == TW_OK;
    for (size_t i = 0; status == TW_OK && i < FACTS; i++) {
        twi_record record;
        tw_fact fact = shared.facts[i];
        fact.seq = i + 1;
        status = twi_core_apply(&core, &fact, &changes, NULL, &record, NULL);
    }
    if (status == TW_OK)
        status = twi_snapshot_encode(&core, hash, snapshot);
    twi_changes_release(&changes);
    twi_core_release(&core);
    return status;
}

static void reserving_may_fail_and_applying_may_not(void **state)
{
    (void)state;
    uint64_t k = 1, hits = 1;
    for (; hits > 0 && k < TRIALS_MAX; k++) {
        tw_alloc_faulty faulty;
        tw_buf snapshot;
        bool reached_apply = false;
        tw_alloc_faulty_init(&faulty, k, false);
        tw_buf_init(&snapshot, tw_alloc_system(), (size_t)1 << 30);
        tw_status status = apply_some(&faulty.alloc, &snapshot, &reached_apply);
        hits = faulty.hits;
        assert_int_equal(status, hits > 0 ? TW_NO_MEMORY : TW_OK);
        assert_true(hits == 0 || !reached_apply);
        assert_int_equal(faulty.live_blocks, 0);
        tw_buf_release(&snapshot);
    }
    print_message("%llu allocations\n", (unsigned long long)k - 2);
    assert_true(k > 10 && k < TRIALS_MAX);
}

static void reading_a_snapshot_may_fail_anywhere(void **state)
{
    (void)state;
    tw_buf snapshot;
    bool reached_apply;
    uint64_t k = 1, hits = 1;
    tw_buf_init(&snapshot, tw_alloc_system(), (size_t)1 << 30);
    assert_int_equal(apply_some(tw_alloc_system(), &snapshot, &reached_apply), TW_OK);
    twi_core whole;
    uint8_t chain_hash[TW_SHA256_BYTES];
    assert_int_equal(twi_snapshot_decode(&whole, tw_alloc_system(), snapshot.data_own,
                                         snapshot.bytes, chain_hash),
                     TW_OK);
    uint64_t expected_core = twi_core_hash(&whole),
             expected_engine = tw_engine_hash(whole.engine_own);
    twi_core_release(&whole);
    for (; hits > 0 && k < TRIALS_MAX; k++) {
        tw_alloc_faulty faulty;
        twi_core core;
        uint8_t hash[TW_SHA256_BYTES];
        tw_alloc_faulty_init(&faulty, k, false);
        tw_status status =
            twi_snapshot_decode(&core, &faulty.alloc, snapshot.data_own, snapshot.bytes, hash);
        hits = faulty.hits;
        // A table that finds no memory to grow early may do without.
        assert_true(status == TW_OK || (hits > 0 && status == TW_NO_MEMORY));
        if (status == TW_OK) {
            assert_true(twi_core_hash(&core) == expected_core);
            assert_true(tw_engine_hash(core.engine_own) == expected_engine);
            twi_core_release(&core);
        }
        assert_int_equal(faulty.live_blocks, 0);
    }
    print_message("%llu allocations\n", (unsigned long long)k - 2);
    tw_buf_release(&snapshot);
}

static void a_damaged_snapshot_is_refused(void **state)
{
    (void)state;
    tw_buf snapshot;
    bool reached_apply;
    uint8_t hash[TW_SHA256_BYTES];
    twi_core core;
    tw_buf_init(&snapshot, tw_alloc_system(), (size_t)1 << 30);
    assert_int_equal(apply_some(tw_alloc_system(), &snapshot, &reached_apply), TW_OK);
    assert_int_equal(
        twi_snapshot_decode(&core, tw_alloc_system(), snapshot.data_own, snapshot.bytes, hash),
        TW_OK);
    assert_int_equal(hash[0], 7);
    assert_int_equal(core.seq, FACTS);
    twi_core_release(&core);
    for (size_t cut = 0; cut < snapshot.bytes; cut += 1 + snapshot.bytes / 97)
        assert_int_not_equal(
            twi_snapshot_decode(&core, tw_alloc_system(), snapshot.data_own, cut, hash), TW_OK);
    for (size_t at = 0; at < snapshot.bytes; at += 1 + snapshot.bytes / 89) {
        snapshot.data_own[at] ^= 0x40;
        assert_int_equal(
            twi_snapshot_decode(&core, tw_alloc_system(), snapshot.data_own, snapshot.bytes, hash),
            TW_CORRUPT);
        snapshot.data_own[at] ^= 0x40;
    }
    tw_buf_release(&snapshot);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reserving_may_fail_and_applying_may_not),
        cmocka_unit_test(reading_a_snapshot_may_fail_anywhere),
        cmocka_unit_test(a_damaged_snapshot_is_refused),
    };
    chain_make(&shared, 1, 2, 3);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    chain_release(&shared);
    return failed;
}
