// SPDX-License-Identifier: Apache-2.0
//
// Strict reading of small YAML documents; see yaml_tree.h.
#include "yaml_tree.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/limits.h"

tw_status twi_yaml_init(twi_yaml *yaml, tw_str text, tw_err *err)
{
    *yaml = (twi_yaml){.err = err};
    if (text.bytes > TW_CONFIG_MAX_BYTES)
        return tw_fail(err, TW_LIMIT, "the YAML text has %zu bytes, at most %d are allowed",
                       text.bytes, TW_CONFIG_MAX_BYTES);
    yaml_parser_t parser;
    if (!yaml_parser_initialize(&parser))
        return tw_fail(err, TW_NO_MEMORY, "no memory for reading YAML");
    yaml_parser_set_input_string(&parser, (const unsigned char *)(text.at ? text.at : ""),
                                 text.bytes);
    tw_status status = TW_OK;
    if (!yaml_parser_load(&parser, &yaml->document)) {
        if (parser.error == YAML_MEMORY_ERROR)
            status = tw_fail(err, TW_NO_MEMORY, "no memory for reading YAML");
        else
            status = tw_fail(err, TW_SYNTAX, "YAML line %zu: %s", parser.problem_mark.line + 1,
                             parser.problem ? parser.problem : "cannot be read");
    } else {
        yaml->is_loaded = true;
        yaml->root = yaml_document_get_root_node(&yaml->document);
    }
    yaml_parser_delete(&parser);
    return status;
}

void twi_yaml_release(twi_yaml *yaml)
{
    if (yaml->is_loaded)
        yaml_document_delete(&yaml->document);
    *yaml = (twi_yaml){0};
}

tw_status twi_yaml_fail(const twi_yaml *yaml, const yaml_node_t *at, const char *key,
                        const char *why, ...)
{
    char text[140];
    va_list args;
    va_start(args, why);
    vsnprintf(text, sizeof text, why, args);
    va_end(args);
    return tw_fail(yaml->err, TW_INVALID, "%s%s%s%s%s (line %zu)", yaml->subject,
                   yaml->subject[0] && key[0] ? ", " : "", key,
                   yaml->subject[0] || key[0] ? ": " : "", text,
                   at ? at->start_mark.line + 1 : (size_t)1);
}

bool twi_yaml_scalar(const yaml_node_t *node, tw_str *out)
{
    *out = TW_STR_NONE;
    if (!node || node->type != YAML_SCALAR_NODE)
        return false;
    *out = (tw_str){(const char *)node->data.scalar.value, node->data.scalar.length};
    return true;
}

static const yaml_node_t *node_at(const twi_yaml *yaml, int index)
{
    // libyaml's accessor takes a mutable document but only indexes its node stack.
    size_t n = (size_t)(yaml->document.nodes.top - yaml->document.nodes.start);
    return index > 0 && (size_t)index <= n ? yaml->document.nodes.start + index - 1 : NULL;
}

const yaml_node_t *twi_yaml_get(const twi_yaml *yaml, const yaml_node_t *map, const char *key)
{
    if (!map || map->type != YAML_MAPPING_NODE)
        return NULL;
    for (const yaml_node_pair_t *p = map->data.mapping.pairs.start; p < map->data.mapping.pairs.top;
         p++) {
        tw_str name;
        if (twi_yaml_scalar(node_at(yaml, p->key), &name) && tw_str_equal(name, tw_str_from(key)))
            return node_at(yaml, p->value);
    }
    return NULL;
}

tw_status twi_yaml_keys(const twi_yaml *yaml, const yaml_node_t *node, const char *where,
                        const char *const *known)
{
    if (!node || node->type != YAML_MAPPING_NODE)
        return twi_yaml_fail(yaml, node, where, "must be a mapping of keys to values");
    uint64_t seen = 0;
    for (const yaml_node_pair_t *p = node->data.mapping.pairs.start;
         p < node->data.mapping.pairs.top; p++) {
        tw_str name;
        const yaml_node_t *key = node_at(yaml, p->key);
        if (!twi_yaml_scalar(key, &name))
            return twi_yaml_fail(yaml, key, where, "a key must be a plain word");
        size_t i = 0;
        while (known[i] && !tw_str_equal(name, tw_str_from(known[i])))
            i++;
        if (!known[i])
            return twi_yaml_fail(yaml, key, where, "unknown key '%.*s'",
                                 (int)TW_MIN(name.bytes, 40), name.at);
        if (seen & UINT64_C(1) << i)
            return twi_yaml_fail(yaml, key, where, "key '%s' is given twice", known[i]);
        seen |= UINT64_C(1) << i;
    }
    return TW_OK;
}

tw_status twi_yaml_items(const twi_yaml *yaml, const yaml_node_t *node, const char *key,
                         size_t max_n, size_t *n)
{
    *n = 0;
    if (!node)
        return TW_OK;
    if (node->type != YAML_SEQUENCE_NODE)
        return twi_yaml_fail(yaml, node, key, "must be a list");
    size_t have = (size_t)(node->data.sequence.items.top - node->data.sequence.items.start);
    if (have > max_n)
        return twi_yaml_fail(yaml, node, key, "has %zu entries, at most %zu are allowed", have,
                             max_n);
    *n = have;
    return TW_OK;
}

const yaml_node_t *twi_yaml_item(const twi_yaml *yaml, const yaml_node_t *sequence, size_t i)
{
    return node_at(yaml, sequence->data.sequence.items.start[i]);
}

tw_status twi_yaml_text(const twi_yaml *yaml, const yaml_node_t *map, const char *key,
                        size_t max_bytes, tw_str *out)
{
    const yaml_node_t *node = twi_yaml_get(yaml, map, key);
    *out = TW_STR_NONE;
    if (!node)
        return twi_yaml_fail(yaml, map, key, "is missing");
    if (!twi_yaml_scalar(node, out) || out->bytes == 0)
        return twi_yaml_fail(yaml, node, key, "must be a text");
    if (out->bytes > max_bytes || !tw_str_is_utf8(*out)) {
        *out = TW_STR_NONE;
        return twi_yaml_fail(yaml, node, key, "must be valid UTF-8 of at most %zu bytes",
                             max_bytes);
    }
    return TW_OK;
}
