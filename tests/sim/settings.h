/* What the command line and the control endpoint can turn. One simulator, one set. */
#ifndef SIM_SETTINGS_H
#define SIM_SETTINGS_H

#include <stdbool.h>
#include <stdint.h>

enum crm { SALESFORCE, DYNAMICS, CRMS };

struct settings {
    uint32_t count; /* generated opportunities in each CRM */
    bool dataset;   /* loaded ones take their place */
    uint64_t seed;
    uint32_t open_share; /* per cent of the generated ones */
    uint32_t page;       /* upper limit of rows on a page; 0: the CRM's own */
    int64_t token_life;  /* seconds; 0: the CRM's own */
    bool multi_currency; /* Salesforce: CurrencyIsoCode exists */
    _Atomic bool
        jwt_sim_clock;    /* JWT expiry is judged by the simulator's clock, not by real time */
    char limit_info[128]; /* Sforce-Limit-Info in place of the counted one, when not empty */
    char origin[CRMS][64];
};

extern struct settings settings;

#endif
