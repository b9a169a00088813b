package io.weft.controlplane.operator;

import java.util.List;

/** A write that was not carried out because its operator may not want what it does. */
public final class ObjectionException extends Exception {
    private static final long serialVersionUID = 1L;

    ObjectionException(List<String> objections) {
        super(String.join("; ", objections), null, false, false);
    }
}
