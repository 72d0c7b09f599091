// SPDX-License-Identifier: Apache-2.0
//
// What the figures need of every alert, in memory, so that a dashboard does not read the ledger
// anew: some 150 bytes for each alert. It is loaded at the first question and follows the events of
// the projector; when more happened than is kept of them, it is loaded again. Only files of
// src/service include this.
#ifndef TWI_SERVICE_FIGURE_MIRROR_H
#define TWI_SERVICE_FIGURE_MIRROR_H

#include "internal.h"

typedef struct twi_figure {
    int64_t created_ms, first_viewed_ms, decided_ms, snoozed_until_ms;
    int64_t exposure_minor, recovered_minor;
    double risk;
    uint64_t first_seq;
    uint32_t store, scheme, type, assignee; // numbers of names
    uint32_t signals[TW_SCHEME_SIGNALS_MAX];
    uint8_t signal_n, status, verdict; // tw_alert_status, tw_verdict_kind
    bool has_verdict, is_own_currency;
} twi_figure;

typedef struct twi_mirror twi_mirror;

void twi_mirror_init(tw_service *service);
void twi_mirror_release(tw_service *service);

// Brings the mirror up to what was accepted before the call and holds it until leave. Everything
// that is read through it stands still in between. Loading takes some 5 us an alert.
tw_status twi_mirror_enter(tw_service *service, const twi_mirror **out, tw_err *err) TW_MUST_CHECK;
void twi_mirror_leave(tw_service *service);
const twi_figure *twi_mirror_figures(const twi_mirror *mirror, size_t *n);
// Names have numbers 0 .. name_n - 1; number 0 is "". Views until leave.
size_t twi_mirror_name_n(const twi_mirror *mirror);
tw_str twi_mirror_name(const twi_mirror *mirror, uint32_t name);
// Title of a scheme or a signal, as its newest alert has it; "" without one.
tw_str twi_mirror_title(const twi_mirror *mirror, uint32_t name);

// query_figures.c: the zones that figures have used.
void twi_figure_zones_release(tw_service *service);

#endif
