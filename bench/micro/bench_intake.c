// SPDX-License-Identifier: Apache-2.0
//
// Speed of intake and of the codec: NDJSON, CSV and mapped CSV to facts, encode and decode of a
// typical receipt. Best and median of RUNS in processor time; one JSON line per measurement. With
// file arguments (CSV, mapping) reads that file instead: bench_intake FILE [MAPPING]; bench_intake
// --tiny is for tests.
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/hash.h"
#include "base/limits.h"
#include "intake/json.h"
#include "intake/source.h"
#include "retail/codec.h"

enum { RUNS = 9, RECORDS_MAX = 100000, BATCH = 512 };
static int record_n = RECORDS_MAX; // fewer with --tiny, which only shows that it works

// Processor time of this thread, so that other work on the machine counts little.
static uint64_t cpu_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (uint64_t)t.tv_sec * UINT64_C(1000000000) + (uint64_t)t.tv_nsec;
}

static const char receipt[] =
    "{\"transaction_id\":\"S014-R03-20260105-%06d\",\"store_id\":\"S014\",\"register_id\":\"R03\","
    "\"employee_id\":\"E%04d\",\"transaction_time\":\"2026-01-05T17:%02d:%02d+01:00\","
    "\"transaction_total\":\"%d.%02d\",\"discount_amount\":\"0.00\",\"refund_flag\":false,"
    "\"void_flag\":false,\"item_count\":1,\"payment_type\":\"credit\",\"transaction_type\":"
    "\"sale\","
    "\"lines\":[{\"sku\":\"4006381%06d\",\"quantity\":1,\"unit_price\":\"%d.%02d\"}],"
    "\"customer_id\":\"C%06d\",\"scan_seconds\":12.5}\n";
static const char csv_header[] =
    "transaction_id,store_id,register_id,employee_id,transaction_time,transaction_total,"
    "discount_amount,refund_flag,void_flag,item_count,payment_type\n";

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void report(const char *what, double ns[RUNS], size_t n, size_t bytes, uint64_t sum)
{
    qsort(ns, RUNS, sizeof(ns[0]), by_value);
    printf("{\"bench\":\"%s\",\"n\":%zu,\"runs\":%d,\"bytes_per_record\":%.0f,\"best_ns\":%.1f,"
           "\"median_ns\":%.1f,\"best_records_per_s\":%.0f,\"checksum\":\"%016llx\"}\n",
           what, n, RUNS, (double)bytes / (double)n, ns[0], ns[RUNS / 2], 1e9 / ns[0],
           (unsigned long long)sum);
}

static void *need(void *at)
{
    if (!at)
        abort();
    return at;
}

// Reads the source to its end; the sum keeps the work from being optimised away.
static uint64_t read_all(tw_source *source, tw_arena *arena, size_t *n)
{
    tw_source_batch batch;
    tw_err err;
    uint64_t sum = 0;
    *n = 0;
    for (;;) {
        tw_arena_reset(arena);
        tw_status status = tw_source_next(source, arena, BATCH, &batch, &err);
        if (status == TW_END)
            return sum;
        if (status != TW_OK || batch.problem_n) {
            fprintf(stderr, "bench_intake: %s\n",
                    batch.problem_n ? batch.problems[0].sentence : err.text);
            exit(1);
        }
        for (size_t i = 0; i < batch.fact_n; i++)
            sum += tw_fact_key(&batch.facts[i], 0) + (uint64_t)tw_fact_time_ms(&batch.facts[i]);
        *n += batch.fact_n;
    }
}

static void bench_text(const char *what, tw_str text, const tw_mapping *mapping, tw_arena *arena)
{
    double ns[RUNS];
    size_t n = 1;
    uint64_t sum = 0;
    tw_intake_options options = {.default_currency = "EUR"};
    tw_source_settings settings = {.mapping = mapping, .options = &options};
    for (int run = -1; run < RUNS; run++) {
        tw_source *source;
        uint64_t start = cpu_ns();
        if (tw_source_open_memory(tw_alloc_system(), text, &settings, &source, NULL) != TW_OK)
            abort();
        sum = read_all(source, arena, &n);
        tw_source_close(source);
        if (run >= 0)
            ns[run] = (double)(cpu_ns() - start) / (double)n;
    }
    report(what, ns, n, text.bytes, sum);
}

