/*
 * What the gRPC library has to say goes into our log: its errors as warnings,
 * since none is fatal to us, and no more than CORE_LOG_MAX of them a second:
 * peers can provoke them.
 * Threads: any.
 */
#ifndef PROTO_SERVER_CALL_CORE_LOG_H
#define PROTO_SERVER_CALL_CORE_LOG_H

#define CORE_LOG_MAX 5

/* Before grpc_init. */
void core_log_install(void);

#endif
