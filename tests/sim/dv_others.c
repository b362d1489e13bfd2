#include "tests/sim/dv_switch.h"
#include "tests/sim/dv_tables.h"
#include "tests/sim/world.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#define COUNT(a) (sizeof(a) / sizeof *(a))

#define ID(name, aspect)                                                                           \
    {                                                                                              \
        name, "Uniqueidentifier", F_ID, aspect, KEY | REQUIRED, NULL, NULL, 0                      \
    }
#define KEYED(name, table)                                                                         \
    {                                                                                              \
        name, "Uniqueidentifier", F_ID, (enum aspect)(A_DV_KEY + (table)),                         \
            KEY | REQUIRED | ASCENDING, NULL, NULL, 0                                              \
    }
#define TEXT(name, aspect)                                                                         \
    {                                                                                              \
        name, "String", F_TEXT, aspect, WRITABLE, NULL, NULL, 0                                    \
    }
#define NUMBER(name, aspect)                                                                       \
    {                                                                                              \
        name, "Integer", F_INTEGER, aspect, WRITABLE, NULL, NULL, 0                                \
    }
#define LOOKUP(name, aspect)                                                                       \
    {                                                                                              \
        name, "Lookup", F_ID, aspect, WRITABLE, NULL, NULL, 0                                      \
    }
#define STAMPS                                                                                     \
    {"createdon", "DateTime", F_ZULU, A_CREATED, 0, NULL, NULL, 0},                                \
        {"modifiedon", "DateTime", F_ZULU, A_MODIFIED, ASCENDING | STAMP, NULL, NULL, 0},          \
    {                                                                                              \
        "versionnumber", "BigInt", F_INTEGER, A_VERSION, ASCENDING, NULL, NULL, 0                  \
    }

static const struct choice bpf_states[] = {{0, "Active"}, {1, "Inactive"}};
static const struct choice bpf_statuses[] = {{1, "Active"}, {2, "Finished"}, {3, "Aborted"}};
static const struct choice categories[] = {
    {0, "Qualify"},  {1, "Develop"},  {2, "Propose"}, {3, "Close"},
    {4, "Identify"}, {5, "Research"}, {6, "Resolve"}, {7, "Approval"},
};

/* ---- columns ---- */

static const struct field organization[] = {
    ID("organizationid", A_ORG_GUID),
    {"name", "String", F_TEXT, A_ORG_NAME, 0, NULL, NULL, 0},
    {"expirechangetrackingindays", "Integer", F_INTEGER, A_ORG_RETENTION, 0, NULL, NULL, 0},
    {"_basecurrencyid_value", "Lookup", F_ID, A_CURRENCY_GUID, 0, NULL, NULL, 0},
};

static const struct field currency[] = {
    ID("transactioncurrencyid", A_CURRENCY_GUID),
    {"isocurrencycode", "String", F_TEXT, A_CURRENCY_CODE, 0, NULL, NULL, 0},
    {"currencyname", "String", F_TEXT, A_CURRENCY_NAME, 0, NULL, NULL, 0},
    {"currencyprecision", "Integer", F_INTEGER, A_CURRENCY_PRECISION, 0, NULL, NULL, 0},
    {"exchangerate", "Decimal", F_RATE, A_CURRENCY_RATE, 0, NULL, NULL, 0},
};

static const struct field user[] = {
    ID("systemuserid", A_AGENT_GUID),
    TEXT("fullname", A_AGENT_NAME),
    TEXT("internalemailaddress", A_AGENT_EMAIL),
    TEXT("address1_telephone1", A_AGENT_PHONE),
    TEXT("domainname", A_AGENT_EMAIL),
    {"isdisabled", "Boolean", F_BOOL, A_DV_USER_DISABLED, WRITABLE, NULL, NULL, 0},
    {"applicationid", "Uniqueidentifier", F_ID, A_NULL, 0, NULL, NULL, 0},
    STAMPS,
};

static const struct field account[] = {
    KEYED("accountid", DV_ACCOUNT),
    TEXT("name", A_ACCOUNT_NAME),
    TEXT("accountnumber", A_NULL),
    TEXT("address1_line1", A_ACCOUNT_STREET),
    TEXT("address1_city", A_ACCOUNT_CITY),
    TEXT("address1_stateorprovince", A_ACCOUNT_STATE),
    TEXT("address1_postalcode", A_ACCOUNT_POSTAL),
    TEXT("address1_country", A_ACCOUNT_COUNTRY),
    TEXT("telephone1", A_NULL),
    TEXT("emailaddress1", A_NULL),
    TEXT("websiteurl", A_NULL),
    TEXT("new_duns", A_ACCOUNT_DUNS),
    LOOKUP("_primarycontactid_value", A_NULL),
    NUMBER("statecode", A_DV_INDEX),
    STAMPS,
};

