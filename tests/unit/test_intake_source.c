// SPDX-License-Identifier: Apache-2.0
//
// Sources: formats by content, CSV dialects, compression, limits, positions, and damage.
#include "intake_fixture.h"

#include <stdlib.h>
#include <zlib.h>
#include <zstd.h>

#include "base/buf.h"
#include "intake/csv.h"

#define HEADER                                                                                     \
    "transaction_id,store_id,register_id,employee_id,transaction_time,transaction_total,"          \
    "discount_amount,refund_flag,void_flag,item_count,payment_type\n"
#define ROW(id) id ",S1,R1,E1,2026-01-05 17:05:00,12.30,0,0,0,3,cash\n"
#define OBJECT(id)                                                                                 \
    "{\"transaction_id\":\"" id "\",\"store_id\":\"S1\",\"register_id\":\"R1\",\"employee_id\":"   \
    "\"E1\",\"transaction_time\":\"2026-01-05T17:05:00Z\",\"transaction_total\":12.3,"             \
    "\"discount_amount\":0,\"refund_flag\":0,\"void_flag\":0,\"item_count\":1,\"payment_type\":"   \
    "\"cash\"}"

// Everything that a source gives, in batches of `max`.
typedef struct outcome {
    size_t fact_n, problem_n;
    char ids[400];   // of the facts, each followed by a space
    char lines[200]; // of facts and problems: "1 !2 3 " (first the facts of a batch, then problems)
    tw_problem first;
    tw_status status; // TW_END when all went well
    tw_err err;
    char format[32];
} outcome;

static outcome read_all(intake_fixture *f, tw_str data, const tw_source_settings *given, size_t max)
{
    static outcome o;
    memset(&o, 0, sizeof(o));
    tw_source_settings settings = given ? *given : (tw_source_settings){0};
    tw_source *source;
    tw_source_batch batch;
    settings.options = &f->options;
    o.status = tw_source_open_memory(tw_alloc_system(), data, &settings, &source, &o.err);
    if (o.status != TW_OK)
        return o;
    while ((o.status = tw_source_next(source, &f->arena, max, &batch, &o.err)) == TW_OK) {
        for (size_t i = 0; i < batch.fact_n; i++) {
            size_t n = strlen(o.ids), l = strlen(o.lines);
            assert_int_equal(tw_fact_check(&batch.facts[i], NULL), TW_OK);
            snprintf(o.ids + n, sizeof(o.ids) - n, "%.*s ",
                     TW_STR_ARG(tw_fact_id(&batch.facts[i])));
            snprintf(o.lines + l, sizeof(o.lines) - l, "%d ", (int)batch.lines[i]);
        }
        for (size_t i = 0; i < batch.problem_n; i++) {
            size_t l = strlen(o.lines);
            snprintf(o.lines + l, sizeof(o.lines) - l, "!%d ", (int)batch.problems[i].line);
            if (o.problem_n + i == 0)
                o.first = batch.problems[0];
        }
        o.fact_n += batch.fact_n;
        o.problem_n += batch.problem_n;
        assert_true(batch.fact_n + batch.problem_n <= max);
    }
    tw_intake_counts counts = tw_source_counts(source);
    assert_true(counts.accepted == o.fact_n && counts.rejected == o.problem_n);
    tw_str_copy(tw_str_from(tw_source_format_text(source)), o.format, sizeof(o.format));
    tw_source_close(source);
    return o;
}

static void formats_are_told_by_content(void **state)
{
    static const struct {
        const char *text, *format, *ids, *lines;
    } cases[] = {
        {OBJECT("a") "\n" OBJECT("b") "\n", "ndjson", "a b ", "1 2 "},
        {"\xef\xbb\xbf\n\n" OBJECT("a") "\r\n\r\n" OBJECT("b"), "ndjson", "a b ", "3 5 "},
        {OBJECT("a"), "ndjson", "a ", "1 "},
        {"[" OBJECT("a") ",\n " OBJECT("b") "]\n", "json", "a b ", "1 2 "},
        {"[]", "json", "", ""},
        {"{\n\"x\":\"}{\\\"\","
         "\n\"transaction_total\":1}\n" OBJECT("b") "\n",
         "json", "b ", "2 !1 "},
        {HEADER ROW("a") "\n" ROW("b"), "csv", "a b ", "2 4 "},
        {"{\"broken\":\n" OBJECT("b") "\n", "ndjson", "b ", "2 !1 "},
        {OBJECT("a") "\nnonsense\n" OBJECT("b") "\n", "ndjson", "a b ", "1 3 !2 "},
        {"[" OBJECT("a") ", 5, {\"x\":1}, " OBJECT("b") "]", "json", "a b ", "1 4 !2 !3 "},
        {"[" OBJECT("a") ", {\"x\"", "json", "a ", "1 !2 "},
    };
    for (size_t i = 0; i < TW_COUNT(cases); i++) {
        outcome o = read_all(*state, tw_str_from(cases[i].text), NULL, 100);
        assert_int_equal(o.status, TW_END);
        assert_string_equal(o.format, cases[i].format);
        assert_string_equal(o.ids, cases[i].ids);
        assert_string_equal(o.lines, cases[i].lines);
    }
}

