// SPDX-License-Identifier: Apache-2.0
//
// Every allocation of intake and the codec fails in turn, once and for good: the status says so,
// the outputs are zero, nothing leaks, and the same scenario succeeds afterwards.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <zlib.h>

#include "../unit/random_fact.h"
#include "base/buf.h"
#include "intake/csv.h"
#include "intake/json.h"
#include "intake/source.h"
#include "intake/write.h"
#include "retail/codec.h"

#define RECORD(id)                                                                                 \
    "{\"transaction_id\":\"" id "\",\"store_id\":\"S1\",\"register_id\":\"R1\",\"employee_id\":"   \
    "\"E1\",\"transaction_time\":\"2026-01-05T17:05:00Z\",\"transaction_total\":12.3,"             \
    "\"discount_amount\":0,\"refund_flag\":0,\"void_flag\":0,\"item_count\":1,\"payment_type\":"   \
    "\"cash\",\"customer_id\":\"4111111111111111\",\"override_reason\":\"x 4111111111111111\","    \
    "\"lines\":[{\"unit_price\":1}],\"tenders\":[{\"type\":\"cash\",\"amount\":1}],"               \
    "\"attributes\":{\"a\":1}}"
static const char ndjson[] = RECORD("a") "\n{\"bad\":1}\n" RECORD("b") "\n";
static const char csv[] = "id,amount,when\nT1,\"1,50\",05.01.2026 09:00:00\nT2,x,y\n";
static const char yaml[] =
    "decimal: comma\nzone: \"+01:00\"\nfields:\n  transaction_id: {column: id}\n"
    "  store_id: {template: \"S{row}\"}\n  register_id: {constant: R}\n  employee_id: {constant: "
    "E}\n"
    "  transaction_time: {column: when, format: \"%d.%m.%Y %H:%M:%S\"}\n"
    "  transaction_total: {column: amount}\n  discount_amount: {constant: \"0\"}\n"
    "  refund_flag: {constant: \"0\"}\n  void_flag: {constant: \"0\"}\n"
    "  item_count: {constant: \"1\"}\n"
    "  payment_type: {column: id, values: [{from: T1, to: cash}, {from: \"*\", to: card}]}\n"
    "attributes:\n  - {name: amount, column: amount}\n";

typedef tw_status scenario(const tw_alloc *alloc, tw_err *err);

static const tw_intake_options options = {.default_currency = "EUR"};

static tw_status parse_json(const tw_alloc *alloc, tw_err *err)
{
    tw_json_parser *parser;
    tw_arena arena;
    tw_fact fact = {0};
    tw_problem problem;
    (void)err;
    tw_arena_init(&arena, alloc, 256, 1 << 20);
    tw_status status = tw_json_parser_new(alloc, &options, &parser);
    if (status == TW_OK)
        status = tw_json_parse(parser, TW_STR(RECORD("a")), 0, &arena, &fact, &problem);
    if (status != TW_OK)
        assert_int_equal(fact.kind, 0);
    tw_json_parser_free(parser);
    tw_arena_release(&arena);
    return status;
}

static tw_status read_source(const tw_alloc *alloc, tw_str data, const tw_mapping *mapping,
                             size_t expected_n, tw_err *err)
{
    tw_source *source;
    tw_arena arena;
    tw_source_batch batch;
    size_t n = 0;
    tw_source_settings settings = {.mapping = mapping, .options = &options};
    TW_TRY(tw_source_open_memory(alloc, data, &settings, &source, err));
    tw_arena_init(&arena, alloc, 1024, 1 << 20);
    tw_status status;
    bool failed = false;
    for (;;) {
        tw_arena_reset(&arena);
        status = tw_source_next(source, &arena, 10, &batch, err);
        // The source is still good after a lack of memory; one more try tells whether it lasts.
        if (status == TW_NO_MEMORY && !failed) {
            failed = true;
            assert_int_equal(batch.fact_n, 0);
            continue;
        }
        if (status != TW_OK)
            break;
        n += batch.fact_n + batch.problem_n;
    }
    if (status == TW_END)
        assert_int_equal(n, expected_n);
    tw_source_close(source);
    tw_arena_release(&arena);
    return status == TW_END ? TW_OK : status;
}

static tw_status read_ndjson(const tw_alloc *alloc, tw_err *err)
{
    return read_source(alloc, (tw_str){ndjson, sizeof(ndjson) - 1}, NULL, 3, err);
}

