// SPDX-License-Identifier: Apache-2.0
//
// The journal against what one would write instead with the same durability: a table in SQLite with
// a row for each fact, one transaction for each append, write-ahead log, synchronous=FULL. Facts of
// 200 bytes, appended 1, 16, 64, 1000 and 8192 at a time; both in turn, several rounds. Also: sync
// of one overwritten page (the floor of an append), fetching, reading and verifying.
//
// Prints JSON lines. Times are wall clock, since waiting for the device is the point: rows/s is the
// best round, latencies are over all appends of all rounds.
//
//   bench_journal [--tiny] [--dir DIR] [--page BYTES] [--wal BYTES]
#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "adapter/sqlite.h"
#include "base/rng.h"
#include "base/time.h"

#define FACT_BYTES 200

typedef struct bench {
    const char *dir;
    size_t page_bytes, wal_bytes;
    size_t rounds_n;
    double seconds; // of a round, about
    char facts[TW_COMMIT_MAX_FACTS][FACT_BYTES];
    tw_str views[TW_COMMIT_MAX_FACTS];
} bench;

// Latencies of appends, and the best rate.
typedef struct result {
    uint64_t *ns;
    size_t n, cap;
    double best_rows_per_s;
} result;

static void fail(const char *what, const char *why)
{
    fprintf(stderr, "bench_journal: %s: %s\n", what, why);
    exit(1);
}

static void result_add(result *r, uint64_t ns)
{
    if (r->n == r->cap) {
        r->cap = r->cap ? r->cap * 2 : 4096;
        r->ns = realloc(r->ns, r->cap * sizeof(*r->ns));
        if (!r->ns)
            fail("latencies", "out of memory");
    }
    r->ns[r->n++] = ns;
}

static int compare_u64(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

static double us_at(const result *r, double share)
{
    return (double)r->ns[(size_t)((double)(r->n - 1) * share)] / 1000.0;
}

static void print_result(const char *what, size_t n, result *r)
{
    qsort(r->ns, r->n, sizeof(*r->ns), compare_u64);
    printf("{\"bench\":\"journal_append\",\"what\":\"%s\",\"facts_per_append\":%zu,"
           "\"rows_per_s\":%.0f,\"appends\":%zu,\"us_p50\":%.0f,\"us_p99\":%.0f,"
           "\"us_p999\":%.0f,\"us_max\":%.0f}\n",
           what, n, r->best_rows_per_s, r->n, us_at(r, 0.5), us_at(r, 0.99), us_at(r, 0.999),
           us_at(r, 1.0));
    fflush(stdout);
    free(r->ns);
    *r = (result){0};
}

static char *path_of(const bench *b, const char *name, char out[256])
{
    snprintf(out, 256, "%s/%s", b->dir, name);
    return out;
}

static void remove_db(const bench *b, const char *name)
{
    static const char *const tails[] = {"", "-wal", "-shm"};
    for (size_t i = 0; i < TW_COUNT(tails); i++) {
        char path[256], full[272];
        snprintf(full, sizeof(full), "%s%s", path_of(b, name, path), tails[i]);
        (void)unlink(full);
    }
}

// Something for the append to do: true while the round goes on.
static bool goes_on(const bench *b, uint64_t start_ns, size_t done_n)
{
    return done_n < 3 || (double)(tw_monotonic_ns() - start_ns) < b->seconds * 1e9;
}

static void round_ours(const bench *b, const tw_journal *journal, size_t n, result *r)
{
    tw_err err = {0};
    uint64_t start = tw_monotonic_ns(), first_seq, before = start;
    size_t done_n = 0;
    for (; goes_on(b, start, done_n); done_n++) {
        if (tw_journal_append(journal, b->views, n, &first_seq, &err) != TW_OK)
            fail("append", err.text);
        uint64_t now = tw_monotonic_ns();
        result_add(r, now - before);
        before = now;
    }
    double rate = (double)(n * done_n) / ((double)(before - start) / 1e9);
    r->best_rows_per_s = TW_MAX(r->best_rows_per_s, rate);
}

static void round_plain(const bench *b, sqlite3 *db, sqlite3_stmt *insert, size_t n, result *r)
{
    uint64_t start = tw_monotonic_ns(), before = start;
    size_t done_n = 0;
    for (; goes_on(b, start, done_n); done_n++) {
        int code = sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL);
        for (size_t i = 0; i < n && code == SQLITE_OK; i++) {
            sqlite3_bind_blob(insert, 1, b->facts[i], FACT_BYTES, SQLITE_STATIC);
            (void)sqlite3_step(insert);
            code = sqlite3_reset(insert);
        }
        if (code != SQLITE_OK || sqlite3_exec(db, "COMMIT", NULL, NULL, NULL) != SQLITE_OK)
            fail("insert", sqlite3_errmsg(db));
        uint64_t now = tw_monotonic_ns();
        result_add(r, now - before);
        before = now;
    }
    double rate = (double)(n * done_n) / ((double)(before - start) / 1e9);
    r->best_rows_per_s = TW_MAX(r->best_rows_per_s, rate);
}

