// SPDX-License-Identifier: Apache-2.0
//
// Drift: is what comes in still like what the model was trained on, and is it still right? PSI
// (population stability index: sum over bins of (a - e) ln(a / e)) of inputs and scores, missing
// shares, volumes, precision by week with Wilson's interval, calibration. Pure functions, safe to
// call from any thread; docs/metrics.md has the definitions.
//
// A value that is not finite counts as missing. A risk that is not finite is left out instead: of
// rows that another model scored.
#ifndef TW_LEARN_DRIFT_H
#define TW_LEARN_DRIFT_H

#include "base/alloc.h"
#include "base/buf.h"
#include "detect/inputs.h"

#define TW_DRIFT_BINS 10

// Bins of one input, made from the training rows. The first bin is below the lowest value seen, the
// last above the highest; those between hold equal shares as far as ties allow, and a value that
// many rows share has a bin of its own. Bin 0: x < edges[0]; bin 1: edges[0] <= x <= edges[1];
// bin b: edges[b-1] < x <= edges[b]; the last: x > edges[TW_DRIFT_BINS-2].
typedef struct tw_drift_bins {
    float edges[TW_DRIFT_BINS - 1]; // ascending, finite; equal neighbours leave a bin empty
    float share[TW_DRIFT_BINS];     // of the rows with a value; all 0 when there is none
    float missing;                  // share of all rows
    // The most that it moved within the training rows, a quarter of them against the others: young
    // histories that still fill, few stores that each go their own way. No less is news.
    float usual_psi, usual_missing;
} tw_drift_bins;

typedef struct tw_drift_reference {
    tw_drift_bins inputs[TW_INPUT_N];
    tw_drift_bins risk; // of the model on those rows
    uint64_t rows_n;    // that it was made from
    double transactions_per_day;
} tw_drift_reference;

// From x[n][stride] (row-major; the first TW_INPUT_N of each row) with weights[n] (finite and above
// 0; NULL = 1) and the model's risk[n]. Up to 65,536 evenly spaced rows are used. TW_INVALID
// without rows or for a number out of range; TW_NO_MEMORY.
tw_status tw_drift_reference_make(const tw_alloc *alloc, const float *x, size_t stride,
                                  const float *weight, const float *risk, size_t n,
                                  double transactions_per_day, tw_drift_reference *out,
                                  tw_err *err) TW_MUST_CHECK;
// The section REFERENCE of a model file (docs/formats/model.md). A failure stays in out->status.
void tw_drift_reference_write(const tw_drift_reference *reference, tw_buf *out);
// TW_CORRUPT when it is not what the writer writes; TW_UNSUPPORTED for another version or another
// number of inputs. *out is zero on failure.
tw_status tw_drift_reference_read(tw_str bytes, tw_drift_reference *out, tw_err *err) TW_MUST_CHECK;

typedef struct tw_drift_input {
    double psi; // 0 = alike; 0.1 to 0.25 moderate, above: drifted; missing is a bin of its own
    double usual_psi; // of the reference
    double missing, missing_reference, usual_missing;
    double shares[TW_DRIFT_BINS]; // now, of the rows with a value; all 0 when there is none
} tw_drift_input;

typedef struct tw_drift {
    uint64_t rows_n, reference_n;
    uint64_t risk_rows_n; // rows with a risk; without any, risk.psi is NaN
    tw_drift_input inputs[TW_INPUT_N];
    tw_drift_input risk;
    double transactions_per_day, volume_ratio; // against the reference; NaN when that is 0
} tw_drift;

// Compares rows x[n][stride] and their risk[n] with a reference. Shares are smoothed by half a row,
// so that an empty bin gives a finite PSI. TW_INVALID without rows or for a negative number of
// transactions.
tw_status tw_drift_measure(const tw_drift_reference *reference, const float *x, size_t stride,
                           const float *risk, size_t n, double transactions_per_day, tw_drift *out,
                           tw_err *err) TW_MUST_CHECK;

// Wilson's score interval of k successes in n at 90 % (E. B. Wilson, 1927).
typedef struct tw_share {
    uint64_t k, n;
    double value, low, high; // NaN when n is 0
} tw_share;
tw_share tw_share_of(uint64_t k, uint64_t n);

// Limits; crossing one raises an alarm.
#define TW_DRIFT_LIMITS(X)                                                                         \
    X(input_psi, 0.25, "PSI of an input")                                                          \
    X(score_psi, 0.25, "PSI of the risk score")                                                    \
    X(missing_change, 0.1, "Change of an input's missing share")                                   \
    X(volume_change, 0.5, "Change of the transactions a day, as a share")                          \
    X(precision_min, 0.85, "Precision of the latest alerts: upper end of its interval")            \
    X(calibration_error, 0.15, "Predicted precision above the observed")
typedef struct tw_drift_limits {
#define X(name, value, title) double name;
    TW_DRIFT_LIMITS(X)
#undef X
} tw_drift_limits;
tw_drift_limits tw_drift_limits_default(void);

typedef struct tw_week {
    int32_t first_day; // Monday
    uint64_t transaction_n, alert_n;
    tw_share precision;       // of the decided alerts
    tw_share audit_precision; // confirmed among audited transactions: what alerts miss
    double predicted;         // mean probability of the decided alerts; NaN without a classifier
} tw_week;

#define TW_ALARM_BYTES 200
typedef struct tw_alarm {
    const char *kind; // a name of TW_DRIFT_LIMITS
    double value, limit;
    char sentence[TW_ALARM_BYTES];
} tw_alarm;
#define TW_ALARMS_MAX 32
// What crosses a limit, worst first (by how many times the limit); at most TW_ALARMS_MAX, and of
// the inputs' only the worst six of a kind, then one sentence about the others. drift may be NULL.
//
// An input or the risk raises none while it moves no more than usual within the training rows, or
// no more than chance alone explains with so few rows: the 99.9 % quantile of PSI without drift,
// (1/n + 1/m) chi-square with 10 degrees of freedom. An input whose missing share raises an alarm
// raises none by PSI as well. weeks in any order: precision and calibration are those of the latest
// weeks with decided alerts, as few as have 20 of them together and at most four, so that a week
// that has only begun hides nothing.
size_t tw_drift_alarms(const tw_drift *drift, const tw_week *weeks, size_t week_n,
                       const tw_drift_limits *limits, tw_alarm out[TW_ALARMS_MAX]);

#endif
