#include "connectors/salesforce/reader.h"

#include "base/date.h"
#include "base/hash.h"

#include <stdio.h>
#include <string.h>

static const char *const own_names[] = {"Id", "SystemModstamp", "IsDeleted", "LastModifiedBy.Name"};

static int add_columns(struct ds_sf_reader *reader, const struct ds_query *query,
                       struct ds_err *err)
{
    const char *key = ds_option(reader->remote->options, "key_field");
    int rc = ds_sf_columns_init(&reader->columns, reader->remote->describe,
                                query->count + DS_SF_OWN_COLUMNS, err);

    for (size_t i = 0; i < DS_SF_OWN_KEY && !rc; i++)
        rc = ds_sf_columns_add(&reader->columns, own_names[i], &reader->own[i], err);
    reader->own[DS_SF_OWN_KEY] = DS_SF_NO_COLUMN;
    if (!rc && key)
        rc = ds_sf_columns_add(&reader->columns, key, &reader->own[DS_SF_OWN_KEY], err);
    for (size_t i = 0; i < query->count && !rc; i++)
        rc = ds_sf_columns_path(&reader->columns, query->paths[i], err);
    return rc;
}

int ds_sf_reader_init(struct ds_sf_reader *reader, struct ds_remote *remote,
                      const struct ds_query *query, struct ds_err *err)
{
    int rc;

    memset(reader, 0, sizeof(*reader));
    reader->remote = remote;
    ds_buf_init(&reader->list, DS_MAX_TEXT);
    ds_buf_init(&reader->scratch, DS_MAX_PAGE);
    rc = add_columns(reader, query, err);
    if (rc)
        return rc;
    ds_sf_columns_list(&reader->columns, &reader->list);
    reader->values =
        ds_arena_alloc(&reader->columns.arena, (query->count + 1) * sizeof(*reader->values));
    if (!reader->values || ds_buf_failed(&reader->list))
        return ds_fail_nomem(err);
    rc = ds_sf_children_init(&reader->children, remote, query, err);
    if (!rc && reader->columns.rated)
        rc = ds_sf_rates(remote, &reader->columns.rates, err);
    if (!rc && reader->columns.labelled)
        rc = ds_sf_stage_labels(remote, &reader->columns.labels, err);
    return rc;
}

void ds_sf_reader_clear(struct ds_sf_reader *reader)
{
    ds_sf_children_clear(&reader->children);
    ds_sf_columns_clear(&reader->columns);
    ds_arena_clear(&reader->texts);
    ds_buf_clear(&reader->list);
    ds_buf_clear(&reader->scratch);
}

/* Instants come as "+0000" in JSON and as "Z" in CSV (SF-39). */
static void respell(struct ds_sf_reader *reader)
{
    struct ds_sf_columns *columns = &reader->columns;

    for (size_t i = 0; i < columns->count; i++) {
        struct ds_value *raw = &columns->raw[i];
        char *text;
        int64_t ms;

        if (!columns->column[i].instant || !raw->text || !ds_instant(raw->text, &ms))
            continue;
        text = ds_arena_alloc(&reader->texts, DS_INSTANT_TEXT);
        if (!text)
            continue;
        raw->text = ds_instant_text(ms, text);
        raw->len = strlen(text);
    }
}

/* A stamp has whole seconds, and parents and children change without it: what the record says is part of
 * its version, so that an edit in the second of our own write is seen (SF-24). */
static void add_digest(struct ds_sf_reader *reader)
{
    const struct ds_sf_columns *columns = &reader->columns;
    char hash[DS_HASH_TEXT];
    size_t len = strlen(reader->version);

    ds_buf_reset(&reader->scratch);
    for (size_t i = 0; i < columns->paths; i++) {
        const struct ds_value *value = &reader->values[i];

        ds_buf_addf(&reader->scratch, "%zu:", value->text ? value->len : SIZE_MAX);
        if (value->text)
            ds_buf_add_bytes(&reader->scratch, value->text, value->len);
    }
    ds_hash(reader->scratch.text, reader->scratch.len, hash);
    snprintf(reader->version + len, sizeof(reader->version) - len, "/%.*s", DS_SF_DIGEST - 1, hash);
}

static struct ds_value own(const struct ds_sf_reader *reader, enum ds_sf_own which)
{
    return reader->columns.raw[reader->own[which]];
}

static void set_version(struct ds_sf_reader *reader)
{
    struct ds_record *record = &reader->record;
    struct ds_value stamp = own(reader, DS_SF_OWN_STAMP);

    reader->stamp_ms = 0;
    if (!stamp.text || !ds_instant(stamp.text, &reader->stamp_ms))
        return; /* without a version the record is looked at each time */
    record->modified = ds_instant_text(reader->stamp_ms, reader->modified);
    snprintf(reader->version, sizeof(reader->version), "%s", reader->modified);
    add_digest(reader);
    record->version = reader->version;
}

int ds_sf_reader_raw(struct ds_sf_reader *reader, const struct ds_record **out, struct ds_err *err)
{
    struct ds_record *record = &reader->record;
    struct ds_value id = own(reader, DS_SF_OWN_ID), deleted = own(reader, DS_SF_OWN_DELETED);

    *record = (struct ds_record){.values = reader->values};
    *out = record;
    if (id.text && ds_sf_id(id.text, reader->id))
        record->id = reader->id;
    else
        record->fault = "has no id";
    ds_arena_reset(&reader->texts);
    respell(reader);
    ds_sf_columns_values(&reader->columns, reader->values);
    if (record->id && !ds_sf_children_values(&reader->children, record->id, reader->values))
        return ds_fail_nomem(err);
    set_version(reader);
    record->modified_by = own(reader, DS_SF_OWN_EDITOR).text;
    record->deleted = deleted.text && strcmp(deleted.text, "true") == 0;
    reader->read_one = true;
    return DS_OK;
}

/* A row that is unlike the others is rejected alone (P-8). */
static void set_fault(struct ds_sf_reader *reader, const json_t *row, struct ds_err *err)
{
    const char *text = ds_json_text(row, "Id");

    memcpy(reader->fault, err->text, sizeof(reader->fault));
    ds_err_clear(err);
    memset(reader->values, 0, reader->columns.paths * sizeof(*reader->values));
    reader->stamp_ms = 0;
    reader->record = (struct ds_record){.values = reader->values, .fault = reader->fault};
    if (text && ds_sf_id(text, reader->id))
        reader->record.id = reader->id;
}

int ds_sf_reader_row(struct ds_sf_reader *reader, const json_t *row, const struct ds_record **out,
                     struct ds_err *err)
{
    int rc = ds_sf_columns_read(&reader->columns, row, reader->values, err);

    if (!rc)
        return ds_sf_reader_raw(reader, out, err);
    if (!reader->read_one)
        return rc; /* every row is like this: it is the mapping's path that is wrong */
    set_fault(reader, row, err);
    *out = &reader->record;
    return DS_OK;
}
