// SPDX-License-Identifier: Apache-2.0
//
// The rule of names in archives, which every adapter shares.
#include "port/archive.h"

static bool is_part(tw_str part)
{
    return part.bytes > 0 && !tw_str_equal(part, TW_STR(".")) && !tw_str_equal(part, TW_STR(".."));
}

bool tw_archive_name_is_valid(tw_str name)
{
    size_t from = 0;
    if (name.bytes >= TW_ARCHIVE_NAME_BYTES || !tw_str_is_utf8(name))
        return false;
    for (size_t i = 0; i <= name.bytes; i++) {
        if (i < name.bytes && name.at[i] != '/' && name.at[i] != '\\')
            continue;
        if ((i < name.bytes && name.at[i] == '\\') || !is_part((tw_str){name.at + from, i - from}))
            return false;
        from = i + 1;
    }
    return true;
}
