#include "tests/sim/sf_tables.h"
#include "tests/sim/sf_rows.h"
#include "tests/sim/sf_settings.h"

#include <string.h>
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
    {"HasOpportunityLineItem", "boolean", F_BOOL, A_HAS_ITEMS, REQUIRED, "Has Line Item", NULL, 0},
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
    {"Deal_Key__c", "string", F_TEXT, A_NULL, WRITABLE | CUSTOM | EXTERNAL_KEY, "Deal key", NULL,
     0},
    {"CreatedById", "reference", F_ID, A_AGENT_SF, REQUIRED, "Created By ID", NULL, 0},
    {"ContactId", "reference", F_ID, A_NULL, CREATE_ONLY, "Contact ID", NULL, 0},
    {"ForecastCategory", "picklist", F_TEXT, A_STAGE_CATEGORY_API, REQUIRED, "Forecast Category",
     NULL, 0},
    {"Account.Id", "id", F_ID, A_ACCOUNT_SF, 0, NULL, NULL, 0},
    {"Account.Name", "string", F_TEXT, A_ACCOUNT_NAME, 0, NULL, NULL, 0},
    {"Account.BillingStreet", "textarea", F_TEXT, A_ACCOUNT_STREET, 0, NULL, NULL, 0},
    {"Account.BillingCity", "string", F_TEXT, A_ACCOUNT_CITY, 0, NULL, NULL, 0},
    {"Account.BillingState", "string", F_TEXT, A_ACCOUNT_STATE, 0, NULL, NULL, 0},
    {"Account.BillingPostalCode", "string", F_TEXT, A_ACCOUNT_POSTAL, 0, NULL, NULL, 0},
    {"Account.BillingCountry", "string", F_TEXT, A_ACCOUNT_COUNTRY, 0, NULL, NULL, 0},
    {"Account.DunsNumber", "string", F_TEXT, A_ACCOUNT_DUNS, 0, NULL, NULL, 0},
    {"Account.PersonEmail", "email", F_TEXT, A_PERSON_EMAIL, 0, NULL, NULL, 0},
    {"Account.IsPersonAccount", "boolean", F_BOOL, A_PERSON, 0, NULL, NULL, 0},
    {"Account.SystemModstamp", "datetime", F_MILLIS, A_ACCOUNT_MODIFIED, 0, NULL, NULL, 0},
    {"Account.LastModifiedDate", "datetime", F_MILLIS, A_ACCOUNT_MODIFIED, 0, NULL, NULL, 0},
    {"Owner.Id", "id", F_ID, A_AGENT_SF, 0, NULL, NULL, 0},
    {"Owner.Name", "string", F_TEXT, A_AGENT_NAME, 0, NULL, NULL, 0},
    {"Owner.Email", "email", F_TEXT, A_AGENT_EMAIL, 0, NULL, NULL, 0},
    {"Owner.Phone", "phone", F_TEXT, A_AGENT_PHONE, 0, NULL, NULL, 0},
    {"Owner.Username", "string", F_TEXT, A_AGENT_EMAIL, 0, NULL, NULL, 0},
    {"Owner.IsActive", "boolean", F_BOOL, A_TRUE, 0, NULL, NULL, 0},
    {"Owner.SystemModstamp", "datetime", F_MILLIS, A_AGENT_MODIFIED, 0, NULL, NULL, 0},
    {"RecordType.SystemModstamp", "datetime", F_MILLIS, A_FIRST_STAMP, 0, NULL, NULL, 0},
    {"RecordType.Id", "id", F_ID, A_RECORD_TYPE_SF, 0, NULL, NULL, 0},
    {"RecordType.Name", "string", F_TEXT, A_RECORD_TYPE_NAME, 0, NULL, NULL, 0},
    {"RecordType.DeveloperName", "string", F_TEXT, A_RECORD_TYPE_API, 0, NULL, NULL, 0},
    {"LastModifiedBy.Id", "id", F_ID, A_AGENT_SF, 0, NULL, NULL, 0},
    {"LastModifiedBy.Name", "string", F_TEXT, A_AGENT_NAME, 0, NULL, NULL, 0},
    {"LastModifiedBy.Username", "string", F_TEXT, A_AGENT_EMAIL, 0, NULL, NULL, 0},
    {"Campaign.Id", "id", F_ID, A_CAMPAIGN_SF, 0, NULL, NULL, 0},
    {"Campaign.Name", "string", F_TEXT, A_CAMPAIGN_NAME, 0, NULL, NULL, 0},
    {"Campaign.SystemModstamp", "datetime", F_MILLIS, A_FIRST_STAMP, 0, NULL, NULL, 0},
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
    {"IsSandbox", "boolean", F_BOOL, A_SANDBOX, 0, NULL, NULL, 0},
    {"InstanceName", "string", F_TEXT, A_INSTANCE, 0, NULL, NULL, 0},
    {"NamespacePrefix", "string", F_TEXT, A_NULL, 0, NULL, NULL, 0},
    {"TrialExpirationDate", "datetime", F_MILLIS, A_NULL, 0, NULL, NULL, 0},
};

