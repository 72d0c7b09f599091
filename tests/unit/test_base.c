// SPDX-License-Identifier: Apache-2.0
//
// The base library: parsing of numbers and times, zones, buffers, arenas, the table, hashes, and
// the faulty allocator that the sweeps rely on.
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/hash.h"
#include "base/rng.h"
#include "base/table.h"
#include "base/time.h"

static void decimals_are_exact(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int scale;
        bool ok;
        int64_t value;
    } cases[] = {
        {"12.3", 2, true, 1230},
        {"-0.01", 2, true, -1},
        {"+7", 2, true, 700},
        {"12.300", 2, true, 1230},
        {"12.301", 2, false, 0},
        {"", 2, false, 0},
        {".", 2, false, 0},
        {"1e3", 2, false, 0},
        {"1,5", 2, false, 0},
        {" 1", 2, false, 0},
        {"1.2.3", 2, false, 0},
        {"007", 0, true, 7},
        {"9223372036854775807", 0, true, INT64_MAX},
        {"9223372036854775808", 0, false, 0},
        {"92233720368547758.07", 2, true, INT64_MAX},
        {"92233720368547758.08", 2, false, 0},
        {".5", 1, true, 5},
        {"5.", 1, true, 50},
        {"-", 0, false, 0},
    };
    for (size_t i = 0; i < TW_COUNT(cases); i++) {
        int64_t value = 0;
        bool ok = tw_str_to_scaled(tw_str_from(cases[i].text), cases[i].scale, &value);
        if (ok != cases[i].ok || (ok && value != cases[i].value))
            fail_msg("\"%s\" at scale %d gave %d, %lld", cases[i].text, cases[i].scale, ok,
                     (long long)value);
    }
}

static void text_checks(void **state)
{
    (void)state;
    double v = 0.0;
    assert_true(tw_str_to_f64(TW_STR("-1.5e3"), &v) && v == -1500.0);
    assert_false(tw_str_to_f64(TW_STR("inf"), &v));
    assert_false(tw_str_to_f64(TW_STR("0x10"), &v));
    assert_false(tw_str_to_f64(TW_STR("1e999"), &v));
    assert_true(tw_str_is_utf8(TW_STR("K\xc3\xa4se \xe2\x82\xac \xf0\x9f\x99\x82\n")));
    assert_false(tw_str_is_utf8(TW_STR("\xc0\xaf")));         // overlong
    assert_false(tw_str_is_utf8(TW_STR("\xed\xa0\x80")));     // surrogate
    assert_false(tw_str_is_utf8(TW_STR("\xf4\x90\x80\x80"))); // above U+10FFFF
    assert_false(tw_str_is_utf8(TW_STR("\xe2\x82")));         // cut
    assert_false(tw_str_is_utf8((tw_str){"a\0b", 3}));
    assert_true(tw_str_equal(tw_str_trim(TW_STR(" \t x y\r\n")), TW_STR("x y")));
    assert_true(tw_str_equal_nocase(TW_STR("AbC"), TW_STR("aBc")));
    assert_true(tw_str_compare(TW_STR("a"), TW_STR("ab")) < 0);
    assert_true(tw_str_ends(TW_STR("x.json"), TW_STR(".json")));
}

static void times_parse_and_print(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool ok;
        int64_t ms;
        int16_t offset;
    } cases[] = {
        {"2026-01-05T09:00:00Z", true, INT64_C(1767603600000), 0},
        {"2026-01-05T09:00:00.25+01:00", true, INT64_C(1767600000250), 60},
        {"2026-01-05 09:00", true, INT64_C(1767603600000), TW_OFFSET_NONE},
        {"2026-01-05", true, INT64_C(1767571200000), TW_OFFSET_NONE},
        {"20260105", true, INT64_C(1767571200000), TW_OFFSET_NONE},
        {"2024-02-29T00:00:00-0530", true, INT64_C(1709184600000), -330},
        {"2016-12-31T23:59:60Z", true, INT64_C(1483228799000), 0},
        {"2026-02-29T00:00:00Z", false, 0, 0},
        {"2026-13-01", false, 0, 0},
        {"2026-01-05T24:00:00Z", false, 0, 0},
        {"2026-01-05T09:00:00Zx", false, 0, 0},
        {"1969-12-31", false, 0, 0},
        {"05.01.2026", false, 0, 0},
        {"", false, 0, 0},
    };
    for (size_t i = 0; i < TW_COUNT(cases); i++) {
        int64_t ms = 0;
        int16_t offset = 0;
        bool ok = tw_time_parse(tw_str_from(cases[i].text), &ms, &offset);
        if (ok != cases[i].ok || (ok && (ms != cases[i].ms || offset != cases[i].offset)))
            fail_msg("\"%s\" gave %d, %lld, %d", cases[i].text, ok, (long long)ms, offset);
    }
    char text[TW_TIME_TEXT_BYTES];
    assert_string_equal(tw_time_format(INT64_C(1767600000250), 60, text),
                        "2026-01-05T09:00:00.250+01:00");
    assert_string_equal(tw_time_format(INT64_C(1709184600000), -330, text),
                        "2024-02-29T00:00:00-05:30");
    assert_string_equal(tw_date_format(20458, text), "2026-01-05");
    int64_t ms = 0;
    assert_true(tw_duration_parse(TW_STR("7d"), &ms) && ms == 7 * TW_DAY_MS);
    assert_false(tw_duration_parse(TW_STR("7"), &ms));
    assert_false(tw_duration_parse(TW_STR("-7d"), &ms));
    assert_int_equal(tw_hour_of_week(INT64_C(1767603600000)), 9); // a Monday
    assert_int_equal(tw_floor_day(-1), -1);
}

