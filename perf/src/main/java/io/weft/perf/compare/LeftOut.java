package io.weft.perf.compare;

/** A contender, or one of its workloads, that did not take part, and why. */
record LeftOut(String name, String reason) {}
