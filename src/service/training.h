// SPDX-License-Identifier: Apache-2.0
//
// Training inside the service: the run itself, who may run it when, and what people see of it.
#ifndef TWI_SERVICE_TRAINING_H
#define TWI_SERVICE_TRAINING_H

#include "internal.h"

// One training, after the caller has taken the turn (twi_turn_take). TW_CLOSED when stopped.
tw_status twi_train_run(tw_service *service, const tw_train_request *request, tw_training *out,
                        tw_err *err) TW_MUST_CHECK;

// What a training of this service starts from; forest, champion and progress are the caller's.
tw_train_job twi_train_job(tw_service *service, const tw_train_request *request);
// The champion with a reference of the caller's, NULL without one. Hold: inside the gate.
tw_model *twi_model_hold(const tw_detector *detector);
tw_model *twi_champion_ref(tw_service *service);

// One at a time: takes the turn, or fails with TW_CONFLICT; gives it back with what came of it.
tw_status twi_turn_take(tw_service *service, const tw_train_request *request,
                        tw_err *err) TW_MUST_CHECK;
void twi_turn_give(tw_service *service, tw_status status, const tw_training *training,
                   const tw_err *err);
// For the run: where it stands, and whether it shall stop.
bool twi_turn_progress(tw_service *service, tw_train_stage stage, uint64_t done, uint64_t all);

// First moment after `now_ms` at which the schedule says to train; INT64_MAX when it is off.
int64_t twi_schedule_next(const tw_train_schedule *schedule, int64_t now_ms);

#endif
