/* An exec: feeds, a workspace, and programs for the shapes fed last. */
#ifndef WG_EXEC_EXEC_H
#define WG_EXEC_EXEC_H

#include "base/team.h"
#include "exec/store.h"
#include "exec/timeline.h"
#include "plan/program.h"
#include <wengert/exec.h>

/* ---- feeds ---- */

typedef struct wg__feed {
    const wg_node *leaf; /* of the user's graph */
    wg_view view;        /* shape, type, and what was bound; data NULL: nothing was fed yet */
    const void *data;    /* what a run reads: the user's memory, or `copy` */
    void *copy;
    size_t copy_bytes;
    bool gather;       /* bound, but strided or misaligned: copied at each run */
    wg_status failure; /* of the last feed; the one before is gone too */
    char failure_text[256];
} wg__feed;

/* ---- programs, bound to memory ---- */

/* One kernel of one worker. */
typedef struct wg__bound {
    wg_kernel kernel;
    wg_dtype finite; /* see wg__step */
    wg_call call;
} wg__bound;

/* A pointer that moves with the blocks. */
typedef struct wg__cursor {
    void **at;
    char *base;  /* of element 0 */
    size_t size; /* bytes an element */
} wg__cursor;

/* One worker's share in an instruction. */
typedef struct wg__portion {
    wg__bound *step;
    wg__cursor *cursor;
    int n_cursors;
    bool whole; /* fused, in one block: nothing moves */
    struct wg__frame *loop; /* of a scan: the iterations, which the workers share */
} wg__portion;

/* A worker's pointer that is set when memory is bound: to a buffer, or to the worker's own memory (buffer n_buffers). */
typedef struct wg__patch {
    void **where;
    size_t offset;
    int buffer, worker;
} wg__patch;

/* A call of a random operator, which wants seed and step. */
typedef struct wg__drawing {
    wg_call *call;
    int worker;
} wg__drawing;

/* The first failure of one worker in one run. */
typedef struct wg__failure {
    int64_t at; /* iteration times instructions, plus instruction; -1: none */
    int step;
    wg_status status;
    char text[WG__ERROR_MAX];
} wg__failure;

/* How long runs have taken with one worker and with all, in seconds: see pace.c. */
typedef struct wg__pace {
    bool on;             /* else always with all */
    bool together;       /* the present way: with all */
    double took[2];      /* a run alone, together; 0: not tried yet */
    double spent, due;   /* in the present way since the last trial; when the next one comes */
    double sum, longest; /* of the trial so far */
    int left;            /* runs of the trial to come; 0: there is none */
    int part;            /* the time between trials, in trials */
} wg__pace;

typedef struct wg__frame {
    wg__program *program;
    wg_shape *fed; /* by leaf of the plan: the shapes that the program is for */
    wg__arena memory;
    int workers;
    wg__pace pace;
    wg__portion *part; /* of worker w in instruction i: part[w * n_instructions + i] */
    wg__patch *patch;  /* of buffer b and worker w: patch[patch_begin[b * workers + w]] .. */
    int *patch_begin;
    void **address;        /* as patched: address[b * workers + w] */
    int *moving, n_moving; /* buffers whose address may change between runs, or iterations: leaves and results */
    wg__drawing *random;
    int n_random;
    size_t random_capacity;
    wg__failure *failure; /* by worker */
    _Atomic int64_t failed; /* the least of the failures' places; INT64_MAX: none */
    struct wg__frame *loops, *next; /* of this program's scans; the next of the frame around */
} wg__frame;

enum { WG__FRAMES = 4 }; /* programs kept: the usual batch, the short last one, and two more */

struct wg_exec {
    wg__allocator allocator;
    const wg_plan *plan; /* held */
    wg_store *store;     /* held */
    int threads;
    bool check_finite;
    size_t memory_limit;
    bool harsh, in_turn; /* see wg__exec_harshly */
    size_t fence;        /* see wg__exec_fenced; 0: there are none */
    wg__timeline *trace;    /* NULL: runs are not traced */

    wg__feed **feed; /* by index of the leaf in the user's graph */
    size_t n_feeds, feeds_capacity;
    wg__feed **leaf_feed; /* by leaf of the plan; NULL: never fed */
    wg_status pending;    /* of a feed of something that is no leaf */

    wg__frame *frame[WG__FRAMES]; /* most recently used first */
    wg__frame *now;               /* what a run would use; NULL: to be prepared */
    wg__frame *ran;               /* whose results can be read */
    void *workspace;
    size_t workspace_bytes;

    wg__arena interpreted; /* of wg_interpret's last call */
    char error[WG__ERROR_MAX];
};

/* The thread's failure becomes the exec's too; OK passes. */
wg_status wg__exec_failed(wg_exec *, wg_status);

