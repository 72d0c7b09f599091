// SPDX-License-Identifier: Apache-2.0
//
// The alert policy: one table of fields drives defaults, parser and documentation.
#include "detect/policy.h"

#include <stddef.h>

#include "yaml_tree.h"

static const tw_policy_field fields[] = {
#define X(field, value, low, high, unit, help) {#field, unit, help, value, low, high},
    TW_POLICY_FIELDS(X)
#undef X
};

// Where field i lies in the struct, which has one double for each row of the table.
static const size_t offsets[] = {
#define X(field, value, low, high, unit, help) offsetof(tw_policy, field),
    TW_POLICY_FIELDS(X)
#undef X
};

static void put(tw_policy *policy, size_t i, double value)
{
    memcpy((char *)policy + offsets[i], &value, sizeof value);
}

double tw_policy_get(const tw_policy *policy, size_t i)
{
    double value;
    TW_CHECK(i < TW_COUNT(fields));
    memcpy(&value, (const char *)policy + offsets[i], sizeof value);
    return value;
}

tw_status tw_policy_set(tw_policy *policy, size_t i, double value, tw_err *err)
{
    TW_CHECK(i < TW_COUNT(fields));
    if (!(value >= fields[i].low && value <= fields[i].high))
        return tw_fail(err, TW_INVALID, "%s must lie between %g and %g %s", fields[i].name,
                       fields[i].low, fields[i].high, fields[i].unit);
    put(policy, i, value);
    return TW_OK;
}

size_t tw_policy_field_n(void)
{
    return TW_COUNT(fields);
}

const tw_policy_field *tw_policy_field_get(size_t i)
{
    TW_CHECK(i < TW_COUNT(fields));
    return &fields[i];
}

void tw_policy_init(tw_policy *policy)
{
    for (size_t i = 0; i < TW_COUNT(fields); i++)
        put(policy, i, fields[i].value);
}

static tw_status read_fields(const twi_yaml *yaml, tw_policy *out)
{
    const char *known[TW_COUNT(fields) + 2];
    for (size_t i = 0; i < TW_COUNT(fields); i++)
        known[i] = fields[i].name;
    known[TW_COUNT(fields)] = "version";
    known[TW_COUNT(fields) + 1] = NULL;
    if (!yaml->root)
        return TW_OK;
    TW_TRY(twi_yaml_keys(yaml, yaml->root, "", known));
    for (size_t i = 0; i < TW_COUNT(fields); i++) {
        const yaml_node_t *node = twi_yaml_get(yaml, yaml->root, fields[i].name);
        tw_str text;
        double value;
        if (!node)
            continue;
        if (!twi_yaml_scalar(node, &text) || !tw_str_to_f64(text, &value))
            return twi_yaml_fail(yaml, node, fields[i].name, "must be a number");
        if (value < fields[i].low || value > fields[i].high)
            return twi_yaml_fail(yaml, node, fields[i].name, "must lie between %g and %g %s",
                                 fields[i].low, fields[i].high, fields[i].unit);
        put(out, i, value);
    }
    return TW_OK;
}

tw_status tw_policy_parse(tw_str text, tw_policy *out, tw_err *err)
{
    twi_yaml yaml;
    tw_policy_init(out);
    tw_status status = twi_yaml_init(&yaml, text, err);
    if (status == TW_OK) {
        memcpy(yaml.subject, "policy", sizeof "policy");
        status = read_fields(&yaml, out);
    }
    twi_yaml_release(&yaml);
    if (status != TW_OK)
        tw_policy_init(out);
    return status;
}
