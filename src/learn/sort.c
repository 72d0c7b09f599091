// SPDX-License-Identifier: Apache-2.0
//
// Least significant byte first; all histograms in one pass over the keys, and bytes that are equal
// in every key are passed over. No allocation, no recursion.
#include "sort.h"

#include <stdbool.h>

#define DIGITS 8
#define VALUES 256

static void count_digits(const twi_sort_item *items, size_t n, size_t counts[DIGITS][VALUES])
{
    memset(counts, 0, sizeof(size_t[DIGITS][VALUES]));
    for (size_t i = 0; i < n; i++)
        for (unsigned d = 0; d < DIGITS; d++)
            counts[d][items[i].key >> (8 * d) & 0xFF]++;
}

// False when all keys have the same digit.
static bool starts_of(size_t counts[VALUES], size_t n)
{
    size_t sum = 0;
    for (size_t v = 0; v < VALUES; v++) {
        size_t here = counts[v];
        if (here == n)
            return false;
        counts[v] = sum;
        sum += here;
    }
    return true;
}

void twi_sort_items(twi_sort_item *items, twi_sort_item *work, size_t n)
{
    size_t counts[DIGITS][VALUES];
    twi_sort_item *from = items, *to = work;
    count_digits(items, n, counts);
    for (unsigned d = 0; d < DIGITS && n > 1; d++) {
        if (!starts_of(counts[d], n))
            continue;
        for (size_t i = 0; i < n; i++)
            to[counts[d][from[i].key >> (8 * d) & 0xFF]++] = from[i];
        twi_sort_item *swap = from;
        from = to;
        to = swap;
    }
    if (from != items)
        memcpy(items, from, n * sizeof(*items));
}
