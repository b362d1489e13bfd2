#include "tests/sim/sf_rows.h"
#include "tests/sim/clock.h"
#include "tests/sim/generate.h"
#include "tests/sim/scan.h"
#include "tests/sim/sf_settings.h"
#include "tests/sim/sf_tables.h"
#include "tests/sim/token.h"

#include <stdio.h>
#include <string.h>

enum {
    BLOCK = 4, /* opportunities that share a pattern of children */
    FIRST_STAMP = 1704088800,
    RATE_START = 19723, /* 2024-01-01 */
    RATE_DAYS = 366,
    PERMITTED = 3,
    RATES = 2, /* dated rates of each currency */
};

/* ---- children: which of four neighbouring opportunities each belongs to ---- */

struct pattern {
    unsigned n;
    unsigned char place[BLOCK];
};

static const struct pattern members = {4, {1, 2, 2, 3}};
static const struct pattern roles = {3, {0, 2, 2}};
static const struct pattern items = {2, {3, 3}};

static uint32_t count_children(const struct pattern *p)
{
    uint32_t n = world_count() / BLOCK * p->n;

    for (unsigned i = 0; i < p->n; i++)
        n += p->place[i] < world_count() % BLOCK;
    return n;
}

static void load_child(const struct pattern *p, uint32_t count, uint32_t at, struct row *row)
{
    unsigned i = at % p->n;

    if (at >= count) {
        *row = (struct row){.account = -1, .product = -1, .contact = -1, .at = at};
        row->opportunity = UINT32_MAX;
        return;
    }
    world_load(at / p->n * BLOCK + p->place[i], row);
    row->opportunity = row->at;
    row->place = i && p->place[i] == p->place[i - 1];
    row->at = at;
    row->contact = -1;
}

uint32_t sf_count_members(void)
{
    return count_children(&members);
}

uint32_t sf_count_roles(void)
{
    return count_children(&roles);
}

uint32_t sf_count_items(void)
{
    return sf_settings.line_items ? count_children(&items) : 0;
}

void sf_load_member(uint32_t at, struct row *row)
{
    load_child(&members, sf_count_members(), at, row);
    if (row->opportunity != UINT32_MAX)
        row->agent = (int)(((size_t)row->agent + row->place) % catalog.nagents);
}

void sf_load_role(uint32_t at, struct row *row)
{
    load_child(&roles, sf_count_roles(), at, row);
    if (row->opportunity != UINT32_MAX && row->account >= 0)
        row->contact = row->account * 2 + (int)row->place;
}

void sf_load_item(uint32_t at, struct row *row)
{
    load_child(&items, sf_count_items(), at, row);
    if (row->opportunity != UINT32_MAX && row->product >= 0)
        row->product = (int)(((size_t)row->product + row->place) % catalog.nproducts);
}

/* ---- parents ---- */

uint32_t sf_count_accounts(void)
{
    return (uint32_t)catalog.naccounts;
}

uint32_t sf_count_agents(void)
{
    return (uint32_t)catalog.nagents + 1; /* the asking user is the last */
}

uint32_t sf_count_contacts(void)
{
    return (uint32_t)catalog.naccounts * 2;
}

uint32_t sf_count_products(void)
{
    return (uint32_t)catalog.nproducts;
}

uint32_t sf_count_currencies(void)
{
    return CURRENCIES;
}

/* Objects that a permission set tells of. */
static const char *const permitted[PERMITTED] = {"Opportunity", "Account", "Contact"};

uint32_t sf_count_permitted(void)
{
    return PERMITTED;
}

uint32_t sf_count_rates(void)
{
    return CURRENCIES * RATES;
}

static void load_parent(uint32_t at, struct row *row)
{
    *row = (struct row){
        .at = at,
        .account = -1,
        .product = -1,
        .contact = -1,
        .created = FIRST_STAMP,
        .modified = FIRST_STAMP,
    };
}

void sf_load_account(uint32_t at, struct row *row)
{
    load_parent(at, row);
    row->account = (int)at;
}

void sf_load_agent(uint32_t at, struct row *row)
{
    load_parent(at, row);
    row->agent = (int)at;
}

void sf_load_contact(uint32_t at, struct row *row)
{
    load_parent(at, row);
    row->contact = (int)at;
    row->account = at < sf_count_contacts() ? (int)(at / 2) : -1;
}

void sf_load_product(uint32_t at, struct row *row)
{
    load_parent(at, row);
    row->product = (int)at;
}

void sf_load_currency(uint32_t at, struct row *row)
{
    load_parent(at, row);
    row->currency = (int)(at % CURRENCIES);
    row->place = at / CURRENCIES;
}

/* ---- references ---- */