static void bench_parser(tw_str text, tw_arena *arena)
{
    double ns[RUNS];
    uint64_t sum = 0;
    tw_intake_options options = {.default_currency = "EUR"};
    tw_json_parser *parser;
    if (tw_json_parser_new(tw_alloc_system(), &options, &parser) != TW_OK)
        abort();
    for (int run = -1; run < RUNS; run++) {
        tw_str rest = text, record;
        uint64_t line = 0, start = cpu_ns();
        tw_fact fact;
        tw_problem problem;
        while (tw_ndjson_next(&rest, &line, &record)) {
            tw_arena_reset(arena);
            if (tw_json_parse(parser, record, TW_FACT_TRANSACTION, arena, &fact, &problem) != TW_OK)
                abort();
            sum += (uint64_t)fact.as.transaction.total_minor;
        }
        if (run >= 0)
            ns[run] = (double)(cpu_ns() - start) / record_n;
    }
    report("json_parse", ns, (size_t)record_n, text.bytes, sum);
    tw_json_parser_free(parser);
}

// A receipt of five lines with a card tender.
static void five_lines(tw_fact *fact, tw_line lines[5], tw_tender *tender)
{
    static const char *const skus[] = {"4006381333931", "4006381333948", "5000112637922",
                                       "3017620422003", "8076809513692"};
    for (int i = 0; i < 5; i++) {
        lines[i] = (tw_line){.sku = tw_str_from(skus[i]),
                             .department = TW_STR("grocery"),
                             .quantity_milli = 1000,
                             .unit_price_minor = 199 + 250 * i,
                             .regular_price_minor = 199 + 250 * i,
                             .entry_method = TW_ENTRY_SCANNED};
    }
    *tender = (tw_tender){.type = TW_PAY_CREDIT,
                          .amount_minor = 3495,
                          .account_token = TW_STR("tok_9f86d081884c7d659a2feaa0"),
                          .entry_method = TW_ENTRY_CHIP};
    *fact = (tw_fact){.kind = TW_FACT_TRANSACTION, .received_ms = INT64_C(1767600000000)};
    fact->as.transaction = (tw_transaction){.transaction_id = TW_STR("S014-R03-20260105-000042"),
                                            .store_id = TW_STR("S014"),
                                            .register_id = TW_STR("R03"),
                                            .employee_id = TW_STR("E0042"),
                                            .time_ms = INT64_C(1767600000000),
                                            .offset_min = 60,
                                            .business_day = 20458,
                                            .total_minor = 3495,
                                            .currency = "EUR",
                                            .payment_type = TW_PAY_CREDIT,
                                            .item_count = 5,
                                            .flags = TW_TXN_HAS_TYPE | TW_TXN_HAS_OFFSET,
                                            .lines = lines,
                                            .line_n = 5,
                                            .tenders = tender,
                                            .tender_n = 1};
}

static void bench_codec(tw_arena *arena)
{
    double encode_ns[RUNS], decode_ns[RUNS];
    tw_line lines[5];
    tw_tender tender;
    tw_fact fact, back;
    tw_buf buf;
    uint64_t sum = 0;
    five_lines(&fact, lines, &tender);
    tw_buf_init(&buf, tw_alloc_system(), (size_t)1 << 28);
    size_t *ends = need(tw_new_array(tw_alloc_system(), RECORDS_MAX + 1, sizeof(size_t)));
    for (int run = -1; run < RUNS; run++) {
        tw_buf_reset(&buf);
        uint64_t start = cpu_ns();
        for (int i = 0; i < record_n; i++) {
            fact.as.transaction.total_minor = 3495 + i;
            if (tw_fact_encode(&fact, &buf) != TW_OK)
                abort();
            ends[i + 1] = buf.bytes;
        }
        uint64_t middle = cpu_ns();
        for (int i = 0; i < record_n; i++) {
            tw_arena_reset(arena);
            if (tw_fact_decode(buf.data_own + ends[i], ends[i + 1] - ends[i], arena, &back) !=
                TW_OK)
                abort();
            sum += (uint64_t)back.as.transaction.total_minor;
        }
        uint64_t end = cpu_ns();
        if (run >= 0) {
            encode_ns[run] = (double)(middle - start) / record_n;
            decode_ns[run] = (double)(end - middle) / record_n;
        }
    }
    report("codec_encode", encode_ns, (size_t)record_n, buf.bytes,
           tw_hash64(buf.data_own, buf.bytes, 0));
    report("codec_decode", decode_ns, (size_t)record_n, buf.bytes, sum);
    tw_free_array(tw_alloc_system(), ends, RECORDS_MAX + 1, sizeof(size_t));
    tw_buf_release(&buf);
}