static void bench_appends(bench *b, const tw_journal *journal)
{
    static const size_t sizes[] = {1, 16, 64, 1000, TW_COMMIT_MAX_FACTS};
    char path[256];
    sqlite3 *db = NULL;
    sqlite3_stmt *insert = NULL;
    remove_db(b, "plain.db");
    int code = sqlite3_open(path_of(b, "plain.db", path), &db);
    if (code == SQLITE_OK)
        code = sqlite3_exec(db,
                            "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;"
                            "CREATE TABLE fact(seq INTEGER PRIMARY KEY, payload BLOB)",
                            NULL, NULL, NULL);
    if (code == SQLITE_OK)
        code = sqlite3_prepare_v2(db, "INSERT INTO fact VALUES(NULL,?1)", -1, &insert, NULL);
    if (code != SQLITE_OK)
        fail(path, sqlite3_errmsg(db));
    for (size_t s = 0; s < TW_COUNT(sizes); s++) {
        result ours = {0}, plain = {0};
        for (size_t round = 0; round < b->rounds_n; round++) {
            round_ours(b, journal, sizes[s], &ours);
            round_plain(b, db, insert, sizes[s], &plain);
        }
        double ratio = ours.best_rows_per_s / plain.best_rows_per_s;
        print_result("journal", sizes[s], &ours);
        print_result("sqlite_rows", sizes[s], &plain);
        printf("{\"bench\":\"journal_append\",\"facts_per_append\":%zu,\"ratio\":%.2f}\n", sizes[s],
               ratio);
    }
    sqlite3_finalize(insert);
    sqlite3_close(db);
    remove_db(b, "plain.db");
}

static void bench_sync(const bench *b)
{
    char path[256], page[4096] = {1};
    result r = {0};
    int fd = open(path_of(b, "sync.tmp", path), O_RDWR | O_CREAT | O_TRUNC, 0600);
    if (fd < 0)
        fail(path, "cannot create");
    for (int i = 0; i < 2560; i++)
        if (write(fd, page, sizeof(page)) != (ssize_t)sizeof(page))
            fail(path, "cannot write");
    (void)fsync(fd);
    uint64_t start = tw_monotonic_ns(), before = start;
    for (size_t i = 0; goes_on(b, start, i); i++) {
        if (pwrite(fd, page, sizeof(page), (off_t)(i % 2560) * 4096) < 0 || fdatasync(fd) != 0)
            fail(path, "cannot sync");
        uint64_t now = tw_monotonic_ns();
        result_add(&r, now - before);
        before = now;
    }
    close(fd);
    (void)unlink(path);
    qsort(r.ns, r.n, sizeof(*r.ns), compare_u64);
    printf("{\"bench\":\"fdatasync_4k\",\"n\":%zu,\"us_p50\":%.0f,\"us_p99\":%.0f}\n", r.n,
           us_at(&r, 0.5), us_at(&r, 0.99));
    free(r.ns);
}

static tw_status count_bytes(void *ctx, const tw_block *block, tw_err *err)
{
    (void)err;
    *(uint64_t *)ctx += block->payload_bytes;
    return TW_OK;
}

