package io.weft.dataplane.frame;

import java.nio.ByteOrder;
import jdk.incubator.vector.LongVector;
import jdk.incubator.vector.VectorShape;
import jdk.incubator.vector.VectorSpecies;

/**
 * Width of the processor's vector registers. The fast path processes as many frames at once as a register has lanes of 64 bits.
 *
 * <p>There is no fast path, and all frames take the slow path, if a register has fewer than {@link #MIN} lanes (processors without AVX2 or
 * 256-bit SVE) or if the module {@code jdk.incubator.vector} is not available. In the first case the JVM would replace single instructions
 * by calls that allocate.
 *
 * <p>The module is not added with {@code --add-modules}, because the JVM would then start every process with a warning that an operator
 * cannot act on.
 */
public final class Lanes {
    public static final int MIN = 4;

    private static final String MODULE = "jdk.incubator.vector";
    private static final boolean USABLE = ByteOrder.nativeOrder() == ByteOrder.LITTLE_ENDIAN && hasModule()
        && Widest.COUNT >= MIN;

    private Lanes() {
    }

    /**
     * Whether the fast path can process frames in lanes; it assumes little-endian words. Ask this before using any class that has vectors.
     */
    public static boolean areUsable() {
        return USABLE;
    }

    /** Why {@link #areUsable} is false: one line for the log. */
    public static String lack() {
        return "no vector registers of " + MIN * Long.SIZE + " bits (AVX2), or no module " + MODULE
            + " in this JDK: every packet takes the slow path";
    }

    /**
     * Adds the module with the JDK's own method for a running JVM; {@code --add-exports java.base/jdk.internal.module} makes it accessible.
     */
    private static boolean hasModule() {
        if (ModuleLayer.boot().findModule(MODULE).isPresent()) { return true; }
        try {
            Class.forName("jdk.internal.module.Modules").getMethod("loadModule", String.class).invoke(null, MODULE);
            return true;
        } catch (ReflectiveOperationException | RuntimeException e) {
            return false;
        }
    }

    /** A separate class, because loading it requires the module. */
    public static final class Widest {
        /** The widest species, at most a cache line. */
        public static final VectorSpecies<Long> SPECIES = LongVector.SPECIES_PREFERRED.length() > Long.BYTES
            ? LongVector.SPECIES_512 : LongVector.SPECIES_PREFERRED;
        public static final int COUNT = SPECIES.length();
        /** The species of 32-bit lanes with the same number of lanes. */
        public static final VectorSpecies<Integer> INTS = VectorSpecies.of(int.class,
            VectorShape.forBitSize(SPECIES.vectorBitSize() / 2));

        private Widest() {
        }
    }
}
