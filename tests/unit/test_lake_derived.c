// SPDX-License-Identifier: Apache-2.0
//
// Derived tables of the lake: after commits, late parts, merges and staging they say what a walk
// over the rows says; readers that go on staging and their sessions; another version makes them
// anew; what is missing is found. And the small things of queries: cut rows, places of errors.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "adapter/duckdb.h"
#include "base/rng.h"
#include "base/time.h"

// Days of three months.
#define FIRST_DAY 20470 // 2026-01-17
#define DAYS 50
#define STORES 5
#define ROWS 6000

static const tw_lake_column sale_columns[] = {
    {"seq", TW_LAKE_INTEGER, NULL, 0},
    {"store", TW_LAKE_TEXT, NULL, 0},
    {"total", TW_LAKE_INTEGER, NULL, 0},
};
static const tw_lake_table tables[] = {
    {"sales", sale_columns, TW_COUNT(sale_columns), "store, seq"},
};
static const tw_lake_derived derived[] = {
    {"sums", 0,
     "SELECT date, store, CAST(count(*) AS BIGINT) AS n, CAST(sum(total) AS BIGINT) AS total FROM "
     "source GROUP BY date, store",
     "SELECT date, store, CAST(sum(n) AS BIGINT) AS n, CAST(sum(total) AS BIGINT) AS total FROM "
     "source GROUP BY date, store",
     "store, date", "n"},
    {"large", 0, "SELECT date, seq, total FROM source WHERE total >= 900", NULL, "total, seq",
     NULL},
};
static const tw_lake_schema schema = {.tables = tables,
                                      .table_n = TW_COUNT(tables),
                                      .derived = derived,
                                      .derived_n = TW_COUNT(derived),
                                      .derived_version = 1};

typedef struct fixture {
    char dir[256];
} fixture;

typedef struct sale {
    int64_t seq, total;
    int32_t day;
    int store;
} sale;

static int set_up(void **state)
{
    static fixture f;
    snprintf(f.dir, sizeof(f.dir), "lake-derived-XXXXXX");
    if (!mkdtemp(f.dir))
        return 1;
    *state = &f;
    return 0;
}

static int tear_down(void **state)
{
    const fixture *f = *state;
    char command[300];
    snprintf(command, sizeof(command), "rm -rf '%s'", f->dir);
    return system(command) == 0 ? 0 : 1;
}

static tw_lake open_with(const fixture *f, bool is_writer, bool is_live, uint32_t version)
{
    tw_duckdb_options options = {
        .dir = f->dir, .is_writer = is_writer, .is_live = is_live, .thread_n = 1, .schema = schema};
    tw_lake lake;
    tw_err err = {.text = ""};
    options.schema.derived_version = version;
    if (tw_duckdb_lake_open(tw_alloc_system(), &options, &lake, &err) != TW_OK)
        fail_msg("%s", err.text);
    return lake;
}

static tw_status stage_sale(const tw_lake *lake, const sale *s)
{
    char store[16];
    snprintf(store, sizeof(store), "S%d", s->store);
    tw_lake_cell cells[] = {{.as = {.integer = s->seq}},
                            {.as = {.text = tw_str_from(store)}},
                            {.as = {.integer = s->total}}};
    return tw_lake_stage(lake, 0, s->day, cells, NULL);
}

static void stage_range(const tw_lake *lake, const sale *sales, size_t from, size_t to)
{
    for (size_t i = from; i < to; i++)
        assert_int_equal(stage_sale(lake, &sales[i]), TW_OK);
}

static void commit_to(const tw_lake *lake, uint64_t seq)
{
    tw_lake_position position = {.seq = seq};
    tw_err err = {.text = ""};
    if (tw_lake_commit(lake, &position, &err) != TW_OK)
        fail_msg("%s", err.text);
}

static sale *random_sales(uint64_t seed)
{
    tw_rng rng;
    tw_rng_init(&rng, seed, 0);
    sale *sales = calloc(ROWS, sizeof(*sales));
    assert_non_null(sales);
    // Days go on slowly, with rows that come late.
    for (size_t i = 0; i < ROWS; i++)
        sales[i] = (sale){.seq = (int64_t)i + 1,
                          .total = (int64_t)tw_rng_below(&rng, 1000),
                          .day = FIRST_DAY + (int32_t)(i * DAYS / ROWS) -
                                 (int32_t)(tw_rng_below(&rng, 10) == 0 ? i * 20 / ROWS : 0),
                          .store = (int)tw_rng_below(&rng, STORES)};
    return sales;
}

