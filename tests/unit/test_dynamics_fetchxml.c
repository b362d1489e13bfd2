/* A view's FetchXML as a condition: what is refused, what becomes of it, and its pages. */
#include "base/json.h"
#include "connectors/dynamics/fetchxml.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static struct ds_dynamics_fetchxml *read_text(const char *text)
{
    struct ds_dynamics_fetchxml *x = NULL;
    struct ds_err err = {0};

    if (ds_dynamics_fetchxml_read(text, strlen(text), "v.xml", &x, &err))
        fail_msg("%s", err.text);
    return x;
}

static json_t *parse(const char *text)
{
    struct ds_buf scratch = DS_BUF_INIT(DS_MAX_PAGE);
    struct ds_err err = {0};
    json_t *json = NULL;

    if (ds_json_read(text, strlen(text), &scratch, &json, &err))
        fail_msg("%s", err.text);
    ds_buf_clear(&scratch);
    return json;
}

/* The document of the next page's query, as the server sees it. */
static void query(struct ds_dynamics_fetchxml *x, struct ds_buf *out)
{
    struct ds_buf url = DS_BUF_INIT(DS_MAX_URL);
    struct ds_err err = {0};
    const char *at;

    assert_int_equal(ds_dynamics_fetchxml_query(x, &url, &err), DS_OK);
    assert_memory_equal(url.text, "fetchXml=", 9);
    ds_buf_reset(out);
    for (at = url.text + 9; *at; at++) {
        char hex[3] = {0};

        assert_null(strchr(" <>\"'&#+", *at));
        if (*at != '%') {
            ds_buf_add_char(out, *at);
            continue;
        }
        memcpy(hex, at + 1, 2);
        ds_buf_add_char(out, (char)strtol(hex, NULL, 16));
        at += 2;
    }
    ds_buf_clear(&url);
}

/* --- documents ------------------------------------------------------------------------------- */

#define ENTITY(inner) "<fetch><entity name='opportunity'>" inner "</entity></fetch>"

static const struct {
    const char *text;
    int status;
    const char *piece; /* of the refusal */
} refused[] = {
    {"", DS_E_INPUT, "v.xml"},
    {"<fetch><entity name='opportunity'>", DS_E_INPUT, "v.xml"},
    {"<!DOCTYPE fetch [<!ENTITY a SYSTEM 'file:///etc/passwd'>]>" ENTITY("&a;"), DS_E_INPUT,
     "DOCTYPE"},
    {"<savedquery/>", DS_E_INPUT, "fetch"},
    {"<fetch/>", DS_E_CONFIG, "the entity must be 'opportunity'"},
    {"<fetch>\n<entity name='account'/></fetch>", DS_E_CONFIG, "v.xml:2: the entity must be"},
    {"<fetch><entity name='opportunity'/><entity name='opportunity'/></fetch>", DS_E_CONFIG,
     "one element 'entity'"},
    {"<fetch top='5'><entity name='opportunity'/></fetch>", DS_E_CONFIG, "'top'"},
    {"<fetch aggregate='true'><entity name='opportunity'/></fetch>", DS_E_CONFIG, "'aggregate'"},
    {"<fetch onload='x'><entity name='opportunity'/></fetch>", DS_E_CONFIG, "'onload'"},
    {ENTITY("<script/>"), DS_E_CONFIG, "'script'"},
    {ENTITY("<condition attribute='name' operator='null'/>"), DS_E_CONFIG, "'condition'"},
    {ENTITY("<filter><attribute name='name'/></filter>"), DS_E_CONFIG, "'attribute'"},
    {ENTITY("<filter><condition attribute='name' operator='null' x='1'/></filter>"), DS_E_CONFIG,
     "'x'"},
    {ENTITY("<filter><condition on='1'/></filter>"), DS_E_CONFIG, "'on'"}, /* no piece of a word */
};

static void documents_that_are_no_condition_are_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(refused); i++) {
        struct ds_dynamics_fetchxml *x = NULL;
        struct ds_err err = {0};

        assert_int_equal(
            ds_dynamics_fetchxml_read(refused[i].text, strlen(refused[i].text), "v.xml", &x, &err),
            refused[i].status);
        assert_non_null(strstr(err.text, refused[i].piece));
        assert_null(x);
    }
}

static const struct ds_dynamics_lookup contact = {NULL, "customerid", "customerid_contact",
                                                  "contact", "contactid"};
static const struct ds_dynamics_lookup lookups = {&contact, "customerid", "customerid_account",
                                                  "account", "accountid"};
