/* $metadata as a source of columns, navigation properties and sets; paths and what they become. */
#include "connectors/dynamics/metadata.h"
#include "connectors/dynamics/query.h"
#include "connectors/dynamics/target.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

#define HEAD                                                                                       \
    "<?xml version=\"1.0\"?><edmx:Edmx Version=\"4.0\" "                                           \
    "xmlns:edmx=\"http://docs.oasis-open.org/odata/ns/edmx\"><edmx:DataServices><Schema "          \
    "Namespace=\"Microsoft.Dynamics.CRM\" Alias=\"mscrm\" "                                        \
    "xmlns=\"http://docs.oasis-open.org/odata/ns/edm\">"
#define TAIL "</Schema></edmx:DataServices></edmx:Edmx>"

#define OTHER_TABLE                                                                                \
    "<EntityType Name=\"account\"><Key><PropertyRef Name=\"accountid\"/></Key>"                    \
    "<Property Name=\"foreign\" Type=\"Edm.String\"/><NavigationProperty "                         \
    "Name=\"ownerid\" Type=\"mscrm.principal\"><ReferentialConstraint "                            \
    "Property=\"_ownerid_value\" "                                                                 \
    "ReferencedProperty=\"ownerid\"/></NavigationProperty></EntityType>"

static const char document[] = HEAD OTHER_TABLE
    "<EntityType Name=\"opportunity\" BaseType=\"mscrm.crmbaseentity\">"
    "<Key><PropertyRef Name=\"opportunityid\"/></Key>"
    "<Property Name=\"opportunityid\" Type=\"Edm.Guid\"/>"
    "<Property Name=\"name\" Type=\"Edm.String\" Unicode=\"false\"/>"
    "<Property Name=\"estimatedvalue\" Type=\"Edm.Decimal\" Scale=\"Variable\"><Annotation "
    "Term=\"Org.OData.Core.V1.Description\" String=\"value\"/></Property>"
    "<Property Name=\"estimatedvalue_base\" Type=\"Edm.Decimal\"><Annotation "
    "Term=\"Org.OData.Core.V1.Computed\" Bool=\"true\"/></Property>"
    "<Property Name=\"createdon\" Type=\"Edm.DateTimeOffset\"><Annotation "
    "Term=\"Org.OData.Core.V1.Permissions\"><EnumMember>Org.OData.Core.V1.PermissionType/Read"
    "</EnumMember></Annotation></Property>"
    "<Property Name=\"estimatedclosedate\" Type=\"Edm.Date\"/>"
    "<Property Name=\"salesstage\" Type=\"Edm.Int32\"/>"
    "<Property Name=\"statecode\" Type=\"Edm.Int32\"/>"
    "<Property Name=\"statuscode\" Type=\"Edm.Int32\"/>"
    "<Property Name=\"new_yes\" Type=\"Edm.Boolean\"/>"
    "<Property Name=\"_customerid_value\" Type=\"Edm.Guid\"/>"
    "<Property Name=\"_ownerid_value\" Type=\"Edm.Guid\"/>"
    "<NavigationProperty Name=\"customerid_account\" Type=\"mscrm.account\" Nullable=\"false\">"
    "<ReferentialConstraint Property=\"_customerid_value\" ReferencedProperty=\"accountid\"/>"
    "</NavigationProperty>"
    "<NavigationProperty Name=\"customerid_contact\" Type=\"mscrm.contact\" Nullable=\"false\">"
    "<ReferentialConstraint Property=\"_customerid_value\" ReferencedProperty=\"contactid\"/>"
    "</NavigationProperty>"
    "<NavigationProperty Name=\"ownerid\" Type=\"mscrm.principal\"><ReferentialConstraint "
    "Property=\"_ownerid_value\" ReferencedProperty=\"ownerid\"/></NavigationProperty>"
    "<NavigationProperty Name=\"quotes\" Type=\"Collection(mscrm.quote)\"/>"
    "</EntityType><ComplexType Name=\"other\"><Property Name=\"early\" Type=\"Edm.String\"/>"
    "</ComplexType><EntityType Name=\"opportunityclose\"><Property Name=\"late\" "
    "Type=\"Edm.String\"/></EntityType>"
    "<EntityContainer Name=\"System\"><EntitySet Name=\"accounts\" "
    "EntityType=\"Microsoft.Dynamics.CRM.account\"><Annotation "
    "Term=\"Org.OData.Capabilities.V1.ChangeTracking\"><Record><PropertyValue "
    "Property=\"Supported\" Bool=\"false\"/></Record></Annotation></EntitySet>"
    "<EntitySet Name=\"opportunities\" EntityType=\"Microsoft.Dynamics.CRM.opportunity\">"
    "<Annotation Term=\"Org.OData.Capabilities.V1.ChangeTracking\"><Record><PropertyValue "
    "Property=\"Supported\" Bool=\"true\"/></Record></Annotation></EntitySet>"
    "<EntitySet Name=\"teams\" EntityType=\"Microsoft.Dynamics.CRM.team\"/>"
    "</EntityContainer>" TAIL;

