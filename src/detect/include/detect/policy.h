// SPDX-License-Identifier: Apache-2.0
//
// The alert policy: how many alerts people can work, how much evidence an alert needs at least, how
// evidence ages, and what verdicts do to the entity that they were about. Written in YAML; every
// key is optional.
//
// Evidence is counted in points (one strong signal is about three), kept as integers in 1/1024.
#ifndef TW_DETECT_POLICY_H
#define TW_DETECT_POLICY_H

#include "base/str.h"

// X(field, default, low, high, "unit", "help")
#define TW_POLICY_FIELDS(X)                                                                        \
    X(alerts_per_store_day, 0.3, 0.001, 100, "alerts",                                             \
      "New alerts per store and day that the investigators can work; one works 15 to 30 a day "    \
      "for 50 to 100 stores")                                                                      \
    X(precision_floor, 0.92, 0.5, 0.999, "share",                                                  \
      "Share of alerts that must be right, by the verdicts so far, where a classifier is trained") \
    X(evidence_floor, 5.5, 1, 100, "points",                                                       \
      "Evidence under which nothing alerts, however quiet the chain is; one strong windowed "      \
      "signal, or several weak ones")                                                              \
    X(evidence_cold, 9, 1, 100, "points",                                                          \
      "Floor during the first days, while peers and own history are thin")                         \
    X(cold_days, 7, 0, 28, "days", "Length of that start")                                         \
    X(half_life_days, 14, 1, 365, "days", "Evidence halves in this time")                          \
    X(correlated_share, 0.35, 0, 1, "share",                                                       \
      "What each further signal of the same scheme adds, as a share of its evidence")              \
    X(outlier_points, 1, 0, 20, "points",                                                          \
      "Evidence that the outlier model adds to a transaction with a signal, at rank 1")            \
    X(outlier_from, 0.95, 0, 0.9999, "rank", "Outlier rank from which it adds anything")           \
    X(confirmed_factor, 1, 0.1, 1, "ratio",                                                        \
      "Evidence needed after a verdict CONFIRMED on the entity and scheme, against the usual")     \
    X(confirmed_days, 90, 0, 3650, "days", "How long that holds")                                  \
    X(refuted_factor, 2.5, 1, 100, "ratio", "Evidence needed after a verdict REFUTED")             \
    X(refuted_days, 28, 0, 3650, "days", "How long that holds")                                    \
    X(operational_factor, 1.5, 1, 100, "ratio",                                                    \
      "Evidence needed after a verdict OPERATIONAL or INCONCLUSIVE")                               \
    X(operational_days, 28, 0, 3650, "days", "How long that holds")                                \
    X(habit_share, 0.005, 0.0001, 1, "share",                                                      \
      "Share of the employees for whom a signal may fire in four weeks; one that fires for more "  \
      "is taken for a habit of the house and counts less, until verdicts speak")                   \
    X(audit_share, 0, 0, 0.1, "share",                                                             \
      "Random share of transactions without an alert that are marked for audit")

typedef struct tw_policy {
#define X(field, value, low, high, unit, help) double field;
    TW_POLICY_FIELDS(X)
#undef X
} tw_policy;

typedef struct tw_policy_field {
    const char *name, *unit, *help;
    double value, low, high; // value is the default
} tw_policy_field;

void tw_policy_init(tw_policy *policy); // the defaults
// Defaults overlaid with the YAML text. TW_SYNTAX or TW_INVALID; *err names the key and the line.
tw_status tw_policy_parse(tw_str yaml, tw_policy *out, tw_err *err) TW_MUST_CHECK;
size_t tw_policy_field_n(void);
const tw_policy_field *tw_policy_field_get(size_t i); // i < tw_policy_field_n()
double tw_policy_get(const tw_policy *policy, size_t i);
// Sets field i; TW_INVALID with a sentence outside its range.
tw_status tw_policy_set(tw_policy *policy, size_t i, double value, tw_err *err) TW_MUST_CHECK;

#endif
