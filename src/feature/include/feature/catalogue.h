// SPDX-License-Identifier: Apache-2.0
//
// The catalogue: one row per feature, in one table. The engine is compiled from it, and the
// documentation, the portal's tooltips and the signals take their names and help texts from it.
//
// A windowed feature is (entity, window, measure, filter). Windows are exact and sliding:
// (t-w, t] in whole seconds, the current fact included; delayed windows are (t-d-w, t-d]. Derived
// features (entity TXN, measure DERIVED) come from the fact itself, the sequence before it, the
// clock, the shift plan or the peers. A value that has no meaning for a fact is NaN.
//
// Amounts are in major units of money (12.34). Rates and shares are 0..1. Money effect of a fact:
// sale +, refund -, void and post-void minus what they void, everything else 0.
#ifndef TW_FEATURE_CATALOGUE_H
#define TW_FEATURE_CATALOGUE_H

#include "base/str.h"

// X(NAME, "wire name")
#define TW_ENTITIES(X)                                                                             \
    X(TXN, "transaction")                                                                          \
    X(EMPLOYEE, "employee")                                                                        \
    X(REGISTER, "register")                                                                        \
    X(STORE, "store")                                                                              \
    X(ACCOUNT, "account")                                                                          \
    X(PAIR, "employee_account")                                                                    \
    X(APPROVAL, "employee_approver")                                                               \
    X(MEMBER, "employee_member")

// X(NAME, "label", delay in seconds, width in seconds); width 0 = not a sliding window
#define TW_WINDOWS(X)                                                                              \
    X(NOW, "", 0, 0)                                                                               \
    X(1H, "1 h", 0, 3600)                                                                          \
    X(1D, "1 d", 0, 86400)                                                                         \
    X(7D, "7 d", 0, 604800)                                                                        \
    X(28D, "28 d", 0, 2419200)                                                                     \
    X(30D, "30 d", 0, 2592000)                                                                     \
    X(7D_1D, "1 d, 7 d ago", 604800, 86400)                                                        \
    X(7D_7D, "7 d, 7 d ago", 604800, 604800)                                                       \
    X(7D_30D, "30 d, 7 d ago", 604800, 2592000)                                                    \
    X(SHIFT, "shift", 0, 0)                                                                        \
    X(DAY, "business day", 0, 0)

// Bits of a fact that windows count by. X(NAME, "what it says")
#define TW_FILTERS(X)                                                                              \
    X(ALL, "all")                                                                                  \
    X(SALE, "sales")                                                                               \
    X(REFUND, "refunds")                                                                           \
    X(CASH_REFUND, "cash refunds")                                                                 \
    X(NO_RECEIPT, "refunds without a receipt")                                                     \
    X(RAPID_REFUND, "refunds within 15 minutes of the sale by the same employee")                  \
    X(GIFT_REFUND, "refunds to a gift card or store credit")                                       \
    X(VOID, "voids")                                                                               \
    X(RERUNG, "sales that ring again what was voided or cancelled within 10 minutes")              \
    X(CASH_VOID, "post-voids of cash sales by the same employee")                                  \
    X(LINE_VOID, "baskets with voided lines")                                                      \
    X(CANCEL, "cancelled baskets")                                                                 \
    X(NO_SALE, "no-sale drawer openings")                                                          \
    X(CANCEL_OPEN, "no-sales within 2 minutes of a cancelled or voided basket")                    \
    X(CASH, "cash sales")                                                                          \
    X(DISCOUNT, "manual discounts")                                                                \
    X(DEEP_DISCOUNT, "manual discounts of 30 % and more")                                          \
    X(EMPLOYEE_DISCOUNT, "employee discounts")                                                     \
    X(OVERRIDE, "price overrides and approvals")                                                   \
    X(SELF_OVERRIDE, "overrides approved by the cashier's own id")                                 \
    X(KEYED, "transactions with keyed items or cards")                                             \
    X(ROUND, "refunds and voids of round amounts")                                                 \
    X(SPLIT, "transactions with three tenders or more")                                            \
    X(GIFT_LOAD, "gift card loads")                                                                \
    X(GIFT_DRAIN, "gift cards spent within an hour of their load or refund")                       \
    X(OFF_HOURS, "transactions outside the store's usual hours")                                   \
    X(OFF_SHIFT, "transactions outside the employee's shift")                                      \
    X(LATE_REFUND, "refunds and voids in the last trading hour")                                   \
    X(PAID_OUT, "paid-outs")                                                                       \
    X(TRAINING, "training-mode transactions")                                                      \
    X(CONFIRMED, "transactions with a verdict CONFIRMED")                                          \
    X(LOW_RESIDUAL, "baskets of which voided lines left less than a third")

