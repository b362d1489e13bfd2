#include "tests/sim/derive.h"
#include "tests/sim/dv_tables.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

struct change {
    const struct entity *entity;
    struct edit *edit;
    const json_t *set;
};

static const char *text_of(const struct change *c, const char *name)
{
    for (size_t i = 0; i < c->edit->n; i++)
        if (strcmp(c->edit->set[i].field->name, name) == 0)
            return c->edit->set[i].text;
    return NULL;
}

static void assign(const struct change *c, const char *name, const char *text)
{
    const struct field *f = entity_any_field(c->entity, name, strlen(name));

    if (f && !json_object_get(c->set, name))
        world_assign(c->edit, f, text);
}

static void follow_stage(const struct change *c)
{
    const char *name = json_object_get(c->set, "StageName") ? text_of(c, "StageName") : NULL;
    int at = name ? catalog_stage(name) : -1;
    char probability[8];

    if (at < 0)
        return;
    snprintf(probability, sizeof probability, "%d", stages[at].probability);
    assign(c, "Probability", probability);
    assign(c, "IsClosed", stages[at].outcome == OPEN ? "false" : "true");
    assign(c, "IsWon", stages[at].outcome == WON ? "true" : "false");
    assign(c, "ForecastCategoryName", stages[at].category);
    assign(c, "ForecastCategory", stages[at].category_api);
}

static void follow_state(const struct change *c)
{
    static const char *const state_of[] = {"0", "0", "0", "1", "2", "2"};
    static const char *const status_of[] = {"1", "3", "4"};
    const char *status = json_object_get(c->set, "statuscode") ? text_of(c, "statuscode") : NULL;
    const char *state = json_object_get(c->set, "statecode") ? text_of(c, "statecode") : NULL;

    if (status && strlen(status) == 1 && *status >= '1' && *status <= '5')
        assign(c, "statecode", state_of[*status - '0']);
    if (state && strlen(state) == 1 && *state >= '0' && *state <= '2')
        assign(c, "statuscode", status_of[*state - '0']);
}

static void follow_currency(const struct change *c)
{
    static const char code_field[] = "transactioncurrencyid.isocurrencycode";
    const char *code = json_object_get(c->set, code_field) ? text_of(c, code_field) : NULL;
    char id[37];

    for (unsigned i = 0; code && i < CURRENCIES; i++) {
        struct row row = {.currency = (int)i};
        struct val v;

        if (strcasecmp(code, currencies[i].code) != 0)
            continue;
        row_get(&row, A_CURRENCY_GUID, &v);
        snprintf(id, sizeof id, "%.*s", (int)v.len, v.text);
        assign(c, "_transactioncurrencyid_value", id);
        assign(c, "transactioncurrencyid.transactioncurrencyid", id);
        assign(c, "transactioncurrencyid.currencyname", currencies[i].name);
    }
}

static bool sets_child(const struct change *c, const struct group *g)
{
    const char *name;
    json_t *value;
    size_t n = strlen(g->name);

    json_object_foreach((json_t *)(uintptr_t)c->set, name, value)
    {
        if (strncasecmp(name, g->name, n) == 0 && name[n] == '.')
            return true;
    }
    return false;
}

static void made_up_id(const struct change *c, char out[37])
{
    if (c->entity->crm == SALESFORCE)
        sf_id(out, "001", 900000 + (uint64_t)c->edit->at);
    else
        guid_other(out, 9, c->edit->at);
}

/* Another parent in the same place goes. */
static void displace(const struct change *c, const struct group *g)
{
    for (size_t i = 0; i < c->entity->ngroups; i++) {
        const struct group *other = &c->entity->groups[i];

        if (other != g && strcmp(other->twin, g->twin) == 0)
            assign(c, other->key, NULL);
    }
}

static void follow_parent(const struct change *c, const struct group *g)
{
    const struct field *key = entity_any_field(c->entity, g->key, strlen(g->key));
    struct row row;
    struct val now;
    char id[37];

    if (json_object_get(c->set, g->key)) {
        assign(c, g->twin, text_of(c, g->key));
        return;
    }
    if (json_object_get(c->set, g->twin) && strcmp(g->name, "customerid_contact") != 0) {
        assign(c, g->key, text_of(c, g->twin));
        return;
    }
    world_row(c->entity, c->edit->at, &row);
    field_get(&row, key, &now);
    if (now.kind != V_NULL || !sets_child(c, g))
        return;
    made_up_id(c, id);
    assign(c, g->key, id);
    assign(c, g->twin, id);
    displace(c, g);
}

/* A lookup into two tables: the id tells which one it is. */
static void follow_party(const struct change *c)
{
    static const struct {
        const char *lookup, *key, *twin;
        unsigned number; /* of the table's ids */
        bool only;       /* those; else all others */
    } parties[] = {
        {"_customerid_value", "customerid_account.accountid", "_accountid_value", DV_CONTACT,
         false},
        {"_customerid_value", "customerid_contact.contactid", "_contactid_value", DV_CONTACT, true},
        {"_ownerid_value", "owninguser.systemuserid", "_owninguser_value", DV_TEAM, false},
        {"_ownerid_value", "owningteam.teamid", "_owningteam_value", DV_TEAM, true},
    };

    for (size_t i = 0; i < sizeof parties / sizeof *parties; i++) {
        const char *id = text_of(c, parties[i].lookup);
        unsigned number = 0;
        uint32_t n;

        if (!json_object_get(c->set, parties[i].lookup))
            continue;
        if (id && (!guid_other_parse(id, &number, &n) ||
                   (number == parties[i].number) != parties[i].only))
            id = NULL;
        assign(c, parties[i].key, id);
        assign(c, parties[i].twin, id);
    }
}

void derive(const struct entity *e, struct edit *edit, const json_t *set)
{
    struct change c = {e, edit, set};

    if (e->crm == SALESFORCE) {
        follow_stage(&c);
    } else if (strcmp(e->name, "opportunities") == 0) {
        follow_state(&c);
        follow_currency(&c);
    }
    for (size_t i = 0; i < e->ngroups; i++)
        follow_parent(&c, &e->groups[i]);
    if (e == &dv_opportunity)
        follow_party(&c);
}
