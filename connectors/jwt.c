#include "connectors/jwt.h"

#include <limits.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static void add_base64url(struct ds_buf *out, const void *bytes, size_t len)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    const unsigned char *in = bytes;

    for (size_t i = 0; i < len; i += 3) {
        unsigned have = len - i < 3 ? (unsigned)(len - i) : 3;
        unsigned bits = (unsigned)in[i] << 16;

        bits |= have > 1 ? (unsigned)in[i + 1] << 8 : 0;
        bits |= have > 2 ? in[i + 2] : 0;
        for (unsigned k = 0; k <= have; k++)
            ds_buf_add_char(out, digits[(bits >> (18 - 6 * k)) & 63]);
    }
}

/* Stands in for the question on the terminal. */
static int refuse_passphrase(char *to, int size, int writing, void *asked)
{
    (void)writing;
    if (size > 0)
        to[0] = '\0';
    *(bool *)asked = true;
    return -1;
}

static int read_key(const struct ds_buf *pem, const char *what, EVP_PKEY **out, struct ds_err *err)
{
    bool asked = false;
    BIO *bio = pem->len <= INT_MAX ? BIO_new_mem_buf(pem->text, (int)pem->len) : NULL;

    if (!bio)
        return ds_fail_nomem(err);
    *out = PEM_read_bio_PrivateKey(bio, NULL, refuse_passphrase, &asked);
    BIO_free(bio);
    ERR_clear_error();
    if (asked) {
        ds_fail(err, DS_E_CONFIG, "%s: the private key is protected by a passphrase", what);
        return ds_hint(err, "nobody is there to type it: write the key without one (openssl pkey "
                            "-in OLD -out NEW) into a file that only its owner can read");
    }
    if (!*out) {
        ds_fail(err, DS_E_CONFIG, "%s: this is no private key in PEM form", what);
        return ds_hint(err, "it begins with -----BEGIN PRIVATE KEY-----; a certificate or a public "
                            "key belongs to the remote, not here");
    }
    if (EVP_PKEY_get_base_id(*out) != EVP_PKEY_RSA) {
        ds_fail(err, DS_E_CONFIG, "%s: the private key is no RSA key", what);
        return ds_hint(err,
                       "make one with openssl genrsa 2048 and give the remote its certificate");
    }
    return DS_OK;
}

static bool use_pss(EVP_PKEY_CTX *ctx)
{
    return EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PSS_PADDING) == 1 &&
           EVP_PKEY_CTX_set_rsa_mgf1_md(ctx, EVP_sha256()) == 1 &&
           EVP_PKEY_CTX_set_rsa_pss_saltlen(ctx, RSA_PSS_SALTLEN_DIGEST) == 1;
}

static int sign(EVP_PKEY *key, bool pss, struct ds_buf *out, size_t start, struct ds_err *err)
{
    unsigned char signature[2048];
    size_t len = sizeof(signature);
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    EVP_PKEY_CTX *how = NULL;
    bool done = ctx && EVP_DigestSignInit(ctx, &how, EVP_sha256(), NULL, key) == 1 &&
                (!pss || use_pss(how)) &&
                EVP_DigestSign(ctx, signature, &len, (const unsigned char *)out->text + start,
                               out->len - start) == 1;

    EVP_MD_CTX_free(ctx);
    ERR_clear_error();
    if (!done)
        return ds_fail(err, DS_E_CONFIG, "the private key cannot sign with %s",
                       pss ? "PS256" : "RS256");
    ds_buf_add_char(out, '.');
    add_base64url(out, signature, len);
    return ds_buf_failed(out) ? ds_fail_nomem(err) : DS_OK;
}

int ds_jwt_sign(const char *header, const char *claims, bool pss, const struct ds_buf *key,
                const char *what, struct ds_buf *out, struct ds_err *err)
{
    EVP_PKEY *pkey = NULL;
    size_t start = out->len;
    int rc = read_key(key, what, &pkey, err);

    if (!rc) {
        add_base64url(out, header, strlen(header));
        ds_buf_add_char(out, '.');
        add_base64url(out, claims, strlen(claims));
        rc = ds_buf_failed(out) ? ds_fail_nomem(err) : sign(pkey, pss, out, start, err);
    }
    EVP_PKEY_free(pkey);
    return rc;
}

int ds_jwt_rs256(const char *claims, const struct ds_buf *key, const char *what, struct ds_buf *out,
                 struct ds_err *err)
{
    return ds_jwt_sign("{\"alg\":\"RS256\",\"typ\":\"JWT\"}", claims, false, key, what, out, err);
}

/* --- certificates ---------------------------------------------------------------------------- */

static int thumbprint(const X509 *x509, const EVP_MD *digest, char *out, size_t size,
                      struct ds_err *err)
{
    unsigned char bytes[EVP_MAX_MD_SIZE];
    struct ds_buf text = DS_BUF_INIT(size - 1);
    unsigned len;

    if (X509_digest(x509, digest, bytes, &len) != 1)
        return ds_fail_nomem(err);
    add_base64url(&text, bytes, len);
    memcpy(out, text.text, text.len + 1);
    ds_buf_clear(&text);
    return DS_OK;
}

static int64_t end_of(const X509 *x509)
{
    struct tm tm = {0};

    return ASN1_TIME_to_tm(X509_get0_notAfter(x509), &tm) == 1 ? (int64_t)timegm(&tm) * 1000 : 0;
}

static int read_certificate(const struct ds_buf *pem, const char *what, X509 **out,
                            struct ds_err *err)
{
    BIO *bio = pem->len <= INT_MAX ? BIO_new_mem_buf(pem->text, (int)pem->len) : NULL;

    if (!bio)
        return ds_fail_nomem(err);
    *out = PEM_read_bio_X509(bio, NULL, NULL, NULL);
    BIO_free(bio);
    ERR_clear_error();
    if (*out)
        return DS_OK;
    ds_fail(err, DS_E_CONFIG, "%s: this is no certificate in PEM form", what);
    return ds_hint(err,
                   "it begins with -----BEGIN CERTIFICATE-----; a .cer or .der file becomes one "
                   "with openssl x509 -inform der -in OLD -out NEW");
}

int ds_jwt_certificate(const struct ds_buf *pem, const char *what, const struct ds_buf *key,
                       const char *key_what, struct ds_jwt_certificate *out, struct ds_err *err)
{
    EVP_PKEY *pkey = NULL;
    X509 *x509 = NULL;
    int rc = read_key(key, key_what, &pkey, err);

    if (!rc)
        rc = read_certificate(pem, what, &x509, err);
    if (!rc && X509_check_private_key(x509, pkey) != 1) {
        ds_fail(err, DS_E_CONFIG, "%s: the certificate belongs to another private key than %s",
                what, key_what);
        rc = ds_hint(err, "both must come from the same request; where a file holds several "
                          "certificates, the first must be the application's");
    }
    if (!rc)
        rc = thumbprint(x509, EVP_sha1(), out->x5t, sizeof(out->x5t), err);
    if (!rc)
        rc = thumbprint(x509, EVP_sha256(), out->x5t_s256, sizeof(out->x5t_s256), err);
    if (!rc)
        out->until_ms = end_of(x509);
    ERR_clear_error();
    X509_free(x509);
    EVP_PKEY_free(pkey);
    return rc;
}
