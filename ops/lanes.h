/* Sixteen partial values side by side become one, always in the same order. Written out, for compilers keep a loop
 * over halves as a loop. */
#ifndef WG_OPS_LANES_H
#define WG_OPS_LANES_H

enum { WG__LANES = 16 };

#define WG__FOLD_LANES(T, name, FOLD)                                                                                  \
    static inline T name(const T lane[WG__LANES])                                                                      \
    {                                                                                                                  \
        T part[8];                                                                                                     \
        for (int l = 0; l < 8; l++)                                                                                    \
            part[l] = FOLD(lane[l], lane[l + 8]);                                                                      \
        for (int l = 0; l < 4; l++)                                                                                    \
            part[l] = FOLD(part[l], part[l + 4]);                                                                      \
        T even = FOLD(part[0], part[2]), odd = FOLD(part[1], part[3]);                                                 \
        return FOLD(even, odd);                                                                                        \
    }
#define WG__LANE_ADD(a, b) ((a) + (b))
#define WG__LANE_MAX(a, b) ((a) > (b) ? (a) : (b))
WG__FOLD_LANES(double, wg__lanes_sum, WG__LANE_ADD)
WG__FOLD_LANES(float, wg__lanes_max_f32, WG__LANE_MAX)
WG__FOLD_LANES(double, wg__lanes_max_f64, WG__LANE_MAX)
#undef WG__LANE_ADD
#undef WG__LANE_MAX

#endif
