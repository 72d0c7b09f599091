// SPDX-License-Identifier: Apache-2.0
//
// The lake at size: synthetic transactions of 32 days through the adapter, then questions of the
// portal. bench_lake DIR [ROWS]: writes DIR unless it holds a lake, and prints one JSON line for
// each figure (best and median of 5). bench/micro/lake_plain.py asks the same of plain DuckDB over
// unsorted files.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "adapter/duckdb.h"
#include "base/rng.h"
#include "base/time.h"
#include "service/lake.h"

enum { DAYS = 32, STORES = 400, EMPLOYEES = 12000, CUSTOMERS = 2000000, ROUNDS = 5 };
#define FIRST_DAY 20400

static size_t column_of(const tw_lake_table *table, const char *name)
{
    for (size_t i = 0; i < table->column_n; i++)
        if (strcmp(table->columns[i].name, name) == 0)
            return i;
    abort();
}

typedef struct maker {
    tw_rng rng;
    const tw_lake_table *table;
    tw_lake_cell cells[TW_LAKE_COLUMNS_MAX];
    char texts[TW_LAKE_COLUMNS_MAX][24];
} maker;

static void set_text(maker *m, const char *name, const char *letter, unsigned long long number)
{
    size_t i = column_of(m->table, name);
    snprintf(m->texts[i], sizeof(m->texts[i]), "%s%05llu", letter, number);
    m->cells[i] = (tw_lake_cell){.as = {.text = tw_str_from(m->texts[i])}};
}

static void set_integer(maker *m, const char *name, int64_t value)
{
    m->cells[column_of(m->table, name)] = (tw_lake_cell){.as = {.integer = value}};
}

static void set_number(maker *m, const char *name, double value)
{
    m->cells[column_of(m->table, name)] = (tw_lake_cell){.as = {.number = value}};
}

static void make_row(maker *m, uint64_t seq, int32_t day, int64_t time_ms)
{
    uint32_t employee = tw_rng_below(&m->rng, EMPLOYEES);
    double risk = tw_rng_unit(&m->rng);
    for (size_t i = 0; i < m->table->column_n; i++)
        m->cells[i] = (tw_lake_cell){.is_null = m->table->columns[i].type != TW_LAKE_LIST};
    set_integer(m, "seq", (int64_t)seq);
    set_text(m, "transaction_id", "T", seq);
    set_text(m, "store_id", "S", employee % STORES);
    set_text(m, "register_id", "R", employee % STORES * 8 + tw_rng_below(&m->rng, 8));
    set_text(m, "employee_id", "E", employee);
    set_text(m, "customer_id", "C", tw_rng_below(&m->rng, CUSTOMERS));
    set_integer(m, "transaction_time", time_ms);
    set_integer(m, "business_date", day);
    set_integer(m, "total_minor", (int64_t)tw_rng_below(&m->rng, 20000));
    set_integer(m, "refund_flag", tw_rng_below(&m->rng, 40) == 0);
    set_number(m, "risk_score", risk * risk * risk * risk);
}

static void must(tw_status status, const tw_err *err)
{
    if (status == TW_OK)
        return;
    fprintf(stderr, "bench_lake: %s\n", err->text);
    exit(1);
}

static void write_rows(const tw_lake *lake, const tw_lake_table *table, uint64_t row_n)
{
    static maker m;
    tw_err err = {.text = ""};
    uint64_t started_ns = tw_monotonic_ns(), seq = 0;
    tw_rng_init(&m.rng, 1, 0);
    m.table = table;
    for (int32_t day = 0; day < DAYS; day++) {
        uint64_t n = row_n / DAYS;
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
    tw_lake_query query = {.sql = tw_str_from(sql)};
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

int main(int argc, char **argv)
{
    tw_lake lake;
    tw_err err = {.text = ""};
    const tw_lake_part *parts;
    size_t part_n;
    uint64_t bytes = 0, row_n = argc > 2 ? strtoull(argv[2], NULL, 10) : 10666656;
    if (argc < 2) {
        fputs("usage: bench_lake DIR [ROWS]\n", stderr);
        return 2;
    }
    tw_duckdb_options options = {
        .dir = argv[1], .is_writer = true, .memory_bytes = UINT64_C(2) << 30};
    tw_lake_schema_get(&options.schema);
    must(tw_duckdb_lake_open(tw_alloc_system(), &options, &lake, &err), &err);
    must(tw_lake_parts(&lake, &parts, &part_n, &err), &err);
    if (part_n == 0)
        write_rows(&lake, &options.schema.tables[TW_LAKE_TRANSACTIONS], row_n);
    must(tw_lake_parts(&lake, &parts, &part_n, &err), &err);
    for (size_t i = 0; i < part_n; i++)
        bytes += parts[i].bytes;
    printf("{\"bench\":\"lake_size\",\"files\":%zu,\"bytes\":%llu}\n", part_n,
           (unsigned long long)bytes);
    measure(&lake, "store_list",
            "SELECT transaction_id, transaction_time, total_minor, risk_score FROM transactions "
            "WHERE store_id = 'S00042' AND date >= DATE '2025-12-03' AND risk_score >= 0.8");
    measure(&lake, "needle", "SELECT * FROM transactions WHERE customer_id = 'C1234567'");
    measure(&lake, "by_store",
            "SELECT store_id, count(*), sum(total_minor), avg(risk_score) FROM transactions GROUP "
            "BY store_id");
    measure(&lake, "employee_league",
            "SELECT employee_id, count(*) FILTER (refund_flag) AS refunds, sum(total_minor) FROM "
            "transactions WHERE date >= DATE '2025-11-10' GROUP BY employee_id ORDER BY refunds "
            "DESC LIMIT 20");
    tw_lake_close(&lake);
    return 0;
}
