// SPDX-License-Identifier: Apache-2.0
//
// What the demonstration knows from the simulator: who stole. And its trainings.
#ifndef TWI_CLI_DEMO_JUDGE_H
#define TWI_CLI_DEMO_JUDGE_H

#include "base/table.h"
#include "service/query.h"

typedef struct twi_judge {
    tw_table fraud; // hashes of the ids of fraudulent transactions
} twi_judge;

// Reads labels.csv of a simulation. Close it also on failure.
tw_status twi_judge_open(twi_judge *judge, const char *dir, tw_err *err) TW_MUST_CHECK;
void twi_judge_close(twi_judge *judge);
// Does the alert hold a fraudulent transaction?
bool twi_judge_is_theft(const twi_judge *judge, const tw_alert_view *alert);
// Trains and tells what came of it. After the first round a classifier is the champion, by hand
// when the gate finds the verdicts too few; after a later one there is a challenger: the new model,
// or, when it took over, the champion before it.
tw_status twi_judge_train(tw_service *service, size_t round, tw_err *err) TW_MUST_CHECK;

#endif
