// SPDX-License-Identifier: Apache-2.0
//
// Who works in the demonstration, and when: people, regions, working hours. All data; nothing here
// depends on a clock.
#ifndef TWI_CLI_DEMO_PEOPLE_H
#define TWI_CLI_DEMO_PEOPLE_H

#include "port/access.h"
#include "port/password.h"
#include "workflow/rights.h"

typedef enum twi_who { // analysts first
    TWI_ANA,
    TWI_BEN,
    TWI_CHEN,
    TWI_DORA,
    TWI_MARIA,
    TWI_SAM,
    TWI_RITA,
    TWI_PEOPLE_N
} twi_who;

typedef struct twi_person {
    const char *user_id, *name, *email, *team;
    tw_role role;
    const char *stores; // entries, one a line; "" = all
} twi_person;

const twi_person *twi_person_of(twi_who who);
// With which everybody signs in: the demonstration listens on the own machine only.
#define TWI_DEMO_PASSWORD "tillwatch-demo"
// Makes everybody's account, unless there is one. TW_IO, TW_NO_SPACE, TW_NO_MEMORY.
tw_status twi_people_make(const tw_access *access, const tw_password *password, int64_t created_ms,
                          tw_err *err) TW_MUST_CHECK;
// The regions and how new alerts find a team, as a change of settings.
extern const char twi_demo_regions[];
// The analyst of two in the team of a store whose turn it is by `dice`.
twi_who twi_analyst_of(tw_str store_id, uint64_t dice);

// Monday to Saturday, 13:00 to 23:00 UTC: 8 to 18 on the East Coast. The first working instant at
// or after `ms`; `minutes` of working time after it.
int64_t twi_working(int64_t ms);
int64_t twi_working_after(int64_t ms, int64_t minutes);

#endif
