#include "tests/sim/dv_assertion.h"
#include "tests/sim/clock.h"
#include "tests/sim/dv_switch.h"
#include "tests/sim/jwt.h"
#include "tests/sim/settings.h"
#include "tests/sim/text.h"
#include "tests/sim/token.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { SKEW = 300, REMEMBERED = 256, INVALID = 50013, OUT_OF_TIME = 500133, SALT = 32 };

static X509 *certificate;
static EVP_PKEY *key;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static uint64_t used[REMEMBERED];
static size_t nused;

bool assertion_load(const char *path)
{
    FILE *f = fopen(path, "r");

    if (f) {
        certificate = PEM_read_X509(f, NULL, NULL, NULL);
        fclose(f);
    }
    key = certificate ? X509_get_pubkey(certificate) : NULL;
    if (!key)
        fprintf(stderr, "dealsync-sim: '%s' holds no certificate\n", path);
    return key != NULL;
}

void assertion_clear(void)
{
    EVP_PKEY_free(key);
    X509_free(certificate);
    key = NULL;
    certificate = NULL;
}

static bool text_is(const json_t *json, const char *want)
{
    const char *s = json_string_value(json);

    return s && strcmp(s, want) == 0;
}

/* Base64url without padding, as RFC 7515 wants it. */
static bool thumbprint_is(const json_t *json, const EVP_MD *digest)
{
    const char *given = json_string_value(json);
    unsigned char md[EVP_MAX_MD_SIZE], *bytes;
    unsigned n = 0;
    size_t len = 0;
    bool same;

    if (!given || strpbrk(given, "+/=") || X509_digest(certificate, digest, md, &n) != 1)
        return false;
    bytes = jwt_base64(given, strlen(given), &len);
    same = bytes && len == n && memcmp(bytes, md, n) == 0;
    free(bytes);
    return same;
}

static bool accepts(const char *name)
{
    return !*dv_switches.thumbprint || strcmp(dv_switches.thumbprint, name) == 0;
}

static bool signature_good(const char *text, size_t n, const char *signature, bool pss)
{
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    EVP_PKEY_CTX *params = NULL;
    size_t len;
    unsigned char *bytes = jwt_base64(signature, strlen(signature), &len);
    bool good = bytes && context &&
                EVP_DigestVerifyInit(context, &params, EVP_sha256(), NULL, key) == 1 &&
                (!pss || (EVP_PKEY_CTX_set_rsa_padding(params, RSA_PKCS1_PSS_PADDING) == 1 &&
                          EVP_PKEY_CTX_set_rsa_pss_saltlen(params, SALT) == 1)) &&
                EVP_DigestVerify(context, bytes, len, (const unsigned char *)text, n) == 1;

    EVP_MD_CTX_free(context);
    free(bytes);
    return good;
}

/* Whether algorithm and thumbprint go together and name this certificate. */
static bool header_good(const json_t *header, bool *pss)
{
    *pss = text_is(json_object_get(header, "alg"), "PS256");
    if (*pss)
        return accepts("x5t#S256") &&
               thumbprint_is(json_object_get(header, "x5t#S256"), EVP_sha256());
    return text_is(json_object_get(header, "alg"), "RS256") && accepts("x5t") &&
           thumbprint_is(json_object_get(header, "x5t"), EVP_sha1());
}

static bool fresh(const char *jti)
{
    uint64_t h = 0;
    bool known = false;

    for (; *jti; jti++)
        h = text_mix(h ^ (unsigned char)*jti);
    pthread_mutex_lock(&lock);
    for (size_t i = 0; i < REMEMBERED; i++)
        known |= used[i] == h;
    used[nused++ % REMEMBERED] = h;
    pthread_mutex_unlock(&lock);
    return !known;
}

static bool audience_good(const json_t *aud)
{
    char own[160];

    snprintf(own, sizeof own, "%s/" SIM_TENANT "/oauth2/v2.0/token", settings.origin[DYNAMICS]);
    return text_is(aud, own) ||
           text_is(aud, "https://login.microsoftonline.com/" SIM_TENANT "/oauth2/v2.0/token");
}

static unsigned judge(const json_t *claims, const char *client, const char **text)
{
    int64_t now = settings.jwt_sim_clock ? clock_now() : (int64_t)time(NULL);
    const json_t *exp = json_object_get(claims, "exp"), *nbf = json_object_get(claims, "nbf");
    const char *jti = json_string_value(json_object_get(claims, "jti"));

    *text = "The assertion is invalid: 'iss' and 'sub' must be the client id.";
    if (!text_is(json_object_get(claims, "iss"), client) ||
        !text_is(json_object_get(claims, "sub"), client))
        return INVALID;
    *text = "The assertion is invalid: 'aud' must be the address of the token endpoint.";
    if (!audience_good(json_object_get(claims, "aud")))
        return INVALID;
    *text = "Assertion is not within its valid time range.";
    if (!json_is_integer(exp) || json_integer_value(exp) <= now ||
        (nbf && json_integer_value(nbf) > now + SKEW))
        return OUT_OF_TIME;
    *text = "The assertion is invalid: 'jti' is missing or was used before.";
    return jti && *jti && fresh(jti) ? 0 : INVALID;
}

unsigned assertion_check(const char *assertion, const char *client, const char **text)
{
    const char *dot = strchr(assertion, '.');
    const char *last = dot ? strchr(dot + 1, '.') : NULL;
    json_t *header, *claims;
    unsigned code = INVALID;
    bool pss;

    *text = "The assertion is no JWT.";
    if (!last || !key)
        return INVALID;
    header = jwt_part(assertion, (size_t)(dot - assertion));
    claims = jwt_part(dot + 1, (size_t)(last - dot - 1));
    if (json_is_object(header) && json_is_object(claims)) {
        code = (unsigned)dv_switches.signature_code;
        *text = "Client assertion contains an invalid signature: the key was not found by its "
                "thumbprint, or the signature does not verify.";
        if (header_good(header, &pss) &&
            signature_good(assertion, (size_t)(last - assertion), last + 1, pss))
            code = judge(claims, client, text);
    }
    json_decref(header);
    json_decref(claims);
    return code;
}
