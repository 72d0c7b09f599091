// SPDX-License-Identifier: Apache-2.0
//
// The manager's report, one printable page, and its sending by mail on schedule.
//
// Thread-safe.
#ifndef TW_SERVICE_REPORT_H
#define TW_SERVICE_REPORT_H

#include "port/mail.h"
#include "service/figures.h"

// Appends the report of the query's period, region and stores as PDF. TW_CLOSED when the service
// has no paper.
tw_status tw_report_make(tw_service *service, const tw_metric_query *query, tw_buf *out,
                         tw_err *err) TW_MUST_CHECK;

// The thread that sends: to whom and when are settings (report_*), the server is the mail port. A
// sending that fails is tried again after ten minutes, five times; each attempt is an entry of the
// log (report.send with to, from, until; report.fail with the reason).
typedef struct tw_reporter tw_reporter;

typedef struct tw_report_state {
    bool is_configured;                   // there is a mail server
    bool is_sending;                      // now, or asked for
    bool is_alarm;                        // the newest attempt failed
    int64_t next_ms;                      // 0 = nothing is planned
    int64_t last_sent_ms, last_failed_ms; // 0 = never, as far as the log knows
    char last_error[232];                 // of the newest attempt; "" when it went well
} tw_report_state;

// mail may have no ops: then nothing is ever sent. All are borrowed and outlive the reporter.
tw_status tw_reporter_start(tw_service *service, const tw_mail *mail, tw_reporter **out,
                            tw_err *err) TW_MUST_CHECK;
void tw_reporter_stop(tw_reporter *reporter); // waits for a sending; NULL is allowed
void tw_reporter_get(tw_reporter *reporter, tw_report_state *out);
// Asks for a sending now, of the last complete period, to these addresses (n 0 = those of the
// settings). TW_CONFLICT: no mail server, nobody named, or one under way; TW_INVALID: an address.
tw_status tw_reporter_send(tw_reporter *reporter, tw_str actor, const tw_str *to, size_t n,
                           tw_err *err) TW_MUST_CHECK;

// For tests: when a report is due next after `after_ms`, and the period that one due at `due_ms`
// covers. weekday and hour as in the settings.
int64_t tw_report_next_ms(const tw_figure_zone *zone, int32_t weekday, int32_t hour,
                          int64_t after_ms);
void tw_report_period(const tw_figure_zone *zone, int32_t weekday, int64_t due_ms, int64_t *from_ms,
                      int64_t *to_ms);

#endif
