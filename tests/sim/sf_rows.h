/* The tables around the opportunity that only Salesforce shows: team members, contact roles, line
 * items, contacts, products, prices, currencies. Their rows are functions of their index, too. */
#ifndef SIM_SF_ROWS_H
#define SIM_SF_ROWS_H

#include "tests/sim/world.h"

/* The values of the aspects from A_SF_FIRST to A_SF_LAST. */
void sf_row_get(const struct row *row, enum aspect aspect, struct val *v);
/* Whether the row shows an edited value of a parent there. */
bool sf_parent_edited(const struct row *row, const struct field *field, struct val *v);

/* After a line item was changed: whether its opportunity has any. */
void sf_follow_children(const struct entity *e, uint32_t at);
/* LastModifiedDate, or 0. */
int64_t sf_user_stamp(const struct entity *e, uint32_t at);
/* An automated change moves SystemModstamp alone: LastModifiedDate stays at that stamp. */
void sf_keep_user_stamp(const struct entity *e, struct edit *edit, int64_t stamp);

/* The resolve functions of the tables. */
void sf_resolve_opportunity(struct row *row);
void sf_resolve_child(struct row *row);

/* Bases of the tables. Children stand in the order of their opportunities. */
uint32_t sf_count_members(void);
uint32_t sf_count_roles(void);
uint32_t sf_count_items(void);
uint32_t sf_count_accounts(void);
uint32_t sf_count_agents(void);
uint32_t sf_count_contacts(void);
uint32_t sf_count_products(void);
uint32_t sf_count_currencies(void);
uint32_t sf_count_permitted(void);
uint32_t sf_count_rates(void);
void sf_load_member(uint32_t at, struct row *row);
void sf_load_role(uint32_t at, struct row *row);
void sf_load_item(uint32_t at, struct row *row);
void sf_load_account(uint32_t at, struct row *row);
void sf_load_agent(uint32_t at, struct row *row);
void sf_load_contact(uint32_t at, struct row *row);
void sf_load_product(uint32_t at, struct row *row);
void sf_load_currency(uint32_t at, struct row *row);

#endif
