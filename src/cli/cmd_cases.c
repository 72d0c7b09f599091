// SPDX-License-Identifier: Apache-2.0
//
// tillwatch cases: cases of the ledger, their exports, and the check of an export.
#include <stdio.h>

#include "cases.h"
#include "cli.h"
#include "output.h"
#include "place.h"

static const char help[] =
    "Usage: tillwatch cases list [--state S] [--json]\n"
    "       tillwatch cases show ID [--json]\n"
    "       tillwatch cases export ID --out FILE [--form pdf|zip] [--by USER]\n"
    "       tillwatch cases verify FILE [--key KEY] [--data DIR] [--json]\n"
    "       tillwatch cases key\n"
    "\n"
    "Cases of the data directory (--data DIR). list, show and key work while a server runs; "
    "export\n"
    "adds an entry to the case and needs the directory to itself: while a server runs, take\n"
    "GET /v1/cases/ID/export instead.\n"
    "\n"
    "verify needs no data directory: it checks an exported ZIP against its signature, its "
    "manifest\n"
    "and the bytes of its entries, and names the first thing that does not hold (exit status 1). "
    "With\n"
    "--data, also against that directory's journal. KEY is what key prints where the export was "
    "made.\n"
    "\n"
    "  --state S    OPEN, INVESTIGATING, PENDING_APPROVAL or CLOSED\n"
    "  --form F     zip (default) or pdf\n"
    "  --by USER    who exports (default: cli)\n"
    "\n"
    "Example:\n"
    "  tillwatch cases export C-7 --out C-7.zip && tillwatch cases verify C-7.zip\n";

// --- list and show
// -----------------------------------------------------------------------------------

static void print_line(const tw_doc_row *doc)
{
    char when[TW_TIME_TEXT_BYTES];
    printf("%-10.*s %-16.*s %-16.*s %-10.*s %.16s\n", TW_STR_ARG(doc->id), TW_STR_ARG(doc->state),
           TW_STR_ARG(doc->owner), TW_STR_ARG(doc->store_id),
           tw_time_format(doc->order_ms, 0, when));
}

static tw_status list(twi_place *place, const twi_cases_options *options, tw_err *err)
{
    tw_str state = tw_str_from(options->state);
    tw_doc_filter filter = {.kind = TW_STR("case"), .states = {&state, state.bytes ? 1 : 0}};
    tw_arena arena;
    tw_doc_page page = {.n = 0};
    char cursor[TW_LEDGER_CURSOR_BYTES] = "";
    bool is_first = true;
    tw_status status = TW_OK;
    tw_arena_init(&arena, tw_alloc_system(), 0, (size_t)256 << 20);
    if (options->is_json)
        putchar('[');
    do {
        tw_arena_reset(&arena);
        status =
            tw_query_docs(place->service, &filter, TW_LEDGER_PAGE_MAX, cursor, &arena, &page, err);
        for (size_t i = 0; status == TW_OK && i < page.n; i++) {
            if (options->is_json)
                printf("%s%.*s", is_first ? "\n" : ",\n", TW_STR_ARG(page.items[i].body));
            else
                print_line(&page.items[i]);
            is_first = false;
        }
        memcpy(cursor, page.next_cursor, sizeof(cursor));
    } while (status == TW_OK && cursor[0]);
    if (options->is_json)
        puts("\n]");
    tw_arena_release(&arena);
    return status;
}

static void print_entry(const tw_action_row *row)
{
    char when[TW_TIME_TEXT_BYTES];
    printf("%-10llu %-20s %-16.*s %-16.*s %.*s\n", (unsigned long long)row->seq,
           tw_time_format(row->at_ms / 1000 * 1000, 0, when), TW_STR_ARG(row->actor),
           TW_STR_ARG(row->kind), TW_STR_ARG(row->body));
}

// Newest first, as the log has it.
static tw_status show_history(twi_place *place, tw_str id, tw_arena *arena, tw_err *err)
{
    tw_action_filter filter = {.subject = id};
    size_t n;
    do {
        tw_action_row *rows;
        TW_TRY(
            tw_query_actions(place->service, &filter, TW_LEDGER_PAGE_MAX, arena, &rows, &n, err));
        for (size_t i = 0; i < n; i++)
            print_entry(&rows[i]);
        if (n > 0)
            filter.before_seq = rows[n - 1].seq;
    } while (n == TW_LEDGER_PAGE_MAX);
    return TW_OK;
}

static tw_status show(twi_place *place, tw_str id, bool is_json, tw_err *err)
{
    tw_arena arena;
    tw_doc_row doc;
    tw_arena_init(&arena, tw_alloc_system(), 0, (size_t)256 << 20);
    tw_status status = tw_query_doc(place->service, TW_STR("case"), id, &arena, &doc, err);
    if (status == TW_NOT_FOUND)
        tw_fail(err, status, "there is no case \"%.*s\"", TW_STR_ARG(id));
    if (status == TW_OK)
        printf("%.*s\n", TW_STR_ARG(doc.body));
    if (status == TW_OK && !is_json)
        status = show_history(place, id, &arena, err);
    tw_arena_release(&arena);
    return status;
}

// --- export and key
// ---------------------------------------------------------------------------------