static const struct field record_type[] = {
    {"Id", "id", F_ID, A_RECORD_TYPE_SF, KEY, NULL, NULL, 0},
    {"Name", "string", F_TEXT, A_RECORD_TYPE_NAME, 0, NULL, NULL, 0},
    {"DeveloperName", "string", F_TEXT, A_RECORD_TYPE_API, 0, NULL, NULL, 0},
    {"ParentId", "reference", F_ID, A_PROFILE_SF, 0, NULL, NULL, 0},
    {"SobjectType", "picklist", F_TEXT, A_OBJECT_NAME, 0, NULL, NULL, 0},
    {"IsActive", "boolean", F_BOOL, A_TRUE, 0, NULL, NULL, 0},
    {"BusinessProcessId", "reference", F_ID, A_PROCESS_SF, 0, NULL, NULL, 0},
    {"BusinessProcess.Id", "id", F_ID, A_PROCESS_SF, 0, NULL, NULL, 0},
    {"BusinessProcess.Name", "string", F_TEXT, A_PROCESS_NAME, 0, NULL, NULL, 0},
    {"SystemModstamp", "datetime", F_MILLIS, A_FIRST_STAMP, 0, NULL, NULL, 0},
};

static const struct field business_process[] = {
    {"Id", "id", F_ID, A_PROCESS_SF, KEY, NULL, NULL, 0},
    {"Name", "string", F_TEXT, A_PROCESS_NAME, 0, NULL, NULL, 0},
    {"TableEnumOrId", "picklist", F_TEXT, A_OBJECT_NAME, 0, NULL, NULL, 0},
    {"IsActive", "boolean", F_BOOL, A_TRUE, 0, NULL, NULL, 0},
};

static const struct group process_parents[] = {
    {"BusinessProcess", "BusinessProcess", "BusinessProcessId", "BusinessProcess.Id"},
};

static const struct field account[] = {
    {"Id", "id", F_ID, A_ACCOUNT_SF, KEY | ASCENDING, NULL, NULL, 0},
    {"Name", "string", F_TEXT, A_ACCOUNT_NAME, WRITABLE, NULL, NULL, 0},
    {"BillingStreet", "textarea", F_TEXT, A_ACCOUNT_STREET, WRITABLE, NULL, NULL, 0},
    {"BillingCity", "string", F_TEXT, A_ACCOUNT_CITY, WRITABLE, NULL, NULL, 0},
    {"BillingState", "string", F_TEXT, A_ACCOUNT_STATE, WRITABLE, NULL, NULL, 0},
    {"BillingPostalCode", "string", F_TEXT, A_ACCOUNT_POSTAL, WRITABLE, NULL, NULL, 0},
    {"BillingCountry", "string", F_TEXT, A_ACCOUNT_COUNTRY, WRITABLE, NULL, NULL, 0},
    {"DunsNumber", "string", F_TEXT, A_ACCOUNT_DUNS, WRITABLE, NULL, NULL, 0},
    {"PersonEmail", "email", F_TEXT, A_PERSON_EMAIL, 0, NULL, NULL, 0},
    {"IsPersonAccount", "boolean", F_BOOL, A_PERSON, REQUIRED, NULL, NULL, 0},
    {"IsDeleted", "boolean", F_BOOL, A_DELETED, REQUIRED, NULL, NULL, 0},
    {"CreatedDate", "datetime", F_MILLIS, A_CREATED, REQUIRED, NULL, NULL, 0},
    {"LastModifiedDate", "datetime", F_MILLIS, A_MODIFIED, REQUIRED, NULL, NULL, 0},
    {"SystemModstamp", "datetime", F_MILLIS, A_MODIFIED, STAMP | REQUIRED, NULL, NULL, 0},
};