static const struct {
    enum aspect key; /* the field that holds the parent's id */
    enum aspect from, to;
    enum aspect stamp;
} parents[PARENTS] = {
    [P_ACCOUNT] = {A_ACCOUNT_SF, A_ACCOUNT_SF, A_ACCOUNT_DUNS, A_ACCOUNT_MODIFIED},
    [P_AGENT] = {A_AGENT_SF, A_AGENT_SF, A_AGENT_PHONE, A_AGENT_MODIFIED},
    [P_PRODUCT] = {A_PRODUCT_SF, A_PRODUCT_SF, A_PRODUCT_MODIFIED, A_PRODUCT_MODIFIED},
    [P_CONTACT] = {A_CONTACT_SF, A_CONTACT_SF, A_CONTACT_MODIFIED, A_CONTACT_MODIFIED},
};

static const struct entity *parent_entity(enum parent p)
{
    static const struct entity *found[PARENTS];
    static const char *const names[PARENTS] = {"Account", "User", "Product2", "Contact"};

    if (!found[p])
        found[p] = sf_any_entity(names[p]);
    return found[p];
}

static void follow(struct row *row, const char *name, enum parent p, int *at)
{
    const struct edit *e = row->edit;
    uint64_t n;

    for (size_t i = 0; e && i < e->n; i++) {
        if (strcmp(e->set[i].field->name, name) != 0)
            continue;
        if (e->set[i].text && strcmp(e->set[i].text, SIM_USER_ID) == 0)
            *at = (int)catalog.nagents;
        else
            *at = e->set[i].text && sf_id_parse(e->set[i].text, parent_entity(p)->prefix, &n) && n
                      ? (int)(n - 1)
                      : -1;
        return;
    }
}

static void attach(struct row *row, enum parent p, int at)
{
    const struct entity *e = parent_entity(p);

    if (at < 0 || !world_edits(e))
        return;
    row->parents[p] = world_find_edit(e, (uint32_t)at);
    row->refers |= row->parents[p] != NULL;
}

void sf_resolve_opportunity(struct row *row)
{
    row->has_items =
        sf_settings.line_items && row->at % BLOCK == items.place[0] && row->at < world_count();
    follow(row, "AccountId", P_ACCOUNT, &row->account);
    follow(row, "OwnerId", P_AGENT, &row->agent);
    attach(row, P_ACCOUNT, row->account);
    attach(row, P_AGENT, row->agent);
}

void sf_resolve_child(struct row *row)
{
    const struct edit *parent;
    uint64_t n;

    for (size_t i = 0; row->edit && i < row->edit->n; i++)
        if (row->edit->set[i].field->aspect == A_CHILD_OPPORTUNITY && row->edit->set[i].text &&
            sf_id_parse(row->edit->set[i].text, "006", &n) && n)
            row->opportunity = (uint32_t)n - 1;
    follow(row, "UserId", P_AGENT, &row->agent);
    follow(row, "ContactId", P_CONTACT, &row->contact);
    follow(row, "Product2Id", P_PRODUCT, &row->product);
    attach(row, P_AGENT, row->agent);
    attach(row, P_CONTACT, row->contact);
    attach(row, P_PRODUCT, row->product);
    parent = world_find_edit(&sf_opportunity, row->opportunity);
    if (parent && parent->deleted)
        row->deleted = true;
}

bool sf_parent_edited(const struct row *row, const struct field *field, struct val *v)
{
    for (size_t p = 0; p < PARENTS; p++) {
        const struct edit *e = row->parents[p];

        if (!e)
            continue;
        if (field->aspect == parents[p].stamp && e->modified) {
            v->kind = V_TIME;
            v->num = e->modified;
            return true;
        }
        for (size_t i = 0; i < e->n && field->aspect > parents[p].from; i++)
            if (e->set[i].field->aspect == field->aspect && field->aspect <= parents[p].to)
                return world_edited(e, e->set[i].field, v);
    }
    return false;
}

static bool counts(const struct row *row, void *arg)
{
    (void)row;
    ++*(uint64_t *)arg;
    return false;
}

void sf_follow_children(const struct entity *e, uint32_t at)
{
    struct scan scan = {.entity = e};
    struct row row;
    struct edit *edit;
    struct val id;
    uint64_t n = 0;

    if (e != sf_any_entity("OpportunityLineItem"))
        return;
    world_row(e, at, &row);
    sf_row_get(&row, A_CHILD_OPPORTUNITY, &id);
    if (id.kind == V_NULL)
        return;
    scan.where =
        expr_compare(OP_EQ, entity_any_field(e, "OpportunityId", 13), grab_text(id.text, id.len));
    scan_each(&scan, counts, &n);
    expr_free((struct expr *)(uintptr_t)scan.where);
    edit = world_edit(&sf_opportunity, row.opportunity);
    world_assign(edit, entity_any_field(&sf_opportunity, "HasOpportunityLineItem", 22),
                 n ? "true" : "false");
}

