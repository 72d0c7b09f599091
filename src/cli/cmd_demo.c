// SPDX-License-Identifier: Apache-2.0
//
// tillwatch demo: a simulated chain's history imported day by day while a team works on its alerts
// and models are trained, the server started, and one more day replayed into it over HTTP. The last
// day is yesterday; while the history comes in, the service's clock is the history's.
#define _XOPEN_SOURCE 700 // mkdtemp
#include <errno.h>
#include <math.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "cli.h"
#include "demo_feed.h"
#include "demo_judge.h"
#include "demo_team.h"
#include "http/access.h"
#include "import.h"
#include "lake_thread.h"
#include "output.h"
#include "place_config.h"
#include "post.h"
#include "serve.h"
#include "service/query.h"
#include "tree.h"

#define PATH_BYTES 4096
#define DEMO_SEED 7
// More than in life: five weeks must give verdicts to learn from.
#define DEMO_FRAUD_RATE 0.06
// The live day passes in this time, so that alerts appear while somebody looks.
#define LIVE_SECONDS 150.0

static const char help[] =
    "Usage: tillwatch demo [--once] [--stores N] [--days D] [--end DATE] [--port P] [--dir DIR]\n"
    "\n"
    "Simulates a chain, imports its history day by day while a team works on the alerts, trains\n"
    "models on their verdicts, starts the server and replays one more day into it, live. Open\n"
    "the printed address. Ctrl-C ends it; a second run starts at once from what the first one "
    "made.\n"
    "\n"
    "  --once      the same in a temporary directory, at full speed, then stop with exit status 0\n"
    "  --stores N  stores (default 60)\n"
    "  --days D    days of history (default 35)\n"
    "  --end DATE  the live day, as YYYY-MM-DD (default yesterday)\n"
    "  --port P    port of the server (default 8080; with --once any free one)\n"
    "  --dir DIR   where to keep it (default ./tillwatch-demo)\n"
    "\n"
    "Example:\n"
    "  tillwatch demo\n";

typedef struct demo {
    bool is_once;
    uint64_t stores, days, port;
    const char *dir, *end;
    int32_t first_day;      // of the history, since 1970-01-01
    _Atomic int64_t now_ms; // of the history while it comes in
    char temporary[PATH_BYTES], data[PATH_BYTES], sim[PATH_BYTES], marker[PATH_BYTES];
    twi_feed feed; // the live day
    twi_place place;
    char url[128], token[TW_SECRET_BYTES];
    pthread_t live;
    bool has_live;
    _Atomic bool is_stopping;
    uint64_t sent;
    tw_status live_status;
    tw_err live_err;
} demo;

// --- places
// ---------------------------------------------------------------------------------------

static tw_status choose_directory(demo *d, tw_err *err)
{
    if (d->is_once && !d->dir) {
        const char *tmp = getenv("TMPDIR");
        snprintf(d->temporary, sizeof(d->temporary), "%.200s/tillwatch-demo-XXXXXX",
                 tmp && tmp[0] ? tmp : "/tmp");
        if (!mkdtemp(d->temporary))
            return tw_fail_errno(err, "no temporary directory");
        d->dir = d->temporary;
    } else if (!d->dir) {
        d->dir = "tillwatch-demo";
    }
    snprintf(d->data, sizeof(d->data), "%.3000s/data", d->dir);
    snprintf(d->sim, sizeof(d->sim), "%.3000s/sim", d->dir);
    snprintf(d->marker, sizeof(d->marker), "%.3000s/complete", d->dir);
    return TW_OK;
}

static bool is_complete(const demo *d)
{
    return access(d->marker, F_OK) == 0;
}

static tw_status mark_complete(const demo *d, tw_err *err)
{
    FILE *file = fopen(d->marker, "w");
    if (!file || fclose(file) != 0)
        return tw_fail_errno(err, "%.150s cannot be written", d->marker);
    return TW_OK;
}

// --- the history
// ----------------------------------------------------------------------------------

