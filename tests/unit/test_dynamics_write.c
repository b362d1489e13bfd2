/* Writing to Dynamics 365, the parts that need no environment: what a change comes to, what an answer
 * means. */
#include "connectors/dynamics/metadata.h"
#include "connectors/dynamics/writer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static struct ds_value value(const char *text)
{
    return (struct ds_value){text, text ? strlen(text) : 0};
}

/* --- values ---------------------------------------------------------------------------------- */

static const struct {
    enum ds_dynamics_type type;
    bool day;
    const char *text;
    const char *json; /* NULL: it cannot be */
} values[] = {
    {DS_DYNAMICS_TEXT, false, NULL, "null"},
    {DS_DYNAMICS_TEXT, false, "a \"b\" \\ ä\n", "\"a \\\"b\\\" \\\\ ä\\n\""},
    {DS_DYNAMICS_TEXT, false, "\xff", NULL},
    {DS_DYNAMICS_PLAIN, false, "x", "\"x\""},
    {DS_DYNAMICS_INTEGER, false, "42", "42"},
    {DS_DYNAMICS_INTEGER, false, "-0", "-0"},
    {DS_DYNAMICS_INTEGER, false, "4.2", NULL},
    {DS_DYNAMICS_INTEGER, false, "042", NULL},
    {DS_DYNAMICS_INTEGER, false, "1e3", NULL},
    {DS_DYNAMICS_INTEGER, false, "", NULL},
    {DS_DYNAMICS_DECIMAL, false, "922337203685477.5807", "922337203685477.5807"},
    {DS_DYNAMICS_DECIMAL, false, "0.1000", "0.1000"},
    {DS_DYNAMICS_DECIMAL, false, "-12", "-12"},
    {DS_DYNAMICS_DECIMAL, false, "1.", NULL},
    {DS_DYNAMICS_DECIMAL, false, ".5", NULL},
    {DS_DYNAMICS_DECIMAL, false, "1,5", NULL},
    {DS_DYNAMICS_DECIMAL, false, "-", NULL},
    {DS_DYNAMICS_DECIMAL, false, "12}", NULL},
    {DS_DYNAMICS_BOOLEAN, false, "true", "true"},
    {DS_DYNAMICS_BOOLEAN, false, "yes", NULL},
    {DS_DYNAMICS_TIME, true, "2028-02-03", "\"2028-02-03\""},
    {DS_DYNAMICS_TIME, true, "2028-02-03T00:00:00Z", "\"2028-02-03\""},
    {DS_DYNAMICS_TIME, false, "2028-02-03", "\"2028-02-03T00:00:00Z\""},
    {DS_DYNAMICS_TIME, false, "2028-02-03T10:00:00Z", "\"2028-02-03T10:00:00Z\""},
    {DS_DYNAMICS_TIME, true, "3.2.2028", NULL},
    {DS_DYNAMICS_TIME, false, "2028-02-03 or so", NULL},
    {DS_DYNAMICS_TIME, true, "2028-02-0\"", NULL},
    {DS_DYNAMICS_PICKLIST, false, "100000001", "100000001"},
    {DS_DYNAMICS_PICKLIST, false, "Red", NULL},
};

static void values_have_the_json_of_their_column(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(values); i++) {
        const struct ds_dynamics_column column = {.type = values[i].type, .day = values[i].day};
        struct ds_buf out = DS_BUF_INIT(DS_MAX_TEXT);
        const char *why = NULL;
        bool can = ds_dynamics_json(&out, &column, value(values[i].text), &why);

        assert_int_equal(can, values[i].json != NULL);
        if (can)
            assert_string_equal(out.text, values[i].json);
        else
            assert_non_null(why);
        ds_buf_clear(&out);
    }
}

/* --- changes --------------------------------------------------------------------------------- */

static struct ds_dynamics_option states[] = {{"0", "Open", 0}, {"1", "Won", 1}, {"2", "Lost", 2}};
static struct ds_dynamics_option statuses[] = {{"1", "In Progress", 0}, {"2", "On Hold", 0},
                                               {"3", "Won", 1},         {"100000001", "Big Win", 1},
                                               {"4", "Canceled", 2},    {"5", "Out-Sold", 2},
                                               {"100000009", "Odd", -1}};
static struct ds_dynamics_option sizes[] = {{"1", "Small", -1}, {"2", "Large", -1}};

/* An environment that has told everything already. */
struct told {
    struct ds_remote remote;
    struct ds_dynamics_schema schema;
    struct ds_dynamics_choice choices[3];
};

