/*
 * rules.h - the business rules that a plan must keep (R-n, docs/rules.md)
 *
 * Pure. The rules are one table (engine/rules/table.c), asked on the plan before anything is written;
 * every refusal, hold and warning names its rule. Which field may change in which phase of a deal is a
 * column of the field table (mapping/deal.c).
 */
#ifndef DS_ENGINE_RULES_H
#define DS_ENGINE_RULES_H

#include "base/arena.h"
#include "mapping/deal.h"
#include "mapping/mapping.h"

#include <stdbool.h>
#include <stdint.h>

/* Which way values go. */
enum ds_direction { DS_PULL, DS_PUSH, DS_BOTH };

/* Whose changes of a field count. */
enum ds_owner { DS_OWNER_BOTH, DS_OWNER_CRM, DS_OWNER_STORE };

/* Which value wins when both sides have changed a field. */
enum ds_settle { DS_SETTLE_MANUAL, DS_SETTLE_CRM, DS_SETTLE_STORE, DS_SETTLE_NEWEST };

/* What happens to the deal of a record that was deleted in the CRM. */
enum ds_gone { DS_GONE_IGNORE, DS_GONE_REPORT, DS_GONE_CLOSE };

/* What an admin has settled for a connection. */
struct ds_policy {
    int64_t now_ms;
    bool first_load;  /* history that is long won enters as it is */
    bool vetted;      /* the company may create solution assessments */
    bool close_early; /* do not wait 72 hours */
    /* Lists, blank or comma separated; NULL: empty. */
    const char *shareable;           /* ids of solutions that may be shared */
    const char *our_domains;         /* domains of our people's email addresses */
    const char *incentive_solutions; /* ids of solutions with an incentive */
    uint64_t incentive_minimum;      /* US dollars that a deal needs for it */
    uint64_t expiry_days;            /* to answer a received deal that does not say until when */
    uint64_t expiry_warning_days;    /* before that time it is told */
    enum ds_direction direction;
    bool creates;   /* deals without a record are created in the CRM */
    uint64_t sends; /* bit per field that can be written in the CRM */
    uint64_t only;  /* bit per field that a plan is cut down to; 0: all */
    enum ds_owner owner[DS_FIELDS];
    enum ds_settle settle[DS_FIELDS];
    enum ds_gone gone;
    const char *gone_reason;          /* for DS_GONE_CLOSE: why the deal is lost */
    const struct ds_mapping *mapping; /* that turns what is sent into the CRM's words */
};

/* --- the rules, as data ------------------------------------------------------------------------ */

/* When a rule is asked; a bit each. */
enum ds_when {
    DS_AT_CREATION = 1, /* a record becomes a deal */
    DS_AT_CHANGE = 2,   /* a field of a deal changes */
    DS_AT_SHARING = 4,  /* Microsoft is to see the deal, or to help */
    DS_AT_CLOSING = 8,  /* the status becomes terminal */
    DS_AS_IT_IS = 16    /* the deal after all that */
};

/* What a rule makes of a deal that breaks it; a bit each. */
enum ds_makes {
    DS_REFUSES = 1, /* a rejection at creation, a conflict afterwards */
    DS_WAITS = 2,   /* a hold */
    DS_WARNS = 4    /* a line in the report */
};

/* One question: may this field become what it is in `then`? */
struct ds_ask {
    const struct ds_policy *policy;
    struct ds_arena *arena;
    const struct ds_deal
        *base; /* what both sides last agreed on; a person's act has none but ours */
    const struct ds_deal *ours;   /* NULL: the deal is to be created */
    const struct ds_deal *theirs; /* what the record says */
    const struct ds_deal *then;   /* the deal as it would be */
    enum ds_field field;
    int64_t created_ms;         /* when the store got the deal */
    uint64_t same_crm_id;       /* other deals that carry the CRM id */
    const char *unmapped_stage; /* as in struct ds_mapped */
    bool held;                  /* something about the deal waits already */
};

struct ds_answer {
    int rule; /* R-n; 0: nothing stands against it */
    enum ds_makes makes;
    const char *why;
    int64_t until_ms; /* of a hold: when to look again at the latest */
};

struct ds_rule {
    int number; /* R-n */
    const char *title;
    unsigned when; /* enum ds_when */
    enum ds_makes makes;
    /* Fills why and until_ms of *out, and no more, when it is broken. */
    bool (*breaks)(const struct ds_ask *q, const struct ds_rule *rule, struct ds_answer *out);
};

/* All of them, in the order in which they are asked; the first one that is broken counts. */
extern const struct ds_rule ds_rules[];
extern const size_t ds_rules_count;

/* Everything that keeps theirs from becoming a deal, appended to the problems already found. */
void ds_rules_create(const struct ds_policy *policy, struct ds_arena *a, struct ds_mapped *theirs);

/* What keeps a new deal from being created as it is: it is created open, and closed later. */
struct ds_answer ds_rules_create_later(const struct ds_ask *q);

/* Whether a deal may get the value of the field that `then` has for it. */
struct ds_answer ds_rules_change(const struct ds_ask *q);

/* Whether the table of phases rules out a change, whatever else is so. */
bool ds_rules_frozen(const struct ds_deal *ours, const struct ds_deal *theirs, enum ds_field f);

/* What is worth a line about the deal, and changes nothing; returns how many. */
#define DS_MAX_REMARKS 12
struct ds_remark {
    int rule;
    const char *text; /* ends with "(R-n)" */
};
size_t ds_rules_remarks(const struct ds_ask *q, struct ds_remark out[DS_MAX_REMARKS]);

#endif
