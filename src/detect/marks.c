// SPDX-License-Identifier: Apache-2.0
//
// Which lines and tenders of a receipt a signal points at, and how much money is at risk.
#include "detect/detector.h"
#include "rules.h"
#include "state.h"

static int64_t absolute(int64_t x)
{
    return x < 0 ? -x : x;
}

// Value of a line at its own price, >= 0; quantities are thousandths.
static int64_t line_value(const tw_line *line, int64_t price_minor)
{
    // Prices and quantities are bounded by intake, but their product may not fit: go by the larger.
    int64_t quantity = absolute(line->quantity_milli), price = absolute(price_minor);
    if (quantity > 0 && price > TW_MONEY_MAX_MINOR / quantity)
        return price > INT64_MAX / quantity ? TW_MONEY_MAX_MINOR : price / 1000 * quantity;
    return price * quantity / 1000;
}

static bool is_price_cut(const tw_line *line)
{
    return !line->void_flag && line->unit_price_minor < line->regular_price_minor;
}

static bool line_is_marked(const twi_signal *signal, const tw_line *line)
{
    switch ((twi_line_mark)signal->line_mark) {
    case TWI_LINES_NONE:
        return false;
    case TWI_LINES_ALL:
        return true;
    case TWI_LINES_VOIDED:
        return line->void_flag;
    case TWI_LINES_RETURNED:
        return line->return_flag || line->quantity_milli < 0;
    case TWI_LINES_DISCOUNTED:
        return !line->void_flag && line->discount_minor > 0;
    case TWI_LINES_PRICE_CUT:
        return is_price_cut(line);
    case TWI_LINES_KEYED:
        return line->entry_method == TW_ENTRY_KEYED || line->entry_method == TW_ENTRY_MANUAL;
    }
    return false;
}

static bool tender_is_marked(const twi_signal *signal, const tw_tender *tender)
{
    switch ((twi_tender_mark)signal->tender_mark) {
    case TWI_TENDERS_NONE:
        return false;
    case TWI_TENDERS_ALL:
        return true;
    case TWI_TENDERS_CASH:
        return tender->type == TW_PAY_CASH;
    case TWI_TENDERS_CARD:
        return tender->account_token.bytes > 0;
    case TWI_TENDERS_GIFT:
        return tender->type == TW_PAY_GIFT_CARD || tender->type == TW_PAY_STORE_CREDIT;
    case TWI_TENDERS_KEYED:
        return tender->entry_method == TW_ENTRY_KEYED || tender->entry_method == TW_ENTRY_MANUAL;
    }
    return false;
}

int64_t twi_exposure_minor(const twi_signal *signal, const tw_transaction *t)
{
    int64_t sum = 0;
    switch ((twi_exposure)signal->exposure) {
    case TWI_EXPOSURE_AMOUNT:
        return absolute(t->total_minor);
    case TWI_EXPOSURE_DISCOUNT:
        return t->discount_minor;
    case TWI_EXPOSURE_NONE:
        return 0;
    case TWI_EXPOSURE_VOIDED_LINES:
        for (size_t i = 0; i < t->line_n; i++)
            if (t->lines[i].void_flag)
                sum += line_value(&t->lines[i], t->lines[i].unit_price_minor);
        break;
    case TWI_EXPOSURE_PRICE_CUT:
        for (size_t i = 0; i < t->line_n; i++)
            if (is_price_cut(&t->lines[i]))
                sum += line_value(&t->lines[i],
                                  t->lines[i].regular_price_minor - t->lines[i].unit_price_minor);
        break;
    }
    return TW_MIN(sum, TW_MONEY_MAX_MINOR);
}

const char *tw_detector_line_mark(const tw_detector *detector, const tw_transaction *transaction,
                                  uint8_t signal, size_t line)
{
    const twi_signal *s = twi_signal_by_number(detector, signal);
    if (!s || line >= transaction->line_n || !line_is_marked(s, &transaction->lines[line]))
        return NULL;
    return s->why.at;
}

const char *tw_detector_tender_mark(const tw_detector *detector, const tw_transaction *transaction,
                                    uint8_t signal, size_t tender)
{
    const twi_signal *s = twi_signal_by_number(detector, signal);
    if (!s || tender >= transaction->tender_n ||
        !tender_is_marked(s, &transaction->tenders[tender]))
        return NULL;
    return s->why.at;
}
