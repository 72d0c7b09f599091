// SPDX-License-Identifier: Apache-2.0
//
// X then Y: finds what a void or refund belongs to, by its reference or, in feeds without
// references, by the amount among the register's recent sales; and remembers each transaction for
// the next ones.
#include "internal.h"

#include <string.h>

enum { MATCH_BY_AMOUNT_S = 86400 };

uint64_t twi_transaction_key(tw_str transaction_id)
{
    tw_fact named = {.kind = TW_FACT_TRANSACTION};
    named.as.transaction.transaction_id = transaction_id;
    return tw_fact_key(&named, 0);
}

tw_str twi_original_reference(const tw_transaction *txn)
{
    return txn->void_of_transaction_id.bytes ? txn->void_of_transaction_id
                                             : txn->original_transaction_id;
}

static bool find_receipt(const tw_engine *engine, tw_str transaction_id, twi_receipt *out,
                         uint32_t *idx)
{
    uint64_t key = twi_transaction_key(transaction_id);
    const tw_table_slot *slot = tw_table_find(&engine->receipt_table, key);
    if (!slot)
        return false;
    *idx = slot->value;
    *out = *(const twi_receipt *)twi_segments_at(&engine->receipts, slot->value);
    return out->flags != 0;
}

// The register's latest sale of exactly this amount within a day before.
static bool find_recent_sale(const twi_register *reg, int32_t amount, uint32_t own_s,
                             twi_receipt *out)
{
    if (!reg || amount == 0)
        return false;
    uint32_t known = TW_MIN(reg->sale_n, TWI_RECENT_SALES);
    for (uint32_t back = 1; back <= known; back++) {
        const twi_sale *sale = &reg->sales[(reg->sale_n - back) % TWI_RECENT_SALES];
        if (sale->amount != amount || sale->t > own_s || own_s - sale->t > MATCH_BY_AMOUNT_S)
            continue;
        *out = (twi_receipt){
            .t = sale->t, .employee = sale->employee, .amount = sale->amount, .flags = sale->flags};
        return true;
    }
    return false;
}

void twi_sequence_original(const tw_engine *engine, twi_event *event)
{
    bool is_void = event->flags & TWI_BIT(TW_FILTER_VOID);
    bool is_refund = event->flags & TWI_BIT(TW_FILTER_REFUND);
    event->original_idx = TWI_NONE;
    if (!is_void && !is_refund)
        return;
    tw_str reference = twi_original_reference(event->txn);
    if (reference.bytes)
        event->has_original =
            find_receipt(engine, reference, &event->original, &event->original_idx);
    else
        // The money effect of a void or refund is the negative of the sale's.
        event->has_original =
            find_recent_sale(twi_register_at(engine, event->idx[TW_ENTITY_REGISTER]),
                             -event->amount, event->own_s, &event->original);
}

void twi_receipt_add(tw_engine *engine, const twi_receipt *receipt)
{
    tw_table_slot *slot = NULL;
    tw_status status = tw_table_at(&engine->receipt_table, receipt->key, &slot);
    TW_CHECK(status == TW_OK && slot->value == TW_TABLE_NONE);
    slot->value = twi_segments_push(&engine->receipts);
    *(twi_receipt *)twi_segments_at(&engine->receipts, slot->value) = *receipt;
}

static void remember_register(twi_register *reg, const twi_event *event)
{
    const tw_transaction *txn = event->txn;
    if (event->flags & TWI_BIT(TW_FILTER_SALE)) {
        reg->sales[reg->sale_n++ % TWI_RECENT_SALES] =
            (twi_sale){event->own_s, event->amount, event->flags, event->idx[TW_ENTITY_EMPLOYEE]};
    }
    if (event->flags & TWI_BIT(TW_FILTER_RERUNG))
        reg->undone_s = 0;
    bool undoes = event->flags & (TWI_BIT(TW_FILTER_CANCEL) | TWI_BIT(TW_FILTER_VOID));
    if (undoes && txn->total_minor != 0) {
        reg->undone_s = event->own_s;
        reg->undone_amount =
            twi_saturate(txn->total_minor < 0 ? -txn->total_minor : txn->total_minor);
    }
    if (undoes)
        reg->last_cancel_s = TW_MAX(reg->last_cancel_s, event->own_s);
    reg->last_s = TW_MAX(reg->last_s, event->own_s);
    if (tw_transaction_is(txn, TW_TXN_HAS_SEQUENCE)) {
        // A late record keeps the number; a counter that starts again is followed.
        bool starts_again = txn->sequence_number + 1000 < reg->last_sequence;
        if (starts_again || txn->sequence_number > reg->last_sequence)
            reg->last_sequence = txn->sequence_number;
    }
}

static void remember_employee(tw_engine *engine, const twi_event *event)
{
    twi_employee *employee = twi_employee_at(engine, event->idx[TW_ENTITY_EMPLOYEE]);
    if (employee->shift_n == 0)
        employee->shifts[0].from_s = event->shift_s;
    employee->last_s = TW_MAX(employee->last_s, event->own_s);
    employee->transaction_n++;
}

static void remember_account(tw_engine *engine, const twi_event *event)
{
    twi_account *account = twi_account_at(engine, event->idx[TW_ENTITY_ACCOUNT]);
    uint32_t loads = TWI_BIT(TW_FILTER_GIFT_LOAD) | TWI_BIT(TW_FILTER_GIFT_REFUND);
    if (account && (event->flags & loads))
        account->last_load_s = TW_MAX(account->last_load_s, event->own_s);
}

void twi_sequence_remember(tw_engine *engine, const twi_event *event, uint64_t fact_key,
                           uint64_t seq)
{
    remember_register(twi_register_at(engine, event->idx[TW_ENTITY_REGISTER]), event);
    remember_employee(engine, event);
    remember_account(engine, event);
    if (event->original_idx != TWI_NONE && (event->flags & TWI_BIT(TW_FILTER_REFUND)))
        ((twi_receipt *)twi_segments_at(&engine->receipts, event->original_idx))->refunds++;
    twi_receipt receipt = {.key = fact_key,
                           .seq = seq,
                           .t = event->own_s,
                           .employee = event->idx[TW_ENTITY_EMPLOYEE],
                           .reg = event->idx[TW_ENTITY_REGISTER],
                           .account = event->idx[TW_ENTITY_ACCOUNT],
                           .amount = event->amount,
                           .flags = event->flags,
                           .employee_ord = event->ords[TW_ENTITY_EMPLOYEE],
                           .reg_ord = event->ords[TW_ENTITY_REGISTER],
                           .account_ord = event->ords[TW_ENTITY_ACCOUNT]};
    twi_receipt_add(engine, &receipt);
}
