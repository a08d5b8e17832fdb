/*
 * istio.mixer.v1.Mixer: Check, with the quotas that it asks for, and Report,
 * which is only counted. Leases that a Check holds are named in its trailer
 * `sluice-lease`.
 * Threads: any, immutable.
 */
#ifndef PROTO_SERVER_DOORS_MIXER_H
#define PROTO_SERVER_DOORS_MIXER_H

#include "proto/server/call/service.h"

extern const struct service service_mixer_check, service_mixer_report;

#endif
