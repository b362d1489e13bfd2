/* The way back: what a deal wants becomes values of the record that read as it was meant, and what
 * reads so already stays. */
#include "mapping/mapping.h"

#include "tests/unit/temp.h"

#include <glob.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define MAX_PATHS    48

static struct ds_arena arena;

static struct ds_mapping *load_file(const char *path)
{
    struct ds_mapping *m = NULL;
    struct ds_err err = {0};

    if (ds_mapping_load(path, &m, &err) != 0)
        fail_msg("%s\n%s\n%s", path, err.text, err.hint);
    return m;
}

/* The field and value of each part of "name=value|name=value". */
static const char *next_part(const char **parts, const char **name)
{
    size_t len = strcspn(*parts, "|"), key = strcspn(*parts, "=");
    const char *value;

    if (!len)
        return NULL;
    *name = ds_arena_dup_bytes(&arena, *parts, key);
    value = ds_arena_dup_bytes(&arena, *parts + key + 1, len - key - 1);
    *parts += len + ((*parts)[len] == '|');
    return value;
}

static void read_values(const struct ds_mapping *m, const char *text, struct ds_value *values)
{
    const char *name, *value;
    size_t count, i;
    const char *const *paths = ds_mapping_paths(m, &count);

    assert_in_range(count, 0, MAX_PATHS);
    while ((value = next_part(&text, &name))) {
        for (i = 0; i < count && strcmp(paths[i], name) != 0; i++)
            ;
        if (i == count)
            fail_msg("%s is no path of the mapping", name);
        values[i] = (struct ds_value){value, strlen(value)};
    }
}

/* "+name=value" is a field of the deal that is not asked for. */
static uint64_t read_deal(const char *text, struct ds_deal *deal)
{
    const char *name, *value;
    uint64_t asked = 0;

    while ((value = next_part(&text, &name))) {
        enum ds_field f = ds_field_find(*name == '+' ? name + 1 : name);

        if (f == DS_FIELDS)
            fail_msg("%s is no field", name);
        ds_deal_set(deal, f, *value ? value : NULL);
        if (*name != '+')
            asked |= UINT64_C(1) << f;
    }
    return asked;
}

struct row {
    const char *now;  /* NULL: the record is to be created */
    const char *want; /* fields of the deal */
    const char *out;  /* the assignments, or "! why" */
};

static void check_rows(const char *mapping, const struct row *rows, size_t count)
{
    struct ds_mapping *m = load_file(temp_write(mapping));

    for (size_t i = 0; i < count; i++) {
        struct ds_value now[MAX_PATHS] = {{0}};
        struct ds_assign out[MAX_PATHS];
        struct ds_deal want = {0};
        uint64_t asked = read_deal(rows[i].want, &want);
        struct ds_buf got = DS_BUF_INIT(DS_MAX_TEXT);
        const char *why;
        size_t n, paths;
        const char *const *path = ds_mapping_paths(m, &paths);
        int rc;

        read_values(m, rows[i].now ? rows[i].now : "", now);
        rc = ds_mapping_unmap(m, &arena, rows[i].now ? now : NULL, &want, asked, out, &n, &why);
        if (rc)
            ds_buf_addf(&got, "! %s", why);
        assert_int_equal(rc, why ? DS_E_RECORD : 0);
        for (size_t k = 0; k < n; k++) {
            ds_buf_addf(&got, "%s%s=%.*s", k ? "|" : "", path[out[k].path], (int)out[k].value.len,
                        out[k].value.text ? out[k].value.text : "");
            assert_memory_equal(&out[k].before, &now[out[k].path], sizeof(now[0]));
        }
        if (strcmp(got.text, rows[i].out) != 0)
            fail_msg("%s -> %s\ngot  %s\nwant %s", rows[i].now ? rows[i].now : "(new)",
                     rows[i].want, got.text, rows[i].out);
        ds_buf_clear(&got);
        ds_arena_reset(&arena);
    }
    ds_mapping_free(m);
}

