// SPDX-License-Identifier: Apache-2.0
//
// Ticket lock on a mutex and a condition variable: waiting costs no processor time, and order is
// that of arrival.
#include "sync.h"

#include <errno.h>

#include "base/status.h"

void twi_cond_init(pthread_cond_t *cond)
{
    pthread_condattr_t attr;
    TW_CHECK(pthread_condattr_init(&attr) == 0);
    TW_CHECK(pthread_condattr_setclock(&attr, CLOCK_MONOTONIC) == 0);
    TW_CHECK(pthread_cond_init(cond, &attr) == 0);
    pthread_condattr_destroy(&attr);
}

struct timespec twi_deadline(int ms)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    t.tv_sec += ms / 1000;
    t.tv_nsec += (long)(ms % 1000) * 1000000;
    if (t.tv_nsec >= 1000000000) {
        t.tv_sec++;
        t.tv_nsec -= 1000000000;
    }
    return t;
}

bool twi_cond_wait(pthread_cond_t *cond, pthread_mutex_t *mutex, const struct timespec *deadline)
{
    return pthread_cond_timedwait(cond, mutex, deadline) != ETIMEDOUT;
}

void twi_gate_init(twi_gate *gate)
{
    *gate = (twi_gate){.next = 0};
    TW_CHECK(pthread_mutex_init(&gate->mutex, NULL) == 0);
    TW_CHECK(pthread_cond_init(&gate->turned, NULL) == 0);
}

void twi_gate_release(twi_gate *gate)
{
    TW_CHECK(gate->next == gate->serving);
    pthread_cond_destroy(&gate->turned);
    pthread_mutex_destroy(&gate->mutex);
}

void twi_gate_enter(twi_gate *gate)
{
    atomic_fetch_add_explicit(&gate->waiting, 1, memory_order_relaxed);
    pthread_mutex_lock(&gate->mutex);
    uint64_t ticket = gate->next++;
    while (gate->serving != ticket)
        pthread_cond_wait(&gate->turned, &gate->mutex);
    pthread_mutex_unlock(&gate->mutex);
}

void twi_gate_leave(twi_gate *gate)
{
    pthread_mutex_lock(&gate->mutex);
    TW_CHECK(gate->serving < gate->next);
    gate->serving++;
    bool is_wanted = gate->serving < gate->next;
    atomic_fetch_sub_explicit(&gate->waiting, 1, memory_order_relaxed);
    pthread_mutex_unlock(&gate->mutex);
    if (is_wanted)
        pthread_cond_broadcast(&gate->turned);
}

bool twi_gate_is_wanted(twi_gate *gate)
{
    return atomic_load_explicit(&gate->waiting, memory_order_relaxed) > 1;
}
