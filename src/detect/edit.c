// SPDX-License-Identifier: Apache-2.0
//
// Edits of signal sets: the text is read into libyaml's tree, scalars are replaced by new nodes,
// and the tree is written again.
#include "detect/edit.h"

#include <stdio.h>

#include "base/limits.h"
#include "yaml_tree.h"

// Index of a node in its document, as libyaml's functions want it.
static int index_of(const twi_yaml *yaml, const yaml_node_t *node)
{
    return (int)(node - yaml->document.nodes.start) + 1;
}

// Sets a scalar member of a mapping, given by its index: adding nodes moves the others.
static tw_status set_member(twi_yaml *yaml, int map_index, const char *key, const char *text)
{
    yaml_document_t *document = &yaml->document;
    int value = yaml_document_add_scalar(document, NULL, (const yaml_char_t *)text, -1,
                                         YAML_ANY_SCALAR_STYLE);
    if (!value)
        return tw_fail(yaml->err, TW_NO_MEMORY, "no memory for the signals");
    yaml->root = yaml_document_get_root_node(document);
    yaml_node_t *map = yaml_document_get_node(document, map_index);
    for (yaml_node_pair_t *pair = map->data.mapping.pairs.start; pair < map->data.mapping.pairs.top;
         pair++) {
        tw_str name;
        if (twi_yaml_scalar(yaml_document_get_node(document, pair->key), &name) &&
            tw_str_equal(name, tw_str_from(key))) {
            pair->value = value;
            return TW_OK;
        }
    }
    int name = yaml_document_add_scalar(document, NULL, (const yaml_char_t *)key, -1,
                                        YAML_ANY_SCALAR_STYLE);
    if (!name || !yaml_document_append_mapping_pair(document, map_index, name, value))
        return tw_fail(yaml->err, TW_NO_MEMORY, "no memory for the signals");
    yaml->root = yaml_document_get_root_node(document);
    return TW_OK;
}

// The entry of a list whose `name` is this one; NULL when there is none.
static const yaml_node_t *named(const twi_yaml *yaml, const yaml_node_t *list, tw_str name)
{
    if (!list || list->type != YAML_SEQUENCE_NODE)
        return NULL;
    size_t n = (size_t)(list->data.sequence.items.top - list->data.sequence.items.start);
    for (size_t i = 0; i < n; i++) {
        const yaml_node_t *item = twi_yaml_item(yaml, list, i);
        tw_str found;
        if (twi_yaml_scalar(twi_yaml_get(yaml, item, "name"), &found) && tw_str_equal(found, name))
            return item;
    }
    return NULL;
}

static const char *number_text(double value, char text[32])
{
    snprintf(text, 32, "%.10g", value);
    return text;
}

static tw_status set_parameter(twi_yaml *yaml, tw_str signal, const tw_named_value *value)
{
    const yaml_node_t *node = named(yaml, twi_yaml_get(yaml, yaml->root, "signals"), signal);
    const yaml_node_t *parameter = named(yaml, twi_yaml_get(yaml, node, "parameters"), value->name);
    char text[32];
    if (!parameter)
        return tw_fail(yaml->err, TW_NOT_FOUND, "The signal \"%.*s\" has no parameter \"%.*s\"",
                       TW_STR_ARG(signal), (int)TW_MIN(value->name.bytes, 64), value->name.at);
    return set_member(yaml, index_of(yaml, parameter), "value", number_text(value->value, text));
}

static tw_status edit_signal(twi_yaml *yaml, const tw_signal_edit *edit)
{
    const yaml_node_t *node = named(yaml, twi_yaml_get(yaml, yaml->root, "signals"), edit->name);
    char text[32];
    if (!node)
        return tw_fail(yaml->err, TW_NOT_FOUND, "There is no signal \"%.*s\"",
                       (int)TW_MIN(edit->name.bytes, 64), edit->name.at);
    int signal = index_of(yaml, node);
    if (edit->has_enabled)
        TW_TRY(set_member(yaml, signal, "enabled", edit->enabled ? "true" : "false"));
    if (edit->has_weight)
        TW_TRY(set_member(yaml, signal, "weight", number_text(edit->weight, text)));
    for (size_t i = 0; i < edit->parameter_n; i++)
        TW_TRY(set_parameter(yaml, edit->name, &edit->parameters[i]));
    return TW_OK;
}

static int write_part(void *ctx, unsigned char *bytes, size_t n)
{
    tw_buf *out = ctx;
    tw_buf_put(out, bytes, n);
    return out->status == TW_OK;
}

// Ends the document: libyaml deletes what it has written.
static tw_status write_document(twi_yaml *yaml, tw_buf *out)
{
    yaml_emitter_t emitter;
    enum { WIDTH = 120 };
    if (!yaml_emitter_initialize(&emitter))
        return tw_fail(yaml->err, TW_NO_MEMORY, "no memory for the signals");
    yaml_emitter_set_output(&emitter, write_part, out);
    yaml_emitter_set_unicode(&emitter, 1);
    yaml_emitter_set_width(&emitter, WIDTH);
    bool is_written = yaml_emitter_open(&emitter) && yaml_emitter_dump(&emitter, &yaml->document) &&
                      yaml_emitter_close(&emitter) && yaml_emitter_flush(&emitter);
    // A dump deletes the document also when it fails; one that was not reached leaves it.
    yaml->is_loaded = yaml->document.nodes.start != NULL;
    yaml_emitter_delete(&emitter);
    if (out->status == TW_LIMIT)
        return tw_fail(yaml->err, TW_LIMIT, "The signals would be larger than %d bytes",
                       TW_CONFIG_MAX_BYTES);
    return is_written ? TW_OK
                      : tw_fail(yaml->err, TW_NO_MEMORY, "no memory for writing the signals");
}

// The sentence of a value that does not hold comes from the compiler, as for every other text.
static tw_status compile_check(const tw_alloc *alloc, tw_str text, tw_err *err)
{
    tw_signal_set *set;
    TW_TRY(tw_signal_set_parse(alloc, text, &set, err));
    tw_signal_set_free(set);
    return TW_OK;
}

tw_status tw_signal_set_edit(const tw_alloc *alloc, tw_str text, const tw_signal_edit *edits,
                             size_t n, tw_buf *out, tw_err *err)
{
    twi_yaml yaml;
    size_t start = out->bytes;
    tw_status status = twi_yaml_init(&yaml, text, err);
    for (size_t i = 0; i < n && status == TW_OK; i++)
        status = edit_signal(&yaml, &edits[i]);
    if (status == TW_OK)
        status = write_document(&yaml, out);
    twi_yaml_release(&yaml);
    if (status == TW_OK) {
        tw_str written = {(const char *)out->data_own + start, out->bytes - start};
        status = compile_check(alloc, written, err);
    }
    if (status != TW_OK)
        out->bytes = start;
    return status;
}

void tw_policy_write(const tw_policy *policy, tw_buf *out)
{
    size_t start = out->bytes;
    for (size_t i = 0; i < tw_policy_field_n(); i++) {
        const tw_policy_field *field = tw_policy_field_get(i);
        double value = tw_policy_get(policy, i);
        if (value < field->value || value > field->value)
            tw_buf_printf(out, "%s: %.10g\n", field->name, value);
    }
    if (out->bytes == start)
        tw_buf_cstr(out, "version: 1\n");
}
