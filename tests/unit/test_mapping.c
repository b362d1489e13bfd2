/* Mapping files and the deals that records become with them: what is not in a table is reported,
 * never guessed. */
#include "mapping/mapping.h"

#include "tests/unit/temp.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define MAX_PATHS    40

static struct ds_arena arena;

static struct ds_mapping *load(const char *text)
{
    struct ds_mapping *m = NULL;
    struct ds_err err = {0};

    if (ds_mapping_load(temp_write(text), &m, &err) != 0)
        fail_msg("%s\n%s\n%s", text, err.text, err.hint);
    return m;
}

/* Maps a record given as "path=value|path=value"; what is not named is empty. */
static struct ds_mapped *map_record(const struct ds_mapping *m, struct ds_record *record,
                                    const char *values)
{
    struct ds_mapped *out = ds_arena_alloc(&arena, sizeof(*out));
    struct ds_value by_path[MAX_PATHS] = {{0}};
    struct ds_err err = {0};
    size_t count, named = 0, len;
    const char *const *paths = ds_mapping_paths(m, &count);

    assert_in_range(count, 0, MAX_PATHS);
    for (const char *p = values; *p; p += len, p += *p == '|') {
        size_t name = strcspn(p, "=");

        len = strcspn(p, "|");
        named++;
        for (size_t i = 0; i < count; i++) {
            if (strlen(paths[i]) != name || strncmp(paths[i], p, name) != 0)
                continue;
            by_path[i] = (struct ds_value){p + name + 1, len - name - 1};
            named--;
        }
    }
    if (named)
        fail_msg("%s: %zu of these paths are not in the mapping", values, named);
    record->values = by_path;
    assert_int_equal(ds_map(m, &arena, record, out, &err), 0);
    return out;
}

/* The given fields, the unmapped stage and the problems, as one text. */
static const char *told(const struct ds_mapped *mapped)
{
    struct ds_buf out = DS_BUF_INIT(DS_MAX_TEXT);
    const char *text;

    ds_deal_to_json(&out, &mapped->deal);
    if (mapped->unmapped_stage)
        ds_buf_addf(&out, " stage '%s'?", mapped->unmapped_stage);
    for (size_t i = 0; i < mapped->problems; i++) {
        const struct ds_problem *p = &mapped->problem[i];

        ds_buf_addf(&out, " %s R-%d: %s;", p->field < DS_FIELDS ? ds_fields[p->field].name : "*",
                    p->rule, p->text);
    }
    text = ds_arena_dup(&arena, out.text);
    ds_buf_clear(&out);
    return text;
}

static void check(const struct ds_mapping *m, const char *values, const char *want)
{
    struct ds_record record = {.id = "006A"};
    const char *got = told(map_record(m, &record, values));

    if (strcmp(got, want) != 0)
        fail_msg("%s\ngot  %s\nwant %s", values, got, want);
    ds_arena_reset(&arena);
}

static void fields_constants_and_defaults(void **state)
{
    struct ds_mapping *m = load("[fields]\n"
                                "name = Name\n"
                                "value = Amount\n"
                                "close_date = CloseDate\n"
                                "currency = \"eur\"\n"
                                "campaign_id = Campaign\n"
                                "consent = Consent\n"
                                "[defaults]\n"
                                "value = 1.50\n"
                                "consent = No\n");

    (void)state;
    check(m, "Name= Contoso |Amount=1e3|CloseDate=2026-09-30T00:00:00Z|Campaign=007a|Consent=TRUE",
          "{\"name\":\"Contoso\",\"value\":\"1000\",\"currency\":\"EUR\","
          "\"close_date\":\"2026-09-30\",\"consent\":\"yes\",\"crm_id\":\"006A\","
          "\"campaign_id\":\"007a\"}");
    check(m, "Name=|Amount= |Campaign=",
          "{\"name\":null,\"value\":\"1.5\",\"currency\":\"EUR\",\"close_date\":null,"
          "\"consent\":\"no\",\"crm_id\":\"006A\",\"campaign_id\":null}");
    assert_true(ds_mapping_gives(m, DS_NAME));
    assert_true(ds_mapping_gives(m, DS_CURRENCY));
    assert_true(ds_mapping_gives(m, DS_CRM_ID));
    assert_false(ds_mapping_gives(m, DS_NOTES));
    assert_false(ds_mapping_gives(m, DS_STAGE));
    assert_false(ds_mapping_gives(m, DS_TEAM));
    assert_null(ds_mapping_stage_path(m));
    ds_mapping_free(m);
}

/* Case is looked at only where it decides. */
static void a_word_that_could_be_two_is_none(void **state)
{
    struct ds_mapping *m = load("[fields]\nhelp = H\n"
                                "[values help]\nquotes = New\ngeneral = NEW\ngeneral = new\n"
                                "technical_win = Old\ntechnical_win = OLD\n");

    (void)state;
    check(m, "H=New", "{\"help\":\"quotes\",\"crm_id\":\"006A\"}");
    check(m, "H=new", "{\"help\":\"general\",\"crm_id\":\"006A\"}");
    check(m, "H=nEw", "{\"crm_id\":\"006A\"} help R-10: H 'nEw' has no line in [values help];");
    check(m, "H=old", "{\"help\":\"technical_win\",\"crm_id\":\"006A\"}");
    ds_mapping_free(m);
}

