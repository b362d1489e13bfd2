/* The neutral opportunity that both CRMs show in their own words, and its values one by one.
 * Rows of the small tables (stages, users, currencies) are rows too, with one index that counts. */
#ifndef SIM_ROW_H
#define SIM_ROW_H

#include "tests/sim/catalog.h"
#include "tests/sim/settings.h"
#include "tests/sim/value.h"

struct edit;

/* Tables of Salesforce that other rows refer to, and that change by themselves. */
enum parent { P_ACCOUNT, P_AGENT, P_PRODUCT, P_CONTACT, PARENTS };

struct row {
    uint32_t at;
    int account; /* -1: none */
    int product; /* -1: none */
    int agent, stage, currency;
    unsigned help, loss;     /* option values, 0: none */
    unsigned campaign;       /* 0: none */
    unsigned person;         /* Dynamics: the contact, or the stage; 0: none */
    const char *const *list; /* of a small table of names: name, code, XML */
    bool has_amount, has_close, share, on_hold, deleted;
    bool dynamics;  /* of a table of Dynamics */
    int64_t amount; /* hundredths */
    int64_t close;  /* days */
    int64_t created, modified;
    uint64_t version;
    const char *external; /* NULL: made from the index */
    const struct edit *edit;
    /* Salesforce's other tables */
    uint32_t opportunity; /* of a child */
    unsigned place;       /* among the children of one opportunity */
    int contact;          /* -1: none */
    bool has_items;
    bool refers; /* to a parent that was edited */
    const struct edit *parents[PARENTS];
};

