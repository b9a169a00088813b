package io.weft.controlplane.ipam;

import io.weft.dataplane.forwarding.PortId;
import io.weft.encap.address.IpAddress;
import io.weft.encap.address.IpPrefix;
import io.weft.encap.address.MacAddress;
import io.weft.nativebindings.linux.Sysctl;
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
import java.util.stream.Collectors;

/**
 * The address, port id and device name of each attachment on this node, kept across restarts. One thread.
 *
 * <p>Every change is on disk before a method returns. Errors: {@link IOException} from the disk, with nothing changed;
 * {@link ExhaustedException} if no address or port id is left.
 */
public final class AttachmentStore implements AutoCloseable {
    private static final int HOST_NAME_DIGITS = 11;
    private static final String HOST_NAME_PREFIX = "weft";
    private static final String BOOT_ID = "kernel/random/boot_id";

    /** No address or port id is left. */
    public static final class ExhaustedException extends Exception {
        private static final long serialVersionUID = 1L;

        ExhaustedException(String message) {
            super(message);
        }
    }

    /** Another attachment has a port of the node. */
    public static final class PortTakenException extends Exception {
        private static final long serialVersionUID = 1L;

        PortTakenException(String message) {
            super(message);
        }
    }

    private final Map<AttachmentKey, Attachment> attachments = new LinkedHashMap<>();
    /** Findings about attachments at the start, for the user. */
    private final Map<AttachmentKey, String> notes = new LinkedHashMap<>();
    private final BitSet portIds = new BitSet();
    private final SecureRandom random = new SecureRandom();
    private final AttachmentJournal journal;
    private final int maxPorts;
    private AddressPool pool;
    private int lastPortId = PortId.FIRST_POD - 1;

    private AttachmentStore(Path stateDirectory, String nodeName, String bootId, int maxPorts) throws IOException {
        this.maxPorts = maxPorts;
        this.journal = AttachmentJournal.open(stateDirectory.resolve("ipam/attachments"), nodeName, bootId,
            attachments);
        attachments.values().forEach(attachment -> portIds.set(attachment.portId()));
    }

    /** @param maxPorts all port ids are below it */
    public static AttachmentStore open(Path stateDirectory, String nodeName, int maxPorts) throws IOException {
        return open(stateDirectory, nodeName, Sysctl.exists(BOOT_ID) ? Sysctl.read(BOOT_ID) : "", maxPorts);
    }

    /** For tests, which cannot reboot. */
    static AttachmentStore open(Path stateDirectory, String nodeName, String bootId, int maxPorts) throws IOException {
        return new AttachmentStore(stateDirectory, nodeName, bootId, maxPorts);
    }

    /** The name of the node's end of the veth: a hash, so that the same pod always gets the same name. */
    public static String hostIfName(AttachmentKey key) {
        byte[] digest = sha256(key.containerId() + '\0' + key.ifName());
        return HOST_NAME_PREFIX + HexFormat.of().formatHex(digest).substring(0, HOST_NAME_DIGITS);
    }

    /** Whether a device has a name that {@link #hostIfName(AttachmentKey)} creates. */
    public static boolean isHostIfName(String name) {
        return name.matches(HOST_NAME_PREFIX + "[0-9a-f]{" + HOST_NAME_DIGITS + "}");
    }

    /** Sets the prefix of future allocations. Pods keep addresses that were allocated from another prefix. */
    public void usePrefix(IpPrefix prefix) {
        if (pool == null || !pool.prefix().equals(prefix)) {
            pool = new AddressPool(prefix);
            attachments.values().forEach(attachment -> pool.reserve(attachment.podIp()));
        }
    }

    public List<Attachment> all() {
        return List.copyOf(attachments.values());
    }

    /** Also finds a record with an unknown container if its device has the name that belongs to the key; returns it under the key. */
    public Optional<Attachment> find(AttachmentKey key) {
        return Optional.ofNullable(attachments.get(key))
            .or(() -> Optional.ofNullable(attachments.get(AttachmentKey.unknown(hostIfName(key))))
                .map(device -> device.named(device.names().withKey(key))));
    }

    /** Damaged and recreated records, one line each. */
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

    /** {@link #allocate(AttachmentNames, int, List)} without ports of the node. */
    public Attachment allocate(AttachmentNames names, int mtu) throws IOException, ExhaustedException {
        try {
            return allocate(names, mtu, List.of());
        } catch (PortTakenException e) {
            throw new IllegalStateException(e);
        }
    }

