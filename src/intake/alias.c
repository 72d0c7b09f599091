// SPDX-License-Identifier: Apache-2.0
//
// Values as tills and processors name them. The canonical names are tried first and exactly.
#include "schema.h"

typedef struct alias {
    const char *text;
    int value;
} alias;

static bool find_alias(const alias *aliases, size_t n, tw_str text, int *out)
{
    for (size_t i = 0; i < n; i++) {
        if (twi_equal_loose(tw_str_from(aliases[i].text), text)) {
            *out = aliases[i].value;
            return true;
        }
    }
    return false;
}

bool twi_payment_from(tw_str text, tw_payment_type *out)
{
    static const alias aliases[] = {
        {"card", TW_PAY_CREDIT},
        {"credit card", TW_PAY_CREDIT},
        {"visa", TW_PAY_CREDIT},
        {"mastercard", TW_PAY_CREDIT},
        {"mc", TW_PAY_CREDIT},
        {"amex", TW_PAY_CREDIT},
        {"american express", TW_PAY_CREDIT},
        {"discover", TW_PAY_CREDIT},
        {"diners", TW_PAY_CREDIT},
        {"jcb", TW_PAY_CREDIT},
        {"unionpay", TW_PAY_CREDIT},
        {"cc", TW_PAY_CREDIT},
        {"debit card", TW_PAY_DEBIT},
        {"maestro", TW_PAY_DEBIT},
        {"girocard", TW_PAY_DEBIT},
        {"ec", TW_PAY_DEBIT},
        {"interac", TW_PAY_DEBIT},
        {"eftpos", TW_PAY_DEBIT},
        {"apple pay", TW_PAY_MOBILE},
        {"google pay", TW_PAY_MOBILE},
        {"samsung pay", TW_PAY_MOBILE},
        {"alipay", TW_PAY_MOBILE},
        {"wechat pay", TW_PAY_MOBILE},
        {"paypal", TW_PAY_MOBILE},
        {"wallet", TW_PAY_MOBILE},
        {"mobile pay", TW_PAY_MOBILE},
        {"gift", TW_PAY_GIFT_CARD},
        {"giftcard", TW_PAY_GIFT_CARD},
        {"stored value", TW_PAY_GIFT_CARD},
        {"cheque", TW_PAY_CHECK},
        {"money", TW_PAY_CASH},
        {"bar", TW_PAY_CASH},
        {"coupon", TW_PAY_VOUCHER},
        {"merchandise credit", TW_PAY_STORE_CREDIT},
        {"credit note", TW_PAY_STORE_CREDIT},
        {"store_credit", TW_PAY_STORE_CREDIT},
        {"gift_card", TW_PAY_GIFT_CARD},
        {"no payment", TW_PAY_NONE},
        {"unknown", TW_PAY_OTHER},
    };
    int value = 0;
    if (tw_payment_type_from(text, out))
        return true;
    if (!find_alias(aliases, TW_COUNT(aliases), text, &value))
        return false;
    *out = (tw_payment_type)value;
    return true;
}

bool twi_txn_type_from(tw_str text, tw_transaction_type *out)
{
    static const alias aliases[] = {
        {"sales", TW_TXN_SALE},        {"purchase", TW_TXN_SALE},
        {"refund", TW_TXN_RETURN},     {"returns", TW_TXN_RETURN},
        {"voided", TW_TXN_VOID},       {"post void", TW_TXN_POST_VOID},
        {"no sale", TW_TXN_NO_SALE},   {"open drawer", TW_TXN_NO_SALE},
        {"paid in", TW_TXN_PAID_IN},   {"payin", TW_TXN_PAID_IN},
        {"paid out", TW_TXN_PAID_OUT}, {"payout", TW_TXN_PAID_OUT},
        {"cancelled", TW_TXN_CANCEL},  {"canceled", TW_TXN_CANCEL},
        {"suspended", TW_TXN_SUSPEND}, {"resumed", TW_TXN_RESUME},
    };
    int value = 0;
    if (tw_transaction_type_from(text, out))
        return true;
    if (!find_alias(aliases, TW_COUNT(aliases), text, &value))
        return false;
    *out = (tw_transaction_type)value;
    return true;
}

bool twi_entry_from(tw_str text, tw_entry_method *out)
{
    static const alias aliases[] = {
        {"scan", TW_ENTRY_SCANNED},
        {"scanner", TW_ENTRY_SCANNED},
        {"barcode", TW_ENTRY_SCANNED},
        {"key", TW_ENTRY_KEYED},
        {"key entered", TW_ENTRY_KEYED},
        {"emv", TW_ENTRY_CHIP},
        {"icc", TW_ENTRY_CHIP},
        {"insert", TW_ENTRY_CHIP},
        {"contactless", TW_ENTRY_TAP},
        {"nfc", TW_ENTRY_TAP},
        {"magstripe", TW_ENTRY_SWIPE},
        {"swiped", TW_ENTRY_SWIPE},
        {"manual entry", TW_ENTRY_MANUAL},
        {"unknown", TW_ENTRY_UNKNOWN},
    };
    int value = 0;
    if (tw_entry_method_from(text, out))
        return true;
    if (!find_alias(aliases, TW_COUNT(aliases), text, &value))
        return false;
    *out = (tw_entry_method)value;
    return true;
}

bool twi_bool_from(tw_str text, bool *out)
{
    static const alias values[] = {{"true", 1}, {"false", 0}, {"y", 1}, {"n", 0},
                                   {"yes", 1},  {"no", 0},    {"t", 1}, {"f", 0}};
    int value = 0;
    if (text.bytes == 1 && (text.at[0] == '0' || text.at[0] == '1')) {
        *out = text.at[0] == '1';
        return true;
    }
    if (!find_alias(values, TW_COUNT(values), text, &value))
        return false;
    *out = value != 0;
    return true;
}
