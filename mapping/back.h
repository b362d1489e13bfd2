/*
 * back.h - a deal on its way back to the values of a record; private to mapping/
 *
 * What is to be written is put into a copy of the record's values, and the copy is read like any
 * record: a value that already says what is wanted stays, and what is written reads as it was meant.
 */
#ifndef DS_MAPPING_BACK_H
#define DS_MAPPING_BACK_H

#include "mapping/job.h"

struct ds_back {
    struct ds_job job; /* reads `next` */
    struct ds_mapped mapped;
    struct ds_value next[DS_MAX_PATHS];
    bool set[DS_MAX_PATHS];
    bool creation;
    const struct ds_deal *want;
    uint64_t fields;
    const char *why; /* the first thing that has no way back */
};

static inline bool ds_back_asks(const struct ds_back *b, enum ds_field f)
{
    return (b->fields >> f) & 1u;
}

/* Takes over why, which is NULL when memory ran out; returns false. */
bool ds_back_fail(struct ds_back *b, const char *why);

/* text NULL: the value becomes empty. */
void ds_back_set(struct ds_back *b, int path, const char *text);

/* Status, stage and whether the deal is on hold, as far as they are asked for. */
bool ds_back_progress(struct ds_back *b);

/* Whether a path is a field of the record itself and no other record's: a dot leads elsewhere, except
 * to the label of a value. */
bool ds_path_plain(const struct ds_mapping *m, int path);

/* Whether some line has this standard word. */
bool ds_mapping_has(const struct ds_mapping *m, int kind, const char *standard);

#endif
