// SPDX-License-Identifier: Apache-2.0
//
// Archives: what goes in comes out, the same bytes each time, and nothing that would reach outside.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "adapter/zip.h"

#define MADE_MS INT64_C(1772539361000)

static tw_archive zip;

static int set_up(void **state)
{
    (void)state;
    zip = tw_zip_archive(tw_alloc_system());
    return 0;
}

static void write(const tw_archive_entry *entries, size_t n, tw_buf *out)
{
    tw_err err = {.text = ""};
    tw_buf_init(out, tw_alloc_system(), (size_t)64 << 20);
    if (tw_archive_write(&zip, entries, n, MADE_MS, out, &err) != TW_OK)
        fail_msg("%s", err.text);
}

static tw_str view(const tw_buf *buf)
{
    return (tw_str){(const char *)buf->data_own, buf->bytes};
}

static void what_goes_in_comes_out(void **state)
{
    (void)state;
    enum { BIG = 300000 };
    char *big = tw_new_array(tw_alloc_system(), BIG, 1);
    for (size_t i = 0; i < BIG; i++)
        big[i] = (char)(i * 7919 >> 3);
    const tw_archive_entry entries[] = {{TW_STR("b.txt"), TW_STR("one")},
                                        {TW_STR("dir/Müller – Kasse.bin"), {big, BIG}},
                                        {TW_STR("empty"), TW_STR_NONE}};
    tw_buf bytes, again, content;
    tw_archive_reader *reader;
    write(entries, TW_COUNT(entries), &bytes);
    write(entries, TW_COUNT(entries), &again);
    assert_true(tw_str_equal(view(&bytes), view(&again)));
    assert_int_equal(tw_archive_open(&zip, view(&bytes), &reader, NULL), TW_OK);
    assert_int_equal(tw_archive_entry_n(&zip, reader), TW_COUNT(entries));
    tw_buf_init(&content, tw_alloc_system(), BIG + (256 << 10));
    for (size_t i = 0; i < TW_COUNT(entries); i++) {
        tw_buf_reset(&content);
        assert_true(tw_str_equal(tw_archive_entry_name(&zip, reader, i), entries[i].name));
        assert_int_equal(tw_archive_read(&zip, reader, i, &content, NULL), TW_OK);
        assert_true(tw_str_equal(view(&content), entries[i].bytes));
    }
    tw_archive_close(&zip, reader);
    tw_buf_release(&content);
    tw_buf_release(&again);
    tw_buf_release(&bytes);
    tw_free_array(tw_alloc_system(), big, BIG, 1);
}

static void names_do_not_reach_outside(void **state)
{
    (void)state;
    static const char *const bad[] = {"",   "/etc/passwd", "../x", "a/../x", "a//b",
                                      "a/", "a\\b",        ".",    "\xff"};
    for (size_t i = 0; i < TW_COUNT(bad); i++) {
        const tw_archive_entry entry = {tw_str_from(bad[i]), TW_STR("x")};
        tw_buf out;
        tw_buf_init(&out, tw_alloc_system(), 1 << 20);
        assert_int_equal(tw_archive_write(&zip, &entry, 1, MADE_MS, &out, NULL), TW_INVALID);
        tw_buf_release(&out);
    }
}

// The same length in another place of the file: names are written there as they are.
static void replace(tw_buf *zip_bytes, const char *from, const char *to)
{
    size_t n = strlen(from);
    for (size_t i = 0; i + n <= zip_bytes->bytes; i++)
        if (memcmp(zip_bytes->data_own + i, from, n) == 0)
            memcpy(zip_bytes->data_own + i, to, n);
}

static void archives_of_others_are_checked(void **state)
{
    (void)state;
    static const char *const names[] = {"../z", "/xyz", "bbbb"};
    for (size_t i = 0; i < TW_COUNT(names); i++) {
        const tw_archive_entry entries[] = {{TW_STR("aaaa"), TW_STR("x")},
                                            {TW_STR("bbbb"), TW_STR("y")}};
        tw_buf bytes;
        tw_archive_reader *reader = NULL;
        write(entries, 2, &bytes);
        replace(&bytes, "aaaa", names[i]);
        assert_int_equal(tw_archive_open(&zip, view(&bytes), &reader, NULL), TW_CORRUPT);
        assert_null(reader);
        tw_buf_release(&bytes);
    }
}

static void damage_is_noticed_and_sizes_are_bounded(void **state)
{
    (void)state;
    enum { BIG = 4 << 20 };
    char *zeros = tw_new_array(tw_alloc_system(), BIG, 1);
    const tw_archive_entry entry = {TW_STR("zeros"), {zeros, BIG}};
    tw_buf bytes, content;
    tw_archive_reader *reader;
    write(&entry, 1, &bytes);
    assert_true(bytes.bytes < 64 << 10);
    assert_int_equal(tw_archive_open(&zip, view(&bytes), &reader, NULL), TW_OK);
    tw_buf_init(&content, tw_alloc_system(), 1 << 20);
    assert_int_equal(tw_archive_read(&zip, reader, 0, &content, NULL), TW_LIMIT);
    assert_int_equal(content.bytes, 0);
    tw_buf_release(&content);
    tw_archive_close(&zip, reader);
    // Wherever a byte differs: it does not open, does not read, or gives the same content.
    for (size_t i = 0; i < bytes.bytes; i += 7) {
        bytes.data_own[i] ^= 0x40;
        tw_buf_init(&content, tw_alloc_system(), BIG + (256 << 10));
        if (tw_archive_open(&zip, view(&bytes), &reader, NULL) == TW_OK) {
            if (tw_archive_entry_n(&zip, reader) == 1 &&
                tw_archive_read(&zip, reader, 0, &content, NULL) == TW_OK && content.bytes == BIG)
                assert_memory_equal(content.data_own, zeros, BIG);
            tw_archive_close(&zip, reader);
        }
        tw_buf_release(&content);
        bytes.data_own[i] ^= 0x40;
    }
    tw_buf_release(&bytes);
    tw_free_array(tw_alloc_system(), zeros, BIG, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_goes_in_comes_out),
        cmocka_unit_test(names_do_not_reach_outside),
        cmocka_unit_test(archives_of_others_are_checked),
        cmocka_unit_test(damage_is_noticed_and_sizes_are_bounded),
    };
    return cmocka_run_group_tests(tests, set_up, NULL);
}