static void csv_dialects(void **state)
{
    static const char *const cases[] = {
        "\xef\xbb\xbfTransaction ID;STORE-ID;register_id;EmployeeId;transaction_time;transaction "
        "total;"
        "discount_amount;refund_flag;void_flag;item_count;payment_type;colour\r\n"
        "a;S1;R1;E1;2026-01-05T17:05:00Z;12.30;0;N;no;3;cash;red\r\n",
        "\"transaction_id\"\t\"store_id\"\tregister_id\temployee_id\ttransaction_time\ttransaction_"
        "total\t"
        "discount_amount\trefund_flag\tvoid_flag\titem_count\tpayment_type\n"
        "\"a\"\tS1\tR1\tE1\t\"2026-01-05 17:05:00\"\t12.30\t0\tFALSE\tf\t3\tcash",
        "transaction_id|store_id|register_id|employee_id|transaction_time|transaction_total|"
        "discount_amount|refund_flag|void_flag|item_count|payment_type|override_reason\n"
        "a|S1|R1|E1|2026-01-05 17:05:00|12.30|0|0|0|3|cash|\"said \"\"no\"\" |\ntwice\"\n",
    };
    intake_fixture *f = *state;
    for (size_t i = 0; i < TW_COUNT(cases); i++) {
        outcome o = read_all(f, tw_str_from(cases[i]), NULL, 10);
        assert_int_equal(o.status, TW_END);
        assert_string_equal(o.ids, "a ");
    }
    tw_source *source;
    tw_source_batch batch;
    tw_source_settings settings = {.options = &f->options};
    assert_int_equal(
        tw_source_open_memory(tw_alloc_system(), tw_str_from(cases[2]), &settings, &source, NULL),
        TW_OK);
    assert_int_equal(tw_source_next(source, &f->arena, 10, &batch, NULL), TW_OK);
    assert_text(batch.facts[0].as.transaction.override_reason, "said \"no\" |\ntwice");
    tw_source_close(source);
}

static void csv_kinds_are_told_by_the_header(void **state)
{
    intake_fixture *f = *state;
    outcome o = read_all(f,
                         TW_STR("movement_id,store_id,sku,type,quantity,time\n"
                                "M1,S1,4711,count,3,2026-01-05 09:00:00\n"),
                         NULL, 10);
    assert_string_equal(o.ids, "M1 ");
    o = read_all(f,
                 TW_STR("event_id,event,store_id,employee_id,time,role\n"
                        "X1,clock in,S1,E1,2026-01-05 09:00:00,cashier\n"),
                 NULL, 10);
    assert_int_equal(o.problem_n, 1);
    assert_string_equal(o.first.field, "event");
    tw_source *source;
    tw_source_batch batch;
    tw_source_settings settings = {.options = &f->options};
    tw_str labels = TW_STR("transaction_id,fraud,scheme,amount\nT1,1,sweethearting,3\nT2,0,,\n");
    assert_int_equal(tw_source_open_memory(tw_alloc_system(), labels, &settings, &source, NULL),
                     TW_OK);
    assert_int_equal(tw_source_next(source, &f->arena, 10, &batch, NULL), TW_OK);
    assert_int_equal(batch.fact_n, 2);
    assert_int_equal(batch.facts[0].as.verdict.verdict, TW_VERDICT_CONFIRMED);
    assert_int_equal(batch.facts[1].as.verdict.verdict, TW_VERDICT_REFUTED);
    tw_source_close(source);
}

