#include "tests/sim/sf_tables.h"
#include "tests/sim/world.h"

#include <strings.h>

#define COUNT(a) (sizeof(a) / sizeof *(a))

static const struct choice stage_names[] = {
    {1, "Prospecting"}, {2, "Engaging"}, {3, "Won"}, {4, "Lost"}, {5, "Value Proposition"},
};

static const struct choice categories[] = {
    {1, "Omitted"},     {2, "Pipeline"}, {3, "Best Case"},
    {4, "Most Likely"}, {5, "Commit"},   {6, "Closed"},
};

static const struct choice codes[] = {{1, "USD"}, {2, "EUR"}, {3, "GBP"}};

static const struct choice types[] = {{1, "New Customer"}, {2, "Existing Customer - Upgrade"}};

static const struct choice sources[] = {
    {1, "Web"},
    {2, "Partner Referral"},
    {3, "Phone Inquiry"},
};

#define CHOICE(a) (a), COUNT(a)

static const struct field opportunity[] = {
    {"Id", "id", F_ID, A_SF_ID, KEY | ASCENDING | REQUIRED, "Opportunity ID", NULL, 0},
    {"IsDeleted", "boolean", F_BOOL, A_DELETED, REQUIRED, "Deleted", NULL, 0},
    {"AccountId", "reference", F_ID, A_ACCOUNT_SF, WRITABLE, "Account ID", NULL, 0},
    {"RecordTypeId", "reference", F_ID, A_RECORD_TYPE_SF, WRITABLE, "Record Type ID", NULL, 0},
    {"IsPrivate", "boolean", F_BOOL, A_FALSE, WRITABLE | REQUIRED, "Private", NULL, 0},
    {"Name", "string", F_TEXT, A_NAME, WRITABLE | REQUIRED, "Name", NULL, 0},
    {"Description", "textarea", F_TEXT, A_DESCRIPTION, WRITABLE | NO_FILTER, "Description", NULL,
     0},
    {"StageName", "picklist", F_TEXT, A_STAGE_NAME, WRITABLE | REQUIRED, "Stage",
     CHOICE(stage_names)},
    {"Amount", "currency", F_TRIMMED, A_AMOUNT, WRITABLE, "Amount", NULL, 0},
    {"Probability", "percent", F_TRIMMED, A_STAGE_PROBABILITY, WRITABLE, "Probability (%)", NULL,
     0},
    {"CloseDate", "date", F_DATE, A_CLOSE, WRITABLE | REQUIRED, "Close Date", NULL, 0},
    {"Type", "picklist", F_TEXT, A_TYPE, WRITABLE, "Opportunity Type", CHOICE(types)},
    {"NextStep", "string", F_TEXT, A_NEXT_STEP, WRITABLE, "Next Step", NULL, 0},
    {"LeadSource", "picklist", F_TEXT, A_LEAD_SOURCE, WRITABLE, "Lead Source", CHOICE(sources)},
    {"IsClosed", "boolean", F_BOOL, A_STAGE_CLOSED, REQUIRED, "Closed", NULL, 0},
    {"IsWon", "boolean", F_BOOL, A_STAGE_WON, REQUIRED, "Won", NULL, 0},
    {"ForecastCategoryName", "picklist", F_TEXT, A_STAGE_CATEGORY, WRITABLE, "Forecast Category",
     CHOICE(categories)},
    {"CurrencyIsoCode", "picklist", F_TEXT, A_CURRENCY_CODE, WRITABLE | CURRENCY,
     "Opportunity Currency", CHOICE(codes)},
    {"CampaignId", "reference", F_ID, A_CAMPAIGN_SF, WRITABLE, "Campaign ID", NULL, 0},
    {"HasOpportunityLineItem", "boolean", F_BOOL, A_FALSE, REQUIRED, "Has Line Item", NULL, 0},
    {"OwnerId", "reference", F_ID, A_AGENT_SF, WRITABLE | REQUIRED, "Owner ID", NULL, 0},
    {"CreatedDate", "datetime", F_MILLIS, A_CREATED, REQUIRED, "Created Date", NULL, 0},
    {"LastModifiedDate", "datetime", F_MILLIS, A_MODIFIED, ASCENDING | REQUIRED,
     "Last Modified Date", NULL, 0},
    {"LastModifiedById", "reference", F_ID, A_AGENT_SF, REQUIRED, "Last Modified By ID", NULL, 0},
    {"SystemModstamp", "datetime", F_MILLIS, A_MODIFIED, ASCENDING | STAMP | REQUIRED,
     "System Modstamp", NULL, 0},
    {"Product_Code__c", "string", F_TEXT, A_PRODUCT, WRITABLE | CUSTOM, "Product Code", NULL, 0},
    {"Loss_Reason__c", "picklist", F_TEXT, A_LOSS_LABEL, WRITABLE | CUSTOM, "Loss Reason",
     loss_options, LOSS_OPTIONS},
    {"Share_With_Microsoft__c", "boolean", F_BOOL, A_SHARE, WRITABLE | CUSTOM | REQUIRED,
     "Share with Microsoft", NULL, 0},
    {"Help_Wanted__c", "picklist", F_TEXT, A_HELP_LABEL, WRITABLE | CUSTOM, "Help wanted",
     help_options, HELP_OPTIONS},
    {"Customer_Consent__c", "boolean", F_BOOL, A_SHARE, WRITABLE | CUSTOM | REQUIRED,
     "Customer consent", NULL, 0},
    {"MPN_Location__c", "string", F_TEXT, A_LOCATION, WRITABLE | CUSTOM, "MPN location", NULL, 0},
    {"External_Id__c", "string", F_TEXT, A_EXTERNAL, WRITABLE | CUSTOM, "External id", NULL, 0},
    {"Account.Id", "id", F_ID, A_ACCOUNT_SF, 0, NULL, NULL, 0},
    {"Account.Name", "string", F_TEXT, A_ACCOUNT_NAME, 0, NULL, NULL, 0},
    {"Account.BillingStreet", "textarea", F_TEXT, A_ACCOUNT_STREET, 0, NULL, NULL, 0},
    {"Account.BillingCity", "string", F_TEXT, A_ACCOUNT_CITY, 0, NULL, NULL, 0},
    {"Account.BillingState", "string", F_TEXT, A_ACCOUNT_STATE, 0, NULL, NULL, 0},
    {"Account.BillingPostalCode", "string", F_TEXT, A_ACCOUNT_POSTAL, 0, NULL, NULL, 0},
    {"Account.BillingCountry", "string", F_TEXT, A_ACCOUNT_COUNTRY, 0, NULL, NULL, 0},
    {"Account.DunsNumber", "string", F_TEXT, A_ACCOUNT_DUNS, 0, NULL, NULL, 0},
    {"Owner.Id", "id", F_ID, A_AGENT_SF, 0, NULL, NULL, 0},
    {"Owner.Name", "string", F_TEXT, A_AGENT_NAME, 0, NULL, NULL, 0},
    {"Owner.Email", "email", F_TEXT, A_AGENT_EMAIL, 0, NULL, NULL, 0},
    {"Owner.Phone", "phone", F_TEXT, A_AGENT_PHONE, 0, NULL, NULL, 0},
    {"Owner.Username", "string", F_TEXT, A_AGENT_EMAIL, 0, NULL, NULL, 0},
    {"RecordType.Id", "id", F_ID, A_RECORD_TYPE_SF, 0, NULL, NULL, 0},
    {"RecordType.Name", "string", F_TEXT, A_RECORD_TYPE_NAME, 0, NULL, NULL, 0},
    {"RecordType.DeveloperName", "string", F_TEXT, A_RECORD_TYPE_API, 0, NULL, NULL, 0},
    {"LastModifiedBy.Id", "id", F_ID, A_AGENT_SF, 0, NULL, NULL, 0},
    {"LastModifiedBy.Name", "string", F_TEXT, A_AGENT_NAME, 0, NULL, NULL, 0},
    {"LastModifiedBy.Username", "string", F_TEXT, A_AGENT_EMAIL, 0, NULL, NULL, 0},
    {"Campaign.Id", "id", F_ID, A_CAMPAIGN_SF, 0, NULL, NULL, 0},
    {"Campaign.Name", "string", F_TEXT, A_CAMPAIGN_NAME, 0, NULL, NULL, 0},
};

