// SPDX-License-Identifier: Apache-2.0
//
// The summary of an import, for people and for machines.
#include "import.h"

static const char *const kind_names[] = {"",       "transactions", "movements",
                                         "shifts", "verdicts",     "configurations"};

static void print_count(const char *what, uint64_t n)
{
    char text[32];
    printf("%-14s %12s\n", what, twi_thousands(n, text));
}

static void print_examples(const twi_reject_kind *kind)
{
    for (size_t i = 0; i < kind->example_n; i++) {
        const twi_example *e = &kind->examples[i];
        printf("      %s%s%s: %s\n", e->where, e->field[0] ? ": " : "", e->field, e->sentence);
    }
}

static void print_text(const twi_import_summary *s)
{
    uint64_t all = s->accepted + s->duplicates + s->conflicts + s->rejected;
    char text[32];
    print_count("accepted", s->accepted);
    for (int k = TW_FACT_TRANSACTION; k < TW_FACT_CONFIG; k++)
        if (s->by_kind[k] > 0)
            printf("  %-12s %12s\n", kind_names[k], twi_thousands(s->by_kind[k], text));
    print_count("duplicates", s->duplicates);
    print_count("conflicts", s->conflicts);
    print_examples(&s->conflict);
    print_count("rejected", s->rejected);
    for (int c = 0; c < TW_PROBLEM_N; c++) {
        if (s->rejects[c].n == 0)
            continue;
        printf("  %-18s %6s\n", tw_problem_code_name((tw_problem_code)c),
               twi_thousands(s->rejects[c].n, text));
        print_examples(&s->rejects[c]);
    }
    if (s->counts.unknown_payments > 0)
        print_count("payments taken as other", s->counts.unknown_payments);
    if (s->counts.cards_masked + s->counts.cards_tokenised > 0)
        print_count("card numbers masked or tokenised",
                    s->counts.cards_masked + s->counts.cards_tokenised);
    print_count("alerted", s->alerted);
    char rate[32];
    printf("%s records in %.1f s, %s/s\n", twi_thousands(all, text), s->seconds,
           twi_thousands((uint64_t)((double)all / s->seconds), rate));
}

static void print_json_kind(const char *code, const twi_reject_kind *kind, bool *is_first)
{
    if (kind->n == 0)
        return;
    printf("%s{\"reason\":\"%s\",\"n\":%llu,\"examples\":[", *is_first ? "" : ",", code,
           (unsigned long long)kind->n);
    *is_first = false;
    for (size_t i = 0; i < kind->example_n; i++) {
        fputs(i ? ",{\"where\":" : "{\"where\":", stdout);
        twi_put_json(stdout, tw_str_from(kind->examples[i].where));
        fputs(",\"field\":", stdout);
        twi_put_json(stdout, tw_str_from(kind->examples[i].field));
        fputs(",\"sentence\":", stdout);
        twi_put_json(stdout, tw_str_from(kind->examples[i].sentence));
        putchar('}');
    }
    fputs("]}", stdout);
}

static void print_json(const twi_import_summary *s)
{
    uint64_t all = s->accepted + s->duplicates + s->conflicts + s->rejected;
    printf("{\"records\":%llu,\"accepted\":%llu,\"duplicates\":%llu,\"conflicts\":%llu,"
           "\"rejected\":%llu,",
           (unsigned long long)all, (unsigned long long)s->accepted,
           (unsigned long long)s->duplicates, (unsigned long long)s->conflicts,
           (unsigned long long)s->rejected);
    for (int k = TW_FACT_TRANSACTION; k < TW_FACT_CONFIG; k++)
        printf("\"%s\":%llu,", kind_names[k], (unsigned long long)s->by_kind[k]);
    printf("\"alerted\":%llu,\"models\":%llu,\"cards_masked\":%llu,\"cards_tokenised\":%llu,"
           "\"seconds\":%.3f,\"records_per_second\":%.0f,\"problems\":[",
           (unsigned long long)s->alerted, (unsigned long long)s->models,
           (unsigned long long)s->counts.cards_masked,
           (unsigned long long)s->counts.cards_tokenised, s->seconds, (double)all / s->seconds);
    bool is_first = true;
    for (int c = 0; c < TW_PROBLEM_N; c++)
        print_json_kind(tw_problem_code_name((tw_problem_code)c), &s->rejects[c], &is_first);
    print_json_kind("duplicate_conflict", &s->conflict, &is_first);
    fputs("]}\n", stdout);
}

void twi_import_print(const twi_import_summary *summary, bool is_json)
{
    if (is_json)
        print_json(summary);
    else
        print_text(summary);
}
