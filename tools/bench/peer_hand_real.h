/* The hand-written model for one type: REAL, with OF(name) for names, EXP and LOG. Included twice by peer_hand.c, so it has no
 * guard. */

enum { OF(PARALLEL_FROM) = 32768 }; /* elements that are worth a second thread */

/* z + b, and relu but for the last layer. */
static void OF(add_bias)(const hand_model *h, int l)
{
    int n = h->width[l + 1], last = l + 1 == h->layers;
    REAL *z = h->y[l + 1];
    const REAL *b = h->b[l];
#ifdef _OPENMP
#pragma omp parallel for if (h->batch * n > OF(PARALLEL_FROM))
#endif
    for (int i = 0; i < h->batch; i++)
        for (int j = 0; j < n; j++) {
            REAL v = z[i * n + j] + b[j];
            z[i * n + j] = last || v > 0 ? v : 0;
        }
}

static void OF(forward)(const hand_model *h)
{
    for (int l = 0; l < h->layers; l++) {
        multiply(h, false, true, h->batch, h->width[l + 1], h->width[l], 1, h->y[l], h->w[l], false, h->y[l + 1]);
        OF(add_bias)(h, l);
    }
}

/* The logits become probabilities. */
static void OF(finish)(const hand_model *h)
{
    int n = h->width[h->layers];
    REAL *z = h->y[h->layers];
    for (int i = 0; i < h->batch; i++, z += n) {
        REAL most = z[0], sum = 0;
        for (int j = 1; j < n; j++)
            most = z[j] > most ? z[j] : most;
        for (int j = 0; j < n && h->softmax; j++)
            sum += z[j] = EXP(z[j] - most);
        for (int j = 0; j < n; j++)
            z[j] = h->softmax ? z[j] / sum : 1 / (1 + EXP(-z[j]));
    }
}

/* The mean loss over the batch, and its derivatives by the logits: (p - truth) / batch. */
static void OF(loss)(hand_model *h)
{
    int n = h->width[h->layers];
    const REAL *p = h->y[h->layers];
    REAL *d = h->d[h->layers], scale = 1 / (REAL)h->batch;
    OF(finish)(h);
    h->cost = 0;
    for (int i = 0; i < h->batch; i++, p += n, d += n) {
        int label = h->label[i];
        h->cost -= (double)(h->softmax ? LOG(p[label]) : LOG(label ? p[0] : 1 - p[0]));
        for (int j = 0; j < n; j++)
            d[j] = scale * (p[j] - (REAL)(h->softmax ? j == label : label));
    }
    h->cost /= h->batch;
}

/* Through relu, whose result is y; and b loses rate times the sums over the batch. */
static void OF(through_relu)(const hand_model *h, int l)
{
    int n = h->width[l];
    REAL *d = h->d[l];
    const REAL *y = h->y[l];
#ifdef _OPENMP
#pragma omp parallel for if (h->batch * n > OF(PARALLEL_FROM))
#endif
    for (int i = 0; i < h->batch * n; i++)
        d[i] = y[i] > 0 ? d[i] : 0;
}

static void OF(update_bias)(const hand_model *h, int l, REAL rate)
{
    int n = h->width[l + 1];
    REAL *b = h->b[l];
    const REAL *d = h->d[l + 1];
    for (int i = 0; i < h->batch; i++)
        for (int j = 0; j < n; j++)
            b[j] -= rate * d[i * n + j];
}

static void OF(backward)(const hand_model *h)
{
    const REAL rate = (REAL)0.001;
    for (int l = h->layers - 1; l >= 0; l--) {
        int in = h->width[l], out = h->width[l + 1];
        if (l > 0) {
            multiply(h, false, false, h->batch, in, out, 1, h->d[l + 1], h->w[l], false, h->d[l]);
            OF(through_relu)(h, l);
        }
        multiply(h, true, false, out, in, h->batch, -(double)rate, h->d[l + 1], h->y[l], true, h->w[l]);
        OF(update_bias)(h, l, rate);
    }
}
