// SPDX-License-Identifier: Apache-2.0
//
// Parts of a case file that checking (case_work.c) and writing (case_file.c) share.
#ifndef TWI_WORKFLOW_CASE_FILE_H
#define TWI_WORKFLOW_CASE_FILE_H

#include "body.h"
#include "workflow/case_work.h"

// A note beside an entry: it stays in the file, so it is short.
#define TWI_REMARK_MAX_BYTES 1000
// Of a subject's id: a register's is "store/register".
#define TWI_SUBJECT_MAX_BYTES (2 * TW_ID_MAX_BYTES + 1)

typedef enum twi_case_state {
    TWI_CASE_OPEN,
    TWI_CASE_INVESTIGATING,
    TWI_CASE_PENDING,
    TWI_CASE_CLOSED
} twi_case_state;
const char *twi_case_state_name(twi_case_state state);
twi_case_state twi_case_state_of(yyjson_val *file); // OPEN when it says nothing

bool twi_case_is_subject_kind(tw_str kind);
// Does the list hold this text, or this subject?
bool twi_case_holds(yyjson_val *list, yyjson_val *item);
// The member that sums up money of a kind; NULL when there is no such kind.
const char *twi_case_money_sum(tw_str kind);
yyjson_val *twi_case_task(yyjson_val *file, tw_str task_id); // NULL when it is new

#endif
