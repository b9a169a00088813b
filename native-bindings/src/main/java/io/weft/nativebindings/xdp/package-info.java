/**
 * AF_XDP sockets ({@code <linux/if_xdp.h>}; kernel documentation {@code networking/af_xdp.rst}): a UMEM of frame chunks and, per socket,
 * four rings that pass frame descriptors between the kernel and one thread.
 *
 * <p>Set-up calls throw {@link io.weft.nativebindings.linux.LinuxException}, whose message says what to do. Ring methods and
 * {@link io.weft.nativebindings.xdp.XskSocket#kick} never throw, allocate or lock; each ring belongs to one thread. Frame addresses in
 * descriptors are byte offsets into the UMEM, not native addresses.
 *
 * <p>To set up: {@code create}, {@code Umem.register} (on the first socket of a UMEM), {@code createRings}, {@code bind} or
 * {@code bindShared}, put the socket into an XSKMAP, attach the program. To tear down: close the bpf_link, then the sockets, then the
 * memory.
 */
package io.weft.nativebindings.xdp;