static void fields_become_values(void **state)
{
    static const char mapping[] = "[fields]\n"
                                  "name = Name\nvalue = Amount\nclose_date = Close\n"
                                  "currency = Currency\nreason = Why\nvisibility = Share\n"
                                  "consent = Consent\nnotes = Notes\nhelp = Help.label\n"
                                  "location = \"1\"\ncustomer_name = Account.Name\n"
                                  "campaign_id = Campaign.Name\n"
                                  "[defaults]\nhelp = none\ncurrency = EUR\n"
                                  "[values reason]\n"
                                  "others = Other\nbudget = Money\nothers = Decision\n"
                                  "budget = Price\n"
                                  "[values visibility]\nyes = Shared\nno = Hidden\n"
                                  "yes = Public\n";
    static const struct row rows[] = {
        {"Name=A", "name=B", "Name=B"},
        {"Name= A ", "name=A", ""},
        {"Name=A", "name=", "Name="},
        {"Name=", "name=", ""},
        {"Name=\xff", "name=A", "Name=A"},
        {"Amount=1000.00", "value=1000", ""},
        {"Amount=1000.00", "value=1000.5", "Amount=1000.5"},
        {"Close=2026-09-30T00:00:00Z", "close_date=2026-09-30", ""},
        {"Close=2026-09-30", "close_date=2026-10-01", "Close=2026-10-01"},
        {"Close=never", "close_date=2026-10-01", "Close=2026-10-01"},
        /* R-72 for every table: a word that says it stays, else the first line */
        {"Why=Price", "reason=budget", ""},
        {"Why=DECISION", "reason=others", ""},
        {"Why=Price", "reason=others", "Why=Other"},
        {"Why=", "reason=budget", "Why=Money"},
        {"Why=Odd", "reason=budget", "Why=Money"},
        {"Why=Odd", "reason=", "Why="},
        {"Why=Price", "reason=no_response",
         "! no line of [values reason] stands for"
         " 'no_response'"},
        {"Share=Public", "visibility=yes", ""},
        {"Share=Hidden", "visibility=yes", "Share=Shared"},
        {"Consent=1", "consent=yes", ""},
        {"Consent=0", "consent=yes", "Consent=true"},
        {"Consent=true", "consent=no", "Consent=false"},
        {"Help.label=quotes", "help=general", "Help.label=general"},
        {"Help.label=", "help=none", ""},
        {NULL, "help=none", "Help.label=none"},
        {"Help.label=quotes", "help=", "! help cannot be emptied: [defaults] has 'none' for it"},
        {"Currency=USD", "currency=EUR", "Currency=EUR"},
        {"Name=A|Amount=1", "value=2|name=B", "Name=B|Amount=2"},
        {"Name=A|Amount=1", "value=2|name=A|+notes=x", "Amount=2"},
        {NULL, "value=2|name=A|notes=", "Name=A|Amount=2"},
        {"Name=A", "location=2", "! location is a constant in the mapping"},
        {"Name=A", "customer_name=B",
         "! customer name belongs to the account and is frozen"
         " (R-40)"},
        {"Name=A", "campaign_id=B",
         "! campaign id is read from another record, which is not"
         " written"},
        {"Name=A", "stage=20", "! stage has no path in the mapping"},
        {"Name=A", "", ""},
    };

    (void)state;
    check_rows(mapping, rows, COUNT(rows));
}

