// SPDX-License-Identifier: Apache-2.0
//
// Journal and ledger in SQLite under failing devices and failing memory: the k-th write, sync or
// allocation goes wrong, for every k until none is left. After each: the call that failed says why,
// nothing of it is stored, everything that was acknowledged is, and the next call works.
#include <signal.h>
#include <stdatomic.h>
#include <sys/resource.h>

#include <sqlite3.h>

#include "../conformance/store_support.h"
#include "fault_vfs.h"

// ---- Journal under a failing device ----------------------------------------------------------

typedef struct checked {
    store_dir dir;
    tw_journal journal;
    uint64_t acked; // facts
} checked;

static tw_sqlite_options options_of(const store_dir *dir, const char *name, size_t wal_bytes,
                                    char path[192])
{
    return (tw_sqlite_options){.path = store_path(dir, name, path),
                               .mode = TW_SQLITE_CREATE,
                               .vfs = FAULT_VFS_NAME,
                               .wal_bytes = wal_bytes};
}

static void open_journal(checked *c, size_t wal_bytes)
{
    char path[192];
    tw_err err = {0};
    tw_sqlite_options options = options_of(&c->dir, "journal.db", wal_bytes, path);
    assert_ok(tw_sqlite_journal_open(tw_alloc_system(), &options, &c->journal, &err));
}

// n facts of 200 bytes that begin with their numbers.
static tw_status append_numbered(const tw_journal *journal, uint64_t first, size_t n, tw_err *err)
{
    static char bytes[1000][200];
    static tw_str facts[1000];
    uint64_t first_seq;
    for (size_t i = 0; i < n; i++) {
        snprintf(bytes[i], sizeof(bytes[i]), "%llu", (unsigned long long)(first + i));
        facts[i] = (tw_str){bytes[i], sizeof(bytes[i])};
    }
    tw_status status = tw_journal_append(journal, facts, n, &first_seq, err);
    assert_int_equal(first_seq, status == TW_OK ? first : 0);
    return status;
}

static tw_status check_numbers(void *ctx, const tw_block *block, tw_err *err)
{
    uint64_t *next = ctx;
    (void)err;
    for (uint32_t i = 0; i < block->n; i++) {
        assert_int_equal(strtoull(tw_block_fact(block, i).at, NULL, 10), *next);
        *next += 1;
    }
    return TW_OK;
}

// Exactly the acknowledged facts are there, once each, and the chain holds.
static void assert_whole(const checked *c)
{
    tw_err err = {0};
    tw_journal_check check;
    tw_journal_head head;
    uint64_t next = 1;
    assert_ok(tw_journal_get_head(&c->journal, &head, &err));
    assert_int_equal(head.seq, c->acked);
    assert_ok(tw_journal_read(&c->journal, 1, 0, check_numbers, &next, &err));
    assert_int_equal(next, c->acked + 1);
    assert_ok(tw_journal_verify(&c->journal, &check, &err));
    assert_int_equal(check.broken_seq, 0);
    assert_int_equal(check.fact_n, c->acked);
}

static const size_t append_sizes[] = {1, 3, 900, 1, 40, 1};

// One run with operation k failing. Returns whether it was reached.
static bool device_run(fault_kind kind, uint64_t k, bool keep_failing, size_t wal_bytes)
{
    checked c = {0};
    tw_err err = {0};
    size_t failed_n = 0;
    store_dir_make(&c.dir);
    open_journal(&c, wal_bytes);
    fault_vfs_set(kind, k, keep_failing);
    for (size_t i = 0; i < TW_COUNT(append_sizes); i++) {
        tw_status status = append_numbered(&c.journal, c.acked + 1, append_sizes[i], &err);
        if (status == TW_OK)
            c.acked += append_sizes[i];
        else
            assert_int_equal(status, kind == FAULT_IO ? TW_IO : TW_NO_SPACE);
        failed_n += status != TW_OK;
        assert_whole(&c);
    }
    bool was_hit = fault_vfs_hits() > 0;
    assert_true(keep_failing || failed_n <= 1);
    fault_vfs_set(FAULT_NONE, 0, false);
    assert_ok(append_numbered(&c.journal, c.acked + 1, 2, &err));
    c.acked += 2;
    assert_whole(&c);
    tw_journal_close(&c.journal);
    open_journal(&c, wal_bytes);
    assert_whole(&c);
    tw_journal_close(&c.journal);
    store_dir_remove(&c.dir);
    return was_hit;
}

