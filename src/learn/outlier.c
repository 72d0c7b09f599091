// SPDX-License-Identifier: Apache-2.0
//
// The outlier forest's choice of features.
#include "learn/outlier.h"

#include <math.h>

#include "base/str.h"

// An id with more transactions in a day is no person, as for signals about employees.
#define PERSON_DAY_MAX 1500.0F

static bool is_clock(const tw_feature_row *row)
{
    return strncmp(row->name, "time_", 5) == 0;
}

// Do most rows belong to employee ids that are no persons?
static bool has_no_persons(const float *x, size_t n, size_t stride)
{
    size_t busy = 0;
    for (size_t i = 0; i < n; i++)
        busy += x[i * stride + TW_F_emp_n_1d] > PERSON_DAY_MAX;
    return busy > n / 2;
}

void tw_outlier_weights(const float *x, size_t n, size_t stride, uint32_t store_n,
                        float out[TW_FEATURE_N])
{
    bool no_persons = has_no_persons(x, n, stride);
    for (int f = 0; f < TW_FEATURE_N; f++) {
        const tw_feature_row *row = tw_feature_get((tw_feature)f);
        bool is_employee = row->entity == TW_ENTITY_EMPLOYEE || row->entity == TW_ENTITY_PAIR ||
                           row->entity == TW_ENTITY_APPROVAL || row->entity == TW_ENTITY_MEMBER ||
                           strncmp(row->name, "peer_", 5) == 0;
        bool is_out = is_clock(row) || (no_persons && is_employee) ||
                      (store_n < 2 && row->entity == TW_ENTITY_STORE);
        out[f] = is_out ? 0 : 1;
    }
}