static const struct {
    const char *name, *logical;
    enum ds_dynamics_type type;
    bool writable, day;
} columns[] = {
    {"opportunityid", "opportunityid", DS_DYNAMICS_PLAIN, true, false},
    {"name", "name", DS_DYNAMICS_TEXT, true, false},
    {"estimatedvalue", "estimatedvalue", DS_DYNAMICS_DECIMAL, true, false},
    {"estimatedvalue_base", "estimatedvalue_base", DS_DYNAMICS_DECIMAL, false, false},
    {"createdon", "createdon", DS_DYNAMICS_TIME, false, false},
    {"estimatedclosedate", "estimatedclosedate", DS_DYNAMICS_TIME, true, true},
    {"salesstage", "salesstage", DS_DYNAMICS_INTEGER, true, false},
    {"statecode", "statecode", DS_DYNAMICS_STATE, true, false},
    {"statuscode", "statuscode", DS_DYNAMICS_STATUS, true, false},
    {"new_yes", "new_yes", DS_DYNAMICS_BOOLEAN, true, false},
    {"_customerid_value", "customerid", DS_DYNAMICS_LOOKUP, true, false},
    {"_ownerid_value", "ownerid", DS_DYNAMICS_LOOKUP, true, false},
};

static struct ds_dynamics_schema schema;

/* A remote that has read the document. */
static void load(struct ds_remote *remote)
{
    struct ds_err err = {0};

    *remote = (struct ds_remote){.edmx = true};
    schema = (struct ds_dynamics_schema){0};
    if (ds_dynamics_edmx_read(document, strlen(document), &remote->arena, &schema, &err))
        fail_msg("%s", err.text);
    remote->schema = &schema;
}

static void the_document_tells_columns(void **state)
{
    struct ds_remote remote;
    const struct ds_dynamics_column *column;
    struct ds_err err = {0};

    (void)state;
    load(&remote);
    assert_int_equal(schema.count, COUNT(columns));
    assert_true(schema.tracked);
    for (size_t i = 0; i < COUNT(columns); i++) {
        assert_int_equal(ds_dynamics_column(&remote, columns[i].name, &column, &err), DS_OK);
        assert_string_equal(column->logical, columns[i].logical);
        assert_int_equal(column->type, columns[i].type);
        assert_int_equal(column->updatable, columns[i].writable);
        assert_int_equal(column->day, columns[i].day);
    }
    assert_int_equal(ds_dynamics_column(&remote, "customerid", &column, &err), DS_E_CONFIG);
    assert_non_null(strstr(err.hint, "_customerid_value"));
    ds_err_clear(&err);
    assert_int_equal(ds_dynamics_column(&remote, "estimatdvalue", &column, &err), DS_E_CONFIG);
    assert_non_null(strstr(err.hint, "did you mean 'estimatedvalue'"));
    ds_arena_clear(&remote.arena);
}

static void the_document_tells_sets_and_navigation(void **state)
{
    struct ds_remote remote;
    const struct ds_dynamics_lookup *lookup;
    const char *set;
    struct ds_err err = {0};

    (void)state;
    load(&remote);
    assert_int_equal(ds_dynamics_set(&remote, "opportunity", &set, &err), DS_OK);
    assert_string_equal(set, "opportunities");
    assert_int_equal(ds_dynamics_set(&remote, "quote", &set, &err), DS_E_REMOTE);
    ds_err_clear(&err);
    assert_int_equal(ds_dynamics_navigation(&remote, "customerid_contact", &lookup, &err), DS_OK);
    assert_string_equal(lookup->column, "customerid");
    assert_string_equal(lookup->table, "contact");
    assert_string_equal(lookup->key, "contactid");
    assert_int_equal(ds_dynamics_navigation(&remote, "customerid_Contact", &lookup, &err),
                     DS_E_CONFIG);
    assert_non_null(strstr(err.hint, "did you mean 'customerid_contact'"));
    ds_err_clear(&err);
    assert_int_equal(ds_dynamics_navigation(&remote, "quotes", &lookup, &err), DS_E_CONFIG);
    ds_arena_clear(&remote.arena);
}

