// SPDX-License-Identifier: Apache-2.0
//
// tillwatch simulate: writes a seeded chain's records as files, with labels. The model lives in
// src/simulate; here are the options, the files, the progress and the summary.
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/str.h"
#include "base/time.h"
#include "simulate/simulate.h"

int twi_cmd_simulate(int argc, char **argv);

enum { PATH_BYTES = 4096 };

static const char usage_text[] =
    "Usage: tillwatch simulate --out DIR [options]\n"
    "\n"
    "Writes the records of a simulated retail chain, in order of arrival, with labels of what is theft:\n"
    "transactions.ndjson, movements.ndjson, shifts.ndjson, labels.csv, stores.csv.\n"
    "\n"
    "  --out DIR            where to write; made when missing\n"
    "  --stores N           stores, 1 to 9999 (default 20)\n"
    "  --days D             days, 1 to 3660 (default 28)\n"
    "  --seed S             same seed and options, same bytes (default 1)\n"
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

typedef struct command {
    tw_simulate_options options;
    const char *out;
    bool is_quiet, is_json, is_help;
} command;

typedef struct files {
    int fd[TW_SIMULATE_OUTPUTS];
    const char *dir;
    bool shows_progress;
    uint64_t started_ns, shown_ns;
    uint64_t bytes;
} files;

static bool parse_u64(const char *text, uint64_t *out)
{
    int64_t value = 0;
    if (!tw_str_to_i64(tw_str_from(text), &value) || value < 0)
        return false;
    *out = (uint64_t)value;
    return true;
}

static bool parse_count(const char *text, uint32_t *out)
{
    uint64_t value = 0;
    if (!parse_u64(text, &value) || value > UINT32_MAX)
        return false;
    *out = (uint32_t)value;
    return true;
}

static bool parse_valued(command *c, const char *name, const char *value)
{
    tw_simulate_options *o = &c->options;
    if (strcmp(name, "--stores") == 0)
        return parse_count(value, &o->stores);
    if (strcmp(name, "--days") == 0)
        return parse_count(value, &o->days);
    if (strcmp(name, "--seed") == 0)
        return parse_u64(value, &o->seed);
    if (strcmp(name, "--start") == 0)
        return tw_date_parse(tw_str_from(value), &o->start_day);
    if (strcmp(name, "--fraud-rate") == 0)
        return tw_str_to_f64(tw_str_from(value), &o->fraud_rate);
    if (strcmp(name, "--duplicate-rate") == 0)
        return tw_str_to_f64(tw_str_from(value), &o->duplicate_rate);
    if (strcmp(name, "--currency") == 0) {
        tw_str_copy(tw_str_from(value), o->currency, sizeof(o->currency));
        return strlen(value) == 3;
    }
    c->out = value;
    return value[0] != '\0';
}

static bool takes_value(const char *name)
{
    static const char *const names[] = {"--stores",     "--days",           "--seed",
                                        "--start",      "--fraud-rate",     "--duplicate-rate",
                                        "--currency",   "--out"};
    for (size_t i = 0; i < TW_COUNT(names); i++)
        if (strcmp(name, names[i]) == 0)
            return true;
    return false;
}

static bool parse_switch(command *c, const char *name)
{
    if (strcmp(name, "--eleven-columns") == 0)
        c->options.eleven_columns = true;
    else if (strcmp(name, "--quiet") == 0)
        c->is_quiet = true;
    else if (strcmp(name, "--json") == 0)
        c->is_json = true;
    else if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0)
        c->is_help = true;
    else
        return false;
    return true;
}

static int usage_error(const char *what, const char *argument)
{
    fprintf(stderr, "tillwatch simulate: %s \"%s\"; see tillwatch simulate --help\n", what,
            argument);
    return 2;
}

// 0, or the exit status of a usage error. Accepts "--name value" and "--name=value".
static int parse_command(int argc, char **argv, command *c)
{
    tw_simulate_options_init(&c->options);
    for (int i = 1; i < argc; i++) {
        char name[32];
        const char *equals = strchr(argv[i], '=');
        size_t bytes = equals ? (size_t)(equals - argv[i]) : strlen(argv[i]);
        tw_str_copy((tw_str){argv[i], bytes}, name, sizeof(name));
        if (!takes_value(name)) {
            if (equals || !parse_switch(c, argv[i]))
                return usage_error("unknown option", argv[i]);
            continue;
        }
        const char *value = equals ? equals + 1 : i + 1 < argc ? argv[++i] : NULL;
        if (!value)
            return usage_error("a value is missing after", name);
        if (!parse_valued(c, name, value))
            return usage_error("not a valid value", value);
    }
    if (!c->out && !c->is_help)
        return usage_error("say where to write with", "--out DIR");
    return 0;
}

// --- files ---------------------------------------------------------------------------------------------

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

static tw_status open_files(files *f, const command *c, tw_err *err)
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
    uint64_t now_ns = tw_monotonic_ns();
    bool is_early = now_ns - f->started_ns < UINT64_C(1000000000);
    if (!f->shows_progress || is_early || now_ns - f->shown_ns < UINT64_C(100000000))
        return;
    f->shown_ns = now_ns;
    enum { WIDTH = 30 };
    char bar[WIDTH + 1];
    for (uint64_t i = 0; i < WIDTH; i++)
        bar[i] = i * all < done * WIDTH ? '#' : '.';
    bar[WIDTH] = '\0';
    fprintf(stderr, "\r[%s] %3d %%  %llu transactions", bar, (int)(done * 100 / all),
            (unsigned long long)transactions);
}

// --- summary -------------------------------------------------------------------------------------------

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

static tw_status run(const command *c, files *f, tw_simulate_summary *summary, tw_err *err)
{
    tw_simulate_sink sink = {write_file, show_progress, f};
    tw_status status = open_files(f, c, err);
    if (status == TW_OK)
        status = tw_simulate(tw_alloc_system(), &c->options, &sink, summary, err);
    tw_status closed = close_files(f, status == TW_OK ? err : NULL);
    if (f->shown_ns)
        fprintf(stderr, "\r\033[K");
    return status == TW_OK ? closed : status;
}

int twi_cmd_simulate(int argc, char **argv)
{
    command c = {0};
    int usage = parse_command(argc, argv, &c);
    if (usage != 0)
        return usage;
    if (c.is_help) {
        fputs(usage_text, stdout);
        return 0;
    }
    files f = {.started_ns = tw_monotonic_ns(),
               .shows_progress = !c.is_quiet && isatty(STDERR_FILENO)};
    tw_simulate_summary summary;
    tw_err err = {0};
    tw_status status = run(&c, &f, &summary, &err);
    if (status != TW_OK) {
        fprintf(stderr, "tillwatch simulate: %s\n", err.text);
        return status == TW_INVALID ? 2 : 1;
    }
    double seconds = (double)(tw_monotonic_ns() - f.started_ns) / 1e9;
    if (c.is_json)
        print_json(&summary, &f, seconds);
    else if (!c.is_quiet)
        print_text(&summary, &f, seconds);
    return fflush(stdout) == 0 ? 0 : 1;
}
