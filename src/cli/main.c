// SPDX-License-Identifier: Apache-2.0
//
// tillwatch: finds the command and runs it.
#include "cli.h"

#include <signal.h>
#include <stdlib.h>

typedef struct command {
    const char *name;
    int (*run)(int argc, char **argv);
    const char *what;
} command;

static const command commands[] = {
    {"demo", twi_cmd_demo, "a simulated chain, end to end, in a minute"},
    {"init", twi_cmd_init, "make a data directory"},
    {"import", twi_cmd_import, "records of files into the journal, scored"},
    {"simulate", twi_cmd_simulate, "write the records of a simulated chain"},
    {"serve", twi_cmd_serve, "the HTTP interface and the portal"},
    {"train", twi_cmd_train, "train the outlier model now"},
    {"score", twi_cmd_score, "write the scores of all transactions"},
    {"verdicts", twi_cmd_verdicts, "import or list what investigators found"},
    {"evaluate", twi_cmd_evaluate, "figures of scores and alerts against labels"},
    {"backtest", twi_cmd_backtest, "which alerts another model, signal set or policy would raise"},
    {"models", twi_cmd_models, "list or show what scores"},
    {"users", twi_cmd_users, "accounts: add, disable, link, password, role"},
    {"alerts", twi_cmd_alerts, "list alerts"},
    {"cases", twi_cmd_cases, "list, show, export and verify cases"},
    {"lake", twi_cmd_lake, "the history as Parquet files, and SQL over it"},
    {"rebuild", twi_cmd_rebuild, "projections from the journal; --verify compares"},
    {"doctor", twi_cmd_doctor, "check a data directory and say what to do"},
    {"bench", twi_cmd_bench, "measure this machine under load"},
    {"version", twi_cmd_version, "version and what was built in"},
};

static int help(FILE *out)
{
    fputs(
        "Tillwatch watches the tills of a retail chain: transactions in, explained alerts out.\n\n"
        "Usage: tillwatch COMMAND [--data DIR] [options]\n\n",
        out);
    for (size_t i = 0; i < TW_COUNT(commands); i++)
        fprintf(out, "  %-10s %s\n", commands[i].name, commands[i].what);
    fputs("\nEvery command has --help with an example. The data directory is --data DIR, else\n"
          "TILLWATCH_DATA, else ./tillwatch-data.\n\n"
          "Example:\n"
          "  tillwatch init && tillwatch import sales.ndjson && tillwatch serve\n",
          out);
    return out == stdout ? TWI_EXIT_OK : TWI_EXIT_USAGE;
}

int main(int argc, char **argv)
{
    // A closed pipe is an error of the write, which says so, and no silent end.
    signal(SIGPIPE, SIG_IGN);
    if (argc < 2)
        return help(stderr);
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 ||
        strcmp(argv[1], "help") == 0)
        return help(stdout);
    if (strcmp(argv[1], "--version") == 0)
        return twi_cmd_version(1, argv + 1);
    for (size_t i = 0; i < TW_COUNT(commands); i++)
        if (strcmp(argv[1], commands[i].name) == 0)
            return commands[i].run(argc - 1, argv + 1);
    fprintf(stderr, "tillwatch: there is no command \"%s\"; see tillwatch --help\n", argv[1]);
    return TWI_EXIT_USAGE;
}
