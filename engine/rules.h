/*
 * rules.h - the business rules that a plan must keep (R-n, docs/rules.md)
 *
 * Pure. Checked on the plan, before anything is written; every refusal and hold names its rule.
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
    const char *
        shareable; /* solution ids that may be shared, blank or comma separated; NULL: none */
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

/* Everything that keeps theirs from becoming a deal, appended to the problems already found. */
void ds_rules_create(const struct ds_policy *policy, struct ds_arena *a, struct ds_mapped *theirs);

/* The rule that forbids this change of a live deal, or 0. *why tells it in words. */
int ds_rules_forbid(const struct ds_deal *ours, const struct ds_deal *theirs, enum ds_field f,
                    const char **why);

/* The rule that keeps a deal, as it would be, from being shared or from asking for help (R-15, R-17,
 * R-41), or 0. There is no way back, so this is asked before it is. */
int ds_rules_share(const struct ds_policy *policy, struct ds_arena *a, const struct ds_deal *then,
                   const char **why);

/* When the deal may be marked won: 0 at once, else the instant the 72 hours are over (R-78, R-79,
 * deal holds the values after the merge; created_ms is when the store got it. */
int64_t ds_rules_won_at(const struct ds_policy *policy, const struct ds_deal *deal,
                        int64_t created_ms);

/* A sentence on what is odd about the deal and changes nothing, or NULL. */
const char *ds_rules_warning(const struct ds_policy *policy, struct ds_arena *a,
                             const struct ds_deal *deal);

#endif
