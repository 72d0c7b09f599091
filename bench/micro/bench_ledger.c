// SPDX-License-Identifier: Apache-2.0
//
// The ledger with many alerts (200,000 by default): applying batches, and the queries of the pages
// that people look at, median and worst of several runs. Prints JSON lines; times are wall clock of
// one thread.
//
//   bench_ledger [--tiny] [--dir DIR] [--alerts N]
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "adapter/sqlite.h"
#include "base/rng.h"
#include "base/time.h"

#define BATCH 1000
#define RUNS 31

static void fail(const char *what, const char *why)
{
    fprintf(stderr, "bench_ledger: %s: %s\n", what, why);
    exit(1);
}

typedef struct alert_texts {
    char id[24], store[16], employee[16], scheme[16], body[1200], transactions[3][24];
    tw_alert_key keys[3];
} alert_texts;

static tw_alert_row make_alert(uint64_t number, tw_rng *rng, alert_texts *t)
{
    snprintf(t->id, sizeof(t->id), "A-%010llu", (unsigned long long)number);
    uint32_t store = tw_rng_below(rng, 1000);
    snprintf(t->store, sizeof(t->store), "S%04u", store);
    snprintf(t->employee, sizeof(t->employee), "E%04u-%02u", store, tw_rng_below(rng, 30));
    snprintf(t->scheme, sizeof(t->scheme), "scheme_%02u", tw_rng_below(rng, 20));
    memset(t->body, 'x', sizeof(t->body));
    for (size_t i = 0; i < 3; i++) {
        snprintf(t->transactions[i], sizeof(t->transactions[i]), "T-%llu-%zu",
                 (unsigned long long)number, i);
        t->keys[i] = (tw_alert_key){'t', tw_str_from(t->transactions[i])};
    }
    double risk = 0.8 + 0.2 * tw_rng_unit(rng);
    return (tw_alert_row){.alert_id = tw_str_from(t->id),
                          .created_ms = (int64_t)number * 1000,
                          .updated_ms = (int64_t)number * 1000 + tw_rng_below(rng, 100000),
                          .status = tw_rng_below(rng, 50) ? TW_STR("CLOSED") : TW_STR("NEW"),
                          .type = TW_STR("VOID_REFUND"),
                          .scheme = tw_str_from(t->scheme),
                          .entity_kind = TW_STR("employee"),
                          .entity_id = tw_str_from(t->employee),
                          .store_id = tw_str_from(t->store),
                          .employee_id = tw_str_from(t->employee),
                          .register_id = TW_STR("R1"),
                          .currency = TW_STR("USD"),
                          .risk_score = risk,
                          .rank = risk * tw_rng_unit(rng),
                          .exposure_minor = tw_rng_below(rng, 100000),
                          .transaction_n = 3,
                          .first_seq = number,
                          .last_seq = number + 5,
                          .body = {t->body, sizeof(t->body)},
                          .keys = t->keys,
                          .key_n = 3};
}

static void fill(const tw_ledger *ledger, uint64_t alert_n)
{
    static alert_texts texts[BATCH];
    static tw_alert_row rows[BATCH];
    tw_rng rng;
    tw_err err = {0};
    tw_rng_init(&rng, 11, 0);
    uint64_t start = tw_monotonic_ns();
    for (uint64_t number = 1; number <= alert_n; number += BATCH) {
        size_t n = (size_t)TW_MIN(BATCH, alert_n - number + 1);
        for (size_t i = 0; i < n; i++)
            rows[i] = make_alert(number + i, &rng, &texts[i]);
        tw_ledger_batch batch = {.alerts = rows, .alert_n = n, .applied = {.seq = number + n - 1}};
        if (tw_ledger_apply(ledger, &batch, &err) != TW_OK)
            fail("apply", err.text);
    }
    printf("{\"bench\":\"ledger_apply\",\"alerts\":%llu,\"alerts_per_s\":%.0f}\n",
           (unsigned long long)alert_n,
           (double)alert_n / ((double)(tw_monotonic_ns() - start) / 1e9));
}

