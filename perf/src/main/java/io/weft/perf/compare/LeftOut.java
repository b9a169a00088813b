package io.weft.perf.compare;

/** A system or one of its workloads that was left out, and why. */
record LeftOut(String name, String reason) {}
