// SPDX-License-Identifier: Apache-2.0
//
// From YAML to rules: every value of a key is checked here, once, so that rows need no checks.
#include "mapping.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/limits.h"
#include "retail/money.h"
#include "time_format.h"

static tw_str text_of(const char *text)
{
    return text ? tw_str_from(text) : TW_STR_NONE;
}

static tw_status wrong(tw_err *err, tw_str field, const char *key, const char *value,
                       const char *advice)
{
    return tw_fail(err, TW_INVALID, "mapping of %.*s: %s is \"%s\"; %s", TW_STR_ARG(field), key,
                   value ? value : "", advice);
}

// --- one rule ------------------------------------------------------------------------------------

static tw_status compile_source(twi_rule *rule, tw_err *err)
{
    const twi_yaml_rule *yaml = rule->yaml;
    int n = (yaml->column != NULL) + (yaml->constant != NULL) + (yaml->template_text != NULL);
    if (n != 1)
        return tw_fail(err, TW_INVALID,
                       "mapping of %.*s: give exactly one of column, constant and template",
                       TW_STR_ARG(rule->name));
    rule->column = text_of(yaml->column);
    rule->constant = text_of(yaml->constant);
    rule->template_text = text_of(yaml->template_text);
    rule->empty = text_of(yaml->empty);
    return TW_OK;
}

static bool is_money(twi_type type)
{
    return type == TWI_MONEY || type == TWI_AMOUNT;
}

static bool is_number(twi_type type)
{
    return is_money(type) || type == TWI_QUANTITY || type == TWI_SECONDS || type == TWI_COUNT ||
           type == TWI_U32 || type == TWI_ATTRIBUTES;
}

// "0.001", "1", "1000" to a power of ten.
static bool power_of_ten(tw_str text, int *shift)
{
    int64_t v = 0;
    if (!tw_str_to_scaled(text, 9, &v) || v <= 0)
        return false;
    int n = -9;
    for (; v % 10 == 0; v /= 10)
        n++;
    *shift = n;
    return v == 1;
}

static tw_status compile_number(twi_rule *rule, tw_err *err)
{
    const twi_yaml_rule *yaml = rule->yaml;
    static const char *const signs[] = {"keep", "negate", "absolute", "refund_if_negative"};
    rule->is_number = is_number(rule->type);
    if (!rule->is_number) {
        if (yaml->unit || yaml->factor || yaml->sign || yaml->negate_column || yaml->negate_values)
            return tw_fail(err, TW_INVALID,
                           "mapping of %.*s: unit, factor, sign and negate_column are for numbers; "
                           "leave them out",
                           TW_STR_ARG(rule->name));
        return TW_OK;
    }
    if (yaml->unit) {
        rule->is_minor = strcmp(yaml->unit, "minor") == 0;
        if (!is_money(rule->type) || (!rule->is_minor && strcmp(yaml->unit, "major") != 0))
            return wrong(err, rule->name, "unit", yaml->unit,
                         "money is in major or minor units; other numbers have no unit");
    }
    if (yaml->factor && !power_of_ten(text_of(yaml->factor), &rule->shift))
        return wrong(err, rule->name, "factor", yaml->factor,
                     "use a power of ten such as 0.01 or 1000");
    size_t sign = 0;
    while (yaml->sign && sign < TW_COUNT(signs) && strcmp(signs[sign], yaml->sign) != 0)
        sign++;
    rule->sign = (twi_sign)sign;
    if (sign == TW_COUNT(signs) ||
        (rule->sign == TWI_SIGN_REFUND && !tw_str_equal(rule->name, TW_STR("transaction_total"))))
        return wrong(err, rule->name, "sign", yaml->sign,
                     "use keep, negate, absolute, or refund_if_negative for transaction_total");
    if ((yaml->negate_column != NULL) != (yaml->negate_values_count > 0))
        return tw_fail(err, TW_INVALID,
                       "mapping of %.*s: negate_column and negate_values go together; give both",
                       TW_STR_ARG(rule->name));
    rule->negate_column = text_of(yaml->negate_column);
    return TW_OK;
}