/* the record's own id, unless the mapping names another. */
static void the_id_of_the_record_is_its_crm_id(void **state)
{
    static const char *const ids[][2] = {
        {"006A", "{\"name\":null,\"crm_id\":\"006A\"}"},
        {" 006A ", "{\"name\":null,\"crm_id\":\"006A\"}"},
        {"  ", "{\"name\":null} crm_id R-35: id '' is empty;"},
        {"a\xff", "{\"name\":null} crm_id R-0: the id holds bytes that are not UTF-8;"},
    };
    struct ds_mapping *m = load("[fields]\nname = Name\n");

    (void)state;
    for (size_t i = 0; i < COUNT(ids); i++) {
        struct ds_record record = {.id = ids[i][0]};

        assert_string_equal(told(map_record(m, &record, "")), ids[i][1]);
    }
    ds_mapping_free(m);
    m = load("[fields]\ncrm_id = Key\n");
    check(m, "Key=K-1", "{\"crm_id\":\"K-1\"}");
    check(m, "Key=", "{\"crm_id\":null}");
    ds_mapping_free(m);
}

/* all that is wrong with a record at once. */
static void every_problem_is_told_with_path_and_value(void **state)
{
    struct ds_mapping *m = load("[fields]\n"
                                "name = Name\n"
                                "value = Amount\n"
                                "close_date = CloseDate\n"
                                "currency = Currency\n"
                                "customer_country = Country\n"
                                "[values customer_country]\n"
                                "KE = Kenya\n");

    (void)state;
    check(m, "Name=x|Amount=1,5|CloseDate=2026-02-31|Currency=EURO|Country=Kenia",
          "{\"name\":\"x\",\"crm_id\":\"006A\"}"
          " value R-33: Amount '1,5' is not a number;"
          " currency R-33: Currency 'EURO' is not a currency code (three letters, as EUR); a line "
          "in [values "
          "currency] can say what it stands for;"
          " close_date R-34: CloseDate '2026-02-31' is a day that does not exist;"
          " customer_country R-39: Country 'Kenia' has no line in [values customer_country];");
    check(m,
          "Amount=\xc3\xa9"
          "234567890123456789012345678901234567890",
          "{\"name\":null,\"currency\":null,\"close_date\":null,\"customer_country\":null,"
          "\"crm_id\":\"006A\"} value R-33: Amount "
          "'\xc3\xa9"
          "234567890123456789012345678901234567890' is not a number;");
    check(m,
          "Amount=\xc3\xa9"
          "234567890123456789012345678901234567890X",
          "{\"name\":null,\"currency\":null,\"close_date\":null,\"customer_country\":null,"
          "\"crm_id\":\"006A\"} value R-33: Amount "
          "'\xc3\xa9"
          "234567890123456789012345678901234567890...' is not a number;");
    ds_mapping_free(m);
}

static void text_that_is_no_text_is_a_problem(void **state)
{
    struct ds_mapping *m = load("[fields]\nname = Name\nnotes = Notes\n");
    char *large = calloc(1, DS_MAX_FIELD + 2);
    struct ds_value values[2] = {{"a\0b", 3}, {"\xff", 1}};
    struct ds_record record = {.id = "006A", .values = values};
    struct ds_mapped out;
    struct ds_err err = {0};

    (void)state;
    assert_non_null(large);
    assert_int_equal(ds_map(m, &arena, &record, &out, &err), 0);
    assert_string_equal(told(&out), "{\"crm_id\":\"006A\"} name R-0: Name holds a NUL byte;"
                                    " notes R-0: Notes holds bytes that are not UTF-8;");
    memset(large, 'x', DS_MAX_FIELD + 1);
    values[0] = (struct ds_value){"a\xef\xb7\x90", 4};
    values[1] = (struct ds_value){large, DS_MAX_FIELD + 1};
    record.id = "\xff";
    assert_int_equal(ds_map(m, &arena, &record, &out, &err), 0);
    assert_string_equal(told(&out), "{} name R-0: Name holds bytes that are not UTF-8;"
                                    " notes R-0: Notes has 1048577 bytes, 1048576 are allowed;"
                                    " crm_id R-0: the id holds bytes that are not UTF-8;");
    values[0] = (struct ds_value){"abc", 2}; /* without a NUL behind it */
    values[1] = (struct ds_value){large, DS_MAX_FIELD};
    record.id = "006A";
    assert_int_equal(ds_map(m, &arena, &record, &out, &err), 0);
    assert_string_equal(out.deal.value[DS_NAME], "ab");
    assert_int_equal(out.problems, 1);
    assert_non_null(strstr(out.problem[0].text, "xxx...' has 1048576 characters, 32000 are"));
    ds_arena_reset(&arena);
    free(large);
    ds_mapping_free(m);
}

static void whole_records(void **state)
{
    struct ds_mapping *m = load("[fields]\nname = Name\n");
    struct ds_record broken = {.id = "006A", .fault = "row 7 has 3 fields, 4 are expected"};
    struct ds_record nameless = {.id = NULL}, empty = {.id = ""};
    struct ds_record deleted = {.id = "006A", .deleted = true};

    (void)state;
    assert_string_equal(told(map_record(m, &broken, "Name=x")),
                        "{} * R-0: row 7 has 3 fields, 4 are expected;");
    assert_string_equal(told(map_record(m, &nameless, "Name=x")), "{} * R-0: has no id;");
    assert_string_equal(told(map_record(m, &empty, "Name=x")), "{} * R-0: has no id;");
    assert_string_equal(told(map_record(m, &deleted, "Name=\xff")), "{}");
    ds_arena_reset(&arena);
    ds_mapping_free(m);
}

/* The record may be gone when the deal is looked at: nothing of it is borrowed. */
static void nothing_is_borrowed_from_the_record(void **state)
{
    struct ds_mapping *m = load("[fields]\nname = Name\n[stage]\nfrom = Stage\n");
    char name[] = "Contoso", id[] = "006A", stage[] = "Odd";
    struct ds_value values[2] = {{name, 7}, {stage, 3}};
    struct ds_record record = {.id = id, .values = values};
    struct ds_mapped out;
    struct ds_err err = {0};

    (void)state;
    assert_int_equal(ds_map(m, &arena, &record, &out, &err), 0);
    memset(name, '#', 7);
    memset(id, '#', 4);
    memset(stage, '#', 3);
    assert_string_equal(told(&out), "{\"name\":\"Contoso\",\"crm_id\":\"006A\"} stage 'Odd'?");
    ds_arena_reset(&arena);
    ds_mapping_free(m);
}

