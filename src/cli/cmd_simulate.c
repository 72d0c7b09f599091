// SPDX-License-Identifier: Apache-2.0
//
// tillwatch simulate: writes a seeded chain's records as files, with labels. The model lives in
// src/simulate; here are the options, the files, the progress and the summary.
#include "cli.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/time.h"
#include "simulate/simulate.h"

enum { PATH_BYTES = 4096 };

static const char help[] =
    "Usage: tillwatch simulate --out DIR [options]\n"
    "\n"
    "Writes the records of a simulated retail chain, in order of arrival, with labels of what is "
    "theft:\n"
    "transactions.ndjson, movements.ndjson, shifts.ndjson, labels.csv, stores.csv.\n"
    "\n"
    "  --out DIR            where to write; made when missing\n"
    "  --stores N           stores, 1 to 9999 (default 20)\n"
    "  --days D             days, 1 to 3660 (default 28)\n"
    "  --seed S             same seed and options, same bytes (default 1)\n"
    "  --habits N           another chain's habits, honest and dishonest, drawn from N (default 0: "
    "the\n"
    "                       ordinary chain)\n"
    "  --start YYYY-MM-DD   first day (default 2026-01-05)\n"
    "  --currency CODE      a currency with two decimals (default USD)\n"
    "  --fraud-rate R       share of employees who steal at some time, 0 to 0.25 (default 0.025)\n"
    "  --duplicate-rate R   share of transactions that are delivered twice (default 0)\n"
    "  --eleven-columns     also write transactions.csv with the eleven required columns alone\n"
    "  --json               print the summary as JSON\n"
    "  --quiet              print nothing but errors\n"
    "\n"
    "Example:\n"
    "  tillwatch simulate --stores 50 --days 35 --seed 7 --out sim\n";

typedef struct request {
    tw_simulate_options options;
    const char *out;
    bool is_quiet, is_json;
} request;

typedef struct files {
    int fd[TW_SIMULATE_OUTPUTS];
    const char *dir;
    uint64_t bytes;
    twi_progress progress;
} files;

// False when the command must end with *exit_status.
static bool read_request(int argc, char **argv, request *r, int *exit_status)
{
    tw_simulate_options *o = &r->options;
    tw_simulate_options_init(o);
    const char *start = NULL, *currency = o->currency, *unused_data = NULL;
    uint64_t stores = o->stores, days = o->days;
    const twi_option options[] = {
        {"--out", TWI_TEXT, &r->out},
        {"--stores", TWI_COUNT, &stores},
        {"--days", TWI_COUNT, &days},
        {"--seed", TWI_COUNT, &o->seed},
        {"--habits", TWI_COUNT, &o->habits},
        {"--start", TWI_TEXT, &start},
        {"--currency", TWI_TEXT, &currency},
        {"--fraud-rate", TWI_NUMBER, &o->fraud_rate},
        {"--duplicate-rate", TWI_NUMBER, &o->duplicate_rate},
        {"--eleven-columns", TWI_FLAG, &o->eleven_columns},
        {"--json", TWI_FLAG, &r->is_json},
        {"--quiet", TWI_FLAG, &r->is_quiet},
        {"--data", TWI_TEXT, &unused_data}, // every command takes it
    };
    twi_command_line line = {
        .command = argv[0], .help = help, .options = options, .option_n = TW_COUNT(options)};
    if (!twi_parse(&line, argc, argv, exit_status))
        return false;
    *exit_status = TWI_EXIT_USAGE;
    if (start && !tw_date_parse(tw_str_from(start), &o->start_day)) {
        twi_usage(argv[0], "\"%s\" is no date like 2026-01-05", start);
        return false;
    }
    if (strlen(currency) != 3) {
        twi_usage(argv[0], "\"%s\" is no currency like USD", currency);
        return false;
    }
    if (!r->out || r->out[0] == '\0') {
        twi_usage(argv[0], "say where to write with --out DIR");
        return false;
    }
    memmove(o->currency, currency, sizeof(o->currency));
    o->stores = (uint32_t)TW_MIN(stores, UINT32_MAX);
    o->days = (uint32_t)TW_MIN(days, UINT32_MAX);
    return true;
}

// --- files -------------------------------------------------------------------------------------

static tw_status make_directories(const char *dir, tw_err *err)
{
    char path[PATH_BYTES];
    size_t bytes = strlen(dir);
    if (bytes + 32 > sizeof(path))
        return tw_fail(err, TW_LIMIT, "the path of the output directory is too long");
    memcpy(path, dir, bytes + 1);
    for (size_t i = 1; i <= bytes; i++) {
        if (path[i] != '/' && path[i] != '\0')
            continue;
        char kept = path[i];
        path[i] = '\0';
        if (mkdir(path, 0777) != 0 && errno != EEXIST)
            return tw_fail_errno(err, "cannot make directory %.150s", path);
        path[i] = kept;
    }
    return TW_OK;
}

static tw_status open_files(files *f, const request *c, tw_err *err)
{
    for (int i = 0; i < TW_SIMULATE_OUTPUTS; i++)
        f->fd[i] = -1;
    f->dir = c->out;
    TW_TRY(make_directories(c->out, err));
    for (int i = 0; i < TW_SIMULATE_OUTPUTS; i++) {
        char path[PATH_BYTES];
        if (i == TW_SIMULATE_COLUMNS && !c->options.eleven_columns)
            continue;
        snprintf(path, sizeof(path), "%s/%s", c->out,
                 tw_simulate_output_name((tw_simulate_output)i));
        f->fd[i] = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
        if (f->fd[i] < 0)
            return tw_fail_errno(err, "cannot write %.150s", path);
    }
    return TW_OK;
}

