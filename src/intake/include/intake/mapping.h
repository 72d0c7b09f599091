// SPDX-License-Identifier: Apache-2.0
//
// YAML mappings: how the columns of a foreign CSV become the canonical fields. The language is
// described with examples in docs/formats/mapping.md; errors name the key and say what to do.
#ifndef TW_INTAKE_MAPPING_H
#define TW_INTAKE_MAPPING_H

#include "base/alloc.h"
#include "base/str.h"

// Immutable after loading; may be shared by sources on several threads.
typedef struct tw_mapping tw_mapping;

// Reads a file. TW_NOT_FOUND, TW_IO, TW_LIMIT (larger than TW_CONFIG_MAX_BYTES), TW_INVALID (not
// YAML, unknown key, wrong value), TW_NO_MEMORY. A mapping with `zone` reads the system's zone
// files: call it at start-up, from one thread.
tw_status tw_mapping_load(const tw_alloc *alloc, const char *path, tw_mapping **out,
                          tw_err *err) TW_MUST_CHECK;
// The same from text, which may be freed afterwards.
tw_status tw_mapping_parse(const tw_alloc *alloc, tw_str yaml, tw_mapping **out,
                           tw_err *err) TW_MUST_CHECK;
void tw_mapping_free(tw_mapping *mapping);

#endif
