// SPDX-License-Identifier: Apache-2.0
//
// The field tables. docs/formats/records.md says the same for people.
#include "schema.h"

#define AT(record, member) (uint16_t) offsetof(record, member)
#define F(name, alias, type, required, at, flag)                                                   \
    {                                                                                              \
        {"" name, sizeof(name) - 1}, {"" alias, sizeof(alias) - 1}, type, required, at, flag       \
    }
#define T(member) AT(tw_transaction, member)

static const twi_field transaction_fields[] = {
    F("currency", "", TWI_CURRENCY, false, T(currency), 0),
    F("store_id", "", TWI_ID, true, T(store_id), 0),
    F("account_token", "", TWI_EXTRA, false, 0, 0),
    F("entry_method", "", TWI_EXTRA, false, 0, 0),
    F("business_date", "", TWI_DATE, false, T(business_day), 0),
    F("transaction_id", "", TWI_ID, true, T(transaction_id), 0),
    F("register_id", "", TWI_ID, true, T(register_id), 0),
    F("employee_id", "", TWI_ID, true, T(employee_id), 0),
    F("transaction_time", "", TWI_TIME, true, T(time_ms), TW_TXN_HAS_OFFSET),
    F("transaction_total", "", TWI_MONEY, true, T(total_minor), 0),
    F("discount_amount", "", TWI_AMOUNT, true, T(discount_minor), 0),
    F("refund_flag", "", TWI_FLAG, true, T(flags), TW_TXN_FLAG_REFUND),
    F("void_flag", "", TWI_FLAG, true, T(flags), TW_TXN_FLAG_VOID),
    F("item_count", "", TWI_COUNT, true, T(item_count), 0),
    F("payment_type", "", TWI_PAYMENT, true, T(payment_type), 0),
    F("transaction_type", "", TWI_TXN_TYPE, false, T(type), TW_TXN_HAS_TYPE),
    F("sequence_number", "", TWI_U32, false, T(sequence_number), TW_TXN_HAS_SEQUENCE),
    F("customer_id", "", TWI_ACCOUNT, false, T(customer_id), 0),
    F("loyalty_id", "", TWI_ACCOUNT, false, T(loyalty_id), 0),
    F("original_transaction_id", "", TWI_ID, false, T(original_transaction_id), 0),
    F("void_of_transaction_id", "", TWI_ID, false, T(void_of_transaction_id), 0),
    F("override_employee_id", "", TWI_ID, false, T(override_employee_id), 0),
    F("override_reason", "", TWI_TEXT, false, T(override_reason), 0),
    F("scan_seconds", "", TWI_SECONDS, false, T(scan_seconds), TW_TXN_HAS_SCAN_SECONDS),
    F("tender_seconds", "", TWI_SECONDS, false, T(tender_seconds), TW_TXN_HAS_TENDER_SECONDS),
    F("training_flag", "", TWI_FLAG, false, T(flags), TW_TXN_FLAG_TRAINING),
    F("offline_flag", "", TWI_FLAG, false, T(flags), TW_TXN_FLAG_OFFLINE),
    F("lines", "", TWI_LINES, false, T(lines), 0),
    F("tenders", "", TWI_TENDERS, false, T(tenders), 0),
    F("attributes", "", TWI_ATTRIBUTES, false, T(attributes), 0),
};

#define M(member) AT(tw_movement, member)
static const twi_field movement_fields[] = {
    F("store_id", "", TWI_ID, true, M(store_id), 0),
    F("movement_id", "", TWI_ID, true, M(movement_id), 0),
    F("sku", "", TWI_ID, true, M(sku), 0),
    F("type", "movement_type", TWI_MOVEMENT, true, M(type), 0),
    F("quantity", "", TWI_QUANTITY, true, M(quantity_milli), 0),
    F("time", "movement_time", TWI_TIME, true, M(time_ms), 0),
    F("employee_id", "", TWI_ID, false, M(employee_id), 0),
    F("reason", "", TWI_TEXT, false, M(reason), 0),
    F("reference", "", TWI_TEXT, false, M(reference), 0),
};

#define S(member) AT(tw_shift, member)
static const twi_field shift_fields[] = {
    F("store_id", "", TWI_ID, true, S(store_id), 0),
    F("event_id", "", TWI_ID, true, S(event_id), 0),
    F("employee_id", "", TWI_ID, true, S(employee_id), 0),
    F("event", "event_type", TWI_EVENT, true, S(event), 0),
    F("time", "event_time", TWI_TIME, true, S(time_ms), 0),
    F("register_id", "", TWI_ID, false, S(register_id), 0),
    F("role", "", TWI_TEXT, false, S(role), 0),
    F("store_format", "", TWI_TEXT, false, S(store_format), 0),
};