static const struct ds_dynamics_slot behind = {.navigation = "customerid_contact",
                                               .column = "fullname"};
static const struct ds_dynamics_slot slots[] = {
    {.column = "opportunityid"},
    {.column = "_ownerid_value"},
    {.navigation = "customerid_account", .column = "name", .other = &behind},
    {.navigation = "customerid_account", .column = "_ownerid_value"},
    {.column = "opportunityid"},
    {.navigation = "process", .column = "stage", .apart = true},
};

/* What a view of people looks like, and what is sent of it. */
static void views_get_our_columns_and_order(void **state)
{
    struct ds_dynamics_fetchxml *x = read_text(
        "<?xml version='1.0'?><!-- mine --><fetch version='1.0' mapping='logical' count='50' "
        "page='3' savedqueryid='1'>\n  <entity name='opportunity'>\n    <all-attributes/>"
        "<attribute name='name'/>\n    <order attribute='name' descending='true'/>\n"
        "    <filter type='or'><condition attribute='statuscode' operator='in'><value>1</value>"
        "<value> a&lt;b </value></condition></filter>\n    <link-entity name='account' "
        "from='accountid' to='parentaccountid' alias='aa'><attribute name='x'/><filter>"
        "<condition attribute='city' operator='eq' value='&quot;M&quot;'/></filter></link-entity>"
        "\n  </entity>\n</fetch>");
    struct ds_buf sent = DS_BUF_INIT(DS_MAX_TEXT);
    struct ds_err err = {0};

    (void)state;
    assert_int_equal(ds_dynamics_fetchxml_select(x, slots, COUNT(slots), &lookups, 2000, &err),
                     DS_OK);
    query(x, &sent);
    assert_string_equal(
        sent.text,
        "<fetch version=\"1.0\" mapping=\"logical\" distinct=\"true\" count=\"2000\" page=\"1\">"
        "<entity name=\"opportunity\"><filter type=\"or\"><condition attribute=\"statuscode\" "
        "operator=\"in\"><value>1</value><value> a&lt;b </value></condition></filter>"
        "<link-entity name=\"account\" from=\"accountid\" to=\"parentaccountid\" alias=\"aa\">"
        "<filter><condition attribute=\"city\" operator=\"eq\" value=\"&quot;M&quot;\"/></filter>"
        "</link-entity><attribute name=\"opportunityid\"/><attribute name=\"ownerid\"/>"
        "<link-entity name=\"account\" from=\"accountid\" to=\"customerid\" link-type=\"outer\" "
        "alias=\"customerid_account\"><attribute name=\"name\"/><attribute name=\"ownerid\"/>"
        "</link-entity><link-entity name=\"contact\" from=\"contactid\" to=\"customerid\" "
        "link-type=\"outer\" alias=\"customerid_contact\"><attribute name=\"fullname\"/>"
        "</link-entity><order attribute=\"opportunityid\"/></entity></fetch>");

    /* A condition of ours holds beside all of theirs. */
    assert_int_equal(
        ds_dynamics_fetchxml_where(x, "modifiedon", "ge", "2026-08-01T10:00:00Z", &err), DS_OK);
    assert_int_equal(ds_dynamics_fetchxml_where(x, "createdon", "lt", "<\"&", &err), DS_OK);
    query(x, &sent);
    assert_non_null(
        strstr(sent.text, "<filter type=\"and\"><filter type=\"or\"><condition "
                          "attribute=\"statuscode\" operator=\"in\"><value>1</value><value> a&lt;b "
                          "</value></condition></filter><condition attribute=\"modifiedon\" "
                          "operator=\"ge\" value=\"2026-08-01T10:00:00Z\"/><condition "
                          "attribute=\"createdon\" operator=\"lt\" value=\"&lt;&quot;&amp;\"/>"
                          "</filter></entity>"));
    ds_dynamics_fetchxml_free(x);
    ds_buf_clear(&sent);
}

static void what_cannot_be_joined_is_named(void **state)
{
    struct ds_dynamics_fetchxml *x = read_text(ENTITY(""));
    static const struct ds_dynamics_slot none = {.navigation = "campaignid", .column = "name"};
    struct ds_err err = {0};

    (void)state;
    assert_int_equal(ds_dynamics_fetchxml_select(x, &none, 1, &lookups, 1000, &err), DS_E_CONFIG);
    assert_non_null(strstr(err.text, "'campaignid'"));
    ds_dynamics_fetchxml_free(x);

    ds_err_clear(&err);
    x = read_text(ENTITY("<link-entity name='a' from='b' to='c' alias='customerid_contact'/>"));
    assert_int_equal(ds_dynamics_fetchxml_select(x, slots, 1, &lookups, 1000, &err), DS_E_CONFIG);
    assert_non_null(strstr(err.text, "alias 'customerid_contact'"));
    ds_dynamics_fetchxml_free(x);
}

