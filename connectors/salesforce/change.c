#include "connectors/salesforce/change.h"

#include "base/text.h"
#include "connectors/salesforce/value.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

static const struct ds_sf_column *column_of(const struct ds_sf_reader *reader, size_t path)
{
    size_t column = reader->columns.path[path].column;

    return column == DS_SF_NO_COLUMN ? NULL : &reader->columns.column[column];
}

static enum ds_sf_type type_of(const struct ds_sf_reader *reader, size_t path)
{
    const struct ds_sf_column *column = column_of(reader, path);

    return ds_sf_type(column ? column->field : NULL);
}

const char *ds_sf_change_stale(struct ds_sf_reader *reader, struct ds_arena *a,
                               const struct ds_write *write, const struct ds_record *now)
{
    if (now->deleted)
        return "the opportunity was deleted";
    if (now->fault)
        return now->fault;
    if (write->version && (!now->version || strcmp(write->version, now->version) != 0))
        return "the opportunity was changed meanwhile";
    for (size_t i = 0; i < write->count; i++) {
        const struct ds_assign *assign = &write->values[i];

        if (!ds_sf_same(a, type_of(reader, assign->path), &assign->before,
                        &now->values[assign->path]))
            return "a field holds something else than the change was based on";
    }
    return NULL;
}

/* --- bodies ---------------------------------------------------------------------------------- */

/* The name that records hold for the label that people see. */
static bool unlabel(json_t *labels, const struct ds_value *value, struct ds_value *out)
{
    const char *name, *found = NULL;
    json_t *label;

    json_object_foreach(labels, name, label)
    {
        if (strcmp(json_string_value(label), value->text) != 0)
            continue;
        if (found)
            return false;
        found = name;
    }
    *out = (struct ds_value){found, found ? strlen(found) : 0};
    return found != NULL;
}

/* Why the user may not set a field; NULL when nothing speaks against it. */
static const char *forbidden(const struct ds_sf_column *column, bool creates)
{
    const char *member = creates ? "createable" : "updateable";

    if (!column || !column->field)
        return "belongs to another object and is not written with the opportunity";
    if (json_is_true(json_object_get(column->field, "calculated")))
        return "is computed by the org";
    if (json_is_false(json_object_get(column->field, member)))
        return "may not be set by this user (field-level security, or the field is read-only)";
    return NULL;
}

static bool add_member(struct ds_sf_reader *reader, struct ds_arena *a,
                       const struct ds_assign *assign, bool creates, struct ds_buf *out,
                       const char **why)
{
    const struct ds_sf_column *column = column_of(reader, assign->path);
    struct ds_value value = assign->value;

    *why = reader->columns.path[assign->path].rated ? "is a rate of the org"
                                                    : forbidden(column, creates);
    if (*why)
        return false;
    if (reader->columns.path[assign->path].labelled && value.text &&
        !unlabel(reader->columns.labels, &assign->value, &value)) {
        *why = "names no stage, or more than one";
        return false;
    }
    ds_buf_addf(out, "\"%s\":", column->name);
    return ds_sf_value_json(a, ds_sf_type(column->field), &value, out, why);
}

bool ds_sf_change_members(struct ds_sf_reader *reader, struct ds_arena *a,
                          const struct ds_write *write, const struct ds_record *now,
                          struct ds_buf *out, size_t *count, const char **why)
{
    *count = 0;
    for (size_t i = 0; i < write->count; i++) {
        const struct ds_assign *assign = &write->values[i];
        const char *what = NULL;

        if (now && ds_sf_same(a, type_of(reader, assign->path), &assign->value,
                              &now->values[assign->path]))
            continue;
        if (*count)
            ds_buf_add_char(out, ',');
        if (!add_member(reader, a, assign, !now, out, &what)) {
            const struct ds_sf_column *column = column_of(reader, assign->path);

            *why =
                ds_arena_printf(a, "'%s' %s", column ? column->name : "a list of children", what);
            return false;
        }
        ++*count;
    }
    return true;
}

/* --- answers --------------------------------------------------------------------------------- */

