/**
 * bpf(2) ({@code <linux/bpf.h>}): maps, programs written by a small assembler instead of a compiler, and links that attach an
 * XDP program to a device for as long as this process lives. Cold code; loading needs CAP_BPF and CAP_NET_ADMIN.
 *
 * <p>Errors are {@link io.weft.nativebindings.linux.LinuxException}s; a program the verifier refuses is a
 * {@link io.weft.nativebindings.bpf.VerifierException} that carries the verifier's log.
 */
package io.weft.nativebindings.bpf;
