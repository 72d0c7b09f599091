// SPDX-License-Identifier: Apache-2.0
//
// What the service's own files ask the registry: models by id, and the champion before.
#ifndef TWI_SERVICE_REGISTRY_H
#define TWI_SERVICE_REGISTRY_H

#include "internal.h"
#include "model/file.h"

// Of the rows of all config facts: 20 years of nightly trainings with two facts each of 10 KB.
#define TWI_REGISTRY_MAX_BYTES ((size_t)256 << 20)

bool twi_model_is_trained(const tw_model_view *view); // no signal set, no policy
// A model and its view. TW_NOT_FOUND; TW_INVALID for a signal set or policy. Unref it.
tw_status twi_registry_load(tw_service *service, tw_str model_id, tw_arena *arena,
                            tw_model_view *view, tw_model **out, tw_err *err) TW_MUST_CHECK;
// Id of the champion before the present one (tw_service_rollback). TW_NOT_FOUND.
tw_status twi_registry_before(tw_service *service, tw_arena *arena, tw_str *out,
                              tw_err *err) TW_MUST_CHECK;

// Journals a config fact and waits until it scores and is projected; by and reason are cut to what
// a fact holds.
tw_status twi_registry_put(tw_service *service, tw_config_kind kind, tw_str name, tw_str content,
                           tw_str changed_by, tw_str reason, tw_err *err) TW_MUST_CHECK;
// The text, or as many whole characters of it as fit.
tw_str twi_cut_text(tw_str text, size_t max_bytes);

// XGBoost's trees with the champion's forest and curves, as a model file (tw_service_import).
tw_status twi_wrap_foreign(tw_service *service, tw_str bytes, tw_buf *out,
                           tw_err *err) TW_MUST_CHECK;

#endif