static void bench_file(const char *path, const char *mapping_path, tw_arena *arena)
{
    tw_err err = {0};
    tw_mapping *mapping = NULL;
    tw_source *source;
    tw_intake_options options = {.default_currency = "EUR"};
    if (mapping_path && tw_mapping_load(tw_alloc_system(), mapping_path, &mapping, &err) != TW_OK) {
        fprintf(stderr, "bench_intake: %s\n", err.text);
        exit(1);
    }
    tw_source_settings settings = {.mapping = mapping, .options = &options};
    double ns[RUNS];
    size_t n = 0;
    uint64_t sum = 0, bytes = 0;
    for (int run = 0; run < RUNS; run++) {
        uint64_t start = cpu_ns();
        if (tw_source_open(tw_alloc_system(), path, &settings, &source, &err) != TW_OK) {
            fprintf(stderr, "bench_intake: %s\n", err.text);
            exit(1);
        }
        sum = read_all(source, arena, &n);
        bytes = tw_source_where(source).bytes_done;
        tw_source_close(source);
        ns[run] = (double)(cpu_ns() - start) / (double)n;
    }
    report("file", ns, n, bytes, sum);
    tw_mapping_free(mapping);
}

static void bench_all(tw_arena *arena)
{
    static const char yaml[] =
        "fields:\n  transaction_id: {template: \"x-{row}\"}\n"
        "  transaction_total: {column: transaction_total, sign: refund_if_negative}\n"
        "  transaction_time: {column: transaction_time, format: \"%Y-%m-%d %H:%M:%S\"}\n";
    tw_buf ndjson, csv;
    tw_mapping *mapping;
    tw_buf_init(&ndjson, tw_alloc_system(), (size_t)1 << 28);
    tw_buf_init(&csv, tw_alloc_system(), (size_t)1 << 28);
    tw_buf_cstr(&csv, csv_header);
    for (int i = 0; i < record_n; i++) {
        int price = 3 + i % 90, cents = i % 100;
        tw_buf_printf(&ndjson, receipt, i, i % 997, i / 60 % 60, i % 60, price, cents, i, price,
                      cents, i % 50000);
        tw_buf_printf(&csv,
                      "S014-R03-20260105-%06d,S014,R03,E%04d,2026-01-05 17:%02d:%02d,%d.%02d,"
                      "0.00,0,0,%d,credit\n",
                      i, i % 997, i / 60 % 60, i % 60, price, cents, i % 9);
    }
    if (ndjson.status != TW_OK || csv.status != TW_OK ||
        tw_mapping_parse(tw_alloc_system(), (tw_str){yaml, sizeof(yaml) - 1}, &mapping, NULL) !=
            TW_OK)
        abort();
    bench_parser((tw_str){(char *)ndjson.data_own, ndjson.bytes}, arena);
    bench_text("source_ndjson", (tw_str){(char *)ndjson.data_own, ndjson.bytes}, NULL, arena);
    bench_text("source_csv", (tw_str){(char *)csv.data_own, csv.bytes}, NULL, arena);
    bench_text("source_csv_mapped", (tw_str){(char *)csv.data_own, csv.bytes}, mapping, arena);
    bench_codec(arena);
    tw_mapping_free(mapping);
    tw_buf_release(&ndjson);
    tw_buf_release(&csv);
}

int main(int argc, char **argv)
{
    tw_arena arena;
    tw_arena_init(&arena, tw_alloc_system(), (size_t)4 << 20, (size_t)64 << 20);
    bool is_tiny = argc > 1 && strcmp(argv[1], "--tiny") == 0;
    record_n = is_tiny ? 1000 : RECORDS_MAX;
    if (argc > 1 && !is_tiny)
        bench_file(argv[1], argc > 2 ? argv[2] : NULL, &arena);
    else
        bench_all(&arena);
    tw_arena_release(&arena);
    return 0;
}
