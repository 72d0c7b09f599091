// SPDX-License-Identifier: Apache-2.0
//
// The lake at size: synthetic transactions of DAYS days through the adapter, then questions of the
// portal, asked with the lake's sums and index. bench_lake DIR [ROWS [DAYS]]: writes DIR unless it
// holds a lake, and prints one JSON line for each figure (best and median of 5).
// bench/micro/lake_plain.py asks the same of plain DuckDB over unsorted files of the same rows.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "adapter/duckdb.h"
#include "base/rng.h"
#include "base/time.h"
#include "service/lake.h"

enum { STORES = 1000, EMPLOYEES = 20000, CUSTOMERS = 5000000, ROUNDS = 5 };
#define FIRST_DAY 20400

typedef enum column {
    SEQ,
    TRANSACTION_ID,
    STORE_ID,
    REGISTER_ID,
    EMPLOYEE_ID,
    CUSTOMER_ID,
    TIME,
    BUSINESS_DATE,
    TYPE,
    CURRENCY,
    TOTAL,
    DISCOUNT,
    REFUND,
    VOID,
    RISK,
    COLUMN_N
} column;
static const char *const names[COLUMN_N] = {
    "seq",         "transaction_id",   "store_id",      "register_id", "employee_id",
    "customer_id", "transaction_time", "business_date", "type",        "currency",
    "total_minor", "discount_minor",   "refund_flag",   "void_flag",   "risk_score"};

typedef struct maker {
    tw_rng rng;
    const tw_lake_table *table;
    size_t at[COLUMN_N]; // in cells
    tw_lake_cell cells[TW_LAKE_COLUMNS_MAX];
    char texts[COLUMN_N][24];
} maker;

static void init_maker(maker *m, const tw_lake_table *table)
{
    tw_rng_init(&m->rng, 1, 0);
    m->table = table;
    for (size_t i = 0; i < table->column_n; i++) {
        m->cells[i] = (tw_lake_cell){.is_null = table->columns[i].type != TW_LAKE_LIST};
        for (size_t k = 0; k < COLUMN_N; k++)
            if (strcmp(table->columns[i].name, names[k]) == 0)
                m->at[k] = i;
    }
}

static void set_id(maker *m, column c, char letter, uint64_t number)
{
    char *text = m->texts[c] + sizeof(m->texts[c]);
    do
        *--text = (char)('0' + number % 10);
    while ((number /= 10) > 0 || text > m->texts[c] + sizeof(m->texts[c]) - 5);
    *--text = letter;
    size_t bytes = (size_t)(m->texts[c] + sizeof(m->texts[c]) - text);
    m->cells[m->at[c]] = (tw_lake_cell){.as = {.text = {text, bytes}}};
}

static void set_text(maker *m, column c, const char *text)
{
    m->cells[m->at[c]] = (tw_lake_cell){.as = {.text = tw_str_from(text)}};
}

static void set_integer(maker *m, column c, int64_t value)
{
    m->cells[m->at[c]] = (tw_lake_cell){.as = {.integer = value}};
}

static void make_row(maker *m, uint64_t seq, int32_t day, int64_t time_ms)
{
    uint32_t employee = tw_rng_below(&m->rng, EMPLOYEES);
    double risk = tw_rng_unit(&m->rng);
    bool is_refund = tw_rng_below(&m->rng, 40) == 0;
    risk *= risk;
    risk *= risk;
    risk *= risk;
    set_integer(m, SEQ, (int64_t)seq);
    set_id(m, TRANSACTION_ID, 'T', seq);
    set_id(m, STORE_ID, 'S', employee % STORES);
    set_id(m, REGISTER_ID, 'R', tw_rng_below(&m->rng, 8));
    set_id(m, EMPLOYEE_ID, 'E', employee);
    set_id(m, CUSTOMER_ID, 'C', tw_rng_below(&m->rng, CUSTOMERS));
    set_integer(m, TIME, time_ms);
    set_integer(m, BUSINESS_DATE, day);
    set_text(m, TYPE, is_refund ? "return" : "sale");
    set_text(m, CURRENCY, "USD");
    set_integer(m, TOTAL, (int64_t)tw_rng_below(&m->rng, 20000) * (is_refund ? -1 : 1));
    set_integer(m, DISCOUNT, tw_rng_below(&m->rng, 12) == 0 ? 150 : 0);
    set_integer(m, REFUND, is_refund);
    set_integer(m, VOID, 0);
    m->cells[m->at[RISK]] = (tw_lake_cell){.as = {.number = risk * risk}};
}

static void must(tw_status status, const tw_err *err)
{
    if (status == TW_OK)
        return;
    fprintf(stderr, "bench_lake: %s\n", err->text);
    exit(1);
}

static void write_rows(const tw_lake *lake, const tw_lake_table *table, uint64_t row_n,
                       int32_t day_n)
{
    static maker m;
    tw_err err = {.text = ""};
    uint64_t started_ns = tw_monotonic_ns(), seq = 0;
    init_maker(&m, table);
    for (int32_t day = 0; day < day_n; day++) {
        uint64_t n = row_n / (uint64_t)day_n;
        for (uint64_t i = 0; i < n; i++) {
            int64_t at = (int64_t)(i * (uint64_t)TW_DAY_MS / n);
            make_row(&m, ++seq, FIRST_DAY + day, (FIRST_DAY + day) * TW_DAY_MS + at);
            must(tw_lake_stage(lake, 0, FIRST_DAY + day, m.cells, &err), &err);
        }
        tw_lake_position position = {.seq = seq};
        must(tw_lake_commit(lake, &position, &err), &err);
    }
    printf("{\"bench\":\"lake_write\",\"rows\":%llu,\"seconds\":%.1f}\n", (unsigned long long)seq,
           (double)(tw_monotonic_ns() - started_ns) / 1e9);
}