static tw_status make_history(demo *d, tw_err *err)
{
    // What an interrupted run left is ours.
    TW_TRY(twi_remove_tree(d->data, err));
    TW_TRY(twi_remove_tree(d->sim, err));
    TW_TRY(twi_make_directories(d->sim, err));
    printf("Simulating %llu stores for %llu days\n", (unsigned long long)d->stores,
           (unsigned long long)d->days + 1);
    fflush(stdout);
    uint64_t start = tw_monotonic_ns();
    const twi_feed_plan plan = {
        .days = d->days, .start_day = d->first_day, .fraud_rate = DEMO_FRAUD_RATE};
    TW_TRY(twi_feed_simulate(&d->feed, d->sim, d->stores, &plan, DEMO_SEED, err));
    char n[32];
    printf("  %s transactions in %.1f s; the last day waits\n",
           twi_thousands(d->feed.transactions, n), (double)(tw_monotonic_ns() - start) / 1e9);
    fflush(stdout);
    return TW_OK;
}

typedef struct phase { // days between two trainings
    uint64_t records, rejected, acts, confirmed, refuted;
    double seconds, team_seconds;
} phase;

static tw_status import_day(demo *d, uint64_t day, phase *sum, tw_err *err)
{
    char paths[3][PATH_BYTES + 32];
    static const char *const names[] = {"shifts.ndjson", "movements.ndjson", "transactions.ndjson"};
    const char *list[3];
    size_t path_n = 0;
    for (int i = 0; i < 3; i++) {
        char *path = paths[path_n];
        snprintf(path, sizeof(paths[0]), "%s/%llu/%s", d->sim, (unsigned long long)day, names[i]);
        if (access(path, F_OK) == 0)
            list[path_n++] = path;
    }
    if (path_n == 0)
        return TW_OK;
    twi_import_options options = {
        .paths = list, .path_n = path_n, .format = "ndjson", .is_quiet = true};
    twi_import_summary summary;
    TW_TRY(twi_import(&d->place, &options, &summary, err));
    sum->records += summary.accepted + summary.duplicates + summary.conflicts + summary.rejected;
    sum->rejected += summary.rejected;
    sum->seconds += summary.seconds;
    if (summary.rejected + summary.conflicts > 0)
        twi_import_print(&summary, false);
    return TW_OK;
}

static void end_phase(phase *sum, const twi_team *team)
{
    char n[32], rate[32];
    printf("  %s records in %.1f s, %s/s durable and scored; %llu rejected\n",
           twi_thousands(sum->records, n), sum->seconds,
           twi_thousands((uint64_t)((double)sum->records / TW_MAX(sum->seconds, 0.001)), rate),
           (unsigned long long)sum->rejected);
    printf("  %llu alerts confirmed, %llu refuted by the team, in %llu steps (%.1f s)\n",
           (unsigned long long)(team->confirmed - sum->confirmed),
           (unsigned long long)(team->refuted - sum->refuted),
           (unsigned long long)(team->acts - sum->acts), sum->team_seconds);
    fflush(stdout);
    *sum = (phase){.acts = team->acts, .confirmed = team->confirmed, .refuted = team->refuted};
}

static int64_t clock_now(void *ctx)
{
    return atomic_load(&((demo *)ctx)->now_ms);
}

// Three weeks, then a training on the team's verdicts; a fourth week and a second training, so that
// a challenger scores beside the champion; and the rest.
static tw_status live_month(demo *d, twi_team *team, tw_err *err)
{
    const uint64_t trainings[] = {d->days * 3 / 5, d->days * 4 / 5};
    phase sum = {0};
    for (uint64_t day = 1; day <= d->days; day++) {
        int64_t until_ms = (d->first_day + (int64_t)day) * TW_DAY_MS;
        atomic_store(&d->now_ms, until_ms);
        TW_TRY(import_day(d, day, &sum, err));
        uint64_t start = tw_monotonic_ns();
        TW_TRY(twi_team_work(team, until_ms, err));
        sum.team_seconds += (double)(tw_monotonic_ns() - start) / 1e9;
        for (size_t i = 0; i < TW_COUNT(trainings); i++) {
            if (day != trainings[i])
                continue;
            end_phase(&sum, team);
            TW_TRY(twi_judge_train(d->place.service, i + 1, err));
        }
    }
    end_phase(&sum, team);
    return TW_OK;
}

