// SPDX-License-Identifier: Apache-2.0
//
// Starting the server over an open place, for serve, demo and bench.
#ifndef TWI_CLI_SERVE_H
#define TWI_CLI_SERVE_H

#include <signal.h>

#include "http/server.h"
#include "place.h"

tw_status twi_serve_start(twi_place *place, const char *listen, unsigned threads, tw_http **out,
                          tw_err *err) TW_MUST_CHECK;
// Prints a set-up link at the first start, or always.
tw_status twi_serve_link(twi_place *place, const char *url, bool always, tw_err *err) TW_MUST_CHECK;
// Blocks SIGTERM and SIGINT for this thread and those that it starts; wait for them with sigwait.
void twi_block_signals(sigset_t *set);

#endif