// --- answers
// --------------------------------------------------------------------------------------

typedef struct answer {
    char text[1024], types[256];
    size_t row_n;
} answer;

static tw_status take(void *ctx, tw_lake_visit_kind kind, const tw_str *cells, size_t n,
                      tw_err *err)
{
    answer *a = ctx;
    char *text = kind == TW_LAKE_VISIT_TYPES ? a->types : a->text;
    size_t at = 0, cap = kind == TW_LAKE_VISIT_TYPES ? sizeof(a->types) : sizeof(a->text);
    (void)err;
    if (kind == TW_LAKE_VISIT_NAMES)
        return TW_OK;
    a->row_n += kind == TW_LAKE_VISIT_ROW;
    for (size_t i = 0; i < n; i++)
        at += (size_t)snprintf(text + at, cap - at, "%s%.*s", i ? "|" : "",
                               cells[i].at ? (int)cells[i].bytes : 1,
                               cells[i].at ? cells[i].at : "-");
    return TW_OK;
}

static void assert_answer(const tw_lake *lake, const char *sql, const char *expected)
{
    tw_lake_query query = {.sql = tw_str_from(sql)};
    tw_err err = {.text = ""};
    answer a = {.row_n = 0};
    if (tw_lake_run(lake, &query, take, &a, &err) != TW_OK)
        fail_msg("%s: %s", sql, err.text);
    assert_string_equal(a.text, expected);
}

// Sums by store and large ones of sales[0..n), from a day on.
static void assert_naive(const tw_lake *lake, const sale *sales, size_t n)
{
    for (int store = 0; store < STORES; store++) {
        int32_t day = FIRST_DAY + store * 9;
        long long count = 0, total = 0;
        char sql[256], expected[64];
        for (size_t i = 0; i < n; i++)
            if (sales[i].store == store && sales[i].day >= day) {
                count++;
                total += sales[i].total;
            }
        snprintf(
            sql, sizeof(sql),
            "SELECT coalesce(sum(n), 0), coalesce(sum(total), 0) FROM sums WHERE store = 'S%d' "
            "AND date >= DATE '1970-01-01' + %d",
            store, day);
        snprintf(expected, sizeof(expected), "%lld|%lld", count, total);
        assert_answer(lake, sql, expected);
    }
    long long large = 0, seqs = 0;
    char expected[64];
    for (size_t i = 0; i < n; i++)
        if (sales[i].total >= 900) {
            large++;
            seqs += sales[i].seq;
        }
    snprintf(expected, sizeof(expected), "%lld|%lld", large, seqs);
    assert_answer(lake, "SELECT count(*), sum(seq) FROM large", expected);
}

static void complain(void *ctx, const char *sentence)
{
    char *text = ctx;
    snprintf(text, 300, "%s", sentence);
}

static size_t parts_of(const tw_lake *lake, const char *table)
{
    const tw_lake_part *parts;
    size_t n, found = 0;
    assert_int_equal(tw_lake_parts(lake, &parts, &n, NULL), TW_OK);
    for (size_t i = 0; i < n; i++)
        found += strcmp(parts[i].table, table) == 0;
    return found;
}

// --- tests
// ----------------------------------------------------------------------------------------

static void they_follow_commits_merges_and_staging(void **state)
{
    const fixture *f = *state;
    sale *sales = random_sales(1);
    size_t merged_n;
    char sentence[300] = "";
    tw_lake lake = open_with(f, true, false, 1);
    for (size_t i = 0; i < 10; i++) {
        stage_range(&lake, sales, i * ROWS / 12, (i + 1) * ROWS / 12);
        commit_to(&lake, (i + 1) * ROWS / 12);
    }
    size_t before = parts_of(&lake, "sums");
    assert_true(before >= 10);
    assert_int_equal(tw_lake_verify(&lake, complain, sentence, NULL), TW_OK);
    assert_string_equal(sentence, "");
    // Days that are over, and the months of January and February.
    assert_int_equal(tw_lake_compact(&lake, FIRST_DAY + 45, &merged_n, NULL), TW_OK);
    assert_true(merged_n > 0);
    assert_true(parts_of(&lake, "sums") < before);
    assert_int_equal(tw_lake_compact(&lake, INT32_MAX, &merged_n, NULL), TW_OK);
    assert_int_equal(parts_of(&lake, "sums"), 2); // what is committed ends in February
    assert_int_equal(parts_of(&lake, "large"), 2);
    assert_int_equal(tw_lake_verify(&lake, complain, sentence, NULL), TW_OK);
    assert_string_equal(sentence, "");
    tw_lake_close(&lake);
    lake = open_with(f, false, false, 1);
    stage_range(&lake, sales, 10 * ROWS / 12, ROWS);
    assert_naive(&lake, sales, ROWS);
    tw_lake_close(&lake);
    free(sales);
}

