// SPDX-License-Identifier: Apache-2.0
//
// The schema of a mapping for libcyaml, and its messages turned into one sentence.
#include <cyaml/cyaml.h>

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "mapping.h"

const char *const twi_yaml_names[] = {
    "currency", "store_id", "account_token", "entry_method", "business_date", "transaction_id",
    "register_id", "employee_id", "transaction_time", "transaction_total", "discount_amount",
    "refund_flag", "void_flag", "item_count", "payment_type", "transaction_type", "sequence_number",
    "customer_id", "loyalty_id", "original_transaction_id", "void_of_transaction_id",
    "override_employee_id", "override_reason", "scan_seconds", "tender_seconds", "training_flag",
    "offline_flag",
    // movements and shifts
    "movement_id", "sku", "type", "quantity", "time", "reason", "reference", "event_id", "event",
    "role", "store_format",
    // verdicts
    "fraud", "verdict", "verdict_id", "alert_id", "note", "decided_by", "recovered_amount",
    "decided_at"};
const size_t twi_yaml_name_n = TW_COUNT(twi_yaml_names);
_Static_assert(TW_COUNT(twi_yaml_names) < TWI_YAML_FIELDS_MAX,
               "the table of rules holds all names");

enum { TEXT_MAX = 4096, VALUES_MAX = 10000 };
#define TEXT(key, record, member)                                                                  \
    CYAML_FIELD_STRING_PTR(key, CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, record, member, 0,       \
                           TEXT_MAX)

static const cyaml_schema_field_t value_fields[] = {
    CYAML_FIELD_STRING_PTR("from", CYAML_FLAG_POINTER, twi_yaml_value, from, 0, TEXT_MAX),
    CYAML_FIELD_STRING_PTR("to", CYAML_FLAG_POINTER, twi_yaml_value, to, 0, TEXT_MAX),
    CYAML_FIELD_END};
static const cyaml_schema_value_t value_schema = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, twi_yaml_value, value_fields)};
static const cyaml_schema_value_t text_schema = {
    CYAML_VALUE_STRING(CYAML_FLAG_POINTER, char, 0, TEXT_MAX)};

#define RULE_FIELDS                                                                                \
    TEXT("column", twi_yaml_rule, column), TEXT("constant", twi_yaml_rule, constant),              \
        TEXT("template", twi_yaml_rule, template_text), TEXT("default", twi_yaml_rule, empty),     \
        CYAML_FIELD_SEQUENCE("values", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, twi_yaml_rule,    \
                             values, &value_schema, 0, VALUES_MAX),                                \
        TEXT("format", twi_yaml_rule, format), TEXT("epoch_offset", twi_yaml_rule, epoch_offset),  \
        TEXT("unit", twi_yaml_rule, unit), TEXT("factor", twi_yaml_rule, factor),                  \
        TEXT("sign", twi_yaml_rule, sign), TEXT("negate_column", twi_yaml_rule, negate_column),    \
        CYAML_FIELD_SEQUENCE("negate_values", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL,            \
                             twi_yaml_rule, negate_values, &text_schema, 0, VALUES_MAX)

static const cyaml_schema_field_t rule_fields[] = {RULE_FIELDS, CYAML_FIELD_END};
static const cyaml_schema_field_t attribute_fields[] = {
    CYAML_FIELD_STRING_PTR("name", CYAML_FLAG_POINTER, twi_yaml_rule, name, 1, TW_ID_MAX_BYTES),
    RULE_FIELDS, CYAML_FIELD_END};
static const cyaml_schema_value_t attribute_schema = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, twi_yaml_rule, attribute_fields)};

// --- memory --------------------------------------------------------------------------------------

// libcyaml does not tell the old size; it stands in front of the block.
enum { HEAD_BYTES = 16 };
static void *cyaml_memory(void *ctx, void *at, size_t bytes)
{
    const tw_alloc *alloc = *(const tw_alloc **)ctx;
    size_t old_bytes = 0;
    char *block = at ? (char *)at - HEAD_BYTES : NULL;
    if (block)
        memcpy(&old_bytes, block, sizeof(old_bytes));
    size_t new_bytes = bytes ? bytes + HEAD_BYTES : 0;
    if (!block && !new_bytes)
        return NULL;
    char *moved = alloc->resize(alloc->ctx, block, old_bytes, new_bytes);
    if (!moved)
        return NULL;
    memcpy(moved, &new_bytes, sizeof(new_bytes));
    return moved + HEAD_BYTES;
}

// --- messages ------------------------------------------------------------------------------------

typedef struct messages {
    char first[160]; // what is wrong
    int line;        // where, 0 = unknown
} messages;