static void every_day_round_trips(void **state)
{
    (void)state;
    for (int32_t day = -100; day < 84000; day++) {
        tw_civil civil;
        tw_civil_from_ms(day * TW_DAY_MS + 1, &civil);
        assert_int_equal(tw_days_from_civil(civil.year, civil.month, civil.day), day);
        assert_int_equal(civil.weekday, ((day % 7) + 7 + 3) % 7);
    }
}

static void zones_know_their_changes(void **state)
{
    (void)state;
    tw_zone *zone = NULL;
    tw_err err = {0};
    int16_t offset = 0;
    assert_int_equal(tw_zone_new(tw_alloc_system(), "Europe/Berlin", &zone, &err), TW_OK);
    int64_t wall = 0;
    assert_true(tw_time_parse(TW_STR("2026-07-01 12:00:00"), &wall, &offset));
    assert_int_equal(tw_zone_to_utc(zone, wall, &offset), wall - 2 * TW_HOUR_MS);
    assert_int_equal(offset, 120);
    // 02:30 on the last Sunday of October exists twice: the first one counts.
    assert_true(tw_time_parse(TW_STR("2026-10-25 02:30:00"), &wall, &offset));
    tw_zone_to_utc(zone, wall, &offset);
    assert_int_equal(offset, 120);
    // 02:30 on the last Sunday of March does not exist: the offset before the gap counts.
    assert_true(tw_time_parse(TW_STR("2026-03-29 02:30:00"), &wall, &offset));
    tw_zone_to_utc(zone, wall, &offset);
    assert_int_equal(offset, 60);
    assert_true(tw_time_parse(TW_STR("2026-03-29 03:30:00"), &wall, &offset));
    tw_zone_to_utc(zone, wall, &offset);
    assert_int_equal(offset, 120);
    tw_zone_free(zone);
    assert_int_equal(tw_zone_new(tw_alloc_system(), "-03:30", &zone, &err), TW_OK);
    tw_zone_to_utc(zone, wall, &offset);
    assert_int_equal(offset, -210);
    tw_zone_free(zone);
    assert_int_equal(tw_zone_new(tw_alloc_system(), "Mars/Olympus", &zone, &err), TW_NOT_FOUND);
    assert_int_equal(tw_zone_new(tw_alloc_system(), "../../etc/passwd", &zone, &err), TW_NOT_FOUND);
    assert_null(zone);
}

static void buffers_read_what_they_wrote(void **state)
{
    (void)state;
    tw_buf buf;
    tw_buf_init(&buf, tw_alloc_system(), 4096);
    static const int64_t signed_values[] = {0, 1, -1, 63, -64, 64, INT64_MAX, INT64_MIN};
    tw_buf_u16(&buf, 0x1234);
    tw_buf_u64(&buf, UINT64_MAX - 1);
    tw_buf_f64(&buf, -0.1);
    for (size_t i = 0; i < TW_COUNT(signed_values); i++)
        tw_buf_zigzag(&buf, signed_values[i]);
    tw_buf_blob(&buf, TW_STR("text"));
    assert_int_equal(buf.data_own[0], 0x34);
    tw_reader reader;
    tw_reader_init(&reader, buf.data_own, buf.bytes);
    assert_int_equal(tw_read_u16(&reader), 0x1234);
    assert_true(tw_read_u64(&reader) == UINT64_MAX - 1);
    assert_true(tw_read_f64(&reader) == -0.1);
    for (size_t i = 0; i < TW_COUNT(signed_values); i++)
        assert_true(tw_read_zigzag(&reader) == signed_values[i]);
    assert_true(tw_str_equal(tw_read_blob(&reader), TW_STR("text")));
    assert_int_equal(reader.status, TW_OK);
    assert_int_equal(tw_reader_left(&reader), 0);
    assert_int_equal(tw_read_u8(&reader), 0);
    assert_int_equal(reader.status, TW_CORRUPT);
    // A second spelling of a number is refused: one fact has one encoding.
    static const uint8_t padded[] = {0x80, 0x00},
                         endless[] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x02};
    tw_reader_init(&reader, padded, sizeof(padded));
    tw_read_varint(&reader);
    assert_int_equal(reader.status, TW_CORRUPT);
    tw_reader_init(&reader, endless, sizeof(endless));
    tw_read_varint(&reader);
    assert_int_equal(reader.status, TW_CORRUPT);
    // Above its maximum a buffer keeps what it has and its failure.
    char large[5000];
    memset(large, 'x', sizeof(large));
    size_t before = buf.bytes;
    tw_buf_put(&buf, large, sizeof(large));
    assert_int_equal(buf.status, TW_LIMIT);
    assert_int_equal(buf.bytes, before);
    tw_buf_release(&buf);
}

