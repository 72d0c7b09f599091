// SPDX-License-Identifier: Apache-2.0
//
// What differs between two signal sets or policies. libyaml keeps the nodes of a document in the
// order of the text, so that an entry and everything under it are neighbours: entries are compared
// node by node, without recursion.
#include <stdio.h>

#include "base/limits.h"
#include "detect/edit.h"
#include "yaml_tree.h"

typedef struct sides {
    twi_yaml before, after;
    const yaml_node_t *before_list, *after_list; // the signals
    size_t before_n, after_n;
    tw_difference_visit *visit;
    void *ctx;
} sides;

static tw_status tell(const sides *s, tw_str signal, const char *member, tw_difference_value from,
                      tw_difference_value to)
{
    tw_difference difference = {signal, tw_str_from(member), from, to};
    return s->visit(s->ctx, &difference);
}

static tw_difference_value number_of(double value)
{
    return (tw_difference_value){.form = TW_DIFFERENCE_NUMBER, .number = value};
}

static tw_difference_value flag_of(bool value)
{
    return (tw_difference_value){.form = TW_DIFFERENCE_FLAG, .flag = value};
}

static bool differ(double a, double b)
{
    return a < b || a > b;
}

static double number_at(const twi_yaml *yaml, const yaml_node_t *map, const char *key,
                        double otherwise)
{
    tw_str text;
    double value = otherwise;
    if (twi_yaml_scalar(twi_yaml_get(yaml, map, key), &text) && !tw_str_to_f64(text, &value))
        value = otherwise;
    return value;
}

static bool enabled_at(const twi_yaml *yaml, const yaml_node_t *map)
{
    tw_str text;
    return !twi_yaml_scalar(twi_yaml_get(yaml, map, "enabled"), &text) ||
           tw_str_equal(text, TW_STR("true"));
}

static tw_str name_at(const twi_yaml *yaml, const yaml_node_t *map)
{
    tw_str text;
    (void)twi_yaml_scalar(twi_yaml_get(yaml, map, "name"), &text);
    return text;
}

static const yaml_node_t *find(const twi_yaml *yaml, const yaml_node_t *list, size_t n, tw_str name)
{
    for (size_t i = 0; i < n; i++) {
        const yaml_node_t *item = twi_yaml_item(yaml, list, i);
        if (tw_str_equal(name_at(yaml, item), name))
            return item;
    }
    return NULL;
}

// --- parameters
// -----------------------------------------------------------------------------------

typedef struct parameter_list {
    const yaml_node_t *node;
    size_t n;
} parameter_list;

static tw_status parameters_of(const twi_yaml *yaml, const yaml_node_t *signal, parameter_list *out)
{
    out->node = twi_yaml_get(yaml, signal, "parameters");
    return twi_yaml_items(yaml, out->node, "parameters", TW_PARAMETERS_MAX, &out->n);
}

static tw_status diff_parameter(const sides *s, tw_str signal, tw_str name, const yaml_node_t *a,
                                const yaml_node_t *b)
{
    char member[TW_ID_MAX_BYTES + 16];
    tw_difference_value from = {0}, to = {0};
    if (a)
        from = number_of(number_at(&s->before, a, "value", 0));
    if (b)
        to = number_of(number_at(&s->after, b, "value", 0));
    if (a && b && !differ(from.number, to.number))
        return TW_OK;
    snprintf(member, sizeof member, "parameters.%.*s", TW_STR_ARG(name));
    return tell(s, signal, member, from, to);
}

static tw_status diff_parameters(const sides *s, tw_str signal, const yaml_node_t *a,
                                 const yaml_node_t *b)
{
    parameter_list before, after;
    TW_TRY(parameters_of(&s->before, a, &before));
    TW_TRY(parameters_of(&s->after, b, &after));
    for (size_t i = 0; i < after.n; i++) {
        const yaml_node_t *item = twi_yaml_item(&s->after, after.node, i);
        tw_str name = name_at(&s->after, item);
        TW_TRY(
            diff_parameter(s, signal, name, find(&s->before, before.node, before.n, name), item));
    }
    for (size_t i = 0; i < before.n; i++) {
        const yaml_node_t *item = twi_yaml_item(&s->before, before.node, i);
        tw_str name = name_at(&s->before, item);
        if (!find(&s->after, after.node, after.n, name))
            TW_TRY(diff_parameter(s, signal, name, item, NULL));
    }
    return TW_OK;
}

