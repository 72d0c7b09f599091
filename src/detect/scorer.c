// SPDX-License-Identifier: Apache-2.0
//
// One fact through engine and detector.
#include "detect/scorer.h"

static void apply_verdict(tw_engine *engine, tw_detector *detector, const tw_fact *fact,
                          tw_scored_fact *out)
{
    const tw_verdict *v = &fact->as.verdict;
    if (v->alert_id.bytes > 0) {
        out->verdict_seq_n =
            tw_detector_alert_seqs(detector, tw_alert_key_from(v->alert_id), out->verdict_seqs);
    } else {
        tw_fact subject = {.kind = TW_FACT_TRANSACTION};
        subject.as.transaction.transaction_id = v->transaction_id;
        out->verdict_seqs[0] = tw_engine_find(engine, tw_fact_key(&subject, 0));
        out->verdict_seq_n = out->verdict_seqs[0] != 0;
    }
    tw_engine_apply(engine, fact, NULL);
    for (size_t i = 0; i < out->verdict_seq_n; i++)
        tw_engine_mark(engine, out->verdict_seqs[i], v->verdict == TW_VERDICT_CONFIRMED);
}

void tw_scorer_apply(tw_engine *engine, tw_detector *detector, const tw_fact *fact,
                     tw_scored_fact *out)
{
    uint32_t filters = 0;
    out->score = (tw_score){0};
    out->verdict_seq_n = 0;
    if (fact->kind == TW_FACT_TRANSACTION) {
        tw_engine_apply(engine, fact, out->row);
        filters = tw_engine_last_filters(engine);
    } else if (fact->kind == TW_FACT_VERDICT) {
        apply_verdict(engine, detector, fact, out);
    } else {
        tw_engine_apply(engine, fact, NULL);
    }
    tw_detector_apply(detector, fact, out->row, filters, &out->score, out->changes, &out->change_n);
}
