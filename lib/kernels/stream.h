/* Copies that go around the caches: for what is larger than they are, so that it need not be read before it is written, and
 * leaves in them what is there. */
#ifndef WG_KERNELS_STREAM_H
#define WG_KERNELS_STREAM_H

#include <stdint.h>
#include <string.h>

#ifdef __SSE2__
#include <immintrin.h>
#endif

/* Bytes of a result from which on it is streamed: it would push out of the last cache what it does not push out itself. */
enum { WG__STREAM_FROM = 32 << 20 };

enum { WG__LINE = 64 };

/* One line, to where it is aligned. */
static inline void wg__stream_line(char *to, const char *from)
{
#if defined __AVX512F__
    _mm512_stream_si512((void *)to, _mm512_loadu_si512((const void *)from));
#elif defined __AVX__
    for (int i = 0; i < WG__LINE; i += 32)
        _mm256_stream_si256((__m256i *)(void *)(to + i), _mm256_loadu_si256((const __m256i *)(const void *)(from + i)));
#elif defined __SSE2__
    for (int i = 0; i < WG__LINE; i += 16)
        _mm_stream_si128((__m128i *)(void *)(to + i), _mm_loadu_si128((const __m128i *)(const void *)(from + i)));
#else
    memcpy(to, from, WG__LINE);
#endif
}

/* memcpy, of which others see nothing before wg__stream_end. */
static inline void wg__stream(void *to, const void *from, size_t n)
{
    char *at = to;
    const char *x = from;
    size_t head = (size_t)(-(uintptr_t)at % WG__LINE);
    if (head) {
        head = head < n ? head : n;
        memcpy(at, x, head);
        at += head, x += head, n -= head;
    }
    for (; n >= WG__LINE; at += WG__LINE, x += WG__LINE, n -= WG__LINE)
        wg__stream_line(at, x);
    if (n)
        memcpy(at, x, n);
}

/* After the last wg__stream of a thread, before it tells others that it has written. */
static inline void wg__stream_end(void)
{
#ifdef __SSE2__
    _mm_sfence();
#endif
}

#endif
