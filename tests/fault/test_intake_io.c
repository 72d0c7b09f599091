// SPDX-License-Identifier: Apache-2.0
//
// Every read of a source fails in turn: an error ends it with TW_IO after all that came before, an
// interrupted or short read changes nothing, and no descriptor stays open. read() is replaced at
// link time.
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/types.h>
#include <unistd.h>

#include <cmocka.h>
#include <zstd.h>

#include "base/buf.h"
#include "intake/mapping.h"
#include "intake/source.h"

enum { ROWS = 20000 };
typedef enum fault { FAULT_NONE, FAULT_EIO, FAULT_EINTR, FAULT_SHORT } fault;

static struct {
    fault kind;
    uint64_t at, calls, hits;
} reads;

ssize_t __real_read(int fd, void *to, size_t bytes);
ssize_t __wrap_read(int fd, void *to, size_t bytes);
ssize_t __wrap_read(int fd, void *to, size_t bytes)
{
    if (reads.kind == FAULT_NONE || ++reads.calls != reads.at)
        return __real_read(fd, to, bytes);
    reads.hits++;
    if (reads.kind == FAULT_SHORT)
        return __real_read(fd, to, bytes > 1 ? 1 : bytes);
    errno = reads.kind == FAULT_EIO ? EIO : EINTR;
    return -1;
}

static char path[] = "intake_io.tmp";

static void write_file(tw_str data)
{
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(data.at, 1, data.bytes, file), data.bytes);
    assert_int_equal(fclose(file), 0);
}

// Number of the next free descriptor: the same before and after when nothing leaks.
static int next_fd(void)
{
    int fd = open("/dev/null", O_RDONLY);
    close(fd);
    return fd;
}

// Facts read before the end; they must be the first ones, in order.
static tw_status read_file(size_t *n)
{
    tw_source *source;
    tw_arena arena;
    tw_source_batch batch;
    tw_err err = {0};
    const tw_intake_options options = {.default_currency = "EUR"};
    const tw_source_settings settings = {.options = &options};
    *n = 0;
    tw_status status = tw_source_open(tw_alloc_system(), path, &settings, &source, &err);
    if (status != TW_OK) {
        assert_null(source);
        return status;
    }
    tw_arena_init(&arena, tw_alloc_system(), 0, (size_t)64 << 20);
    for (;;) {
        tw_arena_reset(&arena);
        status = tw_source_next(source, &arena, 1000, &batch, &err);
        if (status != TW_OK)
            break;
        assert_int_equal(batch.problem_n, 0);
        for (size_t i = 0; i < batch.fact_n; i++) {
            char id[16];
            snprintf(id, sizeof(id), "T%07zu", (*n)++);
            assert_true(tw_str_equal(tw_fact_id(&batch.facts[i]), tw_str_from(id)));
        }
    }
    // The end stays the end.
    assert_int_equal(tw_source_next(source, &arena, 1000, &batch, &err), status);
    tw_source_close(source);
    tw_arena_release(&arena);
    return status == TW_END ? TW_OK : status;
}

static void sweep(const char *what)
{
    static const fault kinds[] = {FAULT_EIO, FAULT_EINTR, FAULT_SHORT};
    for (size_t k = 0; k < TW_COUNT(kinds); k++) {
        uint64_t at = 1;
        for (;; at++) {
            size_t n = 0;
            int before = next_fd();
            reads.kind = kinds[k];
            reads.at = at;
            reads.calls = reads.hits = 0;
            tw_status status = read_file(&n);
            reads.kind = FAULT_NONE;
            assert_int_equal(next_fd(), before);
            bool fails = kinds[k] == FAULT_EIO && reads.hits;
            assert_int_equal(status, fails ? TW_IO : TW_OK);
            assert_true(fails ? n < ROWS || at > 1 : n == ROWS);
            if (reads.hits == 0)
                break;
        }
        print_message("%s: %llu reads\n", what, (unsigned long long)(at - 1));
        assert_true(at > 2);
    }
}

static void every_read_may_fail(void **state)
{
    tw_buf text;
    (void)state;
    tw_buf_init(&text, tw_alloc_system(), (size_t)16 << 20);
    tw_buf_cstr(&text, "transaction_id,store_id,register_id,employee_id,transaction_time,"
                       "transaction_total,discount_amount,refund_flag,void_flag,item_count,"
                       "payment_type\n");
    for (int i = 0; i < ROWS; i++)
        tw_buf_printf(&text, "T%07d,S1,R1,E1,2026-01-05 17:05:00,12.30,0,0,0,3,cash\n", i);
    write_file((tw_str){(char *)text.data_own, text.bytes});
    sweep("plain");
    size_t cap = ZSTD_compressBound(text.bytes);
    char *packed = tw_new_array(tw_alloc_system(), cap, 1);
    size_t n = ZSTD_compress(packed, cap, text.data_own, text.bytes, -5);
    write_file((tw_str){packed, n});
    sweep("zstd");
    tw_free_array(tw_alloc_system(), packed, cap, 1);
    tw_buf_release(&text);
    remove(path);
}

static void a_mapping_that_cannot_be_read(void **state)
{
    (void)state;
    static const char yaml[] = "fields: {}\n";
    for (int k = FAULT_EIO; k <= FAULT_SHORT; k++) {
        tw_mapping *mapping;
        tw_err err = {0};
        int before = next_fd();
        write_file((tw_str){yaml, sizeof(yaml) - 1});
        reads.kind = (fault)k;
        reads.at = 1;
        reads.calls = reads.hits = 0;
        tw_status status = tw_mapping_load(tw_alloc_system(), path, &mapping, &err);
        reads.kind = FAULT_NONE;
        assert_int_equal(status, k == FAULT_EIO ? TW_IO : TW_OK);
        tw_mapping_free(mapping);
        assert_int_equal(next_fd(), before);
        remove(path);
    }
}

static void standard_input_is_read(void **state)
{
    int ends[2], saved = dup(STDIN_FILENO);
    tw_source *source;
    tw_arena arena;
    tw_source_batch batch;
    const char text[] = "{\"event_id\":\"X\",\"store_id\":\"S\",\"employee_id\":\"E\",\"event\":"
                        "\"sign_on\",\"time\":\"2026-01-05\"}\n";
    const tw_intake_options options = {.default_currency = "EUR"};
    const tw_source_settings settings = {.options = &options};
    (void)state;
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(write(ends[1], text, sizeof(text) - 1), sizeof(text) - 1);
    close(ends[1]);
    assert_int_equal(dup2(ends[0], STDIN_FILENO), STDIN_FILENO);
    close(ends[0]);
    tw_arena_init(&arena, tw_alloc_system(), 0, 1 << 20);
    assert_int_equal(tw_source_open(tw_alloc_system(), "-", &settings, &source, NULL), TW_OK);
    assert_int_equal(tw_source_next(source, &arena, 10, &batch, NULL), TW_OK);
    assert_int_equal(batch.fact_n, 1);
    assert_int_equal(tw_source_next(source, &arena, 10, &batch, NULL), TW_END);
    assert_int_equal(tw_source_where(source).bytes_total, 0);
    tw_source_close(source);
    tw_arena_release(&arena);
    if (saved >= 0) {
        dup2(saved, STDIN_FILENO);
        close(saved);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_read_may_fail),
        cmocka_unit_test(a_mapping_that_cannot_be_read),
        cmocka_unit_test(standard_input_is_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
