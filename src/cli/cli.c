// SPDX-License-Identifier: Apache-2.0
//
// Options, progress and text output of the commands.
#include "cli.h"

#include <math.h>
#include <stdarg.h>
#include <unistd.h>

#include "base/time.h"

// --- options
// --------------------------------------------------------------------------------------

int twi_failed(const char *command, const tw_err *err)
{
    fprintf(stderr, "tillwatch %s: %s\n", command,
            err->text[0] ? err->text : tw_status_text(err->status));
    return TWI_EXIT_FAILED;
}

int twi_usage(const char *command, const char *format, ...)
{
    char text[512];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    fprintf(stderr, "tillwatch %s: %s; see tillwatch %s --help\n", command, text, command);
    return TWI_EXIT_USAGE;
}

static const twi_option *find_option(const twi_command_line *line, tw_str name)
{
    for (size_t i = 0; i < line->option_n; i++)
        if (tw_str_equal(tw_str_from(line->options[i].name), name))
            return &line->options[i];
    return NULL;
}

static bool take_value(const twi_option *option, const char *text)
{
    int64_t count;
    int16_t offset;
    switch (option->kind) {
    case TWI_FLAG:
        return false;
    case TWI_TEXT:
        *(const char **)option->to = text;
        return true;
    case TWI_COUNT:
        if (!tw_str_to_i64(tw_str_from(text), &count) || count < 0)
            return false;
        *(uint64_t *)option->to = (uint64_t)count;
        return true;
    case TWI_NUMBER:
        return tw_str_to_f64(tw_str_from(text), option->to);
    case TWI_TIME:
        return tw_time_parse(tw_str_from(text), option->to, &offset);
    }
    return false;
}

// One argument that starts with "--". False on a usage error, which is then told.
static bool take_option(const twi_command_line *line, int argc, char **argv, int *i)
{
    const char *equals = strchr(argv[*i], '=');
    tw_str name = equals ? (tw_str){argv[*i], (size_t)(equals - argv[*i])} : tw_str_from(argv[*i]);
    const twi_option *option = find_option(line, name);
    if (!option) {
        twi_usage(line->command, "there is no option %.*s", TW_STR_ARG(name));
        return false;
    }
    if (option->kind == TWI_FLAG) {
        *(bool *)option->to = true;
        if (equals)
            twi_usage(line->command, "%s takes no value", option->name);
        return !equals;
    }
    const char *value = equals ? equals + 1 : *i + 1 < argc ? argv[++*i] : NULL;
    if (!value)
        twi_usage(line->command, "%s needs a value", option->name);
    else if (!take_value(option, value))
        twi_usage(line->command, "\"%s\" is no value for %s", value, option->name);
    else
        return true;
    return false;
}

bool twi_parse(twi_command_line *line, int argc, char **argv, int *exit_status)
{
    bool only_arguments = false;
    line->argv = argv + 1;
    line->argc = 0;
    *exit_status = TWI_EXIT_USAGE;
    for (int i = 1; i < argc; i++) {
        bool is_option = !only_arguments && argv[i][0] == '-' && argv[i][1] != '\0';
        if (is_option && (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0)) {
            fputs(line->help, stdout);
            *exit_status = TWI_EXIT_OK;
            return false;
        }
        if (is_option && strcmp(argv[i], "--") == 0)
            only_arguments = true;
        else if (is_option && !take_option(line, argc, argv, &i))
            return false;
        else if (!is_option)
            line->argv[line->argc++] = argv[i];
    }
    if (line->argc < line->argument_min || line->argc > line->argument_max) {
        if (line->argc < line->argument_min)
            twi_usage(line->command, "%s missing", line->arguments);
        else
            twi_usage(line->command, "\"%s\" is one argument too many",
                      line->argv[line->argument_max]);
        return false;
    }
    *exit_status = TWI_EXIT_OK;
    return true;
}

// --- progress
// -------------------------------------------------------------------------------------

#define FIRST_SHOWN_NS UINT64_C(1000000000)
#define BAR_EVERY_NS UINT64_C(100000000)
#define LINE_EVERY_NS UINT64_C(5000000000)
#define BAR_WIDTH 28

