/* How the Dynamics connector proves who it is: clouds, certificates, assertions, settings. */
#include "connectors/dynamics/cloud.h"
#include "connectors/dynamics/credential.h"
#include "connectors/dynamics/dynamics.h"
#include "connectors/jwt.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* --- clouds (DV-9) --------------------------------------------------------------------------- */

static const struct {
    const char *name, *authority; /* NULL: refused */
    const char *piece;            /* of the refusal or its hint */
} clouds[] = {
    {"public", "https://login.microsoftonline.com", NULL},
    {"gcc", "https://login.microsoftonline.com", NULL},
    {"gcchigh", "https://login.microsoftonline.us", NULL},
    {"dod", "https://login.microsoftonline.us", NULL},
    {"china", "https://login.partner.microsoftonline.cn", NULL},
    {"germany", NULL, "closed in 2021"},
    {"gchigh", NULL, "did you mean 'gcchigh'"},
    {"", NULL, "'authority'"},
};

static void clouds_have_their_sign_in_hosts(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(clouds); i++) {
        const char *authority = NULL;
        struct ds_err err = {0};
        int rc = ds_dynamics_cloud(clouds[i].name, &authority, &err);

        assert_int_equal(rc, clouds[i].authority ? DS_OK : DS_E_CONFIG);
        if (clouds[i].authority)
            assert_string_equal(authority, clouds[i].authority);
        else
            assert_true(strstr(err.text, clouds[i].piece) || strstr(err.hint, clouds[i].piece));
    }
}

static void addresses_tell_their_cloud(void **state)
{
    static const char *const origins[][2] = {
        {"https://a.crm4.dynamics.com", "public"},
        {"https://a.api.crm.microsoftdynamics.us", "gcchigh"},
        {"https://a.crm.appsplatform.us", "dod"},
        {"https://a.crm.dynamics.cn", "china"},
        {"https://a.crm.microsoftdynamics.de", "germany"},
        {"https://localhost:8443", NULL},
        {"https://dynamics.com.example.org", NULL},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(origins); i++) {
        const char *cloud = ds_dynamics_cloud_of(origins[i][0]);

        if (origins[i][1])
            assert_string_equal(cloud, origins[i][1]);
        else
            assert_null(cloud);
    }
}

/* --- certificates ---------------------------------------------------------------------------- */

struct pair {
    EVP_PKEY *pkey;
    struct ds_buf key, certificate;
};

static void add_pem(BIO *bio, struct ds_buf *out)
{
    char *text;
    long len = BIO_get_mem_data(bio, &text);

    ds_buf_init(out, DS_MAX_TEXT);
    ds_buf_add_bytes(out, text, (size_t)len);
    BIO_free(bio);
}

/* A key and a certificate of its own that holds for so many days. */
static struct pair pair_make(long days)
{
    struct pair p = {.pkey = EVP_RSA_gen(2048)};
    X509 *x509 = X509_new();
    BIO *key = BIO_new(BIO_s_mem()), *certificate = BIO_new(BIO_s_mem());

    X509_gmtime_adj(X509_getm_notBefore(x509), -86400L * 400);
    X509_gmtime_adj(X509_getm_notAfter(x509), 86400L * days);
    X509_set_pubkey(x509, p.pkey);
    assert_true(X509_sign(x509, p.pkey, EVP_sha256()) > 0);
    assert_int_equal(PEM_write_bio_PrivateKey(key, p.pkey, NULL, NULL, 0, NULL, NULL), 1);
    assert_int_equal(PEM_write_bio_X509(certificate, x509), 1);
    add_pem(key, &p.key);
    add_pem(certificate, &p.certificate);
    X509_free(x509);
    return p;
}

static void pair_clear(struct pair *p)
{
    EVP_PKEY_free(p->pkey);
    ds_buf_clear(&p->key);
    ds_buf_clear(&p->certificate);
}

/* base64url without padding, by way of OpenSSL's decoder. */
static size_t decode(const char *text, size_t len, unsigned char *out)
{
    char padded[4096];
    size_t n;

    assert_null(memchr(text, '=', len));
    for (n = 0; n < len; n++)
        padded[n] = (char)(text[n] == '-' ? '+' : text[n] == '_' ? '/' : text[n]);
    while (n % 4)
        padded[n++] = '=';
    assert_true(EVP_DecodeBlock(out, (unsigned char *)padded, (int)n) >= 0);
    return len * 3 / 4;
}

