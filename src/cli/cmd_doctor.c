// SPDX-License-Identifier: Apache-2.0
//
// tillwatch doctor: looks at everything that can go wrong with a data directory and says what to
// do.
#include "cli.h"
#include "output.h"
#include "place.h"
#include "service/evidence.h"
#include "service/query.h"

#define DISK_LOW_BYTES ((uint64_t)1 << 30)
#define CLOCK_FIRST_MS INT64_C(1735689600000) // 2025-01-01: no clock is older than this program

static const char help[] =
    "Usage: tillwatch doctor [--data DIR] [--json]\n"
    "\n"
    "Checks the data directory: configuration and keys, the journal's hash chain, that ledger and\n"
    "snapshots belong to it, the model, the files of evidence, disk space and the clock. Changes "
    "nothing and works while "
    "a\n"
    "server runs. Exit status 1 when something needs attention.\n"
    "\n"
    "Example:\n"
    "  tillwatch doctor\n";

typedef struct report {
    bool is_json, is_first, has_fault;
} report;

static void say(report *r, bool is_good, const char *what, const char *text)
{
    r->has_fault = r->has_fault || !is_good;
    if (r->is_json) {
        printf("%s{\"check\":\"%s\",\"ok\":%s,\"text\":", r->is_first ? "" : ",", what,
               is_good ? "true" : "false");
        twi_put_json(stdout, tw_str_from(text));
        putchar('}');
    } else {
        printf("%-4s %-10s %s\n", is_good ? "ok" : "BAD", what, text);
    }
    r->is_first = false;
}

static void check_journal(report *r, twi_place *place)
{
    tw_journal_check check;
    tw_err err = {0};
    char text[320], n[32];
    if (tw_journal_verify(&place->journal, &check, &err) != TW_OK) {
        say(r, false, "journal", err.text);
        return;
    }
    if (check.broken_seq != 0)
        snprintf(text, sizeof(text), "the chain breaks at fact %llu: %s; restore a backup",
                 (unsigned long long)check.broken_seq, check.sentence);
    else
        snprintf(text, sizeof(text), "%s facts in %llu blocks, the hash chain holds",
                 twi_thousands(check.fact_n, n), (unsigned long long)check.block_n);
    say(r, check.broken_seq == 0, "journal", text);
}

static void check_ledger(report *r, twi_place *place)
{
    tw_ledger_position position;
    tw_journal_head head;
    tw_err err = {0};
    uint8_t hash[TW_SHA256_BYTES];
    char text[256];
    if (tw_ledger_get_position(&place->ledger, &position, &err) != TW_OK ||
        tw_journal_get_head(&place->journal, &head, &err) != TW_OK) {
        say(r, false, "ledger", err.text);
        return;
    }
    bool belongs = position.seq == 0 ||
                   (tw_journal_hash_at(&place->journal, position.seq, hash, NULL) == TW_OK &&
                    memcmp(hash, position.hash, sizeof(hash)) == 0);
    if (!belongs)
        snprintf(text, sizeof(text), "it does not belong to this journal; run tillwatch rebuild");
    else if (position.seq < head.seq)
        snprintf(text, sizeof(text), "%llu facts behind the journal; the next start catches up",
                 (unsigned long long)(head.seq - position.seq));
    else
        snprintf(text, sizeof(text), "up to date with the journal");
    say(r, belongs, "ledger", text);
}

static void check_snapshots(report *r, twi_place *place)
{
    tw_arena arena;
    tw_file_info *infos;
    size_t n = 0;
    tw_err err = {0};
    char text[256];
    tw_arena_init(&arena, tw_alloc_system(), 0, 1 << 20);
    if (tw_files_list(&place->files, "state", &arena, &infos, &n, &err) != TW_OK)
        say(r, false, "snapshot", err.text);
    else if (n == 0)
        say(r, true, "snapshot", "none yet; a start replays the whole journal");
    else {
        snprintf(text, sizeof(text), "%.*s, %.1f MB", TW_STR_ARG(infos[n - 1].name),
                 (double)infos[n - 1].bytes / 1e6);
        say(r, true, "snapshot", text);
    }
    tw_arena_release(&arena);
}

