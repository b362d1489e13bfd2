#include "tests/sim/row.h"
#include "tests/sim/dv_switch.h"
#include "tests/sim/fault.h"
#include "tests/sim/sf_rows.h"
#include "tests/sim/token.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const char base62[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

static void sf_check(char id[19])
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345";

    for (int block = 0; block < 3; block++) {
        unsigned bits = 0;

        for (int i = 0; i < 5; i++)
            if (id[block * 5 + i] >= 'A' && id[block * 5 + i] <= 'Z')
                bits |= 1u << i;
        id[15 + block] = letters[bits];
    }
    id[18] = '\0';
}

void sf_id(char out[19], const char *prefix, uint64_t n)
{
    memcpy(out, prefix, 3);
    memcpy(out + 3, "5e0", 3);
    for (int i = 14; i >= 6; i--) {
        out[i] = base62[n % 62];
        n /= 62;
    }
    sf_check(out);
}

bool sf_id_parse(const char *id, const char *prefix, uint64_t *n)
{
    size_t len = strlen(id);
    char same[19];

    if ((len != 15 && len != 18) || strncmp(id, prefix, 3) != 0)
        return false;
    *n = 0;
    for (int i = 6; i < 15; i++) {
        const char *digit = memchr(base62, id[i], 62);

        if (!digit)
            return false;
        *n = *n * 62 + (uint64_t)(digit - base62);
    }
    sf_id(same, prefix, *n);
    return strncmp(id, same, len) == 0;
}

enum { GUID_FIRST = 0x10000000, GUID_STEP = 151 };

static void hex_digits(char *to, int n, uint64_t value)
{
    while (n--) {
        to[n] = "0123456789abcdef"[value & 15];
        value >>= 4;
    }
}

static void guid_write(char out[37], uint64_t a, uint64_t b, uint64_t c, uint64_t d, uint64_t e)
{
    memcpy(out, "00000000-0000-0000-0000-000000000000", 37);
    hex_digits(out, 8, a);
    hex_digits(out + 9, 4, b);
    hex_digits(out + 14, 4, c);
    hex_digits(out + 19, 4, d);
    hex_digits(out + 24, 12, e);
}

void guid_opportunity(char out[37], uint32_t at)
{
    uint64_t noise = text_mix(at + 0x0990u);

    guid_write(out, GUID_FIRST + (uint64_t)at * GUID_STEP, noise >> 48, 0xee11, 0x9965, noise);
}

uint64_t guid_rank(const char *id)
{
    char digits[17] = "";
    size_t n = 0;

    for (; *id && n < 16; id++)
        if (*id != '-')
            digits[n++] = *id;
    return strtoull(digits, NULL, 16);
}

uint64_t guid_opportunity_rank(uint32_t at)
{
    return (GUID_FIRST + (uint64_t)at * GUID_STEP) << 32 | text_mix(at + 0x0990u) >> 48 << 16 |
           0xee11;
}

bool guid_parse(const char *id, uint32_t *at)
{
    uint64_t first = 0;
    char same[37];

    for (int i = 0; i < 8; i++) {
        const char *digits = "0123456789abcdef";
        const char *digit = id[i] ? strchr(digits, id[i] | 0x20) : NULL;

        if (!digit)
            return false;
        first = first * 16 + (uint64_t)(digit - digits);
    }
    if (first < GUID_FIRST)
        return false;
    *at = (uint32_t)((first - GUID_FIRST) / GUID_STEP);
    guid_opportunity(same, *at);
    return strcasecmp(id, same) == 0;
}

void guid_other(char out[37], unsigned table, uint64_t n)
{
    guid_write(out, 0xa1000000u + table, 0x5f2a, 0x4d1c, 0x8b00, n + 1);
}

bool guid_other_parse(const char *id, unsigned *table, uint32_t *n)
{
    char same[37];

    if (strlen(id) != 36 || strncmp(id, "a10000", 6) != 0)
        return false;
    *table = (unsigned)strtoul(id + 6, NULL, 16);
    *n = (uint32_t)strtoull(id + 24, NULL, 16) - 1;
    guid_other(same, *table, *n);
    return strcasecmp(id, same) == 0;
}