static int note_column(void *arg, const char *logical, struct ds_err *err)
{
    (void)err;
    ds_buf_addf(arg, "%s ", logical);
    return DS_OK;
}

static void conditions_tell_their_columns(void **state)
{
    struct ds_dynamics_fetchxml *x = read_text(
        ENTITY("<filter><condition attribute='a' operator='null'/><filter><condition attribute='b' "
               "operator='null'/><condition entityname='z' attribute='c' operator='null'/></filter>"
               "</filter><link-entity name='x'><filter><condition attribute='d' operator='null'/>"
               "</filter></link-entity>"));
    struct ds_buf names = DS_BUF_INIT(DS_MAX_TEXT);
    struct ds_err err = {0};

    (void)state;
    assert_int_equal(ds_dynamics_fetchxml_columns(x, note_column, &names, &err), DS_OK);
    assert_string_equal(names.text, "a b ");
    ds_buf_clear(&names);
    ds_dynamics_fetchxml_free(x);
}

/* --- pages ----------------------------------------------------------------------------------- */

#define ANNOTATION(more, cookie)                                                                   \
    "{\"value\":[],\"@Microsoft.Dynamics.CRM.morerecords\":" more                                  \
    ",\"@Microsoft.Dynamics.CRM.fetchxmlpagingcookie\":\"" cookie "\"}"

/* As the documentation shows it: the server's page number stands still. */
#define COOKIE(id)                                                                                 \
    "<cookie pagenumber=\\\"2\\\" pagingcookie=\\\"%253ccookie%2520page%253d%25221%2522%253e"      \
    "%253cfullname%2520last%253d%2522Sample%2520%2528s%2526a%2529%2522%2520%252f%253e"             \
    "%253copportunityid%2520last%253d%2522%257b" id                                                \
    "%257d%2522%2520%252f%253e%253c%252fcookie%253e\\\" istracking=\\\"False\\\" />"

static int step(struct ds_dynamics_fetchxml *x, const char *answer, bool *more, struct ds_err *err)
{
    json_t *page = parse(answer);
    int rc = ds_dynamics_fetchxml_next(x, page, more, err);

    json_decref(page);
    return rc;
}

static struct ds_dynamics_fetchxml *selected(long page_size)
{
    struct ds_dynamics_fetchxml *x = read_text(ENTITY(""));
    struct ds_err err = {0};

    assert_int_equal(ds_dynamics_fetchxml_select(x, slots, 1, NULL, page_size, &err), DS_OK);
    return x;
}

/* DV-29 to DV-31. */
static void cookies_are_decoded_twice_and_pages_counted_here(void **state)
{
    struct ds_dynamics_fetchxml *x = selected(1000);
    struct ds_buf sent = DS_BUF_INIT(DS_MAX_TEXT), mark = DS_BUF_INIT(DS_MAX_URL);
    struct ds_err err = {0};
    bool more;

    (void)state;
    assert_int_equal(step(x, ANNOTATION("true", COOKIE("70BF")), &more, &err), DS_OK);
    assert_true(more);
    query(x, &sent);
    assert_non_null(strstr(sent.text, " page=\"2\""));
    assert_non_null(strstr(
        sent.text,
        "paging-cookie=\"&lt;cookie page=&quot;1&quot;&gt;&lt;fullname last=&quot;Sample "
        "(s&amp;a)&quot; /&gt;&lt;opportunityid last=&quot;{70BF}&quot; /&gt;&lt;/cookie&gt;\""));
    assert_int_equal(step(x, ANNOTATION("\"True\"", COOKIE("80CF")), &more, &err), DS_OK);
    assert_true(more);
    query(x, &sent);
    assert_non_null(strstr(sent.text, " page=\"3\""));
    assert_non_null(strstr(sent.text, "{80CF}"));

    /* Back to where it was, in another process. */
    ds_dynamics_fetchxml_mark(x, &mark);
    assert_null(strchr(mark.text, ' '));
    ds_dynamics_fetchxml_free(x);
    x = selected(1000);
    assert_true(ds_dynamics_fetchxml_resume(x, mark.text));
    query(x, &sent);
    assert_non_null(strstr(sent.text, " page=\"3\""));
    assert_non_null(strstr(sent.text, "{80CF}"));

    /* A cookie that does not advance ends it (DV-19), and so does the end. */
    assert_int_equal(step(x, ANNOTATION("true", COOKIE("80CF")), &more, &err), DS_E_REMOTE);
    ds_err_clear(&err);
    assert_int_equal(step(x, ANNOTATION("false", COOKIE("90DF")), &more, &err), DS_OK);
    assert_false(more);
    assert_int_equal(step(x, "{\"value\":[]}", &more, &err), DS_OK);
    assert_false(more);
    ds_dynamics_fetchxml_free(x);
    ds_buf_clear(&sent);
    ds_buf_clear(&mark);
}

