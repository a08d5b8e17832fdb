#include "proto/server/shared/control.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* Room for one descriptor, aligned as the kernel's header needs it. */
union ancillary {
    struct cmsghdr header;
    char bytes[CMSG_SPACE(sizeof(int))];
};

#define MESSAGE_HEAD_BYTES offsetof(struct control_message, text)

#define X(name) +1
static const unsigned kind_count = CONTROL_KINDS(X);
#undef X

bool control_send(int socket, const struct control_message *message, int fd)
{
    struct iovec bytes = {
        .iov_base = (void *)(uintptr_t)message,
        /* The text as far as it goes, with its NUL. */
        .iov_len = MESSAGE_HEAD_BYTES +
                   strnlen(message->text, sizeof(message->text) - 1) + 1,
    };
    union ancillary ancillary = { 0 };
    struct msghdr header = { .msg_iov = &bytes, .msg_iovlen = 1 };
    ssize_t sent;

    if (fd >= 0) {
        header.msg_control = &ancillary;
        header.msg_controllen = sizeof(ancillary);
        ancillary.header.cmsg_level = SOL_SOCKET;
        ancillary.header.cmsg_type = SCM_RIGHTS;
        ancillary.header.cmsg_len = CMSG_LEN(sizeof(int));
        memcpy(CMSG_DATA(&ancillary.header), &fd, sizeof(fd));
    }
    do
        sent = sendmsg(socket, &header, MSG_DONTWAIT | MSG_NOSIGNAL);
    while (sent < 0 && errno == EINTR);
    return sent >= 0;
}

static int received_fd(struct msghdr *header)
{
    struct cmsghdr *ancillary = CMSG_FIRSTHDR(header);
    int fd;

    if (!ancillary || ancillary->cmsg_type != SCM_RIGHTS ||
        ancillary->cmsg_len != CMSG_LEN(sizeof(fd)))
        return -1;
    memcpy(&fd, CMSG_DATA(ancillary), sizeof(fd));
    return fd;
}

bool control_receive(int socket, struct control_message *message, int *fd)
{
    struct iovec bytes = { .iov_base = message, .iov_len = sizeof(*message) };
    union ancillary ancillary;
    struct msghdr header = { .msg_iov = &bytes, .msg_iovlen = 1 };
    ssize_t length;

    *fd = -1;
    do {
        header.msg_control = &ancillary;
        header.msg_controllen = sizeof(ancillary);
        length = recvmsg(socket, &header, MSG_CMSG_CLOEXEC);
    } while (length < 0 && errno == EINTR);
    if (length <= 0)
        return false;
    *fd = received_fd(&header);
    if ((size_t)length <= MESSAGE_HEAD_BYTES || message->kind >= kind_count) {
        /* A peer that talks otherwise is not ours. */
        if (*fd >= 0)
            close(*fd);
        *fd = -1;
        errno = EPROTO;
        return false;
    }
    message->text[(size_t)length - MESSAGE_HEAD_BYTES - 1] = '\0';
    return true;
}
