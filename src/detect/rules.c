// SPDX-License-Identifier: Apache-2.0
//
// Evaluation of signals: filter bits choose the candidates, conditions reject, ramps give strength.
// Comparisons with NaN are false, so a value that is not known never fires a signal unless its
// condition says `missing: pass`. Only + - * / and comparisons: the same bits on every machine.
#include "rules.h"

#include <math.h>

void twi_context_init(twi_context *context, const tw_engine *engine,
                      const tw_transaction *transaction, const float *row, uint32_t filters,
                      int32_t days_known)
{
    context->engine = engine;
    context->transaction = transaction;
    context->row = row;
    context->filters = filters;
    context->days_known = days_known;
    context->feed = tw_engine_feed(engine);
    context->peers_known = 0;
}

const tw_peer_stats *twi_context_peers(twi_context *context, uint8_t measure)
{
    tw_peer_stats *stats = &context->peers[measure];
    if (context->peers_known >> measure & 1)
        return stats;
    context->peers_known |= UINT64_C(1) << measure;
    if (tw_engine_peer_stats(context->engine, context->transaction->employee_id,
                             (tw_peer_measure)measure, stats) != TW_OK) {
        *stats = (tw_peer_stats){NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN, 0, 0};
        return stats;
    }
    if (stats->peer_n < TWI_PEERS_MIN)
        stats->peer_median = stats->peer_p95 = stats->percentile = NAN;
    if (stats->store_n < TWI_STORE_PEERS_MIN)
        stats->store_low = stats->store_median = stats->store_high = NAN;
    return stats;
}

float twi_context_reference(twi_context *context, uint8_t measure, uint8_t ref)
{
    const tw_peer_stats *stats = twi_context_peers(context, measure);
    switch ((twi_ref)ref) {
    case TWI_REF_OWN:
        return stats->own_normal;
    case TWI_REF_STORE_LOW:
        return stats->store_low;
    case TWI_REF_STORE_MEDIAN:
        return stats->store_median;
    case TWI_REF_STORE_HIGH:
        return stats->store_high;
    case TWI_REF_PEER_MEDIAN:
        return stats->peer_median;
    case TWI_REF_PEER_P95:
        return stats->peer_p95;
    case TWI_REF_NONE:
    case TWI_REF_FEATURE:
    case TWI_REF_N:
        break;
    }
    return NAN;
}

static float term_value(const twi_term *term, twi_context *context)
{
    if (term->ref == TWI_REF_NONE)
        return term->plus;
    float base = term->ref == TWI_REF_FEATURE
                     ? context->row[term->of]
                     : twi_context_reference(context, term->measure, term->ref);
    if (term->by != TW_FEATURE_N)
        base *= context->row[term->by];
    return term->times * base + term->plus;
}

static bool condition_holds(const twi_condition *condition, twi_context *context)
{
    float left = context->row[condition->feature];
    if (condition->gate != TW_FEATURE_N && !(context->row[condition->gate] >= TWI_GATE))
        return false;
    if (condition->by != TW_FEATURE_N)
        left *= context->row[condition->by];
    if (condition->op == TWI_SET)
        return !isnan(left);
    if (condition->op == TWI_UNSET)
        return isnan(left);
    float right = term_value(&condition->right, context);
    if (isnan(left) || isnan(right))
        return condition->passes_missing;
    switch ((twi_op)condition->op) {
    case TWI_GE:
        return left >= right;
    case TWI_LE:
        return left <= right;
    case TWI_GT:
        return left > right;
    case TWI_LT:
        return left < right;
    case TWI_EQ:
        return left == right;
    case TWI_SET:
    case TWI_UNSET:
        break;
    }
    return false;
}

// A signal that fires has at least this strength: its conditions alone are worth something.
#define STRENGTH_MIN 0.25f

// Mean of the ramps whose values are known; full strength without any ramp.
static uint8_t strength_of(const tw_signal_set *set, const twi_signal *signal, twi_context *context)
{
    float sum = 0;
    int n = 0;
    for (size_t i = 0; i < signal->ramp_n; i++) {
        const twi_ramp *ramp = &set->ramps[signal->ramp + i];
        float x = context->row[ramp->feature];
        if (ramp->over.ref != TWI_REF_NONE) {
            float over = term_value(&ramp->over, context);
            if (isnan(over))
                continue;
            // Nothing to compare with but zeros: any value is far above.
            x = over > 0 ? x / over : (x > 0 ? INFINITY : 0.0f);
        }
        float y = (x - ramp->from) / (ramp->to - ramp->from);
        if (isnan(y))
            continue;
        sum += y < 0 ? 0.0f : y > 1 ? 1.0f : y;
        n++;
    }
    float mean = n > 0 ? sum / (float)n : signal->ramp_n > 0 ? 0.0f : 1.0f;
    return (uint8_t)((mean < STRENGTH_MIN ? STRENGTH_MIN : mean) * 255.0f + 0.5f);
}

static bool signal_fires(const tw_signal_set *set, const twi_signal *signal, twi_context *context)
{
    if ((context->filters & signal->none) || (signal->all & ~context->filters) ||
        context->days_known < signal->after_days || (signal->needs & ~context->feed) ||
        (signal->needs_not & context->feed))
        return false;
    for (size_t i = 0; i < signal->condition_n; i++)
        if (!condition_holds(&set->conditions[signal->condition + i], context))
            return false;
    return true;
}

static size_t run(const tw_signal_set *set, twi_context *context, uint64_t candidates,
                  twi_firing *out)
{
    if (context->row[TW_F_emp_n_1d] > TWI_PERSON_DAY_MAX)
        candidates &= ~set->of_employee;
    size_t n = 0;
    for (; candidates; candidates &= candidates - 1) {
        int i = __builtin_ctzll(candidates);
        const twi_signal *signal = &set->signals[i];
        if (signal_fires(set, signal, context))
            out[n++] = (twi_firing){(uint8_t)i, strength_of(set, signal, context)};
    }
    return n;
}

size_t twi_rules_run(const tw_signal_set *set, twi_context *context, twi_firing *out)
{
    uint64_t candidates = 0;
    for (uint32_t bits = context->filters; bits; bits &= bits - 1)
        candidates |= set->by_filter[__builtin_ctz(bits)];
    return run(set, context, candidates, out);
}

size_t twi_rules_classifier(const tw_signal_set *set, twi_context *context, twi_firing *out)
{
    return run(set, context, set->of_classifier, out);
}