static const struct field contact[] = {
    KEYED("contactid", DV_CONTACT),
    TEXT("fullname", A_DV_CONTACT_NAME),
    TEXT("firstname", A_NULL),
    TEXT("lastname", A_DV_CONTACT_NAME),
    TEXT("emailaddress1", A_DV_CONTACT_EMAIL),
    TEXT("telephone1", A_DV_CONTACT_PHONE),
    TEXT("address1_line1", A_NULL),
    TEXT("address1_city", A_NULL),
    TEXT("address1_postalcode", A_NULL),
    TEXT("address1_country", A_NULL),
    LOOKUP("_parentcustomerid_value", A_NULL),
    NUMBER("statecode", A_DV_INDEX),
    STAMPS,
};

#define BPF_COLUMNS(number, lookup)                                                                \
    KEYED("businessprocessflowinstanceid", number), TEXT("name", A_NULL),                          \
        {lookup, "Lookup", F_ID, A_DV_BPF_OPPORTUNITY, WRITABLE | ASCENDING, NULL, NULL, 0},       \
        LOOKUP("_activestageid_value", A_DV_STAGE_GUID),                                           \
        LOOKUP("_processid_value", A_DV_STAGE_PROCESS), TEXT("traversedpath", A_DV_BPF_PATH),      \
        {"activestagestartedon", "DateTime", F_ZULU, A_MODIFIED, 0, NULL, NULL, 0},                \
        {"completedon", "DateTime", F_ZULU, A_NULL, 0, NULL, NULL, 0},                             \
        {"duration", "Integer", F_INTEGER, A_NULL, 0, NULL, NULL, 0},                              \
        {"statecode", "State", F_INTEGER,  A_DV_BPF_STATE,                                         \
         WRITABLE,    NULL,    bpf_states, COUNT(bpf_states)},                                     \
        {"statuscode", "Status", F_INTEGER,    A_DV_BPF_STATUS,                                    \
         WRITABLE,     NULL,     bpf_statuses, COUNT(bpf_statuses)},                               \
        STAMPS, {"activestageid.processstageid",                                                   \
                 "Uniqueidentifier",                                                               \
                 F_ID,                                                                             \
                 A_DV_STAGE_GUID,                                                                  \
                 0,                                                                                \
                 NULL,                                                                             \
                 NULL,                                                                             \
                 0},                                                                               \
        {"activestageid.stagename", "String", F_TEXT, A_DV_STAGE_NAME, 0, NULL, NULL, 0},          \
    {                                                                                              \
        "activestageid.stagecategory", "Picklist", F_INTEGER, A_DV_STAGE_CATEGORY, 0, NULL,        \
            categories, COUNT(categories)                                                          \
    }

static const struct field bpf[] = {BPF_COLUMNS(DV_BPF, "_opportunityid_value")};
static const struct field lead_bpf[] = {BPF_COLUMNS(DV_LEAD_BPF, "_opportunityid_value")};
static const struct field partner_bpf[] = {BPF_COLUMNS(DV_PARTNER_BPF, "_bpf_opportunityid_value")};
static const struct field account_bpf[] = {BPF_COLUMNS(DV_ACCOUNT_BPF, "_bpf_accountid_value")};

static const struct group bpf_parents[] = {
    {"activestageid", "processstage", "activestageid.processstageid", "_activestageid_value"},
};

static const struct field stage[] = {
    KEYED("processstageid", DV_STAGE),
    {"stagename", "String", F_TEXT, A_DV_STAGE_NAME, WRITABLE, NULL, NULL, 0},
    {"stagecategory", "Picklist", F_INTEGER, A_DV_STAGE_CATEGORY, 0, NULL, categories,
     COUNT(categories)},
    {"primaryentitytypecode", "String", F_TEXT, A_DV_STAGE_TABLE, 0, NULL, NULL, 0},
    LOOKUP("_processid_value", A_DV_STAGE_PROCESS),
    {"processid.workflowid", "Uniqueidentifier", F_ID, A_DV_STAGE_PROCESS, 0, NULL, NULL, 0},
    {"processid.name", "String", F_TEXT, A_NULL, 0, NULL, NULL, 0},
    {"processid.uniquename", "String", F_TEXT, A_NULL, 0, NULL, NULL, 0},
    STAMPS,
};

