// SPDX-License-Identifier: Apache-2.0
//
// Import of files into an open service: the files are merged by the time of their records (each in
// its own order), batches overlap with the flow, and the outlier model is trained at fixed days, so
// that the same files give the same scores.
#ifndef TWI_CLI_IMPORT_H
#define TWI_CLI_IMPORT_H

#include "cli.h"
#include "intake/mapping.h"
#include "intake/problem.h"
#include "place.h"

#define TWI_EXAMPLES_MAX 3 // of each kind of problem
#define TWI_IMPORT_FILES_MAX 128

typedef struct twi_example {
    char where[160]; // file:line
    char field[64];
    char sentence[232];
} twi_example;

typedef struct twi_reject_kind {
    uint64_t n;
    size_t example_n;
    twi_example examples[TWI_EXAMPLES_MAX];
} twi_reject_kind;

typedef struct twi_import_summary {
    uint64_t accepted, duplicates, conflicts, rejected;
    uint64_t by_kind[TW_FACT_ACTION + 1];  // accepted, by tw_fact_kind
    uint64_t alerted;                      // accepted transactions at or above the alert threshold
    uint64_t models;                       // trained on the way
    twi_reject_kind rejects[TW_PROBLEM_N]; // by tw_problem_code
    twi_reject_kind conflict;
    tw_intake_counts counts;
    double seconds;
} twi_import_summary;

typedef struct twi_import_options {
    const char *const *paths; // "-" = standard input
    size_t path_n;            // 1..TWI_IMPORT_FILES_MAX
    const char *format;
    tw_fact_kind kind;         // 0 = told by the records
    const tw_mapping *mapping; // NULL = none
    bool is_quiet;
} twi_import_options;

// Fills the summary also when it fails; what was accepted before stays.
tw_status twi_import(twi_place *place, const twi_import_options *options, twi_import_summary *out,
                     tw_err *err) TW_MUST_CHECK;
void twi_import_print(const twi_import_summary *summary, bool is_json);

#endif
