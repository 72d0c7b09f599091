// SPDX-License-Identifier: Apache-2.0
//
// Rows of a training set while it grows, in bounded memory. Internal to the library.
//
// Each row belongs to a stratum by what was known when it came. A stratum keeps the rows whose hash
// of the journal position, salted with the stratum, begins with as many zero bits as the stratum
// was halved. Halving again keeps a subset of what was kept, so the rows left are those that the
// lower rate would have kept from the start, whatever the order of events.
#ifndef TWI_LEARN_ROWS_H
#define TWI_LEARN_ROWS_H

#include "learn/dataset.h"

typedef enum twi_stratum {
    TWI_STRATUM_PLAIN,    // nothing known
    TWI_STRATUM_FIRED,    // a signal fired
    TWI_STRATUM_NEGATIVE, // a verdict says that it is honest, no signal fired
    TWI_STRATUM_KEPT,     // fraud by a verdict, of an alert, or audited: thinned last
    TWI_STRATUM_N
} twi_stratum;

#define TWI_NO_VERDICT 0xff

// What is known of a row beside its example.
typedef struct twi_row_state {
    uint32_t said; // first verdict on it in the book (known.h)
    uint8_t stratum;
    uint8_t alert_verdict; // latest on an alert that held it, or TWI_NO_VERDICT
    bool is_audit, is_fired;
    uint32_t cases[TW_FIRED_MAX]; // entity and scheme of each signal that fired, hashed; 0 = none
} twi_row_state;

typedef struct twi_rows {
    const tw_alloc *alloc;
    size_t rows_max;
    size_t n;
    tw_example *examples_own;
    float *x_own; // [n][TW_INPUT_N]
    twi_row_state *states_own;
    size_t example_cap, x_cap, state_cap;
    size_t stratum_n[TWI_STRATUM_N];
    unsigned halvings[TWI_STRATUM_N];
} twi_rows;

void twi_rows_init(twi_rows *rows, const tw_alloc *alloc, size_t rows_max);
void twi_rows_release(twi_rows *rows);

// Does the sample of the stratum hold the row of this journal position? Weight of those it holds.
bool twi_rows_holds(const twi_rows *rows, twi_stratum stratum, uint64_t seq);
float twi_rows_weight(const twi_rows *rows, twi_stratum stratum);

// Adds a row that the sample holds; weight and seq must be set, seq must ascend. Thins when full.
// The row may be gone again: find it by its seq. TW_NO_MEMORY.
tw_status twi_rows_add(twi_rows *rows, const tw_example *example, const twi_row_state *state,
                       const float *x) TW_MUST_CHECK;
// Index of the row of this journal position, or SIZE_MAX.
size_t twi_rows_find(const twi_rows *rows, uint64_t seq);
// From now on the row is kept as far as possible; its weight stays.
void twi_rows_keep(twi_rows *rows, size_t i);
// Row `from` takes the place `to` <= from.
void twi_rows_move(twi_rows *rows, size_t from, size_t to);

#endif
