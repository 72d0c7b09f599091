// SPDX-License-Identifier: Apache-2.0
//
// tillwatch bench: this machine under load, end to end: a server over a fresh data directory, a
// load generator beside it, one JSON line for each figure.
#define _XOPEN_SOURCE 700 // mkdtemp
#include <stdlib.h>

#include "base/buf.h"
#include "cli.h"
#include "demo_feed.h"
#include "http/access.h"
#include "load.h"
#include "output.h"
#include "serve.h"
#include "tree.h"

#define PATH_BYTES 4096
#define BENCH_SEED 1
#define BENCH_STORES 20
#define BENCH_DAYS 7

static const char help[] =
    "Usage: tillwatch bench [--seconds S] [--rate R] [--connections N] [--dir DIR]\n"
    "\n"
    "Starts a server over a fresh data directory and posts simulated transactions to it, from "
    "this\n"
    "process: NDJSON batches, one record a request in closed loop, one a request at fixed rates "
    "(latency\n"
    "counts from the moment at which a request should have left), and scores without recording. "
    "Every\n"
    "acknowledged record is durable. Prints one JSON line for each figure.\n"
    "\n"
    "  --seconds S      length of each part (default 5)\n"
    "  --rate R         rate of the last latency part (default 10000 requests a second)\n"
    "  --connections N  connections of the single-record parts (default 32)\n"
    "  --dir DIR        where the data directory is made and removed (default a temporary "
    "directory)\n"
    "\n"
    "Example:\n"
    "  tillwatch bench --seconds 10\n";

// Records of the simulated week, again and again under new ids: the first byte of the id is the
// epoch.
typedef struct stream {
    tw_str *lines_own;
    size_t n, cap, at;
    unsigned epoch;
    bool is_object; // one record a request: without the line's end
} stream;

typedef struct bench {
    double seconds, rate;
    uint64_t connections;
    const char *dir;
    char root[PATH_BYTES], data[PATH_BYTES];
    twi_feed feed;
    stream stream;
    twi_place place;
    tw_http *http;
    char token[TW_SECRET_BYTES];
} bench;

static void next_record(void *ctx, tw_buf *out)
{
    static const char epochs[] = "SABCDEFGHIJKLMNOPQRTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    static const char key[] = "\"transaction_id\":\"";
    stream *s = ctx;
    tw_str line = s->lines_own[s->at];
    size_t start = out->bytes;
    tw_buf_put(out, line.at, line.bytes - s->is_object);
    const char *id = strstr(line.at, key);
    if (id && id < line.at + line.bytes && out->status == TW_OK) {
        size_t at = start + (size_t)(id - line.at) + sizeof(key) - 1;
        out->data_own[at] = (uint8_t)epochs[s->epoch % (sizeof(epochs) - 1)];
    }
    if (++s->at == s->n) {
        s->at = 0;
        s->epoch++;
    }
}

static tw_status cut_lines(bench *b, tw_err *err)
{
    for (size_t p = 0; p < b->feed.part_n; p++) {
        const twi_feed_part *part = &b->feed.parts_own[p];
        if (strcmp(part->path, "/v1/transactions") != 0)
            continue;
        const char *at = (const char *)b->feed.bytes.data_own + part->at, *end = at + part->bytes;
        while (at < end) {
            const char *stop = memchr(at, '\n', (size_t)(end - at));
            void *items = b->stream.lines_own;
            if (!stop)
                break;
            if (tw_grow(tw_alloc_system(), &items, &b->stream.cap, b->stream.n + 1, sizeof(tw_str),
                        SIZE_MAX / 64) != TW_OK)
                return tw_fail(err, TW_NO_MEMORY, "no memory for the records");
            b->stream.lines_own = items;
            b->stream.lines_own[b->stream.n++] = (tw_str){at, (size_t)(stop + 1 - at)};
            at = stop + 1;
        }
    }
    return b->stream.n > 0 ? TW_OK : tw_fail(err, TW_INVALID, "the simulator made no records");
}