static const struct group stage_parents[] = {
    {"processid", "workflow", "processid.workflowid", "_processid_value"},
};

static const struct field process[] = {
    KEYED("workflowid", DV_PROCESS),
    TEXT("name", A_DV_LIST_NAME),
    TEXT("uniquename", A_DV_LIST_CODE),
    NUMBER("category", A_ONE),
    NUMBER("statecode", A_ONE),
    {"primaryentity", "String", F_TEXT, A_DV_STAGE_TABLE, 0, NULL, NULL, 0},
    STAMPS,
};

static const struct field team[] = {
    KEYED("teamid", DV_TEAM),
    TEXT("name", A_DV_LIST_NAME),
    TEXT("emailaddress", A_DV_LIST_CODE),
    STAMPS,
};

static const struct field role[] = {
    KEYED("roleid", DV_ROLE),
    TEXT("name", A_DV_LIST_NAME),
};

static const struct field competitor[] = {
    KEYED("competitorid", DV_COMPETITOR),
    TEXT("name", A_DV_LIST_NAME),
};

static const struct field unit[] = {
    KEYED("businessunitid", DV_UNIT),
    TEXT("name", A_DV_LIST_NAME),
};

static const struct field campaign[] = {
    ID("campaignid", A_CAMPAIGN_GUID),
    TEXT("name", A_CAMPAIGN_NAME),
};

static const struct field opportunity_close[] = {
    KEYED("activityid", DV_CLOSE),
    TEXT("subject", A_NULL),
    LOOKUP("_opportunityid_value", A_NULL),
    {"actualrevenue", "Money", F_MONEY, A_NULL, WRITABLE, NULL, NULL, 0},
    {"actualend", "DateTime", F_ZULU, A_NULL, WRITABLE, NULL, NULL, 0},
    {"description", "Memo", F_TEXT, A_NULL, WRITABLE, NULL, NULL, 0},
    NUMBER("opportunitystatuscode", A_NULL),
    NUMBER("statecode", A_ONE),
    LOOKUP("_competitorid_value", A_NULL),
    LOOKUP("_transactioncurrencyid_value", A_NULL),
    STAMPS,
};

#define QUERY_COLUMNS(key, number)                                                                 \
    KEYED(key, number), TEXT("name", A_DV_LIST_NAME), TEXT("returnedtypecode", A_DV_LIST_CODE),    \
        TEXT("fetchxml", A_DV_QUERY_XML), NUMBER("querytype", A_DV_INDEX),                         \
        NUMBER("statecode", A_DV_INDEX), STAMPS

static const struct field saved_query[] = {QUERY_COLUMNS("savedqueryid", DV_QUERY)};
static const struct field user_query[] = {QUERY_COLUMNS("userqueryid", DV_USER_QUERY)};

/* ---- rows ---- */

static const char *const processes[][3] = {
    {"Opportunity Sales Process", "opportunitysalesprocess", NULL},
    {"Lead to Opportunity Sales Process", "leadtoopportunitysalesprocess", NULL},
    {"Partner Flow", "new_partnerflow", NULL},
};
static const char *const teams[][3] = {
    {"Sales Team North", "north@example.com", NULL},
    {"Sales Team South", "south@example.com", NULL},
};
static const char *const roles[][3] = {
    {"Deal Synchronisation", NULL, NULL},
    {"Basic User", NULL, NULL},
};
static const char *const competitors[][3] = {{"Other Company", NULL, NULL}};
static const char *const units[][3] = {{"Simulated Company", NULL, NULL}};
static const char *const saved_queries[][3] = {
    {"Open Opportunities", "opportunity",
     "<fetch><entity name=\"opportunity\"><attribute name=\"name\"/><filter><condition "
     "attribute=\"statecode\" operator=\"eq\" value=\"0\"/></filter></entity></fetch>"},
    {"Closed Opportunities", "opportunity",
     "<fetch><entity name=\"opportunity\"><attribute name=\"name\"/><filter><condition "
     "attribute=\"statecode\" operator=\"ne\" value=\"0\"/></filter></entity></fetch>"},
    {"Top Ten", "opportunity",
     "<fetch top=\"10\"><entity name=\"opportunity\"><attribute name=\"name\"/></entity></fetch>"},
    {"Active Accounts", "account",
     "<fetch><entity name=\"account\"><attribute name=\"name\"/></entity></fetch>"},
};
static const char *const user_queries[][3] = {
    {"My Deals", "opportunity",
     "<fetch><entity name=\"opportunity\"><attribute name=\"name\"/><filter><condition "
     "attribute=\"estimatedvalue\" operator=\"gt\" value=\"1000\"/></filter></entity></fetch>"},
};

