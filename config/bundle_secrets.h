/*
 * The secrets of a configuration: passwords, each the one line of a file of its
 * own, so that configurations can be shown to anybody. Only the place of a
 * mistake is ever told, never what a file holds.
 * Threads: one at a time.
 */
#ifndef CONFIG_BUNDLE_SECRETS_H
#define CONFIG_BUNDLE_SECRETS_H

#include "config/bundle.h"
#include "config/locate.h"
#include "config/snapshot.h"
#include "policy/base/diag.h"

#include <stdbool.h>

/* The settings that name their files. */
#define SECRET_STORE STR("store.password_file")
#define SECRET_SENTINEL STR("store.sentinel.password_file")

/* Of a secret, without the newline that ends it. */
#define SECRET_BYTES_MAX 512

/* Whether the configuration names any. */
bool bundle_needs_secrets(const struct mark *root);

/*
 * Adds the secrets that `store` names. One that cannot be read, is empty, too
 * long or has several lines is reported in `diags`; the bundle then names its
 * file, so that it can be watched. earlier: NULL, or a bundle to take all of
 * them from; it must stay until this one is sealed.
 */
void bundle_add_secrets(struct bundle *bundle, const struct mark *root,
                        const struct store_settings *store,
                        const struct bundle *earlier, struct diags *diags);

#endif