static void the_journal_survives_every_failing_operation(void **state)
{
    (void)state;
    const fault_kind kinds[] = {FAULT_IO, FAULT_FULL, FAULT_SHORT};
    for (size_t kind = 0; kind < TW_COUNT(kinds); kind++)
        for (int keep_failing = 0; keep_failing < 2; keep_failing++) {
            uint64_t k = 1;
            // Past the 20th the operations are alike: pages of one log.
            while (device_run(kinds[kind], k, keep_failing, 0))
                k += k < 20 ? 1 : 7;
            print_message("kind %d, %s: %llu operations\n", (int)kinds[kind],
                          keep_failing ? "from then on" : "once", (unsigned long long)k - 1);
            assert_true(k > 10);
        }
}

static void the_journal_survives_failing_checkpoints(void **state)
{
    (void)state;
    for (uint64_t k = 1; k < 120; k += 3)
        (void)device_run(k % 2 ? FAULT_FULL : FAULT_IO, k, k % 4 == 0, 4096);
}

static void every_append_is_synced(void **state)
{
    (void)state;
    checked c = {0};
    tw_err err = {0};
    tw_dead_letter letter = {.source = TW_STR("x")};
    store_dir_make(&c.dir);
    open_journal(&c, 0);
    for (size_t i = 0; i < 30; i++) {
        uint64_t before = fault_vfs_syncs();
        assert_ok(append_numbered(&c.journal, i + 1, 1, &err));
        assert_true(fault_vfs_syncs() > before);
        before = fault_vfs_syncs();
        assert_ok(tw_dead_letter_append(&c.journal, &letter, 1, &err));
        assert_true(fault_vfs_syncs() > before);
    }
    tw_journal_close(&c.journal);
    store_dir_remove(&c.dir);
}

// The operating system itself refuses to let the files grow.
static void a_full_device_refuses_appends_and_recovers(void **state)
{
    (void)state;
    checked c = {0};
    tw_err err = {0};
    struct rlimit before, small;
    store_dir_make(&c.dir);
    open_journal(&c, 0);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    small = before;
    small.rlim_cur = 2 << 20;
    void (*handler)(int) = signal(SIGXFSZ, SIG_IGN);
    for (int round = 0; round < 2; round++) {
        assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
        tw_status status = TW_OK;
        for (int i = 0; i < 100 && status == TW_OK; i++) {
            status = append_numbered(&c.journal, c.acked + 1, 900, &err);
            c.acked += status == TW_OK ? 900 : 0;
        }
        tw_status again = append_numbered(&c.journal, c.acked + 1, 900, NULL);
        assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
        assert_int_equal(status, TW_NO_SPACE);
        assert_int_equal(again, TW_NO_SPACE);
        assert_whole(&c);
        assert_ok(append_numbered(&c.journal, c.acked + 1, 900, &err));
        c.acked += 900;
        assert_whole(&c);
    }
    (void)signal(SIGXFSZ, handler);
    tw_journal_close(&c.journal);
    open_journal(&c, 0);
    assert_whole(&c);
    tw_journal_close(&c.journal);
    store_dir_remove(&c.dir);
}

// ---- Ledger under a failing device -----------------------------------------------------------

typedef struct ledger_rows {
    char ids[40][16];
    tw_alert_row alerts[40];
    tw_verdict_row verdict;
    tw_score_range scores;
    tw_alert_key key;
    tw_doc_row doc;
    tw_action_row action;
} ledger_rows;

static tw_ledger_batch make_batch(ledger_rows *rows, uint64_t number)
{
    static char bytes[20000];
    for (size_t i = 0; i < TW_COUNT(rows->alerts); i++) {
        snprintf(rows->ids[i], sizeof(rows->ids[i]), "A-%zu", (i * number) % 50);
        rows->alerts[i] = (tw_alert_row){.alert_id = tw_str_from(rows->ids[i]),
                                         .status = TW_STR("NEW"),
                                         .store_id = TW_STR("S1"),
                                         .risk_score = (double)number / 10,
                                         .exposure_minor = (int64_t)number,
                                         .body = TW_STR("{}")};
    }
    rows->verdict = (tw_verdict_row){.verdict_id = tw_str_from(rows->ids[1]),
                                     .seq = number,
                                     .alert_id = TW_STR("A-1"),
                                     .verdict = TW_STR("CONFIRMED")};
    rows->scores = (tw_score_range){number, 1, {bytes, sizeof(bytes)}};
    rows->key = (tw_alert_key){'a', tw_str_from(rows->ids[2])};
    rows->doc = (tw_doc_row){.kind = TW_STR("case"),
                             .id = TW_STR("C-1"),
                             .seq = number,
                             .body = TW_STR("{}"),
                             .keys = &rows->key,
                             .key_n = 1};
    rows->action = (tw_action_row){.seq = number, .kind = TW_STR("case.add")};
    return (tw_ledger_batch){.alerts = rows->alerts,
                             .alert_n = TW_COUNT(rows->alerts),
                             .verdicts = &rows->verdict,
                             .verdict_n = 1,
                             .scores = &rows->scores,
                             .score_n = 1,
                             .docs = &rows->doc,
                             .doc_n = 1,
                             .actions = &rows->action,
                             .action_n = 1,
                             .applied = {.seq = number}};
}

