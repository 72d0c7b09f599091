// SPDX-License-Identifier: Apache-2.0
//
// One line per event on standard error: time, level, area, message. Only services and commands log;
// libraries return a status. Thread-safe. Card numbers and tokens are never passed to it.
#ifndef TW_BASE_LOG_H
#define TW_BASE_LOG_H

#include "base/status.h"

typedef enum tw_log_level { TW_LOG_ERROR, TW_LOG_WARN, TW_LOG_INFO, TW_LOG_DEBUG } tw_log_level;

void tw_log_set_level(tw_log_level level); // default TW_LOG_INFO
void tw_log(tw_log_level level, const char *area, const char *format, ...) TW_PRINTF(3, 4);

#endif
