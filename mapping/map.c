#include "base/text.h"
#include "mapping/job.h"

static void take_field(struct ds_job *j, enum ds_field f)
{
    const char *value;

    if (j->m->source[f].given && ds_job_value(j, (int)f, &value))
        ds_deal_set(&j->out->deal, f, value);
}

/* The record's own id is its CRM id where the mapping names no other. */
static void take_crm_id(struct ds_job *j, const char *from)
{
    size_t len = strlen(from);
    const char *fault = ds_text_fault(from, len);
    const char *id = ds_text_trim(j->a, from, len);
    const char *why;

    if (fault) {
        ds_job_problem(j, DS_CRM_ID, 0, ds_arena_printf(j->a, "the id holds %s", fault));
        return;
    }
    if (id && ds_field_canonical(j->a, DS_CRM_ID, id, &why))
        ds_deal_set(&j->out->deal, DS_CRM_ID, id);
    else if (!id || why == ds_why_nomem)
        j->nomem = true;
    else
        ds_job_refuse(j, DS_CRM_ID, 35, "id", id, why ? why : "is empty");
}

static void take_all(struct ds_job *j, const char *id)
{
    struct ds_deal *deal = &j->out->deal;

    for (enum ds_field f = 0; f < DS_FIELDS; f++)
        if (f != DS_REASON)
            take_field(j, f);
    ds_job_progress(j);
    if (ds_same(deal->value[DS_STATUS], DS_STATUS_LOST) ||
        ds_same(deal->value[DS_STATUS], DS_STATUS_DECLINED))
        take_field(j, DS_REASON);
    ds_job_team(j);
    if (!j->m->source[DS_CRM_ID].given)
        take_crm_id(j, id);
}

int ds_map(const struct ds_mapping *m, struct ds_arena *a, const struct ds_record *record,
           struct ds_mapped *out, struct ds_err *err)
{
    struct ds_job j = {.m = m, .a = a, .values = record->values, .out = out};

    memset(out, 0, sizeof(*out));
    if (record->fault)
        ds_job_problem(&j, DS_FIELDS, 0, ds_arena_dup(a, record->fault));
    else if (!record->id || !*record->id)
        ds_job_problem(&j, DS_FIELDS, 0, "has no id");
    else if (!record->deleted)
        take_all(&j, record->id);
    return j.nomem ? ds_fail_nomem(err) : 0;
}
