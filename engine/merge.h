/*
 * merge.h - what to do with one field, as one table of numbered cases
 *
 * Pure: base, ours, theirs and the terms of the connection in, a ruling out. The same numbers (M-n)
 * stand in docs/merge.md, in reports, in the history and in `explain`. The zero of the enum is the
 * bug, so that a forgotten case is found and not obeyed.
 */
#ifndef DS_ENGINE_MERGE_H
#define DS_ENGINE_MERGE_H

#include "engine/rules.h"

#include <stdbool.h>

enum ds_move {
    DS_MOVE_BUG,
    DS_MOVE_NONE,     /* both sides stay, and so does the base */
    DS_MOVE_AGREE,    /* ours stays, the base becomes theirs */
    DS_MOVE_TAKE,     /* ours becomes theirs, and so does the base */
    DS_MOVE_PUSH,     /* theirs shall become ours; the base follows when it has (P-4) */
    DS_MOVE_JOIN,     /* both become what joins them */
    DS_MOVE_CONFLICT, /* both sides stay, a person decides */
    DS_MOVE_WAIT      /* ours becomes theirs later */
};

extern const char *const ds_move_names[]; /* "keep", "agree", "take", "send", ... */

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
    DS_M_REPEAT = 29,
    DS_M_DELETED_TOLD = 50,
    DS_M_DELETED_CLOSE = 51,
    DS_M_RETURNED = 52,
    DS_M_OUT_OF_SIGHT = 53,
    DS_M_CREATE_THERE = 54,
    DS_M_MATCH = 55,
    DS_M_RIVAL = 56,
    DS_M_APART = 57,
    DS_M_ONLY_SENDS = 58,
    DS_M_UNDO = 59
};

/* Field cases that something else than comparing brings about. */
enum {
    DS_M_FORBIDDEN = 10,
    DS_M_TERMINAL = 11,
    DS_M_WAIT = 12,
    DS_M_WITH_STATUS = 13,
    DS_M_WITH_STAGE = 14,
    DS_M_SEND = 15,
    DS_M_TAKE_POLICY = 16,
    DS_M_KEEP_POLICY = 17,
    DS_M_TAKE_NEWER = 18,
    DS_M_KEEP_NEWER = 19,
    DS_M_JOIN = 30,
    DS_M_SEND_OWNED = 31,
    DS_M_KEEP_OWNED = 32,
    DS_M_FILL = 33,
    DS_M_NO_WORD = 34,
    DS_M_REFUSED = 35,
    DS_M_NOT_TAKEN = 36,
    DS_M_RACE = 37,
    DS_M_UNDONE = 38,
    DS_M_SET = 39,
    DS_M_TAKE_CRM = 40, /* in the order of enum ds_take */
    DS_M_TAKE_STORE = 41,
    DS_M_TAKE_BASE = 42,
    DS_M_TAKE_VALUE = 43
};

/* What a connection has settled about one field. */
struct ds_terms {
    bool takes; /* values may go from the CRM to the store */
    bool sends; /* values may go from the store to the CRM */
    enum ds_owner owner;
    enum ds_settle settle;
    int64_t ours_ms; /* when each side was last changed; 0: not known */
    int64_t theirs_ms;
    bool joins; /* both changes can stand side by side (lists by key, appended text) */
};

/* Compares. with_base is false when both sides have never agreed on the field: the record adopts a
 * deal, or the mapping gives the field for the first time. Values are canonical. */
struct ds_ruling ds_merge_field(bool with_base, const char *base, const char *ours,
                                const char *theirs);

/* What the terms make of a comparison. */
struct ds_ruling ds_merge_settle(struct ds_ruling compared, const struct ds_terms *terms);

/* The table row of a case number, for manuals and reports; NULL when there is none. */
const struct ds_ruling *ds_merge_case(int number);

#endif