static void bad_rows_leave_the_rest(void **state)
{
    static const struct {
        const char *row;
        tw_problem_code code;
        const char *sentence;
    } cases[] = {
        {"x,S1\n", TW_PROBLEM_SYNTAX, "the row has 2 columns; the header has 11"},
        {"\"x\"y,S1,R1,E1,2026-01-05 17:05:00,12.30,0,0,0,3,cash\n", TW_PROBLEM_SYNTAX,
         "a quote in the row does not close"},
        {"x,S1,R1,E1,05.01.2026,12.30,0,0,0,3,cash\n", TW_PROBLEM_TIME,
         "transaction_time is \"05.01.2026\"; use RFC 3339 such as 2026-01-31T17:05:00+01:00"},
        {"x,S1,R1,,2026-01-05 17:05:00,12.30,0,0,0,3,cash\n", TW_PROBLEM_MISSING,
         "employee_id is missing; every transaction needs it"},
        {"x,S\xff,R1,E1,2026-01-05 17:05:00,12.30,0,0,0,3,cash\n", TW_PROBLEM_UTF8,
         "store_id is \"S?\"; send valid UTF-8 without control characters"},
    };
    for (size_t i = 0; i < TW_COUNT(cases); i++) {
        char text[800];
        snprintf(text, sizeof(text), "%s%s%s%s", HEADER, ROW("a"), cases[i].row, ROW("b"));
        outcome o = read_all(*state, tw_str_from(text), NULL, 100);
        assert_int_equal(o.status, TW_END);
        assert_string_equal(o.ids, "a b ");
        assert_string_equal(o.lines, "2 4 !3 ");
        assert_int_equal(o.first.code, cases[i].code);
        assert_string_equal(o.first.sentence, cases[i].sentence);
    }
}

static void headers_are_checked(void **state)
{
    static const char *const cases[][2] = {
        {"id,store\n1,2\n", "the header has no column store_id, transaction_id, register_id, "
                            "employee_id, transaction_time, transaction_total, discount_amount, "
                            "refund_flag, void_flag, item_count, payme"},
        {"store_id,STORE ID,transaction_total\n1,2,3\n",
         "column \"STORE ID\" appears twice in the header"},
        {"\"store_id\n", "the CSV header is malformed"},
    };
    for (size_t i = 0; i < TW_COUNT(cases); i++) {
        outcome o = read_all(*state, tw_str_from(cases[i][0]), NULL, 100);
        assert_int_equal(o.status, TW_INVALID);
        assert_memory_equal(o.err.text, cases[i][1], TW_MIN(strlen(cases[i][1]), (size_t)60));
    }
    assert_int_equal(read_all(*state, TW_STR_NONE, NULL, 10).status, TW_END);
}

static tw_str many_rows(tw_buf *buf, int n)
{
    tw_buf_init(buf, tw_alloc_system(), (size_t)64 << 20);
    tw_buf_cstr(buf, HEADER);
    for (int i = 0; i < n; i++)
        tw_buf_printf(buf, "T%07d,S1,R1,E1,2026-01-05 17:05:00,12.30,0,0,0,3,cash\n", i);
    return (tw_str){(char *)buf->data_own, buf->bytes};
}

static void expect_rows(intake_fixture *f, tw_str data, int n)
{
    tw_source *source;
    tw_source_batch batch;
    int seen = 0;
    tw_source_settings settings = {.options = &f->options};
    assert_int_equal(tw_source_open_memory(tw_alloc_system(), data, &settings, &source, NULL),
                     TW_OK);
    for (;;) {
        tw_arena_reset(&f->arena);
        if (tw_source_next(source, &f->arena, 777, &batch, NULL) != TW_OK)
            break;
        for (size_t i = 0; i < batch.fact_n; i++) {
            char id[16];
            snprintf(id, sizeof(id), "T%07d", seen++);
            assert_text(batch.facts[i].as.transaction.transaction_id, id);
            assert_int_equal(batch.lines[i], seen + 1);
        }
        assert_int_equal(batch.problem_n, 0);
    }
    assert_int_equal(seen, n);
    assert_int_equal(tw_source_where(source).bytes_done, data.bytes);
    assert_int_equal(tw_source_where(source).bytes_total, data.bytes);
    tw_source_close(source);
}