enum { FIRST_STAMP = 1704088800 };

static void load_plain(uint32_t at, struct row *row)
{
    *row = (struct row){
        .at = at,
        .account = -1,
        .product = -1,
        .dynamics = true,
        .created = FIRST_STAMP,
        .modified = FIRST_STAMP,
        .version = 500000 + at,
    };
}

static void load_currency(uint32_t at, struct row *row)
{
    load_plain(at, row);
    row->currency = at < CURRENCIES ? (int)at : 0;
}

/* Behind the people comes the application user. */
static void load_user(uint32_t at, struct row *row)
{
    load_plain(at, row);
    row->agent = (int)at;
}

static void load_account(uint32_t at, struct row *row)
{
    load_plain(at, row);
    if (at < catalog.naccounts)
        row->account = (int)at;
}

static void load_contact(uint32_t at, struct row *row)
{
    load_plain(at, row);
    if (at < DV_CONTACTS)
        row->person = at + 1;
}

static void load_campaign(uint32_t at, struct row *row)
{
    load_plain(at, row);
    row->campaign = at + 1;
}

static void load_bpf(uint32_t at, struct row *row)
{
    world_load(at, row);
    row->dynamics = true;
    if (at < world_count())
        row->person = (unsigned)stages[row->stage].sales_stage + 1;
}

static void load_stage(uint32_t at, struct row *row)
{
    load_plain(at, row);
    row->person = at + 1;
}

#define LIST(table)                                                                                \
    static void load_##table(uint32_t at, struct row *row)                                         \
    {                                                                                              \
        load_plain(at, row);                                                                       \
        row->list = at < COUNT(table) ? (table)[at] : NULL;                                        \
    }                                                                                              \
    static uint32_t count_##table(void)                                                            \
    {                                                                                              \
        return COUNT(table);                                                                       \
    }

LIST(processes)
LIST(teams)
LIST(roles)
LIST(competitors)
LIST(units)
LIST(saved_queries)
LIST(user_queries)

static uint32_t count_none(void)
{
    return 0;
}

static uint32_t count_one(void)
{
    return 1;
}

static uint32_t count_currencies(void)
{
    return CURRENCIES;
}

static uint32_t count_users(void)
{
    return (uint32_t)catalog.nagents + 1;
}

static uint32_t count_accounts(void)
{
    return (uint32_t)catalog.naccounts;
}

static uint32_t count_contacts(void)
{
    return DV_CONTACTS;
}

static uint32_t count_stages(void)
{
    return DV_STAGES;
}

/* ---- tables ---- */

#define TABLE(set, table, counts, loads)                                                           \
    .name = (set), .fields = (table), .nfields = COUNT(table), .crm = DYNAMICS, .count = (counts), \
    .load = (loads)
#define CHILD(parents)  .groups = (parents), .ngroups = COUNT(parents)
#define CHANGES(number) .changes = true, .overlay = 12 + (number)

static const struct entity entities[] = {
    {TABLE("organizations", organization, count_one, load_currency)},
    {TABLE("transactioncurrencies", currency, count_currencies, load_currency)},
    {TABLE("systemusers", user, count_users, load_user), CHANGES(0)},
    {TABLE("accounts", account, count_accounts, load_account), CHANGES(1)},
    {TABLE("contacts", contact, count_contacts, load_contact), CHANGES(2)},
    {TABLE("opportunitysalesprocesses", bpf, world_count, load_bpf), CHILD(bpf_parents),
     CHANGES(3)},
    {TABLE("leadtoopportunitysalesprocesses", lead_bpf, count_none, load_plain), CHILD(bpf_parents),
     CHANGES(4)},
    {TABLE("processstages", stage, count_stages, load_stage), CHILD(stage_parents), CHANGES(5)},
    {TABLE("workflows", process, count_processes, load_processes)},
    {TABLE("teams", team, count_teams, load_teams), CHANGES(6)},
    {TABLE("roles", role, count_roles, load_roles)},
    {TABLE("campaigns", campaign, count_one, load_campaign)},
    {TABLE("competitors", competitor, count_competitors, load_competitors)},
    {TABLE("businessunits", unit, count_units, load_units)},
    {TABLE("opportunitycloses", opportunity_close, count_none, load_plain), CHANGES(7)},
    {TABLE("savedqueries", saved_query, count_saved_queries, load_saved_queries), CHANGES(10)},
    {TABLE("userqueries", user_query, count_user_queries, load_user_queries)},
    {TABLE("new_partnerflows", partner_bpf, count_none, load_plain), CHILD(bpf_parents),
     CHANGES(8)},
    {TABLE("new_accountflows", account_bpf, count_none, load_plain), CHILD(bpf_parents),
     CHANGES(9)},
};

