/* SPDX-License-Identifier: MIT */
/*
 * What a test may ask of the fake kqueue beyond kqueue(2).
 */
#ifndef FAKE_KQUEUE_CONTROL_H
#define FAKE_KQUEUE_CONTROL_H

/*
 * Frees what is still kept for kqueues that were closed with close().
 *
 * Runs by itself when kqueue() makes a new one now and then, and at exit.
 * When: any thread.
 */
void fake_kqueue_forget_closed(void);

#endif