static void value_tables(void **state)
{
    struct ds_mapping *m = load("[fields]\n"
                                "customer_country = Country\n"
                                "solutions = Product\n"
                                "visibility = Share\n"
                                "[values customer_country]\n"
                                "DE = Germany\n"
                                "DE = Deutschland\n"
                                "de = \" Bund \"\n"
                                "US = usa\n"
                                "UM = USA\n"
                                "[values solutions]\n"
                                "SOL-1 = GTX Pro\n"
                                "SOL-1 = GTXPro\n"
                                "SOL-2 = MG\n"
                                "[values visibility]\n"
                                "yes = Shared\n"
                                "no = Hidden\n");

    (void)state;
    check(m, "Country=Germany|Product=GTXPro|Share=Shared",
          "{\"customer_country\":\"DE\",\"visibility\":\"yes\",\"solutions\":\"[\\\"SOL-1\\\"]\","
          "\"crm_id\":\"006A\"}");
    check(m, "Country=DEUTSCHLAND|Product=MG;gtx pro ; GTXPro|Share=hidden",
          "{\"customer_country\":\"DE\",\"visibility\":\"no\","
          "\"solutions\":\"[\\\"SOL-1\\\",\\\"SOL-2\\\"]\",\"crm_id\":\"006A\"}");
    check(m, "Country=Bund|Product=|Share=",
          "{\"customer_country\":\"DE\",\"visibility\":null,\"solutions\":null,"
          "\"crm_id\":\"006A\"}");
    check(m, "Country=USA|Share=Hidden",
          "{\"customer_country\":\"UM\",\"visibility\":\"no\",\"solutions\":null,"
          "\"crm_id\":\"006A\"}");
    /* neither of the two spellings: which one is meant is not guessed */
    check(m, "Country=Usa|Product=MG; X ;Y|Share=Hidden",
          "{\"visibility\":\"no\",\"crm_id\":\"006A\"}"
          " customer_country R-39: Country 'Usa' has no line in [values customer_country];"
          " solutions R-50: Product 'X' has no line in [values solutions];"
          " solutions R-50: Product 'Y' has no line in [values solutions];");
    check(m, "Country=DE|Product=;|Share=Hidden",
          "{\"visibility\":\"no\",\"crm_id\":\"006A\"}"
          " customer_country R-39: Country 'DE' has no line in [values customer_country];"
          " solutions R-50: Product ';' names no solution;");
    check(m, "Country=Bund|Product=[\"MG\",\" GTXPro\",\"gtx pro\"]|Share=Hidden",
          "{\"customer_country\":\"DE\",\"visibility\":\"no\","
          "\"solutions\":\"[\\\"SOL-1\\\",\\\"SOL-2\\\"]\",\"crm_id\":\"006A\"}");
    check(m, "Country=Bund|Product=[\"MG\",\"X;Y\",\"Z\"]|Share=Hidden",
          "{\"customer_country\":\"DE\",\"visibility\":\"no\",\"crm_id\":\"006A\"}"
          " solutions R-50: Product 'X;Y' has no line in [values solutions];"
          " solutions R-50: Product 'Z' has no line in [values solutions];");
    check(m, "Country=Bund|Product=[MG|Share=Hidden",
          "{\"customer_country\":\"DE\",\"visibility\":\"no\",\"crm_id\":\"006A\"}"
          " solutions R-50: Product '[MG' has no line in [values solutions];");
    check(m, "Country=Bund|Product=[\"MG\",7]|Share=Hidden",
          "{\"customer_country\":\"DE\",\"visibility\":\"no\",\"crm_id\":\"006A\"}"
          " solutions R-50: Product '[\"MG\",7]' has no line in [values solutions];");
    ds_mapping_free(m);
}

/* */
static void a_team_member_is_whole_or_a_problem(void **state)
{
    struct ds_mapping *m = load("[fields]\n"
                                "team.name = Owner.Name\n"
                                "team.email = Owner.Email\n"
                                "team.phone = Owner.Phone\n");

    (void)state;
    check(m, "Owner.Name=Ann|Owner.Email=Ann@x|Owner.Phone=1",
          "{\"team\":\"[{\\\"email\\\":\\\"Ann@x\\\",\\\"name\\\":\\\"Ann\\\","
          "\\\"phone\\\":\\\"1\\\"}]\",\"crm_id\":\"006A\"}");
    check(m, "", "{\"team\":null,\"crm_id\":\"006A\"}");
    check(m, "Owner.Name=Ann",
          "{\"crm_id\":\"006A\"}"
          " team R-45: Owner.Email is empty: a team member needs name, email and phone;"
          " team R-45: Owner.Phone is empty: a team member needs name, email and phone;");
    check(m, "Owner.Name=\xff|Owner.Email=Ann@x",
          "{\"crm_id\":\"006A\"} team R-0: Owner.Name holds bytes that are not UTF-8;");
    assert_true(ds_mapping_gives(m, DS_TEAM));
    ds_mapping_free(m);
}

#define MEMBER(email, name) "{\"email\":\"" email "\",\"name\":\"" name "\",\"phone\":\"1\"}"
#define TEAM(members)       "{\"team\":\"[" members "]\",\"crm_id\":\"006A\"}"
#define IN_JSON(email, name)                                                                       \
    "{\\\"email\\\":\\\"" email "\\\",\\\"name\\\":\\\"" name "\\\",\\\"phone\\\":\\\"1\\\"}"