static void put_sf(struct val *v, const char *prefix, uint64_t n)
{
    sf_id(v->room, prefix, n);
    v->kind = V_ID;
    v->text = v->room;
    v->len = 18;
}

static void put_guid(struct val *v, unsigned table, uint64_t n)
{
    guid_other(v->room, table, n);
    v->kind = V_ID;
    v->text = v->room;
    v->len = 36;
}

static void put_join(struct val *v, const char *const *parts)
{
    size_t len = 0;

    for (; *parts; parts++) {
        size_t n = strlen(*parts);

        if (n > sizeof v->room - len)
            n = sizeof v->room - len;
        memcpy(v->room + len, *parts, n);
        len += n;
    }
    v->kind = V_TEXT;
    v->text = v->room;
    v->len = len;
}

static const char *external(const struct row *row, char room[16])
{
    if (row->external)
        return row->external;
    snprintf(room, 16, "G%07u", row->at);
    return room;
}

static void put_name(const struct row *row, struct val *v)
{
    bool known = row->account >= 0 && (size_t)row->account < catalog.naccounts;
    char room[16];

    put_join(v, (const char *[]){known ? catalog.accounts[row->account].name : "No account", " - ",
                                 row->product < 0 ? "-" : catalog.products[row->product].name, " (",
                                 external(row, room), ")", NULL});
}

static void put_amount(const struct row *row, struct val *v, enum aspect aspect)
{
    const struct currency *currency = &currencies[row->currency];

    if (!row->has_amount || (aspect == A_ACTUAL_AMOUNT && stages[row->stage].outcome != WON))
        val_null(v);
    else if (aspect == A_AMOUNT_BASE)
        val_number(v, row->amount * 100 * 10000 / (currency->rate / 1000000), 4);
    else
        val_number(v, row->amount, 2);
}

static void put_close(const struct row *row, struct val *v, bool actual)
{
    if (!row->has_close || (actual && stages[row->stage].outcome == OPEN)) {
        val_null(v);
        return;
    }
    v->kind = V_DATE;
    v->num = row->close;
}

static void put_time(struct val *v, int64_t seconds)
{
    v->kind = V_TIME;
    v->num = seconds;
}

static void put_option(struct val *v, unsigned value, const struct choice *options, bool label)
{
    if (!value)
        val_null(v);
    else if (label)
        val_text(v, options[value - 1].label);
    else
        val_number(v, value, 0);
}

static const char *description(const struct row *row)
{
    static const char *const texts[8] = {
        "Needs delivery before the end of the quarter.",
        "First line, \"quoted\".\nSecond line with <b>tags</b> and a back\\slash.",
        "=cmd|' /C calc'!A0 is not a formula here",
        "Größe, 価格 and naïve café",
    };

    return row->external ? NULL : texts[row->at % 8];
}

static const char *pick(const struct row *row, const char *const *texts, unsigned n)
{
    return texts[(row->at / 3) % n];
}

static void account_get(const struct row *row, enum aspect aspect, struct val *v)
{
    const struct account *a;

    if (row->account < 0 || (size_t)row->account >= catalog.naccounts) {
        row->account >= 0 && aspect == A_ACCOUNT_SF ? put_sf(v, "001", (uint64_t)row->account + 1)
                                                    : val_null(v);
        return;
    }
    a = &catalog.accounts[row->account];
    switch ((int)aspect) {
    case A_ACCOUNT_SF: put_sf(v, "001", (uint64_t)row->account + 1); return;
    case A_ACCOUNT_GUID: put_guid(v, 1, (uint64_t)row->account); return;
    case A_ACCOUNT_NAME: val_text(v, a->name); return;
    case A_ACCOUNT_STREET: val_text(v, a->street); return;
    case A_ACCOUNT_CITY: val_text(v, a->city); return;
    case A_ACCOUNT_STATE: val_text(v, a->state); return;
    case A_ACCOUNT_POSTAL: val_text(v, a->postal); return;
    case A_ACCOUNT_COUNTRY: val_text(v, a->country); return;
    default: val_text(v, a->duns); return;
    }
}

