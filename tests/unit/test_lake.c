// SPDX-License-Identifier: Apache-2.0
//
// The lake on DuckDB: every type comes back equal, parts and staging are one, random sums against a
// naive walk over the rows, damage, read-only, limits, and what a broken writer leaves.
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

#define DAYS 5
#define STORES 7
#define ROWS 20000
#define ITEMS_MAX 6

static const tw_lake_column item_members[] = {
    {"name", TW_LAKE_TEXT, NULL, 0},
    {"amount", TW_LAKE_INTEGER, NULL, 0},
};
static const tw_lake_column sale_columns[] = {
    {"seq", TW_LAKE_INTEGER, NULL, 0},
    {"store", TW_LAKE_TEXT, NULL, 0},
    {"total", TW_LAKE_INTEGER, NULL, 0},
    {"risk", TW_LAKE_FLOAT, NULL, 0},
    {"weight", TW_LAKE_DOUBLE, NULL, 0},
    {"is_void", TW_LAKE_BOOL, NULL, 0},
    {"sold_at", TW_LAKE_TIME, NULL, 0},
    {"day", TW_LAKE_DATE, NULL, 0},
    {"items", TW_LAKE_LIST, item_members, TW_COUNT(item_members)},
};
static const tw_lake_table tables[] = {
    {"sales", sale_columns, TW_COUNT(sale_columns), "store, sold_at, seq"},
};
static const tw_lake_view views[] = {
    {"items", "SELECT seq, store, unnest(items, max_depth := 2) FROM sales"},
};
static const tw_lake_schema schema = {
    .tables = tables, .table_n = TW_COUNT(tables), .views = views, .view_n = TW_COUNT(views)};

// --- a lake
// ---------------------------------------------------------------------------------------

typedef struct fixture {
    char dir[256];
} fixture;

static tw_lake open_lake(const fixture *f, bool is_writer, uint64_t memory_bytes)
{
    tw_duckdb_options options = {.dir = f->dir,
                                 .is_writer = is_writer,
                                 .memory_bytes = memory_bytes,
                                 .thread_n = 2,
                                 .schema = schema};
    tw_lake lake;
    tw_err err = {.text = ""};
    tw_status status = tw_duckdb_lake_open(tw_alloc_system(), &options, &lake, &err);
    if (status != TW_OK)
        print_error("%s\n", err.text);
    assert_int_equal(status, TW_OK);
    return lake;
}

