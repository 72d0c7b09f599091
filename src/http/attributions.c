// SPDX-License-Identifier: Apache-2.0
//
// Why the models scored a transaction as they did, for the alert's screen: what each input adds,
// the largest first, beside the same figure of the employee's own past and of peers.
#include <math.h>
#include <stdlib.h>

#include "learning.h"

enum { SHOWN = 8 };

typedef struct ranked {
    double size;
    size_t input;
} ranked;

static int compare_size(const void *a, const void *b)
{
    const ranked *x = a, *y = b;
    if (x->size != y->size)
        return (x->size < y->size) - (x->size > y->size);
    return (x->input > y->input) - (x->input < y->input);
}

static void put_peer(yyjson_mut_doc *doc, yyjson_mut_val *object, size_t input,
                     const tw_measure_view *measures)
{
    for (size_t i = 0; measures && i < TW_PEER_MEASURE_N; i++) {
        if ((size_t)measures[i].feature != input)
            continue;
        yyjson_mut_val *peer = twi_json_object(doc, object, "peer");
        twi_json_share(doc, peer, "own", measures[i].stats.own_normal);
        twi_json_share(doc, peer, "store_median", measures[i].stats.store_median);
        twi_json_share(doc, peer, "peer_median", measures[i].stats.peer_median);
        return;
    }
    twi_json_null(doc, object, "peer");
}

static void put_item(yyjson_mut_doc *doc, yyjson_mut_val *object, size_t input,
                     const tw_attribution *attribution, const tw_measure_view *measures)
{
    tw_input_info info = tw_input_get(input);
    twi_json_cstr(doc, object, "input", info.name);
    twi_json_cstr(doc, object, "title", info.title);
    twi_json_cstr(doc, object, "help", info.help);
    twi_json_cstr(doc, object, "unit", info.unit);
    twi_json_share(doc, object, "value", attribution->value);
    twi_json_num(doc, object, "contribution", attribution->contribution);
    put_peer(doc, object, input, measures);
}

static void put_model(yyjson_mut_doc *doc, yyjson_mut_val *out, const char *key,
                      const tw_attribution *all, size_t n, double base, double score,
                      const tw_measure_view *measures)
{
    ranked order[TW_INPUT_N];
    TW_CHECK(n <= TW_INPUT_N);
    for (size_t i = 0; i < n; i++)
        order[i] = (ranked){fabs(all[i].contribution), i};
    qsort(order, n, sizeof(order[0]), compare_size);
    yyjson_mut_val *object = twi_json_object(doc, out, key);
    twi_json_num(doc, object, "base", base);
    twi_json_num(doc, object, "score", score);
    yyjson_mut_val *items = twi_json_array(doc, object, "items");
    size_t shown = 0;
    for (; shown < TW_MIN(n, (size_t)SHOWN) && order[shown].size > 0.0; shown++) {
        size_t input = order[shown].input;
        put_item(doc, yyjson_mut_arr_add_obj(doc, items), input, &all[input], measures);
    }
    double others = 0.0;
    for (size_t i = shown; i < n; i++)
        others += all[order[i].input].contribution;
    twi_json_num(doc, object, "others", others);
    twi_json_uint(doc, object, "other_n", n - shown);
}

void twi_json_attributions(twi_request *request, yyjson_mut_doc *doc, yyjson_mut_val *root,
                           const tw_transaction_view *view, const tw_measure_view *measures)
{
    tw_attributions found;
    if (!view || tw_query_attributions(request->http->service, view->seq, &request->arena, &found,
                                       NULL) != TW_OK) {
        twi_json_null(doc, root, "attributions");
        return;
    }
    yyjson_mut_val *object = twi_json_object(doc, root, "attributions");
    twi_json_str(doc, object, "transaction_id", view->transaction->transaction_id);
    twi_json_str(doc, object, "model_id", found.model_id);
    twi_json_share(doc, object, "probability", view->score.probability);
    if (found.has_classifier)
        put_model(doc, object, "classifier", found.classifier, TW_INPUT_N, found.base, found.margin,
                  measures);
    else
        twi_json_null(doc, object, "classifier");
    if (found.has_outlier)
        put_model(doc, object, "outlier", found.outlier, TW_FEATURE_N, found.outlier_base,
                  found.outlier_score, measures);
    else
        twi_json_null(doc, object, "outlier");
}
