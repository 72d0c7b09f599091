// SPDX-License-Identifier: Apache-2.0
//
// Beside tw_query_metrics (service/work.h): the days of the figures, and the backlog. All functions
// are thread-safe.
#ifndef TW_SERVICE_FIGURES_H
#define TW_SERVICE_FIGURES_H

#include "service/work.h"

// The zone in which figures have their days: that of the settings, else the installation's. `zone`
// and `name` live as long as the service. A zone that was never used before is read: some 20 ms.
typedef struct tw_figure_zone {
    const tw_zone *zone;
    tw_str name;
} tw_figure_zone;
tw_status tw_query_figure_zone(tw_service *service, tw_figure_zone *out, tw_err *err) TW_MUST_CHECK;
// The currency of all figures: the installation's.
void tw_figure_currency(const tw_service *service, char out[4]);
// Midnight at the begin of a day in that zone, and the day of an instant.
int64_t tw_figure_day_ms(const tw_figure_zone *zone, int32_t day);
int32_t tw_figure_day_of(const tw_figure_zone *zone, int64_t ms);
// The first day of the next week (Monday) or month after `day`; the next day for CUT_DAY.
int32_t tw_figure_next_day(tw_metric_cut unit, int32_t day);

// Open alerts now, whenever they were created; from_ms, to_ms and cut of the query do not count.
typedef struct tw_backlog {
    uint64_t open, unassigned, overdue, snoozed;
    uint64_t due_24h; // within 24 hours, and not overdue
    int64_t exposure_minor;
    int64_t oldest_ms; // created; 0 = none
} tw_backlog;
// 20 ns an alert.
tw_status tw_query_backlog(tw_service *service, const tw_metric_query *query, tw_backlog *out,
                           tw_err *err) TW_MUST_CHECK;

#endif
