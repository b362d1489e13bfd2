/* Counts rows by the values of up to two fields. */
#ifndef SIM_TALLY_H
#define SIM_TALLY_H

#include "tests/sim/scan.h"

enum { MAX_GROUP_FIELDS = 2 };

struct tally_row {
    uint64_t n;
    struct buf keys[MAX_GROUP_FIELDS]; /* JSON */
};

struct tally {
    const struct field *fields[MAX_GROUP_FIELDS];
    size_t nfields;
    struct tally_row *rows;
    size_t n;
};

/* A scan_row; its argument is a struct tally. */
bool tally_add(const struct row *row, void *tally);
void tally_free(struct tally *tally);

/* A scan_row that counts into a uint64_t. */
bool count_add(const struct row *row, void *count);

#endif
