// SPDX-License-Identifier: Apache-2.0
//
// Any text as a signal set and as a policy: refused with a sentence, or compiled to something whose
// parts are in range.
#include "detect/policy.h"
#include "detect/signals.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t data_bytes);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t data_bytes)
{
    tw_str text = {(const char *)data, data_bytes};
    tw_err err = {0};
    tw_signal_set *set;
    tw_policy policy;
    if (tw_signal_set_parse(tw_alloc_system(), text, &set, &err) == TW_OK) {
        for (size_t i = 0; i < tw_signal_set_n(set); i++) {
            tw_signal_info info;
            tw_signal_set_get(set, i, &info);
            TW_CHECK(info.scheme < tw_signal_set_scheme_n(set) && info.weight > 0);
        }
        tw_signal_set_free(set);
    } else {
        TW_CHECK(set == NULL && err.text[0] != '\0');
    }
    (void)!tw_policy_parse(text, &policy, &err);
    for (size_t i = 0; i < tw_policy_field_n(); i++)
        TW_CHECK(tw_policy_field_get(i)->name[0] != '\0');
    return 0;
}