static tw_status compile_time(twi_rule *rule, tw_err *err)
{
    const twi_yaml_rule *yaml = rule->yaml;
    bool is_time = rule->type == TWI_TIME || rule->type == TWI_INSTANT;
    int16_t offset_min = 0;
    if (!is_time && rule->type != TWI_DATE) {
        if (yaml->format || yaml->epoch_offset)
            return tw_fail(err, TW_INVALID,
                           "mapping of %.*s: format and epoch_offset are for times; leave them out",
                           TW_STR_ARG(rule->name));
        return TW_OK;
    }
    tw_str format = text_of(yaml->format);
    if (yaml->epoch_offset && !yaml->format)
        format = TW_STR("epoch_seconds");
    if (tw_str_equal(format, TW_STR("epoch_seconds")))
        rule->clock = TWI_CLOCK_EPOCH_S;
    else if (tw_str_equal(format, TW_STR("epoch_ms")))
        rule->clock = TWI_CLOCK_EPOCH_MS;
    else if (format.bytes && !tw_str_equal(format, TW_STR("rfc3339")))
        rule->clock = TWI_CLOCK_FORMAT;
    bool is_epoch = rule->clock == TWI_CLOCK_EPOCH_S || rule->clock == TWI_CLOCK_EPOCH_MS;
    if ((rule->clock == TWI_CLOCK_FORMAT && !twi_time_format_valid(format)) ||
        (is_epoch && !is_time))
        return wrong(
            err, rule->name, "format", yaml->format,
            "use rfc3339, epoch_seconds, epoch_ms, or a pattern such as %d.%m.%Y %H:%M:%S");
    rule->format = format;
    if (yaml->epoch_offset &&
        (!is_epoch || !tw_time_parse(text_of(yaml->epoch_offset), &rule->epoch_ms, &offset_min)))
        return wrong(err, rule->name, "epoch_offset", yaml->epoch_offset,
                     "use an instant such as 2018-04-01T00:00:00Z, with an epoch format");
    return TW_OK;
}

static tw_status add_rule(tw_mapping *mapping, const twi_yaml_rule *yaml, tw_str name,
                          unsigned field, tw_err *err)
{
    twi_rule *rule = &mapping->rules[mapping->rule_n++];
    rule->yaml = yaml;
    rule->name = name;
    rule->field = field;
    rule->type = field == TWI_NO_FIELD ? TWI_ATTRIBUTES : mapping->schema->fields[field].type;
    TW_TRY(compile_source(rule, err));
    TW_TRY(compile_number(rule, err));
    return compile_time(rule, err);
}

// --- the whole
// -------------------------------------------------------------------------------------

static tw_status compile_kind(tw_mapping *mapping, const char *record, tw_err *err)
{
    static const struct {
        const char *name;
        tw_fact_kind kind;
    } kinds[] = {{"transaction", TW_FACT_TRANSACTION},
                 {"movement", TW_FACT_MOVEMENT},
                 {"shift", TW_FACT_SHIFT},
                 {"verdict", TW_FACT_VERDICT}};
    mapping->kind = record ? 0 : TW_FACT_TRANSACTION;
    for (size_t i = 0; record && i < TW_COUNT(kinds); i++) {
        if (strcmp(kinds[i].name, record) == 0)
            mapping->kind = kinds[i].kind;
    }
    mapping->schema = twi_schema_of(mapping->kind);
    if (mapping->schema)
        return TW_OK;
    return tw_fail(err, TW_INVALID,
                   "mapping: record is \"%s\"; use transaction, movement, shift or verdict",
                   record);
}

// A key whose value is one character, or a word for it.
static tw_status compile_char(const char *key, const char *value, const char *allowed, char *out,
                              tw_err *err)
{
    if (!value)
        return TW_OK;
    tw_str text = tw_str_from(value);
    *out = tw_str_equal(text, TW_STR("tab"))     ? '\t'
           : tw_str_equal(text, TW_STR("comma")) ? ','
           : tw_str_equal(text, TW_STR("point")) ? '.'
           : tw_str_equal(text, TW_STR("space")) ? ' '
           : text.bytes == 1                     ? text.at[0]
                                                 : '\0';
    if (*out && strchr(allowed, *out))
        return TW_OK;
    return tw_fail(err, TW_INVALID, "mapping: %s is \"%s\"; use one of %s", key, value,
                   strcmp(key, "delimiter") == 0 ? ", ; | tab"
                   : strcmp(key, "decimal") == 0 ? "point, comma"
                                                 : "comma, point, space, '");
}