static const struct field user[] = {
    {"Id", "id", F_ID, A_AGENT_SF, KEY | ASCENDING, NULL, NULL, 0},
    {"Name", "string", F_TEXT, A_AGENT_NAME, 0, NULL, NULL, 0},
    {"Email", "email", F_TEXT, A_AGENT_EMAIL, 0, NULL, NULL, 0},
    {"Phone", "phone", F_TEXT, A_AGENT_PHONE, 0, NULL, NULL, 0},
    {"Username", "string", F_TEXT, A_AGENT_EMAIL, 0, NULL, NULL, 0},
    {"IsActive", "boolean", F_BOOL, A_TRUE, 0, NULL, NULL, 0},
    {"ProfileId", "reference", F_ID, A_PROFILE_SF, 0, NULL, NULL, 0},
    {"Profile.Id", "id", F_ID, A_PROFILE_SF, 0, NULL, NULL, 0},
    {"Profile.PermissionsViewAllData", "boolean", F_BOOL, A_VIEW_ALL, 0, NULL, NULL, 0},
    {"Profile.PermissionsApiEnabled", "boolean", F_BOOL, A_TRUE, 0, NULL, NULL, 0},
    {"CreatedDate", "datetime", F_MILLIS, A_CREATED, REQUIRED, NULL, NULL, 0},
    {"LastModifiedDate", "datetime", F_MILLIS, A_MODIFIED, REQUIRED, NULL, NULL, 0},
    {"SystemModstamp", "datetime", F_MILLIS, A_MODIFIED, STAMP | REQUIRED, NULL, NULL, 0},
};

static const struct field contact[] = {
    {"Id", "id", F_ID, A_CONTACT_SF, KEY | ASCENDING, NULL, NULL, 0},
    {"Name", "string", F_TEXT, A_CONTACT_NAME, 0, NULL, NULL, 0},
    {"FirstName", "string", F_TEXT, A_CONTACT_FIRST, 0, NULL, NULL, 0},
    {"LastName", "string", F_TEXT, A_CONTACT_LAST, 0, NULL, NULL, 0},
    {"Email", "email", F_TEXT, A_CONTACT_EMAIL, 0, NULL, NULL, 0},
    {"Phone", "phone", F_TEXT, A_CONTACT_PHONE, 0, NULL, NULL, 0},
    {"AccountId", "reference", F_ID, A_ACCOUNT_SF, 0, NULL, NULL, 0},
    {"IsDeleted", "boolean", F_BOOL, A_DELETED, REQUIRED, NULL, NULL, 0},
    {"CreatedDate", "datetime", F_MILLIS, A_CREATED, REQUIRED, NULL, NULL, 0},
    {"LastModifiedDate", "datetime", F_MILLIS, A_MODIFIED, REQUIRED, NULL, NULL, 0},
    {"SystemModstamp", "datetime", F_MILLIS, A_MODIFIED, STAMP | REQUIRED, NULL, NULL, 0},
};

static const struct field product[] = {
    {"Id", "id", F_ID, A_PRODUCT_SF, KEY | ASCENDING, NULL, NULL, 0},
    {"Name", "string", F_TEXT, A_PRODUCT_NAME, 0, NULL, NULL, 0},
    {"ProductCode", "string", F_TEXT, A_PRODUCT_CODE, 0, NULL, NULL, 0},
    {"Family", "picklist", F_TEXT, A_PRODUCT_FAMILY, 0, NULL, NULL, 0},
    {"IsActive", "boolean", F_BOOL, A_TRUE, 0, NULL, NULL, 0},
    {"IsDeleted", "boolean", F_BOOL, A_DELETED, REQUIRED, NULL, NULL, 0},
    {"CreatedDate", "datetime", F_MILLIS, A_CREATED, REQUIRED, NULL, NULL, 0},
    {"LastModifiedDate", "datetime", F_MILLIS, A_MODIFIED, REQUIRED, NULL, NULL, 0},
    {"SystemModstamp", "datetime", F_MILLIS, A_MODIFIED, STAMP | REQUIRED, NULL, NULL, 0},
};

