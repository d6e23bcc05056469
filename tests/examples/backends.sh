# SPDX-License-Identifier: MIT
# shellcheck shell=sh disable=SC2154,SC2034
#
# The list of backends.

explains backends
ends 1 backends examples/backends --backend nonsense
