// SPDX-License-Identifier: Apache-2.0
//
// tillwatch rebuild: the projections from the journal, or the proof that they are what it says.
#include "adapter/memory.h"
#include "cli.h"
#include "output.h"
#include "place.h"

static const char help[] =
    "Usage: tillwatch rebuild [--verify] [--data DIR] [--json]\n"
    "\n"
    "Wipes alerts, verdicts, cases, scores and snapshots and writes them again from the journal.\n"
    "Accounts and tokens stay. With --verify nothing is changed: the journal is replayed beside\n"
    "what is there, and hashes of state, scores, alerts, verdicts, cases and the log are compared;\n"
    "exit status 1 when one differs.\n"
    "\n"
    "Example:\n"
    "  tillwatch rebuild --verify\n";

static void on_progress(void *ctx, uint64_t done, uint64_t all)
{
    twi_progress_show(ctx, all ? (double)done / (double)all : 1, done, "facts");
}

typedef struct part {
    const char *name;
    uint64_t live, rebuilt;
} part;

static bool print_parts(const tw_hashes *live, const tw_hashes *rebuilt, double seconds,
                        bool is_json)
{
    const part parts[] = {
        {"facts", live->seq, rebuilt->seq},
        {"engine", live->engine, rebuilt->engine},
        {"detector", live->detector, rebuilt->detector},
        {"sample", live->sample, rebuilt->sample},
        {"scores", live->scores, rebuilt->scores},
        {"alerts", live->alerts, rebuilt->alerts},
        {"verdicts", live->verdicts, rebuilt->verdicts},
        {"work", live->docs, rebuilt->docs},
        {"log", live->actions, rebuilt->actions},
    };
    bool all_equal = true;
    if (is_json)
        fputs("{\"parts\":[", stdout);
    for (size_t i = 0; i < TW_COUNT(parts); i++) {
        bool is_equal = parts[i].live == parts[i].rebuilt;
        all_equal = all_equal && is_equal;
        if (is_json)
            printf("%s{\"part\":\"%s\",\"live\":\"%016llx\",\"rebuilt\":\"%016llx\",\"equal\":%s}",
                   i ? "," : "", parts[i].name, (unsigned long long)parts[i].live,
                   (unsigned long long)parts[i].rebuilt, is_equal ? "true" : "false");
        else
            printf("%-9s %016llx %016llx %s\n", parts[i].name, (unsigned long long)parts[i].live,
                   (unsigned long long)parts[i].rebuilt, is_equal ? "equal" : "DIFFERENT");
    }
    char n[32];
    if (is_json)
        printf("],\"equal\":%s,\"facts\":%llu,\"seconds\":%.3f}\n", all_equal ? "true" : "false",
               (unsigned long long)rebuilt->seq, seconds);
    else
        printf("%s facts in %.1f s: %s\n", twi_thousands(rebuilt->seq, n), seconds,
               all_equal ? "the journal rebuilds everything, bit for bit"
                         : "the projections are NOT what the journal says; run tillwatch rebuild");
    return all_equal;
}

static tw_status verify(twi_place *place, bool is_json, bool *all_equal, tw_err *err)
{
    tw_hashes live, rebuilt;
    tw_ledger fresh;
    twi_progress progress;
    tw_journal_check check;
    TW_TRY(tw_journal_verify(&place->journal, &check, err));
    if (check.broken_seq != 0)
        return tw_fail(err, TW_CORRUPT, "the journal's chain is broken: %s", check.sentence);
    TW_TRY(twi_place_serve(place, TW_SERVICE_IMPORT, err));
    TW_TRY(tw_service_hashes(place->service, &live, err));
    TW_TRY(tw_memory_ledger_open(tw_alloc_system(), &fresh, err));
    tw_service_options options = twi_place_options(place, TW_SERVICE_IMPORT);
    twi_progress_begin(&progress, "rebuild", is_json);
    tw_status status = tw_rebuild_hashes(&options, &fresh, on_progress, &progress, &rebuilt, err);
    double seconds = twi_progress_seconds(&progress);
    twi_progress_end(&progress);
    tw_ledger_close(&fresh);
    if (status == TW_OK)
        *all_equal = print_parts(&live, &rebuilt, seconds, is_json);
    return status;
}

static tw_status rebuild(twi_place *place, bool is_json, tw_err *err)
{
    tw_hashes hashes;
    twi_progress progress;
    tw_service_options options = twi_place_options(place, TW_SERVICE_IMPORT);
    twi_progress_begin(&progress, "rebuild", is_json);
    tw_status status = tw_rebuild(&options, on_progress, &progress, &hashes, err);
    double seconds = twi_progress_seconds(&progress);
    twi_progress_end(&progress);
    if (status != TW_OK)
        return status;
    char n[32], rate[32];
    if (is_json)
        printf("{\"facts\":%llu,\"seconds\":%.3f,\"engine\":\"%016llx\",\"scores\":\"%016llx\","
               "\"alerts\":\"%016llx\"}\n",
               (unsigned long long)hashes.seq, seconds, (unsigned long long)hashes.engine,
               (unsigned long long)hashes.scores, (unsigned long long)hashes.alerts);
    else
        printf("%s facts rebuilt in %.1f s, %s/s\n", twi_thousands(hashes.seq, n), seconds,
               twi_thousands((uint64_t)((double)hashes.seq / seconds), rate));
    return TW_OK;
}

int twi_cmd_rebuild(int argc, char **argv)
{
    const char *data = NULL;
    bool is_json = false, is_verify = false, all_equal = true;
    const twi_option table[] = {{"--data", TWI_TEXT, &data},
                                {"--json", TWI_FLAG, &is_json},
                                {"--verify", TWI_FLAG, &is_verify}};
    twi_command_line line = {
        .command = "rebuild", .help = help, .options = table, .option_n = TW_COUNT(table)};
    int exit_status;
    if (!twi_parse(&line, argc, argv, &exit_status))
        return exit_status;
    twi_place place;
    tw_err err = {0};
    tw_status status = twi_place_open(&place, twi_place_dir(data), false, &err);
    if (status != TW_OK)
        return twi_failed("rebuild", &err);
    status = is_verify ? verify(&place, is_json, &all_equal, &err) : rebuild(&place, is_json, &err);
    twi_place_close(&place);
    if (status != TW_OK)
        return twi_failed("rebuild", &err);
    exit_status = twi_flush("rebuild");
    return all_equal ? exit_status : TWI_EXIT_FAILED;
}
