// SPDX-License-Identifier: Apache-2.0
//
// The rule of addresses, which every adapter shares.
#include "port/mail.h"

bool tw_mail_address_is_valid(tw_str address)
{
    size_t at_n = 0;
    if (address.bytes < 3 || address.bytes > 254)
        return false;
    for (size_t i = 0; i < address.bytes; i++) {
        unsigned char c = (unsigned char)address.at[i];
        if (c <= ' ' || c >= 0x7f || strchr("<>()[],;:\\\"", c))
            return false;
        at_n += c == '@';
    }
    return at_n == 1 && address.at[0] != '@' && address.at[address.bytes - 1] != '@';
}
