// SPDX-License-Identifier: Apache-2.0
//
// Signals: named, explainable indicators of schemes, written as YAML data (docs/detection.md has
// the format) and compiled to flat arrays. A set holds schemes (what an alert is about: its type
// and the kind of entity it belongs to) and signals (what speaks for a scheme).
//
// A compiled set is immutable and may be shared between threads; strings in the infos are views
// into it. Parsing allocates from the given allocator only, besides what libyaml needs while it
// reads.
#ifndef TW_DETECT_SIGNALS_H
#define TW_DETECT_SIGNALS_H

#include "base/alloc.h"
#include "detect/score.h"
#include "feature/catalogue.h"

#define TW_SIGNALS_MAX 64        // in one set
#define TW_SCHEMES_MAX 24        // in one set
#define TW_SCHEME_SIGNALS_MAX 10 // of one scheme: each has a slot in the scheme's evidence
#define TW_PARAMETERS_MAX 8      // of one signal

typedef struct tw_signal_set tw_signal_set;

typedef struct tw_scheme_info {
    tw_str name, title, help;
    tw_alert_type type;
    tw_entity_kind entity; // EMPLOYEE, ACCOUNT, REGISTER or STORE
} tw_scheme_info;

typedef struct tw_parameter {
    tw_str name, unit, help;
    double value, low, high; // low <= value <= high
} tw_parameter;

typedef struct tw_signal_info {
    tw_str name, title, help, sentence; // sentence: the template
    uint32_t scheme;                    // index of its scheme
    bool enabled;
    bool is_clearing;   // takes evidence away instead of adding it
    float weight;       // evidence at full strength, in points
    uint32_t needs;     // tw_feed bits without which it never fires
    uint32_t needs_not; // tw_feed bits with which it never fires: the plain variant of another
    const tw_parameter *parameters;
    size_t parameter_n;
    tw_feature feature; // main one, for charts: its peer comparison's, else its first condition's
} tw_signal_info;

// Compiles a set. TW_SYNTAX for broken YAML, TW_INVALID for a wrong key or value, TW_LIMIT,
// TW_NO_MEMORY; *err names the signal, the key and the line in one sentence.
tw_status tw_signal_set_parse(const tw_alloc *alloc, tw_str yaml, tw_signal_set **out,
                              tw_err *err) TW_MUST_CHECK;
void tw_signal_set_free(tw_signal_set *set);
// The set that ships with the program, as text.
tw_str tw_signal_set_default(void);

size_t tw_signal_set_n(const tw_signal_set *set);
size_t tw_signal_set_scheme_n(const tw_signal_set *set);
void tw_signal_set_get(const tw_signal_set *set, size_t signal, tw_signal_info *out);
void tw_signal_set_scheme(const tw_signal_set *set, size_t scheme, tw_scheme_info *out);

#endif
