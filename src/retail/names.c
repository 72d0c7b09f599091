// SPDX-License-Identifier: Apache-2.0
//
// Wire names of the stored enumerations, generated from the tables in transaction.h. The look-up
// compares lengths first, so that a name costs one comparison of bytes in nearly all cases.
#include "retail/transaction.h"

static bool find_name(const tw_str *names, int n, tw_str name, int *out)
{
    for (int i = 0; i < n; i++) {
        if (names[i].bytes == name.bytes && (memcmp(names[i].at, name.at, name.bytes) == 0 ||
                                             tw_str_equal_nocase(names[i], name))) {
            *out = i;
            return true;
        }
    }
    return false;
}

#define X(name, text) {"" text, sizeof(text) - 1},
// NAMES(prefix, type, TABLE) defines prefix_name and prefix_from.
#define NAMES(prefix, type, TABLE)                                                                 \
    static const tw_str prefix##_names[] = {TABLE(X)};                                             \
    const char *prefix##_name(type value)                                                          \
    {                                                                                              \
        return (unsigned)value < TW_COUNT(prefix##_names) ? prefix##_names[value].at : "";         \
    }                                                                                              \
    bool prefix##_from(tw_str name, type *out)                                                     \
    {                                                                                              \
        int value = 0;                                                                             \
        if (name.bytes == 0 ||                                                                     \
            !find_name(prefix##_names, (int)TW_COUNT(prefix##_names), name, &value))               \
            return false;                                                                          \
        *out = (type)value;                                                                        \
        return true;                                                                               \
    }

NAMES(tw_transaction_type, tw_transaction_type, TW_TRANSACTION_TYPES)
NAMES(tw_payment_type, tw_payment_type, TW_PAYMENT_TYPES)
NAMES(tw_entry_method, tw_entry_method, TW_ENTRY_METHODS)
NAMES(tw_movement_type, tw_movement_type, TW_MOVEMENT_TYPES)
NAMES(tw_shift_event, tw_shift_event, TW_SHIFT_EVENTS)
NAMES(tw_verdict, tw_verdict_kind, TW_VERDICTS)
