#include "tests/sim/jwt.h"
#include "tests/sim/clock.h"
#include "tests/sim/settings.h"
#include "tests/sim/text.h"
#include "tests/sim/token.h"

#include <jansson.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { LONGEST_LIFE = 180 };

static EVP_PKEY *key;

bool jwt_load_key(const char *path)
{
    FILE *f = fopen(path, "r");
    X509 *cert;

    if (!f) {
        fprintf(stderr, "dealsync-sim: cannot open '%s'\n", path);
        return false;
    }
    key = PEM_read_PUBKEY(f, NULL, NULL, NULL);
    if (!key) {
        rewind(f);
        cert = PEM_read_X509(f, NULL, NULL, NULL);
        key = cert ? X509_get_pubkey(cert) : NULL;
        X509_free(cert);
    }
    fclose(f);
    if (!key)
        fprintf(stderr, "dealsync-sim: '%s' holds no public key and no certificate\n", path);
    return key != NULL;
}

void jwt_clear(void)
{
    EVP_PKEY_free(key);
    key = NULL;
}

static int base64_digit(char c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    if (c == '-' || c == '+')
        return 62;
    return c == '_' || c == '/' ? 63 : -1;
}

unsigned char *jwt_base64(const char *s, size_t n, size_t *len)
{
    unsigned char *out = grab(n + 1);
    unsigned bits = 0, nbits = 0;

    *len = 0;
    while (n && s[n - 1] == '=')
        n--;
    for (size_t i = 0; i < n; i++) {
        int digit = base64_digit(s[i]);

        if (digit < 0) {
            free(out);
            return NULL;
        }
        bits = (bits << 6 | (unsigned)digit) & 0xffff;
        nbits += 6;
        if (nbits >= 8) {
            nbits -= 8;
            out[(*len)++] = (unsigned char)(bits >> nbits);
        }
    }
    return out;
}

json_t *jwt_part(const char *s, size_t n)
{
    size_t len;
    unsigned char *plain = jwt_base64(s, n, &len);
    json_t *json = plain ? json_loadb((char *)plain, len, 0, NULL) : NULL;

    free(plain);
    return json;
}

static bool signature_good(const char *signed_text, size_t n, const char *signature)
{
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    size_t len;
    unsigned char *bytes = jwt_base64(signature, strlen(signature), &len);
    bool good = bytes && context &&
                EVP_DigestVerifyInit(context, NULL, EVP_sha256(), NULL, key) == 1 &&
                EVP_DigestVerify(context, bytes, len, (const unsigned char *)signed_text, n) == 1;

    EVP_MD_CTX_free(context);
    free(bytes);
    return good;
}

static bool text_is(const json_t *json, const char *want)
{
    const char *s = json_string_value(json);

    return s && strcmp(s, want) == 0;
}

/* A number, or a number in a string. */
static int64_t expiry(const json_t *claims)
{
    const json_t *exp = json_object_get(claims, "exp");

    return json_is_string(exp) ? strtoll(json_string_value(exp), NULL, 10)
                               : (int64_t)json_integer_value(exp);
}

static const char *judge(const json_t *claims, const char **error)
{
    const json_t *subject = json_object_get(claims, "prn");
    const json_t *audience = json_object_get(claims, "aud");
    int64_t now = settings.jwt_sim_clock ? clock_now() : (int64_t)time(NULL);
    int64_t exp = expiry(claims);

    if (!text_is(json_object_get(claims, "iss"), SIM_CONSUMER_KEY)) {
        *error = "invalid_client_id";
        return "client identifier invalid";
    }
    if (!text_is(audience, "https://login.salesforce.com") &&
        !text_is(audience, "https://test.salesforce.com") &&
        !text_is(audience, settings.origin[SALESFORCE]))
        return "audience is invalid";
    if (exp <= now || exp > now + LONGEST_LIFE + 1)
        return "invalid assertion";
    if (!subject)
        subject = json_object_get(claims, "sub");
    if (text_is(subject, SIM_UNAPPROVED))
        return "user hasn't approved this consumer";
    return text_is(subject, SIM_USERNAME) ? NULL : "invalid user";
}

bool jwt_accept(const char *assertion, const char **error, const char **description)
{
    const char *dot = strchr(assertion, '.');
    const char *last = dot ? strchr(dot + 1, '.') : NULL;
    json_t *header = NULL, *claims = NULL;

    *error = "invalid_grant";
    *description = "invalid assertion";
    if (!last)
        return false;
    header = jwt_part(assertion, (size_t)(dot - assertion));
    claims = jwt_part(dot + 1, (size_t)(last - dot - 1));
    if (text_is(json_object_get(header, "alg"), "RS256") && json_is_object(claims) &&
        signature_good(assertion, (size_t)(last - assertion), last + 1))
        *description = judge(claims, error);
    json_decref(header);
    json_decref(claims);
    return *description == NULL;
}
