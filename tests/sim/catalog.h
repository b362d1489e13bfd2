/* The companies, people, products, stages and currencies that opportunities refer to. Built in;
 * the public dataset replaces accounts, agents and products when it is loaded. */
#ifndef SIM_CATALOG_H
#define SIM_CATALOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum outcome { OPEN, WON, LOST };

struct account {
    char *name, *street, *city, *state, *postal, *country, *duns;
};

struct agent {
    char *name, *email, *phone;
};

struct product {
    char *name, *series;
    int64_t price; /* whole units of currency */
};

struct stage {
    const char *name, *category, *category_api;
    int probability;
    bool active;
    enum outcome outcome;
    int sort;
    const char *step; /* Dynamics stepname */
    int sales_stage;
};

struct currency {
    const char *code, *name;
    int64_t rate; /* against the dollar, ten decimals */
    int precision;
};

struct choice {
    int value;
    const char *label;
};

enum { STAGE_PROSPECTING, STAGE_ENGAGING, STAGE_WON, STAGE_LOST, STAGE_RETIRED, STAGES };
enum { CURRENCIES = 3, HELP_OPTIONS = 4, LOSS_OPTIONS = 4 };

extern const struct stage stages[STAGES];
extern const struct currency currencies[CURRENCIES];
extern const struct choice help_options[HELP_OPTIONS];
extern const struct choice loss_options[LOSS_OPTIONS];

struct catalog {
    struct account *accounts;
    struct agent *agents;
    struct product *products;
    size_t naccounts, nagents, nproducts;
};

extern struct catalog catalog;

void catalog_build(void);
void catalog_clear(void);
/* Each adds one and derives what the name does not say. */
void catalog_account(const char *name, const char *country);
void catalog_agent(const char *name);
void catalog_product(const char *name, const char *series, int64_t price);
int catalog_stage(const char *name); /* index, or -1 */

#endif
