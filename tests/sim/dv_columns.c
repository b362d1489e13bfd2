#include "tests/sim/dv_switch.h"
#include "tests/sim/dv_tables.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#define COUNT(a) (sizeof(a) / sizeof *(a))

enum { CREATE = 1, UPDATE = 2, BOTH = CREATE | UPDATE };

#define TRILLION 1000000000000

static const struct {
    const char *name;
    unsigned valid;
    int length;
    int64_t min, max;
    const char *required;
} special[] = {
    {"opportunityid", CREATE, 0, 0, 0, "SystemRequired"},
    {"accountid", CREATE, 0, 0, 0, "SystemRequired"},
    {"contactid", CREATE, 0, 0, 0, "SystemRequired"},
    {"businessprocessflowinstanceid", CREATE, 0, 0, 0, "SystemRequired"},
    {"name", BOTH, 300, 0, 0, "ApplicationRequired"},
    {"description", BOTH, 2000, 0, 0, "None"},
    {"emailaddress", BOTH, 100, 0, 0, "None"},
    {"stepname", BOTH, 200, 0, 0, "None"},
    {"traversedpath", BOTH, 1250, 0, 0, "None"},
    {"new_dealkey", BOTH, 100, 0, 0, "None"},
    {"statecode", UPDATE, 0, 0, 0, "SystemRequired"},
    {"estimatedvalue", BOTH, 0, -TRILLION, TRILLION, "None"},
    {"actualvalue", BOTH, 0, -TRILLION, TRILLION, "None"},
    {"budgetamount", BOTH, 0, 0, TRILLION, "None"},
    {"freightamount", BOTH, 0, 0, TRILLION, "None"},
    {"discountamount", BOTH, 0, 0, TRILLION, "None"},
    {"totalamount", UPDATE, 0, -922337203685477, 922337203685477, "None"},
    {"totalamountlessfreight", UPDATE, 0, -922337203685477, 922337203685477, "None"},
    {"totaldiscountamount", UPDATE, 0, -922337203685477, 922337203685477, "None"},
    {"totallineitemamount", UPDATE, 0, -922337203685477, 922337203685477, "None"},
    {"totallineitemdiscountamount", UPDATE, 0, -922337203685477, 922337203685477, "None"},
    {"totaltax", UPDATE, 0, -922337203685477, 922337203685477, "None"},
    {"closeprobability", BOTH, 0, 0, 100, "None"},
    {"overriddencreatedon", CREATE, 0, 0, 0, "None"},
    {"importsequencenumber", CREATE, 0, INT32_MIN, INT32_MAX, "None"},
    {"_originatingleadid_value", CREATE, 0, 0, 0, "None"},
    {"_transactioncurrencyid_value", BOTH, 0, 0, 0, "ApplicationRequired"},
    {"_customerid_value", BOTH, 0, 0, 0, "ApplicationRequired"},
    {"_ownerid_value", BOTH, 0, 0, 0, "SystemRequired"},
    {"subject", BOTH, 200, 0, 0, "None"},
};

struct dv_column dv_column(const struct field *f)
{
    bool writable = f->flags & WRITABLE && !strchr(f->name, '.');
    struct dv_column c = {
        .create = writable,
        .update = writable,
        .length = strcmp(f->type, "Memo") == 0 ? 2000 : 100,
        .min = INT32_MIN,
        .max = INT32_MAX,
        .precision = strstr(f->name, "_base") ? 4 : 2,
        .required = f->flags & REQUIRED ? "SystemRequired" : "None",
    };

    if (f->form == F_MONEY) {
        c.min = strstr(f->name, "_base") ? -922337203685477 : -TRILLION;
        c.max = -c.min;
    }
    if (f->form == F_RATE) {
        c.precision = 10;
        c.min = 0;
        c.max = 100000000000;
    }
    for (size_t i = 0; i < COUNT(special); i++) {
        if (strcmp(special[i].name, f->name) != 0)
            continue;
        c.create = special[i].valid & CREATE;
        c.update = special[i].valid & UPDATE;
        c.length = special[i].length ? special[i].length : c.length;
        c.required = special[i].required;
        if (special[i].max) {
            c.min = special[i].min;
            c.max = special[i].max;
        }
    }
    if (dv_listed(dv_switches.required, f->name))
        c.required = "SystemRequired";
    return c;
}

void dv_logical_name(const struct field *f, char out[64])
{
    size_t n = strlen(f->name);

    if (f->name[0] == '_')
        snprintf(out, 64, "%.*s", (int)(n - strlen("__value")), f->name + 1);
    else
        snprintf(out, 64, "%s", f->name);
}

/* ---- lookups ---- */

