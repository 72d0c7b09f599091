// SPDX-License-Identifier: Apache-2.0
//
// Waiting with a time-out, and a fair lock around engine and detector. The flow holds it while it
// applies facts; pages and probes take it for a moment. First come, first served: neither side can
// starve the other, and the flow asks twi_gate_is_wanted between facts so that a reader waits for a
// few dozen facts at most.
#ifndef TWI_SERVICE_SYNC_H
#define TWI_SERVICE_SYNC_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <time.h>

// A condition variable on the monotonic clock; the moment `ms` from now on it; waiting until then,
// false when it has passed.
void twi_cond_init(pthread_cond_t *cond);
struct timespec twi_deadline(int ms);
bool twi_cond_wait(pthread_cond_t *cond, pthread_mutex_t *mutex, const struct timespec *deadline);

typedef struct twi_gate {
    pthread_mutex_t mutex;
    pthread_cond_t turned;
    uint64_t next, serving;   // tickets, under mutex
    _Atomic uint32_t waiting; // how many wait or hold
} twi_gate;

void twi_gate_init(twi_gate *gate);
void twi_gate_release(twi_gate *gate);
void twi_gate_enter(twi_gate *gate);
void twi_gate_leave(twi_gate *gate);
// For the holder: does somebody wait?
bool twi_gate_is_wanted(twi_gate *gate);

#endif