static void hash_all(const tw_ledger *ledger, uint8_t out[TW_LEDGER_PART_N][TW_SHA256_BYTES])
{
    tw_err err = {0};
    for (int part = 0; part < TW_LEDGER_PART_N; part++)
        assert_ok(tw_ledger_hash(ledger, (tw_ledger_part)part, out[part], &err));
}

static bool ledger_run(fault_kind kind, uint64_t k)
{
    store_dir dir;
    char path[192];
    tw_err err = {0};
    tw_ledger ledger, model;
    ledger_rows rows;
    uint8_t hashes[2][TW_LEDGER_PART_N][TW_SHA256_BYTES];
    store_dir_make(&dir);
    tw_sqlite_options options = options_of(&dir, "ledger.db", 0, path);
    assert_ok(tw_sqlite_ledger_open(tw_alloc_system(), &options, &ledger, &err));
    assert_ok(tw_memory_ledger_open(tw_alloc_system(), &model, &err));
    fault_vfs_set(kind, k, false);
    bool was_hit = false;
    for (uint64_t number = 1; number <= 4; number++) {
        tw_ledger_batch batch = make_batch(&rows, number);
        tw_status status = tw_ledger_apply(&ledger, &batch, &err);
        if (status != TW_OK) {
            assert_int_equal(status, kind == FAULT_IO ? TW_IO : TW_NO_SPACE);
            hash_all(&ledger, hashes[0]);
            hash_all(&model, hashes[1]);
            assert_memory_equal(hashes[0], hashes[1], sizeof(hashes[0]));
            assert_ok(tw_ledger_apply(&ledger, &batch, &err));
        }
        assert_ok(tw_ledger_apply(&model, &batch, &err));
    }
    was_hit = fault_vfs_hits() > 0;
    fault_vfs_set(FAULT_NONE, 0, false);
    tw_ledger_close(&ledger);
    assert_ok(tw_sqlite_ledger_open(tw_alloc_system(), &options, &ledger, &err));
    hash_all(&ledger, hashes[0]);
    hash_all(&model, hashes[1]);
    assert_memory_equal(hashes[0], hashes[1], sizeof(hashes[0]));
    tw_ledger_close(&ledger);
    tw_ledger_close(&model);
    store_dir_remove(&dir);
    return was_hit;
}

static void the_ledger_survives_every_failing_operation(void **state)
{
    (void)state;
    const fault_kind kinds[] = {FAULT_IO, FAULT_SHORT};
    for (size_t kind = 0; kind < TW_COUNT(kinds); kind++) {
        uint64_t k = 1;
        while (ledger_run(kinds[kind], k))
            k += k < 20 ? 1 : 7;
        assert_true(k > 10);
    }
}

// ---- Failing memory --------------------------------------------------------------------------

// SQLite's own allocator with a countdown, installed before SQLite starts.
static sqlite3_mem_methods real_memory;
static atomic_long memory_countdown; // 0 = never
static atomic_long memory_hits;

static bool memory_fails(void)
{
    if (atomic_load(&memory_countdown) <= 0 || atomic_fetch_sub(&memory_countdown, 1) != 1)
        return false;
    atomic_fetch_add(&memory_hits, 1);
    return true;
}

static void *faulty_malloc(int bytes)
{
    return memory_fails() ? NULL : real_memory.xMalloc(bytes);
}
static void *faulty_realloc(void *block, int bytes)
{
    return memory_fails() ? NULL : real_memory.xRealloc(block, bytes);
}

static void install_memory(void)
{
    TW_CHECK(sqlite3_config(SQLITE_CONFIG_GETMALLOC, &real_memory) == SQLITE_OK);
    sqlite3_mem_methods faulty = real_memory;
    faulty.xMalloc = faulty_malloc;
    faulty.xRealloc = faulty_realloc;
    TW_CHECK(sqlite3_config(SQLITE_CONFIG_MALLOC, &faulty) == SQLITE_OK);
    // The caches of small blocks would hide most of the allocations.
    TW_CHECK(sqlite3_config(SQLITE_CONFIG_LOOKASIDE, 0, 0) == SQLITE_OK);
}

