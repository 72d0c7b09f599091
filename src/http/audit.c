// SPDX-License-Identifier: Apache-2.0
//
// The log of what callers did and saw.
#include "audit.h"

#include "base/log.h"
#include "service/work.h"

static void journal(twi_request *request, const char *kind, tw_str subject, tw_str body)
{
    tw_log(TW_LOG_INFO, "audit", "%s %.*s %.*s %s", kind, TW_STR_ARG(subject), TW_STR_ARG(body),
           request->who.user);
}

void twi_audit(twi_request *request, const char *kind, tw_str subject, tw_str body)
{
    journal(request, kind, subject, body);
}

void twi_audit_change(twi_request *request, const char *kind, tw_str subject, const char *key,
                      tw_str value)
{
    (void)key;
    (void)value;
    journal(request, kind, subject, TW_STR_NONE);
}

void twi_audit_failure(twi_request *request, tw_str user_id)
{
    journal(request, "session.fail", user_id, TW_STR_NONE);
}
