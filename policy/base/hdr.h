/*
 * The layout of a histogram as HdrHistogram's: small values are counted one by
 * one, larger ones in 2^step_bits buckets for each power of two, so that a
 * bucket's bounds are never further apart than 1 in 2^step_bits.
 * Pure; any thread.
 */
#ifndef POLICY_BASE_HDR_H
#define POLICY_BASE_HDR_H

#include <stdint.h>

/* The bucket of a value; the last of bucket_count (at least 1) takes all that
 * are too large. step_bits: 1 .. 16. */
uint32_t hdr_bucket(uint64_t value, unsigned step_bits, uint32_t bucket_count);

/* The largest value of a bucket. */
int64_t hdr_bound(uint32_t bucket, unsigned step_bits);

#endif