static const struct field pricebook_entry[] = {
    {"Id", "id", F_ID, A_ENTRY_SF, KEY | ASCENDING, NULL, NULL, 0},
    {"Name", "string", F_TEXT, A_PRODUCT_NAME, 0, NULL, NULL, 0},
    {"Product2Id", "reference", F_ID, A_PRODUCT_SF, 0, NULL, NULL, 0},
    {"UnitPrice", "currency", F_TRIMMED, A_ENTRY_PRICE, 0, NULL, NULL, 0},
    {"CurrencyIsoCode", "picklist", F_TEXT, A_CURRENCY_CODE, CURRENCY, NULL, NULL, 0},
    {"IsActive", "boolean", F_BOOL, A_TRUE, 0, NULL, NULL, 0},
    {"Product2.Id", "id", F_ID, A_PRODUCT_SF, 0, NULL, NULL, 0},
    {"Product2.ProductCode", "string", F_TEXT, A_PRODUCT_CODE, 0, NULL, NULL, 0},
    {"Product2.Name", "string", F_TEXT, A_PRODUCT_NAME, 0, NULL, NULL, 0},
    {"IsDeleted", "boolean", F_BOOL, A_DELETED, REQUIRED, NULL, NULL, 0},
    {"CreatedDate", "datetime", F_MILLIS, A_CREATED, REQUIRED, NULL, NULL, 0},
    {"LastModifiedDate", "datetime", F_MILLIS, A_MODIFIED, REQUIRED, NULL, NULL, 0},
    {"SystemModstamp", "datetime", F_MILLIS, A_MODIFIED, STAMP | REQUIRED, NULL, NULL, 0},
};

static const struct field currency_type[] = {
    {"Id", "id", F_ID, A_CURRENCY_SF, KEY | ASCENDING, NULL, NULL, 0},
    {"IsoCode", "picklist", F_TEXT, A_CURRENCY_CODE, 0, NULL, NULL, 0},
    {"ConversionRate", "double", F_TRIMMED, A_CURRENCY_RATE, 0, NULL, NULL, 0},
    {"DecimalPlaces", "int", F_INTEGER, A_CURRENCY_PRECISION, 0, NULL, NULL, 0},
    {"IsActive", "boolean", F_BOOL, A_TRUE, 0, NULL, NULL, 0},
    {"IsCorporate", "boolean", F_BOOL, A_CURRENCY_CORPORATE, 0, NULL, NULL, 0},
    {"CreatedDate", "datetime", F_MILLIS, A_CREATED, REQUIRED, NULL, NULL, 0},
    {"LastModifiedDate", "datetime", F_MILLIS, A_MODIFIED, REQUIRED, NULL, NULL, 0},
    {"SystemModstamp", "datetime", F_MILLIS, A_MODIFIED, STAMP | REQUIRED, NULL, NULL, 0},
};

static const struct field dated_rate[] = {
    {"Id", "id", F_ID, A_RATE_SF, KEY | ASCENDING, NULL, NULL, 0},
    {"IsoCode", "picklist", F_TEXT, A_CURRENCY_CODE, 0, NULL, NULL, 0},
    {"ConversionRate", "double", F_TRIMMED, A_CURRENCY_RATE, 0, NULL, NULL, 0},
    {"StartDate", "date", F_DATE, A_RATE_START, 0, NULL, NULL, 0},
    {"NextStartDate", "date", F_DATE, A_RATE_NEXT, 0, NULL, NULL, 0},
    {"CreatedDate", "datetime", F_MILLIS, A_CREATED, REQUIRED, NULL, NULL, 0},
    {"LastModifiedDate", "datetime", F_MILLIS, A_MODIFIED, REQUIRED, NULL, NULL, 0},
    {"SystemModstamp", "datetime", F_MILLIS, A_MODIFIED, STAMP | REQUIRED, NULL, NULL, 0},
};

