#include "tests/sim/dv_limit.h"
#include "tests/sim/clock.h"
#include "tests/sim/dv_switch.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { LONGEST_WINDOW = 600, DEFAULT_BURST = 7999, DEFAULT_TIME = 1200000, AFFINE = 10 };

/* What one web server saw, second by second. */
struct server {
    struct second {
        int64_t at;
        int64_t requests, ms;
    } seconds[LONGEST_WINDOW];
    int64_t refused; /* in a row; they lengthen Retry-After */
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct server servers[2]; /* the many that share the load, and the one of the cookie */
static int active;

static int64_t now_ms(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

void limit_active(int more)
{
    pthread_mutex_lock(&lock);
    active += more;
    pthread_mutex_unlock(&lock);
}

static bool affine(const struct request *request)
{
    const char *cookie = request_header(request, "Cookie");

    return dv_switches.affinity && cookie && strstr(cookie, "ARRAffinity=");
}

static int64_t window(void)
{
    int64_t w = dv_switches.limit_window;

    return w < 1 ? 1 : w > LONGEST_WINDOW ? LONGEST_WINDOW : w;
}

static void count(struct server *s, int64_t requests, int64_t ms)
{
    int64_t second = now_ms() / 1000;
    struct second *here = &s->seconds[second % LONGEST_WINDOW];

    if (here->at != second)
        *here = (struct second){.at = second};
    here->requests += requests;
    here->ms += ms;
}

/* Sums of the window, and the seconds until its oldest part leaves. */
static struct second sum(const struct server *s, int64_t *left)
{
    int64_t second = now_ms() / 1000, oldest = second;
    struct second total = {0};

    for (size_t i = 0; i < LONGEST_WINDOW; i++) {
        const struct second *here = &s->seconds[i];

        if (here->at + window() <= second || (!here->requests && !here->ms))
            continue;
        total.requests += here->requests;
        total.ms += here->ms;
        if (here->at < oldest)
            oldest = here->at;
    }
    *left = oldest + window() - second;
    return total;
}

static void write_retry(struct reply *reply, int64_t seconds)
{
    char date[32];

    if (dv_switches.retry_after < 0)
        return;
    if (dv_switches.retry_after > 0)
        seconds = dv_switches.retry_after;
    time_http(clock_now() + seconds, date);
    if (dv_switches.retry_date)
        reply_header(reply, "Retry-After", "%s", date);
    else
        reply_header(reply, "Retry-After", "%lld", (long long)seconds);
}

/* "1,200.00" */
static void write_time_left(struct reply *reply, int64_t ms)
{
    static const char name[] = "x-ms-ratelimit-time-remaining-xrm-requests";
    int64_t seconds = ms < 0 ? 0 : ms / 1000, rest = ms < 0 ? 0 : ms % 1000 / 10;

    if (*dv_switches.time_remaining)
        reply_header(reply, name, "%s", dv_switches.time_remaining);
    else if (seconds >= 1000)
        reply_header(reply, name, "%lld,%03lld.%02lld", (long long)seconds / 1000,
                     (long long)seconds % 1000, (long long)rest);
    else
        reply_header(reply, name, "%lld.%02lld", (long long)seconds, (long long)rest);
}

static bool refuse(struct reply *reply, const struct second *used, int64_t requests, int64_t ms)
{
    long long w = (long long)window();

    if (dv_switches.limit_concurrent > 0 && active > dv_switches.limit_concurrent)
        dynamics_error(reply, 429, "0x80072326",
                       "Number of concurrent requests exceeded the limit of %lld.",
                       (long long)dv_switches.limit_concurrent);
    else if (dv_switches.limit_requests > 0 && used->requests >= requests)
        dynamics_error(reply, 429, "0x80072322",
                       "Number of requests exceeded the limit of %lld over time window of %lld "
                       "seconds.",
                       (long long)requests, w);
    else if (dv_switches.limit_time_ms > 0 && used->ms >= ms)
        dynamics_error(reply, 429, "0x80072321",
                       "Combined execution time of incoming requests exceeded limit of %lld  "
                       "milliseconds over time window of %lld seconds. Decrease number of "
                       "concurrent requests or reduce the duration of requests and try again "
                       "later.",
                       (long long)ms, w);
    else
        return false;
    return true;
}

int64_t limit_enter(const struct request *request, struct reply *reply)
{
    bool one = affine(request);
    struct server *s = &servers[one];
    int64_t requests = dv_switches.limit_requests / (one ? AFFINE : 1);
    int64_t ms = dv_switches.limit_time_ms / (one ? AFFINE : 1), left;
    struct second used;
    bool refused;

    if (dv_switches.affinity)
        reply_header(reply, "Set-Cookie", "ARRAffinity=%08x; Path=/; HttpOnly; Secure", 0x5eedu);
    pthread_mutex_lock(&lock);
    used = sum(s, &left);
    refused = refuse(reply, &used, requests, ms);
    s->refused = refused ? s->refused + 1 : 0;
    if (refused)
        write_retry(reply, (left > 0 ? left : 1) + s->refused / 10);
    else
        count(s, 1, 0);
    pthread_mutex_unlock(&lock);
    reply_header(reply, "x-ms-ratelimit-burst-remaining-xrm-requests", "%lld",
                 (long long)(!dv_switches.limit_requests ? DEFAULT_BURST
                             : refused || used.requests + 1 > requests
                                 ? 0
                                 : requests - used.requests - 1));
    write_time_left(reply, dv_switches.limit_time_ms ? ms - used.ms : DEFAULT_TIME);
    return refused ? -1 : now_ms();
}

void limit_leave(const struct request *request, int64_t started)
{
    int64_t slept = 0;

    if (!fault_stands(DYNAMICS, FAULT_LATENCY, request->line, &slept))
        slept = 0;
    pthread_mutex_lock(&lock);
    count(&servers[affine(request)], 0, now_ms() - started + slept);
    pthread_mutex_unlock(&lock);
}
