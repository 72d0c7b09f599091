// SPDX-License-Identifier: Apache-2.0
//
// tillwatch train: the outlier model, now.
#include "cli.h"
#include "output.h"
#include "place.h"

static const char help[] = "Usage: tillwatch train [--data DIR] [--json]\n"
                           "\n"
                           "Trains the outlier model on a sample of the transactions of the last "
                           "28 days, without those that\n"
                           "were confirmed as fraud, and lets it score from now on. A server does "
                           "this by itself each day, and\n"
                           "an import at fixed days.\n"
                           "\n"
                           "Example:\n"
                           "  tillwatch train\n";

int twi_cmd_train(int argc, char **argv)
{
    const char *data = NULL;
    bool is_json = false;
    const twi_option table[] = {{"--data", TWI_TEXT, &data}, {"--json", TWI_FLAG, &is_json}};
    twi_command_line line = {
        .command = "train", .help = help, .options = table, .option_n = TW_COUNT(table)};
    int exit_status;
    if (!twi_parse(&line, argc, argv, &exit_status))
        return exit_status;
    twi_place place;
    tw_training training;
    tw_err err = {0};
    tw_status status = twi_place_open(&place, twi_place_dir(data), false, &err);
    if (status != TW_OK)
        return twi_failed("train", &err);
    status = twi_place_serve(&place, TW_SERVICE_IMPORT, &err);
    if (status == TW_OK)
        status = tw_service_train(place.service, NULL, &training, &err);
    twi_place_close(&place);
    if (status != TW_OK)
        return twi_failed("train", &err);
    char first[TW_TIME_TEXT_BYTES], last[TW_TIME_TEXT_BYTES], n[32];
    tw_date_format(training.first_day, first);
    tw_date_format(training.last_day, last);
    if (is_json)
        printf("{\"model_id\":\"%s\",\"rows\":%llu,\"transactions\":%llu,\"first_day\":\"%s\","
               "\"last_day\":\"%s\","
               "\"seconds\":%.3f}\n",
               training.model_id, (unsigned long long)training.row_n,
               (unsigned long long)training.seen_n, first, last, (double)training.ns / 1e9);
    else
        printf("%s: from %s transactions of %s to %s in %.2f s\n", training.model_id,
               twi_thousands(training.seen_n, n), first, last, (double)training.ns / 1e9);
    return twi_flush("train");
}
