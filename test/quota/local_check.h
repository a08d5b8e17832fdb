/*
 * What must hold in the memory of the local store between any two operations,
 * whatever happened before.
 * Threads: any.
 */
#ifndef TEST_QUOTA_LOCAL_CHECK_H
#define TEST_QUOTA_LOCAL_CHECK_H

/* Locks each shard in turn, which also recovers it, and fails the test if
 * anything in it is not as it must be. */
void local_check(int fd);

#endif