static tw_status import_history(demo *d, tw_err *err)
{
    twi_place_settings settings = {.zone = "America/New_York", .currency = "USD"};
    const tw_clock clock = {clock_now, d};
    int64_t first_ms = d->first_day * TW_DAY_MS;
    twi_judge judge;
    twi_team team = {.plan_n = 0};
    atomic_store(&d->now_ms, first_ms);
    TW_TRY(twi_place_create(d->data, &settings, err));
    TW_TRY(twi_place_open(&d->place, d->data, false, err));
    tw_service_options options = twi_place_options(&d->place, TW_SERVICE_IMPORT);
    options.clock = &clock;
    TW_TRY(tw_service_open(&options, &d->place.service, err));
    tw_status status = twi_judge_open(&judge, d->sim, err);
    if (status == TW_OK)
        status = twi_team_open(&team, &judge, d->place.service, first_ms,
                               first_ms + (int64_t)d->days * TW_DAY_MS, &d->now_ms, err);
    puts("A month of the stores and of the team");
    fflush(stdout);
    if (status == TW_OK)
        status = live_month(d, &team, err);
    twi_team_close(&team);
    twi_judge_close(&judge);
    // It borrows the clock.
    tw_service_close(d->place.service);
    d->place.service = NULL;
    if (status == TW_OK)
        status = twi_people_make(&d->place.access, &d->place.password, first_ms, err);
    return status;
}

// --- the live day
// ---------------------------------------------------------------------------------

static void pause_until(demo *d, uint64_t start_ns, double seconds)
{
    while (!atomic_load(&d->is_stopping)) {
        double left = seconds - (double)(tw_monotonic_ns() - start_ns) / 1e9;
        if (left <= 0)
            return;
        struct timespec pause = {.tv_nsec = (long)(1e9 * TW_MIN(left, 0.1))};
        nanosleep(&pause, NULL);
    }
}

static tw_status send_day(demo *d, twi_post *post, tw_err *err)
{
    uint64_t start = tw_monotonic_ns();
    twi_progress progress;
    twi_progress_begin(&progress, "live day", !d->is_once);
    for (size_t i = 0; i < d->feed.part_n && !atomic_load(&d->is_stopping); i++) {
        const twi_feed_part *part = &d->feed.parts_own[i];
        tw_str lines = {(const char *)d->feed.bytes.data_own + part->at, part->bytes};
        if (!d->is_once)
            pause_until(d, start, LIVE_SECONDS * (double)i / (double)d->feed.part_n);
        TW_TRY(twi_post_send(post, part->path, lines, NULL, err));
        d->sent += part->line_n;
        twi_progress_show(&progress, (double)i / (double)d->feed.part_n, d->sent, "records");
    }
    twi_progress_end(&progress);
    return TW_OK;
}

static void *live_main(void *ctx)
{
    demo *d = ctx;
    twi_post *post;
    d->live_status = twi_post_new(d->url, d->token, &post, &d->live_err);
    if (d->live_status == TW_OK) {
        d->live_status = send_day(d, post, &d->live_err);
        twi_post_free(post);
    }
    char n[32];
    if (d->live_status != TW_OK)
        fprintf(stderr, "tillwatch demo: the live day stopped: %s\n", d->live_err.text);
    else if (!atomic_load(&d->is_stopping))
        printf("The live day is in: %s records over HTTP\n", twi_thousands(d->sent, n));
    fflush(stdout);
    return NULL;
}

static tw_status start_live(demo *d, tw_err *err)
{
    const tw_clock *clock = tw_clock_system();
    char id[TW_SECRET_BYTES];
    if (d->feed.part_n == 0)
        return TW_OK;
    const tw_token_request token = {.name = TW_STR("demo"), .rights = TW_RIGHT_INGEST};
    TW_TRY(tw_access_token_new(&d->place.access, &token, clock->now_ms(clock->ctx), id, d->token,
                               err));
    d->has_live = pthread_create(&d->live, NULL, live_main, d) == 0;
    return d->has_live ? TW_OK : tw_fail(err, TW_NO_MEMORY, "no thread for the live day");
}

static tw_status print_counts(demo *d, tw_err *err)
{
    tw_arena arena;
    tw_summary s;
    char a[32], b[32], money[TWI_MONEY_BYTES];
    tw_service_stats stats;
    tw_arena_init(&arena, tw_alloc_system(), 0, (size_t)64 << 20);
    tw_status status = tw_query_summary(d->place.service, &arena, &s);
    tw_service_stats_get(d->place.service, &stats);
    if (status != TW_OK)
        tw_fail(err, status, "the figures cannot be read");
    else
        printf("%s transactions, %s facts, %llu stores, %llu employees, %llu alerts open (%s), "
               "model %.*s\n",
               twi_thousands(s.transactions, a), twi_thousands(s.facts, b),
               (unsigned long long)s.stores, (unsigned long long)s.employees,
               (unsigned long long)s.alerts_open, twi_money(s.exposure_open, money),
               TW_STR_ARG(s.model.model_id));
    tw_arena_release(&arena);
    return status;
}

