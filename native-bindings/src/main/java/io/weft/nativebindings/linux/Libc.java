package io.weft.nativebindings.linux;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.invoke.MethodHandle;

/**
 * Downcall handles to the C library, each capturing errno. Keep a handle in a {@code static final} field and call it with
 * {@code invokeExact}; otherwise the call is slow and allocates. The first argument is always {@link CallState#segment()}. Pointers are
 * {@code JAVA_LONG}. A handle is never {@code critical}: a thread in a critical call holds up safepoints.
 */
public final class Libc {
    private static final Linker LINKER = Linker.nativeLinker();
    private static final Linker.Option ERRNO = Linker.Option.captureCallState("errno");

    private Libc() {}

    /** A function with a fixed number of arguments. */
    public static MethodHandle function(String symbol, MemoryLayout result, MemoryLayout... arguments) {
        return handle(symbol, FunctionDescriptor.of(result, arguments), ERRNO);
    }

    /** A variadic function; its prototype names {@code fixed} arguments. */
    public static MethodHandle variadic(String symbol, int fixed, MemoryLayout result, MemoryLayout... arguments) {
        FunctionDescriptor descriptor = FunctionDescriptor.of(result, arguments);
        return handle(symbol, descriptor, ERRNO, Linker.Option.firstVariadicArg(fixed));
    }

    /** For the {@code catch} around {@code invokeExact}: a downcall throws only when its handle is used wrongly. */
    public static AssertionError unlinked(String symbol, Throwable cause) {
        return new AssertionError(symbol + " failed to link", cause);
    }

    private static MethodHandle handle(String symbol, FunctionDescriptor descriptor, Linker.Option... options) {
        return LINKER.downcallHandle(LINKER.defaultLookup().findOrThrow(symbol), descriptor, options);
    }
}
