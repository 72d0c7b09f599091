// SPDX-License-Identifier: Apache-2.0
//
// Changes to signal sets and policies by name, and what differs between two of them. The text stays
// the one form in which they are kept: an edit reads a text and writes a text.
//
// Thread-safety: pure functions. libyaml uses the C library's memory while one runs.
#ifndef TW_DETECT_EDIT_H
#define TW_DETECT_EDIT_H

#include "base/alloc.h"
#include "base/buf.h"
#include "detect/policy.h"
#include "detect/signals.h"

typedef struct tw_named_value {
    tw_str name;
    double value;
} tw_named_value;

// What shall change of one signal.
typedef struct tw_signal_edit {
    tw_str name;
    bool has_enabled, enabled;
    bool has_weight;
    double weight; // points
    const tw_named_value *parameters;
    size_t parameter_n;
} tw_signal_edit;

// Appends the set with the edits done to `out`; comments are lost, everything else stays. The
// result has been compiled: TW_NOT_FOUND names a signal or parameter that the set does not have,
// TW_INVALID what does not hold (a value outside its limits), TW_SYNTAX, TW_LIMIT, TW_NO_MEMORY.
tw_status tw_signal_set_edit(const tw_alloc *alloc, tw_str yaml, const tw_signal_edit *edits,
                             size_t n, tw_buf *out, tw_err *err) TW_MUST_CHECK;
// Appends the policy as YAML: the fields that differ from their defaults. out->status tells.
void tw_policy_write(const tw_policy *policy, tw_buf *out);

typedef enum tw_difference_form {
    TW_DIFFERENCE_NOTHING,
    TW_DIFFERENCE_NUMBER,
    TW_DIFFERENCE_FLAG
} tw_difference_form;
typedef struct tw_difference_value {
    tw_difference_form form;
    double number;
    bool flag;
} tw_difference_value;

// One difference. `signal` is empty for what concerns no signal. `member` is "enabled", "weight",
// "parameters.NAME", "signal" (it is new or gone: flags), "definition" (anything else of it),
// "schemes", or a field of the policy.
typedef struct tw_difference {
    tw_str signal, member; // valid during the visit
    tw_difference_value from, to;
} tw_difference;
typedef tw_status tw_difference_visit(void *ctx, const tw_difference *difference);

// Visits what differs, in the order of `after`; what is gone comes last. Both are sets that
// compile. TW_SYNTAX, TW_INVALID, TW_NO_MEMORY, or the visitor's status.
tw_status tw_signal_set_diff(tw_str before, tw_str after, tw_difference_visit *visit, void *ctx,
                             tw_err *err) TW_MUST_CHECK;
tw_status tw_policy_diff(tw_str before, tw_str after, tw_difference_visit *visit, void *ctx,
                         tw_err *err) TW_MUST_CHECK;

#endif
