// SPDX-License-Identifier: Apache-2.0
//
// For random facts: reading the JSON that was written gives the same canonical bytes, whole or in a
// stream; and whatever a byte of the JSON is changed to, the reader answers without breaking an
// invariant.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../unit/random_fact.h"
#include "base/limits.h"
#include "intake/json.h"
#include "intake/source.h"
#include "intake/write.h"
#include "retail/check.h"
#include "retail/codec.h"

static const tw_fact_kind kinds[] = {TW_FACT_TRANSACTION, TW_FACT_MOVEMENT, TW_FACT_SHIFT,
                                     TW_FACT_VERDICT};

typedef struct fixture {
    tw_arena made, read;
    tw_buf json, first, second;
    tw_intake_options options;
    tw_json_parser *parser;
    tw_rng rng;
} fixture;

static int set_up(void **state)
{
    static fixture f;
    const uint64_t seed = 4101842887655102017u;
    print_message("seed %llu\n", (unsigned long long)seed);
    memset(&f, 0, sizeof(f));
    tw_rng_init(&f.rng, seed, 7);
    tw_arena_init(&f.made, tw_alloc_system(), 0, (size_t)64 << 20);
    tw_arena_init(&f.read, tw_alloc_system(), 0, (size_t)64 << 20);
    tw_buf_init(&f.json, tw_alloc_system(), (size_t)64 << 20);
    tw_buf_init(&f.first, tw_alloc_system(), (size_t)64 << 20);
    tw_buf_init(&f.second, tw_alloc_system(), (size_t)64 << 20);
    f.options = (tw_intake_options){.default_currency = "USD"};
    assert_int_equal(tw_json_parser_new(tw_alloc_system(), &f.options, &f.parser), TW_OK);
    *state = &f;
    return 0;
}

static int tear_down(void **state)
{
    fixture *f = *state;
    tw_json_parser_free(f->parser);
    tw_arena_release(&f->made);
    tw_arena_release(&f->read);
    tw_buf_release(&f->json);
    tw_buf_release(&f->first);
    tw_buf_release(&f->second);
    return 0;
}

// A fact small enough for one record, with its JSON and bytes.
static void make(fixture *f, int i, tw_fact *fact)
{
    do {
        tw_arena_reset(&f->made);
        tw_buf_reset(&f->json);
        tw_buf_reset(&f->first);
        random_fact(&f->rng, kinds[i % 4], &f->made, fact);
        fact->received_ms = f->options.received_ms;
        assert_int_equal(tw_fact_write_json(fact, TW_WRITE_EXACT, &f->json), TW_OK);
        assert_int_equal(tw_fact_encode(fact, &f->first), TW_OK);
    } while (f->json.bytes > TW_RECORD_MAX_BYTES);
}

static void written_facts_read_back_the_same(void **state)
{
    fixture *f = *state;
    for (int i = 0; i < 4000; i++) {
        tw_fact fact, back;
        tw_problem problem;
        make(f, i, &fact);
        tw_arena_reset(&f->read);
        tw_str json = {(char *)f->json.data_own, f->json.bytes};
        if (tw_json_parse(f->parser, json, 0, &f->read, &back, &problem) != TW_OK)
            fail_msg("%s in %.*s", problem.sentence, (int)TW_MIN(json.bytes, (size_t)900), json.at);
        assert_int_equal(tw_fact_check(&back, NULL), TW_OK);
        tw_buf_reset(&f->second);
        assert_int_equal(tw_fact_encode(&back, &f->second), TW_OK);
        if (f->first.bytes != f->second.bytes ||
            memcmp(f->first.data_own, f->second.data_own, f->first.bytes) != 0)
            fail_msg("changed: %.*s", (int)TW_MIN(json.bytes, (size_t)900), json.at);
    }
}

static void streams_read_the_same_facts(void **state)
{
    fixture *f = *state;
    tw_buf stream, expected;
    tw_source *source;
    tw_source_batch batch;
    tw_source_settings settings = {.options = &f->options};
    tw_buf_init(&stream, tw_alloc_system(), (size_t)64 << 20);
    tw_buf_init(&expected, tw_alloc_system(), (size_t)64 << 20);
    for (int i = 0; i < 400; i++) {
        tw_fact fact;
        make(f, i, &fact);
        tw_buf_put(&stream, f->json.data_own, f->json.bytes);
        tw_buf_cstr(&stream, i % 3 ? "\n" : "\r\n\n");
        tw_buf_put(&expected, f->first.data_own, f->first.bytes);
    }
    tw_buf_reset(&f->second);
    tw_str data = {(char *)stream.data_own, stream.bytes};
    assert_int_equal(tw_source_open_memory(tw_alloc_system(), data, &settings, &source, NULL),
                     TW_OK);
    for (;;) {
        tw_arena_reset(&f->read);
        if (tw_source_next(source, &f->read, 33, &batch, NULL) != TW_OK)
            break;
        assert_int_equal(batch.problem_n, 0);
        for (size_t i = 0; i < batch.fact_n; i++)
            assert_int_equal(tw_fact_encode(&batch.facts[i], &f->second), TW_OK);
    }
    assert_int_equal(f->second.bytes, expected.bytes);
    assert_memory_equal(f->second.data_own, expected.data_own, expected.bytes);
    tw_source_close(source);
    tw_buf_release(&stream);
    tw_buf_release(&expected);
}

static void damaged_records_break_nothing(void **state)
{
    fixture *f = *state;
    for (int i = 0; i < 20000; i++) {
        tw_fact fact, back;
        tw_problem problem = {0};
        if (i % 40 == 0)
            make(f, i / 40, &fact);
        size_t at = (size_t)(tw_rng_u64(&f->rng) % TW_MIN(f->json.bytes, (size_t)2000));
        uint8_t old = f->json.data_own[at];
        f->json.data_own[at] = (uint8_t)tw_rng_u64(&f->rng);
        tw_arena_reset(&f->read);
        tw_str json = {(char *)f->json.data_own, f->json.bytes};
        tw_status status = tw_json_parse(f->parser, json, 0, &f->read, &back, &problem);
        if (status == TW_OK) {
            if (back.kind != TW_FACT_VERDICT || back.as.verdict.verdict_id.bytes)
                assert_int_equal(tw_fact_check(&back, NULL), TW_OK);
        } else {
            assert_int_equal(status, TW_INVALID);
            assert_true(problem.code != TW_PROBLEM_NONE && problem.sentence[0]);
            assert_true(tw_str_is_utf8(tw_str_from(problem.sentence)));
        }
        f->json.data_own[at] = old;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(written_facts_read_back_the_same, set_up, tear_down),
        cmocka_unit_test_setup_teardown(streams_read_the_same_facts, set_up, tear_down),
        cmocka_unit_test_setup_teardown(damaged_records_break_nothing, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
