#include "tests/sim/dv_tables.h"
#include "tests/sim/world.h"

#include <string.h>

#define COUNT(a)  (sizeof(a) / sizeof *(a))
#define CHOICE(a) (a), COUNT(a)

static const struct choice sales_stages[] = {
    {0, "Qualify"},
    {1, "Develop"},
    {2, "Propose"},
    {3, "Close"},
};

static const struct choice sales_stage_codes[] = {{1, "Default Value"}};

static const struct choice states[] = {{0, "Open"}, {1, "Won"}, {2, "Lost"}};

static const struct choice statuses[] = {
    {1, "In Progress"}, {2, "On Hold"}, {3, "Won"}, {4, "Canceled"}, {5, "Out-Sold"},
};

static const struct field opportunity[] = {
    {"opportunityid", "Uniqueidentifier", F_ID, A_GUID, KEY | ASCENDING | REQUIRED, NULL, NULL, 0},
    {"name", "String", F_TEXT, A_NAME, WRITABLE, NULL, NULL, 0},
    {"description", "Memo", F_TEXT, A_DESCRIPTION, WRITABLE, NULL, NULL, 0},
    {"estimatedvalue", "Money", F_MONEY, A_AMOUNT, WRITABLE, NULL, NULL, 0},
    {"estimatedvalue_base", "Money", F_MONEY, A_AMOUNT_BASE, 0, NULL, NULL, 0},
    {"actualvalue", "Money", F_MONEY, A_ACTUAL_AMOUNT, WRITABLE, NULL, NULL, 0},
    {"estimatedclosedate", "DateTime", F_DATE, A_CLOSE, WRITABLE, NULL, NULL, 0},
    {"actualclosedate", "DateTime", F_DATE, A_ACTUAL_CLOSE, WRITABLE, NULL, NULL, 0},
    {"closeprobability", "Integer", F_INTEGER, A_STAGE_PROBABILITY, WRITABLE, NULL, NULL, 0},
    {"salesstage", "Picklist", F_INTEGER, A_STAGE_SALES, WRITABLE, NULL, CHOICE(sales_stages)},
    {"salesstagecode", "Picklist", F_INTEGER, A_ONE, WRITABLE, NULL, CHOICE(sales_stage_codes)},
    {"stepname", "String", F_TEXT, A_STAGE_STEP, WRITABLE, NULL, NULL, 0},
    {"statecode", "State", F_INTEGER, A_STATE, WRITABLE, NULL, CHOICE(states)},
    {"statuscode", "Status", F_INTEGER, A_STATUS, WRITABLE, NULL, CHOICE(statuses)},
    {"_customerid_value", "Customer", F_ID, A_ACCOUNT_GUID, WRITABLE, NULL, NULL, 0},
    {"_parentaccountid_value", "Lookup", F_ID, A_ACCOUNT_GUID, WRITABLE, NULL, NULL, 0},
    {"_parentcontactid_value", "Lookup", F_ID, A_NULL, WRITABLE, NULL, NULL, 0},
    {"_ownerid_value", "Owner", F_ID, A_AGENT_GUID, WRITABLE, NULL, NULL, 0},
    {"_owninguser_value", "Lookup", F_ID, A_AGENT_GUID, 0, NULL, NULL, 0},
    {"_transactioncurrencyid_value", "Lookup", F_ID, A_CURRENCY_GUID, WRITABLE, NULL, NULL, 0},
    {"_campaignid_value", "Lookup", F_ID, A_CAMPAIGN_GUID, WRITABLE, NULL, NULL, 0},
    {"createdon", "DateTime", F_ZULU, A_CREATED, 0, NULL, NULL, 0},
    {"modifiedon", "DateTime", F_ZULU, A_MODIFIED, ASCENDING | STAMP, NULL, NULL, 0},
    {"_modifiedby_value", "Lookup", F_ID, A_AGENT_GUID, 0, NULL, NULL, 0},
    {"versionnumber", "BigInt", F_INTEGER, A_VERSION, ASCENDING, NULL, NULL, 0},
    {"exchangerate", "Decimal", F_RATE, A_CURRENCY_RATE, 0, NULL, NULL, 0},
    {"isrevenuesystemcalculated", "Boolean", F_BOOL, A_FALSE, WRITABLE, NULL, NULL, 0},
    {"new_product", "String", F_TEXT, A_PRODUCT, WRITABLE | CUSTOM, NULL, NULL, 0},
    {"new_lossreason", "Picklist", F_INTEGER, A_LOSS, WRITABLE | CUSTOM, NULL, loss_options,
     LOSS_OPTIONS},
    {"new_sharewithmicrosoft", "Boolean", F_BOOL, A_SHARE, WRITABLE | CUSTOM, NULL, NULL, 0},
    {"new_helpwanted", "Picklist", F_INTEGER, A_HELP, WRITABLE | CUSTOM, NULL, help_options,
     HELP_OPTIONS},
    {"new_customerconsent", "Boolean", F_BOOL, A_SHARE, WRITABLE | CUSTOM, NULL, NULL, 0},
    {"new_location", "String", F_TEXT, A_LOCATION, WRITABLE | CUSTOM, NULL, NULL, 0},
    {"new_externalid", "String", F_TEXT, A_EXTERNAL, WRITABLE | CUSTOM, NULL, NULL, 0},
    {"customerid_account.accountid", "Uniqueidentifier", F_ID, A_ACCOUNT_GUID, 0, NULL, NULL, 0},
    {"customerid_account.name", "String", F_TEXT, A_ACCOUNT_NAME, 0, NULL, NULL, 0},
    {"customerid_account.address1_line1", "String", F_TEXT, A_ACCOUNT_STREET, 0, NULL, NULL, 0},
    {"customerid_account.address1_city", "String", F_TEXT, A_ACCOUNT_CITY, 0, NULL, NULL, 0},
    {"customerid_account.address1_stateorprovince", "String", F_TEXT, A_ACCOUNT_STATE, 0, NULL,
     NULL, 0},
    {"customerid_account.address1_postalcode", "String", F_TEXT, A_ACCOUNT_POSTAL, 0, NULL, NULL,
     0},
    {"customerid_account.address1_country", "String", F_TEXT, A_ACCOUNT_COUNTRY, 0, NULL, NULL, 0},
    {"customerid_account.new_duns", "String", F_TEXT, A_ACCOUNT_DUNS, 0, NULL, NULL, 0},
    {"customerid_contact.contactid", "Uniqueidentifier", F_ID, A_NULL, 0, NULL, NULL, 0},
    {"customerid_contact.fullname", "String", F_TEXT, A_NULL, 0, NULL, NULL, 0},
    {"customerid_contact.emailaddress1", "String", F_TEXT, A_NULL, 0, NULL, NULL, 0},
    {"customerid_contact.telephone1", "String", F_TEXT, A_NULL, 0, NULL, NULL, 0},
    {"customerid_contact.address1_country", "String", F_TEXT, A_NULL, 0, NULL, NULL, 0},
    {"owninguser.systemuserid", "Uniqueidentifier", F_ID, A_AGENT_GUID, 0, NULL, NULL, 0},
    {"owninguser.fullname", "String", F_TEXT, A_AGENT_NAME, 0, NULL, NULL, 0},
    {"owninguser.internalemailaddress", "String", F_TEXT, A_AGENT_EMAIL, 0, NULL, NULL, 0},
    {"owninguser.address1_telephone1", "String", F_TEXT, A_AGENT_PHONE, 0, NULL, NULL, 0},
    {"transactioncurrencyid.transactioncurrencyid", "Uniqueidentifier", F_ID, A_CURRENCY_GUID, 0,
     NULL, NULL, 0},
    {"transactioncurrencyid.isocurrencycode", "String", F_TEXT, A_CURRENCY_CODE, 0, NULL, NULL, 0},
    {"transactioncurrencyid.currencyname", "String", F_TEXT, A_CURRENCY_NAME, 0, NULL, NULL, 0},
    {"transactioncurrencyid.currencyprecision", "Integer", F_INTEGER, A_CURRENCY_PRECISION, 0, NULL,
     NULL, 0},
    {"campaignid.campaignid", "Uniqueidentifier", F_ID, A_CAMPAIGN_GUID, 0, NULL, NULL, 0},
    {"campaignid.name", "String", F_TEXT, A_CAMPAIGN_NAME, 0, NULL, NULL, 0},
};

