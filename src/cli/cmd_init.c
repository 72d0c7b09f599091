// SPDX-License-Identifier: Apache-2.0
//
// tillwatch init: a new data directory with its keys and its configuration.
#include "cli.h"
#include "place.h"

static const char help[] =
    "Usage: tillwatch init [--data DIR] [--zone ZONE] [--currency CODE] [--json]\n"
    "\n"
    "Makes a data directory: configuration, alert policy, the key of card tokens, and an empty "
    "journal.\n"
    "\n"
    "  --data DIR       where (default TILLWATCH_DATA, else ./tillwatch-data); must be new or "
    "empty\n"
    "  --zone ZONE      time zone of records without an offset (default UTC)\n"
    "  --currency CODE  currency of records without one (default USD)\n"
    "\n"
    "Example:\n"
    "  tillwatch init --data /srv/tillwatch --zone Europe/Berlin --currency EUR\n";

int twi_cmd_init(int argc, char **argv)
{
    const char *data = NULL;
    twi_place_settings settings = {.zone = "UTC", .currency = "USD"};
    bool is_json = false;
    const twi_option options[] = {
        {"--data", TWI_TEXT, &data},
        {"--zone", TWI_TEXT, &settings.zone},
        {"--currency", TWI_TEXT, &settings.currency},
        {"--json", TWI_FLAG, &is_json},
    };
    twi_command_line line = {
        .command = "init", .help = help, .options = options, .option_n = TW_COUNT(options)};
    int exit_status;
    if (!twi_parse(&line, argc, argv, &exit_status))
        return exit_status;
    tw_err err = {0};
    const char *dir = twi_place_dir(data);
    if (twi_place_create(dir, &settings, &err) != TW_OK)
        return twi_failed("init", &err);
    if (is_json) {
        fputs("{\"data\":", stdout);
        twi_put_json(stdout, tw_str_from(dir));
        fputs("}\n", stdout);
    } else {
        printf("Made %s. Next: tillwatch import FILE..., then tillwatch serve.\n", dir);
    }
    return TWI_EXIT_OK;
}
