// SPDX-License-Identifier: Apache-2.0
//
// What differs between chains beside their people: the habits of the house, and of its thieves.
//
// A chain of habits 0 has the ordinary value of every habit, and its bytes are those of a simulator
// without habits: factors are exactly 1, chances of what does not happen there exactly 0 and then
// draw nothing. Any other number draws a chain: each habit stays near the ordinary or, in about
// four of ten, lies anywhere between its bounds, so that some chains are full of a look-alike that
// others hardly know. Detection was never tuned on a number: they are there to test whether it
// holds elsewhere.
//
// Every habit has one row: name, ordinary value, bounds, meaning. Values below the ordinary one and
// above are equally likely; those whose ordinary value is 0 are absent, or anywhere up to the high
// bound.
#ifndef TWI_SIMULATE_HABITS_H
#define TWI_SIMULATE_HABITS_H

#include "base/rng.h"

// X(name, ordinary, low, high, "meaning")
// clang-format off: one row a line
#define TWI_HABITS(X)                                                                              \
    /* The house. */                                                                               \
    X(volume, 1.0, 0.5, 1.5, "customers a store, factor")                                          \
    X(weekend, 1.0, 0.6, 1.6, "customers on Saturday and Sunday, factor")                          \
    X(open_shift_min, 0.0, 0.0, 150.0, "minutes that stores open and close later")                 \
    X(night_stores, 1.0, 0.1, 2.5, "stores that are open at night, factor")                        \
    X(self_stores, 1.0, 0.1, 1.15, "stores with self-checkouts, factor")                           \
    X(self_customers, 1.0, 0.4, 1.9, "customers at the self-checkout, factor")                     \
    X(cash, 1.0, 0.35, 2.3, "payments in cash, factor")                                            \
    X(promotion_depth, 0.0, 0.0, 35.0, "further percent off on promotion days")                    \
    X(coupons, 1.0, 0.2, 8.0, "coupons, factor")                                                   \
    X(crashes, 1.0, 0.1, 40.0, "receipt numbers lost by tills, factor")                            \
    X(clock_gaps, 1.0, 0.2, 8.0, "forgotten time clocks, factor")                                  \
    X(shared_ids, 0.0, 0.0, 0.004, "sales under the id of a colleague who is not there")           \
    X(petty_cash, 1.0, 0.2, 6.0, "paid-outs and paid-ins, factor")                                 \
    X(petty_amount, 1.0, 0.5, 3.0, "amount of paid-outs, factor")                                  \
    X(cash_up, 1.0, 0.0, 2.6, "drawers counted after closing, factor")                             \
    /* People. */                                                                                  \
    X(new_hires, 0.10, 0.03, 0.30, "employees who join in the period")                             \
    X(careless, 0.04, 0.01, 0.12, "employees who make many mistakes")                              \
    X(generous, 0.06, 0.01, 0.20, "employees who give many discounts")                             \
    X(keys_often, 0.05, 0.01, 0.20, "employees who key many items")                                \
    X(line_voids, 1.0, 0.4, 4.0, "voided lines, factor")                                           \
    X(post_voids, 1.0, 0.4, 4.0, "sales voided after payment, factor")                             \
    X(rung_again, 0.78, 0.40, 0.95, "of them, rung again")                                         \
    X(void_approval, 0.65, 0.15, 1.0, "of them, approved")                                         \
    X(cancels, 1.0, 0.4, 3.0, "cancelled baskets and price checks, factor")                        \
    X(cancel_open, 0.05, 0.01, 0.40, "of them, drawer opened afterwards")                          \
    X(no_sales, 1.0, 0.3, 8.0, "drawer openings for change, factor")                               \
    X(voids_before, 1.0, 0.3, 6.0, "baskets voided before payment, factor")                        \
    X(suspends, 1.0, 0.2, 6.0, "suspended baskets, factor")                                        \
    X(keyed, 1.0, 0.3, 8.0, "items keyed by hand, factor")                                         \
    X(training_days, 3.0, 1.0, 14.0, "days that a new hire trains at the till")                    \
    X(training_others, 0.0, 0.0, 0.10, "shifts of old hands with sales in training mode")          \
    /* Discounts and prices. */                                                                    \
    X(discounts, 1.0, 0.3, 3.0, "manual discounts, factor")                                        \
    X(discount_depth, 4.0, 2.0, 9.0, "deepest manual discount in steps of 5 percent")              \
    X(overrides, 1.0, 0.3, 8.0, "price matches and corrections, factor")                           \
    X(override_low, 68.0, 35.0, 80.0, "deepest overridden price, percent of the list")             \
    X(own_approval, 0.6, 0.1, 1.0, "seniors and managers who approve their own")                   \
    X(manager_approves, 0.75, 0.2, 1.0, "approvals by a manager where one is there")               \
    X(damaged_corner, 0.0, 0.0, 0.40, "stores with a corner of damaged goods, cut by half")        \
    X(trade_customers, 0.0, 0.0, 0.012, "sales to tradesmen, always with the same discount")       \
    X(staff_purchases, 0.14, 0.03, 0.40, "shifts with a staff purchase")                           \
    X(staff_discount, 15.0, 10.0, 40.0, "percent off for staff")                                   \
    X(staff_family, 0.2, 0.05, 0.60, "staff purchases on a relative's card")                       \
    X(store_loyalty, 0.0, 0.0, 0.25, "sales without a card on the store's own loyalty id")         \
    X(free_items, 1.0, 0.3, 6.0, "rewards without payment, factor")                                \
    /* Goods that come back. */                                                                    \
    X(returns, 1.0, 0.4, 2.4, "returns, factor")                                                   \
    X(returns_department, 1.0, 1.0, 5.0, "returns of one department of each format, factor")       \
    X(returns_at_once, 0.04, 0.01, 0.20, "of them, within the hour")                               \
    X(with_receipt, 0.72, 0.35, 0.80, "of them, with the receipt (0.14 are exchanges)")            \
    X(returns_any_till, 0.0, 0.0, 0.9, "of them, at any till instead of the service desk")         \
    X(other_store, 0.06, 0.01, 0.25, "of them, in another store of the district")                  \
    X(presents, 0.05, 0.01, 0.20, "of those with receipt, to a card that never bought")            \
    X(lost_cash, 0.36, 0.10, 0.80, "of those without, paid in cash")                               \
    X(lost_round, 0.25, 0.05, 0.70, "of those without, for a round sum")                           \
    X(lost_approval, 0.55, 0.10, 1.0, "of those without, approved")                                \
    X(approval_limit, 10000.0, 2000.0, 40000.0, "refunds from here are approved, minor units")     \
    X(credit_days, 6.0, 0.3, 12.0, "mean days until store credit is spent")                        \
    X(gift_cards, 1.0, 0.2, 5.0, "gift cards sold, factor")                                        \
    X(gift_presents, 0.025, 0.005, 0.20, "of them, given to customers who complained")             \
    X(three_tenders, 0.0, 0.0, 0.010, "sales paid by two vouchers and a card")                     \
    /* Thieves. */                                                                                 \
    X(thieves, 1.0, 0.5, 1.8, "employees who steal, factor")                                       \
    X(rings, 1.0, 0.3, 2.5, "rings of returners, factor")                                          \
    X(schemes, 1.0, 0.35, 1.0, "share of the schemes that occur")                                  \
    X(favourites, 0.0, 0.0, 4.0, "times that a favourite scheme comes oftener than another")       \
    X(greed, 1.0, 0.5, 1.8, "acts a shift, factor")                                                \
    X(amounts, 1.0, 0.5, 2.2, "amounts of thefts, factor")                                         \
    X(skill, 1.0, 0.5, 2.0, "exponent of skill; below 1 they are more careful")                    \
    X(patience, 1.0, 0.4, 2.5, "how long they go on and lie low, factor")                          \
    X(second_scheme, 0.0, 0.0, 0.5, "thieves who run two schemes, by the day")                     \
    X(friends_honest, 1.0, 0.3, 4.0, "honest purchases of friends, factor")
// clang-format on

typedef struct twi_habits {
#define X(name, ordinary, low, high, meaning) double name;
    TWI_HABITS(X)
#undef X
    uint64_t key; // of the chain's other choices: which schemes, which department; 0 = ordinary
} twi_habits;

// Habits of a chain by number; 0 = the ordinary ones.
void twi_habits_draw(twi_habits *habits, uint64_t number);

#endif