/* an email counts without regard to case, and the first one of it wins */
static void a_team_of_several_lists(void **state)
{
    struct ds_mapping *m = load("[fields]\n"
                                "team.name = Owner\nteam.email = Mail\nteam.phone = \"1\"\n"
                                "team = Team , Roles\n");
    struct ds_mapping *lists = load("[fields]\nteam = Team\n[defaults]\nteam.phone = 1\n");

    (void)state;
    check(m,
          "Owner=Ann|Mail=ann@x|Team=[" MEMBER("bob@x", "Bob") "," MEMBER(
              "ANN@x", "Other") "]"
                                "|Roles=[" MEMBER("Al@x", "Al") "," MEMBER("BOB@x", "Rob") "]",
          TEAM(IN_JSON("Al@x", "Al") "," IN_JSON("ann@x", "Ann") "," IN_JSON("bob@x", "Bob")));
    check(m, "Owner=Ann|Mail=ann@x|Team=|Roles=[]", TEAM(IN_JSON("ann@x", "Ann")));
    check(m, "Owner=Ann|Mail=ann@x|Team=Bob|Roles=[5]",
          "{\"crm_id\":\"006A\"} team R-45: Team 'Bob' is not a team (a JSON array of email, name"
          " and phone); team R-45: Roles has a member without name: a team member needs name,"
          " email and phone; team R-45: Roles has a member without email: a team member needs"
          " name, email and phone; team R-45: Roles has a member without phone: a team member"
          " needs name, email and phone;");
    assert_true(ds_mapping_gives(lists, DS_TEAM));
    check(lists, "Team=[" MEMBER("bob@x", "Bob") "]", TEAM(IN_JSON("bob@x", "Bob")));
    check(lists, "Team=[{\"email\":\"bob@x\",\"name\":\" Bob \",\"phone\":null}]",
          TEAM(IN_JSON("bob@x", "Bob")));
    check(lists, "Team=", "{\"team\":null,\"crm_id\":\"006A\"}");
    check(lists, "Team=\xff",
          "{\"crm_id\":\"006A\"} team R-0: Team holds bytes that are not"
          " UTF-8;");
    check(lists, "Team=[{\"email\":\"bob@x\"}]",
          "{\"crm_id\":\"006A\"} team R-45: Team has a member without name: a team member needs"
          " name, email and phone;");
    ds_mapping_free(m);
    ds_mapping_free(lists);
}

#define ACCEPTED(percent)                                                                          \
    "{\"status\":\"accepted\",\"stage\":\"" percent "\",\"on_hold\":\"no\","                       \
    "\"crm_id\":\"006A\"}"
#define WON  "{\"status\":\"won\",\"stage\":\"100\",\"crm_id\":\"006A\"}"
#define HELD "{\"status\":\"accepted\",\"on_hold\":\"yes\",\"crm_id\":\"006A\"}"
#define OPEN "{\"status\":\"accepted\",\"on_hold\":\"no\",\"crm_id\":\"006A\"}"
#define LOST "{\"status\":\"lost\",\"crm_id\":\"006A\"}"
#define NONE "{\"crm_id\":\"006A\"}"

static const char stages[] = "[fields]\n"
                             "crm_id = Id\n"
                             "[stage]\n"
                             "from = Stage\n"
                             "process = Type\n"
                             "probability = Percent\n"
                             "[stages]\n"
                             "10 = Prospecting\n"
                             "10 = Engaging\n"
                             "39 = Between\n"
                             "70 = Quote\n"
                             "99 = Nearly\n"
                             "won = Closed Won\n"
                             "lost = Closed Lost\n"
                             "hold = Parked\n"
                             "[stages Partner]\n"
                             "40 = Prospecting\n"
                             "won = Signed\n"
                             "[probability]\n"
                             "10 = 0-14\n"
                             "20 = 15-34\n"
                             "80 = 95\n";

static void stages_become_the_standard_ladder(void **state)
{
    static const char *const table[][2] = {
        {"Stage=Prospecting", ACCEPTED("10")},
        {"Stage=engaging", ACCEPTED("10")},
        {"Stage=Between", ACCEPTED("20")}, /* the lower one */
        {"Stage=Quote", ACCEPTED("60")},
        {"Stage=Nearly", ACCEPTED("80")},
        {"Stage=Closed Won", WON},
        {"Stage=Closed Lost", LOST}, /* */
        {"Stage=Parked", HELD},
        {"Stage=Prospecting|Type=Partner", ACCEPTED("40")},
        {"Stage=Prospecting|Type=PARTNER", ACCEPTED("40")},
        {"Stage=Prospecting|Type=Other", ACCEPTED("10")},
        {"Stage=Engaging|Type=Partner", ACCEPTED("10")},
        {"Stage=Signed|Type=Partner", WON},
        {"Stage=Signed", NONE " stage 'Signed'?"},
        {"Stage=Odd", NONE " stage 'Odd'?"},
        {"Stage=", NONE " stage ''?"},
        {"Stage=|Percent=10", NONE " stage ''?"},
        {"Stage=Odd|Percent=0", ACCEPTED("10")},
        {"Stage=Odd|Percent=14", ACCEPTED("10")},
        {"Stage=Odd|Percent=14.9", ACCEPTED("10")},
        {"Stage=Odd|Percent=15.00", ACCEPTED("20")},
        {"Stage=Odd|Percent=34", ACCEPTED("20")},
        {"Stage=Odd|Percent=35", NONE " stage 'Odd'?"},
        {"Stage=Odd|Percent=95", ACCEPTED("80")},
        {"Stage=Odd|Percent=-1", NONE " stage 'Odd'?"},
        {"Stage=Odd|Percent=100", NONE " stage 'Odd'?"},
        {"Stage=Odd|Percent=1e9", NONE " stage 'Odd'?"},
        {"Stage=Odd|Percent=x", NONE " stage 'Odd'?"},
        {"Stage=Quote|Percent=0", ACCEPTED("60")}, /* a line wins over the probability */
        {"Stage=\xff", NONE " stage R-0: Stage holds bytes that are not UTF-8;"},
    };
    struct ds_mapping *m = load(stages);

    (void)state;
    for (size_t i = 0; i < COUNT(table); i++) {
        char values[100];

        snprintf(values, sizeof(values), "Id=006A|%s", table[i][0]);
        check(m, values, table[i][1]);
    }
    assert_string_equal(ds_mapping_stage_path(m), "Stage");
    assert_string_equal(ds_mapping_process_path(m), "Type");
    assert_null(ds_mapping_status_path(m));
    assert_string_equal(ds_mapping_stage(m, NULL, "Quote", -1), "60");
    assert_string_equal(ds_mapping_stage(m, "Partner", "Signed", -1), "won");
    assert_string_equal(ds_mapping_stage(m, NULL, "Odd", 20), "20");
    assert_null(ds_mapping_stage(m, NULL, "Odd", -1));
    assert_null(ds_mapping_stage(m, NULL, "Odd", 101));
    assert_true(ds_mapping_gives(m, DS_STATUS) && ds_mapping_gives(m, DS_STAGE));
    ds_mapping_free(m);
}

