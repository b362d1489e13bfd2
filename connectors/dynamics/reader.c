#include "connectors/dynamics/reader.h"

#include "connectors/dynamics/ahead.h"
#include "connectors/dynamics/link.h"
#include "connectors/dynamics/process.h"

#include <inttypes.h>
#include <string.h>

static int learn_table(struct ds_dynamics_reader *reader, bool clock, struct ds_err *err)
{
    struct ds_remote *remote = reader->remote;
    int rc;

    if (remote->table && !clock) {
        reader->table = *remote->table;
        return DS_OK;
    }
    rc = ds_dynamics_table(remote, &reader->table, err);
    if (!rc && !remote->table)
        remote->table = ds_arena_alloc(&remote->arena, sizeof(*remote->table));
    if (!rc && remote->table)
        *remote->table = reader->table;
    return rc;
}

int ds_dynamics_reader_open(struct ds_dynamics_reader *reader, struct ds_remote *remote,
                            const struct ds_query *query, const struct ds_sink *sink,
                            enum ds_dynamics_extent extent, struct ds_err *err)
{
    int rc;

    *reader = (struct ds_dynamics_reader){.remote = remote, .query = query, .sink = sink};
    ds_buf_init(&reader->version, DS_MAX_TEXT);
    rc = learn_table(reader, extent != DS_DYNAMICS_SOME, err);
    if (!rc)
        rc = ds_dynamics_foresee(reader, extent == DS_DYNAMICS_WHOLE, err);
    if (!rc)
        rc = ds_dynamics_slots(remote, &reader->arena, query, &reader->slots, err);
    if (rc)
        return rc;
    reader->count = DS_DYNAMICS_OWN + query->count;
    reader->values = ds_arena_alloc(&reader->arena, reader->count * sizeof(*reader->values));
    return reader->values ? DS_OK : ds_fail_nomem(err);
}

void ds_dynamics_reader_close(struct ds_dynamics_reader *reader)
{
    ds_arena_clear(&reader->arena);
    ds_buf_clear(&reader->version);
}

/* --- versions -------------------------------------------------------------------------------- */

/* What is handed over and does not stand in the row itself can change without it: a renamed account,
 * a flow's stage, a choice with another label. So it has a part in the version. */
static bool outside(const struct ds_dynamics_slot *slot)
{
    return slot->navigation || slot->choice;
}

static void add_outside(struct ds_dynamics_reader *reader)
{
    uint64_t hash = DS_DYNAMICS_HASH;
    bool any = false;

    for (size_t i = 0; i < reader->count; i++) {
        const struct ds_value *value = &reader->values[i];

        if (!outside(&reader->slots[i]))
            continue;
        any = true;
        hash = ds_dynamics_hash(hash, value->text ? "=" : "-", 1);
        hash = ds_dynamics_hash(hash, value->text ? value->text : "", value->len);
    }
    if (any)
        ds_buf_addf(&reader->version, " %016" PRIx64, hash);
}

/* The etag, or what else moves when the row does (DV-98). */
static const char *version_of(struct ds_dynamics_reader *reader, const json_t *row)
{
    const char *etag = ds_json_text(row, "@odata.etag");

    if (!etag)
        etag = reader->values[DS_DYNAMICS_VERSION].text;
    if (!etag)
        etag = reader->values[DS_DYNAMICS_MODIFIED].text;
    if (!etag)
        return NULL;
    ds_buf_reset(&reader->version);
    ds_buf_add(&reader->version, etag);
    add_outside(reader);
    return reader->version.text;
}

bool ds_dynamics_etag(const char *version, char out[128])
{
    size_t len = version ? strcspn(version, " ") : 0;

    if (len < 3 || len >= 128 || version[len - 1] != '"' || strpbrk(version, "\r\n"))
        return false;
    memcpy(out, version, len);
    out[len] = '\0';
    return true;
}

/* --- records --------------------------------------------------------------------------------- */

static int hand_over(struct ds_dynamics_reader *reader, const json_t *row, struct ds_err *err)
{
    struct ds_record record = {.values = reader->values + DS_DYNAMICS_OWN};
    char id[37];
    int rc = ds_dynamics_values(row, reader->slots, reader->count, reader->values, err);

    if (rc)
        return rc;
    record.id = reader->values[DS_DYNAMICS_ID].text;
    if (record.id && ds_dynamics_guid(record.id, id))
        record.id = id;
    else
        record.fault = "the row has no GUID in its 'opportunityid'";
    record.modified = reader->values[DS_DYNAMICS_MODIFIED].text;
    record.modified_by = reader->values[DS_DYNAMICS_MODIFIED_BY].text;
    record.version = version_of(reader, row);
    if (ds_buf_failed(&reader->version))
        return ds_fail_nomem(err);
    return reader->sink->record(reader->sink->arg, &record, err);
}

int ds_dynamics_reader_rows(struct ds_dynamics_reader *reader, json_t *rows, struct ds_err *err)
{
    int rc = DS_OK;

    for (size_t i = 0; i < json_array_size(rows) && !rc; i++) {
        rc = hand_over(reader, json_array_get(rows, i), err);
        json_array_set_new(rows, i, json_null()); /* the next page can have its memory */
    }
    return rc;
}

int ds_dynamics_reader_deleted(struct ds_dynamics_reader *reader, const char *id,
                               struct ds_err *err)
{
    struct ds_record record = {.id = id, .deleted = true};

    memset(reader->values, 0, reader->count * sizeof(*reader->values));
    record.values = reader->values + DS_DYNAMICS_OWN;
    return reader->sink->record(reader->sink->arg, &record, err);
}
