/* How a product is cut, and the stages that carry it out. */
#ifdef HAVE_CONFIG_H
#include <config.h>
#endif

#include "kernels/matmul.h"

enum {
    WG__PACK_KS = 16,      /* lines read side by side when packing across them */
    WG__PACK_GROUP = 8,    /* tiles or panels packed by one unit */
    WG__CHUNK = 768 * 1024, /* bytes of tiles of A that stay in the second cache while all panels pass by, */
    WG__CHUNK_TILES = 32,   /* and tiles */
    WG__K_BLOCK = 512,     /* cells of a block: its tile of A stays in the nearest cache, its panels of B in the second */
    WG__NEAR = 64 * 1024,  /* bytes of operands that the nearest caches hold */
    WG__FAR = 4 << 20,     /* and of one that the last of them may not */
    WG__BLOCK_PANELS = 16, /* panels, or tiles, that one unit packs for itself, at most */
    WG__BLOCK_TILES = 32,
    WG__OFTEN = 24,        /* products that an operand's element is part of, on average, where rounding it pays, */
    WG__DEEP = 16,         /* and ks */
    WG__TURN = 10,         /* multiplications of vectors in the time in which one is turned */
    WG__NARROW = 64,       /* columns of C that one unit can turn over */
    WG__UNITS = 16         /* enough for a few threads, with something left to even out */
};

static inline int64_t wg__pack_groups(int64_t cuts)
{
    return (cuts + WG__PACK_GROUP - 1) / WG__PACK_GROUP;
}

/* Which matrices of A and B make matrix `at` of C. */
static void wg__batch_indices(const wg__product *p, int64_t at, int64_t *a, int64_t *b)
{
    *a = *b = 0;
    for (int i = p->batch_rank - 1; i >= 0; i--) {
        const int64_t here = at % p->batch_dim[i];
        at /= p->batch_dim[i];
        *a += here * p->batch_a[i];
        *b += here * p->batch_b[i];
    }
}

#define T float
#define TYPE f32
#define CELL 1
#define FORM f32
#include "kernels/matmul_stage.h"

#define T double
#define TYPE f64
#define CELL 1
#define FORM f64
#include "kernels/matmul_stage.h"

#if defined WG_HAVE_AVX512_BF16 && defined __AVX512F__
#define T float
#define TYPE f32
#define CELL 2
#define FORM bf16
#include "kernels/matmul_stage.h"

#define F32_STAGE(name, product) ((product)->cell == 2 ? name##_bf16 : name##_f32)

static bool multiplies_bf16(void)
{
    return __builtin_cpu_supports("avx512bf16");
}
#else
#define F32_STAGE(name, product) ((void)(product), name##_f32)

static bool multiplies_bf16(void)
{
    return false;
}
#endif

wg_status WG_ISA_SYM(wg__matmul_multiply_f32)(const wg_call *c, int64_t begin, int64_t end)
{
    const wg__product *p = c->params;
    return F32_STAGE(multiply, p)(c, begin, end);
}

wg_status WG_ISA_SYM(wg__matmul_multiply_f64)(const wg_call *c, int64_t begin, int64_t end)
{
    return multiply_f64(c, begin, end);
}

wg_status WG_ISA_SYM(wg__matmul_pack_f32)(const wg_call *c, int64_t begin, int64_t end)
{
    const wg__product *p = c->params;
    return F32_STAGE(pack_shared, p)(c, begin, end);
}

wg_status WG_ISA_SYM(wg__matmul_pack_f64)(const wg_call *c, int64_t begin, int64_t end)
{
    return pack_shared_f64(c, begin, end);
}

/* ---- deciding ---- */

static const int tile_rows[3] = WG__TILE_ROWS;

/* Packing operands as small as these costs more than it saves. */
static bool is_near(const wg__product *p, int64_t element)
{
    return (p->m + p->n) * p->k * element <= WG__NEAR;
}

/* Also worth no packing: B that few rows read, wherever it comes from, or few tiles. */
static bool direct_b(const wg__product *p, int64_t element)
{
    const int64_t few = p->n * p->k * element <= WG__FAR ? 2 * tile_rows[0] : 24;
    return !p->transpose_b && (is_near(p, element) || (p->m <= p->n && p->m <= few));
}

/* Panels of two vectors feed the multipliers best; an odd number of vectors is better cut into threes. How operands are
 * stored does not matter here: the panels decide where K is cut. */
