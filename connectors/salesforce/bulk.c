#include "connectors/salesforce/fetch.h"
bool ds_sf_bulk_wanted(const struct ds_remote *remote, uint64_t expected)
{
    (void)remote;
    (void)expected;
    return false;
}

int ds_sf_bulk(struct ds_sf_fetch *f, bool *refused, struct ds_err *err)
{
    (void)f;
    (void)err;
    *refused = true;
    return 0;
}
