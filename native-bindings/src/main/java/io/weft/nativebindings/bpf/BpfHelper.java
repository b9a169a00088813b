package io.weft.nativebindings.bpf;

/** Numbers of the helper functions that a program may call: {@code enum bpf_func_id} of {@code <linux/bpf.h>}. */
public final class BpfHelper {
    /** {@code void *(map, key)}. */
    public static final int MAP_LOOKUP_ELEM = 1;

    /** {@code long (map, key, value, flags)}. */
    public static final int MAP_UPDATE_ELEM = 2;

    /** {@code long (map, key)}. */
    public static final int MAP_DELETE_ELEM = 3;

    /** {@code u64 ()}: nanoseconds since boot. */
    public static final int KTIME_GET_NS = 5;

    /** {@code u32 ()}: pseudo-random. */
    public static final int GET_PRANDOM_U32 = 7;

    /** {@code u32 ()}. */
    public static final int GET_SMP_PROCESSOR_ID = 8;

    /** {@code long (ctx, offset, from, length, flags)}: writes into the packet of a socket buffer. */
    public static final int SKB_STORE_BYTES = 9;

    /** {@code long (ifindex, flags)}: redirects to a device of this network namespace. */
    public static final int REDIRECT = 23;

    /** {@code long (ctx, offset, to, length)}: reads from the packet of a socket buffer; fails if it is shorter. */
    public static final int SKB_LOAD_BYTES = 26;

    /** {@code long (ctx, delta)}: moves the packet's start. */
    public static final int XDP_ADJUST_HEAD = 44;

    /** {@code long (map, key, flags)}: redirects to a socket of an XSKMAP. If the key has no entry, the result is the low bits of flags. */
    public static final int REDIRECT_MAP = 51;

    /** {@code long (ctx, delta)}: moves the packet's end. */
    public static final int XDP_ADJUST_TAIL = 65;

    /** {@code u64 (ctx)}: length of a frame including all its fragments. */
    public static final int XDP_GET_BUFF_LEN = 188;

    /** {@code long (ctx, offset, buffer, length)}: reads across fragments. */
    public static final int XDP_LOAD_BYTES = 189;

    private BpfHelper() {}
}
