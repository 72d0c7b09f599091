// SPDX-License-Identifier: Apache-2.0
//
// A thin reader over libyaml's document tree for the small, strict formats of this library: every
// key is known, every error is one sentence with subject, key and line. Internal.
//
// The tree is walked by the caller to a fixed depth, so aliases and deep nesting cost nothing more
// than libyaml's own limits.
#ifndef TWI_YAML_TREE_H
#define TWI_YAML_TREE_H

#include <yaml.h>

#include "base/arena.h"
#include "base/str.h"

typedef struct twi_yaml {
    yaml_document_t document;
    bool is_loaded;
    const yaml_node_t *root; // NULL for an empty document
    char subject[80];        // what errors are about: "signal no_receipt"; "" = the document
    tw_err *err;
} twi_yaml;

// Parses the text into a tree. TW_LIMIT above TW_CONFIG_MAX_BYTES, TW_SYNTAX with the line.
tw_status twi_yaml_init(twi_yaml *yaml, tw_str text, tw_err *err) TW_MUST_CHECK;
void twi_yaml_release(twi_yaml *yaml);

// Fails with TW_INVALID: "<subject>, <key>: <why> (line n)".
tw_status twi_yaml_fail(const twi_yaml *yaml, const yaml_node_t *at, const char *key,
                        const char *why, ...) TW_PRINTF(4, 5);

// Value of a key of a mapping, or NULL.
const yaml_node_t *twi_yaml_get(const twi_yaml *yaml, const yaml_node_t *map, const char *key);
// Checks that `node` is a mapping whose keys are all in the NULL-terminated list, each once.
tw_status twi_yaml_keys(const twi_yaml *yaml, const yaml_node_t *node, const char *where,
                        const char *const *known);
// Items of a sequence; a missing node has none. TW_INVALID when it is no sequence or above max_n.
tw_status twi_yaml_items(const twi_yaml *yaml, const yaml_node_t *node, const char *key,
                         size_t max_n, size_t *n);
const yaml_node_t *twi_yaml_item(const twi_yaml *yaml, const yaml_node_t *sequence, size_t i);

// Text of a scalar (a view into the tree); TW_INVALID when it is missing, empty, too long or no
// scalar.
tw_status twi_yaml_text(const twi_yaml *yaml, const yaml_node_t *map, const char *key,
                        size_t max_bytes, tw_str *out);
bool twi_yaml_scalar(const yaml_node_t *node, tw_str *out); // false when it is no scalar

#endif
