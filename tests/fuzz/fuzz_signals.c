// SPDX-License-Identifier: Apache-2.0
//
// Any text as a signal set and as a policy: refused with a sentence, or compiled to something whose
// parts are in range, and which is still the same set when it is written again.
#include "base/limits.h"
#include "detect/edit.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t data_bytes);

static tw_status count(void *ctx, const tw_difference *difference)
{
    (void)difference;
    ++*(size_t *)ctx;
    return TW_OK;
}

// Aliases and anchors are written as what they stand for, and may be more than a set can hold.
static void rewrite(tw_str text)
{
    tw_buf out;
    tw_err err = {0};
    size_t n = 0;
    tw_buf_init(&out, tw_alloc_system(), TW_CONFIG_MAX_BYTES);
    tw_status status = tw_signal_set_edit(tw_alloc_system(), text, NULL, 0, &out, &err);
    TW_CHECK(status == TW_OK || status == TW_LIMIT);
    if (status == TW_OK) {
        tw_str written = {(const char *)out.data_own, out.bytes};
        TW_CHECK(tw_signal_set_diff(written, written, count, &n, &err) == TW_OK && n == 0);
        TW_CHECK(tw_signal_set_diff(text, written, count, &n, &err) == TW_OK);
    }
    tw_buf_release(&out);
}

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
        rewrite(text);
    } else {
        TW_CHECK(set == NULL && err.text[0] != '\0');
    }
    (void)!tw_policy_parse(text, &policy, &err);
    for (size_t i = 0; i < tw_policy_field_n(); i++)
        TW_CHECK(tw_policy_field_get(i)->name[0] != '\0');
    return 0;
}
