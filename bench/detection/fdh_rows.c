// SPDX-License-Identifier: Apache-2.0
//
// The engine's feature rows of the public card-payment data, for study in Python: which features
// matter and what a classifier can reach (bench/detection/fdh.py --explore).
//
//   zstd -dc transactions.csv.zst | fdh_rows FIRST_DAY LAST_DAY OUT.npy
//
// Days count from 2018-04-01. OUT.npy is float32 [rows][features], C order, in the order of the
// input; the names of the features go to standard output, one a line. Customers are accounts,
// terminals are registers, a fraud label is a verdict given at once, as the windows that matter
// look back from 7 days ago.
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/time.h"
#include "feature/engine.h"

enum { BATCH = 1024, HEADER_BYTES = 128, LINE_BYTES = 256 };
static const int64_t epoch_ms = INT64_C(1522540800000); // 2018-04-01T00:00:00Z

static void must(tw_status status)
{
    if (status == TW_OK)
        return;
    fprintf(stderr, "fdh_rows: %s\n", tw_status_text(status));
    exit(1);
}

// The NumPy header, written again at the end when the number of rows is known.
static void put_header(FILE *out, uint64_t rows)
{
    static const unsigned char magic[10] = {0x93, 'N', 'U', 'M', 'P', 'Y', 1, 0, 118, 0};
    char head[HEADER_BYTES + 1];
    memcpy(head, magic, sizeof magic);
    int n = snprintf(head + 10, HEADER_BYTES - 10,
                     "{'descr': '<f4', 'fortran_order': False, 'shape': (%" PRIu64 ", %d), }", rows,
                     TW_FEATURE_N);
    memset(head + 10 + n, ' ', (size_t)(HEADER_BYTES - 11 - n));
    head[HEADER_BYTES - 1] = '\n';
    rewind(out);
    fwrite(head, 1, HEADER_BYTES, out);
}

typedef struct record {
    int64_t t_s;
    tw_str customer, terminal, amount;
    bool is_fraud;
} record;

static tw_str cell(char **at)
{
    char *start = *at, *end = start + strcspn(start, ",\n");
    *at = end + (*end != '\0');
    return (tw_str){start, (size_t)(end - start)};
}

static record parse(char *line)
{
    record r = {.t_s = strtol(line, &line, 10)};
    line += *line == ',';
    r.customer = cell(&line);
    r.terminal = cell(&line);
    r.amount = cell(&line);
    r.is_fraud = *line == '1';
    return r;
}

static void apply(tw_engine *engine, const record *r, const char *id, uint64_t *seq, float *row)
{
    int64_t minor = 0;
    if (!tw_str_to_scaled(r->amount, 2, &minor))
        must(TW_SYNTAX);
    tw_fact fact = {.kind = TW_FACT_TRANSACTION, .seq = ++*seq};
    fact.as.transaction = (tw_transaction){.transaction_id = tw_str_from(id),
                                           .store_id = TW_STR("S1"),
                                           .register_id = r->terminal,
                                           .employee_id = TW_STR("E1"),
                                           .customer_id = r->customer,
                                           .time_ms = epoch_ms + r->t_s * 1000,
                                           .business_day = tw_floor_day(epoch_ms + r->t_s * 1000),
                                           .total_minor = minor,
                                           .currency = "EUR",
                                           .type = TW_TXN_SALE,
                                           .payment_type = TW_PAY_CREDIT,
                                           .item_count = 1};
    must(tw_engine_reserve(engine, 2));
    tw_engine_apply(engine, &fact, row);
    if (!r->is_fraud)
        return;
    tw_fact mark = {.kind = TW_FACT_VERDICT, .seq = ++*seq};
    mark.as.verdict = (tw_verdict){.verdict_id = tw_str_from(id),
                                   .transaction_id = tw_str_from(id),
                                   .verdict = TW_VERDICT_CONFIRMED};
    tw_engine_apply(engine, &mark, NULL);
}

int main(int argc, char **argv)
{
    if (argc != 4) {
        fprintf(stderr, "Usage: fdh_rows FIRST_DAY LAST_DAY OUT.npy < transactions.csv\n");
        return 2;
    }
    int64_t first = strtol(argv[1], NULL, 10), last = strtol(argv[2], NULL, 10);
    FILE *out = fopen(argv[3], "wb");
    tw_engine *engine;
    char line[LINE_BYTES], id[32];
    float row[TW_FEATURE_N];
    uint64_t seq = 0, rows = 0;
    if (!out) {
        fprintf(stderr, "fdh_rows: %s cannot be written\n", argv[3]);
        return 1;
    }
    must(tw_engine_new(tw_alloc_system(), &engine));
    put_header(out, 0);
    if (!fgets(line, sizeof line, stdin)) // the header
        must(TW_SYNTAX);
    for (uint64_t index = 0; fgets(line, sizeof line, stdin); index++) {
        record r = parse(line);
        int64_t day = r.t_s / 86400;
        if (day > last)
            break;
        snprintf(id, sizeof id, "fdh-%" PRIu64, index);
        apply(engine, &r, id, &seq, row);
        if (day < first)
            continue;
        fwrite(row, sizeof *row, TW_FEATURE_N, out);
        rows++;
    }
    put_header(out, rows);
    tw_engine_free(engine);
    for (int i = 0; i < TW_FEATURE_N; i++)
        printf("%s\n", tw_feature_get((tw_feature)i)->name);
    return fclose(out) == 0 ? 0 : 1;
}