static void compressed_input_is_read_directly(void **state)
{
    enum { N = 30000 };
    intake_fixture *f = *state;
    tw_buf plain;
    tw_str text = many_rows(&plain, N);
    size_t half = text.bytes / 2, cap = ZSTD_compressBound(text.bytes) + 1000;
    uint8_t *packed = tw_new_array(tw_alloc_system(), cap, 1);
    expect_rows(f, text, N);
    // Two frames, as parallel compressors write them.
    size_t a = ZSTD_compress(packed, cap, text.at, half, 3);
    size_t b = ZSTD_compress(packed + a, cap - a, text.at + half, text.bytes - half, 3);
    expect_rows(f, (tw_str){(char *)packed, a + b}, N);
    outcome o = read_all(f, (tw_str){(char *)packed, a + b - 5}, NULL, 100000);
    assert_int_equal(o.status, TW_CORRUPT);
    assert_string_equal(o.err.text, "the compressed input is cut short");
    memset(packed + a / 2, 0x55, 100);
    assert_int_equal(read_all(f, (tw_str){(char *)packed, a + b}, NULL, 100000).status, TW_CORRUPT);
    z_stream z = {0};
    assert_int_equal(deflateInit2(&z, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
    z.next_in = plain.data_own;
    z.avail_in = (uInt)text.bytes;
    z.next_out = packed;
    z.avail_out = (uInt)cap;
    assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
    size_t n = z.total_out;
    deflateEnd(&z);
    expect_rows(f, (tw_str){(char *)packed, n}, N);
    assert_int_equal(read_all(f, (tw_str){(char *)packed, n - 9}, NULL, 100000).status, TW_CORRUPT);
    packed[n / 2] ^= 0xff;
    assert_int_equal(read_all(f, (tw_str){(char *)packed, n}, NULL, 100000).status, TW_CORRUPT);
    tw_free_array(tw_alloc_system(), packed, cap, 1);
    tw_buf_release(&plain);
}

static void records_that_are_too_long_are_skipped(void **state)
{
    intake_fixture *f = *state;
    static const size_t sizes[] = {TW_RECORD_MAX_BYTES + 10, (size_t)3 << 20};
    for (size_t i = 0; i < TW_COUNT(sizes); i++) {
        tw_buf buf;
        tw_buf_init(&buf, tw_alloc_system(), (size_t)8 << 20);
        tw_buf_cstr(&buf, OBJECT("a") "\n{\"x\":\"");
        for (size_t k = 0; k < sizes[i] / 8; k++)
            tw_buf_cstr(&buf, "01234567");
        tw_buf_cstr(&buf, "\"}\n" OBJECT("b") "\n");
        outcome o = read_all(f, (tw_str){(char *)buf.data_own, buf.bytes}, NULL, 100);
        assert_int_equal(o.status, TW_END);
        assert_string_equal(o.ids, "a b ");
        assert_string_equal(o.lines, "1 3 !2 ");
        assert_int_equal(o.first.code, TW_PROBLEM_LENGTH);
        tw_buf_release(&buf);
    }
}

static void an_open_quote_costs_one_row(void **state)
{
    tw_buf buf;
    tw_buf_init(&buf, tw_alloc_system(), (size_t)8 << 20);
    tw_buf_cstr(&buf, HEADER "\"broken,S1\n");
    for (int i = 0; i < 40000; i++)
        tw_buf_printf(&buf, "T%07d,S1,R1,E1,2026-01-05 17:05:00,12.30,0,0,0,3,cash\n", i);
    outcome o = read_all(*state, (tw_str){(char *)buf.data_own, buf.bytes}, NULL, 100000);
    assert_int_equal(o.status, TW_END);
    assert_int_equal(o.fact_n, 40000);
    assert_int_equal(o.problem_n, 1);
    assert_int_equal(o.first.line, 2);
    tw_buf_release(&buf);
}

static void a_lost_quote_costs_one_row_also_in_small_files(void **state)
{
    static const char *const cases[] = {
        // Behind it nothing is quoted: the quote stays open to the end.
        HEADER ROW("a") "\"x,S1,R1,E1,2026-01-05 17:05:00,12.30,0,0,0,3,cash\n" ROW("b") ROW("c"),
        // Behind it everything is quoted: the rows would be joined in pairs.
        HEADER ROW("a") "\"x\",\"S1,R1\n" ROW("\"b\"") ROW("\"c\""),
    };
    for (size_t i = 0; i < TW_COUNT(cases); i++) {
        outcome o = read_all(*state, tw_str_from(cases[i]), NULL, 100);
        assert_int_equal(o.status, TW_END);
        assert_string_equal(o.ids, "a b c ");
        assert_string_equal(o.lines, "2 4 5 !3 ");
        assert_int_equal(o.first.code, TW_PROBLEM_SYNTAX);
    }
}

static void a_full_arena_ends_the_batch_and_loses_nothing(void **state)
{
    intake_fixture *f = *state;
    tw_buf plain;
    tw_str text = many_rows(&plain, 2000);
    tw_source *source;
    tw_source_batch batch;
    tw_arena small;
    int seen = 0;
    tw_source_settings settings = {.options = &f->options};
    tw_arena_init(&small, tw_alloc_system(), 1024, 500 * (sizeof(tw_fact) + 8) + 8192);
    assert_int_equal(tw_source_open_memory(tw_alloc_system(), text, &settings, &source, NULL),
                     TW_OK);
    for (;;) {
        tw_arena_release(&small);
        tw_status status = tw_source_next(source, &small, 500, &batch, NULL);
        if (status == TW_END)
            break;
        assert_int_equal(status, TW_OK);
        assert_true(batch.fact_n > 0 && batch.fact_n < 500);
        seen += (int)batch.fact_n;
    }
    assert_int_equal(seen, 2000);
    tw_source_close(source);
    tw_arena_release(&small);
    tw_buf_release(&plain);
}

static void files_that_cannot_be_opened(void **state)
{
    intake_fixture *f = *state;
    tw_source *source;
    tw_err err = {0};
    tw_source_settings settings = {.options = &f->options};
    assert_int_equal(
        tw_source_open(tw_alloc_system(), "/nonexistent/x.csv", &settings, &source, &err),
        TW_NOT_FOUND);
    assert_null(source);
    assert_memory_equal(err.text, "cannot open /nonexistent/x.csv", 30);
    assert_int_equal(tw_source_open(tw_alloc_system(), "/", &settings, &source, &err), TW_INVALID);
    assert_string_equal(err.text, "/ is a directory; name the files in it");
}

static void tables_by_column_name(void **state)
{
    (void)state;
    tw_csv *csv;
    tw_err err = {0};
    const tw_str *fields;
    uint64_t line;
    tw_str text = TW_STR("Transaction-ID,fraud,\"a,b\"\nT1,1,\"x\ny\"\nT2,0\n\"T3,1,z\n");
    assert_int_equal(tw_csv_open_memory(tw_alloc_system(), text, &csv, &err), TW_OK);
    assert_int_equal(tw_csv_column(csv, "transaction_id"), 0);
    assert_int_equal(tw_csv_column(csv, "fraud"), 1);
    assert_true(tw_csv_column(csv, "score") == TW_CSV_NO_COLUMN);
    assert_int_equal(tw_csv_column_n(csv), 3);
    assert_text(tw_csv_column_name(csv, 2), "a,b");
    assert_int_equal(tw_csv_next(csv, &fields, &line, &err), TW_OK);
    assert_int_equal(line, 2);
    assert_text(fields[0], "T1");
    assert_text(fields[2], "x\ny");
    assert_int_equal(tw_csv_next(csv, &fields, &line, &err), TW_SYNTAX);
    assert_string_equal(err.text, "line 4 has 2 columns; the header has 3");
    assert_int_equal(tw_csv_next(csv, &fields, &line, &err), TW_SYNTAX);
    assert_int_equal(tw_csv_next(csv, &fields, &line, &err), TW_END);
    tw_csv_close(csv);
    assert_int_equal(tw_csv_open_memory(tw_alloc_system(), TW_STR(""), &csv, &err), TW_SYNTAX);
    assert_int_equal(tw_csv_open_memory(tw_alloc_system(), TW_STR("a,A\n"), &csv, &err), TW_SYNTAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        INTAKE_TEST(formats_are_told_by_content),
        INTAKE_TEST(csv_dialects),
        INTAKE_TEST(csv_kinds_are_told_by_the_header),
        INTAKE_TEST(bad_rows_leave_the_rest),
        INTAKE_TEST(headers_are_checked),
        INTAKE_TEST(compressed_input_is_read_directly),
        INTAKE_TEST(records_that_are_too_long_are_skipped),
        INTAKE_TEST(an_open_quote_costs_one_row),
        INTAKE_TEST(a_lost_quote_costs_one_row_also_in_small_files),
        INTAKE_TEST(a_full_arena_ends_the_batch_and_loses_nothing),
        INTAKE_TEST(files_that_cannot_be_opened),
        INTAKE_TEST(tables_by_column_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