/* Codes that are about more, or less, than the record's values; all others refuse it for good. */
static const struct {
    const char *code;
    enum ds_sf_fate fate;
} fates[] = {
    {"UNABLE_TO_LOCK_ROW", DS_SF_LOCKED},
    {"ENTITY_IS_DELETED", DS_SF_GONE},
    {"NOT_FOUND", DS_SF_GONE},
    {"REQUEST_LIMIT_EXCEEDED", DS_SF_STOPPED},
    {"SERVER_UNAVAILABLE", DS_SF_STOPPED},
    {"STORAGE_LIMIT_EXCEEDED", DS_SF_STOPPED},
    {"REQUEST_RUNNING_TOO_LONG", DS_SF_STOPPED},
    {"QUERY_TIMEOUT", DS_SF_STOPPED},
    {"UNKNOWN_EXCEPTION", DS_SF_STOPPED}, /* a fault of Salesforce itself, not of the values */
};

/* What a trigger or flow ran into, told in the words of its own failure. */
static const struct {
    const char *words;
    enum ds_sf_fate fate;
} causes[] = {
    {"UNABLE_TO_LOCK_ROW", DS_SF_LOCKED},
    {"System.LimitException", DS_SF_CROWDED},
    {"Too many SOQL queries", DS_SF_CROWDED},
    {"CPU time limit exceeded", DS_SF_CROWDED},
};

static enum ds_sf_fate fate_of(const char *code, const char *message)
{
    for (size_t i = 0; i < sizeof(fates) / sizeof(fates[0]); i++)
        if (strcmp(fates[i].code, code) == 0)
            return fates[i].fate;
    for (size_t i = 0; message && i < sizeof(causes) / sizeof(causes[0]); i++)
        if (strncmp(code, "CANNOT_", 7) == 0 && strstr(message, causes[i].words))
            return causes[i].fate;
    return DS_SF_REFUSED;
}

static const char *code_of(const json_t *error)
{
    const char *code = ds_json_text(error, "statusCode");

    if (!code)
        code = ds_json_text(error, "errorCode");
    return code ? code : "UNKNOWN";
}

static void add_error(struct ds_buf *out, const json_t *error)
{
    const char *message = ds_json_text(error, "message");
    const json_t *field;
    size_t i;

    ds_buf_addf(out, "%s%s: %s", out->len ? "; " : "", code_of(error), message ? message : "");
    json_array_foreach(json_object_get(error, "fields"), i, field)
    {
        const char *name = json_string_value(field);

        ds_buf_addf(out, "%s%s", i ? ", " : " [", name ? name : "?");
    }
    if (i)
        ds_buf_add_char(out, ']');
}

enum ds_sf_fate ds_sf_change_fate(struct ds_arena *a, const json_t *errors, const char **text)
{
    struct ds_buf said = DS_BUF_INIT(DS_MAX_TEXT);
    enum ds_sf_fate fate = DS_SF_REFUSED;
    const json_t *error;
    size_t i;

    if (json_is_array(errors)) {
        json_array_foreach(errors, i, error)
        {
            add_error(&said, error);
        }
        errors = json_array_get(errors, 0);
    } else if (errors) {
        add_error(&said, errors);
    }
    if (errors)
        fate = fate_of(code_of(errors), ds_json_text(errors, "message"));
    *text = ds_arena_dup(a, said.len ? said.text : "refused without a reason");
    ds_buf_clear(&said);
    return fate;
}

const char *ds_sf_http_date(int64_t ms, char out[DS_SF_HTTP_DATE])
{
    static const char days[] = "SunMonTueWedThuFriSat";
    static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    time_t s = (time_t)((ms + 999) / 1000);
    struct tm tm;

    gmtime_r(&s, &tm);
    snprintf(out, DS_SF_HTTP_DATE, "%.3s, %02d %.3s %04d %02d:%02d:%02d GMT", days + tm.tm_wday * 3,
             tm.tm_mday, months + tm.tm_mon * 3, tm.tm_year + 1900, tm.tm_hour, tm.tm_min,
             tm.tm_sec);
    return out;
}