#define V(member) AT(tw_verdict, member)
static const twi_field verdict_fields[] = {
    F("currency", "", TWI_EXTRA, false, 0, 0),
    F("fraud", "", TWI_EXTRA, false, 0, 0),
    F("verdict", "", TWI_VERDICT, false, V(verdict), 0),
    F("verdict_id", "", TWI_ID, false, V(verdict_id), 0),
    F("alert_id", "", TWI_ID, false, V(alert_id), 0),
    F("transaction_id", "", TWI_ID, false, V(transaction_id), 0),
    F("reason", "", TWI_TEXT, false, V(reason), 0),
    F("note", "", TWI_NOTE, false, V(note), 0),
    F("decided_by", "", TWI_ID, false, V(decided_by), 0),
    F("recovered_amount", "recovered", TWI_AMOUNT, false, V(recovered_minor), 0),
    F("decided_at", "", TWI_INSTANT, false, V(decided_ms), 0),
};

#define L(member) AT(tw_line, member)
static const twi_field line_fields[] = {
    F("sku", "", TWI_ID, false, L(sku), 0),
    F("quantity", "", TWI_QUANTITY, false, L(quantity_milli), 0),
    F("unit_price", "", TWI_MONEY, true, L(unit_price_minor), 0),
    F("department", "", TWI_TEXT, false, L(department), 0),
    F("regular_price", "", TWI_MONEY, false, L(regular_price_minor), 0),
    F("discount_amount", "", TWI_AMOUNT, false, L(discount_minor), 0),
    F("discount_reason", "", TWI_TEXT, false, L(discount_reason), 0),
    F("void_flag", "", TWI_BOOL, false, L(void_flag), 0),
    F("return_flag", "", TWI_BOOL, false, L(return_flag), 0),
    F("entry_method", "", TWI_ENTRY, false, L(entry_method), 0),
};

#define P(member) AT(tw_tender, member)
static const twi_field tender_fields[] = {
    F("type", "payment_type", TWI_PAYMENT, true, P(type), 0),
    F("amount", "", TWI_MONEY, true, P(amount_minor), 0),
    F("account_token", "", TWI_ACCOUNT, false, P(account_token), 0),
    F("entry_method", "", TWI_ENTRY, false, P(entry_method), 0),
};

_Static_assert(TW_COUNT(transaction_fields) <= TWI_FIELDS_MAX, "drafts hold every field");

const twi_schema *twi_schema_of(tw_fact_kind kind)
{
    static const twi_schema transaction = {"transaction", transaction_fields,
                                           TW_COUNT(transaction_fields), 0x7fe2};
    static const twi_schema movement = {"movement", movement_fields, TW_COUNT(movement_fields),
                                        0x3f};
    static const twi_schema shift = {"shift event", shift_fields, TW_COUNT(shift_fields), 0x1f};
    static const twi_schema verdict = {"verdict", verdict_fields, TW_COUNT(verdict_fields), 0};
    switch (kind) {
    case TW_FACT_TRANSACTION:
        return &transaction;
    case TW_FACT_MOVEMENT:
        return &movement;
    case TW_FACT_SHIFT:
        return &shift;
    case TW_FACT_VERDICT:
        return &verdict;
    case TW_FACT_CONFIG:
    case TW_FACT_ACTION:
        break;
    }
    return NULL;
}

const twi_schema *twi_line_schema(void)
{
    static const twi_schema line = {"line", line_fields, TW_COUNT(line_fields), 0x4};
    return &line;
}

const twi_schema *twi_tender_schema(void)
{
    static const twi_schema tender = {"tender", tender_fields, TW_COUNT(tender_fields), 0x3};
    return &tender;
}

unsigned twi_field_find(const twi_schema *schema, tw_str name)
{
    for (size_t i = 0; i < schema->n; i++) {
        if (tw_str_equal(schema->fields[i].name, name) ||
            (schema->fields[i].alias.bytes && tw_str_equal(schema->fields[i].alias, name)))
            return (unsigned)i;
    }
    return TWI_NO_FIELD;
}

static int next_letter(tw_str s, size_t *at)
{
    while (*at < s.bytes && (s.at[*at] == ' ' || s.at[*at] == '_' || s.at[*at] == '-'))
        ++*at;
    if (*at == s.bytes)
        return -1;
    char c = s.at[(*at)++];
    return (unsigned char)(c >= 'A' && c <= 'Z' ? c + 32 : c);
}

bool twi_equal_loose(tw_str a, tw_str b)
{
    size_t a_at = 0, b_at = 0;
    for (;;) {
        int left = next_letter(a, &a_at), right = next_letter(b, &b_at);
        if (left != right)
            return false;
        if (left < 0)
            return true;
    }
}

unsigned twi_field_find_loose(const twi_schema *schema, tw_str name)
{
    for (size_t i = 0; i < schema->n; i++) {
        if (twi_equal_loose(schema->fields[i].name, name) ||
            (schema->fields[i].alias.bytes && twi_equal_loose(schema->fields[i].alias, name)))
            return (unsigned)i;
    }
    return TWI_NO_FIELD;
}
