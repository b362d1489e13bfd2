#include "tests/sim/sf_limits.h"
#include "tests/sim/log.h"
#include "tests/sim/sf_job.h"
#include "tests/sim/sf_settings.h"
#include "tests/sim/world.h"

#include <string.h>

enum { APP_CALLS = 250 };

static uint64_t used(void)
{
    return log_count(SALESFORCE) + sf_settings.calls_of_others;
}

static uint64_t left(uint64_t most, uint64_t spent)
{
    return spent < most ? most - spent : 0;
}

void sf_limits(struct reply *reply)
{
    if (!sf_settings.view_setup) {
        salesforce_error(reply, 403, "FORBIDDEN",
                         "You do not have access to the resource: View Setup is needed");
        return;
    }
    buf_addf(&reply->body, "{\"DailyApiRequests\":{\"Max\":%u,\"Remaining\":%llu",
             sf_settings.daily_calls, (unsigned long long)left(sf_settings.daily_calls, used()));
    if (sf_settings.limit_info_app[0])
        buf_addf(&reply->body, ",\"%s\":{\"Max\":%d,\"Remaining\":%llu}",
                 sf_settings.limit_info_app, APP_CALLS,
                 (unsigned long long)left(APP_CALLS, log_count(SALESFORCE)));
    buf_addf(&reply->body,
             "},\"DailyBulkApiBatches\":{\"Max\":15000,\"Remaining\":15000},"
             "\"DailyBulkV2QueryJobs\":{\"Max\":%u,\"Remaining\":%llu},"
             "\"DailyBulkV2QueryFileStorageMB\":{\"Max\":%u,\"Remaining\":%llu}}",
             sf_settings.bulk_jobs_max,
             (unsigned long long)left(sf_settings.bulk_jobs_max, sf_jobs_today()),
             sf_settings.bulk_storage_max,
             (unsigned long long)left(sf_settings.bulk_storage_max, sf_job_storage_today()));
}

void sf_limit_info(const struct request *request, struct reply *reply)
{
    uint64_t spent = request->fault.kind == FAULT_DAILY_LIMIT ? sf_settings.daily_calls : used();

    world_read();
    if (sf_settings.limit_info_off)
        ;
    else if (settings.limit_info[0])
        reply_header(reply, "Sforce-Limit-Info", "%s", settings.limit_info);
    else if (sf_settings.limit_info_app[0])
        reply_header(
            reply, "Sforce-Limit-Info", "api-usage=%llu/%u; per-app-api-usage=%llu/%d(appName=%s)",
            (unsigned long long)spent, sf_settings.daily_calls,
            (unsigned long long)log_count(SALESFORCE), APP_CALLS, sf_settings.limit_info_app);
    else
        reply_header(reply, "Sforce-Limit-Info", "api-usage=%llu/%u", (unsigned long long)spent,
                     sf_settings.daily_calls);
    world_unlock();
}

static void refuse_total(struct reply *reply)
{
    salesforce_error(reply, 403, "REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.");
}

static void refuse_concurrent(struct reply *reply)
{
    salesforce_error(reply, 403, "REQUEST_LIMIT_EXCEEDED",
                     "ConcurrentRequests (Concurrent API Requests) Limit exceeded.");
}

static void maintain(const struct request *request, struct reply *reply)
{
    const struct fault *f = &request->fault;

    if (f->retry_after >= 0)
        reply_header(reply, "Retry-After", "%lld", (long long)f->retry_after);
    reply->status = 503;
    reply->type = "text/html; charset=UTF-8";
    buf_puts(&reply->body, "<html><head><title>Maintenance</title></head><body>We are down for "
                           "maintenance. Sorry for the inconvenience.</body></html>");
}

static void answer_xml(const struct request *request, struct reply *reply)
{
    reply->status = request->fault.status;
    reply->type = "application/xml";
    buf_puts(&reply->body,
             "<?xml version=\"1.0\" encoding=\"UTF-8\"?><error "
             "xmlns=\"http://www.force.com/2009/06/asyncapi/dataload\"><exceptionCode>");
    buf_puts(&reply->body, request->fault.location[0] ? request->fault.location : "Unknown");
    buf_puts(&reply->body, "</exceptionCode><exceptionMessage>as asked by the test"
                           "</exceptionMessage></error>");
}

bool sf_limit_refuses(const struct request *request, struct reply *reply)
{
    switch ((int)request->fault.kind) {
    case FAULT_DAILY_LIMIT: refuse_total(reply); return true;
    case FAULT_CONCURRENT_LIMIT: refuse_concurrent(reply); return true;
    case FAULT_MAINTENANCE: maintain(request, reply); return true;
    case FAULT_XML_ERROR: answer_xml(request, reply); return true;
    default: break;
    }
    if (sf_settings.hard_limit && used() >= sf_settings.daily_calls)
        refuse_total(reply);
    else if (sf_settings.concurrent_limit && http_busy(SALESFORCE) > sf_settings.concurrent_limit)
        refuse_concurrent(reply);
    else
        return false;
    return true;
}
