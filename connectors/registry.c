#include "connectors/connector.h"

#include "connectors/dynamics/dynamics.h"
#include "connectors/file/file.h"
#include "connectors/salesforce/salesforce.h"

#include <string.h>

const struct ds_connector *const ds_connectors[] = {&ds_salesforce, &ds_dynamics,
                                                    &ds_file_connector, NULL};

const struct ds_connector *ds_connector_find(const char *name)
{
    for (size_t i = 0; ds_connectors[i]; i++)
        if (strcmp(ds_connectors[i]->name, name) == 0)
            return ds_connectors[i];
    return NULL;
}

static size_t find(const struct ds_options *options, const char *name)
{
    size_t i = 0;

    while (i < options->count && strcmp(options->names[i], name) != 0)
        i++;
    return i;
}

const char *ds_option(const struct ds_options *options, const char *name)
{
    size_t i = find(options, name);

    return i < options->count ? options->values[i] : NULL;
}

const char *ds_option_where(const struct ds_options *options, const char *name)
{
    size_t i = find(options, name);

    return i < options->count && options->where[i] ? options->where[i] : options->connection;
}

int ds_options_interrupted(const struct ds_options *options, struct ds_err *err)
{
    if (!options->interrupted || !*options->interrupted)
        return DS_OK;
    ds_fail(err, DS_E_LATER, "interrupted");
    return ds_hint(err, "run the same command again: it goes on from what is done");
}
