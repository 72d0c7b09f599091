// SPDX-License-Identifier: Apache-2.0
//
// Parts of an evaluation: rows in order, figures by day and by entity, figures of the ranking and
// the intervals of all.
#ifndef TWI_LEARN_EVALUATE_INTERNAL_H
#define TWI_LEARN_EVALUATE_INTERNAL_H

#include "resample.h"

// Rows in an order, and room to sort them.
typedef struct twi_order {
    const tw_alloc *alloc;
    size_t n, cap;
    twi_sort_item *items_own, *work_own; // [cap]
} twi_order;

tw_status twi_order_new(const tw_alloc *alloc, size_t cap, twi_order *out) TW_MUST_CHECK;
void twi_order_free(twi_order *order);
// By descending risk; by day and within it by descending risk. n <= cap.
void twi_order_by_risk(twi_order *order, const tw_eval_row *rows, size_t n);
void twi_order_by_day(twi_order *order, const tw_eval_row *rows, size_t n);

// Number of days, precision and recall at k. order: by day.
void twi_day_figures(const twi_order *order, const tw_eval_row *rows, tw_eval *out);
// Precision at k by entity; sorts in order.
tw_status twi_entity_figures(const tw_alloc *alloc, const tw_eval_input *input, twi_order *order,
                             tw_eval *out) TW_MUST_CHECK;
// AP, AUC and, with resamples, every interval. order: by risk. first_alert[n]: UINT32_MAX = none.
tw_status twi_ranked_figures(const tw_alloc *alloc, const tw_eval_input *input,
                             const twi_order *order, const uint32_t *first_alert,
                             tw_eval *out) TW_MUST_CHECK;

#endif
