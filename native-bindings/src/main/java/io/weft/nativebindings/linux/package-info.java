/**
 * System calls of Linux as thin Java over the foreign function interface: descriptors, sockets, mapped memory, polling, threads, limits,
 * and one place for errno.
 *
 * <p>Methods named after a system call ({@code LinuxSocket.bind}) return what the kernel returned, or {@code -errno}; they never throw when
 * the kernel refuses. Cold code passes that result through {@link io.weft.nativebindings.linux.LinuxException#check} and gets one line that
 * says what was refused. Pointers are absolute native addresses ({@code long}) wherever a call may be made on a packet path.
 */
package io.weft.nativebindings.linux;
