"""`mvx bench`: what mvx costs on this machine, beside the native program and beside strace.

All contenders of a benchmark are interleaved: each round runs every one of them once, so that a
change of the machine's load meets all. A row shows the median, the lowest and the highest sample,
and how many times the native median that is. Everything that the numbers depend on is printed with
them. Nothing is asserted: a contender that fails is shown as failed, with its reason.
"""
