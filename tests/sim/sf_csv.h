/* Rows of a query as CSV, the way Bulk results have them: every value in quotes. */
#ifndef SIM_SF_CSV_H
#define SIM_SF_CSV_H

#include "tests/sim/fault.h"
#include "tests/sim/soql.h"

struct sf_csv {
    const struct soql *query;
    char delimiter;
    bool crlf;
    bool scientific; /* large numbers as 1.25E7 */
    size_t first;    /* the column that stands first; the others follow round */
};

void sf_csv_header(const struct sf_csv *csv, struct buf *out);
/* fault may be NULL. */
void sf_csv_row(const struct sf_csv *csv, const struct row *row, const struct fault *fault,
                struct buf *out);

#endif
