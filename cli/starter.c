#include "cli/starter.h"

#include <stddef.h>
#include <string.h>

enum { SALESFORCE, DYNAMICS, CSV_FILE, KINDS };

static const char *const names[KINDS] = {"salesforce", "dynamics", "file"};

#define SAME(text)                                                                                 \
    {                                                                                              \
        text, text, text                                                                           \
    }

/* The lines of the mapping, for each kind; NULL: that kind has none. */
static const char *const lines[][KINDS] = {
    {"; The left side is the standard word, the right side the API name of the field in "
     "Salesforce;",
     "; The left side is the standard word, the right side the logical name of the Dynamics "
     "column;",
     "; The left side is the standard word, the right side the column of the file;"},
    SAME("; a value in quotes is the same for every record. dealsync.conf(5) has all the words."),
    SAME("; Lines that begin with ';' wait for you: what they need only you can know."),
    SAME(""),
    SAME("[fields]"),
    {"name = Name", "name = name", "name = name"},
    {"value = Amount", "value = estimatedvalue", "value = value"},
    {"currency = CurrencyIsoCode", "currency = transactioncurrencyid.isocurrencycode",
     "currency = currency"},
    {"; currency = \"EUR\"   ; instead, in an org with one currency", NULL, NULL},
    {"close_date = CloseDate", "close_date = estimatedclosedate", "close_date = close_date"},
    {"customer_name = Account.Name", "customer_name = customerid_account.name",
     "customer_name = customer_name"},
    {"customer_street = Account.BillingStreet",
     "customer_street = customerid_account.address1_line1", "; customer_street = customer_street"},
    {"customer_city = Account.BillingCity", "customer_city = customerid_account.address1_city",
     "; customer_city = customer_city"},
    {"customer_state = Account.BillingState",
     "customer_state = customerid_account.address1_stateorprovince",
     "; customer_state = customer_state"},
    {"customer_postal_code = Account.BillingPostalCode",
     "customer_postal_code = customerid_account.address1_postalcode",
     "; customer_postal_code = customer_postal_code"},
    {"customer_country = Account.BillingCountry",
     "customer_country = customerid_account.address1_country",
     "customer_country = customer_country"},
    {"team.name = Owner.Name", "team.name = owninguser.fullname", "team.name = owner_name"},
    {"team.email = Owner.Email", "team.email = owninguser.internalemailaddress",
     "team.email = owner_email"},
    {"team.phone = Owner.Phone", "team.phone = owninguser.address1_telephone1",
     "team.phone = owner_phone"},
    {"campaign_id = CampaignId", "campaign_id = _campaignid_value", "; campaign_id = campaign"},
    {"notes = Description", "notes = description", "; notes = notes"},
    SAME(""),
    SAME("; Your location in the Microsoft partner network; it cannot be changed later (R-32)."),
    SAME("; location = \"1234567\""),
    SAME(""),
    SAME(
        "; What is sold, and below in [values solutions] what each product is there (R-48, R-50)."),
    {"; solutions = Product__c", "; solutions = new_product", "; solutions = product"},
    SAME(""),
    SAME("; Why a deal was lost, and below in [values reason] what that means (R-58)."),
    {"; reason = Loss_Reason__c", "; reason = statuscode.label", "; reason = loss_reason"},
    SAME(""),
    SAME("; Sharing with Microsoft, only if a field of its own says so; there is no way back "
         "(R-24)."),
    {"; visibility = Share_With_Microsoft__c", "; visibility = new_sharewithmicrosoft",
     "; visibility = share_with_microsoft"},
    {"; consent = Customer_Consent__c", "; consent = new_customerconsent",
     "; consent = customer_consent"},
    SAME(""),
    SAME("; What stands in for an empty field, if you want that. Without a line the record is"),
    SAME("; rejected, and the report says what it lacks."),
    SAME("[defaults]"),
    SAME("; team.phone = +49 30 1234567"),
    SAME(""),
    SAME("; Without lines here the field must hold two-letter codes."),
    SAME("[values customer_country]"),
    SAME("; US = United States"),
    SAME("; DE = Germany"),
    SAME(""),
    SAME("[values solutions]"),
    SAME("; SOL-1001 = Name of the product"),
    SAME(""),
    SAME("; budget, no_response, other_vendor, requirement_not_met, not_a_customer,"),
    SAME("; timeline_too_short, abuse_or_spam, others"),
    SAME("[values reason]"),
    {"; budget = No Budget", "; others = Canceled", "; budget = No Budget"},
    {"; other_vendor = Lost to Competitor", "; other_vendor = Out-Sold",
     "; other_vendor = Lost to Competitor"},
    SAME(""),
    {NULL, "[status]", NULL},
    {NULL, "from = statuscode.label", NULL},
    {NULL, "open = In Progress", NULL},
    {NULL, "hold = On Hold", NULL},
    {NULL, "won = Won", NULL},
    {NULL, "lost = Canceled", NULL},
    {NULL, "lost = Out-Sold", NULL},
    {NULL, "", NULL},
    SAME(
        "; Where the company's own stage stands. 'dealsync stages' lists them with their numbers."),
    SAME("[stage]"),
    {"from = StageName", "from = salesstage.label", "from = stage"},
    SAME(""),
    SAME("; 10 created, 20 qualified, 40 developed, 60 proposed, 80 negotiated (R-66). A stage "
         "without"),
    {"; a line is reported and never guessed (R-72). These are the stages of a new org:",
     "; a line is reported and never guessed (R-72). These are the stages of a new environment:",
     "; a line is reported and never guessed (R-72)."},
    SAME("[stages]"),
    {"10 = Prospecting", "10 = Qualify", "; 10 = Prospecting"},
    {"10 = Qualification", "20 = Develop", "; 20 = Qualification"},
    {"20 = Needs Analysis", "40 = Propose", "; 60 = Proposal"},
    {"40 = Value Proposition", "60 = Close", "; 80 = Negotiation"},
    {"60 = Id. Decision Makers", NULL, "; won = Won"},
    {"60 = Perception Analysis", NULL, "; lost = Lost"},
    {"60 = Proposal/Price Quote", NULL, NULL},
    {"80 = Negotiation/Review", NULL, NULL},
    {"won = Closed Won", NULL, NULL},
    {"lost = Closed Lost", NULL, NULL},
};

void ds_starter_mapping(struct ds_buf *out, const char *connector)
{
    size_t kind = 0;

    while (kind < KINDS - 1 && strcmp(names[kind], connector) != 0)
        kind++;
    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
        if (lines[i][kind])
            ds_buf_addf(out, "%s\n", lines[i][kind]);
}