#define X(name, text) TW_ENTITY_##name,
typedef enum tw_entity_kind { TW_ENTITIES(X) TW_ENTITY_N } tw_entity_kind;
#undef X
#define X(name, text, delay, width) TW_WINDOW_##name,
typedef enum tw_window { TW_WINDOWS(X) TW_WINDOW_N } tw_window;
#undef X
#define X(name, text) TW_FILTER_##name,
typedef enum tw_filter { TW_FILTERS(X) TW_FILTER_N } tw_filter;
#undef X

typedef enum tw_measure {
    TW_MEASURE_DERIVED,
    TW_MEASURE_COUNT,    // facts that pass the filter
    TW_MEASURE_SUM,      // sum of money effect over the filter, signed, major units
    TW_MEASURE_VOLUME,   // |sum|
    TW_MEASURE_EXCESS,   // sum of what sales were above twice the entity's earlier 30-day mean
    TW_MEASURE_MEAN,     // sum / count over the filter; 0 when none
    TW_MEASURE_RATE,     // count of filter / count of all; 0 when none
    TW_MEASURE_DISCOUNT, // discount over the filter / (sales + discount of sales); 0 when none
    TW_MEASURE_DISTINCT, // distinct partners over the filter: stores of an account, accounts of an
                         // employee or of an employee's sales with a loyalty id
} tw_measure;

