#include "tests/sim/catalog.h"
#include "tests/sim/text.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

struct catalog catalog;

const struct stage stages[STAGES] = {
    {"Prospecting", "Pipeline", "Pipeline", 10, true, OPEN, 1, "1-Prospecting", 0},
    {"Engaging", "Best Case", "BestCase", 40, true, OPEN, 2, "2-Engaging", 1},
    {"Won", "Closed", "Closed", 100, true, WON, 3, "4-Close", 3},
    {"Lost", "Omitted", "Omitted", 0, true, LOST, 4, "4-Close", 3},
    {"Value Proposition", "Pipeline", "Pipeline", 50, false, OPEN, 5, "3-Propose", 2},
};

const struct currency currencies[CURRENCIES] = {
    {"USD", "US Dollar", 10000000000, 2},
    {"EUR", "Euro", 9215000000, 2},
    {"GBP", "Pound Sterling", 7870000000, 2},
};

const struct choice help_options[HELP_OPTIONS] = {
    {1, "None"},
    {2, "General or other"},
    {3, "Technical, product assistance"},
    {4, "Pricing assistance"},
};

const struct choice loss_options[LOSS_OPTIONS] = {
    {1, "Budget"},
    {2, "No response"},
    {3, "Other vendor"},
    {4, "Customer decision"},
};

static char *textf(const char *format, ...) __attribute__((format(printf, 1, 2)));

static char *textf(const char *format, ...)
{
    char room[160];
    va_list args;
    int n;

    va_start(args, format);
    n = vsnprintf(room, sizeof room, format, args);
    va_end(args);
    return n < 0 ? NULL : grab_text(room, strlen(room));
}

void catalog_account(const char *name, const char *country)
{
    static const char *const streets[] = {"Main Street", "Harbour Road", "Königsallee", "Via Roma",
                                          "Industrial Park \"North\""};
    static const char *const cities[] = {"Springfield", "Riverton", "Düsseldorf", "San José",
                                         "Kraków"};
    static const char *const states[] = {"WA", "NY", "NW", "CA", "MA"};
    size_t n = catalog.naccounts++;
    struct account *a;

    catalog.accounts = regrab(catalog.accounts, catalog.naccounts * sizeof *catalog.accounts);
    a = &catalog.accounts[n];
    a->name = textf("%s", name);
    a->street = textf("%zu %s", n % 900 + 1, streets[n % 5]);
    a->city = textf("%s", cities[n / 5 % 5]);
    a->state = textf("%s", states[n / 5 % 5]);
    a->postal = textf("%05zu", 10000 + n * 37 % 89999);
    a->country = textf("%s", country);
    a->duns = textf("%09zu", 100000000 + n * 7919);
}

void catalog_agent(const char *name)
{
    size_t n = catalog.nagents++;
    struct agent *a;
    char *at;

    catalog.agents = regrab(catalog.agents, catalog.nagents * sizeof *catalog.agents);
    a = &catalog.agents[n];
    a->name = textf("%s", name);
    a->email = textf("%s@example.com", name);
    for (at = a->email; *at; at++)
        *at = *at == ' ' ? '.' : (char)tolower((unsigned char)*at);
    a->phone = textf("+1 555 01%02zu", n % 100);
}

void catalog_product(const char *name, const char *series, int64_t price)
{
    struct product *p;

    catalog.products = regrab(catalog.products, ++catalog.nproducts * sizeof *catalog.products);
    p = &catalog.products[catalog.nproducts - 1];
    p->name = textf("%s", name);
    p->series = textf("%s", series);
    p->price = price;
}

static void build_accounts(void)
{
    static const char *const first[] = {
        "Acme",    "Northwind", "Globetech", "Vandelay",  "O'Brien",  "Müller",
        "Société", "Kan-code",  "Betatech",  "Umbra",     "Ron-tech", "Gekko",
        "Zoomit",  "Plexzap",   "Hottechi",  "Treequote",
    };
    static const char *const last[] = {
        "Corporation", "& Sons", "Holding", "\"Best\" Ltd", "Group", "Systems", "株式会社", "Labs",
    };
    static const char *const countries[] = {
        "United States", "Germany", "Japan", "Norway", "Italy", "Brazil", "Korea", "Poland",
    };
    char name[96];

    for (size_t n = 0; n < 1024; n++) {
        snprintf(name, sizeof name, "%s %s %zu", first[n % 16], last[n / 16 % 8], n);
        catalog_account(name, countries[n % 3 ? 0 : n / 3 % 8]);
    }
}

void catalog_build(void)
{
    static const char *const agents[] = {
        "Ana Pereira",  "Ben Okafor",    "Carla Weiss",  "Dmitri Volkov", "Elif Demir",
        "Farid Haddad", "Grace Liu",     "Hugo Martin",  "Ines Costa",    "Jonas Berg",
        "Kemi Adeyemi", "Lena Hoffmann", "Mei-Mei Chan", "Noor Aziz",     "Omar Reyes",
        "Petra Novak",  "Quinn Taylor",  "Rosa Jimenez", "Sven Lund",     "Tara Singh",
    };
    static const struct {
        const char *name, *series;
        int64_t price;
    } products[] = {
        {"GTX Basic", "GTX", 550},   {"GTX Pro", "GTX", 4821},      {"MG Special", "MG", 55},
        {"MG Advanced", "MG", 3393}, {"GTX Plus Pro", "GTX", 5482}, {"GTX Plus Basic", "GTX", 1096},
        {"GTK 500", "GTK", 26768},
    };

    build_accounts();
    for (size_t i = 0; i < sizeof agents / sizeof *agents; i++)
        catalog_agent(agents[i]);
    for (size_t i = 0; i < sizeof products / sizeof *products; i++)
        catalog_product(products[i].name, products[i].series, products[i].price);
}

void catalog_clear(void)
{
    for (size_t i = 0; i < catalog.naccounts; i++) {
        struct account *a = &catalog.accounts[i];

        free(a->name), free(a->street), free(a->city), free(a->state);
        free(a->postal), free(a->country), free(a->duns);
    }
    for (size_t i = 0; i < catalog.nagents; i++)
        free(catalog.agents[i].name), free(catalog.agents[i].email), free(catalog.agents[i].phone);
    for (size_t i = 0; i < catalog.nproducts; i++)
        free(catalog.products[i].name), free(catalog.products[i].series);
    free(catalog.accounts), free(catalog.agents), free(catalog.products);
    catalog = (struct catalog){0};
}

int catalog_stage(const char *name)
{
    for (int i = 0; i < STAGES; i++)
        if (strcasecmp(stages[i].name, name) == 0)
            return i;
    return -1;
}