// Opens, appends, reads, fetches; stops at the first failure.
static tw_status journal_scenario(const tw_alloc *alloc, const store_dir *dir, uint64_t *acked)
{
    char path[192];
    tw_err err = {0};
    tw_journal journal;
    tw_journal_check check;
    tw_buf buf;
    tw_sqlite_options options = options_of(dir, "journal.db", 0, path);
    *acked = 0;
    TW_TRY(tw_sqlite_journal_open(alloc, &options, &journal, &err));
    tw_buf_init(&buf, alloc, 1000);
    tw_status status = TW_OK;
    for (size_t i = 0; i < 3 && status == TW_OK; i++) {
        status = append_numbered(&journal, *acked + 1, append_sizes[i], &err);
        *acked += status == TW_OK ? append_sizes[i] : 0;
    }
    uint64_t next = 1, letter_n;
    tw_dead_letter letter = {.source = TW_STR("file"), .sentence = TW_STR("x")};
    if (status == TW_OK)
        status = tw_journal_read(&journal, 1, 0, check_numbers, &next, &err);
    if (status == TW_OK)
        status = tw_journal_fetch(&journal, 500, &buf, &err);
    if (status == TW_OK)
        status = tw_dead_letter_append(&journal, &letter, 1, &err);
    if (status == TW_OK)
        status = tw_dead_letter_count(&journal, &letter_n, &err);
    if (status == TW_OK)
        status = tw_journal_verify(&journal, &check, &err);
    if (status == TW_OK)
        assert_int_equal(check.broken_seq, 0);
    tw_buf_release(&buf);
    tw_journal_close(&journal);
    return status;
}

static tw_status ledger_scenario(const tw_alloc *alloc, const store_dir *dir, uint64_t *acked)
{
    char path[192];
    tw_err err = {0};
    tw_ledger ledger;
    ledger_rows rows;
    tw_arena arena;
    tw_alert_page page;
    tw_alert_count *counts;
    uint8_t hash[TW_SHA256_BYTES];
    size_t n;
    tw_sqlite_options options = options_of(dir, "ledger.db", 0, path);
    *acked = 0;
    TW_TRY(tw_sqlite_ledger_open(alloc, &options, &ledger, &err));
    tw_arena_init(&arena, alloc, 0, 4 << 20);
    tw_ledger_batch batch = make_batch(&rows, 3);
    tw_alert_page_options page_options = {.limit = 20};
    tw_alert_filter filter = {.only_open = true, .min_risk = 0.1};
    tw_status status = tw_ledger_apply(&ledger, &batch, &err);
    *acked = status == TW_OK ? 3 : 0;
    if (status == TW_OK)
        status = tw_ledger_alert_list(&ledger, &filter, &page_options, &arena, &page, &err);
    if (status == TW_OK)
        status = tw_ledger_alert_counts(&ledger, &filter, TW_ALERT_GROUP_STORE, &arena, &counts, &n,
                                        &err);
    for (int part = 0; part < TW_LEDGER_PART_N && status == TW_OK; part++)
        status = tw_ledger_hash(&ledger, (tw_ledger_part)part, hash, &err);
    tw_arena_release(&arena);
    tw_ledger_close(&ledger);
    return status;
}

typedef tw_status (*scenario)(const tw_alloc *alloc, const store_dir *dir, uint64_t *acked);

// A ledger file as an earlier version left it: without documents and actions.
static void make_old(const char *path)
{
    sqlite3 *db;
    assert_int_equal(sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE, FAULT_VFS_NAME), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db,
                                  "DROP TABLE doc; DROP TABLE doc_key; DROP TABLE action;"
                                  "ALTER TABLE alert DROP COLUMN work_seq; PRAGMA user_version=1",
                                  NULL, NULL, NULL),
                     SQLITE_OK);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

static void a_ledger_of_an_earlier_version_is_made_anew(void **state)
{
    (void)state;
    store_dir dir;
    char path[192];
    tw_err err = {0};
    tw_ledger ledger;
    ledger_rows rows;
    tw_arena arena;
    tw_alert_row alert;
    tw_ledger_position position;
    store_dir_make(&dir);
    tw_arena_init(&arena, tw_alloc_system(), 0, 1 << 20);
    tw_sqlite_options options = options_of(&dir, "ledger.db", 0, path);
    tw_ledger_batch batch = make_batch(&rows, 3);
    assert_ok(tw_sqlite_ledger_open(tw_alloc_system(), &options, &ledger, &err));
    assert_ok(tw_ledger_apply(&ledger, &batch, &err));
    tw_ledger_close(&ledger);
    make_old(path);
    for (int i = 0; i < 2; i++) { // the second time it is of today
        assert_ok(tw_sqlite_ledger_open(tw_alloc_system(), &options, &ledger, &err));
        assert_ok(tw_ledger_get_position(&ledger, &position, &err));
        assert_int_equal(position.seq, i == 0 ? 0 : 3);
        assert_status(tw_ledger_alert_get(&ledger, batch.alerts[0].alert_id, &arena, &alert, &err),
                      i == 0 ? TW_NOT_FOUND : TW_OK);
        assert_ok(tw_ledger_apply(&ledger, &batch, &err));
        tw_ledger_close(&ledger);
    }
    tw_arena_release(&arena);
    store_dir_remove(&dir);
}