/* One value holds stage and status, as in Salesforce. */
static void stages_become_the_company_s_own(void **state)
{
    static const char mapping[] = "[fields]\nname = Name\n"
                                  "[stage]\nfrom = Stage\nprocess = Type\nprobability = Percent\n"
                                  "[stages]\n"
                                  "10 = Prospecting\n10 = Engaging\n39 = Between\n20 = Qualified\n"
                                  "60 = Quote\nlost = Gone\nwon = Won\nlost = Lost\nhold = Parked\n"
                                  "received = Sent to us\n"
                                  "[stages Partner]\n40 = Prospecting\nwon = Signed\n20 = Joint\n"
                                  "[probability]\n80 = 75-90\n";
    static const struct row rows[] = {
        {"Stage=Engaging", "stage=10", ""}, /* */
        {"Stage=engaging", "stage=20", "Stage=Between"},
        {"Stage=Qualified", "stage=20", ""},
        {"Stage=Quote", "stage=10", "Stage=Prospecting"},
        {"Stage=Quote|Type=Partner", "stage=20", "Stage=Joint"},
        {"Stage=Quote|Type=PARTNER", "stage=20", "Stage=Joint"},
        {"Stage=Quote|Type=Other", "stage=20", "Stage=Between"},
        {"Stage=Quote|Type=Partner", "stage=40", "Stage=Prospecting"},
        {"Stage=Quote|Type=Partner", "stage=10", "Stage=Engaging"}, /* the other one means 40 */
        {"Stage=Joint|Type=Partner", "stage=60", "Stage=Quote"},
        {"Stage=Quote", "stage=40", "! no line of [stages] stands for '40'"},
        {"Stage=Odd|Percent=10", "stage=80", "Percent=80"},
        {"Stage=Odd|Percent=90", "stage=80", ""},
        {"Stage=Quote|Percent=10", "stage=80", "! no line of [stages] stands for '80'"},
        {"Stage=Odd|Percent=80", "stage=60", "Stage=Quote"},
        {"Stage=Quote", "status=won|stage=100", "Stage=Won"},
        {"Stage=Quote|Type=Partner", "status=won|stage=100", "Stage=Signed"},
        {"Stage=Won|Type=Partner", "status=won|stage=100", ""},
        {"Stage=Quote", "status=lost", "Stage=Gone"},
        {"Stage=Quote", "status=lost|stage=20", "Stage=Gone"}, /* */
        {"Stage=Lost", "status=lost", ""},
        {"Stage=Odd", "status=lost", "Stage=Gone"},
        {"Stage=Quote", "status=accepted", ""},
        {"Stage=Odd", "status=accepted|+stage=20",
         "! no line of [stages] names 'Odd', the CRM's"
         " stage"},
        {"Stage=Lost", "status=accepted|+stage=20", "Stage=Between"},
        {"Stage=Lost", "status=accepted", "! an open deal needs a stage"},
        {"Stage=Quote", "on_hold=yes", "Stage=Parked"},
        {"Stage=Quote", "on_hold=no", ""},
        {"Stage=Parked", "on_hold=no|+stage=20", "Stage=Between"},
        {"Stage=Parked", "on_hold=no|stage=60", "Stage=Quote"},
        {"Stage=Parked", "status=won", "Stage=Won"},
        {"Stage=Parked", "stage=20",
         "! the CRM has one value for stage and status, which cannot be"
         " on hold and at a stage"},
        {"Stage=Quote", "stage=", "! an open deal needs a stage"},
        {"Stage=Quote", "status=won|stage=60",
         "! a deal that is won has no other stage than 100"
         " (R-67)"},
        {"Stage=Won", "stage=60", "! a deal that is won has no other stage than 100 (R-67)"},
        {"Stage=Quote", "stage=100", "! stage 100 is reached by winning only (R-67)"},
        {"Stage=Lost", "stage=20", "! a deal that is lost has no stage (R-74)"},
        {"Stage=Won", "on_hold=yes", "! a deal that is won or lost cannot be on hold"},
        {NULL, "status=received|stage=10", "Stage=Sent to us"},
        {"Stage=Sent to us", "status=received", ""},
        {"Stage=Sent to us", "status=accepted|stage=10", "Stage=Prospecting"},
        {"Stage=Quote", "status=declined",
         "! no line of [status] or [stages] stands for"
         " 'declined'"},
        {NULL, "name=A|status=accepted|stage=10|on_hold=no", "Name=A|Stage=Prospecting"},
        {NULL, "status=won|stage=100|on_hold=no", "Stage=Won"},
        {NULL, "stage=80", "! no line of [stages] stands for '80'"},
    };

    (void)state;
    check_rows(mapping, rows, COUNT(rows));
}

