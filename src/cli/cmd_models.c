// SPDX-License-Identifier: Apache-2.0
//
// tillwatch models: what scores and what scored: models, signal sets, policies.
#include "cli.h"
#include "output.h"
#include "place.h"
#include "service/query.h"

static const char help[] = "Usage: tillwatch models list [--data DIR] [--json]\n"
                           "       tillwatch models show ID [--data DIR] [--json]\n"
                           "\n"
                           "Lists or shows what scores (champion) and what scored before "
                           "(retired): outlier models, signal sets\n"
                           "and alert policies, newest first.\n"
                           "\n"
                           "Example:\n"
                           "  tillwatch models list\n";

static void print_json(const tw_model_view *m)
{
    char when[TW_TIME_TEXT_BYTES];
    fputs("{\"model_id\":", stdout);
    twi_put_json(stdout, m->model_id);
    printf(",\"kind\":\"%.*s\",\"state\":\"%.*s\",\"created_at\":\"%s\",\"seq\":%llu,\"sha256\":\"%"
           ".*s\",\"metrics\":%.*s}",
           TW_STR_ARG(m->kind), TW_STR_ARG(m->state), tw_time_format(m->trained_ms, 0, when),
           (unsigned long long)m->seq, TW_STR_ARG(m->sha256), TW_STR_ARG(m->metadata));
}

static void print_text(const tw_model_view *m, bool is_whole)
{
    char when[TW_TIME_TEXT_BYTES];
    printf("%-34.*s %-8.*s %-9.*s %s\n", TW_STR_ARG(m->model_id), TW_STR_ARG(m->kind),
           TW_STR_ARG(m->state), tw_time_format(m->trained_ms, 0, when));
    if (is_whole)
        printf("  sha256 %.*s\n  installed by fact %llu\n  %.*s\n", TW_STR_ARG(m->sha256),
               (unsigned long long)m->seq, TW_STR_ARG(m->metadata));
}

static tw_status print(tw_service *service, const char *id, bool is_json, tw_err *err)
{
    tw_arena arena;
    const tw_model_view *models;
    size_t n, shown = 0;
    tw_arena_init(&arena, tw_alloc_system(), 0, (size_t)64 << 20);
    tw_status status = tw_query_models(service, &arena, &models, &n);
    if (status != TW_OK)
        tw_fail(err, status, "the models cannot be read");
    if (status == TW_OK && is_json && !id)
        putchar('[');
    for (size_t i = 0; status == TW_OK && i < n; i++) {
        if (id && !tw_str_equal(models[i].model_id, tw_str_from(id)))
            continue;
        if (is_json && shown > 0)
            putchar(',');
        if (is_json)
            print_json(&models[i]);
        else
            print_text(&models[i], id != NULL);
        shown++;
    }
    if (status == TW_OK && is_json)
        fputs(id ? "\n" : "]\n", stdout);
    tw_arena_release(&arena);
    if (status == TW_OK && id && shown == 0)
        return tw_fail(err, TW_NOT_FOUND, "there is no model %s; see tillwatch models list", id);
    return status;
}

int twi_cmd_models(int argc, char **argv)
{
    const char *data = NULL;
    bool is_json = false;
    const twi_option table[] = {{"--data", TWI_TEXT, &data}, {"--json", TWI_FLAG, &is_json}};
    twi_command_line line = {.command = "models",
                             .help = help,
                             .options = table,
                             .option_n = TW_COUNT(table),
                             .argument_min = 1,
                             .argument_max = 2,
                             .arguments = "list or show is"};
    int exit_status;
    if (!twi_parse(&line, argc, argv, &exit_status))
        return exit_status;
    bool is_show = strcmp(line.argv[0], "show") == 0;
    if ((!is_show && strcmp(line.argv[0], "list") != 0) || is_show != (line.argc == 2))
        return twi_usage("models", "give list, or show and a model's id");
    twi_place place;
    tw_err err = {0};
    tw_status status = twi_place_open(&place, twi_place_dir(data), true, &err);
    if (status == TW_OK) {
        status = twi_place_serve(&place, TW_SERVICE_READER, &err);
        if (status == TW_OK)
            status = print(place.service, is_show ? line.argv[1] : NULL, is_json, &err);
        twi_place_close(&place);
    }
    return status == TW_OK ? twi_flush("models") : twi_failed("models", &err);
}
