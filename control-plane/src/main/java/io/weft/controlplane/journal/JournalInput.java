package io.weft.controlplane.journal;

import io.weft.encap.address.IpAddress;
import io.weft.encap.address.IpPrefix;
import java.nio.BufferUnderflowException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import net.openhft.chronicle.bytes.Bytes;

/**
 * Reads what {@link JournalOutput} has written. Errors: {@link IllegalArgumentException}, {@link BufferUnderflowException} or
 * {@link IndexOutOfBoundsException} if the bytes are something else. One thread.
 */
final class JournalInput {
    private final Bytes<?> bytes;
    private final List<String> texts = new ArrayList<>();

    JournalInput(byte[] bytes) {
        this.bytes = Bytes.wrapForRead(bytes);
    }

    boolean isAtEnd() { return bytes.isEmpty(); }

    long number() {
        return bytes.readStopBit();
    }

    boolean flag() {
        return bytes.readByte() != 0;
    }

    String text() {
        long number = number();
        if (number != JournalOutput.NEW_TEXT) { return texts.get(Math.toIntExact(number - 1)); }
        String text = new String(array(), StandardCharsets.UTF_8);
        texts.add(text);
        return text;
    }

    IpAddress address() {
        return IpAddress.ofBytes(array());
    }

    IpPrefix prefix() {
        return new IpPrefix(address(), (int) number());
    }

    <T> List<T> list(Supplier<T> reader) {
        int size = size();
        List<T> values = new ArrayList<>(size);
        for (int i = 0; i < size; i++) {
            values.add(reader.get());
        }
        return List.copyOf(values);
    }

    <T> Optional<T> optional(Supplier<T> reader) {
        return flag() ? Optional.of(reader.get()) : Optional.empty();
    }

    private byte[] array() {
        byte[] array = new byte[size()];
        bytes.read(array);
        return array;
    }

    /** A number of things, each of which takes at least a byte: no memory is reserved for more than the file can hold. */
    private int size() {
        long size = number();
        if (size < 0 || size > bytes.readRemaining()) {
            throw new IllegalArgumentException("a size of " + size + " with " + bytes.readRemaining() + " bytes left");
        }
        return (int) size;
    }
}