static void probability_alone(void **state)
{
    static const char mapping[] = "[fields]\nname = Name\n"
                                  "[stage]\nfrom = Stage\nprobability = Percent\n"
                                  "[probability]\n10 = 0-14\n20 = 15-34\n60 = 65-70\n";
    static const struct row rows[] = {
        {"Stage=A|Percent=10", "stage=20", "Percent=20"},
        {"Stage=A|Percent=34.00", "stage=20", ""},
        {"Stage=A|Percent=34", "stage=10", "Percent=10"},
        {"Stage=A|Percent=34", "stage=60", "Percent=65"},
        {"Stage=A|Percent=34", "stage=40", "! no line of [stages] stands for '40'"},
        {"Stage=A|Percent=34", "status=won",
         "! status has no line 'won' or 'lost' for a path that"
         " can be written"},
    };

    (void)state;
    check_rows(mapping, rows, COUNT(rows));
}

/* The only line for 10 means 40 in this process. */
static void probability_behind_a_hidden_line(void **state)
{
    static const char mapping[] = "[fields]\nname = Name\n"
                                  "[stage]\nfrom = Stage\nprocess = Type\nprobability = Percent\n"
                                  "[stages]\n10 = New\n[stages Partner]\n40 = New\n"
                                  "[probability]\n10 = 5-14\n";
    static const struct row rows[] = {
        {"Stage=Odd|Type=Other", "stage=10", "Stage=New"},
        {"Stage=Odd|Type=Partner", "stage=10", "Percent=10"},
        {"Stage=Odd|Type=Partner|Percent=5", "stage=10", ""},
        {"Stage=New|Type=Partner", "stage=10", "! no line of [stages] stands for '10'"},
    };

    (void)state;
    check_rows(mapping, rows, COUNT(rows));
}

/* Two values, as in Dynamics: one says how it stands, the other one how far it is. */
static void status_and_stage_apart(void **state)
{
    static const char mapping[] = "[fields]\nname = Name\n"
                                  "[status]\nfrom = State.label\nopen = Open\nopen = Active\n"
                                  "lost = Gone\nlost = Lost\nhold = Held\n"
                                  "[stage]\nfrom = Stage\n"
                                  "[stages]\n10 = New\n60 = Quote\n60 = Offer\nwon = Sold\n";
    static const struct row rows[] = {
        {"State.label=Active|Stage=New", "stage=60", "Stage=Quote"},
        {"State.label=Active|Stage=Offer", "stage=60|status=accepted|on_hold=no", ""},
        {"State.label=Open|Stage=Offer", "status=lost", "State.label=Gone"},
        {"State.label=Lost|Stage=Offer", "status=lost|stage=10", ""},
        {"State.label=Open|Stage=Offer", "status=won|stage=100", "Stage=Sold"},
        {"State.label=Held|Stage=Offer", "status=won", "State.label=Open|Stage=Sold"},
        {"State.label=Open|Stage=Sold", "status=won", ""},
        {"State.label=Open|Stage=Sold", "status=lost", "State.label=Gone"},
        {"State.label=Open|Stage=Offer", "on_hold=yes", "State.label=Held"},
        {"State.label=Held|Stage=Offer", "on_hold=no|+stage=10", "State.label=Open"},
        {"State.label=Held|Stage=Offer", "stage=10", "Stage=New"},
        {"State.label=Held|Stage=Offer", "stage=60", ""},
        {"State.label=Open|Stage=New", "stage=60|on_hold=yes", "State.label=Held|Stage=Quote"},
        {"State.label=Open|Stage=Odd", "on_hold=yes", "State.label=Held"},
        {"State.label=Held|Stage=Odd", "on_hold=no|+stage=10",
         "! no line of [stages] names 'Odd',"
         " the CRM's stage"},
        {"State.label=Odd|Stage=New", "stage=60", "Stage=Quote"},
        {NULL, "stage=10|status=accepted|on_hold=no", "State.label=Open|Stage=New"},
        {NULL, "stage=10", "Stage=New"},
    };

    (void)state;
    check_rows(mapping, rows, COUNT(rows));
}