static const struct group parents[] = {
    {"customerid_account", "account", "customerid_account.accountid", "_customerid_value"},
    {"customerid_contact", "contact", "customerid_contact.contactid", "_customerid_value"},
    {"owninguser", "systemuser", "owninguser.systemuserid", "_ownerid_value"},
    {"transactioncurrencyid", "transactioncurrency", "transactioncurrencyid.transactioncurrencyid",
     "_transactioncurrencyid_value"},
    {"campaignid", "campaign", "campaignid.campaignid", "_campaignid_value"},
};

static const struct field organization[] = {
    {"organizationid", "Uniqueidentifier", F_ID, A_ORG_GUID, KEY, NULL, NULL, 0},
    {"name", "String", F_TEXT, A_ORG_NAME, 0, NULL, NULL, 0},
    {"expirechangetrackingindays", "Integer", F_INTEGER, A_ORG_RETENTION, 0, NULL, NULL, 0},
    {"_basecurrencyid_value", "Lookup", F_ID, A_CURRENCY_GUID, 0, NULL, NULL, 0},
};

static const struct field currency[] = {
    {"transactioncurrencyid", "Uniqueidentifier", F_ID, A_CURRENCY_GUID, KEY, NULL, NULL, 0},
    {"isocurrencycode", "String", F_TEXT, A_CURRENCY_CODE, 0, NULL, NULL, 0},
    {"currencyname", "String", F_TEXT, A_CURRENCY_NAME, 0, NULL, NULL, 0},
    {"currencyprecision", "Integer", F_INTEGER, A_CURRENCY_PRECISION, 0, NULL, NULL, 0},
    {"exchangerate", "Decimal", F_RATE, A_CURRENCY_RATE, 0, NULL, NULL, 0},
};