static const struct dv_table tables[] = {
    {&dv_opportunity, "opportunity", "Opportunity", "name", 0, 3, false, true, true},
    {&entities[0], "organization", "Organization", "name", 20, 1019, false, false, false},
    {&entities[1], "transactioncurrency", "TransactionCurrency", "currencyname", DV_CURRENCY, 9105,
     false, false, false},
    {&entities[2], "systemuser", "SystemUser", "fullname", DV_USER, 8, false, true, false},
    {&entities[3], "account", "Account", "name", DV_ACCOUNT, 1, false, true, true},
    {&entities[4], "contact", "Contact", "fullname", DV_CONTACT, 2, false, true, true},
    {&entities[5], "opportunitysalesprocess", "OpportunitySalesProcess", "name", DV_BPF, 953, true,
     true, true},
    {&entities[6], "leadtoopportunitysalesprocess", "LeadToOpportunitySalesProcess", "name",
     DV_LEAD_BPF, 954, true, true, true},
    {&entities[7], "processstage", "ProcessStage", "stagename", DV_STAGE, 4724, false, false,
     false},
    {&entities[8], "workflow", "Workflow", "name", DV_PROCESS, 4703, false, false, false},
    {&entities[9], "team", "Team", "name", DV_TEAM, 9, false, true, false},
    {&entities[10], "role", "Role", "name", DV_ROLE, 1036, false, false, false},
    {&entities[11], "campaign", "Campaign", "name", DV_CAMPAIGN, 4400, false, false, false},
    {&entities[12], "competitor", "Competitor", "name", DV_COMPETITOR, 123, false, false, false},
    {&entities[13], "businessunit", "BusinessUnit", "name", DV_UNIT, 10, false, false, false},
    {&entities[14], "opportunityclose", "OpportunityClose", "subject", DV_CLOSE, 4208, false, false,
     false},
    {&entities[15], "savedquery", "SavedQuery", "name", DV_QUERY, 1039, false, false, false},
    {&entities[16], "userquery", "UserQuery", "name", DV_USER_QUERY, 4230, false, false, false},
    {&entities[17], "new_partnerflow", "new_partnerflow", "name", DV_PARTNER_BPF, 10501, true, true,
     true},
    {&entities[18], "new_accountflow", "new_accountflow", "name", DV_ACCOUNT_BPF, 10502, true, true,
     true},
};

const struct dv_table *dv_table_at(size_t i)
{
    return i < COUNT(tables) ? &tables[i] : NULL;
}

const struct entity *dv_entity(const char *set, size_t len)
{
    for (size_t i = 0; i < COUNT(tables); i++) {
        const struct entity *e = tables[i].entity;

        if (strlen(e->name) == len && memcmp(e->name, set, len) == 0)
            return e;
    }
    return NULL;
}

const struct dv_table *dv_table(const struct entity *e)
{
    for (size_t i = 0; i < COUNT(tables); i++)
        if (tables[i].entity == e)
            return &tables[i];
    return &tables[0];
}

const struct dv_table *dv_table_typed(const char *type, size_t len)
{
    for (size_t i = 0; i < COUNT(tables); i++)
        if (strlen(tables[i].type) == len && memcmp(tables[i].type, type, len) == 0)
            return &tables[i];
    return NULL;
}

static bool keyed(const struct entity *e, uint32_t at, const char *id)
{
    struct row row;
    struct val v;

    if (at >= world_rows(e))
        return false;
    entity_row(e, at, &row);
    field_get(&row, entity_key(e), &v);
    return v.kind == V_ID && v.len == strlen(id) && strncasecmp(v.text, id, v.len) == 0 &&
           !(row.edit && row.edit->ghost);
}

bool dv_find(const struct entity *e, const char *id, uint32_t *at)
{
    unsigned table;
    size_t next = 0;

    while (world_keyed(entity_key(e), id, &next, at))
        if (keyed(e, *at, id))
            return true;
    if (e == &dv_opportunity)
        return guid_parse(id, at) && keyed(e, *at, id);
    if (guid_other_parse(id, &table, at) && table == dv_table(e)->number && keyed(e, *at, id))
        return true;
    for (*at = 0; e->count() < 1000 && *at < world_rows(e); ++*at)
        if (keyed(e, *at, id))
            return true;
    return false;
}
