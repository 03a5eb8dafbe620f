/*
 * Puts a program that speaks NETLINK_ISCSI to a kernel in front of an emulated one (LD_PRELOAD, test equipment).
 *
 * Owns the program's doors: the netlink socket becomes ENDPOINT/netlink, a file of /sys opened for writing becomes ENDPOINT/store,
 * and /dev/uio0 becomes a card of memory; everything else is as it was. Must not know a message. Where the endpoint is stands in
 * HBA_PRELOAD_ENDPOINT. If HBA_PRELOAD_TRACE names a file, each message sent to the kernel is appended to it: length (4 bytes,
 * native), bytes.
 *
 * The card is in HBA_PRELOAD_UIO: region N is the file uioN; `interrupts` is a socket whose first packet says that the card is open,
 * and each further one how many interrupts there were. Source: uio.c (uio_mmap: page N is region N; uio_read: the count).
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <unistd.h>

#define FILES 1024
#define ENDPOINT "HBA_PRELOAD_ENDPOINT"
#define CARD "HBA_PRELOAD_UIO"

enum kind { OTHER, NETLINK, STORE, UIO };

static unsigned char kinds[FILES];
static char *paths[FILES];
/* What bind(2) was given of a socket whose groups are still to come. */
static struct sockaddr_nl bound[FILES];

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

static int kind_of(int fd)
{
	return fd >= 0 && fd < FILES ? kinds[fd] : OTHER;
}

static int opened(int fd, enum kind kind)
{
	if (fd >= FILES) {
		close(fd);
		errno = EMFILE;
		return -1;
	}
	kinds[fd] = kind;
	return fd;
}

/* A connection to a socket of the directory that a variable names. */
static int reach(const char *where, const char *name)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	const char *dir = getenv(where);
	int fd;

	if (!dir || snprintf(to.sun_path, sizeof(to.sun_path), "%s/%s", dir, name) >= (int)sizeof(to.sun_path)) {
		errno = ENOENT;
		return -1;
	}
	fd = REAL(socket)(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	if (fd >= 0 && connect(fd, (struct sockaddr *)&to, sizeof(to))) {
		int why = errno;

		close(fd);
		errno = why;
		return -1;
	}
	return fd;
}

int socket(int domain, int type, int protocol)
{
	int fd;

	if (domain != AF_NETLINK || protocol != NETLINK_ISCSI)
		return REAL(socket)(domain, type, protocol);
	fd = reach(ENDPOINT, "netlink");
	return fd < 0 ? fd : opened(fd, NETLINK);
}

/* The endpoint's first packet is what bind(2) is given, together with the groups that are joined later. */
static int introduce(int fd)
{
	struct sockaddr_nl addr = bound[fd];

	if (addr.nl_family != AF_NETLINK)
		return 0;
	bound[fd].nl_family = 0;
	return REAL(send)(fd, &addr, sizeof(addr), MSG_NOSIGNAL) < 0 ? -1 : 0;
}

int bind(int fd, const struct sockaddr *addr, socklen_t len)
{
	if (kind_of(fd) != NETLINK)
		return REAL(bind)(fd, addr, len);
	memcpy(&bound[fd], addr, sizeof(bound[fd]));
	return bound[fd].nl_groups ? introduce(fd) : 0;
}

int setsockopt(int fd, int level, int name, const void *value, socklen_t length)
{
	if (kind_of(fd) != NETLINK || level != SOL_NETLINK)
		return REAL(setsockopt)(fd, level, name, value, length);
	if (name == NETLINK_ADD_MEMBERSHIP)
		bound[fd].nl_groups |= 1U << (*(const int *)value - 1);
	return introduce(fd);
}

int getsockname(int fd, struct sockaddr *addr, socklen_t *length)
{
	struct sockaddr_nl here = { .nl_family = AF_NETLINK, .nl_pid = getpid() };

	if (kind_of(fd) != NETLINK)
		return REAL(getsockname)(fd, addr, length);
	memcpy(addr, &here, *length < sizeof(here) ? *length : sizeof(here));
	*length = sizeof(here);
	return 0;
}

/* It is the kernel who sends. */
ssize_t recvmsg(int fd, struct msghdr *msg, int flags)
{
	struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };
	socklen_t room = msg->msg_namelen;
	ssize_t got = REAL(recvmsg)(fd, msg, flags);

	if (kind_of(fd) == NETLINK && got >= 0 && msg->msg_name && room >= sizeof(kernel)) {
		memcpy(msg->msg_name, &kernel, sizeof(kernel));
		msg->msg_namelen = sizeof(kernel);
	}
	return got;
}