static void the_status_decides_before_the_stage(void **state)
{
    static const char *const table[][2] = {
        {"State=0|Stage=Quote", ACCEPTED("60")},
        {"State=0|Stage=Sold", WON},
        {"State=0|Stage=", NONE " stage ''?"},
        {"State=1|Stage=Quote", WON},
        {"State=1|Stage=Odd", WON},
        {"State=2|Stage=", LOST},
        {"State=4|Stage=Quote", LOST},
        {"State=3|Stage=Quote", HELD},
        {"State=9|Stage=Quote", NONE " status R-0: State '9' has no line in [status];"},
        {"State=|Stage=Quote", NONE " status R-0: State is empty;"},
        {"State=1|Stage=\xff", NONE " stage R-0: Stage holds bytes that are not UTF-8;"},
    };
    struct ds_mapping *m = load("[fields]\ncrm_id = Id\n"
                                "[status]\nfrom = State\nopen = 0\nwon = 1\nlost = 2\nlost = 4\n"
                                "hold = 3\n"
                                "[stage]\nfrom = Stage\n[stages]\n60 = Quote\nwon = Sold\n");

    (void)state;
    for (size_t i = 0; i < COUNT(table); i++) {
        char values[100];

        snprintf(values, sizeof(values), "Id=006A|%s", table[i][0]);
        check(m, values, table[i][1]);
    }
    assert_string_equal(ds_mapping_status_path(m), "State");
    assert_string_equal(ds_mapping_status(m, "4"), "lost");
    assert_null(ds_mapping_status(m, "9"));
    ds_mapping_free(m);
}

static void a_status_without_stages(void **state)
{
    struct ds_mapping *m = load("[fields]\ncrm_id = Id\n[status]\nfrom = S\nopen = o\nwon = w\n");

    (void)state;
    check(m, "Id=006A|S=o", OPEN);
    check(m, "Id=006A|S=w", WON);
    ds_mapping_free(m);
}

static void the_company_word_is_kept_for_reports(void **state)
{
    struct ds_mapping *m = load(stages);
    struct ds_record record = {.id = "006A"};

    (void)state;
    assert_string_equal(map_record(m, &record, "Id=006A|Stage= Quote ")->stage_name, "Quote");
    assert_string_equal(map_record(m, &record, "Id=006A|Stage=Odd")->stage_name, "Odd");
    assert_null(map_record(m, &record, "Id=006A|Stage=")->stage_name);
    ds_arena_reset(&arena);
    ds_mapping_free(m);
}

/* */
static void a_received_deal_has_words_of_its_own(void **state)
{
    struct ds_mapping *m =
        load("[fields]\ncrm_id = Id\nreason = Why\n"
             "[stage]\nfrom = Stage\n[stages]\n10 = New\nreceived = From partner\n"
             "declined = Turned down\n");

    (void)state;
    check(m, "Id=006A|Stage=From partner|Why=budget",
          "{\"status\":\"received\",\"stage\":\"10\",\"crm_id\":\"006A\"}");
    check(m, "Id=006A|Stage=Turned down|Why=budget",
          "{\"status\":\"declined\",\"reason\":\"budget\",\"crm_id\":\"006A\"}");
    check(m, "Id=006A|Stage=New|Why=budget", ACCEPTED("10"));
    ds_mapping_free(m);
}

static void a_reason_belongs_to_a_lost_deal_only(void **state)
{
    struct ds_mapping *m = load("[fields]\ncrm_id = Id\nreason = Why\n[values reason]\n"
                                "budget = Too expensive\n"
                                "[stage]\nfrom = Stage\n[stages]\n10 = New\nlost = Lost\n");

    (void)state;
    check(m, "Id=006A|Stage=New|Why=Odd", ACCEPTED("10"));
    check(m, "Id=006A|Stage=Lost|Why=Too expensive",
          "{\"status\":\"lost\",\"reason\":\"budget\",\"crm_id\":\"006A\"}");
    check(m,
          "Id=006A|Stage=Lost|Why=", "{\"status\":\"lost\",\"reason\":null,\"crm_id\":\"006A\"}");
    check(m, "Id=006A|Stage=Lost|Why=Odd",
          LOST " reason R-58: Why 'Odd' has no line in [values reason];");
    ds_mapping_free(m);
}

static void a_path_is_asked_for_once(void **state)
{
    struct ds_mapping *m = load("[fields]\nname = A\nnotes = A\ncrm_id = B\nvalue = C\n"
                                "[status]\nfrom = D\n[stage]\nfrom = D\nprocess = A\n");
    size_t count;
    const char *const *paths = ds_mapping_paths(m, &count);

    (void)state;
    assert_int_equal(count, 4);
    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; k < i; k++)
            assert_string_not_equal(paths[i], paths[k]);
    ds_mapping_free(m);
}

