// SPDX-License-Identifier: MIT
//
// usage: node --expose-internals play.js PROGRAM
//
// Plays a program (see README.md) on Node and prints its trace. Needs
// still_time.c preloaded.
'use strict';

const fs = require('fs');
const { internalBinding } = require('internal/test/binding');
const { Pipe, constants } = internalBinding('pipe_wrap');
const { streamBaseState, kReadBytesOrError } = internalBinding('stream_wrap');

const BEGIN_NS = 1000000000000n;
const N_PIPES = 2;
const BUSY_FD = 1000000;
const FUEL = 80;

const bodies = [];
for (const line of fs.readFileSync(process.argv[2], 'utf8').split('\n')) {
	const words = line.replace(/#.*/, '').trim().split(/\s+/);
	if (words.length < 2)
		continue;
	const body = bodies[words[0]] ??= [];
	body.push([words[1], ...words.slice(2).map(Number)]);
}

const timers = [];
const immediates = [];
const pipes = [];
let fuel = FUEL;

for (let i = 0; i < N_PIPES; i++) {
	const handle = new Pipe(constants.SOCKET);
	handle.open(20 + 2 * i);
	pipes.push({ handle, isClosed: false });
}

function now() {
	return (process.hrtime.bigint() - BEGIN_NS) / 1000000n;
}

function print(line) {
	fs.writeSync(1, line + '\n');
}

function call(kind, b, when = now()) {
	print(`${kind} ${b} ${when}`);
	if (fuel === 0)
		return;
	fuel--;
	for (const [name, ...args] of bodies[b] ?? [])
		does[name](...args);
}

function clear(timer) {
	timer.isCleared = true;
	timer.isArmed = false;
	clearTimeout(timer.node);
}

function onPipe(p, handle, n) {
	if (n > 0)
		call(`pipe${p} read ${n}`, pipes[p].body);
}

const does = {
	timeout(s, delay, b) {
		const timer = { isArmed: true };
		timer.node = setTimeout(() => {
			timer.isArmed = false;
			call('timeout', b);
		}, delay);
		timers[s] = timer;
	},
	interval(s, delay, b, n) {
		const timer = { isArmed: true };
		timer.node = setInterval(() => {
			if (--n === 0 || fuel === 0)
				clear(timer);
			call('interval', b);
		}, delay);
		timers[s] = timer;
	},
	clear(s) {
		if (timers[s])
			clear(timers[s]);
	},
	refresh(s) {
		const timer = timers[s];
		if (!timer || timer.isCleared)
			return;
		timer.isArmed = true;
		timer.node.refresh();
	},
	unref(s) {
		timers[s]?.node.unref();
	},
	ref(s) {
		timers[s]?.node.ref();
	},
	ask(s) {
		if (timers[s]?.isArmed)
			print(`hasRef ${timers[s].node.hasRef() ? 1 : 0}`);
	},
	immediate(s, b) {
		const immediate = { isRefed: true, isQueued: true };
		immediate.node = setImmediate(() => {
			immediate.isQueued = false;
			call('immediate', b, immediate.isRefed ? now() : '-');
		});
		immediates[s] = immediate;
	},
	clearimm(s) {
		if (immediates[s])
			immediates[s].isQueued = false;
		clearImmediate(immediates[s]?.node);
	},
	unrefimm(s) {
		if (!immediates[s]?.isQueued)
			return;
		immediates[s].isRefed = false;
		immediates[s].node.unref();
	},
	refimm(s) {
		if (!immediates[s]?.isQueued)
			return;
		immediates[s].isRefed = true;
		immediates[s].node.ref();
	},
	tick(b) {
		process.nextTick(call, 'tick', b);
	},
	micro(b) {
		queueMicrotask(() => call('micro', b));
	},
	then(b) {
		Promise.resolve().then(() => call('micro', b));
	},
	read(p, b) {
		const pipe = pipes[p];
		if (pipe.isClosed)
			return;
		pipe.body = b;
		pipe.handle.onread = function() {
			onPipe(p, this, streamBaseState[kReadBytesOrError]);
		};
		pipe.handle.readStart();
	},
	stop(p) {
		if (!pipes[p].isClosed)
			pipes[p].handle.readStop();
	},
	write(p) {
		if (!pipes[p].isClosed)
			fs.writeSync(21 + 2 * p, 'x');
	},
	close(p, b) {
		if (pipes[p].isClosed)
			return;
		pipes[p].isClosed = true;
		pipes[p].handle.close(() => call(`pipe${p} closed`, b));
	},
	unrefpipe(p) {
		if (!pipes[p].isClosed)
			pipes[p].handle.unref();
	},
	refpipe(p) {
		if (!pipes[p].isClosed)
			pipes[p].handle.ref();
	},
	busy(ms) {
		fs.writeSync(BUSY_FD, 'x'.repeat(ms));
	},
	beforeexit(b, n) {
		process.on('beforeExit', () => {
			if (n-- > 0)
				call('beforeExit', b);
		});
	},
};

process.on('exit', () => print('exit'));
call('main', 0);