static void trace(const struct msghdr *msg)
{
	const char *name = getenv("HBA_PRELOAD_TRACE");
	struct iovec all[17];
	unsigned int length = 0;
	size_t i;
	int fd;

	if (!name || msg->msg_iovlen > 16)
		return;
	for (i = 0; i < msg->msg_iovlen; i++) {
		all[i + 1] = msg->msg_iov[i];
		length += msg->msg_iov[i].iov_len;
	}
	all[0] = (struct iovec){ &length, sizeof(length) };
	fd = REAL(open)(name, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	if (fd < 0 || writev(fd, all, msg->msg_iovlen + 1) < 0)
		fprintf(stderr, "cannot trace to %s: %m\n", name);
	if (fd >= 0)
		close(fd);
}

ssize_t sendmsg(int fd, const struct msghdr *msg, int flags)
{
	struct msghdr plain;

	if (kind_of(fd) != NETLINK)
		return REAL(sendmsg)(fd, msg, flags);
	if (introduce(fd))
		return -1;
	trace(msg);
	plain = *msg;
	plain.msg_name = NULL;
	plain.msg_namelen = 0;
	return REAL(sendmsg)(fd, &plain, flags);
}

ssize_t sendto(int fd, const void *bytes, size_t length, int flags, const struct sockaddr *to, socklen_t tolen)
{
	struct iovec part = { (void *)bytes, length };
	struct msghdr msg = { .msg_iov = &part, .msg_iovlen = 1 };

	if (kind_of(fd) != NETLINK)
		return REAL(sendto)(fd, bytes, length, flags, to, tolen);
	return sendmsg(fd, &msg, flags);
}

ssize_t send(int fd, const void *bytes, size_t length, int flags)
{
	return kind_of(fd) == NETLINK ? sendto(fd, bytes, length, flags, NULL, 0) :
					REAL(send)(fd, bytes, length, flags);
}

static int to_store(const char *path, int flags)
{
	int fd;

	if (!path || (flags & O_ACCMODE) == O_RDONLY || strncmp(path, "/sys/", 5))
		return -2;
	/* A device's registers are memory there, too. */
	if (!strncmp(path, "/sys/class/uio/", 15))
		return -2;
	if (access(path, F_OK))
		return -1;
	fd = reach(ENDPOINT, "store");
	if (fd < 0 || opened(fd, STORE) < 0)
		return -1;
	free(paths[fd]);
	paths[fd] = strdup(path + 5);
	return fd;
}

/* An open of the card comes back when the card is ready; one that it refuses is in use. */
static int to_card(const char *path)
{
	char ready;
	int fd;

	if (!path || !getenv(CARD) || strcmp(path, "/dev/uio0"))
		return -2;
	fd = reach(CARD, "interrupts");
	if (fd < 0 || opened(fd, UIO) < 0)
		return -1;
	if (recv(fd, &ready, sizeof(ready), 0) != sizeof(ready)) {
		close(fd);
		errno = EBUSY;
		return -1;
	}
	return fd;
}

/* Page N of the card is its region N. */
static void *map_card(void *to, size_t length, int protection, int flags, off_t offset)
{
	char path[4096];
	void *mapped = MAP_FAILED;
	int fd;

	snprintf(path, sizeof(path), "%s/uio%ld", getenv(CARD), (long)(offset / getpagesize()));
	fd = REAL(open)(path, O_RDWR | O_CLOEXEC);
	if (fd >= 0) {
		mapped = REAL(mmap)(to, length, protection, flags, fd, 0);
		close(fd);
	}
	return mapped;
}

#define MAPS(name)                                                                                      \
	void *name(void *to, size_t length, int protection, int flags, int fd, off_t offset)            \
	{                                                                                               \
		if (kind_of(fd) == UIO)                                                                 \
			return map_card(to, length, protection, flags, offset);                         \
		return REAL(name)(to, length, protection, flags, fd, offset);                           \
	}

MAPS(mmap)
MAPS(mmap64)

/* The last count: interrupts that nobody waited for are one. */
ssize_t read(int fd, void *bytes, size_t length)
{
	unsigned int now, count;
	ssize_t got, seen = 0;

	if (kind_of(fd) != UIO)
		return REAL(read)(fd, bytes, length);
	if (length != sizeof(count)) {
		errno = EINVAL;
		return -1;
	}
	while ((got = recv(fd, &now, sizeof(now), MSG_DONTWAIT)) == sizeof(now)) {
		count = now;
		seen = got;
	}
	if (!seen) {
		errno = got < 0 ? errno : EIO;
		return -1;
	}
	memcpy(bytes, &count, sizeof(count));
	return seen;
}

#define OPENS(name)                                                       \
	int name(const char *path, int flags, ...)                        \
	{                                                                 \
		va_list more;                                             \
		mode_t mode;                                              \
		int fd = to_card(path);                                   \
									  \
		if (fd == -2)                                             \
			fd = to_store(path, flags);                       \
		if (fd != -2)                                             \
			return fd;                                        \
		va_start(more, flags);                                    \
		mode = va_arg(more, mode_t);                              \
		va_end(more);                                             \
		return REAL(name)(path, flags, mode);                     \
	}

OPENS(open)
OPENS(open64)

/* One packet carries the path and the value; the answer is an errno. */
ssize_t write(int fd, const void *bytes, size_t length)
{
	struct iovec parts[2];
	int answer;

	if (kind_of(fd) != STORE)
		return REAL(write)(fd, bytes, length);
	parts[0] = (struct iovec){ paths[fd], strlen(paths[fd]) + 1 };
	parts[1] = (struct iovec){ (void *)bytes, length };
	if (writev(fd, parts, 2) < 0)
		return -1;
	if (recv(fd, &answer, sizeof(answer), 0) != sizeof(answer)) {
		errno = EIO;
		return -1;
	}
	if (answer) {
		errno = answer < 0 ? -answer : answer;
		return -1;
	}
	return length;
}

int close(int fd)
{
	if (fd >= 0 && fd < FILES)
		kinds[fd] = OTHER;
	return REAL(close)(fd);
}