static const struct {
    const char *name;
    enum ds_dynamics_type type;
} columns[] = {
    {"name", DS_DYNAMICS_TEXT},           {"estimatedvalue", DS_DYNAMICS_DECIMAL},
    {"actualvalue", DS_DYNAMICS_DECIMAL}, {"actualclosedate", DS_DYNAMICS_TIME},
    {"statecode", DS_DYNAMICS_STATE},     {"statuscode", DS_DYNAMICS_STATUS},
    {"new_size", DS_DYNAMICS_PICKLIST},   {"campaignid", DS_DYNAMICS_LOOKUP},
};

static void add_choice(struct told *t, size_t n, const char *name,
                       struct ds_dynamics_option *options, size_t count)
{
    struct ds_err err = {0};
    struct ds_dynamics_choice *choice = &t->choices[n];

    assert_int_equal(ds_dynamics_column(&t->remote, name, &choice->column, &err), DS_OK);
    choice->options = options;
    choice->count = count;
    choice->next = t->schema.choices;
    t->schema.choices = choice;
}

static void tell(struct told *t)
{
    static const struct ds_dynamics_lookup campaign = {NULL, "campaignid", "campaignid", "campaign",
                                                       "campaignid"};
    struct ds_err err = {0};

    memset(t, 0, sizeof(*t));
    t->remote.schema = &t->schema;
    t->schema.related = t->schema.limited = true;
    for (size_t i = 0; i < COUNT(columns); i++) {
        struct ds_dynamics_column *column =
            ds_dynamics_add_column(&t->remote.arena, &t->schema, columns[i].name, columns[i].type);

        assert_non_null(column);
        column->creatable = column->updatable = true;
        column->day = true;
    }
    add_choice(t, 0, "statecode", states, COUNT(states));
    add_choice(t, 1, "statuscode", statuses, COUNT(statuses));
    add_choice(t, 2, "new_size", sizes, COUNT(sizes));
    assert_int_equal(ds_dynamics_add_lookup(&t->remote.arena, &t->schema, &campaign, &err), DS_OK);
    assert_int_equal(
        ds_dynamics_add_set(&t->remote.arena, &t->schema, "campaign", "campaigns", &err), DS_OK);
}

#define GUID "aaaaaaaa-1111-4222-8333-000000000001"

static const char *const paths[] = {
    "name",       "estimatedvalue",   "actualvalue",    "actualclosedate",  "statecode",
    "statuscode", "statuscode.label", "new_size.label", "_campaignid_value"};

enum { NAME, VALUE, ACTUAL, ENDED, STATE, STATUS, REASON, SIZE, CAMPAIGN };