static int set_up(void **state)
{
    static fixture f;
    snprintf(f.dir, sizeof(f.dir), "lake-XXXXXX");
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

// --- rows
// -----------------------------------------------------------------------------------------

typedef struct sale {
    int64_t seq, total, at_ms;
    int32_t day;
    int store;
    float risk;
    bool is_void, has_risk;
    size_t item_n;
    int64_t amounts[ITEMS_MAX];
} sale;

static sale random_sale(tw_rng *rng, int64_t seq)
{
    sale s = {.seq = seq};
    s.day = 20000 + (int32_t)tw_rng_below(rng, DAYS);
    s.store = (int)tw_rng_below(rng, STORES);
    s.total = (int64_t)tw_rng_below(rng, 100000) - 20000;
    s.at_ms = s.day * TW_DAY_MS + (int64_t)tw_rng_below(rng, (uint32_t)TW_DAY_MS);
    s.has_risk = tw_rng_below(rng, 4) != 0;
    s.risk = (float)tw_rng_below(rng, 1000) / 1000.0f;
    s.is_void = tw_rng_below(rng, 9) == 0;
    s.item_n = tw_rng_below(rng, ITEMS_MAX + 1);
    for (size_t i = 0; i < s.item_n; i++)
        s.amounts[i] = (int64_t)tw_rng_below(rng, 5000);
    return s;
}

static tw_status stage_sale(const tw_lake *lake, const sale *s, tw_err *err)
{
    char store[16];
    tw_lake_cell items[ITEMS_MAX * 2] = {0};
    snprintf(store, sizeof(store), "S'%03d", s->store);
    for (size_t i = 0; i < s->item_n; i++) {
        items[2 * i].is_null = i % 3 == 2;
        items[2 * i].as.text =
            i % 2 ? TW_STR("a name that is longer than twelve bytes, \"ä\"") : TW_STR("short");
        items[2 * i + 1].as.integer = s->amounts[i];
    }
    tw_lake_cell cells[] = {
        {.as = {.integer = s->seq}},
        {.as = {.text = tw_str_from(store)}},
        {.as = {.integer = s->total}},
        {.is_null = !s->has_risk, .as = {.number = (double)s->risk}},
        {.as = {.number = (double)s->total / 3}},
        {.as = {.integer = s->is_void}},
        {.as = {.integer = s->at_ms}},
        {.as = {.integer = s->day}},
        {.as = {.list = {items, s->item_n}}},
    };
    return tw_lake_stage(lake, 0, s->day, cells, err);
}

static void stage_all(const tw_lake *lake, const sale *sales, size_t n)
{
    for (size_t i = 0; i < n; i++)
        assert_int_equal(stage_sale(lake, &sales[i], NULL), TW_OK);
}

static void commit_to(const tw_lake *lake, uint64_t seq)
{
    tw_lake_position position = {.seq = seq};
    tw_err err = {.text = ""};
    memset(position.hash, (int)(seq & 0xff), sizeof(position.hash));
    if (tw_lake_commit(lake, &position, &err) != TW_OK)
        fail_msg("%s", err.text);
}

static sale *random_sales(size_t n, uint64_t seed)
{
    tw_rng rng;
    tw_rng_init(&rng, seed, 0);
    sale *sales = calloc(n, sizeof(*sales));
    assert_non_null(sales);
    for (size_t i = 0; i < n; i++)
        sales[i] = random_sale(&rng, (int64_t)i + 1);
    return sales;
}

// --- answers
// --------------------------------------------------------------------------------------

// The cells of the last row, joined by '|'; null is "-".
typedef struct answer {
    char text[2048];
    size_t row_n;
} answer;

static tw_status take_row(void *ctx, tw_lake_visit_kind kind, const tw_str *cells, size_t n,
                          tw_err *err)
{
    answer *a = ctx;
    size_t at = 0;
    (void)err;
    if (kind != TW_LAKE_VISIT_ROW)
        return TW_OK;
    a->row_n++;
    for (size_t i = 0; i < n; i++)
        at += (size_t)snprintf(a->text + at, sizeof(a->text) - at, "%s%.*s", i ? "|" : "",
                               cells[i].at ? (int)cells[i].bytes : 1,
                               cells[i].at ? cells[i].at : "-");
    return TW_OK;
}

static tw_status ask(const tw_lake *lake, const char *sql, answer *out, tw_err *err)
{
    tw_lake_query query = {.sql = tw_str_from(sql), .timeout_ms = 60000};
    *out = (answer){.row_n = 0};
    return tw_lake_run(lake, &query, take_row, out, err);
}

static void assert_answer(const tw_lake *lake, const char *sql, const char *expected)
{
    answer a;
    tw_err err = {.text = ""};
    if (ask(lake, sql, &a, &err) != TW_OK)
        fail_msg("%s: %s", sql, err.text);
    assert_string_equal(a.text, expected);
}

static void count_complaint(void *ctx, const char *sentence)
{
    (void)sentence;
    ++*(size_t *)ctx;
}

static size_t complaints_of(const tw_lake *lake)
{
    size_t n = 0;
    assert_int_equal(tw_lake_verify(lake, count_complaint, &n, NULL), TW_OK);
    return n;
}

// --- tests
// ----------------------------------------------------------------------------------------

static void every_type_comes_back(void **state)
{
    const fixture *f = *state;
    sale s = {.seq = 9007199254740993,
              .total = -123456789012345,
              .day = 20457,
              .at_ms = INT64_C(1767600000123),
              .store = 3,
              .risk = 0.8f,
              .has_risk = true,
              .is_void = true,
              .item_n = 3,
              .amounts = {5, -6, 7}};
    static const char sql[] =
        "SELECT seq, store, total, risk, is_void, sold_at, day, date, items FROM "
        "sales";
    static const char expected[] =
        "9007199254740993|S'003|-123456789012345|0.8|true|2026-01-05 08:00:00.123+00|2026-01-04|"
        "2026-01-04|[{'name': short, 'amount': 5}, {'name': 'a name that is longer than twelve "
        "bytes, \"ä\"', 'amount': -6}, {'name': NULL, 'amount': 7}]";
    tw_lake lake = open_lake(f, true, 0);
    stage_all(&lake, &s, 1);
    assert_answer(&lake, sql, expected);
    tw_lake_close(&lake);
    lake = open_lake(f, true, 0);
    stage_all(&lake, &s, 1);
    commit_to(&lake, 1);
    tw_lake_close(&lake);
    lake = open_lake(f, false, 0);
    assert_answer(&lake, sql, expected);
    assert_answer(&lake, "SELECT count(*), sum(amount) FROM items", "3|6");
    tw_lake_close(&lake);
}

// Sums by any store and day over parts of several commits and the staging, against a walk.
static void assert_naive(const tw_lake *lake, const sale *sales, size_t n, tw_rng *rng)
{
    char sql[512], expected[256];
    int store = (int)tw_rng_below(rng, STORES);
    int32_t day = 20000 + (int32_t)tw_rng_below(rng, DAYS);
    int64_t count = 0, total = 0, voids = 0, items = 0, risks = 0;
    for (size_t i = 0; i < n; i++) {
        if (sales[i].store != store || sales[i].day < day)
            continue;
        count++;
        total += sales[i].total;
        voids += sales[i].is_void;
        risks += sales[i].has_risk;
        for (size_t k = 0; k < sales[i].item_n; k++)
            items += sales[i].amounts[k];
    }
    snprintf(sql, sizeof(sql),
             "SELECT count(*), coalesce(sum(total), 0), count(*) FILTER (is_void), count(risk), "
             "(SELECT coalesce(sum(amount), 0) FROM items JOIN sales USING (seq) WHERE "
             "items.store = 'S''%03d' AND date >= DATE '1970-01-01' + %d) FROM sales WHERE store = "
             "'S''%03d' AND date >= DATE '1970-01-01' + %d",
             store, day, store, day);
    snprintf(expected, sizeof(expected), "%lld|%lld|%lld|%lld|%lld", (long long)count,
             (long long)total, (long long)voids, (long long)risks, (long long)items);
    assert_answer(lake, sql, expected);
}

static void sums_are_those_of_the_rows(void **state)
{
    const fixture *f = *state;
    uint64_t seed = 20260105;
    tw_rng rng;
    print_message("seed %llu\n", (unsigned long long)seed);
    tw_rng_init(&rng, seed, 0);
    sale *sales = random_sales(ROWS, seed);
    tw_lake lake = open_lake(f, true, 0);
    stage_all(&lake, sales, ROWS / 2);
    commit_to(&lake, ROWS / 2);
    stage_all(&lake, sales + ROWS / 2, ROWS / 4);
    commit_to(&lake, ROWS / 2 + ROWS / 4);
    stage_all(&lake, sales + ROWS / 2 + ROWS / 4, ROWS / 4);
    for (int i = 0; i < 10; i++)
        assert_naive(&lake, sales, ROWS, &rng);
    tw_lake_close(&lake);
    free(sales);
}

static void compact_merges_days_and_changes_no_row(void **state)
{
    const fixture *f = *state;
    sale *sales = random_sales(3000, 7);
    const tw_lake_part *parts;
    size_t n, merged_n;
    tw_lake lake = open_lake(f, true, 0);
    for (size_t i = 0; i < 3; i++) {
        stage_all(&lake, sales + i * 1000, 1000);
        commit_to(&lake, (i + 1) * 1000);
    }
    assert_int_equal(tw_lake_parts(&lake, &parts, &n, NULL), TW_OK);
    assert_int_equal(n, 3 * DAYS);
    assert_int_equal(tw_lake_compact(&lake, INT32_MAX, &merged_n, NULL), TW_OK);
    assert_int_equal(merged_n, DAYS);
    assert_int_equal(tw_lake_parts(&lake, &parts, &n, NULL), TW_OK);
    assert_int_equal(n, DAYS);
    assert_int_equal(complaints_of(&lake), 0);
    assert_int_equal(tw_lake_compact(&lake, INT32_MAX, &merged_n, NULL), TW_OK);
    assert_int_equal(merged_n, 0);
    tw_lake_close(&lake);
    lake = open_lake(f, false, 0);
    tw_rng rng;
    tw_rng_init(&rng, 8, 0);
    for (int i = 0; i < 5; i++)
        assert_naive(&lake, sales, 3000, &rng);
    tw_lake_position position;
    assert_int_equal(tw_lake_get_position(&lake, &position, NULL), TW_OK);
    assert_int_equal(position.seq, 3000);
    assert_int_equal(position.hash[31], 3000 & 0xff);
    tw_lake_close(&lake);
    free(sales);
}

static void path_of(const fixture *f, const char *name, char *out, size_t cap)
{
    assert_true((size_t)snprintf(out, cap, "%s/%s", f->dir, name) < cap);
}

static void damage_is_found(void **state)
{
    const fixture *f = *state;
    sale *sales = random_sales(500, 3);
    const tw_lake_part *parts;
    size_t n;
    char path[600];
    tw_lake lake = open_lake(f, true, 0);
    stage_all(&lake, sales, 500);
    commit_to(&lake, 500);
    assert_int_equal(complaints_of(&lake), 0);
    assert_int_equal(tw_lake_parts(&lake, &parts, &n, NULL), TW_OK);
    path_of(f, parts[1].file, path, sizeof(path));
    FILE *file = fopen(path, "r+b");
    assert_non_null(file);
    assert_int_equal(fseek(file, 100, SEEK_SET), 0);
    int byte = getc(file);
    assert_int_equal(fseek(file, 100, SEEK_SET), 0);
    assert_int_equal(putc(byte ^ 1, file), byte ^ 1);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(complaints_of(&lake), 1);
    path_of(f, parts[2].file, path, sizeof(path));
    assert_int_equal(unlink(path), 0);
    assert_int_equal(complaints_of(&lake), 2);
    tw_lake_close(&lake);
    free(sales);
}

static void what_a_broken_writer_left_goes_away(void **state)
{
    const fixture *f = *state;
    static const char *const left[] = {"sales/date=2024-10-04/.part-1-2.tmp",
                                       "sales/date=2024-10-04/part-90-91.parquet"};
    sale *sales = random_sales(500, 4);
    char path[600];
    tw_lake lake = open_lake(f, true, 0);
    stage_all(&lake, sales, 500);
    commit_to(&lake, 500);
    tw_lake_close(&lake);
    for (size_t i = 0; i < TW_COUNT(left); i++) {
        path_of(f, left[i], path, sizeof(path));
        FILE *file = fopen(path, "w");
        assert_non_null(file);
        assert_int_equal(fclose(file), 0);
    }
    lake = open_lake(f, false, 0); // a reader neither sees nor removes them
    assert_answer(&lake, "SELECT count(*) FROM sales", "500");
    tw_lake_close(&lake);
    lake = open_lake(f, true, 0);
    for (size_t i = 0; i < TW_COUNT(left); i++) {
        path_of(f, left[i], path, sizeof(path));
        assert_int_not_equal(access(path, F_OK), 0);
    }
    assert_int_equal(complaints_of(&lake), 0);
    tw_lake_close(&lake);
    free(sales);
}

static void a_damaged_manifest_is_refused(void **state)
{
    const fixture *f = *state;
    static const char *const texts[] = {
        "{", "[]", "{\"version\": 1}",
        "{\"version\": 1, \"seq\": 1, \"hash\": \"zz\", \"parts\": []}"};
    char path[600];
    path_of(f, "manifest.json", path, sizeof(path));
    for (size_t i = 0; i < TW_COUNT(texts); i++) {
        tw_duckdb_options options = {.dir = f->dir, .schema = schema};
        tw_lake lake;
        tw_err err = {.text = ""};
        FILE *file = fopen(path, "w");
        assert_non_null(file);
        assert_true(fputs(texts[i], file) >= 0);
        assert_int_equal(fclose(file), 0);
        assert_int_equal(tw_duckdb_lake_open(tw_alloc_system(), &options, &lake, &err), TW_CORRUPT);
        assert_null(lake.ops);
        assert_true(err.text[0] != '\0');
    }
}

static void only_one_select_runs(void **state)
{
    const fixture *f = *state;
    static const struct {
        const char *sql;
        tw_status status;
    } cases[] = {
        {"INSERT INTO sales SELECT * FROM sales", TW_SYNTAX}, // a view
        {"INSERT INTO stage_sales SELECT * FROM stage_sales", TW_DENIED},
        {"DELETE FROM stage_sales", TW_DENIED},
        {"CREATE TABLE x AS SELECT 1", TW_DENIED},
        {"COPY (SELECT 1) TO 'x.csv'", TW_DENIED},
        {"SET memory_limit = '64GB'", TW_DENIED},
        {"ATTACH 'x.db'", TW_DENIED},
        {"INSTALL httpfs", TW_DENIED},
        {"EXPLAIN ANALYZE DELETE FROM stage_sales", TW_DENIED},
        {"SELECT 1; SELECT 2", TW_DENIED},
        {"SELECT * FROM read_csv('/etc/passwd')", TW_DENIED},
        {"SELECT * FROM read_text('/etc/passwd')", TW_DENIED},
        {"SELECT * FROM glob('/etc/*')", TW_DENIED},
        {"SELECT", TW_SYNTAX},
        {"", TW_SYNTAX},
        {"SELECT nothing FROM sales", TW_SYNTAX},
        {"SELECT 1) TO 'x.csv' --", TW_SYNTAX},
    };
    tw_lake lake = open_lake(f, true, 0);
    for (size_t i = 0; i < TW_COUNT(cases); i++) {
        answer a;
        tw_err err = {.text = ""};
        tw_status status = ask(&lake, cases[i].sql, &a, &err);
        if (status != cases[i].status)
            fail_msg("%s: %s, %s", cases[i].sql, tw_status_name(status), err.text);
        assert_true(err.text[0] != '\0');
    }
    assert_int_not_equal(access("x.csv", F_OK), 0);
    assert_answer(&lake, " SELECT 1 AS a ;\n", "1");
    assert_answer(&lake, "WITH x AS (SELECT 2 AS a) SELECT a FROM x -- two", "2");
    tw_lake_close(&lake);
}

static void limits_are_kept(void **state)
{
    const fixture *f = *state;
    answer a = {.row_n = 0};
    tw_err err = {.text = ""};
    tw_lake lake = open_lake(f, false, (uint64_t)64 << 20);
    tw_lake_query slow = {.sql = TW_STR("SELECT count(*) FROM range(10000000000) x, range(1000)"),
                          .timeout_ms = 200};
    uint64_t started_ns = tw_monotonic_ns();
    assert_int_equal(tw_lake_run(&lake, &slow, take_row, &a, &err), TW_LIMIT);
    assert_true(tw_monotonic_ns() - started_ns < UINT64_C(20000000000));
    assert_non_null(strstr(err.text, "0.2 s"));
    assert_int_equal(ask(&lake, "SELECT list(range) FROM range(100000000)", &a, &err), TW_LIMIT);
    assert_non_null(strstr(err.text, "64 MB"));
    assert_answer(&lake, "SELECT 1", "1"); // and it goes on
    tw_lake_close(&lake);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(every_type_comes_back, set_up, tear_down),
        cmocka_unit_test_setup_teardown(sums_are_those_of_the_rows, set_up, tear_down),
        cmocka_unit_test_setup_teardown(compact_merges_days_and_changes_no_row, set_up, tear_down),
        cmocka_unit_test_setup_teardown(damage_is_found, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_a_broken_writer_left_goes_away, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_damaged_manifest_is_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(only_one_select_runs, set_up, tear_down),
        cmocka_unit_test_setup_teardown(limits_are_kept, set_up, tear_down),
    };
    if (!tw_duckdb_version()) {
        print_message("built without DuckDB: scripts/deps.sh duckdb fetches it\n");
        return 77;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