/* The same value is looked at twice, so it must please both. */
static void status_and_stage_of_one_path(void **state)
{
    static const char mapping[] = "[fields]\nname = Name\n"
                                  "[status]\nfrom = Stage\nopen = New\nopen = Quote\nwon = Sold\n"
                                  "lost = Gone\nhold = Parked\n"
                                  "[stage]\nfrom = Stage\n"
                                  "[stages]\n10 = New\n60 = Offer\n60 = Quote\nlost = Bye\n";
    static const struct row rows[] = {
        {"Stage=New", "stage=60", "Stage=Quote"}, /* Offer is no open status */
        {"Stage=New", "status=lost", "Stage=Gone"},
        {"Stage=New", "status=lost|stage=60", "Stage=Gone"},
        {"Stage=New", "status=won|stage=100", "Stage=Sold"},
        {"Stage=New", "on_hold=yes", "Stage=Parked"},
        {"Stage=Parked", "on_hold=no|stage=10", "Stage=New"},
        {"Stage=New", "stage=10|status=accepted", ""},
    };

    (void)state;
    check_rows(mapping, rows, COUNT(rows));
}

/* */
static void a_status_that_tells_the_reason_too(void **state)
{
    static const char mapping[] = "[fields]\nreason = State.label\n"
                                  "[values reason]\nothers = Canceled\nother_vendor = Out-Sold\n"
                                  "[status]\nfrom = State.label\nopen = Open\nlost = Canceled\n"
                                  "lost = Out-Sold\n[stage]\nfrom = Stage\n[stages]\n10 = New\n";
    static const struct row rows[] = {
        {"State.label=Open|Stage=New", "status=lost|+reason=other_vendor", "State.label=Out-Sold"},
        {"State.label=Open|Stage=New", "status=lost|+reason=others", "State.label=Canceled"},
        {"State.label=Open|Stage=New", "status=lost|+reason=budget", "State.label=Canceled"},
        {"State.label=Open|Stage=New", "status=lost", "State.label=Canceled"},
        {"State.label=Out-Sold|Stage=New", "status=lost|+reason=budget", ""},
        {"State.label=Out-Sold|Stage=New", "status=accepted|+reason=", "State.label=Open"},
        {"State.label=Out-Sold", "reason=others", "! reason shares its path with something else"},
    };

    (void)state;
    check_rows(mapping, rows, COUNT(rows));
}

static void a_status_alone(void **state)
{
    static const char mapping[] = "[fields]\nname = Name\n[status]\nfrom = S\nopen = o\nwon = w\n";
    static const struct row rows[] = {
        {"S=o", "status=won", "S=w"},
        {"S=w", "status=accepted", "S=o"},
        {"S=o", "status=lost", "! no line of [status] stands for 'lost'"},
        {"S=o", "on_hold=yes", "! on hold has no line 'hold' for a path that can be written"},
        {"S=o", "stage=20",
         "! stage has no line with a percentage for a path that can be"
         " written"},
    };

    (void)state;
    check_rows(mapping, rows, COUNT(rows));
}

