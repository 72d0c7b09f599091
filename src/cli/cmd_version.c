// SPDX-License-Identifier: Apache-2.0
//
// tillwatch version: what this program is and what was built in.
#include "cli.h"
#include "feature/catalogue.h"

static const char help[] = "Usage: tillwatch version [--json]\n"
                           "\n"
                           "Prints the version, the feature catalogue and what was built in.\n"
                           "\n"
                           "Example:\n"
                           "  tillwatch version --json\n";

int twi_cmd_version(int argc, char **argv)
{
    bool is_json = false;
    const twi_option table[] = {{"--json", TWI_FLAG, &is_json}};
    twi_command_line line = {
        .command = "version", .help = help, .options = table, .option_n = TW_COUNT(table)};
    int exit_status;
    if (!twi_parse(&line, argc, argv, &exit_status))
        return exit_status;
    if (is_json)
        printf("{\"version\":\"%s\",\"features\":%d,\"catalogue\":\"%016llx\",\"built_in\":["
               "\"sqlite\",\"http\",\"isolation_forest\"]}\n",
               TILLWATCH_VERSION, TW_FEATURE_N, (unsigned long long)tw_catalogue_hash());
    else
        printf(
            "tillwatch %s, %d features (catalogue %016llx), with SQLite, HTTP, isolation forest\n",
            TILLWATCH_VERSION, TW_FEATURE_N, (unsigned long long)tw_catalogue_hash());
    return fflush(stdout) == 0 ? TWI_EXIT_OK : TWI_EXIT_FAILED;
}
