/*
 * tally.h - how often each reason occurred
 *
 * Reasons that differ only in the values they quote count as one: what stands in single quotes, and
 * dates, are left out. Only so many different ones are kept (P-12); the rest is counted together.
 */
#ifndef DS_ENGINE_REPORT_TALLY_H
#define DS_ENGINE_REPORT_TALLY_H

#include "base/buf.h"

#include <stdbool.h>
#include <stdint.h>

#define DS_TALLY_SIZE 256

struct ds_tally_row {
    char *text;
    uint64_t count;
};

struct ds_tally {
    struct ds_tally_row row[DS_TALLY_SIZE];
    size_t rows;
    uint64_t others;
};

/* Counts text once more, as it is or without its values. */
void ds_tally_add(struct ds_tally *t, const char *text, bool without_values);

/* Most frequent first. */
void ds_tally_sort(struct ds_tally *t);

void ds_tally_clear(struct ds_tally *t);

#endif
