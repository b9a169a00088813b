/**
 * AF_XDP sockets ({@code <linux/if_xdp.h>}; kernel documentation {@code networking/af_xdp.rst}): a UMEM of frame chunks, and
 * four rings a socket, through which descriptors of frames pass between the kernel and one thread.
 *
 * <p>Set-up calls throw {@link io.weft.nativebindings.linux.LinuxException} with a sentence that says what to do. Ring
 * methods and {@link io.weft.nativebindings.xdp.XskSocket#kick} never throw, allocate or lock; each ring belongs to one thread.
 * Frame addresses in descriptors are byte offsets into the UMEM, not native addresses.
 *
 * <p>Order of use: {@code create}, {@code Umem.register} (on the first socket of a UMEM), {@code createRings}, {@code bind} or
 * {@code bindShared}, put the socket into an XSKMAP, attach the program. To close: the bpf_link, then the sockets, then the
 * memory.
 */
package io.weft.nativebindings.xdp;
