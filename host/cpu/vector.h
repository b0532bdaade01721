/* How the CPU path's loops become vectors: the compiler makes one version for each instruction set that matters and the
 * loader picks at start. Sanitizers cannot run inside that choice, and clang exports the functions that choose whatever
 * their visibility, so both get the plain version. */
#ifndef TSR_HOST_CPU_VECTOR_H
#define TSR_HOST_CPU_VECTOR_H

#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) && !defined(__SANITIZE_ADDRESS__) && \
    !defined(__SANITIZE_THREAD__)
#define TSR__VECTOR_CLONES __attribute__((target_clones("avx512f", "avx2", "default")))
#else
#define TSR__VECTOR_CLONES
#endif

/* Columns of output that a row loop works on at a time: its sums stay in the nearest cache. */
enum { TSR__ROW_CHUNK = 128 };

#endif
