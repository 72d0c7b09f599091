// SPDX-License-Identifier: Apache-2.0
//
// The dashboard's figures over a ledger of ALERTS alerts in SQLite: the first question, which loads
// them, and those after it. bench_figures [--tiny]; prints JSON lines (best and median of ROUNDS).
#define _XOPEN_SOURCE 700 // mkstemp
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "adapter/memory.h"
#include "adapter/sqlite.h"
#include "base/rng.h"
#include "service/figures.h"

enum { BATCH = 1000, ROUNDS = 9, STORES = 200, TEXT_BYTES = 64, BODY_BYTES = 1200 };
#define FIRST_MS (INT64_C(20454) * TW_DAY_MS)
#define DAYS 400

typedef struct batch {
    tw_alert_row rows[BATCH];
    char ids[BATCH][TW_ALERT_ID_BYTES], stores[BATCH][TEXT_BYTES], bodies[BATCH][BODY_BYTES];
} batch;

static void check(tw_status status, const tw_err *err)
{
    if (status == TW_OK)
        return;
    fprintf(stderr, "bench_figures: %s\n", err->text);
    exit(1);
}

// Alerts come in by time, within a day or so.
static int64_t created_at(uint64_t number, uint64_t n, tw_rng *rng)
{
    double share = (double)number / (double)n;
    return FIRST_MS + (int64_t)(share * (DAYS - 2) * (double)TW_DAY_MS) +
           (int64_t)tw_rng_below(rng, 24 * 3600) * TW_SECOND_MS;
}

static void fill(batch *b, size_t i, uint64_t number, uint64_t n, tw_rng *rng)
{
    static const char *const schemes[] = {"void", "refund", "discount", "sweethearting"};
    bool is_decided = tw_rng_below(rng, 10) > 0;
    int64_t created = created_at(number, n, rng);
    snprintf(b->stores[i], TEXT_BYTES, "S%04u", tw_rng_below(rng, STORES));
    // As large as the body of an alert with six transactions.
    snprintf(b->bodies[i], BODY_BYTES,
             "{\"title\":\"Refunds to the same card\",\"sentence\":\"%0300d\",\"reasons\":["
             "{\"signal\":\"card_refunds\",\"title\":\"Card refunds\",\"sentence\":\"%0200d\","
             "\"strength\":0.9},{\"signal\":\"no_receipt\",\"title\":\"No receipt\",\"sentence\":"
             "\"%0200d\",\"strength\":0.8}],\"seqs\":[1,2,3,4,5,6],\"transaction_ids\":[\"T1\"]}",
             1, 2, 3);
    b->rows[i] = (tw_alert_row){
        .alert_id = tw_str_from(tw_alert_id(number, b->ids[i])),
        .created_ms = created,
        .updated_ms = created,
        .status = is_decided ? TW_STR("CLOSED") : TW_STR("NEW"),
        .type = TW_STR("VOID_REFUND"),
        .scheme = tw_str_from(schemes[tw_rng_below(rng, 4)]),
        .entity_kind = TW_STR("employee"),
        .entity_id = TW_STR("E1"),
        .store_id = tw_str_from(b->stores[i]),
        .currency = TW_STR("USD"),
        .risk_score = 0.8 + 0.2 * tw_rng_unit(rng),
        .exposure_minor = (int64_t)tw_rng_below(rng, 100000),
        .transaction_n = 6,
        .first_seq = number,
        .last_seq = number,
        .body = tw_str_from(b->bodies[i]),
        .verdict = is_decided ? TW_STR("CONFIRMED") : TW_STR_NONE,
        .first_viewed_ms = is_decided ? created + TW_HOUR_MS : 0,
        .decided_ms = is_decided ? created + 2 * TW_HOUR_MS : 0,
    };
}

static void fill_ledger(const tw_ledger *ledger, uint64_t n)
{
    tw_rng rng;
    tw_err err = {.text = ""};
    batch *b = tw_new(tw_alloc_system(), batch);
    tw_rng_init(&rng, 1, 0);
    for (uint64_t done = 0; done < n; done += BATCH) {
        for (size_t i = 0; i < BATCH; i++)
            fill(b, i, done + i + 1, n, &rng);
        tw_ledger_batch rows = {.alerts = b->rows, .alert_n = BATCH};
        rows.applied.seq = done + BATCH;
        check(tw_ledger_apply(ledger, &rows, &err), &err);
    }
    tw_delete(tw_alloc_system(), b);
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

// Of the processor, so that a busy machine does not count.
static double cpu_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

static double ask(tw_service *service, tw_metric_cut cut)
{
    tw_arena arena;
    tw_metric_row *rows;
    size_t n;
    tw_err err = {.text = ""};
    tw_metric_query query = {
        .from_ms = FIRST_MS, .to_ms = FIRST_MS + (DAYS - 1) * TW_DAY_MS, .cut = cut};
    tw_arena_init(&arena, tw_alloc_system(), 0, (size_t)256 << 20);
    double start = cpu_ms();
    check(tw_query_metrics(service, &query, &arena, &rows, &n, &err), &err);
    double ms = cpu_ms() - start;
    tw_arena_release(&arena);
    return ms;
}

static void report(tw_service *service, const char *name, tw_metric_cut cut, uint64_t alerts)
{
    double ms[ROUNDS];
    for (size_t i = 0; i < ROUNDS; i++)
        ms[i] = ask(service, cut);
    qsort(ms, ROUNDS, sizeof(ms[0]), compare);
    printf("{\"bench\":\"figures\",\"case\":\"%s\",\"alerts\":%llu,\"best_cpu_ms\":%.3f,"
           "\"median_cpu_ms\":%.3f}\n",
           name, (unsigned long long)alerts, ms[0], ms[ROUNDS / 2]);
}

int main(int argc, char **argv)
{
    bool is_tiny = argc > 1 && strcmp(argv[1], "--tiny") == 0;
    uint64_t n = is_tiny ? 2000 : 100000;
    char path[] = "/tmp/bench_figures_XXXXXX";
    int fd = mkstemp(path);
    tw_err err = {.text = ""};
    tw_journal journal;
    tw_ledger ledger;
    tw_files files;
    tw_service *service;
    tw_sqlite_options options = {.path = path, .mode = TW_SQLITE_CREATE};
    if (fd < 0)
        return 1;
    close(fd);
    check(tw_memory_journal_open(tw_alloc_system(), &journal, &err), &err);
    check(tw_memory_files_open(tw_alloc_system(), &files, &err), &err);
    check(tw_sqlite_ledger_open(tw_alloc_system(), &options, &ledger, &err), &err);
    fill_ledger(&ledger, n);
    tw_service_options of_service = {.journal = &journal,
                                     .ledger = &ledger,
                                     .files = &files,
                                     .mode = TW_SERVICE_READER,
                                     .currency = "USD"};
    check(tw_service_open(&of_service, &service, &err), &err);
    printf("{\"bench\":\"figures\",\"case\":\"first\",\"alerts\":%llu,\"cpu_ms\":%.1f}\n",
           (unsigned long long)n, ask(service, TW_METRIC_CUT_NONE));
    report(service, "whole", TW_METRIC_CUT_NONE, n);
    report(service, "by_day", TW_METRIC_CUT_DAY, n);
    report(service, "by_store", TW_METRIC_CUT_STORE, n);
    report(service, "by_signal", TW_METRIC_CUT_SIGNAL, n);
    tw_service_close(service);
    tw_ledger_close(&ledger);
    tw_files_close(&files);
    tw_journal_close(&journal);
    unlink(path);
    return 0;
}
