#include "connectors/dynamics/target.h"

#include "connectors/dynamics/query.h"

#include <string.h>

static int not_writable(const char *path, const char *why, struct ds_err *err)
{
    ds_fail(err, DS_E_CONFIG, "'%s' cannot be written: %s", path, why);
    return ds_hint(err, "take it off the mapping's list of fields that are written");
}

/* The tables that a lookup column leads to. */
static int take_lookups(struct ds_remote *remote, const char *path,
                        struct ds_dynamics_target *target, struct ds_err *err)
{
    const struct ds_dynamics_lookup *lookup;
    size_t n = 0;
    int rc = ds_dynamics_lookups(remote, &lookup, err);

    for (; lookup && n < 2; lookup = lookup->next)
        if (strcmp(lookup->column, target->column->logical) == 0)
            target->lookups[n++] = lookup;
    if (rc || n)
        return rc;
    return not_writable(path, "the metadata names no navigation property of the lookup", err);
}

/* "transactioncurrencyid.isocurrencycode": the row is found by the value, then bound. */
static int far_target(struct ds_remote *remote, const char *path,
                      const struct ds_dynamics_slot *slot, struct ds_dynamics_target *target,
                      struct ds_arena *a, struct ds_err *err)
{
    const char *name;
    int rc;

    if (slot->apart)
        return not_writable(path, "a flow moves from stage to stage by people's hands", err);
    if (slot->other)
        return not_writable(path, "it stands for columns of two tables", err);
    rc = ds_dynamics_navigation(remote, slot->navigation, &target->lookups[0], err);
    if (rc)
        return rc;
    name = ds_arena_printf(a, "_%s_value", target->lookups[0]->column);
    if (!name)
        return ds_fail_nomem(err);
    target->by = slot->column;
    return ds_dynamics_column(remote, name, &target->column, err);
}

int ds_dynamics_target(struct ds_remote *remote, struct ds_arena *a, const char *path,
                       struct ds_dynamics_target *out, struct ds_err *err)
{
    struct ds_dynamics_slot slot;
    int rc = ds_dynamics_path(remote, a, path, &slot, err);

    *out = (struct ds_dynamics_target){0};
    if (rc)
        return rc;
    if (slot.navigation) {
        rc = far_target(remote, path, &slot, out, a, err);
    } else {
        out->choice = slot.choice;
        rc = ds_dynamics_column(remote, slot.column, &out->column, err);
        if (!rc && out->column->type == DS_DYNAMICS_LOOKUP)
            rc = take_lookups(remote, path, out, err);
    }
    if (!rc && !out->column->updatable)
        rc = not_writable(path, "Dynamics 365 keeps the column itself", err);
    return rc;
}

const struct ds_dynamics_option *ds_dynamics_option_called(const struct ds_dynamics_choice *choice,
                                                           const char *label)
{
    for (size_t i = 0; i < choice->count; i++)
        if (strcmp(choice->options[i].label, label) == 0)
            return &choice->options[i];
    return ds_dynamics_option(choice, label);
}
