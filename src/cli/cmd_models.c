// SPDX-License-Identifier: Apache-2.0
//
// tillwatch models: what scores and what scored, and changes of it.
#include "models.h"

#include "output.h"

static const char help[] =
    "Usage: tillwatch models list [--all]\n"
    "       tillwatch models show ID\n"
    "       tillwatch models diff A B\n"
    "       tillwatch models promote ID [--reason TEXT]\n"
    "       tillwatch models rollback [--reason TEXT]\n"
    "       tillwatch models challenge ID [--reason TEXT]\n"
    "       tillwatch models withdraw [--reason TEXT]\n"
    "       tillwatch models export ID --out DIR [--format twm|xgboost-json|xgboost-ubj|mlmodel]\n"
    "       tillwatch models import FILE [--name ID] [--challenger | --promote] [--reason TEXT]\n"
    "       ... [--data DIR] [--json]\n"
    "\n"
    "The champion scores; the challenger scores the same transactions in its shadow, so that both "
    "can\n"
    "be compared; all others are archived. Every change is a fact in the journal with who and "
    "why.\n"
    "\n"
    "list      models, newest first; --all: signal sets and policies, too\n"
    "show      one, with where it comes from, its figures and the gate's decision\n"
    "diff      what differs between two: data, parameters, figures, inputs\n"
    "promote   makes it the champion from now on\n"
    "rollback  the champion before the present one again\n"
    "challenge makes it the challenger; withdraw: no challenger any more\n"
    "export    into a new directory; mlmodel is one that MLflow and Python load\n"
    "import    a file of ours, or an XGBoost model (JSON or UBJSON) whose features are named as "
    "ours\n"
    "          are; it becomes the challenger unless --promote is given\n"
    "  --by NAME  who does it (default: the user's name)\n"
    "\n"
    "Example:\n"
    "  tillwatch models rollback --reason \"too many alerts since Monday\"\n";

typedef struct action {
    const char *name;
    size_t argument_n; // behind the action's name
    const char *arguments;
    bool writes;
    tw_status (*run)(const twi_models *m, tw_err *err);
} action;

static const action actions[] = {
    {"list", 0, "", false, twi_models_list},
    {"show", 1, "ID", false, twi_models_show},
    {"diff", 2, "two IDs", false, twi_models_diff},
    {"promote", 1, "ID", true, twi_models_promote},
    {"rollback", 0, "", true, twi_models_rollback},
    {"challenge", 1, "ID", true, twi_models_challenge},
    {"withdraw", 0, "", true, twi_models_withdraw},
    {"export", 1, "ID", false, twi_models_export},
    {"import", 1, "FILE", true, twi_models_import},
};

static const action *find(const char *name)
{
    for (size_t i = 0; i < TW_COUNT(actions); i++)
        if (strcmp(actions[i].name, name) == 0)
            return &actions[i];
    return NULL;
}

static tw_status run(const action *a, twi_models *m, const char *data, tw_err *err)
{
    twi_place place;
    TW_TRY(twi_place_open(&place, twi_place_dir(data), !a->writes, err));
    tw_status status =
        twi_place_serve(&place, a->writes ? TW_SERVICE_IMPORT : TW_SERVICE_READER, err);
    m->service = place.service;
    if (status == TW_OK)
        status = a->run(m, err);
    twi_place_close(&place);
    return status;
}

int twi_cmd_models(int argc, char **argv)
{
    const char *data = NULL;
    twi_models m = {.format = "twm", .by = twi_user_name(), .reason = ""};
    bool is_challenger = false;
    const twi_option table[] = {
        {"--data", TWI_TEXT, &data},
        {"--json", TWI_FLAG, &m.is_json},
        {"--all", TWI_FLAG, &m.is_all},
        {"--reason", TWI_TEXT, &m.reason},
        {"--by", TWI_TEXT, &m.by},
        {"--out", TWI_TEXT, &m.out},
        {"--format", TWI_TEXT, &m.format},
        {"--name", TWI_TEXT, &m.name},
        {"--promote", TWI_FLAG, &m.promotes},
        {"--challenger", TWI_FLAG, &is_challenger},
    };
    twi_command_line line = {.command = "models",
                             .help = help,
                             .options = table,
                             .option_n = TW_COUNT(table),
                             .argument_min = 1,
                             .argument_max = 3,
                             .arguments = "list, show, diff, promote, rollback, challenge, "
                                          "withdraw, export or import is"};
    int exit_status;
    if (!twi_parse(&line, argc, argv, &exit_status))
        return exit_status;
    const action *a = find(line.argv[0]);
    if (!a)
        return twi_usage("models", "there is no \"%s\"; see tillwatch models --help", line.argv[0]);
    if (line.argc != a->argument_n + 1)
        return twi_usage("models", "%s takes %s", a->name,
                         a->argument_n > 0 ? a->arguments : "no argument");
    if (m.promotes && is_challenger)
        return twi_usage("models", "give --challenger or --promote, not both");
    if (a->run == twi_models_export && !m.out)
        return twi_usage("models", "export needs --out DIR");
    m.first = line.argc > 1 ? line.argv[1] : NULL;
    m.second = line.argc > 2 ? line.argv[2] : NULL;
    tw_err err = {0};
    return run(a, &m, data, &err) == TW_OK ? twi_flush("models") : twi_failed("models", &err);
}
