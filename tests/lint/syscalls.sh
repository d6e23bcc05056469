#!/bin/sh
# SPDX-License-Identifier: MIT
#
# The library reaches the system through core/sys.h only, so that tests can
# make any call fail and let time be virtual. This lint looks for calls of
# libc's I/O, memory and clock functions anywhere else. A backend may call
# what its own kernel interface consists of. Nothing prints, ends the process
# (but core/sys/child.c, a child that could not become its program), asks the
# environment (but core/options.c) or hooks into start and exit.
#
# Calls through a table (sys->close(fd), t.read(h)) and names of our own
# (rota__sys_read) are no libc calls; a function of our own that is named like
# one of libc's is an offence, since a reader cannot tell the two apart.

. "$(dirname -- "$0")/common.sh"

sources '*.[ch]' core backends pool >"$scratch/files"

code keep <"$scratch/files" >"$scratch/kept"
code blank <"$scratch/files" >"$scratch/code"

awk '
BEGIN {
	put("sys", "read pread readv preadv preadv2 write pwrite writev " \
	    "pwritev pwritev2 open openat creat close closefrom close_range " \
	    "lseek fsync fdatasync ftruncate truncate dup dup2 dup3 fcntl " \
	    "ioctl pipe pipe2 eventfd eventfd_read eventfd_write " \
	    "isatty tcgetattr tcsetattr posix_openpt fopen fdopen fclose " \
	    "fread fgets fseek getline opendir fdopendir readdir closedir")
	put("sys", "socket socketpair accept accept4 paccept bind listen " \
	    "connect shutdown send sendto sendmsg sendmmsg sendfile splice " \
	    "recv recvfrom recvmsg recvmmsg getsockopt setsockopt " \
	    "getsockname getpeername sockatmark getaddrinfo getnameinfo " \
	    "freeaddrinfo gethostbyname getifaddrs gethostname")
	put("sys", "epoll_create epoll_create1 epoll_ctl epoll_wait " \
	    "epoll_pwait epoll_pwait2 kqueue kqueue1 kqueuex kevent kevent64 " \
	    "poll ppoll pollts select pselect syscall __syscall " \
	    "timerfd_create timerfd_settime timerfd_gettime signalfd " \
	    "pidfd_open pidfd_send_signal pidfd_getfd inotify_init " \
	    "inotify_init1 inotify_add_watch inotify_rm_watch port_create")
	put("sys", "kill killpg raise sigaction signal sigprocmask " \
	    "pthread_sigmask pthread_kill sigwait sigwaitinfo sigtimedwait " \
	    "sigpending sigsuspend sigaltstack alarm setitimer " \
	    "fork vfork forkpty execve execv execvp execvpe execl execlp " \
	    "posix_spawn posix_spawnp wait wait3 wait4 waitpid waitid " \
	    "getpid getppid setsid setpgid prctl system popen pclose")
	put("sys", "malloc calloc realloc reallocarray free cfree strdup " \
	    "strndup asprintf vasprintf posix_memalign aligned_alloc " \
	    "memalign valloc mmap munmap mremap mprotect madvise alloca")
	put("sys", "clock_gettime clock_getres clock_settime gettimeofday " \
	    "time clock mach_absolute_time nanosleep clock_nanosleep usleep " \
	    "sleep getrandom getentropy arc4random arc4random_buf " \
	    "rand random srand getrlimit setrlimit sysconf sysctl " \
	    "sysctlbyname")
	put("sys", "stat fstat lstat fstatat statx statvfs fstatvfs access " \
	    "faccessat unlink unlinkat remove rename renameat mkdir mkdirat " \
	    "rmdir link linkat symlink symlinkat readlink readlinkat " \
	    "realpath chmod fchmod fchmodat chown fchown lchown utimes " \
	    "futimens utimensat mkdtemp mkstemp mkostemp mkfifo mknod chdir " \
	    "getcwd scandir fallocate posix_fallocate copy_file_range umask " \
	    "flock mkfifoat fchownat utime rewinddir telldir seekdir dirfd " \
	    "getxattr lgetxattr fgetxattr setxattr lsetxattr fsetxattr " \
	    "listxattr llistxattr flistxattr removexattr lremovexattr " \
	    "fremovexattr clonefile fclonefileat posix_fadvise")
	put("env", "getenv secure_getenv setenv putenv unsetenv clearenv")
	put("never", "printf fprintf vprintf vfprintf dprintf vdprintf puts " \
	    "putchar putc fputs fputc fwrite fflush perror psignal syslog " \
	    "vsyslog err errx warn warnx verr verrx vwarn vwarnx")
	put("never", "abort exit _exit _Exit quick_exit atexit at_quick_exit " \
	    "on_exit pthread_atfork assert __assert_fail setlocale longjmp")

	own["backends/epoll.c"] = " epoll_create epoll_create1 epoll_ctl " \
	    "epoll_wait epoll_pwait epoll_pwait2 "
	own["backends/kqueue.c"] = " kqueue kqueue1 kqueuex kevent "
	own["backends/poll.c"] = " poll ppoll pollts "
	own["backends/select.c"] = " select pselect "

	# Names that nobody takes for a variable or a member: these are
	# offences too where their address is taken.
	n = split("malloc calloc realloc reallocarray strdup mmap munmap " \
	    "getenv abort atexit clock_gettime gettimeofday setsockopt " \
	    "getsockopt getaddrinfo freeaddrinfo epoll_wait epoll_ctl " \
	    "accept4 pipe2 waitpid writev readv recvmsg sendmsg", list, " ")
	while (n > 0)
		sharp[list[n--]] = 1
}

