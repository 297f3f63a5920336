/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What all objects' functions need.
 */
#include "object.h"

int tri__object_ask(const struct tri__kind *kind, uint64_t id, int operation, int list,
                    double timeout_s)
{
    struct tri__step_call call;
    call.operation = operation;
    call.list = list;
    call.number = 0;
    call.block = NULL;
    return tri__object_do(kind, id, &call, timeout_s);
}
