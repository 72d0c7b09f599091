// SPDX-License-Identifier: Apache-2.0
//
// Figures as the interface gives them. Only files of src/http include this.
#ifndef TWI_HTTP_METRICS_H
#define TWI_HTTP_METRICS_H

#include "internal.h"
#include "service/figures.h"

// What a request for figures asks for.
typedef struct twi_figures {
    twi_request *request;
    tw_figure_zone zone;
    tw_metric_query query; // of the period; the caller sets the cut
    tw_settings settings;
    char currency[4];
} twi_figures;

// Reads from, to, region, store_id, scheme, type and assignee, and the caller's stores. Answers and
// returns false when they are out of range.
bool twi_figures_read(twi_request *request, twi_figures *out);
// The period before, of the same length.
tw_metric_query twi_figures_before(const twi_figures *figures);

// metrics_json.c
void twi_json_metrics(yyjson_mut_doc *doc, yyjson_mut_val *object, const tw_metrics *metrics,
                      const char currency[4]);
void twi_json_metric_share(yyjson_mut_doc *doc, yyjson_mut_val *object, const char *key,
                           const tw_metric_share *share);
void twi_json_metrics_change(yyjson_mut_doc *doc, yyjson_mut_val *object, const tw_metrics *now,
                             const tw_metrics *before);
// Queries of GET /v1/alerts that list the alerts behind each figure.
void twi_json_metrics_filters(yyjson_mut_doc *doc, yyjson_mut_val *object,
                              const twi_figures *figures);
// The same for one row: the period from_ms..to_ms, and `name`=`value` in place of what the request
// said of that name; "" = no more conditions. In the request's arena; "" when memory ran out.
tw_str twi_metrics_filter(const twi_figures *figures, int64_t from_ms, int64_t to_ms,
                          const char *name, tw_str value);
void twi_json_assumptions(yyjson_mut_doc *doc, yyjson_mut_val *object, const tw_settings *settings);
void twi_json_backlog(yyjson_mut_doc *doc, yyjson_mut_val *object, const twi_figures *figures,
                      const tw_backlog *backlog);

// work_metrics.c: the series of /metrics about the work, appended to `out`.
void twi_put_work_metrics(twi_request *request, tw_buf *out);

// metrics.c
void twi_handle_metrics_summary(twi_request *request);
void twi_handle_metrics_daily(twi_request *request);
void twi_handle_metrics_by(twi_request *request);

#endif
