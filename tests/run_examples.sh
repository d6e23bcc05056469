#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Runs the example programs, so that none of them rots. Runs in the build
# directory.

exit 77