static void check_model(report *r, twi_place *place)
{
    tw_arena arena;
    const tw_model_view *models;
    size_t n;
    char text[256] = "none yet; a server trains one after three days, tillwatch train at once";
    tw_arena_init(&arena, tw_alloc_system(), 0, (size_t)64 << 20);
    tw_status status = tw_query_models(place->service, &arena, &models, &n);
    for (size_t i = 0; status == TW_OK && i < n; i++) {
        bool is_model = tw_str_equal(models[i].kind, TW_STR("outlier")) ||
                        tw_str_equal(models[i].kind, TW_STR("classifier"));
        if (!is_model || !tw_str_equal(models[i].state, TW_STR("champion")))
            continue;
        char when[TW_TIME_TEXT_BYTES];
        snprintf(text, sizeof(text), "%.*s of %s", TW_STR_ARG(models[i].model_id),
                 tw_time_format(models[i].trained_ms, 0, when));
        break;
    }
    say(r, status == TW_OK, "model",
        status == TW_OK ? text : "the models cannot be read; run tillwatch rebuild");
    tw_arena_release(&arena);
}

static void check_evidence(report *r, twi_place *place)
{
    tw_arena arena;
    tw_evidence_check check;
    tw_err err = {0};
    char text[640];
    tw_arena_init(&arena, tw_alloc_system(), 0, (size_t)64 << 20);
    tw_status status = tw_evidence_verify(&place->ledger, &place->files, &arena, &check, &err);
    if (status != TW_OK)
        snprintf(text, sizeof(text), "%s", err.text);
    else if (check.fault_n == 0)
        snprintf(text, sizeof(text), "%llu files, %.1f MB, as they were handed in",
                 (unsigned long long)check.file_n, (double)check.bytes / 1e6);
    else
        snprintf(text, sizeof(text), "%zu files are not there as they were; case %.*s: %.*s",
                 check.fault_n, TW_STR_ARG(check.faults[0].case_id),
                 TW_STR_ARG(check.faults[0].sentence));
    say(r, status == TW_OK && check.fault_n == 0, "evidence", text);
    tw_arena_release(&arena);
}

static void check_machine(report *r, twi_place *place)
{
    uint64_t bytes;
    tw_err err = {0};
    char text[256], when[TW_TIME_TEXT_BYTES];
    const tw_clock *clock = tw_clock_system();
    if (tw_files_free_bytes(&place->files, &bytes, &err) != TW_OK) {
        say(r, false, "disk", err.text);
    } else {
        snprintf(text, sizeof(text), "%.1f GB free%s", (double)bytes / 1e9,
                 bytes < DISK_LOW_BYTES ? "; make room, or new records will be refused" : "");
        say(r, bytes >= DISK_LOW_BYTES, "disk", text);
    }
    int64_t now = clock->now_ms(clock->ctx);
    snprintf(text, sizeof(text), "%s%s", tw_time_format(now / 1000 * 1000, 0, when),
             now < CLOCK_FIRST_MS ? "; the clock is wrong: set it, arrival times depend on it"
                                  : "");
    say(r, now >= CLOCK_FIRST_MS, "clock", text);
}

int twi_cmd_doctor(int argc, char **argv)
{
    const char *data = NULL;
    report r = {.is_first = true};
    const twi_option table[] = {{"--data", TWI_TEXT, &data}, {"--json", TWI_FLAG, &r.is_json}};
    twi_command_line line = {
        .command = "doctor", .help = help, .options = table, .option_n = TW_COUNT(table)};
    int exit_status;
    if (!twi_parse(&line, argc, argv, &exit_status))
        return exit_status;
    twi_place place;
    tw_err err = {0};
    if (r.is_json)
        fputs("{\"checks\":[", stdout);
    tw_status status = twi_place_open(&place, twi_place_dir(data), true, &err);
    if (status == TW_OK)
        status = twi_place_serve(&place, TW_SERVICE_READER, &err);
    say(&r, status == TW_OK, "directory", status == TW_OK ? twi_place_dir(data) : err.text);
    if (status == TW_OK) {
        check_journal(&r, &place);
        check_ledger(&r, &place);
        check_snapshots(&r, &place);
        check_model(&r, &place);
        check_evidence(&r, &place);
        check_machine(&r, &place);
        twi_place_close(&place);
    }
    if (r.is_json)
        printf("],\"ok\":%s}\n", r.has_fault ? "false" : "true");
    exit_status = twi_flush("doctor");
    return r.has_fault ? TWI_EXIT_FAILED : exit_status;
}
