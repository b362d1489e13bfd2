/*
 * item.h - one item of a plan as lines for people
 *
 *   ~ deal 4402             "Contoso renewal"
 *       stage       40 %       -> 60 %         M-2: only theirs changed ("Negotiation")
 *       close date  2026-09-30 -> 2026-10-15   M-2: only theirs changed
 *       value       10000      -> 12000        to the CRM   M-15: only ours changed
 */
#ifndef DS_ENGINE_REPORT_ITEM_H
#define DS_ENGINE_REPORT_ITEM_H

#include "engine/report/format.h"

void ds_item_lines(struct ds_buf *out, const struct ds_look *look, const struct ds_item *item);

/* "~", in colour where wanted. */
void ds_item_symbol(struct ds_buf *out, const struct ds_look *look, enum ds_outcome outcome);

/* "close date is missing: a deal must have it (R-34)" */
void ds_item_reason(struct ds_buf *out, const struct ds_detail *reason);

/* The i-th warning of an item; NULL: there are no more. */
const char *ds_item_warning(const struct ds_item *item, size_t i);

#endif
