package io.weft.dataplane.config;

/** A configuration error; the message is one line for the user: where, which key, what is wrong. */
public final class ConfigurationException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    public ConfigurationException(String message) {
        super(message);
    }
}