static const struct {
    const char *text, *piece;
} broken[] = {
    {"", "$metadata"},
    {"<html><body>Sign in</body></html>", "no table 'opportunity'"},
    {HEAD OTHER_TABLE TAIL, "no table 'opportunity'"},
    {HEAD "<EntityType Name=\"opportunity\"><Property Name=\"a\"", "$metadata:1"},
    {HEAD "<EntityType Name=\"opportunity\"><Property Name=\"a\"/></EntityTyp>" TAIL,
     "$metadata:1"},
    {"<!DOCTYPE a [<!ENTITY b SYSTEM \"file:///etc/passwd\">]>" HEAD TAIL, "DOCTYPE"},
    {HEAD "<EntityType Name=\"opportunity\"><Property Name=\"&b;\"/></EntityType>" TAIL,
     "$metadata:1"},
    {HEAD "<EntityType Name=\"opportunity\"><Property Name=\"\xff\"/></EntityType>" TAIL,
     "$metadata:1"},
};

static void broken_documents_are_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(broken); i++) {
        struct ds_dynamics_schema read = {0};
        struct ds_arena arena = {0};
        struct ds_err err = {0};

        assert_int_equal(
            ds_dynamics_edmx_read(broken[i].text, strlen(broken[i].text), &arena, &read, &err),
            DS_E_REMOTE);
        assert_non_null(strstr(err.text, broken[i].piece));
        ds_arena_clear(&arena);
    }
}

/* --- paths ----------------------------------------------------------------------------------- */

static const struct {
    const char *path;
    const char *select; /* what reading it asks for; NULL: it is refused */
    const char *piece;  /* of the refusal */
} paths[] = {
    {"name", "$select=name", NULL},
    {"_ownerid_value", "$select=_ownerid_value", NULL},
    {"customerid_account.name", "&$expand=customerid_account($select=name)", NULL},
    {"customerid.name",
     "&$expand=customerid_account($select=name),customerid_contact($select=fullname)", NULL},
    {"customerid.address1_city",
     "&$expand=customerid_account($select=address1_city),customerid_contact($select=address1_city)",
     NULL},
    {"ownerid.name", "&$expand=owninguser($select=fullname),owningteam($select=name)", NULL},
    {"ownerid.email",
     "&$expand=owninguser($select=internalemailaddress),owningteam($select=emailaddress)", NULL},
    {"ownerid.jobtitle", "&$expand=owninguser($select=jobtitle)", NULL},
    {"process.stage", "", NULL},
    {"process.name", "", NULL},
    {"process.steps", NULL, "no 'steps'"},
    {"nome", NULL, "no column 'nome'"},
    {"a.b.c", NULL, "no path"},
    {"", NULL, "no path"},
    {"name?x", NULL, "no path"},
    {"name.", NULL, "no path"},
};

static void paths_become_queries(void **state)
{
    struct ds_remote remote;

    (void)state;
    load(&remote);
    for (size_t i = 0; i < COUNT(paths); i++) {
        struct ds_dynamics_slot slot;
        struct ds_buf text = DS_BUF_INIT(DS_MAX_TEXT);
        struct ds_err err = {0};
        int rc = ds_dynamics_path(&remote, &remote.arena, paths[i].path, &slot, &err);

        assert_int_equal(rc, paths[i].select ? DS_OK : DS_E_CONFIG);
        if (paths[i].select) {
            ds_dynamics_select(&text, &slot, 1);
            assert_string_equal(text.text, paths[i].select);
        } else {
            assert_non_null(strstr(err.text, paths[i].piece));
        }
        ds_buf_clear(&text);
    }
    ds_arena_clear(&remote.arena);
}

