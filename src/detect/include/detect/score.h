// SPDX-License-Identifier: Apache-2.0
//
// The score of one transaction, and its compact form for storage. A million packed scores take
// 32 MB. Unpacking gives back the same bits, so a stored score is the answer that was given.
//
// Signals are named by a small number that a detector gives to each signal name once and never
// again to another (tw_detector_signal tells the name), so stored scores outlive edits of the
// rules.
#ifndef TW_DETECT_SCORE_H
#define TW_DETECT_SCORE_H

#include "base/buf.h"

// X(NAME, "wire name"); stored numbers: append only.
#define TW_ALERT_TYPES(X)                                                                          \
    X(NONE, "")                                                                                    \
    X(DISCOUNT, "DISCOUNT")                                                                        \
    X(VOID_REFUND, "VOID_REFUND")                                                                  \
    X(EMPLOYEE, "EMPLOYEE")                                                                        \
    X(TIME, "TIME")                                                                                \
    X(CROSS_STORE, "CROSS_STORE")                                                                  \
    X(INVENTORY, "INVENTORY")
#define X(name, text) TW_ALERT_##name,
typedef enum tw_alert_type { TW_ALERT_TYPES(X) TW_ALERT_TYPE_N } tw_alert_type;
#undef X
const char *tw_alert_type_name(tw_alert_type type); // "" for NONE and out of range
bool tw_alert_type_from(tw_str name, tw_alert_type *out);

// The operating point: a transaction at or above it opens an alert or belongs to an open one.
#define TW_RISK_ALERT 0.8f

// Risk from what speaks for it: the outlier's rank (0..1), the best case's evidence against what an
// alert needs (0 = no signal fired), and the classifier's lift and pattern (model/file.h; NAN
// without a classifier). Monotone in each; TW_RISK_ALERT and more exactly when the lifted evidence
// or the pattern reaches 1.
float tw_risk_combine(float outlier, float evidence, float lift, float pattern);

typedef struct tw_fired {
    uint8_t signal;   // number of the signal (tw_detector_signal)
    uint8_t strength; // 1..255, in 255ths of full strength
} tw_fired;

#define TW_FIRED_MAX 5
typedef struct tw_score {
    float risk; // 0..1; TW_RISK_ALERT is the operating point of the alert policy
    float
        probability; // calibrated probability of fraud, 0..1; NaN while no classifier is installed
    float outlier;   // calibrated rank of the outlier model, 0..1; NaN without a model
    uint64_t
        alert_key; // alert that the transaction belongs to; 0 = none (tw_alert_id gives the text)
    tw_alert_type type; // of the strongest fired signal; NONE when none fired
    bool is_audit;      // drawn for the audit sample of the policy (never when it has an alert)
    uint8_t fired_n;
    tw_fired fired[TW_FIRED_MAX]; // strongest first (by weight times strength)
} tw_score;

#define TW_SCORE_BYTES 32
// Offset 0 risk f32, 4 probability f32, 8 outlier f32, 12 alert key u64, 20 type u8 (bit 7: audit),
// 21 fired_n u8, 22 fired[5] of {signal u8, strength u8}; little-endian, unused entries 0.
void tw_score_pack(const tw_score *score, uint8_t out[TW_SCORE_BYTES]);
// TW_CORRUPT when a count or type is out of range.
tw_status tw_score_unpack(const uint8_t data[TW_SCORE_BYTES], tw_score *out) TW_MUST_CHECK;

// "A-" and 13 characters of Crockford's base 32, NUL-terminated; "" for key 0.
#define TW_ALERT_ID_BYTES 16
char *tw_alert_id(uint64_t alert_key, char out[TW_ALERT_ID_BYTES]);
// Key of an alert id; 0 when it is none.
uint64_t tw_alert_key_from(tw_str id);

#endif