static tw_status compile_head(tw_mapping *mapping, tw_err *err)
{
    const twi_yaml *yaml = mapping->yaml_own;
    TW_TRY(compile_kind(mapping, yaml->record, err));
    TW_TRY(compile_char("delimiter", yaml->delimiter, ",;|\t", &mapping->delimiter, err));
    mapping->decimal = '.';
    TW_TRY(compile_char("decimal", yaml->decimal, ".,", &mapping->decimal, err));
    TW_TRY(compile_char("grouping", yaml->grouping, ",. '", &mapping->grouping, err));
    if (mapping->grouping == mapping->decimal)
        return tw_fail(err, TW_INVALID, "mapping: decimal and grouping are the same character");
    if (yaml->currency) {
        tw_str_copy(tw_str_from(yaml->currency), mapping->currency, sizeof(mapping->currency));
        if (strlen(yaml->currency) != 3 || !tw_currency_is_valid(mapping->currency))
            return tw_fail(err, TW_INVALID,
                           "mapping: currency is \"%s\"; use an ISO 4217 code such as USD",
                           yaml->currency);
    }
    mapping->takes_unlisted = !yaml->unlisted || strcmp(yaml->unlisted, "take") == 0;
    if (!mapping->takes_unlisted && strcmp(yaml->unlisted, "ignore") != 0)
        return tw_fail(err, TW_INVALID, "mapping: unlisted is \"%s\"; use take or ignore",
                       yaml->unlisted);
    if (!yaml->zone)
        return TW_OK;
    tw_status status = tw_zone_new(mapping->alloc, yaml->zone, &mapping->zone_own, err);
    if (status != TW_NOT_FOUND)
        return status;
    return tw_fail(err, TW_INVALID,
                   "mapping: zone \"%s\" is unknown; use a name such as Europe/Berlin or an offset "
                   "such as +02:00",
                   yaml->zone);
}

static tw_status compile(tw_mapping *mapping, tw_err *err)
{
    const twi_yaml *yaml = mapping->yaml_own;
    TW_TRY(compile_head(mapping, err));
    for (size_t i = 0; i < twi_yaml_name_n; i++) {
        tw_str name = tw_str_from(twi_yaml_names[i]);
        unsigned field = twi_field_find(mapping->schema, name);
        if (!yaml->fields[i])
            continue;
        if (field == TWI_NO_FIELD)
            return tw_fail(err, TW_INVALID, "mapping: %s is not a field of a %s; leave it out",
                           twi_yaml_names[i], mapping->schema->noun);
        TW_TRY(add_rule(mapping, yaml->fields[i], name, field, err));
    }
    if (yaml->attributes_count && mapping->kind != TW_FACT_TRANSACTION)
        return tw_fail(err, TW_INVALID, "mapping: only transactions have attributes");
    for (unsigned i = 0; i < yaml->attributes_count; i++)
        TW_TRY(add_rule(mapping, &yaml->attributes[i], tw_str_from(yaml->attributes[i].name),
                        TWI_NO_FIELD, err));
    return TW_OK;
}

tw_status tw_mapping_parse(const tw_alloc *alloc, tw_str text, tw_mapping **out, tw_err *err)
{
    *out = NULL;
    if (text.bytes > TW_CONFIG_MAX_BYTES)
        return tw_fail(err, TW_LIMIT, "the mapping is larger than %d bytes", TW_CONFIG_MAX_BYTES);
    tw_mapping *mapping = tw_new(alloc, tw_mapping);
    if (!mapping)
        return tw_fail(err, TW_NO_MEMORY, "no memory for the mapping");
    mapping->alloc = alloc;
    tw_status status = twi_yaml_load(alloc, text, &mapping->yaml_own, err);
    if (status == TW_OK)
        status = compile(mapping, err);
    if (status != TW_OK)
        tw_mapping_free(mapping);
    else
        *out = mapping;
    return status;
}

static tw_status read_file(int fd, char *text, size_t cap, size_t *bytes, tw_err *err)
{
    *bytes = 0;
    while (*bytes < cap) {
        ssize_t n = read(fd, text + *bytes, cap - *bytes);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return tw_fail_errno(err, "cannot read the mapping");
        if (n == 0)
            return TW_OK;
        *bytes += (size_t)n;
    }
    return TW_OK;
}

tw_status tw_mapping_load(const tw_alloc *alloc, const char *path, tw_mapping **out, tw_err *err)
{
    enum { CAP = TW_CONFIG_MAX_BYTES + 1 };
    *out = NULL;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        bool missing = errno == ENOENT;
        tw_status status = tw_fail_errno(err, "cannot open the mapping %s", path);
        if (missing && err)
            err->status = TW_NOT_FOUND;
        return missing ? TW_NOT_FOUND : status;
    }
    size_t bytes = 0;
    char *text = tw_new_array(alloc, CAP, 1);
    tw_status status = text ? read_file(fd, text, CAP, &bytes, err)
                            : tw_fail(err, TW_NO_MEMORY, "no memory for the mapping");
    close(fd);
    if (status == TW_OK)
        status = tw_mapping_parse(alloc, (tw_str){text, bytes}, out, err);
    tw_free_array(alloc, text, CAP, 1);
    return status;
}

void tw_mapping_free(tw_mapping *mapping)
{
    if (!mapping)
        return;
    twi_yaml_free(mapping->alloc, mapping->yaml_own);
    tw_zone_free(mapping->zone_own);
    tw_delete(mapping->alloc, mapping);
}
