// SPDX-License-Identifier: Apache-2.0
//
// Plain driver for fuzz targets: feeds each file named on the command line to the target, so that
// the corpus is replayed by any compiler and under any sanitizer.
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t data_bytes);

static int run_file(const char *path)
{
    FILE *file = fopen(path, "rb");
    if (!file) {
        fprintf(stderr, "cannot open %s\n", path);
        return 1;
    }
    fseek(file, 0, SEEK_END);
    long size = ftell(file);
    rewind(file);
    size_t data_bytes = size > 0 ? (size_t)size : 0;
    // An exact-size block lets AddressSanitizer see a read one past the end.
    uint8_t *data = malloc(data_bytes ? data_bytes : 1);
    size_t got = data ? fread(data, 1, data_bytes, file) : 0;
    fclose(file);
    if (got == data_bytes)
        (void)LLVMFuzzerTestOneInput(data, data_bytes);
    free(data);
    return got == data_bytes ? 0 : 1;
}

int main(int argc, char **argv)
{
    int failed = 0;
    for (int i = 1; i < argc; i++)
        failed |= run_file(argv[i]);
    printf("%d inputs\n", argc - 1);
    return failed;
}
