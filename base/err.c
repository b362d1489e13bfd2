#include "base/err.h"

#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

static atomic_bool ran_out;

void ds_nomem_note(void)
{
    atomic_store(&ran_out, true);
}

bool ds_nomem_noted(void)
{
    return atomic_load(&ran_out);
}

void ds_nomem_forget(void)
{
    atomic_store(&ran_out, false);
}

int ds_fail(struct ds_err *err, int status, const char *fmt, ...)
{
    va_list ap;

    if (err->status != DS_OK)
        return err->status;
    if (ds_nomem_noted()) {
        *err = (struct ds_err){DS_E_NOMEM, "out of memory", ""};
        return err->status;
    }
    err->status = status;
    err->hint[0] = '\0';
    va_start(ap, fmt);
    vsnprintf(err->text, sizeof(err->text), fmt, ap);
    va_end(ap);
    return status;
}

int ds_hint(struct ds_err *err, const char *fmt, ...)
{
    va_list ap;

    if (err->status == DS_OK || err->status == DS_E_NOMEM || err->hint[0] != '\0')
        return err->status;
    va_start(ap, fmt);
    vsnprintf(err->hint, sizeof(err->hint), fmt, ap);
    va_end(ap);
    return err->status;
}

int ds_err_where(struct ds_err *err, const char *fmt, ...)
{
    char text[sizeof(err->text)];
    va_list ap;
    int n;

    if (err->status == DS_OK)
        return DS_OK;
    memcpy(text, err->text, sizeof(text));
    va_start(ap, fmt);
    n = vsnprintf(err->text, sizeof(err->text), fmt, ap);
    va_end(ap);
    if (n >= 0 && (size_t)n < sizeof(err->text))
        snprintf(err->text + n, sizeof(err->text) - (size_t)n, ": %s", text);
    return err->status;
}

int ds_fail_nomem(struct ds_err *err)
{
    ds_nomem_note();
    return ds_fail(err, DS_E_NOMEM, "out of memory");
}

void ds_err_clear(struct ds_err *err)
{
    if (err->status == DS_E_NOMEM)
        ds_nomem_forget();
    memset(err, 0, sizeof(*err));
}