// --- everything else of an entry
// ------------------------------------------------------------------------

typedef struct span {
    const yaml_node_t *at, *end;
} span;

// Nodes that belong to members that are compared by their values: they lie between the key and the
// key behind it, or the end of the entry.
static bool is_apart(const twi_yaml *yaml, const yaml_node_t *map, const yaml_node_t *node)
{
    static const char *const apart[] = {"enabled", "weight", "parameters"};
    const yaml_node_t *start = yaml->document.nodes.start;
    const yaml_node_pair_t *pairs = map->data.mapping.pairs.start;
    size_t n = (size_t)(map->data.mapping.pairs.top - pairs);
    for (size_t i = n; i-- > 0;) {
        const yaml_node_t *key = start + pairs[i].key - 1;
        tw_str name;
        if (node < key)
            continue;
        (void)twi_yaml_scalar(key, &name);
        for (size_t w = 0; w < TW_COUNT(apart); w++)
            if (tw_str_equal(name, tw_str_from(apart[w])))
                return true;
        return false;
    }
    return false;
}

static bool is_same_node(const yaml_node_t *a, const yaml_node_t *b)
{
    if (a->type != b->type)
        return false;
    if (a->type == YAML_MAPPING_NODE)
        return a->data.mapping.pairs.top - a->data.mapping.pairs.start ==
               b->data.mapping.pairs.top - b->data.mapping.pairs.start;
    if (a->type == YAML_SEQUENCE_NODE)
        return a->data.sequence.items.top - a->data.sequence.items.start ==
               b->data.sequence.items.top - b->data.sequence.items.start;
    tw_str x, y;
    return twi_yaml_scalar(a, &x) && twi_yaml_scalar(b, &y) && tw_str_equal(x, y);
}

static const yaml_node_t *next_of(const twi_yaml *yaml, const yaml_node_t *map,
                                  const yaml_node_t *node, const yaml_node_t *end)
{
    while (node < end && map && is_apart(yaml, map, node))
        node++;
    return node;
}

// Compares what follows two nodes up to their ends; `has_apart`: without the members above. The
// size of the entry itself is not compared, as such a member may be there on one side only.
static bool is_same_span(const sides *s, span a, span b, bool has_apart)
{
    const yaml_node_t *before_map = has_apart ? a.at : NULL, *after_map = has_apart ? b.at : NULL;
    for (;;) {
        a.at = next_of(&s->before, before_map, a.at + 1, a.end);
        b.at = next_of(&s->after, after_map, b.at + 1, b.end);
        if (a.at >= a.end || b.at >= b.end)
            return a.at >= a.end && b.at >= b.end;
        if (!is_same_node(a.at, b.at))
            return false;
    }
}

// The nodes of entry i of a list: up to the next entry, or to the next key of the document.
static span span_of(const twi_yaml *yaml, const yaml_node_t *list, size_t n, size_t i)
{
    const yaml_node_t *end = yaml->document.nodes.top;
    span out = {twi_yaml_item(yaml, list, i), end};
    if (i + 1 < n)
        out.end = twi_yaml_item(yaml, list, i + 1);
    for (const yaml_node_pair_t *pair = yaml->root->data.mapping.pairs.start;
         i + 1 == n && pair < yaml->root->data.mapping.pairs.top; pair++) {
        const yaml_node_t *key = yaml->document.nodes.start + pair->key - 1;
        if (key > out.at && key < out.end)
            out.end = key;
    }
    return out;
}

static size_t position(const twi_yaml *yaml, const yaml_node_t *list, const yaml_node_t *item)
{
    size_t i = 0;
    while (twi_yaml_item(yaml, list, i) != item)
        i++;
    return i;
}

// --- sets
// ---------------------------------------------------------------------------------------------

