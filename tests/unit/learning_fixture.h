// SPDX-License-Identifier: Apache-2.0
//
// Trainings of a service for tests: a stub in the trainer's place (one cut on the evidence), people
// who judge, and what must hold afterwards.
#ifndef LEARNING_FIXTURE_H
#define LEARNING_FIXTURE_H

#include "service_fixture.h"

// Evidence < 0.4: leaf -3, else stub_leaf; base margin -1. Two leaves give two models.
extern float stub_leaf;
const tw_trainer *stub_trainer(void);
void stump_json(float high, tw_buf *out); // as XGBoost JSON

void judge(fixture *f, tw_str alert_id, tw_str transaction_id, tw_verdict_kind kind, int64_t at_ms);
// Says of every second transaction with a signal that it was theft, of the others that they were
// not; gives their number.
size_t judge_transactions(fixture *f);

// A service that holds the chain and an outlier model.
void open_with_champion(fixture *f, const chain *c);
tw_training train(fixture *f, bool keeps_champion); // quick
void assert_state(fixture *f, const char *id, const char *state);
// The whole state again from the journal, and again from a snapshot.
void assert_rebuilds(fixture *f);

#endif