static const struct field team_member[] = {
    {"Id", "id", F_ID, A_MEMBER_SF, KEY | ASCENDING, NULL, NULL, 0},
    {"OpportunityId", "reference", F_ID, A_CHILD_OPPORTUNITY, ASCENDING | REQUIRED, NULL, NULL, 0},
    {"Opportunity.Id", "id", F_ID, A_CHILD_OPPORTUNITY, ASCENDING, NULL, NULL, 0},
    {"UserId", "reference", F_ID, A_AGENT_SF, 0, NULL, NULL, 0},
    {"Name", "string", F_TEXT, A_AGENT_NAME, 0, NULL, NULL, 0},
    {"TeamMemberRole", "picklist", F_TEXT, A_MEMBER_ROLE, 0, NULL, NULL, 0},
    {"User.Id", "id", F_ID, A_AGENT_SF, 0, NULL, NULL, 0},
    {"User.Name", "string", F_TEXT, A_AGENT_NAME, 0, NULL, NULL, 0},
    {"User.Email", "email", F_TEXT, A_AGENT_EMAIL, 0, NULL, NULL, 0},
    {"User.Phone", "phone", F_TEXT, A_AGENT_PHONE, 0, NULL, NULL, 0},
    {"User.Username", "string", F_TEXT, A_AGENT_EMAIL, 0, NULL, NULL, 0},
    {"User.IsActive", "boolean", F_BOOL, A_TRUE, 0, NULL, NULL, 0},
    {"User.SystemModstamp", "datetime", F_MILLIS, A_AGENT_MODIFIED, 0, NULL, NULL, 0},
    {"IsDeleted", "boolean", F_BOOL, A_DELETED, REQUIRED, NULL, NULL, 0},
    {"CreatedDate", "datetime", F_MILLIS, A_CREATED, REQUIRED, NULL, NULL, 0},
    {"LastModifiedDate", "datetime", F_MILLIS, A_MODIFIED, ASCENDING | REQUIRED, NULL, NULL, 0},
    {"SystemModstamp", "datetime", F_MILLIS, A_MODIFIED, ASCENDING | STAMP | REQUIRED, NULL, NULL,
     0},
};

static const struct field contact_role[] = {
    {"Id", "id", F_ID, A_ROLE_SF, KEY | ASCENDING, NULL, NULL, 0},
    {"OpportunityId", "reference", F_ID, A_CHILD_OPPORTUNITY, ASCENDING | REQUIRED, NULL, NULL, 0},
    {"Opportunity.Id", "id", F_ID, A_CHILD_OPPORTUNITY, ASCENDING, NULL, NULL, 0},
    {"ContactId", "reference", F_ID, A_CONTACT_SF, 0, NULL, NULL, 0},
    {"Role", "picklist", F_TEXT, A_ROLE_ROLE, 0, NULL, NULL, 0},
    {"IsPrimary", "boolean", F_BOOL, A_ROLE_PRIMARY, 0, NULL, NULL, 0},
    {"Contact.Id", "id", F_ID, A_CONTACT_SF, 0, NULL, NULL, 0},
    {"Contact.Name", "string", F_TEXT, A_CONTACT_NAME, 0, NULL, NULL, 0},
    {"Contact.FirstName", "string", F_TEXT, A_CONTACT_FIRST, 0, NULL, NULL, 0},
    {"Contact.LastName", "string", F_TEXT, A_CONTACT_LAST, 0, NULL, NULL, 0},
    {"Contact.Email", "email", F_TEXT, A_CONTACT_EMAIL, 0, NULL, NULL, 0},
    {"Contact.Phone", "phone", F_TEXT, A_CONTACT_PHONE, 0, NULL, NULL, 0},
    {"Contact.SystemModstamp", "datetime", F_MILLIS, A_CONTACT_MODIFIED, 0, NULL, NULL, 0},
    {"IsDeleted", "boolean", F_BOOL, A_DELETED, REQUIRED, NULL, NULL, 0},
    {"CreatedDate", "datetime", F_MILLIS, A_CREATED, REQUIRED, NULL, NULL, 0},
    {"LastModifiedDate", "datetime", F_MILLIS, A_MODIFIED, ASCENDING | REQUIRED, NULL, NULL, 0},
    {"SystemModstamp", "datetime", F_MILLIS, A_MODIFIED, ASCENDING | STAMP | REQUIRED, NULL, NULL,
     0},
};

