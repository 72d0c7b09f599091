// SPDX-License-Identifier: Apache-2.0
//
// Identity of facts and the account of a transaction.
#include "retail/transaction.h"

#include "base/hash.h"

tw_str tw_transaction_account(const tw_transaction *t)
{
    for (size_t i = 0; i < t->tender_n; i++) {
        if (t->tenders[i].account_token.bytes)
            return t->tenders[i].account_token;
    }
    return t->customer_id.bytes ? t->customer_id : t->loyalty_id;
}

tw_str tw_fact_id(const tw_fact *fact)
{
    switch (fact->kind) {
    case TW_FACT_TRANSACTION:
        return fact->as.transaction.transaction_id;
    case TW_FACT_MOVEMENT:
        return fact->as.movement.movement_id;
    case TW_FACT_SHIFT:
        return fact->as.shift.event_id;
    case TW_FACT_VERDICT:
        return fact->as.verdict.verdict_id;
    case TW_FACT_CONFIG:
        return fact->as.config.name;
    case TW_FACT_ACTION:
        return fact->as.action.action_id;
    }
    return TW_STR_NONE;
}

int64_t tw_fact_time_ms(const tw_fact *fact)
{
    switch (fact->kind) {
    case TW_FACT_TRANSACTION:
        return fact->as.transaction.time_ms;
    case TW_FACT_MOVEMENT:
        return fact->as.movement.time_ms;
    case TW_FACT_SHIFT:
        return fact->as.shift.time_ms;
    case TW_FACT_VERDICT:
        return fact->as.verdict.decided_ms;
    case TW_FACT_CONFIG:
        return fact->as.config.changed_ms;
    case TW_FACT_ACTION:
        return fact->as.action.at_ms;
    }
    return 0;
}

uint64_t tw_fact_key(const tw_fact *fact, uint32_t salt)
{
    if (fact->kind == TW_FACT_CONFIG)
        return 0;
    // The seed keeps the kinds apart: a movement may carry the same id as a transaction.
    uint64_t seed = UINT64_C(0x54696c6c77617463) ^ ((uint64_t)salt << 8) ^ (uint64_t)fact->kind;
    return tw_hash_str(tw_fact_id(fact), seed);
}
