#include "tests/sim/dataset.h"
#include "tests/sim/clock.h"
#include "tests/sim/generate.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_COLUMNS = 8 };

struct sale {
    char external[12];
    int account, product, agent, stage;
    int64_t engaged, closed; /* days; 0: empty */
    int64_t value;           /* whole dollars; -1: empty */
};

static struct sale *sales;
static uint32_t nsales;

typedef bool take_line(char **columns);

static bool split(char *line, char **columns, size_t want)
{
    size_t n = 0;

    line[strcspn(line, "\r\n")] = '\0';
    if (strchr(line, '"'))
        return false;
    for (char *cell; (cell = strsep(&line, ","));) {
        if (n == MAX_COLUMNS)
            return false;
        columns[n++] = cell;
    }
    return n == want;
}

static bool read_table(const char *folder, const char *name, size_t want, take_line *take)
{
    char path[4096], line[1024];
    char *columns[MAX_COLUMNS];
    unsigned at = 0;
    bool ok = true;
    FILE *f;

    snprintf(path, sizeof path, "%s/%s", folder, name);
    f = fopen(path, "r");
    if (!f) {
        fprintf(stderr, "dealsync-sim: cannot open '%s'\n", path);
        return false;
    }
    while (ok && fgets(line, sizeof line, f)) {
        ok = split(line, columns, want);
        if (ok && at > 0)
            ok = take(columns);
        at++;
    }
    fclose(f);
    if (!ok || at < 2)
        fprintf(stderr, "dealsync-sim: '%s' is not understood at line %u\n", path, at);
    return ok && at >= 2;
}

static bool take_account(char **c)
{
    catalog_account(c[0], c[5]);
    return true;
}

static bool take_product(char **c)
{
    catalog_product(c[0], c[1], strtol(c[2], NULL, 10));
    return true;
}

static bool take_agent(char **c)
{
    catalog_agent(c[0]);
    return true;
}

static int find_account(const char *name)
{
    for (size_t i = 0; i < catalog.naccounts; i++)
        if (strcmp(catalog.accounts[i].name, name) == 0)
            return (int)i;
    return -1;
}

static int find_agent(const char *name)
{
    for (size_t i = 0; i < catalog.nagents; i++)
        if (strcmp(catalog.agents[i].name, name) == 0)
            return (int)i;
    return -1;
}

/* The pipeline spells one product without its space: its spelling becomes a product of its own. */
static int find_product(const char *name)
{
    for (size_t i = 0; i < catalog.nproducts; i++)
        if (strcmp(catalog.products[i].name, name) == 0)
            return (int)i;
    catalog_product(name, text_starts(name, "GTK") ? "GTK" : "GTX", 0);
    return (int)catalog.nproducts - 1;
}

static bool optional_date(const char *s, int64_t *days)
{
    *days = 0;
    return *s == '\0' || date_parse(s, days);
}

static bool take_sale(char **c)
{
    struct sale sale = {
        .account = *c[3] ? find_account(c[3]) : -1,
        .product = find_product(c[2]),
        .agent = find_agent(c[1]),
        .stage = catalog_stage(c[4]),
        .value = *c[7] ? strtol(c[7], NULL, 10) : -1,
    };

    if (strlen(c[0]) >= sizeof sale.external || sale.agent < 0 || sale.stage < 0 ||
        (*c[3] && sale.account < 0) || !optional_date(c[5], &sale.engaged) ||
        !optional_date(c[6], &sale.closed))
        return false;
    memcpy(sale.external, c[0], strlen(c[0]));
    if ((nsales & (nsales + 1)) == 0)
        sales = regrab(sales, ((size_t)nsales * 2 + 1) * sizeof *sales);
    sales[nsales++] = sale;
    return true;
}

bool dataset_load(const char *folder)
{
    return read_table(folder, "accounts.csv", 7, take_account) &&
           read_table(folder, "products.csv", 3, take_product) &&
           read_table(folder, "sales_teams.csv", 3, take_agent) &&
           read_table(folder, "sales_pipeline.csv", 8, take_sale);
}

void dataset_clear(void)
{
    free(sales);
    sales = NULL;
    nsales = 0;
}

uint32_t dataset_count(void)
{
    return nsales;
}

void dataset_row(uint32_t at, struct row *row)
{
    const struct sale *s = &sales[at];

    *row = (struct row){
        .at = at,
        .account = s->account,
        .product = s->product,
        .agent = s->agent,
        .stage = s->stage,
        .external = s->external,
        .has_amount = s->value >= 0,
        .amount = s->value * 100,
        .has_close = s->closed != 0,
        .close = s->closed,
        .loss = stages[s->stage].outcome == LOST ? 1 : 0,
        .share = text_starts(catalog.products[s->product].series, "GTK"),
    };
    row->help = row->share ? 2 : 0;
    generate_stamps(at, row);
    if (s->engaged)
        row->created = s->engaged * 86400 + 9 * 3600;
}

bool dataset_find(const char *external, uint32_t *at)
{
    for (*at = 0; *at < nsales; (*at)++)
        if (strcmp(sales[*at].external, external) == 0)
            return true;
    return false;
}