static void sync_user_get(enum aspect aspect, struct val *v)
{
    switch ((int)aspect) {
    case A_AGENT_SF: sf_row_get(&(struct row){.at = 0}, A_SYNC_USER, v); return;
    case A_AGENT_NAME: val_text(v, "Sync User"); return;
    case A_AGENT_EMAIL: val_text(v, SIM_USERNAME); return;
    default: val_null(v); return;
    }
}

static void agent_get(const struct row *row, enum aspect aspect, struct val *v)
{
    const struct agent *a;

    if ((size_t)row->agent == catalog.nagents) {
        sync_user_get(aspect, v);
        return;
    }
    if ((size_t)row->agent > catalog.nagents) {
        aspect == A_AGENT_SF ? put_sf(v, "005", (uint64_t)row->agent + 1) : val_null(v);
        return;
    }
    a = &catalog.agents[row->agent];
    switch ((int)aspect) {
    case A_AGENT_SF: put_sf(v, "005", (uint64_t)row->agent + 1); return;
    case A_AGENT_GUID: put_guid(v, 2, (uint64_t)row->agent); return;
    case A_AGENT_NAME: val_text(v, a->name); return;
    case A_AGENT_EMAIL: val_text(v, a->email); return;
    default: val_text(v, a->phone); return;
    }
}

static void currency_get(const struct row *row, enum aspect aspect, struct val *v)
{
    const struct currency *c = &currencies[row->currency];

    switch ((int)aspect) {
    case A_CURRENCY_GUID: put_guid(v, 3, (uint64_t)row->currency); return;
    case A_CURRENCY_CODE: val_text(v, c->code); return;
    case A_CURRENCY_NAME: val_text(v, c->name); return;
    case A_CURRENCY_PRECISION: val_number(v, c->precision, 0); return;
    default: val_number(v, c->rate, 10); return;
    }
}

static void stage_get(const struct row *row, enum aspect aspect, struct val *v)
{
    const struct stage *s = &stages[row->stage];

    switch ((int)aspect) {
    case A_STAGE_SF: put_sf(v, "01J", (uint64_t)row->at + 1); return;
    case A_STAGE_NAME: val_text(v, s->name); return;
    case A_STAGE_PROBABILITY: val_number(v, s->probability, 0); return;
    case A_STAGE_ACTIVE: val_bool(v, s->active); return;
    case A_STAGE_CLOSED: val_bool(v, s->outcome != OPEN); return;
    case A_STAGE_WON: val_bool(v, s->outcome == WON); return;
    case A_STAGE_SORT: val_number(v, s->sort, 0); return;
    case A_STAGE_CATEGORY: val_text(v, s->category); return;
    case A_STAGE_CATEGORY_API: val_text(v, s->category_api); return;
    case A_STAGE_STEP: val_text(v, s->step); return;
    case A_STAGE_SALES: val_number(v, s->sales_stage, 0); return;
    case A_STATE: val_number(v, s->outcome, 0); return;
    default: val_number(v, s->outcome == OPEN ? 1 + row->on_hold : 2 + (int)s->outcome, 0); return;
    }
}

const char *org_id(enum crm crm)
{
    static const char *const ids[CRMS][2] = {
        {"00D5e000000SimUEAS", "00D5e000000OthrEAC"},
        {"0f0e0d0c-0b0a-4908-8706-050403020100", "99999999-8888-4777-8666-555555555555"},
    };

    return ids[crm][fault_stands(crm, FAULT_WRONG_ORG, NULL, NULL)];
}

