// SPDX-License-Identifier: Apache-2.0
//
// Growing and thinning the rows of a training set.
#include "rows.h"

#include "base/hash.h"

#define ROWS_LEAST 64
#define HALVINGS_MAX 63u

void twi_rows_init(twi_rows *rows, const tw_alloc *alloc, size_t rows_max)
{
    *rows = (twi_rows){.alloc = alloc, .rows_max = TW_MAX(rows_max, (size_t)ROWS_LEAST)};
}

void twi_rows_release(twi_rows *rows)
{
    tw_free_array(rows->alloc, rows->examples_own, rows->example_cap, sizeof *rows->examples_own);
    tw_free_array(rows->alloc, rows->x_own, rows->x_cap, TW_INPUT_N * sizeof *rows->x_own);
    tw_free_array(rows->alloc, rows->states_own, rows->state_cap, sizeof *rows->states_own);
    *rows = (twi_rows){.alloc = rows->alloc, .rows_max = rows->rows_max};
}

bool twi_rows_holds(const twi_rows *rows, twi_stratum stratum, uint64_t seq)
{
    unsigned halvings = rows->halvings[stratum];
    return halvings == 0 || tw_hash64(&seq, sizeof seq, 61 + stratum) >> (64 - halvings) == 0;
}

float twi_rows_weight(const twi_rows *rows, twi_stratum stratum)
{
    return (float)(UINT64_C(1) << rows->halvings[stratum]);
}

void twi_rows_move(twi_rows *rows, size_t from, size_t to)
{
    if (from == to)
        return;
    rows->examples_own[to] = rows->examples_own[from];
    rows->states_own[to] = rows->states_own[from];
    memcpy(rows->x_own + to * TW_INPUT_N, rows->x_own + from * TW_INPUT_N,
           TW_INPUT_N * sizeof *rows->x_own);
}

// --- thinning
// --------------------------------------------------------------------------------------

// Honest rows by verdicts only when they fill half; plain ones first of all others; what teaches
// most goes last.
static twi_stratum fullest(const twi_rows *rows)
{
    const size_t *n = rows->stratum_n;
    size_t some = rows->rows_max / 8;
    if (n[TWI_STRATUM_NEGATIVE] > rows->rows_max / 2)
        return TWI_STRATUM_NEGATIVE;
    if (n[TWI_STRATUM_PLAIN] >= some)
        return TWI_STRATUM_PLAIN;
    twi_stratum other =
        n[TWI_STRATUM_FIRED] > n[TWI_STRATUM_NEGATIVE] ? TWI_STRATUM_FIRED : TWI_STRATUM_NEGATIVE;
    return n[other] >= some ? other : TWI_STRATUM_KEPT;
}

static void thin(twi_rows *rows, twi_stratum stratum)
{
    size_t kept = 0;
    TW_CHECK(rows->halvings[stratum] < HALVINGS_MAX);
    rows->halvings[stratum]++;
    for (size_t i = 0; i < rows->n; i++) {
        if (rows->states_own[i].stratum == stratum) {
            if (!twi_rows_holds(rows, stratum, rows->examples_own[i].seq)) {
                rows->stratum_n[stratum]--;
                continue;
            }
            rows->examples_own[i].weight *= 2;
        }
        twi_rows_move(rows, i, kept++);
    }
    rows->n = kept;
}

// --- rows
// ------------------------------------------------------------------------------------------

static tw_status reserve(twi_rows *rows)
{
    size_t need = rows->n + 1, most = rows->rows_max;
    void *examples = rows->examples_own, *x = rows->x_own, *states = rows->states_own;
    tw_status status =
        tw_grow(rows->alloc, &examples, &rows->example_cap, need, sizeof *rows->examples_own, most);
    rows->examples_own = examples;
    if (status == TW_OK)
        status =
            tw_grow(rows->alloc, &x, &rows->x_cap, need, TW_INPUT_N * sizeof *rows->x_own, most);
    rows->x_own = x;
    if (status == TW_OK)
        status =
            tw_grow(rows->alloc, &states, &rows->state_cap, need, sizeof *rows->states_own, most);
    rows->states_own = states;
    return status;
}

tw_status twi_rows_add(twi_rows *rows, const tw_example *example, const twi_row_state *state,
                       const float *x)
{
    TW_DCHECK(rows->n == 0 || rows->examples_own[rows->n - 1].seq < example->seq);
    TW_TRY(reserve(rows));
    size_t i = rows->n++;
    rows->examples_own[i] = *example;
    rows->states_own[i] = *state;
    memcpy(rows->x_own + i * TW_INPUT_N, x, TW_INPUT_N * sizeof *x);
    rows->stratum_n[state->stratum]++;
    while (rows->n >= rows->rows_max)
        thin(rows, fullest(rows));
    return TW_OK;
}

size_t twi_rows_find(const twi_rows *rows, uint64_t seq)
{
    size_t low = 0, high = rows->n;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        if (rows->examples_own[mid].seq < seq)
            low = mid + 1;
        else
            high = mid;
    }
    return low < rows->n && rows->examples_own[low].seq == seq ? low : SIZE_MAX;
}

void twi_rows_keep(twi_rows *rows, size_t i)
{
    rows->stratum_n[rows->states_own[i].stratum]--;
    rows->states_own[i].stratum = TWI_STRATUM_KEPT;
    rows->stratum_n[TWI_STRATUM_KEPT]++;
}