static const struct change {
    bool creates;
    size_t count;
    struct {
        size_t path;
        const char *before, *value;
    } set[4];
    int rc;
    const char *reopen, *fields, *action, *status, *ended, *revenue;
} changes[] = {
    {.count = 0},
    {.count = 2,
     .set = {{NAME, "a", "b"}, {VALUE, "1.0000", "2.5"}},
     .fields = "{\"name\":\"b\",\"estimatedvalue\":2.5}"},
    {.count = 1, .set = {{SIZE, "Small", "Large"}}, .fields = "{\"new_size\":2}"},
    {.count = 1, .set = {{SIZE, "Small", NULL}}, .fields = "{\"new_size\":null}"},
    {.count = 1, .set = {{SIZE, "Small", "Huge"}}, .rc = DS_E_RECORD},
    {.count = 1,
     .set = {{CAMPAIGN, NULL, "{AAAAAAAA-1111-4222-8333-000000000001}"}},
     .fields = "{\"campaignid@odata.bind\":\"/campaigns(" GUID ")\"}"},
    {.count = 1, .set = {{CAMPAIGN, GUID, NULL}}, .fields = "{\"campaignid@odata.bind\":null}"},
    {.count = 1, .set = {{CAMPAIGN, NULL, "none"}}, .rc = DS_E_RECORD},
    /* open to open: a column like others */
    {.count = 2,
     .set = {{REASON, "In Progress", "On Hold"}, {NAME, "a", "b"}},
     .fields = "{\"statuscode\":2,\"name\":\"b\"}"},
    /* open to closed: fields first, then the action with a reason of its state (DV-77, DV-78) */
    {.count = 2,
     .set = {{NAME, "a", "b"}, {STATE, "0", "1"}},
     .fields = "{\"name\":\"b\"}",
     .action = "WinOpportunity",
     .status = "3"},
    {.count = 1,
     .set = {{REASON, "In Progress", "Big Win"}},
     .action = "WinOpportunity",
     .status = "100000001"},
    {.count = 2,
     .set = {{STATE, "0", "2"}, {STATUS, "1", "5"}},
     .action = "LoseOpportunity",
     .status = "5"},
    {.count = 3,
     .set = {{STATUS, "2", "3"}, {ACTUAL, NULL, "12.5"}, {ENDED, NULL, "2026-08-20"}},
     .action = "WinOpportunity",
     .status = "3",
     .ended = "2026-08-20T12:00:00Z",
     .revenue = "12.5"},
    {.count = 2, .set = {{STATE, "0", "1"}, {STATUS, "1", "4"}}, .rc = DS_E_RECORD},
    {.count = 1, .set = {{STATUS, "1", "100000009"}}, .rc = DS_E_RECORD},
    {.count = 1, .set = {{STATUS, "1", NULL}}, .rc = DS_E_RECORD},
    {.count = 2, .set = {{STATUS, "2", "3"}, {ENDED, NULL, "2026-02-30"}}, .rc = DS_E_RECORD},
    {.count = 2, .set = {{STATUS, "2", "3"}, {ACTUAL, NULL, "much"}}, .rc = DS_E_RECORD},
    /* closed to open: the state first (DV-83) */
    {.count = 2,
     .set = {{STATE, "2", "0"}, {NAME, "a", "b"}},
     .reopen = "{\"statecode\":0,\"statuscode\":1}",
     .fields = "{\"name\":\"b\"}"},
    {.count = 1,
     .set = {{REASON, "Canceled", "On Hold"}},
     .reopen = "{\"statecode\":0,\"statuscode\":2}"},
    /* closed stays closed, with another reason */
    {.count = 1, .set = {{STATUS, "4", "5"}}, .fields = "{\"statuscode\":5}"},
    /* without closing, both are columns */
    {.count = 1, .set = {{ACTUAL, NULL, "1"}}, .fields = "{\"actualvalue\":1}"},
    /* made open, or made and closed */
    {.creates = true,
     .count = 1,
     .set = {{NAME, NULL, "new"}},
     .fields = "{\"opportunityid\":\"" GUID "\",\"name\":\"new\"}"},
    {.creates = true,
     .count = 1,
     .set = {{REASON, NULL, "On Hold"}},
     .fields = "{\"opportunityid\":\"" GUID "\",\"statuscode\":2}"},
    {.creates = true,
     .count = 1,
     .set = {{REASON, NULL, "Canceled"}},
     .fields = "{\"opportunityid\":\"" GUID "\"}",
     .action = "LoseOpportunity",
     .status = "4"},
};

static void is_text(const char *is, const char *should)
{
    if (should)
        assert_string_equal(is ? is : "(none)", should);
    else
        assert_null(is);
}

static void run_change(struct told *t, const struct change *c)
{
    struct ds_query query = {.count = COUNT(paths), .paths = paths};
    struct ds_arena lasting = {0}, arena = {0};
    struct ds_dynamics_changes all = {.remote = &t->remote, .query = &query, .lasting = &lasting};
    struct ds_assign assign[COUNT(c->set)];
    struct ds_write write = {.id = c->creates ? NULL : GUID,
                             .key = c->creates ? GUID : NULL,
                             .count = c->count,
                             .values = assign};
    struct ds_dynamics_change out;
    struct ds_err err = {0};

    for (size_t i = 0; i < c->count; i++)
        assign[i] =
            (struct ds_assign){c->set[i].path, value(c->set[i].before), value(c->set[i].value)};
    assert_int_equal(ds_dynamics_change(&all, &arena, &write, &out, &err), c->rc);
    if (!c->rc) {
        is_text(out.reopen, c->reopen);
        is_text(out.fields, c->fields);
        is_text(out.action, c->action);
        is_text(out.status, c->status);
        is_text(out.ended, c->ended);
        is_text(out.revenue, c->revenue);
    }
    ds_arena_clear(&lasting);
    ds_arena_clear(&arena);
}

static void changes_become_requests(void **state)
{
    struct told t;

    (void)state;
    tell(&t);
    for (size_t i = 0; i < COUNT(changes); i++)
        run_change(&t, &changes[i]);
    ds_arena_clear(&t.remote.arena);
}

