package io.weft.controlplane.source;

import io.weft.controlplane.model.ClusterObject;
import io.weft.controlplane.model.Kind;
import java.util.Optional;

/** Reads cluster objects from JSON, as API servers send them. */
public final class JsonObjectReader {

    /** The object has a wrong field; the message is {@code field: what is wrong}. */
    public static final class WrongObjectException extends Exception {
        private static final long serialVersionUID = 1L;

        private WrongObjectException(String message) {
            super(message);
        }
    }

    private JsonObjectReader() {
    }

    /** @return empty if the object is for another proxy */
    public static Optional<ClusterObject> read(Kind kind, JsonTree object) throws WrongObjectException {
        try {
            return ObjectReader.read(kind, object, ClusterObject.NOT_YET_CREATED);
        } catch (ObjectTree.WrongField e) {
            throw new WrongObjectException(e.getMessage());
        }
    }
}