static tw_status start(bench *b, tw_err *err)
{
    const tw_clock *clock = tw_clock_system();
    char id[TW_SECRET_BYTES];
    twi_place_settings settings = {.zone = "UTC", .currency = "USD"};
    const char *tmp = getenv("TMPDIR");
    snprintf(b->root, sizeof(b->root), "%.3000s/tillwatch-bench-XXXXXX",
             b->dir          ? b->dir
             : tmp && tmp[0] ? tmp
                             : "/tmp");
    if (!mkdtemp(b->root)) {
        b->root[0] = '\0';
        return tw_fail_errno(err, "no directory for the bench");
    }
    snprintf(b->data, sizeof(b->data), "%.3000s/data", b->root);
    const twi_feed_plan plan = {.days = BENCH_DAYS};
    TW_TRY(twi_feed_simulate(&b->feed, NULL, BENCH_STORES, &plan, BENCH_SEED, err));
    TW_TRY(cut_lines(b, err));
    TW_TRY(twi_place_create(b->data, &settings, err));
    TW_TRY(twi_place_open(&b->place, b->data, false, err));
    TW_TRY(twi_place_serve(&b->place, TW_SERVICE_LIVE, err));
    TW_TRY(twi_serve_start(&b->place, "127.0.0.1:0", 0, &b->http, err));
    const tw_token_request token = {.name = TW_STR("bench"),
                                    .rights = TW_RIGHT_INGEST | TW_RIGHT_SCORE};
    return tw_access_token_new(&b->place.access, &token, clock->now_ms(clock->ctx), id, b->token,
                               err);
}

static tw_status measure(bench *b, const char *name, const char *path, size_t per_request,
                         unsigned connections, double rate, tw_err *err)
{
    const char *colon = strrchr(tw_http_url(b->http), ':');
    twi_load_options options = {.host = "127.0.0.1",
                                .port = (uint16_t)strtoul(colon + 1, NULL, 10),
                                .path = path,
                                .media =
                                    per_request > 1 ? "application/x-ndjson" : "application/json",
                                .token = b->token,
                                .connections = connections,
                                .seconds = b->seconds,
                                .rate = rate,
                                .per_request = per_request,
                                .next = next_record,
                                .ctx = &b->stream};
    twi_load_result r;
    b->stream.is_object = per_request == 1;
    TW_TRY(twi_load(&options, &r, err));
    printf(
        "{\"name\":\"%s\",\"records_per_second\":%.0f,\"requests\":%llu,\"records_per_request\":%"
        "zu,"
        "\"connections\":%u,\"target_rate\":%.0f,\"failed\":%llu,\"p50_us\":%.1f,\"p99_us\":%.1f,"
        "\"p999_us\":%.1f,\"max_us\":%.1f,\"seconds\":%.2f}\n",
        name, (double)r.records / r.seconds, (unsigned long long)r.requests, per_request,
        connections, rate, (unsigned long long)r.failed, r.p50_us, r.p99_us, r.p999_us, r.max_us,
        r.seconds);
    fflush(stdout);
    return TW_OK;
}

static tw_status run(bench *b, tw_err *err)
{
    unsigned n = (unsigned)b->connections;
    TW_TRY(start(b, err));
    TW_TRY(measure(b, "post_ndjson_1000", "/v1/transactions", 1000, 4, 0, err));
    TW_TRY(measure(b, "post_each", "/v1/transactions", 1, n, 0, err));
    TW_TRY(measure(b, "post_each_at_1000", "/v1/transactions", 1, n, 1000, err));
    TW_TRY(measure(b, "post_each_at_rate", "/v1/transactions", 1, n, b->rate, err));
    return measure(b, "score_each", "/v1/score", 1, n, 0, err);
}

int twi_cmd_bench(int argc, char **argv)
{
    static bench b = {.seconds = 5, .rate = 10000, .connections = 32};
    const twi_option table[] = {
        {"--seconds", TWI_NUMBER, &b.seconds},
        {"--rate", TWI_NUMBER, &b.rate},
        {"--connections", TWI_COUNT, &b.connections},
        {"--dir", TWI_TEXT, &b.dir},
    };
    twi_command_line line = {
        .command = "bench", .help = help, .options = table, .option_n = TW_COUNT(table)};
    int exit_status;
    if (!twi_parse(&line, argc, argv, &exit_status))
        return exit_status;
    if (b.connections < 1 || b.connections > 1024 || b.seconds <= 0 || b.rate <= 0)
        return twi_usage("bench", "1 to 1024 connections, and seconds and a rate above 0");
    tw_err err = {0};
    twi_feed_init(&b.feed);
    tw_status status = run(&b, &err);
    tw_http_stop(b.http);
    twi_place_close(&b.place);
    twi_feed_release(&b.feed);
    tw_free_array(tw_alloc_system(), b.stream.lines_own, b.stream.cap, sizeof(tw_str));
    tw_err ignored = {0};
    if (b.root[0] != '\0' && twi_remove_tree(b.root, &ignored) != TW_OK)
        fprintf(stderr, "tillwatch bench: %s\n", ignored.text);
    return status == TW_OK ? twi_flush("bench") : twi_failed("bench", &err);
}