static const struct field user[] = {
    {"systemuserid", "Uniqueidentifier", F_ID, A_AGENT_GUID, KEY, NULL, NULL, 0},
    {"fullname", "String", F_TEXT, A_AGENT_NAME, 0, NULL, NULL, 0},
    {"internalemailaddress", "String", F_TEXT, A_AGENT_EMAIL, 0, NULL, NULL, 0},
    {"address1_telephone1", "String", F_TEXT, A_AGENT_PHONE, 0, NULL, NULL, 0},
};

static uint32_t count_one(void)
{
    return 1;
}

static uint32_t count_currencies(void)
{
    return CURRENCIES;
}

static uint32_t count_agents(void)
{
    return (uint32_t)catalog.nagents;
}

static void load_currency(uint32_t at, struct row *row)
{
    *row = (struct row){.at = at, .currency = (int)at};
}

static void load_agent(uint32_t at, struct row *row)
{
    *row = (struct row){.at = at, .agent = (int)at};
}

const struct entity dv_opportunity = {
    .name = "opportunities",
    .fields = opportunity,
    .nfields = COUNT(opportunity),
    .groups = parents,
    .ngroups = COUNT(parents),
    .crm = DYNAMICS,
    .changes = true,
    .count = world_count,
    .load = world_load,
};

#define SMALL(set, table, counts, loads)                                                           \
    {                                                                                              \
        .name = (set), .fields = (table), .nfields = COUNT(table), .crm = DYNAMICS,                \
        .count = (counts), .load = (loads)                                                         \
    }

static const struct entity small_tables[] = {
    SMALL("organizations", organization, count_one, load_currency),
    SMALL("transactioncurrencies", currency, count_currencies, load_currency),
    SMALL("systemusers", user, count_agents, load_agent),
};

static bool named(const struct entity *e, const char *set, size_t len)
{
    return strlen(e->name) == len && memcmp(e->name, set, len) == 0;
}

const struct entity *dv_entity(const char *set, size_t len)
{
    if (named(&dv_opportunity, set, len))
        return &dv_opportunity;
    for (size_t i = 0; i < COUNT(small_tables); i++)
        if (named(&small_tables[i], set, len))
            return &small_tables[i];
    return NULL;
}
