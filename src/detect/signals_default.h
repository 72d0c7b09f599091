// SPDX-License-Identifier: Apache-2.0
//
// The embedded text of signals.yaml (generated at build time).
#ifndef TWI_SIGNALS_DEFAULT_H
#define TWI_SIGNALS_DEFAULT_H

#include <stddef.h>

extern const unsigned char twi_signals_default[];
extern const size_t twi_signals_default_bytes;

#endif
