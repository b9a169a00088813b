package io.weft.perf.micro;

import io.weft.nativebindings.linux.ThreadAffinity;
import java.util.BitSet;

/** Where the threads of a measurement run: measured ones on processors of their own, as far as possible apart from everything else on the machine. */
final class Processors {
    /** The affinity with which the process started. */
    private static final BitSet ALLOWED = ThreadAffinity.current();

    private Processors() {
    }

    /** The last processor: the first one handles most interrupts, and the C reference also runs on the last of two. */
    static void pinToLast() {
        ThreadAffinity.pin(ALLOWED.length() - 1);
    }

    /** The {@code n}th processor that this process may use. */
    static void pinTo(int n) {
        ThreadAffinity.pin(ALLOWED.stream().skip(n).findFirst().orElseThrow(
            () -> new IllegalStateException("this process may use fewer than " + (n + 1) + " processors")));
    }

    /** For helper threads of a measured thread, which would otherwise inherit its processor. */
    static void unpin() {
        ThreadAffinity.set(ALLOWED);
    }
}