static int compare_u64(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

static void bench_list(const tw_ledger *ledger, const char *what, const tw_alert_filter *filter,
                       tw_alert_sort sort, size_t runs)
{
    tw_arena arena;
    tw_err err = {0};
    tw_alert_page page = {0};
    uint64_t ns[RUNS];
    char cursor[TW_LEDGER_CURSOR_BYTES] = "";
    tw_arena_init(&arena, tw_alloc_system(), 0, 64 << 20);
    for (size_t i = 0; i < runs; i++) {
        tw_alert_page_options options = {sort, 50, cursor, false};
        tw_arena_reset(&arena);
        uint64_t start = tw_monotonic_ns();
        if (tw_ledger_alert_list(ledger, filter, &options, &arena, &page, &err) != TW_OK)
            fail(what, err.text);
        ns[i] = tw_monotonic_ns() - start;
        memcpy(cursor, page.next_cursor, sizeof(cursor)); // later pages too
    }
    qsort(ns, runs, sizeof(*ns), compare_u64);
    printf("{\"bench\":\"ledger_list\",\"what\":\"%s\",\"total\":%llu,\"us_p50\":%.0f,"
           "\"us_max\":%.0f}\n",
           what, (unsigned long long)page.total, (double)ns[runs / 2] / 1e3,
           (double)ns[runs - 1] / 1e3);
    fflush(stdout);
    tw_arena_release(&arena);
}

static void bench_counts(const tw_ledger *ledger, const char *what, tw_alert_group group)
{
    tw_arena arena;
    tw_err err = {0};
    tw_alert_count *counts;
    size_t n;
    tw_alert_filter open = {.only_open = true};
    tw_arena_init(&arena, tw_alloc_system(), 0, 64 << 20);
    uint64_t start = tw_monotonic_ns();
    if (tw_ledger_alert_counts(ledger, &open, group, &arena, &counts, &n, &err) != TW_OK)
        fail(what, err.text);
    printf("{\"bench\":\"ledger_counts\",\"what\":\"%s\",\"groups\":%zu,\"us\":%.0f}\n", what, n,
           (double)(tw_monotonic_ns() - start) / 1e3);
    tw_arena_release(&arena);
}

static void bench_queries(const tw_ledger *ledger, uint64_t alert_n, size_t runs)
{
    const tw_str store[] = {TW_STR("S0042")}, scheme[] = {TW_STR("scheme_07")};
    const tw_str none[] = {TW_STR("nothing")};
    char transaction[32];
    snprintf(transaction, sizeof(transaction), "T-%llu-1", (unsigned long long)alert_n / 2);
    const struct {
        const char *what;
        tw_alert_filter filter;
        tw_alert_sort sort;
    } cases[] = {
        {"open by rank", {.only_open = true}, TW_ALERT_SORT_RANK},
        {"open of a store by rank", {.only_open = true, .stores = {store, 1}}, TW_ALERT_SORT_RANK},
        {"open of a scheme by rank",
         {.only_open = true, .schemes = {scheme, 1}},
         TW_ALERT_SORT_RANK},
        {"open by exposure", {.only_open = true}, TW_ALERT_SORT_EXPOSURE},
        {"all by creation", {.only_open = false}, TW_ALERT_SORT_CREATED},
        {"all of a scheme by risk", {.schemes = {scheme, 1}}, TW_ALERT_SORT_RISK},
        {"all of a scheme that has none", {.schemes = {none, 1}}, TW_ALERT_SORT_RISK},
        {"all above 0.95 by rank", {.min_risk = 0.95}, TW_ALERT_SORT_RANK},
        {"open above 0.95 by rank", {.only_open = true, .min_risk = 0.95}, TW_ALERT_SORT_RANK},
        {"of an employee", {.employee_id = TW_STR("E0042-07")}, TW_ALERT_SORT_CREATED},
        {"of a transaction", {.transaction_id = tw_str_from(transaction)}, TW_ALERT_SORT_RANK},
        {"search by prefix", {.search = TW_STR("E0042-0")}, TW_ALERT_SORT_RANK},
    };
    for (size_t i = 0; i < TW_COUNT(cases); i++)
        bench_list(ledger, cases[i].what, &cases[i].filter, cases[i].sort, runs);
    bench_counts(ledger, "open by store", TW_ALERT_GROUP_STORE);
    bench_counts(ledger, "open by employee", TW_ALERT_GROUP_EMPLOYEE);
}

static void remove_db(const char *path)
{
    static const char *const tails[] = {"", "-wal", "-shm"};
    for (size_t i = 0; i < TW_COUNT(tails); i++) {
        char full[272];
        snprintf(full, sizeof(full), "%s%s", path, tails[i]);
        (void)unlink(full);
    }
}

int main(int argc, char **argv)
{
    const char *dir = ".";
    uint64_t alert_n = 200000;
    char path[256];
    tw_err err = {0};
    tw_ledger ledger;
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--tiny") == 0)
            alert_n = 500;
        else if (i + 1 < argc && strcmp(argv[i], "--dir") == 0)
            dir = argv[++i];
        else if (i + 1 < argc && strcmp(argv[i], "--alerts") == 0)
            alert_n = strtoull(argv[++i], NULL, 10);
        else
            fail(argv[i], "usage: bench_ledger [--tiny] [--dir DIR] [--alerts N]");
    }
    snprintf(path, sizeof(path), "%s/bench_ledger.db", dir);
    remove_db(path);
    tw_sqlite_options options = {.path = path, .mode = TW_SQLITE_CREATE};
    if (tw_sqlite_ledger_open(tw_alloc_system(), &options, &ledger, &err) != TW_OK)
        fail("open", err.text);
    fill(&ledger, alert_n);
    bench_queries(&ledger, alert_n, alert_n > 1000 ? RUNS : 3);
    uint8_t hash[TW_SHA256_BYTES];
    uint64_t start = tw_monotonic_ns();
    if (tw_ledger_hash(&ledger, TW_LEDGER_ALERTS, hash, &err) != TW_OK)
        fail("hash", err.text);
    printf("{\"bench\":\"ledger_hash\",\"alerts\":%llu,\"ms\":%.0f}\n", (unsigned long long)alert_n,
           (double)(tw_monotonic_ns() - start) / 1e6);
    tw_ledger_close(&ledger);
    remove_db(path);
    return 0;
}
