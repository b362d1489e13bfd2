#include "connectors/salesforce/remote.h"

#include "base/text.h"
#include "connectors/salesforce/columns.h"
#include "connectors/salesforce/soql.h"

#include <stdlib.h>
#include <string.h>

/* Inactive stages are listed too: old records hold them. */
static const char offered[] = "SELECT ApiName, MasterLabel, DefaultProbability, IsActive, "
                              "IsClosed, IsWon FROM OpportunityStage ORDER BY SortOrder";

struct listing;

/* Makes a stage of a row of what is offered. */
typedef struct ds_stage read_row(const struct listing *l, const json_t *row);

struct listing {
    struct ds_remote *remote;
    const char *field;
    const char *process_field; /* NULL: stages do not differ by process */
    bool labelled;
    read_row *read;
    json_t *rows;    /* what is offered */
    json_t *known;   /* the same, by value */
    json_t *counts;  /* records without a process by value; NULL when the org does not count them */
    json_t *of_each; /* the others, by process and value */
    int (*each)(void *arg, const struct ds_stage *stage, struct ds_err *err);
    void *arg;
};

int ds_sf_stage_labels(struct ds_remote *remote, json_t **out, struct ds_err *err)
{
    json_t *rows = NULL, *row, *labels = json_object();
    size_t i;
    int rc = labels ? ds_sf_rows(remote, offered, &rows, err) : ds_fail_nomem(err);

    json_array_foreach(rows, i, row)
    {
        const char *name = ds_json_text(row, "ApiName");
        json_t *label = json_object_get(row, "MasterLabel");

        if (name && json_is_string(label) && json_object_set(labels, name, label) != 0)
            rc = ds_fail_nomem(err);
    }
    json_decref(rows);
    if (rc)
        json_decref(labels);
    else
        *out = labels;
    return rc;
}

/* --- counting -------------------------------------------------------------------------------- */

/* A grouped field of a parent comes under its own name alone. */
static const char *grouped(const json_t *row, const char *path)
{
    const char *dot = strrchr(path, '.');
    const char *text = ds_json_text(row, dot ? dot + 1 : path);

    return text ? text : "";
}

static int64_t count_of(const json_t *counts, const char *value)
{
    return counts ? json_integer_value(json_object_get(counts, value)) : -1;
}

static int add_count(json_t *counts, const char *value, int64_t n, struct ds_err *err)
{
    json_t *sum = json_integer(count_of(counts, value) + n);

    return json_object_set_new(counts, value, sum) == 0 ? DS_OK : ds_fail_nomem(err);
}

static int take_count(struct listing *l, const json_t *row, const char *field, struct ds_err *err)
{
    const char *process = l->process_field ? grouped(row, l->process_field) : "";
    const char *value = grouped(row, field), *n = ds_json_text(row, "n");
    json_t *counts = l->counts;
    long records;

    if (*process) {
        counts = json_object_get(l->of_each, process);
        if (!counts && json_object_set_new(l->of_each, process, json_object()) != 0)
            return ds_fail_nomem(err);
        counts = json_object_get(l->of_each, process);
    }
    return add_count(counts, value, n && ds_text_int(n, 0, INT32_MAX, &records) ? records : 0, err);
}

/* A count that the org refuses is no reason to list nothing; a run that may not go on is. */
static int count_records(struct listing *l, const char *field, struct ds_err *err)
{
    struct ds_buf soql = DS_BUF_INIT(DS_MAX_TEXT);
    json_t *rows = NULL, *row;
    size_t i;
    int rc;

    ds_sf_soql_counts(&soql, field, l->process_field, ds_option(l->remote->options, "where"));
    rc = ds_sf_rows(l->remote, soql.text, &rows, err);
    ds_buf_clear(&soql);
    if (rc == DS_E_CONFIG || rc == DS_E_REMOTE) {
        ds_err_clear(err);
        return DS_OK;
    }
    if (rc)
        return rc;
    l->counts = json_object();
    l->of_each = json_object();
    json_array_foreach(rows, i, row)
    {
        if (!rc)
            rc = take_count(l, row, field, err);
    }
    json_decref(rows);
    return rc;
}

/* --- listing --------------------------------------------------------------------------------- */

static bool is_true(const json_t *object, const char *key)
{
    return json_is_true(json_object_get(object, key));
}

/* Of a row of OpportunityStage. */
static struct ds_stage stage_of(const struct listing *l, const json_t *row)
{
    const char *probability = ds_json_text(row, "DefaultProbability");
    struct ds_stage stage = {.field = l->field, .probability = -1};

