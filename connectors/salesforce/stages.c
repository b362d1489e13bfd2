#include "connectors/salesforce/remote.h"

#include "base/text.h"
#include "connectors/salesforce/columns.h"
#include "connectors/salesforce/soql.h"

#include <stdlib.h>
#include <string.h>

/* Inactive stages are listed too: old records hold them. */
static const char offered[] = "SELECT ApiName, MasterLabel, DefaultProbability, IsActive, "
                              "IsClosed, IsWon FROM OpportunityStage ORDER BY SortOrder";

struct listing {
    const char *field;
    bool labelled;
    json_t *counts; /* records by value; NULL when the org does not count them */
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

/* A count that the org refuses is no reason to list nothing; a run that may not go on is. */
static int count_records(struct ds_remote *remote, const char *field, json_t **out,
                         struct ds_err *err)
{
    const char *key = strrchr(field, '.') ? strrchr(field, '.') + 1 : field;
    struct ds_buf soql = DS_BUF_INIT(DS_MAX_TEXT);
    json_t *rows = NULL, *row;
    size_t i;
    int rc;

    ds_sf_soql_counts(&soql, field, ds_option(remote->options, "where"));
    rc = ds_sf_rows(remote, soql.text, &rows, err);
    ds_buf_clear(&soql);
    if (rc == DS_E_CONFIG || rc == DS_E_REMOTE) {
        ds_err_clear(err);
        return DS_OK;
    }
    if (rc)
        return rc;
    *out = json_object();
    json_array_foreach(rows, i, row)
    {
        const char *value = ds_json_text(row, key);
        json_t *n = json_object_get(row, "n");

        if (json_object_set(*out, value ? value : "", n) != 0)
            rc = ds_fail_nomem(err);
    }
    json_decref(rows);
    return rc;
}

/* The number of records with this value; what is left in the end are values that nobody offers. */
static int64_t take_count(json_t *counts, const char *value)
{
    const char *text = ds_json_text(counts, value);
    int64_t n = text ? strtoll(text, NULL, 10) : 0;

    json_object_del(counts, value);
    return counts ? n : -1;
}

static bool is_true(const json_t *object, const char *key)
{
    return json_is_true(json_object_get(object, key));
}

static int list_stage(struct listing *l, const json_t *row, struct ds_err *err)
{
    const char *name = ds_json_text(row, "ApiName");
    const char *label = ds_json_text(row, "MasterLabel");
    const char *probability = ds_json_text(row, "DefaultProbability");
    struct ds_stage stage = {.field = l->field, .probability = -1};

    if (!name)
        return DS_OK;
    stage.name = l->labelled && label ? label : name;
    stage.label = label;
    if (probability)
        stage.probability = (int)strtod(probability, NULL);
    stage.outcome = is_true(row, "IsWon") ? "won" : is_true(row, "IsClosed") ? "lost" : "open";
    stage.active = is_true(row, "IsActive");
    stage.records = take_count(l->counts, name);
    return l->each(l->arg, &stage, err);
}

/* A picklist other than StageName says nothing about probability or outcome. */
static int list_choice(struct listing *l, const json_t *choice, struct ds_err *err)
{
    const char *name = ds_json_text(choice, "value");
    struct ds_stage stage = {.field = l->field, .name = name, .probability = -1};

    if (!name)
        return DS_OK;
    stage.label = ds_json_text(choice, "label");
    stage.active = is_true(choice, "active");
    stage.records = take_count(l->counts, name);
    return l->each(l->arg, &stage, err);
}

static int list_rest(struct listing *l, struct ds_err *err)
{
    const char *value;
    json_t *n;
    int rc = DS_OK;

    json_object_foreach(l->counts, value, n)
    {
        struct ds_stage stage = {.field = l->field, .name = value, .probability = -1};

        stage.records = strtoll(json_string_value(n), NULL, 10);
        if (*value && !rc)
            rc = l->each(l->arg, &stage, err);
    }
    return rc;
}

int ds_sf_stages(struct ds_remote *remote, const char *field, const char *process_field,
                 int (*each)(void *arg, const struct ds_stage *stage, struct ds_err *err),
                 void *arg, struct ds_err *err)
{
    struct listing l = {.field = field, .each = each, .arg = arg};
    int (*list)(struct listing *, const json_t *, struct ds_err *) = list_choice;
    json_t *rows = NULL, *row;
    size_t i;
    int rc = ds_sf_describe(remote, NULL, err);

    (void)process_field; /* stages belong to no process here: the API does not enforce subsets */
    l.labelled = ds_text_same_nocase(field, DS_SF_STAGE_LABEL);
    if (!rc)
        rc = count_records(remote, l.labelled ? "StageName" : field, &l.counts, err);
    if (!rc && (l.labelled || ds_text_same_nocase(field, "StageName"))) {
        list = list_stage;
        rc = ds_sf_rows(remote, offered, &rows, err);
    } else if (!rc) {
        rows = json_incref(json_object_get(ds_sf_field(remote->describe, field), "picklistValues"));
    }
    json_array_foreach(rows, i, row)
    {
        if (!rc)
            rc = list(&l, row, err);
    }
    if (!rc)
        rc = list_rest(&l, err);
    json_decref(rows);
    json_decref(l.counts);
    return rc;
}