/* What can be written, and which paths that may set. */
static void the_mapping_says_what_it_writes(void **state)
{
    static const struct {
        const char *field, *why, *paths;
    } table[] = {
        {"name", NULL, "Name"},
        {"notes", "shares its path with something else", ""},
        {"campaign_id", "shares its path with something else", ""},
        {"value", "is read from another record, which is not written", ""},
        {"help", NULL, "Help.label"},
        {"currency", "is a constant in the mapping", ""},
        {"close_date", "has no path in the mapping", ""},
        {"reason", "shares its path with something else", ""},
        {"origin", "shares its path with something else", ""},
        {"partner", "shares its path with something else", ""},
        {"microsoft", "shares its path with something else", ""},
        {"assessment", "shares its path with something else", ""},
        {"customer_duns", "belongs to the account and is frozen (R-40)", ""},
        {"contact_email", "belongs to another record and freezes (R-43)", ""},
        {"team", "is a list that the CRM keeps in records of their own", ""},
        {"solutions", "is a list that the CRM keeps in records of their own", ""},
        {"crm_id", "is given by the CRM (R-35)", ""},
        {"status", NULL, "State Stage"},
        {"on_hold", NULL, "State"},
        {"stage", NULL, "Stage Percent"},
    };
    struct ds_mapping *m = load_file(
        temp_write("[fields]\nname = Name\nnotes = N\ncampaign_id = N\nvalue = A.B\n"
                   "help = Help.label\ncurrency = \"EUR\"\nreason = State\ncustomer_duns = D\n"
                   "contact_email = E\nteam = T\nsolutions = P\ncrm_id = Id\n"
                   "origin = Stage\npartner = Type\nmicrosoft = Percent\nassessment = T\n"
                   "[status]\nfrom = State\nopen = o\nlost = l\nhold = h\n"
                   "[stage]\nfrom = Stage\nprocess = Type\nprobability = Percent\n"
                   "[stages]\n10 = New\nwon = Sold\n[probability]\n20 = 100\n"));
    size_t count;
    const char *const *paths = ds_mapping_paths(m, &count);

    (void)state;
    for (size_t i = 0; i < COUNT(table); i++) {
        enum ds_field f = ds_field_find(table[i].field);
        const bool *written = ds_mapping_written(m, &arena, UINT64_C(1) << f);
        struct ds_buf got = DS_BUF_INIT(DS_MAX_TEXT);
        const char *why;

        assert_int_equal(ds_mapping_writes(m, f, &why), !table[i].why);
        if (table[i].why)
            assert_string_equal(why, table[i].why);
        for (size_t p = 0; p < count; p++)
            if (written[p])
                ds_buf_addf(&got, "%s%s", got.len ? " " : "", paths[p]);
        if (strcmp(got.text, table[i].paths) != 0)
            fail_msg("%s: got %s, want %s", table[i].field, got.text, table[i].paths);
        ds_buf_clear(&got);
    }
    ds_arena_reset(&arena);
    ds_mapping_free(m);
}

/* ---- generated round trips */

static uint64_t seed;

static unsigned pick(unsigned below)
{
    seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (unsigned)(seed >> 33) % below;
}

static const char *random_value(enum ds_field f)
{
    static const char *const statuses[] = {DS_STATUS_ACCEPTED, DS_STATUS_ACCEPTED, DS_STATUS_WON,
                                           DS_STATUS_LOST};
    const struct ds_field_row *row = &ds_fields[f];
    size_t words = 0;

    if (f == DS_STATUS)
        return statuses[pick(COUNT(statuses))];
    if (f == DS_STAGE)
        return ds_arena_printf(&arena, "%u", pick(2) ? 10 * (1 + pick(2)) : 20 * (1 + pick(4)));
    if (row->type == DS_T_FLAG)
        return pick(2) ? DS_YES : DS_NO;
    if (pick(6) == 0)
        return NULL;
    while (row->words && row->words[words])
        words++;
    if (words)
        return row->words[pick((unsigned)words)];
    if (row->type == DS_T_DECIMAL)
        return ds_arena_printf(&arena, "%u.%u", pick(1000000), 1 + pick(9));
    if (row->type == DS_T_DATE)
        return ds_arena_printf(&arena, "%u-%02u-%02u", 2000 + pick(50), 1 + pick(12), 1 + pick(28));
    if (row->type == DS_T_CURRENCY)
        return pick(2) ? "EUR" : "USD";
    return ds_arena_printf(&arena, "%s \xc3\xa9 %u", row->name, pick(1000));
}