/* --- answers --------------------------------------------------------------------------------- */

static const struct {
    long status;
    const char *body;
    int verdict;
} refusals[] = {
    {412,
     "{\"error\":{\"code\":\"\",\"message\":\"The version of the existing record doesn't match\"}}",
     DS_E_STALE},
    {412, "{\"error\":{\"code\":\"0x80060882\",\"message\":\"x\"}}", DS_E_STALE},
    {400, "{\"error\":{\"code\":\"-2147088254\",\"message\":\"x\"}}", DS_E_STALE},
    {412, "{\"error\":{\"code\":\"0x80040237\",\"message\":\"duplicate\"}}", DS_E_RECORD},
    {404, "{\"error\":{\"code\":\"0x80040217\",\"message\":\"Does Not Exist\"}}", DS_E_STALE},
    {404, "", DS_E_STALE},
    {400, "{\"error\":{\"code\":\"0x80040515\",\"message\":\"already closed\"}}", DS_E_STALE},
    {400, "{\"error\":{\"code\":\"0x80040516\",\"message\":\"cannot be closed\"}}", DS_E_RECORD},
    {400, "{\"error\":{\"code\":\"0x80040265\",\"message\":\"a plug-in says no\"}}", DS_E_RECORD},
    {403, "{\"error\":{\"code\":\"0x80040220\",\"message\":\"privilege\"}}", DS_E_RECORD},
    {429, "{\"error\":{\"code\":\"0x80072322\",\"message\":\"x\"}}", DS_E_LATER},
    {400, "{\"error\":{\"code\":\"-2147204784\",\"message\":\"Generic SQL error.\"}}", DS_E_LATER},
    {400, "{\"ErrorCode\":\"0X80044151\",\"Message\":\"SQL timeout\"}", DS_E_LATER},
    {503, "<html>", DS_E_LATER},
};

static void refusals_are_told_apart(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(refusals); i++) {
        struct ds_buf scratch = DS_BUF_INIT(DS_MAX_TEXT);
        struct ds_err err = {0};
        json_t *body = NULL;
        struct ds_dynamics_refusal said;

        ds_json_read(refusals[i].body, strlen(refusals[i].body), &scratch, &body, &err);
        said = ds_dynamics_refusal(body);
        assert_int_equal(ds_dynamics_verdict(refusals[i].status, &said), refusals[i].verdict);
        json_decref(body);
        ds_buf_clear(&scratch);
    }
}

/* Only a row that is said not to exist is gone; an address that leads nowhere is something else. */
static void gone_rows_are_known(void **state)
{
    static const struct {
        long status;
        const char *body;
        bool gone;
    } cases[] = {
        {404, "{\"error\":{\"code\":\"0x80040217\",\"message\":\"\"}}", true},
        {404, "{\"error\":{\"code\":\"\",\"message\":\"opportunity With Id = x Does Not Exist\"}}",
         true},
        {404,
         "{\"error\":{\"code\":\"0x8006088a\",\"message\":\"Resource not found for the segment\"}}",
         false},
        {404, "{\"error\":{\"code\":\"\",\"message\":\"No HTTP resource was found\"}}", false},
        {403, "{\"error\":{\"code\":\"0x80040217\",\"message\":\"\"}}", false},
        {404, "", false},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        json_t *body = json_loads(cases[i].body, 0, NULL);

        assert_int_equal(ds_dynamics_unknown_row(cases[i].status, body), cases[i].gone);
        json_decref(body);
    }
}

static void versions_name_an_etag(void **state)
{
    char etag[128];

    (void)state;
    assert_true(ds_dynamics_etag("W/\"81359849\" 0123456789abcdef", etag));
    assert_string_equal(etag, "W/\"81359849\"");
    assert_true(ds_dynamics_etag("W/\"1\"", etag));
    assert_false(ds_dynamics_etag(NULL, etag));
    assert_false(ds_dynamics_etag("2026-08-20T12:00:00Z", etag));
    assert_false(ds_dynamics_etag("81359849", etag)); /* a version number is no precondition */
    assert_false(ds_dynamics_etag("*", etag));
    assert_false(ds_dynamics_etag("W/\"1\r\nX: y\"", etag));
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_have_the_json_of_their_column),
        cmocka_unit_test(changes_become_requests),
        cmocka_unit_test(refusals_are_told_apart),
        cmocka_unit_test(gone_rows_are_known),
        cmocka_unit_test(versions_name_an_etag),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
