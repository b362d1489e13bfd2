/*
 * merge.h - what to do with one field, as one table of numbered cases
 *
 * Pure: base, ours and theirs in, a ruling out. The same numbers (M-n) stand in docs/merge.md, in
 * reports, in the history and in `explain`. The zero of the enum is the bug, so that a forgotten
 * case is found and not obeyed.
 */
#ifndef DS_ENGINE_MERGE_H
#define DS_ENGINE_MERGE_H

#include <stdbool.h>

enum ds_move {
    DS_MOVE_BUG,
    DS_MOVE_NONE,     /* ours stays, and so does the base */
    DS_MOVE_AGREE,    /* ours stays, the base becomes what both have */
    DS_MOVE_TAKE,     /* ours becomes theirs, and so does the base */
    DS_MOVE_CONFLICT, /* ours stays, a person decides */
    DS_MOVE_WAIT      /* ours becomes theirs later */
};

struct ds_ruling {
    int number; /* M-n */
    enum ds_move move;
    const char *why; /* for people; code never looks at it */
};

/* Cases of a whole record. */
enum {
    DS_M_UNCHANGED = 20,
    DS_M_CREATE = 21,
    DS_M_ADOPT = 22,
    DS_M_REJECT = 23,
    DS_M_REJECT_LINKED = 24,
    DS_M_DELETED = 25,
    DS_M_DELETED_UNKNOWN = 26,
    DS_M_MERGE = 27,
    DS_M_RELEASE = 28,
    DS_M_REPEAT = 29
};

/* Field cases that a rule, and not a comparison, brings about. */
enum {
    DS_M_FORBIDDEN = 10,
    DS_M_TERMINAL = 11,
    DS_M_WAIT = 12,
    DS_M_WITH_STATUS = 13,
    DS_M_WITH_STAGE = 14
};

/* Rules on one field. with_base is false when both sides have never agreed on it: the record adopts
 * a deal, or the mapping gives the field for the first time. Values are canonical. */
struct ds_ruling ds_merge_field(bool with_base, const char *base, const char *ours,
                                const char *theirs);

/* The table row of a case number, for manuals and reports; NULL when there is none. */
const struct ds_ruling *ds_merge_case(int number);

#endif