static tw_status count_row(void *ctx, tw_lake_visit_kind kind, const tw_str *cells, size_t n,
                           tw_err *err)
{
    (void)cells;
    (void)n;
    (void)err;
    *(size_t *)ctx += kind == TW_LAKE_VISIT_ROW;
    return TW_OK;
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

static void measure(const tw_lake *lake, const char *name, const char *sql)
{
    double ms[ROUNDS];
    size_t row_n = 0;
    tw_err err = {.text = ""};
    tw_lake_query query = {.sql = tw_str_from(sql), .is_ours = true};
    for (int i = 0; i < ROUNDS; i++) {
        uint64_t started_ns = tw_monotonic_ns();
        row_n = 0;
        must(tw_lake_run(lake, &query, count_row, &row_n, &err), &err);
        ms[i] = (double)(tw_monotonic_ns() - started_ns) / 1e6;
    }
    qsort(ms, ROUNDS, sizeof(*ms), compare);
    printf("{\"bench\":\"lake_%s\",\"rows\":%zu,\"best_ms\":%.1f,\"median_ms\":%.1f}\n", name,
           row_n, ms[0], ms[ROUNDS / 2]);
}

static void print_sizes(const tw_lake *lake)
{
    const tw_lake_part *parts;
    size_t part_n;
    tw_err err = {.text = ""};
    must(tw_lake_parts(lake, &parts, &part_n, &err), &err);
    for (size_t i = 0, n; i < part_n; i += n) {
        uint64_t bytes = 0, row_n = 0;
        for (n = 0; i + n < part_n && strcmp(parts[i].table, parts[i + n].table) == 0; n++) {
            bytes += parts[i + n].bytes;
            row_n += parts[i + n].row_n;
        }
        printf("{\"bench\":\"lake_size\",\"table\":\"%s\",\"files\":%zu,\"rows\":%llu,"
               "\"bytes\":%llu}\n",
               parts[i].table, n, (unsigned long long)row_n, (unsigned long long)bytes);
    }
}

// The questions, with dates from the end of the rows; lake_plain.py has the same.
static void ask(const tw_lake *lake, int32_t day_n)
{
    char sql[512], week[TW_TIME_TEXT_BYTES], month[TW_TIME_TEXT_BYTES];
    tw_date_format(FIRST_DAY + day_n - 7, week);
    tw_date_format(FIRST_DAY + day_n - 30, month);
    snprintf(sql, sizeof(sql),
             "SELECT transaction_id, transaction_time, total_minor, risk_score FROM exceptions "
             "WHERE store_id = 'S00042' AND date >= DATE '%s' AND risk_score >= 0.8",
             week);
    measure(lake, "store_list", sql);
    // md5_number_lower('customer:C1234567') >> 1: as a number it is looked up, not computed a row.
    measure(lake, "needle",
            "SELECT seq, date, transaction_time, store_id, employee_id, type, total_minor FROM "
            "needles WHERE hash = 5661547854207207487");
    measure(lake, "by_store",
            "SELECT store_id, sum(transaction_n), sum(sale_minor) - sum(refund_minor), "
            "max(risk_max) FROM store_days GROUP BY store_id");
    measure(
        lake, "employee_league",
        "SELECT employee_id, sum(refund_n) AS refunds, sum(sale_minor) - sum(refund_minor) FROM "
        "employee_days GROUP BY employee_id ORDER BY refunds DESC LIMIT 20");
    snprintf(
        sql, sizeof(sql),
        "SELECT employee_id, sum(refund_n) AS refunds, sum(sale_minor) - sum(refund_minor) FROM "
        "employee_days WHERE date >= DATE '%s' GROUP BY employee_id ORDER BY refunds DESC "
        "LIMIT 20",
        month);
    measure(lake, "employee_league_30d", sql);
}

int main(int argc, char **argv)
{
    tw_lake lake;
    tw_err err = {.text = ""};
    const tw_lake_part *parts;
    size_t part_n, merged_n;
    uint64_t row_n = argc > 2 ? strtoull(argv[2], NULL, 10) : 12000000;
    int32_t day_n = argc > 3 ? (int32_t)strtol(argv[3], NULL, 10) : 64;
    if (argc < 2) {
        fputs("usage: bench_lake DIR [ROWS [DAYS]]\n", stderr);
        return 2;
    }
    tw_duckdb_options options = {
        .dir = argv[1], .is_writer = true, .memory_bytes = UINT64_C(2) << 30};
    tw_lake_schema_get(&options.schema);
    must(tw_duckdb_lake_open(tw_alloc_system(), &options, &lake, &err), &err);
    must(tw_lake_parts(&lake, &parts, &part_n, &err), &err);
    if (part_n == 0)
        write_rows(&lake, &options.schema.tables[TW_LAKE_TRANSACTIONS], row_n, day_n);
    must(tw_lake_compact(&lake, INT32_MAX, &merged_n, &err), &err);
    print_sizes(&lake);
    tw_lake_close(&lake);
    // As a server has it open: one thread, no writing.
    options.is_writer = false;
    options.is_live = true;
    options.thread_n = argc > 4 ? (unsigned)strtoul(argv[4], NULL, 10) : 1;
    must(tw_duckdb_lake_open(tw_alloc_system(), &options, &lake, &err), &err);
    ask(&lake, day_n);
    tw_lake_close(&lake);
    return 0;
}
