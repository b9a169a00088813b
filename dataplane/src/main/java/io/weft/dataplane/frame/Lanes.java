package io.weft.dataplane.frame;

import java.nio.ByteOrder;
import jdk.incubator.vector.LongVector;
import jdk.incubator.vector.VectorShape;
import jdk.incubator.vector.VectorSpecies;

/**
 * How wide the processor's vector registers are: the fast path computes on as many frames at once as a register has lanes of 64 bits.
 *
 * <p>There is no fast path, and all frames take the slow path, with fewer than {@link #MIN} lanes (processors without AVX2 or SVE of 256 bits) and where
 * the module {@code jdk.incubator.vector} cannot be had: the JVM would do by calls, with allocation, what is one instruction elsewhere.
 *
 * <p>The module is not asked for by {@code --add-modules}, because the JVM would begin every process with a line about it, on which an operator cannot act.
 */
public final class Lanes {
    public static final int MIN = 4;

    private static final String MODULE = "jdk.incubator.vector";
    private static final boolean USABLE = ByteOrder.nativeOrder() == ByteOrder.LITTLE_ENDIAN && hasModule()
        && Widest.COUNT >= MIN;

    private Lanes() {
    }

    /** Whether words of frames, which are little-endian here, can be worked on in lanes. Asked before any class that has vectors is used. */
    public static boolean areUsable() {
        return USABLE;
    }

    /** Why {@link #areUsable} says no: one line for the log. */
    public static String lack() {
        return "no vector registers of " + MIN * Long.SIZE + " bits (AVX2), or no module " + MODULE
            + " in this JDK: every packet takes the slow path";
    }

    /** The JDK's own way to add a module to a JVM that runs; {@code --add-exports java.base/jdk.internal.module} opens it. */
    private static boolean hasModule() {
        if (ModuleLayer.boot().findModule(MODULE).isPresent()) { return true; }
        try {
            Class.forName("jdk.internal.module.Modules").getMethod("loadModule", String.class).invoke(null, MODULE);
            return true;
        } catch (ReflectiveOperationException | RuntimeException e) {
            return false;
        }
    }

    /** A class of its own, because to load it takes the module. */
    public static final class Widest {
        /** Of at most a cache line. */
        public static final VectorSpecies<Long> SPECIES = LongVector.SPECIES_PREFERRED.length() > Long.BYTES
            ? LongVector.SPECIES_512 : LongVector.SPECIES_PREFERRED;
        public static final int COUNT = SPECIES.length();
        /** As many lanes, of 32 bits. */
        public static final VectorSpecies<Integer> INTS = VectorSpecies.of(int.class,
            VectorShape.forBitSize(SPECIES.vectorBitSize() / 2));

        private Widest() {
        }
    }
}
