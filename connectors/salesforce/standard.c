#include "connectors/salesforce/standard.h"

#include "base/text.h"

#include <stdbool.h>
#include <string.h>

#define ITSELF "Salesforce sets it itself"

static const struct standard {
    const char *name;
    const char *parent;     /* that it leads to, or NULL */
    const char *feature;    /* it exists only where this is on; NULL: in every org */
    const char *unwritable; /* why; NULL: it can be written */
} standards[] = {
    {"Id", NULL, NULL, ITSELF},
    {"Name", NULL, NULL, NULL},
    {"StageName", NULL, NULL, NULL},
    {"Probability", NULL, NULL, NULL},
    {"ForecastCategory", NULL, NULL, "it follows ForecastCategoryName: write that"}, /* SF-57 */
    {"ForecastCategoryName", NULL, NULL, NULL},
    {"IsClosed", NULL, NULL, "it follows StageName: write that"}, /* SF-56 */
    {"IsWon", NULL, NULL, "it follows StageName: write that"},
    {"Amount", NULL, NULL, NULL},
    {"ExpectedRevenue", NULL, NULL, "it is Amount times Probability: write those"},
    {"CurrencyIsoCode", NULL, "several currencies", NULL}, /* SF-58 */
    {"CloseDate", NULL, NULL, NULL},
    {"AccountId", "Account", NULL, NULL},
    {"OwnerId", "Owner", NULL, NULL},
    {"RecordTypeId", "RecordType", "record types of Opportunity", NULL},
    {"CampaignId", "Campaign", "campaigns", NULL},
    {"ContactId", NULL, NULL, "it can be set only when an opportunity is made"},
    {"ContractId", "Contract", NULL, NULL},
    {"Pricebook2Id", "Pricebook2", "products", NULL},
    {"LeadSource", NULL, NULL, NULL},
    {"Type", NULL, NULL, NULL},
    {"NextStep", NULL, NULL, NULL},
    {"Description", NULL, NULL, NULL},
    {"TotalOpportunityQuantity", NULL, NULL, NULL},
    {"Fiscal", NULL, NULL, "it follows CloseDate: write that"},
    {"FiscalQuarter", NULL, NULL, "it follows CloseDate: write that"},
    {"FiscalYear", NULL, NULL, "it follows CloseDate: write that"},
    {"HasOpportunityLineItem", NULL, NULL, ITSELF},
    {"IsPrivate", NULL, NULL, NULL},
    {"LastActivityDate", NULL, NULL, ITSELF},
    {"LastViewedDate", NULL, NULL, ITSELF},
    {"LastReferencedDate", NULL, NULL, ITSELF},
    {"LastStageChangeDate", NULL, NULL, ITSELF},
    {"PushCount", NULL, NULL, ITSELF},
    {"AgeInDays", NULL, "Pipeline Inspection", ITSELF},
    {"LastActivityInDays", NULL, "Pipeline Inspection", ITSELF},
    {"LastStageChangeInDays", NULL, "Pipeline Inspection", ITSELF},
    {"CreatedDate", NULL, NULL, ITSELF},
    {"CreatedById", "CreatedBy", NULL, ITSELF},
    {"LastModifiedDate", NULL, NULL, ITSELF},
    {"LastModifiedById", "LastModifiedBy", NULL, ITSELF},
    {"SystemModstamp", NULL, NULL, ITSELF},
    {"IsDeleted", NULL, NULL, ITSELF},
};

static const struct standard *find(const char *name)
{
    for (size_t i = 0; i < sizeof(standards) / sizeof(standards[0]); i++)
        if (ds_text_same_nocase(standards[i].name, name) ||
            (standards[i].parent && ds_text_same_nocase(standards[i].parent, name)))
            return &standards[i];
    return NULL;
}

bool ds_sf_is_standard(const char *name)
{
    return find(name) != NULL;
}

static bool is_custom(const char *name)
{
    size_t len = strlen(name);

    return len > 3 && (ds_text_same_nocase(name + len - 3, "__c") ||
                       ds_text_same_nocase(name + len - 3, "__r"));
}

int ds_sf_hint_absent(struct ds_err *err, const char *name, bool parent)
{
    const struct standard *s = find(name);

    if (s && !parent && !ds_text_same_nocase(s->name, name))
        return ds_hint(err, "it is another object: name one of its fields, like '%s.Name'",
                       s->parent);
    if (s && ds_text_same_nocase(s->name, "CurrencyIsoCode"))
        return ds_hint(err, "only orgs with several currencies have it: map currency to a constant "
                            "like \"EUR\"");
    if (s && s->feature)
        return ds_hint(err,
                       "only orgs with %s have it; if this one has, field-level security hides "
                       "'%s' from the user: grant read access",
                       s->feature, s->name);
    if (s)
        return ds_hint(err,
                       "every org has it, so it is hidden: grant the user read access to '%s' "
                       "(permission set > Object Settings > Opportunity > Field Permissions)",
                       s->name);
    if (is_custom(name))
        return ds_hint(err, "Salesforce does not tell whether it is missing or hidden: look in "
                            "Setup > Object Manager > Opportunity > Fields; if it is there, grant "
                            "the user read access (permission set > Field Permissions)");
    return ds_hint(err, "it is not a field that every org has: correct the mapping, or switch on "
                        "what it belongs to and grant the user read access");
}

const char *ds_sf_unwritable(const char *name)
{
    const struct standard *s = find(name);

    return s ? s->unwritable : NULL;
}