    /**
     * Allocates an address, a port id, an attach id, and ports of the node.
     *
     * @throws PortTakenException that names the other attachment
     */
    public Attachment allocate(AttachmentNames names, int mtu, List<PortMapping> portMappings)
        throws IOException, ExhaustedException, PortTakenException {
        AttachmentKey key = names.key();
        if (attachments.containsKey(key)) { throw new IllegalStateException(key + " is attached already"); }
        requireFree(portMappings);
        int portId = freePortId();
        IpAddress address = allocateAddress();
        Attachment attachment = new Attachment(names, hostIfName(key), portId,
            random.nextLong(1, Long.MAX_VALUE), address, podMac(key), mtu, portMappings);
        try {
            journal.allocated(attachment);
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
     * Records an attachment that exists already, or replaces its record after its names changed. If another attachment has the port id, it
     * gets a new one; a port of the node that another attachment has stays with that one.
     *
     * @param note for {@link #notes}, which names such ports; empty for none
     */
    public Attachment adopt(Attachment found, String note) throws IOException, ExhaustedException {
        Optional<Attachment> former = attachments.values().stream()
            .filter(attachment -> attachment.hostIfName().equals(found.hostIfName())).findFirst();
        boolean keepsPort = former.isPresent() && former.get().portId() == found.portId();
        List<PortMapping> free = found.portMappings().stream().filter(mapping -> ownerOf(mapping, former).isEmpty())
            .toList();
        Attachment kept = found.withPortMappings(free);
        Attachment adopted = keepsPort || isFree(found.portId()) ? kept : kept.withPortId(freePortId());
        journal.allocated(adopted);
        former.ifPresent(this::forget);
        attachments.put(adopted.key(), adopted);
        portIds.set(adopted.portId());
        if (pool != null) {
            pool.reserve(adopted.podIp());
        }
        if (!note.isEmpty()) {
            notes.put(adopted.key(), found.portMappings().stream().filter(mapping -> !free.contains(mapping))
                .map(mapping -> "; " + mapping.hostSide() + " is that of "
                    + ownerOf(mapping, Optional.of(adopted)).map(Attachment::subject).orElse("another pod"))
                .collect(Collectors.joining("", note, "")));
        }
        return adopted;
    }

    /**
     * Creates the record of a pod's veth from the label on the node's end.
     *
     * @param label with a key
     */
    public static Attachment attachment(DeviceLabel label, int mtu) {
        AttachmentKey key = label.key().orElseThrow();
        return new Attachment(new AttachmentNames(key, label.network(), label.netns(), ""), hostIfName(key),
            label.portId(), label.attachId(), label.podIp(), podMac(key), mtu, label.portMappings());
    }

    /**
     * Creates the record of a veth whose pod is unknown.
     *
     * @param label without a key, if the device has a label
     */
    public Attachment unknown(String hostIfName, Optional<DeviceLabel> label, IpAddress podIp, long podMac, int mtu) {
        return new Attachment(AttachmentNames.unknown(hostIfName), hostIfName,
            label.map(DeviceLabel::portId).orElse(0),
            label.map(DeviceLabel::attachId).orElseGet(() -> random.nextLong(1, Long.MAX_VALUE)), podIp, podMac, mtu,
            label.map(DeviceLabel::portMappings).orElse(List.of()));
    }

    /** Adds a note about a device that has no attachment. */
    public void note(String hostIfName, String text) {
        notes.put(AttachmentKey.unknown(hostIfName), text);
    }

    /** Removes notes about devices that no longer exist. */
    public void followDevices(Set<String> devices) {
        notes.keySet().removeIf(
            key -> key.isUnknown() && !attachments.containsKey(key) && !devices.contains(key.ifName()));
    }

    /** Releases everything that {@link #allocate} allocated. The caller must have deleted the pod's interface. */
    public void release(AttachmentKey key) throws IOException {
        AttachmentKey recorded = attachments.containsKey(key) ? key : AttachmentKey.unknown(hostIfName(key));
        Attachment attachment = attachments.get(recorded);
        if (attachment == null) { return; }
        journal.released(recorded);
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

    private void requireFree(List<PortMapping> wanted) throws PortTakenException {
        for (int i = 0; i < wanted.size(); i++) {
            PortMapping mapping = wanted.get(i);
            if (wanted.subList(0, i).stream().anyMatch(mapping::overlaps)) {
                throw new PortTakenException("the pod asks twice for " + mapping.hostSide());
            }
            Optional<Attachment> owner = ownerOf(mapping, Optional.empty());
            if (owner.isPresent()) {
                throw new PortTakenException(mapping.hostSide() + " is that of " + owner.get().subject());
            }
        }
    }

    /** @param except does not count */
    private Optional<Attachment> ownerOf(PortMapping mapping, Optional<Attachment> except) {
        return attachments.values().stream()
            .filter(attachment -> except.isEmpty() || !attachment.key().equals(except.get().key()))
            .filter(attachment -> attachment.portMappings().stream().anyMatch(mapping::overlaps)).findFirst();
    }

    private boolean isFree(int portId) {
        return portId >= PortId.FIRST_POD && portId < maxPorts && !portIds.get(portId);
    }

    private IpAddress allocateAddress() throws ExhaustedException {
        Optional<IpAddress> address = pool == null ? Optional.empty() : pool.allocate();
        return address.orElseThrow(() -> new ExhaustedException(pool == null
            ? "this node has no podCIDR yet"
            : "all " + pool.capacity() + " addresses of " + pool.prefix() + " are allocated"));
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
