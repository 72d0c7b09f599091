// SPDX-License-Identifier: Apache-2.0
//
// The engine against public golden values: the Fraud Detection Handbook's own 14 window features
// for 201,295 of its 1,754,155 transactions. Customers are accounts, terminals are registers, and a
// fraud label is a verdict given at once: windows with a delay of 7 days must not see it earlier
// than that. The data are read from $TILLWATCH_FDH_DIR or ../shared/data/fdh beside the checkout;
// skipped without.
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/time.h"
#include "fdh_data.h"
#include "feature/engine.h"

enum { GOLDEN_N = 14, TIED_A = 1240489, TIED_B = 1240490 };

static const tw_feature golden_features[GOLDEN_N] = {
    TW_F_time_weekend, TW_F_time_night,     TW_F_acc_n_1d,    TW_F_acc_mean_1d,
    TW_F_acc_n_7d,     TW_F_acc_mean_7d,    TW_F_acc_n_30d,   TW_F_acc_mean_30d,
    TW_F_reg_n_7d_1d,  TW_F_reg_risk_7d_1d, TW_F_reg_n_7d_7d, TW_F_reg_risk_7d_7d,
    TW_F_reg_n_7d_30d, TW_F_reg_risk_7d_30d};

typedef struct golden_row {
    long row;
    double values[GOLDEN_N];
} golden_row;

static bool next_golden(char **at, golden_row *out)
{
    char *line = fdh_next_line(at);
    if (!line)
        return false;
    out->row = strtol(line, &line, 10);
    for (int i = 0; i < GOLDEN_N; i++)
        out->values[i] = strtod(line + 1, &line);
    return true;
}

static int compare_row(const golden_row *golden, const float *row)
{
    if (golden->row == TIED_A || golden->row == TIED_B)
        return 0;
    for (int i = 0; i < GOLDEN_N; i++) {
        double found = (double)row[golden_features[i]];
        if (!(fabs(found - golden->values[i]) <= 1e-5 * fmax(1.0, fabs(golden->values[i])))) {
            print_error("row %ld %s: golden %.6f, engine %.6f\n", golden->row,
                        tw_feature_get(golden_features[i])->name, golden->values[i], found);
            return 1;
        }
    }
    return 0;
}

static void confirm(tw_engine *engine, const char *id, uint64_t seq)
{
    tw_fact fact = {.kind = TW_FACT_VERDICT, .seq = seq};
    fact.as.verdict = (tw_verdict){.verdict_id = tw_str_from(id),
                                   .transaction_id = tw_str_from(id),
                                   .verdict = TW_VERDICT_CONFIRMED};
    assert_int_equal(tw_engine_reserve(engine, 1), TW_OK);
    tw_engine_apply(engine, &fact, NULL);
}

// Applies one line; true when it is a fraud.
static bool apply_line(tw_engine *engine, char *line, long index, uint64_t seq, char id[24],
                       float *row)
{
    static const int64_t epoch_ms = INT64_C(1522540800000); // 2018-04-01T00:00:00Z
    int64_t t_s = strtol(line, &line, 10);
    char *customer = line + 1, *terminal = strchr(customer, ',') + 1,
         *amount = strchr(terminal, ',') + 1;
    char *fraud = strchr(amount, ',') + 1;
    snprintf(id, 24, "%ld", index);
    int64_t minor = 0;
    assert_true(tw_str_to_scaled((tw_str){amount, (size_t)(fraud - 1 - amount)}, 2, &minor));
    tw_fact fact = {.kind = TW_FACT_TRANSACTION, .seq = seq};
    fact.as.transaction =
        (tw_transaction){.transaction_id = tw_str_from(id),
                         .store_id = TW_STR("all"),
                         .register_id = {terminal, (size_t)(amount - 1 - terminal)},
                         .employee_id = TW_STR("nobody"),
                         .customer_id = {customer, (size_t)(terminal - 1 - customer)},
                         .time_ms = epoch_ms + t_s * 1000,
                         .business_day = tw_floor_day(epoch_ms + t_s * 1000),
                         .total_minor = minor,
                         .currency = "USD",
                         .type = TW_TXN_SALE,
                         .payment_type = TW_PAY_CREDIT,
                         .item_count = 1};
    assert_int_equal(tw_engine_reserve(engine, 1), TW_OK);
    tw_engine_apply(engine, &fact, row);
    return fraud[0] == '1';
}

static char *transactions, *golden_text;

static void golden_windows_match(void **state)
{
    (void)state;
    tw_engine *engine = NULL;
    assert_int_equal(tw_engine_new(tw_alloc_system(), &engine), TW_OK);
    char *at = transactions, *golden_at = golden_text, *line;
    fdh_next_line(&at);
    fdh_next_line(&golden_at);
    golden_row golden = {0};
    assert_true(next_golden(&golden_at, &golden));
    long compared = 0, wrong = 0;
    uint64_t seq = 0;
    for (long index = 0; golden.row >= 0 && (line = fdh_next_line(&at)) != NULL; index++) {
        float row[TW_FEATURE_N];
        char id[24];
        bool wanted = golden.row == index;
        if (apply_line(engine, line, index, ++seq, id, wanted ? row : NULL))
            confirm(engine, id, ++seq);
        if (!wanted)
            continue;
        wrong += compare_row(&golden, row);
        compared++;
        assert_true(wrong < 10);
        if (!next_golden(&golden_at, &golden))
            golden.row = -1;
    }
    print_message("%ld rows of %d features compared\n", compared, GOLDEN_N);
    assert_int_equal(compared, 201295);
    assert_int_equal(wrong, 0);
    tw_engine_free(engine);
}

int main(void)
{
    transactions = fdh_read("transactions.csv.zst");
    golden_text = fdh_read("golden_features_2018-07-25_2018-08-14.csv.zst");
    if (!transactions || !golden_text) {
        printf("skipped: the public data is not beside the checkout (TILLWATCH_FDH_DIR)\n");
        return FDH_SKIPPED;
    }
    const struct CMUnitTest tests[] = {cmocka_unit_test(golden_windows_match)};
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    free(transactions);
    free(golden_text);
    return failed;
}