static int panel_width(int64_t vectors)
{
    return vectors < 2 ? 1 : vectors % 2 && vectors <= 9 ? 3 : 2;
}

/* f32 may be rounded to bf16, and that pays, although both operands must be packed for it. */
static bool is_rounded(const wg__product *p, wg_matmul_precision precision, int64_t element)
{
    return precision == WG_MATMUL_MEDIUM && element == sizeof(float) && multiplies_bf16() &&
           p->m * p->n >= WG__OFTEN * (p->m + p->n) && p->k >= WG__DEEP;
}

/* Which operand is packed, and by whom. */
static void choose_operands(wg__product *p, int64_t element)
{
    if (p->cell > 1) {
        p->a = p->by_rows ? WG__LOCAL : WG__SHARED;
        p->b = p->by_rows ? WG__SHARED : WG__LOCAL;
        return;
    }
    const bool near = is_near(p, element), few_panels = !p->transpose_a && p->panels <= 2;
    p->a = near || (p->by_rows && few_panels) ? WG__DIRECT : p->by_rows ? WG__LOCAL : WG__SHARED;
    p->b = p->by_rows && !near ? WG__SHARED : direct_b(p, element) ? WG__DIRECT : WG__LOCAL;
}

/* Blocks of the larger side, then of K, until there are units enough; none smaller than is worth a unit. */
static void choose_blocks(wg__product *p, int64_t work)
{
    const int64_t cuts = p->by_rows ? p->tiles : p->panels, limit = p->by_rows ? WG__BLOCK_TILES : WG__BLOCK_PANELS;
    const int64_t matrix_units = WG__UNITS / wg__least(p->batch, WG__UNITS);
    const int64_t wanted = wg__most(1, wg__least(matrix_units, work / (128 * 1024)));
    /* Along a long K the operands are read in one go if K alone is cut. */
    const bool long_k = p->k >= 8 * wg__most(p->m, p->n);
    p->blocks = (int32_t)wg__most(1, wg__most((cuts + limit - 1) / limit, long_k ? 1 : wg__least(wanted, cuts / 4)));
    p->splits = (int32_t)wg__most(1, p->blocks * 4 <= wanted ? wg__least(wanted / p->blocks, p->k_blocks / 2) : 1);
}

static wg_stage *add_stage(wg_lowering *l, int kernel, int64_t extent, double cost)
{
    wg_stage *stage = &l->stage[l->n_stages++];
    *stage = (wg_stage){ .kernel = kernel, .extent = extent, .grain = 1, .cost = cost };
    return stage;
}

static wg_status cut_vector(wg__product *p, wg_lowering *l, size_t element)
{
    const int64_t lanes = WG__VECTOR / (int64_t)element, piece = WG__STRIP / WG__VECTOR;
    p->method = WG__BY_VECTOR;
    p->panels = (int32_t)((p->n + lanes - 1) / lanes);
    p->splits = p->k_blocks = 1;
    p->blocks = (int32_t)wg__most(1, wg__least((p->panels + piece - 1) / piece, p->n * p->k / 16384));
    add_stage(l, 0, p->batch * p->blocks, (double)(p->n * p->k * (int64_t)element) / (double)p->blocks / 16);
    return WG_OK;
}

/* Time for C by scalar products, B turned where it needs that, in multiplications of vectors. */
static int64_t dots_work(const wg__product *p, int64_t lanes)
{
    const int64_t turning = p->transpose_b ? 0 : WG__TURN * p->n * p->k / lanes;
    return p->m * p->n * (p->k / lanes + WG__DOTS_FOLD) + turning;
}

/* The same by tiles, which want B the other way round. */
static int64_t tiles_work(const wg__product *p, int64_t lanes)
{
    const int64_t vectors = (p->n + lanes - 1) / lanes;
    return (p->m + (p->transpose_b ? WG__TURN : 0)) * vectors * p->k;
}

/* B is read again for every few rows of A. */
static bool prefers_dots(const wg__product *p, int64_t lanes, int64_t element)
{
    const bool near = p->n * p->k * element <= WG__NEAR || (p->transpose_b && p->m <= WG__DOTS_ROWS);
    return near && !p->transpose_a && p->k >= 2 * lanes && dots_work(p, lanes) < tiles_work(p, lanes);
}