static uint64_t writable(const struct ds_mapping *m)
{
    uint64_t fields = 0;
    const char *why;

    for (enum ds_field f = 0; f < DS_FIELDS; f++)
        if (ds_mapping_writes(m, f, &why))
            fields |= UINT64_C(1) << f;
    return fields;
}

/* A deal as there can be one, and what of it is to be written. */
static uint64_t random_deal(uint64_t fields, struct ds_deal *deal, bool creation)
{
    const uint64_t progress =
        UINT64_C(1) << DS_STATUS | UINT64_C(1) << DS_STAGE | UINT64_C(1) << DS_ON_HOLD;

    for (enum ds_field f = 0; f < DS_FIELDS; f++)
        ds_deal_set(deal, f, random_value(f));
    if (ds_status_terminal(deal->value[DS_STATUS]) || creation)
        deal->value[DS_ON_HOLD] = DS_NO;
    if (ds_same(deal->value[DS_STATUS], DS_STATUS_WON))
        deal->value[DS_STAGE] = "100";
    if (ds_same(deal->value[DS_ON_HOLD], DS_YES))
        fields &= ~(UINT64_C(1) << DS_STAGE);
    for (enum ds_field f = 0; !creation && f < DS_FIELDS; f++)
        if (pick(3) == 0 && !((progress >> f) & 1u))
            fields &= ~(UINT64_C(1) << f);
    return fields;
}

static void map_values(const struct ds_mapping *m, const struct ds_value *values,
                       struct ds_mapped *out)
{
    struct ds_record record = {.id = "006A", .values = values};
    struct ds_err err = {0};

    assert_int_equal(ds_map(m, &arena, &record, out, &err), 0);
}

/* A stage is not read of a deal that is lost or on hold, a reason only of one that is lost. */
static bool reads(const struct ds_deal *want, enum ds_field f)
{
    if (f == DS_STAGE)
        return !ds_same(want->value[DS_STATUS], DS_STATUS_LOST) &&
               !ds_same(want->value[DS_ON_HOLD], DS_YES);
    if (f == DS_REASON)
        return ds_same(want->value[DS_STATUS], DS_STATUS_LOST);
    return f != DS_ON_HOLD || !ds_status_terminal(want->value[DS_STATUS]);
}

/* What the record says goes back without an assignment. */
static void check_silent(const struct ds_mapping *m, const struct ds_value *values)
{
    struct ds_assign out[MAX_PATHS];
    struct ds_mapped mapped;
    const char *why;
    size_t count;

    map_values(m, values, &mapped);
    if (ds_mapping_unmap(m, &arena, values, &mapped.deal, writable(m) & mapped.deal.given, out,
                         &count, &why) != 0)
        fail_msg("seed %llu: %s", (unsigned long long)seed, why);
    if (count)
        fail_msg("seed %llu: %zu assignments for nothing", (unsigned long long)seed, count);
}

/* Spells a value otherwise, which must not matter. */
static void respell(struct ds_value *v)
{
    const char *text = v->text;
    char *other;

    if (!text || !(other = ds_arena_printf(&arena, " %.*s ", (int)v->len, text)))
        return;
    *v = (struct ds_value){other, v->len + 2};
}

