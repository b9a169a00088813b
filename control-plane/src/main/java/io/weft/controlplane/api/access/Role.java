package io.weft.controlplane.api.access;

/** What a client may do. */
public enum Role {
    /** Everything that changes nothing. */
    READ,
    /** Everything. */
    OPERATE;

    public boolean includes(Role needed) {
        return compareTo(needed) >= 0;
    }
}