/* DV-4: the thumbprints are digests of the DER bytes, in their full length. */
static void thumbprints_are_of_the_whole_certificate(void **state)
{
    struct pair p = pair_make(30), other = pair_make(30);
    struct ds_jwt_certificate found;
    unsigned char bytes[64], digest[EVP_MAX_MD_SIZE];
    BIO *bio = BIO_new_mem_buf(p.certificate.text, -1);
    X509 *x509 = PEM_read_bio_X509(bio, NULL, NULL, NULL);
    unsigned len;
    struct ds_err err = {0};

    (void)state;
    assert_int_equal(ds_jwt_certificate(&p.certificate, "c", &p.key, "k", &found, &err), DS_OK);
    assert_int_equal(strlen(found.x5t), 27);
    assert_int_equal(strlen(found.x5t_s256), 43);
    X509_digest(x509, EVP_sha256(), digest, &len);
    assert_int_equal(decode(found.x5t_s256, 43, bytes), 32);
    assert_memory_equal(bytes, digest, 32);
    X509_digest(x509, EVP_sha1(), digest, &len);
    assert_int_equal(decode(found.x5t, 27, bytes), 20);
    assert_memory_equal(bytes, digest, 20);

    assert_int_equal(
        ds_jwt_certificate(&other.certificate, "a.conf:7", &p.key, "a.conf:8", &found, &err),
        DS_E_CONFIG);
    assert_non_null(strstr(err.text, "belongs to another private key"));
    ds_err_clear(&err);
    assert_int_equal(ds_jwt_certificate(&p.key, "a.conf:7", &p.key, "a.conf:8", &found, &err),
                     DS_E_CONFIG);
    assert_non_null(strstr(err.text, "a.conf:7: this is no certificate"));
    assert_null(strstr(err.text, "BEGIN RSA"));
    X509_free(x509);
    BIO_free(bio);
    pair_clear(&p);
    pair_clear(&other);
}

/* DV-5, RFC 7518: PS256 is PSS with SHA-256, MGF1 with SHA-256 and 32 bytes of salt. */
static void ps256_signs_with_pss(void **state)
{
    struct pair p = pair_make(30);

    (void)state;
    for (int pss = 0; pss < 2; pss++) {
        struct ds_buf jwt = DS_BUF_INIT(DS_MAX_TEXT);
        struct ds_err err = {0};
        EVP_MD_CTX *ctx = EVP_MD_CTX_new();
        EVP_PKEY_CTX *how;
        unsigned char signature[1024];
        const char *last;
        size_t len;

        assert_int_equal(ds_jwt_sign("{\"alg\":1}", "{}", pss, &p.key, "k", &jwt, &err), DS_OK);
        last = strrchr(jwt.text, '.');
        len = decode(last + 1, strlen(last + 1), signature);
        for (int verify = 0; verify < 2; verify++) {
            EVP_MD_CTX_reset(ctx);
            assert_int_equal(EVP_DigestVerifyInit(ctx, &how, EVP_sha256(), NULL, p.pkey), 1);
            if (verify) {
                EVP_PKEY_CTX_set_rsa_padding(how, RSA_PKCS1_PSS_PADDING);
                EVP_PKEY_CTX_set_rsa_pss_saltlen(how, 32);
            }
            assert_int_equal(EVP_DigestVerify(ctx, signature, len, (unsigned char *)jwt.text,
                                              (size_t)(last - jwt.text)) == 1,
                             pss == verify);
        }
        EVP_MD_CTX_free(ctx);
        ds_buf_clear(&jwt);
    }
    pair_clear(&p);
}

/* DV-6: who is both issuer and subject, the audience is the address of the token. */
static void claims_say_who_and_for_whom(void **state)
{
    struct ds_buf claims = DS_BUF_INIT(DS_MAX_TEXT), header = DS_BUF_INIT(DS_MAX_TEXT);

    (void)state;
    ds_dynamics_claims(&claims, "app-id", "https://login/t/oauth2/v2.0/token", 1000000060, "fresh");
    assert_string_equal(claims.text, "{\"aud\":\"https://login/t/oauth2/v2.0/token\","
                                     "\"iss\":\"app-id\",\"sub\":\"app-id\",\"jti\":\"fresh\","
                                     "\"nbf\":1000000000,\"iat\":1000000000,\"exp\":1000000600}");
    ds_dynamics_assertion_header(&header, true, "abc");
    assert_string_equal(header.text, "{\"alg\":\"PS256\",\"typ\":\"JWT\",\"x5t#S256\":\"abc\"}");
    ds_buf_reset(&header);
    ds_dynamics_assertion_header(&header, false, "abc");
    assert_string_equal(header.text, "{\"alg\":\"RS256\",\"typ\":\"JWT\",\"x5t\":\"abc\"}");
    ds_buf_clear(&claims);
    ds_buf_clear(&header);
}

