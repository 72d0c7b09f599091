// SPDX-License-Identifier: Apache-2.0
//
// Card numbers (PANs) are never stored or logged. A PAN is a run of 13 to 19 digits, single spaces
// or dashes between them allowed, that begins and ends at a digit group's border, has the length
// and the leading digits of a card scheme, and passes Luhn's check.
//
// Which field gets what (docs/formats/records.md):
//  - account_token, customer_id, loyalty_id: the whole value becomes a token, so that the same card
//    stays the same account;
//  - free text (reasons, notes, departments, roles, formats) and excerpts: the digits between the
//    first six and the last four become '*';
//  - other identifiers (transaction, store, register, employee, SKU, movement, ...) are left: one
//    EAN-13 in ten passes Luhn, and an identifier that changes breaks the record.
// All functions are thread-safe.
#ifndef TW_INTAKE_MASK_H
#define TW_INTAKE_MASK_H

#include "base/arena.h"
#include "base/str.h"

// "tok_" and 24 hex digits of HMAC-SHA-256 over the digits.
#define TW_TOKEN_BYTES 28

// Is there a PAN anywhere in s? O(bytes) for text without long digit runs.
bool tw_pan_find(tw_str s, size_t *start, size_t *bytes);
// Masks every PAN in place; returns how many.
size_t tw_pan_mask(char *text, size_t bytes);
// Should the value of an account field be replaced? True when it holds a PAN, unless it looks like
// an opaque token (hex digits with letters among them, or our own "tok_").
bool tw_pan_is_account(tw_str value);
// Token of an account value under the key; out is not NUL-terminated.
void tw_pan_token(const uint8_t key[32], tw_str value, char out[TW_TOKEN_BYTES]);

#endif
