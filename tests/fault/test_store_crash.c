// SPDX-License-Identifier: Apache-2.0
//
// A child process appends to a journal, tells its parent through a pipe what was acknowledged, and
// ends without warning at the k-th write, sync or removal, or in the middle of a write; for every k
// until it gets through. The parent opens what is left: every acknowledged fact is there, once, in
// order; of the append in flight all facts are there or none; the chain holds; appending goes on.
#include <sys/wait.h>

#include "../conformance/store_support.h"
#include "fault_vfs.h"

static const size_t sizes[] = {1, 2, 1, 700, 1, 16, 1, 400, 3, 1};

static tw_status open_journal(const store_dir *dir, const char *vfs, tw_journal *out, tw_err *err)
{
    char path[192];
    tw_sqlite_options options = {.path = store_path(dir, "journal.db", path),
                                 .mode = TW_SQLITE_CREATE,
                                 .vfs = vfs,
                                 .wal_bytes = 32 << 10}; // checkpoints run all the time
    return tw_sqlite_journal_open(tw_alloc_system(), &options, out, err);
}

static tw_status append_numbered(const tw_journal *journal, uint64_t first, size_t n, tw_err *err)
{
    static char bytes[1000][120];
    static tw_str facts[1000];
    uint64_t first_seq;
    for (size_t i = 0; i < n; i++) {
        snprintf(bytes[i], sizeof(bytes[i]), "%llu", (unsigned long long)(first + i));
        facts[i] = (tw_str){bytes[i], sizeof(bytes[i])};
    }
    return tw_journal_append(journal, facts, n, &first_seq, err);
}

// Never returns. Creation is part of the sweep.
static void child(const store_dir *dir, fault_kind kind, uint64_t k, int out)
{
    tw_journal journal;
    uint64_t acked = 0;
    fault_vfs_set(kind, k, false);
    if (open_journal(dir, FAULT_VFS_NAME, &journal, NULL) != TW_OK)
        _exit(1);
    for (size_t i = 0; i < TW_COUNT(sizes); i++) {
        if (append_numbered(&journal, acked + 1, sizes[i], NULL) != TW_OK)
            _exit(1);
        acked += sizes[i];
        if (write(out, &acked, sizeof(acked)) != (ssize_t)sizeof(acked))
            _exit(1);
    }
    tw_journal_close(&journal);
    _exit(7); // got through
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

// Is `seq` the end of an append?
static bool is_end(uint64_t seq)
{
    uint64_t end = 0;
    for (size_t i = 0; i < TW_COUNT(sizes) && end < seq; i++)
        end += sizes[i];
    return end == seq;
}

static void assert_left_whole(const store_dir *dir, uint64_t acked)
{
    tw_err err = {0};
    tw_journal journal;
    tw_journal_head head;
    tw_journal_check check;
    uint64_t next = 1;
    assert_ok(open_journal(dir, NULL, &journal, &err));
    assert_ok(tw_journal_get_head(&journal, &head, &err));
    assert_true(head.seq >= acked);
    assert_true(is_end(head.seq));
    uint64_t in_flight = 0;
    for (size_t i = 0; i < TW_COUNT(sizes) && in_flight <= acked; i++)
        in_flight += sizes[i];
    assert_true(head.seq <= in_flight);
    assert_ok(tw_journal_read(&journal, 1, 0, check_numbers, &next, &err));
    assert_int_equal(next, head.seq + 1);
    assert_ok(append_numbered(&journal, next, 5, &err));
    assert_ok(tw_journal_verify(&journal, &check, &err));
    assert_int_equal(check.broken_seq, 0);
    assert_int_equal(check.fact_n, head.seq + 5);
    tw_journal_close(&journal);
}

// Returns whether the child was ended by the fault. *acked: the last that it acknowledged.
static bool crash_run(fault_kind kind, uint64_t k)
{
    store_dir dir;
    int ends[2], code = 0;
    store_dir_make(&dir);
    assert_int_equal(pipe(ends), 0);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        close(ends[0]);
        child(&dir, kind, k, ends[1]);
    }
    close(ends[1]);
    uint64_t acked = 0, number;
    while (read(ends[0], &number, sizeof(number)) == (ssize_t)sizeof(number))
        acked = number;
    close(ends[0]);
    assert_int_equal(waitpid(pid, &code, 0), pid);
    assert_true(WIFEXITED(code));
    assert_int_not_equal(WEXITSTATUS(code), 1);
    assert_left_whole(&dir, acked);
    store_dir_remove(&dir);
    return WEXITSTATUS(code) == 0;
}

static void sweep(fault_kind kind)
{
    uint64_t k = 1, run_n = 0;
    // Checkpoints come when their thread gets to run, so that the number of operations varies a
    // bit: the sweep ends after a few children that got through.
    for (int through_n = 0; through_n < 3; k++, run_n++)
        through_n += !crash_run(kind, k);
    print_message("%llu crashes\n", (unsigned long long)run_n - 3);
    assert_true(run_n > 30);
}

static void nothing_acknowledged_is_lost_between_operations(void **state)
{
    (void)state;
    sweep(FAULT_EXIT);
}

static void nothing_acknowledged_is_lost_within_a_write(void **state)
{
    (void)state;
    sweep(FAULT_TORN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_acknowledged_is_lost_between_operations),
        cmocka_unit_test(nothing_acknowledged_is_lost_within_a_write),
    };
    fault_vfs_register();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
