// SPDX-License-Identifier: Apache-2.0
//
// The public data of the Fraud Detection Handbook for tests: files from $TILLWATCH_FDH_DIR or
// ../shared/data/fdh beside the checkout. Include after cmocka.h.
#ifndef FDH_DATA_H
#define FDH_DATA_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <zstd.h>

#define FDH_SKIPPED 77 // what ctest counts as skipped

// The whole text of a compressed file, NULL when it is not there; to be freed.
static inline char *fdh_read(const char *name)
{
    char path[512];
    const char *dir = getenv("TILLWATCH_FDH_DIR");
    snprintf(path, sizeof(path), "%s/%s", dir ? dir : TILLWATCH_SOURCE_DIR "/../shared/data/fdh",
             name);
    FILE *file = fopen(path, "rb");
    if (!file)
        return NULL;
    fseek(file, 0, SEEK_END);
    size_t packed_bytes = (size_t)ftell(file);
    rewind(file);
    char *packed = malloc(packed_bytes);
    assert_int_equal(fread(packed, 1, packed_bytes, file), packed_bytes);
    fclose(file);
    size_t cap = (size_t)256 << 20;
    char *text = malloc(cap);
    ZSTD_DStream *stream = ZSTD_createDStream();
    ZSTD_inBuffer in = {packed, packed_bytes, 0};
    ZSTD_outBuffer out = {text, cap - 1, 0};
    while (in.pos < in.size)
        assert_false(ZSTD_isError(ZSTD_decompressStream(stream, &out, &in)));
    ZSTD_freeDStream(stream);
    free(packed);
    text[out.pos] = '\0';
    return text;
}

// The next line without its end, or NULL.
static inline char *fdh_next_line(char **at)
{
    char *line = *at;
    char *end = strchr(line, '\n');
    if (!end)
        return NULL;
    *end = '\0';
    *at = end + 1;
    return line;
}

#endif