static void tables_may_have_any_size(void **state)
{
    struct ds_buf text = DS_BUF_INIT(DS_MAX_FILE);
    struct ds_mapping *m;

    (void)state;
    ds_buf_add(&text, "[fields]\ncrm_id = Id\nsolutions = P\n[values solutions]\n");
    for (int i = 0; i < 20000; i++)
        ds_buf_addf(&text, "SOL-%d = Product %d\n", i % 500, i);
    m = load(text.text);
    for (int i = 0; i < 20000; i++) {
        char values[64], want[100];

        snprintf(values, sizeof(values), "Id=006A|P=PRODUCT %d", i);
        snprintf(want, sizeof(want), "{\"solutions\":\"[\\\"SOL-%d\\\"]\",\"crm_id\":\"006A\"}",
                 i % 500);
        check(m, values, want);
    }
    ds_mapping_free(m);
    ds_buf_clear(&text);
}

/* A record full of unknown solutions costs a bounded number of problems. */
static void problems_are_bounded(void **state)
{
    struct ds_mapping *m = load("[fields]\nsolutions = P\n[values solutions]\nS = x\n");
    char *many = malloc(DS_MAX_FIELD);
    struct ds_value value = {many, DS_MAX_FIELD};
    struct ds_record record = {.id = "006A", .values = &value};
    struct ds_mapped out;
    struct ds_err err = {0};

    (void)state;
    assert_non_null(many);
    for (size_t i = 0; i < DS_MAX_FIELD; i++)
        many[i] = i % 2 ? ';' : 'y';
    assert_int_equal(ds_map(m, &arena, &record, &out, &err), 0);
    assert_int_equal(out.problems, DS_MAX_PROBLEMS);
    ds_arena_reset(&arena);
    free(many);
    ds_mapping_free(m);
}

static void only_meaning_counts_for_the_fingerprint(void **state)
{
    static const char one[] = "[fields]\nname = Name\nvalue = Amount\nlocation = \"1\"\n"
                              "[defaults]\nvalue = 1\n"
                              "[stage]\nfrom = Stage\n[stages]\n10 = A\n20 = B\n";
    static const struct {
        bool same;
        const char *text;
    } others[] = {
        {true, one},
        {true,
         "; a comment\n\n[stages]\n20 = B\n  12 = A ; x\n[defaults]\nvalue=1.0\n"
         "[fields]\nlocation = \"1\" ; x\nvalue = Amount\nname : Name\n[stage]\nfrom = Stage\n"},
        {false, "[fields]\nname = Nmae\nvalue = Amount\nlocation = \"1\"\n[defaults]\nvalue = 1\n"
                "[stage]\nfrom = Stage\n[stages]\n10 = A\n20 = B\n"},
        {false,
         "[fields]\nname = \"Name\"\nvalue = Amount\nlocation = \"1\"\n[defaults]\nvalue = 1\n"
         "[stage]\nfrom = Stage\n[stages]\n10 = A\n20 = B\n"},
        {false, "[fields]\nname = Name\nvalue = Amount\nlocation = \"1\"\n[defaults]\nvalue = 2\n"
                "[stage]\nfrom = Stage\n[stages]\n10 = A\n20 = B\n"},
        {false, "[fields]\nname = Name\nvalue = Amount\nlocation = \"1\"\n[defaults]\nvalue = 1\n"
                "[stage]\nfrom = Stage\n[stages]\n10 = A\n40 = B\n"},
        {false, "[fields]\nname = Name\nvalue = Amount\nlocation = \"1\"\n[defaults]\nvalue = 1\n"
                "[stage]\nfrom = Stage\nprocess = P\n[stages]\n10 = A\n20 = B\n"},
        {false, "[fields]\nname = Name\nvalue = Amount\nlocation = \"1\"\n[defaults]\nvalue = 1\n"
                "[stage]\nfrom = Stage\nprobability = P\n[stages]\n10 = A\n20 = B\n"
                "[probability]\n10 = 7\n"},
        {false, "[fields]\nname = Name\nvalue = Amount\nlocation = \"1\"\nteam = T\n"
                "[defaults]\nvalue = 1\n[stage]\nfrom = Stage\n[stages]\n10 = A\n20 = B\n"},
        {false, "[fields]\nname = Name\nvalue = Amount\nlocation = \"2\"\n[defaults]\nvalue = 1\n"
                "[stage]\nfrom = Stage\n[stages]\n10 = A\n20 = B\n"},
    };
    struct ds_mapping *m = load(one);

    (void)state;
    assert_int_equal(strlen(ds_mapping_fingerprint(m)), 64);
    for (size_t i = 0; i < COUNT(others); i++) {
        struct ds_mapping *other = load(others[i].text);

        if ((strcmp(ds_mapping_fingerprint(m), ds_mapping_fingerprint(other)) == 0) !=
            others[i].same)
            fail_msg("%s\nmust %sbe the same mapping", others[i].text,
                     others[i].same ? "" : "not ");
        ds_mapping_free(other);
    }
    ds_mapping_free(m);
}