static bool check_trip(const struct ds_mapping *m, struct ds_value *values, bool creation)
{
    struct ds_assign out[MAX_PATHS];
    struct ds_deal want = {0};
    uint64_t asked = random_deal(writable(m), &want, creation);
    const bool *written = ds_mapping_written(m, &arena, asked);
    struct ds_mapped mapped;
    const char *why;
    size_t count;

    if (ds_mapping_unmap(m, &arena, creation ? NULL : values, &want, asked, out, &count, &why)) {
        if (strncmp(why, "no line of [", strlen("no line of [")) != 0)
            fail_msg("seed %llu: %s", (unsigned long long)seed, why);
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        assert_true(written[out[i].path]);
        values[out[i].path] = out[i].value;
    }
    map_values(m, values, &mapped);
    for (enum ds_field f = 0; f < DS_FIELDS; f++)
        if (((asked >> f) & 1u) && reads(&want, f) &&
            !(ds_given(&mapped.deal, f) && ds_same(mapped.deal.value[f], want.value[f])))
            fail_msg("seed %llu: %s is '%s', wanted '%s'", (unsigned long long)seed,
                     ds_fields[f].name, mapped.deal.value[f], want.value[f]);
    for (size_t i = 0; i < MAX_PATHS; i++)
        if (pick(4) == 0)
            respell(&values[i]);
    check_silent(m, values);
    return true;
}

static void check_trips(struct ds_mapping *m)
{
    unsigned done = 0;

    for (unsigned i = 0; i < 400; i++) {
        struct ds_value values[MAX_PATHS] = {{0}};
        bool creation = true;

        for (int step = 0; step < 5; step++) {
            bool made = check_trip(m, values, creation);

            done += made;
            creation = creation && !made;
        }
        ds_arena_reset(&arena);
    }
    assert_in_range(done, 200, 2000);
    ds_mapping_free(m);
}

static void every_way_back_reads_as_it_was_meant(void **state)
{
    static const char head[] = "[fields]\nname = Name\nvalue = V\nclose_date = D\ncurrency = C\n"
                               "reason = R\nvisibility = Y\nconsent = O\nhelp = H\nnotes = N\n"
                               "[values visibility]\nyes = Shared\nno = Hidden\nyes = Public\n";
    static const char *const tails[] = {
        "[stage]\nfrom = S\nprocess = P\n[stages]\n10 = a\n10 = b\n20 = c\n40 = d\n60 = e\n80 = f\n"
        "won = w\nlost = l\nlost = m\nhold = h\n[stages p]\n40 = a\n",
        "[status]\nfrom = T\nopen = o\nwon = w\nlost = l\nhold = h\n"
        "[stage]\nfrom = S\n[stages]\n10 = a\n20 = c\n40 = d\n60 = e\n80 = f\nwon = w\n",
        "[status]\nfrom = S\nopen = a\nopen = c\nopen = e\nwon = w\nlost = l\nhold = h\n"
        "[stage]\nfrom = S\n[stages]\n10 = a\n20 = b\n20 = c\n60 = d\n60 = e\nlost = w\n",
        "[status]\nfrom = S\nopen = a\nwon = w\nlost = l\nhold = h\n",
    };
    glob_t files;

    (void)state;
    seed = 20260804;
    assert_int_equal(glob("tests/maps/*.conf", 0, NULL, &files), 0);
    assert_true(files.gl_pathc >= 2);
    for (size_t i = 0; i < files.gl_pathc; i++)
        check_trips(load_file(files.gl_pathv[i]));
    globfree(&files);
    for (size_t i = 0; i < COUNT(tails); i++) {
        char text[2048];

        snprintf(text, sizeof(text), "%s%s", head, tails[i]);
        check_trips(load_file(temp_write(text)));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fields_become_values),
        cmocka_unit_test(stages_become_the_company_s_own),
        cmocka_unit_test(probability_alone),
        cmocka_unit_test(probability_behind_a_hidden_line),
        cmocka_unit_test(status_and_stage_apart),
        cmocka_unit_test(status_and_stage_of_one_path),
        cmocka_unit_test(a_status_that_tells_the_reason_too),
        cmocka_unit_test(a_status_alone),
        cmocka_unit_test(the_mapping_says_what_it_writes),
        cmocka_unit_test(every_way_back_reads_as_it_was_meant),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);

    ds_arena_clear(&arena);
    return failed;
}
