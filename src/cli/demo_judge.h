// SPDX-License-Identifier: Apache-2.0
//
// The demonstration's investigators: they know from the simulator who stole, look at most alerts a
// few days after they opened, and err now and then.
#ifndef TWI_CLI_DEMO_JUDGE_H
#define TWI_CLI_DEMO_JUDGE_H

#include "base/table.h"
#include "service/service.h"

typedef struct twi_judge {
    tw_table fraud; // hashes of the ids of fraudulent transactions
} twi_judge;

// Reads labels.csv of a simulation. Close it also on failure.
tw_status twi_judge_open(twi_judge *judge, const char *dir, tw_err *err) TW_MUST_CHECK;
void twi_judge_close(twi_judge *judge);
// Gives a verdict on most alerts that are open and were not touched for some days.
tw_status twi_judge_alerts(twi_judge *judge, tw_service *service, tw_err *err) TW_MUST_CHECK;
// Trains and tells what came of it. After the first round a classifier is the champion, by hand
// when the gate finds the verdicts too few; after a later one there is a challenger: the new model,
// or, when it took over, the champion before it.
tw_status twi_judge_train(tw_service *service, size_t round, tw_err *err) TW_MUST_CHECK;

#endif