static void merging_joins_rows_of_a_key(void **state)
{
    const fixture *f = *state;
    const sale twice[] = {{1, 10, FIRST_DAY, 1}, {2, 20, FIRST_DAY, 1}};
    size_t merged_n;
    tw_lake lake = open_with(f, true, false, 1);
    for (size_t i = 0; i < 2; i++) {
        stage_range(&lake, twice, i, i + 1);
        commit_to(&lake, i + 1);
    }
    assert_int_equal(tw_lake_compact(&lake, INT32_MAX, &merged_n, NULL), TW_OK);
    assert_answer(&lake, "SELECT count(*), sum(n), sum(total) FROM sums", "1|2|30");
    tw_lake_close(&lake);
}

static void a_live_reader_goes_on_staging(void **state)
{
    const fixture *f = *state;
    sale *sales = random_sales(2);
    tw_lake lake = open_with(f, true, false, 1), session, other, none;
    stage_range(&lake, sales, 0, ROWS / 2);
    commit_to(&lake, ROWS / 2);
    assert_int_equal(tw_lake_session(&lake, &none, NULL), TW_UNSUPPORTED);
    tw_lake_close(&lake);
    lake = open_with(f, false, true, 1);
    assert_int_equal(tw_lake_session(&lake, &session, NULL), TW_OK);
    assert_int_equal(tw_lake_session(&lake, &other, NULL), TW_OK);
    assert_naive(&session, sales, ROWS / 2);
    assert_int_equal(stage_sale(&session, &sales[0]), TW_INVALID);
    for (size_t i = 6; i < 12; i++) {
        stage_range(&lake, sales, i * ROWS / 12, (i + 1) * ROWS / 12);
        assert_int_equal(tw_lake_flush(&lake, NULL), TW_OK);
        assert_naive(i % 2 ? &session : &other, sales, (i + 1) * ROWS / 12);
    }
    tw_lake_position position = {.seq = ROWS};
    assert_int_equal(tw_lake_commit(&lake, &position, NULL), TW_UNSUPPORTED);
    tw_lake_close(&session);
    tw_lake_close(&other);
    tw_lake_close(&lake);
    free(sales);
}

static void another_version_is_made_anew(void **state)
{
    const fixture *f = *state;
    sale *sales = random_sales(3);
    tw_lake lake = open_with(f, true, false, 7);
    stage_range(&lake, sales, 0, ROWS / 2);
    commit_to(&lake, ROWS / 2);
    tw_lake_close(&lake);
    // A reader of the other version computes; the next writer makes parts of it.
    lake = open_with(f, false, false, 8);
    assert_int_equal(parts_of(&lake, "sums"), 0);
    assert_naive(&lake, sales, ROWS / 2);
    tw_lake_close(&lake);
    lake = open_with(f, true, false, 8);
    assert_int_equal(parts_of(&lake, "sums"), 2);
    stage_range(&lake, sales, ROWS / 2, ROWS);
    commit_to(&lake, ROWS);
    tw_lake_close(&lake);
    lake = open_with(f, false, false, 8);
    char sentence[300] = "";
    assert_int_equal(tw_lake_verify(&lake, complain, sentence, NULL), TW_OK);
    assert_string_equal(sentence, "");
    assert_naive(&lake, sales, ROWS);
    tw_lake_close(&lake);
    free(sales);
}

