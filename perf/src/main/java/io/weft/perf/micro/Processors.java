package io.weft.perf.micro;

import io.weft.nativebindings.linux.ThreadAffinity;
import java.util.BitSet;

/** Where threads of a measurement run: measured ones apart from each other, and from what else the machine does as far as that goes. */
final class Processors {
    /** As the process began. */
    private static final BitSet ALLOWED = ThreadAffinity.current();

    private Processors() {
    }

    /** The last processor: the first has most of the interrupts, and the C reference runs on the last of two, too. */
    static void pinToLast() {
        ThreadAffinity.pin(ALLOWED.length() - 1);
    }

    /** The {@code n}th processor that this process may use. */
    static void pinTo(int n) {
        ThreadAffinity.pin(ALLOWED.stream().skip(n).findFirst().orElseThrow(
            () -> new IllegalStateException("this process may use fewer than " + (n + 1) + " processors")));
    }

    /** For helpers of a measured thread, which would inherit its processor. */
    static void unpin() {
        ThreadAffinity.set(ALLOWED);
    }
}
