#include "tests/sim/dv_tables.h"
#include "tests/sim/dv_switch.h"
#include "tests/sim/world.h"

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

static const struct choice new_stages[] = {
    {100000000, "Prospecting"}, {100000001, "Engaging"},          {100000002, "Won"},
    {100000003, "Lost"},        {100000004, "Value Proposition"},
};

static const struct choice ratings[] = {{1, "Hot"}, {2, "Warm"}, {3, "Cold"}};
static const struct choice priorities[] = {{1, "Default Value"}};
static const struct choice frames[] = {
    {0, "Immediate"}, {1, "This Quarter"}, {2, "Next Quarter"}, {3, "This Year"}, {4, "Unknown"},
};
static const struct choice processes[] = {{0, "Individual"}, {1, "Committee"}, {2, "Unknown"}};
static const struct choice budgets[] = {
    {0, "No Committed Budget"},
    {1, "May Buy"},
    {2, "Can Buy"},
    {3, "Will Buy"},
};
static const struct choice needs[] = {
    {0, "Must have"},
    {1, "Should have"},
    {2, "Good to have"},
    {3, "No need"},
};
static const struct choice contacted[] = {{0, "Contacted"}, {1, "Not Contacted"}};
static const struct choice pricing_errors[] = {{0, "None"}, {1, "Detail Error"}};

/* Real tables have hundreds of columns; these hold nothing until somebody writes them. */
#define EXTRA(n)                                                                                   \
    {                                                                                              \
        "new_extra" n, "String", F_TEXT, A_NULL, WRITABLE | CUSTOM | FILLER, NULL, NULL, 0         \
    }
#define TEN(n)                                                                                     \
    EXTRA(n "0"), EXTRA(n "1"), EXTRA(n "2"), EXTRA(n "3"), EXTRA(n "4"), EXTRA(n "5"),            \
        EXTRA(n "6"), EXTRA(n "7"), EXTRA(n "8"), EXTRA(n "9")
#define HUNDRED(n)                                                                                 \
    TEN(n "0"), TEN(n "1"), TEN(n "2"), TEN(n "3"), TEN(n "4"), TEN(n "5"), TEN(n "6"),            \
        TEN(n "7"), TEN(n "8"), TEN(n "9")

#define MONEY(name, flags)                                                                         \
    {                                                                                              \
        name, "Money", F_MONEY, A_NULL, flags, NULL, NULL, 0                                       \
    }
#define LOOKUP(name, flags)                                                                        \
    {                                                                                              \
        name, "Lookup", F_ID, A_NULL, flags, NULL, NULL, 0                                         \
    }
#define PICK(name, options)                                                                        \
    {                                                                                              \
        name, "Picklist", F_INTEGER, A_NULL, WRITABLE, NULL, CHOICE(options)                       \
    }
