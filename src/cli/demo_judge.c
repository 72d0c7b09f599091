// SPDX-License-Identifier: Apache-2.0
//
// Labels and trainings of the demonstration.
#include "demo_judge.h"

#include "base/hash.h"
#include "cli.h"
#include "intake/csv.h"

#define FRAUD_MAX (1u << 24)

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

bool twi_judge_is_theft(const twi_judge *judge, const tw_alert_view *alert)
{
    for (size_t i = 0; i < alert->transaction_id_n; i++)
        if (tw_table_find(&judge->fraud, id_key(alert->transaction_ids[i])))
            return true;
    return false;
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
        return tw_service_promote(service, tw_str_from(training.model_id), TW_STR("maria"),
                                  TW_STR("by hand, to show a classifier at work"), err);
    }
    bool has_loser = round > 1 && training.is_promoted;
    return has_loser ? tw_service_challenge(service, tw_str_from(before.model_id), TW_STR("maria"),
                                            TW_STR("the champion before, to compare"), err)
                     : TW_OK;
}
