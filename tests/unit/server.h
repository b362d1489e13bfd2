/*
 * server.h - an HTTPS server of a test, which does what the path of a request says
 *
 *   /slow/MS           answers after that time
 *   /meet/N            answers when N requests have been here at once, or says 500 after seconds
 *   /stay              answers when the test is over
 *   /status/S          answers with the status S, always
 *   /once/S/SECONDS    the first time only, with that Retry-After; 200 from then on
 *   /break             closes the connection
 *   /token             401 unless the token is the one that server.token names
 *   /echo              tells method, type and body
 *   /empty /csv /html  answer with that
 *
 * JSON otherwise. Notes each request with its time.
 */
#ifndef DS_TESTS_UNIT_SERVER_H
#define DS_TESTS_UNIT_SERVER_H

#include "base/date.h"
#include "tests/unit/temp.h"

#include <arpa/inet.h>
#include <microhttpd.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <time.h>

enum { SERVER_NOTES = 400 };

static struct server {
    struct MHD_Daemon *daemon;
    char origin[64];
    char key[4096], cert[4096];
    pthread_mutex_t lock; /* over what follows */
    const char *token;    /* that is good */
    unsigned inside, most_inside, count;
    unsigned tests; /* that are over */
    struct {
        char path[64];
        int64_t at_ms;
    } notes[SERVER_NOTES];
} server = {.lock = PTHREAD_MUTEX_INITIALIZER};

/* --- the certificate ------------------------------------------------------------------------- */

static inline void server_pem(BIO *bio, char *out, size_t size)
{
    char *text;
    long len = BIO_get_mem_data(bio, &text);

    if (len <= 0 || (size_t)len >= size)
        abort();
    memcpy(out, text, (size_t)len);
    BIO_free(bio);
}

static inline void server_extend(X509 *cert, int nid, const char *value)
{
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, NULL, nid, value);

    X509_add_ext(cert, extension, -1);
    X509_EXTENSION_free(extension);
}

static inline void server_certify(void)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *cert = X509_new();
    BIO *to_key = BIO_new(BIO_s_mem()), *to_cert = BIO_new(BIO_s_mem());
    X509_NAME *name = X509_get_subject_name(cert);

    X509_set_version(cert, X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(cert), 1);
    X509_gmtime_adj(X509_getm_notBefore(cert), -3600);
    X509_gmtime_adj(X509_getm_notAfter(cert), 3600);
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)"test", -1, -1, 0);
    X509_set_issuer_name(cert, name);
    X509_set_pubkey(cert, key);
    server_extend(cert, NID_basic_constraints, "critical,CA:TRUE");
    server_extend(cert, NID_subject_alt_name, "DNS:localhost");
    X509_sign(cert, key, EVP_sha256());
    PEM_write_bio_PrivateKey(to_key, key, NULL, NULL, 0, NULL, NULL);
    PEM_write_bio_X509(to_cert, cert);
    server_pem(to_key, server.key, sizeof(server.key));
    server_pem(to_cert, server.cert, sizeof(server.cert));
    X509_free(cert);
    EVP_PKEY_free(key);
}

/* --- answers --------------------------------------------------------------------------------- */

struct server_reply {
    unsigned status;
    const char *type;
    unsigned retry_after;
    char body[512];
};

static inline void server_nap(long ms)
{
    nanosleep(&(struct timespec){ms / 1000, ms % 1000 * 1000000}, NULL);
}

/* How often the path was asked for. */
static inline unsigned server_asked(const char *path)
{
    unsigned n = 0;

    pthread_mutex_lock(&server.lock);
    for (unsigned i = 0; i < server.count; i++)
        n += strcmp(server.notes[i].path, path) == 0;
    pthread_mutex_unlock(&server.lock);
    return n;
}

/* A number that requests change. */
static inline unsigned server_look(const unsigned *number)
{
    unsigned n;

    pthread_mutex_lock(&server.lock);
    n = *number;
    pthread_mutex_unlock(&server.lock);
    return n;
}

/* Waits until then, or until the test is over. */
static inline void server_wait(int64_t ms)
{
    unsigned tests = server_look(&server.tests);

    for (int64_t end = ds_ticks() + ms; ds_ticks() < end && server_look(&server.tests) == tests;)
        server_nap(1);
}

/* The number behind the prefix; 0: the path has another. */
static inline long server_number(const char *path, const char *prefix)
{
    size_t len = strlen(prefix);

    return strncmp(path, prefix, len) == 0 ? strtol(path + len, NULL, 10) : 0;
}

