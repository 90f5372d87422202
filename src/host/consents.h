/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * consents.h - what the administrator has consented to: the lines of /etc/ocirt/annotations.
 */
#ifndef OCIRT_HOST_CONSENTS_H
#define OCIRT_HOST_CONSENTS_H

#include "plan/plan.h"

#define HOST_CONSENTS "/etc/ocirt/annotations"

/*
 * Reads the consents of the host; where the runtime has the rights of an ordinary user alone (FACTS), that
 * user's own as well: $XDG_CONFIG_HOME/ocirt/annotations, or that below ~/.config.  A file that others could
 * have written is not believed: see the member `fault`.  All lives in ARENA.  0 or -ENOMEM.
 */
int host_consents_load(const struct plan_facts *facts, struct arena *arena, struct plan_consents *ret);

#endif