    stage.name = ds_json_text(row, "ApiName");
    stage.label = ds_json_text(row, "MasterLabel");
    if (probability)
        stage.probability = (int)strtod(probability, NULL);
    stage.outcome = is_true(row, "IsWon") ? "won" : is_true(row, "IsClosed") ? "lost" : "open";
    stage.active = is_true(row, "IsActive");
    return stage;
}

/* Of a picklist other than StageName, which says nothing about probability or outcome. */
static struct ds_stage choice_of(const struct listing *l, const json_t *choice)
{
    struct ds_stage stage = {.field = l->field, .probability = -1};

    stage.name = ds_json_text(choice, "value");
    stage.label = ds_json_text(choice, "label");
    stage.active = is_true(choice, "active");
    return stage;
}

static int tell(const struct listing *l, struct ds_stage stage, struct ds_err *err)
{
    if (l->labelled && stage.label)
        stage.name = stage.label;
    return l->each(l->arg, &stage, err);
}

static bool in_a_process(const struct listing *l, const char *value)
{
    const char *process;
    json_t *counts;

    json_object_foreach(l->of_each, process, counts)
    {
        if (json_object_get(counts, value))
            return true;
    }
    return false;
}

/* What is offered, but for what only records of some process hold. */
static int list_offered(const struct listing *l, struct ds_err *err)
{
    json_t *row;
    size_t i;
    int rc = DS_OK;

    json_array_foreach(l->rows, i, row)
    {
        struct ds_stage stage = l->read(l, row);

        if (!stage.name || rc)
            continue;
        stage.records = count_of(l->counts, stage.name);
        if (json_object_set(l->known, stage.name, row) != 0)
            rc = ds_fail_nomem(err);
        else if (stage.records > 0 || !in_a_process(l, stage.name))
            rc = tell(l, stage, err);
    }
    return rc;
}

static struct ds_stage held(const struct listing *l, const char *value, const json_t *n)
{
    const json_t *row = json_object_get(l->known, value);
    struct ds_stage stage = {.field = l->field, .name = value, .probability = -1};

    if (row)
        stage = l->read(l, row);
    stage.records = json_integer_value(n);
    return stage;
}

/* The values that records hold although nobody offers them. */
static int list_rest(const struct listing *l, struct ds_err *err)
{
    const char *value;
    json_t *n;
    int rc = DS_OK;

    json_object_foreach(l->counts, value, n)
    {
        if (!rc && *value && !json_object_get(l->known, value))
            rc = tell(l, held(l, value, n), err);
    }
    return rc;
}

/* The stages that records of each process hold. Which ones a process allows the API neither tells nor
 * enforces. */
static int list_processes(const struct listing *l, struct ds_err *err)
{
    const char *process, *value;
    json_t *counts, *n;
    int rc = DS_OK;

    json_object_foreach(l->of_each, process, counts)
    {
        json_object_foreach(counts, value, n)
        {
            struct ds_stage stage = held(l, value, n);

            stage.process = process;
            if (!rc && *value)
                rc = tell(l, stage, err);
        }
    }
    return rc;
}

/* What the field offers: stages, or the choices of another picklist. */
static int read_offered(struct listing *l, struct ds_err *err)
{
    if (l->labelled || ds_text_same_nocase(l->field, "StageName")) {
        l->read = stage_of;
        return ds_sf_rows(l->remote, offered, &l->rows, err);
    }
    l->read = choice_of;
    l->rows =
        json_incref(json_object_get(ds_sf_field(l->remote->describe, l->field), "picklistValues"));
    return DS_OK;
}

int ds_sf_stages(struct ds_remote *remote, const char *field, const char *process_field,
                 int (*each)(void *arg, const struct ds_stage *stage, struct ds_err *err),
                 void *arg, struct ds_err *err)
{
    struct listing l = {.remote = remote,
                        .field = field,
                        .process_field = process_field,
                        .labelled = ds_text_same_nocase(field, DS_SF_STAGE_LABEL),
                        .known = json_object(),
                        .each = each,
                        .arg = arg};
    int rc = l.known ? ds_sf_describe(remote, NULL, err) : ds_fail_nomem(err);

    if (!rc)
        rc = count_records(&l, l.labelled ? "StageName" : field, err);
    if (!rc)
        rc = read_offered(&l, err);
    if (!rc)
        rc = list_offered(&l, err);
    if (!rc)
        rc = list_rest(&l, err);
    if (!rc)
        rc = list_processes(&l, err);
    json_decref(l.known);
    json_decref(l.rows);
    json_decref(l.counts);
    json_decref(l.of_each);
    return rc;
}