static void what_is_missing_is_found(void **state)
{
    const fixture *f = *state;
    sale *sales = random_sales(4);
    char path[600], command[800], sentence[300] = "";
    tw_lake lake = open_with(f, true, false, 1);
    stage_range(&lake, sales, 0, ROWS);
    commit_to(&lake, ROWS);
    tw_lake_close(&lake);
    // A manifest without the derived parts of one month: each file is whole, the sums are not.
    snprintf(path, sizeof(path), "%s/manifest.json", f->dir);
    snprintf(command, sizeof(command), "sed -i '/\"sums\", \"month\": \"2026-02\"/d' %s", path);
    assert_int_equal(system(command), 0);
    lake = open_with(f, false, false, 1);
    assert_int_equal(tw_lake_verify(&lake, complain, sentence, NULL), TW_OK);
    assert_non_null(strstr(sentence, "sums counts"));
    tw_lake_close(&lake);
    free(sales);
}

static void rows_are_cut_and_typed(void **state)
{
    const fixture *f = *state;
    const sale one = {1, 10, FIRST_DAY, 1};
    tw_lake lake = open_with(f, false, false, 1);
    stage_range(&lake, &one, 0, 1);
    tw_lake_query query = {
        .sql = TW_STR("SELECT i, i / 2, 'x', i > 1, DATE '2026-01-05', TIMESTAMPTZ '2026-01-05 "
                      "08:00:00+00', [i] FROM range(100) t(i) ORDER BY i DESC"),
        .row_max = 7};
    answer a = {.row_n = 0};
    assert_int_equal(tw_lake_run(&lake, &query, take, &a, NULL), TW_OK);
    assert_int_equal(a.row_n, 7);
    assert_string_equal(a.types, "integer|number|text|boolean|date|time|other");
    assert_string_equal(a.text, "93|46.5|x|true|2026-01-05|2026-01-05 08:00:00+00|[93]");
    // Our own text is taken as it is: no types, and still one SELECT only.
    query = (tw_lake_query){
        .sql = TW_STR("SELECT 1) AS a; DROP VIEW sales; SELECT * FROM (SELECT 2"), .is_ours = true};
    assert_int_not_equal(tw_lake_run(&lake, &query, take, &a, NULL), TW_OK);
    assert_answer(&lake, "SELECT count(*) FROM sales", "1");
    tw_lake_close(&lake);
}

static void assert_spot(const tw_lake *lake, const char *sql, uint32_t line, uint32_t column)
{
    tw_lake_spot spot = {0, 0};
    tw_lake_query query = {.sql = tw_str_from(sql), .spot = &spot};
    answer a = {.row_n = 0};
    assert_int_equal(tw_lake_run(lake, &query, take, &a, NULL), TW_SYNTAX);
    assert_int_equal(spot.line, line);
    assert_int_equal(spot.column, column);
}

static void errors_have_a_place(void **state)
{
    const fixture *f = *state;
    tw_lake lake = open_with(f, false, false, 1);
    assert_spot(&lake, "SELECT stor FROM sales", 1, 8);
    assert_spot(&lake, "SELECT store,\n  totl\nFROM sales", 2, 3);
    assert_spot(&lake, "SELECT 1 + FROM sales", 1, 12);
    assert_spot(
        &lake,
        "SELECT store, store, store, store, store, store, store, store, store, store, store, "
        "store, store, wrong_one, store, store, store, store, store, store, store FROM sales",
        1, 99);
    tw_lake_close(&lake);
}

static void a_query_stops_when_it_is_over(void **state)
{
    const fixture *f = *state;
    const _Atomic bool is_over = true;
    tw_lake lake = open_with(f, false, false, 1);
    tw_lake_query query = {.sql =
                               TW_STR("SELECT count(*) FROM range(100000000000) a, range(1000) b"),
                           .is_over = &is_over};
    answer a = {.row_n = 0};
    assert_int_equal(tw_lake_run(&lake, &query, take, &a, NULL), TW_CLOSED);
    assert_answer(&lake, "SELECT 1", "1");
    tw_lake_close(&lake);
}

int main(void)
{
    if (!tw_duckdb_version()) {
        print_message("built without DuckDB\n");
        return 77;
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(they_follow_commits_merges_and_staging, set_up, tear_down),
        cmocka_unit_test_setup_teardown(merging_joins_rows_of_a_key, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_live_reader_goes_on_staging, set_up, tear_down),
        cmocka_unit_test_setup_teardown(another_version_is_made_anew, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_missing_is_found, set_up, tear_down),
        cmocka_unit_test_setup_teardown(rows_are_cut_and_typed, set_up, tear_down),
        cmocka_unit_test_setup_teardown(errors_have_a_place, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_query_stops_when_it_is_over, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