void twi_progress_begin(twi_progress *progress, const char *what, bool is_quiet)
{
    *progress = (twi_progress){.what = what,
                               .is_terminal = isatty(STDERR_FILENO) == 1,
                               .is_quiet = is_quiet,
                               .started_ns = tw_monotonic_ns()};
    progress->shown_ns = progress->started_ns;
}

double twi_progress_seconds(const twi_progress *progress)
{
    return (double)(tw_monotonic_ns() - progress->started_ns) / 1e9;
}

static void draw_bar(double share, uint64_t n, double rate, const char *unit)
{
    char bar[BAR_WIDTH + 1], count[32], per_second[32];
    int filled = isnan(share) ? 0 : (int)(share * BAR_WIDTH);
    for (int i = 0; i < BAR_WIDTH; i++)
        bar[i] = i < filled ? '#' : '.';
    bar[BAR_WIDTH] = '\0';
    fprintf(stderr, "\r[%s] ", bar);
    if (!isnan(share))
        fprintf(stderr, "%3.0f %%  ", 100 * share);
    fprintf(stderr, "%s %s  %s/s ", twi_thousands(n, count), unit,
            twi_thousands((uint64_t)rate, per_second));
}

void twi_progress_show(twi_progress *progress, double share, uint64_t n, const char *unit)
{
    uint64_t now = tw_monotonic_ns();
    uint64_t every = progress->is_terminal ? BAR_EVERY_NS : LINE_EVERY_NS;
    if (progress->is_quiet || now - progress->started_ns < FIRST_SHOWN_NS ||
        now - progress->shown_ns < every)
        return;
    progress->shown_ns = now;
    progress->was_shown = true;
    double rate = (double)n / twi_progress_seconds(progress);
    char count[32], per_second[32];
    if (progress->is_terminal)
        draw_bar(share, n, rate, unit);
    else if (isnan(share))
        fprintf(stderr, "%s: %s %s, %s/s\n", progress->what, twi_thousands(n, count), unit,
                twi_thousands((uint64_t)rate, per_second));
    else
        fprintf(stderr, "%s: %.0f %%, %s %s, %s/s\n", progress->what, 100 * share,
                twi_thousands(n, count), unit, twi_thousands((uint64_t)rate, per_second));
}

void twi_progress_end(twi_progress *progress)
{
    if (progress->is_terminal && progress->was_shown)
        fputs("\r\033[K", stderr);
}

// --- text
// -----------------------------------------------------------------------------------------

void twi_put_csv(FILE *out, tw_str s)
{
    bool needs_quotes = false;
    for (size_t i = 0; i < s.bytes; i++)
        needs_quotes =
            needs_quotes || s.at[i] == ',' || s.at[i] == '"' || s.at[i] == '\n' || s.at[i] == '\r';
    if (!needs_quotes) {
        fwrite(s.at ? s.at : "", 1, s.bytes, out);
        return;
    }
    putc('"', out);
    for (size_t i = 0; i < s.bytes; i++) {
        if (s.at[i] == '"')
            putc('"', out);
        putc(s.at[i], out);
    }
    putc('"', out);
}

void twi_put_json(FILE *out, tw_str s)
{
    putc('"', out);
    for (size_t i = 0; i < s.bytes; i++) {
        unsigned char c = (unsigned char)s.at[i];
        if (c == '"' || c == '\\')
            fprintf(out, "\\%c", c);
        else if (c < 0x20)
            fprintf(out, "\\u%04x", c);
        else
            putc(c, out);
    }
    putc('"', out);
}

char *twi_thousands(uint64_t n, char out[32])
{
    char digits[24];
    int len = snprintf(digits, sizeof(digits), "%llu", (unsigned long long)n), at = 0;
    for (int i = 0; i < len; i++) {
        if (i > 0 && (len - i) % 3 == 0)
            out[at++] = ',';
        out[at++] = digits[i];
    }
    out[at] = '\0';
    return out;
}
