#include "connectors/dynamics/refusal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* "0x80040265", "0X8006088A", "-2147015902", "" and "0x0" (DV-93). */
static uint32_t code_of(const char *text)
{
    long long n;
    char *end;

    if (!text)
        return 0;
    errno = 0;
    n = strtoll(text, &end, 0);
    if (errno || end == text || *end || n < INT32_MIN || n > UINT32_MAX)
        return 0;
    return (uint32_t)n;
}

struct ds_dynamics_refusal ds_dynamics_refusal(const json_t *body)
{
    const json_t *error = json_object_get(body, "error");
    struct ds_dynamics_refusal said = {code_of(ds_json_text(error, "code")),
                                       ds_json_text(error, "message")};

    if (!said.text || !*said.text)
        said.text = ds_json_text(json_object_get(error, "innererror"), "message");
    if (json_is_object(error))
        return said;
    said.code = code_of(ds_json_text(body, "ErrorCode"));
    said.text = ds_json_text(body, "ExceptionMessage");
    if (!said.text)
        said.text = ds_json_text(body, "Message");
    return said;
}

bool ds_dynamics_unknown_row(long status, const json_t *body)
{
    struct ds_dynamics_refusal said = ds_dynamics_refusal(body);

    if (status != 404)
        return false;
    return said.code == DS_DYNAMICS_UNKNOWN_ROW ||
           (said.code == 0 && said.text && strcasestr(said.text, "does not exist"));
}

int64_t ds_dynamics_again(void *arg, const struct ds_http_answer *answer, const json_t *body)
{
    struct ds_dynamics_refusal said = ds_dynamics_refusal(body);

    (void)arg;
    (void)answer;
    return said.code == DS_DYNAMICS_DEADLOCK || said.code == DS_DYNAMICS_SQL_TIMEOUT ? 2000 : 0;
}

int ds_dynamics_refused(struct ds_remote *remote, const char *method, const char *url,
                        struct ds_api_reply *reply, struct ds_err *err)
{
    const struct ds_http_request request = {.method = method, .url = url};
    struct ds_http_answer answer = {
        .status = reply->status, .body = reply->body, .head = reply->head};

    return ds_dynamics_failure(remote, &request, &answer, reply->json, err);
}
