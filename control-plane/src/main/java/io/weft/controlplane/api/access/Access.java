package io.weft.controlplane.api.access;

import java.util.Optional;

/** Decides which role the client of a request has. Any thread. */
public interface Access {
    /** Of a socket that only root can open. */
    Access ROOT = _ -> Optional.of(Role.OPERATE);

    /**
     * The client's role.
     *
     * @param authorization the header of this name
     * @return empty if it names nobody who is known
     */
    Optional<Role> role(Optional<String> authorization);
}
