/*
 * privilege.h - what the application user's roles let it do
 *
 * The privileges of all roles come in one answer. What a mapping needs is a list of tables and verbs.
 * Where the server does not
 * tell privileges, nothing is concluded: trying shows it.
 */
#ifndef DS_CONNECTORS_DYNAMICS_PRIVILEGE_H
#define DS_CONNECTORS_DYNAMICS_PRIVILEGE_H

#include "connectors/dynamics/remote.h"

/* What a row may have done to it, as privileges are called. */
#define DS_DYNAMICS_READ      "Read"
#define DS_DYNAMICS_WRITE     "Write"
#define DS_DYNAMICS_CREATE    "Create"
#define DS_DYNAMICS_ASSIGN    "Assign"   /* it may be given another owner */
#define DS_DYNAMICS_APPEND    "Append"   /* other rows may be bound to it */
#define DS_DYNAMICS_APPEND_TO "AppendTo" /* it may be bound to others */

struct ds_dynamics_privileges {
    json_t *list;  /* NULL: the server does not tell */
    char user[37]; /* id of the application user */
};

/* Asks who we are and what we may do; the list is the caller's to decref. */
int ds_dynamics_privileges(struct ds_remote *remote, struct ds_dynamics_privileges *out,
                           struct ds_err *err);

/* How far a privilege reaches. */
enum ds_dynamics_depth {
    DS_DYNAMICS_MISSING, /* it is missing */
    DS_DYNAMICS_PARTLY,  /* only what belongs to the user or its business units */
    DS_DYNAMICS_WHOLLY,  /* the whole organisation */
    DS_DYNAMICS_UNTOLD
};

/* The farthest reach that any role gives. */
enum ds_dynamics_depth ds_dynamics_privilege(const json_t *list, const char *verb,
                                             const char *table);

/* Appends the names of the user's roles with commas between; nothing when they cannot be seen. */
int ds_dynamics_roles(struct ds_remote *remote, const char *user, struct ds_buf *out,
                      struct ds_err *err);

#endif