static const struct field line_item[] = {
    {"Id", "id", F_ID, A_ITEM_SF, KEY | ASCENDING, NULL, NULL, 0},
    {"OpportunityId", "reference", F_ID, A_CHILD_OPPORTUNITY, ASCENDING | REQUIRED, NULL, NULL, 0},
    {"Opportunity.Id", "id", F_ID, A_CHILD_OPPORTUNITY, ASCENDING, NULL, NULL, 0},
    {"Product2Id", "reference", F_ID, A_PRODUCT_SF, 0, NULL, NULL, 0},
    {"ProductCode", "string", F_TEXT, A_PRODUCT_CODE, 0, NULL, NULL, 0},
    {"Name", "string", F_TEXT, A_PRODUCT_NAME, 0, NULL, NULL, 0},
    {"Quantity", "double", F_TRIMMED, A_ITEM_QUANTITY, 0, NULL, NULL, 0},
    {"UnitPrice", "currency", F_TRIMMED, A_ITEM_PRICE, 0, NULL, NULL, 0},
    {"TotalPrice", "currency", F_TRIMMED, A_ITEM_TOTAL, 0, NULL, NULL, 0},
    {"PricebookEntryId", "reference", F_ID, A_ENTRY_SF, 0, NULL, NULL, 0},
    {"CurrencyIsoCode", "picklist", F_TEXT, A_CURRENCY_CODE, CURRENCY, NULL, NULL, 0},
    {"Product2.Id", "id", F_ID, A_PRODUCT_SF, 0, NULL, NULL, 0},
    {"Product2.ProductCode", "string", F_TEXT, A_PRODUCT_CODE, 0, NULL, NULL, 0},
    {"Product2.Name", "string", F_TEXT, A_PRODUCT_NAME, 0, NULL, NULL, 0},
    {"Product2.Family", "picklist", F_TEXT, A_PRODUCT_FAMILY, 0, NULL, NULL, 0},
    {"Product2.SystemModstamp", "datetime", F_MILLIS, A_PRODUCT_MODIFIED, 0, NULL, NULL, 0},
    {"PricebookEntry.Id", "id", F_ID, A_ENTRY_SF, 0, NULL, NULL, 0},
    {"PricebookEntry.UnitPrice", "currency", F_TRIMMED, A_ENTRY_PRICE, 0, NULL, NULL, 0},
    {"PricebookEntry.Product2Id", "reference", F_ID, A_PRODUCT_SF, 0, NULL, NULL, 0},
    {"IsDeleted", "boolean", F_BOOL, A_DELETED, REQUIRED, NULL, NULL, 0},
    {"CreatedDate", "datetime", F_MILLIS, A_CREATED, REQUIRED, NULL, NULL, 0},
    {"LastModifiedDate", "datetime", F_MILLIS, A_MODIFIED, ASCENDING | REQUIRED, NULL, NULL, 0},
    {"SystemModstamp", "datetime", F_MILLIS, A_MODIFIED, ASCENDING | STAMP | REQUIRED, NULL, NULL,
     0},
};

static const struct group user_parents[] = {
    {"Profile", "Profile", "ProfileId", "Profile.Id"},
};

static const struct group assignment_parents[] = {
    {"PermissionSet", "PermissionSet", "PermissionSetId", "PermissionSet.Id"},
};

static const struct field assignment[] = {
    {"Id", "id", F_ID, A_MEMBER_SF, KEY, NULL, NULL, 0},
    {"AssigneeId", "reference", F_ID, A_SYNC_USER, 0, NULL, NULL, 0},
    {"PermissionSetId", "reference", F_ID, A_PROFILE_SF, 0, NULL, NULL, 0},
    {"PermissionSet.Id", "id", F_ID, A_PROFILE_SF, 0, NULL, NULL, 0},
    {"PermissionSet.PermissionsViewAllData", "boolean", F_BOOL, A_VIEW_ALL, 0, NULL, NULL, 0},
    {"PermissionSet.PermissionsApiEnabled", "boolean", F_BOOL, A_TRUE, 0, NULL, NULL, 0},
};

