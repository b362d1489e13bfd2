/* ?fetchXml=: the part of FetchXML that an integration needs, with its own kind of pages. */
#ifndef SIM_DV_FETCHXML_H
#define SIM_DV_FETCHXML_H

#include "tests/sim/dynamics.h"
#include "tests/sim/entity.h"

/* `xml` is the decoded parameter. */
void dv_fetch(const struct request *request, struct reply *reply, const struct entity *entity,
              const char *xml);

#endif
