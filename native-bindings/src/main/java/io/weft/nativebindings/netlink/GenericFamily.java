package io.weft.nativebindings.netlink;

import static io.weft.nativebindings.netlink.NetlinkAbi.*;

import io.weft.nativebindings.linux.Errno;
import io.weft.nativebindings.linux.LinuxException;

/**
 * A generic netlink family; the kernel assigns its message type at run time.
 *
 * @param id message type of its requests
 * @param version of its commands
 */
record GenericFamily(int id, int version) {
    private static final int CTRL_VERSION = 2;

    /** @param hint what to do if the kernel does not have the family */
    static GenericFamily resolve(NetlinkSocket socket, String name, int version, String hint) {
        String operation = "find generic netlink family " + name;
        NetlinkRequest request = new GenericFamily(GENL_ID_CTRL, CTRL_VERSION)
            .request(CTRL_CMD_GETFAMILY)
            .string(CTRL_ATTR_FAMILY_NAME, name);
        try {
            int id = socket.query(operation, request, message -> true, GenericFamily::familyId)
                .orElse(0);
            return new GenericFamily(id, version);
        } catch (LinuxException e) {
            throw e.errno() == Errno.ENOENT ? new LinuxException(operation, Errno.ENOENT, hint) : e;
        }
    }

    /** A request with struct genlmsghdr: command, version, reserved. */
    NetlinkRequest request(int command) {
        return new NetlinkRequest(id, 0).u8(command).u8(version).u16(0);
    }

    private static int familyId(NetlinkMessage message) {
        NetlinkAttributes attribute = message.attributes(SIZEOF_GENLMSGHDR);
        while (attribute.next()) {
            if (attribute.type() == CTRL_ATTR_FAMILY_ID) { return attribute.u16(); }
        }
        throw new IllegalStateException("generic netlink family without an id");
    }
}
