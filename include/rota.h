/* SPDX-License-Identifier: MIT */
/* All of rota. Each of these headers can also be included alone. */
#ifndef ROTA_H
#define ROTA_H

#include <rota/backend.h>
#include <rota/crypto.h>
#include <rota/dns.h>
#include <rota/error.h>
#include <rota/file_stat.h>
#include <rota/file_watch.h>
#include <rota/frame.h>
#include <rota/fs.h>
#include <rota/fs_io.h>
#include <rota/fs_meta.h>
#include <rota/fs_names.h>
#include <rota/fs_whole.h>
#include <rota/handle.h>
#include <rota/hook.h>
#include <rota/immediate.h>
#include <rota/io.h>
#include <rota/loop.h>
#include <rota/metrics.h>
#include <rota/pool.h>
#include <rota/process.h>
#include <rota/pump.h>
#include <rota/request.h>
#include <rota/resolver.h>
#include <rota/signal.h>
#include <rota/stream.h>
#include <rota/tcp.h>
#include <rota/tick.h>
#include <rota/timer.h>
#include <rota/tty.h>
#include <rota/types.h>
#include <rota/udp.h>
#include <rota/unix.h>
#include <rota/version.h>
#include <rota/wake.h>
#include <rota/work.h>

#endif
