#include "quota/local/names.h"

#include <assert.h>
#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

struct quota_id name_of_bytes(const struct secret *secret, struct str bytes)
{
    XXH128_hash_t hash =
        XXH3_128bits_withSecret(bytes.data ? bytes.data : "", bytes.len,
                                secret->bytes, sizeof(secret->bytes));
    struct quota_id name;

    static_assert(sizeof(name) == sizeof(hash), "128 bits");
    memcpy(name.bytes, &hash, sizeof(name.bytes));
    return name;
}

struct quota_id name_of_pair(const struct secret *secret, enum name_kind kind,
                             const struct quota_id *key,
                             const struct quota_id *id)
{
    char bytes[1 + 2 * sizeof(struct quota_id)];

    bytes[0] = (char)kind;
    memcpy(bytes + 1, key->bytes, sizeof(key->bytes));
    memcpy(bytes + 1 + sizeof(key->bytes), id->bytes, sizeof(id->bytes));
    return name_of_bytes(secret, (struct str){ bytes, sizeof(bytes) });
}