static tw_status diff_signal(const sides *s, size_t after_i)
{
    const yaml_node_t *b = twi_yaml_item(&s->after, s->after_list, after_i);
    tw_str name = name_at(&s->after, b);
    const yaml_node_t *a = find(&s->before, s->before_list, s->before_n, name);
    if (!a)
        return tell(s, name, "signal", flag_of(false), flag_of(true));
    bool was_enabled = enabled_at(&s->before, a), is_enabled = enabled_at(&s->after, b);
    double old_weight = number_at(&s->before, a, "weight", 1);
    double new_weight = number_at(&s->after, b, "weight", 1);
    if (was_enabled != is_enabled)
        TW_TRY(tell(s, name, "enabled", flag_of(was_enabled), flag_of(is_enabled)));
    if (differ(old_weight, new_weight))
        TW_TRY(tell(s, name, "weight", number_of(old_weight), number_of(new_weight)));
    TW_TRY(diff_parameters(s, name, a, b));
    size_t before_i = position(&s->before, s->before_list, a);
    if (is_same_span(s, span_of(&s->before, s->before_list, s->before_n, before_i),
                     span_of(&s->after, s->after_list, s->after_n, after_i), true))
        return TW_OK;
    return tell(s, name, "definition", (tw_difference_value){0}, (tw_difference_value){0});
}

static tw_status diff_schemes(const sides *s)
{
    const yaml_node_t *a = twi_yaml_get(&s->before, s->before.root, "schemes");
    const yaml_node_t *b = twi_yaml_get(&s->after, s->after.root, "schemes");
    size_t a_n, b_n;
    TW_TRY(twi_yaml_items(&s->before, a, "schemes", TW_SCHEMES_MAX, &a_n));
    TW_TRY(twi_yaml_items(&s->after, b, "schemes", TW_SCHEMES_MAX, &b_n));
    bool is_same = a_n == b_n;
    for (size_t i = 0; is_same && i < a_n; i++)
        is_same =
            is_same_span(s, span_of(&s->before, a, a_n, i), span_of(&s->after, b, b_n, i), false);
    if (is_same)
        return TW_OK;
    return tell(s, TW_STR_NONE, "schemes", (tw_difference_value){0}, (tw_difference_value){0});
}

static tw_status diff_sets(sides *s)
{
    s->before_list = twi_yaml_get(&s->before, s->before.root, "signals");
    s->after_list = twi_yaml_get(&s->after, s->after.root, "signals");
    TW_TRY(twi_yaml_items(&s->before, s->before_list, "signals", TW_SIGNALS_MAX, &s->before_n));
    TW_TRY(twi_yaml_items(&s->after, s->after_list, "signals", TW_SIGNALS_MAX, &s->after_n));
    for (size_t i = 0; i < s->after_n; i++)
        TW_TRY(diff_signal(s, i));
    for (size_t i = 0; i < s->before_n; i++) {
        tw_str name = name_at(&s->before, twi_yaml_item(&s->before, s->before_list, i));
        if (!find(&s->after, s->after_list, s->after_n, name))
            TW_TRY(tell(s, name, "signal", flag_of(true), flag_of(false)));
    }
    return diff_schemes(s);
}

tw_status tw_signal_set_diff(tw_str before, tw_str after, tw_difference_visit *visit, void *ctx,
                             tw_err *err)
{
    sides s = {.visit = visit, .ctx = ctx};
    tw_status status = twi_yaml_init(&s.before, before, err);
    if (status == TW_OK)
        status = twi_yaml_init(&s.after, after, err);
    if (status == TW_OK)
        status = diff_sets(&s);
    twi_yaml_release(&s.before);
    twi_yaml_release(&s.after);
    return status;
}

tw_status tw_policy_diff(tw_str before, tw_str after, tw_difference_visit *visit, void *ctx,
                         tw_err *err)
{
    tw_policy a, b;
    TW_TRY(tw_policy_parse(before, &a, err));
    TW_TRY(tw_policy_parse(after, &b, err));
    for (size_t i = 0; i < tw_policy_field_n(); i++) {
        double from = tw_policy_get(&a, i), to = tw_policy_get(&b, i);
        tw_difference difference = {TW_STR_NONE, tw_str_from(tw_policy_field_get(i)->name),
                                    number_of(from), number_of(to)};
        if (differ(from, to))
            TW_TRY(visit(ctx, &difference));
    }
    return TW_OK;
}