static const struct group member_parents[] = {
    {"Opportunity", "Opportunity", "OpportunityId", "Opportunity.Id"},
    {"User", "User", "UserId", "User.Id"},
};

static const struct group role_parents[] = {
    {"Opportunity", "Opportunity", "OpportunityId", "Opportunity.Id"},
    {"Contact", "Contact", "ContactId", "Contact.Id"},
};

static const struct group item_parents[] = {
    {"Opportunity", "Opportunity", "OpportunityId", "Opportunity.Id"},
    {"Product2", "Product2", "Product2Id", "Product2.Id"},
    {"PricebookEntry", "PricebookEntry", "PricebookEntryId", "PricebookEntry.Id"},
};

static const struct group entry_parents[] = {
    {"Product2", "Product2", "Product2Id", "Product2.Id"},
};

/* What a user may do, as rows of one. */
static const struct field permission_access[] = {
    {"Id", "id", F_ID, A_MEMBER_SF, KEY, NULL, NULL, 0},
    {"PermissionsViewAllData", "boolean", F_BOOL, A_VIEW_ALL, 0, NULL, NULL, 0},
    {"PermissionsModifyAllData", "boolean", F_BOOL, A_FALSE, 0, NULL, NULL, 0},
    {"PermissionsApiEnabled", "boolean", F_BOOL, A_TRUE, 0, NULL, NULL, 0},
    {"PermissionsViewSetup", "boolean", F_BOOL, A_VIEW_SETUP, 0, NULL, NULL, 0},
};

static const struct field object_permissions[] = {
    {"Id", "id", F_ID, A_MEMBER_SF, KEY, NULL, NULL, 0},
    {"ParentId", "reference", F_ID, A_PROFILE_SF, 0, NULL, NULL, 0},
    {"SobjectType", "picklist", F_TEXT, A_PERMITTED_OBJECT, 0, NULL, NULL, 0},
    {"PermissionsRead", "boolean", F_BOOL, A_TRUE, 0, NULL, NULL, 0},
    {"PermissionsEdit", "boolean", F_BOOL, A_MAY_EDIT, 0, NULL, NULL, 0},
    {"PermissionsCreate", "boolean", F_BOOL, A_MAY_CREATE, 0, NULL, NULL, 0},
    {"PermissionsViewAllRecords", "boolean", F_BOOL, A_VIEW_RECORDS, 0, NULL, NULL, 0},
};

static uint32_t count_one(void)
{
    return 1;
}

static uint32_t count_stages(void)
{
    return STAGES;
}

/* One that is created is retired until something else is set. */
static void load_stage(uint32_t at, struct row *row)
{
    *row = (struct row){.at = at,
                        .stage = at < STAGES ? (int)at : STAGE_RETIRED,
                        .account = -1,
                        .product = -1,
                        .contact = -1};
}

static bool hidden(const struct field *f)
{
    if (f->flags & CURRENCY && !settings.multi_currency)
        return true;
    if (sf_listed(sf_settings.hidden_fields, f->name))
        return true;
    return (f->aspect == A_PERSON || f->aspect == A_PERSON_EMAIL) && !sf_settings.person_accounts;
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
    .prefix = "006",
    .resolve = sf_resolve_opportunity,
    .hides = hidden,
};

#define FIELDS(a)  .fields = (a), .nfields = COUNT(a)
#define PARENTS(a) .groups = (a), .ngroups = COUNT(a)
#define CHANGES(n) .changes = true, .overlay = (n)