static tw_status close_files(files *f, tw_err *err)
{
    tw_status status = TW_OK;
    for (int i = 0; i < TW_SIMULATE_OUTPUTS; i++)
        if (f->fd[i] >= 0 && close(f->fd[i]) != 0 && status == TW_OK)
            status = tw_fail_errno(err, "cannot finish %s",
                                   tw_simulate_output_name((tw_simulate_output)i));
    return status;
}

static tw_status write_file(void *ctx, tw_simulate_output output, const void *data, size_t bytes,
                            tw_err *err)
{
    files *f = ctx;
    const char *at = data;
    f->bytes += bytes;
    while (bytes > 0) {
        ssize_t n = write(f->fd[output], at, bytes);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return tw_fail_errno(err, "cannot write %s in %.120s", tw_simulate_output_name(output),
                                 f->dir);
        at += n;
        bytes -= (size_t)n;
    }
    return TW_OK;
}

static void show_progress(void *ctx, uint64_t done, uint64_t all, uint64_t transactions)
{
    files *f = ctx;
    twi_progress_show(&f->progress, (double)done / (double)all, transactions, "transactions");
}

// --- summary -----------------------------------------------------------------------------------

static void print_json(const tw_simulate_summary *s, const files *f, double seconds)
{
    printf("{\"transactions\":%llu,\"movements\":%llu,\"shifts\":%llu,\"duplicates\":%llu,"
           "\"employees\":%llu,\"thieves\":%llu,\"rings\":%llu,\"bytes\":%llu,\"seconds\":%.3f,"
           "\"fraud\":%llu,\"loss\":%.2f,\"schemes\":{",
           (unsigned long long)s->transactions, (unsigned long long)s->movements,
           (unsigned long long)s->shifts, (unsigned long long)s->duplicates,
           (unsigned long long)s->employees, (unsigned long long)s->thieves,
           (unsigned long long)s->rings, (unsigned long long)f->bytes, seconds,
           (unsigned long long)s->fraud_n[0], (double)s->fraud_loss_minor[0] / 100.0);
    for (int i = 1; i < TW_SIMULATE_SCHEME_N; i++)
        printf("%s\"%s\":{\"transactions\":%llu,\"loss\":%.2f}", i > 1 ? "," : "",
               tw_simulate_scheme_name((tw_simulate_scheme)i), (unsigned long long)s->fraud_n[i],
               (double)s->fraud_loss_minor[i] / 100.0);
    printf("}}\n");
}

static void print_text(const tw_simulate_summary *s, const files *f, double seconds)
{
    printf("%llu transactions, %llu movements, %llu shift events in %.2f s (%.0f MB) in %s\n",
           (unsigned long long)s->transactions, (unsigned long long)s->movements,
           (unsigned long long)s->shifts, seconds, (double)f->bytes / 1e6, f->dir);
    printf("%llu employees, %llu thieves, %llu return rings: %llu transactions of theft (%.2f %%), "
           "loss %.2f\n",
           (unsigned long long)s->employees, (unsigned long long)s->thieves,
           (unsigned long long)s->rings, (unsigned long long)s->fraud_n[0],
           s->transactions ? 100.0 * (double)s->fraud_n[0] / (double)s->transactions : 0.0,
           (double)s->fraud_loss_minor[0] / 100.0);
    for (int i = 1; i < TW_SIMULATE_SCHEME_N; i++)
        printf("  %-24s %6llu  %12.2f\n", tw_simulate_scheme_name((tw_simulate_scheme)i),
               (unsigned long long)s->fraud_n[i], (double)s->fraud_loss_minor[i] / 100.0);
}

static tw_status run(const request *r, files *f, tw_simulate_summary *summary, tw_err *err)
{
    tw_simulate_sink sink = {write_file, show_progress, f};
    tw_status status = open_files(f, r, err);
    if (status == TW_OK)
        status = tw_simulate(tw_alloc_system(), &r->options, &sink, summary, err);
    tw_status closed = close_files(f, status == TW_OK ? err : NULL);
    return status == TW_OK ? closed : status;
}

int twi_cmd_simulate(int argc, char **argv)
{
    request r = {.out = NULL};
    int exit_status = TWI_EXIT_OK;
    if (!read_request(argc, argv, &r, &exit_status))
        return exit_status;
    files f = {.bytes = 0};
    tw_simulate_summary summary;
    tw_err err = {0};
    twi_progress_begin(&f.progress, argv[0], r.is_quiet);
    tw_status status = run(&r, &f, &summary, &err);
    twi_progress_end(&f.progress);
    if (status == TW_INVALID)
        return twi_usage(argv[0], "%s", err.text);
    if (status != TW_OK)
        return twi_failed(argv[0], &err);
    double seconds = twi_progress_seconds(&f.progress);
    if (r.is_json)
        print_json(&summary, &f, seconds);
    else if (!r.is_quiet)
        print_text(&summary, &f, seconds);
    return fflush(stdout) == 0 ? TWI_EXIT_OK : TWI_EXIT_FAILED;
}
