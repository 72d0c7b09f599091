// SPDX-License-Identifier: Apache-2.0
//
// tillwatch version: what this program is and what was built in.
#include "adapter/duckdb.h"
#include "adapter/xgboost.h"
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
    tw_trainer trainer = tw_xgboost_trainer(tw_alloc_system());
    const char *trainer_version = trainer.ops ? trainer.ops->version(trainer.ctx) : NULL;
    const char *lake = tw_duckdb_version();
    unsigned long long catalogue = (unsigned long long)tw_catalogue_hash();
    if (is_json)
        printf("{\"version\":\"%s\",\"features\":%d,\"catalogue\":\"%016llx\",\"built_in\":["
               "\"sqlite\",\"http\",\"isolation_forest\",\"boosted_trees\"%s%s],\"trainer\":%s%s%s,"
               "\"lake\":%s%s%s}\n",
               TILLWATCH_VERSION, TW_FEATURE_N, catalogue, trainer_version ? ",\"xgboost\"" : "",
               lake ? ",\"duckdb\"" : "", trainer_version ? "\"" : "",
               trainer_version ? trainer_version : "null", trainer_version ? "\"" : "",
               lake ? "\"" : "", lake ? lake : "null", lake ? "\"" : "");
    else
        printf(
            "tillwatch %s, %d features (catalogue %016llx), with SQLite, HTTP, isolation forest, "
            "boosted trees; trainer: %s; lake: %s%s\n",
            TILLWATCH_VERSION, TW_FEATURE_N, catalogue,
            trainer_version ? trainer_version : "none (built without XGBoost)",
            lake ? "DuckDB " : "none (built without DuckDB)", lake ? lake : "");
    return fflush(stdout) == 0 ? TWI_EXIT_OK : TWI_EXIT_FAILED;
}