static inline void server_decide(const char *path, const char *token, struct server_reply *reply)
{
    long meet = server_number(path, "/meet/"), once = server_number(path, "/once/");
    long status = server_number(path, "/status/");

    server_wait(strcmp(path, "/stay") == 0 ? 60000 : server_number(path, "/slow/"));
    for (int i = 0; meet > server_look(&server.most_inside) && i < 500; i++)
        server_nap(10);
    if (meet > server_look(&server.most_inside))
        reply->status = 500;
    if (status)
        reply->status = (unsigned)status;
    if (once && server_asked(path) == 1) {
        reply->status = (unsigned)once;
        reply->retry_after = (unsigned)strtol(strrchr(path, '/') + 1, NULL, 10);
    }
    if (strcmp(path, "/token") == 0 && (!token || strcmp(token, server.token) != 0))
        reply->status = 401;
    if (strcmp(path, "/empty") == 0)
        reply->status = 204;
    if (strcmp(path, "/csv") == 0)
        reply->type = "text/csv";
    if (strcmp(path, "/html") == 0)
        reply->type = "text/html";
}

static inline enum MHD_Result server_send(struct MHD_Connection *connection,
                                          const struct server_reply *reply)
{
    size_t len = reply->status == 204 ? 0 : strlen(reply->body);
    struct MHD_Response *response =
        MHD_create_response_from_buffer(len, (void *)(uintptr_t)reply->body, MHD_RESPMEM_MUST_COPY);
    char seconds[16];
    enum MHD_Result rc;

    snprintf(seconds, sizeof(seconds), "%u", reply->retry_after);
    MHD_add_response_header(response, "Content-Type", reply->type);
    MHD_add_response_header(response, "X-Test", "here");
    if (reply->retry_after)
        MHD_add_response_header(response, "Retry-After", seconds);
    rc = MHD_queue_response(connection, reply->status, response);
    MHD_destroy_response(response);
    return rc;
}

struct server_request {
    size_t len;
    char body[256];
};

static inline enum MHD_Result server_handle(void *arg, struct MHD_Connection *connection,
                                            const char *path, const char *method,
                                            const char *version, const char *data, size_t *len,
                                            void **kept)
{
    struct server_reply reply = {.status = 200, .type = "application/json"};
    struct server_request *request = *kept;
    const char *token, *type;

    (void)arg, (void)version;
    if (!request) {
        *kept = calloc(1, sizeof(*request));
        return *kept ? MHD_YES : MHD_NO;
    }
    if (*len) {
        for (; *len && request->len < sizeof(request->body) - 1; --*len)
            request->body[request->len++] = *data++;
        *len = 0;
        return MHD_YES;
    }
    token = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, "Authorization");
    type = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, "Content-Type");
    pthread_mutex_lock(&server.lock);
    if (server.count < SERVER_NOTES) {
        snprintf(server.notes[server.count].path, sizeof(server.notes->path), "%s", path);
        server.notes[server.count++].at_ms = ds_ticks();
    }
    if (++server.inside > server.most_inside)
        server.most_inside = server.inside;
    pthread_mutex_unlock(&server.lock);
    snprintf(reply.body, sizeof(reply.body),
             "{\"path\":\"%s\",\"method\":\"%s\",\"said\":\"%s|%s\"}", path, method,
             type ? type : "", request->body);
    server_decide(path, token ? token + strlen("Bearer ") : NULL, &reply);
    pthread_mutex_lock(&server.lock);
    server.inside--;
    pthread_mutex_unlock(&server.lock);
    return strcmp(path, "/break") == 0 ? MHD_NO : server_send(connection, &reply);
}

static inline void server_end(void *arg, struct MHD_Connection *connection, void **kept,
                              enum MHD_RequestTerminationCode code)
{
    (void)arg, (void)connection, (void)code;
    free(*kept);
}

/* --- starting -------------------------------------------------------------------------------- */

static inline void server_start(void)
{
    struct sockaddr_in loopback = {.sin_family = AF_INET,
                                   .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};

    server_certify();
    server.daemon = MHD_start_daemon(
        MHD_USE_TLS | MHD_USE_THREAD_PER_CONNECTION | MHD_USE_INTERNAL_POLLING_THREAD, 0, NULL,
        NULL, server_handle, NULL, MHD_OPTION_SOCK_ADDR, &loopback, MHD_OPTION_HTTPS_MEM_KEY,
        server.key, MHD_OPTION_HTTPS_MEM_CERT, server.cert, MHD_OPTION_NOTIFY_COMPLETED, server_end,
        NULL, MHD_OPTION_END);
    if (!server.daemon)
        abort();
    snprintf(server.origin, sizeof(server.origin), "https://localhost:%u",
             MHD_get_daemon_info(server.daemon, MHD_DAEMON_INFO_BIND_PORT)->port);
}

static inline void server_stop(void)
{
    MHD_stop_daemon(server.daemon);
}

/* Ends what is under way and forgets what was noted. */
static inline void server_reset(void)
{
    pthread_mutex_lock(&server.lock);
    server.tests++;
    pthread_mutex_unlock(&server.lock);
    while (server_look(&server.inside))
        server_nap(1);
    pthread_mutex_lock(&server.lock);
    server.count = server.most_inside = 0;
    pthread_mutex_unlock(&server.lock);
}

#endif