/* What a field shows of a row. Those of one thing stand together: row_get tells them apart by range. */
enum aspect {
    A_NULL,
    A_FALSE,
    A_ONE,
    A_SF_ID,
    A_GUID,
    A_EXTERNAL,
    A_NAME,
    A_DESCRIPTION,
    A_NEXT_STEP,
    A_TYPE,
    A_LEAD_SOURCE,
    A_LOCATION,
    A_PRODUCT,
    A_AMOUNT,
    A_AMOUNT_BASE,
    A_ACTUAL_AMOUNT,
    A_CLOSE,
    A_ACTUAL_CLOSE,
    A_CREATED,
    A_MODIFIED,
    A_VERSION,
    A_DELETED,
    A_SHARE,
    A_HELP,
    A_HELP_LABEL,
    A_LOSS,
    A_LOSS_LABEL,
    A_CAMPAIGN_SF,
    A_CAMPAIGN_GUID,
    A_CAMPAIGN_NAME,
    A_STATE,
    A_STATUS,
    A_STAGE_SF,
    A_STAGE_NAME,
    A_STAGE_PROBABILITY,
    A_STAGE_ACTIVE,
    A_STAGE_CLOSED,
    A_STAGE_WON,
    A_STAGE_SORT,
    A_STAGE_CATEGORY,
    A_STAGE_CATEGORY_API,
    A_STAGE_STEP,
    A_STAGE_SALES,
    A_ACCOUNT_SF,
    A_ACCOUNT_GUID,
    A_ACCOUNT_NAME,
    A_ACCOUNT_STREET,
    A_ACCOUNT_CITY,
    A_ACCOUNT_STATE,
    A_ACCOUNT_POSTAL,
    A_ACCOUNT_COUNTRY,
    A_ACCOUNT_DUNS,
    A_AGENT_SF,
    A_AGENT_GUID,
    A_AGENT_NAME,
    A_AGENT_EMAIL,
    A_AGENT_PHONE,
    A_CURRENCY_GUID,
    A_CURRENCY_CODE,
    A_CURRENCY_NAME,
    A_CURRENCY_PRECISION,
    A_CURRENCY_RATE,
    A_RECORD_TYPE_SF,
    A_RECORD_TYPE_NAME,
    A_RECORD_TYPE_API,
    A_ORG_SF,
    A_ORG_GUID,
    A_ORG_NAME,
    A_ORG_EDITION,
    A_ORG_CURRENCY,
    A_ORG_RETENTION,
    /* what only Dynamics has: dv_value knows them */
    A_DV_CUSTOMER,
    A_DV_CONTACT,
    A_DV_STAGE_OPTION,
    A_DV_DATE_CLOSE,
    A_DV_INDEX,
    A_DV_CONTACT_NAME,
    A_DV_CONTACT_EMAIL,
    A_DV_CONTACT_PHONE,
    A_DV_USER_DISABLED,
    A_DV_LIST_NAME,
    A_DV_LIST_CODE,
    A_DV_STAGE_GUID,
    A_DV_STAGE_PROCESS,
    A_DV_STAGE_NAME,
    A_DV_STAGE_CATEGORY,
    A_DV_STAGE_TABLE,
    A_DV_BPF_OPPORTUNITY,
    A_DV_BPF_STATE,
    A_DV_BPF_STATUS,
    A_DV_BPF_PATH,
    A_DV_QUERY_XML,
    A_DV_KEY, /* + N: the row's index as an id of table N */
    A_DV_KEY_LAST = A_DV_KEY + 63,
    A_SF_FIRST, /* what only Salesforce shows; see sf_rows.c */
    A_HAS_ITEMS,
    A_FIRST_STAMP,
    A_PERSON,
    A_PERSON_EMAIL,
    A_TRUE,
    A_SANDBOX,
    A_INSTANCE,
    A_OBJECT_NAME,
    A_PERMITTED_OBJECT,
    A_PROFILE_SF,
    A_SYNC_USER,
    A_PROCESS_SF,
    A_PROCESS_NAME,
    A_VIEW_ALL,
    A_VIEW_RECORDS,
    A_VIEW_SETUP,
    A_MAY_EDIT,
    A_MAY_CREATE,
    A_ACCOUNT_MODIFIED,
    A_AGENT_MODIFIED,
    A_CHILD_OPPORTUNITY,
    A_MEMBER_SF,
    A_MEMBER_ROLE,
    A_ROLE_SF,
    A_ROLE_ROLE,
    A_ROLE_PRIMARY,
    A_CONTACT_SF,
    A_CONTACT_NAME,
    A_CONTACT_FIRST,
    A_CONTACT_LAST,
    A_CONTACT_EMAIL,
    A_CONTACT_PHONE,
    A_CONTACT_MODIFIED,
    A_ITEM_SF,
    A_ITEM_QUANTITY,
    A_ITEM_PRICE,
    A_ITEM_TOTAL,
    A_PRODUCT_SF,
    A_PRODUCT_NAME,
    A_PRODUCT_CODE,
    A_PRODUCT_FAMILY,
    A_PRODUCT_MODIFIED,
    A_ENTRY_SF,
    A_ENTRY_PRICE,
    A_CURRENCY_SF,
    A_CURRENCY_CORPORATE,
    A_RATE_SF,
    A_RATE_START,
    A_RATE_NEXT,
    A_SF_LAST,
};

/* The value as generated or loaded; edits are laid over it by field_get. */
void row_get(const struct row *row, enum aspect aspect, struct val *v);

/* An 18-character id: three of prefix, twelve of number in base 62 (ascending), three of check. */
void sf_id(char out[19], const char *prefix, uint64_t n);
/* The number in a 15- or 18-character id with that prefix, or false. */
bool sf_id_parse(const char *id, const char *prefix, uint64_t *n);
/* Ids of opportunities ascend with the index and look random; those of other tables only count. */
void guid_opportunity(char out[37], uint32_t at);
bool guid_parse(const char *id, uint32_t *at);
/* Ascends with ids, whoever chose them. */
uint64_t guid_rank(const char *id);
uint64_t guid_opportunity_rank(uint32_t at);
void guid_other(char out[37], unsigned table, uint64_t n);
/* Which table and which row; false when it is none of those. */
bool guid_other_parse(const char *id, unsigned *table, uint32_t *n);

/* The organisation that the CRM says it is; another one while the fault wrong_org stands. */
const char *org_id(enum crm crm);

#endif
