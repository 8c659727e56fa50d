// A C++ application with its own allocator and its own OpenMP loop.
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <new>
#include <stdexcept>
#include <string>
#include <vector>
#include <wengert.h>

struct del {
    void operator()(wg_graph *p) const { wg_graph_free(p); }
    void operator()(wg_plan *p) const { wg_plan_free(p); }
    void operator()(wg_exec *p) const { wg_exec_free(p); }
};
template <class T> using own = std::unique_ptr<T, del>;

// Counts what it hands out; thread-safe because execs are made inside the parallel region.
struct Arena {
    size_t live = 0;
    void *take(size_t align, size_t n)
    {
        void *p = std::aligned_alloc(align, (n + align - 1) / align * align);
        if (p) {
#pragma omp atomic
            live += n;
        }
        return p;
    }
    void give(void *p, size_t n)
    {
        if (!p)
            return;
#pragma omp atomic
        live -= n;
        std::free(p);
    }
};
extern "C" {
static void *take(void *u, size_t a, size_t n) { return static_cast<Arena *>(u)->take(a, n); }
static void give(void *u, void *p, size_t n) { static_cast<Arena *>(u)->give(p, n); }
static void say(void *, wg_level l, const char *t)
{
    if (l >= WG_WARN)
        std::fprintf(stderr, "app: %s\n", t);
}
}

// out[i] = sum(tanh(x_i w)) for blocks x_i of 8 by 8.
static void sweep(Arena &arena, const std::vector<float> &xs, std::vector<double> &out)
{
    wg_graph_opts o{};
    o.size = sizeof o;
    o.user = &arena;
    o.alloc = take;
    o.dealloc = give;
    o.message = say;
    o.seed = 7;
    o.threads = 1;
    own<wg_graph> g{ wg_graph_new_with(&o) };
    wg_node *x = wg_input(g.get(), "x", WG_F32, WG_SHAPE(WG_BATCH, 8));
    wg_node *w = wg_param(g.get(), "w", WG_F32, WG_SHAPE(8, 1), wg_init_he());
    wg_node *s = wg_sum(wg_tanh(wg_matmul(x, w)), WG_ALL_AXES, false);
    own<wg_plan> plan{ wg_compile(g.get(), WG_INFER, WG_NODES(s)) };
    if (!plan)
        throw std::runtime_error(wg_error());
    const int64_t jobs = static_cast<int64_t>(out.size());
    std::string error; // wg_error() belongs to the thread that failed, so it is copied there
#pragma omp parallel
    {
        own<wg_exec> e{ wg_exec_new(plan.get()) }; // threads = 1 inherited from the graph
#pragma omp for
        for (int64_t i = 0; i < jobs; i++) {
            if (wg_bind(e.get(), x, WG_VIEW(xs.data() + i * 64, 8, 8)) || wg_run(e.get())) {
#pragma omp critical
                error = wg_error();
            }
            out[static_cast<size_t>(i)] = wg_scalar(e.get(), s);
        }
    }
    if (!error.empty())
        throw std::runtime_error(error);
}

int main()
{
    Arena arena;
    std::vector<float> xs(100 * 64);
    for (size_t i = 0; i < xs.size(); i++)
        xs[i] = static_cast<float>(i % 64) / 64;
    std::vector<double> out(100);
    try {
        sweep(arena, xs, out);
    } catch (const std::exception &e) {
        std::fprintf(stderr, "i_embed: %s\n", e.what());
        return 1;
    }
    for (double v : out) // all blocks are equal, so all results must be, to the bit
        if (v < out[0] || v > out[0] || v != v)
            return 1;
    std::printf("100 blocks, each %.9f; %zu bytes left over\n", out[0], arena.live);
    return arena.live != 0;
}
