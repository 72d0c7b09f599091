// SPDX-License-Identifier: Apache-2.0
//
// The model file "TWMODEL1" and the immutable model it loads into. docs/formats/model.md has the
// offset table. A file is a header with a SHA-256 over all else, a table of sections, and the
// sections: feature names and catalogue hash, metadata (JSON text), isolation forest, and, when the
// model has a classifier: its trees, the names of their inputs and the curves that turn a margin
// into what the detector uses; and the reference that drift is measured against.
// Loading trusts nothing: every length, index, count and number is checked, and what fails is told
// in one sentence. A section that this reader does not know is skipped, unless it is marked
// critical.
//
// A tw_model is immutable and counted: share it between threads by ref and unref. It owns copies of
// all it holds, the bytes of the file among them.
#ifndef TW_MODEL_FILE_H
#define TW_MODEL_FILE_H

#include "base/hash.h"
#include "model/calibrate.h"
#include "model/gbt.h"
#include "model/iforest.h"

#define TW_MODEL_SECTIONS_MAX 32
#define TW_MODEL_METADATA_MAX_BYTES (1 << 20)
#define TW_MODEL_FEATURE_MAX_BYTES 64
#define TW_MODEL_REFERENCE_MAX_BYTES (512 << 10)

typedef struct tw_model tw_model;

// Curves of a model; each is a section of its own.
//   PROBABILITY  margin of the classifier -> calibrated probability of fraud
//   LIFT         margin -> factor on the evidence of the signals, > 0; 1 = the classifier is silent
//   PATTERN      margin -> share of the operating point that the classifier reaches alone, strictly
//                increasing; 1 and more alerts without any signal
// All three are there when there is a classifier. Without one, only PROBABILITY can be: files from
// before there were classifiers calibrate the outlier score by it.
#define TW_MODEL_CURVES(X)                                                                         \
    X(PROBABILITY, "CALIBRATION")                                                                  \
    X(LIFT, "LIFT")                                                                                \
    X(PATTERN, "PATTERN")
typedef enum tw_model_curve_kind {
#define X(name, section) TW_MODEL_##name,
    TW_MODEL_CURVES(X)
#undef X
        TW_MODEL_CURVE_N
} tw_model_curve_kind;

// What goes into a file; all borrowed.
typedef struct tw_model_parts {
    const tw_str *feature_names; // [features_n], unique, 1..64 bytes of UTF-8
    size_t features_n;           // that of the forest
    uint64_t catalogue_hash;
    tw_str metadata;           // a JSON object in UTF-8, not interpreted here; may be empty
    const tw_iforest *iforest; // required
    const tw_gbt *gbt;         // the classifier; NULL = none
    const tw_str *input_names; // [inputs of gbt], unique, as feature names
    const tw_curve *curves[TW_MODEL_CURVE_N];
    tw_str reference; // bytes that learn/drift.h defines; may be empty
} tw_model_parts;

// Appends a model file to an empty buf. TW_INVALID when the parts do not fit each other,
// TW_NO_MEMORY, TW_LIMIT when the buffer's maximum is too small (TW_MODEL_MAX_BYTES never is).
tw_status tw_model_save(const tw_model_parts *parts, tw_buf *buf, tw_err *err) TW_MUST_CHECK;

// Loads a file's bytes; *out has one reference. TW_SYNTAX: not a model file; TW_UNSUPPORTED: a
// newer version or an unknown critical section; TW_CORRUPT: truncated or damaged; TW_LIMIT;
// TW_NO_MEMORY.
tw_status tw_model_load(const tw_alloc *alloc, const void *data, size_t bytes, tw_model **out,
                        tw_err *err) TW_MUST_CHECK;
// save and load in one: a model from fresh parts.
tw_status tw_model_new(const tw_alloc *alloc, const tw_model_parts *parts, tw_model **out,
                       tw_err *err) TW_MUST_CHECK;
tw_model *tw_model_ref(tw_model *model);
void tw_model_unref(tw_model *model); // NULL is allowed

// Views, good while the caller holds a reference.
size_t tw_model_features_n(const tw_model *model);
tw_str tw_model_feature_name(const tw_model *model, size_t feature_idx);
uint64_t tw_model_catalogue_hash(const tw_model *model);
tw_str tw_model_metadata(const tw_model *model);
const tw_iforest *tw_model_iforest(const tw_model *model);
const tw_gbt *tw_model_gbt(const tw_model *model); // NULL when there is none
tw_str tw_model_input_name(const tw_model *model, size_t input_idx);
const tw_curve *tw_model_curve(const tw_model *model, tw_model_curve_kind kind); // or NULL
tw_str tw_model_reference(const tw_model *model);
tw_str tw_model_bytes(const tw_model *model); // the file
// SHA-256 of header and sections, as stored in the file: the model's identity.
const uint8_t *tw_model_digest(const tw_model *model); // [TW_SHA256_BYTES]

#endif