static const struct group parents[] = {
    {"Account", "Account", "AccountId", "Account.Id"},
    {"Owner", "User", "OwnerId", "Owner.Id"},
    {"RecordType", "RecordType", "RecordTypeId", "RecordType.Id"},
    {"LastModifiedBy", "User", "LastModifiedById", "LastModifiedBy.Id"},
    {"Campaign", "Campaign", "CampaignId", "Campaign.Id"},
};

static const struct field opportunity_stage[] = {
    {"Id", "id", F_ID, A_STAGE_SF, KEY, NULL, NULL, 0},
    {"ApiName", "string", F_TEXT, A_STAGE_NAME, 0, NULL, NULL, 0},
    {"MasterLabel", "string", F_TEXT, A_STAGE_NAME, 0, NULL, NULL, 0},
    {"DefaultProbability", "percent", F_TRIMMED, A_STAGE_PROBABILITY, 0, NULL, NULL, 0},
    {"Description", "string", F_TEXT, A_NULL, 0, NULL, NULL, 0},
    {"ForecastCategory", "picklist", F_TEXT, A_STAGE_CATEGORY_API, 0, NULL, NULL, 0},
    {"ForecastCategoryName", "picklist", F_TEXT, A_STAGE_CATEGORY, 0, NULL, NULL, 0},
    {"IsActive", "boolean", F_BOOL, A_STAGE_ACTIVE, 0, NULL, NULL, 0},
    {"IsClosed", "boolean", F_BOOL, A_STAGE_CLOSED, 0, NULL, NULL, 0},
    {"IsWon", "boolean", F_BOOL, A_STAGE_WON, 0, NULL, NULL, 0},
    {"SortOrder", "int", F_INTEGER, A_STAGE_SORT, 0, NULL, NULL, 0},
};