static void odd_cookies_and_marks_are_refused(void **state)
{
    static const char *const cookies[] = {
        "<cookie",
        "<other/>",
        "<cookie pagenumber=\\\"2\\\"/>",
        "<!DOCTYPE cookie [<!ENTITY a 'b'>]><cookie pagingcookie=\\\"&a;\\\"/>",
        "<cookie pagingcookie=\\\"%25ff\\\"/>", /* no UTF-8 */
    };
    static const char *const marks[] = {
        "", "1", ":", "0:", "x:abc", "2:%FF", "99999999999999999999999:a"};

    (void)state;
    for (size_t i = 0; i < COUNT(cookies); i++) {
        struct ds_dynamics_fetchxml *x = selected(1000);
        struct ds_buf text = DS_BUF_INIT(DS_MAX_TEXT);
        struct ds_err err = {0};
        bool more;

        ds_buf_addf(&text,
                    "{\"@Microsoft.Dynamics.CRM.morerecords\":true,"
                    "\"@Microsoft.Dynamics.CRM.fetchxmlpagingcookie\":\"%s\"}",
                    cookies[i]);
        assert_int_equal(step(x, text.text, &more, &err), DS_E_REMOTE);
        assert_non_null(strstr(err.text, "cookie"));
        ds_buf_clear(&text);
        ds_dynamics_fetchxml_free(x);
    }
    for (size_t i = 0; i < COUNT(marks); i++) {
        struct ds_dynamics_fetchxml *x = selected(1000);

        assert_false(ds_dynamics_fetchxml_resume(x, marks[i]));
        ds_dynamics_fetchxml_free(x);
    }
}

/* DV-32: without a cookie pages are numbered, up to 50,000 rows. */
static void simple_paging_ends_where_the_server_ends(void **state)
{
    static const char more_to_come[] = "{\"@Microsoft.Dynamics.CRM.morerecords\":true}";
    struct ds_dynamics_fetchxml *x = selected(5000);
    struct ds_err err = {0};
    bool more;

    (void)state;
    for (int i = 1; i < 10; i++)
        assert_int_equal(step(x, more_to_come, &more, &err), DS_OK);
    assert_int_equal(step(x, more_to_come, &more, &err), DS_E_REMOTE);
    assert_non_null(strstr(err.text, "50000"));
    ds_dynamics_fetchxml_free(x);
}

/* --- rows ------------------------------------------------------------------------------------ */

static void joined_columns_become_rows_of_their_own(void **state)
{
    json_t *row = parse("{\"name\":\"n\",\"customerid_contact.fullname\":\"C\","
                        "\"customerid_contact_x002e_city\":\"M\",\"a.b@x.y\":1,"
                        "\"@odata.etag\":\"W/1\",\".x\":1}");
    struct ds_value values[3];
    static const struct ds_dynamics_slot wanted[] = {
        {.column = "name"},
        {.navigation = "customerid_account", .column = "name", .other = &behind},
        {.navigation = "customerid_contact", .column = "city"},
    };
    struct ds_err err = {0};

    (void)state;
    assert_int_equal(ds_dynamics_fetchxml_row(row, &err), DS_OK);
    assert_int_equal(ds_dynamics_values(row, wanted, 3, values, &err), DS_OK);
    assert_string_equal(values[0].text, "n");
    assert_string_equal(values[1].text, "C");
    assert_string_equal(values[2].text, "M");
    assert_null(json_object_get(row, "a"));
    json_decref(row);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(documents_that_are_no_condition_are_refused),
        cmocka_unit_test(views_get_our_columns_and_order),
        cmocka_unit_test(what_cannot_be_joined_is_named),
        cmocka_unit_test(conditions_tell_their_columns),
        cmocka_unit_test(cookies_are_decoded_twice_and_pages_counted_here),
        cmocka_unit_test(odd_cookies_and_marks_are_refused),
        cmocka_unit_test(simple_paging_ends_where_the_server_ends),
        cmocka_unit_test(joined_columns_become_rows_of_their_own),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