/* Each column is asked for once, whoever needs it. */
static void queries_ask_once(void **state)
{
    static const char *const twice[] = {"name",
                                        "customerid.name",
                                        "name",
                                        "customerid_account.name",
                                        "customerid_contact.fullname",
                                        "process.stage"};
    struct ds_query query = {.count = COUNT(twice), .paths = twice};
    struct ds_dynamics_slot *slots;
    struct ds_buf text = DS_BUF_INIT(DS_MAX_TEXT);
    struct ds_remote remote;
    struct ds_err err = {0};

    (void)state;
    load(&remote);
    assert_int_equal(ds_dynamics_slots(&remote, &remote.arena, &query, &slots, &err), DS_OK);
    ds_dynamics_select(&text, slots, DS_DYNAMICS_OWN + COUNT(twice));
    assert_string_equal(text.text,
                        "$select=opportunityid,modifiedon,versionnumber,_modifiedby_value,name"
                        "&$expand=customerid_account($select=name),"
                        "customerid_contact($select=fullname)");
    ds_buf_clear(&text);
    ds_arena_clear(&remote.arena);
}

/* An account or a contact, a user or a team: whichever is there. */
static void whoever_is_there_gives_the_value(void **state)
{
    struct ds_remote remote;
    struct ds_dynamics_slot slot;
    struct ds_err err = {0};
    json_t *account =
        json_pack("{s:{s:s},s:n}", "customerid_account", "name", "A", "customerid_contact");
    json_t *contact =
        json_pack("{s:n,s:{s:s}}", "customerid_account", "customerid_contact", "fullname", "C");
    json_t *nobody = json_pack("{s:n,s:n}", "customerid_account", "customerid_contact");
    struct ds_value value;

    (void)state;
    load(&remote);
    assert_int_equal(ds_dynamics_path(&remote, &remote.arena, "customerid.name", &slot, &err),
                     DS_OK);
    assert_int_equal(ds_dynamics_values(account, &slot, 1, &value, &err), DS_OK);
    assert_string_equal(value.text, "A");
    assert_int_equal(ds_dynamics_values(contact, &slot, 1, &value, &err), DS_OK);
    assert_string_equal(value.text, "C");
    assert_int_equal(ds_dynamics_values(nobody, &slot, 1, &value, &err), DS_OK);
    assert_null(value.text);
    json_decref(account);
    json_decref(contact);
    json_decref(nobody);
    ds_arena_clear(&remote.arena);
}

/* --- writing --------------------------------------------------------------------------------- */

static const struct {
    const char *path;
    const char *column; /* NULL: cannot be written */
    const char *by;
    const char *navigation[2];
    const char *piece; /* of the refusal */
} targets[] = {
    {"name", "name", NULL, {NULL}, NULL},
    {"_customerid_value",
     "_customerid_value",
     NULL,
     {"customerid_contact", "customerid_account"},
     NULL},
    {"_ownerid_value", "_ownerid_value", NULL, {"ownerid", "ownerid"}, NULL},
    {"customerid_account.accountnumber",
     "_customerid_value",
     "accountnumber",
     {"customerid_account"},
     NULL},
    {"estimatedvalue_base", NULL, NULL, {NULL}, "keeps the column itself"},
    {"createdon", NULL, NULL, {NULL}, "keeps the column itself"},
    {"customerid.name", NULL, NULL, {NULL}, "two tables"},
    {"process.stage", NULL, NULL, {NULL}, "people's hands"},
    {"campaignid.name", NULL, NULL, {NULL}, "no navigation property 'campaignid'"},
};

static void writing_needs_other_names(void **state)
{
    struct ds_remote remote;

    (void)state;
    load(&remote);
    for (size_t i = 0; i < COUNT(targets); i++) {
        struct ds_dynamics_target target;
        struct ds_err err = {0};
        int rc = ds_dynamics_target(&remote, &remote.arena, targets[i].path, &target, &err);

        assert_int_equal(rc, targets[i].column ? DS_OK : DS_E_CONFIG);
        if (rc) {
            assert_non_null(strstr(err.text, targets[i].piece));
            continue;
        }
        assert_string_equal(target.column->name, targets[i].column);
        assert_true(targets[i].by ? strcmp(target.by, targets[i].by) == 0 : !target.by);
        for (size_t k = 0; k < 2; k++) {
            assert_int_equal(!target.lookups[k], !targets[i].navigation[k]);
            if (target.lookups[k])
                assert_string_equal(target.lookups[k]->navigation, targets[i].navigation[k]);
        }
    }
    ds_arena_clear(&remote.arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_document_tells_columns),
        cmocka_unit_test(the_document_tells_sets_and_navigation),
        cmocka_unit_test(broken_documents_are_refused),
        cmocka_unit_test(paths_become_queries),
        cmocka_unit_test(queries_ask_once),
        cmocka_unit_test(whoever_is_there_gives_the_value),
        cmocka_unit_test(writing_needs_other_names),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
