// SPDX-License-Identifier: Apache-2.0
//
// The section REFERENCE of a model file; docs/formats/model.md has the offset table. The reader
// trusts nothing: what it accepts is what the writer could have written.
#include <math.h>

#include "learn/drift.h"

#define VERSION 1
#define SUM_TOLERANCE 1e-3 // of ten rounded shares

static void write_bins(const tw_drift_bins *bins, tw_buf *out)
{
    for (size_t e = 0; e < TW_DRIFT_BINS - 1; e++)
        tw_buf_f32(out, bins->edges[e]);
    for (size_t b = 0; b < TW_DRIFT_BINS; b++)
        tw_buf_f32(out, bins->share[b]);
    tw_buf_f32(out, bins->missing);
    tw_buf_f32(out, bins->usual_psi);
    tw_buf_f32(out, bins->usual_missing);
}

void tw_drift_reference_write(const tw_drift_reference *reference, tw_buf *out)
{
    tw_buf_u32(out, VERSION);
    tw_buf_u32(out, TW_INPUT_N);
    tw_buf_u64(out, reference->rows_n);
    tw_buf_f64(out, reference->transactions_per_day);
    for (size_t f = 0; f < TW_INPUT_N; f++)
        write_bins(&reference->inputs[f], out);
    write_bins(&reference->risk, out);
}

static bool is_share(float v)
{
    return v >= 0.0F && v <= 1.0F;
}

static bool read_bins(tw_reader *reader, tw_drift_bins *out)
{
    bool is_good = true;
    double sum = 0;
    for (size_t e = 0; e < TW_DRIFT_BINS - 1; e++) {
        out->edges[e] = tw_read_f32(reader);
        is_good =
            is_good && isfinite(out->edges[e]) && (e == 0 || out->edges[e] >= out->edges[e - 1]);
    }
    for (size_t b = 0; b < TW_DRIFT_BINS; b++) {
        out->share[b] = tw_read_f32(reader);
        is_good = is_good && is_share(out->share[b]);
        sum += (double)out->share[b];
    }
    out->missing = tw_read_f32(reader);
    out->usual_psi = tw_read_f32(reader);
    out->usual_missing = tw_read_f32(reader);
    is_good =
        is_good && out->usual_psi >= 0 && isfinite(out->usual_psi) && is_share(out->usual_missing);
    bool is_empty = sum == 0 && out->missing == 1.0F;
    return is_good && is_share(out->missing) && (is_empty || fabs(sum - 1) <= SUM_TOLERANCE);
}

tw_status tw_drift_reference_read(tw_str bytes, tw_drift_reference *out, tw_err *err)
{
    tw_reader reader;
    tw_reader_init(&reader, bytes.at, bytes.bytes);
    *out = (tw_drift_reference){0};
    uint32_t version = tw_read_u32(&reader), inputs_n = tw_read_u32(&reader);
    if (reader.status == TW_OK && version != VERSION)
        return tw_fail(err, TW_UNSUPPORTED, "the drift reference has version %u, not %u", version,
                       VERSION);
    if (reader.status == TW_OK && inputs_n != TW_INPUT_N)
        return tw_fail(err, TW_UNSUPPORTED,
                       "the drift reference has %u inputs, this program has %u", inputs_n,
                       (unsigned)TW_INPUT_N);
    out->rows_n = tw_read_u64(&reader);
    out->transactions_per_day = tw_read_f64(&reader);
    bool is_good =
        out->rows_n > 0 && out->transactions_per_day >= 0 && isfinite(out->transactions_per_day);
    for (size_t f = 0; is_good && f < TW_INPUT_N; f++)
        is_good = read_bins(&reader, &out->inputs[f]);
    is_good = is_good && read_bins(&reader, &out->risk);
    if (is_good && reader.status == TW_OK && tw_reader_left(&reader) == 0)
        return TW_OK;
    *out = (tw_drift_reference){0};
    return tw_fail(err, TW_CORRUPT, "the drift reference of the model is damaged");
}
