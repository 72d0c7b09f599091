// SPDX-License-Identifier: Apache-2.0
//
// Who is in a team. Only files of src/http include this.
#ifndef TWI_HTTP_PEOPLE_H
#define TWI_HTTP_PEOPLE_H

#include "internal.h"

// The user ids of a team's accounts, in the arena; at least one: an id that nobody has, when there
// are none.
tw_status twi_team_members(tw_http *http, tw_str team, tw_arena *arena,
                           tw_str_list *out) TW_MUST_CHECK;

// May work be given to this user? "" (nobody) and the caller always. False after answering 422.
bool twi_user_known(twi_request *request, const char *field, tw_str user_id);

// From now on the assignment rules know who is in a team, until stop.
void twi_people_start(tw_http *http);
void twi_people_stop(tw_http *http);

#endif