/* What is fed for a leaf of the user's graph, data NULL without; and the mode of the exec's plan. For lib/verify. */
wg_view wg__exec_feed_of(const wg_exec *, const wg_node *leaf);
wg_mode wg__exec_mode(const wg_exec *);
enum { WG__FENCE = 1024 }; /* bytes */
/* For lib/verify, before the first run: leaves room before and behind all that kernels write, so that one which goes too far
 * harms nothing. Where one thread does all the work, the room is filled before each kernel and looked at afterwards:
 * WG_ERR_VERIFY tells what was written beyond. The workspace holds the same small numbers before each run, so that what a
 * kernel leaves unwritten does not depend on luck. */
void wg__exec_fenced(wg_exec *);
/* The same, and it splits even the smallest work, and the workspace holds NaN before each run. With
 * parts > 0 that many workers' shares are computed one after another on the calling thread, the last worker's first, and
 * none sees what another has written: a kernel that leans on its neighbours' ranges, or on what was in memory, is found
 * without luck, OpenMP or not. WG_ERR_VERIFY: two shares write the same memory. parts < 256. */
void wg__exec_harshly(wg_exec *, int parts);

/* What an element becomes once it is computed. */
typedef struct wg__rounding {
    double (*moved)(void *user, double x);
    void *user;
} wg__rounding;
/* For lib/verify: runs, and moves each operation's floating results, so that those of the run are as far off as rounding
 * on the way can make them (Monte Carlo arithmetic: Parker, 1997). What is copied stays; and so does what comparisons and
 * their like read, as it is or reshaped, or they would choose something else. Iterations of a scan do not round. */
wg_status wg__run_rounding(wg_exec *, const wg__rounding *);
wg__feed *wg__feed_find(const wg_exec *, const wg_node *leaf);

/* Finds or makes the program for what is fed. */
wg_status wg__exec_prepare(wg_exec *);

/* Copies what was bound but cannot be read in place. */
void wg__feeds_gather(wg_exec *);
void wg__feeds_free(wg_exec *);
/* The memory of leaf `leaf` of the plan, for reading. */
void *wg__leaf_data(const wg_exec *, int leaf);

/* A program bound to pointers for so many workers. Takes the program, also when it fails: NULL, WG_ERR_NOMEM. */
wg__frame *wg__frame_new(wg_exec *, wg__program *, const wg_shape *fed);
void wg__frame_free(const wg_exec *, wg__frame *);
/* Bytes of workspace that a frame needs. False: more than memory can address. */
bool wg__frame_bytes(const wg__frame *, size_t *bytes);
/* Sets the pointers that have changed since the last run. */
void wg__frame_bind(const wg_exec *, wg__frame *);
/* The same for one worker: of what lies in the workspace or is constant, and of one buffer. */
void wg__frame_settle(wg__frame *, int worker, char *workspace);
void wg__frame_move(wg__frame *, int buffer, int worker, void *to);
/* Tells a worker's random operators what to draw by. */
void wg__frame_draw(wg__frame *, int worker, uint64_t seed, uint64_t step);

/* Elements begin .. end of a fused instruction, block by block. On failure *step is the first step, in the list's order, that
 * failed in any block. */
wg_status wg__run_fused(const wg__instruction *, const wg__portion *, int64_t begin, int64_t end, int *step);

/* A run of a program, or of the iterations of a scan in it, as all workers see it. */
typedef struct wg__run {
    wg__frame *frame;
    wg__barrier *barrier;
    uint64_t step;
    bool in_turn, watched; /* watched: what instructions write is looked at, in turn or behind fences */
    wg__timeline *trace;   /* NULL: none */
} wg__run;
/* One worker's way through the list of instructions. `base`: iterations before this one times instructions. */
void wg__run_list(const wg__run *, int worker, int workers, int64_t base, uint64_t seed);
void wg__note_failure(wg__frame *, int worker, int64_t at, int step, wg_status);
/* One worker's part in a scan: instruction `number` of the run's program. */
void wg__run_loop(const wg__run *, int worker, int workers, int number, int64_t base, uint64_t seed);

/* Shares that are computed in turn, but see and must write nothing of each other's: begin, note after each, end. NULL:
 * WG_ERR_NOMEM. WG_ERR_VERIFY: this share writes what an earlier one has written. */
typedef struct wg__apart wg__apart;
wg__apart *wg__apart_begin(wg__frame *, int number, int workers);
wg_status wg__apart_note(wg__apart *, int worker);
void wg__apart_end(wg__apart *);

/* Fences around what an instruction of that many workers writes, all on this thread: raised before it, looked at after it. Of a
 * program without, neither does anything. WG_ERR_VERIFY: a fence was run over, by step *step. */
void wg__fences_raise(const wg__frame *, int number, int workers);
wg_status wg__fences_look(const wg__frame *, int number, int workers, int *step);

/* Begins to find out which way is quicker; what the last run took. */
void wg__pace_begin(wg__pace *);
void wg__pace_note(wg__pace *, double seconds);

/* The whole program. */
wg_status wg__run_program(wg_exec *, wg__frame *);

/* Tells where in the user's graph the thread's failure arose: "relu_7 (relu(x)): ..". */
wg_status wg__fail_at_node(const wg_node *user, wg_status);

#endif
