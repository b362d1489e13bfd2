/* The client assertion of Entra: a JWT signed with the certificate's key, PS256 or RS256. */
#ifndef SIM_DV_ASSERTION_H
#define SIM_DV_ASSERTION_H

#include <stdbool.h>

/* The PEM of the certificate; prints what is wrong and returns false. */
bool assertion_load(const char *path);
void assertion_clear(void);

/* 0, or the AADSTS number of what is wrong, with its text. Every jti is good once. */
unsigned assertion_check(const char *assertion, const char *client, const char **text);

#endif