static const struct field organization[] = {
    {"Id", "id", F_ID, A_ORG_SF, KEY, NULL, NULL, 0},
    {"Name", "string", F_TEXT, A_ORG_NAME, 0, NULL, NULL, 0},
    {"DefaultCurrencyIsoCode", "picklist", F_TEXT, A_ORG_CURRENCY, 0, NULL, NULL, 0},
    {"OrganizationType", "picklist", F_TEXT, A_ORG_EDITION, 0, NULL, NULL, 0},
    {"IsSandbox", "boolean", F_BOOL, A_FALSE, 0, NULL, NULL, 0},
};

static const struct field record_type[] = {
    {"Id", "id", F_ID, A_RECORD_TYPE_SF, KEY, NULL, NULL, 0},
    {"Name", "string", F_TEXT, A_RECORD_TYPE_NAME, 0, NULL, NULL, 0},
    {"DeveloperName", "string", F_TEXT, A_RECORD_TYPE_API, 0, NULL, NULL, 0},
};

static const struct field user[] = {
    {"Id", "id", F_ID, A_AGENT_SF, KEY, NULL, NULL, 0},
    {"Name", "string", F_TEXT, A_AGENT_NAME, 0, NULL, NULL, 0},
    {"Email", "email", F_TEXT, A_AGENT_EMAIL, 0, NULL, NULL, 0},
    {"Phone", "phone", F_TEXT, A_AGENT_PHONE, 0, NULL, NULL, 0},
    {"Username", "string", F_TEXT, A_AGENT_EMAIL, 0, NULL, NULL, 0},
};

static uint32_t count_one(void)
{
    return 1;
}

static uint32_t count_stages(void)
{
    return STAGES;
}

static uint32_t count_agents(void)
{
    return (uint32_t)catalog.nagents;
}

static void load_stage(uint32_t at, struct row *row)
{
    *row = (struct row){.at = at, .stage = (int)at};
}

static void load_agent(uint32_t at, struct row *row)
{
    *row = (struct row){.at = at, .agent = (int)at};
}

const struct entity sf_opportunity = {
    .name = "Opportunity",
    .fields = opportunity,
    .nfields = COUNT(opportunity),
    .groups = parents,
    .ngroups = COUNT(parents),
    .crm = SALESFORCE,
    .changes = true,
    .count = world_count,
    .load = world_load,
};

static const struct entity small_tables[] = {
    {"OpportunityStage", opportunity_stage, COUNT(opportunity_stage), NULL, 0, SALESFORCE, false,
     count_stages, load_stage},
    {"Organization", organization, COUNT(organization), NULL, 0, SALESFORCE, false, count_one,
     load_stage},
    {"RecordType", record_type, COUNT(record_type), NULL, 0, SALESFORCE, false, count_one,
     load_stage},
    {"User", user, COUNT(user), NULL, 0, SALESFORCE, false, count_agents, load_agent},
};

const struct entity *sf_entity(const char *name)
{
    if (strcasecmp(name, sf_opportunity.name) == 0)
        return &sf_opportunity;
    for (size_t i = 0; i < COUNT(small_tables); i++)
        if (strcasecmp(name, small_tables[i].name) == 0)
            return &small_tables[i];
    return NULL;
}