// X(NAME, entity, window, measure, filter, "unit", "title", "help")
// clang-format off: one row a line
#define TW_FEATURES(X)                                                                             \
    /* The transaction itself. */                                                                  \
    X(tx_amount, TXN, NOW, DERIVED, ALL, "money", "Amount",                                        \
      "Total of the transaction without its sign")                                                 \
    X(tx_items, TXN, NOW, DERIVED, ALL, "count", "Items", "Number of items")                       \
    X(tx_refund, TXN, NOW, DERIVED, REFUND, "flag", "Refund", "1 for a return or refund")          \
    X(tx_void, TXN, NOW, DERIVED, VOID, "flag", "Void", "1 for a void or post-void")               \
    X(tx_cash, TXN, NOW, DERIVED, CASH, "flag", "Cash", "1 when paid or refunded in cash")         \
    X(tx_no_receipt, TXN, NOW, DERIVED, NO_RECEIPT, "flag", "No receipt",                          \
      "1 for a refund without a reference to its sale, where the feed carries such references")    \
    X(tx_discount_share, TXN, NOW, DERIVED, DISCOUNT, "share", "Discount",                         \
      "Discount as a share of the price before it")                                                \
    X(tx_void_share, TXN, NOW, DERIVED, LINE_VOID, "share", "Voided value",                        \
      "Value of voided lines as a share of all that was rung")                                     \
    X(tx_price_cut, TXN, NOW, DERIVED, OVERRIDE, "share", "Price cut",                             \
      "Deepest price override of a line as a share of its regular price")                          \
    X(tx_keyed_share, TXN, NOW, DERIVED, KEYED, "share", "Keyed",                                  \
      "Lines and tenders that were keyed by hand, as a share")                                     \
    X(tx_tenders, TXN, NOW, DERIVED, SPLIT, "count", "Tenders", "Number of tenders")               \
    X(tx_round, TXN, NOW, DERIVED, ROUND, "flag", "Round amount",                                  \
      "1 when the total is a multiple of 5 units of money and not 0")                              \
    X(tx_override, TXN, NOW, DERIVED, OVERRIDE, "flag", "Override",                                \
      "1 when somebody's override or approval was used")                                           \
    X(tx_self_override, TXN, NOW, DERIVED, SELF_OVERRIDE, "flag", "Self-approved",                 \
      "1 when the cashier approved the override with their own id")                                \
    X(tx_training, TXN, NOW, DERIVED, TRAINING, "flag", "Training mode", "1 in training mode")     \
    X(tx_seconds_per_item, TXN, NOW, DERIVED, ALL, "s", "Seconds per item",                        \
      "Scanning time divided by items, where the feed carries it")                                 \
    X(tx_amount_ratio, TXN, NOW, DERIVED, ALL, "ratio", "Amount against the store",                \
      "Amount divided by the store's mean sale of 7 days")                                         \
    X(tx_account_ratio_7d, TXN, NOW, DERIVED, ALL, "ratio", "Amount against the account, 7 d",     \
      "Amount divided by the mean amount of the card or customer in 7 days, this one included")    \
    X(tx_account_ratio_30d, TXN, NOW, DERIVED, ALL, "ratio", "Amount against the account, 30 d",   \
      "Amount divided by the mean amount of the card or customer in 30 days, this one included")   \
    /* The clock. */                                                                               \
    X(time_hour, TXN, NOW, DERIVED, ALL, "h", "Hour", "Hour of the day in the store's time")       \
    X(time_weekend, TXN, NOW, DERIVED, ALL, "flag", "Weekend", "1 on Saturday and Sunday")         \
    X(time_night, TXN, NOW, DERIVED, ALL, "flag", "Night", "1 from 0:00 to 6:59")                  \
    X(time_activity, TXN, NOW, DERIVED, OFF_HOURS, "ratio", "Usual activity",                      \
      "Transactions that this store has in this hour of the week (mean of the last 4 weeks) "      \
      "against its mean trading hour; near 0 = usually closed")                                    \
    X(time_hours_to_close, TXN, NOW, DERIVED, LATE_REFUND, "h", "Hours to close",                  \
      "Trading hours left today by the store's usual week, at most 12")                            \
    X(time_off_shift_min, TXN, NOW, DERIVED, OFF_SHIFT, "min", "Off shift",                        \
      "Minutes outside the employee's recorded shift; 0 on shift; empty without shift records")    \
    X(time_register_gap_s, TXN, NOW, DERIVED, ALL, "s", "Register idle",                           \
      "Seconds since the register's last transaction, at most a day")                              \
    X(time_employee_gap_s, TXN, NOW, DERIVED, ALL, "s", "Employee idle",                           \
      "Seconds since the employee's last transaction, at most a day")                              \
    X(emp_tenure_d, TXN, NOW, DERIVED, ALL, "d", "Tenure",                                         \
      "Days since the employee was first seen, at most 90; 90 for those who were there when the "  \
      "records began")                                                                             \
    /* Sequences: X then Y. */                                                                     \
    X(seq_void_gap_s, TXN, NOW, DERIVED, VOID, "s", "Sale to void",                                \
      "Seconds from the voided sale to its void; empty when this is no void of a known sale")      \
    X(seq_void_cash, TXN, NOW, DERIVED, CASH_VOID, "flag", "Voided cash sale",                     \
      "1 when a cash sale is voided after payment by the same employee")                           \
    X(seq_refund_gap_s, TXN, NOW, DERIVED, RAPID_REFUND, "s", "Sale to refund",                    \
      "Seconds from the sale to its refund; empty when the sale is unknown")                       \
    X(seq_refund_same_employee, TXN, NOW, DERIVED, RAPID_REFUND, "flag", "Refunds own sale",       \
      "1 when the refunding employee made the sale")                                               \
    X(seq_receipt_refunds, TXN, NOW, DERIVED, REFUND, "count", "Refunds of this receipt",          \
      "Refunds of the same original receipt, this one included")                                   \
    X(seq_cancel_open_s, TXN, NOW, DERIVED, CANCEL_OPEN, "s", "Cancel to no-sale",                 \
      "Seconds from the last cancelled or voided basket to this drawer opening; empty when more "  \
      "than 10 minutes")                                                                           \
    X(seq_missing_numbers, TXN, NOW, DERIVED, ALL, "count", "Missing numbers",                     \
      "Receipt numbers of this register that are missing before this one")                         \
    X(seq_gift_drain_s, TXN, NOW, DERIVED, GIFT_DRAIN, "s", "Load to spend",                       \
      "Seconds from the load of or refund to this gift card to its spending; empty when none in "  \
      "7 days")                                                                                    \
    X(seq_store_hop_s, TXN, NOW, DERIVED, ALL, "s", "Since another store",                         \
      "Seconds since this employee's last transaction in another store; empty when more than a "   \
      "day")                                                                                       \
    /* The employee's own windows. */                                                              \
    X(emp_n_1h, EMPLOYEE, 1H, COUNT, ALL, "count", "Transactions, 1 h",                            \
      "The employee's transactions in the last hour")                                              \
    X(emp_n_1d, EMPLOYEE, 1D, COUNT, ALL, "count", "Transactions, 1 d",                            \
      "The employee's transactions in the last day")                                               \
    X(emp_n_28d, EMPLOYEE, 28D, COUNT, ALL, "count", "Transactions, 28 d",                         \
      "The employee's transactions in 28 days")                                                    \
    X(emp_refund_n_1d, EMPLOYEE, 1D, COUNT, REFUND, "count", "Refunds, 1 d",                       \
      "The employee's refunds in the last day")                                                    \
    X(emp_refund_rate_7d, EMPLOYEE, 7D, RATE, REFUND, "share", "Refund rate, 7 d",                 \
      "Refunds as a share of the employee's transactions of 7 days")                               \
    X(emp_refund_rate_28d, EMPLOYEE, 28D, RATE, REFUND, "share", "Refund rate, 28 d",              \
      "Refunds as a share of the employee's transactions of 28 days")                              \
    X(emp_cash_refund_volume_7d, EMPLOYEE, 7D, VOLUME, CASH_REFUND, "money", "Cash refunded, 7 d", \
      "Money that the employee refunded in cash in 7 days")                                        \
    X(emp_cash_refund_n_28d, EMPLOYEE, 28D, COUNT, CASH_REFUND, "count", "Cash refunds, 28 d",     \
      "The employee's cash refunds in 28 days")                                                    \
    X(emp_no_receipt_n_7d, EMPLOYEE, 7D, COUNT, NO_RECEIPT, "count", "No-receipt refunds, 7 d",    \
      "The employee's refunds without a receipt in 7 days")                                        \
    X(emp_no_receipt_n_28d, EMPLOYEE, 28D, COUNT, NO_RECEIPT, "count", "No-receipt refunds, 28 d", \
      "The employee's refunds without a receipt in 28 days")                                       \
    X(emp_rapid_refund_n_28d, EMPLOYEE, 28D, COUNT, RAPID_REFUND, "count", "Rapid refunds, 28 d",  \
      "Refunds within 15 minutes of the employee's own sale, 28 days")                             \
    X(emp_gift_refund_n_28d, EMPLOYEE, 28D, COUNT, GIFT_REFUND, "count",                           \
      "Refunds to gift cards, 28 d",                                                               \
      "The employee's refunds to gift cards or store credit in 28 days")                           \
    X(emp_late_refund_n_28d, EMPLOYEE, 28D, COUNT, LATE_REFUND, "count", "Late refunds, 28 d",     \
      "The employee's refunds and voids in the last trading hour, 28 days")                        \
    X(emp_round_n_28d, EMPLOYEE, 28D, COUNT, ROUND, "count", "Round refunds and voids, 28 d",      \
      "The employee's refunds and voids of round amounts in 28 days")                              \
    X(emp_void_n_day, EMPLOYEE, DAY, COUNT, VOID, "count", "Voids today",                          \
      "The employee's voids on this business day")                                                 \
    X(emp_void_n_shift, EMPLOYEE, SHIFT, COUNT, VOID, "count", "Voids this shift",                 \
      "The employee's voids since the shift began")                                                \
    X(emp_void_rate_7d, EMPLOYEE, 7D, RATE, VOID, "share", "Void rate, 7 d",                       \
      "Voids as a share of the employee's transactions of 7 days")                                 \
    X(emp_void_rate_28d, EMPLOYEE, 28D, RATE, VOID, "share", "Void rate, 28 d",                    \
      "Voids as a share of the employee's transactions of 28 days")                                \
    X(emp_cash_void_n_7d, EMPLOYEE, 7D, COUNT, CASH_VOID, "count", "Post-voids of cash, 7 d",      \
      "The employee's post-voids of own cash sales in 7 days")                                     \
    X(emp_cash_void_n_28d, EMPLOYEE, 28D, COUNT, CASH_VOID, "count", "Post-voids of cash, 28 d",   \
      "The employee's post-voids of own cash sales in 28 days")                                    \
    X(emp_rerung_n_28d, EMPLOYEE, 28D, COUNT, RERUNG, "count", "Voids rung again, 28 d",           \
      "Voids and cancelled baskets that the same till rang again within 10 minutes, 28 days")      \
    X(emp_line_void_rate_7d, EMPLOYEE, 7D, RATE, LINE_VOID, "share", "Line-void rate, 7 d",        \
      "Baskets with voided lines as a share of the employee's transactions of 7 days")             \
    X(emp_low_residual_n_28d, EMPLOYEE, 28D, COUNT, LOW_RESIDUAL, "count", "Low residuals, 28 d",  \
      "Baskets of which voided lines left less than a third, 28 days")                             \
    X(emp_cancel_rate_28d, EMPLOYEE, 28D, RATE, CANCEL, "share", "Cancel rate, 28 d",              \
      "Cancelled baskets as a share of the employee's transactions of 28 days")                    \
    X(emp_no_sale_rate_7d, EMPLOYEE, 7D, RATE, NO_SALE, "share", "No-sale rate, 7 d",              \
      "Drawer openings without a sale as a share of the employee's transactions of 7 days")        \
    X(emp_cancel_open_n_28d, EMPLOYEE, 28D, COUNT, CANCEL_OPEN, "count",                           \
      "No-sales after cancels, 28 d",                                                              \
      "Drawer openings within 2 minutes of a cancelled basket, 28 days")                           \
    X(emp_discount_share_7d, EMPLOYEE, 7D, DISCOUNT, DISCOUNT, "share", "Manual discount, 7 d",    \
      "Manual discount as a share of the employee's sales of 7 days")                              \
    X(emp_discount_share_28d, EMPLOYEE, 28D, DISCOUNT, DISCOUNT, "share", "Manual discount, 28 d", \
      "Manual discount as a share of the employee's sales of 28 days")                             \
    X(emp_deep_discount_n_7d, EMPLOYEE, 7D, COUNT, DEEP_DISCOUNT, "count", "Deep discounts, 7 d",  \
      "The employee's manual discounts of 30 % and more in 7 days")                                \
    X(emp_staff_accounts_28d, EMPLOYEE, 28D, DISTINCT, EMPLOYEE_DISCOUNT, "count",                 \
      "Cards with staff discount, 28 d",                                                           \
      "Different cards that got the employee discount from this employee in 28 days")              \
    X(emp_override_rate_28d, EMPLOYEE, 28D, RATE, OVERRIDE, "share", "Override rate, 28 d",        \
      "Price overrides and approvals as a share of the employee's transactions of 28 days")        \
    X(emp_override_n_7d, EMPLOYEE, 7D, COUNT, OVERRIDE, "count", "Overrides, 7 d",                 \
      "The employee's price overrides and approvals in 7 days")                                    \
    X(emp_self_override_n_28d, EMPLOYEE, 28D, COUNT, SELF_OVERRIDE, "count",                       \
      "Self-approved overrides, 28 d", "Overrides that the employee approved alone, 28 days")      \
    X(emp_keyed_rate_7d, EMPLOYEE, 7D, RATE, KEYED, "share", "Keyed rate, 7 d",                    \
      "Transactions with keyed items or cards as a share, 7 days")                                 \
    X(emp_gift_load_n_1d, EMPLOYEE, 1D, COUNT, GIFT_LOAD, "count", "Gift card loads, 1 d",         \
      "Gift cards that the employee loaded in the last day")                                       \
    X(emp_gift_drain_n_28d, EMPLOYEE, 28D, COUNT, GIFT_DRAIN, "count", "Gift cards drained, 28 d", \
      "Gift cards spent at this employee's till within an hour of load or refund, 28 days")        \
    X(emp_split_n_7d, EMPLOYEE, 7D, COUNT, SPLIT, "count", "Split tenders, 7 d",                   \
      "The employee's transactions with three tenders or more in 7 days")                          \
    X(emp_off_hours_n_28d, EMPLOYEE, 28D, COUNT, OFF_HOURS, "count", "Off-hours work, 28 d",       \
      "The employee's transactions outside the store's usual hours in 28 days")                    \
    X(emp_off_shift_n_7d, EMPLOYEE, 7D, COUNT, OFF_SHIFT, "count", "Off-shift work, 7 d",          \
      "Transactions under the employee's id outside the recorded shifts in 7 days")                \
    X(emp_paid_out_n_28d, EMPLOYEE, 28D, COUNT, PAID_OUT, "count", "Paid-outs, 28 d",              \
      "The employee's paid-outs in 28 days")                                                       \
    X(emp_training_n_7d, EMPLOYEE, 7D, COUNT, TRAINING, "count", "Training-mode sales, 7 d",       \
      "The employee's training-mode transactions in 7 days")                                       \
    X(emp_risk_7d_30d, EMPLOYEE, 7D_30D, RATE, CONFIRMED, "share", "Confirmed share, employee",    \
      "Share of the employee's transactions with a verdict CONFIRMED, 30 days that ended 7 days "  \
      "ago")                                                                                       \
    /* The same card, customer or loyalty account anywhere in the chain. */                        \
    X(acc_n_1d, ACCOUNT, 1D, COUNT, ALL, "count", "Uses, 1 d",                                     \
      "Transactions with this account in the last day")                                            \
    X(acc_n_7d, ACCOUNT, 7D, COUNT, ALL, "count", "Uses, 7 d",                                     \
      "Transactions with this account in 7 days")                                                  \
    X(acc_n_30d, ACCOUNT, 30D, COUNT, ALL, "count", "Uses, 30 d",                                  \
      "Transactions with this account in 30 days")                                                 \
    X(acc_mean_1d, ACCOUNT, 1D, MEAN, ALL, "money", "Mean amount, 1 d",                            \
      "Mean amount with this account in the last day")                                             \
    X(acc_mean_7d, ACCOUNT, 7D, MEAN, ALL, "money", "Mean amount, 7 d",                            \
      "Mean amount with this account in 7 days")                                                   \
    X(acc_mean_30d, ACCOUNT, 30D, MEAN, ALL, "money", "Mean amount, 30 d",                         \
      "Mean amount with this account in 30 days")                                                  \
    X(acc_excess_1d, ACCOUNT, 1D, EXCESS, ALL, "money", "Above own normal, 1 d",                   \
      "What amounts of the last day were above twice the account's own mean of the 30 days "       \
      "before each")                                                                               \
    X(acc_excess_7d, ACCOUNT, 7D, EXCESS, ALL, "money", "Above own normal, 7 d",                   \
      "What amounts of 7 days were above twice the account's own mean of the 30 days before each") \
    X(acc_excess_30d, ACCOUNT, 30D, EXCESS, ALL, "money", "Above own normal, 30 d",                \
      "What amounts of 30 days were above twice the account's own mean of the 30 days before "     \
      "each")                                                                                      \
    X(acc_sale_n_30d, ACCOUNT, 30D, COUNT, SALE, "count", "Purchases, 30 d",                       \
      "Sales with this account in 30 days")                                                        \
    X(acc_refund_n_7d, ACCOUNT, 7D, COUNT, REFUND, "count", "Refunds, 7 d",                        \
      "Refunds to this account in 7 days")                                                         \
    X(acc_refund_volume_30d, ACCOUNT, 30D, VOLUME, REFUND, "money", "Refunded, 30 d",              \
      "Money refunded to this account in 30 days")                                                 \
    X(acc_net_30d, ACCOUNT, 30D, SUM, ALL, "money", "Net, 30 d",                                   \
      "Purchases minus refunds of this account in 30 days; below 0 = got back more than it paid")  \
    X(acc_stores_1d, ACCOUNT, 1D, DISTINCT, ALL, "count", "Stores, 1 d",                           \
      "Different stores that saw this account in the last day")                                    \
    X(acc_refund_stores_30d, ACCOUNT, 30D, DISTINCT, REFUND, "count",                              \
      "Stores that refunded, 30 d", "Different stores that refunded to this account in 30 days")   \
    X(acc_risk_7d_30d, ACCOUNT, 7D_30D, RATE, CONFIRMED, "share", "Confirmed share, account",      \
      "Share of this account's transactions with a verdict CONFIRMED, 30 days that ended 7 days "  \
      "ago")                                                                                       \
    /* This employee with this account, this approver, this loyalty id. */                         \
    X(pair_n_28d, PAIR, 28D, COUNT, ALL, "count", "Together, 28 d",                                \
      "Transactions of this account at this employee's till in 28 days")                           \
    X(pair_discount_n_28d, PAIR, 28D, COUNT, DISCOUNT, "count", "Discounts to this card, 28 d",    \
      "Manual discounts from this employee to this account in 28 days")                            \
    X(pair_refund_n_28d, PAIR, 28D, COUNT, REFUND, "count", "Refunds to this card, 28 d",          \
      "Refunds from this employee to this account in 28 days")                                     \
    X(pair_line_void_n_28d, PAIR, 28D, COUNT, LINE_VOID, "count",                                  \
      "Line voids for this card, 28 d",                                                            \
      "Baskets with voided lines of this account at this employee's till in 28 days")              \
    X(approval_n_28d, APPROVAL, 28D, COUNT, OVERRIDE, "count",                                     \
      "Approvals by the same person, 28 d",                                                        \
      "Overrides of this employee by this approver in 28 days")                                    \
    X(member_n_7d, MEMBER, 7D, COUNT, SALE, "count", "Sales with this loyalty id, 7 d",            \
      "Sales of this employee with this loyalty id in 7 days")                                     \
    X(member_accounts_28d, MEMBER, 28D, DISTINCT, SALE, "count", "Cards with this loyalty id",     \
      "Different cards or customers that paid this employee with this loyalty id in 28 days")      \
    /* The register and the store. */                                                              \
    X(reg_refund_rate_28d, REGISTER, 28D, RATE, REFUND, "share",                                   \
      "Refund rate of the register, 28 d",                                                         \
      "Refunds as a share of the register's transactions of 28 days; high on a service desk")      \
    X(reg_void_rate_7d, REGISTER, 7D, RATE, VOID, "share", "Void rate of the register, 7 d",       \
      "Voids as a share of the register's transactions of 7 days")                                 \
    X(reg_n_7d_1d, REGISTER, 7D_1D, COUNT, ALL, "count", "Register, 1 d, a week ago",              \
      "Transactions of the register in the day that ended 7 days ago")                             \
    X(reg_n_7d_7d, REGISTER, 7D_7D, COUNT, ALL, "count", "Register, 7 d, a week ago",              \
      "Transactions of the register in the 7 days that ended 7 days ago")                          \
    X(reg_n_7d_30d, REGISTER, 7D_30D, COUNT, ALL, "count", "Register, 30 d, a week ago",           \
      "Transactions of the register in the 30 days that ended 7 days ago")                         \
    X(reg_risk_7d_1d, REGISTER, 7D_1D, RATE, CONFIRMED, "share", "Confirmed share, register, 1 d", \
      "Share with a verdict CONFIRMED in the day that ended 7 days ago")                           \
    X(reg_risk_7d_7d, REGISTER, 7D_7D, RATE, CONFIRMED, "share", "Confirmed share, register, 7 d", \
      "Share with a verdict CONFIRMED in the 7 days that ended 7 days ago")                        \
    X(reg_risk_7d_30d, REGISTER, 7D_30D, RATE, CONFIRMED, "share",                                 \
      "Confirmed share, register, 30 d",                                                           \
      "Share with a verdict CONFIRMED in the 30 days that ended 7 days ago")                       \
    X(store_refund_rate_7d, STORE, 7D, RATE, REFUND, "share", "Refund rate of the store, 7 d",     \
      "Refunds as a share of the store's transactions of 7 days")                                  \
    X(store_void_rate_7d, STORE, 7D, RATE, VOID, "share", "Void rate of the store, 7 d",           \
      "Voids as a share of the store's transactions of 7 days")                                    \
    X(store_discount_share_1d, STORE, 1D, DISCOUNT, DISCOUNT, "share",                             \
      "Manual discount of the store, 1 d",                                                         \
      "Manual discount as a share of the store's sales of the last day; high on promotion days")   \
    X(store_sale_mean_7d, STORE, 7D, MEAN, SALE, "money", "Mean sale of the store, 7 d",           \
      "Mean sale of the store in 7 days")                                                          \
    /* Against peers: share of the same role and store format that has less (refreshed each day).  \
     */                                                                                            \
    X(peer_refund_rate, TXN, NOW, DERIVED, REFUND, "percentile", "Refund rate against peers",      \
      "Share of peers (same role, same store format) with a lower 28-day refund rate")             \
    X(peer_no_receipt, TXN, NOW, DERIVED, NO_RECEIPT, "percentile",                                \
      "No-receipt refunds against peers",                                                          \
      "Share of peers with fewer no-receipt refunds in 28 days")                                   \
    X(peer_void_rate, TXN, NOW, DERIVED, VOID, "percentile", "Void rate against peers",            \
      "Share of peers with a lower 28-day void rate")                                              \
    X(peer_cash_void, TXN, NOW, DERIVED, CASH_VOID, "percentile",                                  \
      "Post-voids of cash against peers",                                                          \
      "Share of peers with fewer post-voids of cash sales in 28 days")                             \
    X(peer_discount_share, TXN, NOW, DERIVED, DISCOUNT, "percentile",                              \
      "Manual discount against peers", "Share of peers with a lower 28-day manual discount")       \
    X(peer_no_sale_rate, TXN, NOW, DERIVED, NO_SALE, "percentile", "No-sale rate against peers",   \
      "Share of peers with a lower 7-day no-sale rate")                                            \
    X(peer_override_rate, TXN, NOW, DERIVED, OVERRIDE, "percentile",                               \
      "Override rate against peers", "Share of peers with a lower 28-day override rate")           \
    X(peer_low_residual, TXN, NOW, DERIVED, LOW_RESIDUAL, "percentile",                            \
      "Low residuals against peers",                                                               \
      "Share of peers with fewer baskets that voided lines emptied, 28 days")                      \
    X(peer_cancel_rate, TXN, NOW, DERIVED, CANCEL, "percentile", "Cancel rate against peers",      \
      "Share of peers with a lower 28-day cancel rate")                                            \
    X(peer_keyed_rate, TXN, NOW, DERIVED, KEYED, "percentile", "Keyed rate against peers",         \
      "Share of peers with a lower 7-day keyed rate")

