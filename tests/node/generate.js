// SPDX-License-Identifier: MIT
//
// usage: node generate.js DIRECTORY FIRST_SEED N
//
// Writes random programs (see README.md) into DIRECTORY, each named by its
// seed. The same seed makes the same program everywhere.
'use strict';

const fs = require('fs');

const [, , directory, first, n] = process.argv;

// Sums of few of these are seldom equal. 0 is Node's 1.
const DELAYS = [0, 0, 10, 23, 41, 67, 101];

// How often each operation comes, and what it takes.
const OPERATIONS = [
	[9, 'timeout', 'timer', 'delay', 'body'],
	[5, 'interval', 'timer', 'delay', 'body', 'times'],
	[4, 'clear', 'timer'],
	[3, 'refresh', 'timer'],
	[3, 'unref', 'timer'],
	[2, 'ref', 'timer'],
	[1, 'ask', 'timer'],
	[9, 'immediate', 'immediate', 'body'],
	[4, 'clearimm', 'immediate'],
	[2, 'unrefimm', 'immediate'],
	[1, 'refimm', 'immediate'],
	[6, 'tick', 'body'],
	[4, 'micro', 'body'],
	[2, 'then', 'body'],
	[3, 'read', 'pipe', 'body'],
	[1, 'stop', 'pipe'],
	[3, 'write', 'pipe'],
	[2, 'close', 'pipe', 'body'],
	[2, 'unrefpipe', 'pipe'],
	[1, 'refpipe', 'pipe'],
];

// xorshift32, from a state that is never 0.
function generator(seed) {
	let x = (seed * 2654435761 + 88172645) >>> 0 || 1;

	return (limit) => {
		x ^= x << 13;
		x ^= x >>> 17;
		x ^= x << 5;
		return (x >>> 0) % limit;
	};
}

function generate(seed) {
	const random = generator(seed);
	const nBodies = 5 + random(10);
	const lines = [];
	let body;

	for (let i = 0; i < 20; i++)
		random(2);

	// Mostly onwards, so that most programs end by themselves.
	const choose = {
		timer: () => random(4),
		immediate: () => random(4),
		pipe: () => random(2),
		delay: () => DELAYS[random(DELAYS.length)],
		times: () => 1 + random(4),
		body: () => random(6) === 0 || body + 1 >= nBodies ?
			1 + random(nBodies) :
			body + 1 + random(nBodies - body - 1),
	};
	const total = OPERATIONS.reduce((sum, [weight]) => sum + weight, 0);

	function operation() {
		let at = random(total);

		for (const [weight, name, ...kinds] of OPERATIONS) {
			at -= weight;
			if (at < 0)
				return [name, ...kinds.map((k) => choose[k]())];
		}
	}

	for (body = 0; body < nBodies; body++) {
		const nOperations = body === 0 ? 3 + random(7) : random(5);

		for (let i = 0; i < nOperations; i++)
			lines.push([body, ...operation()].join(' '));
	}
	if (random(3) === 0) {
		body = 0;
		lines.push(['0 beforeexit', choose.body(), 1 + random(3)]
			.join(' '));
	}
	return lines.join('\n') + '\n';
}

for (let seed = Number(first); seed < Number(first) + Number(n); seed++)
	fs.writeFileSync(`${directory}/${seed}`, generate(seed));
