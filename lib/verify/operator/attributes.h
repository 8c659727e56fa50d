/* Samples made from an operator's own by altering an attribute. */
#ifndef WG_VERIFY_ATTRIBUTES_H
#define WG_VERIFY_ATTRIBUTES_H

#include <wengert/op.h>

enum { WG__ATTRS_TEXT = 80 };

/* attrs: altered, good for that call; text: "keepdims true". */
typedef wg_status wg__attrs_visit(void *user, const void *attrs, const char *text);

/* Each flag turned, every other choice, any two of those together, axes counted from the other end, numbers of the other sign, lists in another order.
 * Whether the operator takes them is for `visit` to find out. `from`: the sample's attributes, or the defaults; `room`: as large. */
wg_status wg__each_attrs(const wg_op *, const wg_sample *, const void *from, unsigned char *room,
                         wg__attrs_visit *visit, void *user);

#endif
