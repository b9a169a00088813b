package io.weft.controlplane.ipam;

import io.weft.dataplane.forwarding.PortId;
import io.weft.encap.address.IpAddress;
import io.weft.encap.address.IpPrefix;
import io.weft.encap.address.MacAddress;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Who has which address, port id and interface name on this node; survives restarts. One thread.
 *
 * <p>Every change is on disk before a method returns. Errors: {@link IOException} from the disk, with nothing changed;
 * {@link ExhaustedException} when nothing is left to give.
 */
public final class AttachmentStore implements AutoCloseable {
    private static final int HOST_NAME_DIGITS = 11;
    private static final String HOST_NAME_PREFIX = "weft";

    /** No address or port id is left. */
    public static final class ExhaustedException extends Exception {
        private static final long serialVersionUID = 1L;

        ExhaustedException(String message) {
            super(message);
        }
    }

    private final Map<AttachmentKey, Attachment> attachments = new LinkedHashMap<>();
    /** What was found out about an attachment at the start, for people. */
    private final Map<AttachmentKey, String> notes = new LinkedHashMap<>();
    private final BitSet portIds = new BitSet();
    private final SecureRandom random = new SecureRandom();
    private final AttachmentJournal journal;
    private final int maxPorts;
    private AddressPool pool;
    private int lastPortId = PortId.FIRST_POD - 1;

    private AttachmentStore(Path stateDirectory, String nodeName, int maxPorts) throws IOException {
        this.maxPorts = maxPorts;
        this.journal = AttachmentJournal.open(stateDirectory.resolve("ipam/attachments"), nodeName, attachments);
        attachments.values().forEach(attachment -> portIds.set(attachment.portId()));
    }

    /** @param maxPorts port ids end below it */
    public static AttachmentStore open(Path stateDirectory, String nodeName, int maxPorts) throws IOException {
        return new AttachmentStore(stateDirectory, nodeName, maxPorts);
    }

    /** The host end's name: a hash, so that the same pod gets the same name again. */
    public static String hostIfName(AttachmentKey key) {
        byte[] digest = sha256(key.containerId() + '\0' + key.ifName());
        return HOST_NAME_PREFIX + HexFormat.of().formatHex(digest).substring(0, HOST_NAME_DIGITS);
    }

    /** Whether a device is a pod's end made here, by its name. */
    public static boolean isHostIfName(String name) {
        return name.matches(HOST_NAME_PREFIX + "[0-9a-f]{" + HOST_NAME_DIGITS + "}");
    }

    /** Addresses to give from now on; those given before from another prefix stay with their pods. */
    public void usePrefix(IpPrefix prefix) {
        if (pool == null || !pool.prefix().equals(prefix)) {
            pool = new AddressPool(prefix);
            attachments.values().forEach(attachment -> pool.reserve(attachment.podIp()));
        }
    }

    public List<Attachment> all() {
        return List.copyOf(attachments.values());
    }

    /** Under the name asked for, also when the device alone is known and is the one that this name has. */
    public Optional<Attachment> find(AttachmentKey key) {
        return Optional.ofNullable(attachments.get(key))
            .or(() -> Optional.ofNullable(attachments.get(AttachmentKey.unknown(hostIfName(key))))
                .map(device -> device.named(key, device.network(), device.netns())));
    }

    /** What is not as it should be or was made again, one line each. */
    public List<String> notes() {
        List<String> lines = new ArrayList<>();
        if (!journal.damage().isEmpty()) {
            lines.add(journal.damage());
        }
        lines.addAll(notes.values());
        return lines;
    }

    public long freeAddresses() {
        return pool == null ? 0 : pool.free();
    }

    /** Gives an address, a port id and an attach id. */
    public Attachment allocate(AttachmentKey key, String network, String netns, int mtu)
        throws IOException, ExhaustedException {
        if (attachments.containsKey(key)) { throw new IllegalStateException(key + " is attached already"); }
        int portId = freePortId();
        IpAddress address = takeAddress();
        Attachment attachment = new Attachment(key, network, netns, hostIfName(key), portId,
            random.nextLong(1, Long.MAX_VALUE), address, podMac(key), mtu);
        try {
            journal.given(attachment);
        } catch (IOException e) {
            pool.release(address);
            throw e;
        }
        attachments.put(key, attachment);
        portIds.set(portId);
        lastPortId = portId;
        return attachment;
    }

