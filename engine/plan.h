/*
 * plan.h - what should happen to one record, as a value
 *
 * The planner is a pure function of what was seen: the record as mapped, its link and base, the deal.
 * It touches nothing, so that a dry run and a real run cannot differ: the same item is printed or
 * carried out.
 */
#ifndef DS_ENGINE_PLAN_H
#define DS_ENGINE_PLAN_H

#include "engine/merge.h"
#include "engine/rules.h"
#include "engine/store/store.h"
#include "mapping/mapping.h"

/* A record as it is carried from the fetch to the plan. Texts live in the arena of the batch. */
struct ds_theirs {
    const char *id;
    const char *version;
    const char *source;  /* who changed it in the CRM; NULL: not told */
    const char *where;   /* "row 12, line 14"; NULL */
    const char *repeats; /* where the same id stood before in this fetch; NULL */
    int64_t modified_ms; /* when it was changed in the CRM; 0: not told */
    bool deleted;
    bool released;     /* a hold whose time has come, or a deal without a record: not fetched */
    int64_t only_deal; /* for a deal without a record (id NULL): which */
    int tries;         /* lost races of this record in this run */
    const struct ds_value *raw; /* its values by path, where this connection sends; NULL */
    size_t raws;
    struct ds_mapped mapped;
};

struct ds_sight {
    struct ds_theirs *theirs;   /* the rules add to its problems */
    struct ds_link link;        /* deal 0: none */
    struct ds_deal base;        /* of the link */
    struct ds_stored_deal ours; /* of the link, or the deal to adopt; id 0: none */
    uint64_t same_crm_id;       /* deals that carry its CRM id already: all of them when there is no
                                   link, others than its own when the id has changed */
    const char *linked_to;      /* the record ours is already linked to on this connection; NULL */
    bool linked;                /* of a deal that is to get a record: it has one by now */
    uint64_t matches;           /* deals without a link here that look like a new record */
    int64_t match;              /* one of them */
    enum ds_claim_kind claim;   /* what is known of the record as a claim; DS_CLAIMS: nothing */
    bool claimed;               /* a new record may be this deal: nobody has said yet */
    uint64_t open_conflicts;    /* fields in conflict now */
    const struct ds_conflict *open[DS_FIELDS]; /* of these fields */
    const int64_t *ours_ms; /* when each field of ours was last changed; NULL: nobody asks */
};

struct ds_change {
    enum ds_field field;
    int case_number; /* M-n */
    int rule;        /* R-n, 0: none */
    enum ds_move move;
    const char *base;
    const char *ours;
    const char *theirs;
    const char *joined; /* for DS_MOVE_JOIN: what both shall have */
    const char *why;
};

struct ds_item {
    enum ds_outcome outcome;
    int case_number; /* M-n of the record */
    const char *why;
    const struct ds_theirs *theirs;
    const char *name;                       /* of the deal, for people; may be NULL */
    int64_t deal;                           /* 0: none yet */
    int64_t deal_version;                   /* the plan holds only for this version (P-5) */
    size_t changes;                         /* fields that are not simply equal, in table order */
    struct ds_change change[2 * DS_FIELDS]; /* an undo may have one for each side */
    struct ds_deal write;                   /* what the deal gets */
    struct ds_deal base;                    /* what both sides agree on afterwards */
    struct ds_deal push;                    /* what the record shall get */
    size_t assigns;                         /* the same in the CRM's words */
    struct ds_assign assign[DS_FIELDS];
    struct ds_deal wanted; /* what a hold keeps */
    bool claimed;          /* a deal that is not offered to the CRM before a person has said */
    bool partial;          /* only some fields were looked at: the record is looked at again */
    uint64_t decided;      /* fields whose conflict the terms of the connection have settled */
    uint64_t conflicts;    /* fields in conflict afterwards */
    int64_t until_ms;      /* of the hold; 0: none */
    int hold_rule;
    size_t remarks; /* worth a line, change nothing */
    struct ds_remark remark[DS_MAX_REMARKS];
    const char *warning; /* all of them in one text; NULL: none */
};

/* Fills *item; what it points to lives in the arena and in *sight. */
void ds_plan(const struct ds_policy *policy, struct ds_arena *a, struct ds_sight *sight,
             struct ds_item *item);

/* An item about this sight in which nothing is decided yet. */
void ds_plan_start(struct ds_item *item, const struct ds_sight *sight);

/* Turns what an item sends into the CRM's words; a field without one becomes a conflict. */
void ds_plan_words(const struct ds_policy *policy, struct ds_arena *a, const struct ds_sight *sight,
                   struct ds_item *item);

/* The changes as the JSON array that the history keeps, appended: those of the deal, or those of the
 * record. */
void ds_item_changes_json(struct ds_buf *out, const struct ds_item *item, bool pushed);

/* How a settled conflict was decided: "crm", "store" or "newest". */
const char *ds_item_decision(int case_number);

/* The reasons of a rejected record as a JSON array, appended. */
void ds_item_reasons_json(struct ds_buf *out, const struct ds_item *item);

#endif