/* --- settings -------------------------------------------------------------------------------- */

enum { SECRET = 1, CERTIFICATE = 2, KEY = 4, OLD = 8 };

static const struct {
    unsigned given;
    const char *name, *value; /* one more setting */
    const char *piece;        /* of the refusal; NULL: fine */
} openings[] = {
    {SECRET, "timeout", "9", NULL},
    {CERTIFICATE | KEY, "timeout", "9", NULL},
    {CERTIFICATE | KEY, "assertion", "rs256", NULL},
    {CERTIFICATE | KEY, "assertion", "es256", "must be ps256 or rs256"},
    {0, "timeout", "9", "neither a client secret nor a certificate"},
    {SECRET | CERTIFICATE | KEY, "timeout", "9", "both a client secret and a certificate"},
    {CERTIFICATE, "timeout", "9", "'certificate' needs 'key'"},
    {KEY, "timeout", "9", "'key' needs 'certificate'"},
    {CERTIFICATE | KEY | OLD, "timeout", "9", "has expired"},
    {SECRET, "cloud", "gcchigh", NULL},
    {SECRET, "cloud", "mars", "no cloud 'mars'"},
    {SECRET, "authority", "http://login.example.com", "'authority'"},
    {SECRET, "client_secret", "verysecret", "client_secret"},
    {SECRET, "processes", "", NULL},
    {SECRET, "page_size", "100", "from 1000 to 5000"}, /* DV-95 */
    {SECRET, "metadata", "xml", "definitions or edmx"},
    {SECRET, "filter", "statecode eq 0", NULL},
};

static int open_with(unsigned given, const char *name, const char *value, struct ds_err *err)
{
    const char *names[40] = {"url", "tenant", "client_id"};
    const char *values[40] = {"https://a.crm4.dynamics.com", "t.example", "id"};
    const char *where[40];
    struct ds_options options = {.connection = "acme", .names = names, .values = values};
    static const struct {
        unsigned bit;
        const char *name, *value;
    } proofs[] = {{SECRET, "client_secret", "env:DEALSYNC_TEST_SECRET"},
                  {CERTIFICATE, "certificate", "env:DEALSYNC_TEST_CERTIFICATE"},
                  {KEY, "key", "env:DEALSYNC_TEST_KEY"}};
    struct ds_remote *remote = NULL;
    int rc;

    options.where = where;
    options.count = 3;
    names[options.count] = name;
    values[options.count++] = value;
    for (size_t i = 0; i < COUNT(proofs); i++)
        if (given & proofs[i].bit) {
            names[options.count] = proofs[i].name;
            values[options.count++] = proofs[i].value;
        }
    for (const struct ds_setting *s = ds_dynamics.settings; s->name; s++)
        if (s->fallback && strcmp(s->name, name) != 0) {
            names[options.count] = s->name;
            values[options.count++] = s->fallback;
        }
    for (size_t i = 0; i < options.count; i++)
        where[i] = "a.conf:7";
    rc = ds_dynamics.open(&options, &remote, err);
    ds_dynamics.close(remote);
    return rc;
}

static void one_proof_is_wanted_and_tried_at_once(void **state)
{
    struct pair good = pair_make(30), old = pair_make(-1);

    (void)state;
    setenv("DEALSYNC_TEST_SECRET", "s", 1);
    for (size_t i = 0; i < COUNT(openings); i++) {
        struct pair *p = openings[i].given & OLD ? &old : &good;
        struct ds_err err = {0};
        int rc;

        setenv("DEALSYNC_TEST_CERTIFICATE", p->certificate.text, 1);
        setenv("DEALSYNC_TEST_KEY", p->key.text, 1);
        rc = open_with(openings[i].given, openings[i].name, openings[i].value, &err);
        assert_int_equal(rc, openings[i].piece ? DS_E_CONFIG : DS_OK);
        if (!openings[i].piece)
            continue;
        assert_non_null(strstr(err.text, openings[i].piece));
        assert_true(strstr(err.text, "a.conf:7") || strstr(err.text, "acme"));
        assert_null(strstr(err.text, "verysecret"));
        assert_null(strstr(err.text, "BEGIN"));
    }
    pair_clear(&good);
    pair_clear(&old);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(clouds_have_their_sign_in_hosts),
        cmocka_unit_test(addresses_tell_their_cloud),
        cmocka_unit_test(thumbprints_are_of_the_whole_certificate),
        cmocka_unit_test(ps256_signs_with_pss),
        cmocka_unit_test(claims_say_who_and_for_whom),
        cmocka_unit_test(one_proof_is_wanted_and_tried_at_once),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
