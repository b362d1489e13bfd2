#include "engine/merge.h"

#include "mapping/deal.h"

#include <stddef.h>

static const struct ds_ruling cases[] = {
    {1, DS_MOVE_NONE, "nobody changed it"},
    {2, DS_MOVE_TAKE, "only theirs changed"},
    {3, DS_MOVE_NONE, "only ours changed, and this connection only reads"},
    {4, DS_MOVE_AGREE, "both changed to the same value"},
    {5, DS_MOVE_CONFLICT, "both changed, differently"},
    {6, DS_MOVE_AGREE, "both have the same value, first seen together"},
    {7, DS_MOVE_TAKE, "ours is empty, first seen together"},
    {8, DS_MOVE_NONE, "theirs is empty, first seen together"},
    {9, DS_MOVE_CONFLICT, "both have a value and they differ, first seen together"},
    {DS_M_FORBIDDEN, DS_MOVE_CONFLICT, "theirs changed, and a rule forbids the change"},
    {DS_M_TERMINAL, DS_MOVE_CONFLICT, "theirs changed, and the deal is closed"},
    {DS_M_WAIT, DS_MOVE_WAIT, "theirs changed, and a rule makes it wait"},
    {DS_M_WITH_STATUS, DS_MOVE_NONE, "goes with the status, which is not settled yet"},
    {DS_M_WITH_STAGE, DS_MOVE_NONE, "theirs closes the deal, and its stage is in conflict"},
    {DS_M_UNCHANGED, DS_MOVE_NONE, "record and deal are as the last run left them"},
    {DS_M_CREATE, DS_MOVE_TAKE, "new record"},
    {DS_M_ADOPT, DS_MOVE_TAKE, "new record of a deal that carries its CRM id"},
    {DS_M_REJECT, DS_MOVE_NONE, "the record cannot become a deal"},
    {DS_M_REJECT_LINKED, DS_MOVE_NONE, "the record can no longer be read; its deal stays as it is"},
    {DS_M_DELETED, DS_MOVE_NONE, "deleted in the CRM; its deal stays as it is"},
    {DS_M_DELETED_UNKNOWN, DS_MOVE_NONE, "deleted in the CRM before it became a deal"},
    {DS_M_MERGE, DS_MOVE_NONE, "the record has changed, or its deal has"},
    {DS_M_RELEASE, DS_MOVE_TAKE, "the time of a hold has come"},
    {DS_M_REPEAT, DS_MOVE_NONE, "the input holds this id twice"},
};

const struct ds_ruling *ds_merge_case(int number)
{
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        if (cases[i].number == number)
            return &cases[i];
    return NULL;
}

/* [ours changed][theirs changed][both equal now] -> M-n; what is left out cannot happen. */
static const int with[2][2][2] = {
    [0][0][1] = 1, [0][1][0] = 2, [1][0][0] = 3, [1][1][1] = 4, [1][1][0] = 5,
};

/* [ours set][theirs set][equal] -> M-n, when there is no base to compare with. */
static const int without[2][2][2] = {
    [0][0][1] = 6, [1][1][1] = 6, [0][1][0] = 7, [1][0][0] = 8, [1][1][0] = 9,
};

struct ds_ruling ds_merge_field(bool with_base, const char *base, const char *ours,
                                const char *theirs)
{
    static const struct ds_ruling bug = {0, DS_MOVE_BUG, "impossible"};
    bool equal = ds_same(ours, theirs);
    int number = with_base ? with[!ds_same(ours, base)][!ds_same(theirs, base)][equal]
                           : without[ours != NULL][theirs != NULL][equal];
    const struct ds_ruling *found = ds_merge_case(number);

    return found ? *found : bug;
}