static void other_get(const struct row *row, enum aspect aspect, struct val *v)
{
    switch ((int)aspect) {
    case A_RECORD_TYPE_SF: put_sf(v, "012", 1); return;
    case A_RECORD_TYPE_NAME: val_text(v, "Hardware Sale"); return;
    case A_RECORD_TYPE_API: val_text(v, "Hardware_Sale"); return;
    case A_ORG_SF: val_text(v, org_id(SALESFORCE)); return;
    case A_ORG_GUID: val_text(v, org_id(DYNAMICS)); return;
    case A_ORG_NAME: val_text(v, "Simulated Company"); return;
    case A_ORG_EDITION: val_text(v, "Enterprise Edition"); return;
    case A_ORG_CURRENCY: val_text(v, "USD"); return;
    case A_ORG_RETENTION: val_number(v, dv_switches.retention, 0); return;
    case A_CAMPAIGN_SF: row->campaign ? put_sf(v, "701", row->campaign) : val_null(v); return;
    case A_CAMPAIGN_GUID: row->campaign ? put_guid(v, 4, row->campaign) : val_null(v); return;
    default: val_text(v, row->campaign ? "Spring fair" : NULL); return;
    }
}

static void own_get(const struct row *row, enum aspect aspect, struct val *v)
{
    static const char *const steps[] = {"Call back", "Send quote", NULL, "Visit"};
    static const char *const types[] = {"New Customer", "Existing Customer - Upgrade", NULL};
    static const char *const sources[] = {"Web", "Partner Referral", "Phone Inquiry", NULL};
    static const char *const locations[] = {"7654321", "7654322", "7654323"};

    switch ((int)aspect) {
    case A_DESCRIPTION: val_text(v, description(row)); return;
    case A_NEXT_STEP: val_text(v, pick(row, steps, 4)); return;
    case A_TYPE: val_text(v, pick(row, types, 3)); return;
    case A_LEAD_SOURCE: val_text(v, pick(row, sources, 4)); return;
    case A_LOCATION: val_text(v, locations[row->agent % 3]); return;
    case A_PRODUCT:
        val_text(v, row->product < 0 ? NULL : catalog.products[row->product].name);
        return;
    case A_DELETED: val_bool(v, row->deleted); return;
    case A_SHARE: val_bool(v, row->share); return;
    case A_HELP: put_option(v, row->help, help_options, false); return;
    case A_HELP_LABEL: put_option(v, row->help, help_options, true); return;
    case A_LOSS: put_option(v, row->loss, loss_options, false); return;
    case A_LOSS_LABEL: put_option(v, row->loss, loss_options, true); return;
    case A_FALSE: val_bool(v, false); return;
    case A_ONE: val_number(v, 1, 0); return;
    default: val_null(v); return;
    }
}

void row_get(const struct row *row, enum aspect aspect, struct val *v)
{
    switch ((int)aspect) {
    case A_SF_ID: put_sf(v, "006", (uint64_t)row->at + 1); return;
    case A_GUID:
        guid_opportunity(v->room, row->at);
        v->kind = V_ID;
        v->text = v->room;
        v->len = 36;
        return;
    case A_EXTERNAL: val_text(v, external(row, v->room)); return;
    case A_NAME: put_name(row, v); return;
    case A_AMOUNT:
    case A_AMOUNT_BASE:
    case A_ACTUAL_AMOUNT: put_amount(row, v, aspect); return;
    case A_CLOSE: put_close(row, v, false); return;
    case A_ACTUAL_CLOSE: put_close(row, v, true); return;
    case A_CREATED: put_time(v, row->created); return;
    case A_MODIFIED: put_time(v, row->modified); return;
    case A_VERSION: val_number(v, (int64_t)row->version, 0); return;
    default: break;
    }
    if (aspect > A_SF_FIRST && aspect < A_SF_LAST)
        sf_row_get(row, aspect, v);
    else if (aspect >= A_RECORD_TYPE_SF || (aspect >= A_CAMPAIGN_SF && aspect <= A_CAMPAIGN_NAME))
        other_get(row, aspect, v);
    else if (aspect >= A_CURRENCY_GUID)
        currency_get(row, aspect, v);
    else if (aspect >= A_AGENT_SF)
        agent_get(row, aspect, v);
    else if (aspect >= A_ACCOUNT_SF)
        account_get(row, aspect, v);
    else if (aspect >= A_STATE)
        stage_get(row, aspect, v);
    else
        own_get(row, aspect, v);
}
