// SPDX-License-Identifier: Apache-2.0
//
// What the lake derives from transactions: sums by day, and an index of what few transactions have.
// Version TWI_LAKE_DERIVED_VERSION goes up with every change of the texts, so that lakes are made
// anew by the next one who writes.
#include "lake_rows.h"

// One table by one table: counts and sums over `source` that add up over parts.
#define IS_SALE "type = 'sale' AND NOT refund_flag AND NOT void_flag"
#define COUNTS                                                                                     \
    "CAST(count(*) AS INTEGER) AS transaction_n, "                                                 \
    "CAST(count(*) FILTER (" IS_SALE ") AS INTEGER) AS sale_n, "                                   \
    "CAST(count(*) FILTER (refund_flag) AS INTEGER) AS refund_n, "                                 \
    "CAST(count(*) FILTER (void_flag) AS INTEGER) AS void_n, "                                     \
    "CAST(count(*) FILTER (type = 'no_sale') AS INTEGER) AS no_sale_n, "                           \
    "CAST(count(*) FILTER (discount_minor > 0) AS INTEGER) AS discount_n, "                        \
    "CAST(count(*) FILTER (override_employee_id IS NOT NULL) AS INTEGER) AS override_n, "          \
    "CAST(count(*) FILTER (alert_id IS NOT NULL) AS INTEGER) AS alerted_n, "                       \
    "CAST(coalesce(sum(total_minor) FILTER (" IS_SALE "), 0) AS BIGINT) AS sale_minor, "           \
    "CAST(coalesce(sum(abs(total_minor)) FILTER (refund_flag), 0) AS BIGINT) AS refund_minor, "    \
    "CAST(coalesce(sum(abs(total_minor)) FILTER (void_flag), 0) AS BIGINT) AS void_minor, "        \
    "CAST(coalesce(sum(discount_minor), 0) AS BIGINT) AS discount_minor"
#define RISK_MAX ", max(risk_score) AS risk_max"
#define SUM(name, type) "CAST(sum(" #name ") AS " type ") AS " #name ", "
#define FOLDED_COUNTS                                                                              \
    SUM(transaction_n, "INTEGER")                                                                  \
    SUM(sale_n, "INTEGER")                                                                         \
    SUM(refund_n, "INTEGER")                                                                       \
    SUM(void_n, "INTEGER")                                                                         \
    SUM(no_sale_n, "INTEGER")                                                                      \
    SUM(discount_n, "INTEGER")                                                                     \
    SUM(override_n, "INTEGER")                                                                     \
    SUM(alerted_n, "INTEGER")                                                                      \
    SUM(sale_minor, "BIGINT")                                                                      \
    SUM(refund_minor, "BIGINT")                                                                    \
    SUM(void_minor, "BIGINT")                                                                      \
    "CAST(sum(discount_minor) AS BIGINT) AS discount_minor"
#define FOLDED_RISK ", max(risk_max) AS risk_max"

#define OF_STORE "date, store_id, currency"
#define OF_EMPLOYEE "date, store_id, employee_id, currency"
#define OF_REGISTER "date, store_id, register_id, employee_id, currency"
#define OF_ITEM "date, store_id, sku, currency"

// Below the regular price, without a discount that a reason was given for.
#define IS_CUT "unit_price_minor < regular_price_minor AND NOT return_flag AND NOT void_flag"
#define LINES                                                                                      \
    "(SELECT date, store_id, currency, seq, unnest(lines, max_depth := 2) FROM source "            \
    "WHERE len(lines) > 0)"
#define AMOUNT "CAST(round(abs(quantity_milli * unit_price_minor) / 1000) AS BIGINT)"

static const char item_days[] =
    "SELECT " OF_ITEM ", any_value(department) AS department, "
    "CAST(count(*) AS INTEGER) AS line_n, "
    "CAST(count(*) FILTER (return_flag) AS INTEGER) AS return_n, "
    "CAST(count(*) FILTER (void_flag) AS INTEGER) AS void_n, "
    "CAST(count(*) FILTER (discount_minor > 0) AS INTEGER) AS discount_n, "
    "CAST(count(*) FILTER (" IS_CUT ") AS INTEGER) AS override_n, "
    "CAST(count(*) FILTER (entry_method IN ('keyed', 'manual')) AS INTEGER) AS keyed_n, "
    "CAST(coalesce(sum(quantity_milli) FILTER (NOT void_flag), 0) AS BIGINT) AS quantity_milli, "
    "CAST(coalesce(sum(" AMOUNT ") FILTER (NOT return_flag AND NOT void_flag), 0) AS BIGINT) "
    "AS amount_minor, "
    "CAST(coalesce(sum(" AMOUNT ") FILTER (return_flag), 0) AS BIGINT) AS return_minor, "
    "CAST(coalesce(sum(discount_minor), 0) AS BIGINT) AS discount_minor "
    "FROM " LINES " GROUP BY " OF_ITEM;
static const char item_days_fold[] =
    "SELECT " OF_ITEM ", any_value(department) AS department, " SUM(line_n, "INTEGER")
        SUM(return_n, "INTEGER") SUM(void_n, "INTEGER") SUM(discount_n, "INTEGER")
            SUM(override_n, "INTEGER") SUM(keyed_n, "INTEGER") SUM(quantity_milli, "BIGINT")
                SUM(amount_minor, "BIGINT")
                    SUM(return_minor, "BIGINT") "CAST(sum(discount_minor) AS BIGINT) AS "
                                                "discount_minor FROM source GROUP BY " OF_ITEM;

