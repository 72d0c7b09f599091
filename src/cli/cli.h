// SPDX-License-Identifier: Apache-2.0
//
// What the commands share: options, the data directory, progress, and errors in one sentence. The
// commands are the only place that prints, exits, and chooses adapters.
//
// Exit status of every command: 0 done, 1 failed, 2 wrong usage.
#ifndef TWI_CLI_H
#define TWI_CLI_H

#include <stdio.h>

#include "base/alloc.h"
#include "base/str.h"

#define TWI_EXIT_OK 0
#define TWI_EXIT_FAILED 1
#define TWI_EXIT_USAGE 2

// --- options
// --------------------------------------------------------------------------------------

typedef enum twi_option_kind {
    TWI_FLAG,   // bool
    TWI_TEXT,   // const char *
    TWI_COUNT,  // uint64_t
    TWI_NUMBER, // double
    TWI_TIME,   // int64_t, UTC ms: RFC 3339, a date, or a date and time in UTC
} twi_option_kind;

typedef struct twi_option {
    const char *name; // "--out"
    twi_option_kind kind;
    void *to;
} twi_option;

typedef struct twi_command_line {
    const char *command; // for messages
    const char *help;
    const twi_option *options;
    size_t option_n;
    size_t argument_min, argument_max; // positional arguments
    const char *arguments;             // what they are, for messages
    // Out: views into argv, permuted to its front.
    char **argv;
    size_t argc;
} twi_command_line;

// Reads "--name value", "--name=value", flags, "--" and positional arguments; argv[0] is the
// command. False when the command must end with *exit_status (help was printed, or a usage error).
bool twi_parse(twi_command_line *line, int argc, char **argv, int *exit_status);

// "tillwatch COMMAND: text" on standard error; gives the exit status 1, or 2 for twi_usage.
int twi_failed(const char *command, const tw_err *err);
int twi_usage(const char *command, const char *format, ...) TW_PRINTF(2, 3);

// --- progress
// -------------------------------------------------------------------------------------

typedef struct twi_progress {
    const char *what; // "import"
    bool is_terminal, is_quiet;
    uint64_t started_ns, shown_ns;
    bool was_shown;
} twi_progress;

void twi_progress_begin(twi_progress *progress, const char *what, bool is_quiet);
// A bar on a terminal, else a line every few seconds once it takes long. share 0..1, NaN = unknown.
void twi_progress_show(twi_progress *progress, double share, uint64_t n, const char *unit);
void twi_progress_end(twi_progress *progress);
double twi_progress_seconds(const twi_progress *progress);

// --- text
// -----------------------------------------------------------------------------------------

void twi_put_csv(FILE *out, tw_str s);  // with quotes where they are needed
void twi_put_json(FILE *out, tw_str s); // a JSON string
// "1,234,567" into out[32].
char *twi_thousands(uint64_t n, char out[32]);

// --- commands: argv[0] is the command's name
// ------------------------------------------------------

int twi_cmd_alerts(int argc, char **argv);
int twi_cmd_backtest(int argc, char **argv);
int twi_cmd_bench(int argc, char **argv);
int twi_cmd_cases(int argc, char **argv);
int twi_cmd_demo(int argc, char **argv);
int twi_cmd_doctor(int argc, char **argv);
int twi_cmd_evaluate(int argc, char **argv);
int twi_cmd_import(int argc, char **argv);
int twi_cmd_init(int argc, char **argv);
int twi_cmd_lake(int argc, char **argv);
int twi_cmd_models(int argc, char **argv);
int twi_cmd_rebuild(int argc, char **argv);
int twi_cmd_score(int argc, char **argv);
int twi_cmd_serve(int argc, char **argv);
int twi_cmd_simulate(int argc, char **argv);
int twi_cmd_train(int argc, char **argv);
int twi_cmd_users(int argc, char **argv);
int twi_cmd_verdicts(int argc, char **argv);
int twi_cmd_version(int argc, char **argv);

#endif
