// SPDX-License-Identifier: Apache-2.0
//
// The policy's promise before a classifier can keep it: of the alerts that people decided in the
// last weeks, counted with the evidence that they would have today (signals that lost trust since
// count less), those above the bar must be right as often as the policy asks. The bar is the lowest
// such evidence, but never so high that more than LOSS_MOST of the right alerts would be lost: then
// the best that stays within it. A few verdicts move little: PRIOR_ALERTS alerts of PRIOR precision
// stand beside them. A champion with a classifier has its own bar in its curves.
#include "state.h"

#define BAR_DAYS 56
#define PRIOR 0.95
#define PRIOR_ALERTS 4.0
#define LOSS_MOST 0.35
#define BAR_MOST 3 // times the floor

typedef struct tally {
    double right[TWI_BINS], wrong[TWI_BINS]; // by evidence
    double right_n;
} tally;

static void count(const tw_detector *d, tally *t)
{
    // Alerts are listed in order of opening.
    for (uint32_t i = d->closed_n; i-- > 0 && d->closed_own[i].day > d->day - BAR_DAYS;) {
        const twi_closed *a = &d->closed_own[i];
        bool right = a->verdict == TW_VERDICT_CONFIRMED;
        bool wrong = a->verdict == TW_VERDICT_REFUTED || a->verdict == TW_VERDICT_OPERATIONAL;
        if (!right && !wrong)
            continue;
        int64_t now = (int64_t)a->evidence * twi_trust_mean(d, a) / TW_MAX(1, a->trust_256);
        if (now < d->floor_fp)
            continue; // would not alert any more
        size_t bin = (size_t)TW_MIN(now / TWI_BIN, TWI_BINS - 1);
        t->right[bin] += right;
        t->wrong[bin] += wrong;
        t->right_n += right;
    }
}

void twi_bar_derive(tw_detector *d)
{
    tally t = {.right_n = 0};
    d->bar_fp = 0;
    if (d->day == INT32_MIN || d->champion.gbt)
        return;
    count(d, &t);
    double right = 0, wrong = 0, best = 0;
    int32_t low = d->floor_fp / TWI_BIN, high = TW_MIN(low * BAR_MOST, TWI_BINS - 1);
    for (int32_t bin = TWI_BINS - 1; bin >= low; bin--) {
        right += t.right[bin];
        wrong += t.wrong[bin];
        if (bin > high || right < (1 - LOSS_MOST) * t.right_n)
            continue;
        double share = (right + PRIOR * PRIOR_ALERTS) / (right + wrong + PRIOR_ALERTS);
        bool is_enough = share >= d->policy.precision_floor;
        // The lowest that is enough; else the best.
        if (is_enough || share > best)
            d->bar_fp = bin * TWI_BIN;
        best = TW_MAX(best, is_enough ? d->policy.precision_floor : share);
    }
}
