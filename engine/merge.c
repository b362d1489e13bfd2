#include "engine/merge.h"

#include "mapping/deal.h"

#include <stddef.h>

const char *const ds_move_names[] = {
    [DS_MOVE_BUG] = "bug",           [DS_MOVE_NONE] = "keep", [DS_MOVE_AGREE] = "agree",
    [DS_MOVE_TAKE] = "take",         [DS_MOVE_PUSH] = "send", [DS_MOVE_JOIN] = "join",
    [DS_MOVE_CONFLICT] = "conflict", [DS_MOVE_WAIT] = "wait",
};

static const struct ds_ruling cases[] = {
    {1, DS_MOVE_NONE, "nobody changed it"},
    {2, DS_MOVE_TAKE, "only theirs changed"},
    {3, DS_MOVE_NONE, "only ours changed, and this connection does not send it"},
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
    {DS_M_WITH_STAGE, DS_MOVE_NONE, "closes the deal, and its stage is in conflict"},
    {DS_M_SEND, DS_MOVE_PUSH, "only ours changed"},
    {DS_M_TAKE_POLICY, DS_MOVE_TAKE, "both changed, differently, and the CRM's value counts"},
    {DS_M_KEEP_POLICY, DS_MOVE_PUSH, "both changed, differently, and the store's value counts"},
    {DS_M_TAKE_NEWER, DS_MOVE_TAKE, "both changed, differently, and theirs is newer"},
    {DS_M_KEEP_NEWER, DS_MOVE_PUSH, "both changed, differently, and ours is newer"},
    {DS_M_JOIN, DS_MOVE_JOIN, "both changed, and both changes can stand"},
    {DS_M_SEND_OWNED, DS_MOVE_PUSH, "theirs changed, and the store owns the field"},
    {DS_M_KEEP_OWNED, DS_MOVE_NONE, "theirs changed, and the store's value counts"},
    {DS_M_FILL, DS_MOVE_PUSH, "theirs is empty, first seen together"},
    {DS_M_NO_WORD, DS_MOVE_CONFLICT, "ours changed, and the mapping has no word for it"},
    {DS_M_REFUSED, DS_MOVE_CONFLICT, "ours changed, and the CRM refused it"},
    {DS_M_NOT_TAKEN, DS_MOVE_CONFLICT, "ours was sent, and the CRM kept another value"},
    {DS_M_RACE, DS_MOVE_CONFLICT, "ours changed, and the record changed faster than it was sent"},
    {DS_M_UNDONE, DS_MOVE_CONFLICT, "a run was undone, and both sides differ since"},
    {DS_M_SET, DS_MOVE_TAKE, "set by a plan of a person"},
    {DS_M_TAKE_CRM, DS_MOVE_TAKE, "a person took the CRM's value"},
    {DS_M_TAKE_STORE, DS_MOVE_AGREE, "a person took the store's value"},
    {DS_M_TAKE_BASE, DS_MOVE_TAKE, "a person took what both had agreed on"},
    {DS_M_TAKE_VALUE, DS_MOVE_TAKE, "a person gave another value"},
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
    {DS_M_DELETED_TOLD, DS_MOVE_NONE,
     "deleted in the CRM; its deal stays, and a person should look"},
    {DS_M_DELETED_CLOSE, DS_MOVE_TAKE, "deleted in the CRM; its deal is lost, as 'deleted' says"},
    {DS_M_RETURNED, DS_MOVE_NONE, "was deleted in the CRM and is there again"},
    {DS_M_OUT_OF_SIGHT, DS_MOVE_NONE, "is not among the records any more, and nobody says deleted"},
    {DS_M_CREATE_THERE, DS_MOVE_PUSH, "a deal without a record"},
    {DS_M_MATCH, DS_MOVE_CONFLICT, "new record that looks like a deal: a person must say"},
    {DS_M_RIVAL, DS_MOVE_CONFLICT, "new record that claims a deal of another record"},
    {DS_M_APART, DS_MOVE_NONE, "a person has unlinked it"},
    {DS_M_ONLY_SENDS, DS_MOVE_NONE, "new record, and this connection only sends"},
    {DS_M_UNDO, DS_MOVE_TAKE, "as it was before a run"},
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

static int settle_both(int number, const struct ds_terms *t)
{
    bool crm = t->owner == DS_OWNER_CRM ||
               (t->owner == DS_OWNER_BOTH && t->takes && t->settle == DS_SETTLE_CRM);

    if (t->joins && t->takes && t->owner == DS_OWNER_BOTH)
        return DS_M_JOIN;
    if (crm && t->takes)
        return DS_M_TAKE_POLICY;
    if (!t->takes || t->owner == DS_OWNER_STORE || t->settle == DS_SETTLE_STORE)
        return DS_M_KEEP_POLICY;
    if (t->settle != DS_SETTLE_NEWEST || !t->ours_ms || !t->theirs_ms || t->ours_ms == t->theirs_ms)
        return number;
    return t->theirs_ms > t->ours_ms ? DS_M_TAKE_NEWER : DS_M_KEEP_NEWER;
}

static int settle_one(int number, const struct ds_terms *t)
{
    bool ours_counts = !t->takes || t->owner == DS_OWNER_STORE;

    switch (number) {
    case 2: return !ours_counts ? number : t->sends ? DS_M_SEND_OWNED : DS_M_KEEP_OWNED;
    case 3: return t->sends && t->owner != DS_OWNER_CRM ? DS_M_SEND : number;
    case 7: return ours_counts ? DS_M_KEEP_OWNED : number;
    case 8: return t->sends && t->owner != DS_OWNER_CRM ? DS_M_FILL : number;
    case 5:
    case 9: return settle_both(number, t);
    default: return number;
    }
}

struct ds_ruling ds_merge_settle(struct ds_ruling compared, const struct ds_terms *terms)
{
    const struct ds_ruling *settled = ds_merge_case(settle_one(compared.number, terms));
    struct ds_ruling r = settled ? *settled : compared;

    /* Where nothing can be sent, to keep ours is to have seen theirs. */
    if (r.move == DS_MOVE_PUSH && !terms->sends)
        r.move = DS_MOVE_AGREE;
    return r;
}