static void TW_PRINTF(3, 0)
    take_message(cyaml_log_t level, void *ctx, const char *format, va_list args)
{
    messages *m = ctx;
    char text[256];
    (void)level;
    vsnprintf(text, sizeof(text), format, args);
    const char *place = strstr(text, "(line: ");
    if (place && m->line == 0)
        m->line = (int)strtol(place + 7, NULL, 10);
    const char *start = strncmp(text, "Load: ", 6) == 0 ? text + 6 : text;
    if (m->first[0] || place || strncmp(start, "Backtrace", 9) == 0)
        return;
    tw_str_copy(tw_str_trim(tw_str_from(start)), m->first, sizeof(m->first));
}

tw_status twi_yaml_load(const tw_alloc *alloc, tw_str text, twi_yaml **out, tw_err *err)
{
    cyaml_schema_field_t fields[TWI_YAML_FIELDS_MAX] = {{0}};
    for (size_t i = 0; i < twi_yaml_name_n; i++) {
        fields[i].key = twi_yaml_names[i];
        fields[i].data_offset = (uint32_t)(i * sizeof(twi_yaml_rule *));
        fields[i].value = (cyaml_schema_value_t){CYAML_VALUE_MAPPING(
            CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, twi_yaml_rule, rule_fields)};
    }
    const cyaml_schema_field_t top_fields[] = {
        TEXT("record", twi_yaml, record),
        TEXT("delimiter", twi_yaml, delimiter),
        TEXT("decimal", twi_yaml, decimal),
        TEXT("grouping", twi_yaml, grouping),
        TEXT("zone", twi_yaml, zone),
        TEXT("currency", twi_yaml, currency),
        TEXT("unlisted", twi_yaml, unlisted),
        CYAML_FIELD_MAPPING("fields", CYAML_FLAG_DEFAULT, twi_yaml, fields, fields),
        CYAML_FIELD_SEQUENCE("attributes", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, twi_yaml,
                             attributes, &attribute_schema, 0, TW_ATTRIBUTES_MAX),
        CYAML_FIELD_END};
    const cyaml_schema_value_t top = {
        CYAML_VALUE_MAPPING(CYAML_FLAG_POINTER, twi_yaml, top_fields)};
    messages m = {.line = 0};
    const cyaml_config_t config = {.log_fn = take_message,
                                   .log_ctx = &m,
                                   .mem_fn = cyaml_memory,
                                   .mem_ctx = &alloc,
                                   .log_level = CYAML_LOG_ERROR,
                                   .flags = CYAML_CFG_NO_ALIAS};
    cyaml_data_t *data = NULL;
    cyaml_err_t result =
        cyaml_load_data((const uint8_t *)text.at, text.bytes, &config, &top, &data, NULL);
    *out = data;
    if (result == CYAML_OK && data)
        return TW_OK;
    if (result == CYAML_ERR_OOM)
        return tw_fail(err, TW_NO_MEMORY, "no memory for the mapping");
    const char *what = m.first[0]           ? m.first
                       : result == CYAML_OK ? "it is empty"
                                            : cyaml_strerror(result);
    if (m.line > 0)
        return tw_fail(err, TW_INVALID, "the mapping is wrong at line %d: %s", m.line, what);
    return tw_fail(err, TW_INVALID, "the mapping is wrong: %s", what);
}

// Frees what libcyaml made, by hand: its own walk would need the schema, which lived on the stack.
static void free_text(const tw_alloc **alloc, char *text)
{
    cyaml_memory(alloc, text, 0);
}

static void free_rule(const tw_alloc **alloc, twi_yaml_rule *rule)
{
    char *const texts[] = {rule->name,   rule->column, rule->constant,     rule->template_text,
                           rule->empty,  rule->format, rule->epoch_offset, rule->unit,
                           rule->factor, rule->sign,   rule->negate_column};
    for (size_t i = 0; i < TW_COUNT(texts); i++)
        free_text(alloc, texts[i]);
    for (unsigned i = 0; i < rule->values_count; i++) {
        free_text(alloc, rule->values[i].from);
        free_text(alloc, rule->values[i].to);
    }
    for (unsigned i = 0; i < rule->negate_values_count; i++)
        free_text(alloc, rule->negate_values[i]);
    cyaml_memory(alloc, rule->values, 0);
    cyaml_memory(alloc, rule->negate_values, 0);
}

void twi_yaml_free(const tw_alloc *alloc, twi_yaml *yaml)
{
    if (!yaml)
        return;
    char *const texts[] = {yaml->record, yaml->delimiter, yaml->decimal, yaml->grouping,
                           yaml->zone,   yaml->currency,  yaml->unlisted};
    for (size_t i = 0; i < TW_COUNT(texts); i++)
        free_text(&alloc, texts[i]);
    for (size_t i = 0; i < twi_yaml_name_n; i++) {
        if (yaml->fields[i])
            free_rule(&alloc, yaml->fields[i]);
        cyaml_memory(&alloc, yaml->fields[i], 0);
    }
    for (unsigned i = 0; i < yaml->attributes_count; i++)
        free_rule(&alloc, &yaml->attributes[i]);
    cyaml_memory(&alloc, yaml->attributes, 0);
    cyaml_memory(&alloc, yaml, 0);
}
