#include "connectors/jwt.h"

#include <limits.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <stdlib.h>
#include <string.h>

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

static int sign(EVP_PKEY *key, struct ds_buf *out, size_t start, struct ds_err *err)
{
    unsigned char signature[2048];
    size_t len = sizeof(signature);
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    bool done = ctx && EVP_DigestSignInit(ctx, NULL, EVP_sha256(), NULL, key) == 1 &&
                EVP_DigestSign(ctx, signature, &len, (const unsigned char *)out->text + start,
                               out->len - start) == 1;

    EVP_MD_CTX_free(ctx);
    ERR_clear_error();
    if (!done)
        return ds_fail(err, DS_E_CONFIG, "the private key cannot sign with RS256");
    ds_buf_add_char(out, '.');
    add_base64url(out, signature, len);
    return ds_buf_failed(out) ? ds_fail_nomem(err) : DS_OK;
}

int ds_jwt_rs256(const char *claims, const struct ds_buf *key, const char *what, struct ds_buf *out,
                 struct ds_err *err)
{
    static const char header[] = "{\"alg\":\"RS256\",\"typ\":\"JWT\"}";
    EVP_PKEY *pkey = NULL;
    size_t start = out->len;
    int rc = read_key(key, what, &pkey, err);

    if (!rc) {
        add_base64url(out, header, sizeof(header) - 1);
        ds_buf_add_char(out, '.');
        add_base64url(out, claims, strlen(claims));
        rc = ds_buf_failed(out) ? ds_fail_nomem(err) : sign(pkey, out, start, err);
    }
    EVP_PKEY_free(pkey);
    return rc;
}
