package io.weft.controlplane.cni;

import io.weft.nativebindings.linux.LinuxException;
import io.weft.nativebindings.netlink.NetworkNamespace;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A pod's network namespace, open. Never the node's own: what is set up in a pod (default route, neighbour) would replace the node's. Its
 * device and inode are compared with those of the namespaces of the calling thread, the process, and process 1, so that another path, a
 * bind mount or a link to one of these is recognised.
 */
public final class PodNamespace implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(PodNamespace.class);
    private static final List<Path> NODES = List.of(Path.of("/proc/self/ns/net"), NetworkNamespace.ofProcess(1));

    private final Path path;
    private final NetworkNamespace namespace;

    private PodNamespace(Path path, NetworkNamespace namespace) {
        this.path = path;
        this.namespace = namespace;
    }

    /** Takes over the namespace, and closes it if it is refused. */
    static PodNamespace of(Path path, NetworkNamespace namespace) throws CniException {
        boolean nodes = true;
        try {
            nodes = isNodes(namespace);
        } finally {
            if (nodes) {
                namespace.close();
            }
        }
        if (nodes) {
            throw new CniException(CniErrorCode.INVALID_VARIABLES, "CNI_NETNS is the node's own network namespace: "
                + path, "nothing was changed; a pod with hostNetwork needs no CNI");
        }
        return new PodNamespace(path, namespace);
    }

    /** The namespace that a record names; empty if it is gone, unknown, or by now the node's own. */
    static Optional<PodNamespace> find(String netns) {
        Optional<NetworkNamespace> found = open(netns);
        if (found.isEmpty()) { return Optional.empty(); }
        try {
            return Optional.of(of(Path.of(netns), found.get()));
        } catch (CniException e) {
            return Optional.empty();
        }
    }

    /**
     * Whether the path that a record names still leads to a namespace; a plain file or a directory left behind does not count. If that
     * cannot be determined, it is assumed to exist.
     */
    public static boolean exists(String netns) {
        try {
            Optional<NetworkNamespace> found = open(netns);
            found.ifPresent(NetworkNamespace::close);
            return found.isPresent();
        } catch (LinuxException e) {
            LOG.warn("{}", e.getMessage());
            return true;
        }
    }

    String path() {
        return path.toString();
    }

    NetworkNamespace namespace() {
        return namespace;
    }

    @Override
    public void close() {
        namespace.close();
    }

    private static Optional<NetworkNamespace> open(String netns) {
        try {
            return netns.isEmpty() ? Optional.empty() : NetworkNamespace.find(Path.of(netns));
        } catch (InvalidPathException e) {
            return Optional.empty();
        }
    }

    private static boolean isNodes(NetworkNamespace namespace) {
        try (NetworkNamespace own = NetworkNamespace.current()) {
            return namespace.isSame(own) || NODES.stream().anyMatch(other -> isSame(namespace, other));
        }
    }

    /** Process 1 may be invisible, in a container without the capability to look at it. */
    private static boolean isSame(NetworkNamespace namespace, Path path) {
        try {
            Optional<NetworkNamespace> other = NetworkNamespace.find(path);
            boolean same = other.map(namespace::isSame).orElse(false);
            other.ifPresent(NetworkNamespace::close);
            return same;
        } catch (LinuxException e) {
            LOG.debug("{}", e.getMessage());
            return false;
        }
    }
}