static tw_status read_gzip(const tw_alloc *alloc, tw_err *err)
{
    static uint8_t packed[4096];
    z_stream z = {0};
    assert_int_equal(deflateInit2(&z, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
    static uint8_t plain[sizeof(ndjson)];
    memcpy(plain, ndjson, sizeof(ndjson));
    z.next_in = plain;
    z.avail_in = sizeof(ndjson) - 1;
    z.next_out = packed;
    z.avail_out = sizeof(packed);
    assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
    tw_str data = {(char *)packed, z.total_out};
    deflateEnd(&z);
    return read_source(alloc, data, NULL, 3, err);
}

static tw_status read_mapped(const tw_alloc *alloc, tw_err *err)
{
    tw_mapping *mapping;
    tw_status status = tw_mapping_parse(alloc, (tw_str){yaml, sizeof(yaml) - 1}, &mapping, err);
    if (status != TW_OK) {
        assert_null(mapping);
        return status;
    }
    status = read_source(alloc, (tw_str){csv, sizeof(csv) - 1}, mapping, 2, err);
    tw_mapping_free(mapping);
    return status;
}

static tw_status load_mapping(const tw_alloc *alloc, tw_err *err)
{
    tw_mapping *mapping;
    tw_status status = tw_mapping_load(
        alloc, TILLWATCH_SOURCE_DIR "/mappings/d365-loss-prevention.yaml", &mapping, err);
    if (status != TW_OK)
        assert_null(mapping);
    tw_mapping_free(mapping);
    return status;
}

static tw_status read_table(const tw_alloc *alloc, tw_err *err)
{
    tw_csv *table;
    const tw_str *fields;
    uint64_t line;
    TW_TRY(tw_csv_open_memory(alloc, (tw_str){csv, sizeof(csv) - 1}, &table, err));
    tw_status status = tw_csv_next(table, &fields, &line, err);
    tw_csv_close(table);
    return status;
}

static tw_status encode_and_write(const tw_alloc *alloc, tw_err *err)
{
    tw_arena arena;
    tw_buf bytes, text;
    tw_fact fact, back = {0};
    (void)err;
    tw_arena_init(&arena, tw_alloc_system(), 0, 1 << 20);
    typical_fact(5, 30, &arena, &fact);
    tw_buf_init(&bytes, alloc, 1 << 20);
    tw_buf_init(&text, alloc, 1 << 20);
    tw_arena decoded;
    tw_arena_init(&decoded, alloc, 64, 1 << 20);
    tw_status status = tw_fact_encode(&fact, &bytes);
    if (status == TW_OK)
        status = tw_fact_decode(bytes.data_own, bytes.bytes, &decoded, &back);
    if (status == TW_OK)
        status = tw_fact_write_json(&back, TW_WRITE_DERIVED, &text);
    else
        assert_int_equal(back.kind, 0);
    tw_buf_release(&bytes);
    tw_buf_release(&text);
    tw_arena_release(&decoded);
    tw_arena_release(&arena);
    return status;
}

static uint64_t sweep(scenario *run, bool keep_failing)
{
    for (uint64_t k = 1;; k++) {
        tw_alloc_faulty heap;
        tw_err err = {0};
        tw_alloc_faulty_init(&heap, k, keep_failing);
        tw_status status = run(&heap.alloc, &err);
        assert_int_equal(heap.live_blocks, 0);
        assert_int_equal(heap.live_bytes, 0);
        if (heap.hits == 0) {
            assert_int_equal(status, TW_OK);
            return k - 1;
        }
        // A source may go on with the memory that it has: a batch just ends early. Then the
        // scenario has counted every record.
        assert_true(status == TW_OK || status == TW_NO_MEMORY);
    }
}

static void every_allocation_may_fail(void **state)
{
    static const struct {
        const char *name;
        scenario *run;
    } scenarios[] = {{"parse JSON", parse_json},
                     {"read NDJSON", read_ndjson},
                     {"read gzip", read_gzip},
                     {"read a mapped CSV", read_mapped},
                     {"load a mapping", load_mapping},
                     {"read a table", read_table},
                     {"encode, decode, write", encode_and_write}};
    (void)state;
    for (size_t i = 0; i < TW_COUNT(scenarios); i++) {
        uint64_t n = sweep(scenarios[i].run, false);
        assert_int_equal(sweep(scenarios[i].run, true), n);
        print_message("%s: %llu allocations\n", scenarios[i].name, (unsigned long long)n);
        assert_true(n > 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_allocation_may_fail)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
