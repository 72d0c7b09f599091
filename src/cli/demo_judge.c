// SPDX-License-Identifier: Apache-2.0
//
// Verdicts and trainings of the demonstration. Who is judged, and how, depends on the alert's id
// alone, so that every run looks the same.
#include "demo_judge.h"

#include "base/hash.h"
#include "base/time.h"
#include "cli.h"
#include "intake/csv.h"
#include "service/query.h"

#define FRAUD_MAX (1u << 24)
#define JUDGED_PERCENT 85
#define WRONG_PERCENT 5
#define DELAY_MS (2 * TW_DAY_MS)
#define PAGE 500

static uint64_t id_key(tw_str id)
{
    return tw_hash_str(id, 31) | 1;
}

static tw_status read_labels(twi_judge *judge, tw_csv *csv, tw_err *err)
{
    size_t id = tw_csv_column(csv, "transaction_id"), fraud = tw_csv_column(csv, "fraud");
    const tw_str *fields;
    uint64_t line;
    tw_status status = TW_OK;
    if (id == TW_CSV_NO_COLUMN || fraud == TW_CSV_NO_COLUMN)
        return tw_fail(err, TW_INVALID, "labels.csv of the simulation lacks a column");
    while (status == TW_OK && (status = tw_csv_next(csv, &fields, &line, err)) == TW_OK) {
        tw_table_slot *slot;
        if (tw_str_equal(fields[fraud], TW_STR("1")))
            status = tw_table_at(&judge->fraud, id_key(fields[id]), &slot);
    }
    return status == TW_END ? TW_OK : status;
}

tw_status twi_judge_open(twi_judge *judge, const char *dir, tw_err *err)
{
    char path[4096];
    tw_csv *csv;
    tw_table_init(&judge->fraud, tw_alloc_system(), FRAUD_MAX);
    snprintf(path, sizeof(path), "%.3000s/labels.csv", dir);
    TW_TRY(tw_csv_open(tw_alloc_system(), path, &csv, err));
    tw_status status = read_labels(judge, csv, err);
    tw_csv_close(csv);
    return status;
}

void twi_judge_close(twi_judge *judge)
{
    tw_table_release(&judge->fraud);
}

static bool is_right(const twi_judge *judge, const tw_alert_view *alert)
{
    for (size_t i = 0; i < alert->transaction_id_n; i++)
        if (tw_table_find(&judge->fraud, id_key(alert->transaction_ids[i])))
            return true;
    return false;
}

typedef struct tally {
    uint64_t confirmed, refuted;
} tally;

static tw_status judge_one(const twi_judge *judge, tw_service *service, const tw_alert_view *alert,
                           tally *out, tw_err *err)
{
    uint64_t dice = tw_hash_str(alert->alert_id, 32);
    if (dice % 100 >= JUDGED_PERCENT)
        return TW_OK;
    bool says = is_right(judge, alert) != (dice / 100 % 100 < WRONG_PERCENT);
    tw_verdict_result result;
    tw_verdict verdict = {.alert_id = alert->alert_id,
                          .verdict = says ? TW_VERDICT_CONFIRMED : TW_VERDICT_REFUTED,
                          .decided_by = TW_STR("demo"),
                          .recovered_minor = says ? alert->exposure.minor / 4 : 0,
                          .decided_ms = alert->updated_ms + DELAY_MS};
    out->confirmed += says;
    out->refuted += !says;
    return tw_service_verdict(service, &verdict, &result, err);
}

tw_status twi_judge_alerts(twi_judge *judge, tw_service *service, tw_err *err)
{
    tw_arena arena;
    tw_service_stats stats;
    tally out = {0, 0};
    tw_str cursor = TW_STR_NONE;
    tw_status status;
    tw_arena_init(&arena, tw_alloc_system(), 0, (size_t)256 << 20);
    tw_service_stats_get(service, &stats);
    do {
        tw_alert_list list;
        tw_alert_query query = {
            .only_open = true, .sort = TW_ALERT_SORT_CREATED, .limit = PAGE, .cursor = cursor};
        status = tw_query_alerts(service, &query, &arena, &list, err);
        for (size_t i = 0; status == TW_OK && i < list.n; i++)
            if (list.items[i].updated_ms + DELAY_MS <= stats.last_time_ms)
                status = judge_one(judge, service, &list.items[i], &out, err);
        cursor = status == TW_OK ? list.next_cursor : TW_STR_NONE;
    } while (cursor.bytes > 0);
    tw_arena_release(&arena);
    if (status == TW_OK)
        printf("  %llu alerts confirmed, %llu refuted by the investigators\n",
               (unsigned long long)out.confirmed, (unsigned long long)out.refuted);
    fflush(stdout);
    return status;
}

tw_status twi_judge_train(tw_service *service, size_t round, tw_err *err)
{
    tw_training training;
    tw_service_stats before;
    tw_train_request request = tw_train_request_default();
    request.is_quick = true;
    tw_service_stats_get(service, &before);
    TW_TRY(tw_service_train(service, &request, &training, err));
    char n[32];
    const char *id = training.model_id[0] != '\0' ? training.model_id : before.model_id;
    printf("Trained %s on %s transactions in %.1f s\n  %s\n", id, twi_thousands(training.seen_n, n),
           (double)training.ns / 1e9, training.why);
    fflush(stdout);
    if (!training.has_classifier)
        return TW_OK;
    if (round == 1 && !training.is_promoted) {
        puts("  promoted by hand, to show a classifier at work");
        return tw_service_promote(service, tw_str_from(training.model_id), TW_STR("demo"),
                                  TW_STR("by hand, to show a classifier at work"), err);
    }
    bool has_loser = round > 1 && training.is_promoted;
    return has_loser ? tw_service_challenge(service, tw_str_from(before.model_id), TW_STR("demo"),
                                            TW_STR("the champion before, to compare"), err)
                     : TW_OK;
}