static void arenas_reuse_their_blocks(void **state)
{
    (void)state;
    tw_alloc_faulty faulty;
    tw_alloc_faulty_init(&faulty, 0, false);
    tw_arena arena;
    tw_arena_init(&arena, &faulty.alloc, 256, 4096);
    uint64_t calls = 0;
    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < 20; i++) {
            char *taken = tw_arena_take(&arena, 50);
            assert_non_null(taken);
            assert_int_equal((uintptr_t)taken % 16, 0);
            memset(taken, round, 50);
        }
        assert_non_null(tw_arena_take(&arena, 1000));
        if (round == 0)
            calls = faulty.calls;
        tw_arena_reset(&arena);
    }
    assert_int_equal(faulty.calls, calls);
    assert_null(tw_arena_take(&arena, 5000));
    assert_null(tw_arena_array(&arena, SIZE_MAX / 2, 4));
    tw_arena_release(&arena);
    assert_int_equal(faulty.live_blocks, 0);
    assert_int_equal(faulty.live_bytes, 0);
}

static void the_table_is_a_map(void **state)
{
    (void)state;
    enum { KEYS = 500, STEPS = 20000 };
    static uint32_t model[KEYS + 1]; // value + 1, 0 = absent
    tw_table table;
    tw_rng rng;
    tw_table_init(&table, tw_alloc_system(), KEYS);
    tw_rng_init(&rng, 7, 0);
    size_t n = 0;
    for (int i = 0; i < STEPS; i++) {
        // Small keys collide in runs: that is what removal must get right.
        uint64_t key = 1 + tw_rng_below(&rng, KEYS);
        if (tw_rng_below(&rng, 2)) {
            tw_table_slot *slot = NULL;
            assert_int_equal(tw_table_at(&table, key, &slot), TW_OK);
            n += model[key] == 0;
            slot->value = (uint32_t)i;
            model[key] = (uint32_t)i + 1;
        } else {
            tw_table_remove(&table, key);
            n -= model[key] != 0;
            model[key] = 0;
        }
        assert_int_equal(table.n, n);
    }
    for (uint64_t key = 1; key <= KEYS; key++) {
        const tw_table_slot *slot = tw_table_find(&table, key);
        assert_int_equal(slot ? slot->value + 1 : 0, model[key]);
    }
    tw_table_slot *slot = NULL;
    assert_int_equal(tw_table_reserve(&table, KEYS + 1), TW_LIMIT);
    assert_int_equal(tw_table_at(&table, 1, &slot), TW_OK);
    tw_table_release(&table);
}

static void hashes_are_the_published_ones(void **state)
{
    (void)state;
    uint8_t digest[TW_SHA256_BYTES];
    char hex[2 * TW_SHA256_BYTES + 1];
    tw_sha256("abc", 3, digest); // FIPS 180-2, appendix B.1
    assert_string_equal(tw_hex(digest, sizeof(digest), hex),
                        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    tw_sha256_two("a", 1, "bc", 2, digest);
    assert_string_equal(tw_hex(digest, sizeof(digest), hex),
                        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    tw_hmac_sha256("Jefe", 4, "what do ya want for nothing?", 28, digest); // RFC 4231, case 2
    assert_string_equal(tw_hex(digest, sizeof(digest), hex),
                        "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    assert_true(tw_hash64("", 0, 0) == UINT64_C(0x2d06800538d394c2)); // xxHash's own sanity value
}

static void random_numbers_stay_the_same(void **state)
{
    (void)state;
    tw_rng a, b, c;
    tw_rng_init(&a, 1, 0);
    tw_rng_init(&b, 1, 0);
    tw_rng_init(&c, 1, 1);
    bool differs = false;
    double sum = 0.0;
    for (int i = 0; i < 10000; i++) {
        uint64_t x = tw_rng_u64(&a);
        assert_true(x == tw_rng_u64(&b));
        differs |= x != tw_rng_u64(&c);
        assert_true(tw_rng_below(&a, 6) < 6);
        tw_rng_below(&b, 6);
        sum += tw_rng_unit(&c);
    }
    assert_true(differs);
    assert_true(sum > 4800.0 && sum < 5200.0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(decimals_are_exact),
        cmocka_unit_test(text_checks),
        cmocka_unit_test(times_parse_and_print),
        cmocka_unit_test(every_day_round_trips),
        cmocka_unit_test(zones_know_their_changes),
        cmocka_unit_test(buffers_read_what_they_wrote),
        cmocka_unit_test(arenas_reuse_their_blocks),
        cmocka_unit_test(the_table_is_a_map),
        cmocka_unit_test(hashes_are_the_published_ones),
        cmocka_unit_test(random_numbers_stay_the_same),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
