// SPDX-License-Identifier: Apache-2.0
//
// The live stream: alerts that opened or grew and verdicts, numbered, the last 1,000 kept. An event
// names its subject; the reader fetches the subject's present state (tw_query_alert), so a burst of
// changes to one alert costs one fetch. Events appear after the ledger holds what they speak of.
#ifndef TW_SERVICE_EVENTS_H
#define TW_SERVICE_EVENTS_H

#include "service/service.h"

#define TW_EVENTS_KEPT 1000

typedef enum tw_event_kind { TW_EVENT_ALERT, TW_EVENT_VERDICT } tw_event_kind;

typedef struct tw_event {
    uint64_t id; // from 1, increasing by one; starts anew with the process
    tw_event_kind kind;
    bool is_new;                      // the alert has just opened
    char alert_id[TW_ALERT_ID_BYTES]; // "" for a verdict on a transaction without an alert
    // Of a verdict:
    char verdict_id[32];
    char transaction_id[TW_ID_MAX_BYTES + 1]; // "" when it is on an alert
    char reason[32];
    char status[16]; // of the alert afterwards, "" without one
    tw_verdict_kind verdict;
    int64_t decided_ms;
} tw_event;

// Number of the newest event, 0 when there was none.
uint64_t tw_events_newest(tw_service *service);
// Number of the oldest event that is kept, 0 when there was none.
uint64_t tw_events_oldest(tw_service *service);
// Copies up to `cap` events with id > after into `out`, oldest first. When events behind `after`
// are no longer kept, it starts at the oldest kept. Thread-safe, never blocks.
size_t tw_events_read(tw_service *service, uint64_t after, tw_event *out, size_t cap);
// Waits until an event with id > after exists, `timeout_ms` has passed or the service closes;
// returns the newest id.
uint64_t tw_events_wait(tw_service *service, uint64_t after, int timeout_ms);
// Registers a function that is called (on the projector thread, quickly) whenever events were
// added, for servers that suspend connections. It must not call the service. One per service; NULL
// removes it: afterwards it does not run any more.
typedef void tw_events_notify(void *ctx);
void tw_events_on_new(tw_service *service, tw_events_notify *notify, void *ctx);

#endif