static void bench_reads(const tw_journal *journal, size_t fetches)
{
    tw_err err = {0};
    tw_journal_head head;
    tw_journal_check check;
    tw_buf buf;
    tw_rng rng;
    uint64_t bytes = 0;
    tw_buf_init(&buf, tw_alloc_system(), 1 << 20);
    tw_rng_init(&rng, 1, 0);
    if (tw_journal_get_head(journal, &head, &err) != TW_OK)
        fail("head", err.text);
    for (int in_order = 0; in_order < 2; in_order++) {
        uint64_t start = tw_monotonic_ns();
        for (size_t i = 0; i < fetches; i++) {
            uint64_t seq = in_order ? 1 + i % head.seq : 1 + tw_rng_u64(&rng) % head.seq;
            tw_buf_reset(&buf);
            if (tw_journal_fetch(journal, seq, &buf, &err) != TW_OK)
                fail("fetch", err.text);
        }
        printf("{\"bench\":\"journal_fetch\",\"order\":\"%s\",\"facts\":%llu,\"ns\":%.0f}\n",
               in_order ? "neighbours" : "random", (unsigned long long)head.seq,
               (double)(tw_monotonic_ns() - start) / (double)fetches);
    }
    uint64_t start = tw_monotonic_ns();
    if (tw_journal_read(journal, 1, 0, count_bytes, &bytes, &err) != TW_OK)
        fail("read", err.text);
    double read_s = (double)(tw_monotonic_ns() - start) / 1e9;
    start = tw_monotonic_ns();
    if (tw_journal_verify(journal, &check, &err) != TW_OK || check.broken_seq != 0)
        fail("verify", err.text);
    double verify_s = (double)(tw_monotonic_ns() - start) / 1e9;
    printf("{\"bench\":\"journal_read\",\"facts\":%llu,\"blocks\":%llu,\"bytes\":%llu,"
           "\"read_facts_per_s\":%.0f,\"verify_facts_per_s\":%.0f}\n",
           (unsigned long long)head.seq, (unsigned long long)check.block_n,
           (unsigned long long)bytes, (double)head.seq / read_s, (double)head.seq / verify_s);
    tw_buf_release(&buf);
}

static void parse(int argc, char **argv, bench *b)
{
    for (int i = 1; i < argc; i++) {
        const char *value = i + 1 < argc ? argv[i + 1] : NULL;
        if (strcmp(argv[i], "--tiny") == 0) {
            b->seconds = 0.001;
            b->rounds_n = 1;
        } else if (value && strcmp(argv[i], "--dir") == 0) {
            b->dir = argv[++i];
        } else if (value && strcmp(argv[i], "--page") == 0) {
            b->page_bytes = strtoul(argv[++i], NULL, 10);
        } else if (value && strcmp(argv[i], "--wal") == 0) {
            b->wal_bytes = strtoul(argv[++i], NULL, 10);
        } else {
            fail(argv[i], "usage: bench_journal [--tiny] [--dir DIR] [--page BYTES] [--wal BYTES]");
        }
    }
}

int main(int argc, char **argv)
{
    static bench b = {.dir = ".", .rounds_n = 5, .seconds = 0.6};
    char path[256];
    tw_err err = {0};
    tw_journal journal;
    tw_rng rng;
    parse(argc, argv, &b);
    tw_rng_init(&rng, 3, 0);
    for (size_t i = 0; i < TW_COMMIT_MAX_FACTS; i++) {
        for (size_t k = 0; k < FACT_BYTES; k++)
            b.facts[i][k] = (char)tw_rng_below(&rng, 256);
        b.views[i] = (tw_str){b.facts[i], FACT_BYTES};
    }
    bench_sync(&b);
    remove_db(&b, "bench_journal.db");
    tw_sqlite_options options = {.path = path_of(&b, "bench_journal.db", path),
                                 .mode = TW_SQLITE_CREATE,
                                 .page_bytes = b.page_bytes,
                                 .wal_bytes = b.wal_bytes};
    if (tw_sqlite_journal_open(tw_alloc_system(), &options, &journal, &err) != TW_OK)
        fail("open", err.text);
    bench_appends(&b, &journal);
    bench_reads(&journal, b.rounds_n > 1 ? 200000 : 100);
    tw_journal_close(&journal);
    remove_db(&b, "bench_journal.db");
    return 0;
}
