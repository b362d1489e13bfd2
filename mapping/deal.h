/*
 * deal.h - the deal: our standard object, and the one table of its fields
 *
 * A deal is an array of texts in canonical form, one a field, so that equal values are equal bytes
 * and comparing is one function. Mapping, merge, rules, store, reports and `explain` walk the table
 * in deal.c; a new field is one row there and one column in the schema.
 *
 * Canonical forms: text is trimmed UTF-8; decimals as decimal.h; dates "YYYY-MM-DD"; instants
 * "YYYY-MM-DDTHH:MM:SSZ"; yes/no; a stage is its percentage
 * "10" "20" "40" "60" "80" "100"; enums one of their words; the team a JSON array of
 * {"email","name","phone"} sorted by lower-case email; solutions a JSON array of ids, sorted
 * . Empty is NULL, never "".
 */
#ifndef DS_MAPPING_DEAL_H
#define DS_MAPPING_DEAL_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"

#include <stdbool.h>
#include <stdint.h>

enum ds_field {
    DS_NAME,
    DS_STATUS,
    DS_STAGE,
    DS_REASON,
    DS_ON_HOLD,
    DS_VALUE,
    DS_CURRENCY,
    DS_CLOSE_DATE,
    DS_LOCATION,
    DS_CUSTOMER_NAME,
    DS_CUSTOMER_DUNS,
    DS_CUSTOMER_STREET,
    DS_CUSTOMER_CITY,
    DS_CUSTOMER_STATE,
    DS_CUSTOMER_POSTAL_CODE,
    DS_CUSTOMER_COUNTRY,
    DS_CONTACT_FIRST_NAME,
    DS_CONTACT_LAST_NAME,
    DS_CONTACT_EMAIL,
    DS_CONTACT_PHONE,
    DS_CONSENT,
    DS_VISIBILITY,
    DS_HELP,
    DS_ASSESSMENT,
    DS_TEAM,
    DS_SOLUTIONS,
    DS_CRM_ID,
    DS_CAMPAIGN_ID,
    DS_NOTES,
    DS_ORIGIN,
    DS_PARTNER,
    DS_MICROSOFT,
    DS_EXPIRES,
    DS_FIELDS
};

enum ds_field_type {
    DS_T_TEXT,
    DS_T_DECIMAL,
    DS_T_DATE,
    DS_T_INSTANT,
    DS_T_FLAG,    /* "yes" or "no" */
    DS_T_PERCENT, /* the standard ladder */
    DS_T_WORD,    /* one of `words` */
    DS_T_CURRENCY,
    DS_T_COUNTRY,
    DS_T_TEAM,
    DS_T_SOLUTIONS
};

/* When a deal must have the field to be created. */
enum ds_needed { DS_OPTIONAL, DS_MANDATORY, DS_FOR_SHARING, DS_FOR_HELP };

/* The phases of a deal, and what may happen to a field in each of them: ds_field_row.may has
 * one letter a phase. */
enum ds_phase { DS_P_CREATION, DS_P_RECEIVED, DS_P_ACCEPTED, DS_P_SHARED, DS_P_CLOSED, DS_PHASES };

#define DS_MAY_CHANGE 'w'
#define DS_MAY_ONCE   '1' /* at creation, and never again */
#define DS_MAY_ANSWER 'a' /* with the answer to a received deal */
#define DS_MAY_UP     '^' /* from its lowest word to another one, once */
#define DS_MAY_FILL   '+' /* while it is empty */
#define DS_MAY_NOT    '-'
#define DS_MAY_WHO    '?' /* nobody says */

/* How both sides' changes come together (lists.h). */
enum ds_merge_kind {
    DS_MERGE_SCALAR, /* one of them wins */
    DS_MERGE_LIST,   /* item by item: the team by email, solutions by id */
    DS_MERGE_TEXT    /* by appending */
};

struct ds_field_row {
    const char *name;  /* in the schema, mapping, reports: "close_date" */
    const char *title; /* for people: "close date" */
    enum ds_field_type type;
    enum ds_needed needed;
    int needed_rule; /* R-n that asks for it */
    const char *may;
    int frozen_rule; /* R-n behind a letter that freezes it while the deal is open; 0: none does */
    enum ds_merge_kind merge;
    size_t max_chars;         /* for text */
    const char *const *words; /* for DS_T_WORD, NULL-terminated */
    const char *fallback;     /* value of a new deal that was given none; NULL: none */
};

extern const struct ds_field_row ds_fields[DS_FIELDS];

/* Values of DS_STATUS and others that code compares with. */
#define DS_STATUS_RECEIVED "received"
#define DS_STATUS_ACCEPTED "accepted"
#define DS_STATUS_WON      "won"
#define DS_STATUS_LOST     "lost"
#define DS_STATUS_DECLINED "declined"
#define DS_STATUS_EXPIRED  "expired"
#define DS_OUTBOUND        "outbound"
#define DS_INBOUND         "inbound"
#define DS_NONE            "none" /* of help, partner and microsoft */
#define DS_INVITER         "inviter"
#define DS_INVITED         "invited"
#define DS_YES             "yes"
#define DS_NO              "no"

struct ds_deal {
    const char *value[DS_FIELDS]; /* canonical; NULL: empty. Borrowed, usually from an arena */
    uint64_t given; /* bit per field: the side says something about it, NULL included */
};

static inline bool ds_given(const struct ds_deal *d, enum ds_field f)
{
    return (d->given >> f) & 1u;
}

static inline void ds_deal_set(struct ds_deal *d, enum ds_field f, const char *value)
{
    d->value[f] = value;
    d->given |= UINT64_C(1) << f;
}

/* DS_FIELDS when there is none of that name; NULL is none. */
enum ds_field ds_field_find(const char *name);

/* The canonical form of text for a field, from the arena (or text itself). NULL with *why NULL:
 * empty. NULL with *why set: what is wrong, to be read behind the value: "is not a number". */
const char *ds_field_canonical(struct ds_arena *a, enum ds_field f, const char *text,
                               const char **why);
extern const char ds_why_nomem[]; /* what *why is when nothing is wrong but memory */

/* The only comparison of values: canonical forms, NULL equals NULL. */
bool ds_same(const char *a, const char *b);

/* Won, lost, declined, expired or error. */
bool ds_status_terminal(const char *status);

/* Whether Microsoft sees the deal: it is visible, or asks for help. There is no way back. */
bool ds_deal_shared(const struct ds_deal *d);

/* Type by the two questions: "private", "partner-led", "co-sell" or "assessment". */
const char *ds_deal_type(const struct ds_deal *d);

/* The given fields as a JSON object of strings and nulls, appended; and back. The result of reading
 * lives in the arena. */
void ds_deal_to_json(struct ds_buf *out, const struct ds_deal *d);
int ds_deal_from_json(struct ds_arena *a, const char *json, struct ds_deal *out,
                      struct ds_err *err);

/* One member of a team, and a team of one, in canonical form. */
const char *ds_team_one(struct ds_arena *a, const char *name, const char *email, const char *phone);

#endif
