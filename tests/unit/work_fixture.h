// SPDX-License-Identifier: Apache-2.0
//
// A service with open alerts, and what people do with them, in one line each.
#ifndef WORK_FIXTURE_H
#define WORK_FIXTURE_H

#include "service/work.h"
#include "service_fixture.h"

#define EVERYTHING (TW_RIGHT_READ | TW_RIGHT_WORK | TW_RIGHT_MANAGE)
#define ANALYST (TW_RIGHT_READ | TW_RIGHT_WORK)

typedef struct desk {
    fixture f;
    tw_arena arena; // for answers
    tw_str ids[8];  // of open alerts, highest rank first; at least four
    size_t n;
} desk;

void desk_make(desk *d, const chain *facts);
// The same over adapters that are there already, in their mode.
void desk_open(desk *d, const chain *facts);
void desk_release(desk *d);

tw_work_result do_as(desk *d, const char *actor, uint32_t rights, tw_action_kind kind,
                     tw_str subject, const char *body, uint64_t if_version);
// With all rights; fails the test when it does not go through.
tw_work_result do_ok(desk *d, const char *actor, tw_action_kind kind, tw_str subject,
                     const char *body);
// A case of the first two alerts.
tw_work_result open_case(desk *d, const char *actor);

tw_alert_view alert_of(desk *d, tw_str id);
tw_str case_body(desk *d, const char *id, tw_doc_row *row);
void assert_text(tw_str text, const char *expected);
void assert_holds(tw_str text, const char *part);
void assert_rebuilds(desk *d); // what is live is what the journal says

#endif
