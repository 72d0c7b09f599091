// SPDX-License-Identifier: Apache-2.0
//
// tillwatch import: records of files into the journal.
#include "cli.h"
#include "import.h"
#include "lake.h"
#include "output.h"

static const char help[] =
    "Usage: tillwatch import [--data DIR] [--format FORMAT] [--map FILE.yaml] [--kind KIND] "
    "[--lake]\n"
    "                        FILE...|-\n"
    "\n"
    "Takes transactions, stock movements, shift events and verdicts into the journal and scores "
    "them.\n"
    "Several files are merged by the time of their records. Files may be compressed (gzip, zstd); "
    "- is\n"
    "standard input. Importing a file again changes nothing: its records are duplicates. A record "
    "that\n"
    "cannot be read is kept as a dead letter with the reason, and the rest goes on.\n"
    "\n"
    "  --format FORMAT  auto (default), ndjson, json or csv\n"
    "  --map FILE.yaml  how the columns of a foreign CSV become ours\n"
    "  --kind KIND      transaction, movement, shift or verdict, when the records do not tell\n"
    "  --lake           afterwards writes the days that are over as Parquet, as a server does\n"
    "  --json           the summary as JSON\n"
    "  --quiet          no progress and no summary\n"
    "\n"
    "Example:\n"
    "  tillwatch import sim/*.ndjson\n"
    "  tillwatch import --map mappings/pos.yaml export-2026-03.csv.gz\n";

static bool kind_from(const char *name, tw_fact_kind *out)
{
    static const char *const names[] = {"", "transaction", "movement", "shift", "verdict"};
    for (int k = 0; k < (int)TW_COUNT(names); k++)
        if (strcmp(name, names[k]) == 0) {
            *out = (tw_fact_kind)k;
            return true;
        }
    return false;
}

static tw_status write_lake(twi_place *place, bool is_quiet, tw_err *err)
{
    uint64_t written_n;
    char n[32];
    tw_service_drain(place->service);
    TW_TRY(twi_lake_write_due(place, &written_n, err));
    if (!is_quiet)
        fprintf(stderr, "lake: %s facts written\n", twi_thousands(written_n, n));
    return TW_OK;
}

static tw_status run(const char *dir, const char *map, twi_import_options *options, bool with_lake,
                     twi_import_summary *summary, tw_err *err)
{
    twi_place place;
    tw_mapping *mapping = NULL;
    if (map)
        TW_TRY(tw_mapping_load(tw_alloc_system(), map, &mapping, err));
    options->mapping = mapping;
    tw_status status = twi_place_open(&place, dir, false, err);
    if (status == TW_OK) {
        status = twi_place_serve(&place, TW_SERVICE_IMPORT, err);
        if (status == TW_OK)
            status = twi_import(&place, options, summary, err);
        if (status == TW_OK && with_lake)
            status = write_lake(&place, options->is_quiet, err);
        twi_place_close(&place);
    }
    tw_mapping_free(mapping);
    return status;
}

int twi_cmd_import(int argc, char **argv)
{
    const char *data = NULL, *map = NULL, *kind = "";
    bool is_json = false, with_lake = false;
    twi_import_options options = {.format = "auto"};
    const twi_option table[] = {
        {"--data", TWI_TEXT, &data},      {"--format", TWI_TEXT, &options.format},
        {"--map", TWI_TEXT, &map},        {"--kind", TWI_TEXT, &kind},
        {"--json", TWI_FLAG, &is_json},   {"--quiet", TWI_FLAG, &options.is_quiet},
        {"--lake", TWI_FLAG, &with_lake},
    };
    twi_command_line line = {.command = "import",
                             .help = help,
                             .options = table,
                             .option_n = TW_COUNT(table),
                             .argument_min = 1,
                             .argument_max = TWI_IMPORT_FILES_MAX,
                             .arguments = "the files are"};
    int exit_status;
    if (!twi_parse(&line, argc, argv, &exit_status))
        return exit_status;
    if (!kind_from(kind, &options.kind))
        return twi_usage("import", "there is no kind \"%s\"", kind);
    options.paths = (const char *const *)line.argv;
    options.path_n = line.argc;
    twi_import_summary summary = {.seconds = 0};
    tw_err err = {0};
    tw_status status = run(twi_place_dir(data), map, &options, with_lake, &summary, &err);
    if (status != TW_OK && summary.accepted + summary.rejected > 0)
        fprintf(stderr,
                "tillwatch import: stopped after %llu accepted records, which are kept; run it "
                "again to go on\n",
                (unsigned long long)summary.accepted);
    if (status != TW_OK)
        return twi_failed("import", &err);
    if (!options.is_quiet)
        twi_import_print(&summary, is_json);
    return TWI_EXIT_OK;
}