    /**
     * Makes the record of an attachment that exists already, or makes it anew under another name or path. The port id changes
     * when it is another's.
     *
     * @param note for {@link #notes}, empty for none
     */
    public Attachment adopt(Attachment found, String note) throws IOException, ExhaustedException {
        Optional<Attachment> former = attachments.values().stream()
            .filter(attachment -> attachment.hostIfName().equals(found.hostIfName())).findFirst();
        boolean keepsPort = former.isPresent() && former.get().portId() == found.portId();
        Attachment adopted = keepsPort || isFree(found.portId()) ? found : found.withPortId(freePortId());
        journal.given(adopted);
        former.ifPresent(this::forget);
        attachments.put(adopted.key(), adopted);
        portIds.set(adopted.portId());
        if (pool != null) {
            pool.reserve(adopted.podIp());
        }
        if (!note.isEmpty()) {
            notes.put(adopted.key(), note);
        }
        return adopted;
    }

    /**
     * The record of a pod's veth from the label on its node's end.
     *
     * @param label with a key
     */
    public static Attachment attachment(DeviceLabel label, int mtu) {
        AttachmentKey key = label.key().orElseThrow();
        return new Attachment(key, label.network(), label.netns(), hostIfName(key), label.portId(), label.attachId(),
            label.podIp(), podMac(key), mtu);
    }

    /**
     * The record of a veth of which nothing says whose it is.
     *
     * @param label where there is one, without a key
     */
    public Attachment unknown(String hostIfName, Optional<DeviceLabel> label, IpAddress podIp, long podMac, int mtu) {
        return new Attachment(AttachmentKey.unknown(hostIfName), "", "", hostIfName,
            label.map(DeviceLabel::portId).orElse(0),
            label.map(DeviceLabel::attachId).orElseGet(() -> random.nextLong(1, Long.MAX_VALUE)), podIp, podMac, mtu);
    }

    /** Says of a device what no attachment stands for. */
    public void note(String hostIfName, String text) {
        notes.put(AttachmentKey.unknown(hostIfName), text);
    }

    /** Drops notes about devices that are gone. */
    public void followDevices(Set<String> devices) {
        notes.keySet().removeIf(
            key -> key.isUnknown() && !attachments.containsKey(key) && !devices.contains(key.ifName()));
    }

    /** Takes everything back. The caller has seen to it that the pod's interface is gone. */
    public void release(AttachmentKey key) throws IOException {
        AttachmentKey recorded = attachments.containsKey(key) ? key : AttachmentKey.unknown(hostIfName(key));
        Attachment attachment = attachments.get(recorded);
        if (attachment == null) { return; }
        journal.takenBack(recorded);
        forget(attachment);
        journal.compact(attachments.values());
    }

    @Override
    public void close() throws IOException {
        journal.close();
    }

    private void forget(Attachment attachment) {
        attachments.remove(attachment.key());
        notes.remove(attachment.key());
        portIds.clear(attachment.portId());
        if (pool != null) {
            pool.release(attachment.podIp());
        }
    }

    private boolean isFree(int portId) {
        return portId >= PortId.FIRST_POD && portId < maxPorts && !portIds.get(portId);
    }

    private IpAddress takeAddress() throws ExhaustedException {
        Optional<IpAddress> address = pool == null ? Optional.empty() : pool.take();
        return address.orElseThrow(() -> new ExhaustedException(pool == null
            ? "this node has no podCIDR yet"
            : "all " + pool.capacity() + " addresses of " + pool.prefix() + " are given"));
    }

    private int freePortId() throws ExhaustedException {
        int next = portIds.nextClearBit(lastPortId + 1);
        if (next >= maxPorts) {
            next = portIds.nextClearBit(PortId.FIRST_POD);
        }
        if (next >= maxPorts) {
            throw new ExhaustedException("all " + (maxPorts - PortId.FIRST_POD) + " ports are in use");
        }
        return next;
    }

    private static long podMac(AttachmentKey key) {
        byte[] digest = sha256("mac" + '\0' + key.containerId() + '\0' + key.ifName());
        long seed = 0;
        for (int i = 0; i < Long.BYTES; i++) {
            seed = seed << 8 | digest[i] & 0xFF;
        }
        return MacAddress.locallyAdministered(seed);
    }

    private static byte[] sha256(String text) {
        try {
            return MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has SHA-256", e);
        }
    }
}
