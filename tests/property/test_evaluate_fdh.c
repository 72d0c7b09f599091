// SPDX-License-Identifier: Apache-2.0
//
// AUC, AP and card precision on the public data with its published protocol: the week of 2018-08-08
// without customers that are known to be compromised, scored by the amount alone. What scikit-learn
// and the Handbook's own card_precision_top_k give for it is known. Skipped without the data.
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "fdh_data.h"
#include "learn/evaluate.h"

#define assert_near(a, b, eps) assert_true(fabs((a) - (b)) <= (double)(eps))
#define TRAIN_FIRST 115 // 2018-07-25, in days of the data
#define TEST_FIRST 129  // 2018-08-08
#define DELAY 8         // a test day knows the frauds up to so many days before it
#define DAYS 7
#define CUSTOMERS 5000
#define ROWS 70000

typedef struct use {
    long day, customer;
    double amount;
    bool is_fraud;
} use;

static bool next_use(char **at, use *out)
{
    char *line = fdh_next_line(at);
    if (!line)
        return false;
    out->day = strtol(line, &line, 10) / 86400;
    out->customer = strtol(line + 1, &line, 10);
    (void)strtol(line + 1, &line, 10); // terminal
    out->amount = strtod(line + 1, &line);
    out->is_fraud = line[1] == '1';
    assert_in_range(out->customer, 0, CUSTOMERS - 1);
    return true;
}

// known[c]: first test day on which a customer is known to be compromised.
static void find_known(char *text, long known[CUSTOMERS])
{
    use u;
    (void)fdh_next_line(&text);
    for (size_t c = 0; c < CUSTOMERS; c++)
        known[c] = TEST_FIRST + DAYS;
    while (next_use(&text, &u))
        if (u.is_fraud && u.day >= TRAIN_FIRST)
            known[u.customer] = TW_MIN(known[u.customer], TW_MAX(u.day + DELAY, TEST_FIRST));
}

static size_t test_rows(char *text, const long known[CUSTOMERS], tw_eval_row *rows)
{
    use u;
    size_t n = 0;
    (void)fdh_next_line(&text);
    while (next_use(&text, &u)) {
        if (u.day < TEST_FIRST || u.day >= TEST_FIRST + DAYS || u.day >= known[u.customer])
            continue;
        assert_true(n < ROWS);
        rows[n++] = (tw_eval_row){.risk = (float)u.amount,
                                  .fraud = u.is_fraud,
                                  .day = (int32_t)u.day,
                                  .thief = UINT32_MAX,
                                  .entity = {UINT32_MAX, (uint32_t)u.customer}};
    }
    return n;
}

static void amount_alone_scores_as_known(void **state)
{
    static tw_eval_row rows[ROWS];
    static long known[CUSTOMERS];
    tw_eval e;
    char *text = *state, *again = fdh_read("transactions.csv.zst");
    assert_non_null(again);
    find_known(text, known);
    tw_eval_input input = {.rows = rows,
                           .n = test_rows(again, known, rows),
                           .scheme_n = 1,
                           .threshold = 220,
                           .has_entities = true};
    assert_int_equal(tw_evaluate(tw_alloc_system(), &input, &e), TW_OK);
    free(again);
    assert_int_equal(e.n, 58264);
    assert_int_equal(e.positive_n, 385);
    print_message("AUC %.4f AP %.4f CP@100 %.4f\n", e.auc, e.ap,
                  e.entities[TW_EVAL_ACCOUNT].precision_at_k[2]);
    assert_near(e.auc, 0.580, 0.0006);
    assert_near(e.ap, 0.138, 0.0006);
    assert_near(e.entities[TW_EVAL_ACCOUNT].precision_at_k[2], 0.067, 0.0006);
    assert_int_equal(e.entities[TW_EVAL_EMPLOYEE].n, 0);
}

int main(void)
{
    char *text = fdh_read("transactions.csv.zst");
    if (!text) {
        printf("skipped: the public data is not beside the checkout (TILLWATCH_FDH_DIR)\n");
        return FDH_SKIPPED;
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_prestate(amount_alone_scores_as_known, text),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    free(text);
    return failed;
}