// After a failure the file opens and holds what was acknowledged.
static void assert_reopens(const store_dir *dir, scenario run, uint64_t acked)
{
    checked c = {.dir = *dir, .acked = acked};
    char path[192];
    tw_err err = {0};
    tw_ledger ledger;
    tw_ledger_position position;
    if (run == journal_scenario) {
        open_journal(&c, 0);
        assert_whole(&c);
        tw_journal_close(&c.journal);
        return;
    }
    tw_sqlite_options options = options_of(dir, "ledger.db", 0, path);
    assert_ok(tw_sqlite_ledger_open(tw_alloc_system(), &options, &ledger, &err));
    assert_ok(tw_ledger_get_position(&ledger, &position, &err));
    assert_int_equal(position.seq, acked);
    tw_ledger_close(&ledger);
}

static void our_allocations_may_fail(void **state)
{
    const scenario runs[] = {journal_scenario, ledger_scenario};
    (void)state;
    for (size_t r = 0; r < TW_COUNT(runs); r++) {
        uint64_t k = 1;
        for (;; k++) {
            store_dir dir;
            tw_alloc_faulty faulty;
            uint64_t acked;
            store_dir_make(&dir);
            tw_alloc_faulty_init(&faulty, k, false);
            tw_status status = runs[r](&faulty.alloc, &dir, &acked);
            assert_int_equal(faulty.live_blocks, 0);
            assert_true(status == TW_OK || status == TW_NO_MEMORY);
            assert_reopens(&dir, runs[r], acked);
            store_dir_remove(&dir);
            if (faulty.hits == 0)
                break;
        }
        print_message("scenario %zu: %llu allocations of ours\n", r, (unsigned long long)k - 1);
        assert_true(k > 5);
    }
}

static void sqlites_allocations_may_fail(void **state)
{
    const scenario runs[] = {journal_scenario, ledger_scenario};
    uint64_t seed = store_seed(7);
    (void)state;
    for (size_t r = 0; r < TW_COUNT(runs); r++) {
        tw_rng rng;
        long k = 1;
        tw_rng_init(&rng, seed, r);
        for (;;) {
            store_dir dir;
            uint64_t acked;
            store_dir_make(&dir);
            sqlite3_int64 live = sqlite3_memory_used();
            atomic_store(&memory_hits, 0);
            atomic_store(&memory_countdown, k);
            tw_status status = runs[r](tw_alloc_system(), &dir, &acked);
            bool was_hit = atomic_load(&memory_hits) > 0;
            atomic_store(&memory_countdown, 0);
            assert_true(status == TW_OK || (was_hit && status != TW_OK));
            if (status != TW_OK && status != TW_NO_MEMORY)
                print_message("allocation %ld: %s\n", k, tw_status_name(status));
            assert_true(status == TW_OK || status == TW_NO_MEMORY || status == TW_IO);
            assert_int_equal(sqlite3_memory_used(), live);
            assert_reopens(&dir, runs[r], acked);
            store_dir_remove(&dir);
            if (!was_hit)
                break;
            k += k < 100 ? 1 : (long)tw_rng_below(&rng, 20) + 1; // a sample of the many
        }
        print_message("scenario %zu: %ld allocations of SQLite\n", r, k - 1);
        assert_true(k > 100);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_journal_survives_every_failing_operation),
        cmocka_unit_test(the_journal_survives_failing_checkpoints),
        cmocka_unit_test(every_append_is_synced),
        cmocka_unit_test(a_full_device_refuses_appends_and_recovers),
        cmocka_unit_test(the_ledger_survives_every_failing_operation),
        cmocka_unit_test(a_ledger_of_an_earlier_version_is_made_anew),
        cmocka_unit_test(our_allocations_may_fail),
        cmocka_unit_test(sqlites_allocations_may_fail),
    };
    install_memory();
    fault_vfs_register();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