int64_t sf_user_stamp(const struct entity *e, uint32_t at)
{
    const struct field *f = entity_any_field(e, "LastModifiedDate", 16);
    struct row row;
    struct val v;

    if (!f)
        return 0;
    world_row(e, at, &row);
    field_get(&row, f, &v);
    return v.kind == V_TIME ? v.num : 0;
}

void sf_keep_user_stamp(const struct entity *e, struct edit *edit, int64_t stamp)
{
    const struct field *f = entity_any_field(e, "LastModifiedDate", 16);
    struct val v = {.kind = V_TIME, .num = stamp};
    struct buf text = {0};

    if (!f)
        return;
    val_write(&text, &v, F_ZULU);
    text.at[text.len - 1] = '\0'; /* without its quotes */
    world_assign(edit, f, text.at + 1);
    buf_free(&text);
}

/* ---- values ---- */

static void put_id(struct val *v, const char *prefix, uint64_t n)
{
    sf_id(v->room, prefix, n);
    v->kind = V_ID;
    v->text = v->room;
    v->len = 18;
}

static void put_stamp(struct val *v, int64_t seconds)
{
    v->kind = V_TIME;
    v->num = seconds;
}

static void contact_get(int at, enum aspect aspect, struct val *v)
{
    static const char *const first[] = {"Ada", "Bruno", "Chloé", "Dieter", "Eva", "Fumiko", "Gil"};
    static const char *const last[] = {"Alves", "Baker", "Çelik", "Dupont", "Eriksen"};
    static const char *const plain[] = {"alves", "baker", "celik", "dupont", "eriksen"};

    if (at < 0 || (uint32_t)at >= sf_count_contacts()) {
        at >= 0 && aspect == A_CONTACT_SF ? put_id(v, "003", (uint64_t)at + 1) : val_null(v);
        return;
    }
    v->kind = V_TEXT;
    v->text = v->room;
    switch ((int)aspect) {
    case A_CONTACT_SF: put_id(v, "003", (uint64_t)at + 1); return;
    case A_CONTACT_FIRST: val_text(v, first[at % 7]); return;
    case A_CONTACT_LAST: val_text(v, last[at % 5]); return;
    case A_CONTACT_NAME:
        snprintf(v->room, sizeof v->room, "%s %s", first[at % 7], last[at % 5]);
        break;
    case A_CONTACT_EMAIL:
        if (at % 10 == 7) {
            val_null(v);
            return;
        }
        snprintf(v->room, sizeof v->room, "%s.%d@customer.example", plain[at % 5], at);
        break;
    default: snprintf(v->room, sizeof v->room, "+44 20 7946 %04d", at % 10000); break;
    }
    v->len = strlen(v->room);
}

static void product_get(int at, enum aspect aspect, struct val *v)
{
    const struct product *p;
    size_t len;

    if (at < 0 || (size_t)at >= catalog.nproducts) {
        at >= 0 && aspect == A_PRODUCT_SF ? put_id(v, "01t", (uint64_t)at + 1) : val_null(v);
        return;
    }
    p = &catalog.products[at];
    switch ((int)aspect) {
    case A_PRODUCT_SF: put_id(v, "01t", (uint64_t)at + 1); return;
    case A_PRODUCT_NAME: val_text(v, p->name); return;
    case A_PRODUCT_FAMILY: val_text(v, p->series); return;
    case A_ENTRY_SF: put_id(v, "01u", (uint64_t)at + 1); return;
    case A_ENTRY_PRICE: val_number(v, p->price * 100, 2); return;
    default: break;
    }
    snprintf(v->room, sizeof v->room, "SOL-%s", p->name); /* A_PRODUCT_CODE */
    for (len = 0; v->room[len]; len++)
        if (v->room[len] == ' ')
            v->room[len] = '-';
        else if (v->room[len] >= 'a' && v->room[len] <= 'z')
            v->room[len] = (char)(v->room[len] - 'a' + 'A');
    v->kind = V_TEXT;
    v->text = v->room;
    v->len = len;
}

static void item_get(const struct row *row, enum aspect aspect, struct val *v)
{
    int64_t quantity = 1 + row->at % 5, price;

    if (aspect == A_ITEM_SF) {
        put_id(v, "00k", (uint64_t)row->at + 1);
        return;
    }
    if (row->product < 0 || row->at >= sf_count_items()) {
        val_null(v);
        return;
    }
    price = (size_t)row->product < catalog.nproducts ? catalog.products[row->product].price : 0;
    val_number(v,
               aspect == A_ITEM_QUANTITY ? quantity * 100
               : aspect == A_ITEM_PRICE  ? price * 100
                                         : price * quantity * 100,
               2);
}