static tw_status write_whole(const char *path, const tw_buf *bytes, tw_err *err)
{
    FILE *file = fopen(path, "wbx");
    if (!file)
        return tw_fail_errno(err, "cannot make %.150s", path);
    bool is_written = fwrite(bytes->data_own, 1, bytes->bytes, file) == bytes->bytes;
    if (fclose(file) != 0 || !is_written) {
        tw_fail_errno(err, "cannot write %.150s", path);
        remove(path);
        return TW_IO;
    }
    return TW_OK;
}

static tw_status export_case(twi_place *place, const twi_cases_options *options, tw_str id,
                             tw_err *err)
{
    tw_buf bytes;
    tw_case_request request = {
        .case_id = id,
        .form = strcmp(options->form, "pdf") == 0 ? TW_CASE_FORM_PDF : TW_CASE_FORM_ZIP,
        .actor = tw_str_from(options->by),
        .rights = tw_role_rights(TW_ROLE_ADMIN),
    };
    tw_buf_init(&bytes, tw_alloc_system(), TW_CASE_EXPORT_BYTES);
    tw_status status = tw_case_export(place->service, &request, &bytes, err);
    if (status == TW_OK)
        status = write_whole(options->out, &bytes, err);
    if (status == TW_OK)
        printf("%s: %zu bytes\n", options->out, bytes.bytes);
    tw_buf_release(&bytes);
    return status;
}

static tw_status print_key(const twi_place *place, tw_err *err)
{
    uint8_t key[TW_SIGN_KEY_BYTES];
    char hex[2 * TW_SIGN_KEY_BYTES + 1];
    tw_status status = tw_case_key_public(&place->files, key, err);
    if (status == TW_NOT_FOUND)
        return tw_fail(err, status, "there is no key yet: the next start of a server makes one");
    if (status == TW_OK)
        puts(tw_hex(key, sizeof(key), hex));
    return status;
}

// --- the command
// -----------------------------------------------------------------------------------

static tw_status run(const twi_cases_options *options, const char *verb, tw_str id, tw_err *err)
{
    twi_place place;
    bool is_export = strcmp(verb, "export") == 0;
    TW_TRY(twi_place_open(&place, twi_place_dir(options->data), !is_export, err));
    tw_status status =
        twi_place_serve(&place, is_export ? TW_SERVICE_IMPORT : TW_SERVICE_READER, err);
    if (status == TW_OK && is_export)
        status = export_case(&place, options, id, err);
    else if (status == TW_OK && strcmp(verb, "list") == 0)
        status = list(&place, options, err);
    else if (status == TW_OK && strcmp(verb, "show") == 0)
        status = show(&place, id, options->is_json, err);
    else if (status == TW_OK)
        status = print_key(&place, err);
    twi_place_close(&place);
    return status;
}

// What is wrong with the arguments, or NULL.
static const char *check(const twi_command_line *line, const twi_cases_options *options)
{
    static const struct {
        const char *verb;
        size_t arguments;
    } verbs[] = {{"list", 1}, {"show", 2}, {"export", 2}, {"verify", 2}, {"key", 1}};
    for (size_t i = 0; i < TW_COUNT(verbs); i++) {
        if (strcmp(verbs[i].verb, line->argv[0]) != 0)
            continue;
        if (line->argc != verbs[i].arguments)
            return verbs[i].arguments == 1 ? "list and key take no name"
                                           : "show, export and verify take one name";
        if (strcmp(verbs[i].verb, "export") != 0)
            return NULL;
        if (!options->out)
            return "export needs --out FILE";
        return strcmp(options->form, "pdf") == 0 || strcmp(options->form, "zip") == 0
                   ? NULL
                   : "--form is pdf or zip";
    }
    return "the first word is list, show, export, verify or key";
}

int twi_cmd_cases(int argc, char **argv)
{
    twi_cases_options options = {.form = "zip", .state = "", .by = "cli"};
    const twi_option table[] = {
        {"--data", TWI_TEXT, &options.data},    {"--form", TWI_TEXT, &options.form},
        {"--out", TWI_TEXT, &options.out},      {"--key", TWI_TEXT, &options.key},
        {"--state", TWI_TEXT, &options.state},  {"--by", TWI_TEXT, &options.by},
        {"--json", TWI_FLAG, &options.is_json},
    };
    twi_command_line line = {.command = "cases",
                             .help = help,
                             .options = table,
                             .option_n = TW_COUNT(table),
                             .argument_min = 1,
                             .argument_max = 2,
                             .arguments = "what to do, and to which, are"};
    int exit_status;
    if (!twi_parse(&line, argc, argv, &exit_status))
        return exit_status;
    const char *wrong = check(&line, &options);
    if (wrong)
        return twi_usage("cases", "%s", wrong);
    if (strcmp(line.argv[0], "verify") == 0)
        return twi_cases_verify(&options, line.argv[1]);
    tw_err err = {.text = ""};
    tw_str id = tw_str_from(line.argc > 1 ? line.argv[1] : "");
    tw_status status = run(&options, line.argv[0], id, &err);
    return status == TW_OK ? twi_flush("cases") : twi_failed("cases", &err);
}