#define PLAIN(name, type, form)                                                                    \
    {                                                                                              \
        name, type, form, A_NULL, WRITABLE, NULL, NULL, 0                                          \
    }

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
    {"_customerid_value", "Customer", F_ID, A_DV_CUSTOMER, WRITABLE, NULL, NULL, 0},
    {"_parentaccountid_value", "Lookup", F_ID, A_ACCOUNT_GUID, WRITABLE, NULL, NULL, 0},
    {"_parentcontactid_value", "Lookup", F_ID, A_NULL, WRITABLE, NULL, NULL, 0},
    {"_ownerid_value", "Owner", F_ID, A_AGENT_GUID, WRITABLE, NULL, NULL, 0},
    {"_owninguser_value", "Lookup", F_ID, A_AGENT_GUID, 0, NULL, NULL, 0},
    {"_transactioncurrencyid_value", "Lookup", F_ID, A_CURRENCY_GUID, WRITABLE, NULL, NULL, 0},
    {"_campaignid_value", "Lookup", F_ID, A_CAMPAIGN_GUID, WRITABLE, NULL, NULL, 0},
    {"createdon", "DateTime", F_ZULU, A_CREATED, CREATION, NULL, NULL, 0},
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
    {"new_dealkey", "String", F_TEXT, A_NULL, WRITABLE | CUSTOM | UNIQUE, NULL, NULL, 0},
    {"new_stage", "Picklist", F_INTEGER, A_DV_STAGE_OPTION, WRITABLE | CUSTOM, NULL,
     CHOICE(new_stages)},
    LOOKUP("_owningteam_value", 0),
    LOOKUP("_owningbusinessunit_value", 0),
    LOOKUP("_accountid_value", 0),
    LOOKUP("_contactid_value", 0),
    LOOKUP("_createdby_value", 0),
    LOOKUP("_pricelevelid_value", WRITABLE),
    LOOKUP("_originatingleadid_value", WRITABLE),
    MONEY("actualvalue_base", 0),
    MONEY("budgetamount", WRITABLE),
    MONEY("freightamount", WRITABLE),
    MONEY("discountamount", WRITABLE),
    MONEY("totalamount", WRITABLE),
    MONEY("totalamountlessfreight", WRITABLE),
    MONEY("totaldiscountamount", WRITABLE),
    MONEY("totallineitemamount", WRITABLE),
    MONEY("totallineitemdiscountamount", WRITABLE),
    MONEY("totaltax", WRITABLE),
    PLAIN("finaldecisiondate", "DateTime", F_DATE),
    PLAIN("overriddencreatedon", "DateTime", F_ZULU),
    PLAIN("importsequencenumber", "Integer", F_INTEGER),
    PLAIN("stepid", "Uniqueidentifier", F_ID),
    PLAIN("stageid", "Uniqueidentifier", F_ID),
    PLAIN("processid", "Uniqueidentifier", F_ID),
    PLAIN("traversedpath", "String", F_TEXT),
    PLAIN("emailaddress", "String", F_TEXT),
    PICK("pricingerrorcode", pricing_errors),
    PICK("opportunityratingcode", ratings),
    PICK("prioritycode", priorities),
    PICK("purchasetimeframe", frames),
    PICK("timeline", frames),
    PICK("purchaseprocess", processes),
    PICK("budgetstatus", budgets),
    PICK("need", needs),
    PICK("initialcommunication", contacted),
    HUNDRED("0"),
    HUNDRED("1"),
    TEN("20"),
    TEN("21"),
    TEN("22"),
    TEN("23"),
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
    {"customerid_contact.contactid", "Uniqueidentifier", F_ID, A_DV_CONTACT, 0, NULL, NULL, 0},
    {"customerid_contact.fullname", "String", F_TEXT, A_DV_CONTACT_NAME, 0, NULL, NULL, 0},
    {"customerid_contact.emailaddress1", "String", F_TEXT, A_DV_CONTACT_EMAIL, 0, NULL, NULL, 0},
    {"customerid_contact.telephone1", "String", F_TEXT, A_DV_CONTACT_PHONE, 0, NULL, NULL, 0},
    {"customerid_contact.address1_country", "String", F_TEXT, A_NULL, 0, NULL, NULL, 0},
    {"owninguser.systemuserid", "Uniqueidentifier", F_ID, A_AGENT_GUID, 0, NULL, NULL, 0},
    {"owninguser.fullname", "String", F_TEXT, A_AGENT_NAME, 0, NULL, NULL, 0},
    {"owninguser.internalemailaddress", "String", F_TEXT, A_AGENT_EMAIL, 0, NULL, NULL, 0},
    {"owninguser.address1_telephone1", "String", F_TEXT, A_AGENT_PHONE, 0, NULL, NULL, 0},
    {"owninguser.modifiedon", "DateTime", F_ZULU, A_NULL, 0, NULL, NULL, 0},
    {"transactioncurrencyid.transactioncurrencyid", "Uniqueidentifier", F_ID, A_CURRENCY_GUID, 0,
     NULL, NULL, 0},
    {"transactioncurrencyid.isocurrencycode", "String", F_TEXT, A_CURRENCY_CODE, 0, NULL, NULL, 0},
    {"transactioncurrencyid.currencyname", "String", F_TEXT, A_CURRENCY_NAME, 0, NULL, NULL, 0},
    {"transactioncurrencyid.currencyprecision", "Integer", F_INTEGER, A_CURRENCY_PRECISION, 0, NULL,
     NULL, 0},
    {"campaignid.campaignid", "Uniqueidentifier", F_ID, A_CAMPAIGN_GUID, 0, NULL, NULL, 0},
    {"campaignid.name", "String", F_TEXT, A_CAMPAIGN_NAME, 0, NULL, NULL, 0},
    {"customerid_account.modifiedon", "DateTime", F_ZULU, A_NULL, 0, NULL, NULL, 0},
    {"customerid_contact.modifiedon", "DateTime", F_ZULU, A_NULL, 0, NULL, NULL, 0},
    {"modifiedby.systemuserid", "Uniqueidentifier", F_ID, A_AGENT_GUID, 0, NULL, NULL, 0},
    {"modifiedby.fullname", "String", F_TEXT, A_AGENT_NAME, 0, NULL, NULL, 0},
    {"modifiedby.domainname", "String", F_TEXT, A_AGENT_EMAIL, 0, NULL, NULL, 0},
    {"modifiedby.applicationid", "Uniqueidentifier", F_ID, A_NULL, 0, NULL, NULL, 0},
    {"owningteam.teamid", "Uniqueidentifier", F_ID, A_NULL, 0, NULL, NULL, 0},
    {"owningteam.name", "String", F_TEXT, A_NULL, 0, NULL, NULL, 0},
    {"owningteam.emailaddress", "String", F_TEXT, A_NULL, 0, NULL, NULL, 0},
    {"owningteam.modifiedon", "DateTime", F_ZULU, A_NULL, 0, NULL, NULL, 0},
};

static const struct group parents[] = {
    {"customerid_account", "account", "customerid_account.accountid", "_customerid_value"},
    {"customerid_contact", "contact", "customerid_contact.contactid", "_customerid_value"},
    {"owninguser", "systemuser", "owninguser.systemuserid", "_ownerid_value"},
    {"transactioncurrencyid", "transactioncurrency", "transactioncurrencyid.transactioncurrencyid",
     "_transactioncurrencyid_value"},
    {"campaignid", "campaign", "campaignid.campaignid", "_campaignid_value"},
    {"modifiedby", "systemuser", "modifiedby.systemuserid", "_modifiedby_value"},
    {"owningteam", "team", "owningteam.teamid", "_owningteam_value"},
};

static void load(uint32_t at, struct row *row)
{
    world_load(at, row);
    row->dynamics = true;
    if (dv_switches.contact_share > 0 && row->account >= 0 &&
        (int64_t)(text_mix(at + 0xc047u) % 100) < dv_switches.contact_share) {
        row->account = -1;
        row->person = at % DV_CONTACTS + 1;
    }
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
    .load = load,
};
