// SPDX-License-Identifier: Apache-2.0
//
// Versions of the signal set and of the policy: what the journal's configuration facts say. Only
// files of src/http include this.
#ifndef TWI_HTTP_VERSIONS_H
#define TWI_HTTP_VERSIONS_H

#include "detect/edit.h"
#include "internal.h"

typedef struct twi_versions {
    tw_config_kind kind;        // SIGNALS or POLICY
    const tw_model_view *items; // newest first
    size_t n;
    const tw_model_view *current; // NULL = none
} twi_versions;

// All versions of a kind. False after answering.
bool twi_versions_read(twi_request *request, tw_config_kind kind, twi_versions *out);
const tw_model_view *twi_version_find(const twi_versions *versions, tw_str name);
// The text of a version in the request's arena. False after answering.
bool twi_version_text(twi_request *request, const tw_model_view *version, tw_str *out);
// The text of the version of a name; false after answering, 404 when there is none.
bool twi_version_again(twi_request *request, const twi_versions *versions, tw_str name,
                       tw_str *out);
// The text in force of a kind.
bool twi_version_current(twi_request *request, tw_config_kind kind, tw_str *out);
void twi_version_etag(twi_request *request, tw_str name);

// `before` NULL = there was none.
void twi_json_version(twi_request *request, yyjson_mut_doc *doc, yyjson_mut_val *object,
                      const twi_versions *versions, const tw_model_view *version,
                      const tw_model_view *before);
// GET /signals/versions and /policy/versions.
void twi_reply_versions(twi_request *request, tw_config_kind kind);

// A change: reads reason and If-Match, makes the new text by `make` (which answers when it cannot)
// and installs it as a new version. The reply is that version.
typedef bool twi_version_make(twi_request *request, yyjson_val *body, const twi_versions *versions,
                              tw_str current, tw_str *out);
void twi_version_change(twi_request *request, tw_config_kind kind, twi_version_make *make);

// signals.c
void twi_handle_signals(twi_request *request);
void twi_handle_signals_change(twi_request *request);
void twi_handle_signal_versions(twi_request *request);
void twi_handle_signal_version(twi_request *request);
// The set that an array of changes makes of another. False after answering with the field `name`.
bool twi_signals_edited(twi_request *request, yyjson_val *changes, const char *name, tw_str current,
                        tw_str *out);

// policy.c
void twi_handle_policy(twi_request *request);
void twi_handle_policy_change(twi_request *request);
void twi_handle_policy_versions(twi_request *request);
// As twi_signals_edited, of an object of values by name.
bool twi_policy_edited(twi_request *request, yyjson_val *values, const char *name, tw_str current,
                       tw_str *out);

#endif
