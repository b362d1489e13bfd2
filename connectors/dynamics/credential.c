#include "connectors/dynamics/credential.h"

#include "base/file.h"
#include "base/text.h"
#include "connectors/jwt.h"

#include <inttypes.h>
#include <openssl/rand.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

/* An assertion holds for ten minutes, one of them behind us for clocks that differ. */
enum { LIFE_S = 600, BEHIND_S = 60 };

static bool pss(const struct ds_remote *remote)
{
    return strcmp(ds_option(remote->options, "assertion"), "ps256") == 0;
}

/* --- the assertion --------------------------------------------------------------------------- */

static void add_claim(struct ds_buf *out, const char *name, const char *value)
{
    ds_buf_addf(out, "\"%s\":", name);
    ds_text_to_json(out, value);
    ds_buf_add_char(out, ',');
}

void ds_dynamics_claims(struct ds_buf *out, const char *client_id, const char *url, int64_t now_s,
                        const char *id)
{
    ds_buf_add_char(out, '{');
    add_claim(out, "aud", url); /* DV-6 */
    add_claim(out, "iss", client_id);
    add_claim(out, "sub", client_id);
    add_claim(out, "jti", id);
    ds_buf_addf(out, "\"nbf\":%" PRId64 ",\"iat\":%" PRId64 ",\"exp\":%" PRId64 "}",
                now_s - BEHIND_S, now_s - BEHIND_S, now_s - BEHIND_S + LIFE_S);
}

void ds_dynamics_assertion_header(struct ds_buf *out, bool with_pss, const char *thumbprint)
{
    ds_buf_addf(out, "{\"alg\":\"%s\",\"typ\":\"JWT\",\"%s\":\"%s\"}", with_pss ? "PS256" : "RS256",
                with_pss ? "x5t#S256" : "x5t", thumbprint);
}

static int fresh_id(char out[37], struct ds_err *err)
{
    unsigned char b[16];

    if (RAND_bytes(b, sizeof(b)) != 1)
        return ds_fail(err, DS_E_BUG, "no random numbers to be had");
    b[6] = (unsigned char)((b[6] & 0x0f) | 0x40);
    b[8] = (unsigned char)((b[8] & 0x3f) | 0x80);
    snprintf(out, 37, "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x", b[0],
             b[1], b[2], b[3], b[4], b[5], b[6], b[7], b[8], b[9], b[10], b[11], b[12], b[13],
             b[14], b[15]);
    return DS_OK;
}

static int look(const struct ds_remote *remote, struct ds_jwt_certificate *out, struct ds_err *err)
{
    return ds_jwt_certificate(&remote->certificate, ds_option_where(remote->options, "certificate"),
                              &remote->key, ds_option_where(remote->options, "key"), out, err);
}

static int assertion(const struct ds_remote *remote, const char *url, struct ds_buf *out,
                     struct ds_err *err)
{
    struct ds_buf header = DS_BUF_INIT(DS_MAX_TEXT), claims = DS_BUF_INIT(DS_MAX_TEXT);
    struct ds_jwt_certificate certificate;
    char id[37];
    int rc = look(remote, &certificate, err);

    if (!rc)
        rc = fresh_id(id, err);
    if (!rc) {
        ds_dynamics_assertion_header(&header, pss(remote),
                                     pss(remote) ? certificate.x5t_s256 : certificate.x5t);
        ds_dynamics_claims(&claims, ds_option(remote->options, "client_id"), url,
                           (int64_t)time(NULL), id);
        rc = ds_buf_failed(&header) || ds_buf_failed(&claims)
                 ? ds_fail_nomem(err)
                 : ds_jwt_sign(header.text, claims.text, pss(remote), &remote->key,
                               ds_option_where(remote->options, "key"), out, err);
    }
    ds_buf_clear(&header);
    ds_buf_clear(&claims);
    return rc;
}

int ds_dynamics_prove(const struct ds_remote *remote, const char *url, struct ds_buf *out,
                      struct ds_err *err)
{
    struct ds_buf signed_text = DS_BUF_INIT(DS_MAX_TEXT);
    int rc = DS_OK;

    if (remote->key.len) {
        ds_buf_add(out, "&client_assertion_type=urn%3Aietf%3Aparams%3Aoauth%3A"
                        "client-assertion-type%3Ajwt-bearer&client_assertion=");
        rc = assertion(remote, url, &signed_text, err);
        ds_buf_add(out, signed_text.text);
        ds_secret_clear(&signed_text);
    } else {
        ds_buf_add(out, "&client_secret=");
        ds_http_escape(out, remote->secret.text); /* DV-2 */
    }
    return rc;
}

/* --- the settings ---------------------------------------------------------------------------- */

static int read_secret(struct ds_remote *remote, const char *name, struct ds_buf *out,
                       struct ds_err *err)
{
    int rc = ds_secret_read(ds_option(remote->options, name), name, out, err);

    return rc ? ds_err_where(err, "%s", ds_option_where(remote->options, name)) : DS_OK;
}

static int read_certificate(struct ds_remote *remote, struct ds_err *err)
{
    const char *how = ds_option(remote->options, "assertion");
    struct ds_jwt_certificate certificate = {0};
    int rc;

    if (strcmp(how, "ps256") != 0 && strcmp(how, "rs256") != 0)
        return ds_fail(err, DS_E_CONFIG, "%s: 'assertion' must be ps256 or rs256, not '%s'",
                       ds_option_where(remote->options, "assertion"), how);
    rc = read_secret(remote, "key", &remote->key, err);
    if (!rc)
        rc = read_secret(remote, "certificate", &remote->certificate, err);
    if (!rc)
        rc = look(remote, &certificate, err);
    if (rc || certificate.until_ms == 0 || certificate.until_ms > (int64_t)time(NULL) * 1000)
        return rc;
    ds_fail(err, DS_E_CONFIG, "%s: the certificate has expired",
            ds_option_where(remote->options, "certificate"));
    return ds_hint(err, "make a new one, upload it under 'Certificates & secrets' of the app "
                        "registration, and name it and its key here");
}

int ds_dynamics_credential(struct ds_remote *remote, struct ds_err *err)
{
    const struct ds_options *options = remote->options;
    bool secret = ds_option(options, "client_secret") != NULL;
    bool certificate = ds_option(options, "certificate") != NULL;
    bool key = ds_option(options, "key") != NULL;

    if (certificate != key)
        return ds_fail(err, DS_E_CONFIG, "%s: '%s' needs '%s' beside it",
                       ds_option_where(options, key ? "key" : "certificate"),
                       key ? "key" : "certificate", key ? "certificate" : "key");
    if (secret == certificate) {
        ds_fail(err, DS_E_CONFIG, "%s: %s", ds_option_where(options, "client_id"),
                secret ? "both a client secret and a certificate are given"
                       : "neither a client secret nor a certificate is given");
        return ds_hint(err, "give 'client_secret', or 'certificate' and 'key'");
    }
    return secret ? read_secret(remote, "client_secret", &remote->secret, err)
                  : read_certificate(remote, err);
}

int64_t ds_dynamics_certificate_end(const struct ds_remote *remote)
{
    struct ds_jwt_certificate certificate;
    struct ds_err ignored = {0};

    return remote->key.len && !look(remote, &certificate, &ignored) ? certificate.until_ms : 0;
}