/* The same word in another place is another mapping. */
static void each_part_counts_for_the_fingerprint(void **state)
{
    static const char *const pairs[][2] = {
        {"[fields]\nname = X\n", "[fields]\nnotes = X\n"},
        {"[fields]\nname = \"X\"\n", "[fields]\nname = X\n"},
        {"[fields]\nname = A\n[status]\nfrom = B\nopen = o\n",
         "[fields]\nname = A\n[status]\nfrom = C\nopen = o\n"},
        {"[fields]\nvisibility = V\nconsent = C\n[values visibility]\nyes = x\n",
         "[fields]\nvisibility = V\nconsent = C\n[values consent]\nyes = x\n"},
        {"[fields]\nname = A\n[status]\nfrom = S\nwon = w\n[stage]\nfrom = S\n[stages]\n"
         "10 = x\nlost = y\n",
         "[fields]\nname = A\n[status]\nfrom = S\nwon = w\nlost = y\n[stage]\nfrom = S\n"
         "[stages]\n10 = x\n"},
        {"[fields]\nname = A\n[stage]\nfrom = S\nprocess = P\n[stages A]\n10 = x\n",
         "[fields]\nname = A\n[stage]\nfrom = S\nprocess = P\n[stages B]\n10 = x\n"},
        {"[fields]\nname = A\n[stage]\nfrom = S\nprobability = P\n[probability]\n10 = 0\n",
         "[fields]\nname = A\n[stage]\nfrom = S\nprobability = P\n[probability]\n20 = 0\n"},
        {"[fields]\nname = A\n[stage]\nfrom = S\nprobability = P\n[probability]\n10 = 100\n",
         "[fields]\nname = A\n[stage]\nfrom = S\nprobability = P\n[probability]\n20 = 100\n"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(pairs); i++) {
        struct ds_mapping *one = load(pairs[i][0]), *other = load(pairs[i][1]);

        if (strcmp(ds_mapping_fingerprint(one), ds_mapping_fingerprint(other)) == 0)
            fail_msg("%s\nand\n%s", pairs[i][0], pairs[i][1]);
        ds_mapping_free(one);
        ds_mapping_free(other);
    }
}

/* The first line of a standard word is the one that is written. */
static void the_order_of_lines_of_one_word_is_meaning(void **state)
{
    struct ds_mapping *one = load("[fields]\nname = A\n[stage]\nfrom = S\n[stages]\n"
                                  "10 = x\n10 = y\n20 = z\n");
    struct ds_mapping *same = load("[fields]\nname = A\n[stage]\nfrom = S\n[stages]\n"
                                   "10 = x\n20 = z\n10 = y\n");
    struct ds_mapping *other = load("[fields]\nname = A\n[stage]\nfrom = S\n[stages]\n"
                                    "10 = y\n10 = x\n20 = z\n");

    (void)state;
    assert_string_equal(ds_mapping_fingerprint(one), ds_mapping_fingerprint(same));
    assert_string_not_equal(ds_mapping_fingerprint(one), ds_mapping_fingerprint(other));
    ds_mapping_free(one);
    ds_mapping_free(same);
    ds_mapping_free(other);
}

static void a_bad_file_is_refused_with_line_and_hint(void **state)
{
    static const struct {
        const char *text, *error, *hint;
    } table[] = {
        {"", ": there is no [fields] section", "a mapping needs"},
        {"[stage]\nfrom = S\n", ": there is no [fields] section", ""},
        {"name = x\n", ":1: 'name' stands before the first section", ""},
        {"[feilds]\nname = x\n", ":2: 'feilds' is no section of a mapping", "'fields'"},
        {"[xyz]\nname = x\n", ":2: 'xyz' is no section", "there are: fields, defaults, values"},
        {"[fields x]\nname = x\n", ":2: section [fields] takes no 'x'", ""},
        {"[values]\nname = x\n", ":2: section [values] needs a field", ""},
        {"[fields]\nnmae = x\n", ":2: 'nmae' is no field of a deal", "did you mean 'name'?"},
        {"[fields]\nteam.mail = x\n", ":2: 'team.mail' is no field", "did you mean 'team.email'?"},
        {"[fields]\nfoo = x\n", ":2: 'foo' is no field", "there are: name, reason, value"},
        {"[fields]\nstage = x\n", ":2: 'stage' cannot stand here", "[stages]"},
        {"[fields]\nstatus = x\n", ":2: 'status' cannot stand here", "[status]"},
        {"[fields]\non_hold = x\n", ":2: 'on_hold' cannot stand here", "'hold'"},
        {"[defaults]\nteam = x\n", ":2: 'team' cannot stand here", "team.name"},
        {"[fields]\nteam =\n", ":2: 'team' needs the path", ""},
        {"[fields]\nteam = A,,B\n", ":2: 'team' needs the path", ""},
        {"[fields]\nteam = A,\n", ":2: 'team' needs the path", ""},
        {"[fields]\nteam = \"A\"\n", ":2: 'team' needs the path", ""},
        {"[fields]\nteam = A\nteam = B\n", ":3: 'team' stands in line 2 already", ""},
        {"[fields]\nteam = A,B,C,D,E,F,G,H,I\n", ":2: a team has 8 lists at most", ""},
        {"[fields]\nteam = A\n[values team.name]\nAnn = x\n",
         ":4: [values] speaks of 'team.name', for which [fields] has no path", "add a line"},
        {"[fields]\nname = A\nvalue = C\nname = B\n", ":4: 'name' stands in line 2 already", ""},
        {"[fields]\nname =\n", ":2: 'name' needs the path", "name = StageName"},
        {"[fields]\nname = \"\"\n", ":2: the value of name is empty", ""},
        {"[fields]\nvalue = \"1,5\"\n", ":2: value: '1,5' is not a number", ""},
        {"[fields]\nvalue = A\n[defaults]\nvalue = x\n", ":4: value: 'x' is not a number", ""},
        {"[fields]\nvalue = A\n[defaults]\nvalue = 1\nvalue = 2\n", ":5: 'value' stands in line 4",
         ""},
        {"[fields]\nname = A\n[defaults]\nvalue = 1\n",
         ":4: [defaults] speaks of 'value', for which [fields] has no path", "add a line 'value"},
        {"[fields]\nvalue = \"2\"\n[defaults]\nvalue = 1\n", ":4: [defaults] speaks of 'value'",
         "line 2 makes it a constant"},
        {"[fields]\nname = A\n[values currency]\nEUR = x\n", ":4: [values] speaks of 'currency'",
         ""},
        {"[fields]\ncurrency = A\n[values curency]\nEUR = x\n", ":4: 'curency' is no field",
         "'currency'"},
        {"[fields]\ncurrency = A\n[values currency]\nEURO = x\n", ":4: currency: 'EURO' is not",
         ""},
        {"[fields]\ncurrency = A\n[values currency]\nEUR =\n", ":4: 'EUR' has no company value",
         ""},
        {"[fields]\ncurrency = A\n[values currency]\nEUR = x\nUSD = y\nUSD = x\n",
         ":6: 'x' stands in line 4 already", ""},
        {"[fields]\nsolutions = A\n[values solutions]\na;b = x\n", ":4: 'a;b' is not one solution",
         ""},
        {"[fields]\nteam.name = A\nteam.email = B\n", ":3: a team member needs team.phone", "R-45"},
        {"[fields]\nname = A\n[status]\nfrm = B\n", ":4: 'frm' is no word of [status]", "'from'"},
        {"[fields]\nname = A\n[status]\nopen = 0\n", ":4: [status] needs 'from' in [status]", ""},
        {"[fields]\nname = A\n[status]\nfrom = S\nopen = 0\nwon = 0\n",
         ":6: '0' stands in line 5 already", ""},
        {"[fields]\nname = A\n[stage]\nfrom = S\nfrom = T\n", ":5: 'from' stands in line 4", ""},
        {"[fields]\nname = A\n[stage]\nfrom = \"S\"\n", ":4: 'from' needs the path", ""},
        {"[fields]\nname = A\n[stage]\nproces = S\n", ":4: 'proces' is no setting", "'process'"},
        {"[fields]\nname = A\n[stage]\nprocess = S\n", ":4: 'process' needs 'from' in [stage]", ""},
        {"[fields]\nname = A\n[stages]\n10 = S\n", ":4: [stages] needs 'from' in [stage]", ""},
        {"[fields]\nname = A\n[stage]\nfrom = S\n[stages P]\n10 = S\n",
         ":6: [stages PROCESS] needs 'process' in [stage]", ""},
        {"[fields]\nname = A\n[stage]\nfrom = S\n[stages]\n10 = x\n20 = x\n",
         ":7: 'x' stands in line 6 already", ""},
        {"[stages]\n100 = Sold\n", ":2: 100 is reached by winning only (R-67)", "won = Sold"},
        {"[stages]\n0 = Gone\n", ":2: there is no stage below 10 (R-74)", "lost"},
        {"[stages]\n9 = Gone\n", ":2: there is no stage below 10 (R-66)", ""},
        {"[stages]\n101 = Gone\n", ":2: '101' is no standard stage", ""},
        {"[stages]\nwom = Gone\n", ":2: 'wom' is no standard stage", "'won'"},
        {"[stages]\n-1 = Gone\n", ":2: '-1' is no standard stage", ""},
        {"[probability]\n30 = 0-14\n", ":2: '30' is no standard stage of an open deal", ""},
        {"[probability]\n10 = 14-0\n", ":2: '14-0' is no range", "10 = 15-34"},
        {"[probability]\n10 = 0-101\n", ":2: '0-101' is no range", ""},
        {"[probability]\n10 = -1\n", ":2: '-1' is no range", ""},
        {"[probability]\n10 = 1234567890-1\n", ":2: '1234567890-1' is no range", ""},
        {"[probability]\n10 = 0-14\n20 = 14-20\n", ":3: 14 % stands in line 2 already", ""},
        {"[fields]\nname = A\n[stage]\nfrom = S\n[probability]\n10 = 0-14\n",
         ":6: [probability] needs 'probability' in [stage]", ""},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(table); i++) {
        struct ds_mapping *m = NULL;
        struct ds_err err = {0};
        const char *path = temp_write(table[i].text);

        assert_int_equal(ds_mapping_load(path, &m, &err), DS_E_CONFIG);
        assert_null(m);
        if (strncmp(err.text, path, strlen(path)) != 0 ||
            strncmp(err.text + strlen(path), table[i].error, strlen(table[i].error)) != 0 ||
            !(strstr(err.hint, table[i].hint) || strstr(err.text, table[i].hint)))
            fail_msg("%s\ngot  %s (%s)\nwant %s (%s)", table[i].text, err.text, err.hint,
                     table[i].error, table[i].hint);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fields_constants_and_defaults),
        cmocka_unit_test(a_word_that_could_be_two_is_none),
        cmocka_unit_test(the_id_of_the_record_is_its_crm_id),
        cmocka_unit_test(every_problem_is_told_with_path_and_value),
        cmocka_unit_test(text_that_is_no_text_is_a_problem),
        cmocka_unit_test(whole_records),
        cmocka_unit_test(nothing_is_borrowed_from_the_record),
        cmocka_unit_test(value_tables),
        cmocka_unit_test(a_team_member_is_whole_or_a_problem),
        cmocka_unit_test(a_team_of_several_lists),
        cmocka_unit_test(stages_become_the_standard_ladder),
        cmocka_unit_test(the_status_decides_before_the_stage),
        cmocka_unit_test(a_status_without_stages),
        cmocka_unit_test(the_company_word_is_kept_for_reports),
        cmocka_unit_test(a_received_deal_has_words_of_its_own),
        cmocka_unit_test(a_reason_belongs_to_a_lost_deal_only),
        cmocka_unit_test(a_path_is_asked_for_once),
        cmocka_unit_test(tables_may_have_any_size),
        cmocka_unit_test(problems_are_bounded),
        cmocka_unit_test(only_meaning_counts_for_the_fingerprint),
        cmocka_unit_test(each_part_counts_for_the_fingerprint),
        cmocka_unit_test(the_order_of_lines_of_one_word_is_meaning),
        cmocka_unit_test(a_bad_file_is_refused_with_line_and_hint),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);

    ds_arena_clear(&arena);
    return failed;
}
