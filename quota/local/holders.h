/*
 * Who holds the slots of a key, read out of a shard: it changes nothing.
 * Threads: any, under the shard's lock.
 */
#ifndef QUOTA_LOCAL_HOLDERS_H
#define QUOTA_LOCAL_HOLDERS_H

#include "quota/local/site.h"
#include "quota/store.h"

/* Fills what is answered of holders->key. Looks at no more leases than
 * HOLDERS_ENDED_MAX that have ended, whose units it leaves out, and
 * HOLDERS_COUNT_MAX others: the lock is held as long as that takes. */
#define HOLDERS_ENDED_MAX 512
void holders_fill(struct holders *holders, const struct site *site);

#endif