static const struct dv_nav navs[] = {
    {"opportunities", "customerid_account", "_customerid_value", "account",
     "opportunity_customer_accounts", true},
    {"opportunities", "customerid_contact", "_customerid_value", "contact",
     "opportunity_customer_contacts", true},
    {"opportunities", "parentaccountid", "_parentaccountid_value", "account",
     "opportunity_parent_account", true},
    {"opportunities", "parentcontactid", "_parentcontactid_value", "contact",
     "opportunity_parent_contact", true},
    {"opportunities", "ownerid", "_ownerid_value", "systemuser", "opportunity_owner", true},
    {"opportunities", "ownerid", "_ownerid_value", "team", "opportunity_owner_team", true},
    {"opportunities", "transactioncurrencyid", "_transactioncurrencyid_value",
     "transactioncurrency", "transactioncurrency_opportunity", true},
    {"opportunities", "campaignid", "_campaignid_value", "campaign", "campaign_opportunities",
     true},
    {"opportunities", "owninguser", "_owninguser_value", "systemuser", "opportunity_owning_user",
     false},
    {"opportunities", "owningteam", "_owningteam_value", "team", "opportunity_owning_team", false},
    {"opportunities", "owningbusinessunit", "_owningbusinessunit_value", "businessunit",
     "business_unit_opportunities", false},
    {"opportunities", "modifiedby", "_modifiedby_value", "systemuser",
     "lk_opportunitybase_modifiedby", false},
    {"opportunities", "createdby", "_createdby_value", "systemuser", "lk_opportunitybase_createdby",
     false},
    {"accounts", "primarycontactid", "_primarycontactid_value", "contact",
     "account_primary_contact", true},
    {"contacts", "parentcustomerid_account", "_parentcustomerid_value", "account",
     "contact_customer_accounts", true},
    {"opportunitysalesprocesses", "opportunityid", "_opportunityid_value", "opportunity",
     "lk_opportunitysalesprocess_opportunityid", true},
    {"opportunitysalesprocesses", "activestageid", "_activestageid_value", "processstage",
     "lk_opportunitysalesprocess_activestageid", true},
    {"opportunitysalesprocesses", "processid", "_processid_value", "workflow",
     "lk_opportunitysalesprocess_processid", true},
    {"leadtoopportunitysalesprocesses", "opportunityid", "_opportunityid_value", "opportunity",
     "lk_leadtoopportunitysalesprocess_opportunityid", true},
    {"leadtoopportunitysalesprocesses", "activestageid", "_activestageid_value", "processstage",
     "lk_leadtoopportunitysalesprocess_activestageid", true},
    {"leadtoopportunitysalesprocesses", "processid", "_processid_value", "workflow",
     "lk_leadtoopportunitysalesprocess_processid", true},
    {"new_partnerflows", "bpf_opportunityid", "_bpf_opportunityid_value", "opportunity",
     "bpf_opportunity_new_partnerflow", true},
    {"new_partnerflows", "activestageid", "_activestageid_value", "processstage",
     "lk_new_partnerflow_activestageid", true},
    {"new_partnerflows", "processid", "_processid_value", "workflow",
     "lk_new_partnerflow_processid", true},
    {"new_accountflows", "bpf_accountid", "_bpf_accountid_value", "account",
     "bpf_account_new_accountflow", true},
    {"new_accountflows", "activestageid", "_activestageid_value", "processstage",
     "lk_new_accountflow_activestageid", true},
    {"new_accountflows", "processid", "_processid_value", "workflow",
     "lk_new_accountflow_processid", true},
    {"processstages", "processid", "_processid_value", "workflow", "process_processstage", false},
    {"opportunitycloses", "opportunityid", "_opportunityid_value", "opportunity",
     "Opportunity_OpportunityClose", true},
    {"opportunitycloses", "competitorid", "_competitorid_value", "competitor",
     "competitor_opportunity_activities", true},
    {"opportunitycloses", "transactioncurrencyid", "_transactioncurrencyid_value",
     "transactioncurrency", "TransactionCurrency_opportunityclose", true},
};

const struct dv_nav *dv_nav_at(size_t i)
{
    return i < COUNT(navs) ? &navs[i] : NULL;
}

const struct dv_nav *dv_nav(const struct entity *e, const char *name, const char *type)
{
    for (size_t i = 0; i < COUNT(navs); i++)
        if (strcmp(navs[i].set, e->name) == 0 && strcmp(navs[i].name, name) == 0 &&
            (!type || strcmp(navs[i].type, type) == 0))
            return &navs[i];
    return NULL;
}

const char *dv_target(const struct entity *e, const struct field *lookup, const char *id)
{
    static const struct {
        unsigned number;
        const char *type;
    } polymorphic[] = {
        {DV_CONTACT, "contact"}, {DV_TEAM, "team"},        {DV_ACCOUNT, "account"},
        {DV_USER, "systemuser"}, {DV_ROBOT, "systemuser"},
    };
    const struct dv_nav *only = NULL;
    unsigned table;
    uint32_t n;

    for (size_t i = 0; i < COUNT(navs) && !only; i++)
        if (strcmp(navs[i].set, e->name) == 0 && strcmp(navs[i].lookup, lookup->name) == 0)
            only = &navs[i];
    if (!only)
        return NULL;
    if ((strcmp(lookup->type, "Customer") == 0 || strcmp(lookup->type, "Owner") == 0) &&
        guid_other_parse(id, &table, &n))
        for (size_t i = 0; i < COUNT(polymorphic); i++)
            if (polymorphic[i].number == table)
                return polymorphic[i].type;
    return only->type;
}

int dv_status_state(int64_t status)
{
    static const int own[] = {-1, 0, 0, 1, 2, 2};

    if (status >= 1 && status <= 5)
        return own[status];
    if (dv_switches.custom_status && status >= 100000001 && status <= 100000003)
        return (int)(status - 100000001) == 2 ? 2 : 1;
    return -1;
}
