/* Walks the rows of a table that satisfy a condition, in order. Cheap in the orders that paging
 * needs (id; stamp and id), whatever the size; other orders collect and sort, up to a limit. */
#ifndef SIM_SCAN_H
#define SIM_SCAN_H

#include "tests/sim/expr.h"

enum { MAX_SORT_KEYS = 6, MAX_SORT_ROWS = 200000 };

struct sort_key {
    const struct field *field;
    bool down;
};

struct scan {
    const struct entity *entity;
    const struct expr *where;
    struct sort_key order[MAX_SORT_KEYS];
    size_t norder;
    bool with_deleted;
    bool after; /* start behind the row that stood there */
    uint32_t after_at;
    int64_t after_modified;
};

/* false ends the walk. */
typedef bool scan_row(const struct row *row, void *arg);

/* false: more rows than it will sort. The world's lock is held by the caller. */
bool scan_each(const struct scan *scan, scan_row *each, void *arg);

/* A result fixed as runs of neighbouring indices. */
struct runs {
    struct run {
        uint32_t at, n;
    } * run;
    size_t n, room;
    uint64_t rows;
    uint64_t limit; /* 0: none */
};

/* A scan_row that collects into a struct runs. */
bool runs_add(const struct row *row, void *runs);
/* Up to n indices from that place of the result on; how many there were. */
size_t runs_copy(const struct runs *runs, uint64_t from, size_t n, uint32_t *out);

#endif