static wg_status cut_dots(wg__product *p, wg_lowering *l, int64_t lanes, size_t element)
{
    p->method = WG__BY_DOTS;
    p->by_rows = true;
    p->tiles = (int32_t)((p->m + WG__DOTS_ROWS - 1) / WG__DOTS_ROWS);
    p->k_blocks = 1;
    choose_blocks(p, p->m * p->n * p->k);
    const int64_t units = p->batch * p->blocks;
    wg_stage *stage = add_stage(l, 0, units, 0.2 * (double)(dots_work(p, lanes) * p->batch) / (double)units);
    stage->local = p->transpose_b ? 0 : (size_t)(p->n * p->k) * element;
    return WG_OK;
}

wg_status WG_ISA_SYM(wg__matmul_cut)(wg__product *p, wg_lowering *l, size_t element)
{
    const int64_t lanes = WG__VECTOR / (int64_t)element, work = p->m * p->n * p->k;
    l->n_stages = 0;
    l->scratch = 0;
    if (p->batch * p->m * p->n == 0)
        return WG_OK;
    if (p->m == 1)
        return cut_vector(p, l, element);
    p->cell = 1;
    if (prefers_dots(p, lanes, (int64_t)element))
        return cut_dots(p, l, lanes, element);
    p->method = WG__BY_TILES;
    /* A tall narrow C, whose A is stored along C's long side: its transpose, with vectors along that side. */
    if (p->transpose_a && p->n <= WG__NARROW && p->m >= 2 * p->n)
        wg__product_swap(p);
    const int64_t vectors = (p->n + lanes - 1) / lanes;
    p->width = (uint8_t)panel_width(vectors);
    p->panels = (int32_t)((vectors + p->width - 1) / p->width);
    const int64_t rows = tile_rows[p->width - 1];
    p->tiles = (int32_t)((p->m + rows - 1) / rows);
    p->cell = is_rounded(p, l->precision, (int64_t)element) ? 2 : 1;
    const int64_t cells = (p->k + p->cell - 1) / p->cell; /* along K */
    p->k_blocks = (int32_t)wg__most(1, (cells + WG__K_BLOCK - 1) / WG__K_BLOCK);
    p->by_rows = p->m > p->n;
    choose_operands(p, (int64_t)element);
    choose_blocks(p, work);

    const int64_t panel = p->width * lanes, kc = (cells + p->k_blocks - 1) / p->k_blocks;
    const int64_t tile = rows * wg__most(kc, 1) * (int64_t)element; /* of A, in bytes */
    p->chunk = (int32_t)wg__most(2, wg__least(WG__CHUNK / tile, WG__CHUNK_TILES));
    const double flop = 1 / (5 * (double)(lanes * p->cell)); /* nanoseconds a multiply-add */
    if (p->a == WG__SHARED || p->b == WG__SHARED) {
        const bool of_b = p->b == WG__SHARED;
        const int64_t own = of_b ? p->own_b : p->own_a, lines = of_b ? p->panels * panel : p->m;
        const int64_t units = own * p->k_blocks * wg__pack_groups(of_b ? p->panels : p->tiles);
        l->scratch = (size_t)(own * lines * cells) * element;
        add_stage(l, 1, units, (double)(own * lines * p->k) * 0.3 / (double)units);
    }
    const int64_t units = p->batch * p->splits * p->blocks;
    wg_stage *multiply = add_stage(l, 0, units, (double)(work * p->batch) * flop / (double)units);
    const int64_t tiles = p->by_rows ? (p->tiles + p->blocks - 1) / p->blocks : p->tiles;     /* of one unit */
    const int64_t panels = p->by_rows ? p->panels : (p->panels + p->blocks - 1) / p->blocks; /* at most */
    if (p->a == WG__LOCAL)
        multiply->local = (size_t)(kc * rows * tiles) * element;
    if (p->b == WG__DIRECT) /* the last panel */
        multiply->local = (size_t)(kc * panel) * element;
    if (p->b == WG__LOCAL)
        multiply->local = (size_t)(kc * panel * panels) * element;
    if (p->swap) {
        p->buffer = (int64_t)((multiply->local + 63) / 64 * 64 / element);
        multiply->local = (size_t)(p->buffer + p->m * panel * panels) * element;
    }
    if (p->splits > 1) {
        p->partials = (int64_t)((l->scratch + 63) / 64 * 64 / element);
        l->scratch = (size_t)(p->partials + p->batch * p->splits * p->m * p->n) * element;
        add_stage(l, 2, p->batch * p->m * p->n, 0.1 * p->splits)->grain = 1024;
    }
    return WG_OK;
}
