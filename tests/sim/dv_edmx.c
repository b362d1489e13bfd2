#include "tests/sim/dv_edmx.h"
#include "tests/sim/dv_switch.h"
#include "tests/sim/dv_tables.h"

#include <string.h>

static const char *edm_type(const struct field *f)
{
    static const char *const types[] = {
        [F_TEXT] = "String",         [F_ID] = "Guid",       [F_INTEGER] = "Int32",
        [F_TRIMMED] = "Double",      [F_MONEY] = "Decimal", [F_RATE] = "Decimal",
        [F_BOOL] = "Boolean",        [F_DATE] = "Date",     [F_MILLIS] = "DateTimeOffset",
        [F_ZULU] = "DateTimeOffset",
    };

    if (strcmp(f->type, "BigInt") == 0)
        return "Int64";
    return f->form == F_DATE && dv_switches.date_times ? "DateTimeOffset" : types[f->form];
}

static void write_property(struct buf *out, const struct field *f)
{
    struct dv_column c = dv_column(f);

    buf_addf(out, "<Property Name=\"%s\" Type=\"Edm.%s\"", f->name, edm_type(f));
    if (f->form == F_MONEY || f->form == F_RATE)
        buf_puts(out, " Scale=\"Variable\"");
    if (f->form == F_TEXT)
        buf_puts(out, " Unicode=\"false\"");
    buf_puts(out, ">\n");
    if (!c.create && !c.update)
        buf_puts(out, "<Annotation Term=\"Org.OData.Core.V1.Permissions\"><EnumMember>"
                      "Org.OData.Core.V1.PermissionType/Read</EnumMember></Annotation>\n"
                      "<Annotation Term=\"Org.OData.Core.V1.Computed\" Bool=\"true\"/>\n");
    buf_addf(out,
             "<Annotation Term=\"Org.OData.Core.V1.Description\" String=\"%s of the table\"/>\n"
             "</Property>\n",
             f->name);
}

static void write_navigation(struct buf *out, const struct dv_nav *nav)
{
    const struct dv_table *to = dv_table_typed(nav->type, strlen(nav->type));
    bool principal = strcmp(nav->name, "ownerid") == 0;

    if (principal && strcmp(nav->type, "team") == 0)
        return; /* the owner is one property */
    buf_addf(out,
             "<NavigationProperty Name=\"%s\" Type=\"mscrm.%s\" Nullable=\"false\" "
             "Partner=\"%s\">\n<ReferentialConstraint Property=\"%s\" "
             "ReferencedProperty=\"%s\"/>\n</NavigationProperty>\n",
             nav->name, principal ? "principal" : nav->type, nav->relationship, nav->lookup,
             principal ? "ownerid"
             : to      ? entity_key(to->entity)->name
                       : "");
}

static void write_type(struct buf *out, const struct dv_table *t)
{
    const struct entity *e = t->entity;
    const struct dv_nav *nav;

    buf_addf(out,
             "<EntityType Name=\"%s\" BaseType=\"mscrm.crmbaseentity\">\n<Key>\n<PropertyRef "
             "Name=\"%s\"/>\n</Key>\n",
             t->type, entity_key(e)->name);
    for (size_t i = 0; i < e->nfields; i++)
        if (!strchr(e->fields[i].name, '.'))
            write_property(out, &e->fields[i]);
    for (size_t i = 0; (nav = dv_nav_at(i)); i++)
        if (strcmp(nav->set, e->name) == 0)
            write_navigation(out, nav);
    buf_puts(out, "</EntityType>\n");
}

/* The tables that nobody asks for, up to the size of real documents. */
static void write_others(struct buf *out, size_t size)
{
    for (unsigned table = 0; out->len < size; table++) {
        buf_addf(out,
                 "<EntityType Name=\"msdyn_other%u\" BaseType=\"mscrm.crmbaseentity\">\n<Key>\n"
                 "<PropertyRef Name=\"msdyn_other%uid\"/>\n</Key>\n",
                 table, table);
        for (unsigned i = 0; i < 40; i++)
            buf_addf(out,
                     "<Property Name=\"msdyn_column%u\" Type=\"Edm.String\" Unicode=\"false\">\n"
                     "<Annotation Term=\"Org.OData.Core.V1.Description\" String=\"Column %u &amp; "
                     "more\"/>\n</Property>\n",
                     i, i);
        buf_puts(out, "</EntityType>\n");
    }
}

static void write_container(struct buf *out)
{
    const struct dv_table *t;

    buf_puts(out, "<Action Name=\"WinOpportunity\">\n<Parameter Name=\"OpportunityClose\" "
                  "Type=\"mscrm.opportunityclose\" Nullable=\"false\"/>\n<Parameter "
                  "Name=\"Status\" Type=\"Edm.Int32\" Nullable=\"false\"/>\n</Action>\n"
                  "<EntityContainer Name=\"System\">\n");
    for (size_t i = 0; (t = dv_table_at(i)); i++)
        buf_addf(out,
                 "<EntitySet Name=\"%s\" EntityType=\"Microsoft.Dynamics.CRM.%s\">\n<Annotation "
                 "Term=\"Org.OData.Capabilities.V1.ChangeTracking\">\n<Record>\n<PropertyValue "
                 "Property=\"Supported\" Bool=\"%s\"/>\n</Record>\n</Annotation>\n</EntitySet>\n",
                 t->entity->name, t->type,
                 t->tracked && dv_switches.tracking == 1 ? "true" : "false");
    buf_puts(out, "</EntityContainer>\n");
}

void dv_edmx(const struct request *request, struct reply *reply)
{
    const struct dv_table *t;
    struct buf *out = &reply->body;

    (void)request;
    reply->type = "application/xml";
    buf_puts(out, "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<edmx:Edmx Version=\"4.0\" "
                  "xmlns:edmx=\"http://docs.oasis-open.org/odata/ns/edmx\">\n<edmx:DataServices>\n"
                  "<Schema Namespace=\"Microsoft.Dynamics.CRM\" Alias=\"mscrm\" "
                  "xmlns=\"http://docs.oasis-open.org/odata/ns/edm\">\n<EntityType "
                  "Name=\"crmbaseentity\" Abstract=\"true\"/>\n");
    for (size_t i = 0; (t = dv_table_at(i)); i++)
        write_type(out, t);
    write_others(out, (size_t)dv_switches.metadata_kb * 1024);
    write_container(out);
    buf_puts(out, "</Schema>\n</edmx:DataServices>\n</edmx:Edmx>\n");
}
