/* The attributes of softplus, for the rewrites that make one. */
#ifndef WG_OPS_SOFTPLUS_H
#define WG_OPS_SOFTPLUS_H

typedef struct wg__softplus {
    double beta, threshold;
} wg__softplus;

#endif
