// SPDX-License-Identifier: Apache-2.0
//
// Records that wait for their time of arrival. Everything that arrived before an instant is sent in
// order; the few that arrive later stay behind, so memory holds about an hour of traffic.
#include "simulate_model.h"

#include <stdlib.h>

// An hour of 9,999 stores is about 1 GB; the limit is there to stop a runaway.
#define OUTBOX_MAX_BYTES ((size_t)8 << 30)
#define SEND_BYTES ((size_t)1 << 20)

void twi_outbox_init(twi_outbox *box, const tw_alloc *alloc)
{
    *box = (twi_outbox){.alloc = alloc};
    tw_buf_init(&box->bytes, alloc, OUTBOX_MAX_BYTES);
    tw_buf_init(&box->kept, alloc, OUTBOX_MAX_BYTES);
}

void twi_outbox_release(twi_outbox *box)
{
    tw_buf_release(&box->bytes);
    tw_buf_release(&box->kept);
    tw_free_array(box->alloc, box->entries_own, box->cap, sizeof(*box->entries_own));
}

void twi_outbox_add(twi_sim *sim, twi_outbox *box, int64_t arrival_ms, size_t at,
                    const uint32_t bytes[3])
{
    void *entries = box->entries_own;
    tw_status status =
        tw_grow(box->alloc, &entries, &box->cap, box->n + 1, sizeof(twi_out_entry), UINT32_MAX);
    box->entries_own = entries;
    if (status == TW_OK)
        status = box->bytes.status;
    if (status != TW_OK) {
        if (sim->status == TW_OK)
            sim->status = status;
        return;
    }
    box->entries_own[box->n++] =
        (twi_out_entry){arrival_ms, box->order++, at, bytes[0], bytes[1], bytes[2]};
}

static int compare_entries(const void *a, const void *b)
{
    const twi_out_entry *x = a, *y = b;
    if (x->arrival_ms != y->arrival_ms)
        return x->arrival_ms < y->arrival_ms ? -1 : 1;
    return x->order < y->order ? -1 : 1;
}

// Sends one part of the first n entries: 0 = the records, 1 = labels, 2 = columns.
static tw_status send_part(twi_sim *sim, twi_outbox *box, size_t n, int part,
                           tw_simulate_output output, tw_err *err)
{
    tw_buf *out = &box->kept; // free between flushes
    tw_buf_reset(out);
    for (size_t i = 0; i < n; i++) {
        const twi_out_entry *e = &box->entries_own[i];
        size_t at = e->at, bytes = e->json_bytes;
        if (part >= 1) {
            at += bytes;
            bytes = e->label_bytes;
        }
        if (part == 2) {
            at += bytes;
            bytes = e->csv_bytes;
        }
        tw_buf_put(out, box->bytes.data_own + at, bytes);
        if (out->bytes >= SEND_BYTES || i + 1 == n) {
            if (out->status != TW_OK)
                return tw_fail(err, out->status, "no memory for the simulator's output");
            if (out->bytes)
                TW_TRY(sim->sink->write(sim->sink->ctx, output, out->data_own, out->bytes, err));
            tw_buf_reset(out);
        }
    }
    return TW_OK;
}

// Keeps the entries from n on and forgets the others.
static tw_status keep_rest(twi_outbox *box, size_t n, tw_err *err)
{
    tw_buf_reset(&box->kept);
    for (size_t i = n; i < box->n; i++) {
        twi_out_entry *e = &box->entries_own[i];
        size_t at = box->kept.bytes;
        tw_buf_put(&box->kept, box->bytes.data_own + e->at,
                   (size_t)e->json_bytes + e->label_bytes + e->csv_bytes);
        e->at = at;
        box->entries_own[i - n] = *e;
    }
    if (box->kept.status != TW_OK)
        return tw_fail(err, box->kept.status, "no memory for the simulator's output");
    box->n -= n;
    tw_buf swap = box->bytes;
    box->bytes = box->kept;
    box->kept = swap;
    return TW_OK;
}

tw_status twi_outbox_flush(twi_sim *sim, twi_outbox *box, tw_simulate_output output,
                           int64_t until_ms, tw_err *err)
{
    if (box->n == 0)
        return TW_OK;
    qsort(box->entries_own, box->n, sizeof(*box->entries_own), compare_entries);
    size_t n = 0;
    while (n < box->n && box->entries_own[n].arrival_ms < until_ms)
        n++;
    TW_TRY(send_part(sim, box, n, 0, output, err));
    if (output == TW_SIMULATE_TRANSACTIONS) {
        TW_TRY(send_part(sim, box, n, 1, TW_SIMULATE_LABELS, err));
        if (sim->options.eleven_columns)
            TW_TRY(send_part(sim, box, n, 2, TW_SIMULATE_COLUMNS, err));
    }
    return keep_rest(box, n, err);
}
