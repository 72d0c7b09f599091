// SPDX-License-Identifier: Apache-2.0
//
// What a manager sets about the work: one document (kind "settings", id "settings") of named
// members with defaults. A change names only the members that change.
//
// Thread-safety: pure functions.
#ifndef TW_WORKFLOW_SETTINGS_H
#define TW_WORKFLOW_SETTINGS_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/status.h"
#include "base/str.h"
#include "retail/transaction.h"

#define TW_REASONS_MAX 64
#define TW_REGIONS_MAX 200
#define TW_RULES_MAX 100

// X(VERDICT, "code", "title"): the reasons when the settings name none.
#define TW_REASONS_BUILT_IN(X)                                                                     \
    X(CONFIRMED, "theft_admitted", "Theft admitted")                                               \
    X(CONFIRMED, "evidence_video", "Evidence on video")                                            \
    X(CONFIRMED, "evidence_receipts", "Evidence in the receipts")                                  \
    X(CONFIRMED, "policy_abuse", "Abuse of a policy")                                              \
    X(REFUTED, "expected_activity", "Expected activity")                                           \
    X(REFUTED, "authorised", "Authorised")                                                         \
    X(REFUTED, "known_role", "Belongs to the role")                                                \
    X(REFUTED, "rule_too_sensitive", "The signal is too sensitive")                                \
    X(REFUTED, "data_error", "Faulty data")                                                        \
    X(REFUTED, "other", "Other")                                                                   \
    X(OPERATIONAL, "training_need", "Training needed")                                             \
    X(OPERATIONAL, "process_fault", "Fault of a process")                                          \
    X(OPERATIONAL, "system_fault", "Fault of a system")                                            \
    X(INCONCLUSIVE, "no_evidence", "No evidence")                                                  \
    X(INCONCLUSIVE, "employee_left", "The employee has left")                                      \
    X(INCONCLUSIVE, "other", "Other")

// A reason that an investigator may give; the codes of the built-in list are always valid in old
// verdicts, whatever is in use now.
typedef struct tw_reason {
    tw_verdict_kind verdict;
    tw_str code, title;
} tw_reason;

// Stores by id, or by prefix with a final "*".
typedef struct tw_region {
    tw_str name;
    const tw_str *stores;
    size_t store_n;
} tw_region;

// The first rule that fits a new alert assigns it. Empty members fit everything. The assignee is a
// user id; with `team` the member of the team who has the fewest open alerts, ties by id.
typedef struct tw_assign_rule {
    tw_str region, type, scheme, assignee, team;
    double min_risk;
} tw_assign_rule;

// Members with their JSON names; amounts are minor units a year, an hour, or of one case.
typedef struct tw_settings {
    double sla_hours_critical;    // 4: risk 0.95 and above
    double sla_hours_high;        // 24: 0.9 and above
    double sla_hours_normal;      // 72: the rest
    int64_t approval_minor;       // 500000: closing a case with this exposure needs a second person
    int64_t cost_hour_minor;      // 4500: of an investigator
    double minutes_per_alert;     // 45: time for one decision, when none was measured
    double months_prevented;      // 6: a confirmed theft would have gone on for so long
    double share_prevented;       // 0.5: the share of that which is counted as saved
    int64_t platform_month_minor; // 150000: what running this costs
    int32_t retention_days;       // 400: of what the audit log shows; the journal keeps facts
    tw_str camera_link;           // template: {store}, {register}, {time}, {unix}; "" = none
    tw_str brand_name, brand_colour; // "" = Tillwatch; "#rrggbb"
    tw_str zone;                     // of the portal's figures; "" = the installation's
    tw_str report_to;       // addresses for the scheduled report, separated by commas; "" = none
    int32_t report_weekday; // 1 Monday .. 7; 0 = every day; -1 = first of the month
    int32_t report_hour;    // 0..23
    const tw_reason *reasons;
    size_t reason_n;
    const tw_region *regions;
    size_t region_n;
    const tw_assign_rule *rules;
    size_t rule_n;
} tw_settings;

// The defaults; constant.
const tw_settings *tw_settings_default(void);
// Reads a document ("" = the defaults); texts and lists live in the arena. TW_INVALID names the
// member that does not hold.
tw_status tw_settings_read(tw_str json, tw_arena *arena, tw_settings *out,
                           tw_err *err) TW_MUST_CHECK;
// The document after a change, both as JSON; appended to `out`. TW_INVALID as read.
// A member that is null in the change goes back to its default. The document holds only what was
// ever set; TW_LIMIT above 1 MiB.
tw_status tw_settings_merge(tw_str json, tw_str change, tw_buf *out, tw_err *err) TW_MUST_CHECK;
// All members as JSON, defaults included, in the arena. TW_NO_MEMORY.
tw_status tw_settings_write(const tw_settings *settings, tw_arena *arena,
                            tw_str *out) TW_MUST_CHECK;

// Does the region list the store, by id or by prefix?
bool tw_region_holds(const tw_region *region, tw_str store_id);
// The first region that holds a store, "" without one. O(stores of the regions).
tw_str tw_settings_region(const tw_settings *settings, tw_str store_id);
// Time to decide an alert of this risk (TW_RISK_ of port/ledger.h), and when that is over:
// created_ms plus it.
int64_t tw_settings_sla_ms(const tw_settings *settings, double risk);
int64_t tw_settings_due_ms(const tw_settings *settings, int64_t created_ms, double risk);

#endif
