// SPDX-License-Identifier: Apache-2.0
//
// What happened in the demonstration's month beside single alerts: settings, saved filters, an
// exception, a change of a signal, and ten cases at every stage of their lives. The stories are
// data.
#ifndef TWI_CLI_DEMO_STORY_H
#define TWI_CLI_DEMO_STORY_H

#include "demo_team.h"

// At the start of the month: settings and filters.
tw_status twi_story_begin(twi_team *team, tw_err *err) TW_MUST_CHECK;
// What falls on the day that ends at `until_ms`: a new case, the exception, the change of a signal.
// After the day's work on alerts.
tw_status twi_story_day(twi_team *team, int64_t until_ms, tw_err *err) TW_MUST_CHECK;
// The next line of a case.
tw_status twi_story_line(twi_team *team, const twi_step *step, tw_err *err) TW_MUST_CHECK;

#endif