// The hash of "kind:text"; what shares one is told apart by looking at the transaction.
#define NEEDLE(kind, text, from)                                                                   \
    "SELECT '" kind "' AS kind, "                                                                  \
    "CAST(md5_number_lower('" kind ":' || " text ") >> 1 AS BIGINT) AS hash, date, seq, "          \
    "transaction_time, store_id, employee_id, type, refund_flag, void_flag, "                      \
    "total_minor, discount_minor, currency, alert_id, override_employee_id "                       \
    "FROM " from
#define NEEDLE_OF(kind, column) NEEDLE(kind, column, "source WHERE " column " IS NOT NULL")
#define TOKENS                                                                                     \
    "(SELECT *, unnest(list_distinct(list_transform(tenders, lambda x: x.account_token))) "        \
    "AS token FROM source) WHERE token IS NOT NULL"
#define SIGNALS                                                                                    \
    "(SELECT *, unnest(list_distinct(list_transform(signals, lambda x: x.name))) "                 \
    "AS signal FROM source WHERE len(signals) > 0)"
#define ODD_SKUS                                                                                   \
    "(SELECT *, unnest(list_distinct(list_transform(list_filter(lines, "                           \
    "lambda x: x.return_flag OR x.void_flag OR x.unit_price_minor < x.regular_price_minor), "      \
    "lambda x: x.sku))) AS sku FROM source WHERE len(lines) > 0)"
#define AND_ALL " UNION ALL "
// The macros are no operators.
// clang-format off
static const char needles[] =
    NEEDLE("account", "token", TOKENS) AND_ALL
    NEEDLE_OF("customer", "customer_id") AND_ALL
    NEEDLE_OF("loyalty", "loyalty_id") AND_ALL
    NEEDLE_OF("approver", "override_employee_id") AND_ALL
    NEEDLE_OF("original", "original_transaction_id") AND_ALL
    NEEDLE_OF("original", "void_of_transaction_id") AND_ALL
    NEEDLE("signal", "signal", SIGNALS) AND_ALL
    NEEDLE("sku", "sku", ODD_SKUS);
// clang-format on

// What a list of a store shows: transactions that belong to an alert or come near one.
static const char exceptions[] =
    "SELECT date, store_id, seq, transaction_time, transaction_id, register_id, employee_id, type, "
    "payment_type, refund_flag, void_flag, total_minor, discount_minor, currency, risk_score, "
    "alert_id, override_employee_id FROM source "
    "WHERE risk_score >= " TWI_LAKE_EXCEPTION " OR alert_id IS NOT NULL";

static const tw_lake_derived derived[] = {
    {"store_days", TW_LAKE_TRANSACTIONS,
     "SELECT " OF_STORE ", " COUNTS RISK_MAX " FROM source GROUP BY " OF_STORE,
     "SELECT " OF_STORE ", " FOLDED_COUNTS FOLDED_RISK " FROM source GROUP BY " OF_STORE,
     "store_id, date", "transaction_n"},
    {"employee_days", TW_LAKE_TRANSACTIONS,
     "SELECT " OF_EMPLOYEE ", " COUNTS RISK_MAX " FROM source GROUP BY " OF_EMPLOYEE,
     "SELECT " OF_EMPLOYEE ", " FOLDED_COUNTS FOLDED_RISK " FROM source GROUP BY " OF_EMPLOYEE,
     "employee_id, date, store_id", "transaction_n"},
    // A league over a year reads twelve rows of each employee instead of some 250.
    {"employee_months", TW_LAKE_TRANSACTIONS,
     "SELECT CAST(date_trunc('month', date) AS DATE) AS date, store_id, employee_id, "
     "currency, " COUNTS RISK_MAX
     " FROM source GROUP BY date_trunc('month', date), store_id, employee_id, currency",
     "SELECT " OF_EMPLOYEE ", " FOLDED_COUNTS FOLDED_RISK " FROM source GROUP BY " OF_EMPLOYEE,
     "employee_id, store_id", "transaction_n"},
    {"register_days", TW_LAKE_TRANSACTIONS,
     "SELECT " OF_REGISTER ", " COUNTS RISK_MAX " FROM source GROUP BY " OF_REGISTER,
     "SELECT " OF_REGISTER ", " FOLDED_COUNTS FOLDED_RISK " FROM source GROUP BY " OF_REGISTER,
     "store_id, register_id, date, employee_id", "transaction_n"},
    {"item_days", TW_LAKE_TRANSACTIONS, item_days, item_days_fold, "sku, store_id, date", NULL},
    {"needles", TW_LAKE_TRANSACTIONS, needles, NULL, "hash, date, seq", NULL},
    {"exceptions", TW_LAKE_TRANSACTIONS, exceptions, NULL, "store_id, date, transaction_time, seq",
     NULL},
};

const char twi_lake_counts[] = COUNTS;
const char twi_lake_sums[] = FOLDED_COUNTS;

void twi_lake_derived_get(tw_lake_schema *out)
{
    out->derived = derived;
    out->derived_n = TW_COUNT(derived);
    out->derived_version = TWI_LAKE_DERIVED_VERSION;
}