// clang-format on
#define X(name, ...) TW_F_##name,
typedef enum tw_feature { TW_FEATURES(X) TW_FEATURE_N } tw_feature;
#undef X

typedef struct tw_feature_row {
    const char *name; // e.g. "emp_refund_rate_7d"; stable: signals and models refer to it
    tw_entity_kind entity;
    tw_window window;
    tw_measure measure;
    tw_filter filter;
    const char *unit; // money, count, share, flag, ratio, percentile, h, min, s
    const char *title;
    const char *help;
} tw_feature_row;

// The row of a feature; feature < TW_FEATURE_N. Thread-safe, static.
const tw_feature_row *tw_feature_get(tw_feature feature);
bool tw_feature_find(tw_str name, tw_feature *out);
const char *tw_entity_name(tw_entity_kind kind);
const char *tw_window_label(tw_window window);
// "all" .. the text of a filter, for sentences.
const char *tw_filter_text(tw_filter filter);
// Hash over names, entities, windows, measures and filters in order: models carry it, so that a
// model of another catalogue is refused.
uint64_t tw_catalogue_hash(void);

// The measures that are compared with peers, in one table for the engine, the signals' sentences
// and the portal. X(NAME, percentile feature or FEATURE_N without one, base feature)
#define TW_PEER_MEASURES(X)                                                                        \
    X(peer_refund_rate, F_peer_refund_rate, emp_refund_rate_28d)                                   \
    X(peer_no_receipt, F_peer_no_receipt, emp_no_receipt_n_28d)                                    \
    X(peer_void_rate, F_peer_void_rate, emp_void_rate_28d)                                         \
    X(peer_cash_void, F_peer_cash_void, emp_cash_void_n_28d)                                       \
    X(peer_discount_share, F_peer_discount_share, emp_discount_share_28d)                          \
    X(peer_no_sale_rate, F_peer_no_sale_rate, emp_no_sale_rate_7d)                                 \
    X(peer_override_rate, F_peer_override_rate, emp_override_rate_28d)                             \
    X(peer_low_residual, F_peer_low_residual, emp_low_residual_n_28d)                              \
    X(peer_cancel_rate, F_peer_cancel_rate, emp_cancel_rate_28d)                                   \
    X(peer_keyed_rate, F_peer_keyed_rate, emp_keyed_rate_7d)                                       \
    X(peer_rapid_refund, FEATURE_N, emp_rapid_refund_n_28d)                                        \
    X(peer_gift_refund, FEATURE_N, emp_gift_refund_n_28d)                                          \
    X(peer_late_refund, FEATURE_N, emp_late_refund_n_28d)                                          \
    X(peer_cash_refund, FEATURE_N, emp_cash_refund_n_28d)                                          \
    X(peer_round, FEATURE_N, emp_round_n_28d)                                                      \
    X(peer_line_void_rate, FEATURE_N, emp_line_void_rate_7d)                                       \
    X(peer_cancel_open, FEATURE_N, emp_cancel_open_n_28d)                                          \
    X(peer_deep_discount, FEATURE_N, emp_deep_discount_n_7d)                                       \
    X(peer_staff_accounts, FEATURE_N, emp_staff_accounts_28d)                                      \
    X(peer_self_override, FEATURE_N, emp_self_override_n_28d)                                      \
    X(peer_gift_drain, FEATURE_N, emp_gift_drain_n_28d)                                            \
    X(peer_split, FEATURE_N, emp_split_n_7d)                                                       \
    X(peer_off_hours, FEATURE_N, emp_off_hours_n_28d)                                              \
    X(peer_off_shift, FEATURE_N, emp_off_shift_n_7d)                                               \
    X(peer_paid_out, FEATURE_N, emp_paid_out_n_28d)                                                \
    X(peer_training, FEATURE_N, emp_training_n_7d)

#define X(name, percentile, base) TW_PEER_##name,
typedef enum tw_peer_measure { TW_PEER_MEASURES(X) TW_PEER_MEASURE_N } tw_peer_measure;
#undef X
tw_feature tw_peer_base_feature(tw_peer_measure measure);
// TW_FEATURE_N when the measure has no percentile feature.
tw_feature tw_peer_percentile_feature(tw_peer_measure measure);

#endif