function put(kind, names,    n, list)
{
	n = split(names, list, " ")
	while (n > 0)
		rule[list[n--]] = kind
}

{
	place = substr($0, 1, index($0, ":") - 1)
	line = substr($0, index($0, ": ") + 2)
	if (line ~ /^[ \t]*#[ \t]*include/)
		next
	if (line ~ /__attribute__.*[( ,_](con|de)structor/)
		print $0 "  (hooks into start or exit)"
	before = ""
	while (match(line, /[A-Za-z_][A-Za-z0-9_]*/)) {
		name = substr(line, RSTART, RLENGTH)
		before = before substr(line, 1, RSTART - 1)
		after = substr(line, RSTART + RLENGTH)
		if (name in rule && is_use(before, name, after)) {
			why = verdict(place, name, after)
			if (why != "")
				print $0 "  (" name ": " why ")"
		}
		before = before name
		line = after
	}
}

function is_use(before, name, after)
{
	if (before ~ /(->|[^.]\.|^\.|[0-9])[ \t]*$/)
		return 0
	if (before ~ /(struct|union|enum)[ \t]+$/)
		return 0
	if (after ~ /^[ \t]*\(/)
		return 1
	return name in sharp && before ~ /(^|[=(,?:&{])[ \t]*$/ &&
		after ~ /^[ \t]*([,;)}:]|$)/
}

function verdict(place, name, after)
{
	if (place == "core/sys/child.c" && name == "_exit")
		return ""
	if (rule[name] == "never")
		return "the library neither prints nor ends the process"
	if (rule[name] == "env")
		return place == "core/options.c" && name ~ /getenv$/ ? "" : \
			"the environment is read in core/options.c only"
	if (place == "core/sys.c" || place ~ /^core\/sys\/[^\/]*\.c$/)
		return ""
	if (place in own && index(own[place], " " name " "))
		return ""
	if (place == "backends/epoll.c" && name == "syscall" &&
	    after ~ /^[ \t]*\([ \t]*(SYS|__NR)_epoll_/)
		return ""
	return "system calls live in core/sys"
}' "$scratch/code" | report "calls of libc outside of core/sys"

grep -E '#[[:blank:]]*include[[:blank:]]*[<"](assert\.h|err\.h|syslog\.h)[>"]' \
	"$scratch/kept" | report "headers that the library has no use for"

finish "$(wc -l <"$scratch/files")"
