/* Access tokens of both CRMs, and the two token endpoints. */
#ifndef SIM_TOKEN_H
#define SIM_TOKEN_H

#include "tests/sim/http.h"

#define SIM_CONSUMER_KEY "sim-consumer-key"
#define SIM_USERNAME     "sync@example.com"
#define SIM_USER_ID      "0055e000000zzzzAAA"
#define SIM_UNAPPROVED   "unapproved@example.com"
#define SIM_SF_SECRET    "sim-client-secret!&="
#define SIM_REFRESH      "5Aep861SimRefreshToken"
#define SIM_TENANT       "11111111-2222-3333-4444-555555555555"
#define SIM_CLIENT_ID    "aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee"
#define SIM_DV_SECRET    "sim~secret+/=&%"

/* The PEM of a public key or certificate; prints what is wrong and returns false. */
bool token_load_key(const char *path);
void token_clear(void);

bool token_valid(enum crm crm, const char *token);
void token_expire_all(enum crm crm);

/* The refresh token that works now; "" when it was revoked. A new one when asked for. */
void token_refresh(char out[64], bool renew);

void token_salesforce(const struct request *request, struct reply *reply);
/* path is the request's path below the tenant's slash. */
void token_dynamics(const struct request *request, struct reply *reply);

#endif
