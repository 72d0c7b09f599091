// SPDX-License-Identifier: Apache-2.0
//
// Which alerts of the mirror take part in a figure. Only files of src/service include this.
#ifndef TWI_SERVICE_FIGURE_SELECT_H
#define TWI_SERVICE_FIGURE_SELECT_H

#include "figure_mirror.h"
#include "service/work.h"

typedef struct twi_select {
    const twi_mirror *mirror;
    const tw_metric_query *query;
    const tw_settings *settings;
    tw_str *stores; // of the query, ascending
    uint8_t
        *known; // by name: 0 = not asked yet, 1 = a store that takes part, 2 = one that does not
    uint32_t scheme, type, assignee; // names; TWI_NAME_ANY, TWI_NAME_NONE
} twi_select;

#define TWI_NAME_ANY UINT32_MAX
#define TWI_NAME_NONE (UINT32_MAX - 1) // no alert has it

// Memory from the arena. TW_NO_MEMORY.
tw_status twi_select_init(twi_select *select, const twi_mirror *mirror,
                          const tw_metric_query *query, const tw_settings *settings,
                          tw_arena *arena) TW_MUST_CHECK;
// Stores, region, scheme, type and assignee; not the period.
bool twi_select_has(twi_select *select, const twi_figure *figure);

#endif