static void rate_get(const struct row *row, enum aspect aspect, struct val *v)
{
    int64_t start = RATE_START + (int64_t)row->place * RATE_DAYS;

    switch ((int)aspect) {
    case A_CURRENCY_SF: put_id(v, "0Ci", (uint64_t)row->at + 1); return;
    case A_RATE_SF: put_id(v, "04w", (uint64_t)row->at + 1); return;
    case A_CURRENCY_CORPORATE: val_bool(v, row->currency == 0); return;
    default:
        v->kind = V_DATE;
        v->num = aspect == A_RATE_START    ? start
                 : row->place + 1 == RATES ? civil_days(9999, 12, 31)
                                           : start + RATE_DAYS;
        return;
    }
}

static void role_get(const struct row *row, enum aspect aspect, struct val *v)
{
    static const char *const member_roles[] = {"Account Manager", "Sales Rep", "Pre-Sales"};
    static const char *const contact_roles[] = {"Decision Maker", "Evaluator", NULL};
    bool made = row->edit && row->edit->created;

    switch ((int)aspect) {
    case A_MEMBER_SF: put_id(v, "00q", (uint64_t)row->at + 1); return;
    case A_ROLE_SF: put_id(v, "00K", (uint64_t)row->at + 1); return;
    case A_MEMBER_ROLE: val_text(v, made ? NULL : member_roles[row->at % 3]); return;
    case A_ROLE_ROLE: val_text(v, made ? NULL : contact_roles[row->at % 3]); return;
    case A_ROLE_PRIMARY: val_bool(v, !made && row->place == 0); return;
    default:
        row->opportunity == UINT32_MAX ? val_null(v)
                                       : put_id(v, "006", (uint64_t)row->opportunity + 1);
        return;
    }
}

void sf_row_get(const struct row *row, enum aspect aspect, struct val *v)
{
    switch ((int)aspect) {
    case A_HAS_ITEMS: val_bool(v, row->has_items); return;
    case A_PERSON: val_bool(v, row->account >= 0 && row->account % 5 == 4); return;
    case A_PERSON_EMAIL:
        if (row->account < 0 || row->account % 5 != 4) {
            val_null(v);
            return;
        }
        snprintf(v->room, sizeof v->room, "person.%d@home.example", row->account);
        v->kind = V_TEXT;
        v->text = v->room;
        v->len = strlen(v->room);
        return;
    case A_TRUE: val_bool(v, true); return;
    case A_SANDBOX: val_bool(v, sf_settings.sandbox); return;
    case A_INSTANCE: val_text(v, sf_settings.sandbox ? "CS42" : "NA42"); return;
    case A_OBJECT_NAME: val_text(v, "Opportunity"); return;
    case A_PERMITTED_OBJECT: val_text(v, permitted[row->at % PERMITTED]); return;
    case A_PROFILE_SF: put_id(v, "00e", 1); return;
    case A_SYNC_USER:
        v->kind = V_ID;
        v->text = SIM_USER_ID;
        v->len = 18;
        return;
    case A_PROCESS_SF: put_id(v, "019", 1); return;
    case A_PROCESS_NAME: val_text(v, "Hardware Process"); return;
    case A_VIEW_ALL: val_bool(v, sf_settings.view_all); return;
    case A_VIEW_RECORDS:
        val_bool(v, sf_settings.view_all ||
                        (row->at ? sf_settings.view_parents : sf_settings.view_records));
        return;
    case A_VIEW_SETUP: val_bool(v, sf_settings.view_setup); return;
    case A_MAY_EDIT: val_bool(v, sf_settings.updateable); return;
    case A_MAY_CREATE: val_bool(v, sf_settings.createable); return;
    case A_ACCOUNT_MODIFIED:
        if (row->account < 0) {
            val_null(v);
            return;
        }
        put_stamp(v, FIRST_STAMP);
        return;
    case A_FIRST_STAMP:
    case A_AGENT_MODIFIED:
    case A_CONTACT_MODIFIED:
    case A_PRODUCT_MODIFIED: put_stamp(v, FIRST_STAMP); return;
    default: break;
    }
    if (aspect >= A_CURRENCY_SF)
        rate_get(row, aspect, v);
    else if (aspect >= A_PRODUCT_SF)
        product_get(row->product, aspect, v);
    else if (aspect >= A_ITEM_SF)
        item_get(row, aspect, v);
    else if (aspect >= A_CONTACT_SF)
        contact_get(row->contact, aspect, v);
    else
        role_get(row, aspect, v);
}
