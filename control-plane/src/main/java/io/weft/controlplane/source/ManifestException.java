package io.weft.controlplane.source;

import java.util.List;

/** A manifest was refused; each error is one line for the user. */
final class ManifestException extends Exception {
    private static final long serialVersionUID = 1L;

    private final List<String> errors;

    ManifestException(String error) {
        this(List.of(error));
    }

    ManifestException(List<String> errors) {
        super(String.join("\n", errors));
        this.errors = List.copyOf(errors);
    }

    List<String> errors() {
        return errors;
    }
}
