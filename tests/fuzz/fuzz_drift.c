// SPDX-License-Identifier: Apache-2.0
//
// Drift references of any content. Each input is read as it is, and again with the number of inputs
// made to fit (bins are repeated), so that it reaches the checks behind whatever the catalogue
// holds. What is read must be written back as the same bytes, and rows of any content must compare
// with it: finite figures, and alarms that are whole sentences.
#include <math.h>

#include "learn/drift.h"

#define ROWS 5
#define HEAD 24
#define BINS 88

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t data_bytes);

static void write_again(const tw_drift_reference *reference, tw_str bytes)
{
    tw_buf buf;
    tw_buf_init(&buf, tw_alloc_system(), bytes.bytes);
    tw_drift_reference_write(reference, &buf);
    TW_CHECK(buf.status == TW_OK && buf.bytes == bytes.bytes);
    TW_CHECK(memcmp(buf.data_own, bytes.at, bytes.bytes) == 0);
    tw_buf_release(&buf);
}

// Rows from the bytes themselves, so that any float occurs.
static void compare(const tw_drift_reference *reference, tw_str bytes)
{
    static float x[ROWS][TW_INPUT_N];
    static tw_drift drift;
    static tw_alarm alarms[TW_ALARMS_MAX];
    const tw_drift_limits limits = tw_drift_limits_default();
    memcpy(x, bytes.at, TW_MIN(sizeof(x), bytes.bytes));
    TW_CHECK(tw_drift_measure(reference, x[0], TW_INPUT_N, x[1], ROWS, 1, &drift, NULL) == TW_OK);
    for (size_t f = 0; f < TW_INPUT_N; f++)
        TW_CHECK(isfinite(drift.inputs[f].psi) && drift.inputs[f].psi >= 0);
    size_t n = tw_drift_alarms(&drift, NULL, 0, &limits, alarms);
    TW_CHECK(n <= TW_ALARMS_MAX);
    for (size_t i = 0; i < n; i++)
        TW_CHECK(memchr(alarms[i].sentence, '\0', TW_ALARM_BYTES) != NULL);
}

static void try_read(tw_str bytes)
{
    static tw_drift_reference reference;
    tw_err err = {0};
    tw_status status = tw_drift_reference_read(bytes, &reference, &err);
    if (status != TW_OK) {
        TW_CHECK(err.status == status && err.text[0] != '\0' && reference.rows_n == 0);
        return;
    }
    write_again(&reference, bytes);
    compare(&reference, bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t data_bytes)
{
    static uint8_t forged[HEAD + BINS * (TW_INPUT_N + 1)];
    try_read((tw_str){(const char *)data, data_bytes});
    if (data_bytes < HEAD + BINS)
        return 0;
    size_t body = (data_bytes - HEAD) / BINS * BINS;
    memcpy(forged, data, HEAD);
    forged[4] = TW_INPUT_N & 0xFF;
    forged[5] = TW_INPUT_N >> 8;
    forged[6] = forged[7] = 0;
    for (size_t i = HEAD; i < sizeof(forged); i++)
        forged[i] = data[HEAD + (i - HEAD) % body];
    try_read((tw_str){(const char *)forged, sizeof(forged)});
    return 0;
}