// --- the command
// ----------------------------------------------------------------------------------

static tw_status serve_until_done(demo *d, const sigset_t *signals, tw_err *err)
{
    char listen[64];
    tw_http *http;
    snprintf(listen, sizeof(listen), "127.0.0.1:%llu", (unsigned long long)d->port);
    TW_TRY(twi_place_serve(&d->place, TW_SERVICE_LIVE, err));
    TW_TRY(twi_lake_thread_start(&d->place, err));
    tw_status status = twi_serve_start(&d->place, listen, 0, &http, err);
    if (status != TW_OK) {
        twi_lake_thread_stop(&d->place);
        return status;
    }
    snprintf(d->url, sizeof(d->url), "%s", tw_http_url(http));
    printf("Listening on %s\n", d->url);
    puts("Sign in as maria (manager), ana, ben, chen or dora (analysts), sam (administrator) or "
         "rita (only reads);\nthe password is " TWI_DEMO_PASSWORD);
    fflush(stdout);
    status = start_live(d, err);
    if (status == TW_OK && !d->is_once) {
        int number;
        while (sigwait(signals, &number) != 0)
            continue;
        atomic_store(&d->is_stopping, true);
    }
    if (d->has_live) {
        pthread_join(d->live, NULL);
        if (status == TW_OK && d->live_status != TW_OK && d->is_once) {
            status = d->live_status;
            *err = d->live_err;
        }
    }
    if (status == TW_OK)
        status = print_counts(d, err);
    tw_http_stop(http);
    twi_lake_thread_stop(&d->place);
    return status;
}

static tw_status run(demo *d, tw_err *err)
{
    sigset_t signals;
    TW_TRY(choose_directory(d, err));
    if (is_complete(d)) {
        printf("Using what an earlier run left in %s\n", d->dir);
    } else {
        TW_TRY(make_history(d, err));
        TW_TRY(import_history(d, err));
        twi_place_close(&d->place);
        TW_TRY(mark_complete(d, err));
    }
    if (!d->is_once)
        twi_block_signals(&signals);
    TW_TRY(twi_place_open(&d->place, d->data, false, err));
    return serve_until_done(d, &signals, err);
}

int twi_cmd_demo(int argc, char **argv)
{
    static demo d = {.stores = 60, .days = 35, .port = UINT64_MAX};
    const twi_option table[] = {
        {"--once", TWI_FLAG, &d.is_once}, {"--stores", TWI_COUNT, &d.stores},
        {"--days", TWI_COUNT, &d.days},   {"--port", TWI_COUNT, &d.port},
        {"--dir", TWI_TEXT, &d.dir},      {"--end", TWI_TEXT, &d.end},
    };
    twi_command_line line = {
        .command = "demo", .help = help, .options = table, .option_n = TW_COUNT(table)};
    int exit_status;
    if (!twi_parse(&line, argc, argv, &exit_status))
        return exit_status;
    if (d.stores < 1 || d.stores > 9999 || d.days < 1 || d.days > 3650)
        return twi_usage("demo", "1 to 9999 stores and 1 to 3650 days");
    const tw_clock *clock = tw_clock_system();
    int32_t end_day = (int32_t)(clock->now_ms(clock->ctx) / TW_DAY_MS) - 1;
    if (d.end && !tw_date_parse(tw_str_from(d.end), &end_day))
        return twi_usage("demo", "--end is a date such as 2026-01-31");
    d.first_day = end_day - (int32_t)d.days;
    if (d.port == UINT64_MAX)
        d.port = d.is_once ? 0 : 8080;
    tw_err err = {0};
    twi_feed_init(&d.feed);
    tw_status status = run(&d, &err);
    twi_place_close(&d.place);
    twi_feed_release(&d.feed);
    if (d.temporary[0] != '\0') {
        tw_err ignored = {0};
        if (twi_remove_tree(d.temporary, &ignored) != TW_OK)
            fprintf(stderr, "tillwatch demo: %s\n", ignored.text);
    }
    return status == TW_OK ? twi_flush("demo") : twi_failed("demo", &err);
}
