package io.weft.nativebindings.netlink;

/** Socket monitoring: {@code <linux/sock_diag.h>} and {@code <linux/inet_diag.h>}. Host byte order, except ports and addresses. */
final class SocketDiagAbi {
    static final int NETLINK_SOCK_DIAG = 4;
    static final int SOCK_DIAG_BY_FAMILY = 20;

    static final int AF_INET6 = 10;
    static final int TCP_LISTEN = 10;

    static final int SIZEOF_INET_DIAG_SOCKID = 48;

    static final int INET_DIAG_REQ_BYTECODE = 1;
    static final int SIZEOF_INET_DIAG_BC_OP = 4;
    static final int INET_DIAG_BC_S_GE = 2;
    static final int INET_DIAG_BC_S_LE = 3;

    private SocketDiagAbi() {}
}
