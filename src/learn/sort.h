// SPDX-License-Identifier: Apache-2.0
//
// A stable radix sort by 64-bit keys. Millions of rows are sorted several times in an evaluation
// and once for each input in a drift reference; comparing through pointers would take most of the
// time.
#ifndef TWI_LEARN_SORT_H
#define TWI_LEARN_SORT_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

typedef struct twi_sort_item {
    uint64_t key;
    uint32_t idx; // goes along
} twi_sort_item;

// Ascending by key, equal keys in the order that they came in. work[n] is scratch. O(n) for each
// byte in which keys differ.
void twi_sort_items(twi_sort_item *items, twi_sort_item *work, size_t n);

// Maps floats to integers of the same order; -0 and 0 are equal. Not for NaN.
static inline uint32_t twi_sort_float(float v)
{
    uint32_t bits;
    v += 0.0F; // -0 becomes 0
    memcpy(&bits, &v, sizeof(bits));
    return bits & 0x80000000U ? ~bits : bits | 0x80000000U;
}

#endif