static const struct entity tables[] = {
    {.name = "Account",
     FIELDS(account),
     CHANGES(2),
     .count = sf_count_accounts,
     .load = sf_load_account,
     .prefix = "001",
     .hides = hidden},
    {.name = "User",
     FIELDS(user),
     PARENTS(user_parents),
     CHANGES(3),
     .count = sf_count_agents,
     .load = sf_load_agent,
     .prefix = "005",
     .hides = hidden},
    {.name = "Product2",
     FIELDS(product),
     CHANGES(4),
     .count = sf_count_products,
     .load = sf_load_product,
     .prefix = "01t",
     .hides = hidden},
    {.name = "Contact",
     FIELDS(contact),
     CHANGES(5),
     .count = sf_count_contacts,
     .load = sf_load_contact,
     .prefix = "003",
     .hides = hidden},
    {.name = "OpportunityTeamMember",
     FIELDS(team_member),
     PARENTS(member_parents),
     CHANGES(6),
     .resolve = sf_resolve_child,
     .count = sf_count_members,
     .load = sf_load_member,
     .prefix = "00q",
     .hides = hidden},
    {.name = "OpportunityContactRole",
     FIELDS(contact_role),
     PARENTS(role_parents),
     CHANGES(7),
     .resolve = sf_resolve_child,
     .count = sf_count_roles,
     .load = sf_load_role,
     .prefix = "00K",
     .hides = hidden},
    {.name = "OpportunityLineItem",
     FIELDS(line_item),
     PARENTS(item_parents),
     CHANGES(8),
     .resolve = sf_resolve_child,
     .count = sf_count_items,
     .load = sf_load_item,
     .prefix = "00k",
     .hides = hidden},
    {.name = "CurrencyType",
     FIELDS(currency_type),
     CHANGES(9),
     .count = sf_count_currencies,
     .load = sf_load_currency,
     .prefix = "0Ci",
     .hides = hidden},
    {.name = "DatedConversionRate",
     FIELDS(dated_rate),
     CHANGES(10),
     .count = sf_count_rates,
     .load = sf_load_currency,
     .prefix = "04w",
     .hides = hidden},
    {.name = "PricebookEntry",
     FIELDS(pricebook_entry),
     PARENTS(entry_parents),
     CHANGES(11),
     .count = sf_count_products,
     .load = sf_load_product,
     .prefix = "01u",
     .hides = hidden},
    {.name = "OpportunityStage",
     FIELDS(opportunity_stage),
     CHANGES(21),
     .count = count_stages,
     .load = load_stage,
     .prefix = "01J",
     .hides = hidden},
    {.name = "Organization",
     FIELDS(organization),
     .count = count_one,
     .load = load_stage,
     .prefix = "00D",
     .hides = hidden},
    {.name = "RecordType",
     FIELDS(record_type),
     PARENTS(process_parents),
     .count = count_one,
     .load = load_stage,
     .prefix = "012",
     .hides = hidden},
    {.name = "BusinessProcess",
     FIELDS(business_process),
     .count = count_one,
     .load = load_stage,
     .prefix = "019",
     .hides = hidden},
    {.name = "UserPermissionAccess",
     FIELDS(permission_access),
     .count = count_one,
     .load = load_stage,
     .prefix = "000",
     .hides = hidden},
    {.name = "ObjectPermissions",
     FIELDS(object_permissions),
     .count = sf_count_permitted,
     .load = load_stage,
     .prefix = "110",
     .hides = hidden},
    {.name = "PermissionSetAssignment",
     FIELDS(assignment),
     PARENTS(assignment_parents),
     .count = count_one,
     .load = load_stage,
     .prefix = "0Pa",
     .hides = hidden},
};

const struct entity *sf_table(size_t i)
{
    if (i == 0)
        return &sf_opportunity;
    return i <= COUNT(tables) ? &tables[i - 1] : NULL;
}

const struct entity *sf_any_entity(const char *name)
{
    const struct entity *e;

    for (size_t i = 0; (e = sf_table(i)); i++)
        if (strcasecmp(name, e->name) == 0)
            return e;
    return NULL;
}

const struct entity *sf_entity(const char *name)
{
    const struct entity *e = sf_any_entity(name);

    if (!e || (e == &sf_opportunity && !sf_settings.queryable))
        return NULL;
    if (!sf_settings.team_selling && strcmp(e->name, "OpportunityTeamMember") == 0)
        return NULL;
    if (!settings.multi_currency && (e->overlay == 9 || e->overlay == 10))
        return NULL;
    return e;
}

const struct entity *sf_child(const char *relationship)
{
    static const struct {
        const char *relationship, *object;
    } children[] = {
        {"OpportunityTeamMembers", "OpportunityTeamMember"},
        {"OpportunityContactRoles", "OpportunityContactRole"},
        {"OpportunityLineItems", "OpportunityLineItem"},
    };

    for (size_t i = 0; i < COUNT(children); i++)
        if (strcasecmp(children[i].relationship, relationship) == 0)
            return sf_entity(children[i].object);
    return NULL;
}
